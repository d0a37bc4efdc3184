// SPDX-License-Identifier: GPL-2.0
/*
 * One vCPU's CPUID: set once, answered often.  See keel_cpuid.h; what a guest
 * may be told is in keel_cpuid_policy.c.  This file is pure and is compiled
 * into the unit tests too.
 *
 * CPUID always exits, so the look-up is on the hottest path there is.  All that
 * depends on the vCPU's state is therefore written into the table when the
 * state changes, which is rare, and not worked out when the guest asks.
 */
#include "keel_cpuid_policy.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <uapi/asm/kvm_para.h>

#define XSAVE_ALIGN		64

/* A bit of a control register that a feature makes legal. */
struct legal_bit {
	u64 bit;
	unsigned int feature;
};

static const struct legal_bit cr4_bits[] = {
	{ X86_CR4_VME, X86_FEATURE_VME },
	{ X86_CR4_PVI, X86_FEATURE_VME },
	{ X86_CR4_TSD, X86_FEATURE_TSC },
	{ X86_CR4_DE, X86_FEATURE_DE },
	{ X86_CR4_PSE, X86_FEATURE_PSE },
	{ X86_CR4_PAE, X86_FEATURE_PAE },
	{ X86_CR4_MCE, X86_FEATURE_MCE },
	{ X86_CR4_PGE, X86_FEATURE_PGE },
	{ X86_CR4_OSFXSR, X86_FEATURE_FXSR },
	{ X86_CR4_OSXMMEXCPT, X86_FEATURE_XMM },
	{ X86_CR4_UMIP, X86_FEATURE_UMIP },
	{ X86_CR4_LA57, X86_FEATURE_LA57 },
	{ X86_CR4_FSGSBASE, X86_FEATURE_FSGSBASE },
	{ X86_CR4_PCIDE, X86_FEATURE_PCID },
	{ X86_CR4_OSXSAVE, X86_FEATURE_XSAVE },
	{ X86_CR4_SMEP, X86_FEATURE_SMEP },
	{ X86_CR4_SMAP, X86_FEATURE_SMAP },
};

static const struct legal_bit efer_bits[] = {
	{ EFER_SCE, X86_FEATURE_SYSCALL },
	{ EFER_LME | EFER_LMA, X86_FEATURE_LM },
	{ EFER_NX, X86_FEATURE_NX },
};

static int compare(const struct keel_cpuid_leaf *a, u32 leaf, u32 subleaf)
{
	if (a->leaf != leaf)
		return a->leaf < leaf ? -1 : 1;
	if (a->subleaf != subleaf)
		return a->subleaf < subleaf ? -1 : 1;
	return 0;
}

