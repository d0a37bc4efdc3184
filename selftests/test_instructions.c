// SPDX-License-Identifier: GPL-2.0
/*
 * Privileged and sensitive instructions one by one: the guest sees what a CPU of
 * its own would give, and never a value of the host's.
 *
 * Popek and Goldberg's condition; SDM, volume 2, for each instruction.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define DB	1
#define UD	6
#define NM	7
#define NP	11
#define GP	13
#define IF	0x200
#define IOPL	0x3000
#define PAGE	4096

FIXTURE(insns)
{
	struct guest guest;
};

FIXTURE_SETUP(insns)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(insns)
{
	guest_free(&self->guest);
}

GUEST_CODE(code_popf, "push %rax; popf; pushf; pop %rbx; vmcall; hlt");

TEST_F(insns, popf_in_ring_0)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_popf);
	RAX(g) = IF | IOPL | 0x2;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(IF | IOPL | 0x2, RBX(g));
}

/* With CPL > IOPL, IF and IOPL silently stay. */
TEST_F(insns, popf_in_ring_3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_popf);
	RFLAGS(g) |= IF;
	RAX(g) = IOPL | 0xd7;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(IF | 0xd7, RBX(g));
}

GUEST_CODE(code_cli, "cli; vmcall; hlt");

TEST_F(insns, cli_in_ring_3_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_cli);
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_tables,
	   "sgdt 0x20000; sidt 0x20010; sldt %eax; str %ebx; smsw %ecx; hlt");

static void check_tables(struct __test_metadata *_metadata, struct guest *g)
{
	EXPECT_EQ(GUEST_GDT_BYTES - 1, GUEST_U64(g, 0x20000) & 0xffff);
	EXPECT_EQ(GUEST_GDT_AT, GUEST_U64(g, 0x20002));
	EXPECT_EQ(256 * 16 - 1, GUEST_U64(g, 0x20010) & 0xffff);
	EXPECT_EQ(GUEST_IDT_AT, GUEST_U64(g, 0x20012));
	EXPECT_EQ(0, RAX(g));
	EXPECT_EQ(GUEST_TSS, RBX(g));
	EXPECT_EQ(g->run->control.cr0 & 0xffff, RCX(g) & 0xffff);
}

TEST_F(insns, table_registers)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_tables);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	check_tables(_metadata, g);
}

/* The same from ring 3, which may look where CR4.UMIP is clear. */
TEST_F(insns, table_registers_in_ring_3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_tables);
	GUEST_RUN_TO_TRAP(g, GP, 0);	/* HLT, behind them */
	check_tables(_metadata, g);
}

GUEST_CODE(code_lgdt, "lgdt 0x20000; lidt 0x20010; sgdt 0x20020; sidt 0x20030; hlt");

TEST_F(insns, lgdt_lidt)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_lgdt);
	GUEST_U64(g, 0x20000) = 0x4567;
	GUEST_U64(g, 0x20002) = 0xffff800011223344;
	GUEST_U64(g, 0x20010) = 0x89;
	GUEST_U64(g, 0x20012) = 0x12345678;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x4567, GUEST_U64(g, 0x20020) & 0xffff);
	EXPECT_EQ(0xffff800011223344, GUEST_U64(g, 0x20022));
	EXPECT_EQ(0x89, g->run->segments.idtr.limit);
	EXPECT_EQ(0x12345678, g->run->segments.idtr.base);
}

/* Bits of RDX: 0 and 1 from LAR of code and of nothing; 2 VERR, 3 VERW of code. */
GUEST_CODE(code_lar,
	   "mov $8, %ecx; lar %ecx, %eax; setz %dl; lsl %ecx, %ebx; mov $0x58, %ecx;"
	   "lar %ecx, %esi; mov $0x7ff8, %ecx; lar %ecx, %edi; setz %dh;"
	   "mov $8, %ecx; verr %cx; setz 0x20000; verw %cx; setz 0x20001;"
	   "mov $0x10, %ecx; verw %cx; setz 0x20002; hlt");

