/* SPDX-License-Identifier: GPL-2.0 */
/* keel-bench: the address spaces of the guest's rows about paging. */
#ifndef KEEL_BENCH_PAGING_H
#define KEEL_BENCH_PAGING_H

#include "bench.h"

extern const char bench_mov_cr3[], bench_read_cr3[], bench_invlpg[], bench_invlpg_touch[],
	bench_switch[], bench_switch_pcid[], bench_own_fault[], bench_page_fault[], bench_new_table[];
extern const char fault_map[], fault_skip[];

void paging_make_spaces(char *memory);
void paging_before(char *memory, const struct bench *bench);
int paging_after(const char *memory, const struct bench *bench, unsigned int rounds);

#endif /* KEEL_BENCH_PAGING_H */
