// SPDX-License-Identifier: GPL-2.0
/*
 * What single instructions do that leave the guest: answered by Keel, or handed
 * to the VMM.  Port I/O has a file of its own, test_io.c.
 *
 * SDM: "Instructions That Cause VM Exits".
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define UD	6
#define GP	13

FIXTURE(exits)
{
	struct guest guest;
};

FIXTURE_SETUP(exits)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(exits)
{
	guest_free(&self->guest);
}

GUEST_CODE(code_hlt_twice, "hlt; inc %rax; hlt");

TEST_F(exits, hlt)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_hlt_twice);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_CODE_AT + 1, RIP(g));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RAX(g));
}

GUEST_CODE(code_vmcall, "mov $7, %ebx; vmcall; mov %rax, %rcx; hlt");

TEST_F(exits, vmcall)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_vmcall);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(7, RBX(g));
	EXPECT_EQ(GUEST_CODE_AT + 8, RIP(g));
	RAX(g) = 0x123456789abcdef0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x123456789abcdef0, RCX(g));
}

GUEST_CODE(code_cpuid, "cpuid; hlt");

/* The default is what KEEL_GET_SUPPORTED_CPUID says. */
TEST_F(exits, cpuid_gives_what_is_supported)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	struct guest *g = &self->guest;
	__u32 nr = KEEL_MAX_CPUID, i;

	ASSERT_EQ(0, keel_get_supported_cpuid(g->keel, host_vm_flags(0), 0, leaves, &nr));
	GUEST_START(g, GUEST_LONG, code_cpuid);
	for (i = 0; i < nr; i++) {
		/* Leaves that follow the vCPU's own state and number. */
		if (leaves[i].leaf == 1 || leaves[i].leaf == 0xb || leaves[i].leaf == 0xd ||
		    leaves[i].leaf == 0x1f)
			continue;
		RIP(g) = GUEST_CODE_AT;
		RAX(g) = leaves[i].leaf;
		RCX(g) = leaves[i].subleaf;
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ(leaves[i].eax, RAX(g));
		EXPECT_EQ(leaves[i].ebx, RBX(g));
		EXPECT_EQ(leaves[i].ecx, RCX(g));
		EXPECT_EQ(leaves[i].edx, RDX(g));
	}
}

/* SDM, "CPUID": EAX over the highest leaf gives that of the highest basic one. */
TEST_F(exits, cpuid_above_the_highest_leaf)
{
	struct guest *g = &self->guest;
	__u64 highest, regs[4];

	GUEST_START(g, GUEST_LONG, code_cpuid);
	RAX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	highest = RAX(g);
	RIP(g) = GUEST_CODE_AT;
	RAX(g) = highest;
	RCX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	regs[0] = RAX(g);
	regs[1] = RBX(g);
	regs[2] = RCX(g);
	regs[3] = RDX(g);
	RIP(g) = GUEST_CODE_AT;
	RAX(g) = highest + 1;
	RCX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(regs[0], RAX(g));
	EXPECT_EQ(regs[1], RBX(g));
	EXPECT_EQ(regs[2], RCX(g));
	EXPECT_EQ(regs[3], RDX(g));
}

/* The results are 32 bits wide and clear the upper halves; EAX alone counts. */
TEST_F(exits, cpuid_writes_32_bits)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cpuid);
	RAX(g) = 0xffffffff00000000;
	RBX(g) = ~0ULL;
	RCX(g) = 0xffffffff00000000;
	RDX(g) = ~0ULL;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, RAX(g) >> 32);
	EXPECT_EQ(0, RBX(g) >> 32);
	EXPECT_EQ(0, RCX(g) >> 32);
	EXPECT_EQ(0, RDX(g) >> 32);
}

GUEST_CODE(code_osxsave,
	   "mov $1, %eax; cpuid; mov %ecx, %esi; mov %cr4, %rax; bts $18, %rax;"
	   "mov %rax, %cr4; mov $1, %eax; cpuid; hlt");

static bool has_xsave(struct guest *g)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	__u32 nr = KEEL_MAX_CPUID, i;

	if (keel_get_supported_cpuid(g->keel, host_vm_flags(0), 0, leaves, &nr))
		return false;
	for (i = 0; i < nr; i++)
		if (leaves[i].leaf == 1)
			return leaves[i].ecx & 1 << 26;
	return false;
}

