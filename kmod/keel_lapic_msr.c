// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's MSRs: IA32_APIC_BASE, IA32_TSC_DEADLINE, and its registers in
 * x2APIC mode.  Pure.  -EINVAL is #GP for the guest.
 *
 * SDM: "Extended XAPIC (x2APIC)".
 */
#include "keel_lapic.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <asm/msr-index.h>

#include "keel_lapic_regs.h"

/* MAXPHYADDR is the caller's to check; no guest has more than 52 bits. */
#define APIC_BASE_MODE		(APIC_BASE_EN | APIC_BASE_EXTD)
#define APIC_BASE_VALID		(GENMASK_ULL(51, 12) | APIC_BASE_BSP | APIC_BASE_MODE)

/* Bit n: MSR 0x800 + n can be read, can be written. */
#define REG(offset)		BIT_ULL((offset) >> 4)
#define REGS(first, last)	GENMASK_ULL((last) >> 4, (first) >> 4)
#define RW			(REG(APIC_TASKPRI) | REG(APIC_SPIV) | REG(APIC_ESR) |	\
				 REG(APIC_ICR) | REGS(APIC_LVTT, APIC_TMICT) | REG(APIC_TDCR))
#define READABLE		(RW | REG(APIC_ID) | REG(APIC_LVR) | REG(APIC_PROCPRI) |	\
				 REG(APIC_LDR) | REGS(APIC_ISR, APIC_ESR) | REG(APIC_TMCCT))
#define WRITABLE		(RW | REG(APIC_EOI) | REG(APIC_SELF_IPI))

static bool allowed(u64 registers, u32 msr)
{
	u32 number = msr - APIC_BASE_MSR;

	return number < 64 && (registers & BIT_ULL(number));
}

/* "x2APIC State Transitions" */
static bool valid_transition(u64 old, u64 new)
{
	bool on = new & APIC_BASE_EN, extd = new & APIC_BASE_EXTD;

	if (extd && !on)
		return false;
	/* x2APIC mode is reached from xAPIC mode alone, and left by switching off. */
	if (extd)
		return old & APIC_BASE_EN;
	return !on || !(old & APIC_BASE_EXTD);
}

static int write_base(struct keel_lapic *apic, u64 value, u32 *effects)
{
	u64 old = apic->base;

	if ((value & ~APIC_BASE_VALID) || !valid_transition(old, value))
		return -EINVAL;
	WRITE_ONCE(apic->base, value);
	if (value == old)
		return 0;
	*effects = KEEL_LAPIC_MODE;
	if (!((value ^ old) & APIC_BASE_MODE))
		return 0;
	*effects |= KEEL_LAPIC_PRIORITY;
	if (value & APIC_BASE_EXTD) {
		/* All stays but these, and the ICR's high half, which is elsewhere. */
		lapic_set_identity(apic);
	} else {
		/* Switched off it forgets, so on it is as after power-up. */
		keel_lapic_reset(apic);
		*effects |= KEEL_LAPIC_TIMER;
	}
	return 0;
}

/**
 * keel_lapic_rdmsr - the guest reads an MSR of the local APIC
 * @apic: the local APIC
 * @msr: IA32_APIC_BASE, IA32_TSC_DEADLINE, or 0x800 to 0x8ff
 * @tsc: the guest's TSC
 * @value: what it reads
 *
 * Return: 0; -EINVAL for #GP.
 */
int keel_lapic_rdmsr(struct keel_lapic *apic, u32 msr, u64 tsc, u64 *value)
{
	u32 offset = (msr - APIC_BASE_MSR) << 4;

	if (msr == MSR_IA32_APICBASE) {
		*value = apic->base;
		return 0;
	}
	if (msr == MSR_IA32_TSC_DEADLINE) {
		*value = apic->deadline;
		return 0;
	}
	if (!keel_lapic_x2apic(apic) || !allowed(READABLE, msr))
		return -EINVAL;
	*value = lapic_read_register(apic, offset, tsc);
	/* The one register of 64 bits; the CPU, too, expects it so in the page. */
	if (offset == APIC_ICR)
		*value |= (u64)lapic_get(apic, APIC_ICR + 4) << 32;
	return 0;
}

static int write_icr(struct keel_lapic *apic, u64 value, u32 *effects)
{
	u32 low = value & LAPIC_ICR_BITS;

	/* The delivery status is gone, but a write to it is ignored. */
	if ((u32)value & ~(LAPIC_ICR_BITS | APIC_ICR_BUSY))
		return -EINVAL;
	lapic_put(apic, APIC_ICR, low);
	lapic_put(apic, APIC_ICR + 4, value >> 32);
	*effects = lapic_send_ipi(apic, low, value >> 32, true);
	return 0;
}

static int write_x2apic(struct keel_lapic *apic, u32 msr, u64 value, u64 tsc, u32 *effects)
{
	u32 offset = (msr - APIC_BASE_MSR) << 4;

	if (!keel_lapic_x2apic(apic) || !allowed(WRITABLE, msr))
		return -EINVAL;
	if (offset == APIC_ICR)
		return write_icr(apic, value, effects);
	if (offset == APIC_EOI) {
		if (value)
			return -EINVAL;
		*effects = keel_lapic_eoi(apic);
		return 0;
	}
	if (value & ~(u64)lapic_write_bits(offset))
		return -EINVAL;
	if (offset == APIC_SELF_IPI)
		*effects = lapic_send_ipi(apic, value | APIC_DEST_SELF, 0, true);
	else
		*effects = lapic_write_register(apic, offset, value, tsc);
	return 0;
}

/**
 * keel_lapic_wrmsr - the guest writes an MSR of the local APIC
 * @apic: the local APIC
 * @msr: IA32_APIC_BASE, IA32_TSC_DEADLINE, or 0x800 to 0x8ff
 * @value: what it writes
 * @tsc: the guest's TSC
 * @effects: what it asks of the caller; 0 with an error
 *
 * That an address in IA32_APIC_BASE has no more bits than the guest's MAXPHYADDR
 * is the caller's to check.
 *
 * Return: 0; -EINVAL for #GP.
 */
int keel_lapic_wrmsr(struct keel_lapic *apic, u32 msr, u64 value, u64 tsc, u32 *effects)
{
	*effects = 0;
	if (msr == MSR_IA32_TSC_DEADLINE) {
		*effects = lapic_timer_deadline(apic, value, tsc);
		return 0;
	}
	if (msr == MSR_IA32_APICBASE)
		return write_base(apic, value, effects);
	return write_x2apic(apic, msr, value, tsc, effects);
}
