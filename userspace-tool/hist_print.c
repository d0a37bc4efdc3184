// SPDX-License-Identifier: GPL-2.0
/*
 * The histograms of keel hist: sorting and printing.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/keel_trace.h>

#include "hist_print.h"
#include "json.h"
#include "reason_names.h"

#define BAR_WIDTH	40U

/**
 * hist_slot() - where a time belongs
 * @ns: nanoseconds
 *
 * Return: index of &hist_count.slots.
 */
unsigned int hist_slot(__u64 ns)
{
	return ns ? 63 - __builtin_clzll(ns) : 0;
}

static int compare(const void *a, const void *b)
{
	const struct hist *x = a, *y = b;

	if (x->samples != y->samples)
		return x->samples > y->samples ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/**
 * hist_sort() - sum up, and bring those with most exits to the front
 * @hists: histograms
 * @nr: how many
 */
void hist_sort(struct hist *hists, size_t nr)
{
	unsigned int slot;
	size_t i;

	for (i = 0; i < nr; i++) {
		hists[i].samples = 0;
		for (slot = 0; slot < HIST_SLOTS; slot++)
			hists[i].samples += hists[i].count.slots[slot];
	}
	qsort(hists, nr, sizeof(*hists), compare);
}

static unsigned long long first_ns(unsigned int slot)
{
	return slot ? 1ULL << slot : 0;
}

static unsigned long long last_ns(unsigned int slot)
{
	return slot == HIST_SLOTS - 1 ? ~0ULL : (2ULL << slot) - 1;
}

/* The slots from the first to the last that is not empty. */
static void range(const struct hist *hist, unsigned int *first,
		  unsigned int *last)
{
	*first = 0;
	*last = HIST_SLOTS - 1;
	while (*first < *last && !hist->count.slots[*first])
		++*first;
	while (*last > *first && !hist->count.slots[*last])
		--*last;
}

static void print_slot(FILE *out, unsigned int slot, __u64 count, __u64 most)
{
	char bar[BAR_WIDTH + 1] = "";
	/* In floating point: counts may be large. */
	unsigned int length = most ? (double)count * BAR_WIDTH / most : 0;

	memset(bar, '*', length);
	fprintf(out, "%12llu -> %-12llu : %-10llu |%-*s|\n", first_ns(slot),
		last_ns(slot), (unsigned long long)count, BAR_WIDTH, bar);
}

static void print_hist(FILE *out, const struct hist *hist)
{
	unsigned int slot, first, last;
	char name[REASON_NAME_BYTES];
	__u64 most = 0;

	fprintf(out, "\n%s%s, %s: %llu exits\n\n",
		reason_print(hist->key, name, sizeof(name)),
		hist->key & KEEL_HW_REASON_FAILED ? " (failed)" : "",
		hist->key & HIST_TO_USER ? "to user space" : "in the kernel",
		(unsigned long long)hist->samples);
	range(hist, &first, &last);
	for (slot = first; slot <= last; slot++)
		if (hist->count.slots[slot] > most)
			most = hist->count.slots[slot];
	fprintf(out, "%27s  : %-10s  %s\n", "nsecs           ", "count",
		"distribution");
	for (slot = first; slot <= last; slot++)
		print_slot(out, slot, hist->count.slots[slot], most);
}

/**
 * hist_print_text() - print histograms for people
 * @out: where to
 * @hists: sorted histograms
 * @nr: how many
 * @lost: exits that are in none of them
 */
void hist_print_text(FILE *out, const struct hist *hists, size_t nr, __u64 lost)
{
	size_t i;

	for (i = 0; i < nr; i++)
		print_hist(out, &hists[i]);
	if (!nr)
		fputs("\nNo exits.\n", out);
	if (lost)
		fprintf(out, "\nNOT COUNTED, no room:%llu.\n",
			(unsigned long long)lost);
}

static void json_hist(struct json *json, const struct hist *hist)
{
	unsigned int slot, first, last;
	char name[REASON_NAME_BYTES];

	json_open(json, NULL, '{');
	json_string(json, "name", reason_print(hist->key, name, sizeof(name)));
	json_number(json, "reason", hist->key & ~HIST_TO_USER);
	json_bool(json, "to_user", hist->key & HIST_TO_USER);
	json_number(json, "samples", hist->samples);
	json_open(json, "slots", '[');
	range(hist, &first, &last);
	for (slot = first; slot <= last; slot++) {
		json_open(json, NULL, '{');
		json_number(json, "from_ns", first_ns(slot));
		json_number(json, "samples", hist->count.slots[slot]);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

/**
 * hist_print_json() - print histograms as an object of JSON
 * @out: where to
 * @hists: sorted histograms
 * @nr: how many
 * @lost: exits that are in none of them
 */
void hist_print_json(FILE *out, const struct hist *hists, size_t nr, __u64 lost)
{
	struct json json = { .out = out };
	size_t i;

	json_open(&json, NULL, '{');
	json_open(&json, "histograms", '[');
	for (i = 0; i < nr; i++)
		json_hist(&json, &hists[i]);
	json_close(&json, ']');
	json_number(&json, "lost", lost);
	json_close(&json, '}');
}
