/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMCS regions and which CPU holds them: see vmx_vmcs.c.
 */
#ifndef KEEL_VMX_VMCS_H
#define KEEL_VMX_VMCS_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct vmx_vmcs - a VMCS and where it is active
 * @region: the VMCS region, one page [C]
 * @cpu: CPU on which it is active, -1 for none [P: written with interrupts off
 *	on that CPU, or by the owner while it is -1]
 * @launched: VMRESUME, not VMLAUNCH [P]
 * @link: in the CPU's list of active VMCSs [that CPU, interrupts off]
 */
struct vmx_vmcs {
	void *region;
	int cpu;
	bool launched;
	struct list_head link;
};

int vmx_vmcs_alloc(struct vmx_vmcs *vmcs);
void vmx_vmcs_free(struct vmx_vmcs *vmcs);
bool vmx_vmcs_load(struct vmx_vmcs *vmcs);
void vmx_vmcs_init_cpus(void);
void vmx_vmcs_clear_cpu(void);

#endif /* KEEL_VMX_VMCS_H */
