/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU that runs on shadow page tables: its paging as the guest set it, and
 * the root that the CPU uses instead.
 *
 * vmx_state.c keeps the guest's registers here, because the VMCS holds the shadow
 * root and has no fields for some of them; shadow_vcpu.c follows their changes;
 * shadow_exit.c serves the exits that shadow paging adds.
 */
#ifndef KEEL_SHADOW_VCPU_H
#define KEEL_SHADOW_VCPU_H

#include <linux/types.h>

struct keel_vcpu;

/**
 * struct shadow_vcpu - the part of a vCPU that shadow paging adds
 * @cr3: the guest's CR3
 * @pdpte: the guest's PDPTE registers, for PAE paging
 * @reload: GUEST_CR3 does not lead to tables for the guest's paging as it is now:
 *	shadow_reload() comes before the next entry
 *
 * Belongs to whoever has the vCPU's lock.
 */
struct shadow_vcpu {
	u64 cr3;
	u64 pdpte[4];
	bool reload;
};

int shadow_vcpu_init(struct keel_vcpu *vcpu);
void shadow_vcpu_free(struct keel_vcpu *vcpu);
void shadow_paging_changed(struct keel_vcpu *vcpu);
int shadow_reload(struct keel_vcpu *vcpu);
void shadow_flush(struct keel_vcpu *vcpu);

#endif /* KEEL_SHADOW_VCPU_H */
