// SPDX-License-Identifier: GPL-2.0
/*
 * The fast section: a thread has entered it, with preemption off, to run its
 * guest, and the CPU holds the guest's FPU, XCR0, SYSCALL MSRs and
 * KERNEL_GS_BASE instead of the host's.  Most exits are answered inside it.
 * Whatever may sleep leaves it first.
 *
 * What the CPU itself switches at each entry and exit is in the VMCS, and not
 * here.  What VM exit gives the host in a fixed form (segment selectors, LDTR,
 * GDTR and TR limits) is repaired when the section ends, before the thread can
 * run user code.
 *
 * SDM: "Loading Host State".
 */
#include "vmx_section.h"

#include <linux/sched.h>
#include <asm/desc.h>
#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "host.h"
#include "keel_vcpu.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_run.h"
#include "vmx_setup.h"
#include "vmx_vcpu.h"

u32 vmx_xsave_size;
u64 vmx_guest_xcr0;

/* x87, SSE, AVX, and the three parts of AVX-512. */
#define GUEST_XCR0	(BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) |	\
			 BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(7))

static bool has_xsave(void)
{
	return cpu_feature_enabled(X86_FEATURE_OSXSAVE);
}

/**
 * vmx_section_init - find out what FPU state guests can have
 *
 * Without XSAVE it is the legacy area alone, and XCR0 does not exist.
 */
void vmx_section_init(void)
{
	u32 eax, ebx, ecx, edx;
	int i;

	/* Legacy area and header. */
	vmx_xsave_size = 512 + 64;
	if (!has_xsave())
		return;
	vmx_guest_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK) & GUEST_XCR0;
	/* Then each component where the CPU puts it. */
	for (i = 2; i < 63; i++) {
		if (!(vmx_guest_xcr0 & BIT_ULL(i)))
			continue;
		cpuid_count(0xd, i, &eax, &ebx, &ecx, &edx);
		vmx_xsave_size = max(vmx_xsave_size, eax + ebx);
	}
}

static void save_fpu(void *area)
{
	if (!has_xsave()) {
		asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
		return;
	}
	asm volatile("xsave64 (%0)" : : "r"(area), "a"((u32)vmx_guest_xcr0),
		     "d"((u32)(vmx_guest_xcr0 >> 32)) : "memory");
}

/* The area was checked when user space gave it; XSAVE wrote it otherwise. */
static void restore_fpu(const void *area)
{
	if (!has_xsave()) {
		asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
		return;
	}
	asm volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)vmx_guest_xcr0),
		     "d"((u32)(vmx_guest_xcr0 >> 32)) : "memory");
}

/* Hosts and guests of one kernel have some of these in common. */
static void load_msr(u32 msr, u64 value, u64 there)
{
	if (value != there)
		host_wrmsr(msr, value);
}

static void load_msrs(const struct keel_guest_msrs *m, struct vmx_host *h)
{
	h->kernel_gs_base = host_rdmsr(MSR_KERNEL_GS_BASE);
	host_wrmsr(MSR_KERNEL_GS_BASE, m->kernel_gs_base);
	load_msr(MSR_STAR, m->star, h->star);
	load_msr(MSR_LSTAR, m->lstar, h->lstar);
	load_msr(MSR_CSTAR, m->cstar, h->cstar);
	load_msr(MSR_SYSCALL_MASK, m->sfmask, h->sfmask);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		load_msr(MSR_TSC_AUX, m->tsc_aux, h->tsc_aux);
}

/*
 * Where entry and exit load no IA32_EFER, they switch LMA and LME all the same; NXE is
 * 1 on both sides.  That leaves SCE.
 */
static u64 efer_in_section(const struct keel_vcpu *vcpu)
{
	return (vcpu->vmx.host.efer & ~(u64)EFER_SCE) | (vcpu->efer & EFER_SCE);
}

/**
 * vmx_section_efer - the guest's IA32_EFER has changed, which the VMCS does not hold
 * @vcpu: its VMCS is current
 */
void vmx_section_efer(struct keel_vcpu *vcpu)
{
	if (vcpu->vmx.in_section)
		host_wrmsr(MSR_EFER, efer_in_section(vcpu));
}

static void restore_msrs(struct keel_guest_msrs *m, const struct vmx_host *h)
{
	/* SWAPGS changed it without an exit. */
	m->kernel_gs_base = host_rdmsr(MSR_KERNEL_GS_BASE);
	host_wrmsr(MSR_KERNEL_GS_BASE, h->kernel_gs_base);
	load_msr(MSR_STAR, h->star, m->star);
	load_msr(MSR_LSTAR, h->lstar, m->lstar);
	load_msr(MSR_CSTAR, h->cstar, m->cstar);
	load_msr(MSR_SYSCALL_MASK, h->sfmask, m->sfmask);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		load_msr(MSR_TSC_AUX, h->tsc_aux, m->tsc_aux);
}

/**
 * vmx_read_host_msrs - remember the host's MSRs that a section replaces
 * @h: constant as long as the VMCS stays on this CPU; TSC_AUX differs on each
 *
 * Outside the section, where they are the host's.
 */
void vmx_read_host_msrs(struct vmx_host *h)
{
	h->star = host_rdmsr(MSR_STAR);
	h->lstar = host_rdmsr(MSR_LSTAR);
	h->cstar = host_rdmsr(MSR_CSTAR);
	h->sfmask = host_rdmsr(MSR_SYSCALL_MASK);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		h->tsc_aux = host_rdmsr(MSR_TSC_AUX);
	if (!vmx_controls.efer)
		h->efer = host_rdmsr(MSR_EFER);
}

