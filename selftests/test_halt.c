// SPDX-License-Identifier: GPL-2.0
/*
 * vCPUs that do not run: in HLT, waiting for a start-up IPI, and in a loop of
 * PAUSE.  Their threads sleep, and wake at once.
 *
 * SDM: "HLT - Halt", "Activity State", "PAUSE-Loop Exiting".
 */
#define _GNU_SOURCE	/* sched_setaffinity() */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"

#define MS		1000000ULL
#define TF		0x100
#define DB		1

FIXTURE(halt)
{
	struct guest guest;
	struct guest second;
	struct guest_thread thread;
};

FIXTURE_VARIANT(halt)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(halt, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(halt, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(halt)
{
	APIC_SETUP(&self->guest, variant->flags);
	ASSERT_EQ(0, guest_init_vcpu(&self->second, &self->guest, 1));
}

FIXTURE_TEARDOWN(halt)
{
	guest_stop(&self->thread);
	guest_free(&self->second);
	guest_free(&self->guest);
}

/* HLT is one byte at GUEST_CODE_AT + 1. */
GUEST_CODE(code_sti_hlt, "sti; hlt; nop; vmcall");
GUEST_CODE(code_hlt, "nop; hlt; nop; vmcall");

#define BEHIND_HLT	(GUEST_CODE_AT + 2)

#define EXPECT_TRAP_IN(t, vec) do {					\
	GUEST_JOIN(t, GUEST_TRAP);					\
	EXPECT_EQ(vec, (t)->g->trap.vector);				\
	EXPECT_EQ(BEHIND_HLT, (t)->g->trap.rip);			\
} while (0)

#define HALT(g, t) do {							\
	APIC_START(g, code_sti_hlt);					\
	GUEST_SPAWN(t, g);						\
	ASSERT_TRUE(guest_sleeps(t));					\
} while (0)

TEST_F(halt, sleeps_and_uses_no_cpu)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;
	struct keel_stats stats = { .size = sizeof(stats) };
	__u64 before;

	HALT(g, t);
	before = guest_cpu_time(t);
	usleep(500000);
	EXPECT_TRUE(guest_sleeps(t));
	EXPECT_EQ(before, guest_cpu_time(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	EXPECT_TRAP_IN(t, 0x51);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	ASSERT_EQ(0, keel_get_stats(g->vcpu, &stats));
	EXPECT_EQ(1, stats.halts);
}

TEST_F(halt, nmi_wakes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	HALT(g, t);
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
	EXPECT_TRAP_IN(t, NMI);
	/* By the pin. */
	apic_write(g, APIC_LVT_LINT1, LVT_NMI);
	HALT(g, t);
	ASSERT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT1, 0, 1));
	EXPECT_TRAP_IN(t, NMI);
}

TEST_F(halt, extint_wakes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	HALT(g, t);
	ASSERT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT0, 0, 1));
	GUEST_JOIN(t, KEEL_EXIT_EXTINT);
	EXPECT_EQ(BEHIND_HLT, RIP(g));
	ASSERT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT0, 0, 0));
	g->run->extint.vector = 0x38;
	GUEST_SPAWN(t, g);
	EXPECT_TRAP_IN(t, 0x38);
}

TEST_F(halt, level_wakes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	HALT(g, t);
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), MSI_LEVEL | 0x51));
	EXPECT_TRAP_IN(t, 0x51);
	GUEST_RUN(g, KEEL_EXIT_EOI);
}

TEST_F(halt, timer_wakes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;
	struct timespec start, end;
	__u64 ns;

	apic_write(g, APIC_LVT_TIMER, 0x51);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	APIC_START(g, code_sti_hlt);
	clock_gettime(CLOCK_MONOTONIC, &start);
	/* 1 GHz: 300 ms. */
	apic_write(g, APIC_TIMER_INIT, 300000000);
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
	EXPECT_TRAP_IN(t, 0x51);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (end.tv_sec - start.tv_sec) * 1000 * MS + end.tv_nsec - start.tv_nsec;
	EXPECT_LE(300 * MS, ns);
	EXPECT_LT(ns, 350 * MS);
}

GUEST_CODE(code_send, "mov %ecx, 0x1fe310; mov %eax, 0x1fe300; vmcall");

TEST_F(halt, ipi_wakes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest, *second = &self->second;

	apic_write(second, APIC_SVR, SVR_ENABLED | SPURIOUS);
	APIC_START(g, code_send);
	HALT(second, t);
	RCX(g) = 1 << 24;
	RAX(g) = 0x51;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	GUEST_JOIN(t, GUEST_TRAP);
	EXPECT_EQ(0x51, second->trap.vector);
}

