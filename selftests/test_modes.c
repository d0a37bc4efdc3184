// SPDX-License-Identifier: GPL-2.0
/*
 * The modes in which guests run, started there by the VMM or got there by
 * themselves.
 *
 * SDM: "Mode Switching", "Initializing IA-32e Mode".
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define UD	6
#define GP	13
#define PF	14

FIXTURE(modes)
{
	struct guest guest;
};

FIXTURE_SETUP(modes)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(modes)
{
	guest_free(&self->guest);
}

GUEST_CODE16(code_real, "mov $0x2000, %ax; mov %ax, %ds; mov $0x1234, %ax;"
			"mov %ax, 0x10; smsw %bx; hlt");

/* 0x2000:0x10 is 0x20010: a segment's base is its selector times 16. */
TEST_F(modes, real)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_real);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1234, GUEST_U64(g, 0x20010));
	EXPECT_EQ(0, RBX(g) & 1);
	EXPECT_EQ(0x20000, g->run->segments.seg[KEEL_DS].base);
}

GUEST_CODE16(code_real_int, "int $0x21; inc %cx; hlt");

TEST_F(modes, real_mode_interrupt)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_real_int);
	GUEST_RUN_TO_TRAP(g, 0x21, GUEST_NO_ERROR);
	EXPECT_EQ(2, g->trap.rip);
	EXPECT_EQ(0x1000, g->trap.cs);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RCX(g));
}

GUEST_CODE16(code_real_ud, "ud2");

/* Real mode delivers no error codes. */
TEST_F(modes, real_mode_exception)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_real_ud);
	GUEST_RUN_TO_TRAP(g, UD, GUEST_NO_ERROR);
	EXPECT_EQ(0, g->trap.rip);
}

GUEST_CODE16(code_real_rdmsr, "rdmsr");

TEST_F(modes, real_mode_gp_without_error_code)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_real_rdmsr);
	RCX(g) = 0x2000;
	GUEST_RUN_TO_TRAP(g, GP, GUEST_NO_ERROR);
	EXPECT_EQ(0, g->trap.rip);
	EXPECT_EQ(0x1000, g->trap.cs);
}

GUEST_CODE16(code_real_limit, "mov %al, 0xffff; mov %ax, 0xffff; hlt");

TEST_F(modes, real_mode_segment_limit)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_real_limit);
	GUEST_RUN_TO_TRAP(g, GP, GUEST_NO_ERROR);
	EXPECT_EQ(3, g->trap.rip);
}

GUEST_CODE32(code_flat, "movl $0x12345678, 0x20000; mov %cs, %ebx; pushl $5; popl %ecx; hlt");

static const enum guest_mode paged_modes[] = { GUEST_PAGED, GUEST_PAE };

TEST_F(modes, protected_without_paging)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PROT, code_flat);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x12345678, GUEST_DATA(g, 0));
	EXPECT_EQ(GUEST_CS, RBX(g));
	EXPECT_EQ(5, RCX(g));
}

GUEST_CODE32(code_copy, "mov (%esi), %eax; mov %eax, (%edi); hlt");

/* Linear address 0x21000 is elsewhere. */
TEST_F(modes, paging_32_bit)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAGED, code_copy);
	*(__u32 *)guest_pte(g, 0x21000) = 0x31067;
	GUEST_U64(g, 0x31008) = 0xcafe;
	RSI(g) = 0x21008;
	RDI(g) = GUEST_DATA_AT;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xcafe, GUEST_DATA(g, 0));
}

TEST_F(modes, paging_pae)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAE, code_copy);
	*(__u64 *)guest_pte(g, 0x21000) = 0x31067;
	GUEST_U64(g, 0x31008) = 0xcafe;
	RSI(g) = 0x21008;
	RDI(g) = GUEST_DATA_AT;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xcafe, GUEST_DATA(g, 0));
}