/* Place of the first entry not below @leaf, @subleaf; entry 0 is not one. */
static unsigned int place_of(const struct keel_cpuid_table *table, u32 leaf,
			     u32 subleaf)
{
	unsigned int low = 1, high = table->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (compare(&table->entry[mid], leaf, subleaf) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Place of @leaf's first entry; 0, the zeros, where there is none. */
static unsigned int first_of(const struct keel_cpuid_table *table, u32 leaf)
{
	unsigned int i = place_of(table, leaf, 0);

	return i < table->nr && table->entry[i].leaf == leaf ? i : 0;
}

static struct keel_cpuid_leaf *exact(struct keel_cpuid_table *table, u32 leaf,
				     u32 subleaf)
{
	unsigned int i = place_of(table, leaf, subleaf);

	return i < table->nr && !compare(&table->entry[i], leaf, subleaf) ?
		&table->entry[i] : NULL;
}

static void copy_out(const struct keel_cpuid_leaf *e, u32 out[4])
{
	out[KEEL_CPUID_EAX] = e->eax;
	out[KEEL_CPUID_EBX] = e->ebx;
	out[KEEL_CPUID_ECX] = e->ecx;
	out[KEEL_CPUID_EDX] = e->edx;
}

static bool is_topology(u32 leaf)
{
	return leaf == 0xb || leaf == 0x1f;
}

/* An indexed leaf, whose first entry is @e: the one for @ecx. */
static void answer_subleaf(const struct keel_cpuid_table *table,
			   const struct keel_cpuid_leaf *e, u32 ecx, u32 out[4])
{
	u32 leaf = e->leaf;

	for (; e < table->entry + table->nr && e->leaf == leaf; e++) {
		if (e->subleaf == ecx) {
			copy_out(e, out);
			return;
		}
	}
	/* SDM, "CPUID": a level that there is not still echoes ECX and the ID. */
	memset(out, 0, 4 * sizeof(u32));
	if (is_topology(leaf)) {
		out[KEEL_CPUID_ECX] = ecx & 0xff;
		out[KEEL_CPUID_EDX] = table->apic_id;
	}
}

/* Neither a basic nor an extended leaf: a hypervisor's, or none at all. */
static unsigned int place_of_other(const struct keel_cpuid_table *table, u32 eax)
{
	if (eax >= KEEL_CPUID_HV_BASE && eax <= KEEL_CPUID_HV_LAST)
		return first_of(table, eax);
	return table->highest;
}

/**
 * keel_cpuid_lookup_slow - answer CPUID, any leaf
 * @table: the vCPU's
 * @eax: the leaf
 * @ecx: the sub-leaf, where the leaf has such
 * @out: EAX, EBX, ECX, EDX
 *
 * Use keel_cpuid_lookup().
 */
void keel_cpuid_lookup_slow(const struct keel_cpuid_table *table, u32 eax,
			    u32 ecx, u32 out[4])
{
	const struct keel_cpuid_leaf *e;
	unsigned int i;

	if (eax < KEEL_CPUID_BASIC)
		i = table->basic[eax];
	else if (eax - KEEL_CPUID_EXT_BASE < KEEL_CPUID_EXTENDED)
		i = table->extended[eax - KEEL_CPUID_EXT_BASE];
	else
		i = place_of_other(table, eax);

	e = &table->entry[i];
	if (e->flags & KEEL_CPUID_INDEXED)
		answer_subleaf(table, e, ecx, out);
	else
		copy_out(e, out);
}

/**
 * keel_cpuid_guest_has - was the guest told of a feature
 * @table: the vCPU's
 * @feature: X86_FEATURE_*, of the words that stand for a register of CPUID
 *
 * Not for hot paths: it searches.
 *
 * Return: true where it was.
 */
bool keel_cpuid_guest_has(const struct keel_cpuid_table *table,
			  unsigned int feature)
{
	u32 leaf, subleaf, reg, out[4];

	if (!keel_cpuid_word(feature / 32, &leaf, &subleaf, &reg))
		return false;
	/* An absent extended leaf would answer with a basic one's data. */
	if (!first_of(table, leaf))
		return false;
	keel_cpuid_lookup(table, leaf, subleaf, out);
	return out[reg] & BIT(feature % 32);
}

static u64 legal(const struct keel_cpuid_table *table,
		 const struct legal_bit *bits, unsigned int n)
{
	u64 mask = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (keel_cpuid_guest_has(table, bits[i].feature))
			mask |= bits[i].bit;
	return mask;
}

/* KVM's features, from the two places where guests look for its signature. */
static u32 kvm_features(const struct keel_cpuid_table *table)
{
	static const u32 bases[] = { KVM_CPUID_SIGNATURE, KEEL_CPUID_KVM_BASE };
	unsigned int i;
	u32 out[4];

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		keel_cpuid_lookup(table, bases[i], 0, out);
		if (memcmp(&out[KEEL_CPUID_EBX], KVM_SIGNATURE, 12))
			continue;
		keel_cpuid_lookup(table, bases[i] + 1, 0, out);
		return out[KEEL_CPUID_EAX];
	}
	return 0;
}

static void derive(struct keel_cpuid_table *table, const struct keel_cpuid_host *host)
{
	const struct keel_cpuid_leaf *e;

	/* RDPMC exists on all CPUs with VMX, whatever CPUID says of counters. */
	table->cr4 = X86_CR4_PCE | legal(table, cr4_bits, ARRAY_SIZE(cr4_bits));
	table->efer = legal(table, efer_bits, ARRAY_SIZE(efer_bits));

	table->kvm = kvm_features(table) & keel_cpuid_kvm(host);

	table->has_apic = keel_cpuid_guest_has(table, X86_FEATURE_APIC);
	e = exact(table, 0xd, 0);
	table->xcr0 = keel_cpuid_xcr0_trim(e ? e->eax : 0);

	/* Without the leaf it is 36, or 32 without PAE (SDM, "MAXPHYADDR"). */
	e = exact(table, 0x80000008, 0);
	if (e && e->eax)
		table->phys_bits = e->eax & 0xff;
	else
		table->phys_bits = table->cr4 & X86_CR4_PAE ? 36 : 32;
}

/* Bytes of an XSAVE area with the parts in @mask. */
static u32 xsave_size(struct keel_cpuid_table *table, u64 mask, bool compacted)
{
	u32 size = XSAVE_HEADER_END;
	unsigned int i;

	for (i = 2; i < 63; i++) {
		const struct keel_cpuid_leaf *e;

		if (!(mask & BIT_ULL(i)))
			continue;
		e = exact(table, 0xd, i);
		if (!e)
			continue;
		if (compacted) {
			if (e->ecx & BIT(1))
				size = (size + XSAVE_ALIGN - 1) & -XSAVE_ALIGN;
			size += e->eax;
		} else if (size < e->ebx + e->eax) {
			size = e->ebx + e->eax;
		}
	}
	return size;
}

static u32 assign(u32 value, u32 bit, bool on)
{
	return on ? value | bit : value & ~bit;
}

/**
 * keel_cpuid_update - take over what CPUID shows of the vCPU's state
 * @table: the vCPU's
 * @cr4: CR4 as the guest sees it: OSXSAVE, PKE
 * @xcr0: XCR0
 * @xss: IA32_XSS
 * @apic_id: the vCPU's (x2)APIC ID
 *
 * Call it when one of them changes; keel_cpuid_lookup() looks at the table
 * alone.
 */
void keel_cpuid_update(struct keel_cpuid_table *table, u64 cr4, u64 xcr0,
		       u64 xss, u32 apic_id)
{
	struct keel_cpuid_leaf *e;
	unsigned int i;

	table->apic_id = apic_id;
	e = exact(table, 1, 0);
	if (e) {
		e->ebx = (e->ebx & 0xffffff) | apic_id << 24;
		e->ecx = assign(e->ecx, BIT(X86_FEATURE_OSXSAVE & 31),
				cr4 & X86_CR4_OSXSAVE);
	}
	e = exact(table, 7, 0);
	if (e)
		e->ecx = assign(e->ecx, BIT(X86_FEATURE_OSPKE & 31),
				cr4 & X86_CR4_PKE);
	e = exact(table, 0xd, 0);
	if (e) {
		e->ebx = xsave_size(table, xcr0, false);
		e->ecx = xsave_size(table, table->xcr0, false);
	}
	e = exact(table, 0xd, 1);
	if (e)
		e->ebx = e->eax & (BIT(X86_FEATURE_XSAVEC & 31) |
				   BIT(X86_FEATURE_XSAVES & 31)) ?
			xsave_size(table, xcr0 | xss, true) : 0;
	for (i = 1; i < table->nr; i++)
		if (is_topology(table->entry[i].leaf))
			table->entry[i].edx = apic_id;
}

/**
 * keel_cpuid_apic - show or hide the local APIC
 * @table: the vCPU's
 * @enabled: IA32_APIC_BASE's global enable bit
 *
 * SDM, "Enabling or Disabling the Local APIC": without that bit the CPU is one
 * without a local APIC.
 */
void keel_cpuid_apic(struct keel_cpuid_table *table, bool enabled)
{
	struct keel_cpuid_leaf *e = exact(table, 1, 0);

	if (e)
		e->edx = assign(e->edx, BIT(X86_FEATURE_APIC & 31), enabled && table->has_apic);
}

static void index_leaves(struct keel_cpuid_table *table)
{
	u32 max_basic = table->entry[first_of(table, 0)].eax;
	u32 max_extended = table->entry[first_of(table, KEEL_CPUID_EXT_BASE)].eax;
	u32 i;

	table->highest = first_of(table, max_basic);
	for (i = 0; i < KEEL_CPUID_BASIC; i++)
		table->basic[i] = i <= max_basic ? first_of(table, i) :
						   table->highest;
	for (i = 0; i < KEEL_CPUID_EXTENDED; i++)
		table->extended[i] = KEEL_CPUID_EXT_BASE + i <= max_extended ?
			first_of(table, KEEL_CPUID_EXT_BASE + i) : table->highest;
}

/* Whether @a and @b answer the same question. */
static bool same(const struct keel_cpuid_leaf *a, const struct keel_cpuid_leaf *b)
{
	return a->leaf == b->leaf &&
	       (a->subleaf == b->subleaf ||
		!(a->flags & b->flags & KEEL_CPUID_INDEXED));
}

static int check(const struct keel_cpuid_leaf *leaves, u32 nr,
		 const struct keel_cpuid_host *host, struct keel_cpuid_bad *bad)
{
	u32 i, j;

	*bad = (struct keel_cpuid_bad){ .why = "too many leaves" };
	if (nr > KEEL_MAX_CPUID)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		int ret = keel_cpuid_check(&leaves[i], host, bad);

		if (ret)
			return ret;
		for (j = 0; j < i; j++) {
			if (!same(&leaves[i], &leaves[j]))
				continue;
			*bad = (struct keel_cpuid_bad){
				.leaf = leaves[i].leaf,
				.subleaf = leaves[i].subleaf,
				.why = "this leaf is there twice",
			};
			return -EINVAL;
		}
	}
	*bad = (struct keel_cpuid_bad){};
	return 0;
}

