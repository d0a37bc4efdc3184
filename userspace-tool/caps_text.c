// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUs offer for VMX, for people.
 *
 * CPUs that offer the same are printed once.  Nothing is hidden: a bit that a
 * CPU allows but the SDM does not name is shown by its number.
 */
#include <stdlib.h>

#include "caps.h"
#include "cpulist.h"

#define BIT(n)	(1ULL << (n))

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *memory_type(__u64 value)
{
	switch (value) {
	case 0:
		return "uncacheable (0)";
	case 6:
		return "write-back (6)";
	default:
		return "not defined";
	}
}

static void print_raw(FILE *out, const struct keel_info *info)
{
	const struct vmx_msr *msr;

	for (msr = vmx_msrs; msr < vmx_msrs + VMX_NR_MSRS; msr++)
		fprintf(out, "  %-30s 0x%03x  0x%016llx\n", msr->name,
			msr->index, (unsigned long long)
			vmx_msr_value(&info->msrs, msr->offset));
	fprintf(out, "  %-30s        0x%016llx\n", "Features that Keel uses",
		(unsigned long long)info->features);
}

static void print_offer(FILE *out, const char *name, bool offered,
			const char *long_name)
{
	if (offered)
		fprintf(out, "  %s: yes\n", name);
	else
		fprintf(out, "  %s: absent (%s: not offered by this CPU)\n",
			name, long_name);
}

static void print_summary(FILE *out, const struct keel_vmx_msrs *msrs)
{
	struct caps_summary has;

	caps_summarize(msrs, &has);
	if (has.vmx && !has.vmx_enabled)
		fputs("  VMX: locked off by the firmware (IA32_FEATURE_CONTROL); enable VT-x in its setup\n",
		      out);
	else
		print_offer(out, "VMX", has.vmx, "virtual-machine extensions");
	print_offer(out, "EPT", has.ept, "extended page tables");
	print_offer(out, "VPID", has.vpid, "virtual-processor identifiers");
	print_offer(out, "Unrestricted guest", has.unrestricted_guest,
		    "guests without paging");
	print_offer(out, "APICv", has.apicv,
		    "APIC-register virtualization and virtual-interrupt delivery");
	print_offer(out, "Posted interrupts", has.posted_interrupts,
		    "process posted interrupts");
	print_offer(out, "PML", has.pml, "page-modification logging");
	print_offer(out, "TSC scaling", has.tsc_scaling,
		    "a guest's own TSC frequency");
	print_offer(out, "Preemption timer", has.preemption_timer,
		    "VMX-preemption timer");
}

static void print_features(FILE *out, __u64 features)
{
	const char *name;
	unsigned int bit;

	fputs("\nFeatures that Keel uses:", out);
	if (!features)
		fputs(" none", out);
	for (bit = 0; bit < keel_features.width; bit++) {
		if (!(features & BIT(bit)))
			continue;
		name = vmx_bit_name(&keel_features, bit);
		if (name)
			fprintf(out, " %s", name);
		else
			fprintf(out, " bit-%u-(unnamed)", bit);
	}
	fputc('\n', out);
}

/* Shadow page tables need nothing that a CPU with VMX could lack. */
static void print_paging(FILE *out, __u64 features)
{
	fprintf(out, "Paging modes of guests: %sshadow\n",
		features & KEEL_FEATURE_EPT ? "ept " : "");
}

static void print_control(FILE *out, const struct caps_word *word,
			  unsigned int bit, const char *name)
{
	fprintf(out, "  %3u  %-9s  %-9s  %-7s  ", bit,
		yes_no(word->allowed0 & BIT(bit)),
		yes_no(word->allowed1 & BIT(bit)), caps_setting(word, bit));
	if (name)
		fprintf(out, "%s\n", name);
	else
		fprintf(out, "bit %u (unnamed)\n", bit);
}

static void print_word(FILE *out, const struct caps_word *word)
{
	const char *name;
	unsigned int bit;

	if (!word->present) {
		fprintf(out, "\n%s: absent (%s: not offered by this CPU)\n",
			word->names->title, word->msr);
		return;
	}
	fprintf(out, "\n%s (%s)\n", word->names->title, word->msr);
	fputs("  bit  allowed-0  allowed-1  setting  name\n", out);
	for (bit = 0; bit < word->names->width; bit++) {
		name = vmx_bit_name(word->names, bit);
		/* A reserved bit that must be 0 is all that goes unsaid. */
		if (name || (word->allowed1 & BIT(bit)) ||
		    !(word->allowed0 & BIT(bit)))
			print_control(out, word, bit, name);
	}
}

static void print_field(FILE *out, const struct vmx_field *field, __u64 word)
{
	unsigned long long value = caps_field_value(field, word);
	char bits[8];

	if (field->lo == field->hi)
		snprintf(bits, sizeof(bits), "%u", field->lo);
	else
		snprintf(bits, sizeof(bits), "%u:%u", field->hi, field->lo);
	fprintf(out, "  %5s  %-50s ", bits, field->name);
	switch (field->kind) {
	case VMX_FLAG:
		fprintf(out, "%s\n", yes_no(value));
		break;
	case VMX_NUMBER:
	case VMX_MSR_LIST:
		fprintf(out, "%llu\n", value);
		break;
	case VMX_HEX:
		fprintf(out, "0x%llx\n", value);
		break;
	case VMX_BYTES:
		fprintf(out, "%llu bytes\n", value);
		break;
	case VMX_MEMTYPE:
		fprintf(out, "%s\n", memory_type(value));
		break;
	case VMX_TIMER:
		fprintf(out, "%llu (counts once in %llu TSC cycles)\n", value,
			BIT(value));
		break;
	}
}

