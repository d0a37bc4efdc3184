// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: from samples of two moments to the rows of its tables.
 *
 * top_source.c takes the samples, top_sample.c says what lies between two of them,
 * top_text.c prints the tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "top_model.h"

#define NS_PER_S	1e9

static bool chosen(const struct top_state *state, const struct top_choice *choice)
{
	return (choice->vm == TOP_ALL || choice->vm == state->vm) &&
	       (choice->vcpu == TOP_ALL || choice->vcpu == state->vcpu) &&
	       (choice->pid == TOP_ALL || choice->pid == state->counters.tgid);
}

static bool reasons_chosen(const struct top_state *state, const struct top_choice *choice)
{
	return (choice->reasons_vm == TOP_ALL || choice->reasons_vm == state->vm) &&
	       (choice->reasons_vcpu == TOP_ALL || choice->reasons_vcpu == state->vcpu);
}

/* A vCPU into the row that has it. */
static void add_to_row(struct top_row *row, const struct top_state *before, __u64 before_ns,
		       const struct top_state *now, __u64 now_ns, __u32 tsc_khz)
{
	double seconds = (now_ns - before_ns) / NS_PER_S;
	struct top_times times;
	struct top_slot slot;
	unsigned int i;

	row->nr_vcpus += now->vcpu != TOP_ALL;
	if (!now->seen || seconds <= 0)
		return;
	row->seen = true;
	for (i = 0; i < TOP_SLOTS; i++) {
		slot = top_slot_since(now, before, i);
		row->exits += slot.count / seconds;
		row->user_exits += slot.user / seconds;
	}
	row->interrupts += (now->counters.interrupts -
			    (before ? before->counters.interrupts : 0)) / seconds;
	times = top_shares(before, before_ns, now, now_ns, tsc_khz);
	row->guest += times.guest;
	row->kernel += times.kernel;
	row->user += times.user;
	row->halted += times.halted;
}

/* The row of a vCPU: @now is sorted, so a VM's row is the last one, if any. */
static struct top_row *row_for(struct top_table *table, const struct top_state *state, bool by_vm)
{
	struct top_row *row = table->rows + table->nr_rows;

	if (by_vm && table->nr_rows && row[-1].vm == state->vm)
		return row - 1;
	table->nr_rows++;
	row->vm = state->vm;
	row->vcpu = by_vm ? TOP_ALL : state->vcpu;
	row->pid = state->counters.tgid;
	memcpy(row->comm, state->comm, sizeof(row->comm));
	return row;
}

static void average(struct top_row *row)
{
	unsigned int nr = row->nr_vcpus ? row->nr_vcpus : 1;

	row->guest /= nr;
	row->kernel /= nr;
	row->user /= nr;
	row->halted /= nr;
}

static int compare_numbers(double x, double y)
{
	return x > y ? -1 : x < y;
}

/* What a row is sorted by: the largest comes first. */
static double sort_value(const struct top_row *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_SORT_EXITS:
		return row->exits;
	case TOP_SORT_USER_EXITS:
		return row->user_exits;
	case TOP_SORT_GUEST:
		return row->guest;
	case TOP_SORT_KERNEL:
		return row->kernel;
	case TOP_SORT_USER:
		return row->user;
	case TOP_SORT_HALTED:
		return row->halted;
	case TOP_SORT_INTERRUPTS:
		return row->interrupts;
	case TOP_SORT_PID:
		return -(double)row->pid;
	default:
		return 0;
	}
}

static int compare_rows(const void *a, const void *b, void *by)
{
	const struct top_row *x = a, *y = b;
	enum top_sort sort = *(enum top_sort *)by;
	int order;

	if (sort == TOP_SORT_PROCESS)
		order = strncmp(x->comm, y->comm, TOP_COMM);
	else
		order = compare_numbers(sort_value(x, sort), sort_value(y, sort));
	if (!order)
		order = compare_numbers(y->vm, x->vm);
	return order ? order : compare_numbers(y->vcpu, x->vcpu);
}

/* Sums of the exit reasons, before they become rates. */
struct sums {
	struct top_slot slots[TOP_SLOTS];
	__u64 total[TOP_SLOTS];
};

static void add_to_sums(struct sums *sums, const struct top_state *base,
			const struct top_state *before, const struct top_state *now)
{
	struct top_slot slot;
	unsigned int i;

	for (i = 0; i < TOP_SLOTS; i++) {
		slot = top_slot_since(now, before, i);
		sums->slots[i].count += slot.count;
		sums->slots[i].user += slot.user;
		sums->slots[i].kernel_cycles += slot.kernel_cycles;
		sums->slots[i].user_cycles += slot.user_cycles;
		sums->total[i] += top_slot_since(now, base, i).count;
	}
}

