// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: count exits, and what time went into them.
 *
 * An exit that the module answers costs one look-up, two additions and one
 * reading of the clock.  Nothing is attached to keel_entry and keel_exit: what
 * passed between two ends of exits, without the cycles of the second, is the guest's
 * time.
 *
 * The maps are neither per CPU nor locked: all events of a vCPU come in the thread
 * that runs it.
 */
#include "filter.bpf.h"
#include "top.h"

/* Interruption types of linux/keel.h's numbers: bits 10:8 of the field (SDM). */
#define INTR_TYPE(info)		((info) >> 8 & 7)
#define INTR_TYPE_EXTERNAL	0
#define INTR_TYPE_NMI		2

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOP_VCPUS);
	__type(key, __u64);
	__type(value, struct top_vcpu);
} vcpus SEC(".maps");

/* What a new vCPU begins with: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct top_vcpu);
} blank SEC(".maps");

/* VMs that are gone; the command takes them, and their vCPUs, out now and then. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} gone SEC(".maps");

/* Events that found no room in vcpus. */
__u64 lost;

static void set_thread(struct top_vcpu *vcpu)
{
	__u64 id = bpf_get_current_pid_tgid();

	vcpu->tgid = id >> 32;
	vcpu->tid = id;
}

static __noinline struct top_vcpu *add(__u64 key)
{
	struct top_vcpu *vcpu;
	__u32 zero = 0;

	vcpu = bpf_map_lookup_elem(&blank, &zero);
	if (!vcpu)
		return NULL;
	bpf_map_update_elem(&vcpus, &key, vcpu, BPF_NOEXIST);
	vcpu = bpf_map_lookup_elem(&vcpus, &key);
	if (!vcpu) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	set_thread(vcpu);
	vcpu->in_user = TOP_NOT_IN_USER;
	vcpu->last = bpf_ktime_get_ns();
	vcpu->first = vcpu->last;
	return vcpu;
}

static __always_inline struct top_vcpu *find(__u64 key)
{
	return bpf_map_lookup_elem(&vcpus, &key);
}

static __always_inline __u32 slot_of(__u32 reason)
{
	if (reason == KEEL_TRACE_NO_EXIT)
		return TOP_NO_EXIT;
	reason &= 0xffff;
	return reason < TOP_NO_EXIT ? reason : TOP_OTHER;
}

SEC("raw_tp/keel_exit_done")
int exit_done(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 key = vcpu_key(ctx), cycles = ctx->args[KEEL_EXIT_DONE_CYCLES];
	struct top_vcpu *vcpu;
	struct top_slot *slot;

	if (!wanted(ctx))
		return 0;
	vcpu = find(key);
	if (!vcpu) {
		vcpu = add(key);
		if (!vcpu)
			return 0;
		/* They were spent before counting began. */
		cycles = 0;
	}
	slot = &vcpu->slots[slot_of(ctx->args[KEEL_EXIT_DONE_REASON])];
	slot->count++;
	if (ctx->args[KEEL_EXIT_DONE_OUTCOME] == KEEL_TRACE_USER)
		slot->user++;
	slot->kernel_cycles += cycles;
	vcpu->last = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/keel_user_exit")
int user_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct top_vcpu *vcpu;

	if (!wanted(ctx))
		return 0;
	vcpu = find(vcpu_key(ctx));
	if (!vcpu)
		vcpu = add(vcpu_key(ctx));
	if (!vcpu)
		return 0;
	vcpu->in_user = slot_of(ctx->args[KEEL_USER_EXIT_REASON]);
	vcpu->last = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/keel_user_done")
int user_done(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 key = vcpu_key(ctx), cycles = ctx->args[KEEL_USER_DONE_CYCLES];
	struct top_vcpu *vcpu;

	if (!wanted(ctx))
		return 0;
	vcpu = find(key);
	if (!vcpu) {
		vcpu = add(key);
		if (!vcpu)
			return 0;
		cycles = 0;
	}
	vcpu->slots[slot_of(ctx->args[KEEL_USER_DONE_REASON])].user_cycles += cycles;
	vcpu->in_user = TOP_NOT_IN_USER;
	vcpu->last = bpf_ktime_get_ns();
	set_thread(vcpu);
	return 0;
}

SEC("raw_tp/keel_inject")
int inject(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 type = INTR_TYPE(ctx->args[KEEL_INJECT_INTR_INFO]);
	struct top_vcpu *vcpu;

	if (!wanted(ctx) || (type != INTR_TYPE_EXTERNAL && type != INTR_TYPE_NMI))
		return 0;
	vcpu = find(vcpu_key(ctx));
	if (!vcpu)
		vcpu = add(vcpu_key(ctx));
	if (vcpu)
		vcpu->interrupts++;
	return 0;
}

SEC("raw_tp/keel_vm_destroy")
int vm_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 vm = ctx->args[KEEL_VM_DESTROY_VM_ID];

	bpf_map_update_elem(&gone, &vm, &vm, BPF_ANY);
	return 0;
}
