// SPDX-License-Identifier: GPL-2.0
/*
 * The VMCS of a new vCPU: controls, host state, and what of the guest state
 * never changes.  Guest registers are written by vmx_state.c and vmx_paging.c.
 *
 * Controls are tables of what Keel must have and what it likes to have; the
 * capability MSRs say what may be 0 and 1.  SDM: "VM-Execution Control Fields",
 * "VM-Exit Control Fields", "VM-Entry Control Fields", "Host-State Area".
 */
#include "vmx_sdm.h"
#include "vmx_setup.h"

#include <linux/bitmap.h>
#include <linux/spinlock.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "host.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_entry.h"
#include "vmx_fields.h"
#include "vmx_msr.h"
#include "vmx_paging.h"

struct vmx_controls vmx_controls;

/*
 * PAUSEs less than the gap apart are one loop, and a loop longer than the window
 * exits.  TSC ticks: a gap is a few turns of a spin loop, the window some
 * microseconds, more than a lock is held by a vCPU that runs.
 */
#define PLE_GAP_TICKS		128
#define PLE_WINDOW_TICKS	8192

static DEFINE_SPINLOCK(vpid_lock);
static DECLARE_BITMAP(vpids, 1 << 16);	/* vpid_lock; bit 0: VPID 0 is the host's */

struct wanted {
	const char *name;
	u64 (*cap)(const struct keel_vmx_msrs *caps);
	u32 must;
	u32 like;
	u32 offset;
};

static u64 cap_proc2(const struct keel_vmx_msrs *caps)
{
	return caps->procbased_ctls2;
}

static const struct wanted wanted[] = {
	{ "pin-based", vmx_caps_pin,
	  PIN_BASED_EXT_INTR_MASK | PIN_BASED_NMI_EXITING,
	  PIN_BASED_VIRTUAL_NMIS,
	  offsetof(struct vmx_controls, pin) },
	{ "primary processor-based", vmx_caps_proc,
	  CPU_BASED_HLT_EXITING | CPU_BASED_USE_TSC_OFFSETTING | CPU_BASED_MWAIT_EXITING |
	  CPU_BASED_MONITOR_EXITING | CPU_BASED_RDPMC_EXITING | CPU_BASED_MOV_DR_EXITING |
	  CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING |
	  CPU_BASED_UNCOND_IO_EXITING | CPU_BASED_USE_MSR_BITMAPS |
	  CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING | CPU_BASED_INVLPG_EXITING,
	  CPU_BASED_ACTIVATE_SECONDARY_CONTROLS,
	  offsetof(struct vmx_controls, proc) },
	{ "secondary processor-based", cap_proc2,
	  0,
	  SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_ENABLE_VPID |
	  SECONDARY_EXEC_UNRESTRICTED_GUEST |
	  SECONDARY_EXEC_ENABLE_RDTSCP | SECONDARY_EXEC_ENABLE_INVPCID |
	  SECONDARY_EXEC_WBINVD_EXITING | SECONDARY_EXEC_PAUSE_LOOP_EXITING |
	  SECONDARY_EXEC_ENCLS_EXITING | SDM_PROC2_ENCLV_EXITING,
	  offsetof(struct vmx_controls, proc2) },
	{ "VM-exit", vmx_caps_exit,
	  VM_EXIT_HOST_ADDR_SPACE_SIZE | VM_EXIT_SAVE_DEBUG_CONTROLS,
	  VM_EXIT_LOAD_IA32_EFER | VM_EXIT_LOAD_IA32_PAT | VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL,
	  offsetof(struct vmx_controls, exit) },
	{ "VM-entry", vmx_caps_entry,
	  VM_ENTRY_LOAD_DEBUG_CONTROLS,
	  VM_ENTRY_LOAD_IA32_EFER | VM_ENTRY_LOAD_IA32_PAT | VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL,
	  offsetof(struct vmx_controls, entry) },
};

