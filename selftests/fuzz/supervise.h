/* SPDX-License-Identifier: GPL-2.0 */
/* Running programs, each in a process of its own, and what comes of them. */
#ifndef FUZZ_SUPERVISE_H
#define FUZZ_SUPERVISE_H

#include "cover.h"
#include "program.h"

/**
 * struct totals - what came of all programs
 * @programs: how many ran
 * @faults: ended early, since they lost memory that they needed
 * @stuck: had threads that no signal ended; SIGKILL did
 * @forever: their process did not end at all
 */
struct totals {
	unsigned long programs;
	unsigned long faults;
	unsigned long stuck;
	unsigned long forever;
};

extern struct totals totals;

void supervise_init(void);
/* With these threads beside thread 0; news are zero without KCOV. */
struct cover_news supervise(const struct program *p, unsigned int nr_threads);

#endif /* FUZZ_SUPERVISE_H */
