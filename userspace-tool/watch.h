/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watching exits with BPF: what the commands that do it share.
 *
 * A command has its BPF program in bpf/NAME.bpf.c, which begins with
 * bpf/filter.bpf.h, includes bpf/NAME.skel.h after this file, and goes through the
 * same steps:
 *
 *	struct watch watch = WATCH_INIT;
 *
 *	argp_parse(...);		with watch_argp as a child
 *	if (watch_open(&watch))
 *		return CMD_FAILED;	(what follows that fails sets watch.failed)
 *	skel = NAME_bpf__open();
 *	skel->rodata->filter = watch.filter;
 *	if (!watch_attach(&watch, skel->skeleton) && !watch_start(&watch))
 *		while (watch_wait(&watch, fd, ms) != WATCH_END)
 *			...;
 *	watch_stop(&watch);
 *	... print to watch.out what has been counted ...
 *	NAME_bpf__destroy(skel);
 *	return watch_close(&watch);
 *
 * Each step that fails has said so, and what would help.  watch_close() accepts
 * what is half open.
 */
#ifndef WATCH_H
#define WATCH_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "bpf/filter.h"

struct bpf_object_skeleton;

/**
 * struct watch - what is watched, and until when
 * @filter: which exits; final after watch_open()
 * @all: -a: also those of other processes than the command's
 * @duration: nanoseconds it lasts; 0: without limit
 * @output: file for the result; NULL: standard output
 * @command: what to run and watch, with a NULL at its end; NULL: nothing
 * @out: where the result goes
 * @out_error: errno of watch_flush(), which watch_close() tells; 0 while all is well
 * @tsc_khz: frequency of the host's TSC
 * @started: CLOCK_MONOTONIC in nanoseconds when counting began
 * @stopped: when it ended, 0 before that
 * @child: process of @command, 0 without one or when it has ended
 * @gate: socket to the child: a byte lets it go on to the command; -1 when it has
 * @ran: whether @command has been started
 * @status: what waitpid() told of the child
 * @skeleton: what watch_attach() has attached, NULL before and after
 * @signals: signalfd of what ends it, and of SIGCHLD
 * @process: pidfd of the process with -p, or -1
 * @vm_end: ring buffer that tells of the end of the VM with --vm, or NULL
 * @vm_end_skel: the BPF program that fills it
 * @ended: whether WATCH_END has been returned
 * @failed: whether a step has failed
 */
struct watch {
	struct watch_filter filter;
	bool all;
	__u64 duration;
	const char *output;
	char **command;
	FILE *out;
	int out_error;
	__u32 tsc_khz;
	__u64 started;
	__u64 stopped;
	pid_t child;
	int gate;
	bool ran;
	int status;
	struct bpf_object_skeleton *skeleton;
	int signals;
	int process;
	struct ring_buffer *vm_end;
	struct watch_vm_bpf *vm_end_skel;
	bool ended;
	bool failed;
};

/** define WATCH_INIT - a watch of all VMs, without end */
#define WATCH_INIT { \
	.filter = { WATCH_ANY, WATCH_ANY, WATCH_ANY }, \
	.gate = -1, .signals = -1, .process = -1, \
}

/**
 * enum watch_event - what watch_wait() returns with
 * @WATCH_TIMEOUT: the time is over
 * @WATCH_INPUT: the descriptor has something to read
 * @WATCH_END: the watch is over: by a signal, because @duration has passed, or
 *	because the command, the process or the VM has ended
 */
enum watch_event {
	WATCH_TIMEOUT,
	WATCH_INPUT,
	WATCH_END,
};

/*
 * Options -p, --vm, --vcpu, -a, -o, and the arguments [DURATION] and
 * [-- COMMAND...].  Its input is a struct watch, which the parent sets as
 * state->child_inputs[] on ARGP_KEY_INIT; the parent answers ARGP_KEY_ARG with
 * ARGP_ERR_UNKNOWN, or DURATION never comes here.
 */
extern const struct argp watch_argp;

/** define WATCH_ARGS_DOC - for &argp.args_doc of commands that take DURATION */
#define WATCH_ARGS_DOC	"[DURATION]\n[DURATION] -- COMMAND [ARGUMENT...]"

int watch_parse_number(const char *s, __u32 *number);
int watch_parse_seconds(const char *s, __u64 *ns);

int watch_open(struct watch *watch);
int watch_attach(struct watch *watch, struct bpf_object_skeleton *skeleton);
int watch_start(struct watch *watch);
enum watch_event watch_wait(struct watch *watch, int fd, int ms);
int watch_flush(struct watch *watch);
void watch_stop(struct watch *watch);
int watch_close(struct watch *watch);

__u64 watch_now(void);
__u64 watch_ns(const struct watch *watch, __u64 cycles);

#endif /* WATCH_H */
