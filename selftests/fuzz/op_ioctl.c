// SPDX-License-Identifier: GPL-2.0
/* Keel's ioctls, by their descriptions. */
#include <errno.h>
#include <keel.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "op.h"
#include "shared.h"
#include "thread.h"

#define ROOM		8192
#define ARRAY_ROOM	8192
#define ALL_LEAVES	KEEL_MAX_CPUID

static const struct abi_constant tails[] = { { NULL, 0 }, { NULL, 1 } };
static const struct abi_constant yes[] = { { NULL, 1 } };
static const struct abi_constant times[] = { { NULL, 1 }, { NULL, 5 }, { NULL, 20 }, { NULL, 60 } };
static const struct abi_constant args[] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 1 } };

enum { AT, TAIL, TO, GET };

/* Where the structure lies; a byte behind it; the new descriptor's number; start from what is. */
const struct abi_leaf ioctl_leaves[NR_IOCTL_LEAVES] = {
	{ "at", 0, 8, KIND_AT },
	{ "tail", 0, 1, KIND_ANY, 0, tails, 2 },
	{ "to", 0, 4, KIND_TO_ANY },
	{ "get", 0, 1, KIND_ANY, 0, yes, 1 },
};

enum { TIMES, ARGUMENT };

const struct abi_leaf run_leaves[NR_RUN_LEAVES] = {
	{ "times", 0, 4, KIND_ANY, 0, times, 4 },
	{ "argument", 0, 8, KIND_ANY, 0, args, 4 },
};

/* Thread-local, as they are large. */
static __thread __u8 argument[ROOM];
static __thread __u8 array[ARRAY_ROOM];

static bool is_pointer(enum abi_kind kind)
{
	return kind == KIND_ARRAY || kind == KIND_BUFFER || kind == KIND_MEMORY;
}

static void put(const struct abi_leaf *leaf, __u64 value)
{
	__u8 *to = leaf->nested ? array : argument;
	size_t room = leaf->nested ? sizeof(array) : sizeof(argument);

	if (leaf->offset + leaf->bytes <= room)
		memcpy(to + leaf->offset, &value, leaf->bytes);
}

/* The state or CPUID that the vCPU has, so that one change leaves the rest valid. */
static void start_from_what_is(const struct call *c)
{
	const struct op *op = &ops[c->op];
	struct keel_state state = { .groups = KEEL_STATE_RUN };
	struct keel_cpuid cpuid = {
		.size = sizeof(cpuid), .nr = ALL_LEAVES, .leaves = (__u64)(unsigned long)array,
	};

	if (op->cmd == KEEL_SET_STATE && !keel_get_state(c->fd, &state))
		memcpy(argument, &state, sizeof(state));
	if (op->cmd == KEEL_SET_CPUID && !ioctl(FD_KEEL, KEEL_GET_SUPPORTED_CPUID, &cpuid)) {
		cpuid.flags = 0;
		memcpy(argument, &cpuid, sizeof(cpuid));
	}
}

/* Defaults, then what the program says. */
static __u64 fill(struct thread *t, const struct call *c)
{
	const struct op *op = &ops[c->op];
	const struct abi_struct *s = op->argument;
	__u64 array_at = t ? thread_address(t, ARG + ARG_ARRAY) : 0, value;
	unsigned int i;

	memset(argument, 0, sizeof(argument));
	memset(array, 0, sizeof(array));
	if (own_value(c, GET, 0))
		start_from_what_is(c);
	for (i = 0; i < s->nr_leaves; i++) {
		if (s->leaves[i].kind == KIND_SIZE)
			put(&s->leaves[i], s->bytes);
		else if (s->leaves[i].kind == KIND_ARRAY)
			put(&s->leaves[i], array_at);
		else if (s->leaves[i].kind == KIND_BUFFER)
			put(&s->leaves[i], thread_address(t, ARG + ARG_BUFFER));
	}
	for (i = 0; i < c->nr; i++) {
		if (c->values[i].leaf >= OWN_LEAF)
			continue;
		value = c->values[i].value;
		if (is_pointer(s->leaves[c->values[i].leaf].kind))
			value = thread_address(t, value);
		put(&s->leaves[c->values[i].leaf], value);
		if (s->leaves[c->values[i].leaf].kind == KIND_ARRAY)
			array_at = value;
	}
	argument[s->bytes] = own_value(c, TAIL, 0);
	return array_at;
}

static __u64 to_default(const struct op *op)
{
	return op->cmd == KEEL_CREATE_VM ? FD_VM(0) : FD_VCPU(0);
}

long op_ioctl(struct thread *t, const struct call *c)
{
	const struct op *op = &ops[c->op];
	__u64 at = thread_address(t, own_value(c, AT, ARG + ARG_STRUCT)), array_at;
	long ret;

	array_at = fill(t, c);
	if (op->argument->element_bytes)
		guarded_write(t, array_at, array, own_value(c, GET, 0) ? ARRAY_ROOM / 2 : 512);
	guarded_write(t, at, argument, op->argument->bytes + 64);
	ret = ioctl(c->fd, op->cmd, at);
	if (ret < 0)
		return -errno;
	if (op->cmd == KEEL_CREATE_VM || op->cmd == KEEL_CREATE_VCPU)
		return settle_fd(ret, own_value(c, TO, to_default(op)));
	return ret;
}

/* As a VMM does, but that nobody serves the exits. */
long op_run_vcpu(struct thread *t, const struct call *c)
{
	__u64 n = own_value(c, TIMES, 1), arg = own_value(c, ARGUMENT, 0);
	__u64 run = RUN((c->fd - FD_VCPU(0)) % NR_VCPUS);
	__u32 reason;
	long ret = 0;

	for (n = n < 100 ? n : 100; n && !ret && !t->run->stop; n--) {
		ret = ioctl(c->fd, KEEL_RUN, arg) < 0 ? -errno : 0;
		if (!ret && !guarded_read(t, &reason, run + offsetof(struct keel_run, exit_reason),
					  sizeof(reason)) && reason < SHARED_EXITS)
			__atomic_add_fetch(&shared->exits[reason], 1, __ATOMIC_RELAXED);
	}
	return ret;
}

/* Members of the run page, at any time. */
long op_runpage(struct thread *t, const struct call *c)
{
	const struct abi_leaf *leaf;
	__u64 run = own_value(c, 0, RUN(0));
	unsigned int i;
	long ret = 0;

	for (i = 0; i < c->nr && !ret; i++) {
		if (c->values[i].leaf >= OWN_LEAF)
			continue;
		leaf = &abi_keel_run.leaves[c->values[i].leaf];
		ret = guarded_write(t, run + leaf->offset, &c->values[i].value, leaf->bytes);
	}
	return ret;
}
