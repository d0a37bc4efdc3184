/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The histograms of keel hist, as its BPF program fills them.
 */
#ifndef BPF_HIST_H
#define BPF_HIST_H

#include "exits.h"

/** define HIST_SLOTS - powers of two of a number of 64 bits */
#define HIST_SLOTS	64

/** define HIST_TO_USER - in a key: exits that user space answered */
#define HIST_TO_USER	(1ULL << 32)

/**
 * struct hist_count - how often exits took how long, on a CPU
 * @slots: slot 0 is of 0 and 1 ns, slot N of 2^N to 2^(N+1)-1 ns
 *
 * The key is a basic exit reason with KEEL_HW_REASON_FAILED and HIST_TO_USER.
 */
struct hist_count {
	__u64 slots[HIST_SLOTS];
};

#endif /* BPF_HIST_H */
