// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery of events: from the vCPU's queue into the VM-entry interruption
 * field, and back into the queue where an exit interrupted the delivery.
 *
 * Order: an exception (or what an exit interrupted) first, then NMI, then
 * external interrupt.  What cannot go now gets a window exit.
 *
 * SDM: "VM-Entry Controls for Event Injection", "Information for VM Exits That
 * Occur During Event Delivery", "Interruptibility State".
 */
#include "vmx_event.h"

#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "keel_event.h"
#include "keel_pv.h"
#include "vmx_apic.h"
#include "vmx_fields.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_trace.h"

#define DR7_GD		BIT(13)
#define BLOCKS_INTR	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

/**
 * vmx_open_window - exit as soon as the guest can take an event
 * @vcpu: in the fast section
 * @control: CPU_BASED_INTR_WINDOW_EXITING or CPU_BASED_NMI_WINDOW_EXITING
 * @open: or no longer
 */
void vmx_open_window(struct keel_vcpu *vcpu, u32 control, bool open)
{
	u32 proc = open ? vcpu->vmx.proc | control : vcpu->vmx.proc & ~control;

	if (proc == vcpu->vmx.proc)
		return;
	vcpu->vmx.proc = proc;
	vmcs_put32(CPU_BASED_VM_EXEC_CONTROL, proc);
}

/**
 * vmx_raise - an exception that the guest's instruction causes
 * @vcpu: in the fast section
 * @vector: of the exception
 * @error_code: or KEEL_NO_ERROR_CODE
 * @payload: for #PF the address, for #DB the bits for DR6
 *
 * Return: the verdict of the handler that calls it: the instruction is not done.
 */
enum keel_verdict vmx_raise(struct keel_vcpu *vcpu, u8 vector, s64 error_code, u64 payload)
{
	vcpu->has_events = true;
	if (keel_event_raise(&vcpu->events, vector, error_code, payload) ==
	    KEEL_MERGE_TRIPLE_FAULT) {
		vcpu->run->exit_reason = KEEL_EXIT_SHUTDOWN;
		return KEEL_TO_USER;
	}
	return KEEL_RESUME;
}

/** vmx_intr_ready - whether the guest could take an external interrupt now */
bool vmx_intr_ready(void)
{
	return (vmcs_getl(GUEST_RFLAGS) & X86_EFLAGS_IF) &&
		!(vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) & BLOCKS_INTR);
}

/* What the CPU does itself only where it delivers #DB without our help. */
static void put_debug_exception(struct keel_vcpu *vcpu, u64 dr6)
{
	vcpu->dr6 |= dr6;
	if (vcpu->vmx.guest_dr7 & DR7_GD)
		vmx_put_dr7(vcpu, vcpu->vmx.guest_dr7 & ~(u64)DR7_GD);
	vmcs_put64(GUEST_IA32_DEBUGCTL, vmcs_get64(GUEST_IA32_DEBUGCTL) & ~DEBUGCTLMSR_BTF);
}

static void put_event(struct keel_vcpu *vcpu, struct keel_event *event)
{
	u32 info = INTR_INFO_VALID_MASK | event->type << 8 | event->vector;

	/* Real mode has no error codes. */
	if ((event->flags & KEEL_EVENT_ERROR_CODE) &&
	    (vmcs_getl(GUEST_CR0) & X86_CR0_PE)) {
		info |= INTR_INFO_DELIVER_CODE_MASK;
		vmcs_put32(VM_ENTRY_EXCEPTION_ERROR_CODE, event->error_code);
	}
	if (event->type == KEEL_EVENT_EXCEPTION && event->vector == X86_TRAP_PF)
		vcpu->cr2 = event->payload;
	if (event->type == KEEL_EVENT_EXCEPTION && event->vector == X86_TRAP_DB)
		put_debug_exception(vcpu, event->payload);
	if (event->type >= KEEL_EVENT_SOFT_INTERRUPT)
		vmcs_put32(VM_ENTRY_INSTRUCTION_LEN, event->insn_len);
	vmcs_put32(VM_ENTRY_INTR_INFO_FIELD, info);
	event->valid = 0;
	vcpu->stats.injected++;
}

