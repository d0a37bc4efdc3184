/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where exits come from: shared by bpf/flame.bpf.c, which counts, and keel flame.
 */
#ifndef BPF_FLAME_H
#define BPF_FLAME_H

#include <linux/types.h>

/**
 * struct flame_key - a place in a guest, and why it exits there
 * @rip: guest RIP, 0 with KEEL_TRACE_NO_EXIT
 * @vm: VM id
 * @reason: exit reason, or KEEL_TRACE_NO_EXIT
 */
struct flame_key {
	__u64 rip;
	__u32 vm;
	__u32 reason;
};

/**
 * struct flame_value - what has been counted there, on one CPU
 * @samples: exits
 * @cycles: host TSC ticks that they took, in the kernel and in user space
 */
struct flame_value {
	__u64 samples;
	__u64 cycles;
};

/**
 * struct flame_dropped - what found the table full, on one CPU
 * @samples: exits
 * @cycles: their time
 */
struct flame_dropped {
	__u64 samples;
	__u64 cycles;
};

#endif /* BPF_FLAME_H */
