/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Load tests: long loops under a host that is busy, after which all must be as it was
 * before.  They print TAP, and are run by keel-load.
 *
 *	-n N	how many rounds; each program says what a round is
 *	-s N	the seed of what is random; without it the same each time
 */
#ifndef SELFTESTS_LOAD_H
#define SELFTESTS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct load - a load test that runs
 * @rounds: how many
 * @seed: what it began with
 * @random: state of load_random()
 * @available: MemAvailable before, KiB
 * @slab: Slab before, KiB
 * @allocations: of keel.ko, before
 * @cpu_lists: what /proc/sys/vm/percpu_pagelist_high_fraction was
 */
struct load {
	unsigned int rounds;
	uint64_t seed;
	uint64_t random;
	long available;
	long slab;
	long allocations;
	char cpu_lists[16];
};

/*
 * Look at the command line, load keel.ko on top of keel_probe.ko, and note how the
 * host is.  Ends the program with a skipped test where CPUs run no guests.
 */
void load_begin(struct load *load, int argc, char **argv, unsigned int rounds);

/* The host is as it was, keel.ko goes, VMX is off; the program's exit status. */
int load_end(struct load *load);

/* A test, with a name; returns whether it passed. */
bool load_ok(bool passed, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Random numbers: the next one, and one below @end. */
uint64_t load_random(struct load *load);
uint32_t load_below(struct load *load, uint32_t end);

/* What keel_probe.ko sees: each CPU is in this state, "off" or "vmx". */
bool load_cpus_are(const char *state);
/* Nobody has VMs, vCPUs or page tables. */
bool load_no_vms(void);
/* A number of debugfs/keel or /proc/meminfo, -1 where there is none. */
long load_allocations(void);
long load_meminfo(const char *name);

/* Milliseconds of the host's clock. */
uint64_t load_ms(void);

#endif /* SELFTESTS_LOAD_H */
