// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: IN, OUT, and the string forms with and without REP.
 *
 * SDM: "IN", "OUT", "INS", "OUTS", "REP".
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define DB	1
#define GP	13
#define PF	14
#define TF	0x100
#define DF	0x400
#define PAGE	4096

FIXTURE(io)
{
	struct guest guest;
};

FIXTURE_SETUP(io)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(io)
{
	guest_free(&self->guest);
}

static void *io_data(struct guest *g)
{
	return (char *)g->run + g->run->io.data_offset;
}

#define EXPECT_IO(g, p, width, is_in, n) do {				\
	GUEST_RUN(g, KEEL_EXIT_IO);					\
	EXPECT_EQ(p, (g)->run->io.port);				\
	EXPECT_EQ(width, (g)->run->io.bytes);				\
	EXPECT_EQ(is_in, (g)->run->io.in);				\
	ASSERT_EQ(n, (g)->run->io.count);				\
} while (0)

GUEST_CODE(code_out, "outb %al, $0x12; outw %ax, $0x34; outl %eax, %dx; hlt");

TEST_F(io, out)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_out);
	RAX(g) = 0x1122334455667788;
	RDX(g) = 0xfffe;
	EXPECT_IO(g, 0x12, 1, 0, 1);
	EXPECT_EQ(0x88, *(__u8 *)io_data(g));
	EXPECT_IO(g, 0x34, 2, 0, 1);
	EXPECT_EQ(0x7788, *(__u16 *)io_data(g));
	EXPECT_IO(g, 0xfffe, 4, 0, 1);
	EXPECT_EQ(0x55667788, *(__u32 *)io_data(g));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x1122334455667788, RAX(g));
}

GUEST_CODE(code_in8, "inb $0x12, %al; hlt");
GUEST_CODE(code_in16, "inw $0x12, %ax; hlt");
GUEST_CODE(code_in32, "inl $0x12, %eax; hlt");

/* IN leaves the rest of RAX alone, but for its 32-bit form. */
TEST_F(io, in8)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_in8);
	RAX(g) = 0x1122334455667788;
	EXPECT_IO(g, 0x12, 1, 1, 1);
	*(__u32 *)io_data(g) = 0xdeadbeef;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x11223344556677ef, RAX(g));
}

TEST_F(io, in16)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_in16);
	RAX(g) = 0x1122334455667788;
	EXPECT_IO(g, 0x12, 2, 1, 1);
	*(__u32 *)io_data(g) = 0xdeadbeef;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x112233445566beef, RAX(g));
}

TEST_F(io, in32)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_in32);
	RAX(g) = 0x1122334455667788;
	EXPECT_IO(g, 0x12, 4, 1, 1);
	*(__u32 *)io_data(g) = 0xdeadbeef;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xdeadbeef, RAX(g));
}

/* RIP is behind IN already when the VMM sees it. */
TEST_F(io, in_is_done_at_the_exit)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_in8);
	EXPECT_IO(g, 0x12, 1, 1, 1);
	EXPECT_EQ(GUEST_CODE_AT + 2, RIP(g));
	*(__u8 *)io_data(g) = 9;
	/* Completed without running the guest. */
	g->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, guest_run(g));
	g->run->immediate_exit = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(9, RAX(g));
}

TEST_F(io, in_ring_3_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_USER, code_in8);
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

GUEST_CODE(code_outsb, "outsb; hlt");
GUEST_CODE(code_rep_outsb, "rep outsb; hlt");
GUEST_CODE(code_rep_outsl, "rep outsl; hlt");
GUEST_CODE(code_rep_outsw, "rep outsw; hlt");
GUEST_CODE(code_insb, "insb; hlt");
GUEST_CODE(code_rep_insb, "rep insb; hlt");
GUEST_CODE(code_rep_insl, "rep insl; hlt");

TEST_F(io, outs)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_outsb);
	g->mem[GUEST_DATA_AT] = 0x5a;
	RSI(g) = GUEST_DATA_AT;
	RDX(g) = 0x3f8;
	RCX(g) = 77;
	EXPECT_IO(g, 0x3f8, 1, 0, 1);
	EXPECT_EQ(0x5a, *(__u8 *)io_data(g));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_DATA_AT + 1, RSI(g));
	EXPECT_EQ(77, RCX(g));
}

TEST_F(io, outs_backwards)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_outsw);
	GUEST_U64(g, GUEST_DATA_AT) = 0x4444333322221111;
	RSI(g) = GUEST_DATA_AT + 4;
	RCX(g) = 3;
	RFLAGS(g) |= DF;
	EXPECT_IO(g, 0, 2, 0, 3);
	EXPECT_EQ(0, memcmp(io_data(g), "\x33\x33\x22\x22\x11\x11", 6));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_DATA_AT - 2, RSI(g));
	EXPECT_EQ(0, RCX(g));
}

