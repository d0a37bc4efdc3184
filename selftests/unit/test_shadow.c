// SPDX-License-Identifier: GPL-2.0
/*
 * The core of shadow paging under random guests.  Several vCPUs run on the shadow
 * tables as a CPU would: a walk (sdm_paging.c) with TLBs and paging-structure caches
 * that keep what they may for as long as they like.  They share a few page tables
 * which they change through whatever mapping leads there, themselves among it; the
 * host zaps, protects and ages meanwhile.  What the test does at an exit is what
 * shadow_vcpu.c, shadow_exit.c and keel_mem_fault.c do.
 *
 * Each access that succeeds is judged by the guest's own tables (SDM, "Caching
 * Translation Information"): there must be a walk that uses for each entry a value
 * which it has now, or had since this vCPU flushed, that permits the access, finds
 * accessed and dirty flags set, and ends at the frame that was reached.
 *
 *	KEEL_FUZZ_STEPS=N KEEL_FUZZ_SEED=N ./test_shadow
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "keel_walk.h"
#include "sdm_paging.h"
#include "shadow.h"
#include "shadow_check.h"
#include "shadow_page.h"

#define STEPS		100000		/* of each kind of guest */

#define VCPUS		3
#define TABLES		12
#define GFNS		2048		/* guest memory: 8 MiB */
#define HOST		BIT_ULL(49)	/* where the host's frames begin */
#define TLB_SIZE	16
#define CACHE_SIZE	8
#define HISTORY		64
#define ROOTS		48
#define INVLPGS		16

#define CR0_WP		BIT_ULL(16)
#define CR0_PG		BIT_ULL(31)
#define CR4_PSE		BIT_ULL(4)
#define CR4_PAE		BIT_ULL(5)
#define CR4_PGE		BIT_ULL(7)
#define CR4_PCIDE	BIT_ULL(17)
#define CR4_SMEP	BIT_ULL(20)
#define CR4_SMAP	BIT_ULL(21)

/* ---- what went wrong first ---- */

static char failure[512];
static u64 step_nr;

static __printf(1, 2) void fail(const char *fmt, ...)
{
	va_list args;
	int n;

	if (failure[0])
		return;
	n = snprintf(failure, sizeof(failure), "step %llu: ", step_nr);
	va_start(args, fmt);
	vsnprintf(failure + n, sizeof(failure) - n, fmt, args);
	va_end(args);
}

/* ---- random numbers ---- */

static u64 rng_state;

static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state >> 3;
}

static bool odds(int n)
{
	return rnd() % n == 0;
}

/* ---- pages of the module ---- */

#define POOL	600

static u8 pool[POOL][8192] __aligned(4096);
static bool pool_used[POOL];
static int pages_out;

unsigned long get_zeroed_page(unsigned int gfp)
{
	int i;

	for (i = 0; i < POOL && pool_used[i]; i++)
		;
	if (i == POOL)
		return 0;
	pool_used[i] = true;
	pages_out++;
	memset(pool[i], 0, 8192);
	return (unsigned long)pool[i];
}

void free_page(unsigned long page)
{
	pool_used[(page - (unsigned long)pool) / 8192] = false;
	pages_out--;
}

void unit_race(u64 *p)
{
}

/* ---- guest memory ---- */

/* Large pages show some; two lie where there is no other.  Four indices at each level. */
static const u16 table_gfn[TABLES] = { 0, 1, 256, 511, 2, 3, 4, 5, 6, 7, 513, 1280 };
static const u16 index64[4] = { 0, 1, 256, 511 };
static const u16 index32[4] = { 0, 1, 512, 1023 };

static u64 content[TABLES][512];
static int table_at[GFNS];	/* number of the table plus 1 */

/* Values that an entry had, oldest first, each from a moment on. */
struct history {
	int nr;
	struct { u64 since, value; } was[HISTORY];
};

static struct history histories[TABLES][4];
static u64 now;
static bool crowded;		/* a list is nearly full: all shall flush */

static struct history *history_of(u64 gpa)
{
	int i, word = (gpa & 0xfff) / 8;

	for (i = 0; i < 4; i++)
		if (index64[i] == word)
			return &histories[table_at[gpa >> 12] - 1][i];
	return NULL;
}

static bool in_memory(u64 gpa)
{
	return gpa >> 12 < GFNS;
}

static u64 read_memory(u64 gpa, unsigned int bytes)
{
	u64 value = 0;

	if (in_memory(gpa) && table_at[gpa >> 12])
		memcpy(&value, (u8 *)content[table_at[gpa >> 12] - 1] + (gpa & 0xfff), bytes);
	return value;
}

static void write_memory(u64 gpa, u64 value, unsigned int bytes)
{
	struct history *h;

	if (!table_at[gpa >> 12])
		return;
	memcpy((u8 *)content[table_at[gpa >> 12] - 1] + (gpa & 0xfff), &value, bytes);
	h = history_of(gpa);
	if (!h)
		return;
	if (h->nr == HISTORY) {
		fail("the test's history is too short");
		return;
	}
	h->was[h->nr].since = ++now;
	h->was[h->nr++].value = read_memory(gpa & ~7ULL, 8);
	if (h->nr > HISTORY - 16)
		crowded = true;
}

/* ---- the host behind it ---- */

static struct { u64 frame; bool write; } host[GFNS];
static u64 next_frame = 1;
static u64 mem_seq;
static struct { u64 pos, end, first; bool active, gone; } zapping;
static u64 gen, flushed;

static bool backed_large(u64 gfn)
{
	u64 i, first = gfn & ~511ULL;

	if (host[first].frame & 511)
		return false;
	for (i = 0; i < 512; i++)
		if (host[first + i].frame != host[first].frame + i ||
		    host[first + i].write != host[first].write)
			return false;
	return true;
}

static void new_frames(u64 gfn, u64 end, bool large)
{
	for (; gfn < end; gfn++) {
		if (large && !(gfn & 511))
			next_frame = (next_frame | 511) + 1;
		host[gfn].frame = next_frame++;
		host[gfn].write = true;
		if (!large)
			next_frame += rnd() & 1;
	}
	mem_seq++;
}

