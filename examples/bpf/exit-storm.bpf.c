// SPDX-License-Identifier: GPL-2.0
/*
 * exit-storm, the half that runs in the kernel: counts the exits of each vCPU, second
 * by second, and tells the other half when a vCPU exceeds the limit.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "exit-storm.h"

#define SECOND	1000000000ULL

char licence[] SEC("license") = "GPL";

/* Set before the program is loaded: exits a second that are still fine. */
const volatile __u64 limit;

/* Exits of a vCPU in the second that began at @since. */
struct window {
	__u64 since;
	__u64 exits;
};

/*
 * Only the thread that runs a vCPU gets to its window: it needs no lock.  VMs come and
 * go: when there are too many, those that had no exit for longest give way.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} storms SEC(".maps");

SEC("tp_btf/keel_exit")
int BPF_PROG(vm_exit, __u32 vm_id, __u32 vcpu_id, __u32 exit_reason, __u64 guest_rip)
{
	__u64 key = (__u64)vm_id << 32 | vcpu_id, now = bpf_ktime_get_ns();
	struct window *w = bpf_map_lookup_elem(&windows, &key);
	struct window first = { .since = now, .exits = 1 };
	struct storm storm = {
		.vm = vm_id, .vcpu = vcpu_id, .reason = exit_reason & 0xffff, .rip = guest_rip,
	};

	if (!w) {
		bpf_map_update_elem(&windows, &key, &first, BPF_ANY);
		return 0;
	}
	if (now - w->since >= SECOND)
		*w = first;
	else
		w->exits++;
	/* Once a second, not with each further exit. */
	if (w->exits == limit + 1)
		bpf_ringbuf_output(&storms, &storm, sizeof(storm), 0);
	return 0;
}
