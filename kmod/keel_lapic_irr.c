// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's interrupts from where they arrive to their EOI: IRR, ISR, TMR,
 * priorities, the pins, the local vector table, errors.  Pure.
 *
 * SDM: "Handling Interrupts", "Local Vector Table", "Error Handling".
 */
#include "keel_lapic.h"

#include <linux/bits.h>

#include "keel_lapic_regs.h"

#define LVT_MODE(lvt)		(((lvt) >> 8) & 7)
#define PRIORITY_CLASS(v)	((v) & 0xf0)

/* The highest vector in IRR, ISR or TMR, or -1. */
static int find_highest(const struct keel_lapic *apic, u32 array)
{
	int word;

	for (word = 7; word >= 0; word--) {
		u32 bits = lapic_get(apic, array + word * 16);

		if (bits)
			return word * 32 + 31 - __builtin_clz(bits);
	}
	return -1;
}

/**
 * keel_lapic_irr - the highest vector in IRR
 * @apic: the local APIC
 *
 * Return: -1 where it is empty.
 */
int keel_lapic_irr(const struct keel_lapic *apic)
{
	return find_highest(apic, APIC_IRR);
}

/**
 * keel_lapic_isr - the highest vector in ISR
 * @apic: the local APIC
 *
 * Return: -1 where it is empty.
 */
int keel_lapic_isr(const struct keel_lapic *apic)
{
	return find_highest(apic, APIC_ISR);
}

/** keel_lapic_is_level - whether the last interrupt @vector was level-triggered */
bool keel_lapic_is_level(const struct keel_lapic *apic, u8 vector)
{
	return lapic_test(apic, APIC_TMR, vector);
}

/* lapic_ppr - the processor-priority register ("Task and Processor Priorities") */
u32 lapic_ppr(const struct keel_lapic *apic)
{
	u32 tpr = lapic_get(apic, APIC_TASKPRI) & APIC_TPRI_MASK;
	int isr = keel_lapic_isr(apic);

	if (isr < 0 || PRIORITY_CLASS(tpr) >= PRIORITY_CLASS(isr))
		return tpr;
	return PRIORITY_CLASS(isr);
}

/**
 * keel_lapic_highest - what the APIC would give the CPU now
 * @apic: the local APIC
 *
 * Return: the vector; -1 where nothing waits, or nothing of a priority class
 * above the processor's, or the APIC is switched off.
 */
int keel_lapic_highest(const struct keel_lapic *apic)
{
	int irr = keel_lapic_irr(apic);

	if (irr < 0 || PRIORITY_CLASS(irr) <= PRIORITY_CLASS(lapic_ppr(apic)))
		return -1;
	if (!keel_lapic_enabled(apic) || !lapic_software_enabled(apic))
		return -1;
	return irr;
}

/**
 * keel_lapic_ack - the CPU has taken an interrupt
 * @apic: the local APIC
 * @vector: what keel_lapic_highest() said
 */
void keel_lapic_ack(struct keel_lapic *apic, u8 vector)
{
	lapic_clear(apic, APIC_IRR, vector);
	lapic_set(apic, APIC_ISR, vector);
}

static void set_trigger_mode(struct keel_lapic *apic, u8 vector, bool level)
{
	if (lapic_test(apic, APIC_TMR, vector) == level)
		return;
	if (level)
		lapic_set(apic, APIC_TMR, vector);
	else
		lapic_clear(apic, APIC_TMR, vector);
	apic->tmr_changed = true;
}

/**
 * keel_lapic_accept - an interrupt has arrived
 * @apic: the local APIC
 * @vector: 0 to 255; below 16 is an error
 * @level: it is level-triggered
 *
 * An APIC that has been switched off since it was sent loses it, as an APIC does
 * that is not there when a message passes.
 */
void keel_lapic_accept(struct keel_lapic *apic, u8 vector, bool level)
{
	if (!keel_lapic_enabled(apic) || !lapic_software_enabled(apic))
		return;
	if (vector < 16) {
		lapic_error(apic, APIC_ESR_RECVILL);
		return;
	}
	set_trigger_mode(apic, vector, level);
	lapic_set(apic, APIC_IRR, vector);
}

/*
 * lapic_lvt_deliver - a local source has something to tell
 * @apic: the local APIC
 * @offset: of its register in the local vector table
 *
 * The registers of timer and error have no delivery mode: 0 is Fixed.  SMI and
 * INIT from a local source do nothing here; ExtINT is keel_lapic_extint()'s.
 */
u32 lapic_lvt_deliver(struct keel_lapic *apic, u32 offset)
{
	u32 lvt = lapic_get(apic, offset);

	if (lvt & APIC_LVT_MASKED)
		return 0;
	switch (LVT_MODE(lvt)) {
	case KEEL_APIC_FIXED:
		keel_lapic_accept(apic, lvt & APIC_VECTOR_MASK, false);
		return KEEL_LAPIC_PRIORITY;
	case KEEL_APIC_NMI:
		return KEEL_LAPIC_NMI;
	default:
		return 0;
	}
}

/*
 * lapic_error - an error for the ESR
 *
 * The error interrupt comes once; the next write to the ESR arms it again.  So
 * one whose own vector is illegal ends here, too.
 */
void lapic_error(struct keel_lapic *apic, u32 error)
{
	bool armed = !apic->errors;

	apic->errors |= error;
	if (armed)
		lapic_lvt_deliver(apic, APIC_LVTERR);
}

static u32 lint_offset(unsigned int pin)
{
	return pin ? APIC_LVT1 : APIC_LVT0;
}

/* Fixed and level-triggered: the pin's level matters, not only its edge. */
static bool lint_is_level(u32 lvt)
{
	return (lvt & APIC_LVT_LEVEL_TRIGGER) && LVT_MODE(lvt) == KEEL_APIC_FIXED;
}