/* True where it went; else the window is open. */
static bool inject_nmi(struct keel_vcpu *vcpu)
{
	u32 blocking = vmcs_get32(GUEST_INTERRUPTIBILITY_INFO);

	if (blocking & (BLOCKS_INTR | GUEST_INTR_STATE_NMI)) {
		vmx_open_window(vcpu, CPU_BASED_NMI_WINDOW_EXITING, true);
		return false;
	}
	vmcs_put32(VM_ENTRY_INTR_INFO_FIELD,
		   INTR_INFO_VALID_MASK | INTR_TYPE_NMI_INTR | X86_TRAP_NMI);
	vcpu->events.nmi_pending = 0;
	vcpu->stats.injected++;
	return true;
}

/* An interrupt of the local APIC that waits for us to deliver it, or -1. */
static int apic_vector(const struct keel_vcpu *vcpu)
{
	if (!keel_vcpu_has_lapic(vcpu) || vcpu->vmx.apicv)
		return -1;
	return keel_lapic_highest(&vcpu->lapic);
}

static void put_apic_interrupt(struct keel_vcpu *vcpu, u8 vector)
{
	struct keel_lapic *apic = &vcpu->lapic;
	bool alone = keel_lapic_isr(apic) < 0;

	keel_lapic_ack(apic, vector);
	/* Where nothing waits for its end, nor does the I/O APIC: spare that exit. */
	if (alone && keel_lapic_irr(apic) < 0 && !keel_lapic_is_level(apic, vector))
		keel_pv_eoi_offer(vcpu);
	vmcs_put32(VM_ENTRY_INTR_INFO_FIELD,
		   INTR_INFO_VALID_MASK | INTR_TYPE_EXT_INTR | vector);
	vcpu->stats.injected++;
}

/* What the next entry delivers is in the VMCS, where the last exit has made room. */
static noinline __cold void trace_inject(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VM_ENTRY_INTR_INFO_FIELD);

	if (info & INTR_INFO_VALID_MASK)
		vmx_trace(vcpu, inject, info, info & INTR_INFO_DELIVER_CODE_MASK ?
			  vmcs_get32(VM_ENTRY_EXCEPTION_ERROR_CODE) : 0);
}

/**
 * vmx_inject - give the next entry what is queued
 * @vcpu: in the fast section, about to enter
 *
 * Return: VMX_INJECT_ENTER; where the guest could take an interrupt now and user
 * space has to do with it, there must be no entry: VMX_INJECT_WINDOW: it asked to
 * be told; VMX_INJECT_EXTINT: it has the vector.
 */
enum vmx_inject vmx_inject(struct keel_vcpu *vcpu)
{
	struct keel_events *events = &vcpu->events;
	bool extint = keel_vcpu_has_lapic(vcpu) && keel_lapic_extint(&vcpu->lapic);
	bool busy = false;
	int vector;

	if (events->exception.valid) {
		put_event(vcpu, &events->exception);
		busy = true;
	}
	if (events->nmi_pending) {
		if (busy)
			vmx_open_window(vcpu, CPU_BASED_NMI_WINDOW_EXITING, true);
		else
			busy = inject_nmi(vcpu);
	}
	if (events->interrupt.valid && !busy && vmx_intr_ready()) {
		put_event(vcpu, &events->interrupt);
		busy = true;
	}
	vector = apic_vector(vcpu);
	if (vector >= 0 && !busy && !events->interrupt.valid && vmx_intr_ready()) {
		put_apic_interrupt(vcpu, vector);
		/* It holds off what else there is of its class and below. */
		vector = -1;
		busy = true;
	}
	if ((vcpu->want_intr_window || extint) && !busy && !events->interrupt.valid &&
	    vmx_intr_ready()) {
		vmx_open_window(vcpu, CPU_BASED_INTR_WINDOW_EXITING, false);
		return extint ? VMX_INJECT_EXTINT : VMX_INJECT_WINDOW;
	}
	vmx_open_window(vcpu, CPU_BASED_INTR_WINDOW_EXITING,
			events->interrupt.valid || vcpu->want_intr_window || extint ||
			vector >= 0);
	vcpu->has_events = keel_events_any(events) || vcpu->want_intr_window;
	if (keel_vcpu_has_lapic(vcpu) && !vcpu->vmx.apicv)
		vmx_apic_watch_priority(vcpu);
	if (trace_keel_inject_enabled())
		trace_inject(vcpu);
	return VMX_INJECT_ENTER;
}

