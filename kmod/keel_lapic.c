// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's registers as the guest sees them in the APIC page, and its
 * state after power-up and INIT.  Pure.  As MSRs: keel_lapic_msr.c; what becomes
 * of an interrupt: keel_lapic_irr.c.
 *
 * SDM: "Local APIC", in "Advanced Programmable Interrupt Controller (APIC)".
 */
#include "keel_lapic.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "keel_lapic_regs.h"

#define REGS_BYTES	4096

/*
 * Version 0x14 is an integrated APIC with xAPIC; the highest entry of the local
 * vector table is number 5, which is all but CMCI; EOI broadcasts can be
 * suppressed.
 */
#define VERSION		(0x14 | 5 << 16 | APIC_LVR_DIRECTED_EOI)

/* Bit n: there is a register at offset n * 16 ("Local APIC Register Address Map"). */
#define REG(offset)	BIT_ULL((offset) >> 4)
#define REGS(first, last) GENMASK_ULL((last) >> 4, (first) >> 4)
#define REGISTERS	(REG(APIC_ID) | REG(APIC_LVR) | REGS(APIC_TASKPRI, APIC_SPIV) |	\
			 REGS(APIC_ISR, APIC_ESR) | REGS(APIC_ICR, APIC_TMCCT) | REG(APIC_TDCR))

#define LVT_COMMON	(APIC_LVT_MASKED | APIC_VECTOR_MASK)
#define LVT_TIMER_MODE	(3U << 17)
#define LVT_PIN		(LVT_COMMON | APIC_MODE_MASK | APIC_INPUT_POLARITY | APIC_LVT_LEVEL_TRIGGER)

/**
 * keel_lapic_enabled - whether IA32_APIC_BASE has it switched on
 * @apic: the local APIC
 */
bool keel_lapic_enabled(const struct keel_lapic *apic)
{
	return apic->base & APIC_BASE_EN;
}

/**
 * keel_lapic_x2apic - whether it is in x2APIC mode
 * @apic: the local APIC
 */
bool keel_lapic_x2apic(const struct keel_lapic *apic)
{
	return apic->base & APIC_BASE_EXTD;
}

/*
 * lapic_set_identity - ID and, in x2APIC mode, LDR
 *
 * There the LDR comes from the ID ("Deriving Logical x2APIC ID from the Local
 * x2APIC ID").
 */
void lapic_set_identity(struct keel_lapic *apic)
{
	if (!keel_lapic_x2apic(apic)) {
		lapic_put(apic, APIC_ID, apic->id << 24);
		return;
	}
	lapic_put(apic, APIC_ID, apic->id);
	lapic_put(apic, APIC_LDR, apic->id >> 4 << 16 | BIT(apic->id & 15));
}

static void mask_lvt(struct keel_lapic *apic)
{
	u32 offset;

	for (offset = APIC_LVTT; offset <= APIC_LVTERR; offset += 16)
		lapic_put(apic, offset, lapic_get(apic, offset) | APIC_LVT_MASKED);
	apic->remote_irr = 0;
}

/**
 * keel_lapic_reset - INIT
 * @apic: the local APIC
 *
 * IA32_APIC_BASE, the ID, in x2APIC mode the LDR, and the levels of the pins stay
 * (SDM: "Local APIC State After It Receives an INIT-Deassert IPI", "x2APIC States").
 */
void keel_lapic_reset(struct keel_lapic *apic)
{
	memset(apic->regs, 0, REGS_BYTES);
	/* Other CPUs look meanwhile: with an SVR of 0 it takes no interrupt. */
	lapic_set_identity(apic);
	lapic_put(apic, APIC_LVR, VERSION);
	lapic_put(apic, APIC_DFR, 0xffffffff);
	lapic_put(apic, APIC_SPIV, 0xff);
	mask_lvt(apic);
	lapic_timer_stop(apic);
	/* A divide configuration of 0 divides by 2. */
	apic->shift = 1;
	apic->errors = 0;
	apic->tmr_changed = true;
}

