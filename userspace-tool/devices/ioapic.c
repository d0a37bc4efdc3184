// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC, after the data sheet of Intel's 82093AA.
 *
 * A message is delivered as soon as it is sent, so delivery status is always
 * idle.  Wires say whether they are asserted, not at which voltage: the polarity
 * bit is kept for the guest and has no effect.
 */
#include "bus.h"
#include "ioapic.h"

/* Registers in memory; the others are reached through IOREGSEL and IOWIN. */
#define IOREGSEL		0x00
#define IOWIN			0x10
#define EOI			0x40

#define REG_ID			0x00
#define REG_VERSION		0x01
#define REG_ARBITRATION		0x02
#define REG_TABLE		0x10

/* Version 0x20: there is an EOI register.  The last entry's number is in 23:16. */
#define VERSION			(0x20 | (IOAPIC_PINS - 1) << 16)
#define ID_MASK			0x0f000000

/* An entry of the redirection table. */
#define ENTRY_VECTOR		0xffULL
#define ENTRY_MODE(entry)	((entry) >> 8 & 7)
#define ENTRY_LOGICAL		(1ULL << 11)
#define ENTRY_REMOTE_IRR	(1ULL << 14)
#define ENTRY_LEVEL		(1ULL << 15)
#define ENTRY_MASKED		(1ULL << 16)
#define ENTRY_DESTINATION(entry) ((entry) >> 56)
/* What can be written: all but delivery status, remote IRR, reserved bits. */
#define ENTRY_WRITABLE		0xff0000000001afffULL

#define MODE_LOWEST		1
/* Local APICs refuse vectors below. */
#define VECTOR_MIN		16

#define MSI_ADDRESS		0xfee00000ULL
#define MSI_DESTINATION_SHIFT	12
#define MSI_LOGICAL		(1 << 2)
#define MSI_ASSERT		(1 << 14)
#define MSI_LEVEL		(1 << 15)

/* Fixed and lowest priority alone know levels; all else is always an edge. */
static bool is_level(__u64 entry)
{
	return entry & ENTRY_LEVEL && ENTRY_MODE(entry) <= MODE_LOWEST;
}

static void send(struct ioapic *ioapic, unsigned int pin)
{
	__u64 *entry = &ioapic->entries[pin];
	__u64 address = MSI_ADDRESS |
		ENTRY_DESTINATION(*entry) << MSI_DESTINATION_SHIFT;
	__u32 data = (*entry & ENTRY_VECTOR) | ENTRY_MODE(*entry) << 8;

	if (ENTRY_MODE(*entry) <= MODE_LOWEST &&
	    (*entry & ENTRY_VECTOR) < VECTOR_MIN)
		return;
	if (*entry & ENTRY_LOGICAL)
		address |= MSI_LOGICAL;
	data |= MSI_ASSERT;
	if (is_level(*entry)) {
		data |= MSI_LEVEL;
		*entry |= ENTRY_REMOTE_IRR;
	}
	ioapic->ops->msi(ioapic->opaque, address, data);
}

/* A level that is asserted, not masked, and not being served already. */
static void send_level(struct ioapic *ioapic, unsigned int pin)
{
	__u64 entry = ioapic->entries[pin];

	if (is_level(entry) && ioapic->lines >> pin & 1 &&
	    !(entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		send(ioapic, pin);
}

/**
 * ioapic_set() - drive a pin
 * @ioapic: the I/O APIC
 * @pin: which
 * @level: whether it is asserted
 *
 * An edge at a masked pin is lost (82093AA, "I/O Redirection Table Registers",
 * "Interrupt Mask").
 */
void ioapic_set(struct ioapic *ioapic, unsigned int pin, bool level)
{
	__u32 bit = 1U << pin;
	bool edge;

	pthread_mutex_lock(&ioapic->lock);
	edge = level && !(ioapic->lines & bit);
	if (level)
		ioapic->lines |= bit;
	else
		ioapic->lines &= ~bit;
	if (is_level(ioapic->entries[pin]))
		send_level(ioapic, pin);
	else if (edge && !(ioapic->entries[pin] & ENTRY_MASKED))
		send(ioapic, pin);
	pthread_mutex_unlock(&ioapic->lock);
}

/**
 * ioapic_seen() - whether an edge on a pin would change anything
 * @ioapic: the I/O APIC
 * @pin: which
 *
 * Return: whether the pin is not masked.
 */
bool ioapic_seen(struct ioapic *ioapic, unsigned int pin)
{
	bool seen;

	pthread_mutex_lock(&ioapic->lock);
	seen = !(ioapic->entries[pin] & ENTRY_MASKED);
	pthread_mutex_unlock(&ioapic->lock);
	return seen;
}

/**
 * ioapic_eoi() - a local APIC ended a level-triggered interrupt
 * @ioapic: the I/O APIC
 * @vector: of the interrupt; pins with this vector send again where they are
 *	still asserted
 */
void ioapic_eoi(struct ioapic *ioapic, __u8 vector)
{
	unsigned int pin;

	pthread_mutex_lock(&ioapic->lock);
	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		__u64 *entry = &ioapic->entries[pin];

		if ((*entry & ENTRY_VECTOR) != vector ||
		    !(*entry & ENTRY_REMOTE_IRR))
			continue;
		*entry &= ~ENTRY_REMOTE_IRR;
		send_level(ioapic, pin);
	}
	pthread_mutex_unlock(&ioapic->lock);
}

static __u32 read_register(const struct ioapic *ioapic)
{
	unsigned int i = ioapic->select - REG_TABLE;

	switch (ioapic->select) {
	case REG_ID:
		return ioapic->id;
	case REG_VERSION:
		return VERSION;
	case REG_ARBITRATION:
		return ioapic->arbitration;
	}
	if (ioapic->select < REG_TABLE || i / 2 >= IOAPIC_PINS)
		return 0;
	return ioapic->entries[i / 2] >> (i % 2 * 32);
}

/*
 * Write half an entry.  Making it edge-triggered clears remote IRR, as the
 * chips do: guests use that to get rid of a level whose EOI was lost.
 */
static void write_entry(struct ioapic *ioapic, unsigned int i, __u32 value)
{
	unsigned int shift = i % 2 * 32;
	__u64 mask = 0xffffffffULL << shift & ENTRY_WRITABLE;
	__u64 *entry = &ioapic->entries[i / 2];

	*entry = (*entry & ~mask) | ((__u64)value << shift & mask);
	if (!is_level(*entry))
		*entry &= ~ENTRY_REMOTE_IRR;
	send_level(ioapic, i / 2);
}

static void write_register(struct ioapic *ioapic, __u32 value)
{
	unsigned int i = ioapic->select - REG_TABLE;

	if (ioapic->select == REG_ID) {
		ioapic->id = value & ID_MASK;
		ioapic->arbitration = ioapic->id;
	} else if (ioapic->select >= REG_TABLE && i / 2 < IOAPIC_PINS) {
		write_entry(ioapic, i, value);
	}
}

static __u32 unmasked(const struct ioapic *ioapic)
{
	__u32 pins = 0;
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++)
		if (!(ioapic->entries[pin] & ENTRY_MASKED))
			pins |= 1U << pin;
	return pins;
}

