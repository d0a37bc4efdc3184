/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that depend on the seed alone. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <linux/types.h>
#include <stdbool.h>

/** struct random - a state; any value is good */
struct random {
	__u64 state;
};

__u64 random_u64(struct random *r);

/* 0 to @n - 1; 0 for 0. */
static inline __u64 random_below(struct random *r, __u64 n)
{
	return n ? random_u64(r) % n : 0;
}

static inline bool random_percent(struct random *r, unsigned int percent)
{
	return random_below(r, 100) < percent;
}

#endif /* FUZZ_RANDOM_H */
