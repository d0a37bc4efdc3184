// SPDX-License-Identifier: GPL-2.0
/*
 * keel_walk.c against sdm_paging.c, on random page tables: the same page, rights
 * and flags, or the same fault.  Each table is its own: memory is a function of a
 * seed and an address, worked out when a walk reads it.  Few page frames are
 * tables, so they share, and contain, one another.
 *
 *	KEEL_FUZZ_TABLES=N KEEL_FUZZ_SEED=N ./test_walk_fuzz
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "keel_walk.h"
#include "sdm_paging.h"

#define TABLES		11000000
#define FRAMES		8
#define TABLES_PER_CPU	16
/* Fewer than that need not reach each rare case. */
#define ENOUGH		2000000

#define B(n)		(1ULL << (n))

static u64 rng_state;

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

static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* ---- random guests ---- */

struct tables {
	u64 seed;
	u64 frame[FRAMES];	/* the pages that are memory */
	u64 phys_mask;
	u8 no_rw, no_us;	/* of 16 entries, how many lack the flag */
	u8 large;		/* of 16 entries, how many have PS */
	u8 xd, damaged;		/* of 64 entries, how many have bit 63, any high bit */
	bool keys;
};

/* Takes @bits random bits off @h. */
static u64 take(u64 *h, int bits)
{
	u64 r = *h & (B(bits) - 1);

	*h >>= bits;
	return r;
}

static int read_tables(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	const struct tables *t = ctx;
	u64 h = mix(t->seed ^ gpa), e;
	int i;

	for (i = 0; t->frame[i] != (gpa & ~0xfffULL); i++)
		if (i == FRAMES - 1)
			return -EFAULT;

	/* A table, mostly; or any page at all. */
	e = take(&h, 5) ? t->frame[take(&h, 3)] : mix(h) & t->phys_mask & ~0xfffULL;
	e |= take(&h, 9) & 0x178;		/* PWT, PCD, A, D, G */
	if (take(&h, 5))
		e |= B(0);
	if (take(&h, 4) >= t->no_rw)
		e |= B(1);
	if (take(&h, 4) >= t->no_us)
		e |= B(2);
	e |= take(&h, 3) << 9;
	if (take(&h, 4) < t->large) {
		static const u64 keep[] = { ~0x3fffe000ULL, ~0x1fe000ULL, ~0x200000ULL, ~0ULL };

		e |= B(7);
		e &= keep[take(&h, 2)];
		e |= take(&h, 1) << 12;
	}
	if (bytes == 8) {
		if (take(&h, 6) < t->xd)
			e |= B(63);
		if (t->keys)
			e |= take(&h, 4) << 59;
		if (take(&h, 6) < t->damaged)
			e ^= B(12 + mix(t->seed - gpa) % 52);
	}
	memcpy(buf, &e, bytes);
	return 0;
}

static void random_cpu(enum sdm_mode mode, struct keel_walk_env *env)
{
	static const u32 modes[SDM_MODES] = {	/* CR4: PAE, LA57 */
		[SDM_PAE] = B(5), [SDM_4LEVEL] = B(5), [SDM_5LEVEL] = B(5) | B(12),
	};

	memset(env, 0, sizeof(*env));
	env->phys_bits = 32 + rnd() % 21;
	env->pse36 = !odds(4);
	env->gbpages = !odds(4);
	env->pkru = rnd() & rnd();
	env->cr0 = B(0) | (mode != SDM_NONE) * B(31) | odds(2) * B(16);
	env->cr4 = modes[mode] | odds(2) * B(4) | odds(3) * B(20) | odds(2) * B(21) |
		   odds(2) * B(22) | odds(2) * B(7) | odds(2) * B(17);
	/* These two select nothing in the modes where they may be either. */
	if (mode == SDM_NONE && odds(2))
		env->cr4 |= B(5);
	if (mode < SDM_4LEVEL && odds(2))
		env->cr4 |= B(12);
	env->efer = odds(2) * B(11) | B(0);
	if (mode >= SDM_4LEVEL)
		env->efer |= B(8) | B(10);
	env->rflags = 2 | odds(2) * B(18);
}

