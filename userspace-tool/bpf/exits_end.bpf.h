/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs that see exits end: see exits.bpf.h.
 *
 * They are attached in the order of the source, and detached in the reverse: where
 * counting begins or ends on a running guest, all that an exit is counted under is
 * there.
 */
#ifndef BPF_EXITS_END_BPF_H
#define BPF_EXITS_END_BPF_H

static long forget(void *map, const __u64 *key, struct exit_note *note, const __u32 *vm)
{
	if (*key >> 32 != *vm)
		return 0;
	if (note->waits)
		exit_over(note->key, KEEL_TRACE_USER, note->kernel, 0);
	bpf_map_delete_elem(map, key);
	return 0;
}

/* Nobody answers its last exits any more. */
SEC("raw_tp/keel_vm_destroy")
int vm_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 vm = ctx->args[KEEL_VM_DESTROY_VM_ID];

	bpf_for_each_map_elem(&vcpus, forget, &vm, 0);
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

#endif /* BPF_EXITS_END_BPF_H */
