// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines by the VMX-preemption timer, and the guest's TSC that they go by.
 *
 * SDM: "VMX-Preemption Timer".
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define IF		(1ULL << 9)
#define MSR_TSC		0x10
#define DISTANCE	2000000ULL

FIXTURE(timer)
{
	struct guest guest;
};

FIXTURE_SETUP(timer)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(timer)
{
	guest_free(&self->guest);
}

static bool has_timer(const struct guest *g)
{
	return g->info.features & KEEL_FEATURE_PREEMPTION_TIMER;
}

#define NEEDS_TIMER(g) do {						\
	if (!has_timer(g))						\
		SKIP(return, "this CPU has no VMX-preemption timer");	\
} while (0)

/* Counts, so that one sees that it ran. */
GUEST_CODE(code_count, "1: inc %rax; jmp 1b");
GUEST_CODE(code_rdtsc, "rdtsc; hlt; rdtsc; hlt");

/* With IF set: Bochs lets no host interrupt end a guest without it. */
#define START_COUNTING(g) do {						\
	GUEST_START(g, GUEST_LONG, code_count);				\
	RAX(g) = 0;							\
	RFLAGS(g) |= IF;						\
} while (0)

TEST_F(timer, deadline_ends_a_loop)
{
	struct guest *g = &self->guest;
	__u64 before, after;

	NEEDS_TIMER(g);
	START_COUNTING(g);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &before));
	g->run->deadline = before + DISTANCE;
	GUEST_RUN(g, KEEL_EXIT_DEADLINE);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &after));
	EXPECT_GE(after, before + DISTANCE);
	/* It ran for a good part of the way, and can go on. */
	EXPECT_LT(10000, RAX(g));
	g->run->deadline = after + DISTANCE;
	GUEST_RUN(g, KEEL_EXIT_DEADLINE);
}

TEST_F(timer, deadline_in_the_past_runs_nothing)
{
	struct guest *g = &self->guest;

	NEEDS_TIMER(g);
	START_COUNTING(g);
	g->run->deadline = 1;
	GUEST_RUN(g, KEEL_EXIT_DEADLINE);
	EXPECT_EQ(0, RAX(g));
}

TEST_F(timer, far_deadline_does_not_disturb)
{
	struct guest *g = &self->guest;

	NEEDS_TIMER(g);
	GUEST_START(g, GUEST_LONG, code_rdtsc);
	g->run->deadline = ~0ULL;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	g->run->deadline = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_F(timer, without_one_a_deadline_is_refused)
{
	struct guest *g = &self->guest;

	if (has_timer(g))
		SKIP(return, "this CPU has the VMX-preemption timer");
	GUEST_START(g, GUEST_LONG, code_rdtsc);
	g->run->deadline = 1;
	EXPECT_EQ(-EOPNOTSUPP, guest_run(g));
}

/* The TSC begins near 0 with the VM, and moves as it is told. */
TEST_F(timer, tsc_is_the_guests_own)
{
	struct guest *g = &self->guest;
	const __u64 far = 1ULL << 50;
	__u64 first, second;

	GUEST_START(g, GUEST_LONG, code_rdtsc);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	first = RDX(g) << 32 | RAX(g);
	EXPECT_LT(first, 1ULL << 40);
	ASSERT_EQ(0, guest_set_msr(g, MSR_TSC, far));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	second = RDX(g) << 32 | RAX(g);
	EXPECT_GE(second, far);
	EXPECT_LT(second, far + (1ULL << 40));
}

TEST_HARNESS_MAIN
