// SPDX-License-Identifier: GPL-2.0
/*
 * Names of VMX control bits, capability fields and capability MSRs.
 *
 * Bits that the SDM does not name have no entry here, and whoever prints a
 * word shows them by number.  Bits that the SDM knows only as "default1" are
 * such bits.
 */
#include <assert.h>
#include <string.h>

#include <linux/keel.h>

#include "vmx_names.h"

#define BITS(_table, _key, _title, _width)	\
	{ .key = (_key), .title = (_title), .width = (_width),	\
	  .nr = ARRAY_SIZE(_table), .bits = (_table) }

static const struct vmx_bit pin_based[] = {
	{ 0, "External-interrupt exiting" },
	{ 3, "NMI exiting" },
	{ 5, "Virtual NMIs" },
	{ 6, "Activate VMX-preemption timer" },
	{ 7, "Process posted interrupts" },
};

const struct vmx_bits vmx_pin_based =
	BITS(pin_based, "pin_based", "Pin-based VM-execution controls", 32);

static const struct vmx_bit primary[] = {
	{ 2, "Interrupt-window exiting" },
	{ 3, "Use TSC offsetting" },
	{ 7, "HLT exiting" },
	{ 9, "INVLPG exiting" },
	{ 10, "MWAIT exiting" },
	{ 11, "RDPMC exiting" },
	{ 12, "RDTSC exiting" },
	{ 15, "CR3-load exiting" },
	{ 16, "CR3-store exiting" },
	{ 17, "Activate tertiary controls" },
	{ 19, "CR8-load exiting" },
	{ 20, "CR8-store exiting" },
	{ 21, "Use TPR shadow" },
	{ 22, "NMI-window exiting" },
	{ 23, "MOV-DR exiting" },
	{ 24, "Unconditional I/O exiting" },
	{ 25, "Use I/O bitmaps" },
	{ 27, "Monitor trap flag" },
	{ 28, "Use MSR bitmaps" },
	{ 29, "MONITOR exiting" },
	{ 30, "PAUSE exiting" },
	{ 31, "Activate secondary controls" },
};

const struct vmx_bits vmx_primary =
	BITS(primary, "primary_processor_based",
	     "Primary processor-based VM-execution controls", 32);

static const struct vmx_bit secondary[] = {
	{ 0, "Virtualize APIC accesses" },
	{ 1, "Enable EPT" },
	{ 2, "Descriptor-table exiting" },
	{ 3, "Enable RDTSCP" },
	{ 4, "Virtualize x2APIC mode" },
	{ 5, "Enable VPID" },
	{ 6, "WBINVD exiting" },
	{ 7, "Unrestricted guest" },
	{ 8, "APIC-register virtualization" },
	{ 9, "Virtual-interrupt delivery" },
	{ 10, "PAUSE-loop exiting" },
	{ 11, "RDRAND exiting" },
	{ 12, "Enable INVPCID" },
	{ 13, "Enable VM functions" },
	{ 14, "VMCS shadowing" },
	{ 15, "Enable ENCLS exiting" },
	{ 16, "RDSEED exiting" },
	{ 17, "Enable PML" },
	{ 18, "EPT-violation #VE" },
	{ 19, "Conceal VMX from PT" },
	{ 20, "Enable XSAVES/XRSTORS" },
	{ 21, "PASID translation" },
	{ 22, "Mode-based execute control for EPT" },
	{ 23, "Sub-page write permissions for EPT" },
	{ 24, "Intel PT uses guest physical addresses" },
	{ 25, "Use TSC scaling" },
	{ 26, "Enable user wait and pause" },
	{ 27, "Enable PCONFIG" },
	{ 28, "Enable ENCLV exiting" },
	{ 30, "VMM bus-lock detection" },
	{ 31, "Instruction timeout" },
};

const struct vmx_bits vmx_secondary =
	BITS(secondary, "secondary_processor_based",
	     "Secondary processor-based VM-execution controls", 32);

