// SPDX-License-Identifier: GPL-2.0
/*
 * The dirty log of a memory slot (KEEL_MEMORY_LOG_DIRTY, KEEL_GET_DIRTY_LOG), by
 * write protection, and so alike in both paging modes.
 *
 * Why no write of the guest is lost.  Under &keel_mem.lock it always holds:
 *
 *	While a slot logs, a page of it that is mapped writable has its bit set.
 *
 * - It holds when KEEL_SET_MEMORY has switched the log on: first the slots are
 *	changed, from when on no fault maps anything by what the slot was before
 *	(&keel_mem.seq), then the whole slot is write-protected.
 * - A fault sets the bit, then maps the page, and nothing but that page: 4 KiB of
 *	it, writable only where the guest writes (keel_dirty_map()).  What is mapped
 *	larger from before is read-only, and split when the guest writes to it.
 * - A reader takes a bit and write-protects its page in one critical section.
 *
 * A CPU may write by a translation that it still holds after the reader took the
 * bit.  So all flush before the caller gets the bits: who then reads the page sees
 * each write that they stand for, and any later one faults and sets the bit anew.
 *
 * The module itself writes by the VMM's mappings, which no protection stops: it
 * marks the page after the write, with a full barrier in between, and by the slots
 * as they are then.  Hence either the reader finds the bit, or it cleared it before
 * it was set and the next one finds it; or the log was switched on after the
 * write.  What the VMM itself writes is not logged: it knows.
 *
 * A log lives as long as the slot logs, and until the last look at the slots that
 * found it is over: a fault's look is void under &keel_mem.lock once the slots have
 * changed, keel_dirty_mark() holds RCU's read lock, and a reader the
 * &keel_mem.set_lock.
 */
#include "keel_dirty.h"

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/math.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "keel_alloc.h"
#include "keel_log.h"
#include "keel_user.h"

/* What the log of a slot takes of the host. */
static unsigned long nr_pages(u64 nr_words)
{
	const struct keel_dirty *dirty;

	return DIV_ROUND_UP(struct_size(dirty, bits, 2 * nr_words), PAGE_SIZE);
}

/**
 * keel_dirty_alloc - make a log in which no page is dirty
 * @user: who is charged for it
 * @bytes: length of the slot
 *
 * May sleep.
 *
 * Return: the log, or an ERR_PTR() of -ENOMEM or -EDQUOT.
 */
struct keel_dirty *keel_dirty_alloc(struct keel_user *user, u64 bytes)
{
	u64 nr_words = DIV_ROUND_UP(bytes >> PAGE_SHIFT, BITS_PER_LONG);
	struct keel_dirty *dirty;
	int ret = keel_user_charge(user, nr_pages(nr_words));

	if (ret)
		return ERR_PTR(ret);
	/* A slot may be larger than any log can be: that is no bug, so no warning. */
	dirty = keel_alloc(kvzalloc(struct_size(dirty, bits, 2 * nr_words),
				    GFP_KERNEL_ACCOUNT | __GFP_NOWARN));
	if (!dirty) {
		keel_user_uncharge(user, nr_pages(nr_words));
		return ERR_PTR(-ENOMEM);
	}
	dirty->nr_words = nr_words;
	return dirty;
}

/**
 * keel_dirty_free - free a log
 * @user: who was charged for it
 * @dirty: the log, or NULL; nobody looks at it any more
 */
void keel_dirty_free(struct keel_user *user, struct keel_dirty *dirty)
{
	if (!dirty)
		return;
	keel_user_uncharge(user, nr_pages(dirty->nr_words));
	kvfree(keel_freed(dirty));
}

/**
 * keel_dirty_mark - keel_mem_mark_dirty() where some slot logs
 * @mem: guest memory
 * @gpa: guest physical address in the page
 */
void keel_dirty_mark(struct keel_mem *mem, u64 gpa)
{
	struct keel_slot slot;

	rcu_read_lock();	/* until the bit is set, not only for the look-up */
	if (keel_mem_find(mem, gpa, &slot) && slot.dirty)
		set_bit((gpa - slot.gpa) >> PAGE_SHIFT, slot.dirty->bits);
	rcu_read_unlock();
}

/* The bits of word @word of a log that are of pages before @end. */
static unsigned long mask_of(u64 word, u64 end)
{
	u64 left = end - word * BITS_PER_LONG;

	return left < BITS_PER_LONG ? (1UL << left) - 1 : ~0UL;
}

static void protect(struct keel_mem *mem, u64 pos, u64 end)
{
	while (pos < end)
		if (keel_mmu_protect(&mem->mmu, &pos, end))
			keel_mem_raise_gen(mem);
}

