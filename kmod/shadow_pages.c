// SPDX-License-Identifier: GPL-2.0
/*
 * The cache of shadow pages: found by guest frame and role, linked to their
 * parents, zapped, and reclaimed where there are too many.  See shadow.h.
 *
 * A page goes through four lists: unused (no memory), free (empty, and no CPU can
 * reach it), lru (in the cache), dead (out of it, but a CPU may still walk it).
 * From dead to free it comes after all CPUs have flushed.
 */
#include "shadow_page.h"

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keel_alloc.h"

/* log2 of heads of the reverse map for each head of the cache. */
#define LEAF_BITS	3
/* log2 of the counters of guest tables in a 2-MiB and in a 1-GiB region. */
#define REGION_2M_BITS	12
#define REGION_1G_BITS	6
/* Pages to take at least where there are too many: a flush for each is dear. */
#define RECLAIM_BATCH	16

static void *alloc_array(size_t nr, size_t size)
{
	return keel_alloc(kvcalloc(nr, size, GFP_KERNEL_ACCOUNT));
}

/**
 * shadow_init - make an empty cache
 * @s: zeroed
 * @ops: see struct shadow_ops
 * @max: how many shadow pages there can be, SHADOW_MIN_PAGES or more
 * @max_level: largest leaf that the CPU knows: 2 or 3
 * @nx_large: make no executable leaf above 4 KiB, see ept_init()
 *
 * May sleep.  shadow_free() takes what it leaves in any case.
 *
 * Return: 0, or -ENOMEM.
 */
int shadow_init(struct shadow *s, const struct shadow_ops *ops, u32 max,
		unsigned int max_level, bool nx_large)
{
	u32 i;

	s->ops = ops;
	s->max = max;
	s->max_level = max_level;
	s->nx_large = nx_large;
	s->bits = ilog2(max);
	INIT_LIST_HEAD(&s->lru);
	INIT_LIST_HEAD(&s->unsync);
	INIT_LIST_HEAD(&s->unused);
	INIT_LIST_HEAD(&s->free);
	INIT_LIST_HEAD(&s->dead);
	s->pages = alloc_array(max + 1, sizeof(*s->pages));
	s->by_table = alloc_array(1U << s->bits, sizeof(*s->by_table));
	s->by_leaf = alloc_array(1U << (s->bits + LEAF_BITS), sizeof(*s->by_leaf));
	s->tables_2m = alloc_array(1U << REGION_2M_BITS, sizeof(*s->tables_2m));
	s->tables_1g = alloc_array(1U << REGION_1G_BITS, sizeof(*s->tables_1g));
	s->scratch = table_page_alloc();
	if (!s->pages || !s->by_table || !s->by_leaf || !s->tables_2m || !s->tables_1g ||
	    !s->scratch)
		return -ENOMEM;
	for (i = 1; i <= max; i++) {
		INIT_LIST_HEAD(&s->pages[i].unsync);
		list_add_tail(&s->pages[i].list, &s->unused);
	}
	return 0;
}

/**
 * shadow_free - free what shadow_init() and all others made
 * @s: the cache, half made, or zeros; no CPU uses it
 */
void shadow_free(struct shadow *s)
{
	struct shadow_page *page;
	u32 i;

	for (i = 1; s->pages && i <= s->max; i++) {
		page = &s->pages[i];
		if (!page->table)
			continue;
		table_page_free(page->table);
		table_page_free(page->guest);
		table_page_free((void *)page->link);
	}
	if (s->scratch)
		table_page_free(s->scratch);
	kvfree(keel_freed(s->tables_1g));
	kvfree(keel_freed(s->tables_2m));
	kvfree(keel_freed(s->by_leaf));
	kvfree(keel_freed(s->by_table));
	kvfree(keel_freed(s->pages));
	*s = (struct shadow){};
}

/* The chain of leaves of @level that may map @gfn, the first that they map. */
u32 *shadow_leaf_head(struct shadow *s, u64 gfn, unsigned int level)
{
	return &s->by_leaf[hash_64(gfn + level, s->bits + LEAF_BITS)];
}

