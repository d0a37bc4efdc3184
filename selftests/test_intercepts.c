// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_SET_INTERCEPTS: exits that the VMM asks for, and none that it does not.
 *
 * KEEL_EXIT_INSN leaves the instruction undone: RIP is at it, and the next run
 * meets it again unless the VMM moves RIP.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define UD	6
#define DE	0
#define BP	3
#define PF	14
#define GP	13

/* Basic exit reasons (SDM, appendix "VMX Basic Exit Reasons"). */
#define REASON_CPUID	10
#define REASON_INVLPG	14
#define REASON_RDPMC	15
#define REASON_RDTSC	16
#define REASON_CR	28
#define REASON_DR	29
#define REASON_PAUSE	40
#define REASON_GDTR	46
#define REASON_LDTR	47
#define REASON_RDTSCP	51
#define REASON_INVD	13
#define REASON_WBINVD	54

FIXTURE(intercepts)
{
	struct guest guest;
};

FIXTURE_SETUP(intercepts)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(intercepts)
{
	guest_free(&self->guest);
}

#define INTERCEPT(g, exits) do {					\
	int __ret = guest_intercept(g, exits, 0);			\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP(return, "this CPU lacks the control");		\
	ASSERT_EQ(0, __ret);						\
} while (0)

/* The instruction is reported, at its place; the VMM steps over it. */
#define EXPECT_INSN(g, reason, at, len) do {				\
	GUEST_RUN(g, KEEL_EXIT_INSN);					\
	EXPECT_EQ(reason, (g)->run->insn.hw_reason);			\
	EXPECT_EQ(GUEST_CODE_AT + (at), RIP(g));			\
	EXPECT_EQ(len, (g)->run->insn.insn_len);			\
	RIP(g) += len;							\
} while (0)

GUEST_CODE(code_rdtsc, "rdtsc; hlt");

TEST_F(intercepts, rdtsc)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdtsc);
	INTERCEPT(g, KEEL_INTERCEPT_RDTSC);
	EXPECT_INSN(g, REASON_RDTSC, 0, 2);
	RAX(g) = 5;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(5, RAX(g));
}

GUEST_CODE(code_rdtscp, "rdtscp; hlt");

TEST_F(intercepts, rdtscp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdtscp);
	INTERCEPT(g, KEEL_INTERCEPT_RDTSC);
	/* #UD where the CPU or Keel has it not. */
	if (guest_run(g) == GUEST_TRAP)
		SKIP(return, "this CPU has no RDTSCP");
	EXPECT_EQ(KEEL_EXIT_INSN, g->run->exit_reason);
	EXPECT_EQ(REASON_RDTSCP, g->run->insn.hw_reason);
	EXPECT_EQ(3, g->run->insn.insn_len);
}

GUEST_CODE(code_pause, "pause; hlt");

TEST_F(intercepts, pause)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_pause);
	INTERCEPT(g, KEEL_INTERCEPT_PAUSE);
	EXPECT_INSN(g, REASON_PAUSE, 0, 2);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_cr3, "mov %cr3, %rbx; mov %rbx, %cr3; hlt");

/* Qualification: register 3, access type 1 is "from", operand RBX is 3. */
TEST_F(intercepts, cr3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cr3);
	INTERCEPT(g, KEEL_INTERCEPT_CR3);
	EXPECT_INSN(g, REASON_CR, 0, 3);
	EXPECT_EQ(0x313, g->run->insn.qualification);
	EXPECT_INSN(g, REASON_CR, 3, 3);
	EXPECT_EQ(0x303, g->run->insn.qualification);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_dr, "mov %rcx, %dr1; mov %dr7, %rdx; hlt");

/* Qualification: bit 4 is "from". */
TEST_F(intercepts, dr)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_dr);
	INTERCEPT(g, KEEL_INTERCEPT_DR);
	EXPECT_INSN(g, REASON_DR, 0, 3);
	EXPECT_EQ(0x101, g->run->insn.qualification);
	EXPECT_INSN(g, REASON_DR, 3, 3);
	EXPECT_EQ(0x217, g->run->insn.qualification);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_tables, "sgdt (%rsp); sidt (%rsp); lgdt (%rsp); sldt %eax; str %eax; hlt");

