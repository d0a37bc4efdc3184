// SPDX-License-Identifier: GPL-2.0
/*
 * A new VM finds what its VMM gave it and what a reset leaves, and nothing of those
 * that were before: registers, run page, APIC page, extended registers, memory.
 *
 * The kernel of a distribution zeroes pages that it hands out (init_on_alloc=1); boot
 * with init_on_alloc=0 to test Keel alone.
 *
 * SDM: "Processor State After Reset".
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"

#define MARK		0x5ec4e75ec4e75ULL	/* of whoever was there before */
#define FREED_BYTES	0x400000
#define ROUNDS		2
#define XSAVE_BYTES	8192
#define LVT_MARK	(LVT_MASKED | 0xe5)
#define OUT_AT		0x100000		/* the APIC page as the guest reads it */

/* A guest that leaves the mark wherever it can, and goes. */
GUEST_CODE(leave_marks,
	   "mov %rax, %rbx; mov %rax, %rcx; mov %rax, %rdx; mov %rax, %rsi; mov %rax, %r8;"
	   "mov %rax, %r9; mov %rax, %r15; movq %rax, %xmm0; movddup %xmm0, %xmm0;"
	   "movaps %xmm0, %xmm1; movaps %xmm0, %xmm7; movaps %xmm0, %xmm15; fildll 0x20000;"
	   "mov $0x30000, %edi; mov $0x2000, %ecx; rep stosq; hlt");

static void mark_kernel_pages(struct __test_metadata *_metadata)
{
	__u64 *all = mmap(NULL, FREED_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	ASSERT_NE(MAP_FAILED, all);
	for (size_t i = 0; i < FREED_BYTES / 8; i++)
		all[i] = MARK;
	munmap(all, FREED_BYTES);
}

static void mark_xsave(struct __test_metadata *_metadata, struct guest *g)
{
	static __u8 area[XSAVE_BYTES] __attribute__((aligned(64)));
	struct keel_state s = {
		.groups = KEEL_STATE_XSAVE, .xsave = (__u64)(unsigned long)area,
		.xsave_size = sizeof(area),
	};

	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	for (int i = 160; i < 416; i += 8)
		*(__u64 *)(area + i) = MARK;
	for (__u32 i = 576; i < g->info.xsave_size; i += 8)
		*(__u64 *)(area + i) = MARK;
	*(__u64 *)(area + 512) |= g->info.supported_xcr0;
	ASSERT_EQ(0, keel_set_state(g->vcpu, &s));
}

static void one_before(struct __test_metadata *_metadata, __u32 flags)
{
	static const __u32 msrs[] = { 0x174, 0x175, 0x176, 0xc0000082, 0xc0000083, 0xc0000102 };
	struct guest g;

	ASSERT_EQ(0, guest_init_vm(&g, flags, 0));
	GUEST_START(&g, GUEST_LONG, leave_marks);
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		ASSERT_EQ(0, guest_set_msr(&g, msrs[i], MARK & 0x7fffffff));
	mark_xsave(_metadata, &g);
	for (size_t i = 0; i < (KEEL_RUN_SIZE - KEEL_RUN_DATA) / 8; i++)
		((__u64 *)((__u8 *)g.run + KEEL_RUN_DATA))[i] = MARK;
	GUEST_DATA(&g, 0) = MARK;
	RAX(&g) = MARK;
	GUEST_RUN(&g, KEEL_EXIT_HLT);
	if (flags & KEEL_VM_LAPIC)
		for (__u32 reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 16)
			ASSERT_EQ(0, keel_lapic_write(g.vcpu, reg, LVT_MARK));
	guest_free(&g);
}

FIXTURE(remains)
{
	struct guest guest;
};

FIXTURE_VARIANT(remains)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(remains, plain) { .flags = 0 };
FIXTURE_VARIANT_ADD(remains, lapic) { .flags = KEEL_VM_LAPIC };

FIXTURE_SETUP(remains)
{
	GUEST_SETUP_VM(&self->guest, variant->flags);
	guest_free(&self->guest);
	/* Those who were there before, then the pages that they and others gave back. */
	for (int i = 0; i < ROUNDS; i++)
		one_before(_metadata, variant->flags);
	mark_kernel_pages(_metadata);
	ASSERT_EQ(0, guest_init_vm(&self->guest, variant->flags, 0));
}

FIXTURE_TEARDOWN(remains)
{
	guest_free(&self->guest);
}

static bool half_has_mark(__u32 half)
{
	return half == (__u32)MARK || half == LVT_MARK;
}

/* The mark, or a good part of it: it may have been shifted or cut. */
static bool has_mark(__u64 value)
{
	return value == MARK || half_has_mark(value) || half_has_mark(value >> 32) ||
		value >> 16 == MARK >> 16;
}

static bool find_mark(const void *at, size_t bytes)
{
	for (size_t i = 0; i + 8 <= bytes; i += 8)
		if (has_mark(*(const __u64 *)((const __u8 *)at + i)))
			return true;
	return false;
}

TEST_F(remains, run_page)
{
	const __u8 *all = (__u8 *)self->guest.run;

	ASSERT_EQ(KEEL_RUN_SIZE, self->guest.info.run_size);
	for (size_t i = 0; i < KEEL_RUN_SIZE; i++)
		ASSERT_EQ(0, all[i]);
}

/* Zero but for what the SDM's table says: RDX, RIP, CS, CR0, DR6 and so on. */
TEST_F(remains, registers)
{
	struct guest *g = &self->guest;
	struct keel_state s = { .groups = KEEL_STATE_RUN };
	__u64 value;

	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	for (int i = 0; i < 16; i++)
		if (i != KEEL_RDX)
			EXPECT_EQ(0, s.regs.gpr[i]);
	EXPECT_EQ(0xfff0, s.regs.rip);
	EXPECT_EQ(2, s.regs.rflags);
	EXPECT_EQ(0, s.control.cr2);
	EXPECT_EQ(0, s.control.cr3);
	EXPECT_EQ(0, s.control.cr4);
	EXPECT_EQ(0, s.control.efer);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, s.debug.dr[i]);
		EXPECT_EQ(0, s.control.pdpte[i]);
	}
	EXPECT_EQ(0, s.events.exception.valid | s.events.interrupt.valid | s.events.nmi_pending);
	EXPECT_FALSE(find_mark(&s.segments, sizeof(s.segments)));
	for (__u32 msr = 0; msr < 0x900; msr++) {
		if (!guest_get_msr(g, msr, &value))
			EXPECT_FALSE(has_mark(value));
		if (!guest_get_msr(g, 0xc0000000 + msr, &value))
			EXPECT_FALSE(has_mark(value));
	}
}