/* CPUID.1:ECX.OSXSAVE shows CR4.OSXSAVE. */
TEST_F(exits, cpuid_follows_cr4)
{
	struct guest *g = &self->guest;

	if (!has_xsave(g))
		SKIP(return, "this CPU has no XSAVE");
	GUEST_START(g, GUEST_LONG, code_osxsave);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, RSI(g) & 1 << 27);
	EXPECT_NE(0, RCX(g) & 1 << 27);
}

TEST_F(exits, set_cpuid_is_what_the_guest_sees)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	struct guest *g = &self->guest;
	__u32 nr = KEEL_MAX_CPUID, i;

	ASSERT_EQ(0, keel_get_supported_cpuid(g->keel, host_vm_flags(0), 0, leaves, &nr));
	for (i = 0; i < nr; i++) {
		if (leaves[i].leaf == 0)
			leaves[i].ebx = 0x6c65654b;
		if (leaves[i].leaf == 1)	/* without SSSE3 */
			leaves[i].ecx &= ~(1U << 9);
	}
	ASSERT_EQ(0, keel_set_cpuid(g->vcpu, leaves, nr));
	GUEST_START(g, GUEST_LONG, code_cpuid);
	RAX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x6c65654b, RBX(g));
	RIP(g) = GUEST_CODE_AT;
	RAX(g) = 1;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, RCX(g) & 1 << 9);
	EXPECT_EQ(-EBUSY, keel_set_cpuid(g->vcpu, leaves, nr));
}

GUEST_CODE(code_rdmsr, "rdmsr; hlt");
GUEST_CODE(code_wrmsr, "wrmsr; hlt");
GUEST_CODE(code_wrmsr_rdmsr,
	   "wrmsr; xor %eax, %eax; xor %edx, %edx; rdmsr; hlt");

/* MSRs that keep what is written to them, each with a value that it takes. */
static const struct keel_msr kept_msrs[] = {
	{ .index = 0xc0000081, .value = 0x0033001000000000 },	/* STAR */
	{ .index = 0xc0000082, .value = 0xffff800012345678 },	/* LSTAR */
	{ .index = 0xc0000083, .value = 0x00007fff12345678 },	/* CSTAR */
	{ .index = 0xc0000084, .value = 0x00047700 },		/* FMASK */
	{ .index = 0xc0000100, .value = 0xffffffff80000000 },	/* FS base */
	{ .index = 0xc0000101, .value = 0x00007ffffffff000 },	/* GS base */
	{ .index = 0xc0000102, .value = 0xffff888000000000 },	/* KERNEL_GS_BASE */
	{ .index = 0x174, .value = 0x0010 },			/* SYSENTER_CS */
	{ .index = 0x175, .value = 0xffff800000001000 },	/* SYSENTER_ESP */
	{ .index = 0x176, .value = 0xffff800000002000 },	/* SYSENTER_EIP */
	{ .index = 0x277, .value = 0x0007010600070406 },	/* PAT */
	{ .index = 0x2ff, .value = 0x0c06 },			/* MTRR_DEF_TYPE */
};

TEST_F(exits, msrs_keep_what_is_written)
{
	struct guest *g = &self->guest;
	__u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept_msrs); i++) {
		GUEST_START(g, GUEST_LONG, code_wrmsr_rdmsr);
		RCX(g) = kept_msrs[i].index;
		RAX(g) = (__u32)kept_msrs[i].value | 0xffffffff00000000;
		RDX(g) = kept_msrs[i].value >> 32;
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ((__u32)kept_msrs[i].value, RAX(g));
		EXPECT_EQ(kept_msrs[i].value >> 32, RDX(g));
		EXPECT_EQ(0, guest_get_msr(g, kept_msrs[i].index, &value));
		EXPECT_EQ(kept_msrs[i].value, value);
	}
}

/* MSR numbers that no CPU has, in and out of reach of the bitmap. */
static const __u32 unknown_msrs[] = { 0x1fff, 0x2000, 0x40000000, 0xbfffffff, 0xc0001fff, ~0U };

