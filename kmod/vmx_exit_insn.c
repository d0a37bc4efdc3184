// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers of exits by single instructions that touch neither memory nor
 * control registers: CPUID, HLT, MSRs, XSETBV, VMCALL and their like.
 *
 * SDM: "Instructions That Cause VM Exits".
 */
#include "vmx_exit.h"

#include <linux/sched.h>
#include <asm/apicdef.h>
#include <asm/fpu/xcr.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "keel_event.h"
#include "keel_log.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_msr.h"
#include "vmx_paging.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_trace.h"
#include "vmx_wait.h"

/* Protection rings: SS's DPL is the CPL. */
static unsigned int cpl(void)
{
	return VMX_AR_DPL(vmcs_get32(GUEST_SS_AR_BYTES));
}

/* An instruction that exits only where the VMM asked for it. */
enum keel_verdict exit_insn(struct keel_vcpu *vcpu)
{
	return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_INSN);
}

/* Instructions that this guest's CPU does not have. */
enum keel_verdict exit_undefined(struct keel_vcpu *vcpu)
{
	return vmx_raise(vcpu, X86_TRAP_UD, KEEL_NO_ERROR_CODE, 0);
}

/*
 * What traces is out of line, and looks up again what it tells: an exit that nobody
 * watches is to have a no-op more, and not the registers that a call wants saved.  Here
 * it is before the answer takes the question's place.
 */
static noinline __cold void trace_cpuid(struct keel_vcpu *vcpu)
{
	const u64 *gpr = vcpu->regs.gpr;
	u32 out[4];

	keel_cpuid_lookup(&vcpu->cpuid, gpr[KEEL_RAX], gpr[KEEL_RCX], out);
	vmx_trace(vcpu, cpuid, gpr[KEEL_RAX], gpr[KEEL_RCX], out[KEEL_CPUID_EAX],
		  out[KEEL_CPUID_EBX], out[KEEL_CPUID_ECX], out[KEEL_CPUID_EDX]);
}

enum keel_verdict exit_cpuid(struct keel_vcpu *vcpu)
{
	u64 *gpr = vcpu->regs.gpr;
	u32 out[4];

	if (unlikely(vcpu->intercepts.exits & KEEL_INTERCEPT_CPUID))
		return exit_insn(vcpu);
	if (trace_keel_cpuid_enabled())
		trace_cpuid(vcpu);
	keel_cpuid_lookup(&vcpu->cpuid, gpr[KEEL_RAX], gpr[KEEL_RCX], out);
	gpr[KEEL_RAX] = out[KEEL_CPUID_EAX];
	gpr[KEEL_RBX] = out[KEEL_CPUID_EBX];
	gpr[KEEL_RCX] = out[KEEL_CPUID_ECX];
	gpr[KEEL_RDX] = out[KEEL_CPUID_EDX];
	return KEEL_ADVANCE;
}

/* With a local APIC the thread sleeps in KEEL_RUN; see vmx_wait.c. */
static enum keel_verdict halt_in_kernel(struct keel_vcpu *vcpu)
{
	vmx_halt(vcpu);
	vmx_apic_take_inbox(vcpu);
	vmx_apic_expire(vcpu);
	/* What waits already wakes the guest as soon as HLT is done. */
	if (vmx_apic_can_wake(vcpu)) {
		vcpu->events.activity = KEEL_ACTIVITY_ACTIVE;
		return KEEL_ADVANCE;
	}
	if (vcpu->wake_by_intr)
		return KEEL_HALT;
	/* Perhaps for good: the VMM decides. */
	vcpu->run->exit_reason = KEEL_EXIT_HLT;
	return KEEL_TO_USER_ADVANCE;
}

enum keel_verdict exit_hlt(struct keel_vcpu *vcpu)
{
	vcpu->stats.halts++;
	if (keel_vcpu_has_lapic(vcpu))
		return halt_in_kernel(vcpu);
	/* What waits already wakes the guest as soon as HLT is done. */
	if (vcpu->events.nmi_pending &&
	    !(vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) & GUEST_INTR_STATE_NMI))
		return KEEL_ADVANCE;
	if (vcpu->events.interrupt.valid && (vmcs_getl(GUEST_RFLAGS) & X86_EFLAGS_IF))
		return KEEL_ADVANCE;
	vcpu->run->exit_reason = KEEL_EXIT_HLT;
	return KEEL_TO_USER_ADVANCE;
}

