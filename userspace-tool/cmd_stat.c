// SPDX-License-Identifier: GPL-2.0
/*
 * keel stat: which exits there are, and how long they take.
 *
 * stat_count.c counts, stat_table.c and stat_print.c make the table; here are the
 * options and the clock.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "stat_count.h"

#define NS_PER_MS	1000000ULL
#define NS_PER_SECOND	1e9
/* An hour: poll() takes no more than 2^31 milliseconds. */
#define MOST_MS		3600000
/* As many as fit in a few MiB on each CPU. */
#define ENTRIES		8192
#define MOST_ENTRIES	(1U << 24)

enum { OPTION_BY = 0x200, OPTION_JSON, OPTION_CSV, OPTION_ENTRIES };

struct options {
	struct watch watch;
	enum stat_by by;
	enum stat_sort sort;
	__u64 interval;
	__u32 entries;
	bool json;
	bool csv;
};

static const struct argp_option option_list[] = {
	{ "interval", 'i', "SEC", 0, "Print what came in each SEC seconds", 0 },
	{ "by", OPTION_BY, "WHAT", 0,
	  "A line for each reason, rip, port, msr, gpa or vcpu (reason)", 0 },
	{ "key", 'k', "KEY", 0, "Sort by sample or time (sample)", 0 },
	{ "json", OPTION_JSON, NULL, 0, "Print JSON", 0 },
	{ "csv", OPTION_CSV, NULL, 0, "Print comma-separated values", 0 },
	{ "entries", OPTION_ENTRIES, "N", 0,
	  "Room for N lines, with --by (8192)", 0 },
	{ 0 },
};

/* The place of @arg in @names, which ends with NULL. */
static int choose(struct argp_state *state, const char *option,
		  const char *const *names, const char *arg)
{
	int i;

	for (i = 0; names[i]; i++)
		if (!strcmp(names[i], arg))
			return i;
	argp_error(state, "'%s' is nothing that --%s takes; see --help", arg,
		   option);
	return 0;
}

static const char *const by_names[] = {
	[STAT_BY_REASON] = "reason", [STAT_BY_RIP] = "rip",
	[STAT_BY_PORT] = "port", [STAT_BY_MSR] = "msr",
	[STAT_BY_GPA] = "gpa", [STAT_BY_VCPU] = "vcpu", NULL,
};

static const char *const sort_names[] = {
	[STAT_SORT_SAMPLE] = "sample", [STAT_SORT_TIME] = "time", NULL,
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->watch;
		return 0;
	case 'i':
		if (watch_parse_seconds(arg, &options->interval) < 0)
			argp_error(state, "'%s' is not a number of seconds",
				   arg);
		return 0;
	case 'k':
		options->sort = choose(state, "key", sort_names, arg);
		return 0;
	case OPTION_BY:
		options->by = choose(state, "by", by_names, arg);
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_CSV:
		options->csv = true;
		return 0;
	case OPTION_ENTRIES:
		if (watch_parse_number(arg, &options->entries) < 0 ||
		    !options->entries || options->entries > MOST_ENTRIES)
			argp_error(state, "'%s' is not a number of lines from 1 to %u",
				   arg, MOST_ENTRIES);
		return 0;
	case ARGP_KEY_END:
		if (options->json && options->csv)
			argp_error(state, "--json and --csv: choose one");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &watch_argp, 0, "What to watch:", 1 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.args_doc = WATCH_ARGS_DOC,
	.doc = "Count the VM exits of all guests and measure them, until Ctrl-C, for DURATION seconds, or until COMMAND ends.\vkeel-stat(1) explains the output.",
	.children = children,
};

static void print_text(const struct options *options,
		       const struct stat_table *table)
{
	FILE *out = options->watch.out;

	if (options->interval)
		fprintf(out, "\n%.3f to %.3f s:\n", table->begin / NS_PER_SECOND,
			table->end / NS_PER_SECOND);
	stat_print_text(out, table);
}

static void print(struct options *options, const struct stat_table *table)
{
	FILE *out = options->watch.out;

	if (options->json)
		stat_print_json(out, table);
	else if (options->csv)
		stat_print_csv(out, table, !table->begin);
	else
		print_text(options, table);
	/* Whoever reads it wants it now. */
	watch_flush(&options->watch);
}

/* Print what came since @begin, and all that is left when it is the @last. */
static int print_interval(struct options *options, struct stat_bpf *skel,
			  __u64 begin, __u64 end, bool last)
{
	struct stat_table table = { .by = options->by };
	int ret = stat_count_take(skel, &table);

	if (!ret && last)
		ret = stat_count_take_waiting(skel, &table);
	table.begin = begin - options->watch.started;
	table.end = end - options->watch.started;
	if (!ret) {
		stat_table_finish(&table, options->watch.tsc_khz,
				  options->sort);
		print(options, &table);
	} else {
		options->watch.failed = true;
	}
	stat_table_free(&table);
	return ret;
}

/* Milliseconds to @then, rounded up; -1 without intervals. */
static int ms_until(const struct options *options, __u64 then)
{
	__u64 now = watch_now();
	__u64 ms;

	if (!options->interval)
		return -1;
	ms = then > now ? (then - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	return ms < MOST_MS ? ms : MOST_MS;
}

/* Until the end; where the last interval began. */
static __u64 print_intervals(struct options *options, struct stat_bpf *skel)
{
	struct watch *watch = &options->watch;
	__u64 begin = watch->started;
	__u64 now;

	while (watch_wait(watch, -1,
			  ms_until(options, begin + options->interval)) !=
	       WATCH_END) {
		now = watch_now();
		if (!options->interval || now < begin + options->interval)
			continue;
		if (print_interval(options, skel, begin, now, false) < 0 ||
		    watch->out_error)
			break;
		begin = now;
	}
	return begin;
}

int cmd_stat(int argc, char **argv)
{
	struct options options = { .watch = WATCH_INIT, .entries = ENTRIES };
	struct watch *watch = &options.watch;
	struct stat_bpf *skel;
	__u64 begin;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	if (watch_open(watch))
		return CMD_FAILED;
	skel = stat_count_begin(watch, options.by, options.entries);
	if (skel && !watch_start(watch)) {
		begin = print_intervals(&options, skel);
		watch_stop(watch);
		if (!watch->failed && !watch->out_error)
			print_interval(&options, skel, begin, watch->stopped,
				       true);
	}
	watch_stop(watch);
	stat_count_end(skel);
	return watch_close(watch);
}
