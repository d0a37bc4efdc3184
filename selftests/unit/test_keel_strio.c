// SPDX-License-Identifier: GPL-2.0
/*
 * keel_strio.c against a model, strio_model.h, and by hand.
 */
#include "kselftest_harness.h"
#include "strio_model.h"

static u64 rng_state = 0x123456789abcdefULL;

static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static bool odds(int n)
{
	return rnd() % n == 0;
}

static void random_case(struct keel_strio *io, struct keel_walk_env *env)
{
	static const u8 types[] = { 3, 3, 3, 3, 3, 7, 1, 0xb, 9, 2 };
	u64 edge;
	int i;

	for (i = 0; i < PAGES; i++) {
		guest.map[i].p = !odds(12);
		guest.map[i].w = !odds(12);
		guest.map[i].u = !odds(12);
		guest.map[i].to = rnd() % PAGES;
	}
	memset(io, 0, sizeof(*io));
	io->in = rnd() & 1;
	io->rep = !odds(5);
	io->bytes = 1 << rnd() % 3;
	io->code64 = odds(3);
	io->addr_bytes = io->code64 ? (rnd() & 1 ? 8 : 4) : (rnd() & 1 ? 4 : 2);
	io->cpl = rnd() & 1 ? 3 : 0;
	io->seg_index = io->in ? KEEL_ES : rnd() % 6;
	io->seg.attributes = 0x90 | types[rnd() % sizeof(types)] |
			     (rnd() & 1) * B(14) | odds(40) * B(16);
	io->seg.limit = odds(3) ? rnd() % 0x20000 : odds(2) ? 0xffff : 0xffffffff;
	io->seg.base = odds(3) ? 0 : io->code64 ? rnd() & (B(47) - 1) : (u32)rnd();

	/* Near where something happens. */
	edge = odds(4) ? io->seg.limit : odds(4) ? 0x10000 : odds(4) ? B(32) :
	       odds(4) && io->code64 ? B(47) : odds(4) ? -io->seg.base :
	       odds(8) ? -B(47) : rnd() % 16 * 0x1000;
	io->index = edge + rnd() % 0x80 - 0x40;
	if (odds(3))
		io->index += (rnd() % 4096) - 2048;
	io->rcx = odds(10) ? 0 : odds(3) ? rnd() % 16 : rnd() % 6000;
	if (io->addr_bytes == 2)
		io->index = sized(rnd(), io->index, 2);
	if (io->addr_bytes < 8)
		io->rcx |= rnd() << 32;

	memset(env, 0, sizeof(*env));
	env->read = table_read;
	env->phys_bits = 40;
	env->cr0 = B(0) | B(31) | (rnd() & 1) * B(16) | (rnd() & 1) * B(18);
	env->rflags = 2 | (rnd() & 1) * B(10) | odds(4) * B(18) | odds(10) * B(8);
	if (!io->code64 && odds(8)) {
		/* No paging, often real mode: all within the memory there is. */
		env->cr0 &= ~(B(31) | (rnd() & 1));
		io->seg.base = RAM + 0x8000;
		io->seg.limit = odds(2) ? 0xffff : rnd() % 0x20000;
		io->seg.attributes = 0x93;
	}
	if (io->code64) {
		env->cr4 = B(5);
		env->efer = B(10) | B(8);
		env->cr3 = 0x2000;
	} else {
		env->cr3 = 0x1000;
	}
}

static struct device want_dev, got_dev;

