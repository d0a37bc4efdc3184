// SPDX-License-Identifier: GPL-2.0
/*
 * Decoding and printing of VMX capabilities, against the SDM.
 *
 * The MSR values are made by hand from the SDM's tables, in the manner of
 * three generations: a first one without secondary controls, one with nearly
 * all that was added in ten years, and one that sets every bit.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "cmd.h"
#include "cpulist.h"
#include "json.h"
#include "lib/keel.h"
#include "tests/tap.h"

/* No TRUE MSRs, no secondary controls, 2-KByte regions. */
static const struct keel_vmx_msrs old_cpu = {
	.feature_control = 0x5,
	.basic = 0x005a08000000000dULL,
	.pinbased_ctls = 0x0000003f00000016ULL,
	.procbased_ctls = 0x77f9fffe0401e172ULL,
	.exit_ctls = 0x0003ffff00036dffULL,
	.entry_ctls = 0x00003fff000011ffULL,
	.misc = 0x00000000000403c0ULL,
	.cr0_fixed0 = 0x80000021ULL,
	.cr0_fixed1 = 0xffffffffULL,
	.cr4_fixed0 = 0x2000ULL,
	.cr4_fixed1 = 0x67ffULL,
	.vmcs_enum = 0x2cULL,
};

/* TRUE MSRs, secondary but no tertiary controls, EPT with everything. */
static const struct keel_vmx_msrs new_cpu = {
	.feature_control = 0x100005ULL,
	.basic = 0x00da040000000004ULL,
	.pinbased_ctls = 0x000000ff00000016ULL,
	.procbased_ctls = 0xfff9fffe0401e172ULL,
	.exit_ctls = 0x01ffffff00036dffULL,
	.entry_ctls = 0x0003ffff000011ffULL,
	.misc = 0x000000007004c1e7ULL,
	.cr0_fixed0 = 0x80000021ULL,
	.cr0_fixed1 = 0xffffffffULL,
	.cr4_fixed0 = 0x2000ULL,
	.cr4_fixed1 = 0x3727ffULL,
	.vmcs_enum = 0x2eULL,
	.procbased_ctls2 = 0x025fbfff00000000ULL,
	.ept_vpid_cap = 0x00000f0106334141ULL,
	.true_pinbased_ctls = 0x000000ff00000016ULL,
	.true_procbased_ctls = 0xfff9fffe04006172ULL,
	.true_exit_ctls = 0x01ffffff00036dfbULL,
	.true_entry_ctls = 0x0003ffff000011fbULL,
	.vmfunc = 0x1ULL,
};

enum word {
	PIN, PRIMARY, SECONDARY, TERTIARY, EXIT, EXIT2, ENTRY, VMFUNC, CR0, CR4,
};

static struct caps_cpu make_cpu(unsigned int cpu,
				const struct keel_vmx_msrs *msrs)
{
	struct caps_cpu made = {
		.cpu = cpu,
		.model = "Some \"CPU\" \\ model",
		.info = {
			.size = sizeof(struct keel_info),
			.cpu = cpu,
			.abi_version = KEEL_ABI_VERSION,
			.features = KEEL_FEATURE_EPT | KEEL_FEATURE_VPID,
			.msrs = *msrs,
		},
	};

	return made;
}

typedef void (*printer)(FILE *, const struct caps_cpu *, unsigned int, bool);

/* What @print makes of @cpus; for free(). */
static char *printed(printer print, const struct caps_cpu *cpus,
		     unsigned int nr, bool raw)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		exit(1);
	print(out, cpus, nr, raw);
	fclose(out);
	return text;
}

/* Whether @text has a line that holds each of @a, @b and @c. */
static bool has_line(const char *text, const char *a, const char *b,
		     const char *c)
{
	const char *end;
	char line[256];

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		if (strstr(line, a) && strstr(line, b) && strstr(line, c))
			return true;
	}
	return false;
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

