/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of keel stat, as its BPF program fills them.
 */
#ifndef BPF_STAT_H
#define BPF_STAT_H

#include "exits.h"

/**
 * enum stat_by - what a line of the table stands for
 * @STAT_BY_REASON: a basic exit reason, with KEEL_HW_REASON_FAILED where it is set
 * @STAT_BY_RIP: a guest RIP
 * @STAT_BY_PORT: a port, with STAT_WRITE for OUT
 * @STAT_BY_MSR: an MSR, with STAT_WRITE for WRMSR; or STAT_UNKNOWN
 * @STAT_BY_GPA: a guest physical address of an EPT violation or misconfiguration
 * @STAT_BY_VCPU: a VM id in the high half, a vCPU id in the low half
 */
enum stat_by {
	STAT_BY_REASON,
	STAT_BY_RIP,
	STAT_BY_PORT,
	STAT_BY_MSR,
	STAT_BY_GPA,
	STAT_BY_VCPU,
};

/** define STAT_WRITE - in the key of a port or an MSR: written to */
#define STAT_WRITE	(1ULL << 32)

/** define STAT_UNKNOWN - key of an access to an MSR that nobody has named */
#define STAT_UNKNOWN	(~0ULL)

/*
 * The lines of STAT_BY_REASON are in an array: a hash would cost each exit as much
 * again as all the rest of the program.
 */
#define STAT_REASONS	256

/** stat_reason_index() - place of a reason's line in a phase of the array */
static inline __u32 stat_reason_index(__u32 reason)
{
	/* Basic exit reasons are below 128; bit 31 tells of a failed entry. */
	return (reason & 0x7f) | (reason >> 31) << 7;
}

/**
 * struct stat_key - key of a line
 * @key: as enum stat_by says
 * @phase: 0 or 1: intervals alternate, so that one is read while the next counts
 * @pad: 0
 */
struct stat_key {
	__u64 key;
	__u32 phase;
	__u32 pad;
};

/**
 * struct stat_count - what is counted in a line, on a CPU; times in ticks
 * @samples: exits that are over
 * @to_user: how many of them user space answered
 * @killed: how many of them the VM did not survive
 * @kernel: time in the kernel
 * @user: time in user space
 * @min: shortest exit, both times together
 * @max: longest one
 */
struct stat_count {
	__u64 samples;
	__u64 to_user;
	__u64 killed;
	__u64 kernel;
	__u64 user;
	__u64 min;
	__u64 max;
};

/**
 * struct stat_rest - what is in no line, on a CPU
 * @others: exits that are no I/O instruction, no MSR access, ...
 * @lost: exits for whose line there was no room
 * @returns: how often user space was asked without an exit: signals, deadlines
 * @user: time that this took, in ticks
 */
struct stat_rest {
	__u64 others;
	__u64 lost;
	__u64 returns;
	__u64 user;
};

#endif /* BPF_STAT_H */
