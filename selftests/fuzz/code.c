// SPDX-License-Identifier: GPL-2.0
/*
 * Guest code: the pieces of code_list.h, on the machine of lib/guest.h in memory
 * 0.  Time or an exit ends them.
 */
#include "code.h"

#include <errno.h>
#include <string.h>

#include "../lib/guest.h"
#include "random.h"
#include "thread.h"

#define PIECE(name, text) __GUEST_CODE(name##16, 16, "1: " text "\n jmp 1b");
#include "code_list.h"
#undef PIECE
#define PIECE(name, text) __GUEST_CODE(name##32, 32, "1: " text "\n jmp 1b");
#include "code_list.h"
#undef PIECE
#define PIECE(name, text) __GUEST_CODE(name##64, 64, "1: " text "\n jmp 1b");
#include "code_list.h"
#undef PIECE

enum { BITS_16, BITS_32, BITS_64 };

static const struct piece {
	const unsigned char *begin[3];
	const unsigned char *end[3];
} pieces[] = {
#define PIECE(n, text)							\
	{ { n##16_begin, n##32_begin, n##64_begin }, { n##16_end, n##32_end, n##64_end } },
#include "code_list.h"
#undef PIECE
};

#define NR_PIECES	(sizeof(pieces) / sizeof(pieces[0]))

/* Their names, in the same order; "random" is no piece, but bytes from "seed". */
enum {
#define PIECE(n, text) NUMBER_##n,
#include "code_list.h"
#undef PIECE
};

static const struct abi_constant names[] = {
#define PIECE(n, text) { #n, NUMBER_##n },
#include "code_list.h"
#undef PIECE
	{ "random", NR_PIECES },
};

static const struct abi_constant modes[] = {
	{ "long", GUEST_LONG }, { "user", GUEST_USER }, { "paged", GUEST_PAGED },
	{ "pae", GUEST_PAE }, { "prot", GUEST_PROT }, { "real", GUEST_REAL },
};

static const struct abi_constant seeds[] = { { NULL, 1 } };

#define LEAF(name, kind, list) { name, 0, 8, kind, 0, list, sizeof(list) / sizeof((list)[0]) }

enum { CODE, SEED, MODE, WHERE };

const struct abi_leaf code_leaves[NR_CODE_LEAVES] = {
	LEAF("code", KIND_CHOICE, names), LEAF("seed", KIND_ANY, seeds),
	LEAF("mode", KIND_CHOICE, modes), { "addr", 0, 8, KIND_MEMORY },
};

const struct abi_leaf start_leaves[NR_START_LEAVES] = {
	LEAF("code", KIND_CHOICE, names), LEAF("seed", KIND_ANY, seeds),
	LEAF("mode", KIND_CHOICE, modes), { "memory", 0, 8, KIND_MEMORY },
};

#define RANDOM_BYTES	256

static __thread unsigned char random_code[RANDOM_BYTES];

static size_t choose(const struct call *c, const void **code)
{
	__u64 piece = own_value(c, CODE, 0), mode = own_value(c, MODE, 0), i, word;
	struct random r = { own_value(c, SEED, 0) };
	int bits = mode == GUEST_REAL ? BITS_16 : mode <= GUEST_USER ? BITS_64 : BITS_32;

	if (piece < NR_PIECES) {
		*code = pieces[piece].begin[bits];
		return pieces[piece].end[bits] - pieces[piece].begin[bits];
	}
	for (i = 0; i < RANDOM_BYTES; i += 8) {
		word = random_u64(&r);
		memcpy(random_code + i, &word, 8);
	}
	*code = random_code;
	return RANDOM_BYTES;
}

long op_code(struct thread *t, const struct call *c)
{
	const void *code;
	size_t bytes = choose(c, &code);

	return guarded_write(t, thread_address(t, own_value(c, WHERE, MEM(0) + GUEST_CODE_AT)),
			     code, bytes);
}

static long start(struct thread *t, const struct call *c)
{
	unsigned int id = (c->fd - FD_VCPU(0)) % NR_VCPUS;
	struct guest g = {
		.vcpu = c->fd, .id = id, .run = (void *)RUN(id),
		.mem = (void *)own_value(c, WHERE, MEM(0)),
	};
	const void *code;
	size_t bytes = choose(c, &code);

	return guest_start(&g, own_value(c, MODE, 0), code, bytes);
}

/* It writes tables and code to memory 0, and the state to the run page. */
long op_start(struct thread *t, const struct call *c)
{
	__u64 memory = own_value(c, WHERE, MEM(0));

	if (memory < ARENA || memory >= ARENA_END - GUEST_BYTES || own_value(c, MODE, 0) > GUEST_REAL)
		return -EINVAL;
	return guarded(t, start, c);
}
