// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt wiring of a PC.
 *
 * ISA IRQ 0 reaches pin 2 of the I/O APIC, whose input on the 8259 is the
 * cascade and no wire; all other ISA interrupts have the same number on both.
 * ACPI's MADT tells the guest of that exception.
 */
#include "bus.h"
#include "irqchip.h"

#define ISA_IRQS	16

static unsigned int ioapic_pin(unsigned int irq)
{
	return irq ? irq : IRQCHIP_TIMER_PIN;
}

static void pin_set(void *opaque, unsigned int irq, bool level)
{
	struct irqchip *chip = opaque;

	if (irq < ISA_IRQS)
		i8259_set(&chip->pic, irq, level);
	ioapic_set(&chip->ioapic, ioapic_pin(irq), level);
}

static bool pin_seen(void *opaque, unsigned int irq)
{
	struct irqchip *chip = opaque;

	if (irq < ISA_IRQS && i8259_seen(&chip->pic, irq))
		return true;
	return ioapic_seen(&chip->ioapic, ioapic_pin(irq));
}

static void pic_intr(void *opaque, bool level)
{
	struct irqchip *chip = opaque;

	chip->ops->intr(chip->opaque, level);
}

static void ioapic_msi(void *opaque, __u64 address, __u32 data)
{
	struct irqchip *chip = opaque;

	chip->ops->msi(chip->opaque, address, data);
}

static void ready(const struct irqchip *chip, unsigned int irq)
{
	const struct irqchip_watch *watch = &chip->watch[irq];

	if (watch->ready)
		watch->ready(watch->opaque);
}

static void pic_ready(void *opaque, __u16 irqs)
{
	unsigned int irq;

	for (irq = 0; irq < ISA_IRQS; irq++)
		if (irqs >> irq & 1)
			ready(opaque, irq);
}

static void ioapic_ready(void *opaque, __u32 pins)
{
	unsigned int irq;

	for (irq = 0; irq < IRQCHIP_PINS; irq++)
		if (pins >> ioapic_pin(irq) & 1 && irq != I8259_CASCADE)
			ready(opaque, irq);
}

/**
 * irqchip_init() - make the chips
 * @chip: the chips
 * @ops: the local APICs
 * @opaque: given to @ops
 */
void irqchip_init(struct irqchip *chip, const struct irqchip_ops *ops,
		  void *opaque)
{
	static const struct i8259_ops pic = {
		.intr = pic_intr, .ready = pic_ready,
	};
	static const struct ioapic_ops ioapic = {
		.msi = ioapic_msi, .ready = ioapic_ready,
	};

	*chip = (struct irqchip){ .ops = ops, .opaque = opaque };
	i8259_init(&chip->pic, &pic, chip);
	ioapic_init(&chip->ioapic, &ioapic, chip);
}

/**
 * irqchip_destroy() - release the chips
 * @chip: the chips
 */
void irqchip_destroy(struct irqchip *chip)
{
	ioapic_destroy(&chip->ioapic);
	i8259_destroy(&chip->pic);
}

/**
 * irqchip_attach() - put the chips on the buses
 * @chip: the chips
 * @ports: for the 8259 pair
 * @mmio: for the I/O APIC
 *
 * Return: as bus_add(); after an error the buses are to be destroyed.
 */
int irqchip_attach(struct irqchip *chip, struct bus *ports, struct bus *mmio)
{
	int ret = i8259_attach(&chip->pic, ports);

	return ret ? ret : ioapic_attach(&chip->ioapic, mmio);
}

/**
 * irqchip_pin() - the end of a wire for a device
 * @chip: the chips
 * @irq: 0 to 15: an ISA interrupt, which drives both chips; from 16 on a pin of
 *	the I/O APIC alone
 *
 * A wire has one driver.
 *
 * Return: the wire; not connected for the cascade and for numbers that are too
 * high.
 */
struct irq_pin irqchip_pin(struct irqchip *chip, unsigned int irq)
{
	if (irq == I8259_CASCADE || irq >= IRQCHIP_PINS)
		return (struct irq_pin){ 0 };
	return (struct irq_pin){
		.set = pin_set, .seen = pin_seen, .opaque = chip, .n = irq,
	};
}

/**
 * irqchip_watch() - say when pulses on a wire may count again
 * @chip: the chips; no vCPU runs
 * @irq: as irqchip_pin()
 * @ready: called without locks, in the thread of a vCPU, after something that
 *	can turn irq_seen() of the wire from false to true: an acknowledge, an
 *	initialisation, a mask that went.  It asks irq_seen() with its own lock
 *	held, so that of several calls the last one sees the last state.
 * @opaque: given to @ready
 */
void irqchip_watch(struct irqchip *chip, unsigned int irq,
		   void (*ready)(void *opaque), void *opaque)
{
	chip->watch[irq] = (struct irqchip_watch){ ready, opaque };
}

/**
 * irqchip_ack() - the CPU's interrupt acknowledge cycle
 * @chip: the chips
 *
 * Return: the vector that the 8259 pair answers, which may be a spurious one.
 */
__u8 irqchip_ack(struct irqchip *chip)
{
	return i8259_ack(&chip->pic);
}

/**
 * irqchip_eoi() - a local APIC broadcasts the end of a level interrupt
 * @chip: the chips
 * @vector: of the interrupt
 */
void irqchip_eoi(struct irqchip *chip, __u8 vector)
{
	ioapic_eoi(&chip->ioapic, vector);
}
