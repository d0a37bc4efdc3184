// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC: keel_lapic*.c.  Offsets, bits and rules are written here from the
 * SDM's chapter "Advanced Programmable Interrupt Controller (APIC)", as numbers;
 * for the timer and for priorities there is a second, plain implementation.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "keel_lapic.h"

#define ID	0x020
#define VERSION	0x030
#define TPR	0x080
#define APR	0x090
#define PPR	0x0a0
#define EOI	0x0b0
#define RRD	0x0c0
#define LDR	0x0d0
#define DFR	0x0e0
#define SVR	0x0f0
#define ISR	0x100
#define TMR	0x180
#define IRR	0x200
#define ESR	0x280
#define CMCI	0x2f0
#define ICR	0x300
#define ICR_HIGH 0x310
#define TIMER	0x320
#define THERMAL	0x330
#define PERFMON	0x340
#define LINT0	0x350
#define LINT1	0x360
#define ERROR	0x370
#define INITIAL	0x380
#define CURRENT	0x390
#define DIVIDE	0x3e0
#define SELF_IPI 0x3f0

#define MASKED	0x10000
#define APIC_BASE 0x1b
#define DEADLINE 0x6e0
#define XAPIC	0xfee00800ULL
#define X2APIC	0xfee00c00ULL
#define BSP	0x100ULL

#define TSC_KHZ	2500000	/* 2.5 ticks of the TSC to one of the APIC's clock */

static u64 rng_state = 0x9e3779b97f4a7c15ULL;

static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

struct box {
	struct keel_lapic apic;
	u32 page[1024];
};

static u32 rd(struct box *box, u32 offset)
{
	u32 value = 0xdead;

	if (keel_lapic_read(&box->apic, offset, 0, &value))
		return 0xbad;
	return value;
}

static u32 wr(struct box *box, u32 offset, u32 value)
{
	return keel_lapic_write(&box->apic, offset, value, 0);
}

/* 0xbad...: #GP. */
#define GP	0xbadbadbadbadbadULL

static u64 rdmsr(struct box *box, u32 msr)
{
	u64 value;

	return keel_lapic_rdmsr(&box->apic, msr, 0, &value) ? GP : value;
}

static int wrmsr(struct box *box, u32 msr, u64 value)
{
	u32 effects;
	int ret = keel_lapic_wrmsr(&box->apic, msr, value, 0, &effects);

	return ret ? ret : (int)effects;
}

/* After power-up, as a processor with APIC ID @id. */
static void power_up(struct box *box, u32 id)
{
	memset(box, 0xa5, sizeof(*box));
	keel_lapic_init(&box->apic, box->page, id, TSC_KHZ);
}

/* And software-enabled, in xAPIC mode or in x2APIC mode. */
static void switch_on(struct box *box, u32 id, bool x2apic)
{
	power_up(box, id);
	wr(box, SVR, 0x1ff);
	if (x2apic)
		wrmsr(box, APIC_BASE, X2APIC);
}

static bool bit(struct box *box, u32 array, u8 vector)
{
	return rd(box, array + vector / 32 * 16) >> vector % 32 & 1;
}

static u32 errors(struct box *box)
{
	wr(box, ESR, 0);
	return rd(box, ESR);
}

/* "Local APIC State After Power-Up or Reset" */
TEST(power_up_state)
{
	struct box box;
	u32 offset;

	power_up(&box, 3);
	EXPECT_EQ(XAPIC, rdmsr(&box, APIC_BASE));
	EXPECT_EQ(3U << 24, rd(&box, ID));
	/* Six entries (highest is 5), EOI-broadcast suppression. */
	EXPECT_EQ(0x01050014, rd(&box, VERSION));
	EXPECT_EQ(0xff, rd(&box, SVR));
	EXPECT_EQ(0xffffffff, rd(&box, DFR));
	for (offset = TIMER; offset <= ERROR; offset += 16)
		EXPECT_EQ(MASKED, rd(&box, offset));
	for (offset = ISR; offset < ESR; offset += 16)
		EXPECT_EQ(0, rd(&box, offset));
	EXPECT_EQ(0, rd(&box, TPR) | rd(&box, PPR) | rd(&box, LDR) | rd(&box, ESR) |
		     rd(&box, ICR) | rd(&box, ICR_HIGH) | rd(&box, INITIAL) | rd(&box, CURRENT) |
		     rd(&box, DIVIDE));
	EXPECT_EQ(0, box.apic.expires);
	EXPECT_EQ(-1, keel_lapic_highest(&box.apic));

	power_up(&box, 0);
	EXPECT_EQ(XAPIC | BSP, rdmsr(&box, APIC_BASE));
}

TEST(init_keeps_the_mode_and_the_id)
{
	struct box box;

	switch_on(&box, 0x25, true);
	wrmsr(&box, 0x808, 0x30);
	keel_lapic_accept(&box.apic, 0x41, false);
	keel_lapic_reset(&box.apic);
	EXPECT_EQ(X2APIC, rdmsr(&box, APIC_BASE));
	EXPECT_EQ(0x25, rdmsr(&box, 0x802));
	EXPECT_EQ(0x00020020, rdmsr(&box, 0x80d));
	EXPECT_EQ(0xff, rdmsr(&box, 0x80f));
	EXPECT_EQ(0, rdmsr(&box, 0x808));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
}

TEST(registers_take_the_bits_they_have)
{
	static const struct { u32 offset, bits; } regs[] = {
		{ ID, 0 }, { VERSION, 0 }, { TPR, 0xff }, { PPR, 0 }, { LDR, 0xff000000 },
		{ SVR, 0x13ff }, { ISR, 0 }, { TMR, 0 }, { IRR, 0 }, { ICR_HIGH, 0xff000000 },
		{ TIMER, 0x700ff }, { THERMAL, 0x107ff }, { PERFMON, 0x107ff }, { LINT0, 0x1a7ff },
		{ LINT1, 0x1a7ff }, { ERROR, 0x100ff }, { CURRENT, 0 }, { DIVIDE, 0xb },
	};
	struct box box;
	unsigned int i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		u32 before;

		switch_on(&box, 5, false);
		before = rd(&box, regs[i].offset);
		wr(&box, regs[i].offset, 0xffffffff);
		EXPECT_EQ(regs[i].bits ? regs[i].bits : before, rd(&box, regs[i].offset)) {
			TH_LOG("at 0x%x", regs[i].offset);
		}
		wr(&box, regs[i].offset, 0);
		EXPECT_EQ(regs[i].bits ? 0 : before, rd(&box, regs[i].offset));
	}
	/* Bits 27:0 of the DFR are always 1. */
	wr(&box, DFR, 0);
	EXPECT_EQ(0x0fffffff, rd(&box, DFR));
	EXPECT_EQ(0, errors(&box));
}

