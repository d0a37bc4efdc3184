// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables that change at random under a guest that uses them: pages and tables
 * come and go, move, are shared, become large or small, change their rights and
 * lose their accessed and dirty flags; the guest writes the entries itself, by
 * whichever of its mappings leads to them.  After the flush that the SDM asks for,
 * an access ends exactly as the tables say; before it, as they said or as they say.
 *
 * KEEL_SEED chooses another sequence than the usual one.
 *
 * SDM: "Caching Translation Information".
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/pageguest.h"

#define VAS		28
#define LISTS		40
#define OPS		108		/* in a list; one step adds a few more */
#define NO_FLUSH	(1ULL << 63)
#define SELF		510ULL		/* entry of 64-bit root tables that is the root */
#define SELF_PT(va)	(0xffff000000000000 | SELF << 39 | ((va) >> 9 & 0x7ffffffff8))
/* Free tables for each level, below those that page_new_root() took. */
#define TABLES_OF(level) (10 + 8 * (level))
#define TABLES_EACH	8

/* What a TLB may hold of an address in one address space. */
struct stale {
	unsigned int edits;	/* since the last flush; with one, the old one is known */
	__u64 entry;
	__u64 old;
	bool global;		/* a global translation may be among it */
};

FIXTURE(torture)
{
	struct page_guest p;
	struct stale stale[2][VAS];
	__u64 va[VAS];
	__u64 root[2];
	unsigned int current;	/* root in use */
	unsigned int tables[4];	/* of each level, from the root on, in use */
	__u64 random;
	bool outstanding;	/* an entry was written since all was flushed */
};

FIXTURE_VARIANT(torture)
{
	enum guest_mode mode;
	unsigned int roots;
	bool pge;
	bool pcid;
};

FIXTURE_VARIANT_ADD(torture, long_mode) { .mode = GUEST_LONG, .roots = 2 };
FIXTURE_VARIANT_ADD(torture, global) { .mode = GUEST_LONG, .roots = 1, .pge = true };
FIXTURE_VARIANT_ADD(torture, pcid) { .mode = GUEST_LONG, .roots = 2, .pcid = true };
FIXTURE_VARIANT_ADD(torture, pae) { .mode = GUEST_PAE, .roots = 2 };
FIXTURE_VARIANT_ADD(torture, two_level) { .mode = GUEST_PAGED, .roots = 2 };
FIXTURE_VARIANT_ADD(torture, two_level_global) { .mode = GUEST_PAGED, .roots = 1, .pge = true };

typedef FIXTURE_DATA(torture) torture;
typedef FIXTURE_VARIANT(torture) kind;

/* A number below @n. */
static unsigned int rnd(torture *t, unsigned int n)
{
	t->random = t->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->random >> 33) % n;
}

/* Often enough that tables are shared, and far enough apart that they are many. */
static __u64 random_va(torture *t, enum guest_mode mode)
{
	static const unsigned int pml4[] = { 1, 2, 300 }, pt[] = { 0, 3, 511 };
	__u64 va = (__u64)pt[rnd(t, 3)] << 12;

	if (mode == GUEST_PAGED)
		return va | (__u64)(0x200 + rnd(t, 4)) << 22;
	va |= (__u64)(1 + rnd(t, 3)) << 21;
	if (mode == GUEST_PAE)
		return va | (__u64)(2 + rnd(t, 2)) << 30;
	va |= (__u64)(5 * rnd(t, 2)) << 30 | (__u64)pml4[rnd(t, 3)] << 39;
	return va >> 47 ? va | 0xffff000000000000 : va;
}

