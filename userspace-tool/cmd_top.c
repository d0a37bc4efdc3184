// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: a live view of VMs, vCPUs and their exits.
 *
 * Takes a sample now and then (top_source.c), makes a table of the difference to the
 * one before (top_model.c) and shows it on a screen (top_screen.c) or as text
 * (top_text.c).  What keys do is in top_view.c.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "top_screen.h"
#include "top_source.h"
#include "top_text.h"
#include "watch.h"

#define NS_PER_MS	1000000
/* The first table comes early: an empty screen says little. */
#define FIRST_MS	1000

/**
 * struct top - keel top
 * @watch: what is watched, and until when
 * @batch: as text, without keys
 * @count: tables to print with @batch; 0: without end
 * @bpf: the BPF program
 * @view: what the user looks at
 * @base: when the totals began
 * @before: the sample before @now
 * @now: the latest sample
 * @table: what happened between these two
 */
struct top {
	struct watch watch;
	bool batch;
	unsigned int count;
	struct top_bpf *bpf;
	struct top_view view;
	struct top_sample base;
	struct top_sample before;
	struct top_sample now;
	struct top_table table;
};

static const struct argp_option option_list[] = {
	{ "delay", 'd', "SECONDS", 0, "Time between updates (3)", 0 },
	{ "batch", 'b', NULL, 0, "Print tables as text, without end or --count of them", 0 },
	{ "count", 'n', "N", 0, "With --batch: end after N tables", 0 },
	{ 0 },
};