static bool setting(const struct keel_vmx_msrs *msrs, enum word word,
		    const char *name, const char *want)
{
	struct caps_word words[CAPS_NR_WORDS];
	unsigned int i;

	caps_words(msrs, words);
	for (i = 0; i < words[word].names->nr; i++)
		if (!strcmp(words[word].names->bits[i].name, name))
			return !strcmp(caps_setting(&words[word],
						    words[word].names->bits[i].bit),
				       want);
	return false;
}

static bool from(const struct keel_vmx_msrs *msrs, enum word word,
		 const char *msr)
{
	struct caps_word words[CAPS_NR_WORDS];

	caps_words(msrs, words);
	return !strcmp(words[word].msr, msr);
}

static bool present(const struct keel_vmx_msrs *msrs, enum word word)
{
	struct caps_word words[CAPS_NR_WORDS];

	caps_words(msrs, words);
	return words[word].present;
}

static bool field(const struct keel_vmx_msrs *msrs, const char *key,
		  __u64 want)
{
	const struct vmx_fields *word;
	unsigned int i;
	__u64 value;

	for (word = vmx_field_words;
	     word < vmx_field_words + VMX_NR_FIELD_WORDS; word++) {
		value = vmx_msr_value(msrs, word->offset);
		for (i = 0; i < word->nr; i++)
			if (!strcmp(word->fields[i].key, key))
				return caps_field_value(&word->fields[i],
							value) == want;
	}
	return false;
}

static bool named(const struct vmx_bits *word, unsigned int bit,
		  const char *want)
{
	const char *name = vmx_bit_name(word, bit);

	return want ? name && !strcmp(name, want) : !name;
}

static bool ascending(const struct vmx_bits *word)
{
	unsigned int i;

	for (i = 0; i < word->nr; i++)
		if (word->bits[i].bit >= word->width ||
		    (i && word->bits[i].bit <= word->bits[i - 1].bit))
			return false;
	return true;
}

static void test_names(void)
{
	struct caps_word words[CAPS_NR_WORDS];
	bool all_ascending = ascending(&keel_features);
	bool msrs_ascending = true;
	unsigned int i;

	caps_words(&new_cpu, words);
	for (i = 0; i < CAPS_NR_WORDS; i++)
		all_ascending &= ascending(words[i].names);
	ok(all_ascending, "bits of each word ascend and fit");
	for (i = 1; i < VMX_NR_MSRS; i++)
		msrs_ascending &= vmx_msrs[i].index > vmx_msrs[i - 1].index &&
				  vmx_msrs[i].offset == 8 * i;
	ok(msrs_ascending, "MSRs ascend, in the order of the ABI");

	ok(named(&vmx_pin_based, 7, "Process posted interrupts"), "pin bit 7");
	ok(named(&vmx_pin_based, 1, NULL), "pin bit 1 has no name");
	ok(named(&vmx_primary, 17, "Activate tertiary controls"),
	   "primary bit 17");
	ok(named(&vmx_primary, 27, "Monitor trap flag"), "primary bit 27");
	ok(named(&vmx_secondary, 21, "PASID translation"), "secondary bit 21");
	ok(named(&vmx_secondary, 22, "Mode-based execute control for EPT"),
	   "secondary bit 22");
	ok(named(&vmx_secondary, 26, "Enable user wait and pause"),
	   "secondary bit 26");
	ok(named(&vmx_secondary, 30, "VMM bus-lock detection"),
	   "secondary bit 30");
	ok(named(&vmx_secondary, 31, "Instruction timeout"),
	   "secondary bit 31");
	ok(named(&vmx_tertiary, 1, "Enable HLAT"), "tertiary bit 1");
	ok(named(&vmx_tertiary, 4, "IPI virtualization"), "tertiary bit 4");
	ok(named(&vmx_tertiary, 7, "Virtualize IA32_SPEC_CTRL"),
	   "tertiary bit 7");
	ok(named(&vmx_exit_primary, 22, "Save VMX-preemption timer value"),
	   "exit bit 22");
	ok(named(&vmx_exit_primary, 28, "Load CET state"), "exit bit 28");
	ok(named(&vmx_exit_secondary, 3, "Prematurely busy shadow stack"),
	   "secondary exit bit 3");
	ok(named(&vmx_entry, 9, "IA-32e mode guest"), "entry bit 9");
	ok(named(&vmx_entry, 19, "Load UINV"), "entry bit 19");
	ok(named(&vmx_entry, 23, "Load FRED"), "entry bit 23");
	ok(named(&vmx_cr4, 13, "VMXE"), "CR4 bit 13");
	ok(named(&keel_features, __builtin_ctzll(KEEL_FEATURE_VIRTUAL_NMI),
		 "virtual_nmi"), "a feature of the ABI");
}

