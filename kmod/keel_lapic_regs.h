/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the local APIC share: access to its registers, and the
 * functions that one has for the others.
 */
#ifndef KEEL_LAPIC_REGS_H
#define KEEL_LAPIC_REGS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/apicdef.h>

#include "keel_lapic.h"

/** DOC: IA32_APIC_BASE, see "Local APIC Status and Location" and "x2APIC" in the SDM */
#define APIC_BASE_BSP		BIT_ULL(8)
#define APIC_BASE_EXTD		BIT_ULL(10)
#define APIC_BASE_EN		BIT_ULL(11)

static inline u32 lapic_get(const struct keel_lapic *apic, u32 offset)
{
	return READ_ONCE(*(const u32 *)(apic->regs + offset));
}

static inline void lapic_put(struct keel_lapic *apic, u32 offset, u32 value)
{
	WRITE_ONCE(*(u32 *)(apic->regs + offset), value);
}

/* The ICR's low half without its reserved bits and the delivery status. */
#define LAPIC_ICR_BITS		0x000ccfffU

/*
 * IRR, ISR and TMR: 256 bits in eight registers, 16 bytes apart.  @array is the
 * offset of the first.
 */
static inline u32 lapic_bit_offset(u32 array, u8 vector)
{
	return array + (vector / 32) * 16;
}

static inline bool lapic_test(const struct keel_lapic *apic, u32 array, u8 vector)
{
	return lapic_get(apic, lapic_bit_offset(array, vector)) & BIT(vector % 32);
}

static inline void lapic_set(struct keel_lapic *apic, u32 array, u8 vector)
{
	u32 offset = lapic_bit_offset(array, vector);

	lapic_put(apic, offset, lapic_get(apic, offset) | BIT(vector % 32));
}

static inline void lapic_clear(struct keel_lapic *apic, u32 array, u8 vector)
{
	u32 offset = lapic_bit_offset(array, vector);

	lapic_put(apic, offset, lapic_get(apic, offset) & ~BIT(vector % 32));
}

static inline bool lapic_software_enabled(const struct keel_lapic *apic)
{
	return lapic_get(apic, APIC_SPIV) & APIC_SPIV_APIC_ENABLED;
}

/* keel_lapic.c */
void lapic_set_identity(struct keel_lapic *apic);
bool lapic_register(u32 offset);
u32 lapic_write_bits(u32 offset);
u32 lapic_read_register(const struct keel_lapic *apic, u32 offset, u64 tsc);
u32 lapic_write_register(struct keel_lapic *apic, u32 offset, u32 value, u64 tsc);

/* keel_lapic_irr.c */
void lapic_error(struct keel_lapic *apic, u32 error);
u32 lapic_lvt_deliver(struct keel_lapic *apic, u32 offset);
u32 lapic_lint_written(struct keel_lapic *apic, unsigned int pin);
u32 lapic_ppr(const struct keel_lapic *apic);

/* keel_lapic_msg.c */
u32 lapic_send_ipi(struct keel_lapic *apic, u32 icr, u32 dest, bool wide);

/* keel_lapic_timer.c */
u32 lapic_timer_lvt_written(struct keel_lapic *apic);
u32 lapic_timer_start(struct keel_lapic *apic, u64 tsc);
u32 lapic_timer_divide(struct keel_lapic *apic, u64 tsc);
u32 lapic_timer_deadline(struct keel_lapic *apic, u64 deadline, u64 tsc);
u32 lapic_timer_count(const struct keel_lapic *apic, u64 tsc);
void lapic_timer_stop(struct keel_lapic *apic);

#endif /* KEEL_LAPIC_REGS_H */
