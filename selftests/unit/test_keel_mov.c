// SPDX-License-Identifier: GPL-2.0
/*
 * keel_mov.c: the partial-register rules and some encodings from the SDM, and the
 * decoder against a second one, Zydis, on random bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "zydis_mov.h"

#define ROUNDS	4000000

static u64 rng_state = 0x2545f4914f6cdd1dULL;

static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

/* Prefixes, then mostly an opcode of interest, then anything. */
static void random_insn(u8 *insn)
{
	static const u8 prefixes[] = {
		0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3,
		0x40, 0x44, 0x48, 0x4c, 0x41, 0x47, 0x4f,
	};
	static const u8 opcodes[] = {
		0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xc6, 0xc7,
		0x0f, 0x0f, 0x0f, 0x0f, 0x8c, 0x63,
	};
	static const u8 second[] = { 0xb6, 0xb7, 0xbe, 0xbf, 0xbd };
	unsigned int i, at = 0, count = rnd() % 8 ? rnd() % 4 : rnd() % 14;

	for (i = 0; i < 16; i++)
		insn[i] = rnd() >> 20;
	while (count--)
		insn[at++] = prefixes[(rnd() >> 9) % sizeof(prefixes)];
	if (rnd() % 8 == 0)
		return;
	insn[at] = opcodes[(rnd() >> 9) % sizeof(opcodes)];
	if (insn[at] == 0x0f)
		insn[at + 1] = second[(rnd() >> 9) % sizeof(second)];
	/* As often as not the one extension that 0xc6 and 0xc7 have. */
	if ((insn[at] & 0xfe) == 0xc6 && rnd() % 2)
		insn[at + 1] &= ~0x38;
}

TEST(decodes_as_zydis_does)
{
	unsigned int i, j, accepted = 0, known = 0;
	struct decoders d;

	decoders_init(&d);
	for (i = 0; i < ROUNDS; i++) {
		ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
		ZydisDecodedInstruction z;
		struct keel_mov mov;
		u8 mode = 2 << rnd() % 3, insn[16];
		unsigned int len;
		bool mine, theirs;

		random_insn(insn);
		len = rnd() % 4 ? 15 : rnd() % 16;
		mine = !keel_mov_decode(insn, len, mode, &mov);
		theirs = zydis_knows(&d, mode, insn, len, &z, op);
		accepted += mine;
		known += theirs;
		if (mine != theirs || (mine && !same(&mov, &z, op))) {
			TH_LOG("mode %u, length %u: Keel %d (%u bytes), Zydis %d (%u)", mode, len,
			       mine, mov.length, theirs, theirs ? z.length : 0);
			for (j = 0; j < 16; j++)
				fprintf(stderr, " %02x", insn[j]);
			fprintf(stderr, "\n");
			ASSERT_TRUE(false);
		}
	}
	TH_LOG("%u of %u are MOVs", accepted, ROUNDS);
	EXPECT_GT(accepted, ROUNDS / 8);
	EXPECT_EQ(known, accepted);
}

/* Every byte that is read is one of @len: the buffer ends where it does. */
TEST(never_reads_behind_the_end)
{
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		unsigned int len = rnd() % 16;
		struct keel_mov mov;
		u8 insn[16], *copy = malloc(len);

		random_insn(insn);
		memcpy(copy, insn, len);
		if (!keel_mov_decode(copy, len, 2 << rnd() % 3, &mov))
			ASSERT_LE(mov.length, len);
		free(copy);
	}
}

static const struct {
	u8 code_bytes;
	u8 insn[12];
	struct keel_mov mov;
} insns[] = {
	/* mov eax, [rdi + 0x80]; mov [0xffffffffff5fd0b0], eax as Linux has them */
	{ 8, { 0x8b, 0x87, 0x80, 0, 0, 0 }, { 6, 4, 4, 0 } },
	{ 8, { 0x89, 0x04, 0x25, 0xb0, 0xd0, 0x5f, 0xff }, { 7, 4, 4, 0, true } },
	/* mov dword [rax], 0 */
	{ 8, { 0xc7, 0, 0, 0, 0, 0 }, { 6, 4, 4, 0, true, true } },
	/* mov qword [rax], -1 */
	{ 8, { 0x48, 0xc7, 0, 0xff, 0xff, 0xff, 0xff },
	  { 7, 8, 8, 0, true, true, .value = ~0ULL } },
	/* mov [0xfee000b0], eax and mov eax, [0xfee00020] of 32-bit code */
	{ 4, { 0xa3, 0xb0, 0, 0xe0, 0xfe }, { 5, 4, 4, 0, true } },
	{ 4, { 0xa1, 0x20, 0, 0xe0, 0xfe }, { 5, 4, 4 } },
	/* mov ch, [bx]; movzx r9, byte [rcx]; movsx eax, word [rcx] */
	{ 2, { 0x8a, 0x2f }, { 2, 1, 1, 1, .high = true } },
	{ 8, { 0x4c, 0x0f, 0xb6, 0x09 }, { 4, 1, 8, 9 } },
	{ 8, { 0x0f, 0xbf, 0x01 }, { 3, 2, 4, 0, .sign = true } },
	/* mov [rax], sil: with REX no high byte */
	{ 8, { 0x40, 0x88, 0x30 }, { 3, 1, 1, 6, true } },
};