/* What the CPU does for local APICs; a VM without such takes none of it. */
static void choose_apic(void)
{
	const u32 virt = SECONDARY_EXEC_APIC_REGISTER_VIRT |
		SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;
	const u32 modes = SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES |
		SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE;
	u32 proc2 = vmx_allowed1(vmx_caps.procbased_ctls2);

	vmx_controls.tpr_shadow = vmx_allowed1(vmx_caps_proc(&vmx_caps)) & CPU_BASED_TPR_SHADOW;
	vmx_controls.apic_modes = proc2 & modes;
	vmx_controls.apicv = vmx_controls.tpr_shadow && (proc2 & virt) == virt;
	vmx_controls.posted = vmx_controls.apicv && host_posted_vector() &&
		(vmx_allowed1(vmx_caps_pin(&vmx_caps)) & PIN_BASED_POSTED_INTR) &&
		(vmx_allowed1(vmx_caps_exit(&vmx_caps)) & VM_EXIT_ACK_INTR_ON_EXIT);
	vmx_controls.timer = vmx_caps_features(&vmx_caps) & KEEL_FEATURE_PREEMPTION_TIMER;
}

/* Loading an MSR at exit and at entry: the one must not be without the other. */
static bool choose_pair(u32 exit, u32 entry)
{
	if ((vmx_controls.exit & exit) && (vmx_controls.entry & entry))
		return true;
	vmx_controls.exit &= ~exit;
	vmx_controls.entry &= ~entry;
	return false;
}

/* What a CPU runs guests with under EPT; each vCPU adds it where it wants it. */
static void choose_ept(void)
{
	const u32 ept = SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_UNRESTRICTED_GUEST;

	/* Memory types, too, are the guest's own there. */
	if ((vmx_caps_features(&vmx_caps) & KEEL_FEATURE_EPT) && vmx_controls.efer &&
	    vmx_controls.pat)
		vmx_controls.ept = vmx_controls.proc2 & ept;
	vmx_controls.proc2 &= ~ept;
}

/**
 * vmx_setup_init - choose the controls for this CPU
 *
 * Return: 0; -EOPNOTSUPP where the CPU lacks what guests need today, after a
 * line in the log.  Keel stays loaded then, for 'keel caps'.
 */
int vmx_setup_init(void)
{
	unsigned int i;

#ifdef X86_FEATURE_FRED
	/* NMIs reach the host by INT 2, which is no NMI under FRED. */
	if (cpu_feature_enabled(X86_FEATURE_FRED)) {
		pr_info("no guests on this host: it uses FRED; boot it with fred=off\n");
		return -EOPNOTSUPP;
	}
#endif
	__set_bit(0, vpids);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct wanted *w = &wanted[i];
		u64 cap = w->cap(&vmx_caps);
		u32 lack = w->must & ~vmx_allowed1(cap);

		if (lack) {
			pr_info("no guests on this CPU: %s controls 0x%x are missing\n",
				w->name, lack);
			vmx_controls = (struct vmx_controls){};
			return -EOPNOTSUPP;
		}
		*(u32 *)((char *)&vmx_controls + w->offset) =
			((w->must | w->like) & vmx_allowed1(cap)) | vmx_allowed0(cap);
	}
	/* The kind of exits that only shadow paging wants: see vmx_paging_proc(). */
	vmx_controls.proc &= ~(CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING |
			       CPU_BASED_INVLPG_EXITING) |
		vmx_allowed0(vmx_caps_proc(&vmx_caps));
	/* What the CPU names but cannot flush is of no use. */
	if (!(vmx_caps_features(&vmx_caps) & KEEL_FEATURE_VPID))
		vmx_controls.proc2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	if (!boot_cpu_has(X86_FEATURE_ARCH_PERFMON))
		vmx_controls.exit &= ~VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL;
	choose_pair(VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL, VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL);
	vmx_controls.efer = choose_pair(VM_EXIT_LOAD_IA32_EFER, VM_ENTRY_LOAD_IA32_EFER);
	vmx_controls.pat = choose_pair(VM_EXIT_LOAD_IA32_PAT, VM_ENTRY_LOAD_IA32_PAT);
	choose_ept();
	choose_apic();
	return 0;
}

/**
 * vmx_vpid_alloc - get a VPID for a vCPU
 *
 * Return: the VPID, or 0 where there is none left or the CPU has none; the
 * vCPU then runs without, which costs it its TLB at each exit.
 */
