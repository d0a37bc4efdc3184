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
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_setup.h"

#define MISC_TIMER_RATE(misc)	((misc) & 0x1f)

static void switch_timer(struct vmx_vcpu *vmx, bool on)
{
	if (vmx->timer_on == on)
		return;
	vmx->timer_on = on;
	vmx->pin = on ? vmx->pin | PIN_BASED_VMX_PREEMPTION_TIMER :
		vmx->pin & ~PIN_BASED_VMX_PREEMPTION_TIMER;
	vmcs_put32(PIN_BASED_VM_EXEC_CONTROL, vmx->pin);
}

/* The earlier of two moments, of which 0 is none. */
static u64 earlier(u64 a, u64 b)
{
	if (!a || !b)
		return a | b;
	return min(a, b);
}

/** vmx_timer_next - guest TSC at which the vCPU wants to be looked at; 0: never */
u64 vmx_timer_next(const struct keel_vcpu *vcpu)
{
	return earlier(vcpu->deadline, vcpu->lapic.expires);
}

/**
 * vmx_timer_ns - how long to sleep until a moment of the guest's TSC
 * @vcpu: one with a local APIC
 * @tsc: guest TSC
 *
 * Return: nanoseconds, 0 where it has passed; who wakes has to look whether it has
 * come: see keel_clock_sleep_ns(), and the host's clock may be adjusted meanwhile
 */
u64 vmx_timer_ns(const struct keel_vcpu *vcpu, u64 tsc)
{
	u64 now = keel_guest_tsc(vcpu, rdtsc());

	if (tsc <= now)
		return 0;
	/* Not the VM's frequency, which is 0 where the host does not know its own. */
	return keel_clock_sleep_ns(tsc - now, vcpu->lapic.tsc_khz);
}

/**
 * vmx_timer_arm - let the next entry end at the deadline, or when the APIC timer
 * expires
 * @vcpu: in the fast section
 *
 * An APIC timer that is due fires here.
 *
 * Return: false where the deadline has come already.
 */
bool vmx_timer_arm(struct keel_vcpu *vcpu)
{
	u64 now = keel_guest_tsc(vcpu, rdtsc());
	u64 next, ticks;

	if (vcpu->deadline && vcpu->deadline <= now)
		return false;
	vmx_apic_expire_at(vcpu, now);
	if (!vmx_has_timer()) {
		vmx_apic_keep_timer(vcpu);
		return true;
	}
	next = vmx_timer_next(vcpu);
	switch_timer(&vcpu->vmx, next);
	if (!next)
		return true;
	/* A period may have gone by already; the next entry sees that. */
	ticks = next > now ? keel_tsc_host_ticks(vcpu, next - now) : 0;
	ticks >>= MISC_TIMER_RATE(vmx_caps.misc);
	vmcs_put32(VMX_PREEMPTION_TIMER_VALUE, min_t(u64, ticks, U32_MAX));
	return true;
}
