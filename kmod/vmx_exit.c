// SPDX-License-Identifier: GPL-2.0
/*
 * What is done about an exit: the table of handlers, and the one place that acts
 * on their verdicts.
 *
 * A reason without a handler ends in KEEL_EXIT_INTERNAL_ERROR with its name; it
 * never resumes the guest.
 *
 * SDM: appendix "VMX Basic Exit Reasons".
 */
#include "vmx_exit.h"

#include <linux/nospec.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

#include "host.h"
#include "keel_event.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_entry_check.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_names.h"
#include "vmx_run.h"
#include "vmx_sdm.h"
#include "vmx_state.h"
#include "vmx_trace.h"

typedef enum keel_verdict (*exit_fn)(struct keel_vcpu *vcpu);

static enum keel_verdict exit_triple_fault(struct keel_vcpu *vcpu)
{
	vcpu->run->exit_reason = KEEL_EXIT_SHUTDOWN;
	return KEEL_TO_USER;
}

/* The next entry looks again at what waits. */
static enum keel_verdict exit_intr_window(struct keel_vcpu *vcpu)
{
	vmx_open_window(vcpu, CPU_BASED_INTR_WINDOW_EXITING, false);
	vcpu->has_events = true;
	return KEEL_RESUME;
}

static enum keel_verdict exit_nmi_window(struct keel_vcpu *vcpu)
{
	vmx_open_window(vcpu, CPU_BASED_NMI_WINDOW_EXITING, false);
	vcpu->has_events = true;
	return KEEL_RESUME;
}

static enum keel_verdict exit_task_switch(struct keel_vcpu *vcpu)
{
	/* What interrupted the guest goes with the switch, to the VMM. */
	return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_TASK_SWITCH);
}

static enum keel_verdict exit_step(struct keel_vcpu *vcpu)
{
	vcpu->run->exit_reason = KEEL_EXIT_STEP;
	return KEEL_TO_USER;
}

/**
 * vmx_guest_exception - an exception of the guest's that did not reach it
 * @vcpu: in the fast section
 * @event: the exception
 *
 * One that the VMM asked for goes there, any other to the guest.
 *
 * Return: the verdict
 */
enum keel_verdict vmx_guest_exception(struct keel_vcpu *vcpu, const struct keel_event *event)
{
	if (vcpu->intercepts.exceptions & BIT(event->vector)) {
		vcpu->run->exception = *event;
		vcpu->run->exit_reason = KEEL_EXIT_EXCEPTION;
		return KEEL_TO_USER;
	}
	if (event->type != KEEL_EVENT_EXCEPTION) {
		vcpu->events.exception = *event;
		vcpu->has_events = true;
		return KEEL_RESUME;
	}
	return vmx_raise(vcpu, event->vector,
			 event->flags ? event->error_code : KEEL_NO_ERROR_CODE, event->payload);
}

/*
 * Beside those that the VMM asked for, Keel must see #AC and #DB, because a guest can
 * make the CPU deliver them for ever without an exit, and #PF on shadow page tables.
 */
static enum keel_verdict exit_exception(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VM_EXIT_INTR_INFO);
	struct keel_event event = {
		.valid = 1,
		.type = (info & INTR_INFO_INTR_TYPE_MASK) >> 8,
		.vector = info & INTR_INFO_VECTOR_MASK,
	};
	enum keel_verdict verdict;

	/* Taken before interrupts went on again: see vmx_handle_exit(). */
	if (event.type == KEEL_EVENT_NMI || event.vector == X86_TRAP_MC)
		return KEEL_RESUME;
	if (event.vector == X86_TRAP_PF && event.type == KEEL_EVENT_EXCEPTION &&
	    vmx_on_shadow(vcpu)) {
		verdict = shadow_page_fault(vcpu);
		/* Where the guest gets the fault, its IRET has opened NMIs for good. */
		if (!vcpu->events.exception.valid)
			vmx_keep_nmi_blocking(info & INTR_INFO_UNBLOCK_NMI);
		return verdict;
	}
	vmx_keep_nmi_blocking(info & INTR_INFO_UNBLOCK_NMI && event.vector != X86_TRAP_DF);

	if (info & INTR_INFO_DELIVER_CODE_MASK) {
		event.flags = KEEL_EVENT_ERROR_CODE;
		event.error_code = vmcs_get32(VM_EXIT_INTR_ERROR_CODE);
	}
	if (event.type >= KEEL_EVENT_SOFT_INTERRUPT)
		event.insn_len = vmcs_get32(VM_EXIT_INSTRUCTION_LEN);
	if (event.vector == X86_TRAP_PF || event.vector == X86_TRAP_DB)
		event.payload = vmcs_getl(EXIT_QUALIFICATION);
	return vmx_guest_exception(vcpu, &event);
}