TEST(reserved_registers_are_errors)
{
	static const u32 reserved[] = { 0, 0x10, 0x40, 0x70, 0x290, 0x2e0, CMCI, 0x3a0, 0x3d0,
					SELF_IPI, 0x400, 0xff0, 0x24, 0x88 };
	struct box box;
	unsigned int i;
	u32 value;

	switch_on(&box, 0, false);
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		EXPECT_EQ(0, rd(&box, reserved[i]));
		EXPECT_EQ(0x80, errors(&box));
		EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, reserved[i], 1));
		EXPECT_EQ(0x80, errors(&box));
	}
	/* In the map, if of no use here. */
	EXPECT_EQ(0, rd(&box, APR) | rd(&box, RRD) | rd(&box, EOI));
	EXPECT_EQ(0, errors(&box));
	EXPECT_EQ(-EINVAL, keel_lapic_read(&box.apic, 0x22, 0, &value));
	EXPECT_EQ(-EINVAL, keel_lapic_read(&box.apic, 0x1000, 0, &value));
	EXPECT_EQ(-EINVAL, keel_lapic_read(&box.apic, ~3U, 0, &value));
}

/* "Task and Processor Priorities", against all 256 vectors. */
TEST(priorities)
{
	struct box box;
	unsigned int i, round;

	for (round = 0; round < 2000; round++) {
		bool irr[256] = {}, isr[256] = {};
		int top_irr = -1, top_isr = -1, ppr;
		u32 tpr = rnd() & 0xff;
		unsigned int count = rnd() % 4;

		switch_on(&box, 0, false);
		wr(&box, TPR, tpr);
		for (i = 0; i < count; i++) {
			u8 v = 16 + rnd() % 240;

			isr[v] = true;
			keel_lapic_accept(&box.apic, v, false);
			keel_lapic_ack(&box.apic, v);
		}
		count = rnd() % 4;
		for (i = 0; i < count; i++) {
			u8 v = 16 + rnd() % 240;

			irr[v] = true;
			keel_lapic_accept(&box.apic, v, false);
		}
		for (i = 0; i < 256; i++) {
			if (irr[i])
				top_irr = i;
			if (isr[i])
				top_isr = i;
			ASSERT_EQ(irr[i], bit(&box, IRR, i));
			ASSERT_EQ(isr[i], bit(&box, ISR, i));
		}
		ppr = top_isr >= 0 && top_isr >> 4 > tpr >> 4 ? top_isr & 0xf0 : tpr;
		ASSERT_EQ(ppr, rd(&box, PPR));
		ASSERT_EQ(top_irr, keel_lapic_irr(&box.apic));
		ASSERT_EQ(top_isr, keel_lapic_isr(&box.apic));
		ASSERT_EQ(top_irr >> 4 > ppr >> 4 ? top_irr : -1, keel_lapic_highest(&box.apic));
	}
}

TEST(eoi_serves_the_highest)
{
	struct box box;

	switch_on(&box, 0, false);
	keel_lapic_accept(&box.apic, 0x31, false);
	keel_lapic_ack(&box.apic, 0x31);
	keel_lapic_accept(&box.apic, 0x52, true);
	EXPECT_TRUE(bit(&box, TMR, 0x52));
	keel_lapic_ack(&box.apic, 0x52);
	EXPECT_EQ(0x50, rd(&box, PPR));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY | KEEL_LAPIC_EOI, wr(&box, EOI, 0));
	EXPECT_EQ(0x52, box.apic.eoi_vector);
	EXPECT_EQ(0x30, rd(&box, PPR));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, EOI, 0));
	EXPECT_EQ(0, wr(&box, EOI, 0));

	/* An edge takes the TMR bit back. */
	keel_lapic_accept(&box.apic, 0x52, false);
	EXPECT_FALSE(bit(&box, TMR, 0x52));
	keel_lapic_ack(&box.apic, 0x52);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, EOI, 0));

	/* "EOI-Broadcast Suppression": bit 12 of the SVR. */
	wr(&box, SVR, 0x11ff);
	keel_lapic_accept(&box.apic, 0x52, true);
	keel_lapic_ack(&box.apic, 0x52);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, EOI, 0));
}

/* Where the CPU has cleared ISR before Keel hears of the EOI. */
TEST(eoi_that_the_cpu_has_served)
{
	struct box box;

	switch_on(&box, 0, false);
	keel_lapic_accept(&box.apic, 0x52, true);
	EXPECT_EQ(KEEL_LAPIC_EOI, keel_lapic_after_eoi(&box.apic, 0x52));
	EXPECT_EQ(0x52, box.apic.eoi_vector);
	EXPECT_EQ(0, keel_lapic_after_eoi(&box.apic, 0x53));
}

TEST(illegal_vectors)
{
	struct box box;

	switch_on(&box, 0, false);
	keel_lapic_accept(&box.apic, 15, false);
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0x40, errors(&box));
	EXPECT_EQ(0, errors(&box));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, ICR, 0x0000f));
	EXPECT_EQ(0x20, errors(&box));
	keel_lapic_accept(&box.apic, 16, false);
	EXPECT_EQ(16, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0, errors(&box));
}

TEST(error_interrupt_comes_once)
{
	struct box box;

	switch_on(&box, 0, false);
	wr(&box, ERROR, 0xfe);
	rd(&box, 0x40);
	EXPECT_EQ(0, rd(&box, ESR));
	EXPECT_EQ(0xfe, keel_lapic_highest(&box.apic));
	keel_lapic_ack(&box.apic, 0xfe);
	keel_lapic_accept(&box.apic, 3, false);
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0xc0, errors(&box));
	rd(&box, 0x40);
	EXPECT_EQ(0xfe, keel_lapic_irr(&box.apic));
	/* Its own vector may be illegal; that ends somewhere. */
	errors(&box);
	wr(&box, ERROR, 0x01);
	rd(&box, 0x40);
	EXPECT_EQ(0xc0, errors(&box));
}

/* "Local APIC State After It Has Been Software Disabled" */
TEST(software_disable)
{
	struct box box;
	u32 offset;

	switch_on(&box, 0, false);
	for (offset = TIMER; offset <= ERROR; offset += 16)
		wr(&box, offset, 0x40);
	keel_lapic_accept(&box.apic, 0x41, false);
	wr(&box, SVR, 0xff);
	for (offset = TIMER; offset <= ERROR; offset += 16) {
		EXPECT_EQ(MASKED | 0x40, rd(&box, offset));
		wr(&box, offset, 0x42);
		EXPECT_EQ(MASKED | 0x42, rd(&box, offset));
	}
	/* What waits is held; nothing else comes in. */
	keel_lapic_accept(&box.apic, 0x55, false);
	EXPECT_EQ(0x41, keel_lapic_irr(&box.apic));
	EXPECT_EQ(-1, keel_lapic_highest(&box.apic));
	/* IPIs can still be sent. */
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0xc0041));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, SVR, 0x1ff));
	EXPECT_EQ(MASKED | 0x42, rd(&box, LINT0));
	EXPECT_EQ(0x41, keel_lapic_highest(&box.apic));
}