/**
 * keel_lapic_init - power-up
 * @apic: the local APIC
 * @regs: a page for its registers
 * @id: its APIC ID; 0 is the bootstrap processor
 * @tsc_khz: frequency of the guest's TSC
 */
void keel_lapic_init(struct keel_lapic *apic, void *regs, u32 id, u32 tsc_khz)
{
	*apic = (struct keel_lapic){
		.regs = regs,
		.id = id,
		.tsc_khz = tsc_khz ? tsc_khz : 1,
		.base = APIC_DEFAULT_PHYS_BASE | APIC_BASE_EN | (id ? 0 : APIC_BASE_BSP),
	};
	keel_lapic_reset(apic);
}

/* lapic_register - whether there is a register at @offset of the APIC page */
bool lapic_register(u32 offset)
{
	return offset < 64 * 16 && !(offset & 15) && (REGISTERS & BIT_ULL(offset >> 4));
}

/* lapic_read_register - what @offset reads as */
u32 lapic_read_register(const struct keel_lapic *apic, u32 offset, u64 tsc)
{
	switch (offset) {
	case APIC_PROCPRI:
		return lapic_ppr(apic);
	case APIC_TMCCT:
		return lapic_timer_count(apic, tsc);
	case APIC_EOI:
		return 0;
	default:
		return lapic_get(apic, offset);
	}
}

/**
 * keel_lapic_read - read a register in the APIC page
 * @apic: the local APIC
 * @offset: in the page, a multiple of 4
 * @tsc: the guest's TSC
 * @value: what it reads
 *
 * A reserved register reads 0 and is an error for the ESR, whose interrupt then
 * is in IRR.  Outside xAPIC mode the page is not the APIC's; this still reads.
 *
 * Return: 0; -EINVAL where @offset is none.
 */
int keel_lapic_read(struct keel_lapic *apic, u32 offset, u64 tsc, u32 *value)
{
	*value = 0;
	if (offset >= REGS_BYTES || (offset & 3))
		return -EINVAL;
	if (lapic_register(offset))
		*value = lapic_read_register(apic, offset, tsc);
	else if (keel_lapic_enabled(apic) && !keel_lapic_x2apic(apic))
		lapic_error(apic, APIC_ESR_ILLREGA);
	return 0;
}

/* The bits of an LVT register that can be written, but for the read-only ones. */
static u32 lvt_bits(u32 offset)
{
	switch (offset) {
	case APIC_LVTT:
		return LVT_COMMON | LVT_TIMER_MODE;
	case APIC_LVTTHMR:
	case APIC_LVTPC:
		return LVT_COMMON | APIC_MODE_MASK;
	case APIC_LVT0:
	case APIC_LVT1:
		return LVT_PIN;
	default:
		return LVT_COMMON;
	}
}

/*
 * lapic_write_bits - the bits that a write to a register may set
 *
 * Read-only bits that are there (delivery status, remote IRR) are among them: they
 * are not reserved, and a write to them is ignored.
 *
 * Return: 0 for a register that only takes 0, or is read-only.
 */
u32 lapic_write_bits(u32 offset)
{
	switch (offset) {
	case APIC_TASKPRI:
	case APIC_SELF_IPI:
		return 0xff;
	case APIC_SPIV:
		return APIC_VECTOR_MASK | APIC_SPIV_APIC_ENABLED | APIC_SPIV_FOCUS_DISABLED |
			APIC_SPIV_DIRECTED_EOI;
	case APIC_LVT0:
	case APIC_LVT1:
		return lvt_bits(offset) | APIC_SEND_PENDING | APIC_LVT_REMOTE_IRR;
	case APIC_LVTT:
	case APIC_LVTTHMR:
	case APIC_LVTPC:
	case APIC_LVTERR:
		return lvt_bits(offset) | APIC_SEND_PENDING;
	case APIC_TMICT:
		return 0xffffffff;
	case APIC_TDCR:
		return 0xb;
	default:
		return 0;
	}
}