static void save_selectors(struct vmx_vcpu *vmx)
{
	struct vmx_host *host = &vmx->host;

	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	store_ldt(host->ldt);
	host->fs_base = host_rdmsr(MSR_FS_BASE);
	if (vmx->host_fs_base != host->fs_base) {
		vmx->host_fs_base = host->fs_base;
		vmcs_putl(HOST_FS_BASE, host->fs_base);
	}
}

static void restore_selectors(const struct vmx_host *host)
{
	if (unlikely(host->ldt))
		asm volatile("lldt %0" : : "m"(host->ldt));
	if (unlikely(host->ds | host->es)) {
		loadsegment(ds, host->ds);
		loadsegment(es, host->es);
	}
	/* Loading a selector overwrites the base: only 32-bit code has one. */
	if (unlikely(host->fs)) {
		loadsegment(fs, host->fs);
		host_wrmsr(MSR_FS_BASE, host->fs_base);
	}
	if (unlikely(host->gs)) {
		load_gs_index(host->gs);
		host_wrmsr(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
	}
	/* VM exit left their limits at 0xffff and 0x67. */
	native_load_gdt(&(struct desc_ptr){
		.address = (unsigned long)get_current_gdt_ro(),
		.size = GDT_SIZE - 1,
	});
	invalidate_tss_limit();
}

/* DR7: breakpoints enabled, locally or globally. */
#define DR7_ENABLED	0xff

static void set_breakpoints(const u64 *dr)
{
	set_debugreg(dr[0], 0);
	set_debugreg(dr[1], 1);
	set_debugreg(dr[2], 2);
	set_debugreg(dr[3], 3);
}

static void load_debug(struct keel_vcpu *vcpu)
{
	struct vmx_host *host = &vcpu->vmx.host;
	unsigned long value;

	host->dr7 = native_get_debugreg(7);
	if (unlikely(host->dr7 & DR7_ENABLED)) {
		get_debugreg(value, 0);
		host->dr[0] = value;
		get_debugreg(value, 1);
		host->dr[1] = value;
		get_debugreg(value, 2);
		host->dr[2] = value;
		get_debugreg(value, 3);
		host->dr[3] = value;
		set_debugreg(0, 7);
	}
	if (unlikely(vcpu->vmx.guest_dr7 & DR7_ENABLED))
		set_breakpoints(vcpu->dr);
}

static void restore_debug(const struct vmx_host *host)
{
	/* VM exit cleared this one, too: block stepping, branch records. */
	if (unlikely(host->debugctl))
		update_debugctlmsr(host->debugctl);
	/* VM exit cleared DR7; DR0 to DR3 count only where DR7 says so. */
	if (likely(!(host->dr7 & DR7_ENABLED)))
		return;
	set_breakpoints(host->dr);
	set_debugreg(DR6_RESERVED, 6);
	set_debugreg(host->dr7, 7);
}

/* Other tasks ran on the CPU since the last section of this thread, or did not. */
static void see_other_tasks(struct vmx_vcpu *vmx)
{
	unsigned long switches = current->nvcsw + current->nivcsw;

	if (switches == vmx->switches)
		return;
	vmx->switches = switches;
	vmx->l1d_dirty = true;
}

/**
 * vmx_section_begin - take the CPU for the guest
 * @vcpu: locked by the caller
 *
 * Preemption is off until vmx_section_end() where this returns true.
 *
 * Return: false where this CPU cannot run guests (it is going offline, or the
 * host is going down); nothing to undo then.
 */
bool vmx_section_begin(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	/* Saves the thread's FPU state, and switches preemption off. */
	kernel_fpu_begin_mask(0);
	if (unlikely(!vmx_cpu_ready())) {
		kernel_fpu_end();
		return false;
	}
	vmx_load(vcpu);
	save_selectors(vmx);
	/* Without XSAVE the guest has no other XCR0 than the host: none. */
	vmx->host.xcr0 = has_xsave() ? xgetbv(XCR_XFEATURE_ENABLED_MASK) : vcpu->xcr0;
	restore_fpu(vmx->guest_fpu);
	if (vcpu->xcr0 != vmx->host.xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->xcr0);
	load_msrs(&vcpu->msrs, &vmx->host);
	if (unlikely(!vmx_controls.efer))
		load_msr(MSR_EFER, efer_in_section(vcpu), vmx->host.efer);
	load_debug(vcpu);
	vmx->host.debugctl = host_rdmsr(MSR_IA32_DEBUGCTLMSR);
	/* A guest cannot change it, but writing it is what starts the protection. */
	if (cpu_feature_enabled(X86_FEATURE_KERNEL_IBRS))
		vmx->host.spec_ctrl = host_rdmsr(MSR_IA32_SPEC_CTRL);
	see_other_tasks(vmx);
	vmx->in_section = true;
	return true;
}

/**
 * vmx_section_end - give the CPU back to the host
 * @vcpu: in the section
 */
void vmx_section_end(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	vmx->in_section = false;
	restore_debug(&vmx->host);
	restore_msrs(&vcpu->msrs, &vmx->host);
	if (unlikely(!vmx_controls.efer))
		load_msr(MSR_EFER, vmx->host.efer, efer_in_section(vcpu));
	if (vcpu->xcr0 != vmx->host.xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vmx->host.xcr0);
	save_fpu(vmx->guest_fpu);
	restore_selectors(&vmx->host);
	host_guest_ran();
	kernel_fpu_end();
}
