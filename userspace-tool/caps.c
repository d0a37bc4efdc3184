// SPDX-License-Identifier: GPL-2.0
/*
 * What the VMX capability MSRs mean.
 *
 * The rules are those of the SDM's appendix "VMX Capability Reporting
 * Facility".  Next to read: caps_text.c and caps_json.c, which print it.
 */
#include <string.h>

#include "caps.h"

#define BIT(n)			(1ULL << (n))

#define BASIC_TRUE_CONTROLS	BIT(55)

#define PIN_PREEMPTION_TIMER	BIT(6)
#define PIN_POSTED_INTERRUPTS	BIT(7)

#define PRIMARY_TERTIARY	BIT(17)
#define PRIMARY_SECONDARY	BIT(31)

#define SECONDARY_EPT		BIT(1)
#define SECONDARY_VPID		BIT(5)
#define SECONDARY_UNRESTRICTED	BIT(7)
#define SECONDARY_APIC_REGISTER	BIT(8)
#define SECONDARY_VIRTUAL_INTR	BIT(9)
#define SECONDARY_VMFUNC	BIT(13)
#define SECONDARY_PML		BIT(17)
#define SECONDARY_TSC_SCALING	BIT(25)

#define EXIT_SECONDARY		BIT(31)

#define FEATURE_LOCK		BIT(0)
#define FEATURE_VMX		BIT(2)

static __u64 width_mask(const struct vmx_bits *names)
{
	return ~0ULL >> (64 - names->width);
}

/* A word told by two halves: what must be 1, and what may be 1. */
static void word_pair(struct caps_word *word, const struct vmx_bits *names,
		      const char *msr, __u64 value)
{
	word->names = names;
	word->msr = msr;
	word->present = value != 0;
	word->allowed0 = ~value & width_mask(names);
	word->allowed1 = value >> 32;
}

/* The same, from the TRUE MSR where there is one. */
static void word_true(struct caps_word *word, const struct vmx_bits *names,
		      bool use_true, const char *msr, __u64 value,
		      const char *true_msr, __u64 true_value)
{
	if (use_true)
		word_pair(word, names, true_msr, true_value);
	else
		word_pair(word, names, msr, value);
}

/* A word told by what may be 1; everything may be 0. */
static void word_allowed1(struct caps_word *word, const struct vmx_bits *names,
			  const char *msr, bool present, __u64 value)
{
	word->names = names;
	word->msr = msr;
	word->present = present;
	word->allowed0 = width_mask(names);
	word->allowed1 = present ? value : 0;
}

/* A control register: what must be 1 (FIXED0), and what may be 1 (FIXED1). */
static void word_cr(struct caps_word *word, const struct vmx_bits *names,
		    const char *msr, __u64 fixed0, __u64 fixed1)
{
	word->names = names;
	word->msr = msr;
	word->present = true;
	word->allowed0 = ~fixed0;
	word->allowed1 = fixed1;
}

/**
 * caps_words() - what each control may be
 * @msrs: the capability MSRs of a CPU
 * @words: filled in, in the order in which they are printed
 */
void caps_words(const struct keel_vmx_msrs *msrs,
		struct caps_word words[CAPS_NR_WORDS])
{
	bool use_true = msrs->basic & BASIC_TRUE_CONTROLS;
	struct caps_word *word = words, *primary, *secondary, *exit;

	word_true(word++, &vmx_pin_based, use_true,
		  "IA32_VMX_PINBASED_CTLS", msrs->pinbased_ctls,
		  "IA32_VMX_TRUE_PINBASED_CTLS", msrs->true_pinbased_ctls);
	primary = word++;
	word_true(primary, &vmx_primary, use_true,
		  "IA32_VMX_PROCBASED_CTLS", msrs->procbased_ctls,
		  "IA32_VMX_TRUE_PROCBASED_CTLS", msrs->true_procbased_ctls);
	secondary = word++;
	word_pair(secondary, &vmx_secondary, "IA32_VMX_PROCBASED_CTLS2",
		  primary->allowed1 & PRIMARY_SECONDARY ?
		  msrs->procbased_ctls2 : 0);
	/* The word is there even where none of its bits may be 1. */
	secondary->present = primary->allowed1 & PRIMARY_SECONDARY;
	word_allowed1(word++, &vmx_tertiary, "IA32_VMX_PROCBASED_CTLS3",
		      primary->allowed1 & PRIMARY_TERTIARY,
		      msrs->procbased_ctls3);
	exit = word++;
	word_true(exit, &vmx_exit_primary, use_true,
		  "IA32_VMX_EXIT_CTLS", msrs->exit_ctls,
		  "IA32_VMX_TRUE_EXIT_CTLS", msrs->true_exit_ctls);
	word_allowed1(word++, &vmx_exit_secondary, "IA32_VMX_EXIT_CTLS2",
		      exit->allowed1 & EXIT_SECONDARY, msrs->exit_ctls2);
	word_true(word++, &vmx_entry, use_true,
		  "IA32_VMX_ENTRY_CTLS", msrs->entry_ctls,
		  "IA32_VMX_TRUE_ENTRY_CTLS", msrs->true_entry_ctls);
	word_allowed1(word++, &vmx_functions, "IA32_VMX_VMFUNC",
		      secondary->allowed1 & SECONDARY_VMFUNC, msrs->vmfunc);
	word_cr(word++, &vmx_cr0, "IA32_VMX_CR0_FIXED0 and _FIXED1",
		msrs->cr0_fixed0, msrs->cr0_fixed1);
	word_cr(word++, &vmx_cr4, "IA32_VMX_CR4_FIXED0 and _FIXED1",
		msrs->cr4_fixed0, msrs->cr4_fixed1);
}