static void test_controls(void)
{
	struct keel_vmx_msrs msrs = new_cpu;

	ok(from(&old_cpu, PRIMARY, "IA32_VMX_PROCBASED_CTLS"),
	   "old CPU: not from the TRUE MSR");
	ok(from(&new_cpu, PRIMARY, "IA32_VMX_TRUE_PROCBASED_CTLS"),
	   "new CPU: from the TRUE MSR");
	ok(setting(&old_cpu, PRIMARY, "CR3-load exiting", "fixed 1"),
	   "old CPU: CR3-load exiting is fixed 1");
	ok(setting(&new_cpu, PRIMARY, "CR3-load exiting", "0 or 1"),
	   "new CPU: CR3-load exiting is free by the TRUE MSR");
	ok(setting(&old_cpu, EXIT, "Save debug controls", "fixed 1") &&
	   setting(&new_cpu, EXIT, "Save debug controls", "0 or 1"),
	   "the same for a VM-exit control");
	ok(setting(&old_cpu, ENTRY, "Load debug controls", "fixed 1") &&
	   setting(&new_cpu, ENTRY, "Load debug controls", "0 or 1"),
	   "the same for a VM-entry control");
	ok(setting(&old_cpu, PIN, "Activate VMX-preemption timer", "fixed 0") &&
	   setting(&new_cpu, PIN, "Activate VMX-preemption timer", "0 or 1"),
	   "pin-based control");
	ok(!present(&old_cpu, SECONDARY) && present(&new_cpu, SECONDARY),
	   "secondary controls are there when primary bit 31 may be 1");
	ok(setting(&old_cpu, SECONDARY, "Enable EPT", "fixed 0") &&
	   setting(&new_cpu, SECONDARY, "Enable EPT", "0 or 1"),
	   "secondary control");
	msrs.true_procbased_ctls &= ~(1ULL << 63);
	ok(setting(&msrs, SECONDARY, "Enable EPT", "fixed 0"),
	   "secondary MSR does not count when primary bit 31 is fixed 0");
	ok(!present(&new_cpu, TERTIARY), "no tertiary controls on new CPU");
	msrs = new_cpu;
	msrs.procbased_ctls3 = 0x10;
	ok(setting(&msrs, TERTIARY, "IPI virtualization", "fixed 0"),
	   "tertiary MSR does not count when primary bit 17 is fixed 0");
	msrs.true_procbased_ctls |= 1ULL << (32 + 17);
	ok(present(&msrs, TERTIARY) &&
	   setting(&msrs, TERTIARY, "IPI virtualization", "0 or 1") &&
	   setting(&msrs, TERTIARY, "Enable HLAT", "fixed 0"),
	   "tertiary control");
	msrs.exit_ctls2 = 0x8;
	ok(!present(&msrs, EXIT2), "no secondary VM-exit controls");
	msrs.true_exit_ctls |= 1ULL << 63;
	ok(present(&msrs, EXIT2) &&
	   setting(&msrs, EXIT2, "Prematurely busy shadow stack", "0 or 1"),
	   "secondary VM-exit control");
	ok(!present(&old_cpu, VMFUNC) && present(&new_cpu, VMFUNC) &&
	   setting(&new_cpu, VMFUNC, "EPTP switching", "0 or 1"),
	   "VM functions");
	ok(setting(&new_cpu, CR0, "PG", "fixed 1") &&
	   setting(&new_cpu, CR0, "PE", "fixed 1") &&
	   setting(&new_cpu, CR0, "WP", "0 or 1"), "CR0");
	ok(setting(&new_cpu, CR4, "VMXE", "fixed 1") &&
	   setting(&new_cpu, CR4, "PAE", "0 or 1") &&
	   setting(&new_cpu, CR4, "LA57", "fixed 0"), "CR4");
	msrs.true_pinbased_ctls = 0x8;
	ok(setting(&msrs, PIN, "NMI exiting", "neither"),
	   "a control that the MSR allows no value");
}