/* ---- vCPUs ---- */

struct tlb_entry {
	bool valid, writable, user, exec, global, dirty;
	u16 pcid;
	u64 va, size, hpa;
};

/* Entries on the way to a table: what a CPU need not read again. */
struct cached {
	int nr;			/* 0: unused */
	u16 pcid;
	u64 prefix;		/* of the address, above what they translate */
	u64 value[4];
};

struct vcpu {
	struct keel_walk_env env;
	struct sdm_paging sdm;
	struct shadow_root root;
	u64 *pae_table;
	bool reload, must_flush;
	struct tlb_entry tlb[TLB_SIZE];
	struct cached cached[CACHE_SIZE];
	/* What the guest did: */
	u64 flushed_all;
	u64 flushed_pcid[4];
	struct { u64 va, when; } invlpg[INVLPGS];
	int nr_invlpg;
	struct { u64 since, cr3, pdpte[4]; } roots[ROOTS];
	int nr_roots;
};

static struct vcpu vcpus[VCPUS];
static struct shadow shadow;
static struct table_pages stock;
static u64 counts[16];
static enum sdm_mode only_mode = SDM_MODES;
static bool handled_by_guest;	/* page faults */
static bool others_run;		/* between a walk and what follows from it */

enum count { ACCESSES, THROUGH_TLB, STALE, GUEST_FAULTS, MAPPED, OUTDATED, TABLE_WRITES,
	     RECLAIMED, LARGE, MMIO, GAVE_UP, NOT_WRITABLE };

static u16 pcid_of(const struct vcpu *v)
{
	return v->env.cr4 & CR4_PCIDE ? v->env.cr3 & 3 : 0;
}

static void drop_hw(struct vcpu *v, bool keep_global)
{
	int i;

	for (i = 0; i < TLB_SIZE; i++)
		if (!keep_global || !v->tlb[i].global)
			v->tlb[i].valid = false;
	memset(v->cached, 0, sizeof(v->cached));
}

static void drop_hw_address(struct vcpu *v, u64 va)
{
	int i;

	for (i = 0; i < TLB_SIZE; i++)
		if (((v->tlb[i].va ^ va) & ~(v->tlb[i].size - 1)) == 0 &&
		    (v->tlb[i].global || v->tlb[i].pcid == pcid_of(v)))
			v->tlb[i].valid = false;
	for (i = 0; i < CACHE_SIZE; i++)
		if (v->cached[i].pcid == pcid_of(v))
			v->cached[i].nr = 0;
}

/* ---- what the core asks for ---- */

static int op_read(struct shadow *s, u64 gpa, void *buf, unsigned int bytes)
{
	if ((gpa & 0xfff) + bytes > 4096)
		fail("a read beyond a page");
	if (!in_memory(gpa))
		return -EFAULT;
	if (table_at[gpa >> 12])
		memcpy(buf, (u8 *)content[table_at[gpa >> 12] - 1] + (gpa & 0xfff), bytes);
	else
		memset(buf, 0, bytes);
	return 0;
}

static void flush_all_vcpus(void)
{
	int i;

	for (i = 0; i < VCPUS; i++) {
		drop_hw(&vcpus[i], false);
		vcpus[i].must_flush = true;
	}
	flushed = gen;
}

static void op_flush(struct shadow *s, bool taken)
{
	gen += taken;
	if (flushed != gen)
		flush_all_vcpus();
}

static const struct shadow_ops ops = { .read = op_read, .flush = op_flush };

static int walk_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	return op_read(NULL, gpa, buf, bytes);
}

static void top_up(void)
{
	void *page;

	while (stock.nr < 16 && (page = table_page_alloc()))
		table_pages_push(&stock, page);
}

/* ---- a CPU on shadow tables ---- */

struct hw_walk {
	struct vcpu *v;
	u64 va;
	int level;
	const struct cached *from;
};

static u64 *table_entry(u64 pa)
{
	unsigned long at = (unsigned long)__va(pa) - (unsigned long)pool;

	if (!(pa & UNIT_PHYS) || at >= sizeof(pool) || at % 8192 >= 4096 ||
	    !pool_used[at / 8192]) {
		fail("the CPU walks %llx, which is no shadow table", pa);
		return NULL;
	}
	return (u64 *)(pool[at / 8192] + at % 8192);
}

static int hw_read(void *ctx, u64 pa, void *buf, unsigned int bytes)
{
	struct hw_walk *w = ctx;
	u64 *entry;

	if (w->from && w->level < w->from->nr) {
		memcpy(buf, &w->from->value[w->level++], bytes);
		return 0;
	}
	w->level++;
	entry = table_entry(pa);
	if (!entry)
		return -EFAULT;
	memcpy(buf, entry, bytes);
	return 0;
}

static int hw_shift(bool four, int nr)
{
	return (four ? 39 : 21) - 9 * (nr - 1);
}

static const struct cached *find_cached(struct vcpu *v, u64 va)
{
	struct cached *c = &v->cached[rnd() % CACHE_SIZE];

	if (!c->nr || c->pcid != pcid_of(v) || odds(4) ||
	    c->prefix != va >> hw_shift(v->root.role.level == 4, c->nr))
		return NULL;
	return c;
}

/* What the CPU has in its registers while this guest runs. */
static void hw_env(const struct vcpu *v, struct keel_walk_env *env, struct hw_walk *w)
{
	int i;

	*env = (struct keel_walk_env) {
		.cr0 = CR0_PG | CR0_WP | 1, .cr3 = __pa(v->root.table), .cr4 = CR4_PAE,
		.efer = BIT_ULL(11), .rflags = v->env.rflags, .phys_bits = 52, .gbpages = true,
		.read = hw_read, .ctx = w,
	};
	if (v->env.cr0 & CR0_PG)
		env->cr4 |= v->env.cr4 & (CR4_SMEP | CR4_SMAP | CR4_PGE);
	if (v->root.role.level == 4)
		env->efer |= BIT_ULL(10) | BIT_ULL(8);
	else
		for (i = 0; i < 4; i++)
			env->pdpte[i] = v->root.table[i];
}