TEST(ipis_from_the_xapic)
{
	struct box box;
	struct keel_irq_msg *ipi = &box.apic.ipi;

	switch_on(&box, 0, false);
	EXPECT_EQ(0, wr(&box, ICR_HIGH, 0x7f123456));
	EXPECT_EQ(0x7f000000, rd(&box, ICR_HIGH));
	/* Reserved bits and the delivery status do not stick. */
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0xfff33841));
	EXPECT_EQ(0x00000841, rd(&box, ICR) & ~0xc0000);
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x04841));
	EXPECT_EQ(0x4841, rd(&box, ICR));
	EXPECT_EQ(0x7f, ipi->dest);
	EXPECT_EQ(0x41, ipi->vector);
	EXPECT_EQ(KEEL_APIC_FIXED, ipi->mode);
	EXPECT_EQ(KEEL_APIC_DEST, ipi->shorthand);
	EXPECT_TRUE(ipi->logical);
	EXPECT_FALSE(ipi->level || ipi->deassert || ipi->wide);

	/* INIT, its de-assert, and start-up, as Linux sends them. */
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0xc500));
	EXPECT_EQ(KEEL_APIC_INIT, ipi->mode);
	EXPECT_FALSE(ipi->deassert || ipi->logical);
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x8500));
	EXPECT_TRUE(ipi->deassert);
	/* De-assert is a level-triggered one; as an edge it is INIT. */
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x0500));
	EXPECT_FALSE(ipi->deassert);
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x609f));
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x069f));
	EXPECT_EQ(KEEL_APIC_SIPI, ipi->mode);
	EXPECT_EQ(0x9f, ipi->vector);
	/* An NMI has no vector that could be illegal. */
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0xc0400));
	EXPECT_EQ(KEEL_APIC_NMI, ipi->mode);
	EXPECT_EQ(KEEL_APIC_OTHERS, ipi->shorthand);
	/* To itself it goes without a message. */
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, ICR, 0x40051));
	EXPECT_EQ(0x51, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0, errors(&box));
	/* "Valid Combinations": reserved modes, and to itself Fixed alone. */
	EXPECT_EQ(0, wr(&box, ICR, 0x00341));
	EXPECT_EQ(0, wr(&box, ICR, 0x00741));
	EXPECT_EQ(0, wr(&box, ICR, 0x40500));
	EXPECT_EQ(0, wr(&box, ICR, 0x80541));
	EXPECT_EQ(KEEL_LAPIC_IPI, wr(&box, ICR, 0x80041));
	EXPECT_EQ(KEEL_APIC_ALL, ipi->shorthand);
}

/* "x2APIC State Transitions" */
TEST(modes)
{
	/* From bits 11 (EN) and 10 (EXTD), to these. */
	static const struct { u8 from, to; bool valid; } moves[] = {
		{ 2, 0, true }, { 2, 1, false }, { 2, 2, true }, { 2, 3, true },
		{ 3, 0, true }, { 3, 1, false }, { 3, 2, false }, { 3, 3, true },
		{ 0, 0, true }, { 0, 1, false }, { 0, 2, true }, { 0, 3, false },
	};
	struct box box;
	unsigned int i;

	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		int ret;

		power_up(&box, 1);
		if (moves[i].from != 2)
			EXPECT_LE(0, wrmsr(&box, APIC_BASE, 0xfee00000 | moves[i].from << 10));
		ret = wrmsr(&box, APIC_BASE, 0xfee00000 | moves[i].to << 10);
		EXPECT_EQ(moves[i].valid, ret >= 0);
		EXPECT_EQ(moves[i].valid && moves[i].from != moves[i].to, ret > 0);
		EXPECT_EQ(0xfee00000 | (ret < 0 ? moves[i].from : moves[i].to) << 10,
			  rdmsr(&box, APIC_BASE));
	}
	power_up(&box, 1);
	for (i = 0; i < 64; i++)
		if (i < 8 || i == 9 || i > 51)
			EXPECT_EQ(-EINVAL, wrmsr(&box, APIC_BASE, XAPIC | 1ULL << i));
	EXPECT_EQ(KEEL_LAPIC_MODE, wrmsr(&box, APIC_BASE, XAPIC | BSP));
	EXPECT_EQ(KEEL_LAPIC_MODE, wrmsr(&box, APIC_BASE, 0xfed00800));
}

TEST(switching_off_forgets)
{
	struct box box;
	u32 effects;

	switch_on(&box, 1, true);
	wrmsr(&box, 0x83e, 0xb);
	wrmsr(&box, 0x838, 1000);
	keel_lapic_accept(&box.apic, 0x41, false);
	EXPECT_EQ(0, keel_lapic_wrmsr(&box.apic, APIC_BASE, 0xfee00000, 0, &effects));
	EXPECT_EQ(KEEL_LAPIC_MODE | KEEL_LAPIC_PRIORITY | KEEL_LAPIC_TIMER, effects);
	EXPECT_FALSE(keel_lapic_enabled(&box.apic));
	EXPECT_EQ(0, box.apic.expires);
	keel_lapic_accept(&box.apic, 0x42, false);
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	EXPECT_EQ(GP, rdmsr(&box, 0x802));
	EXPECT_EQ(0, wr(&box, SVR, 0x1ff));
	wrmsr(&box, APIC_BASE, XAPIC);
	EXPECT_EQ(0xff, rd(&box, SVR));
	EXPECT_EQ(1 << 24, rd(&box, ID));
	EXPECT_EQ(0, rd(&box, LDR) | rd(&box, DIVIDE));
}