TEST_F(modes, page_faults_have_their_error_codes)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paged_modes); i++) {
		GUEST_START(g, paged_modes[i], code_copy);
		memset(guest_pte(g, 0x21000), 0, i ? 8 : 4);
		RSI(g) = 0x21008;
		GUEST_RUN_TO_TRAP(g, PF, 0);
		EXPECT_EQ(0x21008, g->run->control.cr2);
		GUEST_START(g, paged_modes[i], code_copy);
		memset(guest_pte(g, 0x21000), 0, i ? 8 : 4);
		RSI(g) = GUEST_DATA_AT;
		RDI(g) = 0x21010;
		GUEST_RUN_TO_TRAP(g, PF, 2);
		EXPECT_EQ(0x21010, g->run->control.cr2);
	}
}

GUEST_CODE32(code_pae_reload,
	     "mov %ebx, %cr3; movl 0x40000008, %eax; hlt");

/* MOV to CR3 loads the four PDPTEs from memory. */
TEST_F(modes, pae_loads_pdptes_with_cr3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAE, code_pae_reload);
	/* Another table of four: 1 GiB is where 0 is. */
	GUEST_U64(g, 0x20020) = GUEST_U64(g, GUEST_PDPT_AT);
	GUEST_U64(g, 0x20028) = GUEST_U64(g, GUEST_PDPT_AT);
	GUEST_U64(g, 8) = 0x5678;
	RBX(g) = 0x20020;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x5678, RAX(g));
	EXPECT_EQ(GUEST_U64(g, GUEST_PDPT_AT), g->run->control.pdpte[1]);
}

TEST_F(modes, pae_with_reserved_bits_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAE, code_pae_reload);
	GUEST_U64(g, 0x20020) = GUEST_U64(g, GUEST_PDPT_AT) | 2;
	RBX(g) = 0x20020;
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_PDPT_AT, g->run->control.cr3);
}

GUEST_CODE(code_long, "movabs $0x1122334455667788, %rax; push %rax; popq 0x20000; hlt");

TEST_F(modes, long_mode)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_long);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1122334455667788, GUEST_DATA(g, 0));
}

GUEST_CODE(code_high, "movabs $0xffffffff80020000, %rbx; movq $7, (%rbx); hlt");

TEST_F(modes, long_mode_upper_half)
{
	struct guest *g = &self->guest;
	__u64 *pml4 = (__u64 *)(g->mem + GUEST_PML4_AT);

	GUEST_START(g, GUEST_LONG, code_high);
	pml4[511] = pml4[0];
	pml4[512 + 510] = pml4[512];
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(7, GUEST_DATA(g, 0));
}

GUEST_CODE(code_non_canonical, "mov (%rbx), %rax");

TEST_F(modes, non_canonical_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_non_canonical);
	RBX(g) = 0x0000800000000000;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_user, "mov %cs, %eax; mov $9, %ecx; vmcall; hlt");

TEST_F(modes, ring_3)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_user);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(GUEST_USER_CS64 | 3, RAX(g));
	/* HLT is for ring 0. */
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_USER_CS64 | 3, g->trap.cs);
	EXPECT_EQ(GUEST_USER_STACK_AT, g->trap.rsp);
}

GUEST_CODE(code_user_touch, "mov (%rbx), %rax; hlt");

TEST_F(modes, ring_3_and_a_supervisor_page)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_user_touch);
	*(__u64 *)guest_pte(g, GUEST_DATA_AT) &= ~4ULL;
	RBX(g) = GUEST_DATA_AT;
	GUEST_RUN_TO_TRAP(g, PF, 5);
	EXPECT_EQ(GUEST_DATA_AT, g->run->control.cr2);
}

/* A far return to 32-bit code, and back. */
GUEST_CODE(code_compat,
	   "pushq $0x28; pushq $0x10000 + 1f - code_compat_begin; lretq;"
	   ".code32; 1: mov $0x55, %eax; inc %ecx; ljmp $0x60, $0x10000 + 2f - code_compat_begin;"
	   ".code64; 2: movabs $0x100000000, %rdx; add %rdx, %rax; hlt");

TEST_F(modes, compatibility_mode)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_compat);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x100000055, RAX(g));
	EXPECT_EQ(1, RCX(g));
}

/*
 * From power-up's mode to 64-bit mode and back by way of all others, as a boot
 * loader and a dying kernel do it; each leaves a mark.
 */
