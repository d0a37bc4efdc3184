// SPDX-License-Identifier: GPL-2.0
/*
 * keel hist: how often exits of each reason took how long.
 */
#include "exits.bpf.h"
#include "hist.h"

/* Beyond that a product of ticks and 10^6 does not fit: longer than an hour. */
#define MOST_TICKS	(1ULL << 44)

/* Ticks in a millisecond, never 0. */
const volatile __u32 tsc_khz = 1;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 512);
	__type(key, __u64);
	__type(value, struct hist_count);
} counts SEC(".maps");

/* Exits for whose reason there was no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static __always_inline __u32 log2_of(__u64 value)
{
	__u32 log2 = 0;

#pragma unroll
	for (int bits = 32; bits; bits /= 2) {
		if (value >> bits) {
			value >>= bits;
			log2 += bits;
		}
	}
	return log2;
}

static __always_inline struct hist_count *count_of(__u64 key)
{
	static const struct hist_count empty;
	struct hist_count *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		return count;
	bpf_map_update_elem(&counts, &key, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counts, &key);
}

static __always_inline void exit_over(__u64 key, __u32 outcome, __u64 kernel,
				      __u64 user)
{
	__u64 ticks = kernel + user;
	struct hist_count *count;
	__u32 zero = 0;
	__u64 *no_room;

	count = count_of(key | (outcome == KEEL_TRACE_USER ? HIST_TO_USER : 0));
	if (!count) {
		no_room = bpf_map_lookup_elem(&lost, &zero);
		if (no_room)
			++*no_room;
		return;
	}
	if (ticks > MOST_TICKS)
		ticks = MOST_TICKS;
	count->slots[log2_of(ticks * 1000000 / tsc_khz) % HIST_SLOTS]++;
}

static __always_inline void user_over(__u64 user)
{
}

static __always_inline bool exit_key(const struct bpf_raw_tracepoint_args *ctx,
				     __u64 *key)
{
	*key = ctx->args[KEEL_EXIT_DONE_REASON] &
	       (KEEL_HW_REASON_FAILED | 0xffff);
	return true;
}

#include "exits_end.bpf.h"