TEST(x2apic_keeps_what_xapic_had)
{
	struct box box;

	switch_on(&box, 0x123a, false);
	wr(&box, TPR, 0x20);
	wr(&box, LINT0, 0x700);
	wr(&box, LDR, 0x01000000);
	wr(&box, ICR_HIGH, 0x05000000);
	wr(&box, ICR, 0x4041);
	keel_lapic_accept(&box.apic, 0x41, false);
	EXPECT_EQ(KEEL_LAPIC_MODE | KEEL_LAPIC_PRIORITY, wrmsr(&box, APIC_BASE, X2APIC));
	EXPECT_TRUE(keel_lapic_x2apic(&box.apic));
	EXPECT_EQ(0x123a, rdmsr(&box, 0x802));
	/* Cluster in bits 31:16, one of 16 in the rest. */
	EXPECT_EQ(0x01230400, rdmsr(&box, 0x80d));
	EXPECT_EQ(0x20, rdmsr(&box, 0x808));
	EXPECT_EQ(0x1ff, rdmsr(&box, 0x80f));
	EXPECT_EQ(0x700, rdmsr(&box, 0x835));
	EXPECT_EQ(0x4041, rdmsr(&box, 0x830));
	EXPECT_EQ(0x2, rdmsr(&box, 0x822));
	/* The page is not the APIC's. */
	EXPECT_EQ(0, wr(&box, TPR, 0x50));
	EXPECT_EQ(0x20, rdmsr(&box, 0x808));
}

/* "Local APIC Register Address Space" of x2APIC mode: MSR, access, writable bits. */
static const struct {
	u32 first, last;
	bool read, write;
	u64 bits;
} msrs[] = {
	{ 0x802, 0x803, true }, { 0x808, 0x808, true, true, 0xff }, { 0x80a, 0x80a, true },
	{ 0x80b, 0x80b, false, true, 0 }, { 0x80d, 0x80d, true },
	{ 0x80f, 0x80f, true, true, 0x13ff }, { 0x810, 0x827, true },
	{ 0x828, 0x828, true, true, 0 },
	{ 0x830, 0x830, true, true, 0xffffffff000cdfff },
	{ 0x832, 0x832, true, true, 0x710ff }, { 0x833, 0x834, true, true, 0x117ff },
	{ 0x835, 0x836, true, true, 0x1f7ff }, { 0x837, 0x837, true, true, 0x110ff },
	{ 0x838, 0x838, true, true, 0xffffffff }, { 0x839, 0x839, true },
	{ 0x83e, 0x83e, true, true, 0xb }, { 0x83f, 0x83f, false, true, 0xff },
};

TEST(x2apic_access_rules)
{
	struct box box;
	unsigned int i, j;
	u32 msr;

	for (msr = 0x7ff; msr <= 0x900; msr++) {
		bool read = false, write = false;
		u64 bits = 0;

		for (j = 0; j < sizeof(msrs) / sizeof(msrs[0]); j++) {
			if (msr < msrs[j].first || msr > msrs[j].last)
				continue;
			read = msrs[j].read;
			write = msrs[j].write;
			bits = msrs[j].bits;
		}
		switch_on(&box, 0, false);
		EXPECT_EQ(GP, rdmsr(&box, msr));
		EXPECT_EQ(-EINVAL, wrmsr(&box, msr, 0));
		switch_on(&box, 0, true);
		EXPECT_EQ(read, rdmsr(&box, msr) != GP) {
			TH_LOG("MSR 0x%x", msr);
		}
		EXPECT_EQ(write, wrmsr(&box, msr, 0) >= 0);
		for (i = 0; i < 64; i++) {
			EXPECT_EQ(write && (bits >> i & 1), wrmsr(&box, msr, 1ULL << i) >= 0) {
				TH_LOG("MSR 0x%x, bit %u", msr, i);
			}
		}
		/* #GP, not an error for the ESR; but vectors below 16 are. */
		EXPECT_EQ(msr == 0x83f || msr == 0x830, !!(box.apic.errors & 0x20));
		EXPECT_EQ(0, box.apic.errors & 0x80);
	}
}

TEST(ipis_from_the_x2apic)
{
	struct box box;

	switch_on(&box, 0, true);
	EXPECT_EQ(KEEL_LAPIC_IPI, wrmsr(&box, 0x830, 0x1234567800000841));
	EXPECT_EQ(0x12345678, box.apic.ipi.dest);
	EXPECT_TRUE(box.apic.ipi.wide && box.apic.ipi.logical);
	EXPECT_EQ(0x1234567800000841, rdmsr(&box, 0x830));
	/* As the CPU reads it, where it virtualizes the MSR: 64 bits at 0x300. */
	EXPECT_EQ(0x12345678, box.page[0x304 / 4]);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wrmsr(&box, 0x83f, 0x61));
	EXPECT_EQ(0x61, keel_lapic_highest(&box.apic));
	keel_lapic_ack(&box.apic, 0x61);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wrmsr(&box, 0x80b, 0));
	EXPECT_EQ(-EINVAL, wrmsr(&box, 0x80b, 1));
}

static bool match(struct box *to, struct keel_irq_msg msg)
{
	return keel_lapic_match(&to->apic, &msg, NULL);
}

#define PHYSICAL(d)	((struct keel_irq_msg){ .dest = (d), .vector = 0x40 })
#define LOGICAL(d)	((struct keel_irq_msg){ .dest = (d), .vector = 0x40, .logical = true })
#define WIDE(d)		((struct keel_irq_msg){ .dest = (d), .vector = 0x40, .wide = true })
#define WIDE_LOGICAL(d)	((struct keel_irq_msg){ .dest = (d), .vector = 0x40, .wide = true, \
						.logical = true })

