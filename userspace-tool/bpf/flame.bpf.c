// SPDX-License-Identifier: GPL-2.0
/*
 * keel flame: count exits, and their time, by place and reason.
 *
 * Each CPU has counters of its own: nothing is shared while guests run.
 */
#include "filter.bpf.h"

#include "flame.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flame_key);
	__type(value, struct flame_value);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flame_dropped);
} dropped SEC(".maps");

static __always_inline void add(const struct flame_key *key, __u64 samples,
				__u64 cycles)
{
	struct flame_value none = {}, *value;
	struct flame_dropped *mine;
	__u32 zero = 0;

	value = bpf_map_lookup_elem(&places, key);
	if (!value) {
		bpf_map_update_elem(&places, key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&places, key);
	}
	if (value) {
		value->samples += samples;
		value->cycles += cycles;
		return;
	}
	mine = bpf_map_lookup_elem(&dropped, &zero);
	if (mine) {
		mine->samples += samples;
		mine->cycles += cycles;
	}
}

SEC("raw_tp/keel_exit_done")
int exit_done(struct bpf_raw_tracepoint_args *ctx)
{
	struct flame_key key = {
		.rip = ctx->args[KEEL_EXIT_DONE_RIP],
		.vm = ctx->args[KEEL_EXIT_DONE_VM_ID],
		.reason = ctx->args[KEEL_EXIT_DONE_REASON],
	};

	if (wanted(ctx))
		add(&key, 1, ctx->args[KEEL_EXIT_DONE_CYCLES]);
	return 0;
}

/* The exit itself has been counted by keel_exit_done. */
SEC("raw_tp/keel_user_done")
int user_done(struct bpf_raw_tracepoint_args *ctx)
{
	struct flame_key key = {
		.rip = ctx->args[KEEL_USER_DONE_RIP],
		.vm = ctx->args[KEEL_USER_DONE_VM_ID],
		.reason = ctx->args[KEEL_USER_DONE_REASON],
	};

	if (wanted(ctx))
		add(&key, 0, ctx->args[KEEL_USER_DONE_CYCLES]);
	return 0;
}