static const exit_fn exit_fns[] = {
	[EXIT_REASON_EXCEPTION_NMI] = exit_exception,
	[EXIT_REASON_TRIPLE_FAULT] = exit_triple_fault,
	[EXIT_REASON_INTERRUPT_WINDOW] = exit_intr_window,
	[EXIT_REASON_NMI_WINDOW] = exit_nmi_window,
	[EXIT_REASON_TASK_SWITCH] = exit_task_switch,
	[EXIT_REASON_CPUID] = exit_cpuid,
	[EXIT_REASON_HLT] = exit_hlt,
	[EXIT_REASON_INVD] = exit_wbinvd,
	[EXIT_REASON_INVLPG] = exit_invlpg,
	[EXIT_REASON_RDPMC] = exit_rdpmc,
	[EXIT_REASON_RDTSC] = exit_insn,
	[EXIT_REASON_VMCALL] = exit_vmcall,
	[EXIT_REASON_VMCLEAR] = exit_undefined,
	[EXIT_REASON_VMLAUNCH] = exit_undefined,
	[EXIT_REASON_VMPTRLD] = exit_undefined,
	[EXIT_REASON_VMPTRST] = exit_undefined,
	[EXIT_REASON_VMREAD] = exit_undefined,
	[EXIT_REASON_VMRESUME] = exit_undefined,
	[EXIT_REASON_VMWRITE] = exit_undefined,
	[EXIT_REASON_VMOFF] = exit_undefined,
	[EXIT_REASON_VMON] = exit_undefined,
	[EXIT_REASON_CR_ACCESS] = exit_cr,
	[EXIT_REASON_DR_ACCESS] = exit_dr,
	[EXIT_REASON_IO_INSTRUCTION] = exit_io,
	[EXIT_REASON_MSR_READ] = exit_rdmsr,
	[EXIT_REASON_MSR_WRITE] = exit_wrmsr,
	[EXIT_REASON_MWAIT_INSTRUCTION] = exit_undefined,
	[EXIT_REASON_MONITOR_TRAP_FLAG] = exit_step,
	[EXIT_REASON_MONITOR_INSTRUCTION] = exit_undefined,
	[EXIT_REASON_PAUSE_INSTRUCTION] = exit_pause,
	[EXIT_REASON_GDTR_IDTR] = exit_insn,
	[EXIT_REASON_LDTR_TR] = exit_insn,
	[EXIT_REASON_EPT_VIOLATION] = exit_ept_violation,
	[EXIT_REASON_INVEPT] = exit_undefined,
	[EXIT_REASON_RDTSCP] = exit_insn,
	[EXIT_REASON_INVVPID] = exit_undefined,
	[EXIT_REASON_WBINVD] = exit_wbinvd,
	[EXIT_REASON_XSETBV] = exit_xsetbv,
	[EXIT_REASON_TPR_BELOW_THRESHOLD] = exit_tpr_below_threshold,
	[EXIT_REASON_APIC_ACCESS] = exit_apic_access,
	[EXIT_REASON_APIC_WRITE] = exit_apic_write,
	[EXIT_REASON_EOI_INDUCED] = exit_eoi,
	[EXIT_REASON_ENCLS] = exit_undefined,
	[SDM_EXIT_REASON_ENCLV] = exit_undefined,
	[SDM_EXIT_REASON_SEAMCALL] = exit_undefined,
	[SDM_EXIT_REASON_TDCALL] = exit_undefined,
	[EXIT_REASON_INVPCID] = exit_invpcid,
};

/* Into the run page as a whole: user space can write there, so it is not read. */
static enum keel_verdict give_fail_entry(struct keel_vcpu *vcpu, u32 reason,
					 const struct keel_exit_fail_entry *fail)
{
	pr_info_ratelimited("VM %u vCPU %u: %s (0x%llx)\n", vcpu->vm->id, vcpu->id,
			    fail->rule, fail->value);
	vcpu->run->fail_entry = *fail;
	vcpu->run->exit_reason = reason;
	return KEEL_TO_USER;
}

/* Name the field and the rule, where we can. */
static enum keel_verdict explain(struct keel_vcpu *vcpu, u32 error)
{
	struct keel_exit_fail_entry fail = {
		.hw_reason = vcpu->vmx.exit_reason,
		.vm_instruction_error = error,
		.qualification = error ? 0 : vmcs_getl(EXIT_QUALIFICATION),
	};

