// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's timer: one-shot, periodic, TSC deadline.  Pure: the time is
 * the caller's, as the guest's TSC.
 *
 * All three are one thing here, a value of the guest's TSC at which the timer
 * ends (&keel_lapic.expires); the current count is worked out from it when it is
 * read.
 *
 * SDM: "APIC Timer", "TSC-Deadline Mode".
 */
#include "keel_lapic.h"

#include "keel_lapic_regs.h"

#define LVT_TIMER_MODE		(3U << 17)

static u32 timer_mode(const struct keel_lapic *apic)
{
	return lapic_get(apic, APIC_LVTT) & LVT_TIMER_MODE;
}

/*
 * Counts of the divided clock in ticks of the guest's TSC.  Quotient and
 * remainder go apart, so that nothing overflows: a count has 32 bits, the divider
 * 7, tsc_khz 32, KEEL_APIC_KHZ 20.
 */
static u64 ticks_of(const struct keel_lapic *apic, u32 count)
{
	u64 clocks = (u64)count << apic->shift;

	return clocks / KEEL_APIC_KHZ * apic->tsc_khz +
	       clocks % KEEL_APIC_KHZ * apic->tsc_khz / KEEL_APIC_KHZ;
}

/* The other way round.  A count that has begun still shows, so it rounds up. */
static u64 count_of(const struct keel_lapic *apic, u64 ticks)
{
	u64 clocks = ticks / apic->tsc_khz * KEEL_APIC_KHZ +
		     (ticks % apic->tsc_khz * KEEL_APIC_KHZ + apic->tsc_khz - 1) / apic->tsc_khz;

	return (clocks + (1U << apic->shift) - 1) >> apic->shift;
}

static u64 period_of(const struct keel_lapic *apic, u32 count)
{
	u64 period = ticks_of(apic, count);
	u64 shortest = (u64)apic->tsc_khz * KEEL_APIC_MIN_PERIOD_US / 1000 + 1;

	return period < shortest ? shortest : period;
}

/* A timer that would end after the TSC has wrapped ends never, and not at once. */
static u64 later(u64 tsc, u64 ticks)
{
	return tsc + ticks < tsc ? ~0ULL : tsc + ticks;
}

/* lapic_timer_stop - nothing runs any more */
void lapic_timer_stop(struct keel_lapic *apic)
{
	apic->deadline = 0;
	apic->expires = 0;
	apic->period = 0;
}

/*
 * lapic_timer_lvt_written - a change between TSC-deadline mode and the others
 * disarms the timer; one between one-shot and periodic counts when it ends
 *
 * Which mode it was, @deadline tells: see struct keel_lapic on old values.
 */
u32 lapic_timer_lvt_written(struct keel_lapic *apic)
{
	bool deadline_mode = timer_mode(apic) == APIC_LVT_TIMER_TSCDEADLINE;

	if (!apic->expires || deadline_mode == !!apic->deadline)
		return 0;
	lapic_put(apic, APIC_TMICT, 0);
	lapic_timer_stop(apic);
	return KEEL_LAPIC_TIMER;
}

/* lapic_timer_start - the initial-count register has been written */
u32 lapic_timer_start(struct keel_lapic *apic, u64 tsc)
{
	u32 count = lapic_get(apic, APIC_TMICT);
	u32 mode = timer_mode(apic);

	/* "Writes to the initial-count register are ignored" in that mode. */
	if (mode == APIC_LVT_TIMER_TSCDEADLINE) {
		lapic_put(apic, APIC_TMICT, 0);
		return 0;
	}
	lapic_timer_stop(apic);
	if (count && mode != LVT_TIMER_MODE) {
		apic->period = period_of(apic, count);
		apic->expires = later(tsc, mode == APIC_LVT_TIMER_PERIODIC ?
					   apic->period : ticks_of(apic, count));
	}
	return KEEL_LAPIC_TIMER;
}

/* lapic_timer_divide - the divide configuration register has been written */
u32 lapic_timer_divide(struct keel_lapic *apic, u64 tsc)
{
	u32 tdcr = lapic_get(apic, APIC_TDCR);
	u32 count = lapic_timer_count(apic, tsc);

	/* Bits 3, 1, 0: 000b is 2, 110b is 128, 111b is 1. */
	apic->shift = ((tdcr & 3) + ((tdcr >> 1) & 4) + 1) & 7;
	if (!apic->expires || apic->deadline)
		return 0;
	/* It counts on from where it is, at the new pace. */
	apic->period = period_of(apic, lapic_get(apic, APIC_TMICT));
	apic->expires = later(tsc, ticks_of(apic, count));
	return KEEL_LAPIC_TIMER;
}

/*
 * lapic_timer_deadline - IA32_TSC_DEADLINE has been written
 *
 * A deadline that has passed comes at once.
 */
u32 lapic_timer_deadline(struct keel_lapic *apic, u64 deadline, u64 tsc)
{
	if (timer_mode(apic) != APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	apic->deadline = deadline;
	apic->expires = deadline;
	return KEEL_LAPIC_TIMER | keel_lapic_expire(apic, tsc);
}

/* lapic_timer_count - the current-count register */
u32 lapic_timer_count(const struct keel_lapic *apic, u64 tsc)
{
	u32 initial = lapic_get(apic, APIC_TMICT);
	u64 left, count;

	if (!apic->expires || apic->deadline)
		return 0;
	if (tsc < apic->expires)
		left = apic->expires - tsc;
	else if (timer_mode(apic) == APIC_LVT_TIMER_PERIODIC)
		left = apic->period - (tsc - apic->expires) % apic->period;
	else
		return 0;
	/* More only where the period has been made longer than was asked for. */
	count = count_of(apic, left);
	return count < initial ? count : initial;
}

/**
 * keel_lapic_expire - let the timer end, should it be due
 * @apic: the local APIC
 * @tsc: the guest's TSC
 *
 * Periods that nobody has looked at in time give one interrupt, as they do where
 * IRR has its bit set already.  Afterwards &keel_lapic.expires is 0 or after @tsc.
 *
 * Return: KEEL_LAPIC_TIMER where it has ended, with what its interrupt asks for.
 */
u32 keel_lapic_expire(struct keel_lapic *apic, u64 tsc)
{
	u64 late = tsc - apic->expires;

	if (!apic->expires || tsc < apic->expires)
		return 0;
	if (timer_mode(apic) == APIC_LVT_TIMER_PERIODIC && apic->period) {
		/* Not @later(): at the last tick of all it would never be after. */
		apic->expires = tsc + apic->period - late % apic->period;
		if (apic->expires <= tsc)
			apic->expires = 0;
	} else {
		lapic_timer_stop(apic);
	}
	return KEEL_LAPIC_TIMER | lapic_lvt_deliver(apic, APIC_LVTT);
}

/**
 * keel_lapic_move_tsc - the guest's TSC has been set
 * @apic: the local APIC
 * @delta: by how much it has moved, modulo 2^64
 *
 * A count goes on regardless; a deadline is a value of the TSC and stays as it is.
 */
void keel_lapic_move_tsc(struct keel_lapic *apic, u64 delta)
{
	if (apic->deadline || !apic->expires)
		return;
	apic->expires += delta;
	/* 0 means that it does not run. */
	if (!apic->expires)
		apic->expires = 1;
}