TEST_F(insns, lar_lsl_verr_verw)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_lar);
	RDI(g) = 0x77;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RDX(g) & 0xff);
	EXPECT_EQ(0xa09b00, RAX(g) & 0xf0ff00);
	EXPECT_EQ(0xffffffff, RBX(g));
	EXPECT_EQ(0xc01300, RSI(g) & 0xf0ff00);
	/* Beyond the limit: ZF clear, the destination as it was. */
	EXPECT_EQ(0, RDX(g) >> 8 & 0xff);
	EXPECT_EQ(0x77, RDI(g));
	EXPECT_EQ(1, g->mem[0x20000]);
	EXPECT_EQ(0, g->mem[0x20001]);
	EXPECT_EQ(1, g->mem[0x20002]);
}

GUEST_CODE(code_load_absent, "mov $0x58, %eax; mov %eax, %es; hlt");

TEST_F(insns, absent_segment_is_np)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_load_absent);
	GUEST_RUN_TO_TRAP(g, NP, GUEST_ABSENT_DS);
}

GUEST_CODE(code_cr0, "mov %cr0, %rbx; xor %rax, %rbx; mov %rbx, %cr0; mov %cr0, %rcx; hlt");

/* Bits that the guest can flip and read back: TS, EM, MP, WP, AM, NE, CD. */
static const __u64 cr0_bits[] = { 8, 4, 2, 1 << 16, 1 << 18, 1 << 5, 1 << 30 };

TEST_F(insns, mov_cr0)
{
	struct guest *g = &self->guest;
	__u64 before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cr0_bits); i++) {
		GUEST_START(g, GUEST_LONG, code_cr0);
		before = g->run->control.cr0;
		RAX(g) = cr0_bits[i];
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ(before ^ cr0_bits[i], RCX(g));
		EXPECT_EQ(before ^ cr0_bits[i], g->run->control.cr0);
	}
}

/* PG without PE; NW without CD; upper half; paging off in 64-bit mode. */
static const __u64 cr0_wrong[] = { 1, 1 << 29, 1ULL << 32, 1U << 31 };

TEST_F(insns, mov_cr0_of_a_wrong_value_is_gp)
{
	struct guest *g = &self->guest;
	__u64 before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cr0_wrong); i++) {
		GUEST_START(g, GUEST_LONG, code_cr0);
		before = g->run->control.cr0;
		RAX(g) = cr0_wrong[i];
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(GUEST_CODE_AT + 6, g->trap.rip);
		EXPECT_EQ(before, g->run->control.cr0);
	}
}

GUEST_CODE(code_cr4, "mov %cr4, %rbx; xor %rax, %rbx; mov %rbx, %cr4; mov %cr4, %rcx; hlt");

/* TSD, DE, MCE, PGE, OSXMMEXCPT; VMXE of the host's does not show. */
static const __u64 cr4_bits[] = { 1 << 2, 1 << 3, 1 << 7, 1 << 10 };

TEST_F(insns, mov_cr4)
{
	struct guest *g = &self->guest;
	__u64 before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cr4_bits); i++) {
		GUEST_START(g, GUEST_LONG, code_cr4);
		before = g->run->control.cr4;
		RAX(g) = cr4_bits[i];
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ(0x620, before);
		EXPECT_EQ(before ^ cr4_bits[i], RCX(g));
		EXPECT_EQ(before ^ cr4_bits[i], g->run->control.cr4);
	}
}

/* PAE off in long mode; VMXE and SMXE, which CPUID does not offer; reserved. */
static const __u64 cr4_wrong[] = { 1 << 5, 1 << 13, 1 << 14, 1 << 15, 1ULL << 40 };

TEST_F(insns, mov_cr4_of_a_wrong_value_is_gp)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cr4_wrong); i++) {
		GUEST_START(g, GUEST_LONG, code_cr4);
		RAX(g) = cr4_wrong[i];
		GUEST_RUN_TO_TRAP(g, GP, 0);
		EXPECT_EQ(GUEST_CODE_AT + 6, g->trap.rip);
		EXPECT_EQ(0x620, g->run->control.cr4);
	}
}