GUEST_CODE16(code_tour,
	     "mov $0x1000, %ax; mov %ax, %ds;"
	     "lgdtl tour_gdt - code_tour_begin;"
	     /* protected mode */
	     "mov %cr0, %eax; or $1, %eax; mov %eax, %cr0;"
	     "ljmpl $0x28, $0x10000 + 1f - code_tour_begin;"
	     ".code32; 1: mov $0x10, %eax; mov %eax, %ds; mov %eax, %ss; mov %eax, %es;"
	     "mov $0x30000, %esp; movl $1, 0x20000;"
	     /* 32-bit paging */
	     "mov %cr4, %eax; or $0x10, %eax; mov %eax, %cr4;"
	     "mov $0xa000, %eax; mov %eax, %cr3;"
	     "mov %cr0, %eax; bts $31, %eax; mov %eax, %cr0; movl $2, 0x20004;"
	     /* off again, then PAE */
	     "btr $31, %eax; mov %eax, %cr0;"
	     "mov %cr4, %eax; or $0x20, %eax; mov %eax, %cr4;"
	     "mov $0xc000, %eax; mov %eax, %cr3;"
	     "mov %cr0, %eax; bts $31, %eax; mov %eax, %cr0; movl $3, 0x20008;"
	     "btr $31, %eax; mov %eax, %cr0;"
	     /* long mode: compatibility, then 64-bit */
	     "mov $0x6000, %eax; mov %eax, %cr3;"
	     "mov $0xc0000080, %ecx; rdmsr; bts $8, %eax; wrmsr;"
	     "mov %cr0, %eax; bts $31, %eax; mov %eax, %cr0;"
	     "rdmsr; mov %eax, 0x2000c;"
	     "ljmp $0x60, $0x10000 + 2f - code_tour_begin;"
	     ".code64; 2: movabs $0x1234567800000000, %rax; mov %rax, 0x20010;"
	     /* and back */
	     "pushq $0x28; pushq $0x10000 + 3f - code_tour_begin; lretq;"
	     ".code32; 3: mov %cr0, %eax; btr $31, %eax; mov %eax, %cr0;"
	     "mov $0xc0000080, %ecx; rdmsr; btr $8, %eax; wrmsr; rdmsr; mov %eax, 0x20018;"
	     "mov %cr4, %eax; btr $5, %eax; mov %eax, %cr4;"
	     "ljmp $0x30, $4f - code_tour_begin;"
	     ".code16; 4: mov $0x38, %ax; mov %ax, %ds; mov %ax, %ss; mov %ax, %es;"
	     "mov %cr0, %eax; and $0xfe, %al; mov %eax, %cr0;"
	     "ljmp $0x1000, $5f - code_tour_begin;"
	     "5: mov $0x2000, %ax; mov %ax, %ds; mov %ax, %ss; movl $6, 0x1c;"
	     "mov %cr0, %eax; hlt;"
	     "tour_gdt: .word 0x67; .long 0x1000");

TEST_F(modes, tour_of_all_modes)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_tour);
	/* The switch back goes through a 16-bit segment that begins at the code. */
	GUEST_U64(g, GUEST_GDT_AT + GUEST_CS16) |= (__u64)GUEST_CODE_AT << 16;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, GUEST_U32(g, 0x20000));
	EXPECT_EQ(2, GUEST_U32(g, 0x20004));
	EXPECT_EQ(3, GUEST_U32(g, 0x20008));
	EXPECT_EQ(0x500, GUEST_U32(g, 0x2000c) & 0x500);
	EXPECT_EQ(0x1234567800000000, GUEST_U64(g, 0x20010));
	EXPECT_EQ(0, GUEST_U32(g, 0x20018) & 0x500);
	EXPECT_EQ(6, GUEST_U32(g, 0x2001c));
	EXPECT_EQ(0, RAX(g) & 0x80000001);
	EXPECT_EQ(0, g->run->control.efer & 0x500);
}

/* The part of it that needs no "unrestricted guest": nothing but a named end. */
GUEST_CODE32(code_paging_off, "mov %cr0, %eax; btr $31, %eax; mov %eax, %cr0; hlt");

