/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the examples share and what is not about BPF: the command line, the end, and
 * what to say where a program cannot be loaded.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ctrl-C was pressed, or the time is over. */
static volatile sig_atomic_t example_over;

static inline void example_end(int signal)
{
	example_over = 1;
}

/* Argument @nr as a number; @missing: what it is where it is not there, -1: required. */
static inline unsigned long long example_number(int argc, char **argv, int nr,
						const char *name, long long missing)
{
	unsigned long long value = missing;
	char *end = "";

	if (argc > nr)
		value = strtoull(argv[nr], &end, 0);
	if (*end || (argc > nr && end == argv[nr]) || (argc <= nr && missing < 0)) {
		fprintf(stderr, "%s: argument %d, %s, must be a number\n", argv[0], nr, name);
		exit(2);
	}
	return value;
}

/* @seconds: until the end; 0: until Ctrl-C. */
static inline void example_begin(unsigned int seconds)
{
	struct sigaction action = { .sa_handler = example_end };

	if (access("/sys/module/keel", F_OK)) {
		fprintf(stderr, "Keel is not loaded: run 'modprobe keel'\n");
		exit(1);
	}
	if (access("/sys/kernel/btf/keel", F_OK)) {
		fprintf(stderr, "keel.ko has no BTF, which programs of type tp_btf need: build it where pahole and the kernel's vmlinux are, or use raw_tp\n");
		exit(1);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

/* Behind libbpf's own messages. */
static inline void example_failed(void)
{
	if (geteuid())
		fprintf(stderr, "Be root, or have the capabilities CAP_BPF and CAP_PERFMON\n");
	else
		fprintf(stderr, "The program could not be loaded: %s\n", strerror(errno));
	exit(1);
}

#endif /* EXAMPLE_H */
