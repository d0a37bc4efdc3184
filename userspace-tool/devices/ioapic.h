/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The I/O APIC: 24 inputs, each with an entry that says which message it sends
 * to the local APICs.
 *
 * Data sheet: Intel 82093AA; version 0x20 with the EOI register is that of the
 * I/O APICs in later chipsets (Intel 82801BA, ICH2).
 */
#ifndef IOAPIC_H
#define IOAPIC_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

struct bus;

/** define IOAPIC_BASE - where a PC has its first I/O APIC */
#define IOAPIC_BASE	0xfec00000ULL
/** define IOAPIC_BYTES - bytes of address space it takes */
#define IOAPIC_BYTES	0x1000
/** define IOAPIC_PINS - how many inputs it has */
#define IOAPIC_PINS	24
/** define IOAPIC_ID - its APIC ID at reset, as ACPI's MADT must have it */
#define IOAPIC_ID	0

/**
 * struct ioapic_ops - what it is connected to
 * @msi: send a message to the local APICs: @address and @data as an MSI has them
 *	(SDM, "Message Signalled Interrupts").  Called with the lock held; must
 *	not call back.
 * @ready: pins whose bit is set in @pins are no longer masked.  Called without
 *	locks, and never from ioapic_set().  May be NULL.
 */
struct ioapic_ops {
	void (*msi)(void *opaque, __u64 address, __u32 data);
	void (*ready)(void *opaque, __u32 pins);
};

/**
 * struct ioapic - an I/O APIC
 * @lock: guards all that follows but @ops and @opaque
 * @ops: what it is connected to; constant
 * @opaque: given to @ops; constant
 * @id: identification register, bits 27:24 in their place
 * @arbitration: arbitration register, likewise
 * @select: IOREGSEL
 * @lines: levels of the pins
 * @entries: redirection table
 */
struct ioapic {
	pthread_mutex_t lock;
	const struct ioapic_ops *ops;
	void *opaque;
	__u32 id;
	__u32 arbitration;
	__u8 select;
	__u32 lines;
	__u64 entries[IOAPIC_PINS];
};

void ioapic_init(struct ioapic *ioapic, const struct ioapic_ops *ops,
		 void *opaque);
void ioapic_destroy(struct ioapic *ioapic);
int ioapic_attach(struct ioapic *ioapic, struct bus *mmio);
void ioapic_set(struct ioapic *ioapic, unsigned int pin, bool level);
bool ioapic_seen(struct ioapic *ioapic, unsigned int pin);
void ioapic_eoi(struct ioapic *ioapic, __u8 vector);
__u32 ioapic_read(struct ioapic *ioapic, unsigned int offset);
void ioapic_write(struct ioapic *ioapic, unsigned int offset, __u32 value);

#endif /* IOAPIC_H */
