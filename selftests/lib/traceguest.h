/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of tracing: a guest and an instance of tracefs beside it.
 *
 *	FIXTURE(trace) { struct traced traced; };
 *	FIXTURE_SETUP(trace) { TRACED_SETUP(&self->traced, 0); }
 *	FIXTURE_TEARDOWN(trace) { traced_free(&self->traced); }
 */
#ifndef SELFTESTS_TRACEGUEST_H
#define SELFTESTS_TRACEGUEST_H

#include <linux/keel_trace.h>

#include "guest.h"
#include "tracefs.h"

/**
 * struct traced - a guest that is watched
 * @guest: with one vCPU
 * @trace: all tracepoints off
 * @vm: the VM's number
 */
struct traced {
	struct guest guest;
	struct tracefs trace;
	__u32 vm;
};

/* 0 or a negative errno; traced_free() takes one that is half made, too. */
int traced_init(struct traced *t, __u32 vm_flags);
void traced_free(struct traced *t);
/* The N-th event (from 0) of a tracepoint about this VM, or NULL. */
const struct tracefs_event *traced_event(const struct traced *t, const char *name,
					 unsigned int n);
/* How many there are. */
unsigned int traced_count(const struct traced *t, const char *name);
/* How many keel_exit or keel_exit_done there are with a basic exit reason. */
unsigned int traced_exits(const struct traced *t, const char *name, unsigned int reason);
/* The N-th keel_exit with that reason, or NULL. */
const struct tracefs_event *traced_exit(const struct traced *t, unsigned int reason,
					unsigned int n);

#define TRACED_SETUP(t, vm_flags) do {					\
	int __ret = traced_init(t, vm_flags);				\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU");	\
	ASSERT_EQ(0, __ret);						\
} while (0)

#define TRACE_ON(t, name)	ASSERT_EQ(0, tracefs_enable(&(t)->trace, name, true))
#define TRACE_OFF(t, name)	ASSERT_EQ(0, tracefs_enable(&(t)->trace, name, false))
#define TRACE_READ(t) do {						\
	ASSERT_EQ(0, tracefs_read(&(t)->trace));			\
	ASSERT_EQ(0, (t)->trace.lost);					\
} while (0)

#endif /* SELFTESTS_TRACEGUEST_H */