/**
 * keel_cpuid_set - replace what the guest is told
 * @table: the vCPU's; not touched where the call fails
 * @leaves: the new leaves, in any order
 * @nr: how many
 * @host: what this host can do
 * @bad: filled where the call fails
 *
 * keel_cpuid_update() must follow: what shows the vCPU's state is that of a
 * vCPU after reset with APIC ID 0.
 *
 * Return: 0; -EINVAL with @bad filled: a leaf twice, too many, or something
 * that the guest cannot be given.
 */
int keel_cpuid_set(struct keel_cpuid_table *table,
		   const struct keel_cpuid_leaf *leaves, u32 nr,
		   const struct keel_cpuid_host *host,
		   struct keel_cpuid_bad *bad)
{
	int ret = check(leaves, nr, host, bad);
	u32 i;

	if (ret)
		return ret;

	memset(table, 0, sizeof(*table));
	table->nr = 1;
	for (i = 0; i < nr; i++) {
		unsigned int place = place_of(table, leaves[i].leaf,
					      leaves[i].subleaf);

		memmove(&table->entry[place + 1], &table->entry[place],
			(table->nr - place) * sizeof(table->entry[0]));
		table->entry[place] = leaves[i];
		table->nr++;
	}
	index_leaves(table);
	derive(table, host);
	keel_cpuid_update(table, 0, 1, 0, 0);
	return 0;
}

/**
 * keel_cpuid_xcr0_valid - may the guest set XCR0 to this
 * @table: the vCPU's
 * @xcr0: what XSETBV wants to write
 *
 * Return: false where it is #GP (SDM, "XSETBV-Set Extended Control Register").
 */
bool keel_cpuid_xcr0_valid(const struct keel_cpuid_table *table, u64 xcr0)
{
	return !(xcr0 & ~table->xcr0) && keel_cpuid_xcr0_trim(xcr0) == xcr0;
}