/* The shadows of the guest's table @gfn are in this list, with others. */
struct hlist_head *shadow_table_head(struct shadow *s, u64 gfn)
{
	return &s->by_table[hash_64(gfn, s->bits)];
}

static void count_table(struct shadow *s, u64 gfn, int change)
{
	s->tables_2m[hash_64(gfn >> 9, REGION_2M_BITS)] += change;
	s->tables_1g[hash_64(gfn >> 18, REGION_1G_BITS)] += change;
}

/* Whether a guest table may lie in the leaf of @level around @gfn. */
bool shadow_has_tables(struct shadow *s, u64 gfn, unsigned int level)
{
	if (level == 2)
		return s->tables_2m[hash_64(gfn >> 9, REGION_2M_BITS)];
	return s->tables_1g[hash_64(gfn >> 18, REGION_1G_BITS)];
}

static u32 entry_nr(const struct shadow *s, const struct shadow_page *page, unsigned int index)
{
	return (u32)(page - s->pages) * SHADOW_ENTRIES + index;
}

static void chain_add(struct shadow *s, u32 *head, u32 id)
{
	struct shadow_link *link = shadow_link_of(s, id);

	link->prev = 0;
	link->next = *head;
	if (*head)
		shadow_link_of(s, *head)->prev = id;
	*head = id;
}

static void chain_del(struct shadow *s, u32 *head, u32 id)
{
	struct shadow_link *link = shadow_link_of(s, id);

	if (link->prev)
		shadow_link_of(s, link->prev)->next = link->next;
	else
		*head = link->next;
	if (link->next)
		shadow_link_of(s, link->next)->prev = link->prev;
}

/**
 * shadow_table_gfn - the frame in a guest entry that leads to a table, or maps 4 KiB
 * @role: of a page with that entry
 * @gentry: the guest's entry, or CR3
 */
u64 shadow_table_gfn(const union shadow_role *role, u64 gentry)
{
	unsigned int bits = role->mode == SHADOW_32 ? 32 : role->phys_bits;

	return (gentry & GENMASK_ULL(bits - 1, 12)) >> 12;
}

/* The first guest frame that a leaf maps. */
u64 shadow_leaf_gfn(const struct shadow_page *page, unsigned int index)
{
	const union shadow_role *role = &page->role;
	u64 frames = 1ULL << (9 * (role->level - 1));
	unsigned int bits;

	if (shadow_is_direct(page))
		return page->gfn + index * frames;
	if (role->mode == SHADOW_32 && role->level == 2) {
		/* Two of our entries for one of the guest's, of 4 MiB. */
		bits = keel_walk_pse_bits(role->phys_bits, role->pse36);
		return (keel_walk_pse_frame(page->guest[index], bits) >> 12) +
			(index & 1) * frames;
	}
	return shadow_table_gfn(role, page->guest[index]) & ~(frames - 1);
}

/**
 * shadow_drop - make an entry 0
 * @s: the cache
 * @page: the shadow page
 * @index: of the entry
 *
 * A table that nobody leads to any more goes, too.
 */
void shadow_drop(struct shadow *s, struct shadow_page *page, unsigned int index)
{
	u64 old = page->table[index];
	unsigned int level = page->role.level;
	u32 id = entry_nr(s, page, index);
	struct shadow_page *child;

	if (!old)
		return;
	WRITE_ONCE(page->table[index], 0);
	page->nr--;
	s->tlbs_dirty = true;
	if (shadow_is_leaf(old, level)) {
		/* The other half of a page of 4 MiB. */
		if (level == 2 && page->role.mode == SHADOW_32)
			WRITE_ONCE(s->tables_dirty, true);
		chain_del(s, shadow_leaf_head(s, shadow_leaf_gfn(page, index), level), id);
		return;
	}
	WRITE_ONCE(s->tables_dirty, true);
	child = shadow_page_of(old);
	chain_del(s, &child->parents, id);
	if (!child->parents)
		shadow_zap_page(s, child);
}