FIXTURE_SETUP(torture)
{
	const char *seed = getenv("KEEL_SEED");
	struct page_guest *p = &self->p;
	unsigned int i;

	PAGE_SETUP(p);
	if (variant->pcid && !p->has_pcid)
		SKIP_FIXTURE("this CPU has no PCIDs");
	ASSERT_EQ(0, page_guest_start(p, variant->mode));
	self->random = seed ? strtoull(seed, NULL, 0) : 1;
	self->root[0] = p->root;
	self->root[1] = page_new_root(p);
	for (i = 0; i < 2 && variant->mode == GUEST_LONG; i++)
		page_poke(p, self->root[i], SELF, self->root[i] | PTE_P | PTE_W | PTE_A);
	for (i = 0; i < 4; i++)
		self->tables[i] = TABLES_OF(i);
	/* The PDPTEs stay as they are: MOV to CR3 reads them, and only it. */
	for (i = 0; i < 8 && variant->mode == GUEST_PAE; i++)
		page_poke(p, self->root[i / 4], i % 4, i % 4 ? page_table(self->tables[1]++) | PTE_P :
			  model_read(&p->model, p->root, 8));
	for (i = 0; i < VAS; i++)
		self->va[i] = random_va(self, variant->mode);
	for (i = VAS - 3; i < VAS && variant->mode == GUEST_LONG; i++)
		self->va[i] = SELF_PT(self->va[i]) & ~0xfffULL;
	if (variant->pge)
		page_cr4(p, p->model.cr4 | CR4_PGE);
	if (variant->pcid)
		page_cr4(p, p->model.cr4 | CR4_PCIDE);
	page_cr3(p, self->root[0]);
}

FIXTURE_TEARDOWN(torture)
{
	page_guest_free(&self->p);
}

static void walk_below(torture *t, unsigned int root, __u64 va, const struct stale *old,
		       struct model_walk *w)
{
	struct model m = t->p.model;
	struct model_access a = { .va = va };

	m.cr3 = t->root[root];
	if (t->p.mode == GUEST_PAE)
		model_load_pdptes(&m, m.cr3);
	if (old)
		model_walk_old(&m, &a, old->entry, old->old, w);
	else
		model_walk(&m, &a, w);
}

static unsigned int uses(const struct model_walk *w, __u64 entry)
{
	unsigned int i, n = 0;

	for (i = 0; i < w->nr; i++)
		n += w->entry[i] == entry;
	return n;
}

/* Before the entry is written: whose translations may be held as they are now. */
static void note_stale(torture *t, const kind *k, __u64 at)
{
	__u64 old = model_read(&t->p.model, at, model_entry_bytes(&t->p.model));
	unsigned int root, i, n;
	struct model_walk w;

	for (root = 0; root < k->roots; root++)
		for (i = 0; i < VAS; i++) {
			struct stale *s = &t->stale[root][i];

			walk_below(t, root, t->va[i], NULL, &w);
			n = uses(&w, at);
			s->global |= n && w.global;
			if (s->edits) {
				walk_below(t, root, t->va[i], s, &w);
				n += uses(&w, at);
			} else if (!(old & PTE_P)) {
				continue;	/* of which nothing is held */
			}
			if (n && !s->edits) {
				s->entry = at;
				s->old = old;
			}
			s->edits += n;
		}
	t->outstanding = true;
}

/* By a mapping that tests move about: of the page table as a page, or its own. */
static bool write_by_mapping(torture *t, __u64 at, __u64 entry)
{
	struct page_guest *p = &t->p;
	__u32 code = PAGE_WRITE | PAGE_AC;
	struct model_access a = { .write = true, .ac = true };
	struct model_walk w;
	unsigned int i, n;

	for (i = 0; i < VAS; i++) {
		a.va = t->va[i] | (at & 0xfff);
		model_walk(&p->model, &a, &w);
		if (!w.fault && w.pa == at && !t->stale[t->current][i].edits) {
			note_stale(t, &(kind){ .roots = 2 }, at);
			page_access(p, code, a.va, entry);
			return true;
		}
	}
	if (p->mode != GUEST_LONG)
		return false;
	for (i = 0; i < VAS; i++) {
		a.va = t->va[i];
		model_walk(&p->model, &a, &w);
		for (n = 0; n < w.nr && w.entry[n] != at; n++)
			;
		if (n == w.nr)
			continue;
		for (n = 4 - n; n; n--)
			a.va = SELF_PT(a.va);
		model_walk(&p->model, &a, &w);
		if (w.fault || w.pa != at)
			continue;
		if (t->outstanding)
			page_invlpg(p, a.va);
		note_stale(t, &(kind){ .roots = 2 }, at);
		page_access(p, code, a.va, entry);
		return true;
	}
	return false;
}

