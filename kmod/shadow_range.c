// SPDX-License-Identifier: GPL-2.0
/*
 * What the host does to ranges of guest physical memory: zap, write-protect, age.
 * By the reverse map, since one guest frame may be mapped at many addresses.  See
 * shadow.h.
 */
#include "shadow_page.h"

#include <linux/mm.h>

/* Where a range has more guest frames than this for each shadow page, these are looked at. */
#define FRAMES_A_PAGE	4

/* What to do with a leaf; returns whether there was anything to do. */
typedef bool (*leaf_fn)(struct shadow *s, struct shadow_page *page, unsigned int index);

static bool drop_leaf(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	shadow_drop(s, page, index);
	return true;
}

static bool protect_leaf(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	u64 entry = page->table[index];

	if (!(entry & PTE_RW))
		return false;
	WRITE_ONCE(page->table[index], entry & ~PTE_RW);
	s->tlbs_dirty = true;
	return true;
}

static bool used_leaf(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	return READ_ONCE(page->table[index]) & PTE_A;
}

/* The CPU may set others meanwhile; a dirty flag lost is one that nobody reads. */
static bool age_leaf(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	u64 entry = READ_ONCE(page->table[index]);

	if (!(entry & PTE_A))
		return false;
	WRITE_ONCE(page->table[index], entry & ~PTE_A);
	return true;
}

/* All leaves of @level that map @gfn and what follows. */
static bool each_leaf(struct shadow *s, u64 gfn, unsigned int level, leaf_fn fn)
{
	struct shadow_page *page;
	bool found = false;
	u32 id, next;

	for (id = *shadow_leaf_head(s, gfn, level); id; id = next) {
		next = shadow_link_of(s, id)->next;
		page = shadow_page_nr(s, id);
		if (page->role.level == level &&
		    shadow_leaf_gfn(page, id % SHADOW_ENTRIES) == gfn)
			found |= fn(s, page, id % SHADOW_ENTRIES);
	}
	return found;
}

/* The same for each frame in [@gfn, @end), and for large leaves over any of it. */
static bool each_frame(struct shadow *s, u64 gfn, u64 end, leaf_fn fn)
{
	bool found = false, first = true;
	unsigned int level;

	for (; gfn < end; gfn++, first = false) {
		for (level = 2; level <= s->max_level; level++) {
			u64 mask = (1ULL << (9 * (level - 1))) - 1;

			if (first || !(gfn & mask))
				found |= each_leaf(s, gfn & ~mask, level, fn);
		}
		found |= each_leaf(s, gfn, 1, fn);
	}
	return found;
}

/* The same for a range of which most is not mapped: look at what there is. */
static bool each_page(struct shadow *s, u64 gfn, u64 end, leaf_fn fn)
{
	struct shadow_page *page;
	bool found = false;
	unsigned int i, left;
	u64 first, frames;

	/* Leaves only: no page leaves the list meanwhile. */
	list_for_each_entry(page, &s->lru, list) {
		frames = 1ULL << (9 * (page->role.level - 1));
		for (i = 0, left = page->nr; left; i++) {
			if (!page->table[i])
				continue;
			left--;
			if (!shadow_is_leaf(page->table[i], page->role.level))
				continue;
			first = shadow_leaf_gfn(page, i);
			if (first < end && first + frames > gfn)
				found |= fn(s, page, i);
		}
	}
	return found;
}

/*
 * All of a range at once, not piece by piece as under EPT: who asks begins anew after a
 * break (keel_mem_fault.c), and finding out that a frame is not mapped costs here as
 * much as unmapping it.  The number of shadow pages bounds it.
 */
static bool each_in_range(struct shadow *s, u64 start, u64 end, leaf_fn fn)
{
	u64 first = start >> 12, last = end >> 12;

	if (last - first > (u64)s->nr * FRAMES_A_PAGE)
		return each_page(s, first, last, fn);
	return each_frame(s, first, last, fn);
}

/* The host has other memory behind these tables now, perhaps with other contents. */
static void tables_changed(struct shadow *s, u64 gfn, u64 end)
{
	struct shadow_page *page;

	if (end - gfn > s->nr) {
		list_for_each_entry(page, &s->lru, list)
			if (page->gfn >= gfn && page->gfn < end)
				shadow_unsync(s, page);
		return;
	}
	for (; gfn < end; gfn++)
		shadow_wrote(s, gfn);
}

/* Whether CPUs must flush; who asks sees to it before it gives up the lock. */
static bool take_dirty(struct shadow *s)
{
	bool dirty = s->tlbs_dirty;

	s->tlbs_dirty = false;
	if (dirty)
		WRITE_ONCE(s->tables_dirty, false);
	return dirty;
}

/**
 * shadow_zap - unmap a guest physical range
 * @s: the cache
 * @start: first guest physical address, a multiple of 4 KiB
 * @end: last one plus 1
 *
 * A large page that is only partly in the range goes as a whole.
 *
 * Return: whether CPUs must flush, also for the sake of what went earlier.
 */
bool shadow_zap(struct shadow *s, u64 start, u64 end)
{
	each_in_range(s, start, end, drop_leaf);
	tables_changed(s, start >> 12, end >> 12);
	return take_dirty(s);
}

/**
 * shadow_protect - make a guest physical range read-only
 * @s: the cache
 * @start: first guest physical address, a multiple of 4 KiB
 * @end: last one plus 1
 *
 * A large page that is only partly in the range becomes read-only as a whole.
 *
 * Return: whether CPUs must flush, also for the sake of what went earlier.
 */
bool shadow_protect(struct shadow *s, u64 start, u64 end)
{
	each_in_range(s, start, end, protect_leaf);
	return take_dirty(s);
}

/**
 * shadow_young - whether the guest has used a range
 * @s: the cache
 * @start: first guest physical address
 * @end: last one plus 1
 * @clear: begin anew
 *
 * As for ept_young(): a CPU that holds the translation does not set the flag again
 * before it flushes.
 *
 * Return: true if any page of it was used.
 */
bool shadow_young(struct shadow *s, u64 start, u64 end, bool clear)
{
	return each_in_range(s, start, end, clear ? age_leaf : used_leaf);
}
