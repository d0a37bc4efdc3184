/* SPDX-License-Identifier: GPL-2.0 */
/* keel-bench: what it prints. */
#ifndef KEEL_BENCH_REPORT_H
#define KEEL_BENCH_REPORT_H

#include <stddef.h>

#include "bench.h"
#include "memory.h"

bool read_line(const char *path, char *line, size_t bytes);
void print_report(const struct setting *setting, const struct bench *benches,
		  unsigned int nr, const struct memory memory[2]);

#endif /* KEEL_BENCH_REPORT_H */
