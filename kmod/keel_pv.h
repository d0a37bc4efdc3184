/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Keel serves of KVM's paravirtual interface: the clock, stolen time, and an
 * end of interrupt without an exit.  See keel_pv.c.
 */
#ifndef KEEL_PV_H
#define KEEL_PV_H

#include <linux/sched.h>
#include <linux/types.h>
#include <uapi/asm/kvm_para.h>

#include "host.h"

struct keel_vcpu;

/** DOC: &keel_pv.requests: areas in guest memory that are to be written */
#define KEEL_PV_CLOCK	BIT(0)
#define KEEL_PV_WALL	BIT(1)

/**
 * struct keel_pv - the paravirtual side of a vCPU
 * @clock: MSR_KVM_SYSTEM_TIME_NEW
 * @wall: MSR_KVM_WALL_CLOCK_NEW
 * @steal: MSR_KVM_STEAL_TIME
 * @eoi: MSR_KVM_PV_EOI_EN
 * @requests: KEEL_PV_*: done before the next fast section
 * @clock_version: version of the clock's area: even
 * @steal_version: version of the steal area: even
 * @stolen: nanoseconds that the vCPU wanted to run and did not
 * @delay: &sched_info.run_delay of @thread as it was counted last
 * @thread: who ran the vCPU then; only compared
 * @eoi_offered: the bit in guest memory is set, or has been cleared by the guest
 */
struct keel_pv {
	u64 clock;
	u64 wall;
	u64 steal;
	u64 eoi;
	u32 requests;
	u32 clock_version;
	u32 steal_version;
	u64 stolen;
	u64 delay;
	const struct task_struct *thread;
	bool eoi_offered;
};

int keel_pv_read_msr(struct keel_vcpu *vcpu, u32 msr, u64 *value);
int keel_pv_write_msr(struct keel_vcpu *vcpu, u32 msr, u64 value);
void keel_pv_update(struct keel_vcpu *vcpu);
bool keel_pv_eoi_offer(struct keel_vcpu *vcpu);
bool keel_pv_eoi_taken(struct keel_vcpu *vcpu);

/** keel_pv_is_msr - whether a number is in the range that KVM took for itself */
static inline bool keel_pv_is_msr(u32 msr)
{
	return msr >> 8 == MSR_KVM_WALL_CLOCK_NEW >> 8;
}

/** keel_pv_tsc_moved - the guest's TSC was set: its clock goes by another offset */
static inline void keel_pv_tsc_moved(struct keel_pv *pv)
{
	if (pv->clock & KVM_MSR_ENABLED)
		pv->requests |= KEEL_PV_CLOCK;
}

/**
 * keel_pv_wanted - whether keel_pv_update() has something to write
 * @pv: of a vCPU that the current thread is about to run
 */
static inline bool keel_pv_wanted(const struct keel_pv *pv)
{
	return pv->requests || ((pv->steal & KVM_MSR_ENABLED) &&
				(pv->delay != host_run_delay() || pv->thread != current));
}

#endif /* KEEL_PV_H */