static void test_fields(void)
{
	struct keel_vmx_msrs msrs = { 0 };

	ok(field(&old_cpu, "vmcs_revision", 0xd) &&
	   field(&old_cpu, "vmcs_size", 2048) &&
	   field(&new_cpu, "vmcs_size", 1024), "VMCS revision and size");
	ok(field(&new_cpu, "memory_type", 6), "memory type");
	ok(field(&old_cpu, "true_controls", 0) &&
	   field(&new_cpu, "true_controls", 1), "TRUE controls");
	ok(field(&new_cpu, "dual_monitor", 1) &&
	   field(&new_cpu, "ins_outs_info", 1) &&
	   field(&new_cpu, "addresses_32bit", 0) &&
	   field(&new_cpu, "exception_any_error_code", 0),
	   "other bits of IA32_VMX_BASIC");
	ok(field(&new_cpu, "preemption_timer_rate", 7) &&
	   field(&new_cpu, "cr3_targets", 4) &&
	   field(&new_cpu, "activity_wait_for_sipi", 1) &&
	   field(&new_cpu, "pt_in_vmx", 1) &&
	   field(&new_cpu, "inject_length_0", 1), "IA32_VMX_MISC");
	ok(field(&new_cpu, "msr_list_max", 512), "MSR list of 512");
	msrs.misc = 7ULL << 25 | 0x12345678ULL << 32;
	ok(field(&msrs, "msr_list_max", 4096), "MSR list of 4096");
	ok(field(&msrs, "mseg_revision", 0x12345678), "MSEG revision");
	ok(field(&new_cpu, "ept_walk_4", 1) &&
	   field(&new_cpu, "ept_walk_5", 0) &&
	   field(&new_cpu, "ept_1g", 1) &&
	   field(&new_cpu, "ept_accessed_dirty", 1) &&
	   field(&new_cpu, "invept_all", 1) &&
	   field(&new_cpu, "invvpid_single_retain_globals", 1),
	   "IA32_VMX_EPT_VPID_CAP");
	msrs.ept_vpid_cap = 0x15ULL << 48;
	ok(field(&msrs, "hlat_prefix_max", 0x15), "HLAT prefix");
	ok(field(&new_cpu, "highest_index", 0x17), "IA32_VMX_VMCS_ENUM");
	ok(field(&new_cpu, "lock", 1) && field(&new_cpu, "vmx_in_smx", 0) &&
	   field(&new_cpu, "vmx_outside_smx", 1) && field(&new_cpu, "lmce", 1),
	   "IA32_FEATURE_CONTROL");
	ok(caps_unnamed(&vmx_field_words[1], 1ULL << 57 | 1ULL << 55) ==
	   1ULL << 57, "bits of no field");
}

