/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: from counters of two moments to the rows of its tables.
 *
 * Pure: what comes from BPF, /proc and debugfs is in a struct top_sample.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/top.h"

/** define TOP_ALL - in the place of an id: all of them, or whichever */
#define TOP_ALL		0xffffffffU
/** define TOP_SLOT_HLT - slot of HLT: its basic exit reason */
#define TOP_SLOT_HLT	12
/** define TOP_COMM - room for a process' name */
#define TOP_COMM	16

/**
 * enum top_thread - what the thread of a vCPU does
 * @TOP_THREAD_RUNS: it runs, or waits for a CPU
 * @TOP_THREAD_SLEEPS: it waits: between two exits that is HLT
 * @TOP_THREAD_WAITS: it waits for memory or a disk
 * @TOP_THREAD_GONE: there is no such thread
 */
enum top_thread {
	TOP_THREAD_RUNS,
	TOP_THREAD_SLEEPS,
	TOP_THREAD_WAITS,
	TOP_THREAD_GONE,
};

/**
 * struct top_state - a vCPU at a moment
 * @vm: VM id
 * @vcpu: vCPU id; TOP_ALL where a VM is known, but no vCPU
 * @seen: there was an event; without one @counters have only the process
 * @gone: its VM has ended, and no later moment has it
 * @thread: what its thread does
 * @comm: name of its process
 * @counters: from BPF
 */
struct top_state {
	__u32 vm;
	__u32 vcpu;
	bool seen;
	bool gone;
	enum top_thread thread;
	char comm[TOP_COMM];
	struct top_vcpu counters;
};

/**
 * struct top_sample - a moment
 * @ns: when: CLOCK_MONOTONIC in nanoseconds
 * @cpu_busy: time that the host's CPUs have worked
 * @cpu_total: time that they have been there, in the same unit
 * @lost: events that were not counted
 * @vcpus: sorted by VM and vCPU; for free()
 * @nr: how many
 */
struct top_sample {
	__u64 ns;
	__u64 cpu_busy;
	__u64 cpu_total;
	__u64 lost;
	struct top_state *vcpus;
	size_t nr;
};

/**
 * struct top_times - the time of a vCPU
 * @guest: in the guest
 * @kernel: in the module
 * @user: in user space
 * @halted: asleep in HLT
 */
struct top_times {
	double guest;
	double kernel;
	double user;
	double halted;
};

/**
 * enum top_sort - what the rows are sorted by
 * @TOP_SORT_EXITS: exits a second
 * @TOP_SORT_USER_EXITS: exits to user space a second
 * @TOP_SORT_GUEST: time in the guest
 * @TOP_SORT_KERNEL: time in the module
 * @TOP_SORT_USER: time in user space
 * @TOP_SORT_HALTED: time halted
 * @TOP_SORT_INTERRUPTS: injected interrupts a second
 * @TOP_SORT_VM: VM id and vCPU id
 * @TOP_SORT_PID: process
 * @TOP_SORT_PROCESS: its name
 */
enum top_sort {
	TOP_SORT_EXITS,
	TOP_SORT_USER_EXITS,
	TOP_SORT_GUEST,
	TOP_SORT_KERNEL,
	TOP_SORT_USER,
	TOP_SORT_HALTED,
	TOP_SORT_INTERRUPTS,
	TOP_SORT_VM,
	TOP_SORT_PID,
	TOP_SORT_PROCESS,
};

/**
 * struct top_choice - what of it is shown
 * @vm: VM, or TOP_ALL
 * @vcpu: vCPU id, or TOP_ALL
 * @pid: process, or TOP_ALL
 * @by_vm: a row is a VM, not a vCPU
 * @sort: order of the rows
 * @reasons_vm: VM whose exit reasons are shown, or TOP_ALL
 * @reasons_vcpu: vCPU of @reasons_vm, or TOP_ALL
 */
struct top_choice {
	__u32 vm;
	__u32 vcpu;
	__u32 pid;
	bool by_vm;
	enum top_sort sort;
	__u32 reasons_vm;
	__u32 reasons_vcpu;
};

/**
 * struct top_row - a vCPU, or a VM
 * @vm: VM id
 * @vcpu: vCPU id; TOP_ALL: all of the VM
 * @nr_vcpus: how many vCPUs the row stands for
 * @pid: process
 * @comm: its name
 * @seen: there was an event; otherwise the rest is 0
 * @exits: exits a second
 * @user_exits: those of them that went to user space
 * @interrupts: injected interrupts and NMIs a second
 * @guest: share of the time in the guest, 0 to 1, on average of the vCPUs
 * @kernel: in the module
 * @user: in user space
 * @halted: asleep in HLT
 */
struct top_row {
	__u32 vm;
	__u32 vcpu;
	unsigned int nr_vcpus;
	__u32 pid;
	char comm[TOP_COMM];
	bool seen;
	double exits;
	double user_exits;
	double interrupts;
	double guest;
	double kernel;
	double user;
	double halted;
};

/**
 * struct top_reason - an exit reason
 * @slot: a basic exit reason, TOP_NO_EXIT or TOP_OTHER
 * @rate: exits a second
 * @share: of all exits, 0 to 1
 * @user_share: of the exits of this reason, those to user space
 * @average_ns: what one took in module and user space
 * @time: share of the time of all exits, without what was asleep in HLT
 * @total: exits since the counters were cleared
 */
struct top_reason {
	unsigned int slot;
	double rate;
	double share;
	double user_share;
	double average_ns;
	double time;
	__u64 total;
};

/**
 * struct top_table - what there is to show
 * @seconds: how long it was looked at
 * @vms: number of VMs
 * @vcpus: number of vCPUs
 * @exits: exits a second, of the vCPUs shown
 * @cpu: share of the time that the host's CPUs worked, 0 to 1
 * @lost: events that were not counted, since the start
 * @rows: sorted
 * @nr_rows: how many
 * @reasons: those that came, or have come since the clearing, most frequent first
 * @nr_reasons: how many
 */
struct top_table {
	double seconds;
	unsigned int vms;
	unsigned int vcpus;
	double exits;
	double cpu;
	__u64 lost;
	struct top_row *rows;
	size_t nr_rows;
	struct top_reason reasons[TOP_SLOTS];
	size_t nr_reasons;
};

/* Cycles as nanoseconds. */
static inline double top_ns(__u64 cycles, __u32 tsc_khz)
{
	return tsc_khz ? cycles * 1e6 / tsc_khz : 0;
}

/* How much something has grown; what is guessed at may shrink. */
static inline double top_since(double now, double before)
{
	return now > before ? now - before : 0;
}

struct top_state *top_sample_add(struct top_sample *sample, __u32 vm, __u32 vcpu);
void top_sample_sort(struct top_sample *sample);
const struct top_state *top_sample_find(const struct top_sample *sample, __u32 vm, __u32 vcpu);
void top_sample_clear(struct top_sample *sample);
struct top_times top_shares(const struct top_state *before, __u64 before_ns,
			    const struct top_state *now, __u64 now_ns, __u32 tsc_khz);
struct top_slot top_slot_since(const struct top_state *now, const struct top_state *before,
			       unsigned int i);

int top_table_fill(struct top_table *table, const struct top_sample *base,
		   const struct top_sample *before, const struct top_sample *now,
		   const struct top_choice *choice, __u32 tsc_khz);
void top_table_clear(struct top_table *table);

#endif /* TOP_MODEL_H */