TEST_F(modes, paging_off_without_unrestricted_guest)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAGED, code_paging_off);
	if (!guest_lacks(g, GUEST_PROT)) {
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ(0, g->run->control.cr0 >> 31);
		return;
	}
	GUEST_RUN(g, KEEL_EXIT_FAIL_ENTRY);
	EXPECT_EQ(0x6800, g->run->fail_entry.field);
	EXPECT_NE(NULL, strstr(g->run->fail_entry.rule, "unrestricted guest"));
	EXPECT_EQ(GUEST_CODE_AT + 7, RIP(g));
}

/*
 * Without paging INVPCID reads its operand, at a physical address, and has nothing to
 * flush.  The tables from before have gone: nobody may look at them.
 */
GUEST_CODE32(code_invpcid, "mov $7, %eax; xor %ecx, %ecx; cpuid; bt $10, %ebx; jnc 1f;"
	     "mov %cr0, %eax; btr $31, %eax; mov %eax, %cr0;"
	     "mov $0, %ebx; mov $0xa000, %edi; mov $0x800, %ecx; xor %eax, %eax; rep stosl;"
	     "invpcid 0x20000, %ebx; inc %ebx; invpcid 0x20000, %ebx; inc %ebx;"
	     "invpcid 0x20000, %ebx; inc %ebx; invpcid 0x20000, %ebx; inc %ebx;"
	     "invpcid 0x20000, %ebx; 1: hlt");

TEST_F(modes, invpcid_without_paging)
{
	struct guest *g = &self->guest;

	if (guest_lacks(g, GUEST_PROT))
		SKIP(return, "%s", guest_lacks(g, GUEST_PROT));
	GUEST_START(g, GUEST_PAGED, code_invpcid);
	if (guest_run(g) == KEEL_EXIT_HLT)
		SKIP(return, "this CPU has no INVPCID");
	/* Type 4 does not exist. */
	EXPECT_EQ(GP, g->trap.vector);
	EXPECT_EQ(4, RBX(g));
}

TEST_F(modes, real_mode_without_unrestricted_guest)
{
	struct guest *g = &self->guest;

	if (g->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST)
		SKIP(return, "this CPU has unrestricted guest");
	ASSERT_EQ(0, guest_start(g, GUEST_REAL, code_real_begin,
				 code_real_end - code_real_begin));
	EXPECT_EQ(-EOPNOTSUPP, guest_run(g));
	ASSERT_EQ(0, guest_start(g, GUEST_PROT, code_flat_begin,
				 code_flat_end - code_flat_begin));
	EXPECT_EQ(guest_lacks(g, GUEST_PROT) ? -EOPNOTSUPP : KEEL_EXIT_HLT, guest_run(g));
	GUEST_START(g, GUEST_PAGED, code_flat);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

/* Read at ESI; paging off, EDX to the entry at physical EDI, paging on; read again. */
GUEST_CODE32(code_entry_without_paging,
	     "mov (%esi), %eax; mov %cr3, %ecx; mov %ecx, %cr3; mov (%esi), %eax;"
	     "mov %cr0, %ecx; and $0x7fffffff, %ecx; mov %ecx, %cr0; jmp 1f;"
	     "1: mov %edx, (%edi); or $0x80000000, %ecx; mov %ecx, %cr0; jmp 2f;"
	     "2: mov (%esi), %ebx; hlt");

/*
 * MOV to CR0 that changes PG flushes all translations.  On shadow page tables the guest
 * leaves them meanwhile, and its table, of which they know, is not write-protected.
 */
TEST_F(modes, entry_written_without_paging)
{
	struct guest *g = &self->guest;
	__u32 *pte;

	if (guest_lacks(g, GUEST_PROT))
		SKIP(return, "%s", guest_lacks(g, GUEST_PROT));
	GUEST_START(g, GUEST_PAGED, code_entry_without_paging);
	pte = guest_pte(g, GUEST_DATA_AT);
	GUEST_U64(g, GUEST_DATA_AT) = 0x1111;
	GUEST_U64(g, GUEST_DATA_AT + 0x1000) = 0x2222;
	RSI(g) = GUEST_DATA_AT;
	RDI(g) = (__u8 *)pte - g->mem;
	RDX(g) = *pte + 0x1000;
	g->run->state_dirty |= KEEL_STATE_REGS;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1111, RAX(g));
	EXPECT_EQ(0x2222, RBX(g));
}

TEST_HARNESS_MAIN
