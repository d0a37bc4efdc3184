// SPDX-License-Identifier: GPL-2.0
/*
 * The options that all watching commands have.
 *
 * What comes after "--" is the command line of another program, whose options
 * are none of ours: it is cut off before anything is parsed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch.h"

#define NS_PER_SECOND	1000000000ULL
/* About 31 years: what does not end before the machine does. */
#define MOST_SECONDS	1e9

enum { OPTION_VM = 0x100, OPTION_VCPU };

static const struct argp_option option_list[] = {
	{ "pid", 'p', "PID", 0, "Watch the VMs of process PID", 0 },
	{ "vm", OPTION_VM, "ID", 0, "Watch VM ID, until it ends", 0 },
	{ "vcpu", OPTION_VCPU, "N", 0, "Watch vCPU N alone", 0 },
	{ "all", 'a', NULL, 0,
	  "With COMMAND: watch all VMs, not only those of its process", 0 },
	{ "output", 'o', "FILE", 0, "Write the result to FILE", 0 },
	{ 0 },
};

/**
 * watch_parse_number() - a number that somebody wrote
 * @s: decimal, or hexadecimal with 0x
 * @number: the number, below WATCH_ANY
 *
 * Return: 0, or -EINVAL.
 */
int watch_parse_number(const char *s, __u32 *number)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(s, &end, 0);
	if (*s < '0' || *s > '9' || *end || errno || value >= WATCH_ANY)
		return -EINVAL;
	*number = value;
	return 0;
}

/**
 * watch_parse_seconds() - a time that somebody wrote
 * @s: seconds, with or without decimals
 * @ns: the same in nanoseconds, more than 0
 *
 * Return: 0, or -EINVAL.
 */
int watch_parse_seconds(const char *s, __u64 *ns)
{
	double seconds;
	char *end;

	if (!*s || s[strspn(s, "0123456789.")])
		return -EINVAL;
	seconds = strtod(s, &end);
	if (*end || seconds > MOST_SECONDS)
		return -EINVAL;
	*ns = seconds * NS_PER_SECOND;
	return *ns ? 0 : -EINVAL;
}

static void cut_command(struct watch *watch, struct argp_state *state)
{
	int i;

	for (i = 1; i < state->argc; i++) {
		if (strcmp(state->argv[i], "--"))
			continue;
		watch->command = state->argv + i + 1;
		state->argc = i;
		return;
	}
}

static void parse_id(struct argp_state *state, const char *what, char *arg,
		     __u32 *id)
{
	if (watch_parse_number(arg, id) < 0)
		argp_error(state, "'%s' is not the number of a %s", arg, what);
}

static void check(struct watch *watch, struct argp_state *state)
{
	if (watch->command && !*watch->command)
		argp_error(state, "no command after '--'");
	if (watch->command && watch->filter.tgid != WATCH_ANY)
		argp_error(state, "--pid and a command: only one of them can be watched");
	if (watch->command && watch->filter.vm != WATCH_ANY && !watch->all)
		argp_error(state, "--vm and a command: add --all, since the VM is not the command's");
	if (watch->all && !watch->command)
		argp_error(state, "--all goes with a command; without one all VMs are watched");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch *watch = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cut_command(watch, state);
		return 0;
	case 'p':
		parse_id(state, "process", arg, &watch->filter.tgid);
		return 0;
	case OPTION_VM:
		parse_id(state, "VM", arg, &watch->filter.vm);
		return 0;
	case OPTION_VCPU:
		parse_id(state, "vCPU", arg, &watch->filter.vcpu);
		return 0;
	case 'a':
		watch->all = true;
		return 0;
	case 'o':
		watch->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (watch->duration)
			argp_error(state, "unexpected argument '%s'; a command comes after '--'",
				   arg);
		else if (watch_parse_seconds(arg, &watch->duration) < 0)
			argp_error(state, "'%s' is not a number of seconds; a command comes after '--'",
				   arg);
		return 0;
	case ARGP_KEY_END:
		check(watch, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp watch_argp = {
	.options = option_list,
	.parser = parse,
};
