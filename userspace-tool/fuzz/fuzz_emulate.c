// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator: any bytes as an instruction, in any mode, with any registers.
 *
 * What it computes is compared with a CPU in tests/test_emulate_cpu.c.  Here it is
 * what emulate.h promises of the way there: which accesses reach memory, in which
 * order, and what has changed when something was in the way.
 */
#include <errno.h>

#include "emulate/emulate.h"
#include "fuzz/fuzz.h"

#define PAGE		4096ULL
#define MOST_CHECKS	8
#define FLAG_TF		0x100ULL
#define FLAG_RF		0x10000ULL

/**
 * struct world - a guest
 * @cpu: its registers
 * @insn: the bytes at RIP, from malloc()
 * @len: how many
 * @may_repeat: there is a byte of a REP prefix among them
 * @checked: the accesses that have been checked, of this iteration
 * @nr_checked: how many
 * @accesses: how many have been done
 * @accesses_before: how many had been at the last check
 * @bad_page: faults
 * @error_at: the access that the host fails at
 * @seed: what memory has
 */
struct world {
	struct emulate_cpu cpu;
	__u8 *insn;
	unsigned int len;
	bool may_repeat;
	struct { __u64 gva; unsigned int bytes, access; } checked[MOST_CHECKS];
	unsigned int nr_checked;
	unsigned int accesses;
	unsigned int accesses_before;
	__u64 bad_page;
	unsigned int error_at;
	__u64 seed;
};

static int check(void *opaque, __u64 gva, unsigned int bytes, unsigned int access,
		 struct keel_event *fault)
{
	struct world *w = opaque;

	CLAIM(bytes && bytes <= EMULATE_VECTOR_BYTES);
	CLAIM(gva % PAGE + bytes <= PAGE);
	/* All are checked before one is done; of iterations, each has its own. */
	CLAIM(!w->accesses || w->may_repeat);
	if (gva / PAGE == w->bad_page) {
		*fault = (struct keel_event) {
			.valid = 1, .type = KEEL_EVENT_EXCEPTION, .vector = 14,
		};
		return 1;
	}
	/* The next iteration. */
	if (w->accesses != w->accesses_before)
		w->nr_checked = 0;
	w->accesses_before = w->accesses;
	CLAIM(w->nr_checked < MOST_CHECKS);
	w->checked[w->nr_checked].gva = gva;
	w->checked[w->nr_checked].bytes = bytes;
	w->checked[w->nr_checked++].access = access;
	return 0;
}

static int note_access(struct world *w, __u64 gva, unsigned int bytes,
		       unsigned int access)
{
	unsigned int i;

	for (i = 0; i < w->nr_checked; i++)
		if (w->checked[i].gva == gva && w->checked[i].bytes == bytes &&
		    w->checked[i].access == access)
			break;
	CLAIM(i < w->nr_checked);
	return ++w->accesses == w->error_at ? -EIO : 0;
}

static int read_memory(void *opaque, __u64 gva, void *data, unsigned int bytes,
		       unsigned int access, struct keel_event *fault)
{
	struct world *w = opaque;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		((__u8 *)data)[i] = (gva + i) * w->seed >> 5;
	return note_access(w, gva, bytes, access);
}

static int write_memory(void *opaque, __u64 gva, const void *data, unsigned int bytes,
			unsigned int access, struct keel_event *fault)
{
	volatile __u8 sum = 0;
	unsigned int i;

	/* The sanitizer looks at each byte that is read. */
	for (i = 0; i < bytes; i++)
		sum ^= ((const __u8 *)data)[i];
	(void)sum;
	CLAIM(access & KEEL_ACCESS_WRITE);
	return note_access(opaque, gva, bytes, access);
}

static int get_vector(void *opaque, unsigned int index, void *value)
{
	CLAIM(index < 32);
	memset(value, index, EMULATE_VECTOR_BYTES);
	return 0;
}

static int set_vector(void *opaque, unsigned int index, const void *value)
{
	CLAIM(index < 32);
	return 0;
}