static const struct vmx_bit tertiary[] = {
	{ 0, "LOADIWKEY exiting" },
	{ 1, "Enable HLAT" },
	{ 2, "EPT paging-write control" },
	{ 3, "Guest-paging verification" },
	{ 4, "IPI virtualization" },
	{ 5, "SEAM guest-physical address width" },
	{ 6, "Enable MSR-list instructions" },
	{ 7, "Virtualize IA32_SPEC_CTRL" },
	{ 8, "APIC-timer virtualization" },
	{ 9, "Enable PBNDKB" },
	{ 12, "PEBS uses guest physical addresses" },
};

const struct vmx_bits vmx_tertiary =
	BITS(tertiary, "tertiary_processor_based",
	     "Tertiary processor-based VM-execution controls", 64);

static const struct vmx_bit exit_primary[] = {
	{ 2, "Save debug controls" },
	{ 9, "Host address-space size" },
	{ 12, "Load IA32_PERF_GLOBAL_CTRL" },
	{ 15, "Acknowledge interrupt on exit" },
	{ 18, "Save IA32_PAT" },
	{ 19, "Load IA32_PAT" },
	{ 20, "Save IA32_EFER" },
	{ 21, "Load IA32_EFER" },
	{ 22, "Save VMX-preemption timer value" },
	{ 23, "Clear IA32_BNDCFGS" },
	{ 24, "Conceal VMX from PT" },
	{ 25, "Clear IA32_RTIT_CTL" },
	{ 26, "Clear IA32_LBR_CTL" },
	{ 27, "Clear UINV" },
	{ 28, "Load CET state" },
	{ 29, "Load PKRS" },
	{ 30, "Save IA32_PERF_GLOBAL_CTL" },
	{ 31, "Activate secondary controls" },
};

const struct vmx_bits vmx_exit_primary =
	BITS(exit_primary, "primary_exit", "Primary VM-exit controls", 32);

static const struct vmx_bit exit_secondary[] = {
	{ 0, "Save FRED" },
	{ 1, "Load FRED" },
	{ 2, "Load IA32_SPEC_CTRL" },
	{ 3, "Prematurely busy shadow stack" },
};

const struct vmx_bits vmx_exit_secondary =
	BITS(exit_secondary, "secondary_exit", "Secondary VM-exit controls",
	     64);

static const struct vmx_bit entry[] = {
	{ 2, "Load debug controls" },
	{ 9, "IA-32e mode guest" },
	{ 10, "Entry to SMM" },
	{ 11, "Deactivate dual-monitor treatment" },
	{ 13, "Load IA32_PERF_GLOBAL_CTRL" },
	{ 14, "Load IA32_PAT" },
	{ 15, "Load IA32_EFER" },
	{ 16, "Load IA32_BNDCFGS" },
	{ 17, "Conceal VMX from PT" },
	{ 18, "Load IA32_RTIT_CTL" },
	{ 19, "Load UINV" },
	{ 20, "Load CET state" },
	{ 21, "Load guest IA32_LBR_CTL" },
	{ 22, "Load PKRS" },
	{ 23, "Load FRED" },
	{ 24, "Load IA32_SPEC_CTRL" },
	{ 25, "Allow SEAM-guest telemetry" },
};

const struct vmx_bits vmx_entry =
	BITS(entry, "entry", "VM-entry controls", 32);

static const struct vmx_bit functions[] = {
	{ 0, "EPTP switching" },
};

const struct vmx_bits vmx_functions =
	BITS(functions, "vm_functions", "VM functions", 64);