u16 vmx_vpid_alloc(void)
{
	unsigned long vpid = 0;

	if (!(vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_VPID))
		return 0;
	spin_lock(&vpid_lock);
	vpid = find_first_zero_bit(vpids, 1 << 16);
	if (vpid < (1 << 16))
		__set_bit(vpid, vpids);
	else
		vpid = 0;
	spin_unlock(&vpid_lock);
	return vpid;
}

/**
 * vmx_vpid_free - give a VPID back
 * @vpid: from vmx_vpid_alloc(); 0 is none
 */
void vmx_vpid_free(u16 vpid)
{
	if (!vpid)
		return;
	spin_lock(&vpid_lock);
	__clear_bit(vpid, vpids);
	spin_unlock(&vpid_lock);
}

static void setup_host(void)
{
	u64 value;

	vmcs_putl(HOST_CR0, read_cr0());
	vmcs_put16(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_put16(HOST_SS_SELECTOR, __KERNEL_DS);
	/* What user space has in these comes back by vmx_section.c. */
	vmcs_put16(HOST_DS_SELECTOR, 0);
	vmcs_put16(HOST_ES_SELECTOR, 0);
	vmcs_put16(HOST_FS_SELECTOR, 0);
	vmcs_put16(HOST_GS_SELECTOR, 0);
	vmcs_put16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	vmcs_putl(HOST_RIP, (u64)vmx_exit_point);
	rdmsrl(MSR_IA32_SYSENTER_CS, value);
	vmcs_put32(HOST_IA32_SYSENTER_CS, value);
	rdmsrl(MSR_IA32_SYSENTER_EIP, value);
	vmcs_putl(HOST_IA32_SYSENTER_EIP, value);
	if (vmx_controls.efer) {
		rdmsrl(MSR_EFER, value);
		vmcs_put64(HOST_IA32_EFER, value);
	}
	if (vmx_controls.pat) {
		rdmsrl(MSR_IA32_CR_PAT, value);
		vmcs_put64(HOST_IA32_PAT, value);
	}
}

/**
 * vmx_setup_host_cpu - host state that differs between CPUs
 *
 * The vCPU's VMCS is current and has come to this CPU; preemption is off.
 */
void vmx_setup_host_cpu(void)
{
	int cpu = smp_processor_id();
	struct desc_ptr idt;
	u64 value;

	vmcs_putl(HOST_TR_BASE, (u64)&get_cpu_entry_area(cpu)->tss.x86_tss);
	vmcs_putl(HOST_GDTR_BASE, (u64)get_current_gdt_ro());
	store_idt(&idt);
	vmcs_putl(HOST_IDTR_BASE, idt.address);
	rdmsrl(MSR_GS_BASE, value);
	vmcs_putl(HOST_GS_BASE, value);
	rdmsrl(MSR_IA32_SYSENTER_ESP, value);
	vmcs_putl(HOST_IA32_SYSENTER_ESP, value);
}

static void setup_controls(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u32 exit = vmx_controls.exit, entry = vmx_controls.entry;

	/* The guest's memory types have no meaning there: see vmx_put_pat(). */
	if (vcpu->vm->shadow) {
		exit &= ~VM_EXIT_LOAD_IA32_PAT;
		entry &= ~VM_ENTRY_LOAD_IA32_PAT;
	}
	vmx->pin = vmx_controls.pin;
	vmx->proc = vmx_controls.proc | vmx_paging_proc(vcpu);
	vmx->proc2 = vmx_controls.proc2 | vmx_paging_proc2(vcpu);
	if (!vmx->vpid)
		vmx->proc2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	vmx_apic_setup(vcpu);
	/* Posted interrupts are told apart from the host's by their vector. */
	if (vmx->posted)
		exit |= VM_EXIT_ACK_INTR_ON_EXIT;
	vmcs_put32(PIN_BASED_VM_EXEC_CONTROL, vmx->pin);
	vmcs_put32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmx_put_proc2(vcpu);
	vmcs_put32(VM_EXIT_CONTROLS, exit);
	vmcs_put32(VM_ENTRY_CONTROLS, entry);
	vmcs_put32(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_put32(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_put32(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_put32(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmcs_put32(CR3_TARGET_COUNT, 0);
	vmcs_put64(MSR_BITMAP, __pa(vmx->msr_bitmap));
	if (vmx_controls.ept)
		vmcs_put64(EPT_POINTER, keel_mem_eptp(&vcpu->vm->mem));
	if (vmx->vpid)
		vmcs_put16(VIRTUAL_PROCESSOR_ID, vmx->vpid);
	vmcs_put64(TSC_OFFSET, vcpu->msrs.tsc_offset);
	if (vcpu->vm->tsc_multiplier) {
		vmx->proc2 |= SECONDARY_EXEC_TSC_SCALING;	/* written below */
		vmcs_put64(TSC_MULTIPLIER, vcpu->vm->tsc_multiplier);
	}
	if (vmx->proc2 & SECONDARY_EXEC_PAUSE_LOOP_EXITING) {
		vmcs_put32(PLE_GAP, PLE_GAP_TICKS);
		vmx->ple_window = PLE_WINDOW_TICKS;
		vmcs_put32(PLE_WINDOW, vmx->ple_window);
	}
	/* Of the host's enclaves and their pages, a guest has none. */
	if (vmx->proc2 & SECONDARY_EXEC_ENCLS_EXITING)
		vmcs_put64(ENCLS_EXITING_BITMAP, ~0ULL);
	if (vmx->proc2 & SDM_PROC2_ENCLV_EXITING)
		vmcs_put64(SDM_ENCLV_EXITING_BITMAP, ~0ULL);
	/* A #PF goes to the guest unless the exception bitmap says otherwise. */
	vmcs_put32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_put32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_putl(CR0_GUEST_HOST_MASK, ~vmx_cr0_owned(vcpu));
	vmx_setup_cpuid(vcpu);
}

/**
 * vmx_setup_cpuid - what follows from the vCPU's CPUID
 * @vcpu: its VMCS is current
 */
void vmx_setup_cpuid(struct keel_vcpu *vcpu)
{
	const u32 by_cpuid = SECONDARY_EXEC_ENABLE_RDTSCP | SECONDARY_EXEC_ENABLE_INVPCID;
	u32 proc2 = vcpu->vmx.proc2 | (vmx_controls.proc2 & by_cpuid);

	vmcs_putl(CR4_GUEST_HOST_MASK, ~vmx_cr4_owned(vcpu));
	/* Without these controls the instructions are #UD. */
	if (!keel_cpuid_guest_has(&vcpu->cpuid, X86_FEATURE_RDTSCP) &&
	    !keel_cpuid_guest_has(&vcpu->cpuid, X86_FEATURE_RDPID))
		proc2 &= ~SECONDARY_EXEC_ENABLE_RDTSCP;
	if (!keel_cpuid_guest_has(&vcpu->cpuid, X86_FEATURE_INVPCID))
		proc2 &= ~SECONDARY_EXEC_ENABLE_INVPCID;
	vcpu->vmx.proc2 = proc2;
	vmx_put_proc2(vcpu);
}

/**
 * vmx_put_proc2 - write the secondary processor-based controls
 * @vcpu: its VMCS is current; &vmx_vcpu.proc2 has changed
 */
void vmx_put_proc2(struct keel_vcpu *vcpu)
{
	if (vcpu->vmx.proc & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
		vmcs_put32(SECONDARY_VM_EXEC_CONTROL, vcpu->vmx.proc2);
}

/**
 * vmx_setup_vmcs - fill the VMCS of a new vCPU, guest registers apart
 * @vcpu: its VMCS is current
 */
void vmx_setup_vmcs(struct keel_vcpu *vcpu)
{
	setup_controls(vcpu);
	setup_host();
	vmcs_put64(VMCS_LINK_POINTER, ~0ULL);
	/* Of no use without paging, but looked at: see choose_mode(). */
	vmcs_putl(GUEST_CR3, 0);
	vmcs_put64(GUEST_IA32_DEBUGCTL, 0);
	if (vmx_controls.entry & VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL) {
		vmcs_put64(GUEST_IA32_PERF_GLOBAL_CTRL, 0);
		vmcs_put64(HOST_IA32_PERF_GLOBAL_CTRL, 0);	/* kept by vmx_run.c */
	}
	vmx_apply_intercepts(vcpu);
	vmx_apic_mode(vcpu);
}
