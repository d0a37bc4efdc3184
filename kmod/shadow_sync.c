// SPDX-License-Identifier: GPL-2.0
/*
 * Guest tables that change: from synchronised to unsynchronised where the guest
 * writes to one, and back at the points where it flushes.  See shadow.h.
 *
 * Back is: forbid the guest to write to the table, make all CPUs forget that it
 * could, and only then compare.  A write before that is seen by the comparison, one
 * after it exits.
 */
#include "shadow_page.h"

#include <linux/mm.h>

/* Bits of a guest entry that leads to a table and that we may not ignore. */
#define TABLE_MATTERS(role)	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_PS | above_frame(role))
/* The same of one that maps a page; the rest is carried over, see carry_over(). */
#define LEAF_CARRIED		(PTE_RW | PTE_US | PTE_D | PTE_G | PTE_XD)

/* From bit 12 on all counts, but what 4-level paging ignores. */
static u64 above_frame(const union shadow_role *role)
{
	u64 high = GENMASK_ULL(63, 12);

	return role->mode == SHADOW_LONG ? high & ~GENMASK_ULL(62, 52) : high;
}

/**
 * shadow_unsync - the guest may write to a table from now on
 * @s: the cache
 * @page: its shadow; may be unsynchronised, or direct, already
 */
void shadow_unsync(struct shadow *s, struct shadow_page *page)
{
	if (shadow_is_direct(page) || !list_empty(&page->unsync))
		return;
	list_add(&page->unsync, &s->unsync);
	WRITE_ONCE(s->nr_unsync, s->nr_unsync + 1);
}

/**
 * shadow_is_synced_table - whether writes to a guest frame must exit
 * @s: the cache
 * @gfn: the frame
 */
bool shadow_is_synced_table(struct shadow *s, u64 gfn)
{
	const struct shadow_page *page;

	if (!shadow_has_tables(s, gfn, 2))
		return false;
	hlist_for_each_entry(page, shadow_table_head(s, gfn), hash)
		if (page->gfn == gfn && !shadow_is_direct(page) && list_empty(&page->unsync))
			return true;
	return false;
}

/* Take write access to a guest frame away.  Large leaves over it go as a whole. */
static void write_protect(struct shadow *s, u64 gfn)
{
	unsigned int level;
	u64 *entry;
	u32 id, next;

	for (id = *shadow_leaf_head(s, gfn, 1); id; id = shadow_link_of(s, id)->next) {
		const struct shadow_page *page = shadow_page_nr(s, id);

		entry = shadow_entry_of(s, id);
		if (page->role.level != 1 || !(*entry & PTE_RW) ||
		    shadow_leaf_gfn(page, id % SHADOW_ENTRIES) != gfn)
			continue;
		WRITE_ONCE(*entry, *entry & ~PTE_RW);
		s->tlbs_dirty = true;
	}
	for (level = 2; level <= s->max_level; level++) {
		u64 first = gfn & ~((1ULL << (9 * (level - 1))) - 1);

		for (id = *shadow_leaf_head(s, first, level); id; id = next) {
			struct shadow_page *page = shadow_page_nr(s, id);

			next = shadow_link_of(s, id)->next;
			if (page->role.level == level &&
			    shadow_leaf_gfn(page, id % SHADOW_ENTRIES) == first)
				shadow_drop(s, page, id % SHADOW_ENTRIES);
		}
	}
}

/* Our entry for a page, after what changed in the guest's. */
static u64 carry_over(const struct shadow *s, const struct shadow_page *page, u64 entry,
		      u64 gentry)
{
	const union shadow_role *role = &page->role;

	/* More write access comes with a fault: the host may not permit it. */
	if (!(gentry & PTE_RW) || !(gentry & PTE_D))
		entry &= ~PTE_RW;
	entry &= ~(PTE_US | PTE_G | PTE_XD);
	if (role->user && (gentry & PTE_US))
		entry |= PTE_US;
	if (!role->exec || (gentry & PTE_XD) || (role->level > 1 && s->nx_large))
		entry |= PTE_XD;
	return entry | (gentry & PTE_G);
}

