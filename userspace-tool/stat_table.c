// SPDX-License-Identifier: GPL-2.0
/*
 * The table of keel stat: adding, sorting, summing up.
 */
#include <stdlib.h>

#include "stat_table.h"

#define FIRST_ROOM	64

/**
 * stat_count_merge() - add counts of the same exits
 * @sum: what there is already
 * @count: what comes to it
 */
void stat_count_merge(struct stat_count *sum, const struct stat_count *count)
{
	if (!count->samples)
		return;
	if (!sum->samples || count->min < sum->min)
		sum->min = count->min;
	if (count->max > sum->max)
		sum->max = count->max;
	sum->samples += count->samples;
	sum->to_user += count->to_user;
	sum->killed += count->killed;
	sum->kernel += count->kernel;
	sum->user += count->user;
}

static struct stat_row *new_row(struct stat_table *table, __u64 key)
{
	size_t room = table->room ? 2 * table->room : FIRST_ROOM;
	struct stat_row *rows = table->rows;

	if (table->nr == table->room) {
		rows = reallocarray(rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		table->rows = rows;
		table->room = room;
	}
	rows += table->nr++;
	*rows = (struct stat_row){ .key = key };
	return rows;
}

/**
 * stat_table_append() - give a table a new line
 * @table: all zero at first, but for &stat_table.by
 * @key: its key, which no other line has
 * @count: its counts, times in ticks
 *
 * Return: whether there was memory for it.
 */
bool stat_table_append(struct stat_table *table, __u64 key,
		       const struct stat_count *count)
{
	struct stat_row *row = new_row(table, key);

	if (row)
		row->count = *count;
	return row;
}

/**
 * stat_table_add() - add counts to a line, which is made where it is not there
 * @table: a table that is not finished
 * @key: key of the line
 * @count: counts, times in ticks
 *
 * Return: whether there was memory for it.
 */
bool stat_table_add(struct stat_table *table, __u64 key,
		    const struct stat_count *count)
{
	struct stat_row *row;

	for (row = table->rows; row < table->rows + table->nr; row++) {
		if (row->key == key) {
			stat_count_merge(&row->count, count);
			return true;
		}
	}
	return stat_table_append(table, key, count);
}

static __u64 to_ns(__u64 ticks, __u32 tsc_khz)
{
	return (__uint128_t)ticks * 1000000 / tsc_khz;
}

static void count_to_ns(struct stat_count *count, __u32 tsc_khz)
{
	count->kernel = to_ns(count->kernel, tsc_khz);
	count->user = to_ns(count->user, tsc_khz);
	count->min = to_ns(count->min, tsc_khz);
	count->max = to_ns(count->max, tsc_khz);
}

static int compare(__u64 a, __u64 b)
{
	return a > b ? -1 : a < b;
}

/* Keys in ascending order where all else is equal: the same on each run. */
static int by_sample(const void *a, const void *b)
{
	const struct stat_row *x = a, *y = b;
	int order = compare(x->count.samples, y->count.samples);

	return order ? order : compare(y->key, x->key);
}

static int by_time(const void *a, const void *b)
{
	const struct stat_row *x = a, *y = b;
	int order = compare(x->count.kernel + x->count.user,
			    y->count.kernel + y->count.user);

	return order ? order : by_sample(a, b);
}

/**
 * stat_table_finish() - ticks become times; sort; sum up
 * @table: a table with all its counts
 * @tsc_khz: ticks in a millisecond
 * @sort: what comes first
 *
 * The sum is that of the lines as they are printed.
 */
void stat_table_finish(struct stat_table *table, __u32 tsc_khz,
		       enum stat_sort sort)
{
	struct stat_row *row;

	table->total = (struct stat_row){ 0 };
	for (row = table->rows; row < table->rows + table->nr; row++) {
		count_to_ns(&row->count, tsc_khz);
		stat_count_merge(&table->total.count, &row->count);
	}
	table->rest.user = to_ns(table->rest.user, tsc_khz);
	if (table->nr)
		qsort(table->rows, table->nr, sizeof(*table->rows),
		      sort == STAT_SORT_TIME ? by_time : by_sample);
}

/**
 * stat_table_free() - empty a table
 * @table: the table; &stat_table.by stays
 */
void stat_table_free(struct stat_table *table)
{
	free(table->rows);
	*table = (struct stat_table){ .by = table->by };
}

/**
 * stat_percent() - a part in percent
 * @part: at most @whole
 * @whole: may be 0
 *
 * Return: 0 to 100.
 */
double stat_percent(__u64 part, __u64 whole)
{
	return whole ? part * 100.0 / whole : 0;
}
