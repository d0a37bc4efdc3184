// SPDX-License-Identifier: GPL-2.0
/*
 * INS and OUTS of a guest with any registers, segments and page tables, against
 * the model of test_keel_strio.c; and their decoder, not a byte behind the end.
 */
#include "fuzz.h"

/* Fewer are compared faster. */
#define PAGES	16
#include "strio_model.h"

#define MOST	2000

static struct device want_dev, got_dev;
static u8 before[sizeof(guest.ram)], want_ram[sizeof(guest.ram)];

static void take_case(struct input *input, struct keel_strio *io, struct keel_walk_env *env)
{
	static const u8 types[] = { 3, 7, 1, 0xb, 9, 2, 6, 0xf };
	u8 kind = input_number(input, 1), more = input_number(input, 1), page;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		page = i < 8 ? input_number(input, 1) : 0;
		guest.map[i].p = !(page & 1);
		guest.map[i].w = !(page & 2);
		guest.map[i].u = !(page & 4);
		guest.map[i].to = (i + (page >> 3)) % PAGES;
	}
	memset(io, 0, sizeof(*io));
	io->in = kind & 1;
	io->rep = kind & 2;
	io->bytes = 1 << (kind >> 2 & 3) % 3;
	io->code64 = kind & 16;
	io->addr_bytes = kind & 32 ? 4 : io->code64 ? 8 : 2;
	io->cpl = kind & 64 ? 3 : 0;
	io->seg_index = io->in ? KEEL_ES : (more & 7) % 6;
	io->seg.attributes = 0x90 | types[more >> 3 & 7] | (more & 64 ? B(14) : 0) |
			     (more & 128 ? B(16) : 0);
	io->seg.limit = input_value(input);
	io->seg.base = input_value(input);
	/* What the CPU has there is canonical, and without 64-bit code short. */
	io->seg.base &= io->code64 ? B(47) - 1 : 0xffffffff;
	io->index = input_value(input);
	io->rcx = input_value(input);
	if (io->rep && part(io->rcx, io->addr_bytes) > MOST)
		io->rcx = (io->rcx & ~0xffffffffULL) | MOST;
	if (io->addr_bytes == 8)
		io->rcx = (u32)io->rcx;
	memset(env, 0, sizeof(*env));
	env->read = table_read;
	env->phys_bits = 40;
	more = input_number(input, 1);
	env->cr0 = B(0) | B(31) | (more & 1) * B(16) | (more >> 1 & 1) * B(18);
	env->rflags = 2 | (more >> 2 & 1) * B(10) | (more >> 3 & 1) * B(18) |
		      (more >> 4 & 1) * B(8);
	if (io->code64) {
		env->cr4 = B(5);
		env->efer = B(10) | B(8);
		env->cr3 = 0x2000;
	} else {
		env->cr3 = 0x1000;
	}
}

static void compare(struct input *input)
{
	struct outcome want, got;
	struct keel_walk_env env;
	struct keel_strio io;

	take_case(input, &io, &env);
	want_dev.next = 1;
	got_dev.next = 1;
	want_dev.got = 0;
	got_dev.got = 0;
	memcpy(before, guest.ram, sizeof(before));
	want = model(&io, &env, &want_dev);
	memcpy(want_ram, guest.ram, sizeof(before));
	memcpy(guest.ram, before, sizeof(before));
	CLAIM(!drive(&io, &env, &got_dev, &got));
	CLAIM(want.vector == got.vector && want.code == got.code && want.cr2 == got.cr2);
	CLAIM(want.rcx == io.rcx && want.index == io.index);
	CLAIM(want_dev.next == got_dev.next && want_dev.got == got_dev.got);
	CLAIM(!memcmp(want_dev.log, got_dev.log, got_dev.got));
	CLAIM(!memcmp(want_ram, guest.ram, sizeof(before)));
	memset(guest.ram, 0, sizeof(guest.ram));
}

static void decode(struct input *input)
{
	struct keel_strio io = { .bytes = 4 };
	u8 mode = 2 << input_below(input, 3), *insn;
	unsigned int len = input->left;

	insn = malloc(len);
	if (len)
		memcpy(insn, input->at, len);
	if (!keel_strio_decode(insn, len, mode, &io)) {
		CLAIM(io.seg_index <= KEEL_GS && (!io.in || io.seg_index == KEEL_ES));
		CLAIM(io.addr_bytes == 4 || io.addr_bytes == (mode == 8 ? 8 : 2));
		CLAIM(io.bytes == 1 || io.bytes == 4);
	}
	free(insn);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };

	if (input_below(&input, 4))
		compare(&input);
	else
		decode(&input);
	return 0;
}