TEST_F(remains, extended_registers)
{
	static __u8 area[XSAVE_BYTES] __attribute__((aligned(64)));
	struct guest *g = &self->guest;
	struct keel_state s = {
		.groups = KEEL_STATE_XSAVE, .xsave = (__u64)(unsigned long)area,
		.xsave_size = sizeof(area),
	};

	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	/* ST, XMM, and what AVX and AVX-512 add. */
	for (int i = 32; i < 512; i++)
		EXPECT_EQ(0, area[i]);
	for (__u32 i = 576; i < g->info.xsave_size; i++)
		EXPECT_EQ(0, area[i]);
}

GUEST_CODE(read_page,
	   "1: mov (%rsi), %eax; mov %eax, (%rdi); add $16, %rsi; add $4, %rdi;"
	   "cmp %rcx, %rsi; jne 1b; vmcall");

TEST_F(remains, apic_page)
{
	struct guest *g = &self->guest;

	if (!variant->flags)
		SKIP(return, "no local APIC in this VM");
	APIC_START(g, read_page);
	RSI(g) = APIC_AT;
	RDI(g) = OUT_AT;
	RCX(g) = APIC_AT + 0x400;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_FALSE(find_mark(g->mem + OUT_AT, 0x100));
	for (__u32 reg = APIC_ISR; reg < APIC_ESR; reg += 16)
		EXPECT_EQ(0, GUEST_U32(g, OUT_AT + reg / 4));
	for (__u32 reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 16)
		EXPECT_EQ(LVT_MASKED, GUEST_U32(g, OUT_AT + reg / 4));
}

/* All of its memory, and its own registers, as its first instructions find them. */
GUEST_CODE(look,
	   "movaps %xmm0, 0x20000; movaps %xmm7, 0x20010; movaps %xmm15, 0x20020;"
	   "fxsave 0x20100; mov %r8, 0x20030; mov %r9, 0x20038; mov %r15, 0x20040;"
	   "1: cmp %rax, (%rsi); je 2f; add $8, %rsi; cmp %rcx, %rsi; jne 1b; xor %esi, %esi;"
	   "2: vmcall");

TEST_F(remains, what_the_guest_sees)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, look);
	RSI(g) = 0;
	RAX(g) = MARK;
	RCX(g) = GUEST_BYTES;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(0, RSI(g));
	EXPECT_FALSE(find_mark(g->mem + GUEST_DATA_AT, 0x300));
	for (int i = 0; i < 9; i++)
		EXPECT_EQ(0, GUEST_DATA(g, i));
}

TEST_HARNESS_MAIN
