// SPDX-License-Identifier: GPL-2.0
/* The table of ops: the ioctls of abi_calls[], then local_ops[]. */
#include "op.h"

#include <linux/keel.h>
#include <string.h>

struct op ops[MAX_OPS];
unsigned int nr_ops;

/* Some ioctls are what the others need, or more fun. */
static unsigned int ioctl_weight(unsigned int cmd)
{
	switch (cmd) {
	case KEEL_RUN:
		return 40;
	case KEEL_SET_MEMORY:
	case KEEL_SET_STATE:
		return 16;
	case KEEL_GET_INFO:
	case KEEL_GET_SUPPORTED_CPUID:
	case KEEL_CREATE_VM:
		return 2;
	default:
		return 8;
	}
}

void ops_init(void)
{
	const struct op *local;
	unsigned int i;

	for (i = 0; i < abi_nr_calls; i++) {
		const struct abi_call *call = &abi_calls[i];
		bool plain = !call->argument;

		ops[nr_ops++] = (struct op){
			.name = call->name, .target = call->target, .argument = call->argument,
			.cmd = call->cmd, .is_ioctl = true, .weight = ioctl_weight(call->cmd),
			.own = plain ? run_leaves : ioctl_leaves,
			.nr_own = plain ? NR_RUN_LEAVES : NR_IOCTL_LEAVES,
			.run = plain ? op_run_vcpu : op_ioctl,
		};
	}
	for (local = local_ops; local->name; local++)
		ops[nr_ops++] = *local;
}

int op_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		if (!strcmp(ops[i].name, name))
			return i;
	return -1;
}

const struct abi_leaf *op_leaf(const struct op *op, unsigned int leaf)
{
	return leaf >= OWN_LEAF ? &op->own[leaf - OWN_LEAF] : &op->argument->leaves[leaf];
}

int op_find_leaf(const struct op *op, const char *name)
{
	unsigned int i;

	for (i = 0; op->argument && i < op->argument->nr_leaves; i++)
		if (!strcmp(op->argument->leaves[i].name, name))
			return i;
	for (i = 0; i < op->nr_own; i++)
		if (!strcmp(op->own[i].name, name))
			return OWN_LEAF + i;
	return -1;
}

__u64 own_value(const struct call *c, unsigned int i, __u64 otherwise)
{
	__u64 value;

	return call_get(c, OWN_LEAF + i, &value) ? value : otherwise;
}
