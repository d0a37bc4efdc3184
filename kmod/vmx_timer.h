/* SPDX-License-Identifier: GPL-2.0 */
/* The VMX-preemption timer: see vmx_timer.c. */
#ifndef KEEL_VMX_TIMER_H
#define KEEL_VMX_TIMER_H

#include <linux/types.h>

#include "vmx_setup.h"

struct keel_vcpu;

bool vmx_timer_arm(struct keel_vcpu *vcpu);
u64 vmx_timer_next(const struct keel_vcpu *vcpu);
u64 vmx_timer_ns(const struct keel_vcpu *vcpu, u64 tsc);

/** vmx_has_timer - whether the CPU has the timer */
static inline bool vmx_has_timer(void)
{
	return vmx_controls.timer;
}

#endif /* KEEL_VMX_TIMER_H */
