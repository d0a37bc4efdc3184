// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on faults: descriptor tables that are junk, or where no memory is, or too
 * short, and stacks likewise, and then all that uses them.  Each ends in bounded time.
 *
 * SDM: "Interrupt 8 - Double Fault Exception", "Information for VM Exits That Occur
 * During Event Delivery".
 */
#include <string.h>

#include "kselftest_harness.h"
#include "lib/hostile.h"

#define DF	8
#define TRIES	150
#define EXITS	30
#define SEED	17
#define NOWHERE	0x20000000ULL	/* mapped where there is paging, and no memory */

FIXTURE(hostile_faults)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_SETUP(hostile_faults)
{
	HOSTILE_SETUP(&self->h, 0, SEED);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->h.guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_faults)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

#define START(h, mode, code) \
	ASSERT_EQ(0, hostile_start(h, mode, code##_begin, code##_end - code##_begin))
#define EXPECT_EXIT(h, exit) do {					\
	EXPECT_EQ(exit, guest_run(&(h)->guest)) {			\
		TH_LOG("%s", guest_describe(&(h)->guest));		\
	}								\
} while (0)

GUEST_CODE(undefined, "ud2");

TEST_F(hostile_faults, no_idt_is_a_triple_fault)
{
	struct hostile *h = &self->h;

	hostile_no_timer();
	START(h, HOSTILE_LONG, undefined);
	h->guest.run->segments.idtr.limit = 0;
	EXPECT_EXIT(h, KEEL_EXIT_SHUTDOWN);
	/* It stays so until the VMM does something about it. */
	EXPECT_EXIT(h, KEEL_EXIT_SHUTDOWN);
	HOST_UNCHANGED(&self->before);
}

/* Gate 6 is absent, which is #NP; so is gate 11, which makes a double fault. */
TEST_F(hostile_faults, double_and_triple)
{
	struct hostile *h = &self->h;
	struct guest *g = &h->guest;

	hostile_no_timer();
	START(h, HOSTILE_LONG, undefined);
	GUEST_U64(g, GUEST_IDT_AT + 16 * 6) &= ~(0x80ULL << 40);
	GUEST_U64(g, GUEST_IDT_AT + 16 * 11) &= ~(0x80ULL << 40);
	GUEST_RUN_TO_TRAP(g, DF, 0);
	START(h, HOSTILE_LONG, undefined);
	GUEST_U64(g, GUEST_IDT_AT + 16 * 6) &= ~(0x80ULL << 40);
	GUEST_U64(g, GUEST_IDT_AT + 16 * 11) &= ~(0x80ULL << 40);
	GUEST_U64(g, GUEST_IDT_AT + 16 * 8) &= ~(0x80ULL << 40);
	EXPECT_EXIT(h, KEEL_EXIT_SHUTDOWN);
	memcpy(g->mem + GUEST_IDT_AT, h->clean[HOSTILE_LONG] + GUEST_IDT_AT, 0x1000);
	HOST_UNCHANGED(&self->before);
}

/* Where no memory is: an access that the VMM is told of, as often as it resumes. */
TEST_F(hostile_faults, tables_and_stack_where_no_memory_is)
{
	struct hostile *h = &self->h;
	struct keel_run *run = h->guest.run;

	hostile_no_timer();
	for (int i = 0; i < 3; i++) {
		START(h, HOSTILE_LONG, undefined);
		if (i == 0)
			run->segments.idtr.base = NOWHERE;
		else if (i == 1)
			run->segments.gdtr.base = NOWHERE;
		else
			run->regs.gpr[KEEL_RSP] = NOWHERE + 0x800;
		for (int n = 0; n < 5; n++) {
			EXPECT_EXIT(h, KEEL_EXIT_MMIO);
			EXPECT_EQ(NOWHERE, run->mmio.gpa & ~0xfffULL);
		}
	}
	HOST_UNCHANGED(&self->before);
}

static __u64 junk_descriptor(struct hostile *h)
{
	/* Present mostly, any type, any base and limit. */
	return hostile_random(h) | (hostile_pick(h, 4) ? 0x80ULL << 40 : 0);
}

static void junk_tables(struct hostile *h)
{
	struct guest *g = &h->guest;
	struct keel_segments *s = &g->run->segments;
	static const __u32 at[] = { GUEST_GDT_AT, GUEST_IDT_AT, GUEST_TSS_AT, GUEST_DATA_AT };

	for (int i = hostile_pick(h, 12); i >= 0; i--)
		GUEST_U64(g, at[hostile_pick(h, 4)] + 8 * hostile_pick(h, 64)) =
			junk_descriptor(h);
	if (!hostile_pick(h, 3))
		s->gdtr.base = hostile_value(h);
	if (!hostile_pick(h, 3))
		s->idtr.base = hostile_value(h);
	if (!hostile_pick(h, 3))
		s->gdtr.limit = hostile_pick(h, 0x10000);
	if (!hostile_pick(h, 3))
		s->idtr.limit = hostile_pick(h, 0x10000);
	/* Bases in canonical form, as any CPU has them. */
	s->gdtr.base = (__u64)((__s64)(s->gdtr.base << 16) >> 16);
	s->idtr.base = (__u64)((__s64)(s->idtr.base << 16) >> 16);
	if (h->mode > HOSTILE_COMPAT) {
		s->gdtr.base = (__u32)s->gdtr.base;
		s->idtr.base = (__u32)s->idtr.base;
	}
	if (!hostile_pick(h, 3))
		g->run->regs.gpr[KEEL_RSP] = hostile_value(h);
	for (int i = 0; i < 16; i++)
		GUEST_U64(g, GUEST_STACK_AT - 64 + 8 * i) = hostile_value(h);
}

/* Loads from tables, and what goes through a gate, one after another. */
static size_t uses_of_tables(struct hostile *h, __u8 *code)
{
	static const __u8 uses[][4] = {
		{ 0xcd, 0x20, 0x90, 0x90 }, { 0xcd, 0x80, 0x90, 0x90 }, { 0x0f, 0x0b, 0x90, 0x90 },
		{ 0x8e, 0xd8, 0x90, 0x90 }, { 0x8e, 0xd0, 0x90, 0x90 }, { 0x8e, 0xe0, 0x90, 0x90 },
		{ 0x0f, 0x00, 0xd0, 0x90 }, { 0x0f, 0x00, 0xd8, 0x90 }, { 0xff, 0x2b, 0x90, 0x90 },
		{ 0xff, 0x1b, 0x90, 0x90 }, { 0xcf, 0x90, 0x90, 0x90 }, { 0x48, 0xcf, 0x90, 0x90 },
		{ 0xcb, 0x90, 0x90, 0x90 }, { 0x0f, 0x02, 0xc8, 0x90 }, { 0xf7, 0xf1, 0x90, 0x90 },
		{ 0xf1, 0x90, 0x90, 0x90 }, { 0xcc, 0x90, 0x90, 0x90 }, { 0x9d, 0x90, 0x90, 0x90 },
	};
	size_t len = 0;

	for (int i = 0; i < 8; i++, len += 4)
		memcpy(code + len, uses[hostile_pick(h, ARRAY_SIZE(uses))], 4);
	return len;
}

TEST_F(hostile_faults, junk_in_descriptor_tables)
{
	struct hostile *h = &self->h;
	enum hostile_mode mode;
	enum hostile_end end;
	__u8 code[64];
	size_t len;

	for (int i = 0; i < TRIES; i++) {
		mode = hostile_pick(h, HOSTILE_MODES);
		if (hostile_lacks(h, mode))
			continue;
		len = uses_of_tables(h, code);
		ASSERT_EQ(0, hostile_start(h, mode, code, len));
		/* The test wrote to these itself. */
		memcpy(h->guest.mem, h->clean[mode], HOSTILE_LOW);
		RAX(&h->guest) = hostile_pick(h, 0x80);
		RBX(&h->guest) = GUEST_DATA_AT + 8 * hostile_pick(h, 64);
		junk_tables(h);
		HOSTILE_RUN(h, EXITS, end);
	}
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
