// SPDX-License-Identifier: GPL-2.0
/*
 * keel flame: where in the guest exits come from, as a flame graph.
 *
 * bpf/flame.bpf.c counts, flame_read.c makes stacks of what it has counted, flame.c
 * and flame_svg.c print them.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "bpf/filter.h"
#include "bpf/flame.h"
#include "bpf/flame.skel.h"
#include "cmd.h"
#include "flame.h"
#include "flame_read.h"
#include "symbols.h"
#include "watch.h"

#define DEFAULT_STACKS	16384
#define MAX_STACKS	(1U << 24)

struct options {
	struct watch watch;
	struct symbols symbols;
	enum flame_weight weight;
	const char *svg;
	FILE *picture;
	__u32 stacks;
};

enum {
	KEY_SYMBOLS = 0x200,
	KEY_BY,
	KEY_SVG,
	KEY_STACKS,
};

static const struct argp_option option_list[] = {
	{ "symbols", KEY_SYMBOLS, "FILE", 0,
	  "Symbols of the guest's kernel: System.map, /proc/kallsyms or vmlinux", 0 },
	{ "by", KEY_BY, "samples|cycles", 0,
	  "Weigh by the number of exits, or by the time that they took (samples)", 0 },
	{ "svg", KEY_SVG, "FILE", 0, "Draw a picture instead of printing folded stacks", 0 },
	{ "stacks", KEY_STACKS, "N", 0,
	  "Room for N pairs of place and reason (16384)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &watch_argp, 0, NULL, 0 },
	{ 0 },
};

static enum flame_weight parse_weight(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "samples") && strcmp(arg, "cycles"))
		argp_error(state, "--by: '%s' is neither samples nor cycles", arg);
	return strcmp(arg, "samples") ? FLAME_CYCLES : FLAME_SAMPLES;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->watch;
		return 0;
	case KEY_SYMBOLS:
		symbols_free(&options->symbols);
		if (symbols_load(&options->symbols, arg))
			argp_failure(state, CMD_FAILED, 0, "%s: %s", arg,
				     options->symbols.error);
		return 0;
	case KEY_BY:
		options->weight = parse_weight(state, arg);
		return 0;
	case KEY_SVG:
		options->svg = arg;
		return 0;
	case KEY_STACKS:
		if (watch_parse_number(arg, &options->stacks) || !options->stacks ||
		    options->stacks > MAX_STACKS)
			argp_error(state, "--stacks: '%s' is not a number from 1 to %u",
				   arg, MAX_STACKS);
		return 0;
	case ARGP_KEY_END:
		if (options->svg && options->watch.output)
			argp_error(state, "--svg and --output: choose one; each names the file");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.args_doc = WATCH_ARGS_DOC,
	.children = children,
	.doc = "Show where in the guest exits come from: stacks of VM, function and exit reason.\vWithout DURATION or COMMAND it counts until Ctrl-C.  keel-flame(1) explains the output.",
};

/* Before anything is counted, which could not be shown. */
static bool open_svg(struct options *options)
{
	if (!options->svg)
		return true;
	options->picture = fopen(options->svg, "we");
	if (!options->picture)
		cmd_error("%s: %s", options->svg, strerror(errno));
	return options->picture;
}

/* The picture; true where it has arrived. */
static bool draw(struct options *options, const struct flame *root)
{
	bool cycles = options->weight == FLAME_CYCLES, bad;
	FILE *out = options->picture;

	options->picture = NULL;
	flame_print_svg(out, root, cycles ? "VM exits by time" : "VM exits",
			cycles ? "TSC cycles" : "exits");
	errno = 0;
	bad = ferror(out);
	if (!fclose(out) && !bad)
		return true;
	cmd_error("%s: %s", options->svg, errno ? strerror(errno) : "write error");
	return false;
}

static bool print(struct options *options, struct flame_bpf *skel)
{
	struct flame root = { 0 };
	bool good = true;
	int ret = flame_read(&root, bpf_map__fd(skel->maps.places), &options->symbols,
			     options->weight);

	if (ret) {
		cmd_error("reading what was counted: %s", strerror(-ret));
		good = false;
	} else if (options->svg) {
		good = draw(options, &root);
	} else {
		flame_print_folded(options->watch.out, &root);
	}
	flame_free(&root);
	flame_tell_dropped(bpf_map__fd(skel->maps.dropped), options->stacks);
	return good;
}

static void count(struct options *options, struct flame_bpf *skel)
{
	struct watch *watch = &options->watch;

	skel->rodata->filter = watch->filter;
	bpf_map__set_max_entries(skel->maps.places, options->stacks);
	if (watch_attach(watch, skel->skeleton) || watch_start(watch))
		return;
	while (watch_wait(watch, -1, -1) != WATCH_END)
		;
	watch_stop(watch);
	if (!print(options, skel))
		watch->failed = true;
}

int cmd_flame(int argc, char **argv)
{
	struct options options = { .watch = WATCH_INIT, .stacks = DEFAULT_STACKS };
	struct flame_bpf *skel = NULL;
	int status = CMD_FAILED;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	if (open_svg(&options) && !watch_open(&options.watch)) {
		skel = flame_bpf__open();
		if (skel) {
			count(&options, skel);
		} else {
			cmd_error("opening a BPF program: %s", strerror(errno));
			options.watch.failed = true;
		}
		status = watch_close(&options.watch);
	}
	if (options.picture)
		fclose(options.picture);
	flame_bpf__destroy(skel);
	symbols_free(&options.symbols);
	return status;
}
