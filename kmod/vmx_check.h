/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SDM's VM-entry checks, done in software to say which field broke which rule:
 * see vmx_entry_check.c.
 *
 * Pure: fields and memory are read through functions that the caller gives.
 * It follows the SDM, volume 3, chapter "VM Entries".  Left out are checks on
 * what Keel never does: entries from or to SMM, legacy-mode hosts, FRED
 * controls, and the contents of the MSR areas, which fail with an exit reason
 * of their own.
 *
 * Read vmx_check_ctls.c, vmx_check_host.c, vmx_check_guest.c and
 * vmx_check_segs.c next, in that order.
 */
#ifndef KEEL_VMX_CHECK_H
#define KEEL_VMX_CHECK_H

#include "vmx_names.h"

/**
 * struct vmx_check_result - the first rule that a VMCS breaks
 * @field: encoding of the field at fault
 * @value: what it holds
 * @rule: one sentence that says what is wrong; constant, shorter than 160 bytes
 */
struct vmx_check_result {
	u32 field;
	u64 value;
	const char *rule;
};

/**
 * struct vmx_check_env - the VMCS to check and the CPU that it is for
 * @get: reads a field; called only for fields that exist by @caps
 * @ctx: for @get and @read_phys
 * @caps: the CPU's VMX capabilities
 * @read_phys: reads 8 aligned bytes of memory, false where there is none; may
 *	be NULL, then what the CPU checks in memory (VTPR, the revision
 *	identifier behind the link pointer, PDPTEs without EPT) is taken as right
 * @vmcs_pa: physical address of the VMCS itself; 0 where not known
 * @efer_bits: bits of IA32_EFER that the CPU implements; 0: SCE, LME, LMA, NXE
 * @debugctl_bits: the same of IA32_DEBUGCTL; 0: all that the SDM defines
 * @perf_global_bits: the same of IA32_PERF_GLOBAL_CTRL; 0: not checked
 * @rtit_ctl_bits: the same of IA32_RTIT_CTL; 0: not checked
 * @lbr_ctl_bits: the same of IA32_LBR_CTL; 0: not checked
 * @phys_bits: physical-address width (CPUID.80000008H:EAX[7:0])
 * @linear_bits: linear-address width, 48 or 57 (CPUID.80000008H:EAX[15:8])
 * @lam: the CPU has linear-address masking: CR3 bits 62:61 may be 1
 * @rtm: the CPU has RTM (CPUID.7:EBX[11])
 * @sgx: the CPU has SGX (CPUID.7:EBX[2])
 * @nmi_needs_no_sti: the CPU refuses to inject an NMI under blocking by STI,
 *	which the SDM leaves open
 */
struct vmx_check_env {
	vmx_vmread_fn get;
	void *ctx;
	const struct keel_vmx_msrs *caps;
	bool (*read_phys)(void *ctx, u64 addr, u64 *value);
	u64 vmcs_pa;
	u64 efer_bits;
	u64 debugctl_bits;
	u64 perf_global_bits;
	u64 rtit_ctl_bits;
	u64 lbr_ctl_bits;
	u8 phys_bits;
	u8 linear_bits;
	bool lam;
	bool rtm;
	bool sgx;
	bool nmi_needs_no_sti;
};

bool vmx_check_controls(const struct vmx_check_env *env,
			struct vmx_check_result *result);
bool vmx_check_host(const struct vmx_check_env *env,
		    struct vmx_check_result *result);
bool vmx_check_guest(const struct vmx_check_env *env,
		     struct vmx_check_result *result);

#endif /* KEEL_VMX_CHECK_H */