static void random_tables(enum sdm_mode mode, struct keel_walk_env *env, struct tables *t)
{
	u64 h = rnd();
	int i;

	t->seed = rnd();
	t->phys_mask = B(mode == SDM_32BIT ? 32 : env->phys_bits) - 1;
	for (i = 0; i < FRAMES; i++)
		t->frame[i] = mix(t->seed + i) & t->phys_mask & ~0xfffULL;
	t->no_rw = take(&h, 2);
	t->no_us = take(&h, 3);
	t->large = take(&h, 2);
	t->damaged = take(&h, 2);
	t->xd = env->efer & B(11) ? 4 : 1;
	t->keys = mode >= SDM_4LEVEL ? take(&h, 3) : false;
	env->read = read_tables;
	env->ctx = t;
	/* Below the address: PCID or flags; above 32 bits: nothing, with 3 levels. */
	env->cr3 = t->frame[0] | take(&h, 12);
	if (mode == SDM_32BIT)
		env->cr3 |= h << 32;
	if (mode != SDM_PAE)
		return;
	env->cr3 = (u32)env->cr3 | h << 32;
	for (i = 0; i < 4; i++) {
		h = mix(t->seed - i);
		env->pdpte[i] = t->frame[take(&h, 3)] | (take(&h, 12) & 0xe18) |
				!!take(&h, 4);
	}
}

static u64 random_va(enum sdm_mode mode)
{
	int bits = mode == SDM_5LEVEL ? 57 : mode == SDM_4LEVEL ? 48 : 33;

	if (odds(64))
		bits++;			/* perhaps not canonical */
	return (u64)((s64)(rnd() << (64 - bits)) >> (64 - bits));
}

/* ---- what the walks reached ---- */

enum kind {			/* the first SDM_WHYS are enum sdm_why */
	REFUSED = SDM_WHYS, OUTSIDE, SIZE_4K, SIZE_2M, SIZE_4M, SIZE_1G, ABOVE_4G, OWN_TABLE,
	SETS_A, SETS_D, RO_BUT_NOT_WP, OPENED_BY_AC, KEY_AND_OTHER, ID_FLAG, GLOBAL, MAX_KIND
};

struct tally {
	u64 tables, walks;
	u64 kind[MAX_KIND];
	u64 level[2][6];	/* not present, reserved: by entries read */
};

static const char *const kind_name[MAX_KIND] = {
	"translates", "not present", "reserved bit", "user to supervisor page",
	"read-only", "XD", "SMEP", "SMAP", "SMAP, implicit, AC=1", "key: AD", "key: WD",
	"refused", "table not in memory", "4 KiB", "2 MiB", "4 MiB", "1 GiB",
	"4 MiB above 4 GiB", "a table twice", "sets A", "sets D", "R/W=0, WP=0", "SMAP, AC=1",
	"PK beside another", "I/D", "global",
};

/* What a mode cannot reach. */
static u32 impossible(enum sdm_mode mode)
{
	u32 no = 0;

	if (mode == SDM_NONE)
		return ~(u32)(BIT(SDM_FINE) | BIT(SIZE_4K));
	if (mode == SDM_32BIT)
		no |= BIT(SDM_XD) | BIT(SIZE_2M);
	else
		no |= BIT(SIZE_4M) | BIT(ABOVE_4G);
	if (mode < SDM_4LEVEL)
		no |= BIT(SDM_KEY_AD) | BIT(SDM_KEY_WD) | BIT(KEY_AND_OTHER) | BIT(SIZE_1G);
	return no;
}

static void count(struct tally *t, const struct sdm_paging *p, u32 access,
		  const struct sdm_answer *a)
{
	bool set_a = false, twice = false, set_d = false;
	int i;

	t->walks++;
	if (a->error) {
		t->kind[a->error == -EINVAL ? REFUSED : OUTSIDE]++;
		return;
	}
	t->kind[a->why]++;
	t->kind[ID_FLAG] += !!(a->code & 16);
	t->kind[KEY_AND_OTHER] += (a->code & 32) && a->why < SDM_KEY_AD;
	if (a->why == SDM_NOT_PRESENT || a->why == SDM_RESERVED)
		t->level[a->why == SDM_RESERVED][a->nr]++;
	if (a->fault)
		return;
	t->kind[a->size == 4096 ? SIZE_4K : a->size == B(21) ? SIZE_2M :
		a->size == B(22) ? SIZE_4M : SIZE_1G]++;
	t->kind[ABOVE_4G] += a->size == B(22) && a->gpa >> 32;
	for (i = 0; i < a->nr; i++) {
		set_a |= a->entry[i].set & 0x20;
		set_d |= a->entry[i].set & 0x40;
		twice |= i && a->entry[i].gpa >> 12 == a->entry[i - 1].gpa >> 12;
	}
	t->kind[OWN_TABLE] += twice;
	t->kind[SETS_A] += set_a;
	t->kind[SETS_D] += set_d;
	t->kind[GLOBAL] += a->global;
	t->kind[RO_BUT_NOT_WP] += (access & KEEL_ACCESS_WRITE) && !a->writable;
	t->kind[OPENED_BY_AC] += p->smap && a->user && !(access & 6);
}

