/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt wiring of a PC: which wire reaches which input of the 8259 pair
 * and of the I/O APIC.
 *
 * The local APICs are not here: two functions of the machine connect to them.
 * See ioapic.h and i8259.h for the chips, irq.h for wires and the lock order.
 */
#ifndef IRQCHIP_H
#define IRQCHIP_H

#include <stdbool.h>
#include <linux/types.h>

#include "i8259.h"
#include "ioapic.h"
#include "irq.h"

struct bus;

/** define IRQCHIP_TIMER_PIN - the I/O APIC's pin of ISA IRQ 0 */
#define IRQCHIP_TIMER_PIN	2
/** define IRQCHIP_PINS - wires: 16 of the ISA bus, then the I/O APIC's own */
#define IRQCHIP_PINS		IOAPIC_PINS

/**
 * struct irqchip_ops - the local APICs, as the chips see them
 * @intr: the 8259's INTR output, which a PC connects to LINT0 of the local APICs
 * @msi: a message of the I/O APIC
 *
 * Called from any thread, with the lock of a chip held: they must not call back
 * into the chips, and whatever they do must not wait for a vCPU's thread.
 */
struct irqchip_ops {
	void (*intr)(void *opaque, bool level);
	void (*msi)(void *opaque, __u64 address, __u32 data);
};

/**
 * struct irqchip_watch - who wants to know when a wire is seen again
 * @ready: pulses on the wire may count again, see irqchip_watch(); NULL: nobody
 * @opaque: given to @ready
 */
struct irqchip_watch {
	void (*ready)(void *opaque);
	void *opaque;
};

/**
 * struct irqchip - the chips and their wiring
 * @ops: the local APICs; constant
 * @opaque: given to @ops; constant
 * @pic: the 8259 pair
 * @ioapic: the I/O APIC
 * @watch: one for each wire; constant while vCPUs run
 */
struct irqchip {
	const struct irqchip_ops *ops;
	void *opaque;
	struct i8259 pic;
	struct ioapic ioapic;
	struct irqchip_watch watch[IRQCHIP_PINS];
};

void irqchip_init(struct irqchip *chip, const struct irqchip_ops *ops,
		  void *opaque);
void irqchip_destroy(struct irqchip *chip);
int irqchip_attach(struct irqchip *chip, struct bus *ports, struct bus *mmio);
struct irq_pin irqchip_pin(struct irqchip *chip, unsigned int irq);
void irqchip_watch(struct irqchip *chip, unsigned int irq,
		   void (*ready)(void *opaque), void *opaque);
__u8 irqchip_ack(struct irqchip *chip);
void irqchip_eoi(struct irqchip *chip, __u8 vector);

#endif /* IRQCHIP_H */
