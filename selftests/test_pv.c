// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual clock, stolen time and end of interrupt: MSRs whose effects
 * are in the guest's memory.
 *
 * Linux: Documentation/virt/kvm/x86/msr.rst.  Structures and numbers are written
 * out here from there.
 */
#define _GNU_SOURCE	/* sched_setaffinity() */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define MSR_TSC		0x10
#define MSR_WALL	0x4b564d00
#define MSR_CLOCK	0x4b564d01
#define MSR_ASYNC_PF	0x4b564d02
#define MSR_STEAL	0x4b564d03
#define MSR_EOI		0x4b564d04

#define NOP_IO_DELAY	(1U << 1)
#define CLOCK		(1U << 3)
#define STEAL		(1U << 5)
#define EOI		(1U << 6)
#define STABLE		(1U << 24)

#define NS		1000000000ULL

/* Across two pages, both of which the guest has never touched. */
#define CLOCK_AT	0x61ff0
#define WALL_AT		0x64000
#define STEAL_AT	0x65000

struct clock_area {
	__u32 version;
	__u32 pad0;
	__u64 tsc;
	__u64 ns;
	__u32 mul;
	__s8 shift;
	__u8 flags;
	__u8 pad[2];
};

struct wall_area {
	__u32 version;
	__u32 sec;
	__u32 nsec;
};

struct steal_area {
	__u64 ns;
	__u32 version;
	__u32 flags;
	__u8 preempted;
	__u8 pad[47];
};

FIXTURE(pv)
{
	struct guest guest;
	__u32 offered;
};

/* Gives vCPU 0 KVM's leaves with @features, beside the usual ones. */
static int set_features(struct guest *g, __u32 features)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	__u32 nr = KEEL_MAX_CPUID - 2;
	int ret = keel_get_supported_cpuid(g->keel, host_vm_flags(0), 0, leaves, &nr);

	if (ret)
		return ret;
	leaves[nr++] = (struct keel_cpuid_leaf){
		.leaf = 0x40000100, .eax = 0x40000101,
		.ebx = 0x4b4d564b, .ecx = 0x564b4d56, .edx = 0x4d,
	};
	leaves[nr++] = (struct keel_cpuid_leaf){ .leaf = 0x40000101, .eax = features };
	return keel_set_cpuid(g->vcpu, leaves, nr);
}

/* What a VM with local APICs is told of. */
static __u32 offered(struct guest *g)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	__u32 nr = KEEL_MAX_CPUID, i;

	if (keel_get_supported_cpuid(g->keel, host_vm_flags(KEEL_VM_LAPIC), 0, leaves, &nr))
		return 0;
	for (i = 0; i < nr; i++)
		if (leaves[i].leaf == 0x40000101)
			return leaves[i].eax;
	return 0;
}

FIXTURE_SETUP(pv)
{
	GUEST_SETUP(&self->guest);
	self->offered = offered(&self->guest);
	ASSERT_EQ(0, set_features(&self->guest, self->offered));
}

FIXTURE_TEARDOWN(pv)
{
	guest_free(&self->guest);
}

GUEST_CODE(code_wrmsr, "wrmsr; rdtsc; hlt");
GUEST_CODE(code_rdmsr, "rdmsr; hlt");
GUEST_CODE(code_count, "1: inc %rcx; jmp 1b");

#define LOAD_WRMSR(g, msr, value) do {					\
	GUEST_START(g, GUEST_LONG, code_wrmsr);				\
	RCX(g) = (msr);							\
	RAX(g) = (__u32)(value);					\
	RDX(g) = (__u64)(value) >> 32;					\
} while (0)

#define GUEST_WRMSR(g, msr, value) do {					\
	LOAD_WRMSR(g, msr, value);					\
	GUEST_RUN(g, KEEL_EXIT_HLT);					\
} while (0)

#define WRMSR_IS_GP(g, msr, value) do {					\
	LOAD_WRMSR(g, msr, value);					\
	GUEST_RUN_TO_TRAP(g, 13, 0);					\
} while (0)

#define NEEDS_CLOCK() do {						\
	if (!(self->offered & CLOCK))					\
		SKIP(return, "the host's TSC is not good enough for the clock"); \
} while (0)

static __u64 edx_eax(const struct guest *g)
{
	return RDX(g) << 32 | (__u32)RAX(g);
}

/* As the specification says the guest does it. */
static __u64 clock_ns(const struct clock_area *c, __u64 tsc)
{
	__u64 delta = tsc - c->tsc;

	delta = c->shift >= 0 ? delta << c->shift : delta >> -c->shift;
	return c->ns + (__u64)((__uint128_t)delta * c->mul >> 32);
}

