/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An exit with all that became known about it: shared by bpf/trace.bpf.c, which
 * composes it from the tracepoints, and keel trace, which prints it.
 */
#ifndef BPF_TRACE_H
#define BPF_TRACE_H

#include <linux/types.h>

/* &trace_record.has: what the tracepoints told beside keel_exit. */
#define TRACE_PIO		(1U << 0)
#define TRACE_MSR		(1U << 1)
#define TRACE_CPUID		(1U << 2)
#define TRACE_CR		(1U << 3)
#define TRACE_HYPERCALL		(1U << 4)
#define TRACE_MMIO		(1U << 5)
#define TRACE_APIC		(1U << 6)
#define TRACE_PAGE_FAULT	(1U << 7)
#define TRACE_INJECT		(1U << 8)
#define TRACE_INSN		(1U << 9)
/* keel_user_exit has come. */
#define TRACE_USER		(1U << 10)
/* What ends it has not come. */
#define TRACE_UNFINISHED	(1U << 11)

/** struct trace_pio - keel_pio; @events: how often it came */
struct trace_pio {
	__u32 write;
	__u32 port;
	__u32 size;
	__u32 count;
	__u32 val;
	__u32 events;
};

/** struct trace_msr - keel_msr */
struct trace_msr {
	__u32 write;
	__u32 index;
	__u64 data;
	__u32 exception;
	__u32 reserved;
};

/** struct trace_cpuid - keel_cpuid */
struct trace_cpuid {
	__u32 function;
	__u32 index;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
};

/** struct trace_cr - keel_cr */
struct trace_cr {
	__u32 write;
	__u32 nr;
	__u64 val;
};

/** struct trace_hypercall - keel_hypercall */
struct trace_hypercall {
	__u64 nr;
	__u64 a[4];
};

/** struct trace_mmio - keel_mmio */
struct trace_mmio {
	__u32 access;
	__u32 size;
	__u64 gpa;
	__u64 val;
};

/** struct trace_apic - keel_apic */
struct trace_apic {
	__u32 write;
	__u32 reg;
	__u64 val;
};

/** struct trace_page_fault - keel_page_fault */
struct trace_page_fault {
	__u64 address;
	__u32 error_code;
	__u32 shadow;
};

/** struct trace_inject - keel_inject */
struct trace_inject {
	__u32 info;
	__u32 error_code;
};

/** struct trace_insn - keel_insn */
struct trace_insn {
	__u32 len;
	__u32 width;
	__u64 low;
	__u64 high;
};

/**
 * struct trace_record - an exit
 * @time: CLOCK_MONOTONIC in nanoseconds, when it came
 * @rip: keel_exit's
 * @qualification: keel_exit's
 * @gpa: keel_exit's
 * @cycles: keel_exit_done's
 * @user_cycles: keel_user_done's, 0 where it did not go to user space
 * @vm: VM id
 * @vcpu: vCPU id
 * @pid: process that runs the vCPU
 * @cpu: CPU that it ran on
 * @reason: exit reason, with all of its bits
 * @intr_info: keel_exit's
 * @error_code: keel_exit's
 * @insn_len: keel_exit's
 * @outcome: enum keel_trace_outcome
 * @user_reason: keel_user_exit's, with TRACE_USER
 * @has: TRACE_*
 * @lost: exits of this vCPU that came before this one and were lost, up to the last
 *	one that was not
 * @page_fault: with TRACE_PAGE_FAULT
 * @mmio: with TRACE_MMIO
 * @apic: with TRACE_APIC
 * @inject: with TRACE_INJECT
 * @pio: with TRACE_PIO
 * @msr: with TRACE_MSR
 * @cpuid: with TRACE_CPUID
 * @cr: with TRACE_CR
 * @hypercall: with TRACE_HYPERCALL; of these five there is one at most
 * @insn: with TRACE_INSN; not sent unless it was asked for
 */
struct trace_record {
	__u64 time;
	__u64 rip;
	__u64 qualification;
	__u64 gpa;
	__u64 cycles;
	__u64 user_cycles;
	__u32 vm;
	__u32 vcpu;
	__u32 pid;
	__u32 cpu;
	__u32 reason;
	__u32 intr_info;
	__u32 error_code;
	__u32 insn_len;
	__u32 outcome;
	__u32 user_reason;
	__u32 has;
	__u32 lost;
	struct trace_page_fault page_fault;
	struct trace_mmio mmio;
	struct trace_apic apic;
	struct trace_inject inject;
	union {
		struct trace_pio pio;
		struct trace_msr msr;
		struct trace_cpuid cpuid;
		struct trace_cr cr;
		struct trace_hypercall hypercall;
	};
	struct trace_insn insn;
};

/**
 * struct trace_state - a vCPU and the exit that it is at
 * @record: the exit so far
 * @open: whether there is one
 * @lost: exits since the last one that was sent
 */
struct trace_state {
	struct trace_record record;
	__u32 open;
	__u32 lost;
};

/**
 * struct trace_counts - what became of exits, on one CPU
 * @sent: they are in the ring buffer, or have been
 * @lost: it was full
 * @untracked: the map of vCPUs was full
 */
struct trace_counts {
	__u64 sent;
	__u64 lost;
	__u64 untracked;
};

#endif /* BPF_TRACE_H */
