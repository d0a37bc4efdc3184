/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what bpf/flame.bpf.c has counted to stacks.
 */
#ifndef FLAME_READ_H
#define FLAME_READ_H

#include <linux/types.h>

#include "bpf/flame.h"

struct flame;
struct symbols;

/**
 * enum flame_weight - what a stack weighs
 * @FLAME_SAMPLES: the number of its exits
 * @FLAME_CYCLES: the time that they took, in host TSC ticks
 */
enum flame_weight {
	FLAME_SAMPLES,
	FLAME_CYCLES,
};

/**
 * struct flame_place - a place, and what all CPUs have counted there
 * @key: which
 * @value: the sums
 */
struct flame_place {
	struct flame_key key;
	struct flame_value value;
};

int flame_add_places(struct flame *root, struct flame_place *places, size_t nr,
		     const struct symbols *symbols, enum flame_weight weight);
int flame_read(struct flame *root, int map, const struct symbols *symbols,
	       enum flame_weight weight);
void flame_tell_dropped(int map, __u32 stacks);

#endif /* FLAME_READ_H */
