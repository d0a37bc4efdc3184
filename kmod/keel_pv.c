// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual interface, as much of it as lets an unmodified guest keep good
 * time.  The guest gives addresses in its memory by MSRs; each MSR exists only
 * where CPUID told the guest of its feature (keel_cpuid_policy.c says which are
 * offered at all).
 *
 * An MSR is written inside the fast section, where guest memory may not be touched
 * because it may not be there.  So a write only notes what is to be done, and the
 * run loop calls keel_pv_update() before the next section.  A guest that names an
 * address where it has no memory gets nothing written.
 *
 * The other side is described in Linux' Documentation/virt/kvm/x86/msr.rst.
 */
#include "keel_pv.h"

#include <linux/math64.h>
#include <linux/nospec.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/pvclock-abi.h>
#include <asm/tsc.h>

#include "keel_tsc.h"
#include "keel_vcpu.h"
#include "keel_vm.h"

struct pv_msr {
	u32 feature;
	u64 reserved;	/* bits; 0: there is no such MSR */
};

static const struct pv_msr pv_msrs[] = {
	[MSR_KVM_WALL_CLOCK_NEW & 0xff] = { KVM_FEATURE_CLOCKSOURCE2, GENMASK(1, 0) },
	[MSR_KVM_SYSTEM_TIME_NEW & 0xff] = { KVM_FEATURE_CLOCKSOURCE2, BIT(1) },
	[MSR_KVM_STEAL_TIME & 0xff] = { KVM_FEATURE_STEAL_TIME, KVM_STEAL_RESERVED_MASK },
	[MSR_KVM_PV_EOI_EN & 0xff] = { KVM_FEATURE_PV_EOI, BIT(1) },
};

/* NULL where the guest was not told of it. */
static const struct pv_msr *msr_of(const struct keel_vcpu *vcpu, u32 msr)
{
	const struct pv_msr *m;
	u32 i = msr & 0xff;

	if (i >= ARRAY_SIZE(pv_msrs))
		return NULL;
	m = &pv_msrs[array_index_nospec(i, ARRAY_SIZE(pv_msrs))];
	if (!m->reserved || !keel_cpuid_guest_kvm(&vcpu->cpuid, m->feature))
		return NULL;
	return m;
}

static u64 *value_of(struct keel_pv *pv, u32 msr)
{
	switch (msr) {
	case MSR_KVM_WALL_CLOCK_NEW:
		return &pv->wall;
	case MSR_KVM_SYSTEM_TIME_NEW:
		return &pv->clock;
	case MSR_KVM_STEAL_TIME:
		return &pv->steal;
	default:
		return &pv->eoi;
	}
}

/**
 * keel_pv_read_msr - read one of KVM's MSRs
 * @vcpu: the vCPU
 * @msr: keel_pv_is_msr() holds
 * @value: set on success
 *
 * Return: 0 or -ENOENT.
 */
int keel_pv_read_msr(struct keel_vcpu *vcpu, u32 msr, u64 *value)
{
	if (!msr_of(vcpu, msr))
		return -ENOENT;
	*value = *value_of(&vcpu->pv, msr);
	return 0;
}

/**
 * keel_pv_write_msr - write one of KVM's MSRs
 * @vcpu: the vCPU
 * @msr: keel_pv_is_msr() holds
 * @value: new value
 *
 * What follows from it in guest memory is done by keel_pv_update().
 *
 * Return: 0, -ENOENT or -EINVAL as vmx_msr_write().
 */
int keel_pv_write_msr(struct keel_vcpu *vcpu, u32 msr, u64 value)
{
	u8 phys_bits = keel_cpuid_guest_phys_bits(&vcpu->cpuid);
	const struct pv_msr *m = msr_of(vcpu, msr);
	struct keel_pv *pv = &vcpu->pv;

	if (!m)
		return -ENOENT;
	if (value & m->reserved || value >> phys_bits)
		return -EINVAL;
	*value_of(pv, msr) = value;
	if (msr == MSR_KVM_WALL_CLOCK_NEW)
		pv->requests |= KEEL_PV_WALL;
	else if (msr == MSR_KVM_SYSTEM_TIME_NEW)
		pv->requests = (pv->requests & ~KEEL_PV_CLOCK) |
			       (value & KVM_MSR_ENABLED ? KEEL_PV_CLOCK : 0);
	else if (msr == MSR_KVM_STEAL_TIME)
		pv->thread = NULL;	/* count from now on, and write */
	else
		pv->eoi_offered = false;
	return 0;
}

/* What the TSC was when the VM was made, as the guest counts now. */
static u64 tsc_at_start(const struct keel_vcpu *vcpu)
{
	return vcpu->msrs.tsc_offset - keel_tsc_first_offset(vcpu->vm);
}

/*
 * An area with a version: uneven while the rest changes.  Other vCPUs may look on.
 * Returns the new version.
 */
static u32 write_area(struct keel_vcpu *vcpu, u64 version_gpa, u32 version,
		      u64 gpa, const void *data, size_t len)
{
	struct keel_mem *mem = &vcpu->vm->mem;
	u32 odd = version + 1, even = version + 2;
	int ret;

	ret = keel_mem_write(mem, version_gpa, &odd, sizeof(odd));
	smp_wmb();	/* the guest sees the version first ... */
	ret = ret ?: keel_mem_write(mem, gpa, data, len);
	smp_wmb();	/* ... and last */
	ret = ret ?: keel_mem_write(mem, version_gpa, &even, sizeof(even));
	if (ret)
		pr_info_ratelimited("VM %u vCPU %u: a paravirtual area at 0x%llx, where no memory is\n",
				    vcpu->vm->id, vcpu->id, gpa);
	return even;
}

