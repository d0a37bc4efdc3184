// SPDX-License-Identifier: GPL-2.0
/*
 * A page for the guest: down from the vCPU's root, with a shadow page made for
 * each table that is missing on the way, to the entry that maps it.  See shadow.h.
 */
#include "shadow_page.h"

#include <linux/bug.h>
#include <linux/mm.h>

/**
 * struct step - where shadow_map() stands on its way down
 * @page: the shadow page
 * @index: of the entry in it that the address uses
 * @gentry: the guest's entry for it, as it is now; 0 where there is none: below a
 *	guest's large page, and in tables that are made from none
 * @ends: @gentry maps a page
 */
struct step {
	struct shadow_page *page;
	unsigned int index;
	u64 gentry;
	bool ends;
};

/* Which of the walk's levels our tables of @level stand for; -1: none. */
static int walk_index(const struct shadow_fault *f, unsigned int level)
{
	static const u8 top[] = {
		[SHADOW_32] = 2, [SHADOW_PAE] = 3, [SHADOW_LONG] = 4,
	};
	unsigned int mode = f->root->role.mode;
	int i;

	if (mode == SHADOW_DIRECT || level > top[mode])
		return -1;
	i = top[mode] - level;
	return i < f->walk->nr_levels ? i : -1;
}

/* Whether a guest's entry is not what the walk found any more. */
static bool outdated(struct shadow *s, const struct shadow_fault *f)
{
	unsigned int mode = f->root->role.mode, bytes = mode == SHADOW_32 ? 4 : 8;
	unsigned int i;

	/* The PDPTEs of PAE paging are registers. */
	for (i = mode == SHADOW_PAE; i < f->walk->nr_levels; i++) {
		const struct keel_walk_level *l = &f->walk->level[i];
		u64 now = 0;

		if (s->ops->read(s, l->gpa, &now, bytes) || now != (l->value | l->set))
			return true;
	}
	return false;
}

static void look_at(const struct shadow_fault *f, struct step *step)
{
	int i = walk_index(f, step->page->role.level);

	step->index = shadow_index(f->gva, step->page->role.level);
	step->gentry = 0;
	step->ends = false;
	if (shadow_is_direct(step->page) || i < 0)
		return;
	step->gentry = f->walk->level[i].value | f->walk->level[i].set;
	step->ends = i == f->walk->nr_levels - 1;
}

/* The rights that remain below an entry of the guest. */
static void restrict_rights(union shadow_role *role, const struct step *step)
{
	if (shadow_is_direct(step->page))
		return;
	role->write &= !!(step->gentry & PTE_RW);
	role->user &= !!(step->gentry & PTE_US);
	if (role->nxe)
		role->exec &= !(step->gentry & PTE_XD);
	if (step->ends)
		role->dirty = !!(step->gentry & PTE_D);
}

/* A role that says no more than what a direct page depends on. */
static union shadow_role direct_role(union shadow_role role)
{
	role.mode = SHADOW_DIRECT;
	role.quadrant = 0;
	role.nxe = 0;
	role.pse = 0;
	role.pse36 = 0;
	role.gbpages = 0;
	role.phys_bits = 0;
	return role;
}

/* Which table the entry must lead to: its frame and role. */
static u64 child_of(const struct shadow_fault *f, const struct mmu_page *page,
		    const struct step *step, union shadow_role *role)
{
	unsigned int level = step->page->role.level;

	*role = step->page->role;
	role->level = level - 1;
	restrict_rights(role, step);
	if (shadow_is_direct(step->page) || step->ends) {
		*role = direct_role(*role);
		return (page->gpa & ~((1ULL << shadow_shift(level)) - 1)) >> 12;
	}
	role->quadrant = role->mode == SHADOW_32 ? (f->gva >> 21) & 1 : 0;
	return shadow_table_gfn(role, step->gentry);
}

/*
 * What a new way down leads to.  A page that is there already, and what is below it,
 * may be behind the guest's tables, and the guest need not flush what it could not
 * reach until now, or has flushed while this way was not there.  NULL: look at them
 * first.
 */
static struct shadow_page *find_or_make(struct shadow *s, u64 gfn, union shadow_role role,
					bool refreshed)
{
	struct shadow_page *page = shadow_find(s, gfn, role);

	if (!page)
		return shadow_make(s, gfn, role);
	if (refreshed || shadow_is_direct(page) || !s->nr_unsync ||
	    (role.level == 1 && list_empty(&page->unsync)))
		return page;
	return NULL;
}

/* Whether the entry leads to the right table already: it was made from this one. */
static bool is_linked(const struct step *step)
{
	u64 entry = step->page->table[step->index];

	return entry && !shadow_is_leaf(entry, step->page->role.level) &&
		(shadow_is_direct(step->page) || step->page->guest[step->index] == step->gentry);
}