static void remember(struct vcpu *v, u64 va, const struct sdm_answer *a, u32 access)
{
	bool four = v->root.role.level == 4;
	int i, first = four ? 0 : 1, nr = a->nr - first;
	struct cached *c = &v->cached[rnd() % CACHE_SIZE];

	if (!odds(4))
		v->tlb[rnd() % TLB_SIZE] = (struct tlb_entry) {
			.valid = true, .writable = a->writable, .user = a->user, .exec = a->exec,
			.global = a->global && (v->env.cr4 & CR4_PGE), .pcid = pcid_of(v), .va = va,
			.size = a->size, .hpa = a->gpa & ~(a->size - 1),
			.dirty = (access & KEEL_ACCESS_WRITE) || (a->entry[a->nr - 1].value & PTE_D),
		};
	if (nr < 2)
		return;
	c->nr = 1 + rnd() % (nr - 1);
	c->pcid = pcid_of(v);
	c->prefix = va >> hw_shift(four, c->nr);
	for (i = 0; i < c->nr; i++)
		c->value[i] = a->entry[first + i].value | PTE_A;
}

/* One access as the CPU makes it: true and the address, or a page fault. */
static bool hw_access(struct vcpu *v, u64 va, u32 access, u64 *hpa, bool *tlb)
{
	struct hw_walk w = { .v = v, .va = va };
	struct keel_walk_env env;
	struct sdm_answer a;
	struct sdm_paging p;
	int i;

	hw_env(v, &env, &w);
	sdm_paging_init(&p, &env);
	for (i = 0; i < TLB_SIZE; i++) {
		struct tlb_entry *t = &v->tlb[i];

		if (!t->valid || ((t->va ^ va) & ~(t->size - 1)) || odds(8) ||
		    !(t->global || t->pcid == pcid_of(v)) ||
		    ((access & KEEL_ACCESS_WRITE) && !t->dirty))
			continue;
		if (!sdm_permits(&p, access, t->writable, t->user, t->exec)) {
			if (odds(2))
				continue;
			drop_hw_address(v, va);
			return false;
		}
		*hpa = t->hpa | (va & (t->size - 1));
		*tlb = true;
		return true;
	}
	*tlb = false;
	w.from = find_cached(v, va);
	sdm_walk(&p, va, access, &a);
	if (a.error || a.why == SDM_RESERVED)
		fail("a walk of shadow tables ends with %d, error code %x", a.error, a.code);
	if (a.error || a.fault) {
		drop_hw_address(v, va);
		return false;
	}
	/* Flags are set in what was read; what is cached has its own already. */
	for (i = 0; i < a.nr; i++)
		if (a.entry[i].set && (a.entry[i].gpa & UNIT_PHYS) && table_entry(a.entry[i].gpa))
			*table_entry(a.entry[i].gpa) |= a.entry[i].set;
	remember(v, va, &a, access);
	*hpa = a.gpa;
	return true;
}

/* ---- the guest's paging ---- */

static union shadow_role role_of(const struct keel_walk_env *env)
{
	union shadow_role role = {
		.level = 3, .mode = SHADOW_DIRECT, .write = 1, .user = 1, .exec = 1, .dirty = 1,
		.wp = 1,
	};

	if (!(env->cr0 & CR0_PG))
		return role;
	role.wp = !!(env->cr0 & CR0_WP);
	role.smep = !role.wp && (env->cr4 & CR4_SMEP);
	role.smap = !role.wp && (env->cr4 & CR4_SMAP);
	role.phys_bits = env->phys_bits;
	if (env->efer & BIT_ULL(10)) {
		role.level = 4;
		role.mode = SHADOW_LONG;
		role.gbpages = env->gbpages;
		role.nxe = env->efer >> 11 & 1;
	} else if (env->cr4 & CR4_PAE) {
		role.mode = SHADOW_PAE;
		role.nxe = env->efer >> 11 & 1;
	} else {
		role.mode = SHADOW_32;
		role.pse = !!(env->cr4 & CR4_PSE);
		role.pse36 = env->pse36;
	}
	return role;
}

static void load_root(struct vcpu *v)
{
	union shadow_role role = role_of(&v->env);

	if (role.level == 3) {
		memset(v->pae_table, 0, 32);
		v->root = (struct shadow_root) { .table = v->pae_table, .role = role };
		return;
	}
	v->root = (struct shadow_root) { .role = role };
	while (!shadow_get_root(&shadow, &v->root, shadow_table_gfn(&role, v->env.cr3), &stock))
		top_up();
}

static void sync_all(void)
{
	shadow_sync(&shadow);
}

/* Before each entry: after a flush the root may be gone, see struct shadow_root. */
static void enter(struct vcpu *v)
{
	if (v->must_flush && !shadow_root_valid(&v->root))
		v->reload = true;
	if (v->must_flush)
		drop_hw(v, false);
	v->must_flush = false;
	if (!v->reload)
		return;
	sync_all();
	load_root(v);
	drop_hw(v, false);
	v->reload = false;
	/* What it has just made room for may have been in others' use. */
	if (v->must_flush)
		enter(v);
}

static void note_root(struct vcpu *v)
{
	int i = v->nr_roots++;

	v->roots[i].since = ++now;
	v->roots[i].cr3 = v->env.cr3;
	memcpy(v->roots[i].pdpte, v->env.pdpte, sizeof(v->env.pdpte));
	if (v->nr_roots > ROOTS - 8)
		crowded = true;
}

static void forget_roots(struct vcpu *v)
{
	v->nr_roots = 0;
	note_root(v);
}

static void guest_flushed_all(struct vcpu *v)
{
	int i;

	v->flushed_all = ++now;
	for (i = 0; i < 4; i++)
		v->flushed_pcid[i] = now;
	forget_roots(v);
}

