/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of page-table pages, linked without touching what is in them.
 *
 * Two uses: a stock of empty pages, filled where the caller may sleep and used
 * under a spinlock; and the pages that were taken out of a tree but that a CPU
 * may still walk until it has flushed.  For the latter the link must not be in
 * the page: the CPU would take it for an entry.
 *
 * While a page is in a tree, its private word counts its present entries.
 */
#ifndef KEEL_TABLE_PAGES_H
#define KEEL_TABLE_PAGES_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "keel_alloc.h"

/**
 * struct table_pages - a list of page-table pages
 * @first: last pushed, NULL where there is none
 * @nr: how many
 *
 * The lock is the owner's affair.
 */
struct table_pages {
	void *first;
	unsigned long nr;
};

static inline void table_pages_push(struct table_pages *list, void *table)
{
	set_page_private(virt_to_page(table), (unsigned long)list->first);
	list->first = table;
	list->nr++;
}

/* The page's private word is 0 then, a count of no entries. */
static inline void *table_pages_pop(struct table_pages *list)
{
	void *table = list->first;

	if (table) {
		list->first = (void *)page_private(virt_to_page(table));
		set_page_private(virt_to_page(table), 0);
		list->nr--;
	}
	return table;
}

/* One zeroed page, charged to the caller's cgroup; may sleep; NULL: no memory. */
static inline void *table_page_alloc(void)
{
	void *table = keel_alloc(get_zeroed_page(GFP_KERNEL_ACCOUNT));

	if (table)
		set_page_private(virt_to_page(table), 0);
	return table;
}

static inline void table_page_free(void *table)
{
	set_page_private(virt_to_page(table), 0);
	free_page((unsigned long)keel_freed(table));
}

static inline void table_pages_free(struct table_pages *list)
{
	void *table;

	while ((table = table_pages_pop(list)))
		table_page_free(table);
}

#endif /* KEEL_TABLE_PAGES_H */