/* Put an event back into the queue; the fields for it have one format. */
static void keep_event(struct keel_vcpu *vcpu, u32 info, u32 error_code, u32 insn_len)
{
	struct keel_event event = {
		.valid = 1,
		.type = (info & VECTORING_INFO_TYPE_MASK) >> 8,
		.vector = info & VECTORING_INFO_VECTOR_MASK,
	};

	if (info & VECTORING_INFO_DELIVER_CODE_MASK) {
		event.flags = KEEL_EVENT_ERROR_CODE;
		event.error_code = error_code;
	}
	if (event.type >= KEEL_EVENT_SOFT_INTERRUPT)
		event.insn_len = insn_len;
	if (event.type == KEEL_EVENT_EXCEPTION && event.vector == X86_TRAP_PF)
		event.payload = vcpu->cr2;

	vcpu->has_events = true;
	switch (event.type) {
	case KEEL_EVENT_INTERRUPT:
		vcpu->events.interrupt = event;
		break;
	case KEEL_EVENT_NMI:
		vcpu->events.nmi_pending = 1;
		break;
	default:
		vcpu->events.exception = event;
		break;
	}
}

/**
 * vmx_keep_interrupted_event - put back what an exit interrupted in delivery
 * @vcpu: in the fast section, right after the exit
 */
void vmx_keep_interrupted_event(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(IDT_VECTORING_INFO_FIELD);

	if (!(info & VECTORING_INFO_VALID_MASK))
		return;
	keep_event(vcpu, info, vmcs_get32(IDT_VECTORING_ERROR_CODE),
		   vmcs_get32(VM_EXIT_INSTRUCTION_LEN));
	/* The delivery that failed has set the blocking that it needs off. */
	if ((info & VECTORING_INFO_TYPE_MASK) == INTR_TYPE_NMI_INTR)
		vmcs_put32(GUEST_INTERRUPTIBILITY_INFO,
			   vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) & ~GUEST_INTR_STATE_NMI);
}

/**
 * vmx_keep_uninjected_event - put back what a failed entry should have delivered
 * @vcpu: in the fast section, after an entry that failed
 *
 * The CPU marks the field as used only at a VM exit.  Left there, the event would
 * go with a later entry, or fail each one where it is the cause.
 */
void vmx_keep_uninjected_event(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VM_ENTRY_INTR_INFO_FIELD);

	if (!(info & INTR_INFO_VALID_MASK))
		return;
	keep_event(vcpu, info, vmcs_get32(VM_ENTRY_EXCEPTION_ERROR_CODE),
		   vmcs_get32(VM_ENTRY_INSTRUCTION_LEN));
	vmcs_put32(VM_ENTRY_INTR_INFO_FIELD, 0);
	vcpu->stats.injected--;
}

/**
 * vmx_keep_nmi_blocking - after an exit that an IRET may have caused
 * @unblocked: the exit says that it was one, and had opened NMIs already
 *
 * The IRET will run again, and do it again.  What the exit says has no meaning
 * where it came in the delivery of an event.  SDM: "Information About NMI
 * Unblocking Due to IRET".
 */
void vmx_keep_nmi_blocking(bool unblocked)
{
	if (!unblocked || (vmcs_get32(IDT_VECTORING_INFO_FIELD) & VECTORING_INFO_VALID_MASK))
		return;
	vmcs_put32(GUEST_INTERRUPTIBILITY_INFO,
		   vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) | GUEST_INTR_STATE_NMI);
}