GUEST_CODE(code_cr3, "mov %cr3, %rbx; mov %rbx, %cr3; hlt");

TEST_F(insns, mov_cr3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cr3);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_PML4_AT, RBX(g));
}

GUEST_CODE(code_cr8, "mov %rax, %cr8; mov %cr8, %rbx; hlt");

TEST_F(insns, mov_cr8)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_cr8);
	RAX(g) = 9;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(9, RBX(g));
	EXPECT_EQ(9, g->run->control.cr8);
	GUEST_START(g, GUEST_LONG, code_cr8);
	RAX(g) = 16;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_clts, "mov %cr0, %rax; or $8, %rax; mov %rax, %cr0; clts; mov %cr0, %rbx; hlt");

TEST_F(insns, clts)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_clts);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(8, RAX(g) & 8);
	EXPECT_EQ(0, RBX(g) & 8);
}

GUEST_CODE(code_ts, "movaps %xmm0, %xmm1; hlt");

TEST_F(insns, ts_makes_sse_nm)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_ts);
	g->run->control.cr0 |= 8;
	GUEST_RUN_TO_TRAP(g, NM, GUEST_NO_ERROR);
}

GUEST_CODE(code_lmsw, "smsw %eax; or $0xe, %eax; and $0xfe, %al; lmsw %ax; mov %cr0, %rbx; hlt");

/* LMSW sets TS, EM and MP, and cannot clear PE. */
TEST_F(insns, lmsw)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_lmsw);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xf, RBX(g) & 0xf);
}

GUEST_CODE16(code_lmsw_pe, "smsw %ax; or $1, %ax; lmsw %ax; smsw %bx; hlt");

TEST_F(insns, lmsw_enters_protected_mode)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_lmsw_pe);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RBX(g) & 1);
	EXPECT_EQ(1, g->run->control.cr0 & 1);
}

GUEST_CODE(code_drs,
	   "mov %rax, %dr0; mov %rbx, %dr1; mov %rcx, %dr2; mov %rdx, %dr3;"
	   "xor %rax, %rax; xor %rbx, %rbx; xor %ecx, %ecx; xor %edx, %edx;"
	   "mov %dr0, %rax; mov %dr1, %rbx; mov %dr2, %rcx; mov %dr3, %rdx;"
	   "mov %dr6, %rsi; mov %dr7, %rdi; hlt");

TEST_F(insns, mov_dr)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_drs);
	RAX(g) = 0x1111111111111111;
	RBX(g) = 0x2222222222222222;
	RCX(g) = 0x3333333333333333;
	RDX(g) = 0x4444444444444444;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1111111111111111, RAX(g));
	EXPECT_EQ(0x2222222222222222, RBX(g));
	EXPECT_EQ(0x3333333333333333, RCX(g));
	EXPECT_EQ(0x4444444444444444, RDX(g));
	EXPECT_EQ(0xffff0ff0, RSI(g));
	EXPECT_EQ(0x400, RDI(g));
}

GUEST_CODE(code_dr6, "mov %rax, %dr6; mov %dr6, %rbx; mov %rax, %dr7; mov %dr7, %rcx; hlt");

/* Fixed bits keep their values (SDM, "Debug Registers"). */
TEST_F(insns, dr6_and_dr7_fixed_bits)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_dr6);
	RAX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xffff0ff0, RBX(g));
	EXPECT_EQ(0x400, RCX(g));
	GUEST_START(g, GUEST_LONG, code_dr6);
	RAX(g) = 0xffffdf00;	/* all but GD and the enables */
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xffffcff0 | 0x0ff0, RBX(g) | 0x0ff0);
	EXPECT_EQ(0xffff0700, RCX(g) & ~0x800ULL);
}

TEST_F(insns, dr6_upper_half_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_dr6);
	RAX(g) = 1ULL << 32;
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