/* What a priority holds off does not wake. */
TEST_F(halt, masked_by_priority)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	APIC_START(g, code_sti_hlt);
	g->run->control.cr8 = 5;
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	usleep(20000);
	EXPECT_TRUE(guest_sleeps(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x61));
	EXPECT_TRAP_IN(t, 0x61);
}

/* The VMM is told once, since it may be for good; then the thread sleeps. */
TEST_F(halt, with_interrupts_off)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	APIC_START(g, code_hlt);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(BEHIND_HLT, RIP(g));
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	usleep(20000);
	EXPECT_TRUE(guest_sleeps(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
	EXPECT_TRAP_IN(t, NMI);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x51));
}

TEST_F(halt, signal)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;
	struct keel_state state = {
		.size = sizeof(state), .groups = KEEL_STATE_EVENTS | KEEL_STATE_REGS,
	};
	int i;

	HALT(g, t);
	for (i = 0; i < 3; i++) {
		pthread_kill(t->thread, SIGUSR1);
		ASSERT_EQ(0, guest_join(t, 10));
		EXPECT_EQ(-EINTR, t->result);
		EXPECT_EQ(KEEL_EXIT_INTR, g->run->exit_reason);
		EXPECT_EQ(BEHIND_HLT, RIP(g));
		EXPECT_EQ(KEEL_ACTIVITY_HLT, g->run->events.activity);
		ASSERT_EQ(0, keel_get_state(g->vcpu, &state));
		EXPECT_EQ(BEHIND_HLT, state.regs.rip);
		EXPECT_EQ(KEEL_ACTIVITY_HLT, state.events.activity);
		/* The state as a whole may be written back. */
		if (i == 1)
			ASSERT_EQ(0, keel_set_state(g->vcpu, &state));
		GUEST_SPAWN(t, g);
		ASSERT_TRUE(guest_sleeps(t));
	}
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	EXPECT_TRAP_IN(t, 0x51);
	EXPECT_EQ(KEEL_ACTIVITY_ACTIVE, g->run->events.activity);
}

TEST_F(halt, immediate_exit)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_hlt);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	g->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, guest_run(g));
	g->run->immediate_exit = 0;
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
}

/* &keel_run.deadline gets it out, too. */
TEST_F(halt, deadline)
{
	struct guest *g = &self->guest;
	__u64 tsc;

	if (!(g->info.features & KEEL_FEATURE_PREEMPTION_TIMER))
		SKIP(return, "this CPU has no VMX-preemption timer");
	APIC_START(g, code_sti_hlt);
	ASSERT_EQ(0, guest_get_msr(g, 0x10, &tsc));
	g->run->deadline = tsc + g->info.tsc_khz * 50ULL;
	GUEST_RUN(g, KEEL_EXIT_DEADLINE);
	EXPECT_EQ(BEHIND_HLT, RIP(g));
	ASSERT_EQ(0, guest_get_msr(g, 0x10, &tsc));
	EXPECT_LE(g->run->deadline, tsc);
	g->run->deadline = 0;
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	GUEST_RUN_TO_TRAP(g, 0x51, GUEST_NO_ERROR);
	EXPECT_EQ(BEHIND_HLT, g->trap.rip);
}

/* Moments of which nobody sees the end: the thread sleeps all the same. */
static void sleeps_for_ages(struct __test_metadata *_metadata, struct guest *g,
			    struct guest_thread *t)
{
	__u64 before;

	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | 0x51);
	ASSERT_EQ(0, guest_set_msr(g, MSR_DEADLINE, ~0ULL));
	HALT(g, t);
	before = guest_cpu_time(t);
	usleep(100000);
	EXPECT_TRUE(guest_sleeps(t));
	EXPECT_EQ(before, guest_cpu_time(t));
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x52));
	EXPECT_TRAP_IN(t, 0x52);
}

TEST_F(halt, a_deadline_that_never_comes)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	if (g->info.features & KEEL_FEATURE_PREEMPTION_TIMER)
		g->run->deadline = ~0ULL;
	sleeps_for_ages(_metadata, g, t);
	g->run->deadline = 0;
}

/* In nanoseconds it has more than 64 bits there. */
TEST_F(halt, a_deadline_of_a_slow_tsc_that_never_comes)
{
	struct guest *g = &self->guest;

	if (!(g->info.features & KEEL_FEATURE_TSC_SCALING))
		SKIP(return, "this CPU has no TSC scaling");
	guest_free(&self->second);
	guest_free(g);
	ASSERT_EQ(0, guest_init_vm(g, variant->flags, 500000));
	apic_write(g, APIC_SVR, SVR_ENABLED | SPURIOUS);
	sleeps_for_ages(_metadata, g, &self->thread);
}

GUEST_CODE(code_step_hlt, "nop; hlt; nop; vmcall");

