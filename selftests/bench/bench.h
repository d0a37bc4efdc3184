/* SPDX-License-Identifier: GPL-2.0 */
/* keel-bench: the two sides that are compared.  See keel-bench.c. */
#ifndef KEEL_BENCH_H
#define KEEL_BENCH_H

#include <stdint.h>

#include <keel.h>

#include "guest.h"

/**
 * struct params - how the host talks to the guest, at GUEST_PARAMS
 * @count: rounds of the loop
 * @fresh: address of pages for first_touch, one a round
 * @ticks: out: what RDTSC says of all rounds
 */
struct params {
	uint64_t count;
	uint64_t fresh;
	uint64_t ticks;
};

/**
 * struct side - a hypervisor, with one machine on it
 * @name: for people
 * @open: make a machine with @memory; 0 or a negative errno
 * @run: start at @state and serve exits until the guest writes to PORT_DONE;
 *	0 or a negative errno, -EPROTO for an exit that should not be
 * @null_ioctl: an ioctl that does nothing
 * @close: undo @open; half opened is fine
 */
struct side {
	const char *name;
	int (*open)(void *memory);
	int (*run)(const struct keel_state *state);
	void (*null_ioctl)(void);
	void (*close)(void);
};

extern const struct side keel_side, kvm_side;

#endif /* KEEL_BENCH_H */