static noinline __cold void trace_hypercall(struct keel_vcpu *vcpu)
{
	const u64 *gpr = vcpu->regs.gpr;

	vmx_trace(vcpu, hypercall, gpr[KEEL_RAX], gpr[KEEL_RBX], gpr[KEEL_RCX],
		  gpr[KEEL_RDX], gpr[KEEL_RSI]);
}

enum keel_verdict exit_vmcall(struct keel_vcpu *vcpu)
{
	vcpu->run->exit_reason = KEEL_EXIT_HYPERCALL;
	if (trace_keel_hypercall_enabled())
		trace_hypercall(vcpu);
	return KEEL_TO_USER_ADVANCE;
}

/* Guest memory is the host's, and coherent: there is nothing to write back. */
enum keel_verdict exit_wbinvd(struct keel_vcpu *vcpu)
{
	if (vcpu->intercepts.exits & KEEL_INTERCEPT_WBINVD)
		return exit_insn(vcpu);
	return KEEL_ADVANCE;
}

/* There are no performance counters. */
enum keel_verdict exit_rdpmc(struct keel_vcpu *vcpu)
{
	if (vcpu->intercepts.exits & KEEL_INTERCEPT_RDPMC)
		return exit_insn(vcpu);
	return vmx_raise_gp(vcpu);
}

/*
 * The guest spins: whoever it waits for may want this CPU.  A loop that goes on
 * all the same, since what it waits for takes that long, exits less and less often;
 * one in a VM with a single vCPU waits for no other.
 */
static enum keel_verdict slow_yield(struct keel_vcpu *vcpu)
{
	yield();
	return KEEL_ADVANCE;
}

static void widen_pause_window(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	if (!(vmx->proc2 & SECONDARY_EXEC_PAUSE_LOOP_EXITING))
		return;
	vmx->ple_window = READ_ONCE(vcpu->vm->vcpus_end) == 1 ? U32_MAX :
		min(vmx->ple_window * 2, PLE_WINDOW_MAX);
	vmcs_put32(PLE_WINDOW, vmx->ple_window);
}

enum keel_verdict exit_pause(struct keel_vcpu *vcpu)
{
	if (vcpu->intercepts.exits & KEEL_INTERCEPT_PAUSE)
		return exit_insn(vcpu);
	widen_pause_window(vcpu);
	vcpu->slow = slow_yield;
	return KEEL_SLOW;
}

static bool msr_intercepted(const struct keel_vcpu *vcpu, u32 msr)
{
	u32 i;

	for (i = 0; i < vcpu->intercepts.nr_msrs; i++)
		if (vcpu->intercepts.msrs[i] == msr)
			return true;
	return false;
}

/* What WRMSR writes. */
static u64 wrmsr_value(const struct keel_vcpu *vcpu)
{
	return (u32)vcpu->regs.gpr[KEEL_RAX] | vcpu->regs.gpr[KEEL_RDX] << 32;
}

/* While the registers are as they were at the exit; @read is what RDMSR gives. */
static noinline __cold void trace_msr(struct keel_vcpu *vcpu, u64 read, bool exception)
{
	bool write = vcpu->vmx.exit_reason == EXIT_REASON_MSR_WRITE;

	vmx_trace(vcpu, msr, write, vcpu->regs.gpr[KEEL_RCX], write ? wrmsr_value(vcpu) : read,
		  exception);
}

/* As trace_msr(): an x2APIC's registers by the offsets that they have in the page. */
static noinline __cold void trace_x2apic(struct keel_vcpu *vcpu, u64 read)
{
	bool write = vcpu->vmx.exit_reason == EXIT_REASON_MSR_WRITE;
	u32 reg = (u32)vcpu->regs.gpr[KEEL_RCX] - APIC_BASE_MSR;

	if (reg < 0x100)
		vmx_trace(vcpu, apic, write, reg << 4, write ? wrmsr_value(vcpu) : read);
}

static enum keel_verdict msr_to_user(struct keel_vcpu *vcpu, u32 msr, bool write, u64 value)
{
	vcpu->run->msr = (struct keel_exit_msr) {
		.index = msr, .write = write, .value = value,
	};
	vcpu->run->insn_len = vmcs_get32(VM_EXIT_INSTRUCTION_LEN);
	vcpu->run->exit_reason = KEEL_EXIT_MSR;
	if (trace_keel_msr_enabled())
		trace_msr(vcpu, 0, false);
	return KEEL_TO_USER;
}

