/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FUZZ_OPTIONS_H
#define FUZZ_OPTIONS_H

#include <stdbool.h>

/** struct options - as usage() in options.c describes them */
struct options {
	unsigned long seconds, runs, seed, threads;
	const char *corpus, *out;
	bool note, replay, minimise, list, dry_run;
};

extern struct options options;

/* Ends the program where they are wrong; optind is then at the files. */
void options_parse(int argc, char **argv);

#endif /* FUZZ_OPTIONS_H */
