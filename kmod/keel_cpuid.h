/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What CPUID tells the guest.
 *
 * Pure: the host's CPUID comes through a function, and nothing is executed
 * here.  keel_cpuid_policy.c says what a guest may be told; keel_cpuid.c keeps
 * one vCPU's table of it and answers from there.
 *
 * What the guest may set in CR4, EFER and XCR0 follows from what CPUID told it,
 * so those masks come from here too.
 */
#ifndef KEEL_CPUID_H
#define KEEL_CPUID_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/keel.h>

/** DOC: registers of a leaf, in the order in which CPUID's results are kept */
#define KEEL_CPUID_EAX	0
#define KEEL_CPUID_EBX	1
#define KEEL_CPUID_ECX	2
#define KEEL_CPUID_EDX	3

/**
 * DOC: &keel_cpuid_host.offers
 *
 * What the rest of Keel can serve on this host.  Features that depend on it are
 * withheld from the guest without it, whatever the host's CPUID says.
 */
/** define KEEL_CPUID_APIC - there is a local APIC */
#define KEEL_CPUID_APIC		BIT(0)
/** define KEEL_CPUID_X2APIC - it has x2APIC mode */
#define KEEL_CPUID_X2APIC	BIT(1)
/** define KEEL_CPUID_TSC_DEADLINE - its timer has TSC-deadline mode */
#define KEEL_CPUID_TSC_DEADLINE	BIT(2)
/** define KEEL_CPUID_EPT - the CPU walks the guest's page tables by itself */
#define KEEL_CPUID_EPT		BIT(3)
/** define KEEL_CPUID_RDTSCP - VM-execution control "enable RDTSCP" is 1 */
#define KEEL_CPUID_RDTSCP	BIT(4)
/** define KEEL_CPUID_INVPCID - VM-execution control "enable INVPCID" is 1 */
#define KEEL_CPUID_INVPCID	BIT(5)
/** define KEEL_CPUID_XSAVES - VM-execution control "enable XSAVES/XRSTORS" is 1 */
#define KEEL_CPUID_XSAVES	BIT(6)
/** define KEEL_CPUID_SPEC_CTRL - IA32_SPEC_CTRL and IA32_PRED_CMD are served */
#define KEEL_CPUID_SPEC_CTRL	BIT(7)
/** define KEEL_CPUID_ARCH_CAPS - IA32_ARCH_CAPABILITIES and IA32_FLUSH_CMD are served */
#define KEEL_CPUID_ARCH_CAPS	BIT(8)
/** define KEEL_CPUID_MTRR - the MTRR MSRs are served */
#define KEEL_CPUID_MTRR		BIT(9)
/** define KEEL_CPUID_MCE - the machine-check MSRs are served */
#define KEEL_CPUID_MCE		BIT(10)
/** define KEEL_CPUID_CLOCK - the host's TSC is good for KVM's paravirtual clock */
#define KEEL_CPUID_CLOCK	BIT(11)
/** define KEEL_CPUID_STEAL - the host counts how long a thread waits for a CPU */
#define KEEL_CPUID_STEAL	BIT(12)

/**
 * struct keel_cpuid_host - what decides what a guest can be told
 * @cpuid: executes CPUID on the host; @out is EAX, EBX, ECX, EDX
 * @xcr0: XCR0 bits that the module can load for a guest; 0 where the host has
 *	no XSAVE
 * @offers: KEEL_CPUID_APIC and the like
 * @phys_bits: greatest width of guest physical addresses, bits
 * @tsc_khz: frequency of the guest's TSC, in kHz; 0: not known, and leaves 0x15
 *	and 0x16 are the host's
 *
 * One for each kind of VM; see keel_host_cpuid().
 */
struct keel_cpuid_host {
	void (*cpuid)(u32 leaf, u32 subleaf, u32 out[4]);
	u64 xcr0;
	u32 offers;
	u8 phys_bits;
	u32 tsc_khz;
};

/**
 * struct keel_cpuid_bad - why keel_cpuid_set() refused
 * @leaf: the leaf at fault
 * @subleaf: its sub-leaf
 * @reg: name of the register, or NULL where it is about the whole leaf
 * @bit: lowest bit at fault in @reg
 * @why: the reason, in words; a constant string
 */
struct keel_cpuid_bad {
	u32 leaf;
	u32 subleaf;
	const char *reg;
	u32 bit;
	const char *why;
};

/** define KEEL_CPUID_BASIC - basic leaves that are looked up directly */
#define KEEL_CPUID_BASIC	0x20
/** define KEEL_CPUID_EXTENDED - extended leaves that are looked up directly */
#define KEEL_CPUID_EXTENDED	0x10

/**
 * struct keel_cpuid_table - what one vCPU is told
 * @entry: sorted by leaf and sub-leaf; entry 0 is all zeros
 * @basic: place in @entry of what leaf n answers (its first sub-leaf), also
 *	where n is above the highest
 * @extended: the same for leaf 0x80000000 + n
 * @nr: entries in use
 * @highest: place of the highest basic leaf: what out-of-range leaves answer
 * @phys_bits: MAXPHYADDR
 * @cr4: bits that the guest may set, as far as CPUID decides
 * @efer: the same for IA32_EFER
 * @xcr0: the same for XCR0
 * @kvm: KVM's paravirtual features, KVM_FEATURE_* as bit numbers, that the guest
 *	was told of and that Keel serves; 0 where there is no KVM leaf
 * @has_apic: the feature APIC was given; it shows while the APIC is enabled
 * @apic_id: initial APIC ID, as last told to keel_cpuid_update()
 *
 * [L] The owner's lock, the vCPU's.  A few registers of @entry follow the
 * vCPU's state (keel_cpuid_update()); all else is constant after the first run.
 */