/* Whether it leads to @child; bits of the guest's that mean nothing may have changed. */
static bool is_parent(const struct step *step, const struct shadow_page *child)
{
	u64 entry = step->page->table[step->index];

	return entry && !shadow_is_leaf(entry, step->page->role.level) &&
		shadow_page_of(entry) == child;
}

/* Go one level down; returns false where shadow_refresh() must come first. */
static bool descend(struct shadow *s, const struct shadow_fault *f,
		    const struct mmu_page *page, struct step *step, bool refreshed)
{
	struct shadow_page *child;
	union shadow_role role;
	u64 gfn;

	if (likely(is_linked(step))) {
		child = shadow_page_of(step->page->table[step->index]);
	} else {
		gfn = child_of(f, page, step, &role);
		child = shadow_find(s, gfn, role);
		if (!child || !is_parent(step, child)) {
			child = find_or_make(s, gfn, role, refreshed);
			if (!child)
				return false;
			shadow_set_table(s, step->page, step->index, child, step->gentry);
		} else if (!shadow_is_direct(step->page)) {
			step->page->guest[step->index] = step->gentry;
		}
	}
	child->used = true;
	step->page = child;
	return true;
}

/*
 * What the guest's PDPTE, or its place in a row where it has none, leads to.  The CPU
 * loads PDPTEs at each entry, and they give no rights.  NULL as for find_or_make().
 */
static struct shadow_page *pdpte_page(struct shadow *s, const struct shadow_fault *f,
				      bool refreshed)
{
	struct shadow_root *root = f->root;
	unsigned int i = shadow_index(f->gva, 3) & 3;
	union shadow_role role = root->role;
	struct shadow_page *page;
	u64 gfn;

	role.level = 2;
	switch (role.mode) {
	case SHADOW_32:
		role.quadrant = i;
		gfn = f->walk->level[0].gpa >> 12;
		break;
	case SHADOW_PAE:
		gfn = shadow_table_gfn(&role, f->walk->level[0].value);
		break;
	default:
		role = direct_role(role);
		gfn = (u64)i << 18;
	}
	page = shadow_find(s, gfn, role);
	if (!page || page != root->page[i])
		page = find_or_make(s, gfn, role, refreshed);
	if (!page)
		return NULL;
	page->used = true;
	root->page[i] = page;
	root->serial[i] = page->serial;
	WRITE_ONCE(root->table[i], __pa(page->table) | PTE_P);
	return page;
}

/* The largest leaf that guest, host, and what else lies there permit. */
static unsigned int leaf_level(struct shadow *s, const struct mmu_page *page)
{
	const struct shadow_fault *f = page->shadow;
	unsigned int level = min_t(unsigned int, page->level, s->max_level);

	/* PAE tables have none of 1 GiB. */
	if (f->root->role.level == 3 && level > 2)
		level = 2;
	if (s->nx_large && (page->access & KEEL_ACCESS_EXEC))
		return 1;
	while (level > 1 &&
	       ((f->root->role.mode != SHADOW_DIRECT && f->walk->page_size < mmu_size(level)) ||
		shadow_has_tables(s, page->gpa >> 12, level)))
		level--;
	return level;
}

/*
 * A supervisor writes to a page that is read-only, which CR0.WP = 0 permits.  The CPU
 * runs with CR0.WP = 1, so the page becomes one that is writable and not the user's,
 * until a user-mode access comes; and with SMEP not executable, since that goes by
 * what is the user's.  SMAP does, too, and there is no such way out: a supervisor that
 * has written to the page with EFLAGS.AC = 1 can then read and write it without.  One
 * that has written while SMAP was off cannot: that page is of another role.
 */
static u64 without_wp(const union shadow_role *role, u64 entry)
{
	entry = (entry | PTE_RW) & ~PTE_US;
	return role->smep ? entry | PTE_XD : entry;
}

static u64 leaf_entry(struct shadow *s, const struct mmu_page *page, const struct step *step)
{
	const struct shadow_fault *f = page->shadow;
	union shadow_role role = step->page->role;
	unsigned int level = role.level;
	bool write = page->write;
	u64 entry = (page->hpa & ~(mmu_size(level) - 1)) | PTE_P | PTE_A;

	restrict_rights(&role, step);
	/* A synchronised table stays so until somebody does write to it. */
	if (write && level == 1 && !(page->access & KEEL_ACCESS_WRITE) &&
	    shadow_is_synced_table(s, page->gpa >> 12))
		write = false;
	if (level > 1)
		entry |= PTE_PS;
	if (role.user)
		entry |= PTE_US;
	if (!role.exec || (level > 1 && s->nx_large))
		entry |= PTE_XD;
	if (step->gentry & PTE_G)
		entry |= PTE_G;
	/* The guest's dirty flag is set by a write, which must come to us for that. */
	if (!write || !role.dirty)
		return entry;
	/* Spare the CPU the update. */
	entry |= PTE_D;
	if (role.write)
		return entry | PTE_RW;
	if (!role.wp && (page->access & KEEL_ACCESS_WRITE) && !f->user)
		return without_wp(&role, entry);
	return entry;
}

