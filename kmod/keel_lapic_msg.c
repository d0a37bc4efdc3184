// SPDX-License-Identifier: GPL-2.0
/*
 * Messages between local APICs and from devices: what an ICR or an MSI says, and
 * which APICs it is for.  Pure; keel_irq.c carries them.
 *
 * SDM: "Issuing Interprocessor Interrupts", "Determining IPI Destination",
 * "Message Signalled Interrupts".
 */
#include "keel_lapic.h"

#include <linux/bits.h>
#include <linux/errno.h>

#include "keel_lapic_regs.h"

#define ICR_MODE(icr)		(((icr) >> 8) & 7)
#define ICR_SHORTHAND(icr)	(((icr) >> 18) & 3)

#define MSI_BASE		0xfee00000U
#define MSI_DEST(address)	(((address) >> 12) & 0xff)
#define MSI_REDIRECTION_HINT	BIT(3)
#define MSI_LOGICAL		BIT(2)
#define MSI_LEVEL_TRIGGER	BIT(15)
#define MSI_ASSERT		BIT(14)

static bool has_vector(u8 mode)
{
	return mode == KEEL_APIC_FIXED || mode == KEEL_APIC_LOWEST;
}

/*
 * Table "Valid Combinations for the Pentium 4 and Intel Xeon Processors' Local
 * xAPIC ICR": to itself, or to all including itself, a CPU sends Fixed alone.
 */
static bool valid_ipi(u8 mode, u8 shorthand)
{
	if (mode == 3 || mode == KEEL_APIC_EXTINT)
		return false;
	return mode == KEEL_APIC_FIXED || shorthand == KEEL_APIC_DEST ||
		shorthand == KEEL_APIC_OTHERS;
}

/*
 * lapic_send_ipi - the guest has written to the ICR
 * @apic: the local APIC
 * @icr: low half
 * @dest: destination
 * @wide: it has 32 bits
 *
 * An IPI to the CPU itself is not worth a message.
 */
u32 lapic_send_ipi(struct keel_lapic *apic, u32 icr, u32 dest, bool wide)
{
	u8 vector = icr & APIC_VECTOR_MASK;
	u8 mode = ICR_MODE(icr), shorthand = ICR_SHORTHAND(icr);

	if (!valid_ipi(mode, shorthand))
		return 0;
	if (has_vector(mode) && vector < 16) {
		lapic_error(apic, APIC_ESR_SENDILL);
		return KEEL_LAPIC_PRIORITY;
	}
	if (shorthand == KEEL_APIC_SELF) {
		keel_lapic_accept(apic, vector, false);
		return KEEL_LAPIC_PRIORITY;
	}
	apic->ipi = (struct keel_irq_msg){
		.dest = dest,
		.vector = vector,
		.mode = mode,
		.shorthand = shorthand,
		.logical = icr & APIC_DEST_LOGICAL,
		/* Trigger mode and level are of use for the INIT de-assert only. */
		.deassert = mode == KEEL_APIC_INIT && (icr & APIC_INT_LEVELTRIG) &&
			    !(icr & APIC_INT_ASSERT),
		.wide = wide,
	};
	return KEEL_LAPIC_IPI;
}

/* SDM: "Logical Destination Mode", "Logical Destination Mode in x2APIC Mode". */
static bool match_logical(const struct keel_lapic *apic, u32 dest, bool x2apic)
{
	u32 ldr = lapic_get(apic, APIC_LDR);

	if (x2apic)
		return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff);
	ldr >>= 24;
	switch (lapic_get(apic, APIC_DFR) >> 28) {
	case 0xf:	/* flat */
		return dest <= 0xff && (ldr & dest);
	case 0:		/* cluster */
		return ldr >> 4 == dest >> 4 && (ldr & dest & 0xf);
	default:
		return false;
	}
}

static bool match_dest(const struct keel_lapic *apic, const struct keel_irq_msg *msg, u64 base)
{
	bool x2apic = base & APIC_BASE_EXTD;

	if (msg->dest == (msg->wide ? 0xffffffffU : 0xffU))
		return true;
	if (msg->logical)
		return match_logical(apic, msg->dest, x2apic);
	/* Not from its register, which a reset on another CPU may be about to write. */
	return msg->dest == (x2apic ? apic->id : apic->id & 0xff);
}

/**
 * keel_lapic_match - whether a message is for this APIC
 * @apic: the local APIC; may belong to a vCPU that is running
 * @msg: the message
 * @sender: for a shorthand: the APIC that it is from
 *
 * With lowest-priority delivery it is for one of those that match.
 */
bool keel_lapic_match(const struct keel_lapic *apic, const struct keel_irq_msg *msg,
		      const struct keel_lapic *sender)
{
	u64 base = READ_ONCE(apic->base);

	if (!(base & APIC_BASE_EN))
		return false;
	/* "Local APIC State After It Has Been Software Disabled" */
	if ((has_vector(msg->mode) || msg->mode == KEEL_APIC_EXTINT) &&
	    !lapic_software_enabled(apic))
		return false;
	switch (msg->shorthand) {
	case KEEL_APIC_SELF:
		return apic == sender;
	case KEEL_APIC_ALL:
		return true;
	case KEEL_APIC_OTHERS:
		return apic != sender;
	default:
		return match_dest(apic, msg, base);
	}
}

/**
 * keel_msi_decode - what a device's write to the interrupt address range means
 * @address: where it wrote
 * @data: what it wrote
 * @msg: set
 *
 * The redirection hint asks for one of the CPUs that match, which lowest-priority
 * delivery does.
 *
 * Return: 0; -EINVAL where @address is not in 0xfee00000 to 0xfeefffff, the
 * delivery mode is reserved, or the vector is below 16 and the mode needs one.
 */
int keel_msi_decode(u64 address, u32 data, struct keel_irq_msg *msg)
{
	u8 vector = data & APIC_VECTOR_MASK;
	u8 mode = ICR_MODE(data);

	if (address >> 20 != MSI_BASE >> 20)
		return -EINVAL;
	if (mode == 3 || mode == KEEL_APIC_SIPI || (has_vector(mode) && vector < 16))
		return -EINVAL;
	if (mode == KEEL_APIC_FIXED && (address & MSI_REDIRECTION_HINT))
		mode = KEEL_APIC_LOWEST;
	*msg = (struct keel_irq_msg){
		.dest = MSI_DEST(address),
		.vector = vector,
		.mode = mode,
		.shorthand = KEEL_APIC_DEST,
		.logical = address & MSI_LOGICAL,
		/* "Trigger Mode": NMI, SMI, INIT are edges whatever it says. */
		.level = (data & MSI_LEVEL_TRIGGER) && has_vector(mode),
		.deassert = (data & MSI_LEVEL_TRIGGER) && !(data & MSI_ASSERT),
	};
	return 0;
}