struct keel_cpuid_table {
	struct keel_cpuid_leaf entry[KEEL_MAX_CPUID + 1];
	u8 basic[KEEL_CPUID_BASIC];
	u8 extended[KEEL_CPUID_EXTENDED];
	u8 nr;
	u8 highest;
	u8 phys_bits;
	u64 cr4;
	u64 efer;
	u64 xcr0;
	u32 kvm;
	bool has_apic;
	u32 apic_id;
};

/* keel_cpuid_supported.c */
int keel_cpuid_supported(struct keel_cpuid_leaf *leaves, u32 *nr,
			 const struct keel_cpuid_host *host);

/* keel_cpuid.c */
int keel_cpuid_set(struct keel_cpuid_table *table,
		   const struct keel_cpuid_leaf *leaves, u32 nr,
		   const struct keel_cpuid_host *host,
		   struct keel_cpuid_bad *bad);
void keel_cpuid_update(struct keel_cpuid_table *table, u64 cr4, u64 xcr0,
		       u64 xss, u32 apic_id);
void keel_cpuid_apic(struct keel_cpuid_table *table, bool enabled);
void keel_cpuid_lookup_slow(const struct keel_cpuid_table *table, u32 eax,
			    u32 ecx, u32 out[4]);
bool keel_cpuid_guest_has(const struct keel_cpuid_table *table,
			  unsigned int feature);
bool keel_cpuid_xcr0_valid(const struct keel_cpuid_table *table, u64 xcr0);

/**
 * keel_cpuid_lookup - answer CPUID
 * @table: the vCPU's
 * @eax: the leaf
 * @ecx: the sub-leaf, where the leaf has such
 * @out: EAX, EBX, ECX, EDX
 *
 * SDM, "CPUID-CPU Identification": above the highest basic or extended leaf the
 * answer is that of the highest basic one; leaves below it that are not there
 * are zeros.  Those of hypervisors (0x40000000 on) are zeros where not given.
 *
 * Inline, as it is the hot half of the most frequent exit: a basic leaf without
 * sub-leaves takes about 20 instructions.
 */
static inline void keel_cpuid_lookup(const struct keel_cpuid_table *table,
				     u32 eax, u32 ecx, u32 out[4])
{
	const struct keel_cpuid_leaf *e;

	if (likely(eax < KEEL_CPUID_BASIC)) {
		e = &table->entry[table->basic[eax]];
		if (likely(!(e->flags & KEEL_CPUID_INDEXED))) {
			out[KEEL_CPUID_EAX] = e->eax;
			out[KEEL_CPUID_EBX] = e->ebx;
			out[KEEL_CPUID_ECX] = e->ecx;
			out[KEEL_CPUID_EDX] = e->edx;
			return;
		}
	}
	keel_cpuid_lookup_slow(table, eax, ecx, out);
}

/**
 * keel_cpuid_guest_cr4 - CR4 bits that CPUID told the guest it may set
 * @table: the vCPU's
 *
 * Return: a mask; IA32_VMX_CR4_FIXED1 may still forbid some of it.
 */
static inline u64 keel_cpuid_guest_cr4(const struct keel_cpuid_table *table)
{
	return table->cr4;
}

/**
 * keel_cpuid_guest_efer - IA32_EFER bits that the guest may set
 * @table: the vCPU's
 *
 * Return: a mask
 */
static inline u64 keel_cpuid_guest_efer(const struct keel_cpuid_table *table)
{
	return table->efer;
}

/**
 * keel_cpuid_guest_xcr0 - XCR0 bits that the guest may set
 * @table: the vCPU's
 *
 * Return: a mask, with x87 always in it; see also keel_cpuid_xcr0_valid()
 */
static inline u64 keel_cpuid_guest_xcr0(const struct keel_cpuid_table *table)
{
	return table->xcr0;
}

/**
 * keel_cpuid_guest_phys_bits - the guest's MAXPHYADDR
 * @table: the vCPU's
 *
 * Return: bits, 32 to 52
 */
static inline u8 keel_cpuid_guest_phys_bits(const struct keel_cpuid_table *table)
{
	return table->phys_bits;
}

/**
 * keel_cpuid_guest_kvm - was the guest told of a paravirtual feature of KVM
 * @table: the vCPU's
 * @feature: KVM_FEATURE_*
 *
 * Return: true where it was, and Keel serves it
 */
static inline bool keel_cpuid_guest_kvm(const struct keel_cpuid_table *table,
					unsigned int feature)
{
	return table->kvm & BIT(feature);
}

/* Register @reg, KEEL_CPUID_EAX and so on, of @leaf. */
static inline u32 keel_cpuid_reg(const struct keel_cpuid_leaf *leaf, u32 reg)
{
	switch (reg) {
	case KEEL_CPUID_EAX:
		return leaf->eax;
	case KEEL_CPUID_EBX:
		return leaf->ebx;
	case KEEL_CPUID_ECX:
		return leaf->ecx;
	default:
		return leaf->edx;
	}
}

#endif /* KEEL_CPUID_H */
