/* SPDX-License-Identifier: GPL-2.0 */
/* Shadow pages and their entries, between the files of shadow.h. */
#ifndef KEEL_SHADOW_PAGE_H
#define KEEL_SHADOW_PAGE_H

#include "shadow.h"

/* Bits of an entry, of the guest's and of ours (SDM, "4-Level Paging"). */
#define PTE_P		BIT_ULL(0)
#define PTE_RW		BIT_ULL(1)
#define PTE_US		BIT_ULL(2)
#define PTE_PWT		BIT_ULL(3)
#define PTE_PCD		BIT_ULL(4)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_G		BIT_ULL(8)
#define PTE_AVL		GENMASK_ULL(11, 9)
#define PTE_FRAME	GENMASK_ULL(51, 12)
#define PTE_XD		BIT_ULL(63)

/**
 * struct shadow_link - the place of an entry in a chain
 * @next: number of the next entry, 0 for none
 * @prev: number of the previous one, 0: the head
 *
 * A leaf is in the chain of its guest frame, an entry that leads to a table in
 * that of the table's parents.  An entry's number is the page's number times
 * SHADOW_ENTRIES plus its index; page 0 does not exist.
 */
struct shadow_link {
	u32 next;
	u32 prev;
};

/**
 * struct shadow_page - a shadow page
 * @table: what the CPU walks; NULL: no memory
 * @guest: for each entry that is not 0, the guest's entry that it was made from;
 *	unused where the role is direct
 * @link: for each entry that is not 0, its place in a chain
 * @gfn: guest frame of the table; direct: the first that it maps
 * @role: see there
 * @serial: changes when the page is taken out of the cache
 * @parents: head of the chain of entries that lead here
 * @nr: entries that are not 0
 * @used: since reclaim looked last; written without the lock, too
 * @hash: in &shadow.by_table
 * @list: in &shadow.lru while in the cache; else in unused, free or dead
 * @unsync: in &shadow.unsync; empty: synchronised, or direct
 */
struct shadow_page {
	u64 *table;
	u64 *guest;
	struct shadow_link *link;
	u64 gfn;
	union shadow_role role;
	u32 serial;
	u32 parents;
	u16 nr;
	bool used;
	struct hlist_node hash;
	struct list_head list;
	struct list_head unsync;
};

/* @entry, of a table of @level, maps a page. */
static inline bool shadow_is_leaf(u64 entry, unsigned int level)
{
	return level == 1 || (entry & PTE_PS);
}

/* The page whose table @entry leads to. */
static inline struct shadow_page *shadow_page_of(u64 entry)
{
	return (struct shadow_page *)page_private(virt_to_page(__va(entry & PTE_FRAME)));
}

static inline bool shadow_is_direct(const struct shadow_page *page)
{
	return page->role.mode == SHADOW_DIRECT;
}

/* log2 of the bytes that an entry of @level maps. */
static inline unsigned int shadow_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

static inline unsigned int shadow_index(u64 gva, unsigned int level)
{
	return (gva >> shadow_shift(level)) & (SHADOW_ENTRIES - 1);
}

static inline struct shadow_page *shadow_page_nr(const struct shadow *s, u32 id)
{
	return &s->pages[id / SHADOW_ENTRIES];
}

static inline struct shadow_link *shadow_link_of(const struct shadow *s, u32 id)
{
	return &shadow_page_nr(s, id)->link[id % SHADOW_ENTRIES];
}

static inline u64 *shadow_entry_of(const struct shadow *s, u32 id)
{
	return &shadow_page_nr(s, id)->table[id % SHADOW_ENTRIES];
}

u64 shadow_leaf_gfn(const struct shadow_page *page, unsigned int index);
u32 *shadow_leaf_head(struct shadow *s, u64 gfn, unsigned int level);
struct hlist_head *shadow_table_head(struct shadow *s, u64 gfn);
bool shadow_has_tables(struct shadow *s, u64 gfn, unsigned int level);

struct shadow_page *shadow_find(struct shadow *s, u64 gfn, union shadow_role role);
struct shadow_page *shadow_make(struct shadow *s, u64 gfn, union shadow_role role);
bool shadow_provide(struct shadow *s, unsigned int nr, struct table_pages *stock);
void shadow_zap_page(struct shadow *s, struct shadow_page *page);

void shadow_set_leaf(struct shadow *s, struct shadow_page *page, unsigned int index,
		     u64 entry, u64 gentry);
void shadow_set_table(struct shadow *s, struct shadow_page *page, unsigned int index,
		      struct shadow_page *child, u64 gentry);
void shadow_drop(struct shadow *s, struct shadow_page *page, unsigned int index);

void shadow_unsync(struct shadow *s, struct shadow_page *page);
bool shadow_is_synced_table(struct shadow *s, u64 gfn);
void shadow_flush_cpus(struct shadow *s);

#endif /* KEEL_SHADOW_PAGE_H */