static u64 random_cr3(void)
{
	return (u64)table_gfn[rnd() % 6] << 12;
}

static void load_pdptes(struct vcpu *v)
{
	u64 mask = (BIT_ULL(v->env.phys_bits) - 1) & ~0xfffULL;
	int i;

	if (!(v->env.cr4 & CR4_PAE) || (v->env.efer & BIT_ULL(10)))
		return;
	for (i = 0; i < 4; i++)
		v->env.pdpte[i] = read_memory(v->env.cr3 + 8 * i, 8) & (mask | 1);
}

/* MOV to CR0, CR4, CR3 and EFER at once, by whoever is allowed to. */
static void change_mode(struct vcpu *v, enum sdm_mode mode)
{
	struct keel_walk_env *e = &v->env;

	e->cr0 = 1 | (mode != SDM_NONE) * CR0_PG | !odds(3) * CR0_WP;
	e->cr4 = (mode >= SDM_PAE) * CR4_PAE | !odds(4) * CR4_PSE | !odds(3) * CR4_PGE |
		 odds(3) * CR4_SMEP | odds(3) * CR4_SMAP;
	if (mode == SDM_4LEVEL && odds(2))
		e->cr4 |= CR4_PCIDE;
	e->efer = !odds(3) * BIT_ULL(11);
	if (mode == SDM_4LEVEL)
		e->efer |= BIT_ULL(10) | BIT_ULL(8);
	e->rflags = 2;
	e->phys_bits = 40;
	e->pse36 = true;
	e->gbpages = true;
	e->read = walk_read;
	e->cr3 = random_cr3();
	load_pdptes(v);
	sdm_paging_init(&v->sdm, e);
	v->reload = true;
	v->must_flush = true;
	guest_flushed_all(v);
}

/* MOV to CR3; @keep is its bit 63. */
static void mov_cr3(struct vcpu *v)
{
	bool keep = (v->env.cr4 & CR4_PCIDE) && odds(2);

	if (!(v->env.cr0 & CR0_PG))
		return;
	enter(v);
	v->env.cr3 = random_cr3();
	if (v->env.cr4 & CR4_PCIDE)
		v->env.cr3 |= rnd() & 3;
	load_pdptes(v);
	note_root(v);
	if (!keep) {
		v->flushed_pcid[pcid_of(v)] = ++now;
		sync_all();
		drop_hw(v, true);
	} else if (shadow.address_flushed) {
		shadow_refresh(&shadow);
	}
	load_root(v);
}

static void invlpg(struct vcpu *v, u64 va)
{
	int i = v->nr_invlpg++ % INVLPGS;

	enter(v);
	if (v->reload || !(v->env.cr0 & CR0_PG))
		return;
	v->invlpg[i].va = va & ~0xfffULL;
	v->invlpg[i].when = ++now;
	shadow_sync_address(&shadow, &v->root, va);
	drop_hw_address(v, va);
}

/* INVPCID of all contexts, with global translations; or CR4.PGE twice. */
static void flush_everything(struct vcpu *v)
{
	enter(v);
	sync_all();
	drop_hw(v, false);
	guest_flushed_all(v);
}

/* ---- is what the CPU did permitted? ---- */

struct past {
	int depth, nr[5], choice[5];
	u64 since;		/* since when entries count */
	unsigned int bytes;
};

/* An entry, with the value that was chosen from those that it has had. */
static int past_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	struct past *past = ctx;
	u64 seen[HISTORY], value;
	struct history *h;
	int i, j, nr = 0;

	if (!in_memory(gpa))
		return -EFAULT;
	h = table_at[gpa >> 12] ? history_of(gpa) : NULL;
	for (i = h ? h->nr - 1 : -1; i >= 0; i--) {
		value = bytes == 8 ? h->was[i].value : (u32)(h->was[i].value >> 8 * (gpa & 4));
		for (j = 0; j < nr && seen[j] != value; j++)
			;
		if (j == nr)
			seen[nr++] = value;
		if (h->was[i].since <= past->since)
			break;
	}
	if (!nr)
		seen[nr++] = read_memory(gpa, bytes);
	past->nr[past->depth] = nr;
	memcpy(buf, &seen[past->choice[past->depth]], bytes);
	past->depth++;
	return 0;
}

static bool next_choice(struct past *past)
{
	while (past->depth--) {
		if (++past->choice[past->depth] < past->nr[past->depth]) {
			past->depth = 0;
			return true;
		}
		past->choice[past->depth] = 0;
	}
	return false;
}

static bool flags_are_set(const struct sdm_answer *a)
{
	int i;

	for (i = 0; i < a->nr; i++)
		if (a->entry[i].set)
			return false;
	return true;
}

static bool host_has(u64 gpa, u64 hpa, u32 access)
{
	return in_memory(gpa) && hpa == (HOST | host[gpa >> 12].frame << 12 | (gpa & 0xfff)) &&
	       (host[gpa >> 12].write || !(access & KEEL_ACCESS_WRITE));
}

/* From one root, with entries as they have been since @since. */
static bool permitted_from(const struct vcpu *v, const struct keel_walk_env *root, u64 since,
			   bool global, u64 va, u32 access, u64 hpa, u64 *gpa)
{
	struct past past = { .since = since };
	struct keel_walk_env env = *root;
	struct sdm_answer a;
	struct sdm_paging p;
	int tries = 0;

	env.read = past_read;
	env.ctx = &past;
	sdm_paging_init(&p, &env);
	do {
		past.depth = 0;
		sdm_walk(&p, va, access, &a);
		*gpa = a.gpa;
		if (!a.error && !a.fault && flags_are_set(&a) && (!global || a.global) &&
		    host_has(a.gpa, hpa, access))
			return true;
		if (++tries == 200000) {
			counts[GAVE_UP]++;
			return true;
		}
	} while (next_choice(&past));
	return false;
}

static u64 last_invlpg(const struct vcpu *v, u64 va)
{
	u64 when = 0;
	int i;

	for (i = 0; i < INVLPGS; i++)
		if (v->invlpg[i].va == (va & ~0xfffULL) && v->invlpg[i].when > when)
			when = v->invlpg[i].when;
	return when;
}