TEST_F(io, rep_outs_comes_in_one_batch)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_outsb);
	memcpy(g->mem + GUEST_DATA_AT, "a greeting", 10);
	RSI(g) = GUEST_DATA_AT;
	RCX(g) = 10;
	RDX(g) = 0xe9;
	EXPECT_IO(g, 0xe9, 1, 0, 10);
	EXPECT_EQ(0, memcmp(io_data(g), "a greeting", 10));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_DATA_AT + 10, RSI(g));
	EXPECT_EQ(0, RCX(g));
}

TEST_F(io, rep_with_rcx_0_does_nothing)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_outsb);
	RSI(g) = GUEST_DATA_AT;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_DATA_AT, RSI(g));
	GUEST_START(g, GUEST_LONG, code_rep_insb);
	RDI(g) = GUEST_DATA_AT;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(GUEST_DATA_AT, RDI(g));
}

/* Serve REP INS with 1, 2, 3, ... until the guest halts; the number of bytes. */
static long serve_ins(struct guest *g, long bytes)
{
	long i, done = 0;
	int ret;

	while ((ret = guest_run(g)) == KEEL_EXIT_IO) {
		long n = (long)g->run->io.count * g->run->io.bytes;

		for (i = 0; i < n && done < bytes; i++, done++)
			((__u8 *)io_data(g))[i] = done * 7 + 1;
	}
	return ret == KEEL_EXIT_HLT ? done : -ret;
}

static bool served(struct guest *g, __u64 at, long bytes)
{
	long i;

	for (i = 0; i < bytes; i++)
		if (g->mem[at + i] != (__u8)(i * 7 + 1))
			return false;
	return true;
}

TEST_F(io, ins)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_insb);
	GUEST_U64(g, GUEST_DATA_AT) = ~0ULL;
	RDI(g) = GUEST_DATA_AT;
	EXPECT_IO(g, 0, 1, 1, 1);
	*(__u8 *)io_data(g) = 0x5a;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xffffffffffffff5a, GUEST_U64(g, GUEST_DATA_AT));
	EXPECT_EQ(GUEST_DATA_AT + 1, RDI(g));
}

TEST_F(io, rep_ins_over_many_pages)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_insl);
	RDI(g) = GUEST_DATA_AT + 6;	/* elements lie across pages, too */
	RCX(g) = 3 * PAGE / 4;
	EXPECT_EQ(3 * PAGE, serve_ins(g, 3 * PAGE));
	EXPECT_TRUE(served(g, GUEST_DATA_AT + 6, 3 * PAGE));
	EXPECT_EQ(0, RCX(g));
	EXPECT_EQ(GUEST_DATA_AT + 6 + 3 * PAGE, RDI(g));
}

TEST_F(io, rep_outs_over_pages_that_lie_apart)
{
	struct guest *g = &self->guest;
	__u8 got[64];
	int done = 0, i;

	GUEST_START(g, GUEST_LONG, code_rep_outsb);
	/* The second page of the buffer is elsewhere. */
	*(__u64 *)guest_pte(g, GUEST_DATA_AT + PAGE) = (GUEST_DATA_AT + 4 * PAGE) | 0x67;
	for (i = 0; i < 32; i++) {
		g->mem[GUEST_DATA_AT + PAGE - 32 + i] = i;
		g->mem[GUEST_DATA_AT + 4 * PAGE + i] = 32 + i;
	}
	RSI(g) = GUEST_DATA_AT + PAGE - 32;
	RCX(g) = 64;
	while (done < 64) {
		GUEST_RUN(g, KEEL_EXIT_IO);
		ASSERT_LE(done + g->run->io.count, 64);
		memcpy(got + done, io_data(g), g->run->io.count);
		done += g->run->io.count;
	}
	GUEST_RUN(g, KEEL_EXIT_HLT);
	for (i = 0; i < 64; i++)
		EXPECT_EQ(i, got[i]);
}

