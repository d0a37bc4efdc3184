// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: samples, and what lies between two of them.
 *
 * The time of a vCPU is divided into guest, module, user space and halted.  What
 * has ended is in the counters; what goes on at the moment of a sample is not, and
 * may be long: a guest that computes has no exits, one that sleeps has none either.
 * So each sample counts what goes on for as long as it has gone on by then, by what
 * the thread does.  Where that guess was wrong the next sample corrects it.
 */
#include <stdlib.h>
#include <string.h>

#include "top_model.h"

/**
 * top_sample_add() - one more vCPU
 * @sample: gets it at the end; top_sample_sort() afterwards
 * @vm: VM id
 * @vcpu: vCPU id, or TOP_ALL
 *
 * Return: the new one, all zero beside its ids; NULL when memory is out.
 */
struct top_state *top_sample_add(struct top_sample *sample, __u32 vm, __u32 vcpu)
{
	struct top_state *more, *state;

	more = reallocarray(sample->vcpus, sample->nr + 1, sizeof(*more));
	if (!more)
		return NULL;
	sample->vcpus = more;
	state = &more[sample->nr++];
	memset(state, 0, sizeof(*state));
	state->vm = vm;
	state->vcpu = vcpu;
	state->counters.in_user = TOP_NOT_IN_USER;
	return state;
}

static int compare_ids(const void *a, const void *b)
{
	const struct top_state *x = a, *y = b;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	return x->vcpu < y->vcpu ? -1 : x->vcpu > y->vcpu;
}

/**
 * top_sample_sort() - put the vCPUs into their order
 * @sample: a sample
 */
void top_sample_sort(struct top_sample *sample)
{
	if (sample->nr)
		qsort(sample->vcpus, sample->nr, sizeof(*sample->vcpus), compare_ids);
}

/**
 * top_sample_find() - look a vCPU up
 * @sample: sorted
 * @vm: VM id
 * @vcpu: vCPU id
 *
 * Return: the vCPU, or NULL.
 */
const struct top_state *top_sample_find(const struct top_sample *sample, __u32 vm, __u32 vcpu)
{
	const struct top_state key = { .vm = vm, .vcpu = vcpu };

	if (!sample->nr)
		return NULL;
	return bsearch(&key, sample->vcpus, sample->nr, sizeof(key), compare_ids);
}

/**
 * top_sample_clear() - forget a sample
 * @sample: all zero afterwards
 */
void top_sample_clear(struct top_sample *sample)
{
	free(sample->vcpus);
	memset(sample, 0, sizeof(*sample));
}

/* What goes on at the moment of the sample. */
static void add_open(struct top_times *times, const struct top_state *state, double ns)
{
	if (state->counters.in_user == TOP_SLOT_HLT)
		times->halted += ns;
	else if (state->counters.in_user != TOP_NOT_IN_USER)
		times->user += ns;
	else if (state->thread == TOP_THREAD_RUNS)
		times->guest += ns;
	else if (state->thread == TOP_THREAD_SLEEPS)
		times->halted += ns;
	else if (state->thread == TOP_THREAD_WAITS)
		times->kernel += ns;
}

static struct top_times times_of(const struct top_state *state, __u64 now, __u32 tsc_khz)
{
	const struct top_vcpu *counters = &state->counters;
	struct top_times times = { 0 };
	const struct top_slot *slot;
	unsigned int i;

	if (!state->seen)
		return times;
	for (i = 0; i < TOP_SLOTS; i++) {
		slot = &counters->slots[i];
		if (i == TOP_SLOT_HLT) {
			times.halted += top_ns(slot->kernel_cycles, tsc_khz);
			times.halted += top_ns(slot->user_cycles, tsc_khz);
		} else {
			times.kernel += top_ns(slot->kernel_cycles, tsc_khz);
			times.user += top_ns(slot->user_cycles, tsc_khz);
		}
	}
	/* Below 0 when an exit was read without its end: the next sample has that. */
	times.guest = counters->last - counters->first;
	times.guest -= times.kernel + times.user + times.halted;
	/* An event may have come since @now was read. */
	if (now > counters->last)
		add_open(&times, state, now - counters->last);
	return times;
}

/**
 * top_shares() - what the time of a vCPU went into
 * @before: the vCPU at the first moment, or NULL
 * @before_ns: that moment
 * @now: at the second
 * @now_ns: that moment
 * @tsc_khz: frequency of the host's TSC
 *
 * Return: shares of the time between the two, together 1 at most.
 */
struct top_times top_shares(const struct top_state *before, __u64 before_ns,
			    const struct top_state *now, __u64 now_ns, __u32 tsc_khz)
{
	struct top_times new = times_of(now, now_ns, tsc_khz), old = { 0 }, times;
	double wall = now_ns - before_ns, sum;

	if (before)
		old = times_of(before, before_ns, tsc_khz);
	times.guest = top_since(new.guest, old.guest);
	times.kernel = top_since(new.kernel, old.kernel);
	times.user = top_since(new.user, old.user);
	times.halted = top_since(new.halted, old.halted);
	sum = times.guest + times.kernel + times.user + times.halted;
	if (sum > wall)
		wall = sum;
	if (wall <= 0)
		wall = 1;
	times.guest /= wall;
	times.kernel /= wall;
	times.user /= wall;
	times.halted /= wall;
	return times;
}

/**
 * top_slot_since() - what has been counted in a slot
 * @now: a vCPU
 * @before: the same earlier, or NULL
 * @i: the slot
 *
 * Return: what @now has more than @before.
 */
struct top_slot top_slot_since(const struct top_state *now, const struct top_state *before,
			       unsigned int i)
{
	struct top_slot slot = now->counters.slots[i];
	const struct top_slot *old;

	if (!before)
		return slot;
	old = &before->counters.slots[i];
	slot.count -= old->count;
	slot.user -= old->user;
	slot.kernel_cycles -= old->kernel_cycles;
	slot.user_cycles -= old->user_cycles;
	return slot;
}