static void test_summary(void)
{
	struct keel_vmx_msrs msrs = new_cpu;
	struct caps_summary has;

	caps_summarize(&old_cpu, &has);
	ok(has.vmx && has.vmx_enabled && !has.ept && !has.vpid &&
	   !has.unrestricted_guest && !has.apicv && !has.posted_interrupts &&
	   !has.pml && !has.tsc_scaling && !has.preemption_timer,
	   "old CPU has VMX alone");
	caps_summarize(&new_cpu, &has);
	ok(has.vmx && has.vmx_enabled && has.ept && has.vpid &&
	   has.unrestricted_guest && has.apicv && has.posted_interrupts &&
	   has.pml && has.tsc_scaling && has.preemption_timer,
	   "new CPU has it all");
	msrs.procbased_ctls2 &= ~(1ULL << (32 + 9));
	msrs.feature_control = 1;
	caps_summarize(&msrs, &has);
	ok(!has.apicv, "APICv takes virtual-interrupt delivery");
	ok(!has.vmx_enabled, "VMX locked off");
	msrs.feature_control = 0;
	caps_summarize(&msrs, &has);
	ok(has.vmx_enabled, "firmware left the choice open");
}

static void test_text(void)
{
	struct caps_cpu cpus[3] = {
		make_cpu(0, &new_cpu), make_cpu(1, &new_cpu),
		make_cpu(2, &new_cpu),
	};
	char *text;

	text = printed(caps_print_text, cpus, 3, false);
	ok(has_line(text, "CPUs 0-2: identical", "", ""), "identical CPUs");
	ok(count(text, "Pin-based VM-execution controls (") == 1,
	   "identical CPUs are printed once");
	ok(!strstr(text, "differ"), "identical CPUs do not differ");
	ok(has_line(text, "EPT: yes", "", ""), "EPT is there");
	ok(has_line(text, " 15 ", "0 or 1", "CR3-load exiting"),
	   "a control's line");
	ok(has_line(text, "  1  no", "fixed 1", "bit 1 (unnamed)"),
	   "a default1 bit without name is shown");
	ok(has_line(text, "Tertiary", "absent", "not offered by this CPU"),
	   "an absent word says so");
	ok(has_line(text, "VMX-preemption timer rate", "7", "128 TSC cycles"),
	   "timer rate");
	ok(has_line(text, "Features that Keel uses: ept vpid", "", ""),
	   "features");
	ok(has_line(text, "Paging modes of guests: ept shadow", "", ""),
	   "paging modes");
	free(text);

	cpus[1].info.msrs.misc ^= 1;
	cpus[1].info.msrs.procbased_ctls2 |= 1ULL << (32 + 29);
	text = printed(caps_print_text, cpus, 3, false);
	ok(has_line(text, "CPUs 0,2: identical", "", "") &&
	   has_line(text, "CPU 1", "", "") &&
	   count(text, "Pin-based VM-execution controls (") == 2,
	   "each kind of CPU is printed");
	ok(strstr(text, "The CPUs differ in:\n  IA32_VMX_MISC\n") &&
	   has_line(text, "  IA32_VMX_PROCBASED_CTLS2", "", "") &&
	   !has_line(strstr(text, "The CPUs differ"), "IA32_VMX_BASIC", "", ""),
	   "the MSRs that differ are named, no others");
	ok(has_line(text, "0x000000007004c1e7  CPUs 0,2", "", "") &&
	   has_line(text, "0x000000007004c1e6  CPU 1", "", ""),
	   "with their values");
	ok(has_line(text, "0 or 1", "bit 29 (unnamed)", ""),
	   "an allowed bit without name is shown");
	free(text);

	cpus[1] = make_cpu(1, &new_cpu);
	cpus[1].info.features = 0;
	text = printed(caps_print_text, cpus, 2, false);
	ok(strstr(text, "The CPUs differ in:\n  Features that Keel uses\n"),
	   "features that differ");
	ok(has_line(text, "Features that Keel uses: none", "", ""),
	   "no features");
	ok(has_line(text, "Paging modes of guests: shadow", "", ""),
	   "paging without EPT");
	free(text);

	cpus[0] = make_cpu(0, &old_cpu);
	text = printed(caps_print_text, cpus, 1, false);
	ok(has_line(text, "EPT: absent (extended page tables: not offered by this CPU)",
		    "", ""), "EPT is absent, and that is said");
	ok(!strncmp(text, "CPU 0\n", 6), "one CPU");
	free(text);

	text = printed(caps_print_text, cpus, 1, true);
	ok(has_line(text, "IA32_VMX_BASIC", "0x480", "0x005a08000000000d") &&
	   !strstr(text, "allowed-0"), "raw");
	free(text);

	cpus[0].info.msrs.feature_control = 1;
	cpus[0].info.msrs.basic |= 1ULL << 60;
	text = printed(caps_print_text, cpus, 1, false);
	ok(has_line(text, "VMX: locked off by the firmware", "", ""),
	   "locked off");
	ok(has_line(text, "60  bit 60 (unnamed)", " yes", ""),
	   "an unnamed bit of a field word is shown");
	free(text);
}