	vmx_entry_explain(vcpu, error, &fail);
	vmx_keep_uninjected_event(vcpu);	/* the check has seen it */
	return give_fail_entry(vcpu, KEEL_EXIT_FAIL_ENTRY, &fail);
}

/**
 * vmx_entry_failed - VMLAUNCH or VMRESUME did not enter the guest
 * @vcpu: in the fast section, interrupts off
 *
 * Return: the verdict
 */
enum keel_verdict vmx_entry_failed(struct keel_vcpu *vcpu)
{
	vcpu->vmx.exit_reason = 0;
	if (!vmx_cpu_ready())	/* switched off under us; the host is crashing */
		return KEEL_KILL;
	return explain(vcpu, vmcs_get32(VM_INSTRUCTION_ERROR));
}

static enum keel_verdict unknown_exit(struct keel_vcpu *vcpu)
{
	struct keel_exit_fail_entry fail = {
		.hw_reason = vcpu->vmx.exit_reason,
		.qualification = vmcs_getl(EXIT_QUALIFICATION),
	};

	scnprintf(fail.rule, sizeof(fail.rule), "unexpected VM exit: %s",
		  vmx_exit_reason_name(vcpu->vmx.exit_reason & 0xffff));
	return give_fail_entry(vcpu, KEEL_EXIT_INTERNAL_ERROR, &fail);
}

/* Exits that can come in the middle of delivering an event. */
static bool may_interrupt_delivery(u32 reason)
{
	return reason == EXIT_REASON_EXCEPTION_NMI || reason == EXIT_REASON_TASK_SWITCH ||
		reason >= EXIT_REASON_APIC_ACCESS;
}

/*
 * What arrived for the host and would wait for an IRET otherwise.  An NMI exit
 * leaves NMIs blocked; the handler's IRET opens them again, and nothing may do so
 * before: programs that listen can fault.
 */
static void take_host_events(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VM_EXIT_INTR_INFO);

	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR)
		asm volatile("int $2");
	else if ((info & INTR_INFO_VECTOR_MASK) == X86_TRAP_MC)
		host_take_machine_check();
	if (vmx_tracing())
		vmx_trace_exception(vcpu);
}

/* A count of a reason that is not there would be out of bounds. */
static __always_inline void count(u64 *counters, u32 reason)
{
	if (likely((reason & 0xffff) < KEEL_STATS_REASONS))
		counters[array_index_nospec(reason & 0xffff, KEEL_STATS_REASONS)]++;
}

/**
 * vmx_handle_exit - find out what to do about an exit
 * @vcpu: in the fast section, interrupts off
 *
 * Return: the verdict
 */
enum keel_verdict vmx_handle_exit(struct keel_vcpu *vcpu)
{
	u32 reason = vcpu->vmx.exit_reason;
	enum keel_verdict verdict;

	count(vcpu->stats.exits, reason);

	/* The hottest ones directly: an indirect call may be a retpoline. */
	if (reason == EXIT_REASON_CPUID)
		return exit_cpuid(vcpu);
	if (reason == EXIT_REASON_MSR_READ)
		return exit_rdmsr(vcpu);
	if (reason == EXIT_REASON_IO_INSTRUCTION)
		return exit_io(vcpu);
	if (reason == EXIT_REASON_MSR_WRITE)
		return exit_wrmsr(vcpu);
	/* The next entry sees what has come, or arms the timer again. */
	if (reason == EXIT_REASON_PREEMPTION_TIMER)
		return KEEL_RESUME;
	if (unlikely(reason & VMX_EXIT_REASONS_FAILED_VMENTRY)) {
		if ((reason & 0xffff) == EXIT_REASON_MCE_DURING_VMENTRY)
			host_take_machine_check();
		return explain(vcpu, 0);
	}

	if (may_interrupt_delivery(reason))
		vmx_keep_interrupted_event(vcpu);
	if (reason == EXIT_REASON_EXCEPTION_NMI)
		take_host_events(vcpu);
	if (reason == EXIT_REASON_EXTERNAL_INTERRUPT) {
		if (vcpu->vmx.posted)
			host_take_acked_interrupt(vmcs_get32(VM_EXIT_INTR_INFO) &
						  INTR_INFO_VECTOR_MASK);
		else
			host_take_interrupt();
		return KEEL_RESUME;
	}
	/* From here on handlers may take locks that a flush waits under. */
	local_irq_enable();
	if (reason == EXIT_REASON_EPT_VIOLATION)
		verdict = exit_ept_violation(vcpu);
	else if (reason < ARRAY_SIZE(exit_fns) && exit_fns[reason])
		verdict = exit_fns[array_index_nospec(reason, ARRAY_SIZE(exit_fns))](vcpu);
	else
		verdict = unknown_exit(vcpu);
	local_irq_disable();
	return verdict;
}