/* "Determining IPI Destination", "Logical Destination Mode in x2APIC Mode" */
TEST(destinations)
{
	struct box box;

	switch_on(&box, 5, false);
	EXPECT_TRUE(match(&box, PHYSICAL(5)) && match(&box, PHYSICAL(0xff)));
	EXPECT_TRUE(match(&box, WIDE(5)) && match(&box, WIDE(0xffffffff)));
	EXPECT_FALSE(match(&box, PHYSICAL(4)) || match(&box, WIDE(0x105)) ||
		     match(&box, WIDE(0xff)));
	/* After reset the LDR is 0: nobody in any group but the broadcast. */
	EXPECT_FALSE(match(&box, LOGICAL(0x7f)));
	EXPECT_TRUE(match(&box, LOGICAL(0xff)));
	wr(&box, LDR, 0x14000000);
	EXPECT_TRUE(match(&box, LOGICAL(0x04)) && match(&box, LOGICAL(0x3f)));
	EXPECT_FALSE(match(&box, LOGICAL(0x2b)) || match(&box, WIDE_LOGICAL(0x104)));
	/* Cluster 1, processor 2 of it. */
	wr(&box, DFR, 0x0fffffff);
	EXPECT_TRUE(match(&box, LOGICAL(0x14)) && match(&box, LOGICAL(0x1f)));
	EXPECT_FALSE(match(&box, LOGICAL(0x04)) || match(&box, LOGICAL(0x1b)) ||
		     match(&box, LOGICAL(0x2f)));
	EXPECT_TRUE(match(&box, LOGICAL(0xff)));
	EXPECT_FALSE(match(&box, WIDE_LOGICAL(0x10014)));

	switch_on(&box, 0x25, true);
	EXPECT_TRUE(match(&box, PHYSICAL(0x25)) && match(&box, WIDE(0x25)));
	EXPECT_TRUE(match(&box, WIDE_LOGICAL(0x20020)) && match(&box, WIDE_LOGICAL(0x2ffff)));
	EXPECT_FALSE(match(&box, WIDE_LOGICAL(0x2ffdf)) || match(&box, WIDE_LOGICAL(0x30020)));
	EXPECT_TRUE(match(&box, WIDE_LOGICAL(0xffffffff)) && match(&box, LOGICAL(0xff)));
	EXPECT_FALSE(match(&box, WIDE(0xff)) || match(&box, LOGICAL(0x20)));
	/* An xAPIC has eight bits of its ID, an x2APIC all. */
	switch_on(&box, 0x123, false);
	EXPECT_EQ(0x23000000, rd(&box, ID));
	EXPECT_TRUE(match(&box, PHYSICAL(0x23)));
	EXPECT_FALSE(match(&box, WIDE(0x123)));
	wrmsr(&box, APIC_BASE, X2APIC);
	EXPECT_TRUE(match(&box, WIDE(0x123)));
	EXPECT_FALSE(match(&box, WIDE(0x23)));
	/* Eight bits reach the first half of cluster 0. */
	switch_on(&box, 5, true);
	EXPECT_TRUE(match(&box, LOGICAL(0x20)));
	EXPECT_FALSE(match(&box, LOGICAL(0xdf)));
}

TEST(shorthands_and_what_a_disabled_apic_takes)
{
	struct keel_irq_msg msg = { .vector = 0x40, .dest = 0xff };
	struct box a, b;

	switch_on(&a, 0, false);
	switch_on(&b, 1, false);
	msg.shorthand = KEEL_APIC_SELF;
	EXPECT_TRUE(keel_lapic_match(&a.apic, &msg, &a.apic));
	EXPECT_FALSE(keel_lapic_match(&b.apic, &msg, &a.apic));
	msg.shorthand = KEEL_APIC_ALL;
	EXPECT_TRUE(keel_lapic_match(&a.apic, &msg, &a.apic));
	EXPECT_TRUE(keel_lapic_match(&b.apic, &msg, &a.apic));
	msg.shorthand = KEEL_APIC_OTHERS;
	EXPECT_FALSE(keel_lapic_match(&a.apic, &msg, &a.apic));
	EXPECT_TRUE(keel_lapic_match(&b.apic, &msg, &a.apic));

	wr(&b, SVR, 0xff);
	for (msg.mode = 0; msg.mode < 8; msg.mode++)
		EXPECT_EQ(msg.mode == KEEL_APIC_NMI || msg.mode == KEEL_APIC_SMI ||
			  msg.mode == KEEL_APIC_INIT || msg.mode == KEEL_APIC_SIPI ||
			  msg.mode == 3, keel_lapic_match(&b.apic, &msg, &a.apic));
	wrmsr(&b, APIC_BASE, 0xfee00000);
	for (msg.mode = 0; msg.mode < 8; msg.mode++)
		EXPECT_FALSE(keel_lapic_match(&b.apic, &msg, &a.apic));
}

/* "Message Address Register Format", "Message Data Register Format" */
TEST(msis)
{
	struct keel_irq_msg msg;

	ASSERT_EQ(0, keel_msi_decode(0xfee05000, 0x0041, &msg));
	EXPECT_EQ(5, msg.dest);
	EXPECT_EQ(0x41, msg.vector);
	EXPECT_EQ(KEEL_APIC_FIXED, msg.mode);
	EXPECT_EQ(KEEL_APIC_DEST, msg.shorthand);
	EXPECT_FALSE(msg.logical || msg.level || msg.deassert || msg.wide);
	ASSERT_EQ(0, keel_msi_decode(0xfeeff004, 0xc141, &msg));
	EXPECT_EQ(0xff, msg.dest);
	EXPECT_EQ(KEEL_APIC_LOWEST, msg.mode);
	EXPECT_TRUE(msg.logical && msg.level);
	EXPECT_FALSE(msg.deassert);
	/* The redirection hint: one of those that match. */
	ASSERT_EQ(0, keel_msi_decode(0xfee0100c, 0x0041, &msg));
	EXPECT_EQ(KEEL_APIC_LOWEST, msg.mode);
	ASSERT_EQ(0, keel_msi_decode(0xfee01008, 0x0441, &msg));
	EXPECT_EQ(KEEL_APIC_NMI, msg.mode);
	ASSERT_EQ(0, keel_msi_decode(0xfee01000, 0xc441, &msg));
	EXPECT_FALSE(msg.level);
	/* A level that goes away. */
	ASSERT_EQ(0, keel_msi_decode(0xfee01000, 0x8041, &msg));
	EXPECT_TRUE(msg.deassert);

	EXPECT_EQ(-EINVAL, keel_msi_decode(0xfedff000, 0x41, &msg));
	EXPECT_EQ(-EINVAL, keel_msi_decode(0xfef00000, 0x41, &msg));
	EXPECT_EQ(-EINVAL, keel_msi_decode(0x1fee00000, 0x41, &msg));
	EXPECT_EQ(-EINVAL, keel_msi_decode(0xfee00000, 0x0f, &msg));
	EXPECT_EQ(-EINVAL, keel_msi_decode(0xfee00000, 0x341, &msg));
	EXPECT_EQ(-EINVAL, keel_msi_decode(0xfee00000, 0x641, &msg));
	EXPECT_EQ(0, keel_msi_decode(0xfee00000, 0x500, &msg));
	EXPECT_EQ(0, keel_msi_decode(0xfee00000, 0x700, &msg));
}

TEST(pins_after_reset)
{
	struct box box;

	power_up(&box, 0);
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 0, true));
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 1, true));
	EXPECT_FALSE(keel_lapic_extint(&box.apic));
	/* Virtual wire mode needs both: enabled, and ExtINT at LINT0. */
	wr(&box, LINT0, 0x700);
	EXPECT_FALSE(keel_lapic_extint(&box.apic));
	wr(&box, SVR, 0x1ff);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, LINT0, 0x700));
	EXPECT_TRUE(keel_lapic_extint(&box.apic));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, keel_lapic_set_lint(&box.apic, 0, false));
	EXPECT_FALSE(keel_lapic_extint(&box.apic));
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 0, false));
	/* ExtINT at LINT1 is as good. */
	wr(&box, LINT1, 0x700);
	EXPECT_TRUE(keel_lapic_extint(&box.apic));
	wr(&box, LINT1, 0x700 | MASKED);
	EXPECT_FALSE(keel_lapic_extint(&box.apic));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
}

