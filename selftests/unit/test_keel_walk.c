// SPDX-License-Identifier: GPL-2.0
/*
 * keel_walk.c against a second walker, written here from the SDM's chapter
 * "Paging" in another way: for each kind of entry, what each of its bits is,
 * one bit at a time; for access rights, the SDM's list of what is allowed.
 * With numbers, not with the kernel's names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "keel_walk.h"

#define B(n)	(1ULL << (n))

/* xorshift: fast, and the same on each machine. */
static u64 rng_state = 0x9e3779b97f4a7c15ULL;

static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static bool odds(int n)
{
	return rnd() % n == 0;
}

/* ---- the model ---- */

enum mode { NONE, P32, PAE, L4, L5 };

struct cpu {
	enum mode mode;
	bool pse, pse36, gb, nxe, wp, smep, smap, ac, pke;
	u32 pkru;
	int maxphy;
};

/* 'r' must be 0, 'x' XD, 'a' address, 'h' address 39:32 of PSE-36, '-' other */
static char bit_is(const struct cpu *c, int level, bool page, int bit)
{
	if (c->mode == P32) {
		if (level == 2 && page) {
			if (bit >= 22)
				return 'a';
			if (bit == 21)
				return 'r';
			if (bit >= 13)
				return c->pse36 && bit - 13 + 32 < c->maxphy ?
					'h' : 'r';
			return '-';
		}
		return bit >= 12 ? 'a' : '-';
	}
	if (bit == 63)
		return c->nxe ? 'x' : 'r';
	if (bit >= 52)
		return c->mode == PAE ? 'r' : '-';
	if (bit >= c->maxphy)
		return 'r';
	if (level == 1 || !page) {
		if (bit >= 12)
			return 'a';
		if (bit == 7 && level >= 4)
			return 'r';
		if (bit == 7 && level == 3 && !c->gb)
			return 'r';
		return '-';
	}
	if (bit >= (level == 2 ? 21 : 30))
		return 'a';
	return bit >= 13 ? 'r' : '-';
}

struct masks {
	u64 must_be_zero[6][2];
	u64 address[6][2];
};

static void make_masks(const struct cpu *c, struct masks *m)
{
	int level, page, bit;

	memset(m, 0, sizeof(*m));
	for (level = 1; level <= 5; level++) {
		for (page = 0; page < 2; page++) {
			for (bit = 0; bit < (c->mode == P32 ? 32 : 64); bit++) {
				char is = bit_is(c, level, page, bit);

				if (is == 'r')
					m->must_be_zero[level][page] |= B(bit);
				if (is == 'a')
					m->address[level][page] |= B(bit);
			}
		}
	}
}

static bool maps_page(const struct cpu *c, int level, u64 e)
{
	if (level == 1)
		return true;
	if (!(e & B(7)))
		return false;
	switch (c->mode) {
	case P32: return c->pse;
	case PAE: return level == 2;
	default:  return level == 2 || (level == 3 && c->gb);
	}
}

struct answer {
	bool fault;
	u32 code;
	u64 gpa, size;
	u64 first_a, last_d;	/* count of A flags to set; D to set */
};

/* What the SDM's "Determination of Access Rights" allows, sentence by sentence. */
static bool allowed(const struct cpu *c, u32 access, bool us, bool rw, bool xd)
{
	bool user = access & 4, fetch = access & 2, write = access & 1;
	bool implicit = access >> 31;
	bool smap_ok = !c->smap || (c->ac && !implicit);

	if (user) {
		if (fetch)
			return us && !xd;
		return write ? us && rw : us;
	}
	if (fetch) {
		if (!us)
			return !xd;
		return !c->smep && !xd;
	}
	if (!write)
		return us ? smap_ok : true;
	if (!c->wp)
		return us ? smap_ok : true;
	return us ? smap_ok && rw : rw;
}

