// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_GET_STATE and KEEL_SET_STATE: each group comes back as it was given, what
 * no CPU takes is refused and changes nothing; and the groups of the run page.
 * With them KEEL_TRANSLATE and KEEL_DUMP_VMCS, which look into the same state.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

FIXTURE(state)
{
	struct guest guest;
	struct keel_state s;
};

GUEST_CODE(code, "inc %eax; hlt; inc %eax; hlt");

FIXTURE_SETUP(state)
{
	struct guest *g = &self->guest;

	GUEST_SETUP(g);
	GUEST_START(g, GUEST_LONG, code);
	memset(&self->s, 0, sizeof(self->s));
	self->s.groups = KEEL_STATE_RUN;
	ASSERT_EQ(0, keel_get_state(g->vcpu, &self->s));
}

FIXTURE_TEARDOWN(state)
{
	guest_free(&self->guest);
}

/* Set @group of @s, read all into another, and compare. */
#define EXPECT_ROUND_TRIP(self, group, member) do {			\
	struct keel_state __back = { .groups = KEEL_STATE_RUN };	\
									\
	(self)->s.groups = group;					\
	ASSERT_EQ(0, keel_set_state((self)->guest.vcpu, &(self)->s));	\
	ASSERT_EQ(0, keel_get_state((self)->guest.vcpu, &__back));	\
	EXPECT_EQ(0, memcmp(&(self)->s.member, &__back.member,		\
			    sizeof(__back.member)));			\
} while (0)

TEST_F(state, regs)
{
	int i;

	for (i = 0; i < 16; i++)
		self->s.regs.gpr[i] = 0x1111111111111111ULL * i;
	self->s.regs.rip = 0x123456;
	self->s.regs.rflags = 0x246;
	EXPECT_ROUND_TRIP(self, KEEL_STATE_REGS, regs);
}

TEST_F(state, segments)
{
	int i;

	for (i = KEEL_DS; i <= KEEL_GS; i++) {
		self->s.segments.seg[i].base = 0x10000 * i;
		self->s.segments.seg[i].limit = 0xfffff + i;
		self->s.segments.seg[i].selector = 8 * i;
	}
	self->s.segments.gdtr.base = 0xffff800000000000;
	self->s.segments.idtr.limit = 0xabc;
	EXPECT_ROUND_TRIP(self, KEEL_STATE_SEGMENTS, segments);
}

TEST_F(state, control)
{
	self->s.control.cr2 = 0x123456789abc;
	self->s.control.cr3 = 0x5000;
	self->s.control.cr8 = 7;
	self->s.control.efer |= 1;
	self->s.control.cr4 |= 0x80;
	self->s.control.cr0 |= 8;
	EXPECT_ROUND_TRIP(self, KEEL_STATE_CONTROL, control);
}

TEST_F(state, debug)
{
	self->s.debug.dr[0] = 0x1000;
	self->s.debug.dr[3] = 0xffff800000001000;
	self->s.debug.dr6 = 0xffff4ff1;
	self->s.debug.dr7 = 0x402;
	EXPECT_ROUND_TRIP(self, KEEL_STATE_DEBUG, debug);
}

TEST_F(state, events)
{
	struct keel_event exception = {
		.valid = 1, .type = KEEL_EVENT_EXCEPTION, .vector = 14,
		.flags = KEEL_EVENT_ERROR_CODE, .error_code = 3, .payload = 0x1234,
	};

	self->s.events.exception = exception;
	self->s.events.interrupt.valid = 1;
	self->s.events.interrupt.vector = 0x55;
	self->s.events.nmi_pending = 1;
	self->s.events.blocking = KEEL_BLOCKING_NMI;
	self->s.events.activity = KEEL_ACTIVITY_HLT;
	EXPECT_ROUND_TRIP(self, KEEL_STATE_EVENTS, events);
}

/* One wrong member, and nothing of the call is loaded. */
#define EXPECT_REFUSED(self, group, member, bad) do {			\
	struct keel_state __back = { .groups = KEEL_STATE_RUN };	\
	struct keel_state __s = (self)->s;				\
									\
	__s.groups = KEEL_STATE_REGS | (group);				\
	__s.regs.gpr[KEEL_RAX] = 0x77;					\
	__s.member = bad;						\
	EXPECT_EQ(-EINVAL, keel_set_state((self)->guest.vcpu, &__s));	\
	ASSERT_EQ(0, keel_get_state((self)->guest.vcpu, &__back));	\
	EXPECT_EQ(0, memcmp(&(self)->s.regs, &__back.regs, sizeof(__back.regs)));	\
	EXPECT_EQ(0, memcmp(&(self)->s.control, &__back.control,	\
			    sizeof(__back.control)));			\
} while (0)

