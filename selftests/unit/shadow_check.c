// SPDX-License-Identifier: GPL-2.0
/*
 * Whether the counts, lists and chains of the shadow pages say the same, and
 * whether synchronised tables are.  It goes through all pages and believes
 * nothing but their entries.
 */
#include <string.h>

#include "shadow_check.h"
#include "shadow_page.h"

#define BAD(condition, what) do { if (condition) return (what); } while (0)

static unsigned int length(const struct list_head *head)
{
	const struct list_head *at;
	unsigned int n = 0;

	for (at = head->next; at != head; at = at->next)
		n++;
	return n;
}

static bool in_chain(const struct shadow *s, u32 head, u32 id)
{
	u32 at, before = 0;

	for (at = head; at; before = at, at = shadow_link_of(s, at)->next) {
		if (shadow_link_of(s, at)->prev != before)
			return false;
		if (at == id)
			return true;
	}
	return false;
}

static const char *check_entry(struct shadow *s, const struct shadow_page *page, unsigned int i)
{
	u32 id = (page - s->pages) * SHADOW_ENTRIES + i;
	u64 entry = page->table[i];
	const struct shadow_page *child;

	if (shadow_is_leaf(entry, page->role.level)) {
		u64 gfn = shadow_leaf_gfn(page, i), end = gfn + (1ULL << (9 * (page->role.level - 1)));

		BAD(!in_chain(s, *shadow_leaf_head(s, gfn, page->role.level), id),
		    "a leaf is not in its chain");
		for (; (entry & PTE_RW) && gfn < end; gfn++)
			BAD(shadow_is_synced_table(s, gfn), "a synchronised table is writable");
		return NULL;
	}
	child = shadow_page_of(entry);
	BAD(child < s->pages || child > s->pages + s->max || __pa(child->table) != (entry & PTE_FRAME),
	    "an entry leads to no shadow page");
	BAD(shadow_find(s, child->gfn, child->role) != child, "a child is not in the cache");
	BAD(!in_chain(s, child->parents, id), "an entry is not in its child's chain");
	BAD(child->role.level + 1 != page->role.level, "a child is of the wrong level");
	return NULL;
}

static const char *check_page(struct shadow *s, const struct shadow_page *page,
			      shadow_agrees_fn agrees)
{
	unsigned int i, nr = 0, bytes = page->role.mode == SHADOW_32 ? 4 : 8;
	bool synced = list_empty(&page->unsync) && page->role.mode != SHADOW_DIRECT;
	u64 offset;

	BAD(shadow_find(s, page->gfn, page->role) != page, "a page is not found");
	for (i = 0; i < SHADOW_ENTRIES; i++) {
		const char *bad;

		if (!page->table[i])
			continue;
		nr++;
		bad = check_entry(s, page, i);
		if (bad)
			return bad;
		if (!synced)
			continue;
		/* 1024 guest entries of 4 bytes: halves and quarters of the table. */
		offset = page->role.mode != SHADOW_32 ? i * 8 : page->role.level == 1 ?
			page->role.quadrant * 2048 + i * 4 : page->role.quadrant * 1024 + i / 2 * 4;
		BAD(!agrees((page->gfn << 12) + offset, bytes, page->guest[i]),
		    "an entry of a synchronised table does not agree with it");
	}
	BAD(nr != page->nr, "a page's count of entries is wrong");
	return NULL;
}

/* NULL, or what is wrong. */
const char *shadow_check(struct shadow *s, shadow_agrees_fn agrees)
{
	u32 by_table = 0, unsync = 0, tables = 0, counted = 0, links = 0, chained = 0, i, id;
	struct shadow_page *page;

	BAD(length(&s->lru) != s->nr, "the number of pages is wrong");
	BAD(length(&s->free) != s->nr_free, "the number of free pages is wrong");
	BAD(length(&s->unsync) != s->nr_unsync, "the number of unsynchronised pages is wrong");
	BAD(length(&s->unused) + length(&s->free) + length(&s->dead) + s->nr != s->max,
	    "a page is in no list");
	list_for_each_entry(page, &s->lru, list) {
		const char *bad = check_page(s, page, agrees);

		if (bad)
			return bad;
		unsync += !list_empty(&page->unsync);
		tables += page->role.mode != SHADOW_DIRECT;
		links += page->nr;
		for (id = page->parents; id; id = shadow_link_of(s, id)->next)
			chained++;
	}
	BAD(unsync != s->nr_unsync, "an unsynchronised page is not in the cache");
	list_for_each_entry(page, &s->free, list)
		for (i = 0; i < SHADOW_ENTRIES; i++)
			BAD(page->table[i], "a free page has an entry");
	for (i = 0; i < 1U << s->bits; i++)
		hlist_for_each_entry(page, &s->by_table[i], hash)
			by_table++;
	BAD(by_table != s->nr, "the cache has pages that it does not count");
	/* Each entry is in the chain where it belongs, so no chain has another. */
	for (i = 0; i < 8U << s->bits; i++)
		for (id = s->by_leaf[i]; id; id = shadow_link_of(s, id)->next)
			chained++;
	BAD(chained != links, "a chain has an entry that is not there");
	for (i = 0; i < 1U << 12; i++)
		counted += s->tables_2m[i];
	BAD(counted != tables, "the counters of tables in 2 MiB are wrong");
	for (i = counted = 0; i < 1U << 6; i++)
		counted += s->tables_1g[i];
	BAD(counted != tables, "the counters of tables in 1 GiB are wrong");
	return NULL;
}