static struct answer model_walk(const struct cpu *c, const struct masks *m,
				const struct keel_walk_env *env, u64 va, u32 access)
{
	static const int top[] = { [P32] = 2, [PAE] = 3, [L4] = 4, [L5] = 5 };
	struct answer ans = { .size = 4096 };
	bool us = true, rw = true, xd = false;
	int width = c->mode == P32 ? 10 : 9, level;
	u64 e = 0, at;

	if (c->mode < L4)
		va &= 0xffffffff;
	ans.gpa = va;
	if (c->mode == NONE)
		return ans;

	ans.code = access & 1 ? 2 : 0;
	if (access & 4)
		ans.code |= 4;
	if ((access & 2) && (c->smep || (c->mode != P32 && c->nxe)))
		ans.code |= 16;
	ans.fault = true;

	at = c->mode == P32 ? env->cr3 & 0xfffff000 :
	     env->cr3 & m->address[5][0];
	for (level = top[c->mode]; ; level--) {
		u64 place = va >> (12 + width * (level - 1));
		bool page;

		place &= (1 << width) - 1;
		e = 0;
		if (c->mode == PAE && level == 3) {
			e = env->pdpte[place];
			if (!(e & 1))
				return ans;
			at = e & m->address[1][1];
			continue;
		}
		env->read(env->ctx, at + place * (c->mode == P32 ? 4 : 8), &e,
			  c->mode == P32 ? 4 : 8);
		if (!(e & 1))
			return ans;
		page = maps_page(c, level, e);
		if (e & m->must_be_zero[level][page]) {
			ans.code |= 9;
			return ans;
		}
		if (!(e & 2))
			rw = false;
		if (!(e & 4))
			us = false;
		if (c->mode != P32 && c->nxe && (e & B(63)))
			xd = true;
		if (!(e & B(5)))
			ans.first_a++;
		at = e & m->address[level][page];
		if (page)
			break;
	}
	ans.size = 1ULL << (12 + width * (level - 1));
	if (c->mode == P32 && level == 2 && c->pse36) {
		int bit;

		for (bit = 13; bit <= 20; bit++)
			if ((e & B(bit)) && bit_is(c, 2, true, bit) == 'h')
				at |= B(bit - 13 + 32);
	}
	ans.gpa = at + va % ans.size;
	ans.last_d = (access & 1) && !(e & B(6));

	ans.fault = !allowed(c, access, us, rw, xd);
	if (c->mode >= L4 && c->pke && us && !(access & 2)) {
		u32 ad = (c->pkru >> (2 * (e >> 59 & 15))) & 1;
		u32 wd = (c->pkru >> (2 * (e >> 59 & 15) + 1)) & 1;

		if (ad || (wd && (access & 1) && ((access & 4) || c->wp))) {
			ans.fault = true;
			ans.code |= 32;
		}
	}
	if (ans.fault)
		ans.code |= 1;
	else
		ans.code = 0;
	return ans;
}

/* ---- random guests ---- */

/* A memory full of plausible entries, made up from the address. */
static int random_memory(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	u64 seed = *(u64 *)ctx;
	u64 h = mix(seed ^ gpa), k = mix(h + 1), e = h;

	if (bytes == 4)
		e &= 0xffffffff;
	if (k & 7) {			/* mostly without high bits */
		e &= B(36) - 1;
		if ((k & 0x3f00) == 0)
			e |= B(63);
		if ((k & 0xc000) == 0)
			e |= (k & 0x0f) << 59;
		if (bytes == 8)
			e |= (k & 0xf00000) << 39;	/* key */
	}
	if (k & 0xf0)
		e |= 1;
	if (k & 0x30000)
		e |= 2;
	if (k & 0xc0000)
		e |= 4;
	if (k & 0x3000000)
		e &= ~B(7);
	if (k & 0x4000000)
		e &= ~(0x3fULL << 12 | 0xffULL << 13 | 0x3fe00000ULL >> 1);
	if (k & 0x8000000)
		e &= ~0x3fffe000ULL;
	memcpy(buf, &e, bytes);
	return 0;
}

