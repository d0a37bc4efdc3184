/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts between vCPUs, and from the VMM and eventfds to them: who a message
 * is for (keel_irq.c), and where it waits until the vCPU takes it over.
 */
#ifndef KEEL_IRQ_H
#define KEEL_IRQ_H

#include <linux/bits.h>
#include <linux/keel.h>
#include <linux/types.h>

#include "keel_lapic.h"

struct keel_vcpu;
struct keel_vm;

/**
 * struct keel_posted - posted-interrupt descriptor, as the CPU knows it
 * @requests: bit n: interrupt n has been posted
 * @control: bit 0: outstanding notification
 *
 * SDM: "Posted-Interrupt Processing", "Format of Posted-Interrupt Descriptor".
 * Without posted interrupts it serves as well: the vCPU takes it over before it
 * enters the guest.
 */
struct keel_posted {
	unsigned long requests[4];
	unsigned long control;
	unsigned long reserved[3];
};

/** define KEEL_POSTED_ON - &keel_posted.control: outstanding notification */
#define KEEL_POSTED_ON		BIT(0)

/** DOC: bits of &keel_inbox.flags */
#define KEEL_INBOX_NMI		0	/* an NMI */
#define KEEL_INBOX_INIT		1	/* INIT */
#define KEEL_INBOX_SIPI		2	/* start-up IPI: &keel_inbox.sipi_vector */
#define KEEL_INBOX_LINT0	3	/* level of the pin LINT0 */
#define KEEL_INBOX_LINT1	4	/* level of the pin LINT1 */
#define KEEL_INBOX_LEVEL	5	/* @level holds something */
#define KEEL_INBOX_LINTS	6	/* a pin's level has changed */
#define KEEL_INBOX_ROSE0	7	/* LINT0 rose, whatever it is now */
#define KEEL_INBOX_ROSE1	8	/* LINT1 rose */

/**
 * define KEEL_INBOX_WORK - flags that the vCPU has to do something about; the
 * levels of the pins are no such
 */
#define KEEL_INBOX_WORK		(BIT(KEEL_INBOX_NMI) | BIT(KEEL_INBOX_INIT) |	\
				 BIT(KEEL_INBOX_SIPI) | BIT(KEEL_INBOX_LEVEL) |	\
				 BIT(KEEL_INBOX_LINTS))

/**
 * struct keel_inbox - what others have for a vCPU
 * @posted: edge-triggered interrupts; a page, as Bochs wants it [C: the pointer]
 * @level: level-triggered interrupts: they need an exit at their EOI, so that the
 *	CPU must not take them by itself
 * @flags: KEEL_INBOX_*
 * @sipi_vector: page number at which a SIPI starts the vCPU
 *
 * Without KEEL_VM_LAPIC @posted is NULL.  Written by anyone, from any context, with
 * atomic bit operations; who wrote wakes the vCPU (keel_vcpu_kick()).
 */
struct keel_inbox {
	struct keel_posted *posted;
	unsigned long level[4];
	unsigned long flags;
	u8 sipi_vector;
};

int keel_irq_send(struct keel_vm *vm, const struct keel_irq_msg *msg,
		  const struct keel_vcpu *sender);
int keel_irq_check(const struct keel_vm *vm, const char *call);
int keel_irq_msi(const char *call, u64 address, u32 data, struct keel_irq_msg *msg);
long keel_vm_irq(void *vm, void *arg);

#endif /* KEEL_IRQ_H */