/* What the tables say now is the frequent case, and needs no look into the past. */
static bool permitted(struct vcpu *v, u64 va, u32 access, u64 hpa, u64 *gpa)
{
	u64 invlpg = last_invlpg(v, va), all = v->flushed_all, since;
	struct keel_walk_env env = v->env;
	u16 pcid = pcid_of(v);
	int i;

	/* Told in shadow_map.c, without_wp(): SMAP has a gap where CR0.WP is 0. */
	if (!(access & KEEL_ACCESS_USER) && (env.cr4 & CR4_SMAP) && !(env.cr0 & CR0_WP)) {
		env.rflags |= BIT_ULL(18);
		access &= ~KEEL_ACCESS_IMPLICIT;
	}
	if (permitted_from(v, &env, now, false, va, access, hpa, gpa))
		return true;
	counts[STALE]++;
	since = invlpg > v->flushed_pcid[pcid] ? invlpg : v->flushed_pcid[pcid];
	for (i = v->nr_roots - 1; i >= 0; i--) {
		u64 until = i == v->nr_roots - 1 ? now + 1 : v->roots[i + 1].since;
		bool same = !(v->env.cr4 & CR4_PCIDE) || (v->roots[i].cr3 & 3) == pcid;

		env.cr3 = v->roots[i].cr3;
		memcpy(env.pdpte, v->roots[i].pdpte, sizeof(env.pdpte));
		if (same && until > since &&
		    permitted_from(v, &env, since, false, va, access, hpa, gpa))
			return true;
		if ((v->env.cr4 & CR4_PGE) && until > all &&
		    permitted_from(v, &env, invlpg > all ? invlpg : all, true, va, access, hpa, gpa))
			return true;
	}
	return false;
}

/* ---- accesses ---- */

static void random_step(int not_this);

static unsigned int entry_bytes(const struct vcpu *v)
{
	return (v->env.cr0 & CR0_PG) && !(v->env.cr4 & CR4_PAE) ? 4 : 8;
}

static u64 random_va(const struct vcpu *v)
{
	u64 word = index64[rnd() % 4] * 8 + (entry_bytes(v) == 4 && odds(2) ? 4 : 0);
	u64 va = 0;
	int i;

	switch (v->sdm.mode) {
	case SDM_NONE:
		return (u64)table_gfn[rnd() % TABLES] << 12 | word | (rnd() & 3) << 21;
	case SDM_32BIT:
		for (i = 0; i < 2; i++)
			va = va << 10 | index32[rnd() % 4];
		return va << 12 | word;
	case SDM_PAE:
		va = rnd() & 3;
		for (i = 0; i < 2; i++)
			va = va << 9 | index64[rnd() % 4];
		return va << 12 | word;
	default:
		for (i = 0; i < 4; i++)
			va = va << 9 | index64[odds(4) ? rnd() % 4 : rnd() & 1];
		va = va << 12 | word;
		return (u64)((s64)(va << 16) >> 16);
	}
}

/* The same places again and again, or old entries would never meet an access. */
static u64 familiar_va(const struct vcpu *v)
{
	static u64 recent[SDM_MODES][8];
	u64 *va = &recent[v->sdm.mode][rnd() % 8];

	if (odds(3) || !*va)
		*va = random_va(v);
	return *va;
}

/* An entry of which little is changed. */
static u64 changed_entry(const struct vcpu *v, u64 e)
{
	static const u8 bits[] = { 0, 1, 2, 5, 6, 7, 8, 9, 63 };
	int i = rnd() % 12;

	/* What a flush is not due for, by and large: more rights. */
	if (odds(4))
		return e | PTE_P | PTE_RW | PTE_US | PTE_A;
	if (i < ARRAY_SIZE(bits))
		return e ^ BIT_ULL(bits[i]);
	return e ^ BIT_ULL(12 + rnd() % (v->sdm.mode == SDM_32BIT ? 10 : 51));
}

/* What a guest might write to a table. */
static u64 random_entry(const struct vcpu *v)
{
	u64 e = rnd() & 0x178, r = rnd();

	e |= (rnd() & 7) << 9;
	if (!odds(16))
		e |= PTE_P;
	if (!odds(8))
		e |= PTE_RW;
	if (!odds(8))
		e |= PTE_US;
	if (!odds(4))
		e |= PTE_A;
	if (odds(8) && v->sdm.mode != SDM_NONE) {
		e |= 0x80;
		if (v->sdm.mode == SDM_32BIT)
			return e | (r & 1) << 22;
		if (odds(4))
			return e;	/* 1 GiB at 0 */
		return e | (r & 3) << 21;
	}
	if (v->sdm.mode != SDM_32BIT) {
		e |= odds(16) * PTE_XD;
		if (odds(64))
			e |= BIT_ULL(40 + rnd() % 22);
	}
	if (r & 7)
		return e | (u64)table_gfn[(r >> 8) % TABLES] << 12;
	return e | (r & 8 ? 16 + (r >> 8) % 16 : (r >> 8) % (GFNS + 64)) << 12;
}

/* A write has been made: what a CPU may do without an exit, a synchronised table forbids. */
static void store(struct vcpu *v, u64 gpa)
{
	if (!table_at[gpa >> 12] || !history_of(gpa))
		return;
	if (shadow_is_synced_table(&shadow, gpa >> 12))
		fail("a write to gpa %llx, a synchronised table, made no exit", gpa);
	counts[TABLE_WRITES]++;
	gpa &= ~(u64)(entry_bytes(v) - 1);
	write_memory(gpa, odds(2) ? random_entry(v) :
		     changed_entry(v, read_memory(gpa, entry_bytes(v))), entry_bytes(v));
}

