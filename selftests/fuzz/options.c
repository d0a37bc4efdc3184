// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "layout.h"

struct options options = { .seconds = 30, .seed = 1, .threads = 3 };

/* Where each option goes: one of the three. */
static const struct {
	const char *name;
	unsigned long *number;
	const char **text;
	bool *flag;
} option_list[] = {
	{ "seconds", .number = &options.seconds },
	{ "runs", .number = &options.runs },
	{ "seed", .number = &options.seed },
	{ "threads", .number = &options.threads },
	{ "corpus", .text = &options.corpus },
	{ "out", .text = &options.out },
	{ "note", .flag = &options.note },
	{ "replay", .flag = &options.replay },
	{ "minimise", .flag = &options.minimise },
	{ "list", .flag = &options.list },
	{ "dry-run", .flag = &options.dry_run },
};

#define NR_OPTIONS	(sizeof(option_list) / sizeof(option_list[0]))

static void usage(FILE *file)
{
	fprintf(file,
		"usage: keel-fuzz [OPTION]...\n"
		"       keel-fuzz [OPTION]... --replay FILE...\n"
		"       keel-fuzz [OPTION]... --corpus DIR --minimise --out DIR\n"
		"\n"
		"Make calls on Keel that are wrong in every way, in threads and children.\n"
		"\n"
		"  --seconds N    for how long (30)\n"
		"  --runs N       or how many programs\n"
		"  --seed N       another one gives other programs (1)\n"
		"  --threads N    threads of a program beside the first; 0: one alone (3)\n"
		"  --corpus DIR   run these programs first, and change them\n"
		"  --out DIR      keep programs that reach something new, and those that\n"
		"                 the kernel complains of; and coverage, in DIR/pcs\n"
		"  --note         write each program to the kernel's log before it runs\n"
		"  --replay       run these programs (--runs times), show what comes of them\n"
		"  --list         the ioctls that it knows, and their structures\n"
		"  --dry-run      run nothing: write --runs programs to DIR of --out\n"
		"  --minimise     a small corpus that reaches what the corpus does\n");
}

static unsigned long number(const char *name, const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (!*text || *end || errno) {
		fprintf(stderr, "keel-fuzz: --%s %s: not a number\n", name, text);
		exit(2);
	}
	return value;
}

static void set_option(unsigned int i, const char *value)
{
	if (option_list[i].number)
		*option_list[i].number = number(option_list[i].name, value);
	else if (option_list[i].text)
		*option_list[i].text = value;
	else
		*option_list[i].flag = true;
}

/* What does not go together, or lacks something. */
static bool options_agree(bool files)
{
	if (options.replay != files || (options.dry_run && !options.out))
		return false;
	return !options.minimise || (options.out && options.corpus);
}

void options_parse(int argc, char **argv)
{
	struct option list[NR_OPTIONS + 2] = {};
	unsigned int i;
	int c;

	for (i = 0; i < NR_OPTIONS; i++)
		list[i] = (struct option){ option_list[i].name, !option_list[i].flag, NULL, i };
	list[i] = (struct option){ "help", 0, NULL, 'h' };
	while ((c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		if (c == 'h' || c == '?') {
			usage(c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
		set_option(c, optarg);
	}
	if (options.threads >= MAX_THREADS) {
		fprintf(stderr, "keel-fuzz: --threads: at most %u\n", MAX_THREADS - 1);
		exit(2);
	}
	if (!options_agree(optind < argc)) {
		usage(stderr);
		exit(2);
	}
}