static void random_guest(struct cpu *c, struct keel_walk_env *env, u64 *seed)
{
	static const u8 phys[] = { 32, 34, 36, 39, 40, 41, 46, 48, 51, 52 };
	int i;

	memset(c, 0, sizeof(*c));
	c->mode = odds(20) ? NONE : P32 + rnd() % 4;
	c->pse = rnd() & 1;
	c->pse36 = !odds(4);
	c->gb = rnd() & 1;
	c->nxe = rnd() & 1;
	c->wp = rnd() & 1;
	c->smep = odds(3);
	c->smap = rnd() & 1;
	c->ac = rnd() & 1;
	c->pke = odds(3);
	c->pkru = rnd() & rnd();
	c->maxphy = phys[rnd() % sizeof(phys)];

	memset(env, 0, sizeof(*env));
	env->read = random_memory;
	env->ctx = seed;
	env->phys_bits = c->maxphy;
	env->pse36 = c->pse36;
	env->gbpages = c->gb;
	env->pkru = c->pkru;
	env->cr3 = rnd() & (B(c->maxphy) - 1);
	for (i = 0; i < 4; i++)
		env->pdpte[i] = (rnd() & (B(c->maxphy) - 1) & ~0x1e6ULL) | !odds(8);
	env->cr0 = (c->mode != NONE) * B(31) | c->wp * B(16) | B(0);
	env->cr4 = c->pse * B(4) | (c->mode >= PAE) * B(5) |
		   (c->mode == L5) * B(12) | c->smep * B(20) | c->smap * B(21) |
		   c->pke * B(22);
	env->efer = c->nxe * B(11) | (c->mode >= L4) * (B(10) | B(8));
	env->rflags = 2 | c->ac * B(18);
}

static u64 random_va(const struct cpu *c)
{
	int bits = c->mode == L5 ? 57 : c->mode == L4 ? 48 : 64;

	return (u64)((s64)(rnd() << (64 - bits)) >> (64 - bits));
}

static u32 random_access(void)
{
	static const u32 choice[] = {
		0, 1, 2, 4, 5, 6, 0x80000000, 0x80000001,
	};

	return choice[rnd() % 8];
}

TEST(agrees_with_the_model)
{
	u64 seed, walks = 0, faults = 0, rsvd = 0, large = 0, keys = 0;
	struct keel_walk_result res;
	struct keel_walk_env env;
	struct answer want;
	struct masks m;
	struct cpu c;
	int guest, i, l;

	for (guest = 0; guest < 60000; guest++) {
		random_guest(&c, &env, &seed);
		make_masks(&c, &m);
		for (i = 0; i < 20; i++) {
			u64 va = random_va(&c);
			u32 access = random_access();
			int a = 0, d = 0;

			seed = rnd();
			want = model_walk(&c, &m, &env, va, access);
			ASSERT_EQ(0, keel_walk(&env, va, access, &res));
			walks++;
			faults += want.fault;
			rsvd += !!(want.code & 8);
			keys += !!(want.code & 32);
			large += !want.fault && want.size > 4096;
			ASSERT_EQ(want.fault, res.fault) {
				TH_LOG("mode %d va %llx access %x code %x/%x",
				       c.mode, va, access, want.code,
				       res.error_code);
			}
			ASSERT_EQ(want.code, res.error_code);
			for (l = 0; l < res.nr_levels; l++) {
				a += !!(res.level[l].set & B(5));
				d += !!(res.level[l].set & B(6));
			}
			if (want.fault) {
				ASSERT_EQ(0, a + d);
				continue;
			}
			ASSERT_EQ(want.gpa, res.gpa);
			ASSERT_EQ(want.size, res.page_size);
			if (c.mode == NONE)
				continue;
			ASSERT_EQ(want.first_a, a);
			ASSERT_EQ(want.last_d, d);
			if (d)
				ASSERT_NE(0, res.level[res.nr_levels - 1].set & B(6));
		}
	}
	TH_LOG("%llu walks: %llu faults, %llu for reserved bits, %llu for keys, %llu large pages",
	       walks, faults, rsvd, keys, large);
	/* The random guests must reach every kind of answer. */
	EXPECT_GE(walks, 1000000);
	EXPECT_GT(walks - faults, walks / 10);
	EXPECT_GT(rsvd, walks / 100);
	EXPECT_GT(keys, 1000);
	EXPECT_GT(large, walks / 200);
}

/* ---- by hand ---- */

static u8 ram[0x10000] __aligned(4096);

static int ram_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	if (gpa + bytes > sizeof(ram) || gpa % bytes)
		return -EFAULT;
	memcpy(buf, ram + gpa, bytes);
	return 0;
}

static void poke64(u64 gpa, u64 value)
{
	memcpy(ram + gpa, &value, 8);
}