static void print_fields(FILE *out, const struct vmx_fields *word,
			 const struct keel_vmx_msrs *msrs)
{
	__u64 value = vmx_msr_value(msrs, word->offset);
	__u64 unnamed = caps_unnamed(word, value);
	struct vmx_field field = { .kind = VMX_FLAG };
	char name[32];
	unsigned int i;

	fprintf(out, "\n%s (%s 0x%016llx)\n", word->title, word->msr,
		(unsigned long long)value);
	for (i = 0; i < word->nr; i++)
		print_field(out, &word->fields[i], value);
	for (i = 0; i < 64; i++) {
		if (!(unnamed & BIT(i)))
			continue;
		snprintf(name, sizeof(name), "bit %u (unnamed)", i);
		field.lo = i;
		field.hi = i;
		field.name = name;
		print_field(out, &field, value);
	}
}

static void print_cpu(FILE *out, const struct caps_cpu *cpu)
{
	const struct keel_vmx_msrs *msrs = &cpu->info.msrs;
	struct caps_word words[CAPS_NR_WORDS];
	unsigned int i;

	print_summary(out, msrs);
	print_features(out, cpu->info.features);
	print_paging(out, cpu->info.features);
	for (i = 0; i < VMX_NR_FIELD_WORDS; i++)
		print_fields(out, &vmx_field_words[i], msrs);
	caps_words(msrs, words);
	for (i = 0; i < CAPS_NR_WORDS; i++)
		print_word(out, &words[i]);
}

/* The CPUs that are like @cpus[@first], in @list. */
static unsigned int like(const struct caps_cpu *cpus, unsigned int nr,
			 unsigned int first, unsigned int *list)
{
	unsigned int i, n = 0;

	for (i = first; i < nr; i++)
		if (caps_same(&cpus[i], &cpus[first]))
			list[n++] = cpus[i].cpu;
	return n;
}

/* Whether no CPU before @cpus[@i] is like it. */
static bool first_of_kind(const struct caps_cpu *cpus, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < i; j++)
		if (caps_same(&cpus[j], &cpus[i]))
			return false;
	return true;
}

static void print_cpus(FILE *out, const unsigned int *list, unsigned int nr)
{
	fputs(nr > 1 ? "CPUs " : "CPU ", out);
	cpulist_print(out, list, nr);
}

/* One line for each kind of CPU, with the value that it has. */
static void print_values(FILE *out, const struct caps_cpu *cpus,
			 unsigned int nr, unsigned int *list, size_t offset)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!first_of_kind(cpus, i))
			continue;
		fprintf(out, "    0x%016llx  ", (unsigned long long)
			vmx_msr_value(&cpus[i].info.msrs, offset));
		print_cpus(out, list, like(cpus, nr, i, list));
		fputc('\n', out);
	}
}

static void print_differences(FILE *out, const struct caps_cpu *cpus,
			      unsigned int nr, unsigned int *list)
{
	const struct vmx_msr *msr;
	bool differ;
	unsigned int i;

	fputs("\nThe CPUs differ in:\n", out);
	for (msr = vmx_msrs; msr < vmx_msrs + VMX_NR_MSRS; msr++) {
		differ = false;
		for (i = 1; i < nr; i++)
			differ |= vmx_msr_value(&cpus[i].info.msrs, msr->offset) !=
				  vmx_msr_value(&cpus[0].info.msrs, msr->offset);
		if (differ) {
			fprintf(out, "  %s\n", msr->name);
			print_values(out, cpus, nr, list, msr->offset);
		}
	}
	for (i = 1; i < nr; i++) {
		if (cpus[i].info.features != cpus[0].info.features) {
			fputs("  Features that Keel uses\n", out);
			break;
		}
	}
}

/**
 * caps_print_text() - print what CPUs offer, for people
 * @out: where to
 * @cpus: the CPUs, in ascending order
 * @nr: how many, at least one
 * @raw: the MSRs as numbers instead of their meaning
 */
void caps_print_text(FILE *out, const struct caps_cpu *cpus, unsigned int nr,
		     bool raw)
{
	unsigned int *list = calloc(nr, sizeof(*list));
	unsigned int i, n, kinds = 0;

	if (!list) {
		fputs("out of memory\n", out);
		return;
	}
	for (i = 0; i < nr; i++) {
		if (!first_of_kind(cpus, i))
			continue;
		if (kinds++)
			fputc('\n', out);
		n = like(cpus, nr, i, list);
		print_cpus(out, list, n);
		fputs(n > 1 ? ": identical\n" : "\n", out);
		if (cpus[i].model[0])
			fprintf(out, "  Model: %s\n", cpus[i].model);
		if (raw)
			print_raw(out, &cpus[i].info);
		else
			print_cpu(out, &cpus[i]);
	}
	if (kinds > 1)
		print_differences(out, cpus, nr, list);
	free(list);
}
