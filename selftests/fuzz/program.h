/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program: a sequence of calls, and its text.
 *
 *	# a comment
 *	0 KEEL_CREATE_VM keel to=vm0 flags=KEEL_VM_LAPIC
 *	1 KEEL_RUN vcpu0 times=10
 *	2 munmap - addr=mem0+0x1000 bytes=0x2000
 *
 * One call a line: the thread, the call, the descriptor, and what differs from
 * the default, which is 0, the structure's size, or an address in the thread's
 * own memory.  The calls of thread 0 come first; then the other threads run at
 * once.  Numbers are sums or unions of names and numbers.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MAX_CALLS	40
#define MAX_VALUES	20

/**
 * struct call - one call of a program
 * @op: index into ops[]
 * @thread: which one makes it
 * @fd: descriptor, -1 for none
 * @nr: how many values
 * @values: leaves, as op_leaf() numbers them, that are not the default
 */
struct call {
	__u8 op;
	__u8 thread;
	__s16 fd;
	__u32 nr;
	struct {
		__u32 leaf;
		__u64 value;
	} values[MAX_VALUES];
};

/**
 * struct program - a sequence of calls
 * @nr: how many
 * @calls: the calls
 */
struct program {
	unsigned int nr;
	struct call calls[MAX_CALLS];
};

/* The value of a leaf; false where it is the default. */
bool call_get(const struct call *c, unsigned int leaf, __u64 *value);
/* Sets it, where there is room. */
void call_set(struct call *c, unsigned int leaf, __u64 value);
void call_unset(struct call *c, unsigned int i);

/* A line without its end; @text has room for @size bytes. */
void call_print(const struct call *c, char *text, size_t size);
/* NULL, or what is wrong with the line. */
const char *call_parse(struct call *c, const char *line);

bool program_add(struct program *p, const struct call *c);
void program_remove(struct program *p, unsigned int i);
void program_write(const struct program *p, FILE *file);
/* Returns 0, or -1 after a message that names the line. */
int program_read(struct program *p, const char *path);

#endif /* FUZZ_PROGRAM_H */