static void poke32(u64 gpa, u32 value)
{
	memcpy(ram + gpa, &value, 4);
}

/* Tables at 0x1000 (root) to 0x4000 map 0x40_0040_3000 to 0x5000: 4 levels. */
static struct keel_walk_env long_guest(void)
{
	struct keel_walk_env env = {
		.cr0 = B(31) | B(16) | B(0),
		.cr3 = 0x1000,
		.cr4 = B(5),
		.efer = B(8) | B(10) | B(11),
		.rflags = 2,
		.phys_bits = 46,
		.pse36 = true,
		.gbpages = true,
		.read = ram_read,
	};

	memset(ram, 0, sizeof(ram));
	poke64(0x1000, 0x2007);
	poke64(0x2000 + 8 * 256, 0x3007);
	poke64(0x3000 + 8 * 2, 0x4007);
	poke64(0x4000 + 8 * 3, 0x5007);
	return env;
}

#define VA	(256ULL << 30 | 2ULL << 21 | 3ULL << 12 | 0x123)
/* 256 entries of 1 GByte is 0x40_0000_0000 */

#define EXPECT_FAULT(code_, env_, va_, access_) do {			\
	EXPECT_EQ(0, keel_walk(env_, va_, access_, &res));		\
	EXPECT_TRUE(res.fault);						\
	EXPECT_EQ(code_, res.error_code);				\
} while (0)

#define EXPECT_GPA(gpa_, env_, va_, access_) do {			\
	EXPECT_EQ(0, keel_walk(env_, va_, access_, &res));		\
	EXPECT_FALSE(res.fault);					\
	EXPECT_EQ(0, res.error_code);					\
	EXPECT_EQ(gpa_, res.gpa);					\
} while (0)

TEST(four_levels_are_described)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
	ASSERT_EQ(4, res.nr_levels);
	EXPECT_EQ(0x1000, res.level[0].gpa);
	EXPECT_EQ(39, res.level[0].shift);
	EXPECT_EQ(0x2007, res.level[0].value);
	EXPECT_EQ(0x20, res.level[0].set);
	EXPECT_EQ(0x2800, res.level[1].gpa);
	EXPECT_EQ(0x3010, res.level[2].gpa);
	EXPECT_EQ(0x4018, res.level[3].gpa);
	EXPECT_EQ(12, res.level[3].shift);
	EXPECT_EQ(0x60, res.level[3].set);
	EXPECT_TRUE(res.writable && res.user && res.exec && res.present);
	EXPECT_FALSE(res.global);

	poke64(0x4018, 0x5127);		/* G, A */
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
	EXPECT_EQ(0x40, res.level[3].set);
	EXPECT_TRUE(res.global);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_USER);
	EXPECT_EQ(0, res.level[3].set);
}

TEST(error_codes)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	EXPECT_FAULT(0, &env, VA + 0x1000, 0);
	EXPECT_FALSE(res.present);
	EXPECT_FAULT(2, &env, VA + 0x1000, KEEL_ACCESS_WRITE);
	EXPECT_FAULT(6, &env, VA + 0x1000, KEEL_ACCESS_WRITE | KEEL_ACCESS_USER);
	EXPECT_FAULT(0x10, &env, VA + 0x1000, KEEL_ACCESS_EXEC);
	EXPECT_FAULT(0x14, &env, VA + 0x1000, KEEL_ACCESS_EXEC | KEEL_ACCESS_USER);
	env.efer &= ~B(11);
	EXPECT_FAULT(0, &env, VA + 0x1000, KEEL_ACCESS_EXEC);
	env.cr4 |= B(20);
	EXPECT_FAULT(0x10, &env, VA + 0x1000, KEEL_ACCESS_EXEC);

	env = long_guest();
	poke64(0x4018, 0x5005);		/* user, read only */
	EXPECT_FAULT(3, &env, VA, KEEL_ACCESS_WRITE);
	EXPECT_TRUE(res.present);
	EXPECT_FAULT(7, &env, VA, KEEL_ACCESS_WRITE | KEEL_ACCESS_USER);
	env.cr0 &= ~B(16);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
	EXPECT_FAULT(7, &env, VA, KEEL_ACCESS_WRITE | KEEL_ACCESS_USER);

	env = long_guest();
	poke64(0x4018, 0x5003 | B(63));	/* supervisor, XD */
	EXPECT_FAULT(5, &env, VA, KEEL_ACCESS_USER);
	EXPECT_FAULT(0x11, &env, VA, KEEL_ACCESS_EXEC);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
	env.efer &= ~B(11);
	EXPECT_FAULT(9, &env, VA, 0);	/* bit 63 is reserved now */
	EXPECT_FAULT(0xb, &env, VA, KEEL_ACCESS_WRITE);

	env = long_guest();
	poke64(0x4018, 0x5007 | B(46));
	EXPECT_FAULT(9, &env, VA, 0);
	poke64(0x4018, 0x5007 | B(52));	/* ignored */
	EXPECT_GPA(0x5123, &env, VA, 0);
	poke64(0x4018, 0x5006 | B(46));	/* not present: nothing is reserved */
	EXPECT_FAULT(0, &env, VA, 0);
}

