/* SPDX-License-Identifier: GPL-2.0 */
/* Delivery of events by VM entry: see vmx_event.c. */
#ifndef KEEL_VMX_EVENT_H
#define KEEL_VMX_EVENT_H

#include <linux/types.h>
#include <asm/trapnr.h>

#include "keel_vcpu.h"

enum keel_verdict vmx_raise(struct keel_vcpu *vcpu, u8 vector, s64 error_code, u64 payload);

/* #GP with error code 0, as for most of what an instruction does not take. */
static inline enum keel_verdict vmx_raise_gp(struct keel_vcpu *vcpu)
{
	return vmx_raise(vcpu, X86_TRAP_GP, 0, 0);
}

bool vmx_intr_ready(void);
bool vmx_inject(struct keel_vcpu *vcpu);
void vmx_keep_interrupted_event(struct keel_vcpu *vcpu);
void vmx_keep_uninjected_event(struct keel_vcpu *vcpu);
void vmx_keep_nmi_blocking(bool unblocked);
void vmx_open_window(struct keel_vcpu *vcpu, u32 control, bool open);

#endif /* KEEL_VMX_EVENT_H */
