/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's TSC: it began at 0 when the VM was made, on all vCPUs alike, runs at
 * the VM's own frequency, and moves when the guest writes IA32_TSC or
 * IA32_TSC_ADJUST.  The arithmetic is in keel_clock.h.
 *
 * SDM: "Time-Stamp Counter Adjustment", "Use TSC Offsetting", "Use TSC Scaling".
 */
#ifndef KEEL_TSC_H
#define KEEL_TSC_H

#include "keel_clock.h"
#include "keel_vcpu.h"
#include "keel_vm.h"

int keel_tsc_choose(const char *call, u32 *khz, u64 *multiplier);

/**
 * keel_guest_tsc - the guest's TSC
 * @vcpu: the vCPU
 * @host_tsc: the host's TSC at that time
 */
static inline u64 keel_guest_tsc(const struct keel_vcpu *vcpu, u64 host_tsc)
{
	return keel_clock_scale(host_tsc, vcpu->vm->tsc_multiplier) + vcpu->msrs.tsc_offset;
}

/**
 * keel_tsc_host_ticks - how long a distance of the guest's TSC takes
 * @vcpu: the vCPU
 * @ticks: distance in ticks of the guest
 *
 * Return: host ticks, enough of them; U64_MAX for very many
 */
static inline u64 keel_tsc_host_ticks(const struct keel_vcpu *vcpu, u64 ticks)
{
	return keel_clock_unscale(ticks, vcpu->vm->tsc_multiplier);
}

/** keel_tsc_first_offset - TSC offset of a new vCPU: its TSC was 0 with the VM's birth */
static inline u64 keel_tsc_first_offset(const struct keel_vm *vm)
{
	return -keel_clock_scale(vm->tsc_base, vm->tsc_multiplier);
}

#endif /* KEEL_TSC_H */