/* "Presence of the Local APIC": without it, LINT0 is INTR and LINT1 is NMI. */
TEST(pins_without_the_apic)
{
	struct box box;

	power_up(&box, 0);
	wrmsr(&box, APIC_BASE, 0xfee00000);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, keel_lapic_set_lint(&box.apic, 0, true));
	EXPECT_TRUE(keel_lapic_extint(&box.apic));
	EXPECT_EQ(KEEL_LAPIC_NMI, keel_lapic_set_lint(&box.apic, 1, true));
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 1, true));
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 1, false));
	keel_lapic_set_lint(&box.apic, 0, false);
	EXPECT_FALSE(keel_lapic_extint(&box.apic));
}

TEST(pins_with_edges)
{
	struct box box;

	switch_on(&box, 0, false);
	wr(&box, LINT0, 0x33);
	wr(&box, LINT1, 0x400);
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, keel_lapic_set_lint(&box.apic, 0, true));
	EXPECT_EQ(0x33, keel_lapic_highest(&box.apic));
	EXPECT_FALSE(bit(&box, TMR, 0x33));
	keel_lapic_ack(&box.apic, 0x33);
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 0, true));
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, EOI, 0));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 0, false));
	EXPECT_EQ(KEEL_LAPIC_NMI, keel_lapic_set_lint(&box.apic, 1, true));
	wr(&box, LINT1, 0x400 | MASKED);
	keel_lapic_set_lint(&box.apic, 1, false);
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 1, true));
}

/* Trigger mode, and remote IRR: "set ... when the local APIC accepts", "reset [by] EOI" */
TEST(pins_with_levels)
{
	struct box box;

	switch_on(&box, 0, false);
	wr(&box, LINT0, 0x8033 | MASKED);
	EXPECT_EQ(0, keel_lapic_set_lint(&box.apic, 0, true));
	/* The level is there still when it is let through. */
	EXPECT_EQ(KEEL_LAPIC_PRIORITY, wr(&box, LINT0, 0x8033));
	EXPECT_EQ(0xc033, rd(&box, LINT0));
	EXPECT_EQ(0x33, keel_lapic_highest(&box.apic));
	EXPECT_TRUE(bit(&box, TMR, 0x33));
	keel_lapic_ack(&box.apic, 0x33);
	/* Remote IRR is read-only, both ways. */
	wr(&box, LINT0, 0x8033);
	EXPECT_EQ(0xc033, rd(&box, LINT0));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	/* Asserted at the EOI: once more. */
	EXPECT_EQ(KEEL_LAPIC_PRIORITY | KEEL_LAPIC_EOI, wr(&box, EOI, 0));
	EXPECT_EQ(0x33, keel_lapic_highest(&box.apic));
	keel_lapic_ack(&box.apic, 0x33);
	keel_lapic_set_lint(&box.apic, 0, false);
	wr(&box, EOI, 0);
	EXPECT_EQ(0x8033, rd(&box, LINT0));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
	wr(&box, LINT1, 0xc033);
	EXPECT_EQ(0x8033, rd(&box, LINT1));
	/* An illegal vector has no EOI, and must not block the pin. */
	wr(&box, LINT0, 0x8003);
	keel_lapic_set_lint(&box.apic, 0, true);
	EXPECT_EQ(0x40, errors(&box));
	EXPECT_EQ(0x8003, rd(&box, LINT0));
}

/* Divide configuration by bits 3, 1, 0. */
static const struct { u32 reg, divider; } dividers[] = {
	{ 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 },
	{ 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 }, { 0xb, 1 },
};

static u32 current(struct box *box, u64 tsc)
{
	u32 value;

	keel_lapic_read(&box->apic, CURRENT, tsc, &value);
	return value;
}

TEST(one_shot)
{
	struct box box;
	unsigned int i;
	u64 end;

	for (i = 0; i < 8; i++) {
		switch_on(&box, 0, false);
		wr(&box, TIMER, 0x30);
		wr(&box, DIVIDE, dividers[i].reg);
		EXPECT_EQ(0, box.apic.expires);
		EXPECT_EQ(KEEL_LAPIC_TIMER, keel_lapic_write(&box.apic, INITIAL, 1000, 5000));
		end = 5000 + 2500 * dividers[i].divider;
		EXPECT_EQ(end, box.apic.expires);
		EXPECT_EQ(1000, current(&box, 5000));
		EXPECT_EQ(500, current(&box, 5000 + 1250 * dividers[i].divider));
		EXPECT_EQ(1, current(&box, end - 1));
		EXPECT_EQ(0, current(&box, end));
		EXPECT_EQ(0, keel_lapic_expire(&box.apic, end - 1));
		EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY,
			  keel_lapic_expire(&box.apic, end));
		EXPECT_EQ(0x30, keel_lapic_highest(&box.apic));
		EXPECT_EQ(0, box.apic.expires);
		EXPECT_EQ(1000, rd(&box, INITIAL));
		EXPECT_EQ(0, current(&box, end));
		EXPECT_EQ(0, keel_lapic_expire(&box.apic, end + 100000));
	}
	/* After reset the clock is divided by 2. */
	keel_lapic_reset(&box.apic);
	keel_lapic_write(&box.apic, INITIAL, 1000, 0);
	EXPECT_EQ(5000, box.apic.expires);
	/* Writing 0 stops it. */
	wr(&box, SVR, 0x1ff);
	keel_lapic_write(&box.apic, INITIAL, 1000, 5000);
	EXPECT_EQ(KEEL_LAPIC_TIMER, keel_lapic_write(&box.apic, INITIAL, 0, 5000));
	EXPECT_EQ(0, box.apic.expires);
	/* Masked it counts, and nothing comes. */
	wr(&box, TIMER, 0x30 | MASKED);
	keel_lapic_ack(&box.apic, 0x30);
	keel_lapic_write(&box.apic, INITIAL, 1000, 5000);
	EXPECT_EQ(KEEL_LAPIC_TIMER, keel_lapic_expire(&box.apic, 1000000));
	EXPECT_EQ(-1, keel_lapic_irr(&box.apic));
}

