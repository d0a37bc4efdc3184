// SPDX-License-Identifier: GPL-2.0
/*
 * vmx_caps.c on made-up CPUs.  Which MSR exists when, and what a bit means, is
 * written here from the SDM's appendix "VMX Capability Reporting Facility", with
 * numbers, not with the kernel's names.
 */
#include <errno.h>
#include <string.h>
#include <linux/keel.h>

#include "kselftest_harness.h"
#include "vmx_caps.h"

#define ALL_ONES	0xffffffffffffffffULL
#define ALLOWED1(bit)	(1ULL << (32 + (bit)))

/* The made-up CPU: MSRs 0x480 to 0x4ff and 0x3a; reads of others fault. */
static struct {
	__u64 value[0x80];
	__u64 feature_control;
	bool faults[0x80];
	bool read[0x80];
} cpu;

static int rdmsr(u32 msr, u64 *value)
{
	if (msr == 0x3a) {
		*value = cpu.feature_control;
		return 0;
	}
	if (msr < 0x480 || msr > 0x4ff || cpu.faults[msr - 0x480])
		return -EIO;
	cpu.read[msr - 0x480] = true;
	*value = cpu.value[msr - 0x480];
	return 0;
}

/* The least that Keel works with, as the first CPUs with VMX and long mode had it. */
static void first_cpu(void)
{
	memset(&cpu, 0, sizeof(cpu));
	cpu.feature_control = 5;
	cpu.value[0x00] = 0x00da040000000007ULL & ~(1ULL << 55);
	cpu.value[0x01] = ALLOWED1(0) | ALLOWED1(3);
	cpu.value[0x02] = ALLOWED1(2) | ALLOWED1(3) | ALLOWED1(7) | ALLOWED1(23) |
			  ALLOWED1(25) | ALLOWED1(28);
	cpu.value[0x03] = ALLOWED1(9);
	cpu.value[0x04] = ALLOWED1(9);
}

static struct keel_vmx_msrs read_caps(void)
{
	struct keel_vmx_msrs caps;

	memset(cpu.read, 0, sizeof(cpu.read));
	memset(&caps, 0xaa, sizeof(caps));
	vmx_caps_read(&caps, rdmsr);
	return caps;
}

TEST(reads_each_msr_into_its_field)
{
	struct keel_vmx_msrs caps;
	int i;

	memset(&cpu, 0, sizeof(cpu));
	cpu.feature_control = 0x3a3a;
	for (i = 0; i < 0x80; i++)
		cpu.value[i] = 0xffffffff00000000ULL + 0x480 + i;
	caps = read_caps();
	EXPECT_EQ(0x3a3a, caps.feature_control);
	EXPECT_EQ(cpu.value[0x00], caps.basic);
	EXPECT_EQ(cpu.value[0x01], caps.pinbased_ctls);
	EXPECT_EQ(cpu.value[0x02], caps.procbased_ctls);
	EXPECT_EQ(cpu.value[0x03], caps.exit_ctls);
	EXPECT_EQ(cpu.value[0x04], caps.entry_ctls);
	EXPECT_EQ(cpu.value[0x05], caps.misc);
	EXPECT_EQ(cpu.value[0x06], caps.cr0_fixed0);
	EXPECT_EQ(cpu.value[0x07], caps.cr0_fixed1);
	EXPECT_EQ(cpu.value[0x08], caps.cr4_fixed0);
	EXPECT_EQ(cpu.value[0x09], caps.cr4_fixed1);
	EXPECT_EQ(cpu.value[0x0a], caps.vmcs_enum);
	EXPECT_EQ(cpu.value[0x0b], caps.procbased_ctls2);
	EXPECT_EQ(cpu.value[0x0c], caps.ept_vpid_cap);
	EXPECT_EQ(cpu.value[0x0d], caps.true_pinbased_ctls);
	EXPECT_EQ(cpu.value[0x0e], caps.true_procbased_ctls);
	EXPECT_EQ(cpu.value[0x0f], caps.true_exit_ctls);
	EXPECT_EQ(cpu.value[0x10], caps.true_entry_ctls);
	EXPECT_EQ(cpu.value[0x11], caps.vmfunc);
	EXPECT_EQ(cpu.value[0x12], caps.procbased_ctls3);
	EXPECT_EQ(cpu.value[0x13], caps.exit_ctls2);
}

TEST(does_not_touch_msrs_that_do_not_exist)
{
	struct keel_vmx_msrs caps;
	int i;

	first_cpu();
	caps = read_caps();
	for (i = 0x0b; i < 0x80; i++)
		EXPECT_FALSE(cpu.read[i]);
	EXPECT_EQ(0, caps.procbased_ctls2);
	EXPECT_EQ(0, caps.ept_vpid_cap);
	EXPECT_EQ(0, caps.true_pinbased_ctls);
}