static __u64 random_entry(torture *t, const kind *k, unsigned int level)
{
	unsigned int last = k->mode == GUEST_PAGED ? 1 : 3;
	__u64 flags = rnd(t, 64) << 9 & 0xe00;

	flags |= rnd(t, 8) ? PTE_P : 0;
	flags |= rnd(t, 4) ? PTE_W : 0;
	flags |= rnd(t, 4) ? PTE_U : 0;
	flags |= rnd(t, 2) ? PTE_A : 0;
	flags |= rnd(t, 2) ? PTE_D : 0;
	flags |= rnd(t, 3) ? 0 : PTE_G;
	flags |= rnd(t, 8) ? 0 : (1 + rnd(t, 3)) << 3;
	if (k->mode != GUEST_PAGED && t->p.has_nx && !rnd(t, 8))
		flags |= PTE_NX;
	if (k->mode == GUEST_LONG)
		flags |= (__u64)rnd(t, 1024) << 52;
	if (k->mode != GUEST_PAGED && !rnd(t, 32))
		flags |= 1ULL << (51 - rnd(t, 4));
	if (level == last) {
		/* Now and then a table, seen as a page. */
		return flags | (rnd(t, 8) ? page_frame(rnd(t, PAGE_FRAMES)) :
				page_table(TABLES_OF(1 + rnd(t, 3)) + rnd(t, TABLES_EACH)));
	}
	if (level && !rnd(t, 3)) {
		flags |= PTE_PS | (rnd(t, 16) ? 0 : 1 << 13);
		if (k->mode == GUEST_PAGED)
			return flags | 0x400000;
		return level == 1 ? flags : flags | (PAGE_LARGE_AT * (1 + rnd(t, 3)));
	}
	return flags | page_table(TABLES_OF(level + 1) + rnd(t, TABLES_EACH));
}

/* An entry that some address uses: as it may be, or what it was with a bit less or more. */
static void edit(torture *t, const kind *k)
{
	unsigned int level, root = rnd(t, k->roots), bytes = model_entry_bytes(&t->p.model);
	static const __u64 bits[] = { PTE_P, PTE_W, PTE_U, PTE_G, PTE_A, PTE_D, PTE_A | PTE_D };
	__u64 at, entry;
	struct model_walk w;

	walk_below(t, root, t->va[rnd(t, VAS - 3)], NULL, &w);
	level = rnd(t, w.nr);
	/* Rather the lower ones: the upper ones are few, and reach far. */
	if (rnd(t, 4))
		level = w.nr - 1;
	at = w.entry[level];
	if (k->mode == GUEST_PAE)
		level += 2;
	entry = model_read(&t->p.model, at, bytes);
	if (entry & PTE_P && rnd(t, 2))
		entry ^= bits[rnd(t, ARRAY_SIZE(bits))];
	else
		entry = random_entry(t, k, level);
	if (rnd(t, 2) && write_by_mapping(t, at, entry))
		return;
	note_stale(t, k, at);
	page_set(&t->p, at, entry);
}

static bool usable(const struct model_walk *w, __u32 code)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (w->entry[i] >= PAGE_BYTES)
			return false;
	if (w->fault)
		return true;
	return page_is_frame(w->pa) || (code == PAGE_READ && page_is_table(w->pa));
}

static void use(torture *t)
{
	unsigned int i = rnd(t, VAS);
	__u32 code = PAGE_READ + rnd(t, 3), flags = 0;
	struct stale *s = &t->stale[t->current][i];
	struct page_guest *p = &t->p;
	struct model_access a;
	struct model_walk w;

	flags |= rnd(t, 3) ? 0 : PAGE_USER;
	flags |= rnd(t, 2) ? 0 : PAGE_AC;
	/* A write of an old translation would land who knows where. */
	if (s->edits && code == PAGE_WRITE)
		code = PAGE_READ;
	a = (struct model_access){
		.va = t->va[i], .write = code == PAGE_WRITE, .fetch = code == PAGE_FETCH,
		.user = flags & PAGE_USER, .ac = flags & PAGE_AC,
	};
	if (!a.fetch)
		a.va += 64 + 8 * rnd(t, 8);
	model_walk(&p->model, &a, &w);
	if (s->edits > 1 || !usable(&w, code))
		return;
	if (!s->edits) {
		page_access(p, code | flags, a.va, (__u64)rnd(t, 1 << 30) << 8);
		return;
	}
	s->global |= w.global;
	model_walk_old(&p->model, &a, s->entry, s->old, &w);
	s->global |= w.global;
	if (usable(&w, code))
		page_access_stale(p, code | flags, a.va, s->entry, s->old);
}