TEST(agrees_with_the_model)
{
	static u8 before[sizeof(guest.ram)], want_ram[sizeof(guest.ram)];
	unsigned int i, vectors[32] = {}, whole = 0;
	struct outcome want, got;
	struct keel_walk_env env;
	struct keel_strio io;

	for (i = 0; i < sizeof(guest.ram); i++)
		guest.ram[i] = rnd();
	for (i = 0; i < 20000; i++) {
		random_case(&io, &env);
		want_dev.next = rnd();
		want_dev.got = 0;
		got_dev.next = want_dev.next;
		got_dev.got = 0;
		memcpy(before, guest.ram, sizeof(before));
		want = model(&io, &env, &want_dev);
		memcpy(want_ram, guest.ram, sizeof(before));
		memcpy(guest.ram, before, sizeof(before));

		ASSERT_EQ(0, drive(&io, &env, &got_dev, &got));
		ASSERT_EQ(want.vector, got.vector) {
			TH_LOG("case %u: in %d bytes %d addr %d index %llx base %llx limit %x",
			       i, io.in, io.bytes, io.addr_bytes, io.index,
			       io.seg.base, io.seg.limit);
		}
		ASSERT_EQ(want.code, got.code);
		ASSERT_EQ(want.cr2, got.cr2);
		got.rcx = io.rcx;
		got.index = io.index;
		ASSERT_EQ(want.rcx, got.rcx);
		ASSERT_EQ(want.index, got.index);
		ASSERT_EQ(want_dev.next, got_dev.next);
		ASSERT_EQ(want_dev.got, got_dev.got);
		ASSERT_EQ(0, memcmp(want_dev.log, got_dev.log, got_dev.got));
		ASSERT_EQ(0, memcmp(want_ram, guest.ram, sizeof(before)));
		if (got.vector >= 0 && !(env.cr0 & 1))
			ASSERT_EQ(0, io.fault.flags);
		if (got.vector < 0)
			whole++;
		else
			vectors[got.vector]++;
	}
	TH_LOG("%u done, #SS %u #GP %u #PF %u #AC %u; %u batches of %u elements",
	       whole, vectors[12], vectors[13], vectors[14], vectors[17], batches,
	       elements);
	EXPECT_GT(whole, 2000);
	EXPECT_GT(vectors[12], 100);
	EXPECT_GT(vectors[13], 1000);
	EXPECT_GT(vectors[14], 1000);
	EXPECT_GT(vectors[17], 100);
}

/* ---- by hand ---- */

static u8 data[4096];

static void plain(struct keel_strio *io, struct keel_walk_env *env, bool in)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		guest.map[i].p = true;
		guest.map[i].w = true;
		guest.map[i].u = true;
		guest.map[i].to = i;
	}
	memset(env, 0, sizeof(*env));
	env->read = table_read;
	env->phys_bits = 40;
	env->cr0 = B(0) | B(31);
	env->cr3 = 0x1000;
	env->rflags = 2;
	*io = (struct keel_strio){
		.in = in, .rep = true, .bytes = 1, .addr_bytes = 4,
		.seg_index = in ? KEEL_ES : KEEL_DS,
		.seg = { .limit = 0xffffffff, .attributes = 0xc093 },
	};
}

TEST(batches_are_a_page_of_bytes)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, false);
	io.rcx = 10000;
	io.index = 0x1ff0;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_EQ(4096, io.count);
	EXPECT_EQ(0, memcmp(data, guest.ram + 0x1ff0, 4096));
	EXPECT_EQ(10000, io.rcx);
	ASSERT_EQ(0, keel_strio_end(&io, &mem, data));
	EXPECT_EQ(5904, io.rcx);
	EXPECT_EQ(0x2ff0, io.index);
	EXPECT_FALSE(io.done);

	/* And no more than there is room. */
	io.bytes = 4;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, 10));
	EXPECT_EQ(2, io.count);
	EXPECT_EQ(-EINVAL, keel_strio_begin(&io, &env, &mem, data, 3));
}

TEST(nothing_is_lost_where_ins_faults)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, true);
	guest.map[2].p = false;
	io.rcx = 100;
	io.bytes = 4;
	io.index = 0x1ff2;		/* three elements, then one across */
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_FALSE(io.fault.valid);
	ASSERT_EQ(3, io.count);
	memset(data, 0x5a, 12);
	ASSERT_EQ(0, keel_strio_end(&io, &mem, data));
	EXPECT_EQ(97, io.rcx);
	EXPECT_EQ(0x1ffe, io.index);
	EXPECT_EQ(0x5a, guest.ram[0x1ffd]);
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_EQ(0, io.count);
	EXPECT_TRUE(io.fault.valid);
	EXPECT_EQ(14, io.fault.vector);
	EXPECT_EQ(2, io.fault.error_code);
	EXPECT_EQ(0x2000, io.fault.payload);
	EXPECT_EQ(KEEL_EVENT_ERROR_CODE, io.fault.flags);
	EXPECT_EQ(97, io.rcx);
}

TEST(no_error_code_in_real_mode)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, true);
	env.cr0 = 0;
	io.addr_bytes = 2;
	io.seg = (struct keel_segment){ .base = 0x10000, .limit = 0xffff,
					.attributes = 0x93 };
	io.index = 0xffff;
	io.bytes = 2;
	io.rcx = 1;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_TRUE(io.fault.valid);
	EXPECT_EQ(13, io.fault.vector);
	EXPECT_EQ(0, io.fault.flags);
}