/* In 128 bits, for any frequency. */
TEST(no_count_overflows)
{
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		u32 khz = rnd() >> (32 + rnd() % 32), count = rnd() >> (32 + rnd() % 32);
		unsigned int d = rnd() % 8;
		unsigned __int128 ticks;
		u64 now = rnd() >> 8;
		struct box box;
		u32 left;

		keel_lapic_init(&box.apic, box.page, 0, khz);
		khz = khz ? khz : 1;
		count = count ? count : 1;
		wr(&box, DIVIDE, dividers[d].reg);
		keel_lapic_write(&box.apic, INITIAL, count, now);
		ticks = (unsigned __int128)count * dividers[d].divider * khz / KEEL_APIC_KHZ;
		ASSERT_EQ((u64)ticks, box.apic.expires - now);
		if (!ticks)
			continue;
		/* No tick of the TSC is long enough for two counts: so it is exact. */
		left = current(&box, now);
		if ((u64)khz * dividers[d].divider >= KEEL_APIC_KHZ)
			ASSERT_EQ(count, left);
		ASSERT_LE(left, count);
		ASSERT_LE(1, left);
		ASSERT_LE(current(&box, now + ticks / 2), left);
		ASSERT_EQ(0, current(&box, now + ticks));
	}
}

TEST(periodic)
{
	struct box box;

	switch_on(&box, 0, false);
	wr(&box, TIMER, 0x20030);
	wr(&box, DIVIDE, 0xb);
	keel_lapic_write(&box.apic, INITIAL, 100000, 1000);
	EXPECT_EQ(251000, box.apic.expires);
	EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY, keel_lapic_expire(&box.apic, 251000));
	EXPECT_EQ(501000, box.apic.expires);
	EXPECT_EQ(60000, current(&box, 351000));
	/* It is not late for long: the grid stays. */
	EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY, keel_lapic_expire(&box.apic, 501007));
	EXPECT_EQ(751000, box.apic.expires);
	/* Three periods missed are one interrupt. */
	EXPECT_EQ(60000, current(&box, 1601000));
	EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY, keel_lapic_expire(&box.apic, 1601000));
	EXPECT_EQ(1751000, box.apic.expires);
	/* Made one-shot while it runs, it ends once. */
	EXPECT_EQ(0, wr(&box, TIMER, 0x30));
	keel_lapic_expire(&box.apic, 1751000);
	EXPECT_EQ(0, box.apic.expires);
}

/* The host has to get something done between two interrupts. */
TEST(a_period_has_a_minimum)
{
	const u64 least = (u64)TSC_KHZ * KEEL_APIC_MIN_PERIOD_US / 1000;
	struct box box;
	u64 now = 1000, first;
	int i;

	switch_on(&box, 0, false);
	wr(&box, TIMER, 0x20030);
	wr(&box, DIVIDE, 0xb);
	keel_lapic_write(&box.apic, INITIAL, 1, now);
	for (i = 0; i < 10; i++) {
		EXPECT_LE(now + least, box.apic.expires);
		EXPECT_EQ(1, current(&box, now));
		now = box.apic.expires;
		keel_lapic_expire(&box.apic, now);
	}
	/* Nor is it avoided from the other side. */
	wr(&box, TIMER, 0x30);
	keel_lapic_write(&box.apic, INITIAL, 1, now);
	first = box.apic.expires;
	EXPECT_EQ(now + 2, first);
	wr(&box, TIMER, 0x20030);
	keel_lapic_expire(&box.apic, first);
	EXPECT_LE(first + least, box.apic.expires);
	/* Nor by the divider. */
	keel_lapic_write(&box.apic, DIVIDE, 0xa, now);
	keel_lapic_write(&box.apic, INITIAL, 1000, now);
	keel_lapic_write(&box.apic, DIVIDE, 0xb, now);
	now = box.apic.expires;
	keel_lapic_expire(&box.apic, now);
	EXPECT_LE(now + least, box.apic.expires);
}

TEST(divider_changes_the_pace_from_here)
{
	struct box box;

	switch_on(&box, 0, false);
	wr(&box, DIVIDE, 0xb);
	keel_lapic_write(&box.apic, INITIAL, 1000, 0);
	EXPECT_EQ(KEEL_LAPIC_TIMER, keel_lapic_write(&box.apic, DIVIDE, 0x1, 1000));
	/* 600 counts of 10 ticks are left. */
	EXPECT_EQ(600, current(&box, 1000));
	EXPECT_EQ(7000, box.apic.expires);
}

TEST(tsc_deadline)
{
	struct box box;
	u32 effects;

	switch_on(&box, 0, false);
	/* In another mode the MSR is 0 and takes nothing. */
	EXPECT_EQ(0, wrmsr(&box, DEADLINE, 1000));
	EXPECT_EQ(0, rdmsr(&box, DEADLINE));
	EXPECT_EQ(0, box.apic.expires);
	wr(&box, TIMER, 0x40030);
	EXPECT_EQ(0, keel_lapic_wrmsr(&box.apic, DEADLINE, 1000, 500, &effects));
	EXPECT_EQ(KEEL_LAPIC_TIMER, effects);
	EXPECT_EQ(1000, rdmsr(&box, DEADLINE));
	EXPECT_EQ(1000, box.apic.expires);
	/* Initial and current count are out of service. */
	keel_lapic_write(&box.apic, INITIAL, 77, 500);
	EXPECT_EQ(0, current(&box, 600) | rd(&box, INITIAL));
	EXPECT_EQ(1000, box.apic.expires);
	EXPECT_EQ(0, keel_lapic_expire(&box.apic, 999));
	EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY, keel_lapic_expire(&box.apic, 1000));
	EXPECT_EQ(0x30, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0, rdmsr(&box, DEADLINE));
	EXPECT_EQ(0, box.apic.expires);
	keel_lapic_ack(&box.apic, 0x30);
	/* 0 disarms. */
	keel_lapic_wrmsr(&box.apic, DEADLINE, 2000, 1500, &effects);
	EXPECT_EQ(KEEL_LAPIC_TIMER, wrmsr(&box, DEADLINE, 0));
	EXPECT_EQ(0, keel_lapic_expire(&box.apic, 3000));
	/* What has passed comes at once. */
	keel_lapic_wrmsr(&box.apic, DEADLINE, 2000, 2000, &effects);
	EXPECT_EQ(KEEL_LAPIC_TIMER | KEEL_LAPIC_PRIORITY, effects);
	EXPECT_EQ(0x30, keel_lapic_irr(&box.apic));
	EXPECT_EQ(0, rdmsr(&box, DEADLINE));
}

