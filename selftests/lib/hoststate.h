/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a guest left anything on the host: what the CPUs hold before and after,
 * as keel_probe.ko reads it on each of them; its canaries in the kernel's memory;
 * and what the thread that calls KEEL_RUN has in its own registers, before and
 * behind the very system call.
 *
 *	struct host_state before;
 *
 *	ASSERT_EQ(0, host_state_take(&before));
 *	g->enter = host_watched_run;
 *	... guest_run(g) ...
 *	HOST_UNCHANGED(&before);
 */
#ifndef SELFTESTS_HOSTSTATE_H
#define SELFTESTS_HOSTSTATE_H

#include <stdbool.h>

#define HOST_STATE_CPUS	8

/**
 * struct host_state - registers of the CPUs
 * @cpus: how many
 * @text: of each, as keel_probe.ko tells
 */
struct host_state {
	unsigned int cpus;
	char *text[HOST_STATE_CPUS];
};

/* Load keel_probe.ko and read all CPUs; 0, or a negative errno. */
int host_state_take(struct host_state *s);
void host_state_free(struct host_state *s);
/* What differs from now in words, or NULL.  Also where a canary is dead. */
const char *host_state_differs(const struct host_state *before);

/*
 * KEEL_RUN for struct guest's @enter: with all extended registers of this thread
 * (x87, SSE, AVX, AVX-512), flags and selectors full of a pattern.
 */
int host_watched_run(int vcpu);
/* What it found changed, so far, or NULL. */
const char *host_watched_failure(void);

#define HOST_UNCHANGED(before) do {					\
	const char *__failure = host_watched_failure();			\
									\
	EXPECT_EQ(NULL, __failure) {					\
		TH_LOG("KEEL_RUN changed %s", __failure);		\
	}								\
	__failure = host_state_differs(before);				\
	EXPECT_EQ(NULL, __failure) {					\
		TH_LOG("%s", __failure);				\
	}								\
} while (0)

#endif /* SELFTESTS_HOSTSTATE_H */
