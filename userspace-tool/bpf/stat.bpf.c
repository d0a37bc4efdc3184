// SPDX-License-Identifier: GPL-2.0
/*
 * keel stat: count exits and their times, by whatever the command asks for.
 */
#include "exits.bpf.h"
#include "stat.h"

/* Basic exit reasons, SDM, appendix "VMX Basic Exit Reasons". */
#define REASON(number, name, prose) REASON_##name = number,
enum { KEEL_HW_REASONS(REASON) };

const volatile __u32 by = STAT_BY_REASON;

/* What is counted now; the command switches it. */
__u32 phase;

/*
 * By anything but the reason.  Copies for each CPU: one that all share would go from
 * CPU to CPU on each exit.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 2);
	__type(key, struct stat_key);
	__type(value, struct stat_count);
} counts SEC(".maps");

/* By reason. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * STAT_REASONS);
	__type(key, __u32);
	__type(value, struct stat_count);
} reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct stat_rest);
} rests SEC(".maps");

static __always_inline struct stat_rest *rest(void)
{
	__u32 index = phase & 1;

	return bpf_map_lookup_elem(&rests, &index);
}

static __always_inline struct stat_count *count_of(__u64 key)
{
	struct stat_key line = { .key = key, .phase = phase & 1 };
	static const struct stat_count empty;
	struct stat_count *count;
	__u32 index;

	if (by == STAT_BY_REASON) {
		index = line.phase * STAT_REASONS + stat_reason_index(key);
		return bpf_map_lookup_elem(&reasons, &index);
	}
	count = bpf_map_lookup_elem(&counts, &line);
	if (count)
		return count;
	bpf_map_update_elem(&counts, &line, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counts, &line);
}

static __always_inline void exit_over(__u64 key, __u32 outcome, __u64 kernel,
				      __u64 user)
{
	struct stat_count *count = count_of(key);
	struct stat_rest *r;

	if (!count) {
		r = rest();
		if (r)
			r->lost++;
		return;
	}
	if (!count->samples || kernel + user < count->min)
		count->min = kernel + user;
	if (kernel + user > count->max)
		count->max = kernel + user;
	count->samples++;
	count->to_user += outcome == KEEL_TRACE_USER;
	count->killed += outcome == KEEL_TRACE_KILLED;
	count->kernel += kernel;
	count->user += user;
}

static __always_inline void user_over(__u64 user)
{
	struct stat_rest *r = rest();

	if (!r)
		return;
	r->returns++;
	r->user += user;
}

/* Whether exits of this reason have a key of the kind that is asked for. */
static __always_inline bool has_key(__u32 basic)
{
	switch (by) {
	case STAT_BY_PORT:
		return basic == REASON_IO_INSTRUCTION;
	case STAT_BY_MSR:
		return basic == REASON_MSR_READ || basic == REASON_MSR_WRITE ||
		       basic == REASON_MSR_READ_IMM ||
		       basic == REASON_MSR_WRITE_IMM;
	case STAT_BY_GPA:
		return basic == REASON_EPT_VIOLATION ||
		       basic == REASON_EPT_MISCONFIG;
	default:
		return true;
	}
}

/* The key that an earlier tracepoint of this exit has noted. */
static __always_inline __u64 noted_key(const struct bpf_raw_tracepoint_args *ctx)
{
	struct exit_note *note = exit_note(ctx);

	if (!note || !note->keyed)
		return STAT_UNKNOWN;
	note->keyed = 0;
	return note->key;
}

static __always_inline bool exit_key(const struct bpf_raw_tracepoint_args *ctx,
				     __u64 *key)
{
	__u32 reason = ctx->args[KEEL_EXIT_DONE_REASON];
	struct stat_rest *r;

	if (!has_key(reason & 0xffff)) {
		r = rest();
		if (r)
			r->others++;
		return false;
	}
	switch (by) {
	case STAT_BY_REASON:
		*key = reason & (KEEL_HW_REASON_FAILED | 0xffff);
		break;
	case STAT_BY_RIP:
		*key = ctx->args[KEEL_EXIT_DONE_RIP];
		break;
	case STAT_BY_VCPU:
		*key = vcpu_key(ctx);
		break;
	default:
		*key = noted_key(ctx);
	}
	return true;
}

static __always_inline void note_key(const struct bpf_raw_tracepoint_args *ctx,
				     __u64 key)
{
	struct exit_note *note = exit_note(ctx);

	if (!note)
		return;
	/* No guest runs before it is answered: its keel_user_done went unseen. */
	if (note->waits)
		exit_over(note->key, KEEL_TRACE_USER, note->kernel, 0);
	note->waits = 0;
	note->key = key;
	note->keyed = 1;
}

/* Loaded by --by port and --by gpa alone. */
SEC("raw_tp/keel_exit")
int vm_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 basic = ctx->args[KEEL_HW_EXIT_REASON] & 0xffff;
	__u64 qualification = ctx->args[KEEL_HW_EXIT_QUALIFICATION];

	if (!wanted(ctx) || !has_key(basic))
		return 0;
	if (by == STAT_BY_GPA) {
		note_key(ctx, ctx->args[KEEL_HW_EXIT_GPA]);
		return 0;
	}
	/* SDM, "Exit Qualification for I/O Instructions": bit 3 is set for IN. */
	note_key(ctx, (qualification >> 16 & 0xffff) |
		 (qualification & 8 ? 0 : STAT_WRITE));
	return 0;
}

/* Loaded by --by msr alone. */
SEC("raw_tp/keel_msr")
int msr(struct bpf_raw_tracepoint_args *ctx)
{
	if (wanted(ctx))
		note_key(ctx, (__u32)ctx->args[KEEL_MSR_INDEX] |
			 (ctx->args[KEEL_MSR_WRITE] ? STAT_WRITE : 0));
	return 0;
}

#include "exits_end.bpf.h"
