// SPDX-License-Identifier: GPL-2.0
/*
 * Making and freeing the hardware's side of a vCPU, and the exits that user
 * space asks for.
 */
#include "vmx_vcpu.h"

#include <linux/slab.h>
#include <asm/trapnr.h>

#include "keel_alloc.h"
#include "keel_tsc.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_msr.h"
#include "vmx_paging.h"
#include "vmx_run.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_state.h"

/* Values after reset. */
#define MXCSR_AT_RESET	0x1f80
#define FCW_AT_RESET	0x40

static int alloc(struct vmx_vcpu *vmx)
{
	int ret = vmx_vmcs_alloc(&vmx->vmcs);

	if (ret)
		return ret;
	vmx->msr_bitmap = keel_alloc(get_zeroed_page(GFP_KERNEL_ACCOUNT));
	/* XSAVE wants 64-byte alignment; a power of two gives it. */
	vmx->guest_fpu = keel_alloc(kzalloc(roundup_pow_of_two(vmx_xsave_size),
					    GFP_KERNEL_ACCOUNT));
	if (!vmx->msr_bitmap || !vmx->guest_fpu)
		return -ENOMEM;
	vmx->vpid = vmx_vpid_alloc();
	/* XSAVE keeps this by itself; FXSAVE does not touch it. */
	if (!vmx_guest_xcr0)
		*(u64 *)(vmx->guest_fpu + XSAVE_HEADER) = XSTATE_LEGACY;
	*(u16 *)(vmx->guest_fpu + XSAVE_FCW) = FCW_AT_RESET;
	*(u32 *)(vmx->guest_fpu + XSAVE_MXCSR) = MXCSR_AT_RESET;
	return 0;
}

/**
 * vmx_vcpu_init - make the hardware's side of a vCPU, in the state after reset
 * @vcpu: its VM, number and CPUID are set
 *
 * Return: 0; -ENOMEM; -ESHUTDOWN where the host goes down.  vmx_vcpu_free()
 * takes what it leaves in any case.
 */
int vmx_vcpu_init(struct keel_vcpu *vcpu)
{
	int ret = alloc(&vcpu->vmx);

	if (!ret && vcpu->vm->shadow)
		ret = shadow_vcpu_init(vcpu);
	if (ret)
		return ret;
	vcpu->msrs.tsc_offset = keel_tsc_first_offset(vcpu->vm);
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vmx_setup_vmcs(vcpu);
	vmx_msr_reset(vcpu);
	vmx_state_reset(vcpu);
	vmx_apic_mode(vcpu);
	vmx_return();
	return 0;
}

/**
 * vmx_vcpu_free - free what vmx_vcpu_init() made
 * @vcpu: may be half made; may sleep
 */
void vmx_vcpu_free(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	shadow_vcpu_free(vcpu);
	vmx_vmcs_free(&vmx->vmcs);
	vmx_vpid_free(vmx->vpid);
	free_page((unsigned long)keel_freed(vmx->msr_bitmap));
	kfree(keel_freed(vmx->guest_fpu));
}

struct intercept {
	u64 bit;
	u32 proc;
	u32 proc2;
};

static const struct intercept intercepts[] = {
	{ KEEL_INTERCEPT_RDTSC, CPU_BASED_RDTSC_EXITING, 0 },
	{ KEEL_INTERCEPT_PAUSE, CPU_BASED_PAUSE_EXITING, 0 },
	{ KEEL_INTERCEPT_CR3, CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING, 0 },
	{ KEEL_INTERCEPT_INVLPG, CPU_BASED_INVLPG_EXITING, 0 },
	{ KEEL_INTERCEPT_TABLES, 0, SECONDARY_EXEC_DESC },
	{ KEEL_INTERCEPT_STEP, CPU_BASED_MONITOR_TRAP_FLAG, 0 },
};

/**
 * vmx_intercepts_offered - whether the CPU has the controls for some intercepts
 * @exits: KEEL_INTERCEPT_*
 */
bool vmx_intercepts_offered(u64 exits)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intercepts); i++) {
		const struct intercept *in = &intercepts[i];

		if (!(exits & in->bit))
			continue;
		if ((in->proc & ~vmx_allowed1(vmx_caps_proc(&vmx_caps))) ||
		    (in->proc2 & ~vmx_allowed1(vmx_caps.procbased_ctls2)))
			return false;
	}
	return true;
}

/**
 * vmx_apply_intercepts - make the CPU exit as @vcpu->intercepts says
 * @vcpu: its VMCS is current
 */
void vmx_apply_intercepts(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(intercepts); i++) {
		const struct intercept *in = &intercepts[i];

		if (vcpu->intercepts.exits & in->bit) {
			vmx->proc |= in->proc;
			vmx->proc2 |= in->proc2;
		} else {
			vmx->proc &= ~in->proc | vmx_controls.proc | vmx_paging_proc(vcpu);
			vmx->proc2 &= ~in->proc2 | vmx_controls.proc2;
		}
	}
	vmcs_put32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmx_put_proc2(vcpu);
	vmcs_put32(EXCEPTION_BITMAP, vcpu->intercepts.exceptions | BIT(X86_TRAP_MC) |
		   BIT(X86_TRAP_AC) | BIT(X86_TRAP_DB) | vmx_paging_exceptions(vcpu));
	vmx_msr_bitmap(vcpu);
}
