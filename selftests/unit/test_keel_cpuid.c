// SPDX-License-Identifier: GPL-2.0
/*
 * keel_cpuid*.c on a made-up host and on the real CPU below this test.  Bits
 * are written as numbers from the SDM's description of CPUID, not with the
 * kernel's names.
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "keel_cpuid.h"

#define B(n)	(1ULL << (n))
#define EVERYTHING 0x1fff

/* The made-up CPU has all bits of all feature registers, and AMX. */
static void big_cpu(u32 leaf, u32 subleaf, u32 out[4])
{
	static const u32 xsave[][3] = {
		[2] = { 256, 576, 0 }, [3] = { 64, 960, 0 }, [4] = { 64, 1024, 0 },
		[5] = { 40, 1088, 0 }, [6] = { 512, 1152, 2 },
		[7] = { 1024, 1664, 0 }, [9] = { 8, 2688, 0 },
		[17] = { 64, 2752, 2 }, [18] = { 8192, 2816, 6 },
	};
	int i;

	for (i = 0; i < 4; i++)
		out[i] = 0;
	switch (leaf) {
	case 0:
		out[0] = 0x21;
		memcpy(&out[1], "Genuntelineu", 12);
		break;
	case 1:
		out[0] = 0x806f8;
		out[1] = 0x07100800;
		out[2] = ~0U;
		out[3] = ~0U;
		break;
	case 4:
		if (subleaf < 3)
			out[0] = 0xfc004121 + (subleaf << 5);
		break;
	case 7:
		out[0] = 2;
		for (i = 1; i < 4 && subleaf == 0; i++)
			out[i] = ~0U;
		if (subleaf == 1)
			out[0] = ~0U;
		break;
	case 0xd:
		if (subleaf == 0)
			out[0] = 0x602e7;
		else if (subleaf == 1)
			out[0] = 0x1f;
		else if (subleaf < 19)
			for (i = 0; i < 3; i++)
				out[i] = xsave[subleaf][i];
		break;
	case 6: case 0xa: case 0x14: case 0x15: case 0x16:
		out[0] = 0x11111117;
		break;
	case 0x80000000:
		out[0] = 0x80000008;
		break;
	case 0x80000008:
		out[0] = 0x3934;
		out[1] = ~0U;
		out[2] = ~0U;
		break;
	default:
		if (leaf > 0x21 && leaf - 0x80000000 > 8)
			leaf = 0x21;
		for (i = 0; i < 4; i++)
			out[i] = leaf + i < 0x80000001 ? leaf + i : ~0U;
	}
}

static const struct keel_cpuid_host big = {
	.cpuid = big_cpu, .xcr0 = ~0ULL, .offers = EVERYTHING, .phys_bits = 46,
};

static struct keel_cpuid_leaf list[KEEL_MAX_CPUID];
static struct keel_cpuid_table table;
static struct keel_cpuid_bad bad;
static u32 nr;

static int take(const struct keel_cpuid_host *host)
{
	int ret;

	nr = KEEL_MAX_CPUID;
	memset(list, 0xaa, sizeof(list));
	ret = keel_cpuid_supported(list, &nr, host);
	return ret ?: keel_cpuid_set(&table, list, nr, host, &bad);
}

static struct keel_cpuid_leaf *in_list(u32 leaf, u32 subleaf)
{
	static struct keel_cpuid_leaf none;
	u32 i;

	for (i = 0; i < nr; i++)
		if (list[i].leaf == leaf && list[i].subleaf == subleaf)
			return &list[i];
	none = (struct keel_cpuid_leaf){};
	return &none;
}

static u32 ask(u32 leaf, u32 subleaf, int reg)
{
	u32 out[4];

	keel_cpuid_lookup(&table, leaf, subleaf, out);
	return out[reg];
}

enum { EAX, EBX, ECX, EDX };

