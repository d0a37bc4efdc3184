/* SPDX-License-Identifier: GPL-2.0 */
/* The VMX-preemption timer: see vmx_timer.c. */
#ifndef KEEL_VMX_TIMER_H
#define KEEL_VMX_TIMER_H

#include <linux/types.h>

struct keel_vcpu;

bool vmx_has_timer(void);
bool vmx_timer_arm(struct keel_vcpu *vcpu);
u64 vmx_timer_next(const struct keel_vcpu *vcpu);
u64 vmx_timer_ns(const struct keel_vcpu *vcpu, u64 tsc);

#endif /* KEEL_VMX_TIMER_H */
