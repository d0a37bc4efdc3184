/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel stat: the BPF program that counts, and how a table is taken from it.
 */
#ifndef STAT_COUNT_H
#define STAT_COUNT_H

#include "stat_table.h"
#include "watch.h"

struct stat_bpf;

struct stat_bpf *stat_count_begin(struct watch *watch, enum stat_by by,
				  __u32 entries);
int stat_count_take(struct stat_bpf *skel, struct stat_table *table);
int stat_count_take_waiting(struct stat_bpf *skel, struct stat_table *table);
void stat_count_end(struct stat_bpf *skel);

#endif /* STAT_COUNT_H */