/*
 * A checker of JSON: takes one value, returns what stands behind it, or NULL
 * where it is not JSON.
 */
static const char *json_value(const char *s);

static const char *json_skip(const char *s)
{
	return s + strspn(s, "\t\r\n ");
}

static const char *json_text(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20)
			return NULL;
		if (*s != '\\')
			continue;
		s++;
		if (*s == 'u') {
			if (strspn(s + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			s += 4;
		} else if (!*s || !strchr("\"\\/bfnrt", *s)) {
			return NULL;
		}
	}
	return s + 1;
}

static const char *json_members(const char *s, char end, bool keys)
{
	s = json_skip(s + 1);
	if (*s == end)
		return s + 1;
	for (;;) {
		if (keys) {
			s = json_text(json_skip(s));
			if (!s)
				return NULL;
			s = json_skip(s);
			if (*s++ != ':')
				return NULL;
		}
		s = json_value(s);
		if (!s)
			return NULL;
		s = json_skip(s);
		if (*s == end)
			return s + 1;
		if (*s++ != ',')
			return NULL;
	}
}

static const char *json_value(const char *s)
{
	s = json_skip(s);
	if (*s == '{')
		return json_members(s, '}', true);
	if (*s == '[')
		return json_members(s, ']', false);
	if (*s == '"')
		return json_text(s);
	if (!strncmp(s, "true", 4))
		return s + 4;
	if (!strncmp(s, "false", 5))
		return s + 5;
	if (*s == '0')
		return s + 1;
	if (!isdigit((unsigned char)*s))
		return NULL;
	return s + strspn(s, "0123456789");
}

static bool json_valid(const char *s)
{
	s = json_value(s);
	return s && !*json_skip(s);
}

/* A second opinion on the checker above. */
static void test_python(const char *text)
{
	FILE *python;

	if (system("python3 -c 'import json' >/dev/null 2>&1")) {
		tap_skip("python3 -m json.tool", "no python3");
		return;
	}
	python = popen("python3 -m json.tool >/dev/null", "w");
	if (python)
		fputs(text, python);
	ok(python && !pclose(python), "python3 -m json.tool");
}

