/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dirty log of a memory slot: which of its pages the guest, or the module on
 * its behalf, has written to since they were last asked for.
 *
 * keel_dirty.c says why no write is lost.
 */
#ifndef KEEL_DIRTY_H
#define KEEL_DIRTY_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/keel.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "keel_mem.h"

/**
 * struct keel_dirty - the log of one slot
 * @nr_words: words of @bits that the log itself takes; [C]
 * @bits: a page each, atomic; behind them as many for a reader, which has
 *	&keel_mem.set_lock
 */
struct keel_dirty {
	unsigned long nr_words;
	unsigned long bits[];
};

struct keel_dirty *keel_dirty_alloc(struct keel_user *user, u64 bytes);
void keel_dirty_free(struct keel_user *user, struct keel_dirty *dirty);
long keel_dirty_get(struct keel_mem *mem, const struct keel_dirty_log *args);
void keel_dirty_mark(struct keel_mem *mem, u64 gpa);

/**
 * keel_dirty_map - make a page that a fault is about to map fit for its slot's log
 * @slot: it logs; looked up before, and no change of slots meanwhile
 * @page: the page; &keel_mem.lock is held until it is mapped
 */
static inline void keel_dirty_map(const struct keel_slot *slot, struct mmu_page *page)
{
	page->level = 1;
	if (!(page->access & KEEL_ACCESS_WRITE))
		page->write = false;
	/* Before it is mapped: the guest does not wait for the lock. */
	if (page->write)
		set_bit((page->gpa - slot->gpa) >> PAGE_SHIFT, slot->dirty->bits);
}

/**
 * keel_mem_mark_dirty - log that the module has written to guest memory
 * @mem: guest memory
 * @gpa: guest physical address in the page, which nothing need be behind
 *
 * After the write.  Any context but an NMI's.
 */
static inline void keel_mem_mark_dirty(struct keel_mem *mem, u64 gpa)
{
	/* The write before all that follows; see keel_dirty.c. */
	smp_mb();
	if (unlikely(READ_ONCE(mem->logging)))
		keel_dirty_mark(mem, gpa);
}

#endif /* KEEL_DIRTY_H */