/* The assembler knows no DR4 and DR5: 0f 21 e3 is MOV DR4 to RBX. */
GUEST_CODE(code_dr4, ".byte 0x0f, 0x21, 0xe3, 0x0f, 0x21, 0xe9; hlt");

TEST_F(insns, dr4_and_dr5_are_other_names)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_dr4);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xffff0ff0, RBX(g));
	EXPECT_EQ(0x400, RCX(g));
}

TEST_F(insns, dr4_with_de_is_ud)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_dr4);
	g->run->control.cr4 |= 8;
	GUEST_RUN_TO_TRAP(g, UD, GUEST_NO_ERROR);
}

/* The exit for MOV DR comes before the check of privilege (SDM, "MOV DR"). */
TEST_F(insns, mov_dr_in_ring_3_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_drs);
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

TEST_F(insns, general_detect)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_drs);
	g->run->debug.dr7 = 0x2400;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	EXPECT_EQ(0x2000, g->run->debug.dr6 & 0xe00f);
	/* The CPU clears GD, so that the handler can use the registers. */
	EXPECT_EQ(0x400, g->run->debug.dr7);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_invlpg,
	   "mov (%rbx), %rax; mov %rcx, (%rdx); invlpg (%rbx); mov (%rbx), %rsi; hlt");

/* Read through a page, remap it, forget it, read again. */
TEST_F(insns, invlpg)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_invlpg);
	GUEST_U64(g, 0x21000) = 0xaaaa;
	GUEST_U64(g, 0x31000) = 0xbbbb;
	RBX(g) = 0x21000;
	RCX(g) = 0x31067;
	RDX(g) = (__u8 *)guest_pte(g, 0x21000) - g->mem;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xaaaa, RAX(g));
	EXPECT_EQ(0xbbbb, RSI(g));
}

GUEST_CODE(code_swapgs,
	   "swapgs; mov $0xc0000101, %ecx; rdmsr; mov %eax, %ebx;"
	   "mov $0xc0000102, %ecx; rdmsr; hlt");

TEST_F(insns, swapgs)
{
	struct guest *g = &self->guest;
	__u64 value;

	GUEST_START(g, GUEST_LONG, code_swapgs);
	ASSERT_EQ(0, guest_set_msr(g, 0xc0000101, 0x1000));
	ASSERT_EQ(0, guest_set_msr(g, 0xc0000102, 0x2000));
	g->run->segments.seg[KEEL_GS].base = 0x1000;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x2000, RBX(g));
	EXPECT_EQ(0x1000, RAX(g));
	EXPECT_EQ(0x2000, g->run->segments.seg[KEEL_GS].base);
	ASSERT_EQ(0, guest_get_msr(g, 0xc0000102, &value));
	EXPECT_EQ(0x1000, value);
}

/* At 0x10000 ring 3's part; LSTAR leads to the second, which returns to it. */
GUEST_CODE(code_syscall,
	   "mov $7, %edi; syscall; mov %cs, %eax; mov %ss, %edx; vmcall;"
	   ".org code_syscall_begin + 64; mov %cs, %esi; mov %ss, %r8d; sysretq");

TEST_F(insns, syscall_and_sysret)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_syscall);
	g->run->control.efer |= 1;
	RFLAGS(g) |= IF;
	ASSERT_EQ(0, guest_set_msr(g, 0xc0000081, (__u64)(GUEST_USER_CS32 | 3) << 48 |
				   (__u64)GUEST_CS << 32));
	ASSERT_EQ(0, guest_set_msr(g, 0xc0000082, GUEST_CODE_AT + 64));
	ASSERT_EQ(0, guest_set_msr(g, 0xc0000084, IF));
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(GUEST_CS, RSI(g));
	EXPECT_EQ(GUEST_DS, g->run->regs.gpr[8]);
	EXPECT_EQ(GUEST_CODE_AT + 7, RCX(g));
	EXPECT_EQ(IF | 2, g->run->regs.gpr[11] & (IF | 2));
	EXPECT_EQ(GUEST_USER_CS64 | 3, RAX(g));
	EXPECT_EQ(GUEST_USER_DS | 3, RDX(g));
}