TEST(filters_a_cpu_that_has_everything)
{
	ASSERT_EQ(0, take(&big));
	EXPECT_EQ(0x1f, ask(0, 0, EAX));
	EXPECT_EQ(0x806f8, ask(1, 0, EAX));
	EXPECT_EQ(0x00010800, ask(1, 0, EBX));
	/* No VMX, MONITOR, SMX, EIST, DTES64, PDCM, DCA; a hypervisor. */
	EXPECT_EQ(0xf7fa3203, ask(1, 0, ECX));
	EXPECT_EQ(0x0f8bfbff, ask(1, 0, EDX));
	EXPECT_EQ(4, ask(6, 0, EAX));
	EXPECT_EQ(1, ask(7, 0, EAX));
	/* No SGX, HLE, RTM, PQM, MPX, PQE, PT. */
	EXPECT_EQ(0, ask(7, 0, EBX) & (B(2) | B(4) | B(11) | B(12) |
				       B(14) | B(15) | B(25)));
	EXPECT_EQ(B(1) | B(16), ask(7, 0, EBX) & (B(1) | B(16)));
	/* No PKU, OSPKE, WAITPKG, CET_SS, TME, KL, ENQCMD, SGX_LC, PKS. */
	EXPECT_EQ(0, ask(7, 0, ECX) & (B(3) | B(4) | B(5) | B(7) | B(13) |
				       B(23) | B(29) | B(30) | B(31)));
	EXPECT_TRUE(ask(7, 0, ECX) & B(16));
	/* No UINTR, HYBRID, CET_IBT, AMX. */
	EXPECT_EQ(0, ask(7, 0, EDX) & (B(5) | B(15) | B(20) | B(22) | B(24) |
				       B(25)));
	EXPECT_EQ(B(4) | B(5), ask(7, 1, EAX));
	EXPECT_EQ(0, ask(0xa, 0, EAX));
	EXPECT_EQ(0, ask(0x14, 0, EAX));
	EXPECT_EQ(0xe7, ask(0xd, 0, EAX));
	EXPECT_EQ(0xf, ask(0xd, 1, EAX));
	EXPECT_EQ(576, in_list(0xd, 0)->ebx);
	EXPECT_EQ(2688, in_list(0xd, 0)->ecx);
	EXPECT_EQ(0, ask(0xd, 9, EAX));
	EXPECT_EQ(0, ask(0xd, 18, EAX));
	EXPECT_EQ(0x121, ask(4, 0, EAX));
	EXPECT_EQ(0x161, ask(4, 2, EAX));
	EXPECT_EQ(0, ask(4, 3, EAX));
	EXPECT_EQ(0x2c100800, ask(0x80000001, 0, EDX));
	EXPECT_EQ(0x121, ask(0x80000001, 0, ECX));
	EXPECT_EQ(0x100, ask(0x80000007, 0, EDX));
	EXPECT_EQ(0x392e, ask(0x80000008, 0, EAX));
	EXPECT_EQ(0x200, ask(0x80000008, 0, EBX));
	EXPECT_EQ(0, ask(0x80000008, 0, ECX));
}

TEST(hypervisor_leaf)
{
	struct keel_cpuid_host host = big;
	char name[13] = {};
	u32 out[4];

	host.offers &= ~KEEL_CPUID_APIC;
	ASSERT_EQ(0, take(&host));
	keel_cpuid_lookup(&table, 0x40000000, 7, out);
	memcpy(name, &out[1], 12);
	EXPECT_STREQ("KEELKEELKEEL", name);
	EXPECT_EQ(0x40000000, out[0]);
	EXPECT_EQ(0, ask(0x40000001, 0, EAX));
	EXPECT_EQ(0, ask(0x40000100, 0, EBX));

	/* The caller's own, KVM's place included. */
	list[nr++] = (struct keel_cpuid_leaf){
		.leaf = 0x40000100, .eax = 0x40000101, .ebx = 0x4b4d564b,
	};
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &host, &bad));
	EXPECT_EQ(0x4b4d564b, ask(0x40000100, 0, EBX));
	EXPECT_FALSE(keel_cpuid_guest_kvm(&table, 3));	/* not the whole name */
}