static void replace(struct shadow *s, struct shadow_page *page, unsigned int index,
		    u64 entry, u64 gentry)
{
	shadow_drop(s, page, index);
	if (!shadow_is_direct(page))
		page->guest[index] = gentry;
	page->nr++;
	/* What it leads to is zeroed before: the CPU may walk it at once. */
	smp_store_release(&page->table[index], entry);
}

/**
 * shadow_set_leaf - let an entry map a page
 * @s: the cache
 * @page: the shadow page
 * @index: of the entry
 * @entry: what the CPU shall find
 * @gentry: the guest's entry; unused where the role is direct
 */
void shadow_set_leaf(struct shadow *s, struct shadow_page *page, unsigned int index,
		     u64 entry, u64 gentry)
{
	unsigned int level = page->role.level;

	replace(s, page, index, entry, gentry);
	chain_add(s, shadow_leaf_head(s, shadow_leaf_gfn(page, index), level),
		  entry_nr(s, page, index));
}

/**
 * shadow_set_table - let an entry lead to a table
 * @s: the cache
 * @page: the shadow page
 * @index: of the entry
 * @child: what it leads to; not yet a child of this entry
 * @gentry: the guest's entry; unused where the role is direct
 *
 * The rights that the guest's entry gives are in the role of @child: ours gives all.
 */
void shadow_set_table(struct shadow *s, struct shadow_page *page, unsigned int index,
		      struct shadow_page *child, u64 gentry)
{
	replace(s, page, index, __pa(child->table) | PTE_P | PTE_RW | PTE_US | PTE_A, gentry);
	chain_add(s, &child->parents, entry_nr(s, page, index));
}

/**
 * shadow_find - look for a shadow page
 * @s: the cache
 * @gfn: guest frame of the table; direct: the first that it maps
 * @role: see there
 *
 * Return: the page or NULL.
 */
struct shadow_page *shadow_find(struct shadow *s, u64 gfn, union shadow_role role)
{
	struct shadow_page *page;

	hlist_for_each_entry(page, shadow_table_head(s, gfn), hash)
		if (page->gfn == gfn && page->role.word == role.word)
			return page;
	return NULL;
}

/**
 * shadow_make - make a shadow page, without entries
 * @s: the cache; shadow_provide() has returned true
 * @gfn: as for shadow_find(), which has found none
 * @role: see there
 */
struct shadow_page *shadow_make(struct shadow *s, u64 gfn, union shadow_role role)
{
	struct shadow_page *page = list_first_entry(&s->free, struct shadow_page, list);

	s->nr_free--;
	s->nr++;
	page->gfn = gfn;
	page->role = role;
	page->parents = 0;
	page->used = true;
	hlist_add_head(&page->hash, shadow_table_head(s, gfn));
	list_move(&page->list, &s->lru);
	if (!shadow_is_direct(page)) {
		count_table(s, gfn, 1);
		shadow_unsync(s, page);
	}
	return page;
}

/**
 * shadow_zap_page - take a page out of the cache
 * @s: the cache
 * @page: the page; goes to the dead, with all that only it led to
 */
void shadow_zap_page(struct shadow *s, struct shadow_page *page)
{
	unsigned int i;
	u32 id;

	/* First, so that what follows does not come back to it. */
	hlist_del(&page->hash);
	list_move(&page->list, &s->dead);
	/* Seen by who looks at shadow_root_valid() after it has flushed. */
	WRITE_ONCE(page->serial, page->serial + 1);
	s->nr--;
	if (!list_empty(&page->unsync)) {
		list_del_init(&page->unsync);
		WRITE_ONCE(s->nr_unsync, s->nr_unsync - 1);
	}
	if (!shadow_is_direct(page))
		count_table(s, page->gfn, -1);
	s->tlbs_dirty = true;
	WRITE_ONCE(s->tables_dirty, true);
	for (id = page->parents; id; id = page->parents) {
		struct shadow_page *parent = shadow_page_nr(s, id);

		page->parents = shadow_link_of(s, id)->next;
		WRITE_ONCE(parent->table[id % SHADOW_ENTRIES], 0);
		parent->nr--;
	}
	for (i = 0; i < SHADOW_ENTRIES && page->nr; i++)
		shadow_drop(s, page, i);
}

