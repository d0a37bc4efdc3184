/* SPDX-License-Identifier: GPL-2.0 */
/* keel-bench: the two sides that are compared.  See keel-bench.c. */
#ifndef KEEL_BENCH_H
#define KEEL_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <keel.h>

#include "guest.h"

/**
 * struct params - how the host talks to the guest, at GUEST_PARAMS
 * @count: rounds of the loop
 * @fresh: address of pages for first_touch, one a round
 * @ticks: out: what RDTSC says of all rounds
 * @delay: until a timer fires, or an IPI is sent, ticks
 * @spins: out: turns of the loop in which the guest waited
 * @ready: out: the other vCPU can take interrupts
 * @space: CR3 of an address space
 * @other: of another
 * @pages: how many pages of it are touched in a round
 * @faults: out: page faults that the guest took
 */
struct params {
	uint64_t count;
	uint64_t fresh;
	uint64_t ticks;
	uint64_t delay;
	uint64_t spins;
	uint64_t ready;
	uint64_t space;
	uint64_t other;
	uint64_t pages;
	uint64_t faults;
};

#define MAX_VCPUS	2

/* What a machine has. */
#define MACHINE_LAPIC		1	/* local APICs in the kernel */
#define MACHINE_NO_APICV	2	/* which the CPU must not virtualize */
#define MACHINE_SHADOW		4	/* shadow page tables, not EPT */

/**
 * struct side - a hypervisor, with one machine on it
 * @name: for people
 * @open: make a machine with @memory, MACHINE_* and so many vCPUs; 0 or a
 *	negative errno
 * @run: start a vCPU at @state and serve exits until the guest writes to
 *	PORT_DONE; 0 or a negative errno, -EPROTO for an exit that should not be
 * @exits: VM exits of the first vCPU so far, without those that the host's
 *	interrupts are; negative: not known
 * @null_ioctl: an ioctl that does nothing
 * @close: undo @open; half opened is fine
 * @make_vm: a VM alone, for its memory: a file descriptor or a negative errno
 * @make_vcpu: likewise a vCPU
 */
struct side {
	const char *name;
	int (*open)(void *memory, unsigned int flags, unsigned int vcpus);
	int (*run)(unsigned int vcpu, const struct keel_state *state);
	double (*exits)(void);
	void (*null_ioctl)(void);
	void (*close)(void);
	int (*make_vm)(unsigned int flags);
	int (*make_vcpu)(int vm, unsigned int id);
};

extern const struct side keel_side, kvm_side;

/* What is measured on machines of one kind. */
enum group {
	EXITS,		/* user space has the interrupts */
	INTERRUPTS,	/* a local APIC */
	IPI,		/* two CPUs */
	PAGING,		/* the guest's page tables */
	MEMORY,
	NR_GROUPS,
};

/**
 * struct result - what a round takes
 * @ticks: of the TSC; 0: not measured
 * @exits: VM exits, where that is asked for; negative: not known
 */
struct result {
	double ticks;
	double exits;
};

/**
 * struct bench - a row
 * @group: whose machine it runs on
 * @name: of the row
 * @guest: code in the guest that is timed, or
 * @host: what user space does itself
 * @peer: what the other vCPU does meanwhile
 * @rounds: in a batch; 0 the usual number
 * @delay: see struct params
 * @spins: the guest waits, and that is not counted
 * @spaces: address spaces of paging.c in whose pages it works, 0 to 2
 * @pages: see struct params; at most NR_USER_PAGES
 * @fault: the guest's page-fault handler; NULL: it takes none
 * @result: measured, on Keel and on KVM
 */
struct bench {
	enum group group;
	const char *name;
	const char *guest;
	void (*host)(const struct side *side);
	const char *peer;
	unsigned int rounds;
	unsigned int delay;
	bool spins;
	unsigned int spaces;
	unsigned int pages;
	const char *fault;
	struct result result[2];
};

/**
 * struct setting - what was asked for, and where it runs
 * @wanted: which groups
 * @json: for programs
 * @keel_alone: without /dev/kvm
 * @apicv: the CPU virtualizes local APICs
 * @shadow: there is no EPT, or nobody uses it
 */
struct setting {
	bool wanted[NR_GROUPS];
	bool json;
	bool keel_alone;
	bool apicv;
	bool shadow;
};

#endif /* KEEL_BENCH_H */