/* As guests look for them: Documentation/virt/kvm/x86/cpuid.rst of Linux. */
TEST(kvm_leaves)
{
	static const struct keel_cpuid_leaf at_kvms_own_place[] = {
		{ .leaf = 0x40000000, .eax = 0x40000001, .ebx = 0x4b4d564b,
		  .ecx = 0x564b4d56, .edx = 0x4d },
		{ .leaf = 0x40000001, .eax = B(6) },
	};
	struct keel_cpuid_host host = big;
	u32 out[4];

	host.tsc_khz = 2712345;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0x40000010, ask(0x40000000, 0, EAX));
	EXPECT_EQ(2712345, ask(0x40000010, 0, EAX));
	EXPECT_EQ(1000000, ask(0x40000010, 0, EBX));
	keel_cpuid_lookup(&table, 0x40000100, 0, out);
	EXPECT_EQ(0x40000101, out[0]);
	EXPECT_EQ(0, memcmp(&out[1], "KVMKVMKVM\0\0\0", 12));
	/* NOP_IO_DELAY, CLOCKSOURCE2, STEAL_TIME, PV_EOI, CLOCKSOURCE_STABLE. */
	EXPECT_EQ(B(1) | B(3) | B(5) | B(6) | B(24), ask(0x40000101, 0, EAX));
	EXPECT_TRUE(keel_cpuid_guest_kvm(&table, 3));
	EXPECT_FALSE(keel_cpuid_guest_kvm(&table, 0));

	host.offers = EVERYTHING & ~KEEL_CPUID_CLOCK;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(B(1) | B(5) | B(6), ask(0x40000101, 0, EAX));
	host.offers = EVERYTHING & ~KEEL_CPUID_STEAL;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(B(1) | B(3) | B(6) | B(24), ask(0x40000101, 0, EAX));

	/* A smaller set, and KVM's own place. */
	host.offers = EVERYTHING;
	ASSERT_EQ(0, take(&host));
	in_list(0x40000101, 0)->eax = B(5);
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &host, &bad));
	EXPECT_TRUE(keel_cpuid_guest_kvm(&table, 5));
	EXPECT_FALSE(keel_cpuid_guest_kvm(&table, 6));
	ASSERT_EQ(0, keel_cpuid_set(&table, at_kvms_own_place, 2, &host, &bad));
	EXPECT_TRUE(keel_cpuid_guest_kvm(&table, 6));
	EXPECT_FALSE(keel_cpuid_guest_kvm(&table, 5));

	/* Nothing of it without a local APIC, unless the VMM asks for it. */
	host.offers = EVERYTHING & ~KEEL_CPUID_APIC;
	ASSERT_EQ(0, keel_cpuid_set(&table, at_kvms_own_place, 2, &host, &bad));
	EXPECT_EQ(B(6), ask(0x40000001, 0, EAX));
	EXPECT_FALSE(keel_cpuid_guest_kvm(&table, 6));	/* not served */
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0, ask(0x40000010, 0, EAX) | ask(0x40000100, 0, EBX) |
		     ask(0x40000101, 0, EAX));
	EXPECT_EQ(0, table.kvm);
}

/* A CPU of before all that, down to its highest leaf. */
static void old_cpu(u32 leaf, u32 subleaf, u32 out[4])
{
	if (leaf < 0x80000000 && leaf > 0xd)
		leaf = 0xd;
	big_cpu(leaf, subleaf, out);
	if (leaf == 0)
		out[0] = 0xd;
	if (leaf == 1) {
		out[2] &= ~(u32)(B(21) | B(24));
		out[3] &= ~(u32)B(9);
	}
	if (leaf == 6)
		out[0] = 0;
	if (leaf == 7)
		out[1] = 0;
	if (leaf == 0xb)
		out[0] = 0xbad;
}