/**
 * shadow_flush_cpus - let no CPU hold what is in no table any more
 * @s: the cache
 */
void shadow_flush_cpus(struct shadow *s)
{
	struct shadow_page *page;

	s->ops->flush(s, s->tlbs_dirty);
	s->tlbs_dirty = false;
	WRITE_ONCE(s->tables_dirty, false);
	list_for_each_entry(page, &s->dead, list)
		s->nr_free++;
	list_splice_init(&s->dead, &s->free);
}

/**
 * shadow_reclaim - take pages out of the cache
 * @s: the cache
 * @nr: how many at least, where there are as many
 *
 * Those that have not been used since they were looked at last, oldest first.
 *
 * Return: how many went.
 */
unsigned int shadow_reclaim(struct shadow *s, unsigned int nr)
{
	unsigned int looks = 2 * s->nr;
	u32 before = s->nr;
	struct shadow_page *page;

	while (before - s->nr < nr && looks-- && !list_empty(&s->lru)) {
		page = list_last_entry(&s->lru, struct shadow_page, list);
		if (READ_ONCE(page->used)) {
			WRITE_ONCE(page->used, false);
			list_move(&page->list, &s->lru);
		} else {
			shadow_zap_page(s, page);
		}
	}
	return before - s->nr;
}

/* Give a page its memory. */
static void equip(struct shadow *s, struct shadow_page *page, struct table_pages *stock)
{
	page->table = table_pages_pop(stock);
	page->guest = table_pages_pop(stock);
	page->link = table_pages_pop(stock);
	/* From here on it says whose table it is, not how many entries it has. */
	set_page_private(virt_to_page(page->table), (unsigned long)page);
	list_move(&page->list, &s->free);
	s->nr_free++;
}

/**
 * shadow_provide - see to it that pages can be made
 * @s: the cache
 * @nr: how many
 * @stock: where their memory comes from
 *
 * Where there are as many as there may be, others go.
 *
 * Return: false where the stock is too small.
 */
bool shadow_provide(struct shadow *s, unsigned int nr, struct table_pages *stock)
{
	while (s->nr_free < nr) {
		if (!list_empty(&s->dead)) {
			shadow_flush_cpus(s);
		} else if (list_empty(&s->unused)) {
			if (!shadow_reclaim(s, RECLAIM_BATCH))
				return false;
		} else if (stock->nr >= SHADOW_PAGE_PARTS) {
			equip(s, list_first_entry(&s->unused, struct shadow_page, list), stock);
		} else {
			return false;
		}
	}
	return true;
}

/**
 * shadow_zap_all - empty the cache
 * @s: the cache
 */
void shadow_zap_all(struct shadow *s)
{
	while (!list_empty(&s->lru))
		shadow_zap_page(s, list_first_entry(&s->lru, struct shadow_page, list));
	shadow_flush_cpus(s);
}

/**
 * shadow_give_back - give memory back to the host
 * @s: the cache
 * @nr: how many shadow pages to give back
 * @freed: gets their memory
 */
void shadow_give_back(struct shadow *s, unsigned int nr, struct table_pages *freed)
{
	struct shadow_page *page;

	if (s->nr_free < nr) {
		shadow_reclaim(s, nr - s->nr_free);
		shadow_flush_cpus(s);
	}
	for (; nr && s->nr_free; nr--) {
		page = list_first_entry(&s->free, struct shadow_page, list);
		table_pages_push(freed, page->table);
		table_pages_push(freed, page->guest);
		table_pages_push(freed, page->link);
		page->table = NULL;
		page->guest = NULL;
		page->link = NULL;
		list_move(&page->list, &s->unused);
		s->nr_free--;
	}
}
