/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of keel stat: made from counts, sorted, printed.
 *
 * Knows nothing of BPF: see stat_count.c for where the counts come from.
 */
#ifndef STAT_TABLE_H
#define STAT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "bpf/stat.h"

/** define STAT_NAME_BYTES - room that stat_row_name() needs at most */
#define STAT_NAME_BYTES	64

/**
 * struct stat_row - a line of the table, or the sum of all
 * @key: as enum stat_by says
 * @count: what was counted; ticks until stat_table_finish(), then nanoseconds
 */
struct stat_row {
	__u64 key;
	struct stat_count count;
};

/**
 * struct stat_table - what came in an interval
 * @by: what a line stands for
 * @rows: the lines; NULL without any
 * @nr: how many
 * @room: how many there is room for
 * @total: the sum of all lines, with the shortest and the longest of all exits
 * @rest: what is in no line; ticks until stat_table_finish(), then nanoseconds
 * @begin: when the interval began, nanoseconds since the watch did
 * @end: when it ended
 */
struct stat_table {
	enum stat_by by;
	struct stat_row *rows;
	size_t nr;
	size_t room;
	struct stat_row total;
	struct stat_rest rest;
	__u64 begin;
	__u64 end;
};

/**
 * enum stat_sort - what comes first
 * @STAT_SORT_SAMPLE: the line with most exits
 * @STAT_SORT_TIME: the line with most time
 */
enum stat_sort {
	STAT_SORT_SAMPLE,
	STAT_SORT_TIME,
};

bool stat_table_append(struct stat_table *table, __u64 key,
		       const struct stat_count *count);
bool stat_table_add(struct stat_table *table, __u64 key,
		    const struct stat_count *count);
void stat_count_merge(struct stat_count *sum, const struct stat_count *count);
void stat_table_finish(struct stat_table *table, __u32 tsc_khz,
		       enum stat_sort sort);
void stat_table_free(struct stat_table *table);
double stat_percent(__u64 part, __u64 whole);

const char *stat_row_name(enum stat_by by, __u64 key, char *buf, size_t size);
void stat_print_text(FILE *out, const struct stat_table *table);
void stat_print_csv(FILE *out, const struct stat_table *table, bool heading);
void stat_print_json(FILE *out, const struct stat_table *table);

#endif /* STAT_TABLE_H */
