// SPDX-License-Identifier: GPL-2.0
/*
 * Leaving the guest at a given value of its TSC, by the VMX-preemption timer.
 *
 * The timer counts down only in the guest, one for 2^n ticks of the TSC, and is
 * loaded at each entry.  So the distance is worked out anew each time, and a
 * deadline too far for 32 bits takes several rounds.
 *
 * SDM: "VMX-Preemption Timer".
 */
#include "vmx_timer.h"

#include <asm/tsc.h>

#include "keel_tsc.h"
#include "keel_vcpu.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_setup.h"

#define MISC_TIMER_RATE(misc)	((misc) & 0x1f)

/** vmx_has_timer - whether the CPU has the timer */
bool vmx_has_timer(void)
{
	return vmx_caps_features(&vmx_caps) & KEEL_FEATURE_PREEMPTION_TIMER;
}

static void switch_timer(struct vmx_vcpu *vmx, bool on)
{
	if (vmx->timer_on == on)
		return;
	vmx->timer_on = on;
	vmcs_put32(PIN_BASED_VM_EXEC_CONTROL,
		   vmx_controls.pin | (on ? PIN_BASED_VMX_PREEMPTION_TIMER : 0));
}

/**
 * vmx_timer_arm - let the next entry end at the deadline
 * @vcpu: in the fast section; a deadline of 0 is none
 *
 * Return: false where the deadline has come already.
 */
bool vmx_timer_arm(struct keel_vcpu *vcpu)
{
	u64 now = keel_guest_tsc(vcpu, rdtsc());
	u64 ticks;

	if (!vcpu->deadline) {
		switch_timer(&vcpu->vmx, false);
		return true;
	}
	if (vcpu->deadline <= now)
		return false;
	switch_timer(&vcpu->vmx, true);
	ticks = keel_tsc_host_ticks(vcpu, vcpu->deadline - now) >> MISC_TIMER_RATE(vmx_caps.misc);
	vmcs_put32(VMX_PREEMPTION_TIMER_VALUE, min_t(u64, ticks, U32_MAX));
	return true;
}
