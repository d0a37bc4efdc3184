/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keel top's BPF program counts for each vCPU.
 */
#ifndef BPF_TOP_H
#define BPF_TOP_H

#include <linux/types.h>

/** define TOP_VCPUS - most vCPUs that are counted at a time */
#define TOP_VCPUS	1024
/** define TOP_NO_EXIT - slot of returns to user space that no exit led to */
#define TOP_NO_EXIT	96
/** define TOP_OTHER - slot of exit reasons beyond those that are in use */
#define TOP_OTHER	97
/** define TOP_SLOTS - number of slots; those below TOP_NO_EXIT are exit reasons */
#define TOP_SLOTS	98
/** define TOP_NOT_IN_USER - the vCPU is not in user space */
#define TOP_NOT_IN_USER	0xffffffffU

/**
 * struct top_slot - exits of one reason
 * @count: how many
 * @user: those of them that went to user space
 * @kernel_cycles: host TSC ticks in the module
 * @user_cycles: host TSC ticks in user space
 */
struct top_slot {
	__u64 count;
	__u64 user;
	__u64 kernel_cycles;
	__u64 user_cycles;
};

/**
 * struct top_vcpu - a vCPU; only the thread that runs it writes here
 * @first: CLOCK_MONOTONIC, in nanoseconds, when counting began
 * @last: of the latest event; the time between the two that is in no slot is the
 *	guest's
 * @tgid: process
 * @tid: thread
 * @in_user: slot of the exit that user space has now, or TOP_NOT_IN_USER
 * @reserved: 0
 * @interrupts: injected interrupts and NMIs
 * @slots: by exit reason
 */
struct top_vcpu {
	__u64 first;
	__u64 last;
	__u32 tgid;
	__u32 tid;
	__u32 in_user;
	__u32 reserved;
	__u64 interrupts;
	struct top_slot slots[TOP_SLOTS];
};

#endif /* BPF_TOP_H */
