/* SPDX-License-Identifier: GPL-2.0 */
/* Delivery of events by VM entry: see vmx_event.c. */
#ifndef KEEL_VMX_EVENT_H
#define KEEL_VMX_EVENT_H

#include <linux/types.h>
#include <asm/trapnr.h>

#include "keel_vcpu.h"

/**
 * enum vmx_inject - what vmx_inject() found
 * @VMX_INJECT_ENTER: enter the guest
 * @VMX_INJECT_WINDOW: tell user space that the guest can take an interrupt
 * @VMX_INJECT_EXTINT: ask user space for the vector of one
 */
enum vmx_inject {
	VMX_INJECT_ENTER,
	VMX_INJECT_WINDOW,
	VMX_INJECT_EXTINT,
};

enum keel_verdict vmx_raise(struct keel_vcpu *vcpu, u8 vector, s64 error_code, u64 payload);

/* #GP with error code 0, as for most of what an instruction does not take. */
static inline enum keel_verdict vmx_raise_gp(struct keel_vcpu *vcpu)
{
	return vmx_raise(vcpu, X86_TRAP_GP, 0, 0);
}

bool vmx_intr_ready(void);
enum vmx_inject vmx_inject(struct keel_vcpu *vcpu);
void vmx_keep_interrupted_event(struct keel_vcpu *vcpu);
void vmx_keep_uninjected_event(struct keel_vcpu *vcpu);
void vmx_keep_nmi_blocking(bool unblocked);
void vmx_open_window(struct keel_vcpu *vcpu, u32 control, bool open);

#endif /* KEEL_VMX_EVENT_H */