TEST(served_in_software)
{
	struct keel_cpuid_host host = big;

	host.cpuid = old_cpu;
	host.tsc_khz = 2000000;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(B(21) | B(24), ask(1, 0, ECX) & (B(21) | B(24)));
	EXPECT_EQ(B(9), ask(1, 0, EDX) & B(9));
	EXPECT_EQ(4, ask(6, 0, EAX));
	EXPECT_EQ(B(1), ask(7, 0, EBX));
	EXPECT_EQ(0, ask(1, 0, ECX) & B(3));	/* MONITOR never */
	/* An x2APIC ID comes with leaf 0xb; in between there are zeros. */
	EXPECT_EQ(0x16, ask(0, 0, EAX));
	keel_cpuid_update(&table, 0, 1, 0, 0x1ff);
	EXPECT_EQ(0x1ff, ask(0xb, 1, EDX));
	EXPECT_EQ(0, ask(0xa, 0, EAX) | ask(0xe, 0, EAX) | ask(0x14, 0, EAX));
	EXPECT_EQ(2, ask(0x15, 0, EBX));

	host.offers = EVERYTHING & ~(KEEL_CPUID_APIC | KEEL_CPUID_X2APIC |
				     KEEL_CPUID_TSC_DEADLINE);
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0, ask(1, 0, ECX) & (B(21) | B(24)));
	EXPECT_EQ(0, ask(1, 0, EDX) & B(9));
	EXPECT_EQ(0, ask(6, 0, EAX));
	EXPECT_EQ(0xd, ask(0, 0, EAX));
	in_list(1, 0)->ecx |= B(24);
	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, list, nr, &host, &bad));
	EXPECT_EQ(24, bad.bit);
	EXPECT_STREQ("this needs KEEL_VM_LAPIC", bad.why);
	in_list(1, 0)->ecx |= B(3);	/* the lowest one counts */
	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, list, nr, &host, &bad));
	EXPECT_STREQ("the guest cannot be given this", bad.why);
}

/* The SDM's formula, and the 32-bit one of Linux' native_calibrate_tsc(). */
static void check_clocks(struct __test_metadata *_metadata, u32 khz)
{
	u32 eax = ask(0x15, 0, EAX), ebx = ask(0x15, 0, EBX), ecx = ask(0x15, 0, ECX);
	double tsc, kernels;

	ASSERT_NE(0, eax);
	tsc = (double)ecx * ebx / eax;
	EXPECT_LT(tsc / 1000 - khz, 0.5);
	EXPECT_LT(khz - tsc / 1000, 0.5);
	kernels = (ecx / 1000 * ebx) / eax;
	EXPECT_LT(kernels / khz - 1, 0.000002 + 1.0 / khz) {
		TH_LOG("%u kHz: %u * %u / %u", khz, ecx, ebx, eax);
	}
	EXPECT_LT(1 - kernels / khz, 0.000002 + 1.0 / khz) {
		TH_LOG("%u kHz: %u * %u / %u", khz, ecx, ebx, eax);
	}
	/* A crystal is allowed some 250 ppm. */
	EXPECT_LE(ecx, 1000250000);
	EXPECT_GE(ecx, 999750000);
}

TEST(tells_the_frequencies)
{
	static const u32 odd[] = {
		1000, 9999, 66667, 100000, 999999, 1000001, 2394373, 2712345, 2995198,
		2999998, 3000200, 3499900, 3500000, 4000001, 4293999,
	};
	struct keel_cpuid_host host = big;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		host.tsc_khz = odd[i];
		ASSERT_EQ(0, take(&host));
		check_clocks(_metadata, odd[i]);
		EXPECT_EQ((odd[i] + 500) / 1000, ask(0x16, 0, EAX));
	}
	for (i = 500000; i < 4290000; i += 7919) {
		host.tsc_khz = i;
		ASSERT_EQ(0, take(&host));
		check_clocks(_metadata, i);
	}
	host.tsc_khz = 3500000;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(2, ask(0x15, 0, EAX));
	EXPECT_EQ(7, ask(0x15, 0, EBX));
	EXPECT_EQ(1000000000, ask(0x15, 0, ECX));
	/* Not known: what the host says. */
	host.tsc_khz = 0;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0x11111117, ask(0x15, 0, EAX));
}

