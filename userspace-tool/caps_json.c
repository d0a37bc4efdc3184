// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUs offer for VMX, for programs.
 *
 * Keys are stable.  Every CPU has every key and every named bit, also where
 * it lacks the word, so that a reader needs no special cases.  keel-caps(1)
 * documents the form.
 */
#include "caps.h"
#include "json.h"

#define BIT(n)	(1ULL << (n))

static void json_msrs(struct json *json, const struct keel_vmx_msrs *msrs)
{
	const struct vmx_msr *msr;

	json_open(json, "msrs", '{');
	for (msr = vmx_msrs; msr < vmx_msrs + VMX_NR_MSRS; msr++)
		json_hex(json, msr->name, vmx_msr_value(msrs, msr->offset));
	json_close(json, '}');
}

static void json_summary(struct json *json, const struct keel_vmx_msrs *msrs)
{
	struct caps_summary has;

	caps_summarize(msrs, &has);
	json_open(json, "summary", '{');
	json_bool(json, "vmx", has.vmx);
	json_bool(json, "vmx_enabled", has.vmx_enabled);
	json_bool(json, "ept", has.ept);
	json_bool(json, "vpid", has.vpid);
	json_bool(json, "unrestricted_guest", has.unrestricted_guest);
	json_bool(json, "apicv", has.apicv);
	json_bool(json, "posted_interrupts", has.posted_interrupts);
	json_bool(json, "pml", has.pml);
	json_bool(json, "tsc_scaling", has.tsc_scaling);
	json_bool(json, "preemption_timer", has.preemption_timer);
	json_close(json, '}');
}

static void json_features(struct json *json, __u64 features)
{
	unsigned int i;

	json_open(json, "features", '{');
	json_hex(json, "value", features);
	for (i = 0; i < keel_features.nr; i++)
		json_bool(json, keel_features.bits[i].name,
			  features & BIT(keel_features.bits[i].bit));
	json_close(json, '}');
}

static void json_fields(struct json *json, const struct vmx_fields *word,
			const struct keel_vmx_msrs *msrs)
{
	__u64 value = vmx_msr_value(msrs, word->offset);
	const struct vmx_field *field;

	json_open(json, word->key, '{');
	json_hex(json, "value", value);
	for (field = word->fields; field < word->fields + word->nr; field++) {
		if (field->kind == VMX_FLAG)
			json_bool(json, field->key,
				  caps_field_value(field, value));
		else
			json_number(json, field->key,
				    caps_field_value(field, value));
	}
	json_hex(json, "unnamed", caps_unnamed(word, value));
	json_close(json, '}');
}

static void json_word(struct json *json, const struct caps_word *word)
{
	const char *name;
	unsigned int bit;

	json_open(json, word->names->key, '{');
	json_bool(json, "present", word->present);
	json_string(json, "msr", word->msr);
	json_hex(json, "allowed0", word->allowed0);
	json_hex(json, "allowed1", word->allowed1);
	json_open(json, "bits", '[');
	for (bit = 0; bit < word->names->width; bit++) {
		name = vmx_bit_name(word->names, bit);
		if (!name && !(word->allowed1 & BIT(bit)) &&
		    (word->allowed0 & BIT(bit)))
			continue;
		json_open(json, NULL, '{');
		json_number(json, "bit", bit);
		json_string(json, "name", name ? name : "");
		json_bool(json, "allowed0", word->allowed0 & BIT(bit));
		json_bool(json, "allowed1", word->allowed1 & BIT(bit));
		json_string(json, "setting", caps_setting(word, bit));
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

/* Shadow page tables need nothing that a CPU with VMX could lack. */
static void json_paging(struct json *json, __u64 features)
{
	json_open(json, "paging", '{');
	json_bool(json, "ept", features & KEEL_FEATURE_EPT);
	json_bool(json, "shadow", true);
	json_close(json, '}');
}

static void json_cpu(struct json *json, const struct caps_cpu *cpu, bool raw)
{
	const struct keel_vmx_msrs *msrs = &cpu->info.msrs;
	struct caps_word words[CAPS_NR_WORDS];
	unsigned int i;

	json_open(json, NULL, '{');
	json_number(json, "cpu", cpu->cpu);
	json_string(json, "model", cpu->model);
	json_features(json, cpu->info.features);
	json_msrs(json, msrs);
	if (!raw) {
		json_summary(json, msrs);
		json_paging(json, cpu->info.features);
		for (i = 0; i < VMX_NR_FIELD_WORDS; i++)
			json_fields(json, &vmx_field_words[i], msrs);
		caps_words(msrs, words);
		json_open(json, "controls", '{');
		for (i = 0; i < CAPS_NR_WORDS; i++)
			json_word(json, &words[i]);
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void json_differences(struct json *json, const struct caps_cpu *cpus,
			     unsigned int nr)
{
	const struct vmx_msr *msr;
	unsigned int i;

	json_open(json, "differing_msrs", '[');
	for (msr = vmx_msrs; msr < vmx_msrs + VMX_NR_MSRS; msr++) {
		for (i = 1; i < nr; i++) {
			if (vmx_msr_value(&cpus[i].info.msrs, msr->offset) !=
			    vmx_msr_value(&cpus[0].info.msrs, msr->offset)) {
				json_string(json, NULL, msr->name);
				break;
			}
		}
	}
	json_close(json, ']');
}

/**
 * caps_print_json() - print what CPUs offer, for programs
 * @out: where to
 * @cpus: the CPUs, in ascending order
 * @nr: how many, at least one
 * @raw: only the MSRs as numbers and the features
 */
void caps_print_json(FILE *out, const struct caps_cpu *cpus, unsigned int nr,
		     bool raw)
{
	struct json json = { .out = out };
	bool identical = true;
	unsigned int i;

	for (i = 1; i < nr; i++)
		identical &= caps_same(&cpus[i], &cpus[0]);
	json_open(&json, NULL, '{');
	json_number(&json, "abi_version", cpus[0].info.abi_version);
	json_bool(&json, "identical", identical);
	json_differences(&json, cpus, nr);
	json_open(&json, "cpus", '[');
	for (i = 0; i < nr; i++)
		json_cpu(&json, &cpus[i], raw);
	json_close(&json, ']');
	json_close(&json, '}');
}
