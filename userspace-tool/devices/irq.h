/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A wire that carries an interrupt request.
 *
 * A device has one for each of its interrupt outputs and drives it; who made
 * the machine says where it ends.  true means asserted: whether a board would
 * do that with a high or a low voltage is none of the device's business.
 *
 * Lock order in devices/, outermost first: a device's own lock, the lock of an
 * interrupt chip (i8259, ioapic; never both), the clock's lock.  So a device
 * may drive its pin and arm its timers with its lock held, which keeps changes
 * of a level in order; what ends a wire must not call back into who drives it.
 */
#ifndef IRQ_H
#define IRQ_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct irq_pin - one end of a wire
 * @set: the level is now @level; also called where it did not change.  NULL:
 *	not connected.
 * @seen: whether a further pulse would change anything at the other end; a
 *	device with periodic interrupts need not make pulses that nobody sees.
 *	NULL: always.
 * @opaque: given to both
 * @n: given to both: which wire
 *
 * A pin is a value: it is copied freely, and constant while in use.
 */
struct irq_pin {
	void (*set)(void *opaque, unsigned int n, bool level);
	bool (*seen)(void *opaque, unsigned int n);
	void *opaque;
	unsigned int n;
};

/**
 * irq_set() - drive a wire
 * @pin: the wire; NULL or all zeros where nothing is connected
 * @level: true: asserted
 */
static inline void irq_set(const struct irq_pin *pin, bool level)
{
	if (pin && pin->set)
		pin->set(pin->opaque, pin->n, level);
}

/**
 * irq_seen() - whether a pulse on a wire would be noticed
 * @pin: the wire; NULL or all zeros where nothing is connected
 *
 * Return: false where nothing is connected, or where the other end would not
 * change for a further pulse.
 */
static inline bool irq_seen(const struct irq_pin *pin)
{
	if (!pin || !pin->set)
		return false;
	return !pin->seen || pin->seen(pin->opaque, pin->n);
}

#endif /* IRQ_H */