/* The guest's entry behind one of ours may have changed: bring ours up to date. */
static void compare_entry(struct shadow *s, struct shadow_page *page, unsigned int index,
			  u64 now)
{
	const union shadow_role *role = &page->role;
	u64 entry = page->table[index], then = page->guest[index], updated, carried;

	if (now == then)
		return;
	if (!shadow_is_leaf(entry, role->level) && !(then & now & PTE_PS && role->level > 1)) {
		if ((now ^ then) & TABLE_MATTERS(role))
			shadow_drop(s, page, index);
		else
			page->guest[index] = now;
		return;
	}
	/* A guest's large page behind a table of ours: its rights are in that's role. */
	carried = shadow_is_leaf(entry, role->level) && role->wp ? LEAF_CARRIED : 0;
	if (!role->nxe)
		carried &= ~PTE_XD;
	if (!(now & PTE_P) || !(now & PTE_A) ||
	    ((now ^ then) & ~(carried | PTE_AVL | (role->mode == SHADOW_LONG ?
						   GENMASK_ULL(62, 52) : 0)))) {
		shadow_drop(s, page, index);
		return;
	}
	page->guest[index] = now;
	if (!carried)
		return;
	updated = carry_over(s, page, entry, now);
	if (updated == entry)
		return;
	WRITE_ONCE(page->table[index], updated);
	s->tlbs_dirty = true;
}

/* Where in the guest's table the entry behind ours is, bytes. */
static unsigned int guest_offset(const struct shadow_page *page, unsigned int index)
{
	const union shadow_role *role = &page->role;

	if (role->mode != SHADOW_32)
		return index * 8;
	/* 1024 entries: two of our page tables, four of our directories. */
	if (role->level == 1)
		return (role->quadrant * 512 + index) * 4;
	return (role->quadrant * 256 + index / 2) * 4;
}

static u64 guest_entry(const void *table, const struct shadow_page *page, unsigned int index)
{
	const void *at = table + guest_offset(page, index);

	return page->role.mode == SHADOW_32 ? *(const u32 *)at : *(const u64 *)at;
}

/* The guest's table is not there any more: nothing of it can be relied upon. */
static void forget(struct shadow *s, struct shadow_page *page)
{
	unsigned int i;

	for (i = 0; i < SHADOW_ENTRIES && page->nr; i++)
		shadow_drop(s, page, i);
}

static void compare(struct shadow *s, struct shadow_page *page)
{
	unsigned int i, left = page->nr;

	if (!left)
		return;
	if (s->ops->read(s, page->gfn << 12, s->scratch, SHADOW_ENTRIES * 8)) {
		forget(s, page);
		return;
	}
	for (i = 0; i < SHADOW_ENTRIES && left; i++) {
		if (!page->table[i])
			continue;
		left--;
		compare_entry(s, page, i, guest_entry(s->scratch, page, i));
	}
}

/**
 * shadow_refresh - compare what is unsynchronised, and let it stay so
 * @s: the cache
 *
 * For who comes to tables by another way than those that flushed an address: there,
 * only what was on the way was compared.
 */
void shadow_refresh(struct shadow *s)
{
	struct shadow_page *page;
	LIST_HEAD(todo);

	WRITE_ONCE(s->address_flushed, false);
	list_splice_init(&s->unsync, &todo);
	/* A comparison may take others out of either list. */
	while (!list_empty(&todo)) {
		page = list_first_entry(&todo, struct shadow_page, unsync);
		list_move(&page->unsync, &s->unsync);
		compare(s, page);
	}
}

/* One guest table may have many shadows: whether another one stands for it. */
static bool is_later(struct shadow *s, const struct shadow_page *page)
{
	const struct shadow_page *first;

	hlist_for_each_entry(first, shadow_table_head(s, page->gfn), hash)
		if (first->gfn == page->gfn && !list_empty(&first->unsync))
			return first != page;
	return false;
}