/* One conversion for good: the TSC neither stops nor changes its pace. */
static void write_clock(struct keel_vcpu *vcpu)
{
	const size_t skip = offsetofend(struct pvclock_vcpu_time_info, version);
	u64 gpa = vcpu->pv.clock & ~(u64)KVM_MSR_ENABLED;
	struct keel_clock clock = keel_clock_of(vcpu->vm->tsc_khz);
	struct pvclock_vcpu_time_info info = {
		.tsc_timestamp = tsc_at_start(vcpu),
		.tsc_to_system_mul = clock.mul,
		.tsc_shift = clock.shift,
	};

	if (keel_cpuid_guest_kvm(&vcpu->cpuid, KVM_FEATURE_CLOCKSOURCE_STABLE_BIT))
		info.flags = PVCLOCK_TSC_STABLE_BIT;
	vcpu->pv.clock_version = write_area(vcpu, gpa, vcpu->pv.clock_version, gpa + skip,
					    (u8 *)&info + skip, sizeof(info) - skip);
}

/* The time of day at which the clock was 0. */
static void write_wall(struct keel_vcpu *vcpu)
{
	struct keel_clock clock = keel_clock_of(vcpu->vm->tsc_khz);
	struct pvclock_wall_clock wall;
	u32 rest, version;
	u64 now, tsc;

	local_irq_disable();	/* both at once */
	now = ktime_get_real_ns();
	tsc = rdtsc();
	local_irq_enable();
	now -= keel_clock_ns(&clock, keel_guest_tsc(vcpu, tsc) - tsc_at_start(vcpu));
	wall.sec = div_u64_rem(now, NSEC_PER_SEC, &rest);
	wall.nsec = rest;
	/* All vCPUs may write the same area, so that its own version counts. */
	if (keel_mem_read(&vcpu->vm->mem, vcpu->pv.wall, &version, sizeof(version)))
		version = 0;
	write_area(vcpu, vcpu->pv.wall, version & ~1U, vcpu->pv.wall + sizeof(version),
		   &wall.sec, sizeof(wall) - sizeof(version));
}

static void write_steal(struct keel_vcpu *vcpu)
{
	struct keel_pv *pv = &vcpu->pv;
	u64 gpa = pv->steal & KVM_STEAL_VALID_BITS, delay = host_run_delay();

	/* Another thread's waiting is not the vCPU's. */
	if (pv->thread == current)
		pv->stolen += delay - pv->delay;
	pv->thread = current;
	pv->delay = delay;
	pv->steal_version = write_area(vcpu, gpa + offsetof(struct kvm_steal_time, version),
				       pv->steal_version,
				       gpa + offsetof(struct kvm_steal_time, steal),
				       &pv->stolen, sizeof(pv->stolen));
}

/**
 * keel_pv_update - write what the guest shall find in its memory
 * @vcpu: about to run by the current thread; may sleep
 */
void keel_pv_update(struct keel_vcpu *vcpu)
{
	struct keel_pv *pv = &vcpu->pv;
	u32 requests = pv->requests;

	pv->requests = 0;
	if (requests & KEEL_PV_CLOCK)
		write_clock(vcpu);
	if (requests & KEEL_PV_WALL)
		write_wall(vcpu);
	if (pv->steal & KVM_MSR_ENABLED)
		write_steal(vcpu);
}

static u64 eoi_gpa(const struct keel_pv *pv)
{
	return pv->eoi & ~(u64)KVM_MSR_ENABLED;
}

/**
 * keel_pv_eoi_offer - let the guest end its interrupt without an exit
 * @vcpu: about to enter the guest; page faults are not taken, so that it may be
 *	called in the fast section
 *
 * To be called where exactly one interrupt is in service, it is edge-triggered, and
 * nothing waits for its end.  Each exit that follows must ask keel_pv_eoi_taken()
 * before it looks at the local APIC.
 *
 * Return: whether the bit is set in guest memory
 */
bool keel_pv_eoi_offer(struct keel_vcpu *vcpu)
{
	const u8 bit = KVM_PV_EOI_ENABLED;
	struct keel_pv *pv = &vcpu->pv;

	if (!(pv->eoi & KVM_MSR_ENABLED))
		return false;
	pagefault_disable();
	pv->eoi_offered = !keel_mem_write_irqs_off(&vcpu->vm->mem, eoi_gpa(pv), &bit,
						    sizeof(bit));
	pagefault_enable();
	return pv->eoi_offered;
}

/**
 * keel_pv_eoi_taken - after an exit: has the guest ended its interrupt
 * @vcpu: in the fast section; page faults are not taken
 *
 * Takes the offer back in any case, but for one: where the page has gone meanwhile,
 * the offer stands and the next exit asks again.
 *
 * Return: true where the guest took the offer: the highest interrupt in service is
 * done
 */
bool keel_pv_eoi_taken(struct keel_vcpu *vcpu)
{
	struct keel_pv *pv = &vcpu->pv;
	u8 bit = 0;
	const u8 none = 0;
	int ret;

	if (!pv->eoi_offered)
		return false;
	pagefault_disable();
	ret = keel_mem_read(&vcpu->vm->mem, eoi_gpa(pv), &bit, sizeof(bit));
	if (!ret && (bit & KVM_PV_EOI_MASK))
		ret = keel_mem_write_irqs_off(&vcpu->vm->mem, eoi_gpa(pv), &none,
					      sizeof(none));
	pagefault_enable();
	if (ret)
		return false;
	pv->eoi_offered = false;
	return !(bit & KVM_PV_EOI_MASK);
}
