/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From tracepoints to exits that are over: for programs that measure them.
 *
 * An exit that the module answers is over at keel_exit_done.  One that user space
 * answers is over at keel_user_done; until then its vCPU has a note in the map
 * "vcpus".  Notes that are left when the watch ends are the exits whose guest was
 * not entered again: the command counts them, so that every keel_exit_done counts
 * once.
 *
 * A program that includes this defines exit_key() and exit_over().
 */
#ifndef BPF_EXITS_BPF_H
#define BPF_EXITS_BPF_H

#include "filter.bpf.h"
#include "exits.h"

/*
 * Only the thread that runs a vCPU touches its note: no lock, and no copy for each
 * CPU, between which the thread may move.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct exit_note);
} vcpus SEC(".maps");

/**
 * exit_key() - what an exit is counted under
 * @ctx: arguments of keel_exit_done
 * @key: the key
 *
 * Return: whether it is to be counted.
 */
static __always_inline bool exit_key(const struct bpf_raw_tracepoint_args *ctx,
				     __u64 *key);

/**
 * exit_over() - count an exit
 * @key: from exit_key()
 * @outcome: enum keel_trace_outcome
 * @kernel: ticks in the kernel
 * @user: ticks in user space
 */
static __always_inline void exit_over(__u64 key, __u32 outcome, __u64 kernel,
				      __u64 user);

/**
 * user_over() - user space is done with what was no exit
 * @user: ticks in user space
 */
static __always_inline void user_over(__u64 user);

/* The note of a vCPU; a new one where it has none, NULL where there is no room. */
static __always_inline struct exit_note *
exit_note(const struct bpf_raw_tracepoint_args *ctx)
{
	static const struct exit_note empty;
	__u64 vcpu = vcpu_key(ctx);
	struct exit_note *note = bpf_map_lookup_elem(&vcpus, &vcpu);

	if (note)
		return note;
	bpf_map_update_elem(&vcpus, &vcpu, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&vcpus, &vcpu);
}

/* Remember what has gone to user space; without room it counts at once. */
static __always_inline void exit_asks_user(const struct bpf_raw_tracepoint_args *ctx,
					   __u64 key)
{
	struct exit_note *note = exit_note(ctx);
	__u64 kernel = ctx->args[KEEL_EXIT_DONE_CYCLES];

	if (!note) {
		exit_over(key, KEEL_TRACE_USER, kernel, 0);
		return;
	}
	if (note->waits)
		exit_over(note->key, KEEL_TRACE_USER, note->kernel, 0);
	note->key = key;
	note->kernel = kernel;
	note->waits = 1;
}

SEC("raw_tp/keel_exit_done")
int exit_done(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 outcome = ctx->args[KEEL_EXIT_DONE_OUTCOME];
	__u64 key;

	if (!wanted(ctx) || !exit_key(ctx, &key))
		return 0;
	if (outcome == KEEL_TRACE_USER)
		exit_asks_user(ctx, key);
	else
		exit_over(key, outcome, ctx->args[KEEL_EXIT_DONE_CYCLES], 0);
	return 0;
}

SEC("raw_tp/keel_user_done")
int user_done(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 reason = ctx->args[KEEL_USER_DONE_REASON];
	__u64 user = ctx->args[KEEL_USER_DONE_CYCLES];
	__u64 vcpu = vcpu_key(ctx);
	struct exit_note *note;

	if (!wanted(ctx))
		return 0;
	if (reason == KEEL_TRACE_NO_EXIT) {
		user_over(user);
		return 0;
	}
	note = bpf_map_lookup_elem(&vcpus, &vcpu);
	/* None of an exit before the watch began, or one that does not count. */
	if (!note || !note->waits)
		return 0;
	note->waits = 0;
	exit_over(note->key, KEEL_TRACE_USER, note->kernel, user);
	return 0;
}

#endif /* BPF_EXITS_BPF_H */