/**
 * vmx_advance - the instruction is done: what the CPU does between two of them
 * @vcpu: its VMCS is current
 */
void vmx_advance(struct keel_vcpu *vcpu)
{
	u32 blocking = vmcs_get32(GUEST_INTERRUPTIBILITY_INFO);
	u32 len = vcpu->vmx.insn_len;
	u64 rip;
	u64 rflags = vmcs_getl(GUEST_RFLAGS);

	/* The CPU says it only of instructions that exit as such. */
	if (likely(!len))
		len = vmcs_get32(VM_EXIT_INSTRUCTION_LEN);
	vcpu->vmx.insn_len = 0;
	rip = vmcs_getl(GUEST_RIP) + len;
	/* Outside 64-bit mode EIP wraps. */
	if (unlikely(rip >> 32) && !(vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK))
		rip = (u32)rip;
	vmcs_putl(GUEST_RIP, rip);
	if (unlikely(blocking & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
		vmcs_put32(GUEST_INTERRUPTIBILITY_INFO,
			   blocking & ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
	/* With BTF only branches trap, and none of these instructions is one. */
	if (unlikely(rflags & X86_EFLAGS_TF) &&
	    !(vmcs_get64(GUEST_IA32_DEBUGCTL) & DEBUGCTLMSR_BTF))
		vmx_raise(vcpu, X86_TRAP_DB, KEEL_NO_ERROR_CODE, DR_STEP);
}

/**
 * vmx_report_exit - fill in what the run page tells with each exit
 * @vcpu: its VMCS is current; the exit's own part is filled in
 */
void vmx_report_exit(struct keel_vcpu *vcpu)
{
	struct keel_run *run = vcpu->run;

	run->intr_ready = !vcpu->events.interrupt.valid && !vcpu->events.exception.valid &&
		vmx_intr_ready();
	run->hw_reason = vcpu->vmx.exit_reason & 0xffff;
	if (vcpu->wanted)
		vmx_state_get(vcpu, vcpu->wanted, &KEEL_GROUPS_OF(run));
	vcpu->stats.user_exits++;
}

/**
 * vmx_commit - act on a verdict
 * @vcpu: in the fast section
 * @verdict: of a handler
 *
 * Return: true where the guest goes on.
 */
bool vmx_commit(struct keel_vcpu *vcpu, enum keel_verdict verdict)
{
	if (verdict == KEEL_ADVANCE || verdict == KEEL_TO_USER_ADVANCE ||
	    verdict == KEEL_HALT)
		vmx_advance(vcpu);
	/* The CPU's monitor trap is for instructions that it completes itself. */
	if (verdict == KEEL_ADVANCE && unlikely(vcpu->intercepts.exits & KEEL_INTERCEPT_STEP))
		verdict = exit_step(vcpu);
	if (verdict == KEEL_TO_USER || verdict == KEEL_TO_USER_ADVANCE) {
		count(vcpu->stats.to_user, vcpu->vmx.exit_reason);
		vmx_report_exit(vcpu);
		if (vmx_tracing())
			vmx_trace_user_exit(vcpu, vcpu->vmx.exit_reason);
	}
	return verdict == KEEL_RESUME || verdict == KEEL_ADVANCE;
}

/* A slow half for what only wants the section to end and begin again. */
enum keel_verdict vmx_slow_advance(struct keel_vcpu *vcpu)
{
	return KEEL_ADVANCE;
}

/**
 * vmx_exit_insn_to_user - leave an instruction to the VMM
 * @vcpu: in the fast section
 * @reason: KEEL_EXIT_INSN or KEEL_EXIT_TASK_SWITCH
 *
 * Return: the verdict
 */
enum keel_verdict vmx_exit_insn_to_user(struct keel_vcpu *vcpu, u32 reason)
{
	u32 len = vmcs_get32(VM_EXIT_INSTRUCTION_LEN);

	vcpu->run->insn = (struct keel_exit_insn) {
		.hw_reason = vcpu->vmx.exit_reason & 0xffff,
		.insn_len = len,
		.qualification = vmcs_getl(EXIT_QUALIFICATION),
	};
	vcpu->run->insn_len = len;
	vcpu->run->exit_reason = reason;
	return KEEL_TO_USER;
}
