/* SPDX-License-Identifier: GPL-2.0 */
/* keel-bench: what VMs and vCPUs take of the host's memory. */
#ifndef KEEL_BENCH_MEMORY_H
#define KEEL_BENCH_MEMORY_H

#include "bench.h"

/**
 * struct memory - of one VM, and of one vCPU in it, bytes
 * @vm: descriptor included
 * @vcpu: descriptor included; not the pages that user space maps later
 */
struct memory {
	double vm;
	double vcpu;
};

int measure_memory(const struct side *side, struct memory *memory);

#endif /* KEEL_BENCH_MEMORY_H */