TEST(each_offer_counts)
{
	static const struct {
		u32 offer, leaf, reg, bits;
	} rows[] = {
		{ KEEL_CPUID_APIC, 1, EDX, B(9) },
		{ KEEL_CPUID_X2APIC, 1, ECX, B(21) },
		{ KEEL_CPUID_TSC_DEADLINE, 1, ECX, B(24) },
		{ KEEL_CPUID_EPT, 7, ECX, B(16) },
		{ KEEL_CPUID_RDTSCP, 0x80000001, EDX, B(27) },
		{ KEEL_CPUID_RDTSCP, 7, ECX, B(22) },
		{ KEEL_CPUID_INVPCID, 7, EBX, B(10) },
		{ KEEL_CPUID_SPEC_CTRL, 7, EDX, B(26) | B(27) | B(31) },
		{ KEEL_CPUID_ARCH_CAPS, 7, EDX, B(28) | B(29) },
		{ KEEL_CPUID_MTRR, 1, EDX, B(12) },
		{ KEEL_CPUID_MCE, 1, EDX, B(7) | B(14) },
	};
	struct keel_cpuid_host host = big;
	struct keel_cpuid_leaf wish;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(0, take(&big));
		EXPECT_EQ(rows[i].bits, ask(rows[i].leaf, 0, rows[i].reg) & rows[i].bits);
		wish = *in_list(rows[i].leaf, 0);
		host.offers = EVERYTHING & ~rows[i].offer;
		ASSERT_EQ(0, take(&host));
		EXPECT_EQ(0, ask(rows[i].leaf, 0, rows[i].reg) & rows[i].bits);
		/* Nor does it help to ask for it. */
		*in_list(rows[i].leaf, 0) = wish;
		EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, list, nr, &host, &bad));
		EXPECT_EQ(rows[i].leaf, bad.leaf);
		EXPECT_TRUE(rows[i].bits & B(bad.bit));
	}
	host.offers = EVERYTHING & ~KEEL_CPUID_XSAVES;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(7, ask(0xd, 1, EAX));
	host.offers = EVERYTHING & ~KEEL_CPUID_EPT;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0x302e, ask(0x80000008, 0, EAX));
	/* PCID and 1-GByte pages do not need EPT. */
	EXPECT_EQ(B(17), ask(1, 0, ECX) & B(17));
	EXPECT_EQ(B(26), ask(0x80000001, 0, EDX) & B(26));
}

TEST(vectors_follow_xcr0)
{
	struct keel_cpuid_host host = big;

	host.xcr0 = 7;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(7, ask(0xd, 0, EAX));
	EXPECT_EQ(0, ask(0xd, 5, EAX));
	EXPECT_EQ(0, ask(7, 0, EBX) & (B(16) | B(31)));
	EXPECT_EQ(B(4), ask(7, 1, EAX));
	EXPECT_TRUE(ask(1, 0, ECX) & B(28));
	EXPECT_EQ(7, keel_cpuid_guest_xcr0(&table));

	host.xcr0 = 3 | B(5) | B(6) | B(7);	/* AVX-512 without AVX: neither */
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(3, ask(0xd, 0, EAX));
	EXPECT_EQ(0, ask(1, 0, ECX) & (B(28) | B(12) | B(29)));

	host.xcr0 = 0;
	ASSERT_EQ(0, take(&host));
	EXPECT_EQ(0, ask(1, 0, ECX) & B(26));
	EXPECT_EQ(0, ask(0xd, 0, EAX));
	EXPECT_EQ(1, keel_cpuid_guest_xcr0(&table));
	EXPECT_EQ(0, keel_cpuid_guest_cr4(&table) & B(18));
}