/**
 * caps_summarize() - the first things that people ask
 * @msrs: the capability MSRs of a CPU
 * @summary: filled in
 *
 * This is what the CPU offers, whether Keel uses it or not.
 */
void caps_summarize(const struct keel_vmx_msrs *msrs,
		    struct caps_summary *summary)
{
	struct caps_word words[CAPS_NR_WORDS];
	const __u64 apicv = SECONDARY_APIC_REGISTER | SECONDARY_VIRTUAL_INTR;
	__u64 pin, secondary;

	caps_words(msrs, words);
	pin = words[0].allowed1;
	secondary = words[2].allowed1;

	summary->vmx = msrs->basic != 0;
	summary->vmx_enabled = summary->vmx &&
		(!(msrs->feature_control & FEATURE_LOCK) ||
		 (msrs->feature_control & FEATURE_VMX));
	summary->ept = secondary & SECONDARY_EPT;
	summary->vpid = secondary & SECONDARY_VPID;
	summary->unrestricted_guest = secondary & SECONDARY_UNRESTRICTED;
	summary->apicv = (secondary & apicv) == apicv;
	summary->posted_interrupts = pin & PIN_POSTED_INTERRUPTS;
	summary->pml = secondary & SECONDARY_PML;
	summary->tsc_scaling = secondary & SECONDARY_TSC_SCALING;
	summary->preemption_timer = pin & PIN_PREEMPTION_TIMER;
}

/**
 * caps_setting() - what a control may be, in words
 * @word: the word of controls
 * @bit: which
 *
 * Return: "0 or 1", "fixed 0", "fixed 1", or "neither" where the MSR breaks
 * the SDM's rules and allows no value.
 */
const char *caps_setting(const struct caps_word *word, unsigned int bit)
{
	bool may_be_0 = word->allowed0 & BIT(bit);
	bool may_be_1 = word->allowed1 & BIT(bit);

	if (may_be_0 && may_be_1)
		return "0 or 1";
	if (may_be_0)
		return "fixed 0";
	return may_be_1 ? "fixed 1" : "neither";
}

/**
 * caps_field_value() - the value of a field as it is meant
 * @field: the field
 * @word: the MSR that it is in
 *
 * Return: the bits of the field; for lists of MSRs the number of MSRs.
 */
__u64 caps_field_value(const struct vmx_field *field, __u64 word)
{
	__u64 value = vmx_field_value(field, word);

	return field->kind == VMX_MSR_LIST ? 512 * (value + 1) : value;
}

/**
 * caps_unnamed() - bits that are set and belong to no field
 * @word: the fields
 * @value: the MSR
 *
 * Return: these bits.
 */
__u64 caps_unnamed(const struct vmx_fields *word, __u64 value)
{
	const struct vmx_field *field;

	for (field = word->fields; field < word->fields + word->nr; field++)
		value &= ~(vmx_field_value(field, ~0ULL) << field->lo);
	return value;
}

/**
 * caps_same() - whether two CPUs offer the same
 * @a: a CPU
 * @b: another
 *
 * Return: true where all capability MSRs and features are equal; the CPU's
 * name does not matter.
 */
bool caps_same(const struct caps_cpu *a, const struct caps_cpu *b)
{
	return a->info.features == b->info.features &&
	       !memcmp(&a->info.msrs, &b->info.msrs, sizeof(a->info.msrs));
}
