// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints about entries and exits: reading what they tell from the VMCS,
 * and how long an exit takes.
 *
 * One switch is on as long as one of them is, so that the run loop has two no-ops for
 * all; the parameter check_entry uses it, too: see vmx_entry_check.c.  An exit's story may
 * have begun before the switch went on, or have been left half told when it went off: a
 * story that is not of this time is dropped.
 */
#include "vmx_trace.h"

#include <linux/errno.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "vmx_entry_check.h"
#include "vmx_exit.h"
#include "vmx_fields.h"

/* Where a task switch comes from, in its exit qualification. */
#define QUAL_TASK_SOURCE(qual)	(((qual) >> 30) & 3)
#define TASK_SOURCE_IDT		3

DEFINE_STATIC_KEY_FALSE(vmx_trace_switch);

/* How often it was switched on, and how many tracepoints are; by the core's mutex. */
static u32 times_on;
static u32 users;

/** keel_trace_exits_on - the first program listens to one of the tracepoints */
int keel_trace_exits_on(void)
{
	if (!users++)
		WRITE_ONCE(times_on, times_on + 1);
	static_branch_inc(&vmx_trace_switch);
	return 0;
}

/** keel_trace_exits_off - the last one has gone */
void keel_trace_exits_off(void)
{
	users--;
	static_branch_dec(&vmx_trace_switch);
}

/* The vCPU's story, empty where it is an old one. */
static struct vmx_trace *story(struct keel_vcpu *vcpu)
{
	struct vmx_trace *trace = &vcpu->vmx.trace;
	u32 now = READ_ONCE(times_on);

	if (trace->times_on != now)
		*trace = (struct vmx_trace) {
			.times_on = now, .user_exit_reason = KEEL_TRACE_NO_EXIT,
		};
	return trace;
}

static void exit_done(struct keel_vcpu *vcpu, struct vmx_trace *trace, u64 now,
		      enum keel_trace_outcome outcome)
{
	if (!trace->exit_tsc)
		return;
	vmx_trace(vcpu, exit_done, trace->exit_reason, trace->exit_rip, outcome,
		  now - trace->exit_tsc);
	trace->exit_tsc = 0;
}

static void user_done(struct keel_vcpu *vcpu, struct vmx_trace *trace, u64 now)
{
	if (!trace->user_tsc)
		return;
	vmx_trace(vcpu, user_done, trace->user_reason, trace->user_exit_reason,
		  trace->user_exit_reason == KEEL_TRACE_NO_EXIT ? 0 : trace->exit_rip,
		  now - trace->user_tsc);
	trace->user_tsc = 0;
	trace->user_reason = KEEL_EXIT_NONE;
	trace->user_exit_reason = KEEL_TRACE_NO_EXIT;
}

static void tell_entry(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VM_ENTRY_INTR_INFO_FIELD);

	if (!(info & INTR_INFO_VALID_MASK))
		info = 0;
	vmx_trace(vcpu, entry, vmcs_getl(GUEST_RIP), info,
		  info & INTR_INFO_DELIVER_CODE_MASK ?
		  vmcs_get32(VM_ENTRY_EXCEPTION_ERROR_CODE) : 0);
}

/**
 * vmx_trace_entry - the guest is about to be entered
 * @vcpu: in the fast section, interrupts off; everything is in the VMCS
 */
void vmx_trace_entry(struct keel_vcpu *vcpu)
{
	struct vmx_trace *trace = story(vcpu);
	u64 now = rdtsc();

	exit_done(vcpu, trace, now, KEEL_TRACE_KERNEL);
	user_done(vcpu, trace, now);
	if (trace_keel_entry_enabled())
		tell_entry(vcpu);
	/* Last, since a test's listener may change the VMCS. */
	if (vmx_checks_entries())
		vmx_entry_forecast(vcpu);
}

/* An exit in the delivery of what an instruction has raised: INT n, INT3, ... */
static bool delivers_software_event(void)
{
	u32 info = vmcs_get32(IDT_VECTORING_INFO_FIELD);

	return (info & VECTORING_INFO_VALID_MASK) &&
		(info & VECTORING_INFO_TYPE_MASK) >= INTR_TYPE_SOFT_INTR;
}

/*
 * Whether the CPU gives the length of an instruction.  SDM: "Information for VM Exits
 * Due to Instruction Execution".
 */
static bool has_insn_len(u32 reason, u64 qualification, u32 intr_info)
{
	switch (reason) {
	case EXIT_REASON_EXCEPTION_NMI:
		return (intr_info & INTR_INFO_INTR_TYPE_MASK) >= INTR_TYPE_SOFT_INTR ||
			delivers_software_event();
	case EXIT_REASON_TASK_SWITCH:
		return QUAL_TASK_SOURCE(qualification) != TASK_SOURCE_IDT ||
			delivers_software_event();
	case EXIT_REASON_EXTERNAL_INTERRUPT ... EXIT_REASON_NMI_WINDOW:
	case EXIT_REASON_MONITOR_TRAP_FLAG:
	case EXIT_REASON_TPR_BELOW_THRESHOLD ... EXIT_REASON_EOI_INDUCED:
	case EXIT_REASON_EPT_VIOLATION:
	case EXIT_REASON_EPT_MISCONFIG:
	case EXIT_REASON_PREEMPTION_TIMER:
	case EXIT_REASON_APIC_WRITE:
	case EXIT_REASON_PML_FULL:
	case EXIT_REASON_BUS_LOCK:
	case EXIT_REASON_NOTIFY:
		return delivers_software_event();
	default:
		return true;
	}
}

