/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ops: what a line of a program can do.  First Keel's ioctls, in the order of
 * abi_calls[], then what other system calls and threads do to their objects.
 */
#ifndef FUZZ_OP_H
#define FUZZ_OP_H

#include "abi.h"
#include "program.h"

#define MAX_OPS		64
/* Leaves from here on are the op's own, not of a structure. */
#define OWN_LEAF	0x1000

struct thread;

/**
 * struct op - one kind of call
 * @name: its name
 * @target: the descriptor that it wants
 * @argument: structure, or NULL
 * @cmd: ioctl number
 * @is_ioctl: it is one of Keel's
 * @weight: how often the generator takes it
 * @own: leaves that are in no structure
 * @nr_own: how many
 * @run: does it; 0 or more, or a negative errno
 */
struct op {
	const char *name;
	enum abi_target target;
	const struct abi_struct *argument;
	unsigned int cmd;
	bool is_ioctl;
	unsigned int weight;
	const struct abi_leaf *own;
	unsigned int nr_own;
	long (*run)(struct thread *t, const struct call *c);
};

extern struct op ops[MAX_OPS];
extern unsigned int nr_ops;

void ops_init(void);
/* The op with this name, or -1. */
int op_find(const char *name);
const struct abi_leaf *op_leaf(const struct op *op, unsigned int leaf);
/* The leaf of this name, or -1. */
int op_find_leaf(const struct op *op, const char *name);

/* Value of a call's own leaf by its place in op->own, else the default. */
__u64 own_value(const struct call *c, unsigned int i, __u64 otherwise);

long op_ioctl(struct thread *t, const struct call *c);
long op_run_vcpu(struct thread *t, const struct call *c);
long op_runpage(struct thread *t, const struct call *c);

extern const struct abi_leaf ioctl_leaves[];
#define NR_IOCTL_LEAVES	4
extern const struct abi_leaf run_leaves[];
#define NR_RUN_LEAVES	2

/* Local ops; ends with a name that is NULL. */
extern const struct op local_ops[];

#endif /* FUZZ_OP_H */
