// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's time: its TSC, and what it is told of its frequency.
 *
 * SDM: "Time-Stamp Counter", "Use TSC Scaling", "Time Stamp Counter and Nominal
 * Core Crystal Clock Information Leaf".
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define MSR_TSC		0x10
#define MSR_TSC_ADJUST	0x3b

FIXTURE(time)
{
	struct guest guest;
};

FIXTURE_SETUP(time)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(time)
{
	guest_free(&self->guest);
}

GUEST_CODE(code_rdtsc, "1: rdtsc; hlt; jmp 1b");
GUEST_CODE(code_count, "1: inc %rcx; jmp 1b");
GUEST_CODE(code_wrmsr, "wrmsr; rdmsr; hlt");
GUEST_CODE(code_rdmsr, "rdmsr; hlt");

/* The same machine again, made otherwise. */
#define REMAKE(g, flags, khz) do {					\
	guest_free(g);							\
	ASSERT_EQ(0, guest_init_vm(g, flags, khz));			\
} while (0)

static __u64 edx_eax(const struct guest *g)
{
	return RDX(g) << 32 | (__u32)RAX(g);
}

/* WRMSR by the guest; what RDMSR says afterwards is in EDX:EAX. */
#define GUEST_WRMSR(g, msr, value) do {					\
	GUEST_START(g, GUEST_LONG, code_wrmsr);				\
	RCX(g) = (msr);							\
	RAX(g) = (__u32)(value);					\
	RDX(g) = (__u64)(value) >> 32;					\
	GUEST_RUN(g, KEEL_EXIT_HLT);					\
} while (0)

/*
 * "A WRMSR to IA32_TSC that adds X to the TSC adds X to IA32_TSC_ADJUST, and the
 * other way round."
 */
TEST_F(time, tsc_and_tsc_adjust_move_together)
{
	struct guest *g = &self->guest;
	const __s64 ahead = 1LL << 40;
	__u64 before, after, adjust;

	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC_ADJUST, &adjust));
	EXPECT_EQ(0, adjust);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &before));
	GUEST_WRMSR(g, MSR_TSC_ADJUST, ahead);
	EXPECT_EQ(ahead, edx_eax(g));
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &after));
	EXPECT_LE(before + ahead, after);
	EXPECT_LT(after, before + ahead + (1LL << 36));

	/* To a TSC of 1000: ADJUST takes what the TSC lost. */
	GUEST_WRMSR(g, MSR_TSC, 1000);
	EXPECT_LE(1000, edx_eax(g));
	EXPECT_LT(edx_eax(g), 1LL << 36);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC_ADJUST, &adjust));
	EXPECT_LT((__s64)adjust, (__s64)1000);
	EXPECT_LT(-(1LL << 36), (__s64)adjust);

	/* And back: the TSC counts from the VM's birth again. */
	GUEST_WRMSR(g, MSR_TSC_ADJUST, 0);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &before));
	EXPECT_LE(before, after);	/* far below what it was when set ahead */
	EXPECT_LT(before, 1ULL << 40);
}

/* A VM begins at TSC 0 with all its vCPUs, however late they are made. */
TEST_F(time, two_vcpus_agree)
{
	struct guest *g = &self->guest;
	struct guest other = *g;
	__u64 tsc[3];
	int i;

	other.vcpu = keel_create_vcpu(g->vm, 1);
	ASSERT_LE(0, other.vcpu);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc[0]));
		ASSERT_EQ(0, guest_get_msr(&other, MSR_TSC, &tsc[1]));
		ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc[2]));
		ASSERT_LT(tsc[0], tsc[1]);
		ASSERT_LT(tsc[1], tsc[2]);
	}
	close(other.vcpu);
}

TEST_F(time, the_host_tells_its_frequency)
{
	struct guest *g = &self->guest;
	struct timespec from, to;
	__u64 tsc, ns;

	ASSERT_NE(0, g->info.tsc_khz);
	clock_gettime(CLOCK_MONOTONIC, &from);
	tsc = __rdtsc();
	usleep(200000);
	clock_gettime(CLOCK_MONOTONIC, &to);
	tsc = __rdtsc() - tsc;
	ns = (to.tv_sec - from.tv_sec) * 1000000000ULL + to.tv_nsec - from.tv_nsec;
	/* Within a fiftieth; the clock may itself be adjusted. */
	EXPECT_LT(tsc * 1000000 / ns, g->info.tsc_khz / 50 * 51);
	EXPECT_GT(tsc * 1000000 / ns, g->info.tsc_khz / 50 * 49);
}