TEST_F(intercepts, tables)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_tables);
	RSP(g) = GUEST_DATA_AT;
	INTERCEPT(g, KEEL_INTERCEPT_TABLES);
	EXPECT_INSN(g, REASON_GDTR, 0, 4);
	EXPECT_INSN(g, REASON_GDTR, 4, 4);
	EXPECT_INSN(g, REASON_GDTR, 8, 4);
	EXPECT_INSN(g, REASON_LDTR, 12, 3);
	EXPECT_INSN(g, REASON_LDTR, 15, 3);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, GUEST_DATA(g, 0));
}

GUEST_CODE(code_caches, "wbinvd; invd; hlt");

TEST_F(intercepts, wbinvd_and_invd)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_caches);
	INTERCEPT(g, KEEL_INTERCEPT_WBINVD);
	EXPECT_INSN(g, REASON_WBINVD, 0, 2);
	EXPECT_INSN(g, REASON_INVD, 2, 2);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_cpuid, "cpuid; hlt");

TEST_F(intercepts, cpuid)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cpuid);
	INTERCEPT(g, KEEL_INTERCEPT_CPUID);
	EXPECT_INSN(g, REASON_CPUID, 0, 2);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_invlpg, "invlpg (%rbx); hlt");

/* Qualification: the linear address. */
TEST_F(intercepts, invlpg)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_invlpg);
	RBX(g) = 0x12345000;
	INTERCEPT(g, KEEL_INTERCEPT_INVLPG);
	EXPECT_INSN(g, REASON_INVLPG, 0, 3);
	EXPECT_EQ(0x12345000, g->run->insn.qualification);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_rdpmc, "rdpmc; hlt");

TEST_F(intercepts, rdpmc)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdpmc);
	INTERCEPT(g, KEEL_INTERCEPT_RDPMC);
	EXPECT_INSN(g, REASON_RDPMC, 0, 2);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_msrs, "rdmsr; wrmsr; hlt");

#define EXPECT_MSR(g, is_write, at) do {				\
	GUEST_RUN(g, KEEL_EXIT_MSR);					\
	EXPECT_EQ(RCX(g), (g)->run->msr.index);				\
	EXPECT_EQ(is_write, (g)->run->msr.write);			\
	EXPECT_EQ(GUEST_CODE_AT + (at), RIP(g));			\
	EXPECT_EQ(2, (g)->run->insn_len);				\
	RIP(g) += 2;							\
} while (0)

TEST_F(intercepts, unknown_msr)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_msrs);
	INTERCEPT(g, KEEL_INTERCEPT_UNKNOWN_MSR);
	RCX(g) = 0x4b564d00;
	EXPECT_MSR(g, 0, 0);
	RAX(g) = 0x11111111;
	RDX(g) = 0x22222222;
	EXPECT_MSR(g, 1, 2);
	EXPECT_EQ(0x2222222211111111, g->run->msr.value);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

/* One that the CPU answers without an exit otherwise, and one that Keel answers. */
static const __u32 some_msrs[] = { 0x174, 0xc0000101, 0xc0000080, 0x277, 0x4b564d00 };

TEST_F(intercepts, msrs)
{
	struct keel_intercepts in = { .nr_msrs = ARRAY_SIZE(some_msrs) };
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some_msrs); i++)
		in.msrs[i] = some_msrs[i];
	for (i = 0; i < ARRAY_SIZE(some_msrs); i++) {
		GUEST_START(g, GUEST_LONG, code_msrs);
		ASSERT_EQ(0, keel_set_intercepts(g->vcpu, &in));
		RCX(g) = some_msrs[i];
		EXPECT_MSR(g, 0, 0);
		RAX(g) = 0x10;
		RDX(g) = 0;
		EXPECT_MSR(g, 1, 2);
		EXPECT_EQ(0x10, g->run->msr.value);
		GUEST_RUN(g, KEEL_EXIT_HLT);
	}
}

TEST_F(intercepts, others_are_replaced)
{
	struct keel_intercepts in = { .nr_msrs = 1, .msrs = { 0x174 } };
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_msrs);
	ASSERT_EQ(0, keel_set_intercepts(g->vcpu, &in));
	ASSERT_EQ(0, guest_intercept(g, 0, 0));
	RCX(g) = 0x174;
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_F(intercepts, refusals)
{
	struct keel_intercepts in = { .nr_msrs = KEEL_MAX_MSR_INTERCEPTS + 1 };
	struct guest *g = &self->guest;

	EXPECT_EQ(-E2BIG, keel_set_intercepts(g->vcpu, &in));
	in.nr_msrs = 2;
	in.msrs[0] = 0x10;
	in.msrs[1] = 0x10;
	EXPECT_EQ(-EINVAL, keel_set_intercepts(g->vcpu, &in));
	EXPECT_EQ(-EINVAL, guest_intercept(g, 1ULL << 63, 0));
	in.nr_msrs = 0;
	in.reserved = 1;
	EXPECT_EQ(-EINVAL, keel_set_intercepts(g->vcpu, &in));
}

