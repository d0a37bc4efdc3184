// SPDX-License-Identifier: GPL-2.0
/*
 * msr-watch, the half that runs in the kernel: sends WRMSRs of large values to the
 * other half.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "msr-watch.h"

char licence[] SEC("license") = "GPL";

/* Set before the program is loaded; then it is a constant. */
const volatile __u64 threshold;

/* Each write that found the ring buffer full. */
__u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} writes SEC(".maps");

SEC("tp_btf/keel_msr")
int BPF_PROG(msr, __u32 vm_id, __u32 vcpu_id, __u32 write, __u32 index, __u64 data,
	     __u32 exception)
{
	struct msr_write *w;

	if (!write || data <= threshold)
		return 0;
	w = bpf_ringbuf_reserve(&writes, sizeof(*w), 0);
	if (!w) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	w->vm = vm_id;
	w->vcpu = vcpu_id;
	w->msr = index;
	w->value = data;
	w->refused = exception;
	bpf_ringbuf_submit(w, 0);
	return 0;
}