TEST(existence_follows_the_controls)
{
	first_cpu();
	cpu.value[0x00] |= 1ULL << 55;
	read_caps();
	EXPECT_TRUE(cpu.read[0x0d] && cpu.read[0x0e] && cpu.read[0x0f] && cpu.read[0x10]);

	first_cpu();
	cpu.value[0x02] |= ALLOWED1(31);
	read_caps();
	EXPECT_TRUE(cpu.read[0x0b]);
	EXPECT_FALSE(cpu.read[0x0c]);

	cpu.value[0x0b] = ALLOWED1(1);		/* EPT alone */
	read_caps();
	EXPECT_TRUE(cpu.read[0x0c]);
	cpu.value[0x0b] = ALLOWED1(5);		/* VPID alone */
	read_caps();
	EXPECT_TRUE(cpu.read[0x0c]);
	EXPECT_FALSE(cpu.read[0x11]);
	cpu.value[0x0b] = ALLOWED1(13);		/* VM functions */
	read_caps();
	EXPECT_TRUE(cpu.read[0x11]);

	first_cpu();
	cpu.value[0x02] |= ALLOWED1(17);
	read_caps();
	EXPECT_TRUE(cpu.read[0x12]);
	EXPECT_FALSE(cpu.read[0x13]);

	first_cpu();
	cpu.value[0x03] |= ALLOWED1(31);
	read_caps();
	EXPECT_TRUE(cpu.read[0x13]);
}

TEST(a_faulting_msr_reads_as_zero)
{
	struct keel_vmx_msrs caps;

	first_cpu();
	cpu.value[0x05] = ALL_ONES;
	cpu.faults[0x05] = true;
	caps = read_caps();
	EXPECT_EQ(0, caps.misc);
}

TEST(true_controls_win)
{
	struct keel_vmx_msrs caps = {
		.pinbased_ctls = 1, .procbased_ctls = 2, .exit_ctls = 3, .entry_ctls = 4,
	};

	EXPECT_EQ(1, vmx_caps_pin(&caps));
	EXPECT_EQ(2, vmx_caps_proc(&caps));
	EXPECT_EQ(3, vmx_caps_exit(&caps));
	EXPECT_EQ(4, vmx_caps_entry(&caps));
	caps.true_pinbased_ctls = 11;
	caps.true_procbased_ctls = 12;
	caps.true_exit_ctls = 13;
	caps.true_entry_ctls = 14;
	EXPECT_EQ(11, vmx_caps_pin(&caps));
	EXPECT_EQ(12, vmx_caps_proc(&caps));
	EXPECT_EQ(13, vmx_caps_exit(&caps));
	EXPECT_EQ(14, vmx_caps_entry(&caps));
}

TEST(the_first_cpus_lack_nothing_and_offer_nothing)
{
	struct keel_vmx_msrs caps;

	first_cpu();
	caps = read_caps();
	EXPECT_EQ(NULL, vmx_caps_lack(&caps));
	EXPECT_EQ(0, vmx_caps_features(&caps));
}

TEST(each_missing_control_is_named)
{
	static const struct {
		int msr;
		int bit;
		const char *name;
	} needs[] = {
		{ 0x01, 0, "external-interrupt exiting" },
		{ 0x01, 3, "NMI exiting" },
		{ 0x02, 2, "interrupt-window exiting" },
		{ 0x02, 3, "use TSC offsetting" },
		{ 0x02, 7, "HLT exiting" },
		{ 0x02, 23, "MOV-DR exiting" },
		{ 0x02, 25, "use I/O bitmaps" },
		{ 0x02, 28, "use MSR bitmaps" },
		{ 0x03, 9, "host address-space size" },
		{ 0x04, 9, "IA-32e mode guest" },
	};
	struct keel_vmx_msrs caps;
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		first_cpu();
		cpu.value[needs[i].msr] &= ~ALLOWED1(needs[i].bit);
		caps = read_caps();
		ASSERT_NE(NULL, vmx_caps_lack(&caps));
		EXPECT_STREQ(needs[i].name, vmx_caps_lack(&caps));
	}
}

TEST(odd_vmcs_regions_are_named)
{
	struct keel_vmx_msrs caps;

	first_cpu();
	cpu.value[0] |= 1ULL << 48;
	caps = read_caps();
	EXPECT_NE(NULL, strstr(vmx_caps_lack(&caps), "64-bit physical addresses"));
	first_cpu();
	cpu.value[0] &= ~(0xfULL << 50);	/* uncacheable */
	caps = read_caps();
	EXPECT_NE(NULL, strstr(vmx_caps_lack(&caps), "write-back"));
	first_cpu();
	cpu.value[0] &= ~(0x1fffULL << 32);
	caps = read_caps();
	EXPECT_NE(NULL, strstr(vmx_caps_lack(&caps), "VMCS region"));
	first_cpu();
	cpu.value[0] |= 0x1001ULL << 32;
	caps = read_caps();
	EXPECT_NE(NULL, strstr(vmx_caps_lack(&caps), "VMCS region"));
}