/* All, or all but global ones, of one address space or both. */
static void flushed(torture *t, unsigned int from, unsigned int to, bool global)
{
	unsigned int root, i;

	for (root = from; root <= to; root++)
		for (i = 0; i < VAS; i++)
			if (global || !t->stale[root][i].global)
				memset(&t->stale[root][i], 0, sizeof(t->stale[root][i]));
}

static void flush_all(torture *t)
{
	page_flush_all(&t->p);
	flushed(t, 0, 1, true);
	t->outstanding = false;
}

static void load_root(torture *t, const kind *k, unsigned int root)
{
	__u64 keep = k->pcid && rnd(t, 2) ? NO_FLUSH : 0;

	page_cr3(&t->p, t->root[root] | (k->pcid ? root + 1 : 0) | keep);
	t->current = root;
	if (k->pcid && !keep)
		flushed(t, root, root, false);
	else if (!k->pcid)
		flushed(t, 0, 1, false);
}

static void flush_one(torture *t, const kind *k)
{
	unsigned int i = rnd(t, VAS), n;

	/* Rather one that needs it. */
	for (n = 0; n < VAS && !t->stale[t->current][i].edits; n++)
		i = (i + 1) % VAS;
	page_invlpg(&t->p, t->va[i]);
	memset(&t->stale[t->current][i], 0, sizeof(t->stale[0][i]));
	if (!k->pcid)
		memset(&t->stale[!t->current][i], 0, sizeof(t->stale[0][i]));
}

static void flush_pcid(torture *t)
{
	unsigned int type = rnd(t, 4), root = rnd(t, 2), i = rnd(t, VAS);

	if (!(t->p.features & FEATURE_INVPCID))
		return;
	page_invpcid(&t->p, type, type < 2 ? root + 1 : 0, type ? 0 : t->va[i]);
	if (!type)
		memset(&t->stale[root][i], 0, sizeof(t->stale[root][i]));
	else if (type == 1)
		flushed(t, root, root, false);
	else
		flushed(t, 0, 1, type == 2);
}

/*
 * WP, NXE, SMEP and SMAP, and the flush that makes them count at once.  With shadow
 * paging SMAP is not on without WP: there it makes a supervisor's page of a read-only
 * user's that the supervisor writes to, and SMAP does not look at it any more; see
 * without_wp() in kmod/shadow_map.c.
 */
static void change_rules(torture *t)
{
	struct page_guest *p = &t->p;

	switch (rnd(t, 4)) {
	case 0:
		page_cr0(p, p->model.cr0 ^ CR0_WP);
		if (host_shadows(&p->guest.info))
			page_cr4(p, p->model.cr4 & ~CR4_SMAP);
		break;
	case 1:
		if (p->has_nx)
			page_efer(p, p->model.efer ^ EFER_NXE);
		break;
	case 2:
		if (p->features & FEATURE_SMEP)
			page_cr4(p, p->model.cr4 ^ CR4_SMEP);
		break;
	case 3:
		if (p->features & FEATURE_SMAP &&
		    (p->model.cr0 & CR0_WP || !host_shadows(&p->guest.info)))
			page_cr4(p, p->model.cr4 ^ CR4_SMAP);
		break;
	}
	flush_all(t);
}

static void step(torture *t, const kind *k)
{
	unsigned int what = rnd(t, 64);

	if (what < 20)
		edit(t, k);
	else if (what < 46)
		use(t);
	else if (what < 54)
		flush_one(t, k);
	else if (what < 57)
		load_root(t, k, t->current);
	else if (what < 60)
		load_root(t, k, rnd(t, k->roots));
	else if (what < 62 && k->pcid)
		flush_pcid(t);
	else if (what < 63)
		flush_all(t);
	else
		change_rules(t);
}

TEST_F(torture, random)
{
	unsigned int list;

	for (list = 0; list < LISTS; list++) {
		while (self->p.nr < OPS)
			step(self, variant);
		ASSERT_TRUE(page_run(&self->p)) {
			TH_LOG("list %u: %s", list, self->p.failure);
		}
	}
}

TEST_HARNESS_MAIN