/* As set_flags() in shadow_exit.c: false where an entry has changed. */
static bool set_flags(const struct vcpu *v, const struct keel_walk_result *walk)
{
	unsigned int i, bytes = entry_bytes(v);

	for (i = 0; i < walk->nr_levels; i++) {
		const struct keel_walk_level *l = &walk->level[i];

		if (!l->set)
			continue;
		if (read_memory(l->gpa, bytes) != l->value)
			return false;
		if (!table_at[l->gpa >> 12])
			continue;
		write_memory(l->gpa, l->value | l->set, bytes);
	}
	return true;
}

static void zap_pieces(bool all)
{
	u64 end;

	/* keel_mem.c may do a part of it, with the lock given up before the next. */
	do {
		end = zapping.pos + ((1 + rnd() % 600) << 12);
		if (end > zapping.end)
			end = zapping.end;
		if (shadow_zap(&shadow, zapping.pos, end))
			gen++;
		zapping.pos = end;
	} while (all && zapping.pos < zapping.end);
	if (zapping.pos < zapping.end)
		return;
	if (flushed != gen)
		flush_all_vcpus();
	new_frames(zapping.first >> 12, zapping.end >> 12, odds(2));
	zapping.active = false;
}

/* As keel_mem_fault.c does it; false where the access must be given up. */
static void map_page(struct vcpu *v, struct shadow_fault *f, u32 access)
{
	u64 gfn = f->walk->gpa >> 12, seq = mem_seq;
	struct mmu_page page = {
		.gpa = f->walk->gpa, .level = 1, .access = access & 3, .shadow = f,
	};
	enum mmu_mapped mapped;
	int steps;

	if ((access & KEEL_ACCESS_WRITE) && !host[gfn].write) {
		/* Copy on write, or the end of a dirty log's protection. */
		counts[NOT_WRITABLE]++;
		if (odds(2)) {
			host[gfn].write = true;
			mem_seq++;
		} else if (!zapping.active) {
			zapping.active = true;
			zapping.first = gfn << 12;
			zapping.pos = gfn << 12;
			zapping.end = zapping.pos + 4096;
			zap_pieces(true);
		}
		return;
	}
	page.hpa = HOST | host[gfn].frame << 12;
	page.write = host[gfn].write;
	if (backed_large(gfn))
		page.level = 2;
	/* Others run until the lock is held, and change what was found. */
	if (!others_run && odds(8)) {
		others_run = true;
		for (steps = rnd() % 8; steps; steps--)
			random_step(v - vcpus);
		others_run = false;
	}
	if (mem_seq != seq || (zapping.active && (gfn | 511) >= zapping.first >> 12 &&
			       (gfn & ~511ULL) < zapping.end >> 12))
		return;
	if (odds(8))
		table_pages_free(&stock);
	mapped = shadow_map(&shadow, &page, &stock);
	if (mapped == MMU_NO_PAGE)
		top_up();
	counts[mapped == MMU_STALE ? OUTDATED : MAPPED]++;
	counts[LARGE] += mapped == MMU_MAPPED && page.level == 2;
}

/*
 * The guest's handler makes the access possible, with no flush where nothing was
 * present.  What writes is some mapping elsewhere: shadow_wrote() is all that
 * matters of its exit.
 */
static void guest_repairs(const struct vcpu *v, const struct keel_walk_result *walk)
{
	const struct keel_walk_level *l = &walk->level[walk->nr_levels - 1];
	u64 value;

	if (walk->present && odds(4))
		l = &walk->level[rnd() % walk->nr_levels];
	if (v->sdm.mode == SDM_PAE && l == walk->level)
		return;			/* a register */
	if (!walk->present)
		value = (u64)table_gfn[rnd() % TABLES] << 12 | 0x27;
	else
		value = (l->value ^ (odds(4) ? PTE_US : 0)) & ~PTE_XD;
	if (walk->error_code & 4)
		value |= PTE_US;
	if (odds(2))
		value |= PTE_RW | PTE_D;
	shadow_wrote(&shadow, l->gpa >> 12);
	write_memory(l->gpa, value, entry_bytes(v));
}

/* A page fault made an exit.  True: the access is over. */
static bool page_fault(struct vcpu *v, u64 va, u32 access)
{
	struct keel_walk_result walk;
	struct shadow_fault f = {
		.root = &v->root, .walk = &walk, .flushes = shadow.flushes, .gva = va,
		.user = access & KEEL_ACCESS_USER,
	};
	struct sdm_answer want;
	int ret;

	if (!shadow_root_valid(&v->root)) {
		v->reload = true;
		return false;
	}
	sdm_walk(&v->sdm, va, access, &want);
	ret = keel_walk(&v->env, va, access, &walk);
	if (ret != want.error ||
	    (!ret && (walk.fault != want.fault || walk.error_code != want.code)))
		fail("the walkers differ");
	if (ret || walk.fault) {
		counts[ret ? MMIO : GUEST_FAULTS]++;
		if (!ret && handled_by_guest && odds(2))
			guest_repairs(v, &walk);
		return true;
	}
	if (!set_flags(v, &walk))
		return false;
	if (!in_memory(walk.gpa)) {
		counts[MMIO]++;
		return true;
	}
	map_page(v, &f, access);
	return false;
}

static void check_success(struct vcpu *v, u64 va, u32 access, u64 hpa, bool tlb)
{
	u64 gpa = 0;

	counts[ACCESSES]++;
	counts[THROUGH_TLB] += tlb;
	if (!permitted(v, va, access, hpa, &gpa)) {
		fail("vCPU %d, mode %d, CR0 %llx CR4 %llx EFER %llx: va %llx, access %x reaches %llx%s, and nothing permits it",
		     (int)(v - vcpus), v->sdm.mode, v->env.cr0, v->env.cr4, v->env.efer, va,
		     access, hpa, tlb ? " by the TLB" : "");
		return;
	}
	if (!tlb && odds(16) && !shadow_young(&shadow, gpa & ~0xfffULL, (gpa & ~0xfffULL) + 4096, false))
		fail("a page that was used is not young");
	if (access & KEEL_ACCESS_WRITE)
		store(v, gpa);
}