/* EPT, VPID: which bits of IA32_VMX_EPT_VPID_CAP each feature needs. */
TEST(ept_needs_what_keel_builds_on)
{
	const __u64 ept = 1 << 6 | 1 << 14 | 1 << 20 | 1 << 25;
	const int needed[] = { 6, 14, 20, 25 };
	struct keel_vmx_msrs caps;
	size_t i;

	first_cpu();
	cpu.value[0x02] |= ALLOWED1(31);
	cpu.value[0x0b] = ALLOWED1(1);
	cpu.value[0x0c] = ept;
	caps = read_caps();
	EXPECT_EQ(KEEL_FEATURE_EPT, vmx_caps_features(&caps));
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		cpu.value[0x0c] = ept & ~(1ULL << needed[i]);
		caps = read_caps();
		EXPECT_EQ(0, vmx_caps_features(&caps));
	}
	/* All-context INVEPT does where the single context is not offered. */
	cpu.value[0x0c] = (ept & ~(1ULL << 25)) | 1ULL << 26;
	caps = read_caps();
	EXPECT_EQ(KEEL_FEATURE_EPT, vmx_caps_features(&caps));
	cpu.value[0x0c] = ept | 1 << 16 | 1 << 17 | 1 << 21;
	caps = read_caps();
	EXPECT_EQ(KEEL_FEATURE_EPT | KEEL_FEATURE_EPT_2M | KEEL_FEATURE_EPT_1G |
		  KEEL_FEATURE_EPT_AD, vmx_caps_features(&caps));
	cpu.value[0x0b] |= ALLOWED1(7) | ALLOWED1(17);
	caps = read_caps();
	EXPECT_EQ(KEEL_FEATURE_EPT | KEEL_FEATURE_EPT_2M | KEEL_FEATURE_EPT_1G |
		  KEEL_FEATURE_EPT_AD | KEEL_FEATURE_UNRESTRICTED_GUEST | KEEL_FEATURE_PML,
		  vmx_caps_features(&caps));
}

TEST(features_follow_their_controls)
{
	struct keel_vmx_msrs caps;

	first_cpu();
	cpu.value[0x01] |= ALLOWED1(5) | ALLOWED1(6);
	cpu.value[0x02] |= ALLOWED1(21) | ALLOWED1(22) | ALLOWED1(31);
	cpu.value[0x0b] = ALLOWED1(5) | ALLOWED1(25);
	cpu.value[0x0c] = 1ULL << 32 | 1ULL << 41;
	caps = read_caps();
	EXPECT_EQ(KEEL_FEATURE_VIRTUAL_NMI | KEEL_FEATURE_PREEMPTION_TIMER |
		  KEEL_FEATURE_TPR_SHADOW | KEEL_FEATURE_VPID | KEEL_FEATURE_TSC_SCALING,
		  vmx_caps_features(&caps));
	cpu.value[0x0b] |= ALLOWED1(8) | ALLOWED1(9);
	caps = read_caps();
	EXPECT_TRUE(vmx_caps_features(&caps) & KEEL_FEATURE_APICV);
	EXPECT_FALSE(vmx_caps_features(&caps) & KEEL_FEATURE_POSTED_INTR);
	cpu.value[0x01] |= ALLOWED1(7);
	cpu.value[0x03] |= ALLOWED1(15);
	caps = read_caps();
	EXPECT_TRUE(vmx_caps_features(&caps) & KEEL_FEATURE_POSTED_INTR);
}

TEST(differences_are_named)
{
	struct keel_vmx_msrs a, b;

	first_cpu();
	a = read_caps();
	b = a;
	EXPECT_EQ(NULL, vmx_caps_differ(&a, &b));
	b.feature_control = 1;
	EXPECT_EQ(NULL, vmx_caps_differ(&a, &b));
	b.misc ^= 1ULL << 40;
	ASSERT_NE(NULL, vmx_caps_differ(&a, &b));
	EXPECT_STREQ("IA32_VMX_MISC", vmx_caps_differ(&a, &b));
	b = a;
	b.exit_ctls2 = 1;
	EXPECT_STREQ("IA32_VMX_EXIT_CTLS2", vmx_caps_differ(&a, &b));
}

TEST_HARNESS_MAIN
