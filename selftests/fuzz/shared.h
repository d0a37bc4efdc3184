/* SPDX-License-Identifier: GPL-2.0 */
/* What the processes that run programs tell the one that starts them. */
#ifndef FUZZ_SHARED_H
#define FUZZ_SHARED_H

#include <linux/types.h>

#include "op.h"

#define SHARED_ERRNOS	140
#define SHARED_EXITS	32

/**
 * struct shared - memory of all processes, counted with atomic operations
 * @results: calls by op and by errno, 0 where they succeeded
 * @exits: returns of KEEL_RUN by enum keel_exit
 * @last: of the last program, by call: what came of it
 * @made: of the last program, by call: it was made
 * @kicks: signals that the time limit sent
 */
struct shared {
	__u32 results[MAX_OPS][SHARED_ERRNOS];
	__u32 exits[SHARED_EXITS];
	__s32 last[MAX_CALLS];
	__u8 made[MAX_CALLS];
	__u32 kicks;
};

extern struct shared *shared;

#endif /* FUZZ_SHARED_H */
