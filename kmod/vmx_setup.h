/* SPDX-License-Identifier: GPL-2.0 */
/* What goes into a VMCS before its guest runs: see vmx_setup.c. */
#ifndef KEEL_VMX_SETUP_H
#define KEEL_VMX_SETUP_H

#include <linux/types.h>
#include <asm/vmx.h>

struct keel_vcpu;

/**
 * struct vmx_controls - the controls of every guest, folded with what is allowed
 * @pin: pin-based
 * @proc: primary processor-based
 * @proc2: secondary processor-based
 * @exit: VM-exit
 * @entry: VM-entry; "IA-32e mode guest" follows EFER.LMA
 * @ept: "enable EPT" and, where the CPU has it, "unrestricted guest"; not in @proc2,
 *	since not each vCPU wants them; 0 where the CPU cannot run guests under EPT
 * @efer: entry and exit load IA32_EFER
 * @pat: they load IA32_PAT
 * @tpr_shadow: the CPU can watch the task priority of a local APIC
 * @apicv: it virtualizes APIC registers and delivers virtual interrupts
 * @posted: and processes posted interrupts
 * @apic_modes: which of the secondary controls "virtualize APIC accesses" and
 *	"virtualize x2APIC mode" it has
 * @timer: the CPU has the VMX-preemption timer
 */
struct vmx_controls {
	u32 pin;
	u32 proc;
	u32 proc2;
	u32 exit;
	u32 entry;
	u32 ept;
	bool efer;
	bool pat;
	bool tpr_shadow;
	bool apicv;
	bool posted;
	u32 apic_modes;
	bool timer;
};

/** define PLE_WINDOW_MAX - longest PAUSE loop that does not exit, in TSC ticks */
#define PLE_WINDOW_MAX		262144U

extern struct vmx_controls vmx_controls;

int vmx_setup_init(void);
void vmx_setup_vmcs(struct keel_vcpu *vcpu);
void vmx_setup_host_cpu(void);
void vmx_setup_cpuid(struct keel_vcpu *vcpu);
void vmx_put_proc2(struct keel_vcpu *vcpu);
u16 vmx_vpid_alloc(void);
void vmx_vpid_free(u16 vpid);

static inline bool vmx_has_unrestricted(void)
{
	return vmx_controls.ept & SECONDARY_EXEC_UNRESTRICTED_GUEST;
}

#endif /* KEEL_VMX_SETUP_H */
