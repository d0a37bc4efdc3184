// SPDX-License-Identifier: GPL-2.0
/*
 * keel caps: show what the CPUs offer for VMX.
 *
 * Asks the module about each CPU and hands the answers to caps_text.c or
 * caps_json.c, which do not know where they came from.
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "cmd.h"
#include "cpulist.h"
#include "lib/keel.h"

struct options {
	bool json;
	bool raw;
	bool one_cpu;
	unsigned int cpu;
};

static const struct argp_option option_list[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "cpu", 'c', "N", 0, "Show CPU N alone", 0 },
	{ "raw", 'r', NULL, 0, "Print the MSRs as numbers only", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	unsigned int *list;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'r':
		options->raw = true;
		return 0;
	case 'c':
		if (cpulist_parse(arg, &list) != 1) {
			argp_error(state, "'%s' is not the number of a CPU",
				   arg);
			return EINVAL;
		}
		options->one_cpu = true;
		options->cpu = *list;
		free(list);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.doc = "Show what the CPUs offer for VMX, in the names of Intel's manual.\vkeel-caps(1) explains the output.",
};

static void set_model(struct caps_cpu *cpus, unsigned int nr, unsigned int cpu,
		      const char *model)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (cpus[i].cpu == cpu)
			snprintf(cpus[i].model, sizeof(cpus[i].model), "%.*s",
				 (int)strcspn(model, "\n"), model);
}

/* Names are an extra: without /proc the rest is still worth showing. */
static void read_models(struct caps_cpu *cpus, unsigned int nr)
{
	unsigned int cpu = 0;
	char *line = NULL;
	size_t room = 0;
	const char *value;
	FILE *file;

	file = fopen("/proc/cpuinfo", "re");
	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		value = strchr(line, ':');
		if (!value)
			continue;
		for (value++; isblank((unsigned char)*value);)
			value++;
		if (!strncmp(line, "processor", strlen("processor")))
			cpu = strtoul(value, NULL, 10);
		else if (!strncmp(line, "model name", strlen("model name")))
			set_model(cpus, nr, cpu, value);
	}
	free(line);
	fclose(file);
}

static void explain(unsigned int cpu, int err)
{
	switch (err) {
	case ENXIO:
		cmd_error("CPU %u: not online; /sys/devices/system/cpu/online lists those that are",
			  cpu);
		break;
	case EINVAL:
	case E2BIG:
	case ENOTTY:
		cmd_error("%s: %s; install module and tool from one version",
			  KEEL_DEVICE, strerror(err));
		break;
	default:
		cmd_error("CPU %u: %s", cpu, strerror(err));
	}
}

/* Ask about each of @cpus; returns how many answered, 0 after a message. */
static unsigned int ask(int fd, struct caps_cpu *cpus, unsigned int nr,
			bool one_cpu)
{
	unsigned int i, n = 0;
	int ret;

	for (i = 0; i < nr; i++) {
		cpus[n].cpu = cpus[i].cpu;
		ret = keel_get_info(fd, cpus[n].cpu, &cpus[n].info);
		if (ret == -ENXIO && !one_cpu)
			continue;	/* went offline since it was listed */
		if (ret < 0) {
			explain(cpus[n].cpu, -ret);
			return 0;
		}
		if (cpus[n].info.abi_version != KEEL_ABI_VERSION) {
			cmd_error("the module has ABI %u, the tool %u; install both from one version",
				  cpus[n].info.abi_version, KEEL_ABI_VERSION);
			return 0;
		}
		n++;
	}
	if (!n)
		cmd_error("no CPU answered");
	return n;
}

/* The CPUs to show, in *@cpus for free(); returns how many, 0 after a message. */
static unsigned int list_cpus(const struct options *options,
			      struct caps_cpu **cpus)
{
	unsigned int *online = NULL;
	int i, nr = 1;

	if (!options->one_cpu)
		nr = cpulist_online(&online);
	if (nr < 0) {
		cmd_error("/sys/devices/system/cpu/online: %s; mount sysfs on /sys, or use --cpu",
			  strerror(-nr));
		return 0;
	}
	*cpus = calloc(nr, sizeof(**cpus));
	if (!*cpus) {
		cmd_error("out of memory");
		nr = 0;
	}
	for (i = 0; i < nr; i++)
		(*cpus)[i].cpu = online ? online[i] : options->cpu;
	free(online);
	return nr;
}

int cmd_caps(int argc, char **argv)
{
	struct options options = { 0 };
	struct caps_cpu *cpus = NULL;
	unsigned int nr;
	int fd;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return CMD_FAILED;
	fd = cmd_open();
	if (fd < 0)
		return CMD_FAILED;
	nr = list_cpus(&options, &cpus);
	if (nr)
		nr = ask(fd, cpus, nr, options.one_cpu);
	close(fd);
	if (!nr) {
		free(cpus);
		return CMD_FAILED;
	}
	read_models(cpus, nr);
	if (options.json)
		caps_print_json(stdout, cpus, nr, options.raw);
	else
		caps_print_text(stdout, cpus, nr, options.raw);
	free(cpus);
	return cmd_flush();
}