static void check(const struct top *top, struct argp_state *state)
{
	if (top->batch)
		return;
	if (top->count)
		argp_error(state, "--count goes with --batch");
	if (top->watch.output)
		argp_error(state, "--output goes with --batch");
	if (top->watch.command)
		argp_error(state, "a command would write over the screen; use --batch");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct top *top = state->input;
	__u32 count;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &top->watch;
		return 0;
	case 'd':
		if (top_parse_delay(arg, &top->view.delay_ms))
			argp_error(state, "'%s' is not a number of seconds from 0.1 to 86400", arg);
		return 0;
	case 'b':
		top->batch = true;
		return 0;
	case 'n':
		if (watch_parse_number(arg, &count) || !count)
			argp_error(state, "'%s' is not a number of tables", arg);
		top->count = count;
		return 0;
	case ARGP_KEY_END:
		check(top, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &watch_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.children = children,
	.args_doc = WATCH_ARGS_DOC,
	.doc = "Show VMs, vCPUs and their exits while they run.\vkeel-top(1) explains the columns and the keys.",
};

/* A sample of its own, for the totals: @now is freed when it is old. */
static int copy_sample(struct top_sample *to, const struct top_sample *from)
{
	top_sample_clear(to);
	*to = *from;
	to->vcpus = NULL;
	if (!from->nr)
		return 0;
	to->vcpus = malloc(from->nr * sizeof(*to->vcpus));
	if (!to->vcpus) {
		to->nr = 0;
		return -ENOMEM;
	}
	memcpy(to->vcpus, from->vcpus, from->nr * sizeof(*to->vcpus));
	return 0;
}

static int sample(struct top *top)
{
	top_sample_clear(&top->before);
	top->before = top->now;
	memset(&top->now, 0, sizeof(top->now));
	return top_source_sample(top->bpf, &top->now);
}

static int fill_once(struct top *top)
{
	top_table_clear(&top->table);
	return top_table_fill(&top->table, &top->base, &top->before, &top->now, &top->view.choice,
			      top->watch.tsc_khz);
}

static int fill(struct top *top)
{
	int ret = fill_once(top);

	if (!ret && top_view_settle(&top->view, &top->table))
		ret = fill_once(top);
	return ret;
}

static int sample_and_fill(struct top *top)
{
	int ret = sample(top);

	return ret ? ret : fill(top);
}

static int act(struct top *top, enum top_action action, bool *quit)
{
	int ret = 0;

	switch (action) {
	case TOP_DRAW:
		break;
	case TOP_FILL:
		ret = fill(top);
		break;
	case TOP_SAMPLE:
		ret = sample_and_fill(top);
		break;
	case TOP_CLEAR:
		ret = copy_sample(&top->base, &top->now);
		if (!ret)
			ret = fill(top);
		break;
	case TOP_QUIT:
		*quit = true;
	}
	return ret;
}

/* Every key that has been pressed. */
static int read_keys(struct top *top, bool *quit)
{
	int key, ret = 0;

	while (!ret && !*quit && (key = top_screen_key()) >= 0)
		ret = act(top, top_view_key(&top->view, &top->table, key), quit);
	if (top_screen_lost())
		*quit = true;
	return ret;
}

/* Milliseconds to the next sample, @delay after the latest one; 0 when it is due. */
static int due_in(const struct top *top, unsigned int delay)
{
	__u64 due = top->now.ns + (__u64)delay * NS_PER_MS, now = watch_now();

	return now < due ? (due - now + NS_PER_MS - 1) / NS_PER_MS : 0;
}

static int live(struct top *top)
{
	unsigned int delay = top->view.delay_ms < FIRST_MS ? top->view.delay_ms : FIRST_MS;
	enum watch_event event;
	bool quit = false;
	int ret = fill(top);

	while (!ret && !quit) {
		top_screen_draw(&top->table, &top->view);
		event = watch_wait(&top->watch, top_screen_fd(), due_in(top, delay));
		if (event == WATCH_END)
			break;
		if (event == WATCH_INPUT)
			ret = read_keys(top, &quit);
		if (top->before.ns)
			delay = top->view.delay_ms;
		if (!ret && !quit && !due_in(top, delay))
			ret = sample_and_fill(top);
	}
	return ret;
}

static int print_table(struct top *top)
{
	int ret = sample_and_fill(top);

	if (ret)
		return ret;
	top_text_batch(top->watch.out, &top->table, &top->view, time(NULL));
	/* Whoever reads it waits for it; that it cannot be written, watch_close() says. */
	return fflush(top->watch.out) ? -EIO : 0;
}

static int batch(struct top *top)
{
	enum watch_event event = WATCH_TIMEOUT;
	unsigned int printed = 0;
	int ret = 0;

	while (!ret && event != WATCH_END && (!top->count || printed < top->count)) {
		event = watch_wait(&top->watch, -1, due_in(top, top->view.delay_ms));
		/* The last one is of the time that was left, if there was any. */
		if (event != WATCH_END && due_in(top, top->view.delay_ms))
			continue;
		ret = print_table(top);
		printed++;
	}
	return ret;
}

static int watch_all(struct top *top)
{
	int ret = sample(top);

	if (!ret)
		ret = copy_sample(&top->base, &top->now);
	if (ret)
		return ret;
	if (top->batch)
		return batch(top);
	ret = top_screen_open();
	if (!ret)
		ret = live(top);
	top_screen_close();
	return ret;
}

static void top_init(struct top *top)
{
	const struct watch_filter *filter = &top->watch.filter;
	const struct top_choice choice = {
		.vm = filter->vm,
		.vcpu = filter->vcpu,
		.pid = filter->tgid,
		.reasons_vm = TOP_ALL,
		.reasons_vcpu = TOP_ALL,
	};

	_Static_assert(TOP_ALL == WATCH_ANY, "a filter is a choice");
	top_view_init(&top->view, &choice);
}

int cmd_top(int argc, char **argv)
{
	struct top top = { .watch = WATCH_INIT, .view = { .delay_ms = 3000 } };
	int ret = -1;

	if (argp_parse(&argp, argc, argv, 0, NULL, &top))
		return CMD_FAILED;
	if (!top.batch && top_screen_check())
		return CMD_FAILED;
	if (watch_open(&top.watch))
		return CMD_FAILED;
	top_init(&top);
	top.bpf = top_source_open(&top.watch);
	if (top.bpf && !watch_start(&top.watch))
		ret = watch_all(&top);
	if (ret == -ENOMEM)
		cmd_error("out of memory");
	else if (ret < -1 && ret != -ENOTTY && ret != -EIO)
		cmd_error("counters of keel top: %s", strerror(-ret));
	watch_stop(&top.watch);
	top_source_close(top.bpf);
	top_table_clear(&top.table);
	top_sample_clear(&top.base);
	top_sample_clear(&top.before);
	top_sample_clear(&top.now);
	if (ret)
		top.watch.failed = true;
	return watch_close(&top.watch);
}