TEST(smep_and_smap)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	env.cr4 |= B(20) | B(21);
	EXPECT_FAULT(0x11, &env, VA, KEEL_ACCESS_EXEC);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_EXEC | KEEL_ACCESS_USER);
	EXPECT_FAULT(1, &env, VA, 0);
	EXPECT_FAULT(3, &env, VA, KEEL_ACCESS_WRITE);
	env.rflags |= B(18);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
	EXPECT_FAULT(1, &env, VA, KEEL_ACCESS_IMPLICIT);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE | KEEL_ACCESS_USER);
}

TEST(protection_keys)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	poke64(0x4018, 0x5007 | 5ULL << 59);
	env.pkru = 3U << 10;
	EXPECT_GPA(0x5123, &env, VA, 0);	/* CR4.PKE is 0 */
	env.cr4 |= B(22);
	EXPECT_FAULT(0x21, &env, VA, 0);
	EXPECT_EQ(5, res.pkey);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_EXEC);
	env.pkru = 2U << 10;
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_USER);
	EXPECT_FAULT(0x27, &env, VA, KEEL_ACCESS_USER | KEEL_ACCESS_WRITE);
	EXPECT_FAULT(0x23, &env, VA, KEEL_ACCESS_WRITE);
	env.cr0 &= ~B(16);
	EXPECT_GPA(0x5123, &env, VA, KEEL_ACCESS_WRITE);
}

TEST(large_pages)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	poke64(0x3010, 0x40200087 | B(12));	/* PAT is no address bit */
	EXPECT_GPA(0x40203123, &env, VA, 0);
	EXPECT_EQ(1 << 21, res.page_size);
	poke64(0x3010, 0x40200087 | B(13));
	EXPECT_FAULT(9, &env, VA, 0);

	poke64(0x2800, 0x80000087);
	EXPECT_GPA(0x80403123, &env, VA, 0);
	EXPECT_EQ(1 << 30, res.page_size);
	env.gbpages = false;
	EXPECT_FAULT(9, &env, VA, 0);
	env.gbpages = true;
	poke64(0x2800, 0x80000087 | B(29));
	EXPECT_FAULT(9, &env, VA, 0);
	poke64(0x1000, 0x2087);			/* PS in a PML4E */
	EXPECT_FAULT(9, &env, VA, 0);
}

TEST(five_levels)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;
	u64 va = VA | 0x1ffULL << 48 | 0xffULL << 56;

	env.cr4 |= B(12);
	env.cr3 = 0x6000;
	poke64(0x6000 + 8 * 511, 0x1007);
	EXPECT_GPA(0x5123, &env, va, 0);
	EXPECT_EQ(5, res.nr_levels);
	EXPECT_EQ(48, res.level[0].shift);
	poke64(0x6000 + 8 * 511, 0x1087);
	EXPECT_FAULT(9, &env, va, 0);
}