TEST_F(exits, unknown_msr_is_gp)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown_msrs); i++) {
		GUEST_START(g, GUEST_LONG, code_rdmsr);
		RCX(g) = unknown_msrs[i];
		RAX(g) = 0x11;
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
		EXPECT_EQ(0x11, RAX(g));
		GUEST_START(g, GUEST_LONG, code_wrmsr);
		RCX(g) = unknown_msrs[i];
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	}
}

/* Values that these MSRs do not take (SDM, volume 4). */
static const struct keel_msr refused_msrs[] = {
	{ .index = 0xc0000082, .value = 0x0000800000000000 },	/* not canonical */
	{ .index = 0xc0000100, .value = 0x8000000000000000 },
	{ .index = 0xc0000101, .value = 0xffff7fffffffffff },
	{ .index = 0xc0000102, .value = 0x0001000000000000 },
	{ .index = 0x175, .value = 0x0000800000000000 },
	{ .index = 0x176, .value = 0x0000800000000000 },
	{ .index = 0x277, .value = 0x0000000000000002 },	/* memory type 2 */
	{ .index = 0x277, .value = 0x0800000000000000 },	/* memory type 8 */
	{ .index = 0xc0000080, .value = 0x0000000000000002 },	/* reserved in EFER */
	{ .index = 0x2ff, .value = 0x0002 },
	{ .index = 0xfe, .value = 0 },				/* MTRRCAP: read-only */
	{ .index = 0x3a, .value = 5 },				/* FEATURE_CONTROL: locked */
};

TEST_F(exits, wrmsr_of_a_wrong_value_is_gp)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused_msrs); i++) {
		GUEST_START(g, GUEST_LONG, code_wrmsr);
		RCX(g) = refused_msrs[i].index;
		RAX(g) = (__u32)refused_msrs[i].value;
		RDX(g) = refused_msrs[i].value >> 32;
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip) {
			TH_LOG("MSR 0x%x", refused_msrs[i].index);
		}
	}
}

TEST_F(exits, rdmsr_in_ring_3_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_rdmsr);
	RCX(g) = 0x10;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

/* EFER.LME cannot change while paging is on (SDM, "Initializing IA-32e Mode"). */
TEST_F(exits, efer_lme_is_fixed_while_paging)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_wrmsr);
	RCX(g) = 0xc0000080;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_xsetbv,
	   "mov %cr4, %rsi; bts $18, %rsi; mov %rsi, %cr4; xsetbv;"
	   "xor %ecx, %ecx; xgetbv; hlt");
#define XSETBV_AT	(GUEST_CODE_AT + 11)

TEST_F(exits, xsetbv)
{
	struct guest *g = &self->guest;

	if (!has_xsave(g))
		SKIP(return, "this CPU has no XSAVE");
	GUEST_START(g, GUEST_LONG, code_xsetbv);
	RAX(g) = 3;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(3, RAX(g));
	EXPECT_EQ(0, RDX(g));
	EXPECT_EQ(3, g->run->control.xcr0);
}

/* Without x87; AVX without SSE; a bit that nothing has; half of AVX-512. */
static const __u64 wrong_xcr0[] = { 0, 2, 5, 1ULL << 62, 1ULL << 63 | 7, 0x27, 0x9 };

TEST_F(exits, xsetbv_of_a_wrong_value_is_gp)
{
	struct guest *g = &self->guest;
	size_t i;

	if (!has_xsave(g))
		SKIP(return, "this CPU has no XSAVE");
	for (i = 0; i < ARRAY_SIZE(wrong_xcr0); i++) {
		GUEST_START(g, GUEST_LONG, code_xsetbv);
		RAX(g) = (__u32)wrong_xcr0[i];
		RDX(g) = wrong_xcr0[i] >> 32;
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(XSETBV_AT, g->trap.rip);
		EXPECT_EQ(1, g->run->control.xcr0);
	}
}

TEST_F(exits, xsetbv_of_another_register_is_gp)
{
	struct guest *g = &self->guest;

	if (!has_xsave(g))
		SKIP(return, "this CPU has no XSAVE");
	GUEST_START(g, GUEST_LONG, code_xsetbv);
	RAX(g) = 1;
	RCX(g) = 1;
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(XSETBV_AT, g->trap.rip);
}

