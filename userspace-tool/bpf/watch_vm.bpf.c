// SPDX-License-Identifier: GPL-2.0
/*
 * Tells when the VM that is watched has ended.
 */
#include "filter.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ended SEC(".maps");

SEC("raw_tp/keel_vm_destroy")
int vm_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 vm = ctx->args[KEEL_VM_DESTROY_VM_ID];

	if (vm == filter.vm)
		bpf_ringbuf_output(&ended, &vm, sizeof(vm), 0);
	return 0;
}