TEST(a_count_of_zero_changes_nothing)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, true);
	io.rcx = B(32);
	io.index = 0xffffffff00000000ULL;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_EQ(0, io.count);
	EXPECT_FALSE(io.fault.valid);
	ASSERT_EQ(0, keel_strio_end(&io, &mem, data));
	EXPECT_TRUE(io.done);
	EXPECT_EQ(B(32), io.rcx);
	EXPECT_EQ(0xffffffff00000000ULL, io.index);
}

TEST(where_there_is_no_memory)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, true);
	guest.map[2].to = 200;
	io.rcx = 2;
	io.index = 0x1fff;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	ASSERT_EQ(1, io.count);
	ASSERT_EQ(0, keel_strio_end(&io, &mem, data));
	EXPECT_EQ(-EFAULT, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_EQ(1, io.rcx);

	plain(&io, &env, false);
	guest.map[2].to = 200;
	io.rcx = 20;
	io.bytes = 4;
	io.index = 0x1ff6;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	ASSERT_EQ(2, io.count);
	ASSERT_EQ(0, keel_strio_end(&io, &mem, data));
	EXPECT_EQ(18, io.rcx);
	EXPECT_EQ(-EFAULT, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));

	/* It goes away between the two calls. */
	plain(&io, &env, true);
	io.rcx = 20;
	io.index = 0x1ffc;
	io.bytes = 4;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	ASSERT_EQ(20, io.count);
	io.gpa[1] = 0;
	EXPECT_EQ(-EFAULT, keel_strio_end(&io, &mem, data));
	EXPECT_EQ(19, io.rcx);
	EXPECT_EQ(0x2000, io.index);
	EXPECT_FALSE(io.done);
}

TEST(single_steps)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, false);
	env.rflags |= B(8);
	io.rcx = 5;
	ASSERT_EQ(0, keel_strio_begin(&io, &env, &mem, data, sizeof(data)));
	EXPECT_EQ(1, io.count);
}

TEST(impossible_descriptions)
{
	struct keel_walk_env env;
	struct keel_strio io;

	plain(&io, &env, false);
	io.bytes = 3;
	EXPECT_EQ(-EINVAL, keel_strio_begin(&io, &env, &mem, data, 4096));
	plain(&io, &env, false);
	io.addr_bytes = 8;
	EXPECT_EQ(-EINVAL, keel_strio_begin(&io, &env, &mem, data, 4096));
	plain(&io, &env, false);
	io.seg_index = KEEL_LDTR;
	EXPECT_EQ(-EINVAL, keel_strio_begin(&io, &env, &mem, data, 4096));
}

TEST(prefixes)
{
	static const struct {
		u8 insn[8], len, size;
		int ret;
		u8 addr, seg;
		bool in, rep;
	} rows[] = {
		{ { 0x6c }, 1, 2, 0, 2, KEEL_ES, true, false },
		{ { 0xf3, 0x6c }, 2, 4, 0, 4, KEEL_ES, true, true },
		{ { 0xf2, 0x67, 0x26, 0x6e }, 4, 4, 0, 2, KEEL_ES, false, true },
		{ { 0x2e, 0x6f }, 2, 2, 0, 2, KEEL_CS, false, false },
		{ { 0x36, 0x67, 0x6f }, 3, 2, 0, 4, KEEL_SS, false, false },
		{ { 0x36, 0x3e, 0x6f }, 3, 2, 0, 2, KEEL_DS, false, false },
		{ { 0x64, 0x6f }, 2, 4, 0, 4, KEEL_FS, false, false },
		{ { 0x65, 0x2e, 0x6f }, 3, 8, 0, 8, KEEL_GS, false, false },
		{ { 0x66, 0x67, 0x48, 0x6d }, 4, 8, 0, 4, KEEL_ES, true, false },
		{ { 0x48, 0x6d }, 2, 4, -EINVAL },
		{ { 0xf3, 0x6c }, 1, 4, -EINVAL },
		{ { 0xa4 }, 1, 4, -EINVAL },
	};
	struct keel_strio io;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&io, 0, sizeof(io));
		EXPECT_EQ(rows[i].ret, keel_strio_decode(rows[i].insn, rows[i].len,
							 rows[i].size, &io));
		if (rows[i].ret)
			continue;
		EXPECT_EQ(rows[i].addr, io.addr_bytes);
		EXPECT_EQ(rows[i].seg, io.seg_index);
		EXPECT_EQ(rows[i].in, io.in);
		EXPECT_EQ(rows[i].rep, io.rep);
	}
}

TEST_HARNESS_MAIN