static struct clock_area *clock_area(struct guest *g, __u64 at)
{
	return (struct clock_area *)(g->mem + at);
}

static __u64 now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

TEST_F(pv, offers)
{
	struct guest *g = &self->guest;
	__u64 value;

	EXPECT_EQ(NOP_IO_DELAY | EOI, self->offered & (NOP_IO_DELAY | EOI));
	EXPECT_EQ(0, self->offered & ~(NOP_IO_DELAY | EOI | CLOCK | STABLE | STEAL));
	EXPECT_EQ(!!(self->offered & CLOCK), !!(self->offered & STABLE));
	/* The end of an interrupt needs a local APIC, which this VM has not. */
	EXPECT_EQ(-ENOENT, guest_get_msr(g, MSR_EOI, &value));
	EXPECT_EQ(-ENOENT, guest_get_msr(g, MSR_ASYNC_PF, &value));
	EXPECT_EQ(-ENOENT, guest_get_msr(g, MSR_EOI + 0x40, &value));
}

TEST_F(pv, msrs_that_were_not_told_of_are_gp)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, set_features(g, NOP_IO_DELAY));
	WRMSR_IS_GP(g, MSR_CLOCK, CLOCK_AT | 1);
	WRMSR_IS_GP(g, MSR_WALL, WALL_AT);
	WRMSR_IS_GP(g, MSR_STEAL, STEAL_AT | 1);
	WRMSR_IS_GP(g, MSR_EOI, CLOCK_AT | 1);
	WRMSR_IS_GP(g, MSR_ASYNC_PF, 0);
	EXPECT_EQ(0, GUEST_U32(g, WALL_AT));
	GUEST_START(g, GUEST_LONG, code_rdmsr);
	RCX(g) = MSR_CLOCK;
	GUEST_RUN_TO_TRAP(g, 13, 0);
}

TEST_F(pv, reserved_bits_are_gp)
{
	struct guest *g = &self->guest;

	if (self->offered & CLOCK) {
		WRMSR_IS_GP(g, MSR_CLOCK, CLOCK_AT | 3);
		WRMSR_IS_GP(g, MSR_CLOCK, 1ULL << 63 | 1);
		WRMSR_IS_GP(g, MSR_WALL, WALL_AT + 1);
		WRMSR_IS_GP(g, MSR_WALL, WALL_AT + 2);
	}
	if (self->offered & STEAL) {
		WRMSR_IS_GP(g, MSR_STEAL, STEAL_AT | 3);
		WRMSR_IS_GP(g, MSR_STEAL, (STEAL_AT + 0x20) | 1);
	}
}

TEST_F(pv, clock_agrees_with_the_tsc)
{
	struct guest *g = &self->guest;
	struct clock_area *c = clock_area(g, CLOCK_AT);
	__u64 tsc, host[2], value;
	double ns;

	NEEDS_CLOCK();
	GUEST_WRMSR(g, MSR_CLOCK, CLOCK_AT | 1);
	tsc = edx_eax(g);
	EXPECT_NE(0, c->version);
	EXPECT_EQ(0, c->version & 1);
	EXPECT_EQ(1, c->flags);
	EXPECT_GE(c->mul, 1U << 31);
	/* Ticks since the VM's birth over the frequency, which has 32 bits. */
	ns = (double)(tsc - c->tsc) * 1000000 / g->info.tsc_khz;
	EXPECT_LT(clock_ns(c, tsc) - ns, 2 + ns / 1e9);
	EXPECT_LT(ns - clock_ns(c, tsc), 2 + ns / 1e9);
	ASSERT_EQ(0, guest_get_msr(g, MSR_CLOCK, &value));
	EXPECT_EQ(CLOCK_AT | 1, value);

	/* It goes as the host's goes. */
	host[0] = now(CLOCK_MONOTONIC_RAW);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc));
	value = clock_ns(c, tsc);
	usleep(300000);
	host[1] = now(CLOCK_MONOTONIC_RAW);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc));
	value = clock_ns(c, tsc) - value;
	host[1] -= host[0];
	EXPECT_LT(value, host[1] + host[1] / 50);
	EXPECT_GT(value, host[1] - host[1] / 50);
}

