// SPDX-License-Identifier: GPL-2.0
/*
 * keel run: run a guest.
 *
 * Reads the options, makes a machine, boots it, and waits.  What a machine is
 * stands in machine.h, where the guest begins in boot.h.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "boot.h"
#include "cmd.h"
#include "confine.h"
#include "console.h"
#include "machine.h"
#include "timing.h"

#define MIB		20
#define DEFAULT_MEM	128
#define MAX_MEM		(MEMORY_MAX >> MIB)

#define MAX_FW_CFG	16

struct options {
	struct boot boot;
	const char *kernel;
	const char *fw_cfg[MAX_FW_CFG];
	unsigned int nr_fw_cfg;
	struct machine_config machine;
	struct timing timing;
	bool verbose;
	bool no_shutdown;
	bool no_sandbox;
};

/* What a run is made of; see run(). */
struct parts {
	struct machine machine;
	struct board board;
	struct console console;
	struct sandbox sandbox;
};

enum {
	KEY_LOAD_AT = 256,
	KEY_ENTRY,
	KEY_MODE,
	KEY_APPEND,
	KEY_FIRMWARE,
	KEY_APICV,
	KEY_PAGING,
	KEY_TIMING,
	KEY_MODULE,
	KEY_FW_CFG,
	KEY_NO_SHUTDOWN,
	KEY_NO_SANDBOX,
};

static const struct argp_option option_list[] = {
	{ "kernel", 'k', "FILE", 0,
	  "Boot a kernel: bzImage, Multiboot or PVH; instead of IMAGE", 0 },
	{ "initrd", 'i', "FILE", 0, "Initial RAM disk of the kernel", 0 },
	{ "module", KEY_MODULE, "FILE[ ARGS]", 0,
	  "Module of a Multiboot kernel; can be given several times", 0 },
	{ "append", KEY_APPEND, "STRING", 0, "Command line of the kernel", 0 },
	{ "firmware", KEY_FIRMWARE, "FILE", 0,
	  "Begin with a BIOS, as a PC does at power-up; with --kernel, it boots that", 0 },
	{ "fw-cfg", KEY_FW_CFG, "NAME=FILE", 0,
	  "File for the firmware, by fw_cfg; can be given several times", 0 },
	{ "mem", 'm', "SIZE", 0,
	  "Guest memory in MiB, or with a suffix M or G (128)", 0 },
	{ "cpus", 'c', "N", 0, "Number of vCPUs (1)", 0 },
	{ "load-at", KEY_LOAD_AT, "ADDRESS", 0,
	  "Where a flat binary goes (0x7c00 in real mode, else 0x100000)", 0 },
	{ "entry", KEY_ENTRY, "ADDRESS", 0,
	  "Physical address of the first instruction", 0 },
	{ "mode", KEY_MODE, "real|prot|long", 0,
	  "Mode in which the guest begins (a flat binary: long)", 0 },
	{ "apicv", KEY_APICV, "on|off", 0,
	  "Let the CPU virtualize local APICs where it can (on)", 0 },
	{ "paging", KEY_PAGING, "ept|shadow", 0,
	  "Translate guest addresses by EPT or by shadow page tables (ept where the CPU has it)",
	  0 },
	{ "no-shutdown", KEY_NO_SHUTDOWN, NULL, 0,
	  "Keep the VM when the guest has ended, to look at it, until Ctrl-C", 0 },
	{ "no-sandbox", KEY_NO_SANDBOX, NULL, 0,
	  "Do not confine keel run itself, to debug it; a guest that breaks out has what you have",
	  0 },
	{ "timing", KEY_TIMING, "FILE", OPTION_ARG_OPTIONAL,
	  "Print when things happened, and how often the guest left; to FILE as JSON, too",
	  0 },
	{ "verbose", 'v', NULL, 0, "Print each exit on standard error", 0 },
	{ 0 },
};

/* A number in C's notation; what is not one ends the program. */
static __u64 parse_number(const struct argp_state *state, const char *what,
			  const char *text, __u64 min, __u64 max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	/* strtoull() takes signs and blanks, too. */
	if (*text < '0' || *text > '9' || *end || errno)
		argp_error(state, "%s: '%s' is not a number", what, text);
	if (value < min || value > max)
		argp_error(state, "%s: %s is not between %llu and %llu", what,
			   text, min, max);
	return value;
}