static struct keel_cpuid_leaf leaf_of(struct guest *g, __u32 flags, __u32 khz, __u32 leaf)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID], none = {};
	__u32 nr = KEEL_MAX_CPUID, i;

	if (keel_get_supported_cpuid(g->keel, host_vm_flags(flags), khz, leaves, &nr))
		return none;
	for (i = 0; i < nr; i++)
		if (leaves[i].leaf == leaf)
			return leaves[i];
	return none;
}

TEST_F(time, cpuid_tells_the_frequency)
{
	struct guest *g = &self->guest;
	struct keel_cpuid_leaf l = leaf_of(g, KEEL_VM_LAPIC, 0, 0x15);
	__u64 khz;

	ASSERT_NE(0, l.eax);
	khz = ((__u64)l.ecx * l.ebx / l.eax + 500) / 1000;
	EXPECT_EQ(g->info.tsc_khz, khz);
	l = leaf_of(g, KEEL_VM_LAPIC, 0, 0x40000010);
	EXPECT_EQ(g->info.tsc_khz, l.eax);
	EXPECT_EQ(1000000, l.ebx);
	EXPECT_EQ((g->info.tsc_khz + 500) / 1000, leaf_of(g, KEEL_VM_LAPIC, 0, 0x16).eax);
	EXPECT_LE(0x15, leaf_of(g, KEEL_VM_LAPIC, 0, 0).eax);
}

/* 0 or a negative errno */
static int make_vm(struct guest *g, __u32 khz)
{
	int vm = host_create_vm_at(g->keel, 0, khz);

	if (vm >= 0)
		close(vm);
	return vm < 0 ? vm : 0;
}

TEST_F(time, another_frequency_needs_scaling)
{
	struct guest *g = &self->guest;
	__u32 khz = g->info.tsc_khz;
	bool can = g->info.features & KEEL_FEATURE_TSC_SCALING;
	struct keel_cpuid_leaf l;

	ASSERT_NE(0, khz);
	EXPECT_EQ(0, make_vm(g, khz));
	if (!can) {
		EXPECT_EQ(-EOPNOTSUPP, make_vm(g, khz / 2));
		return;
	}
	EXPECT_EQ(0, make_vm(g, khz / 2));
	EXPECT_EQ(0, make_vm(g, 1));
	l = leaf_of(g, KEEL_VM_LAPIC, khz * 2, 0x15);
	EXPECT_EQ(khz * 2, ((__u64)l.ecx * l.ebx / l.eax + 500) / 1000);
	/* 16 bits before the fraction. */
	EXPECT_EQ(khz < 65536 ? -EINVAL : 0, make_vm(g, ~0U));
}

/* By RDTSC, by RDMSR, through the VMM, and for a deadline: one and the same clock. */
static void check_scaled(struct __test_metadata *_metadata, struct guest *g,
			 __u32 times, __u32 by)
{
	__u64 host, before, after, now, ticks;
	__u32 khz = g->info.tsc_khz / by * times;

	REMAKE(g, 0, khz);
	GUEST_START(g, GUEST_LONG, code_rdtsc);
	host = __rdtsc();
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &before));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	now = edx_eax(g);
	EXPECT_LE(before, now);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &after));
	EXPECT_LE(now, after);
	before = after;
	usleep(50000);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	now = edx_eax(g);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &after));
	host = __rdtsc() - host;
	ticks = host / by * times;
	EXPECT_LE(before, now);
	EXPECT_LE(now, after);
	/* Between the innermost and the outermost readings lies an ioctl or two. */
	EXPECT_LT(after - before, ticks + ticks / 50);
	EXPECT_GT(after - before, ticks - ticks / 4);

	GUEST_START(g, GUEST_LONG, code_rdmsr);
	RCX(g) = MSR_TSC;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &now));
	EXPECT_LE(after, edx_eax(g));
	EXPECT_LE(edx_eax(g), now);

	if (!(g->info.features & KEEL_FEATURE_PREEMPTION_TIMER))
		return;
	GUEST_START(g, GUEST_LONG, code_count);
	RFLAGS(g) |= 1 << 9;	/* IF: see docs/testbed.md */
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &before));
	host = __rdtsc();
	ticks = 4000000 / by * times;
	g->run->deadline = before + ticks;
	GUEST_RUN(g, KEEL_EXIT_DEADLINE);
	host = __rdtsc() - host;
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &after));
	EXPECT_LE(before + ticks, after);
	EXPECT_LT(3500000, host);
	EXPECT_LT(host, 8000000);
}

TEST_F(time, scaled)
{
	struct guest *g = &self->guest;

	if (!(g->info.features & KEEL_FEATURE_TSC_SCALING))
		SKIP(return, "this CPU has no TSC scaling");
	check_scaled(_metadata, g, 1, 2);
	check_scaled(_metadata, g, 3, 1);
	check_scaled(_metadata, g, 5, 7);
}

TEST_HARNESS_MAIN