TEST_F(pv, clock_does_not_jump_with_the_tsc)
{
	struct guest *g = &self->guest;
	struct clock_area *c = clock_area(g, CLOCK_AT);
	__u64 tsc, before, after;
	__u32 version;

	NEEDS_CLOCK();
	GUEST_WRMSR(g, MSR_CLOCK, CLOCK_AT | 1);
	before = clock_ns(c, edx_eax(g));
	version = c->version;
	GUEST_WRMSR(g, MSR_TSC, 1ULL << 50);
	tsc = edx_eax(g);
	EXPECT_LE(1ULL << 50, tsc);
	EXPECT_EQ(version + 2, c->version);
	after = clock_ns(c, tsc);
	EXPECT_LE(before, after);
	EXPECT_LT(after, before + NS);
	/* By the VMM, too. */
	ASSERT_EQ(0, guest_set_msr(g, MSR_TSC, 77));
	GUEST_WRMSR(g, MSR_WALL, WALL_AT);
	EXPECT_EQ(version + 4, c->version);
	EXPECT_LE(after, clock_ns(c, edx_eax(g)));
	EXPECT_LT(clock_ns(c, edx_eax(g)), after + NS);
}

TEST_F(pv, clock_moves_and_stops)
{
	struct guest *g = &self->guest;
	struct clock_area old;

	NEEDS_CLOCK();
	/* Set by the VMM: there with the next run. */
	ASSERT_EQ(0, guest_set_msr(g, MSR_CLOCK, CLOCK_AT | 1));
	GUEST_WRMSR(g, MSR_TSC, 1000);
	old = *clock_area(g, CLOCK_AT);
	EXPECT_NE(0, old.mul);
	GUEST_WRMSR(g, MSR_CLOCK, (CLOCK_AT + 0x1000) | 1);
	EXPECT_EQ(old.mul, clock_area(g, CLOCK_AT + 0x1000)->mul);
	GUEST_WRMSR(g, MSR_TSC, 5000000);
	EXPECT_EQ(0, memcmp(&old, clock_area(g, CLOCK_AT), sizeof(old)));
	EXPECT_NE(old.tsc, clock_area(g, CLOCK_AT + 0x1000)->tsc);

	GUEST_WRMSR(g, MSR_CLOCK, 0);
	old = *clock_area(g, CLOCK_AT + 0x1000);
	GUEST_WRMSR(g, MSR_TSC, 1000);
	EXPECT_EQ(0, memcmp(&old, clock_area(g, CLOCK_AT + 0x1000), sizeof(old)));
}

TEST_F(pv, what_keel_writes_is_in_the_dirty_log)
{
	struct guest *g = &self->guest;
	__u8 log[GUEST_BYTES / 4096 / 8];
	int page = CLOCK_AT >> 12;

	NEEDS_CLOCK();
	ASSERT_EQ(0, keel_set_memory(g->vm, 0, KEEL_MEMORY_LOG_DIRTY, 0, GUEST_BYTES, g->mem));
	GUEST_WRMSR(g, MSR_CLOCK, CLOCK_AT | 1);
	ASSERT_EQ(0, keel_get_dirty_log(g->vm, 0, 0, GUEST_BYTES / 4096, log));
	/* The area lies in two pages. */
	EXPECT_EQ(3 << page % 8, log[page / 8]);
	GUEST_WRMSR(g, MSR_TSC, 1000);
	ASSERT_EQ(0, keel_get_dirty_log(g->vm, 0, 0, GUEST_BYTES / 4096, log));
	EXPECT_EQ(3 << page % 8, log[page / 8]);
}