/* "A transition between TSC-deadline mode and the other modes disarms the timer." */
TEST(timer_modes_disarm)
{
	struct box box;

	switch_on(&box, 0, false);
	keel_lapic_write(&box.apic, INITIAL, 1000, 0);
	EXPECT_EQ(KEEL_LAPIC_TIMER, wr(&box, TIMER, 0x40030));
	EXPECT_EQ(0, box.apic.expires);
	wrmsr(&box, DEADLINE, 1000);
	EXPECT_EQ(0, wr(&box, TIMER, 0x40031));
	EXPECT_EQ(1000, box.apic.expires);
	EXPECT_EQ(KEEL_LAPIC_TIMER, wr(&box, TIMER, 0x00030));
	EXPECT_EQ(0, box.apic.expires);
	EXPECT_EQ(0, rdmsr(&box, DEADLINE));
	/* The fourth mode is reserved, and does nothing. */
	wr(&box, TIMER, 0x60030);
	keel_lapic_write(&box.apic, INITIAL, 1000, 0);
	wrmsr(&box, DEADLINE, 1000);
	EXPECT_EQ(0, box.apic.expires);
}

TEST(a_moved_tsc_moves_counts_and_not_deadlines)
{
	struct box box;

	switch_on(&box, 0, false);
	keel_lapic_move_tsc(&box.apic, 500);
	EXPECT_EQ(0, box.apic.expires);
	wr(&box, DIVIDE, 0xb);
	keel_lapic_write(&box.apic, INITIAL, 1000, 10000);
	keel_lapic_move_tsc(&box.apic, -9000ULL);
	EXPECT_EQ(3500, box.apic.expires);
	EXPECT_EQ(600, current(&box, 2000));
	keel_lapic_move_tsc(&box.apic, -3500ULL);
	EXPECT_NE(0, box.apic.expires);
	wr(&box, TIMER, 0x40030);
	wrmsr(&box, DEADLINE, 7000);
	keel_lapic_move_tsc(&box.apic, 500);
	EXPECT_EQ(7000, box.apic.expires);
}

/* At the end of time nothing may come again and again. */
TEST(timers_at_the_last_ticks)
{
	struct box box;
	int i;

	switch_on(&box, 0, false);
	wr(&box, TIMER, 0x20030);
	keel_lapic_write(&box.apic, INITIAL, 0xffffffff, -10ULL);
	EXPECT_LT(-10ULL, box.apic.expires);
	for (i = 0; i < 3; i++)
		keel_lapic_expire(&box.apic, -1ULL);
	EXPECT_EQ(0, box.apic.expires);
	EXPECT_EQ(0, keel_lapic_expire(&box.apic, -1ULL));
}

/*
 * "APIC-Write VM Exits": the page has the new value, and its old one is gone.  That
 * must make no difference, for any register that the CPU lets a guest write to.
 */
TEST(the_page_may_have_the_value_before)
{
	static const u32 regs[] = { ID, TPR, LDR, DFR, SVR, ESR, ICR, ICR_HIGH, TIMER, THERMAL,
				    PERFMON, LINT0, LINT1, ERROR, INITIAL, DIVIDE };
	struct box a, b;
	unsigned int i;
	u64 now = 1000;

	power_up(&a, 2);
	power_up(&b, 2);
	for (i = 0; i < 300000; i++) {
		u32 reg = regs[rnd() % 16], value = rnd() >> (32 + rnd() % 32);
		unsigned int pin = rnd() % 2;
		bool level = rnd() % 2;
		u64 deadline = now + rnd() % 10000;
		u32 first, second;

		now += rnd() % 5000;
		if (reg == SVR && rnd() % 4)
			value |= 0x100;
		b.page[reg / 4] = value;
		first = keel_lapic_write(&a.apic, reg, value, now);
		second = keel_lapic_write(&b.apic, reg, value, now);
		ASSERT_EQ(first, second);
		keel_lapic_wrmsr(&a.apic, DEADLINE, deadline, now, &first);
		keel_lapic_wrmsr(&b.apic, DEADLINE, deadline, now, &second);
		ASSERT_EQ(first, second);
		ASSERT_EQ(keel_lapic_set_lint(&a.apic, pin, level),
			  keel_lapic_set_lint(&b.apic, pin, level));
		if (rnd() % 4 == 0 && keel_lapic_highest(&a.apic) >= 0) {
			u8 vector = keel_lapic_highest(&a.apic);

			keel_lapic_ack(&a.apic, vector);
			keel_lapic_ack(&b.apic, vector);
		}
		if (rnd() % 4 == 0)
			ASSERT_EQ(wr(&a, EOI, 0), wr(&b, EOI, 0));
		ASSERT_EQ(keel_lapic_expire(&a.apic, now), keel_lapic_expire(&b.apic, now));
		ASSERT_EQ(a.apic.expires, b.apic.expires);
		ASSERT_EQ(a.apic.period, b.apic.period);
		ASSERT_EQ(a.apic.remote_irr, b.apic.remote_irr);
		ASSERT_EQ(a.apic.errors, b.apic.errors);
		ASSERT_EQ(0, memcmp(a.page, b.page, sizeof(a.page)));
	}
}

/* Any access in any order: nothing breaks, and the timer never lags behind. */
TEST(random_accesses)
{
	static const u32 special[] = { APIC_BASE, DEADLINE };
	struct box box;
	u64 now = 1000, value;
	unsigned int i;
	u32 effects, word;

	power_up(&box, 2);
	for (i = 0; i < 1000000; i++) {
		u32 msr = rnd() % 3 ? 0x800 + rnd() % 0x48 : special[rnd() % 2];
		u64 v = rnd() >> rnd() % 64;

		now += rnd() >> (32 + rnd() % 32);
		switch (rnd() % 8) {
		case 0:
			keel_lapic_rdmsr(&box.apic, msr, now, &value);
			break;
		case 1:
			if (msr == APIC_BASE)
				v = 0xfee00000 | (rnd() & 3) << 10;
			keel_lapic_wrmsr(&box.apic, msr, v, now, &effects);
			break;
		case 2:
			keel_lapic_read(&box.apic, (u32)rnd(), now, &word);
			keel_lapic_read(&box.apic, rnd() & 0x3f0, now, &word);
			break;
		case 3:
			keel_lapic_set_lint(&box.apic, rnd() % 2, rnd() % 2);
			keel_lapic_extint(&box.apic);
			break;
		case 4:
			if (keel_lapic_highest(&box.apic) >= 0)
				keel_lapic_ack(&box.apic, keel_lapic_highest(&box.apic));
			break;
		case 5:
			keel_lapic_accept(&box.apic, rnd(), rnd() % 2);
			break;
		default:
			keel_lapic_write(&box.apic, rnd() & 0x3f0, v, now);
		}
		keel_lapic_expire(&box.apic, now);
		ASSERT_TRUE(!box.apic.expires || box.apic.expires > now);
		ASSERT_FALSE(box.apic.deadline && box.apic.deadline != box.apic.expires);
		ASSERT_EQ(0, box.page[IRR / 4] & 0xffff);
	}
}

TEST_HARNESS_MAIN