/* Guest memory in MiB: a number that may have a unit behind it. */
static __u64 parse_mem(const struct argp_state *state, const char *text)
{
	size_t digits = strlen(text);
	char number[32];
	__u64 unit = 1;

	if (digits && digits < sizeof(number)) {
		char last = text[digits - 1];

		if (last == 'G' || last == 'g')
			unit = 1024;
		if (unit > 1 || last == 'M' || last == 'm')
			digits--;
		memcpy(number, text, digits);
		number[digits] = '\0';
		/* What is in error is shown as it was given. */
		if (digits && digits < strlen(text) &&
		    strspn(number, "0123456789") == digits)
			return parse_number(state, "--mem", number, 1,
					    MAX_MEM / unit) * unit;
	}
	return parse_number(state, "--mem", text, 1, MAX_MEM);
}

/* The one thing to boot, and which options go with it. */
static void choose(const struct argp_state *state, struct options *options)
{
	struct boot *boot = &options->boot;

	boot->is_kernel = options->kernel;
	if (boot->path && (boot->is_kernel || boot->firmware_path))
		argp_error(state, "IMAGE excludes --kernel and --firmware; give the one or the others");
	if (boot->is_kernel || boot->firmware_path) {
		if (boot->has_load_at || boot->has_entry || boot->mode)
			argp_error(state, "--load-at, --entry and --mode go with IMAGE only: others say themselves how they begin");
		boot->path = options->kernel;
	}
	if (!boot->path && !boot->firmware_path)
		argp_error(state, "no image given; give IMAGE, --kernel FILE or --firmware FILE");
	if (!boot->is_kernel &&
	    (boot->initrd_path || boot->command_line || boot->nr_modules))
		argp_error(state, "%s goes with --kernel only",
			   boot->initrd_path ? "--initrd" :
			   boot->command_line ? "--append" : "--module");
}

static enum image_mode parse_mode(const struct argp_state *state, const char *text)
{
	if (!strcmp(text, "real"))
		return IMAGE_MODE_REAL;
	if (!strcmp(text, "prot"))
		return IMAGE_MODE_PROT;
	if (!strcmp(text, "long"))
		return IMAGE_MODE_LONG;
	argp_error(state, "--mode: '%s' is none of real, prot, long", text);
	return IMAGE_MODE_ANY;
}

static enum machine_paging parse_paging(const struct argp_state *state,
					const char *text)
{
	if (!strcmp(text, "ept"))
		return MACHINE_PAGING_EPT;
	if (!strcmp(text, "shadow"))
		return MACHINE_PAGING_SHADOW;
	argp_error(state, "--paging: '%s' is neither ept nor shadow", text);
	return MACHINE_PAGING_ANY;
}