/*
 * A large page that must not be executed was split for the code in it.  It stays so: data
 * in it would fetch the large one back, and the code split it again.  Where nothing is
 * mapped any more, no code is: so when a dirty log ends, which split it, too.
 */
static bool is_split(const struct shadow *s, const struct step *step)
{
	u64 entry = step->page->table[step->index];

	return s->nx_large && entry && !shadow_is_leaf(entry, step->page->role.level) &&
		shadow_page_of(entry)->nr;
}

/* Put the leaf in, or allow more or less where it is there already. */
static void put_leaf(struct shadow *s, const struct step *step, u64 entry)
{
	struct shadow_page *page = step->page;
	u64 old = page->table[step->index];

	if (!old || !shadow_is_leaf(old, page->role.level) || ((old ^ entry) & PTE_FRAME) ||
	    (!shadow_is_direct(page) &&
	     ((page->guest[step->index] ^ step->gentry) & PTE_FRAME))) {
		shadow_set_leaf(s, page, step->index, entry, step->gentry);
		return;
	}
	if (!shadow_is_direct(page))
		page->guest[step->index] = step->gentry;
	if (old == entry)
		return;
	WRITE_ONCE(page->table[step->index], entry);
	if ((old & ~entry & (PTE_RW | PTE_US)) || (entry & ~old & PTE_XD))
		s->tlbs_dirty = true;
}

/* As shadow_map(); returns false where shadow_refresh() must come first. */
static bool try_map(struct shadow *s, const struct mmu_page *page, bool refreshed)
{
	const struct shadow_fault *f = page->shadow;
	unsigned int lowest = leaf_level(s, page);
	struct step step;

	step.page = f->root->role.level == 3 ? pdpte_page(s, f, refreshed) : f->root->page[0];
	if (!step.page)
		return false;
	for (look_at(f, &step); step.page->role.level > lowest || is_split(s, &step);
	     look_at(f, &step))
		if (!descend(s, f, page, &step, refreshed))
			return false;
	put_leaf(s, &step, leaf_entry(s, page, &step));
	return true;
}

/**
 * shadow_map - map a page for the guest
 * @s: the cache
 * @page: what to map, with &mmu_page.shadow
 * @stock: where memory for shadow pages comes from
 *
 * Return: MMU_MAPPED; MMU_NO_PAGE; MMU_STALE: the walk is outdated, or the root is,
 * so let the guest try again.
 */
enum mmu_mapped shadow_map(struct shadow *s, const struct mmu_page *page,
			   struct table_pages *stock)
{
	const struct shadow_fault *f = page->shadow;
	bool refreshed = false;

	for (;; refreshed = true) {
		if (!shadow_provide(s, SHADOW_MAP_PAGES, stock))
			return MMU_NO_PAGE;
		/* After that: it may have taken what the root leads to. */
		if (!shadow_root_valid(f->root))
			return MMU_STALE;
		/*
		 * The walk was made without the lock.  Where another vCPU has flushed since,
		 * it may have changed an entry before, which nobody may use any more.
		 * Changes from now on meet a shadow entry, and are seen when they are flushed.
		 */
		if (f->flushes != s->flushes && outdated(s, f))
			return MMU_STALE;
		if (page->access & KEEL_ACCESS_WRITE)
			shadow_wrote(s, page->gpa >> 12);
		if (try_map(s, page, refreshed))
			return MMU_MAPPED;
		shadow_refresh(s);
	}
}

/**
 * shadow_root_valid - whether a root is still what it was
 * @root: the root
 *
 * Needs no lock: where this is to be relied upon, no flush may be due.
 */
bool shadow_root_valid(const struct shadow_root *root)
{
	unsigned int i;

	if (!root->table)
		return false;
	for (i = 0; i < 4; i++)
		if (root->page[i] && READ_ONCE(root->page[i]->serial) != root->serial[i])
			return false;
	return true;
}

/**
 * shadow_root_used - keep reclaim from a root
 * @root: valid; needs no lock
 */
void shadow_root_used(const struct shadow_root *root)
{
	WRITE_ONCE(root->page[0]->used, true);
}

/**
 * shadow_get_root - find or make the page that 4-level tables begin with
 * @s: the cache
 * @root: its role is set
 * @gfn: guest frame of the PML4 table
 * @stock: where memory for shadow pages comes from
 *
 * Return: false where the stock is too small.
 */
bool shadow_get_root(struct shadow *s, struct shadow_root *root, u64 gfn,
		     struct table_pages *stock)
{
	struct shadow_page *page;

	if (!shadow_provide(s, 1, stock))
		return false;
	page = shadow_find(s, gfn, root->role) ?: shadow_make(s, gfn, root->role);
	page->used = true;
	root->page[0] = page;
	root->serial[0] = page->serial;
	root->table = page->table;
	return true;
}