/* Move a range of the log behind it.  No CPU writes to those pages unlogged then. */
static void take(struct keel_mem *mem, const struct keel_slot *slot, u64 first, u64 end)
{
	unsigned long *bits = slot->dirty->bits, *taken = bits + slot->dirty->nr_words;
	u64 word, last = DIV_ROUND_UP(end, BITS_PER_LONG);
	unsigned int budget = KEEL_MMU_BUDGET;
	struct table_pages none = {};

	spin_lock(&mem->lock);
	for (word = first / BITS_PER_LONG; word < last; word++) {
		u64 gpa = slot->gpa + word * BITS_PER_LONG * PAGE_SIZE;
		unsigned long found = 0;

		if (READ_ONCE(bits[word]))
			found = mask_of(word, end) &
				atomic_long_fetch_andnot(mask_of(word, end),
							 (atomic_long_t *)&bits[word]);
		taken[word] = found;
		/* What lies between two of them is not writable either. */
		if (found)
			protect(mem, gpa + __ffs(found) * PAGE_SIZE,
				gpa + (__fls(found) + 1) * PAGE_SIZE);
		if (--budget)
			continue;
		spin_unlock(&mem->lock);
		cond_resched();
		budget = KEEL_MMU_BUDGET;
		spin_lock(&mem->lock);
	}
	keel_mem_unlock_and_flush(mem, &none);
}

/* The caller did not get them.  That the pages are protected does no harm. */
static void put_back(const struct keel_slot *slot, u64 first, u64 end)
{
	unsigned long *bits = slot->dirty->bits, *taken = bits + slot->dirty->nr_words;
	u64 word, last = DIV_ROUND_UP(end, BITS_PER_LONG);

	for (word = first / BITS_PER_LONG; word < last; word++)
		if (taken[word])
			atomic_long_or(taken[word], (atomic_long_t *)&bits[word]);
}

static long get_locked(struct keel_mem *mem, const struct keel_dirty_log *args)
{
	const struct keel_slots *slots =
		rcu_dereference_protected(mem->slots, lockdep_is_held(&mem->set_lock));
	u64 first = args->first_page, end = first + args->nr_pages, pages;
	const struct keel_slot *slot;
	const unsigned long *taken;
	unsigned int at;

	for (at = 0; at < slots->nr; at++)
		if (slots->slot[at].id == args->slot)
			break;
	if (at == slots->nr)
		return keel_refuse(-ENOENT, "KEEL_GET_DIRTY_LOG: slot %u is empty", args->slot);
	slot = &slots->slot[at];
	if (!slot->dirty)
		return keel_refuse(-ENODATA,
				   "KEEL_GET_DIRTY_LOG: slot %u does not log; set it with KEEL_MEMORY_LOG_DIRTY",
				   args->slot);
	pages = slot->bytes >> PAGE_SHIFT;
	if (!args->nr_pages || first > pages || args->nr_pages > pages - first)
		return keel_refuse(-EINVAL,
				   "KEEL_GET_DIRTY_LOG: slot %u has 0x%llx pages; there are no 0x%llx from 0x%llx on",
				   args->slot, pages, args->nr_pages, first);

	take(mem, slot, first, end);
	taken = slot->dirty->bits + slot->dirty->nr_words + first / BITS_PER_LONG;
	if (!copy_to_user(u64_to_user_ptr(args->bitmap), taken, DIV_ROUND_UP(end - first, 8)))
		return 0;
	put_back(slot, first, end);
	return keel_refuse(-EFAULT, "KEEL_GET_DIRTY_LOG: no writable memory at bitmap 0x%llx",
			   args->bitmap);
}

/**
 * keel_dirty_get - KEEL_GET_DIRTY_LOG
 * @mem: guest memory; the current task's mm is its mm
 * @args: from user space; size and tail are checked
 *
 * May sleep.  vCPUs may run.
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_dirty_get(struct keel_mem *mem, const struct keel_dirty_log *args)
{
	long ret;

	if (args->flags || args->reserved)
		return keel_refuse(-EINVAL,
				   "KEEL_GET_DIRTY_LOG: flags 0x%x are not known, or reserved is not 0",
				   args->flags);
	if (args->first_page % BITS_PER_LONG)
		return keel_refuse(-EINVAL,
				   "KEEL_GET_DIRTY_LOG: slot %u: first_page 0x%llx must be a multiple of 64",
				   args->slot, args->first_page);
	mutex_lock(&mem->set_lock);
	ret = get_locked(mem, args);
	mutex_unlock(&mem->set_lock);
	return ret;
}