static bool parse_switch(const struct argp_state *state, const char *what,
			 const char *text)
{
	if (strcmp(text, "on") && strcmp(text, "off"))
		argp_error(state, "%s: '%s' is neither on nor off", what, text);
	return !strcmp(text, "on");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'm':
		options->machine.bytes = parse_mem(state, arg) << MIB;
		return 0;
	case 'k':
		options->kernel = arg;
		return 0;
	case 'i':
		options->boot.initrd_path = arg;
		return 0;
	case KEY_FIRMWARE:
		options->boot.firmware_path = arg;
		return 0;
	case KEY_MODULE:
		if (options->boot.nr_modules == BOOT_MAX_MODULES)
			argp_error(state, "--module: more than %u modules",
				   BOOT_MAX_MODULES);
		options->boot.module_args[options->boot.nr_modules++] = arg;
		return 0;
	case KEY_FW_CFG:
		if (options->nr_fw_cfg == MAX_FW_CFG)
			argp_error(state, "--fw-cfg: more than %u files",
				   MAX_FW_CFG);
		options->fw_cfg[options->nr_fw_cfg++] = arg;
		return 0;
	case KEY_APPEND:
		options->boot.command_line = arg;
		return 0;
	case 'c':
		options->machine.nr_vcpus =
			parse_number(state, "--cpus", arg, 1, KEEL_MAX_VCPUS);
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case KEY_NO_SHUTDOWN:
		options->no_shutdown = true;
		return 0;
	case KEY_NO_SANDBOX:
		options->no_sandbox = true;
		return 0;
	case KEY_LOAD_AT:
		options->boot.has_load_at = true;
		options->boot.load_at = parse_number(state, "--load-at",
						     arg, 0, ~0ULL);
		return 0;
	case KEY_ENTRY:
		options->boot.has_entry = true;
		options->boot.entry = parse_number(state, "--entry", arg,
						   0, ~0ULL);
		return 0;
	case KEY_APICV:
		options->machine.no_apicv = !parse_switch(state, "--apicv", arg);
		return 0;
	case KEY_PAGING:
		options->machine.paging = parse_paging(state, arg);
		return 0;
	case KEY_TIMING:
		if (timing_open(&options->timing, arg))
			exit(MACHINE_HOST_ERROR);
		return 0;
	case KEY_MODE:
		options->boot.mode = parse_mode(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (options->boot.path)
			argp_error(state, "unexpected argument '%s'", arg);
		options->boot.path = arg;
		return 0;
	case ARGP_KEY_END:
		choose(state, options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.args_doc = "IMAGE\n--kernel FILE\n--firmware FILE [--kernel FILE]",
	.doc = "Run a guest: a flat binary, an ELF executable for i386 or x86-64, a kernel, or a BIOS.\vIts first serial port is this terminal; Ctrl-A X ends it, Ctrl-A H lists more keys.  keel-run(1) tells what the exit status says.",
};

static int add_files(struct board *board, const struct options *options)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < options->nr_fw_cfg; i++)
		ret = board_add_file(board, options->fw_cfg[i]);
	return ret;
}

/* Whether it was the guest that ended it, and not the user or an error of ours. */
static bool guest_ended(const struct machine *machine)
{
	return machine->end != MACHINE_QUIT && machine->end != MACHINE_HOST_ERROR;
}

/* The console has given signals back: one that ends a program ends this one. */
static void stay(void)
{
	cmd_error("the guest has ended; its VM stays until Ctrl-C");
	for (;;)
		pause();
}

/* The console is there; returns the exit status. */
static int run(struct parts *parts, int keel, struct options *options)
{
	struct machine *machine = &parts->machine;
	struct timing *timing = &options->timing;
	int ret;

	ret = machine_create(machine, keel, &options->machine);
	close(keel);
	if (ret || board_create(&parts->board, machine) ||
	    add_files(&parts->board, options) ||
	    console_attach(&parts->console))
		return MACHINE_HOST_ERROR;
	timing_moment(timing, "machine made");
	if (boot_machine(machine, &options->boot))
		return MACHINE_HOST_ERROR;
	machine->verbose = options->verbose;
	timing_moment(timing, "images loaded");
	/* Files that have been read; only a BIOS still needs them. */
	if (!boot_is_lazy(&options->boot))
		boot_close(&options->boot);
	if (!options->no_sandbox && confine(&parts->sandbox, machine, &parts->console,
					    timing, &options->boot))
		return MACHINE_HOST_ERROR;
	console_open(&parts->console);
	if (!machine_start(machine))
		console_serve(&parts->console);
	console_close(&parts->console);
	machine_join(machine);
	timing_moment(timing, "ended");
	if (timing_report(timing, machine))
		return MACHINE_HOST_ERROR;
	if (options->no_shutdown && guest_ended(machine))
		stay();
	return machine_exit_status(machine);
}

int cmd_run(int argc, char **argv)
{
	struct options options = {
		.machine = { .bytes = DEFAULT_MEM << MIB, .nr_vcpus = 1 },
	};
	int status = MACHINE_HOST_ERROR;
	struct parts parts = { 0 };
	int keel;

	timing_init(&options.timing);
	sandbox_trap_init();
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	keel = boot_open(&options.boot) ? -1 : cmd_open();
	if (keel < 0) {
		boot_close(&options.boot);
		return MACHINE_HOST_ERROR;
	}
	if (console_init(&parts.console, &parts.machine, &options.timing)) {
		close(keel);
	} else {
		status = run(&parts, keel, &options);
		board_destroy(&parts.board);
		machine_destroy(&parts.machine);
	}
	sandbox_destroy(&parts.sandbox);
	console_destroy(&parts.console);
	boot_close(&options.boot);
	return status;
}
