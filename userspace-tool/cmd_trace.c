// SPDX-License-Identifier: GPL-2.0
/*
 * keel trace: print each exit.
 *
 * bpf/trace.bpf.c composes them, trace_reader.c takes them out of the ring buffer,
 * trace_text.c and trace_json.c print them.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "reason_names.h"
#include "trace_print.h"
#include "trace_reader.h"
#include "watch.h"

#define NS_PER_US	1000
#define NS_PER_MS	1000000
#define DEFAULT_BUFFER	(8U << 20)

struct options {
	struct watch watch;
	struct trace_print print;
	struct trace_choice choice;
};

enum {
	KEY_REASON = 0x200,
	KEY_LONGER_THAN,
	KEY_INSN,
	KEY_SYMBOLS,
	KEY_BUFFER,
};

static const struct argp_option option_list[] = {
	{ "reason", KEY_REASON, "R[,R...]", 0,
	  "Print exits of these reasons, by name or number", 0 },
	{ "longer-than", KEY_LONGER_THAN, "TIME", 0,
	  "Print exits that took longer: nanoseconds, or with a suffix us or ms", 0 },
	{ "insn", KEY_INSN, "intel|att", OPTION_ARG_OPTIONAL,
	  "Show the instruction, in the syntax of Intel or of AT&T", 0 },
	{ "symbols", KEY_SYMBOLS, "FILE", 0,
	  "Symbols of the guest's kernel: System.map, /proc/kallsyms or vmlinux", 0 },
	{ "json", 'j', NULL, 0, "Print an object of JSON for each exit", 0 },
	{ "count", 'n', "COUNT", 0, "End after COUNT exits", 0 },
	{ "buffer", KEY_BUFFER, "SIZE", 0,
	  "Bytes between the kernel and this command, with a suffix K or M (8M)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &watch_argp, 0, NULL, 0 },
	{ 0 },
};

static void add_reason(struct argp_state *state, struct trace_choice *choice,
		       const char *name)
{
	__u32 basic;

	if (reason_find(name, &basic) || basic >= TRACE_REASONS)
		argp_error(state, "'%s' is not an exit reason; keel-trace(1) says where they are listed",
			   name);
	choice->some_reasons = true;
	choice->reasons[basic / 64] |= 1ULL << basic % 64;
}

static void parse_reasons(struct argp_state *state, struct trace_choice *choice,
			  const char *arg)
{
	char *list = strdup(arg), *rest = list, *name;

	if (!list)
		argp_failure(state, CMD_FAILED, errno, "--reason");
	while ((name = strsep(&rest, ",")))
		add_reason(state, choice, name);
	free(list);
}

/* A number that may have a unit behind it; 0 is none. */
static __u64 parse_scaled(const char *arg, const char *const units[],
			  const __u64 scales[], __u64 max)
{
	unsigned long long value;
	unsigned int i;
	char *end;

	if (*arg < '0' || *arg > '9')
		return 0;
	errno = 0;
	value = strtoull(arg, &end, 10);
	for (i = 0; units[i]; i++)
		if (!strcmp(end, units[i]) && !errno && value <= max / scales[i])
			return value * scales[i];
	return 0;
}

static __u64 parse_time(struct argp_state *state, const char *arg)
{
	static const char * const units[] = { "", "ns", "us", "ms", NULL };
	static const __u64 scales[] = { 1, 1, NS_PER_US, NS_PER_MS };
	/* In ticks it has to fit into 64 bits, too. */
	__u64 ns = parse_scaled(arg, units, scales, 1ULL << 50);

	if (!ns)
		argp_error(state, "--longer-than: '%s' is not a time such as 500, 20us or 3ms",
			   arg);
	return ns;
}

/* Ring buffers have a power of two, and full pages. */
static __u32 parse_buffer(struct argp_state *state, const char *arg)
{
	static const char * const units[] = { "", "K", "M", NULL };
	static const __u64 scales[] = { 1, 1U << 10, 1U << 20 };
	__u64 bytes = parse_scaled(arg, units, scales, 1U << 30);
	__u32 size = 4096;

	if (!bytes)
		argp_error(state, "--buffer: '%s' is not a size up to 1024M", arg);
	while (size < bytes)
		size *= 2;
	return size;
}

static void parse_syntax(struct argp_state *state, struct trace_print *print,
			 const char *arg)
{
	print->insn = true;
	if (arg && strcmp(arg, "intel") && strcmp(arg, "att"))
		argp_error(state, "--insn: '%s' is neither intel nor att", arg);
	print->syntax = arg && !strcmp(arg, "att") ? DISASM_ATT : DISASM_INTEL;
}

static void load_symbols(struct argp_state *state, struct symbols *symbols,
			 const char *path)
{
	symbols_free(symbols);
	if (symbols_load(symbols, path))
		argp_failure(state, CMD_FAILED, 0, "%s: %s", path, symbols->error);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	__u32 count;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->watch;
		return 0;
	case KEY_REASON:
		parse_reasons(state, &options->choice, arg);
		return 0;
	case KEY_LONGER_THAN:
		options->choice.longer_than = parse_time(state, arg);
		return 0;
	case KEY_INSN:
		parse_syntax(state, &options->print, arg);
		return 0;
	case KEY_SYMBOLS:
		load_symbols(state, &options->print.symbols, arg);
		return 0;
	case 'j':
		options->print.json = true;
		return 0;
	case 'n':
		if (watch_parse_number(arg, &count) || !count)
			argp_error(state, "--count: '%s' is not a number above 0", arg);
		options->choice.count = count;
		return 0;
	case KEY_BUFFER:
		options->choice.buffer = parse_buffer(state, arg);
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
	.doc = "Print each exit: when, where in the guest, why, and how long it took.\vWithout DURATION or COMMAND it goes on until Ctrl-C.  keel-trace(1) explains the output.",
};

int cmd_trace(int argc, char **argv)
{
	struct options options = {
		.watch = WATCH_INIT,
		.choice = { .buffer = DEFAULT_BUFFER },
	};
	int status = CMD_FAILED;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	if (!watch_open(&options.watch))
		status = trace_watch(&options.watch, &options.choice, &options.print);
	symbols_free(&options.print.symbols);
	return status;
}
