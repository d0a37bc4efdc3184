// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that use ports in every size and form: the VMM is told of each as it is, and
 * string forms touch the guest's memory and none other.
 *
 * SDM: "IN", "INS", "OUTS", "REP".
 */
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/hostile.h"

#define SEED		19
#define PORT_STEP	131	/* each such is tried, and the last ones */
#define STRINGS		150
#define EXITS		12

FIXTURE(hostile_io)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_SETUP(hostile_io)
{
	HOSTILE_SETUP(&self->h, 0, SEED);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->h.guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_io)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

GUEST_CODE(all_sizes,
	   "1: out %al, %dx; out %ax, %dx; out %eax, %dx; in %dx, %al; in %dx, %ax; in %dx, %eax;"
	   "mov %ebx, %edx; jmp 1b");

TEST_F(hostile_io, each_port_in_each_size)
{
	static const struct {
		__u8 in, bytes;
	} want[] = { { 0, 1 }, { 0, 2 }, { 0, 4 }, { 1, 1 }, { 1, 2 }, { 1, 4 } };
	struct hostile *h = &self->h;
	struct guest *g = &h->guest;
	const __u32 *data = (void *)((__u8 *)g->run + KEEL_RUN_DATA);

	hostile_no_timer();
	ASSERT_EQ(0, hostile_start(h, HOSTILE_LONG, all_sizes_begin,
				   all_sizes_end - all_sizes_begin));
	RDX(g) = 0;
	for (__u32 port = 0, next; port <= 0xffff; port = next) {
		next = port + (port > 0xfff0 ? 1 : PORT_STEP);
		RBX(g) = port;
		for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
			__u32 rax = RAX(g);

			GUEST_RUN(g, KEEL_EXIT_IO);
			ASSERT_EQ(port, g->run->io.port);
			ASSERT_EQ(want[i].in, g->run->io.in);
			ASSERT_EQ(want[i].bytes, g->run->io.bytes);
			ASSERT_EQ(1, g->run->io.count);
			ASSERT_EQ(KEEL_RUN_DATA, g->run->io.data_offset);
			if (!want[i].in)
				ASSERT_EQ(0, (*data ^ rax) & (0xffffffff >> (32 - 8 * want[i].bytes)));
		}
	}
	HOST_UNCHANGED(&self->before);
}

/* INS or OUTS of each size, with prefixes, operands anywhere and counts of any size. */
static size_t string_insn(struct hostile *h, __u8 *code)
{
	static const __u8 prefixes[] = { 0x66, 0x67, 0x64, 0x65, 0x26, 0x36, 0xf2 };
	size_t len = 0;

	if (hostile_pick(h, 2))
		code[len++] = 0xfd;	/* STD */
	while (!hostile_pick(h, 3) && len < 6)
		code[len++] = prefixes[hostile_pick(h, sizeof(prefixes))];
	if (hostile_pick(h, 4))
		code[len++] = 0xf3;
	code[len++] = 0x6c + hostile_pick(h, 4);
	code[len++] = 0x0f;		/* UD2 */
	code[len++] = 0x0b;
	return len;
}

TEST_F(hostile_io, strings_from_and_to_anywhere)
{
	struct hostile *h = &self->h;
	struct keel_run *run = h->guest.run;
	enum hostile_mode mode;
	enum hostile_end end;
	__u8 code[16];
	__u8 *beside;
	size_t len;

	/* Memory of the VMM that is not the guest's. */
	beside = mmap(NULL, 0x100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, beside);
	memset(beside, 0xc5, 0x100000);
	for (int i = 0; i < STRINGS; i++) {
		mode = hostile_pick(h, HOSTILE_MODES);
		if (hostile_lacks(h, mode))
			continue;
		len = string_insn(h, code);
		ASSERT_EQ(0, hostile_start(h, mode, code, len));
		RDX(&h->guest) = hostile_random(h);
		RCX(&h->guest) = hostile_value(h);
		RSI(&h->guest) = hostile_value(h);
		RDI(&h->guest) = hostile_value(h);
		for (int s = KEEL_ES; s <= KEEL_GS; s++)
			if (mode > HOSTILE_COMPAT && mode != HOSTILE_VM86 && s != KEEL_CS &&
			    s != KEEL_SS && !hostile_pick(h, 4))
				run->segments.seg[s].base = (__u32)hostile_value(h);
		HOSTILE_RUN(h, EXITS, end);
	}
	for (int i = 0; i < 0x100000; i++)
		ASSERT_EQ(0xc5, beside[i]);
	munmap(beside, 0x100000);
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