/* A debug exception ends it, and the trap behind a single step over it is one. */
TEST_F(halt, single_step)
{
	struct guest *g = &self->guest;
	int i;

	for (i = 0; i < 2; i++) {
		APIC_START(g, code_step_hlt);
		RIP(g) += 1;
		RFLAGS(g) |= TF | (i ? IF : 0);
		if (!i)
			GUEST_RUN(g, KEEL_EXIT_HLT);
		GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
		EXPECT_EQ(BEHIND_HLT, g->trap.rip);
		EXPECT_EQ(KEEL_ACTIVITY_ACTIVE, g->run->events.activity);
	}
}

/* What wakes it depends on its registers as they are, not as they were at HLT. */
TEST_F(halt, registers_changed_in_its_sleep)
{
	struct guest_thread *t = &self->thread;
	struct guest *g = &self->guest;

	APIC_START(g, code_hlt);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	RFLAGS(g) |= IF;
	ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), 0x51));
	GUEST_SPAWN(t, g);
	EXPECT_TRAP_IN(t, 0x51);
}

/* Nobody has started the second vCPU. */
TEST_F(halt, waits_for_start_up)
{
	struct guest_thread *t = &self->thread;
	struct guest *second = &self->second;
	__u64 before;

	second->run->state_wanted = KEEL_STATE_RUN;
	second->seen = *second->run;
	GUEST_SPAWN(t, second);
	ASSERT_TRUE(guest_sleeps(t));
	before = guest_cpu_time(t);
	usleep(200000);
	EXPECT_EQ(before, guest_cpu_time(t));
	/* Neither of these starts it. */
	keel_msi(second->vm, MSI_TO(1), 0x51);
	keel_msi(second->vm, MSI_TO(1), ICR_NMI);
	usleep(20000);
	EXPECT_TRUE(guest_sleeps(t));
	pthread_kill(t->thread, SIGUSR1);
	ASSERT_EQ(0, guest_join(t, 10));
	EXPECT_EQ(-EINTR, t->result);
	EXPECT_EQ(KEEL_ACTIVITY_WAIT_SIPI, second->run->events.activity);
}

/* ---- ends ---- */

static void *run_forever(void *arg)
{
	keel_run(((struct guest *)arg)->vcpu);
	return NULL;
}

/* Two threads in KEEL_RUN, one in HLT, one waiting for a start-up IPI. */
static void sleep_in_child(struct guest *g, __u32 flags, bool leave)
{
	pthread_t thread[2];
	struct guest second;

	guest_init_vm(g, flags, 0);
	guest_init_vcpu(&second, g, 1);
	if (apic_start(g, code_sti_hlt_begin, code_sti_hlt_end - code_sti_hlt_begin))
		_exit(2);
	pthread_create(&thread[0], NULL, run_forever, g);
	pthread_create(&thread[1], NULL, run_forever, &second);
	usleep(50000);
	close(second.vcpu);
	close(g->vcpu);
	close(g->vm);
	if (leave)
		_exit(0);
	for (;;)
		pause();
}

TEST_F(halt, killed_in_its_sleep)
{
	struct guest g;
	pid_t child;
	int status;

	child = fork();
	if (!child)
		sleep_in_child(&g, variant->flags, false);
	ASSERT_LT(0, child);
	usleep(150000);
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	/* The module can go when its VMs have. */
	child = fork();
	if (!child)
		sleep_in_child(&g, variant->flags, true);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	guest_free(&self->second);
	guest_free(&self->guest);
	EXPECT_EQ(0, host_unload_keel());
}

/* ---- PAUSE ---- */

GUEST_CODE(code_spin, "sti; 1: pause; incq 0x20008; cmpq $0, 0x20000; je 1b; vmcall");
GUEST_CODE(code_set, "mov $1000, %ecx; 1: loop 1b; incq 0x20000; vmcall");

/*
 * Both on one CPU of the host: who spins gives way long before its time slice is
 * over, so it has made few rounds when the other one has set what it waits for.
 */
TEST_F(halt, pause_loop_yields)
{
	struct guest_thread other = {}, *t = &self->thread;
	struct guest *g = &self->guest, *second = &self->second;
	struct keel_stats stats = { .size = sizeof(stats) };
	cpu_set_t set;

	if (!(g->info.msrs.procbased_ctls2 >> 32 & 1 << 10))
		SKIP(return, "this CPU has no PAUSE-loop exiting");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	APIC_START(g, code_spin);
	APIC_START(second, code_set);
	GUEST_SPAWN(t, g);
	usleep(20000);
	GUEST_SPAWN(&other, second);
	GUEST_JOIN(&other, KEEL_EXIT_HYPERCALL);
	GUEST_JOIN(t, KEEL_EXIT_HYPERCALL);
	ASSERT_EQ(0, keel_get_stats(g->vcpu, &stats));
	/* PAUSE. */
	EXPECT_LT(0, stats.exits[40]);
}

TEST_HARNESS_MAIN
