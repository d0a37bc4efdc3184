// SPDX-License-Identifier: GPL-2.0
/* See keel_clock.h; this file is pure and is compiled into the unit tests too. */
#include "keel_clock.h"

#include <linux/errno.h>
#include <linux/kernel.h>

/**
 * keel_clock_multiplier - the factor between two TSCs
 * @host_khz: frequency of the host's TSC; not 0
 * @guest_khz: frequency that the guest shall see
 * @multiplier: set on success: with a fraction of 48 bits, as in the VMCS
 *
 * Return: 0; -EINVAL where the factor is not within 64 bits.
 */
int keel_clock_multiplier(u32 host_khz, u32 guest_khz, u64 *multiplier)
{
	/* 80 bits by 32: in two steps. */
	u64 high = ((u64)guest_khz << 32) / host_khz;
	u64 rest = ((u64)guest_khz << 32) % host_khz;

	if (high >> KEEL_TSC_FRACTION)
		return -EINVAL;
	*multiplier = high << 16 | (rest << 16) / host_khz;
	return *multiplier ? 0 : -EINVAL;
}

/**
 * keel_clock_unscale - how long a distance of the guest's TSC takes
 * @ticks: distance in ticks of the guest
 * @multiplier: from keel_clock_multiplier(); 0: none
 *
 * Return: host ticks after which it is certain to have passed; U64_MAX where that
 * takes longer than 64 bits.
 */
u64 keel_clock_unscale(u64 ticks, u64 multiplier)
{
	if (!multiplier)
		return ticks;
	/* The quotient must fit, or the division faults. */
	if (ticks >> (64 - KEEL_TSC_FRACTION) >= multiplier)
		return U64_MAX;
	ticks = mul_u64_u64_div_u64(ticks, 1ULL << KEEL_TSC_FRACTION, multiplier);
	return ticks == U64_MAX ? ticks : ticks + 1;
}

/**
 * keel_clock_sleep_ns - how long to sleep until a moment of a TSC
 * @ticks: how far away it is
 * @khz: the TSC's frequency; not 0
 *
 * Return: nanoseconds, rounded down; at most KEEL_CLOCK_SLEEP_NS, after which who
 * sleeps has to look again
 */
u64 keel_clock_sleep_ns(u64 ticks, u32 khz)
{
	u64 ms = ticks / khz;

	if (ms >= KEEL_CLOCK_SLEEP_NS / 1000000)
		return KEEL_CLOCK_SLEEP_NS;
	return ms * 1000000 + ticks % khz * 1000000 / khz;
}

/**
 * keel_clock_of - the conversion to nanoseconds for a TSC
 * @khz: its frequency; not 0
 *
 * Rounded down, so that a guest that works the frequency out from it, rounding
 * down as well, gets @khz back and not one less.
 *
 * Return: the conversion; it is slow by less than 1 in 2^31
 */
struct keel_clock keel_clock_of(u32 khz)
{
	u64 ns = 1000000ULL << 32, per = khz;	/* a millisecond, both */
	s8 shift = 0;

	for (; ns / per > U32_MAX; per <<= 1)
		shift++;
	for (; ns / per < 1U << 31; ns <<= 1)
		shift--;
	return (struct keel_clock){ .mul = ns / per, .shift = shift };
}

/**
 * keel_clock_ns - ticks in nanoseconds, as the guest computes it
 * @clock: the conversion
 * @ticks: how many
 */
u64 keel_clock_ns(const struct keel_clock *clock, u64 ticks)
{
	if (clock->shift < 0)
		ticks >>= -clock->shift;
	else
		ticks <<= clock->shift;
	return mul_u64_u32_shr(ticks, clock->mul, 32);
}
