// SPDX-License-Identifier: GPL-2.0
/*
 * keel hist: how long exits take, as histograms.
 *
 * Counts with bpf/hist.bpf.c; hist_print.c prints.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cmd.h"
#include "hist_print.h"
#include "watch.h"
#include "bpf/hist.skel.h"

enum { OPTION_JSON = 0x200 };

struct options {
	struct watch watch;
	bool json;
};

static const struct argp_option option_list[] = {
	{ "json", OPTION_JSON, NULL, 0, "Print JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->watch;
		return 0;
	case OPTION_JSON:
		options->json = true;
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
	.doc = "Show how long VM exits take, as histograms, after Ctrl-C, after DURATION seconds, or when COMMAND has ended.\vkeel-hist(1) explains the output.",
	.children = children,
};

/**
 * struct result - what has been counted
 * @hists: histograms
 * @nr: how many
 * @lost: exits that are in none of them
 */
struct result {
	struct hist hists[HIST_MOST];
	size_t nr;
	__u64 lost;
};

static struct hist *find(struct result *result, __u64 key)
{
	size_t i;

	for (i = 0; i < result->nr; i++)
		if (result->hists[i].key == key)
			return &result->hists[i];
	/* The map has room for half as many. */
	if (result->nr == HIST_MOST)
		return NULL;
	result->hists[i].key = key;
	result->nr++;
	return &result->hists[i];
}

static int take_counts(struct result *result, int map, int cpus)
{
	struct hist_count *copies = calloc(cpus, sizeof(*copies));
	struct hist *hist;
	__u64 *last = NULL;
	unsigned int slot;
	__u64 key;
	int i;

	if (!copies)
		return -ENOMEM;
	while (!bpf_map_get_next_key(map, last, &key)) {
		last = &key;
		hist = find(result, key);
		if (!hist || bpf_map_lookup_elem(map, &key, copies) < 0) {
			free(copies);
			return -ENOENT;
		}
		for (i = 0; i < cpus; i++)
			for (slot = 0; slot < HIST_SLOTS; slot++)
				hist->count.slots[slot] += copies[i].slots[slot];
	}
	free(copies);
	return 0;
}

/* Exits whose guest was not entered again: the time that the kernel had them. */
static int take_waiting(struct result *result, int map,
			const struct watch *watch)
{
	struct exit_note note;
	__u64 *last = NULL;
	struct hist *hist;
	__u64 vcpu;

	while (!bpf_map_get_next_key(map, last, &vcpu)) {
		last = &vcpu;
		if (bpf_map_lookup_elem(map, &vcpu, &note) < 0)
			return -errno;
		if (!note.waits)
			continue;
		hist = find(result, note.key | HIST_TO_USER);
		if (hist)
			hist->count.slots[hist_slot(watch_ns(watch,
							     note.kernel))]++;
		else
			result->lost++;
	}
	return 0;
}

static int take_lost(struct result *result, int map, int cpus)
{
	__u64 *copies = calloc(cpus, sizeof(*copies));
	const __u32 zero = 0;
	int i, ret = 0;

	if (!copies)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map, &zero, copies) < 0)
		ret = -errno;
	for (i = 0; i < cpus; i++)
		result->lost += copies[i];
	free(copies);
	return ret;
}

static int take(struct result *result, struct hist_bpf *skel,
		const struct watch *watch)
{
	int cpus = libbpf_num_possible_cpus();
	int ret;

	if (cpus < 0)
		return cpus;
	ret = take_lost(result, bpf_map__fd(skel->maps.lost), cpus);
	if (!ret)
		ret = take_counts(result, bpf_map__fd(skel->maps.counts), cpus);
	if (!ret)
		ret = take_waiting(result, bpf_map__fd(skel->maps.vcpus),
				   watch);
	return ret;
}

static int report(struct options *options, struct hist_bpf *skel)
{
	struct result *result = calloc(1, sizeof(*result));
	FILE *out = options->watch.out;
	int ret = result ? take(result, skel, &options->watch) : -ENOMEM;

	if (!ret) {
		hist_sort(result->hists, result->nr);
		(options->json ? hist_print_json : hist_print_text)(out,
			result->hists, result->nr, result->lost);
	} else {
		cmd_error("reading what was counted: %s", strerror(-ret));
		options->watch.failed = true;
	}
	free(result);
	return ret;
}

static struct hist_bpf *begin(struct watch *watch)
{
	struct hist_bpf *skel = hist_bpf__open();

	if (!skel) {
		cmd_error("preparing a BPF program: %s", strerror(errno));
		watch->failed = true;
		return NULL;
	}
	skel->rodata->filter = watch->filter;
	skel->rodata->tsc_khz = watch->tsc_khz;
	if (!watch_attach(watch, skel->skeleton))
		return skel;
	hist_bpf__destroy(skel);
	return NULL;
}

int cmd_hist(int argc, char **argv)
{
	struct options options = { .watch = WATCH_INIT };
	struct watch *watch = &options.watch;
	struct hist_bpf *skel;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	if (watch_open(watch))
		return CMD_FAILED;
	skel = begin(watch);
	if (skel && !watch_start(watch)) {
		while (watch_wait(watch, -1, -1) != WATCH_END)
			;
		watch_stop(watch);
		report(&options, skel);
	}
	watch_stop(watch);
	hist_bpf__destroy(skel);
	return watch_close(watch);
}