TEST_F(insns, syscall_without_sce_is_ud)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_syscall);
	GUEST_RUN_TO_TRAP(g, UD, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 5, g->trap.rip);
}

GUEST_CODE(code_tsc,
	   "rdtsc; shl $32, %rdx; or %rax, %rdx; mov %rdx, %rbx; cpuid;"
	   "mov $0x10, %ecx; rdmsr; shl $32, %rdx; or %rdx, %rax; mov %rax, %rsi;"
	   "rdtsc; shl $32, %rdx; or %rdx, %rax; hlt");

/* RDTSC and RDMSR tell the same time, and it goes forward. */
TEST_F(insns, rdtsc)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_tsc);
	ASSERT_EQ(0, guest_set_msr(g, 0x10, 1ULL << 50));
	RAX(g) = 0;
	RCX(g) = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	/* CPUID wrote RBX: what it was is lost, so look at the other two. */
	EXPECT_LT(1ULL << 50, RSI(g));
	EXPECT_LT(RSI(g), RAX(g));
	EXPECT_EQ(1 << 18, RAX(g) >> 32);
}

GUEST_CODE(code_rdtsc, "rdtsc; hlt");

TEST_F(insns, rdtsc_with_tsd_in_ring_3_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_rdtsc);
	g->run->control.cr4 |= 4;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_rdtscp, "rdtscp; hlt");

/* ECX is IA32_TSC_AUX of the guest; Linux keeps CPU and node there. */
TEST_F(insns, rdtscp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdtscp);
	if (guest_set_msr(g, 0xc0000103, 0x12345678))
		SKIP(return, "this CPU has no RDTSCP");
	if (guest_run(g) == GUEST_TRAP)
		SKIP(return, "this CPU has no RDTSCP");
	EXPECT_EQ(0x12345678, RCX(g));
}

/* A far call through the GDT, and a far return. */
GUEST_CODE32(code_lcall,
	     "lcall $0x28, $0x10000 + 1f - code_lcall_begin; inc %eax; hlt;"
	     "1: mov %cs, %ebx; mov (%esp), %ecx; mov 4(%esp), %edx; lret");

TEST_F(insns, far_call_and_return)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAGED, code_lcall);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_CS32, RBX(g));
	EXPECT_EQ(GUEST_CODE_AT + 7, RCX(g));
	EXPECT_EQ(GUEST_CS, RDX(g) & 0xffff);
	EXPECT_EQ(1, RAX(g));
}

GUEST_CODE(code_iret,
	   "pushq $0x4b; pushq $0x50000; pushq $2; pushq $0x53; pushq $0x10000 + 1f - code_iret_begin;"
	   "iretq; 1: mov %cs, %eax; vmcall; hlt");

TEST_F(insns, iret_to_ring_3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_iret);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(GUEST_USER_CS64 | 3, RAX(g));
	EXPECT_EQ(GUEST_USER_STACK_AT, RSP(g));
}

GUEST_CODE32(code_task, "ljmp $0x18, $0; hlt");

/* A hardware task switch ends in an exit of its own. */
TEST_F(insns, task_switch)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAGED, code_task);
	GUEST_U64(g, GUEST_GDT_AT + GUEST_TSS) &= ~(2ULL << 40);	/* not busy */
	GUEST_RUN(g, KEEL_EXIT_TASK_SWITCH);
	EXPECT_EQ(9, g->run->insn.hw_reason);
	EXPECT_EQ(GUEST_TSS, g->run->insn.qualification & 0xffff);
	/* Source of the switch in bits 31:30: JMP. */
	EXPECT_EQ(2, g->run->insn.qualification >> 30);
	EXPECT_EQ(GUEST_CODE_AT, RIP(g));
}

TEST_HARNESS_MAIN
