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
 * A program that includes this defines exit_key(), exit_over() and user_over(), and
 * includes exits_end.bpf.h at its end.
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

#endif /* BPF_EXITS_BPF_H */
