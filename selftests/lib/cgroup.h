/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A memory cgroup (v2) that a test makes, and processes that enter it.  The testbed
 * mounts none.
 *
 * Functions return whether it worked; they leave judging to the test.
 */
#ifndef SELFTESTS_CGROUP_H
#define SELFTESTS_CGROUP_H

#include <stdbool.h>

/* Make it with this memory.max, as "5M"; one that is there already gets it, too. */
bool cgroup_make(const char *max);
/* Leave it and unmount.  Waits for what killed ones had, which goes a moment later. */
void cgroup_remove(void);
/* This process, and those that it makes from now on. */
bool cgroup_enter(void);
/* The kernel has killed somebody in it for want of memory. */
bool cgroup_killed(void);

#endif /* SELFTESTS_CGROUP_H */
