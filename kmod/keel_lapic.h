/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local APIC of one vCPU: registers, priorities, timer, messages.
 *
 * Pure: no clock is read here, nobody is woken, no other vCPU is touched but to
 * compare its ID.  Everything belongs to the vCPU's own thread; what others send
 * waits in struct keel_inbox until it takes it over (keel_irq.h).
 *
 * Where the CPU virtualizes APIC registers, the page of registers is its
 * virtual-APIC page, and it moves bits from IRR to ISR by itself; then
 * keel_lapic_ack() is not used.
 *
 * SDM: "Advanced Programmable Interrupt Controller (APIC)".
 */
#ifndef KEEL_LAPIC_H
#define KEEL_LAPIC_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * define KEEL_APIC_KHZ - input clock of the APIC timer, before its divider
 *
 * 1 GHz; CPUID leaf 0x15 tells the guest so, as its "core crystal clock".
 */
#define KEEL_APIC_KHZ		1000000U

/**
 * define KEEL_APIC_MIN_PERIOD_US - shortest period of the APIC timer
 *
 * A guest that asks for less gets this, so that its timer cannot keep the host
 * busy.  One-shot and TSC-deadline timers need no bound: the guest has to run to
 * arm them again.
 */
#define KEEL_APIC_MIN_PERIOD_US	20

/** DOC: &keel_irq_msg.mode: delivery modes, as in bits 10:8 of the ICR */
#define KEEL_APIC_FIXED		0
#define KEEL_APIC_LOWEST	1
#define KEEL_APIC_SMI		2
#define KEEL_APIC_NMI		4
#define KEEL_APIC_INIT		5
#define KEEL_APIC_SIPI		6
#define KEEL_APIC_EXTINT	7

/** DOC: &keel_irq_msg.shorthand, as in bits 19:18 of the ICR */
#define KEEL_APIC_DEST		0
#define KEEL_APIC_SELF		1
#define KEEL_APIC_ALL		2
#define KEEL_APIC_OTHERS	3

/**
 * struct keel_irq_msg - an interrupt on its way to local APICs
 * @dest: destination field: 8 bits, or 32 where @wide
 * @vector: 0 to 255
 * @mode: delivery mode
 * @shorthand: of an IPI; KEEL_APIC_DEST otherwise
 * @logical: @dest is a logical destination, not an APIC ID
 * @level: level-triggered
 * @deassert: a level de-assert message, which does nothing here
 * @wide: @dest comes from an ICR in x2APIC mode; a broadcast is 0xffffffff, and
 *	0xff otherwise
 */
struct keel_irq_msg {
	u32 dest;
	u8 vector;
	u8 mode;
	u8 shorthand;
	bool logical;
	bool level;
	bool deassert;
	bool wide;
};

/** DOC: what a write to a register asks of the caller */
#define KEEL_LAPIC_IPI		BIT(0)	/* send &keel_lapic.ipi */
#define KEEL_LAPIC_EOI		BIT(1)	/* tell the I/O APIC: &keel_lapic.eoi_vector */
#define KEEL_LAPIC_TIMER	BIT(2)	/* &keel_lapic.expires has changed */
#define KEEL_LAPIC_PRIORITY	BIT(3)	/* what can be delivered may have changed */
#define KEEL_LAPIC_MODE		BIT(4)	/* IA32_APIC_BASE has changed */
#define KEEL_LAPIC_NMI		BIT(5)	/* a local source delivers an NMI */

/**
 * struct keel_lapic - a local APIC
 * @regs: its registers at their offsets in the APIC page, 4096 bytes [C: the
 *	pointer]
 * @id: its initial APIC ID: in x2APIC mode its ID [C]
 * @tsc_khz: frequency of the guest's TSC [C]
 * @base: IA32_APIC_BASE
 * @deadline: IA32_TSC_DEADLINE as the guest reads it
 * @expires: guest TSC at which the timer ends next, 0 where it does not run
 * @period: guest TSC ticks of one period, should the timer be periodic
 * @shift: log2 of the timer's divider
 * @errors: for the ESR: errors since its last write
 * @remote_irr: of the pins LINT0 (bit 0) and LINT1 (bit 1): a level-triggered
 *	interrupt awaits its EOI
 * @lint: levels of the pins LINT0 (bit 0) and LINT1 (bit 1)
 * @ipi: with KEEL_LAPIC_IPI
 * @eoi_vector: with KEEL_LAPIC_EOI
 * @tmr_changed: TMR has changed; whoever acts on that clears it
 *
 * The vCPU's thread alone; @base, and the LDR, DFR and SVR in @regs, are read by
 * others with READ_ONCE().
 *
 * Nothing depends on what a register held before the write to it: where the CPU
 * virtualizes it, the page has the new value by the time that Keel learns of it.
 */
struct keel_lapic {
	void *regs;
	u32 id;
	u32 tsc_khz;
	u64 base;
	u64 deadline;
	u64 expires;
	u64 period;
	u32 shift;
	u32 errors;
	u32 lint;
	u32 remote_irr;
	struct keel_irq_msg ipi;
	u8 eoi_vector;
	bool tmr_changed;
};

/* keel_lapic.c */
void keel_lapic_init(struct keel_lapic *apic, void *regs, u32 id, u32 tsc_khz);
void keel_lapic_reset(struct keel_lapic *apic);
bool keel_lapic_enabled(const struct keel_lapic *apic);
bool keel_lapic_x2apic(const struct keel_lapic *apic);
int keel_lapic_read(struct keel_lapic *apic, u32 offset, u64 tsc, u32 *value);
u32 keel_lapic_write(struct keel_lapic *apic, u32 offset, u32 value, u64 tsc);

/* keel_lapic_msr.c */
int keel_lapic_rdmsr(struct keel_lapic *apic, u32 msr, u64 tsc, u64 *value);
int keel_lapic_wrmsr(struct keel_lapic *apic, u32 msr, u64 value, u64 tsc, u32 *effects);

/* keel_lapic_irr.c */
void keel_lapic_accept(struct keel_lapic *apic, u8 vector, bool level);
u32 keel_lapic_set_lint(struct keel_lapic *apic, unsigned int pin, bool level);
bool keel_lapic_extint(const struct keel_lapic *apic);
int keel_lapic_highest(const struct keel_lapic *apic);
int keel_lapic_irr(const struct keel_lapic *apic);
int keel_lapic_isr(const struct keel_lapic *apic);
bool keel_lapic_is_level(const struct keel_lapic *apic, u8 vector);
void keel_lapic_ack(struct keel_lapic *apic, u8 vector);
u32 keel_lapic_eoi(struct keel_lapic *apic);
u32 keel_lapic_after_eoi(struct keel_lapic *apic, u8 vector);

/* keel_lapic_timer.c */
u32 keel_lapic_expire(struct keel_lapic *apic, u64 tsc);
void keel_lapic_move_tsc(struct keel_lapic *apic, u64 delta);

/* keel_lapic_msg.c */
bool keel_lapic_match(const struct keel_lapic *apic, const struct keel_irq_msg *msg,
		      const struct keel_lapic *sender);
int keel_msi_decode(u64 address, u32 data, struct keel_irq_msg *msg);

#endif /* KEEL_LAPIC_H */
