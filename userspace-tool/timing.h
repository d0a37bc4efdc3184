/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel run --timing: when things happened, and how often the guest left.
 */
#ifndef TIMING_H
#define TIMING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/keel.h>

struct machine;

/** define TIMING_MOMENTS - most moments that are kept */
#define TIMING_MOMENTS	64

/**
 * struct timing_moment - a moment
 * @what: its name
 * @mark: what the guest wrote to its marker port; meaningless for the others
 * @ns: nanoseconds since the tool's start
 * @ticks: of the host's TSC since then
 */
struct timing_moment {
	const char *what;
	__u8 mark;
	__u64 ns;
	__u64 ticks;
};

/**
 * struct timing - the moments of a run
 * @on: somebody wants to know; constant
 * @json: where they go as JSON, too; NULL none; constant
 * @buffer: of @json
 * @start_ns: the tool's start, by CLOCK_MONOTONIC; constant
 * @start_ticks: by the TSC; constant
 * @lock: guards what follows
 * @moments: in their order
 * @nr: how many there are
 */
struct timing {
	bool on;
	FILE *json;
	char buffer[4096];
	__u64 start_ns;
	__u64 start_ticks;
	pthread_mutex_t lock;
	struct timing_moment moments[TIMING_MOMENTS];
	unsigned int nr;
};

void timing_init(struct timing *timing);
int timing_open(struct timing *timing, const char *path);
void timing_moment(struct timing *timing, const char *what);
void timing_mark(struct timing *timing, __u8 mark);
int timing_report(struct timing *timing, const struct machine *machine);

#endif /* TIMING_H */
