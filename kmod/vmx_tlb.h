/* SPDX-License-Identifier: GPL-2.0 */
/* What the CPU remembers of a guest's translations: see vmx_tlb.c. */
#ifndef KEEL_VMX_TLB_H
#define KEEL_VMX_TLB_H

#include <linux/types.h>

struct keel_vcpu;

void vmx_flush_guest_tlb(struct keel_vcpu *vcpu);
void vmx_flush_guest_not_global(struct keel_vcpu *vcpu);
void vmx_flush_guest_address(struct keel_vcpu *vcpu, u64 gva);

#endif /* KEEL_VMX_TLB_H */
