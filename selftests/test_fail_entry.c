// SPDX-License-Identifier: GPL-2.0
/*
 * States that cannot be entered: KEEL_EXIT_FAIL_ENTRY names the field, its value
 * and the rule, and once the state is mended the guest runs as if nothing had
 * been.
 *
 * SDM: "Checks on the Guest State Area".
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/guest.h"
#include "lib/host.h"

/* VMCS encodings (SDM, appendix "Field Encoding in VMCS"). */
#define GUEST_CS_AR		0x4816
#define GUEST_TR_AR		0x4822
#define GUEST_TR_SELECTOR	0x080e
#define GUEST_GDTR_BASE		0x6816
#define GUEST_RIP		0x681e
#define GUEST_ACTIVITY		0x4826
#define GUEST_INTERRUPTIBILITY	0x4824
#define GUEST_PDPTE2		0x280e
#define GUEST_CR3		0x6802
#define GUEST_CR4		0x6804
#define ENTRY_INTR_INFO		0x4016

#define IF	0x200
#define GP	13

FIXTURE(fail)
{
	struct guest guest;
};

FIXTURE_SETUP(fail)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(fail)
{
	guest_free(&self->guest);
}

GUEST_CODE(code, "inc %eax; hlt");

#define EXPECT_FAIL(g, vmcs_field, bad, words) do {			\
	GUEST_RUN(g, KEEL_EXIT_FAIL_ENTRY);				\
	EXPECT_EQ(vmcs_field, (g)->run->fail_entry.field);		\
	EXPECT_EQ(bad, (g)->run->fail_entry.value);			\
	EXPECT_NE(NULL, strstr((g)->run->fail_entry.rule, words)) {	\
		TH_LOG("%s", (g)->run->fail_entry.rule);		\
	}								\
} while (0)

/*
 * The same of a register that chooses the guest's paging.  On shadow page tables the
 * CPU does not have it, so Keel looks, and sooner.
 */
#define EXPECT_PAGING_FAIL(g, vmcs_field, words) do {				if (host_shadows(&(g)->info)) {							EXPECT_EQ(-EINVAL, guest_run(g));					break;								}									GUEST_RUN(g, KEEL_EXIT_FAIL_ENTRY);					EXPECT_EQ(vmcs_field, (g)->run->fail_entry.field);			EXPECT_NE(NULL, strstr((g)->run->fail_entry.rule, words));	} while (0)

/* What was broken is as @good again: the guest runs. */
#define MEND(g, what, good) do {					\
	(what) = (good);						\
	GUEST_RUN(g, KEEL_EXIT_HLT);					\
	EXPECT_EQ(1, RAX(g));						\
} while (0)

/* First, before the rate limit of the log has been met. */
TEST_F(fail, the_log_says_so)
{
	struct guest *g = &self->guest;
	int log = host_log_open();

	GUEST_START(g, GUEST_LONG, code);
	g->run->segments.gdtr.base = 0x0000800000000000;
	EXPECT_FAIL(g, GUEST_GDTR_BASE, 0x0000800000000000, "GDTR");
	EXPECT_TRUE(host_log_has(log, g->run->fail_entry.rule));
}

TEST_F(fail, code_segment_type)
{
	struct guest *g = &self->guest;
	__u32 *ar = &g->run->segments.seg[KEEL_CS].attributes;

	GUEST_START(g, GUEST_LONG, code);
	*ar = 0xa091;	/* data, read-only */
	EXPECT_FAIL(g, GUEST_CS_AR, 0xa091, "CS");
	MEND(g, *ar, 0xa09b);
}

TEST_F(fail, code_segment_limit_and_granularity)
{
	struct guest *g = &self->guest;
	__u32 *ar = &g->run->segments.seg[KEEL_CS].attributes;

	GUEST_START(g, GUEST_LONG, code);
	*ar = 0x209b;	/* a limit of 4 GiB in bytes */
	EXPECT_FAIL(g, GUEST_CS_AR, 0x209b, "CS");
	MEND(g, *ar, 0xa09b);
}

TEST_F(fail, tr_is_not_busy)
{
	struct guest *g = &self->guest;
	__u32 *ar = &g->run->segments.seg[KEEL_TR].attributes;

	GUEST_START(g, GUEST_LONG, code);
	*ar = 0x89;
	EXPECT_FAIL(g, GUEST_TR_AR, 0x89, "TR");
	MEND(g, *ar, 0x8b);
}

TEST_F(fail, tr_in_the_ldt)
{
	struct guest *g = &self->guest;
	__u16 *selector = &g->run->segments.seg[KEEL_TR].selector;

	GUEST_START(g, GUEST_LONG, code);
	*selector = GUEST_TSS | 4;
	EXPECT_FAIL(g, GUEST_TR_SELECTOR, GUEST_TSS | 4, "TR");
	MEND(g, *selector, GUEST_TSS);
}

