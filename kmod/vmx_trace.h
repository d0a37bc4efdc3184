/* SPDX-License-Identifier: GPL-2.0 */
/* What the tracepoints about entries and exits want to know: see vmx_trace.c. */
#ifndef KEEL_VMX_TRACE_H
#define KEEL_VMX_TRACE_H

#include <linux/jump_label.h>

#include "keel_trace.h"
#include "keel_vcpu.h"
#include "keel_vm.h"

/**
 * vmx_trace - call a tracepoint about a vCPU
 * @vcpu: which
 * @event: its name without keel_
 *
 * The arguments behind the two ids are evaluated only where it is on.  Programs that
 * listen read data of others.
 *
 * What is handed over must be kept in registers up to here, on or off.  An exit handler
 * that shall cost nothing tests trace_keel_EVENT_enabled() where it needs no more than
 * the vCPU afterwards, and calls a cold function that finds out the rest once more.
 */
#define vmx_trace(vcpu, event, ...)						\
do {										\
	struct keel_vcpu *traced = (vcpu);					\
										\
	if (trace_keel_##event##_enabled()) {					\
		trace_keel_##event(traced->vm->id, traced->id, __VA_ARGS__);	\
		traced->vmx.l1d_dirty = true;					\
	}									\
} while (0)

DECLARE_STATIC_KEY_FALSE(vmx_trace_switch);

/** vmx_tracing - whether one of the tracepoints about entries and exits is on */
static __always_inline bool vmx_tracing(void)
{
#ifdef TRACEPOINTS_ENABLED
	return static_branch_unlikely(&vmx_trace_switch);
#else
	return false;	/* built with NOTRACE, to see what this costs */
#endif
}

void vmx_trace_entry(struct keel_vcpu *vcpu);
void vmx_trace_exit(struct keel_vcpu *vcpu);
void vmx_trace_exception(struct keel_vcpu *vcpu);
void vmx_trace_user_exit(struct keel_vcpu *vcpu, u32 exit_reason);
void vmx_trace_left(struct keel_vcpu *vcpu, long ret);

#endif /* KEEL_VMX_TRACE_H */