/* True where it succeeds. */
static bool access_at(struct vcpu *v, u64 va, u32 access)
{
	int tries;
	u64 hpa;
	bool tlb;

	sdm_paging_init(&v->sdm, &v->env);
	for (tries = 0; tries < 20; tries++) {
		enter(v);
		if (hw_access(v, va, access, &hpa, &tlb)) {
			check_success(v, va, access, hpa, tlb);
			return true;
		}
		if (page_fault(v, va, access) || failure[0])
			return false;
		if (zapping.active)
			return false;	/* it waits for that */
	}
	fail("vCPU %d: va %llx, access %x faults for ever", (int)(v - vcpus), va, access);
	return false;
}

static void access_memory(struct vcpu *v)
{
	static const u32 kinds[] = {
		0, KEEL_ACCESS_WRITE, KEEL_ACCESS_EXEC, KEEL_ACCESS_USER,
		KEEL_ACCESS_USER | KEEL_ACCESS_WRITE, KEEL_ACCESS_USER | KEEL_ACCESS_EXEC,
		KEEL_ACCESS_IMPLICIT, KEEL_ACCESS_WRITE,
	};
	u32 access = kinds[rnd() % 8];
	u64 va = familiar_va(v);

	if (!(v->env.cr0 & CR0_PG))
		access &= ~KEEL_ACCESS_IMPLICIT;
	v->env.rflags = 2 | (rnd() & 1) << 18;
	access_at(v, va, access);
}

/* ---- the host's doings ---- */

static void random_range(u64 *first, u64 *end)
{
	u64 pages = odds(4) ? 1 + rnd() % GFNS : 1 + rnd() % 8;

	*first = odds(2) ? table_gfn[rnd() % TABLES] : rnd() % GFNS;
	*end = *first + pages < GFNS ? *first + pages : GFNS;
	*first <<= 12;
	*end <<= 12;
}

static void host_zap(void)
{
	if (!zapping.active) {
		random_range(&zapping.first, &zapping.end);
		zapping.pos = zapping.first;
		zapping.active = true;
	}
	zap_pieces(odds(2));
}

static void host_protect(void)
{
	u64 first, end, pos;

	random_range(&first, &end);
	if (shadow_protect(&shadow, first, end))
		gen++;
	if (flushed != gen)
		flush_all_vcpus();
	for (pos = first >> 12; pos < end >> 12; pos++)
		host[pos].write = false;
	mem_seq++;
}

static void host_age(void)
{
	u64 first, end;

	random_range(&first, &end);
	shadow_young(&shadow, first, end, true);
	if (shadow_young(&shadow, first, end, false))
		fail("pages that were aged are young");
}

/* The module writes to guest memory, as keel_mmu_wrote() tells. */
static void module_writes(void)
{
	struct vcpu *v = &vcpus[rnd() % VCPUS];
	u64 gfn = table_gfn[rnd() % TABLES];

	write_memory(gfn << 12 | index64[rnd() % 4] * 8, random_entry(v), entry_bytes(v));
	shadow_wrote(&shadow, gfn);
}

/* ---- steps ---- */

static enum sdm_mode random_mode(void)
{
	return only_mode != SDM_MODES && !odds(16) ? only_mode : rnd() % SDM_5LEVEL;
}

static void random_step(int not_this)
{
	struct vcpu *v;

	do
		v = &vcpus[rnd() % VCPUS];
	while (v - vcpus == not_this);

	switch (rnd() % 64) {
	case 0 ... 1:
		mov_cr3(v);
		break;
	case 2 ... 5:
	case 13 ... 20:
		invlpg(v, familiar_va(v));
		break;
	case 6:
		flush_everything(v);
		break;
	case 7:
		if (odds(8))
			change_mode(v, random_mode());
		break;
	case 8:
		host_zap();
		break;
	case 9:
		host_protect();
		break;
	case 10:
		host_age();
		break;
	case 11:
		module_writes();
		break;
	case 12:
		if (!odds(8))
			break;
		counts[RECLAIMED] += shadow_reclaim(&shadow, 1 + rnd() % 8);
		break;
	default:
		access_memory(v);
	}
}

/* The past is forgotten where nobody can rely on it any more. */
static void forget_the_past(void)
{
	int i, j;

	for (i = 0; i < VCPUS; i++)
		flush_everything(&vcpus[i]);
	for (i = 0; i < TABLES; i++) {
		for (j = 0; j < 4; j++) {
			struct history *h = &histories[i][j];

			if (!h->nr)
				continue;
			h->was[0] = h->was[h->nr - 1];
			h->nr = 1;
		}
	}
	crowded = false;
}

#define FLAGS	(PTE_A | PTE_D)

/* Meaningless bits aside; accessed and dirty flags are set without a word to others. */
static bool agrees(u64 gpa, unsigned int bytes, u64 made_from)
{
	u64 now_is = read_memory(gpa, bytes), ignored = PTE_AVL | PTE_PWT | PTE_PCD | PTE_G;

	if (bytes == 8)
		ignored |= GENMASK_ULL(62, 52);
	return !((now_is ^ made_from) & ~(ignored | FLAGS)) && !(made_from & ~now_is & FLAGS & PTE_A);
}

/* No CPU may write to a synchronised table by what it remembers. */
static void check_tlbs(void)
{
	int i, j, t;

	for (i = 0; i < VCPUS; i++) {
		for (j = 0; j < TLB_SIZE; j++) {
			const struct tlb_entry *e = &vcpus[i].tlb[j];

			for (t = 0; e->valid && e->writable && t < TABLES; t++) {
				u64 hpa = HOST | host[table_gfn[t]].frame << 12;

				if (hpa - e->hpa < e->size &&
				    shadow_is_synced_table(&shadow, table_gfn[t]))
					fail("a TLB lets vCPU %d write to a synchronised table", i);
			}
		}
	}
}

static void check(void)
{
	const char *bad = shadow_check(&shadow, agrees);

	if (bad)
		fail("%s", bad);
	check_tlbs();
}

