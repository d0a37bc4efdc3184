// SPDX-License-Identifier: GPL-2.0
/*
 * Shadow pages give way where the host is short of memory: they can be made again
 * from the guest's tables.
 *
 * Order of locks: &vms_lock, then &keel_mem.lock.  Nobody allocates under either.
 */
#include "shadow_shrink.h"

#include <linux/list.h>
#include <linux/mutex.h>

#include "host.h"
#include "keel_mem.h"

static DEFINE_MUTEX(vms_lock);	/* vms, and that those in it stay */
static LIST_HEAD(vms);

/**
 * shadow_shrink_add - let a VM's shadow pages give way
 * @mem: its memory, with shadow page tables
 */
void shadow_shrink_add(struct keel_mem *mem)
{
	mutex_lock(&vms_lock);
	list_add(&mem->mmu.shadow.vms, &vms);
	mutex_unlock(&vms_lock);
}

/**
 * shadow_shrink_remove - undo shadow_shrink_add(); may sleep
 * @mem: guest memory; need not have been added
 */
void shadow_shrink_remove(struct keel_mem *mem)
{
	struct list_head *entry = &mem->mmu.shadow.vms;

	/* Zeros: its shadow paging was not made, or not to the end. */
	if (!entry->next)
		return;
	mutex_lock(&vms_lock);
	list_del(entry);
	mutex_unlock(&vms_lock);
}

/* Without the lock: a rough number is enough. */
static unsigned long count(void)
{
	struct keel_mem *mem;
	unsigned long nr = 0;

	if (!mutex_trylock(&vms_lock))
		return 0;
	list_for_each_entry(mem, &vms, mmu.shadow.vms)
		nr += READ_ONCE(mem->mmu.shadow.nr) + READ_ONCE(mem->mmu.shadow.nr_free);
	mutex_unlock(&vms_lock);
	return nr * SHADOW_PAGE_PARTS;
}

static unsigned long scan(unsigned long nr)
{
	struct table_pages freed = {};
	struct keel_mem *mem;
	unsigned long pages;

	/* Who holds it may be waiting for this memory. */
	if (!mutex_trylock(&vms_lock))
		return 0;
	list_for_each_entry(mem, &vms, mmu.shadow.vms) {
		pages = freed.nr;
		spin_lock(&mem->lock);
		shadow_give_back(&mem->mmu.shadow,
				 DIV_ROUND_UP(nr - freed.nr, SHADOW_PAGE_PARTS), &freed);
		spin_unlock(&mem->lock);
		keel_mem_uncharge(mem, freed.nr - pages);
		if (freed.nr >= nr)
			break;
	}
	/* Another VM is the first to give next time. */
	list_rotate_left(&vms);
	mutex_unlock(&vms_lock);
	pages = freed.nr;
	table_pages_free(&freed);
	return pages;
}

static const struct host_shrinker_ops ops = { .count = count, .scan = scan };

/** shadow_shrink_init - when the module is loaded; returns 0 or -ENOMEM */
int shadow_shrink_init(void)
{
	return host_shrinker_register(&ops);
}

/** shadow_shrink_exit - undo shadow_shrink_init() */
void shadow_shrink_exit(void)
{
	host_shrinker_unregister();
}
