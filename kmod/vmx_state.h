/* SPDX-License-Identifier: GPL-2.0 */
/* Register groups of a vCPU, to and from its VMCS: see vmx_state.c. */
#ifndef KEEL_VMX_STATE_H
#define KEEL_VMX_STATE_H

#include <linux/types.h>

#include "keel_vcpu.h"

/**
 * struct keel_groups - where the register groups of one transfer are
 * @regs: KEEL_STATE_REGS
 * @segments: KEEL_STATE_SEGMENTS
 * @control: KEEL_STATE_CONTROL
 * @debug: KEEL_STATE_DEBUG
 * @events: KEEL_STATE_EVENTS
 */
struct keel_groups {
	struct keel_regs *regs;
	struct keel_segments *segments;
	struct keel_control *control;
	struct keel_debug *debug;
	struct keel_events *events;
};

/* The groups inside struct keel_run and struct keel_state have these names. */
#define KEEL_GROUPS_OF(s) ((struct keel_groups) {				\
	.regs = &(s)->regs, .segments = &(s)->segments, .control = &(s)->control,	\
	.debug = &(s)->debug, .events = &(s)->events })

void vmx_state_get(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *to);
int vmx_state_check(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *from);
void vmx_state_set(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *from);
void vmx_state_reset(struct keel_vcpu *vcpu);
void vmx_state_init(struct keel_vcpu *vcpu);
int vmx_set_efer(struct keel_vcpu *vcpu, u64 efer);
void vmx_get_segment(unsigned int n, struct keel_segment *seg);
void vmx_put_dr7(struct keel_vcpu *vcpu, u64 dr7);

/**
 * vmx_inactive - whether the vCPU is in shutdown or waits for a SIPI
 * @vcpu: the vCPU
 *
 * With a local APIC in the module HLT, too, is Keel's to keep: vmx_wait.c.
 *
 * It never is in the VMCS: shutdown blocks external interrupts, and wait-for-SIPI
 * NMIs and INIT, too, so the host would lose the CPU (SDM, "Activity State").
 */
static inline bool vmx_inactive(const struct keel_vcpu *vcpu)
{
	return vcpu->events.activity >
		(keel_vcpu_has_lapic(vcpu) ? KEEL_ACTIVITY_ACTIVE : KEEL_ACTIVITY_HLT);
}

#endif /* KEEL_VMX_STATE_H */