static const struct vmx_bit cr0[] = {
	{ 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" },
	{ 5, "NE" }, { 16, "WP" }, { 18, "AM" }, { 29, "NW" }, { 30, "CD" },
	{ 31, "PG" },
};

const struct vmx_bits vmx_cr0 =
	BITS(cr0, "cr0", "CR0 in VMX operation", 64);

static const struct vmx_bit cr4[] = {
	{ 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" },
	{ 5, "PAE" }, { 6, "MCE" }, { 7, "PGE" }, { 8, "PCE" },
	{ 9, "OSFXSR" }, { 10, "OSXMMEXCPT" }, { 11, "UMIP" },
	{ 12, "LA57" }, { 13, "VMXE" }, { 14, "SMXE" }, { 16, "FSGSBASE" },
	{ 17, "PCIDE" }, { 18, "OSXSAVE" }, { 19, "KL" }, { 20, "SMEP" },
	{ 21, "SMAP" }, { 22, "PKE" }, { 23, "CET" }, { 24, "PKS" },
	{ 25, "UINTR" }, { 27, "LASS" }, { 28, "LAM_SUP" }, { 32, "FRED" },
};

const struct vmx_bits vmx_cr4 =
	BITS(cr4, "cr4", "CR4 in VMX operation", 64);

static const struct vmx_bit features[] = {
	{ 0, "ept" },
	{ 1, "ept_2m" },
	{ 2, "ept_1g" },
	{ 3, "ept_ad" },
	{ 4, "vpid" },
	{ 5, "unrestricted_guest" },
	{ 6, "tpr_shadow" },
	{ 7, "apicv" },
	{ 8, "posted_intr" },
	{ 9, "preemption_timer" },
	{ 10, "pml" },
	{ 11, "tsc_scaling" },
	{ 12, "virtual_nmi" },
};

const struct vmx_bits keel_features =
	BITS(features, "features", "Features that Keel uses", 64);

static const struct vmx_field feature_control[] = {
	{ 0, 0, VMX_FLAG, "lock", "Lock" },
	{ 1, 1, VMX_FLAG, "vmx_in_smx", "Enable VMX inside SMX operation" },
	{ 2, 2, VMX_FLAG, "vmx_outside_smx",
	  "Enable VMX outside SMX operation" },
	{ 8, 14, VMX_HEX, "senter_local", "SENTER local function enables" },
	{ 15, 15, VMX_FLAG, "senter_global", "SENTER global enable" },
	{ 17, 17, VMX_FLAG, "sgx_launch_control", "SGX launch control enable" },
	{ 18, 18, VMX_FLAG, "sgx_global", "SGX global enable" },
	{ 20, 20, VMX_FLAG, "lmce", "LMCE on" },
};

static const struct vmx_field basic[] = {
	{ 0, 30, VMX_HEX, "vmcs_revision", "VMCS revision identifier" },
	{ 32, 44, VMX_BYTES, "vmcs_size", "Size of VMXON and VMCS regions" },
	{ 48, 48, VMX_FLAG, "addresses_32bit",
	  "Physical addresses limited to 32 bits" },
	{ 49, 49, VMX_FLAG, "dual_monitor",
	  "Dual-monitor treatment of SMIs and SMM" },
	{ 50, 53, VMX_MEMTYPE, "memory_type",
	  "Memory type of VMCS accesses" },
	{ 54, 54, VMX_FLAG, "ins_outs_info",
	  "VM-exit information for INS and OUTS" },
	{ 55, 55, VMX_FLAG, "true_controls",
	  "Default1 controls may be 0 (TRUE MSRs)" },
	{ 56, 56, VMX_FLAG, "exception_any_error_code",
	  "Hardware exceptions with or without error code" },
	{ 58, 58, VMX_FLAG, "nested_exception",
	  "Nested-exception indication for events" },
};

static const struct vmx_field misc[] = {
	{ 0, 4, VMX_TIMER, "preemption_timer_rate",
	  "VMX-preemption timer rate" },
	{ 5, 5, VMX_FLAG, "exit_stores_lma",
	  "VM exits store IA32_EFER.LMA" },
	{ 6, 6, VMX_FLAG, "activity_hlt", "Activity state HLT" },
	{ 7, 7, VMX_FLAG, "activity_shutdown", "Activity state shutdown" },
	{ 8, 8, VMX_FLAG, "activity_wait_for_sipi",
	  "Activity state wait-for-SIPI" },
	{ 14, 14, VMX_FLAG, "pt_in_vmx", "Intel PT in VMX operation" },
	{ 15, 15, VMX_FLAG, "smbase_in_smm", "IA32_SMBASE readable in SMM" },
	{ 16, 24, VMX_NUMBER, "cr3_targets", "CR3-target values" },
	{ 25, 27, VMX_MSR_LIST, "msr_list_max",
	  "Recommended maximum of MSRs in a list" },
	{ 28, 28, VMX_FLAG, "smm_monitor_ctl_bit2",
	  "IA32_SMM_MONITOR_CTL bit 2 can be set" },
	{ 29, 29, VMX_FLAG, "vmwrite_any",
	  "VMWRITE to VM-exit information fields" },
	{ 30, 30, VMX_FLAG, "inject_length_0",
	  "Injection with instruction length 0" },
	{ 32, 63, VMX_HEX, "mseg_revision", "MSEG revision identifier" },
};

static const struct vmx_field ept_vpid[] = {
	{ 0, 0, VMX_FLAG, "ept_execute_only", "EPT: execute-only pages" },
	{ 6, 6, VMX_FLAG, "ept_walk_4", "EPT: page-walk length 4" },
	{ 7, 7, VMX_FLAG, "ept_walk_5", "EPT: page-walk length 5" },
	{ 8, 8, VMX_FLAG, "ept_uncacheable",
	  "EPT: paging structures uncacheable" },
	{ 14, 14, VMX_FLAG, "ept_write_back",
	  "EPT: paging structures write-back" },
	{ 16, 16, VMX_FLAG, "ept_2m", "EPT: 2-MByte pages" },
	{ 17, 17, VMX_FLAG, "ept_1g", "EPT: 1-GByte pages" },
	{ 20, 20, VMX_FLAG, "invept", "INVEPT" },
	{ 21, 21, VMX_FLAG, "ept_accessed_dirty",
	  "EPT: accessed and dirty flags" },
	{ 22, 22, VMX_FLAG, "ept_violation_info",
	  "EPT: advanced VM-exit information for violations" },
	{ 23, 23, VMX_FLAG, "ept_shadow_stack",
	  "EPT: supervisor shadow-stack control" },
	{ 25, 25, VMX_FLAG, "invept_single", "INVEPT: single-context" },
	{ 26, 26, VMX_FLAG, "invept_all", "INVEPT: all-context" },
	{ 32, 32, VMX_FLAG, "invvpid", "INVVPID" },
	{ 40, 40, VMX_FLAG, "invvpid_address", "INVVPID: individual-address" },
	{ 41, 41, VMX_FLAG, "invvpid_single", "INVVPID: single-context" },
	{ 42, 42, VMX_FLAG, "invvpid_all", "INVVPID: all-context" },
	{ 43, 43, VMX_FLAG, "invvpid_single_retain_globals",
	  "INVVPID: single-context-retaining-globals" },
	{ 48, 53, VMX_NUMBER, "hlat_prefix_max", "Maximum HLAT prefix size" },
};

static const struct vmx_field vmcs_enum[] = {
	{ 1, 9, VMX_NUMBER, "highest_index",
	  "Highest index of a VMCS field encoding" },
};

#define FIELDS(_table, _key, _title, _msr, _member)	\
	{ .key = (_key), .title = (_title), .msr = (_msr),	\
	  .offset = offsetof(struct keel_vmx_msrs, _member),	\
	  .nr = ARRAY_SIZE(_table), .fields = (_table) }

const struct vmx_fields vmx_field_words[VMX_NR_FIELD_WORDS] = {
	FIELDS(feature_control, "feature_control", "Firmware's settings",
	       "IA32_FEATURE_CONTROL", feature_control),
	FIELDS(basic, "basic", "Basic VMX information", "IA32_VMX_BASIC",
	       basic),
	FIELDS(misc, "misc", "Miscellaneous data", "IA32_VMX_MISC", misc),
	FIELDS(ept_vpid, "ept_vpid", "EPT and VPID capabilities",
	       "IA32_VMX_EPT_VPID_CAP", ept_vpid_cap),
	FIELDS(vmcs_enum, "vmcs_enum", "VMCS enumeration",
	       "IA32_VMX_VMCS_ENUM", vmcs_enum),
};

#define MSR(_index, _name, _member)	\
	{ (_index), (_name), offsetof(struct keel_vmx_msrs, _member) }

const struct vmx_msr vmx_msrs[VMX_NR_MSRS] = {
	MSR(0x03a, "IA32_FEATURE_CONTROL", feature_control),
	MSR(0x480, "IA32_VMX_BASIC", basic),
	MSR(0x481, "IA32_VMX_PINBASED_CTLS", pinbased_ctls),
	MSR(0x482, "IA32_VMX_PROCBASED_CTLS", procbased_ctls),
	MSR(0x483, "IA32_VMX_EXIT_CTLS", exit_ctls),
	MSR(0x484, "IA32_VMX_ENTRY_CTLS", entry_ctls),
	MSR(0x485, "IA32_VMX_MISC", misc),
	MSR(0x486, "IA32_VMX_CR0_FIXED0", cr0_fixed0),
	MSR(0x487, "IA32_VMX_CR0_FIXED1", cr0_fixed1),
	MSR(0x488, "IA32_VMX_CR4_FIXED0", cr4_fixed0),
	MSR(0x489, "IA32_VMX_CR4_FIXED1", cr4_fixed1),
	MSR(0x48a, "IA32_VMX_VMCS_ENUM", vmcs_enum),
	MSR(0x48b, "IA32_VMX_PROCBASED_CTLS2", procbased_ctls2),
	MSR(0x48c, "IA32_VMX_EPT_VPID_CAP", ept_vpid_cap),
	MSR(0x48d, "IA32_VMX_TRUE_PINBASED_CTLS", true_pinbased_ctls),
	MSR(0x48e, "IA32_VMX_TRUE_PROCBASED_CTLS", true_procbased_ctls),
	MSR(0x48f, "IA32_VMX_TRUE_EXIT_CTLS", true_exit_ctls),
	MSR(0x490, "IA32_VMX_TRUE_ENTRY_CTLS", true_entry_ctls),
	MSR(0x491, "IA32_VMX_VMFUNC", vmfunc),
	MSR(0x492, "IA32_VMX_PROCBASED_CTLS3", procbased_ctls3),
	MSR(0x493, "IA32_VMX_EXIT_CTLS2", exit_ctls2),
};

static_assert(sizeof(struct keel_vmx_msrs) == VMX_NR_MSRS * sizeof(__u64),
	      "each MSR of the ABI has a name");

/**
 * vmx_bit_name() - the SDM's name of a bit
 * @word: the word that the bit is in
 * @bit: its position
 *
 * Return: the name, or NULL for a bit without one.
 */
const char *vmx_bit_name(const struct vmx_bits *word, unsigned int bit)
{
	unsigned int i;

	for (i = 0; i < word->nr; i++)
		if (word->bits[i].bit == bit)
			return word->bits[i].name;
	return NULL;
}

/**
 * vmx_msr_value() - one MSR out of struct keel_vmx_msrs
 * @msrs: the MSRs
 * @offset: &vmx_msr.offset or &vmx_fields.offset
 *
 * Return: its value.
 */
__u64 vmx_msr_value(const struct keel_vmx_msrs *msrs, size_t offset)
{
	__u64 value;

	memcpy(&value, (const char *)msrs + offset, sizeof(value));
	return value;
}

/**
 * vmx_field_value() - the bits of a field
 * @field: the field
 * @word: the word that it is in
 *
 * Return: the bits, moved down to bit 0.
 */
__u64 vmx_field_value(const struct vmx_field *field, __u64 word)
{
	unsigned int width = field->hi - field->lo + 1;

	return (word >> field->lo) & (~0ULL >> (64 - width));
}