static void set_remote_irr(struct keel_lapic *apic, unsigned int pin, bool on)
{
	u32 lvt = lapic_get(apic, lint_offset(pin)) & ~APIC_LVT_REMOTE_IRR;

	apic->remote_irr &= ~BIT(pin);
	if (on) {
		apic->remote_irr |= BIT(pin);
		lvt |= APIC_LVT_REMOTE_IRR;
	}
	lapic_put(apic, lint_offset(pin), lvt);
}

/* Deliver for a level-triggered pin, unless its last interrupt awaits the EOI. */
static u32 deliver_level(struct keel_lapic *apic, unsigned int pin)
{
	u32 lvt = lapic_get(apic, lint_offset(pin));

	if ((lvt & APIC_LVT_MASKED) || !(apic->lint & BIT(pin)) || (apic->remote_irr & BIT(pin)))
		return 0;
	/* There is no EOI for an illegal vector. */
	set_remote_irr(apic, pin, (lvt & APIC_VECTOR_MASK) >= 16);
	keel_lapic_accept(apic, lvt & APIC_VECTOR_MASK, true);
	return KEEL_LAPIC_PRIORITY;
}

/*
 * lapic_lint_written - the register of a pin has been written
 *
 * Remote IRR is read-only, and belongs to an unmasked level-triggered entry.  An
 * ExtINT may have got through or been shut off, so the caller has to look again.
 */
u32 lapic_lint_written(struct keel_lapic *apic, unsigned int pin)
{
	u32 lvt = lapic_get(apic, lint_offset(pin));
	bool level = lint_is_level(lvt) && !(lvt & APIC_LVT_MASKED);

	set_remote_irr(apic, pin, level && (apic->remote_irr & BIT(pin)));
	if (level)
		deliver_level(apic, pin);
	return KEEL_LAPIC_PRIORITY;
}

/**
 * keel_lapic_set_lint - the level of a pin
 * @apic: the local APIC
 * @pin: 0: LINT0, 1: LINT1
 * @level: whether it is asserted; the polarity in the local vector table is for
 *	boards, not for this
 *
 * Where the APIC is switched off in IA32_APIC_BASE, the pins are INTR and NMI of
 * the CPU (SDM, "Presence of the Local APIC").
 *
 * Return: effects.
 */
u32 keel_lapic_set_lint(struct keel_lapic *apic, unsigned int pin, bool level)
{
	bool was = apic->lint & BIT(pin);
	u32 lvt = lapic_get(apic, lint_offset(pin));

	if (level)
		apic->lint |= BIT(pin);
	else
		apic->lint &= ~BIT(pin);
	if (was == level)
		return 0;
	if (!keel_lapic_enabled(apic)) {
		if (!pin)
			return KEEL_LAPIC_PRIORITY;
		return level ? KEEL_LAPIC_NMI : 0;
	}
	if (LVT_MODE(lvt) == KEEL_APIC_EXTINT)
		return KEEL_LAPIC_PRIORITY;
	if (!level)
		return 0;
	return lint_is_level(lvt) ? deliver_level(apic, pin) :
				    lapic_lvt_deliver(apic, lint_offset(pin));
}

/**
 * keel_lapic_extint - whether an external interrupt controller's interrupt waits
 * @apic: the local APIC
 *
 * Its vector comes from that controller, and neither IRR nor priorities matter.
 */
bool keel_lapic_extint(const struct keel_lapic *apic)
{
	unsigned int pin;

	if (!apic->lint)
		return false;
	if (!keel_lapic_enabled(apic))
		return apic->lint & BIT(0);
	for (pin = 0; pin < 2; pin++) {
		u32 lvt = lapic_get(apic, lint_offset(pin));

		if ((apic->lint & BIT(pin)) && !(lvt & APIC_LVT_MASKED) &&
		    LVT_MODE(lvt) == KEEL_APIC_EXTINT)
			return true;
	}
	return false;
}

/**
 * keel_lapic_eoi - the guest has written to the EOI register
 * @apic: the local APIC
 *
 * Return: effects.
 */
u32 keel_lapic_eoi(struct keel_lapic *apic)
{
	int vector = keel_lapic_isr(apic);

	if (vector < 0)
		return 0;
	lapic_clear(apic, APIC_ISR, vector);
	return KEEL_LAPIC_PRIORITY | keel_lapic_after_eoi(apic, vector);
}

/**
 * keel_lapic_after_eoi - what follows where ISR has been served already
 * @apic: the local APIC
 * @vector: the vector that the EOI was for
 *
 * For CPUs with virtual-interrupt delivery, which leave the guest after they have
 * cleared the bit in ISR.
 *
 * Return: effects: KEEL_LAPIC_EOI where I/O APICs are to be told, and
 * KEEL_LAPIC_PRIORITY where a pin is still asserted.
 */
u32 keel_lapic_after_eoi(struct keel_lapic *apic, u8 vector)
{
	unsigned int pin;
	u32 effects = 0;

	if (!lapic_test(apic, APIC_TMR, vector))
		return 0;
	for (pin = 0; pin < 2 && apic->remote_irr; pin++) {
		u32 lvt = lapic_get(apic, lint_offset(pin));

		if (!(apic->remote_irr & BIT(pin)) || (lvt & APIC_VECTOR_MASK) != vector)
			continue;
		set_remote_irr(apic, pin, false);
		effects |= deliver_level(apic, pin);
	}
	if (!(lapic_get(apic, APIC_SPIV) & APIC_SPIV_DIRECTED_EOI)) {
		apic->eoi_vector = vector;
		effects |= KEEL_LAPIC_EOI;
	}
	return effects;
}