/**
 * ioapic_read() - the CPU reads a register in memory
 * @ioapic: the I/O APIC
 * @offset: from the base address, a multiple of 4
 *
 * Return: what it reads.
 */
__u32 ioapic_read(struct ioapic *ioapic, unsigned int offset)
{
	__u32 value = 0;

	pthread_mutex_lock(&ioapic->lock);
	if (offset == IOREGSEL)
		value = ioapic->select;
	else if (offset == IOWIN)
		value = read_register(ioapic);
	pthread_mutex_unlock(&ioapic->lock);
	return value;
}

/**
 * ioapic_write() - the CPU writes a register in memory
 * @ioapic: the I/O APIC
 * @offset: from the base address, a multiple of 4
 * @value: what it writes
 */
void ioapic_write(struct ioapic *ioapic, unsigned int offset, __u32 value)
{
	__u32 before, ready;

	if (offset == EOI) {
		ioapic_eoi(ioapic, value);
		return;
	}
	pthread_mutex_lock(&ioapic->lock);
	before = unmasked(ioapic);
	if (offset == IOREGSEL)
		ioapic->select = value;
	else if (offset == IOWIN)
		write_register(ioapic, value);
	ready = unmasked(ioapic) & ~before;
	pthread_mutex_unlock(&ioapic->lock);
	if (ready && ioapic->ops->ready)
		ioapic->ops->ready(ioapic->opaque, ready);
}

static __u64 bus_ioapic_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)bytes;
	return ioapic_read(device, offset & ~3) >> (offset & 3) * 8;
}

/* Registers want 32-bit accesses; the 8 bits of IOREGSEL and EOI alone bear others. */
static void bus_ioapic_write(void *device, __u64 offset, unsigned int bytes,
			     __u64 value)
{
	if (bytes == 4 ? !(offset & 3) : offset == IOREGSEL || offset == EOI)
		ioapic_write(device, offset, value);
}

/**
 * ioapic_init() - make an I/O APIC, in the state after reset
 * @ioapic: the I/O APIC
 * @ops: what it is connected to
 * @opaque: given to @ops
 */
void ioapic_init(struct ioapic *ioapic, const struct ioapic_ops *ops,
		 void *opaque)
{
	unsigned int pin;

	*ioapic = (struct ioapic){
		.ops = ops,
		.opaque = opaque,
		.id = IOAPIC_ID << 24,
		.arbitration = IOAPIC_ID << 24,
	};
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->entries[pin] = ENTRY_MASKED;
	pthread_mutex_init(&ioapic->lock, NULL);
}

/**
 * ioapic_destroy() - release an I/O APIC
 * @ioapic: the I/O APIC
 */
void ioapic_destroy(struct ioapic *ioapic)
{
	pthread_mutex_destroy(&ioapic->lock);
}

/**
 * ioapic_attach() - put an I/O APIC at IOAPIC_BASE
 * @ioapic: the I/O APIC
 * @mmio: the bus
 *
 * Return: as bus_add().
 */
int ioapic_attach(struct ioapic *ioapic, struct bus *mmio)
{
	static const struct bus_ops ops = {
		.read = bus_ioapic_read,
		.write = bus_ioapic_write,
		.width = 4,
	};

	return bus_add(mmio, IOAPIC_BASE, IOAPIC_BYTES, &ops, ioapic);
}