/* What comes before the fault is done, and the registers say so. */
TEST_F(io, rep_outs_into_a_page_fault)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_outsb);
	*(__u64 *)guest_pte(g, GUEST_DATA_AT + PAGE) = 0;
	RSI(g) = GUEST_DATA_AT + PAGE - 5;
	RCX(g) = 9;
	EXPECT_IO(g, 0, 1, 0, 5);
	GUEST_RUN_TO_TRAP(g, PF, 0);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	EXPECT_EQ(GUEST_DATA_AT + PAGE, g->run->control.cr2);
	EXPECT_EQ(GUEST_DATA_AT + PAGE, RSI(g));
	EXPECT_EQ(4, RCX(g));
	/* The guest mends it and goes on. */
	*(__u64 *)guest_pte(g, GUEST_DATA_AT + PAGE) = (GUEST_DATA_AT + PAGE) | 0x67;
	EXPECT_IO(g, 0, 1, 0, 4);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, RCX(g));
}

TEST_F(io, rep_ins_into_a_page_fault)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rep_insb);
	/* Present and read-only, which counts in ring 0 with CR0.WP. */
	*(__u64 *)guest_pte(g, GUEST_DATA_AT + PAGE) = (GUEST_DATA_AT + PAGE) | 0x65;
	RDI(g) = GUEST_DATA_AT + PAGE - 3;
	RCX(g) = 9;
	EXPECT_IO(g, 0, 1, 1, 3);
	memcpy(io_data(g), "\1\2\3", 3);
	GUEST_RUN_TO_TRAP(g, PF, 3);
	EXPECT_EQ(GUEST_DATA_AT + PAGE, g->run->control.cr2);
	EXPECT_EQ(GUEST_DATA_AT + PAGE, RDI(g));
	EXPECT_EQ(6, RCX(g));
	EXPECT_EQ(0, memcmp(g->mem + GUEST_DATA_AT + PAGE - 3, "\1\2\3", 3));
}

TEST_F(io, outs_from_a_non_canonical_address_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_outsb);
	RSI(g) = 0x0000800000000000;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

GUEST_CODE(code_outs_fs, "outsb %fs:(%rsi), %dx; hlt");

TEST_F(io, outs_with_segment_base)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_outs_fs);
	g->run->segments.seg[KEEL_FS].base = GUEST_DATA_AT;
	g->mem[GUEST_DATA_AT + 4] = 0x77;
	RSI(g) = 4;
	EXPECT_IO(g, 0, 1, 0, 1);
	EXPECT_EQ(0x77, *(__u8 *)io_data(g));
}

GUEST_CODE16(code_outs_16, "rep outsb; hlt");

/* SI and CX are 16 bits wide; SI wraps, and the upper halves stay. */
TEST_F(io, rep_outs_in_real_mode)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_REAL, code_outs_16);
	g->run->segments.seg[KEEL_DS].base = GUEST_DATA_AT;
	g->run->segments.seg[KEEL_DS].selector = GUEST_DATA_AT >> 4;
	memcpy(g->mem + GUEST_DATA_AT, "real", 4);
	RSI(g) = 0xaaaa0000;
	RCX(g) = 0xbbbb0004;
	EXPECT_IO(g, 0, 1, 0, 4);
	EXPECT_EQ(0, memcmp(io_data(g), "real", 4));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xaaaa0004, RSI(g));
	EXPECT_EQ(0xbbbb0000, RCX(g));
}

GUEST_CODE32(code_outs_32, "outsl; hlt");

TEST_F(io, outs_beyond_the_segment_limit_is_gp)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_PAGED, code_outs_32);
	g->run->segments.seg[KEEL_DS].limit = 0x2ffff;
	g->run->segments.seg[KEEL_DS].attributes = 0x4093;
	RSI(g) = 0x2fffd;
	GUEST_RUN_TO_TRAP(g, GP, 0);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

/* A trap after each instruction: for the CPU, one served by the VMM is one. */
TEST_F(io, single_step_over_out)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_out);
	RFLAGS(g) |= TF;
	EXPECT_IO(g, 0x12, 1, 0, 1);
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_EQ(0x4000, g->run->debug.dr6 & 0xe00f);
}

TEST_F(io, single_step_over_ins)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_insb);
	RDI(g) = GUEST_DATA_AT;
	RFLAGS(g) |= TF;
	EXPECT_IO(g, 0, 1, 1, 1);
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 1, g->trap.rip);
	EXPECT_EQ(0x4000, g->run->debug.dr6 & 0xe00f);
}

GUEST_CODE(code_sti_ins, "sti; insb; nop; hlt");

/* The shadow of STI ends with the instruction that follows it. */
TEST_F(io, ins_ends_the_interrupt_shadow)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti_ins);
	RDI(g) = GUEST_DATA_AT;
	EXPECT_IO(g, 0, 1, 1, 1);
	ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_INTERRUPT, 0x40));
	GUEST_RUN_TO_TRAP(g, 0x40, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
}

TEST_HARNESS_MAIN