/* An entry that fails gives reason and qualification, and leaves the other fields. */
static void trace_failed_entry(struct keel_vcpu *vcpu, const struct vmx_trace *trace)
{
	vmx_trace(vcpu, exit, trace->exit_reason, trace->exit_rip,
		  vmcs_getl(EXIT_QUALIFICATION), 0, 0, 0, 0);
}

static void trace_exit(struct keel_vcpu *vcpu, const struct vmx_trace *trace)
{
	u64 qualification = vmcs_getl(EXIT_QUALIFICATION);
	u32 info = vmcs_get32(VM_EXIT_INTR_INFO);
	u32 reason = trace->exit_reason;
	u64 gpa = 0;

	if (!(info & INTR_INFO_VALID_MASK))
		info = 0;
	if (reason == EXIT_REASON_EPT_VIOLATION || reason == EXIT_REASON_EPT_MISCONFIG)
		gpa = vmcs_get64(GUEST_PHYSICAL_ADDRESS);
	vmx_trace(vcpu, exit, reason, trace->exit_rip, qualification, gpa, info,
		  info & INTR_INFO_DELIVER_CODE_MASK ? vmcs_get32(VM_EXIT_INTR_ERROR_CODE) : 0,
		  has_insn_len(reason, qualification, info) ?
		  vmcs_get32(VM_EXIT_INSTRUCTION_LEN) : 0);
}

/* Reads what the guest has run last, which is mostly at hand; takes no lock. */
static void trace_insn(struct keel_vcpu *vcpu, u64 rip)
{
	u8 code[16];
	unsigned int len;
	u64 part[2];

	vmx_remember_code(vcpu);
	pagefault_disable();
	len = vmx_fetch(vcpu, code);
	pagefault_enable();
	memset(code + len, 0, sizeof(code) - len);
	memcpy(part, code, sizeof(part));
	vmx_trace(vcpu, insn, rip, len, vcpu->code_bytes, part[0], part[1]);
}

static void tell_exit(struct keel_vcpu *vcpu, const struct vmx_trace *trace)
{
	if (trace_keel_exit_enabled()) {
		if (trace->exit_reason & VMX_EXIT_REASONS_FAILED_VMENTRY)
			trace_failed_entry(vcpu, trace);
		else
			trace_exit(vcpu, trace);
	}
	if (trace_keel_insn_enabled())
		trace_insn(vcpu, trace->exit_rip);
}

/**
 * vmx_trace_exit - the guest has just exited
 * @vcpu: in the fast section, interrupts off; &vmx_vcpu.exit_reason is set
 */
void vmx_trace_exit(struct keel_vcpu *vcpu)
{
	struct vmx_trace *trace = story(vcpu);

	trace->exit_tsc = rdtsc();
	trace->exit_reason = vcpu->vmx.exit_reason;
	trace->exit_rip = vmcs_getl(GUEST_RIP);
	if (vmx_checks_entries() && !(trace->exit_reason & VMX_EXIT_REASONS_FAILED_VMENTRY))
		vmx_entry_done(vcpu);
	/* NMIs may be blocked, and a listener's fault would open them. */
	if (trace->exit_reason != EXIT_REASON_EXCEPTION_NMI)
		tell_exit(vcpu, trace);
}

/**
 * vmx_trace_exception - as vmx_trace_exit(), which leaves exceptions and NMIs to this
 * @vcpu: in the fast section, interrupts off; the host has taken what was its own
 */
void vmx_trace_exception(struct keel_vcpu *vcpu)
{
	struct vmx_trace *trace = story(vcpu);

	if (trace->exit_tsc)
		tell_exit(vcpu, trace);
}

/**
 * vmx_trace_user_exit - the run page tells user space why KEEL_RUN returns
 * @vcpu: locked by the caller
 * @exit_reason: of the exit that user space has to answer, or KEEL_TRACE_NO_EXIT
 *
 * A VMM may call KEEL_RUN again and not get into the guest: then it is still at the
 * same exit.
 */
void vmx_trace_user_exit(struct keel_vcpu *vcpu, u32 exit_reason)
{
	struct vmx_trace *trace = story(vcpu);
	/* User space can write to the run page; nothing but these events goes by it. */
	u32 user_reason = READ_ONCE(vcpu->run->exit_reason);

	vmx_trace(vcpu, user_exit, user_reason, exit_reason);
	if (trace->user_tsc)
		return;
	trace->user_reason = user_reason;
	trace->user_exit_reason = exit_reason;
}

/**
 * vmx_trace_left - KEEL_RUN is about to return
 * @vcpu: locked by the caller
 * @ret: what vmx_run() has returned; with an error, user space has nothing to answer
 */
void vmx_trace_left(struct keel_vcpu *vcpu, long ret)
{
	enum keel_trace_outcome outcome = KEEL_TRACE_KERNEL;
	struct vmx_trace *trace = story(vcpu);
	u64 now = rdtsc();

	if (ret == -EIO || ret == -ESHUTDOWN)
		outcome = KEEL_TRACE_KILLED;
	else if (!trace->user_tsc && trace->user_exit_reason != KEEL_TRACE_NO_EXIT)
		outcome = KEEL_TRACE_USER;
	exit_done(vcpu, trace, now, outcome);
	if (!trace->user_tsc && trace->user_reason != KEEL_EXIT_NONE)
		trace->user_tsc = now;
}