static int show(const char *mode, enum sdm_mode m, const struct tally *t)
{
	int i, missing = 0, levels[SDM_MODES] = { 0, 2, 3, 4, 5 };

	printf("# %s: %llu tables, %llu walks, of 1000:", mode, t->tables, t->walks);
	for (i = 0; i < MAX_KIND; i++) {
		if (impossible(m) >> i & 1)
			continue;
		printf("%s %s %.2f", i % 7 ? "," : "\n#  ", kind_name[i],
		       1e3 * t->kind[i] / t->walks);
		if (t->tables >= ENOUGH / SDM_MODES && !t->kind[i] && ++missing)
			printf(" MISSING");
	}
	printf("\n#   not present after 1.. entries:");
	for (i = 1; i <= levels[m]; i++) {
		printf(" %.2f", 1e3 * t->level[0][i] / t->walks);
		missing += t->tables >= ENOUGH / SDM_MODES && !t->level[0][i];
	}
	printf("; reserved bit:");
	for (i = 1; i <= levels[m]; i++) {
		printf(" %.2f", 1e3 * t->level[1][i] / t->walks);
		/* No bit of a 32-bit PTE or a loaded PDPTE register is reserved. */
		missing += t->tables >= ENOUGH / SDM_MODES && !t->level[1][i] &&
			   !(m == SDM_32BIT && i == 2) && !(m == SDM_PAE && i == 1);
	}
	printf("\n");
	fflush(stdout);		/* the harness ends this process with _exit() */
	return missing;
}

/* ---- the comparison ---- */

static const char *difference(const struct sdm_answer *a, int ret,
			      const struct keel_walk_result *r)
{
	int i;

	if (ret != a->error)
		return "the return value";
	if (ret == -EINVAL)
		return NULL;
	if (r->nr_levels != a->nr)
		return "how many entries were read";
	for (i = 0; i < a->nr; i++)
		if (r->level[i].gpa != a->entry[i].gpa ||
		    r->level[i].value != a->entry[i].value ||
		    r->level[i].shift != a->entry[i].shift)
			return "an entry";
	if (ret)
		return r->level[i].gpa == a->entry[i].gpa ? NULL :
			"the address of the entry that could not be read";
	if (r->fault != a->fault)
		return "whether it faults";
	if (r->error_code != a->code)
		return "the error code";
	for (i = 0; i < a->nr; i++)
		if (r->level[i].set != a->entry[i].set)
			return "the accessed and dirty flags to set";
	if (r->present != a->found)
		return "whether there is a page";
	if (!a->found)
		return NULL;
	if (r->page_size != a->size)
		return "the page's size";
	if (!a->fault && r->gpa != a->gpa)
		return "the guest physical address";
	if (r->writable != a->writable || r->user != a->user || r->exec != a->exec ||
	    r->global != a->global || r->pkey != a->pkey)
		return "what the tables permit";
	return NULL;
}

static void show_difference(const char *what, const struct sdm_paging *p, u64 va,
			    u32 access, const struct sdm_answer *a, int ret,
			    const struct keel_walk_result *r)
{
	const struct keel_walk_env *e = p->env;
	int i;

	printf("# they differ in %s\n", what);
	printf("#   mode %d, va %llx, access %x, MAXPHYADDR %d, PSE-36 %d, 1-GByte pages %d\n",
	       p->mode, va, access, e->phys_bits, e->pse36, e->gbpages);
	printf("#   CR0 %llx CR3 %llx CR4 %llx EFER %llx RFLAGS %llx PKRU %x\n",
	       e->cr0, e->cr3, e->cr4, e->efer, e->rflags, e->pkru);
	printf("#   SDM: %d, fault %d, code %x, gpa %llx, size %llx, rw %d us %d x %d g %d key %d\n",
	       a->error, a->fault, a->code, a->gpa, a->size, a->writable, a->user, a->exec,
	       a->global, a->pkey);
	printf("#   keel: %d, fault %d, code %x, gpa %llx, size %llx, rw %d us %d x %d g %d key %d\n",
	       ret, r->fault, r->error_code, r->gpa, r->page_size, r->writable, r->user,
	       r->exec, r->global, r->pkey);
	for (i = 0; i < a->nr || (i < r->nr_levels && i < KEEL_WALK_MAX_LEVELS); i++)
		printf("#   entry %d: %llx at %llx, sets %llx; %llx at %llx, sets %llx\n", i,
		       a->entry[i].value, a->entry[i].gpa, a->entry[i].set,
		       r->level[i].value, r->level[i].gpa, r->level[i].set);
	fflush(stdout);
}