static enum keel_verdict msr_refused(struct keel_vcpu *vcpu, u32 msr, bool write, u64 value,
				     int err)
{
	if (err == -ENOENT && (vcpu->intercepts.exits & KEEL_INTERCEPT_UNKNOWN_MSR))
		return msr_to_user(vcpu, msr, write, value);
	if (err == -ENOENT)
		pr_info_ratelimited("VM %u vCPU %u: %s of unknown MSR 0x%x: #GP\n",
				    vcpu->vm->id, vcpu->id, write ? "WRMSR" : "RDMSR", msr);
	if (trace_keel_msr_enabled())
		trace_msr(vcpu, 0, true);
	return vmx_raise_gp(vcpu);
}

enum keel_verdict exit_rdmsr(struct keel_vcpu *vcpu)
{
	u32 msr = vcpu->regs.gpr[KEEL_RCX];
	u64 value;
	int ret;

	if (unlikely(vcpu->intercepts.nr_msrs) && msr_intercepted(vcpu, msr))
		return msr_to_user(vcpu, msr, false, 0);
	ret = vmx_msr_read(vcpu, msr, &value);
	if (ret)
		return msr_refused(vcpu, msr, false, 0, ret);
	if (trace_keel_apic_enabled())
		trace_x2apic(vcpu, value);
	if (trace_keel_msr_enabled())
		trace_msr(vcpu, value, false);
	vcpu->regs.gpr[KEEL_RAX] = (u32)value;
	vcpu->regs.gpr[KEEL_RDX] = value >> 32;
	return KEEL_ADVANCE;
}

static enum keel_verdict apic_wrmsr(struct keel_vcpu *vcpu, u32 msr, u64 value)
{
	u32 effects = 0;

	if (vmx_apic_wrmsr(vcpu, msr, value, &effects)) {
		if (trace_keel_msr_enabled())
			trace_msr(vcpu, 0, true);
		return vmx_raise_gp(vcpu);
	}
	if (trace_keel_apic_enabled())
		trace_x2apic(vcpu, 0);
	if (trace_keel_msr_enabled())
		trace_msr(vcpu, 0, false);
	return vmx_apic_effects(vcpu, effects, true);
}

enum keel_verdict exit_wrmsr(struct keel_vcpu *vcpu)
{
	u32 msr = vcpu->regs.gpr[KEEL_RCX];
	u64 value = wrmsr_value(vcpu);
	int ret;

	if (unlikely(vcpu->intercepts.nr_msrs) && msr_intercepted(vcpu, msr))
		return msr_to_user(vcpu, msr, true, value);
	if (vmx_apic_is_msr(vcpu, msr))
		return apic_wrmsr(vcpu, msr, value);
	ret = vmx_msr_write(vcpu, msr, value);
	if (ret)
		return msr_refused(vcpu, msr, true, value, ret);
	if (trace_keel_msr_enabled())
		trace_msr(vcpu, 0, false);
	/* Some lead to writes to guest memory, which the run loop does. */
	if (unlikely(keel_pv_wanted(&vcpu->pv))) {
		vcpu->slow = vmx_slow_advance;
		return KEEL_SLOW;
	}
	return KEEL_ADVANCE;
}

/* The CPU has checked CPL and CR4.OSXSAVE before the exit, and nothing else. */
enum keel_verdict exit_xsetbv(struct keel_vcpu *vcpu)
{
	u64 value = (u32)vcpu->regs.gpr[KEEL_RAX] | vcpu->regs.gpr[KEEL_RDX] << 32;

	if (cpl() || (u32)vcpu->regs.gpr[KEEL_RCX] != XCR_XFEATURE_ENABLED_MASK ||
	    (value & ~vmx_guest_xcr0) || !keel_cpuid_xcr0_valid(&vcpu->cpuid, value))
		return vmx_raise_gp(vcpu);
	if (value != vcpu->xcr0) {
		vcpu->xcr0 = value;
		xsetbv(XCR_XFEATURE_ENABLED_MASK, value);
		keel_cpuid_update(&vcpu->cpuid, vmx_get_cr4(), value, 0, vcpu->id);
	}
	return KEEL_ADVANCE;
}