static __u64 cycles_of(const struct top_slot *slot)
{
	return slot->kernel_cycles + slot->user_cycles;
}

static int compare_reasons(const void *a, const void *b)
{
	const struct top_reason *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate > y->rate ? -1 : 1;
	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	return x->slot < y->slot ? -1 : 1;
}

static void fill_reasons(struct top_table *table, const struct sums *sums, __u32 tsc_khz)
{
	struct top_reason *reason;
	const struct top_slot *slot;
	__u64 count = 0, cycles = 0;
	unsigned int i;

	for (i = 0; i < TOP_SLOTS; i++) {
		count += sums->slots[i].count;
		if (i != TOP_SLOT_HLT)
			cycles += cycles_of(&sums->slots[i]);
	}
	for (i = 0; i < TOP_SLOTS; i++) {
		slot = &sums->slots[i];
		if (!slot->count && !sums->total[i] && !cycles_of(slot))
			continue;
		reason = &table->reasons[table->nr_reasons++];
		reason->slot = i;
		reason->total = sums->total[i];
		reason->rate = slot->count / table->seconds;
		if (count)
			reason->share = (double)slot->count / count;
		if (cycles && i != TOP_SLOT_HLT)
			reason->time = (double)cycles_of(slot) / cycles;
		if (!slot->count)
			continue;
		reason->user_share = (double)slot->user / slot->count;
		reason->average_ns = top_ns(cycles_of(slot), tsc_khz) / slot->count;
	}
	qsort(table->reasons, table->nr_reasons, sizeof(*table->reasons), compare_reasons);
}

/* VMs and vCPUs there are, shown or not. */
static void count_all(struct top_table *table, const struct top_sample *now)
{
	size_t i;

	for (i = 0; i < now->nr; i++) {
		table->vms += !i || now->vcpus[i].vm != now->vcpus[i - 1].vm;
		table->vcpus += now->vcpus[i].vcpu != TOP_ALL;
	}
}

static double cpu_share(const struct top_sample *before, const struct top_sample *now)
{
	double total = top_since(now->cpu_total, before->cpu_total);
	double busy = top_since(now->cpu_busy, before->cpu_busy);

	if (!total)
		return 0;
	return busy < total ? busy / total : 1;
}

/**
 * top_table_fill() - what to show of what happened between two moments
 * @table: filled in, for top_table_clear(); all zero before
 * @base: when the counters were cleared; not after @before
 * @before: the first moment, sorted
 * @now: the second, later one, sorted
 * @choice: which rows, in which order, and whose exit reasons
 * @tsc_khz: frequency of the host's TSC
 *
 * Return: 0, or -ENOMEM.
 */
int top_table_fill(struct top_table *table, const struct top_sample *base,
		   const struct top_sample *before, const struct top_sample *now,
		   const struct top_choice *choice, __u32 tsc_khz)
{
	enum top_sort sort = choice->sort;
	struct sums sums = { 0 };
	const struct top_state *state, *old, *oldest;
	struct top_row *row;
	size_t i;

	table->rows = calloc(now->nr + 1, sizeof(*table->rows));
	if (!table->rows)
		return -ENOMEM;
	table->seconds = now->ns > before->ns ? (now->ns - before->ns) / NS_PER_S : 1;
	table->cpu = cpu_share(before, now);
	table->lost = now->lost;
	count_all(table, now);
	for (i = 0; i < now->nr; i++) {
		state = &now->vcpus[i];
		if (!chosen(state, choice))
			continue;
		old = top_sample_find(before, state->vm, state->vcpu);
		oldest = top_sample_find(base, state->vm, state->vcpu);
		row = row_for(table, state, choice->by_vm);
		add_to_row(row, old, before->ns, state, now->ns, tsc_khz);
		if (reasons_chosen(state, choice))
			add_to_sums(&sums, oldest, old, state);
	}
	for (i = 0; i < table->nr_rows; i++) {
		average(&table->rows[i]);
		table->exits += table->rows[i].exits;
	}
	qsort_r(table->rows, table->nr_rows, sizeof(*table->rows), compare_rows, &sort);
	fill_reasons(table, &sums, tsc_khz);
	return 0;
}

/**
 * top_table_clear() - forget a table
 * @table: all zero afterwards
 */
void top_table_clear(struct top_table *table)
{
	free(table->rows);
	memset(table, 0, sizeof(*table));
}