TEST(out_of_range_leaves)
{
	u32 highest[4], out[4];

	ASSERT_EQ(0, take(&big));
	/* The highest basic leaf is 0x1f here; it heeds ECX. */
	keel_cpuid_lookup(&table, 0x1f, 1, highest);
	keel_cpuid_lookup(&table, 0x20, 1, out);
	EXPECT_EQ(0, memcmp(highest, out, sizeof(out)));
	keel_cpuid_lookup(&table, 0x80000009, 1, out);
	EXPECT_EQ(0, memcmp(highest, out, sizeof(out)));
	keel_cpuid_lookup(&table, 0x8000ffff, 1, out);
	EXPECT_EQ(0, memcmp(highest, out, sizeof(out)));
	keel_cpuid_lookup(&table, 0xffffffff, 1, out);
	EXPECT_EQ(0, memcmp(highest, out, sizeof(out)));
	/* In range and not there: zeros. */
	keel_cpuid_lookup(&table, 3, 0, out);
	EXPECT_EQ(0, out[0] | out[1] | out[2] | out[3]);

	/* With another highest leaf. */
	in_list(0, 0)->eax = 1;
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &big, &bad));
	EXPECT_EQ(0x806f8, ask(7, 0, EAX));
	EXPECT_EQ(0x806f8, ask(0x80000010, 0, EAX));

	/* Nothing at all is zeros all over. */
	ASSERT_EQ(0, keel_cpuid_set(&table, NULL, 0, &big, &bad));
	EXPECT_EQ(0, ask(0, 0, EAX) | ask(1, 0, EDX) | ask(0x80000001, 0, EDX) |
		     ask(0x12345678, 0, EAX));
	EXPECT_EQ(0, keel_cpuid_guest_efer(&table));
	EXPECT_EQ(32, keel_cpuid_guest_phys_bits(&table));
}

TEST(topology_beyond_its_levels)
{
	u32 out[4];

	ASSERT_EQ(0, take(&big));
	keel_cpuid_update(&table, 0, 1, 0, 0x107);
	EXPECT_EQ(0x107, ask(0xb, 0, EDX));
	EXPECT_EQ(0x100, ask(0xb, 0, ECX));
	EXPECT_EQ(0x201, ask(0x1f, 1, ECX));
	keel_cpuid_lookup(&table, 0xb, 0x1234, out);
	EXPECT_EQ(0, out[0]);
	EXPECT_EQ(0, out[1]);
	EXPECT_EQ(0x34, out[2]);
	EXPECT_EQ(0x107, out[3]);
	EXPECT_EQ(0x07, ask(1, 0, EBX) >> 24);
}

TEST(follows_the_state)
{
	ASSERT_EQ(0, take(&big));
	EXPECT_EQ(0, ask(1, 0, ECX) & B(27));
	EXPECT_EQ(576, ask(0xd, 0, EBX));
	EXPECT_EQ(2688, ask(0xd, 0, ECX));
	EXPECT_EQ(576, ask(0xd, 1, EBX));
	keel_cpuid_update(&table, B(18), 7, 0, 0);
	EXPECT_TRUE(ask(1, 0, ECX) & B(27));
	EXPECT_EQ(832, ask(0xd, 0, EBX));
	EXPECT_EQ(832, ask(0xd, 1, EBX));
	keel_cpuid_update(&table, B(18), 0xe7, 0, 0);
	EXPECT_EQ(2688, ask(0xd, 0, EBX));
	/* Part 5 is odd in length and part 6 is aligned on this CPU. */
	EXPECT_EQ(576 + 256 + 40 + 24 + 512 + 1024, ask(0xd, 1, EBX));
	keel_cpuid_update(&table, 0, 1, 0, 0);
	EXPECT_EQ(0, ask(1, 0, ECX) & B(27));

	/* What the caller claims of the state does not stick. */
	in_list(1, 0)->ecx |= B(27);
	in_list(1, 0)->ebx |= 0x55U << 24;
	in_list(0xd, 0)->ebx = 1;
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &big, &bad));
	EXPECT_EQ(0, ask(1, 0, ECX) & B(27));
	EXPECT_EQ(0, ask(1, 0, EBX) >> 24);
	EXPECT_EQ(576, ask(0xd, 0, EBX));
}

TEST(order_does_not_matter)
{
	struct keel_cpuid_table before;
	u32 i;

	ASSERT_EQ(0, take(&big));
	before = table;
	for (i = 0; i < nr / 2; i++) {
		struct keel_cpuid_leaf tmp = list[i];

		list[i] = list[nr - 1 - i];
		list[nr - 1 - i] = tmp;
	}
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &big, &bad));
	EXPECT_EQ(0, memcmp(&before, &table, sizeof(table)));
}

static int with(struct keel_cpuid_leaf leaf)
{
	return keel_cpuid_set(&table, &leaf, 1, &big, &bad);
}