TEST(some_by_hand)
{
	unsigned int i;

	for (i = 0; i < sizeof(insns) / sizeof(insns[0]); i++) {
		struct keel_mov mov;

		ASSERT_EQ(0, keel_mov_decode(insns[i].insn, 12, insns[i].code_bytes, &mov));
		EXPECT_EQ(insns[i].mov.length, mov.length);
		EXPECT_EQ(insns[i].mov.bytes, mov.bytes);
		EXPECT_EQ(insns[i].mov.width, mov.width);
		EXPECT_EQ(insns[i].mov.reg, mov.reg);
		EXPECT_EQ(insns[i].mov.store, mov.store);
		EXPECT_EQ(insns[i].mov.immediate, mov.immediate);
		EXPECT_EQ(insns[i].mov.high, mov.high);
		EXPECT_EQ(insns[i].mov.sign, mov.sign);
		EXPECT_EQ(insns[i].mov.value, mov.value);
		EXPECT_EQ(-EINVAL, keel_mov_decode(insns[i].insn, mov.length - 1,
						   insns[i].code_bytes, &mov));
	}
}

/* SDM, "General-Purpose Registers in 64-Bit Mode". */
TEST(loads_leave_what_they_should)
{
	static const struct {
		struct keel_mov mov;
		u64 read, result;
	} loads[] = {
		{ { 2, 1, 1, 3 }, 0xee, 0x11223344556677eeULL },
		{ { 2, 1, 1, 3, .high = true }, 0xee, 0x112233445566ee88ULL },
		{ { 2, 2, 2, 3 }, 0xeeff, 0x112233445566eeffULL },
		{ { 2, 4, 4, 3 }, 0x89abcdef, 0x89abcdefULL },
		{ { 2, 8, 8, 3 }, 0xfedcba9876543210ULL, 0xfedcba9876543210ULL },
		/* Only as much counts as was read. */
		{ { 2, 1, 4, 3 }, 0x1234, 0x34 },
		{ { 2, 1, 2, 3, .sign = true }, 0x80, 0x112233445566ff80ULL },
		{ { 2, 2, 4, 3, .sign = true }, 0x8000, 0xffff8000ULL },
		{ { 2, 1, 8, 3, .sign = true }, 0x80, 0xffffffffffffff80ULL },
		{ { 2, 1, 8, 3, .sign = true }, 0x7f, 0x7f },
		{ { 2, 2, 8, 3 }, 0x8000, 0x8000 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		u64 gpr[16] = { [3] = 0x1122334455667788ULL };

		keel_mov_load(&loads[i].mov, gpr, loads[i].read);
		EXPECT_EQ(loads[i].result, gpr[3]);
		EXPECT_EQ(0, gpr[2] | gpr[4]);
	}
}

TEST(stores_take_what_they_should)
{
	const u64 gpr[16] = { [3] = 0x1122334455667788ULL };

	EXPECT_EQ(0x88, keel_mov_stored(&(struct keel_mov){ 2, 1, 1, 3, true }, gpr));
	EXPECT_EQ(0x77, keel_mov_stored(&(struct keel_mov){ 2, 1, 1, 3, true, .high = true }, gpr));
	EXPECT_EQ(0x7788, keel_mov_stored(&(struct keel_mov){ 2, 2, 2, 3, true }, gpr));
	EXPECT_EQ(0x55667788, keel_mov_stored(&(struct keel_mov){ 2, 4, 4, 3, true }, gpr));
	EXPECT_EQ(gpr[3], keel_mov_stored(&(struct keel_mov){ 2, 8, 8, 3, true }, gpr));
	EXPECT_EQ(0xffff, keel_mov_stored(&(struct keel_mov){ 2, 2, 2, 3, true, true,
							      .value = ~0ULL }, gpr));
}

TEST_HARNESS_MAIN