static bool agree(const struct sdm_paging *p, u64 va, u32 access, struct tally *t)
{
	struct keel_walk_result res;
	struct sdm_answer ans;
	const char *what;
	int ret;

	sdm_walk(p, va, access, &ans);
	ret = keel_walk(p->env, va, access, &res);
	count(t, p, access, &ans);
	what = difference(&ans, ret, &res);
	if (what)
		show_difference(what, p, va, access, &ans, ret, &res);
	return !what;
}

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

FIXTURE(fuzz) { };
FIXTURE_SETUP(fuzz) { }
FIXTURE_TEARDOWN(fuzz) { }
FIXTURE_VARIANT(fuzz)
{
	const char *name;
	enum sdm_mode mode;
	int share;		/* of 100 tables */
};
FIXTURE_VARIANT_ADD(fuzz, no_paging) { .name = "no paging", .mode = SDM_NONE, .share = 4 };
FIXTURE_VARIANT_ADD(fuzz, bits32) { .name = "32-bit", .mode = SDM_32BIT, .share = 20 };
FIXTURE_VARIANT_ADD(fuzz, pae) { .name = "PAE", .mode = SDM_PAE, .share = 24 };
FIXTURE_VARIANT_ADD(fuzz, levels4) { .name = "4-level", .mode = SDM_4LEVEL, .share = 28 };
FIXTURE_VARIANT_ADD(fuzz, levels5) { .name = "5-level", .mode = SDM_5LEVEL, .share = 24 };

/* Every access a CPU makes, and some that none does. */
static const u32 accesses[] = {
	0, KEEL_ACCESS_WRITE, KEEL_ACCESS_EXEC, KEEL_ACCESS_USER,
	KEEL_ACCESS_USER | KEEL_ACCESS_WRITE, KEEL_ACCESS_USER | KEEL_ACCESS_EXEC,
	KEEL_ACCESS_IMPLICIT, KEEL_ACCESS_IMPLICIT | KEEL_ACCESS_WRITE,
	KEEL_ACCESS_EXEC | KEEL_ACCESS_WRITE, KEEL_ACCESS_IMPLICIT | KEEL_ACCESS_USER,
};

TEST_F_TIMEOUT(fuzz, agrees, 600)
{
	u64 tables = from_environment("KEEL_FUZZ_TABLES", TABLES) * variant->share / 100;
	u64 seed = from_environment("KEEL_FUZZ_SEED", 1);
	struct keel_walk_env env;
	struct sdm_paging p;
	struct tally tally = { 0 };
	struct tables t = { 0 };
	int i;

	rng_state = mix(seed + B(32)) | 1;
	while (tally.tables < tables) {
		random_cpu(variant->mode, &env);
		sdm_paging_init(&p, &env);
		ASSERT_EQ(variant->mode, p.mode);
		for (i = 0; i < TABLES_PER_CPU; i++) {
			u64 va = random_va(variant->mode), access = rnd() % 8;

			random_tables(variant->mode, &env, &t);
			tally.tables++;
			if (odds(64))
				access = rnd() % ARRAY_SIZE(accesses);
			ASSERT_TRUE(agree(&p, va, accesses[access], &tally));
			/* Another access to the same tables. */
			ASSERT_TRUE(agree(&p, va ^ (rnd() & 0x3000),
					  accesses[(access + 1) % 8], &tally));
		}
	}
	EXPECT_EQ(0, show(variant->name, variant->mode, &tally));
}

/* The second walker is as good as its transcription. */
TEST(formats_and_rights_are_whole)
{
	EXPECT_EQ(NULL, sdm_formats_flaw()) {
		TH_LOG("%s", sdm_formats_flaw());
	}
	EXPECT_EQ(NULL, sdm_rights_flaw()) {
		TH_LOG("%s", sdm_rights_flaw());
	}
}

TEST_HARNESS_MAIN
