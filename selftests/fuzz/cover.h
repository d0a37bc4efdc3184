/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the kernel a program reached: PCs from KCOV, thread by thread.  On the
 * testbed's debug kernel keel.ko alone is instrumented, so each PC is Keel's.
 */
#ifndef FUZZ_COVER_H
#define FUZZ_COVER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

/**
 * struct cover_news - what a program was the first to reach
 * @pcs: instructions
 * @edges: pairs of them, one after another
 */
struct cover_news {
	unsigned int pcs;
	unsigned int edges;
};

/* Once, for this many threads; false where the kernel has no KCOV. */
bool cover_init(unsigned int nr_threads);
bool cover_on(void);
void cover_enable(unsigned int thread);
void cover_disable(unsigned int thread);
/* Before a program, and after it. */
void cover_reset(void);
struct cover_news cover_take(void);
/* Whether the last program reached all of these; for minimising. */
unsigned int cover_count(void);
/* PCs, as offsets in keel.ko's .text, one a line. */
void cover_write(FILE *file);
/* Of the program that ran last: its PCs, sorted, without doubles. */
size_t cover_last(__u64 **pcs);

#endif /* FUZZ_COVER_H */