static void begin(u32 max, bool nx_large)
{
	int i, j;

	memset(histories, 0, sizeof(histories));
	memset(vcpus, 0, sizeof(vcpus));
	memset(counts, 0, sizeof(counts));
	memset(&zapping, 0, sizeof(zapping));
	failure[0] = 0;
	for (i = 0; i < TABLES; i++)
		table_at[table_gfn[i]] = i + 1;
	new_frames(0, GFNS, true);
	shadow_init(&shadow, &ops, max, 2, nx_large);
	top_up();
	for (i = 0; i < VCPUS; i++) {
		vcpus[i].pae_table = table_page_alloc();
		change_mode(&vcpus[i], random_mode());
	}
	for (i = 0; i < TABLES; i++) {
		for (j = 0; j < 512; j++)
			content[i][j] = 0;
		for (j = 0; j < 4; j++)
			write_memory((u64)table_gfn[i] << 12 | index64[j] * 8,
				     random_entry(&vcpus[0]), 8);
		/* Used as PDPTEs alone. */
		content[i][2] = (u64)table_gfn[rnd() % TABLES] << 12 | 1;
		content[i][3] = (u64)table_gfn[rnd() % TABLES] << 12 | 1;
	}
	for (i = 0; i < VCPUS; i++)
		change_mode(&vcpus[i], random_mode());
}

static void end(void)
{
	int i;

	if (shadow_zap(&shadow, 0, (u64)GFNS << 12))
		gen++;
	for (i = 0; i < 8U << shadow.bits; i++)
		if (shadow.by_leaf[i])
			fail("a leaf is left after everything was zapped");
	check();
	shadow_zap_all(&shadow);
	check();
	if (shadow.nr || shadow.nr_unsync)
		fail("shadow pages are left");
	shadow_free(&shadow);
	table_pages_free(&stock);
	for (i = 0; i < VCPUS; i++)
		table_page_free(vcpus[i].pae_table);
	if (pages_out)
		fail("%d pages are left", pages_out);
}

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

FIXTURE(shadow) { };
FIXTURE_SETUP(shadow) { }
FIXTURE_TEARDOWN(shadow) { }
FIXTURE_VARIANT(shadow)
{
	enum sdm_mode mode;
	u32 max;
	bool nx_large;
};
FIXTURE_VARIANT_ADD(shadow, no_paging) { SDM_NONE, 512 / 4 };
FIXTURE_VARIANT_ADD(shadow, bits32) { SDM_32BIT, 512 / 4 };
FIXTURE_VARIANT_ADD(shadow, pae) { SDM_PAE, 512 / 4 };
FIXTURE_VARIANT_ADD(shadow, levels4) { SDM_4LEVEL, 512 / 4 };
FIXTURE_VARIANT_ADD(shadow, levels4_few_pages) { SDM_4LEVEL, SHADOW_MIN_PAGES };
FIXTURE_VARIANT_ADD(shadow, mixed) { SDM_MODES, 512 / 4 };
FIXTURE_VARIANT_ADD(shadow, mixed_few_pages) { SDM_MODES, SHADOW_MIN_PAGES, true };

TEST_F_TIMEOUT(shadow, random_guests, 300)
{
	u64 steps = from_environment("KEEL_FUZZ_STEPS", STEPS);

	rng_state = from_environment("KEEL_FUZZ_SEED", 1) * 0x9e3779b97f4a7c15ULL | 1;
	only_mode = variant->mode;
	handled_by_guest = true;
	begin(variant->max, variant->nx_large);
	for (step_nr = 0; step_nr < steps && !failure[0]; step_nr++) {
		if (crowded)
			forget_the_past();
		random_step(-1);
		if (step_nr % 16 == 0)
			check();
	}
	if (!failure[0])
		end();
	printf("# %llu accesses, %llu by TLB, %llu by old entries (%llu unjudged), %llu guest's faults, %llu maps (%llu large, %llu outdated), %llu writes to tables, %llu MMIO, %llu reclaimed, %llu not writable\n",
	       counts[ACCESSES], counts[THROUGH_TLB], counts[STALE], counts[GAVE_UP],
	       counts[GUEST_FAULTS], counts[MAPPED], counts[LARGE], counts[OUTDATED],
	       counts[TABLE_WRITES], counts[MMIO], counts[RECLAIMED], counts[NOT_WRITABLE]);
	fflush(stdout);
	ASSERT_STREQ("", failure);
}

/* The one of all rights that the random guests cannot tell: see permitted(). */
TEST(smap_heeds_a_page_written_before_it_was_on)
{
	struct vcpu *v = &vcpus[0];

	rng_state = 1;
	only_mode = SDM_4LEVEL;
	begin(SHADOW_MIN_PAGES, false);
	change_mode(v, SDM_4LEVEL);
	v->env.cr0 &= ~CR0_WP;
	v->env.cr4 &= ~(CR4_SMAP | CR4_SMEP | CR4_PCIDE);
	v->env.cr3 = 0;
	write_memory(0, 0x1067, 8);
	write_memory(0x1000, 0x2067, 8);
	write_memory(0x2000, 0x3067, 8);
	write_memory(0x3000, 0x10065, 8);	/* U/S, not R/W */
	EXPECT_TRUE(access_at(v, 0, KEEL_ACCESS_WRITE));
	EXPECT_TRUE(access_at(v, 0, 0));
	EXPECT_TRUE(access_at(v, 0, KEEL_ACCESS_USER));
	EXPECT_FALSE(access_at(v, 0, KEEL_ACCESS_USER | KEEL_ACCESS_WRITE));
	EXPECT_TRUE(access_at(v, 0, KEEL_ACCESS_WRITE));
	v->env.cr4 |= CR4_SMAP;
	v->reload = true;
	guest_flushed_all(v);
	EXPECT_FALSE(access_at(v, 0, 0));
	EXPECT_FALSE(access_at(v, 0, KEEL_ACCESS_WRITE));
	EXPECT_TRUE(access_at(v, 0, KEEL_ACCESS_USER));
	end();
	EXPECT_STREQ("", failure);
}

TEST_HARNESS_MAIN