TEST_F(pv, a_vm_with_local_apics_has_it_all)
{
	struct guest *g = &self->guest;
	__u64 value = 1;

	guest_free(g);
	ASSERT_EQ(0, guest_init_vm(g, KEEL_VM_LAPIC, 0));
	ASSERT_EQ(0, guest_get_msr(g, MSR_EOI, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(0, guest_set_msr(g, MSR_EOI, CLOCK_AT | 1));
	ASSERT_EQ(0, guest_get_msr(g, MSR_EOI, &value));
	EXPECT_EQ(CLOCK_AT | 1, value);
	EXPECT_EQ(-EINVAL, guest_set_msr(g, MSR_EOI, CLOCK_AT | 3));
	EXPECT_EQ(self->offered & STEAL ? 0 : -ENOENT, guest_set_msr(g, MSR_STEAL, STEAL_AT | 1));
	EXPECT_EQ(self->offered & CLOCK ? 0 : -ENOENT, guest_set_msr(g, MSR_CLOCK, CLOCK_AT | 1));
}

/* Nothing is written, and the guest goes on. */
TEST_F(pv, areas_where_no_memory_is)
{
	struct guest *g = &self->guest;

	NEEDS_CLOCK();
	GUEST_WRMSR(g, MSR_CLOCK, 0x7ffff000 | 1);
	GUEST_WRMSR(g, MSR_WALL, GUEST_BYTES);
	/* Half of it is. */
	GUEST_WRMSR(g, MSR_CLOCK, (GUEST_BYTES - 16) | 1);
	if (self->offered & STEAL)
		GUEST_WRMSR(g, MSR_STEAL, 0x7ffff000 | 1);
}

TEST_F(pv, scaled_clock)
{
	struct guest *g = &self->guest;
	struct clock_area *c;
	__u64 tsc, before, clock[2];

	NEEDS_CLOCK();
	if (!(g->info.features & KEEL_FEATURE_TSC_SCALING))
		SKIP(return, "this CPU has no TSC scaling");
	guest_free(g);
	before = now(CLOCK_MONOTONIC_RAW);
	ASSERT_EQ(0, guest_init_vm(g, 0, g->info.tsc_khz * 3));
	ASSERT_EQ(0, set_features(g, self->offered));
	c = clock_area(g, CLOCK_AT);
	GUEST_WRMSR(g, MSR_CLOCK, CLOCK_AT | 1);
	clock[0] = clock_ns(c, edx_eax(g));
	/* From the VM's birth, which lies between the two. */
	EXPECT_LT(clock[0], now(CLOCK_MONOTONIC_RAW) - before);
	before = now(CLOCK_MONOTONIC_RAW);
	usleep(300000);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc));
	clock[1] = clock_ns(c, tsc) - clock[0];
	before = now(CLOCK_MONOTONIC_RAW) - before;
	EXPECT_LT(clock[1], before + before / 50);
	EXPECT_GT(clock[1], before - before / 50);
}

TEST_F(pv, wall_clock)
{
	struct guest *g = &self->guest;
	const struct wall_area *w = (const void *)(g->mem + WALL_AT);
	__u64 wall;

	NEEDS_CLOCK();
	GUEST_WRMSR(g, MSR_CLOCK, CLOCK_AT | 1);
	usleep(500000);
	/* It has an odd version: whoever wrote there died. */
	GUEST_U32(g, WALL_AT) = 7;
	GUEST_WRMSR(g, MSR_WALL, WALL_AT);
	EXPECT_EQ(8, w->version);
	EXPECT_LT(w->nsec, NS);
	wall = w->sec * NS + w->nsec + clock_ns(clock_area(g, CLOCK_AT), edx_eax(g));
	EXPECT_LT(wall, now(CLOCK_REALTIME) + NS / 10);
	EXPECT_GT(wall, now(CLOCK_REALTIME) - NS / 10);
}

static void ignore(int signal)
{
}

/* Nanoseconds that this thread has waited for a CPU, as the kernel tells it. */
static __u64 waited(void)
{
	unsigned long long ran = 0, delay = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "r");

	if (f) {
		if (fscanf(f, "%llu %llu", &ran, &delay) != 2)
			delay = 0;
		fclose(f);
	}
	return delay;
}

static void stay_on_cpu_0(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

TEST_F(pv, stolen_time)
{
	struct guest *g = &self->guest;
	const struct steal_area *s = (const void *)(g->mem + STEAL_AT);
	struct sigaction act = { .sa_handler = ignore };
	struct itimerval in_half_a_second = { .it_value.tv_usec = 500000 };
	__u64 before, after, first;
	pid_t child;
	int ret;

	if (!(self->offered & STEAL))
		SKIP(return, "this kernel does not count how long threads wait");
	GUEST_WRMSR(g, MSR_STEAL, STEAL_AT | 1);
	EXPECT_NE(0, s->version);
	EXPECT_EQ(0, s->version & 1);
	first = s->ns;
	EXPECT_EQ(0, first);

	stay_on_cpu_0();
	child = fork();
	if (!child)
		for (;;)
			;
	ASSERT_LT(0, child);
	sigaction(SIGALRM, &act, NULL);
	GUEST_START(g, GUEST_LONG, code_count);
	RFLAGS(g) |= 1 << 9;	/* IF: see docs/testbed.md */
	before = waited();
	setitimer(ITIMER_REAL, &in_half_a_second, NULL);
	ret = guest_run(g);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	EXPECT_EQ(-EINTR, ret);
	/* Once more, so that what came last is written. */
	GUEST_WRMSR(g, MSR_TSC, 0);
	after = waited();
	EXPECT_EQ(0, s->version & 1);
	/* The two had the CPU in turns. */
	EXPECT_LT(50000000, s->ns);
	EXPECT_LE(s->ns, after);
	EXPECT_GT(s->ns + 1000000, after - before);
	EXPECT_EQ(0, s->preempted);
}

TEST_HARNESS_MAIN