static u32 write_lvt(struct keel_lapic *apic, u32 offset, u32 value)
{
	value &= lvt_bits(offset);
	/* "Attempts to reset these bits will be ignored" while it is disabled. */
	if (!lapic_software_enabled(apic))
		value |= APIC_LVT_MASKED;
	lapic_put(apic, offset, value);
	switch (offset) {
	case APIC_LVTT:
		return lapic_timer_lvt_written(apic);
	case APIC_LVT0:
		return lapic_lint_written(apic, 0);
	case APIC_LVT1:
		return lapic_lint_written(apic, 1);
	default:
		return 0;
	}
}

/* Its write shows the errors since the last one, and arms their interrupt. */
static u32 write_esr(struct keel_lapic *apic)
{
	lapic_put(apic, APIC_ESR, apic->errors);
	apic->errors = 0;
	return 0;
}

/*
 * lapic_write_register - a write to a register that both modes have
 *
 * @value is what the guest wrote; reserved bits are dropped here.  Others, and
 * read-only registers, ignore it.
 */
u32 lapic_write_register(struct keel_lapic *apic, u32 offset, u32 value, u64 tsc)
{
	switch (offset) {
	case APIC_TASKPRI:
		lapic_put(apic, offset, value & APIC_TPRI_MASK);
		return KEEL_LAPIC_PRIORITY;
	case APIC_SPIV:
		lapic_put(apic, offset, value & lapic_write_bits(offset));
		if (!lapic_software_enabled(apic))
			mask_lvt(apic);
		return KEEL_LAPIC_PRIORITY;
	case APIC_ESR:
		return write_esr(apic);
	case APIC_LVTT:
	case APIC_LVTTHMR:
	case APIC_LVTPC:
	case APIC_LVT0:
	case APIC_LVT1:
	case APIC_LVTERR:
		return write_lvt(apic, offset, value);
	case APIC_TMICT:
		lapic_put(apic, offset, value);
		return lapic_timer_start(apic, tsc);
	case APIC_TDCR:
		lapic_put(apic, offset, value & 0xb);
		return lapic_timer_divide(apic, tsc);
	default:
		return 0;
	}
}

/* What x2APIC mode has not, or has otherwise. */
static u32 write_xapic(struct keel_lapic *apic, u32 offset, u32 value, u64 tsc)
{
	switch (offset) {
	case APIC_ID:
		/* Read-only here, as where there is x2APIC mode; the page may have changed. */
		lapic_set_identity(apic);
		return 0;
	case APIC_LDR:
		lapic_put(apic, offset, value & APIC_LDR_MASK);
		return 0;
	case APIC_DFR:
		lapic_put(apic, offset, value | APIC_DFR_CLUSTER);
		return 0;
	case APIC_ICR2:
		lapic_put(apic, offset, value & 0xff000000);
		return 0;
	default:
		return lapic_write_register(apic, offset, value, tsc);
	}
}

/**
 * keel_lapic_write - write a register in the APIC page
 * @apic: the local APIC
 * @offset: in the page, a multiple of 4 below 4096
 * @value: what was written
 * @tsc: the guest's TSC
 *
 * A write to a reserved register is an error for the ESR.  Outside xAPIC mode the
 * page is not the APIC's, and nothing happens.
 *
 * Return: effects.
 */
u32 keel_lapic_write(struct keel_lapic *apic, u32 offset, u32 value, u64 tsc)
{
	if ((apic->base & (APIC_BASE_EN | APIC_BASE_EXTD)) != APIC_BASE_EN)
		return 0;
	/* The two that are written all the time. */
	if (offset == APIC_EOI)
		return keel_lapic_eoi(apic);
	if (offset == APIC_ICR) {
		value &= LAPIC_ICR_BITS;
		lapic_put(apic, offset, value);
		return lapic_send_ipi(apic, value, lapic_get(apic, APIC_ICR2) >> 24, false);
	}
	if (lapic_register(offset))
		return write_xapic(apic, offset, value, tsc);
	lapic_error(apic, APIC_ESR_ILLREGA);
	return KEEL_LAPIC_PRIORITY;
}
