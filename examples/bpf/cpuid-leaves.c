// SPDX-License-Identifier: GPL-2.0
/*
 * cpuid-leaves [SECONDS]: which CPUID leaves the guests ask for, and how often.
 *
 * Counts until Ctrl-C, or for so many seconds, and prints VM, LEAF, COUNT.
 */
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cpuid-leaves.h"
#include "cpuid-leaves.skel.h"
#include "example.h"

/* A counter is as many numbers as there may be CPUs. */
static unsigned long long sum(const __u64 *counts, int cpus)
{
	unsigned long long all = 0;

	while (cpus--)
		all += counts[cpus];
	return all;
}

static void print(int map)
{
	int cpus = libbpf_num_possible_cpus();
	struct leaf leaf, *last = NULL;
	__u64 *counts = calloc(cpus, sizeof(*counts));

	printf("%4s %10s %10s\n", "VM", "LEAF", "COUNT");
	while (counts && !bpf_map_get_next_key(map, last, &leaf)) {
		if (!bpf_map_lookup_elem(map, &leaf, counts))
			printf("%4u 0x%08x %10llu\n", leaf.vm, leaf.function, sum(counts, cpus));
		last = &leaf;
	}
	free(counts);
}

int main(int argc, char **argv)
{
	unsigned int seconds = example_number(argc, argv, 1, "SECONDS", 0);
	struct cpuid_leaves *skeleton;

	example_begin(seconds);
	skeleton = cpuid_leaves__open_and_load();
	if (!skeleton || cpuid_leaves__attach(skeleton))
		example_failed();
	fprintf(stderr, "Counting; Ctrl-C ends it.\n");
	/* Not pause(): a signal just before it would not end it. */
	while (!example_over)
		sleep(1);
	print(bpf_map__fd(skeleton->maps.counts));
	cpuid_leaves__destroy(skeleton);
	return 0;
}
