/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of the guest that choose its paging, and what the CPU has instead:
 * see vmx_paging.c.
 */
#ifndef KEEL_VMX_PAGING_H
#define KEEL_VMX_PAGING_H

#include <linux/types.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "keel_vcpu.h"

u64 vmx_get_cr0(void);
u64 vmx_get_cr4(void);
u64 vmx_get_cr3(const struct keel_vcpu *vcpu);
void vmx_get_pdptes(const struct keel_vcpu *vcpu, u64 pdpte[4]);
void vmx_put_cr0(struct keel_vcpu *vcpu, u64 cr0);
void vmx_put_cr3(struct keel_vcpu *vcpu, u64 cr3);
void vmx_put_cr4(struct keel_vcpu *vcpu, u64 cr4);
void vmx_put_efer(struct keel_vcpu *vcpu, u64 efer);
void vmx_put_pdptes(struct keel_vcpu *vcpu, const u64 pdpte[4]);
void vmx_put_pat(struct keel_vcpu *vcpu, u64 pat);

const char *vmx_cr0_wrong(struct keel_vcpu *vcpu, u64 cr0);
const char *vmx_cr4_wrong(struct keel_vcpu *vcpu, u64 cr4);
const char *vmx_pdptes_wrong(const struct keel_vcpu *vcpu, const u64 pdpte[4]);
const char *vmx_paging_wrong(const struct keel_vcpu *vcpu, const struct keel_control *c);
bool vmx_cr0_runs(const struct keel_vcpu *vcpu, u64 cr0);

u32 vmx_paging_proc(const struct keel_vcpu *vcpu);
u32 vmx_paging_proc2(const struct keel_vcpu *vcpu);
u32 vmx_paging_exceptions(const struct keel_vcpu *vcpu);
u64 vmx_cr0_owned(const struct keel_vcpu *vcpu);
u64 vmx_cr4_owned(const struct keel_vcpu *vcpu);

/** vmx_get_efer - IA32_EFER as the guest sees it */
static inline u64 vmx_get_efer(const struct keel_vcpu *vcpu)
{
	return vcpu->efer;
}

/* Whether registers with such values mean PAE paging. */
static inline bool vmx_pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return (cr0 & X86_CR0_PG) && (cr4 & X86_CR4_PAE) && !(efer & EFER_LMA);
}

#endif /* KEEL_VMX_PAGING_H */