/* A mode that a CPU can be in, bent a little where the input says so. */
static void take_mode(struct input *input, struct emulate_cpu *cpu)
{
	unsigned int mode = input_number(input, 1), bend = input_number(input, 1), i;
	__u32 data = mode & 1 ? 0xc093 : 0x93, code = data | 8;

	cpu->control.cr0 = 0x80000031;
	cpu->control.cr4 = 0x40620;
	cpu->control.xcr0 = 0xe7;
	if (mode & 2) {
		cpu->control.efer = 0xd00;
		if (mode & 4)
			code = 0xa09b;
	} else if (mode & 4) {
		cpu->control.cr0 = 0x10;
	} else if (mode & 8) {
		cpu->regs.rflags |= 1ULL << 17;
	}
	if (mode & 16)
		data |= 3 << 5;
	for (i = 0; i < 6; i++) {
		cpu->segments.seg[i].limit = 0xffffffff;
		cpu->segments.seg[i].attributes = i == KEEL_CS ? code : data;
	}
	if (bend & 1)
		cpu->control.cr0 ^= input_value(input);
	if (bend & 2)
		cpu->control.cr4 ^= input_value(input);
	if (bend & 4)
		cpu->control.xcr0 = input_value(input);
	if (bend & 8)
		cpu->segments.seg[bend >> 5 & 3].limit = input_value(input);
	if (bend & 16) {
		cpu->segments.seg[bend >> 5].base = input_value(input);
		cpu->segments.seg[bend >> 6].attributes ^= input_value(input);
	}
}

static void take_world(struct input *input, struct world *w)
{
	__u8 bytes[15], control;
	unsigned int i;

	memset(w, 0, sizeof(*w));
	control = input_number(input, 1);
	w->len = control & 15;
	input_bytes(input, bytes, w->len);
	/* Of its own length, so that nobody looks behind it. */
	w->insn = malloc(w->len);
	if (w->len)
		memcpy(w->insn, bytes, w->len);
	for (i = 0; i < w->len; i++)
		w->may_repeat |= (bytes[i] & 0xfe) == 0xf2;
	take_mode(input, &w->cpu);
	w->seed = 2 * input_number(input, 1) + 1;
	w->bad_page = control & 16 ? input_value(input) / PAGE : ~0ULL;
	w->error_at = control & 32 ? input_number(input, 1) : 0;
	w->cpu.regs.rflags |= 2 | (input_value(input) & ~(1ULL << 17));
	w->cpu.regs.rip = input_value(input);
	for (i = 0; i < 16; i++)
		w->cpu.regs.gpr[i] = input_value(input);
}

static void check_result(const struct world *w, const struct emulate_cpu *old,
			 enum emulate_result result, const struct keel_event *fault)
{
	bool same = !memcmp(&w->cpu.regs, &old->regs, sizeof(old->regs));
	__u64 moved = w->cpu.regs.rip - old->regs.rip;

	CLAIM(!memcmp(&w->cpu.segments, &old->segments, sizeof(old->segments)));
	CLAIM(!memcmp(&w->cpu.control, &old->control, sizeof(old->control)));
	CLAIM((result == EMULATE_FAULT) == (fault->valid == 1));
	switch (result) {
	case EMULATE_DONE:
		CLAIM((__u32)moved && (__u32)moved <= w->len);
		CLAIM(!(w->cpu.regs.rflags & FLAG_RF));
		break;
	case EMULATE_PARTIAL:
		CLAIM(w->may_repeat && !moved && w->cpu.regs.rflags & FLAG_RF);
		CLAIM(old->regs.rflags & FLAG_TF || w->accesses >= EMULATE_BATCH);
		break;
	case EMULATE_FAULT:
		CLAIM(fault->type == KEEL_EVENT_EXCEPTION && fault->vector < 32);
		CLAIM(same || (w->may_repeat && !moved));
		CLAIM(!w->accesses || w->may_repeat);
		break;
	case EMULATE_UNSUPPORTED:
		CLAIM(same && !w->accesses);
		break;
	case EMULATE_ERROR:
		CLAIM(w->error_at && w->accesses >= w->error_at);
		CLAIM(same || (w->may_repeat && !moved));
		break;
	}
}

static void check_text(const struct world *w, size_t size)
{
	char *text = malloc(size);
	size_t length, i;

	emulate_format(&w->cpu, w->insn, w->len, text, size);
	length = strnlen(text, size);
	CLAIM(length < size);
	for (i = 0; i < length; i++)
		CLAIM(text[i] >= ' ' && text[i] <= '~');
	free(text);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	static const struct emulate_ops ops = {
		.check = check, .read = read_memory, .write = write_memory,
		.get_vector = get_vector, .set_vector = set_vector,
	};
	struct input input = { .at = data, .left = bytes };
	struct keel_event fault = { 0 };
	enum emulate_result result;
	struct emulate_cpu old;
	struct world w;

	take_world(&input, &w);
	old = w.cpu;
	result = emulate_insn(&w.cpu, w.insn, w.len, &ops, &w, &fault);
	check_result(&w, &old, result, &fault);
	check_text(&w, 1 + (w.seed >> 1) % 96);
	free(w.insn);
	return 0;
}
