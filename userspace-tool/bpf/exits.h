/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that measure exits share with the commands.
 */
#ifndef BPF_EXITS_H
#define BPF_EXITS_H

#include <linux/types.h>

/**
 * struct exit_note - what is remembered of a vCPU between tracepoints
 * @key: what its exit is counted under
 * @kernel: ticks that it took in the kernel
 * @keyed: @key belongs to the exit that is being answered (--by port, msr, gpa)
 * @waits: the exit waits for user space
 */
struct exit_note {
	__u64 key;
	__u64 kernel;
	__u32 keyed;
	__u32 waits;
};

#endif /* BPF_EXITS_H */
