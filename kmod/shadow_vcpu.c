// SPDX-License-Identifier: GPL-2.0
/* A vCPU on shadow page tables: see shadow_vcpu.h. */
#include "shadow_vcpu.h"

#include "keel_vcpu.h"

/**
 * shadow_vcpu_init - make the part of a vCPU that shadow paging adds
 * @vcpu: in a shadow VM; may sleep
 *
 * Return: 0 or -ENOMEM; shadow_vcpu_free() takes what it leaves in any case.
 */
int shadow_vcpu_init(struct keel_vcpu *vcpu)
{
	return 0;
}

/**
 * shadow_vcpu_free - undo shadow_vcpu_init()
 * @vcpu: may be half made, or in a VM with EPT
 */
void shadow_vcpu_free(struct keel_vcpu *vcpu)
{
}

/**
 * shadow_paging_changed - CR0, CR3, CR4, EFER or the PDPTEs have new values
 * @vcpu: its VMCS is current; may not sleep
 *
 * What the guest's tables say is looked at anew, as after a flush of all its
 * translations.
 */
void shadow_paging_changed(struct keel_vcpu *vcpu)
{
	vcpu->shadow.reload = true;
}

/**
 * shadow_reload - give the CPU a root for the guest's paging as it is now
 * @vcpu: &shadow_vcpu.reload is set; may sleep; the VMCS need not be current
 *
 * Return: 0; -ENOMEM; -ESHUTDOWN.
 */
int shadow_reload(struct keel_vcpu *vcpu)
{
	return 0;
}

/**
 * shadow_flush - after others took translations away: see flush_mappings()
 * @vcpu: in the fast section, interrupts off
 */
void shadow_flush(struct keel_vcpu *vcpu)
{
}