GUEST_CODE(code_triple, "lidt idt0(%rip); ud2; idt0: .word 0; .quad 0");

TEST_F(exits, triple_fault_is_shutdown)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_triple);
	GUEST_RUN(g, KEEL_EXIT_SHUTDOWN);
	EXPECT_EQ(2, g->run->hw_reason);
}

GUEST_CODE(code_caches, "invd; wbinvd; hlt");

TEST_F(exits, invd_and_wbinvd_do_nothing)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_caches);
	GUEST_U64(g, GUEST_DATA_AT) = 0x1122334455667788;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1122334455667788, GUEST_U64(g, GUEST_DATA_AT));
}

GUEST_CODE(code_rdpmc, "rdpmc; hlt");

/* No counter is there, so each index is one that the CPU does not have. */
TEST_F(exits, rdpmc_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdpmc);
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

/* Instructions that CPUID does not offer: VMX, and MONITOR with MWAIT. */
GUEST_CODE(code_monitor, "monitor; hlt");
GUEST_CODE(code_mwait, "mwait; hlt");
GUEST_CODE(code_vmxon, "vmxon (%rsp); hlt");
GUEST_CODE(code_vmxoff, "vmxoff; hlt");
GUEST_CODE(code_vmclear, "vmclear (%rsp); hlt");
GUEST_CODE(code_vmptrld, "vmptrld (%rsp); hlt");
GUEST_CODE(code_vmptrst, "vmptrst (%rsp); hlt");
GUEST_CODE(code_vmread, "vmread %rax, %rbx; hlt");
GUEST_CODE(code_vmwrite, "vmwrite %rax, %rbx; hlt");
GUEST_CODE(code_vmlaunch, "vmlaunch; hlt");
GUEST_CODE(code_vmresume, "vmresume; hlt");
GUEST_CODE(code_invept, "invept (%rsp), %rax; hlt");
GUEST_CODE(code_invvpid, "invvpid (%rsp), %rax; hlt");
GUEST_CODE(code_vmfunc, "vmfunc; hlt");
GUEST_CODE(code_rsm, "rsm; hlt");
GUEST_CODE(code_getsec, "xor %eax, %eax; getsec; hlt");

#define EXPECT_UD(g, name) do {						\
	GUEST_START(g, GUEST_LONG, name);				\
	RSP(g) = GUEST_DATA_AT;						\
	GUEST_RUN_TO_TRAP(g, UD, GUEST_NO_ERROR);			\
} while (0)

TEST_F(exits, monitor_and_mwait_are_ud)
{
	struct guest *g = &self->guest;

	EXPECT_UD(g, code_monitor);
	EXPECT_UD(g, code_mwait);
}

TEST_F(exits, vmx_instructions_are_ud)
{
	struct guest *g = &self->guest;

	EXPECT_UD(g, code_vmxon);
	EXPECT_UD(g, code_vmxoff);
	EXPECT_UD(g, code_vmclear);
	EXPECT_UD(g, code_vmptrld);
	EXPECT_UD(g, code_vmptrst);
	EXPECT_UD(g, code_vmread);
	EXPECT_UD(g, code_vmwrite);
	EXPECT_UD(g, code_vmlaunch);
	EXPECT_UD(g, code_vmresume);
	EXPECT_UD(g, code_invept);
	EXPECT_UD(g, code_invvpid);
	EXPECT_UD(g, code_vmfunc);
}

/* Outside of SMM, and with CR4.SMXE clear. */
TEST_F(exits, rsm_and_getsec_are_ud)
{
	struct guest *g = &self->guest;

	EXPECT_UD(g, code_rsm);
	EXPECT_UD(g, code_getsec);
}

TEST_F(exits, stats_count_exits)
{
	struct keel_stats before, after;
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cpuid);
	ASSERT_EQ(0, keel_get_stats(g->vcpu, &before));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	ASSERT_EQ(0, keel_get_stats(g->vcpu, &after));
	EXPECT_EQ(1, after.exits[10] - before.exits[10]);
	EXPECT_EQ(1, after.exits[12] - before.exits[12]);
	EXPECT_EQ(1, after.halts - before.halts);
	EXPECT_EQ(1, after.user_exits - before.user_exits);
}

TEST_HARNESS_MAIN