/* Forbid the guest to write to its tables, and compare. */
static void synchronise(struct shadow *s)
{
	struct shadow_page *page;

	list_for_each_entry(page, &s->unsync, unsync)
		if (!is_later(s, page))
			write_protect(s, page->gfn);
	shadow_flush_cpus(s);
	/* A comparison may take others out of the list, too. */
	while (!list_empty(&s->unsync)) {
		page = list_first_entry(&s->unsync, struct shadow_page, unsync);
		list_del_init(&page->unsync);
		WRITE_ONCE(s->nr_unsync, s->nr_unsync - 1);
		compare(s, page);
	}
}

/**
 * shadow_sync - the guest flushes all its translations
 * @s: the cache
 *
 * What the guest's tables say is from now on what our entries say.
 */
void shadow_sync(struct shadow *s)
{
	WRITE_ONCE(s->address_flushed, false);
	if (s->untraced)
		shadow_refresh(s);
	else if (!list_empty(&s->unsync))
		synchronise(s);
	/*
	 * Behind it: a vCPU whose walk read an entry that a third one could still change
	 * past us must see that it is outdated.
	 */
	WRITE_ONCE(s->flushes, s->flushes + 1);
}

/**
 * shadow_untraced - a vCPU begins or ends to write past our tables
 * @s: the cache
 * @begins: or ends
 */
void shadow_untraced(struct shadow *s, bool begins)
{
	struct shadow_page *page;

	if (!begins) {
		s->untraced--;
		return;
	}
	s->untraced++;
	list_for_each_entry(page, &s->lru, list)
		shadow_unsync(s, page);
}

/* Compare one entry. */
static void look_again(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	u64 now = 0;

	if (!page->table[index])
		return;
	if (s->ops->read(s, (page->gfn << 12) + guest_offset(page, index), &now,
			 page->role.mode == SHADOW_32 ? 4 : 8))
		shadow_drop(s, page, index);
	else
		compare_entry(s, page, index, now);
}

static struct shadow_page *first_page(const struct shadow_root *root, u64 gva)
{
	return root->role.level == 3 ? root->page[shadow_index(gva, 3) & 3] : root->page[0];
}

/**
 * shadow_sync_address - the guest flushes one address
 * @s: the cache
 * @root: where the flush is
 * @gva: linear address
 *
 * Tables on the way stay as they are, synchronised or not.
 */
void shadow_sync_address(struct shadow *s, const struct shadow_root *root, u64 gva)
{
	struct shadow_page *page;
	unsigned int index, level;

	WRITE_ONCE(s->address_flushed, true);
	WRITE_ONCE(s->flushes, s->flushes + 1);
	if (!shadow_root_valid(root))
		return;
	for (page = first_page(root, gva); page; page = shadow_page_of(page->table[index])) {
		level = page->role.level;
		index = shadow_index(gva, level);
		if (!page->table[index])
			return;
		if (!list_empty(&page->unsync)) {
			look_again(s, page, index);
			/* A page of 4 MiB is two of ours. */
			if (page->role.mode == SHADOW_32 && level == 2)
				look_again(s, page, index ^ 1);
		}
		if (!page->table[index] || shadow_is_leaf(page->table[index], level))
			return;
	}
}

/**
 * shadow_wrote - the module or the host has changed a guest frame
 * @s: the cache
 * @gfn: the frame
 *
 * If it is a table, it is compared at the guest's next flush.
 */
void shadow_wrote(struct shadow *s, u64 gfn)
{
	struct shadow_page *page;

	if (!shadow_has_tables(s, gfn, 2))
		return;
	hlist_for_each_entry(page, shadow_table_head(s, gfn), hash)
		if (page->gfn == gfn)
			shadow_unsync(s, page);
}