static void test_json(void)
{
	struct caps_cpu cpus[2] = {
		make_cpu(0, &new_cpu), make_cpu(7, &new_cpu),
	};
	struct json json = { 0 };
	char *text, *other = NULL;
	size_t size;

	ok(!json_valid("{\"a\": 1,}") && !json_valid("[1 2]") &&
	   !json_valid("{\"a\": \"\n\"}") && !json_valid("[") &&
	   json_valid("{\"a\": [1, {}, true, \"\\u00e4\"]}\n"),
	   "the checker of JSON tells JSON from other text");

	text = printed(caps_print_json, cpus, 2, false);
	ok(json_valid(text), "JSON is valid");
	test_python(text);
	ok(count(text, "\"cpu\": ") == 2 && strstr(text, "\"cpu\": 7"),
	   "one object for each CPU");
	ok(strstr(text, "\"identical\": true") &&
	   strstr(text, "\"differing_msrs\": []"), "identical CPUs");
	ok(strstr(text, "\"IA32_VMX_BASIC\": \"0x00da040000000004\""),
	   "MSRs are strings in hexadecimal");
	ok(strstr(text, "\"model\": \"Some \\\"CPU\\\" \\\\ model\""),
	   "strings are quoted");
	ok(strstr(text, "\"name\": \"Enable HLAT\""),
	   "a word that the CPU lacks has its names all the same");
	ok(strstr(text, "\"vmcs_size\": 1024") &&
	   strstr(text, "\"msr_list_max\": 512"), "numbers are numbers");
	ok(strstr(text, "\"paging\": {\n        \"ept\": true,\n        \"shadow\": true"),
	   "paging modes");
	free(text);

	text = printed(caps_print_json, cpus, 1, true);
	ok(json_valid(text) && strstr(text, "\"IA32_VMX_EXIT_CTLS2\"") &&
	   !strstr(text, "\"controls\""), "raw JSON has MSRs alone");
	free(text);

	memset(&cpus[1].info.msrs, 0xff, sizeof(cpus[1].info.msrs));
	strcpy(cpus[1].model, "\x01\xc3\xff");
	cpus[1].info.features = 0;
	text = printed(caps_print_json, cpus, 2, false);
	ok(json_valid(text), "JSON is valid with every bit set");
	ok(strstr(text, "\"identical\": false") &&
	   strstr(text, "\"IA32_VMX_PROCBASED_CTLS3\",\n"),
	   "CPUs that differ");
	ok(strstr(text, "\"paging\": {\n        \"ept\": false,\n        \"shadow\": true"),
	   "paging without EPT");
	free(text);

	json.out = open_memstream(&other, &size);
	json_open(&json, NULL, '{');
	json_open(&json, "empty", '[');
	json_close(&json, ']');
	json_hex(&json, "hex", ~0ULL);
	json_close(&json, '}');
	fclose(json.out);
	ok(!strcmp(other, "{\n  \"empty\": [],\n  \"hex\": \"0xffffffffffffffff\"\n}\n"),
	   "the writer's form");
	free(other);
}

static bool list_is(const char *text, const char *want)
{
	char *got = NULL;
	unsigned int *cpus;
	size_t size;
	FILE *out;
	bool same;
	int nr;

	nr = cpulist_parse(text, &cpus);
	if (nr < 0)
		return !want;
	out = open_memstream(&got, &size);
	cpulist_print(out, cpus, nr);
	fclose(out);
	same = want && !strcmp(got, want);
	free(got);
	free(cpus);
	return same;
}

static void test_cpulist(void)
{
	ok(list_is("0\n", "0") && list_is("0-3,6\n", "0-3,6") &&
	   list_is("1,2,3,7,9-10", "1-3,7,9-10"), "lists of CPUs");
	ok(list_is("", NULL) && list_is("\n", NULL) && list_is("x", NULL) &&
	   list_is("3-1", NULL) && list_is("0-", NULL) && list_is("1,", NULL) &&
	   list_is("1 2", NULL) && list_is("0-65536", NULL) &&
	   list_is("0\n1", NULL) && list_is("0-40000,0-40000", NULL) &&
	   list_is("99999999999999999999", NULL), "what is no list");
}

static void test_errors(void)
{
	struct keel_info info;

	ok(strstr(cmd_open_remedy(ENOENT), "modprobe keel"),
	   "remedy for ENOENT");
	ok(strstr(cmd_open_remedy(EACCES), "group keel"), "remedy for EACCES");
	ok(!cmd_open_remedy(EIO), "no remedy for the rest");
	ok(keel_get_info(-1, 3, &info) == -EBADF &&
	   info.size == sizeof(info) && info.cpu == 3,
	   "libkeel returns a negative errno, and fills in its part");
	ok(keel_create_vm(-1, 0) == -EBADF, "the same for a VM");
}

int main(void)
{
	test_names();
	test_controls();
	test_fields();
	test_summary();
	test_text();
	test_json();
	test_cpulist();
	test_errors();
	return tap_done();
}