TEST_F(fail, gdtr_base_is_not_canonical)
{
	struct guest *g = &self->guest;
	__u64 *base = &g->run->segments.gdtr.base;

	GUEST_START(g, GUEST_LONG, code);
	*base = 0x0000800000000000;
	EXPECT_FAIL(g, GUEST_GDTR_BASE, 0x0000800000000000, "GDTR");
	MEND(g, *base, GUEST_GDT_AT);
}

TEST_F(fail, rip_beyond_4_gib_in_32_bit_code)
{
	struct guest *g = &self->guest;
	__u64 bad = 1ULL << 32 | GUEST_CODE_AT;

	GUEST_START(g, GUEST_PAGED, code);
	RIP(g) = bad;
	EXPECT_FAIL(g, GUEST_RIP, bad, "RIP");
}

TEST_F(fail, cr3_beyond_the_address_width)
{
	struct guest *g = &self->guest;
	__u64 *cr3 = &g->run->control.cr3;

	GUEST_START(g, GUEST_LONG, code);
	*cr3 = 1ULL << 60 | GUEST_PML4_AT;
	EXPECT_PAGING_FAIL(g, GUEST_CR3, "CR3");
	MEND(g, *cr3, GUEST_PML4_AT);
}

TEST_F(fail, long_mode_without_pae)
{
	struct guest *g = &self->guest;
	__u64 *cr4 = &g->run->control.cr4, good;

	GUEST_START(g, GUEST_LONG, code);
	good = *cr4;
	*cr4 &= ~(1ULL << 5);
	EXPECT_PAGING_FAIL(g, GUEST_CR4, "PAE");
	MEND(g, *cr4, good);
}

TEST_F(fail, reserved_bit_of_a_pdpte)
{
	struct guest *g = &self->guest;
	__u64 *pdpte = &g->run->control.pdpte[2];

	GUEST_START(g, GUEST_PAE, code);
	*pdpte = 0x21;
	EXPECT_PAGING_FAIL(g, GUEST_PDPTE2, "PDPTE");
	MEND(g, *pdpte, 0x20);	/* not present: nobody looks */
}

TEST_F(fail, blocking_by_sti_without_if)
{
	struct guest *g = &self->guest;
	__u32 *blocking = &g->run->events.blocking;

	GUEST_START(g, GUEST_LONG, code);
	*blocking = KEEL_BLOCKING_STI;
	EXPECT_FAIL(g, GUEST_INTERRUPTIBILITY, KEEL_BLOCKING_STI, "STI");
	MEND(g, *blocking, 0);
}

TEST_F(fail, hlt_under_blocking)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code);
	RFLAGS(g) |= IF;
	g->run->events.activity = KEEL_ACTIVITY_HLT;
	g->run->events.blocking = KEEL_BLOCKING_STI;
	EXPECT_FAIL(g, GUEST_ACTIVITY, KEEL_ACTIVITY_HLT, "activity");
	g->run->events.blocking = 0;
	MEND(g, g->run->events.activity, KEEL_ACTIVITY_ACTIVE);
}

/* IA32_VMX_BASIC: events may come with or without an error code. */
#define ANY_ERROR_CODE(g)	((g)->info.msrs.basic >> 56 & 1)

/* #GP has an error code in protected mode; an entry without one is refused. */
TEST_F(fail, event_without_its_error_code)
{
	struct guest *g = &self->guest;

	if (ANY_ERROR_CODE(g))
		SKIP(return, "this CPU delivers #GP without error code");
	GUEST_START(g, GUEST_LONG, code);
	ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_EXCEPTION, GP));
	EXPECT_FAIL(g, ENTRY_INTR_INFO, 0x80000300 | GP, "error code");
	/* The event waits still, where the VMM can see and replace it. */
	EXPECT_EQ(1, g->run->events.exception.valid);
	EXPECT_EQ(GP, g->run->events.exception.vector);
	g->run->events.exception.flags = KEEL_EVENT_ERROR_CODE;
	g->run->events.exception.error_code = 0x28;
	GUEST_RUN_TO_TRAP(g, GP, 0x28);
}

TEST_F(fail, event_can_be_dropped)
{
	struct guest *g = &self->guest;

	if (ANY_ERROR_CODE(g))
		SKIP(return, "this CPU delivers #GP without error code");
	GUEST_START(g, GUEST_LONG, code);
	ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_EXCEPTION, GP));
	EXPECT_FAIL(g, ENTRY_INTR_INFO, 0x80000300 | GP, "error code");
	MEND(g, g->run->events.exception.valid, 0);
}

/* A failed entry loses no event that was sound. */
TEST_F(fail, interrupt_survives)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code);
	RFLAGS(g) |= IF;
	g->run->segments.gdtr.base = 0x0000800000000000;
	ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_INTERRUPT, 0x31));
	EXPECT_FAIL(g, GUEST_GDTR_BASE, 0x0000800000000000, "GDTR");
	g->run->segments.gdtr.base = GUEST_GDT_AT;
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RAX(g));
}

TEST_HARNESS_MAIN
