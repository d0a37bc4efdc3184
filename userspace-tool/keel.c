// SPDX-License-Identifier: GPL-2.0
/*
 * keel: the command.
 *
 * Finds the command in a table and hands it the rest of the line.  What a
 * command does, and its options, stand in its own file, cmd_NAME.c.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/keel.h>

#include "cmd.h"
#include "vmx_names.h"

static const struct cmd cmds[] = {
	{ "caps", "show what the CPUs offer for VMX", cmd_caps },
	{ "flame", "show where in guests VM exits come from", cmd_flame },
	{ "hist", "show how long VM exits take, as histograms", cmd_hist },
	{ "run", "run a guest", cmd_run },
	{ "stat", "count and measure VM exits", cmd_stat },
	{ "top", "show VMs and their exits, live", cmd_top },
	{ "trace", "print each VM exit", cmd_trace },
};

#define STRING_(x)	#x
#define STRING(x)	STRING_(x)

const char *argp_program_version =
	"keel " KEEL_VERSION " (ABI " STRING(KEEL_ABI_VERSION) ")";

/* The list of commands, for --help.  argp frees what is not @text. */
static char *list_cmds(int key, const char *text, void *input)
{
	const struct cmd *cmd;
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return NULL;
	fputs("Commands:\n", out);
	for (cmd = cmds; cmd < cmds + ARRAY_SIZE(cmds); cmd++)
		fprintf(out, "  %-8s  %s\n", cmd->name, cmd->summary);
	fputs("\n'keel COMMAND --help' and keel-COMMAND(1) tell more.", out);
	fclose(out);
	return list;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int *first = state->input;

	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	/* The rest belongs to the command. */
	*first = state->next - 1;
	state->next = state->argc;
	return 0;
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Run and watch virtual machines on Keel, a hypervisor for Intel VMX.\v",
	.help_filter = list_cmds,
};

int main(int argc, char **argv)
{
	const struct cmd *cmd;
	char name[64];
	int first = 0;

	argp_err_exit_status = CMD_USAGE;
	/* argp and getopt begin their messages with it. */
	if (argc)
		argv[0] = (char *)"keel";
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first))
		return CMD_FAILED;
	if (!first) {
		cmd_error("no command given; 'keel --help' lists the commands");
		return CMD_USAGE;
	}
	for (cmd = cmds; cmd < cmds + ARRAY_SIZE(cmds); cmd++) {
		if (strcmp(argv[first], cmd->name))
			continue;
		snprintf(name, sizeof(name), "keel %s", cmd->name);
		argv[first] = name;
		return cmd->run(argc - first, argv + first);
	}
	cmd_error("unknown command '%s'; 'keel --help' lists the commands",
		  argv[first]);
	return CMD_USAGE;
}
