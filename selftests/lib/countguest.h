/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VM whose vCPUs count, each in a thread of its own, for tests that do something to
 * the host meanwhile: each counts in memory, where the test sees it move, and in a
 * register, and the two are the same at the end, or something was lost.
 */
#ifndef SELFTESTS_COUNTGUEST_H
#define SELFTESTS_COUNTGUEST_H

#include <stdbool.h>

#include "memguest.h"

#define COUNT_CPUS	4

/**
 * struct countguest - the VM
 * @g: of it
 * @cpus: its vCPUs; the first is also that of @g
 * @nr: how many
 */
struct countguest {
	struct memguest g;
	struct memguest_cpu cpus[COUNT_CPUS];
	int nr;
};

/* Make it with @nr vCPUs, COUNT_CPUS at most, and let them count; 0 or a negative errno. */
int countguest_start(struct countguest *c, int nr);
/* Wait until all have counted on; false: one does not. */
bool countguest_moves(const struct countguest *c);
/* Stop them and unmake the VM; whether none has lost a count. */
bool countguest_stop(struct countguest *c);

#endif /* SELFTESTS_COUNTGUEST_H */
