/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all BPF programs of the tool begin with: headers, the filter, the licence.
 *
 * They take the scalars that the tracepoints pass (linux/keel_trace.h) and know
 * no kernel type, so that one program loads on every kernel, with BTF or without.
 */
#ifndef BPF_FILTER_BPF_H
#define BPF_FILTER_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/keel_trace.h>

#include "filter.h"

/* The tracepoints' functions say EXPORT_SYMBOL_GPL, so do some helpers. */
char licence[] SEC("license") = "GPL";

/* Set by the command before it loads the program. */
const volatile struct watch_filter filter = { WATCH_ANY, WATCH_ANY, WATCH_ANY };

/**
 * wanted() - whether the filter lets a vCPU pass
 * @ctx: arguments of a tracepoint whose first two are VM id and vCPU id
 *
 * The tracepoints come in the thread that runs the vCPU.
 */
static __always_inline bool wanted(const struct bpf_raw_tracepoint_args *ctx)
{
	if (filter.vm != WATCH_ANY && (__u32)ctx->args[0] != filter.vm)
		return false;
	if (filter.vcpu != WATCH_ANY && (__u32)ctx->args[1] != filter.vcpu)
		return false;
	return filter.tgid == WATCH_ANY ||
	       bpf_get_current_pid_tgid() >> 32 == filter.tgid;
}

/** vcpu_key() - a number of 64 bits that a vCPU has for itself */
static __always_inline __u64 vcpu_key(const struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] << 32 | (__u32)ctx->args[1];
}

#endif /* BPF_FILTER_BPF_H */