TEST(refusals_name_the_place)
{
	struct keel_cpuid_table before;

	ASSERT_EQ(0, take(&big));
	before = table;
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 1, .ecx = B(5) | B(9) }));
	EXPECT_EQ(1, bad.leaf);
	EXPECT_STREQ("ECX", bad.reg);
	EXPECT_EQ(5, bad.bit);
	EXPECT_NE(NULL, bad.why);
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 7, .flags = 1, .edx = B(24) }));
	EXPECT_STREQ("EDX", bad.reg);
	EXPECT_EQ(24, bad.bit);
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0xd, .flags = 1, .subleaf = 1, .ecx = B(8) }));
	EXPECT_EQ(1, bad.subleaf);
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0xd, .flags = 1, .subleaf = 2, .eax = 256, .ebx = 640 }));
	EXPECT_STREQ("EBX", bad.reg);
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 0xa, .eax = 1 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 0x99, .edx = 1 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 7 }));
	EXPECT_EQ(NULL, bad.reg);
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 1, .flags = 1 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 1, .flags = 2 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 1, .subleaf = 1 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){ .leaf = 1, .reserved = 1 }));

	/* Widths: fewer is fine, more is not. */
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0x80000008, .eax = 0x302f }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0x80000008, .eax = 0x301f }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0x80000008, .eax = 0x3124 }));
	EXPECT_EQ(-EINVAL, with((struct keel_cpuid_leaf){
		.leaf = 0x80000008, .eax = 0x013024 }));

	EXPECT_EQ(0, memcmp(&before, &table, sizeof(table)));
	EXPECT_EQ(0, with((struct keel_cpuid_leaf){
		.leaf = 0x80000008, .eax = 0x3024 }));
	EXPECT_EQ(36, keel_cpuid_guest_phys_bits(&table));
}

TEST(duplicates)
{
	struct keel_cpuid_leaf two[2] = { { .leaf = 1 }, { .leaf = 1 } };

	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, two, 2, &big, &bad));
	EXPECT_EQ(1, bad.leaf);
	two[0] = (struct keel_cpuid_leaf){ .leaf = 4, .flags = 1 };
	two[1] = two[0];
	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, two, 2, &big, &bad));
	two[1].subleaf = 1;
	EXPECT_EQ(0, keel_cpuid_set(&table, two, 2, &big, &bad));
	/* A leaf with and without sub-leaves at once. */
	two[0] = (struct keel_cpuid_leaf){ .leaf = 0x40000005 };
	two[1] = (struct keel_cpuid_leaf){
		.leaf = 0x40000005, .flags = 1, .subleaf = 3 };
	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, two, 2, &big, &bad));
	EXPECT_EQ(-EINVAL, keel_cpuid_set(&table, list, KEEL_MAX_CPUID + 1, &big,
					  &bad));
}

TEST(a_full_table)
{
	u32 i;

	for (i = 0; i < KEEL_MAX_CPUID; i++)
		list[i] = (struct keel_cpuid_leaf){
			.leaf = 0x40000000 + i, .eax = i + 1 };
	ASSERT_EQ(0, keel_cpuid_set(&table, list, KEEL_MAX_CPUID, &big, &bad));
	for (i = 0; i < KEEL_MAX_CPUID; i++)
		EXPECT_EQ(i + 1, ask(0x40000000 + i, 0, EAX));
}

TEST(says_how_much_room_is_needed)
{
	u32 small = 3, want;

	ASSERT_EQ(0, take(&big));
	want = nr;
	list[3].leaf = 0xdead;
	EXPECT_EQ(-E2BIG, keel_cpuid_supported(list, &small, &big));
	EXPECT_EQ(want, small);
	EXPECT_EQ(0xdead, list[3].leaf);
	small = 0;
	EXPECT_EQ(-E2BIG, keel_cpuid_supported(NULL, &small, &big));
}

