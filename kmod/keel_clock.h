/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arithmetic of clocks: the host's TSC, the guest's, and nanoseconds.  Pure; what
 * belongs to a vCPU is in keel_tsc.h.
 */
#ifndef KEEL_CLOCK_H
#define KEEL_CLOCK_H

#include <linux/math64.h>
#include <linux/types.h>

/** define KEEL_TSC_FRACTION - bits of a TSC multiplier that are its fraction */
#define KEEL_TSC_FRACTION	48

/**
 * struct keel_clock - from ticks to nanoseconds, as KVM's clock tells the guest
 * @mul: factor in units of 2^-32, 2^31 or more
 * @shift: ticks are shifted left by it first, or right where it is negative
 */
struct keel_clock {
	u32 mul;
	s8 shift;
};

/**
 * define KEEL_CLOCK_SLEEP_NS - longest sleep: 2^32 milliseconds
 *
 * A guest can ask for any moment of 64 bits.  In nanoseconds that may be more than
 * 64 bits, and is more than the signed time of the host's timers.
 */
#define KEEL_CLOCK_SLEEP_NS	((1ULL << 32) * 1000000)

int keel_clock_multiplier(u32 host_khz, u32 guest_khz, u64 *multiplier);
u64 keel_clock_unscale(u64 ticks, u64 multiplier);
u64 keel_clock_sleep_ns(u64 ticks, u32 khz);
struct keel_clock keel_clock_of(u32 khz);
u64 keel_clock_ns(const struct keel_clock *clock, u64 ticks);

/**
 * keel_clock_scale - from the host's TSC to the guest's, its offset apart
 * @tsc: host TSC
 * @multiplier: from keel_clock_multiplier(); 0: none
 *
 * As the CPU does it: SDM, "Use TSC Scaling".
 *
 * Return: ticks of the guest, modulo 2^64
 */
static inline u64 keel_clock_scale(u64 tsc, u64 multiplier)
{
	return multiplier ? mul_u64_u64_shr(tsc, multiplier, KEEL_TSC_FRACTION) : tsc;
}

#endif /* KEEL_CLOCK_H */