TEST(pae_takes_the_registers)
{
	struct keel_walk_env env = {
		.cr0 = B(31) | B(0),
		.cr3 = 0x1020,
		.cr4 = B(5),
		.efer = B(11),
		.phys_bits = 40,
		.read = ram_read,
		.pdpte = { 0, 0, 0, 0x2001 },
	};
	struct keel_walk_result res;

	memset(ram, 0, sizeof(ram));
	poke64(0x2008, 0x3003);
	poke64(0x3010, 0x4001);
	EXPECT_GPA(0x4abc, &env, 0xffffffffc0202abcULL, KEEL_ACCESS_WRITE);
	EXPECT_EQ(3, res.nr_levels);
	EXPECT_EQ(0x1038, res.level[0].gpa);
	EXPECT_EQ(0, res.level[0].set);
	EXPECT_EQ(0x20, res.level[1].set);
	EXPECT_FALSE(res.writable || res.user);
	EXPECT_FAULT(0, &env, 0, 0);
	poke64(0x3010, 0x4001 | B(52));		/* not ignored, as with 4 levels */
	EXPECT_FAULT(9, &env, 0xc0202abc, 0);
	poke64(0x3010, 0x4001 | B(63));
	EXPECT_FAULT(0x11, &env, 0xc0202abc, KEEL_ACCESS_EXEC);
}

TEST(two_levels_and_pse)
{
	struct keel_walk_env env = {
		.cr0 = B(31) | B(0),
		.cr3 = 0xfff,
		.efer = B(11),
		.phys_bits = 36,
		.pse36 = true,
		.read = ram_read,
	};
	struct keel_walk_result res;

	memset(ram, 0, sizeof(ram));
	env.cr3 = 0x1fff;			/* low bits are PCD and the like */
	poke32(0x1004, 0x2087);			/* PS is ignored without CR4.PSE */
	poke32(0x200c, 0xffff3007);
	EXPECT_GPA(0xffff3010ULL, &env, 0x403010, KEEL_ACCESS_USER);
	EXPECT_EQ(4096, res.page_size);
	/* No XD here, but SMEP makes fetches known. */
	EXPECT_FAULT(0, &env, 0, KEEL_ACCESS_EXEC);
	env.cr4 = B(20);
	EXPECT_FAULT(0x10, &env, 0, KEEL_ACCESS_EXEC);

	env.cr4 = B(4);
	poke32(0x1004, 0x80400087 | 0xf << 13);	/* address bits 35:32 */
	EXPECT_GPA(0xf80403010ULL, &env, 0x403010, 0);
	EXPECT_EQ(4 << 20, res.page_size);
	poke32(0x1004, 0x80400087 | 0x1f << 13);
	EXPECT_FAULT(9, &env, 0x403010, 0);
	poke32(0x1004, 0x80400087 | B(21));
	EXPECT_FAULT(9, &env, 0x403010, 0);
	env.pse36 = false;
	poke32(0x1004, 0x80400087 | B(13));
	EXPECT_FAULT(9, &env, 0x403010, 0);
}

TEST(no_paging)
{
	struct keel_walk_env env = { .cr0 = 1, .phys_bits = 36 };
	struct keel_walk_result res;

	EXPECT_GPA(0x12345678, &env, 0xf12345678ULL, KEEL_ACCESS_WRITE);
	EXPECT_EQ(0, res.nr_levels);
	EXPECT_TRUE(res.present);
}

TEST(refusals)
{
	struct keel_walk_env env = long_guest();
	struct keel_walk_result res;

	EXPECT_EQ(-EINVAL, keel_walk(&env, B(47), 0, &res));
	EXPECT_EQ(-EINVAL, keel_walk(&env, 0xffff000000000000ULL, 0, &res));
	env.cr4 |= B(12);
	EXPECT_EQ(0, keel_walk(&env, B(47), 0, &res));
	EXPECT_EQ(-EINVAL, keel_walk(&env, B(56), 0, &res));
	env = long_guest();
	EXPECT_EQ(-EINVAL, keel_walk(&env, VA, KEEL_ACCESS_EXEC | KEEL_ACCESS_WRITE,
				     &res));
	EXPECT_EQ(-EINVAL, keel_walk(&env, VA, KEEL_ACCESS_USER |
				     KEEL_ACCESS_IMPLICIT, &res));

	/* A table outside memory: the levels above it are there. */
	poke64(0x3010, 0x4000007);
	EXPECT_EQ(-EFAULT, keel_walk(&env, VA, 0, &res));
	EXPECT_EQ(3, res.nr_levels);
	EXPECT_EQ(0x4000018, res.level[3].gpa);
}

TEST_HARNESS_MAIN