TEST(masks)
{
	ASSERT_EQ(0, take(&big));
	/* All but VMXE, SMXE, PKE, CET, PKS, UINTR; bits 15 and 19 never. */
	EXPECT_EQ(0x371fff, keel_cpuid_guest_cr4(&table));
	EXPECT_EQ(0xd01, keel_cpuid_guest_efer(&table));
	EXPECT_EQ(0xe7, keel_cpuid_guest_xcr0(&table));
	EXPECT_EQ(46, keel_cpuid_guest_phys_bits(&table));
	in_list(7, 0)->ebx &= ~(u32)B(20);
	in_list(0x80000001, 0)->edx &= ~(u32)B(20);
	in_list(0xd, 0)->eax = 7;
	ASSERT_EQ(0, keel_cpuid_set(&table, list, nr, &big, &bad));
	EXPECT_EQ(0x171fff, keel_cpuid_guest_cr4(&table));
	EXPECT_EQ(0x501, keel_cpuid_guest_efer(&table));
	EXPECT_EQ(7, keel_cpuid_guest_xcr0(&table));
	EXPECT_TRUE(keel_cpuid_guest_has(&table, 9 * 32 + 7));
	EXPECT_FALSE(keel_cpuid_guest_has(&table, 9 * 32 + 20));
	EXPECT_FALSE(keel_cpuid_guest_has(&table, 3 * 32));
}

TEST(xcr0_rules)
{
	static const u64 good[] = { 1, 3, 7, 0xe7 };
	u64 xcr0;
	int i;

	ASSERT_EQ(0, take(&big));
	for (xcr0 = 0; xcr0 < 0x400; xcr0++) {
		bool want = false;

		for (i = 0; i < 4; i++)
			want |= good[i] == xcr0;
		EXPECT_EQ(want, keel_cpuid_xcr0_valid(&table, xcr0));
	}
	EXPECT_FALSE(keel_cpuid_xcr0_valid(&table, B(63) | 1));
}

/* Every single bit of every leaf that Keel gives can be taken away again. */
TEST(any_subset_is_fine)
{
	struct keel_cpuid_leaf leaf;
	u32 i, bit;

	ASSERT_EQ(0, take(&big));
	for (i = 0; i < nr; i++) {
		for (bit = 0; bit < 128; bit++) {
			u32 *reg = &leaf.eax + bit / 32;

			leaf = list[i];
			*reg &= ~(u32)B(bit % 32);
			/* Not features: address widths, XSAVE's lay-out. */
			if (leaf.leaf == 0x80000008 ||
			    (leaf.leaf == 0xd && leaf.subleaf >= 2))
				continue;
			EXPECT_EQ(0, with(leaf)) {
				TH_LOG("%x.%u %s %u", bad.leaf, bad.subleaf,
				       bad.reg, bad.bit);
			}
		}
	}
}

/* ---- this machine ---- */

static void real_cpu(u32 leaf, u32 subleaf, u32 out[4])
{
	__cpuid_count(leaf, subleaf, out[0], out[1], out[2], out[3]);
}

TEST(the_real_cpu)
{
	struct keel_cpuid_host host = {
		.cpuid = real_cpu, .xcr0 = ~0ULL, .offers = EVERYTHING,
		.phys_bits = 52,
	};
	u32 out[4];

	ASSERT_EQ(0, take(&host)) {
		TH_LOG("%x.%u %s %u %s", bad.leaf, bad.subleaf, bad.reg, bad.bit,
		       bad.why);
	}
	real_cpu(0, 0, out);
	EXPECT_EQ(out[1], ask(0, 0, EBX));
	real_cpu(1, 0, out);
	EXPECT_EQ(out[0], ask(1, 0, EAX));
	EXPECT_EQ(0, ask(1, 0, EDX) & ~out[3]);
	real_cpu(0x80000002, 0, out);
	EXPECT_EQ(out[0], ask(0x80000002, 0, EAX));
	EXPECT_TRUE(keel_cpuid_guest_efer(&table) & B(10));
	TH_LOG("%u leaves, CR4 %llx, XCR0 %llx, %u bits", nr,
	       keel_cpuid_guest_cr4(&table), keel_cpuid_guest_xcr0(&table),
	       keel_cpuid_guest_phys_bits(&table));
}

TEST_HARNESS_MAIN
