/* SPDX-License-Identifier: GPL-2.0 */
/* What ops know of the thread and the process that they run in. */
#ifndef FUZZ_THREAD_H
#define FUZZ_THREAD_H

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "layout.h"
#include "program.h"

struct run;

/**
 * struct thread - one that runs calls of a program
 * @run: of which run
 * @number: 0 and up; 0 makes the others' start wait for its end
 * @next: index of the call that comes next
 * @forks: calls that a forked child still makes; -1: not a child
 * @pthread: itself
 * @done: it has ended
 * @on_fault: where a fault of the fuzzer's own access goes
 * @guarded: there is such an access
 */
struct thread {
	struct run *run;
	unsigned int number;
	unsigned int next;
	int forks;
	pthread_t pthread;
	volatile bool done;
	sigjmp_buf on_fault;
	volatile bool guarded;
};

/**
 * struct run - one program that runs
 * @program: what is run
 * @nr_threads: threads beside thread 0; 0: one thread makes all calls, in order
 * @stop: time is up
 * @threads: the threads
 */
struct run {
	const struct program *program;
	unsigned int nr_threads;
	volatile bool stop;
	struct thread threads[MAX_THREADS];
};

/* ARG and what is around it, in this thread's memory. */
__u64 thread_address(const struct thread *t, __u64 address);
/* Copies that a bad address ends, with -EFAULT; from the first byte on. */
int guarded_write(struct thread *t, __u64 to, const void *from, size_t bytes);
int guarded_read(struct thread *t, void *to, __u64 from, size_t bytes);
/* A function that a bad address ends, with -EFAULT. */
long guarded(struct thread *t, long (*fn)(struct thread *t, const struct call *c),
	     const struct call *c);

/* Give a new descriptor its number; 0 or a negative errno. */
long settle_fd(int fd, __u64 number);

#endif /* FUZZ_THREAD_H */