TEST_F(state, wrong_values_are_refused)
{
	EXPECT_REFUSED(self, KEEL_STATE_REGS, regs.rflags, 0x8002);
	EXPECT_REFUSED(self, KEEL_STATE_SEGMENTS, segments.gdtr.limit, 0x10000);
	EXPECT_REFUSED(self, KEEL_STATE_SEGMENTS, segments.seg[KEEL_DS].reserved, 1);
	EXPECT_REFUSED(self, KEEL_STATE_SEGMENTS, segments.seg[KEEL_DS].attributes, 0x100000);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.cr0, 0x80000000);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.cr0, 0x20000001);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.cr4, 1ULL << 13);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.cr8, 16);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.efer, 2);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.efer, 0x100);
	EXPECT_REFUSED(self, KEEL_STATE_CONTROL, control.xcr0, 4);
	EXPECT_REFUSED(self, KEEL_STATE_DEBUG, debug.dr7, 1ULL << 32);
	EXPECT_REFUSED(self, KEEL_STATE_DEBUG, debug.dr6, 1ULL << 32);
	EXPECT_REFUSED(self, KEEL_STATE_EVENTS, events.blocking, 1U << 31);
	EXPECT_REFUSED(self, KEEL_STATE_EVENTS, events.activity, 4);
	EXPECT_REFUSED(self, KEEL_STATE_EVENTS, events.nmi_pending, 2);
}

TEST_F(state, unknown_groups_are_einval)
{
	struct guest *g = &self->guest;

	self->s.groups = 1ULL << 7;
	EXPECT_EQ(-EINVAL, keel_get_state(g->vcpu, &self->s));
	EXPECT_EQ(-EINVAL, keel_set_state(g->vcpu, &self->s));
	g->run->state_wanted = 1ULL << 40;
	EXPECT_EQ(-EINVAL, guest_run(g));
	/* MSRs do not fit into the run page. */
	g->run->state_wanted = KEEL_STATE_MSRS;
	EXPECT_EQ(-EINVAL, guest_run(g));
}

/* Written in order; the first that fails ends it and is told. */
TEST_F(state, msr_list)
{
	struct keel_msr msrs[] = {
		{ .index = 0x175, .value = 0x1000 },
		{ .index = 0x1fff, .value = 1 },
		{ .index = 0x176, .value = 0x2000 },
	};
	struct guest *g = &self->guest;
	__u64 value;

	self->s.groups = KEEL_STATE_MSRS;
	self->s.msrs = (__u64)(unsigned long)msrs;
	self->s.nr_msrs = 3;
	EXPECT_EQ(-ENOENT, keel_set_state(g->vcpu, &self->s));
	EXPECT_EQ(1, self->s.nr_msrs);
	ASSERT_EQ(0, guest_get_msr(g, 0x175, &value));
	EXPECT_EQ(0x1000, value);
	ASSERT_EQ(0, guest_get_msr(g, 0x176, &value));
	EXPECT_EQ(0, value);
	self->s.nr_msrs = KEEL_MAX_STATE_MSRS + 1;
	EXPECT_EQ(-E2BIG, keel_set_state(g->vcpu, &self->s));
	EXPECT_EQ(-EINVAL, guest_set_msr(g, 0x176, 0x0000800000000000));
}

/* What is not wanted is not written, what is not dirty is not read. */
TEST_F(state, run_page_groups)
{
	struct guest *g = &self->guest;

	g->run->state_wanted = KEEL_STATE_REGS;
	g->run->control.cr3 = 0xdead;
	g->run->regs.gpr[KEEL_RAX] = 5;
	g->run->state_dirty = KEEL_STATE_REGS;
	ASSERT_EQ(0, keel_run(g->vcpu));
	EXPECT_EQ(0, g->run->state_dirty);
	EXPECT_EQ(6, RAX(g));
	EXPECT_EQ(0xdead, g->run->control.cr3);
	RAX(g) = 50;
	ASSERT_EQ(0, keel_run(g->vcpu));
	EXPECT_EQ(7, RAX(g));
}

