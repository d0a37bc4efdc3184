/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The histograms of keel hist: added up, sorted, printed.
 */
#ifndef HIST_PRINT_H
#define HIST_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include "bpf/hist.h"

/** define HIST_MOST - how many histograms there are at most */
#define HIST_MOST	1024

/**
 * struct hist - one histogram
 * @key: what it is about, see struct hist_count
 * @samples: sum of all slots
 * @count: the slots
 */
struct hist {
	__u64 key;
	__u64 samples;
	struct hist_count count;
};

unsigned int hist_slot(__u64 ns);
void hist_sort(struct hist *hists, size_t nr);
void hist_print_text(FILE *out, const struct hist *hists, size_t nr,
		     __u64 lost);
void hist_print_json(FILE *out, const struct hist *hists, size_t nr,
		     __u64 lost);

#endif /* HIST_PRINT_H */
