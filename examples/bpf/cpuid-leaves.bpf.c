// SPDX-License-Identifier: GPL-2.0
/*
 * cpuid-leaves, the half that runs in the kernel: a counter for each leaf of each VM.
 *
 * "tp_btf" programs get the tracepoint's arguments with their types, which the kernel
 * checks against the module's BTF when it loads the program.  The arguments are those
 * of docs/tracing.md; the last ones may be left away.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cpuid-leaves.h"

char licence[] SEC("license") = "GPL";

/* One value for each CPU: so no two CPUs fight for a cache line. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct leaf);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/keel_cpuid")
int BPF_PROG(cpuid, __u32 vm_id, __u32 vcpu_id, __u32 function)
{
	struct leaf leaf = { .vm = vm_id, .function = function };
	__u64 one = 1, *count = bpf_map_lookup_elem(&counts, &leaf);

	if (count)
		*count += 1;
	else
		bpf_map_update_elem(&counts, &leaf, &one, BPF_ANY);
	return 0;
}