TEST_F(state, wrong_run_page_is_einval)
{
	struct guest *g = &self->guest;

	g->run->control.cr8 = 16;
	g->run->regs.gpr[KEEL_RAX] = 5;
	g->run->state_dirty = KEEL_STATE_REGS | KEEL_STATE_CONTROL;
	EXPECT_EQ(-EINVAL, keel_run(g->vcpu));
	g->run->state_dirty = 0;
	ASSERT_EQ(0, keel_run(g->vcpu));
	EXPECT_EQ(1, RAX(g));
}

TEST_F(state, translate)
{
	struct keel_translate t = {};
	struct guest *g = &self->guest;

	*(__u64 *)guest_pte(g, 0x21000) = 0x31067;
	*(__u64 *)guest_pte(g, 0x22000) = 0x32061;	/* read-only, supervisor */
	*(__u64 *)guest_pte(g, 0x23000) = 0;
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x21234, 0, &t));
	EXPECT_EQ(0, t.fault);
	EXPECT_EQ(0x31234, t.gpa);
	EXPECT_EQ(4096, t.page_size);
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x600123, KEEL_ACCESS_WRITE, &t));
	EXPECT_EQ(0x600123, t.gpa);
	EXPECT_EQ(0x200000, t.page_size);
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x22000, KEEL_ACCESS_WRITE, &t));
	EXPECT_EQ(1, t.fault);
	EXPECT_EQ(3, t.error_code);
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x22000, KEEL_ACCESS_USER, &t));
	EXPECT_EQ(5, t.error_code);
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x23000, 0, &t));
	EXPECT_EQ(1, t.fault);
	EXPECT_EQ(0, t.error_code);
	EXPECT_EQ(-EINVAL, keel_translate(g->vcpu, 0, 0x80, &t));
	/* A table where no memory is. */
	GUEST_U64(g, GUEST_PML4_AT + 8) = 0x40000067;
	EXPECT_EQ(-EFAULT, keel_translate(g->vcpu, 1ULL << 39, 0, &t));
}

TEST_F(state, translate_without_paging)
{
	struct guest *g = &self->guest;
	struct keel_translate t = {};

	GUEST_START(g, GUEST_PROT, code);
	ASSERT_EQ(0, keel_translate(g->vcpu, 0x12345678, KEEL_ACCESS_WRITE, &t));
	EXPECT_EQ(0, t.fault);
	EXPECT_EQ(0x12345678, t.gpa);
}

TEST_F(state, dump_vmcs)
{
	static char text[65536];
	struct guest *g = &self->guest;
	__u32 bytes = sizeof(text), few = 10;

	ASSERT_EQ(0, keel_dump_vmcs(g->vcpu, text, &bytes));
	ASSERT_LT(bytes, sizeof(text));
	text[bytes] = 0;
	EXPECT_NE(NULL, strstr(text, "RIP"));
	EXPECT_NE(NULL, strstr(text, "10000"));
	/* With shadow paging, a vCPU in real mode, as this one, may have it, too. */
	if (!host_shadows(&g->info))
		EXPECT_NE(NULL, strstr(text, "enable EPT"));
	EXPECT_EQ(-E2BIG, keel_dump_vmcs(g->vcpu, text, &few));
	EXPECT_EQ(bytes, few);
}

/* Whether a line of the dump names this field and has a value other than 0. */
static bool dump_tells(const char *text, const char *field)
{
	const char *at = strstr(text, field);

	return at && strtoull(strstr(at, "0x"), NULL, 16);
}

/* KASLR is not undone by whoever may have a VM. */
TEST_F(state, dump_without_a_capability_tells_nothing_of_the_host)
{
	static char text[65536];
	struct guest *g = &self->guest;
	__u32 bytes = sizeof(text);

	ASSERT_EQ(0, keel_dump_vmcs(g->vcpu, text, &bytes));
	text[bytes] = 0;
	EXPECT_TRUE(dump_tells(text, "Host RIP"));
	EXPECT_TRUE(dump_tells(text, "Address of MSR bitmaps"));
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	bytes = sizeof(text);
	ASSERT_EQ(0, keel_dump_vmcs(g->vcpu, text, &bytes));
	text[bytes] = 0;
	EXPECT_FALSE(dump_tells(text, "Host RIP"));
	EXPECT_FALSE(dump_tells(text, "Host CR3"));
	EXPECT_FALSE(dump_tells(text, "Host GDTR base"));
	EXPECT_FALSE(dump_tells(text, "Address of MSR bitmaps"));
	EXPECT_TRUE(dump_tells(text, "Guest RIP"));
}

TEST_HARNESS_MAIN