#define EXPECT_EXCEPTION(g, vec) do {					\
	GUEST_RUN(g, KEEL_EXIT_EXCEPTION);				\
	EXPECT_EQ(1, (g)->run->exception.valid);			\
	EXPECT_EQ(vec, (g)->run->exception.vector);			\
	EXPECT_EQ(GUEST_CODE_AT, RIP(g));				\
} while (0)

GUEST_CODE(code_ud2, "ud2; hlt");

TEST_F(intercepts, ud)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_ud2);
	ASSERT_EQ(0, guest_intercept(g, 0, 1 << UD));
	EXPECT_EXCEPTION(g, UD);
	EXPECT_EQ(KEEL_EVENT_EXCEPTION, g->run->exception.type);
	EXPECT_EQ(0, g->run->exception.flags);
	/* The VMM may give it to the guest after all. */
	ASSERT_EQ(0, guest_intercept(g, 0, 0));
	ASSERT_EQ(0, keel_inject(g->vcpu, &g->run->exception));
	GUEST_RUN_TO_TRAP(g, UD, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

GUEST_CODE(code_touch, "mov %rax, (%rbx); hlt");

TEST_F(intercepts, pf)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_touch);
	*(__u64 *)guest_pte(g, GUEST_DATA_AT) = 0;
	RBX(g) = GUEST_DATA_AT + 8;
	ASSERT_EQ(0, guest_intercept(g, 0, 1 << PF));
	EXPECT_EXCEPTION(g, PF);
	EXPECT_EQ(KEEL_EVENT_ERROR_CODE, g->run->exception.flags);
	EXPECT_EQ(2, g->run->exception.error_code);
	EXPECT_EQ(GUEST_DATA_AT + 8, g->run->exception.payload);
	/* It was not delivered, so CR2 is as it was. */
	EXPECT_EQ(0, g->run->control.cr2);
	/* Given back, it brings its address. */
	ASSERT_EQ(0, keel_inject(g->vcpu, &g->run->exception));
	ASSERT_EQ(0, guest_intercept(g, 0, 0));
	GUEST_RUN_TO_TRAP(g, PF, 2);
	EXPECT_EQ(GUEST_DATA_AT + 8, g->run->control.cr2);
}

GUEST_CODE(code_div, "div %ecx; hlt");

TEST_F(intercepts, de)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_div);
	ASSERT_EQ(0, guest_intercept(g, 0, 1 << DE));
	EXPECT_EXCEPTION(g, DE);
}

GUEST_CODE(code_gp, "mov %eax, %ds; hlt");

TEST_F(intercepts, gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_gp);
	RAX(g) = 0x1238;
	ASSERT_EQ(0, guest_intercept(g, 0, 1 << GP));
	EXPECT_EXCEPTION(g, GP);
	EXPECT_EQ(KEEL_EVENT_ERROR_CODE, g->run->exception.flags);
	EXPECT_EQ(0x1238, g->run->exception.error_code);
}

GUEST_CODE(code_int3, "int3; hlt");

TEST_F(intercepts, bp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_int3);
	ASSERT_EQ(0, guest_intercept(g, 0, 1 << BP));
	EXPECT_EXCEPTION(g, BP);
	EXPECT_EQ(KEEL_EVENT_SOFT_EXCEPTION, g->run->exception.type);
	EXPECT_EQ(1, g->run->exception.insn_len);
}

GUEST_CODE(code_steps, "inc %eax; inc %ebx; cpuid; jmp 1f; nop; 1: hlt");

TEST_F(intercepts, step)
{
	static const unsigned int at[] = { 2, 4, 6, 9 };
	struct guest *g = &self->guest;
	size_t i;

	GUEST_START(g, GUEST_LONG, code_steps);
	INTERCEPT(g, KEEL_INTERCEPT_STEP);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		GUEST_RUN(g, KEEL_EXIT_STEP);
		EXPECT_EQ(GUEST_CODE_AT + at[i], RIP(g));
	}
	INTERCEPT(g, 0);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_HARNESS_MAIN
