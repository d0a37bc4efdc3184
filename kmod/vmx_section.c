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

static void load_msrs(const struct keel_guest_msrs *m, struct vmx_host *host)
{
	rdmsrl(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
	wrmsrl(MSR_KERNEL_GS_BASE, m->kernel_gs_base);
	wrmsrl(MSR_STAR, m->star);
	wrmsrl(MSR_LSTAR, m->lstar);
	wrmsrl(MSR_CSTAR, m->cstar);
	wrmsrl(MSR_SYSCALL_MASK, m->sfmask);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		wrmsrl(MSR_TSC_AUX, m->tsc_aux);
}

static void restore_msrs(struct keel_guest_msrs *m, const struct vmx_host *h)
{
	/* SWAPGS changed it without an exit. */
	rdmsrl(MSR_KERNEL_GS_BASE, m->kernel_gs_base);
	wrmsrl(MSR_KERNEL_GS_BASE, h->kernel_gs_base);
	wrmsrl(MSR_STAR, h->star);
	wrmsrl(MSR_LSTAR, h->lstar);
	wrmsrl(MSR_CSTAR, h->cstar);
	wrmsrl(MSR_SYSCALL_MASK, h->sfmask);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		wrmsrl(MSR_TSC_AUX, h->tsc_aux);
}

/**
 * vmx_read_host_msrs - remember the host's MSRs that a section replaces
 * @h: constant as long as the VMCS stays on this CPU; TSC_AUX differs on each
 *
 * Outside the section, where they are the host's.
 */
void vmx_read_host_msrs(struct vmx_host *h)
{
	rdmsrl(MSR_STAR, h->star);
	rdmsrl(MSR_LSTAR, h->lstar);
	rdmsrl(MSR_CSTAR, h->cstar);
	rdmsrl(MSR_SYSCALL_MASK, h->sfmask);
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		rdmsrl(MSR_TSC_AUX, h->tsc_aux);
}

static void save_selectors(struct vmx_vcpu *vmx)
{
	struct vmx_host *host = &vmx->host;

	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	store_ldt(host->ldt);
	rdmsrl(MSR_FS_BASE, host->fs_base);
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
		wrmsrl(MSR_FS_BASE, host->fs_base);
	}
	if (unlikely(host->gs)) {
		load_gs_index(host->gs);
		wrmsrl(MSR_KERNEL_GS_BASE, host->kernel_gs_base);
	}
	/* VM exit left their limits at 0xffff and 0x67. */
	load_fixmap_gdt(smp_processor_id());
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

	get_debugreg(value, 7);
	host->dr7 = value;
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
	load_debug(vcpu);
	vmx->host.debugctl = get_debugctlmsr();
	if (boot_cpu_has(X86_FEATURE_MSR_SPEC_CTRL))
		rdmsrl(MSR_IA32_SPEC_CTRL, vmx->host.spec_ctrl);
	vmx->l1d_dirty = true;
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
	if (vcpu->xcr0 != vmx->host.xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vmx->host.xcr0);
	save_fpu(vmx->guest_fpu);
	restore_selectors(&vmx->host);
	kernel_fpu_end();
}
