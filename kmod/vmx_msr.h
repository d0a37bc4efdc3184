/* SPDX-License-Identifier: GPL-2.0 */
/* MSRs of the guest: see vmx_msr.c. */
#ifndef KEEL_VMX_MSR_H
#define KEEL_VMX_MSR_H

#include <linux/types.h>

struct keel_vcpu;

#define KEEL_MTRR_VARIABLE	8
#define KEEL_MTRR_FIXED		11

/**
 * struct keel_guest_msrs - MSRs of the guest that are not in its VMCS
 * @kernel_gs_base: IA32_KERNEL_GS_BASE
 * @star: IA32_STAR
 * @lstar: IA32_LSTAR
 * @cstar: IA32_CSTAR
 * @sfmask: IA32_FMASK
 * @tsc_aux: IA32_TSC_AUX
 * @tsc_offset: guest TSC less the host's, scaled; also in the VMCS
 * @tsc_adjust: IA32_TSC_ADJUST
 * @pat: IA32_PAT; also in the VMCS under EPT
 * @apic_base: IA32_APIC_BASE
 * @misc_enable: IA32_MISC_ENABLE
 * @mtrr_def_type: IA32_MTRR_DEF_TYPE
 * @mtrr_fixed: the fixed-range MTRRs in the order of their numbers
 * @mtrr_var: the variable-range MTRRs, base and mask in turn
 */
struct keel_guest_msrs {
	u64 kernel_gs_base;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 tsc_aux;
	u64 tsc_offset;
	u64 tsc_adjust;
	u64 pat;
	u64 apic_base;
	u64 misc_enable;
	u64 mtrr_def_type;
	u64 mtrr_fixed[KEEL_MTRR_FIXED];
	u64 mtrr_var[2 * KEEL_MTRR_VARIABLE];
};

int vmx_msr_read(struct keel_vcpu *vcpu, u32 msr, u64 *value);
int vmx_msr_write(struct keel_vcpu *vcpu, u32 msr, u64 value);
void vmx_msr_reset(struct keel_vcpu *vcpu);
void vmx_msr_bitmap(struct keel_vcpu *vcpu);

#endif /* KEEL_VMX_MSR_H */
