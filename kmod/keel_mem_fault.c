// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory on demand, and what the host does to it meanwhile.
 *
 * A fault reads the VMM's page tables and copies what it finds into the guest's
 * translations.  No page is pinned and no reference is taken.  Why a guest never
 * reaches a page that the host has taken away:
 *
 * - Before the host takes a page or a permission away it calls
 *   invalidate_range_start(), and after it has, invalidate_range_end().  The
 *   first unmaps the range and makes all CPUs flush, and until the second no
 *   fault maps anything in that range.
 * - A fault notes @seq, looks up the slot, walks the VMM's tables, all without
 *   a lock, and then, under @lock, maps the page if no invalidation of it is under
 *   way and @seq is still the same.  So the walk saw the tables between
 *   invalidations, and whatever begins later finds the mapping.
 * - A change of slots raises @seq, so that a fault under way does not map what a
 *   slot was before.
 * - Each mapping lies in a slot of @slots; one that is being unmapped stays
 *   there, marked dying, until nothing of it is mapped.
 * - Who finds nothing to unmap must not return while somebody else who did has
 *   not flushed yet: CPUs may still hold the translation.  So @gen is raised in
 *   the critical section that unlinks, and each critical section that takes
 *   away ends in keel_mem_unlock_and_flush(), which flushes if @flushed is not
 *   @gen, whoever raised it.
 * - Table pages are freed after that flush, by who unlinked them.
 *
 * Nothing is lost, either: a page becomes writable for the guest only where the
 * host's entry is writable and dirty already.  The host moves that dirty flag to
 * the page when it unmaps or cleans it, and tells the notifier first.
 *
 * A read does not break copy-on-write: a guest that scans its memory would
 * otherwise allocate all of it and undo page sharing.  The price is a second
 * exit where it then writes.
 */
#include "keel_mem.h"

#include <linux/mm.h>
#include <linux/sched.h>

#include "host_walk.h"
#include "keel_dirty.h"
#include "keel_user.h"

/* Table pages to have in stock after sleeping, KEEL_MMU_MAP_PAGES or more. */
#define STOCK_PAGES	16
/* How often to repeat a look-up that raced before signals are looked at. */
#define FAULT_TRIES	4

/**
 * keel_mem_uncharge - table pages are given back, or are about to be
 * @mem: whose
 * @tables: how many of those that keel_mem_top_up() got
 */
void keel_mem_uncharge(struct keel_mem *mem, unsigned long tables)
{
	atomic_long_sub(tables, &mem->charged);
	keel_user_uncharge(mem->user, tables);
}

/** keel_mem_raise_gen - CPUs may hold what is gone now; &keel_mem.lock held */
void keel_mem_raise_gen(struct keel_mem *mem)
{
	WRITE_ONCE(mem->gen, mem->gen + 1);
}

/**
 * keel_mem_unlock_and_flush - end a critical section that took something away
 * @mem: guest memory; &keel_mem.lock held, released on return
 * @dead: table pages that it unlinked; freed
 *
 * On return no CPU holds a translation that was gone when the lock was released.
 */
void keel_mem_unlock_and_flush(struct keel_mem *mem, struct table_pages *dead)
	__releases(&mem->lock)
{
	u64 gen = mem->gen;
	bool flush = mem->flushed != gen;

	spin_unlock(&mem->lock);
	if (flush) {
		smp_mb();	/* @gen before who is in the guest; see keel_mem_ops */
		mem->ops->flush(mem);
		spin_lock(&mem->lock);
		if (mem->flushed < gen)
			mem->flushed = gen;
		spin_unlock(&mem->lock);
	}
	if (dead->nr)
		keel_mem_uncharge(mem, dead->nr);
	table_pages_free(dead);
}

/**
 * struct mem_fault - a fault under way
 * @gpa: guest physical address
 * @access: KEEL_ACCESS_*
 * @shadow: the guest's translation, for shadow paging
 * @seq: &keel_mem.seq before everything else was looked at
 * @slot: copy of the slot
 * @hva: user address behind @gpa
 * @host: what is there
 */
struct mem_fault {
	u64 gpa;
	u32 access;
	struct shadow_fault *shadow;
	unsigned long seq;
	struct keel_slot slot;
	unsigned long hva;
	struct host_page host;
};

static bool look_up(struct keel_mem *mem, struct mem_fault *f)
{
	/* Pairs with the release of who raises it: the slots are not older. */
	f->seq = smp_load_acquire(&mem->seq);
	if (!keel_mem_find(mem, f->gpa, &f->slot))
		return false;
	if ((f->access & KEEL_ACCESS_WRITE) && (f->slot.flags & KEEL_MEMORY_READONLY))
		return false;
	f->hva = f->slot.user_addr + (f->gpa - f->slot.gpa);
	return true;
}

/* The largest page that lies alike in the guest, the VMM, the host and the slot. */
static unsigned int usable_level(const struct keel_mem *mem, const struct mem_fault *f)
{
	unsigned int level = min_t(unsigned int, f->host.level,
				   keel_mmu_max_level(&mem->mmu));

	for (; level > 1; level--) {
		u64 mask = mmu_size(level) - 1;

		if (!((f->gpa ^ f->hva) & mask) && (f->gpa & ~mask) >= f->slot.gpa &&
		    (f->gpa | mask) < f->slot.gpa + f->slot.bytes)
			break;
	}
	return level;
}

/* Map what was found, unless it is outdated. */
static enum keel_mem_fault install(struct keel_mem *mem, const struct mem_fault *f,
				   bool may_flush)
{
	unsigned int level = usable_level(mem, f);
	struct mmu_page page = {
		.gpa = f->gpa,
		.hpa = f->host.hpa,
		.level = level,
		.write = f->host.write && !(f->slot.flags & KEEL_MEMORY_READONLY),
		.access = f->access,
		.shadow = f->shadow,
	};
	unsigned long start = f->hva & ~(mmu_size(level) - 1);
	struct table_pages none = {};
	enum mmu_mapped mapped;

	spin_lock(&mem->lock);
	if (mem->seq != f->seq ||
	    (mem->invalidating && start < mem->inv_end &&
	     start + mmu_size(level) > mem->inv_start)) {
		spin_unlock(&mem->lock);
		return KEEL_MEM_RETRY;
	}
	if (unlikely(f->slot.dirty))
		keel_dirty_map(&f->slot, &page);
	mapped = keel_mmu_map(&mem->mmu, &page, may_flush);
	if (mapped == MMU_MAPPED_FLUSH) {
		keel_mem_raise_gen(mem);
		keel_mem_unlock_and_flush(mem, &none);
		return KEEL_MEM_MAPPED;
	}
	spin_unlock(&mem->lock);
	if (mapped == MMU_MAPPED || mapped == MMU_STALE)
		return KEEL_MEM_MAPPED;
	return mapped == MMU_NO_PAGE ? KEEL_MEM_NOMEM : KEEL_MEM_RETRY;
}

/* Have the host do what it would do if the VMM itself touched the page. */
static enum keel_mem_fault host_fault(struct keel_mem *mem, const struct mem_fault *f)
{
	unsigned int flags = f->access & KEEL_ACCESS_WRITE ? FAULT_FLAG_WRITE : 0;
	bool unlocked = false;	/* it may drop the lock while it waits for I/O */
	int ret;

	if (mmap_read_lock_killable(mem->mm))
		return KEEL_MEM_RETRY;
	ret = fixup_user_fault(mem->mm, f->hva, flags, &unlocked);
	mmap_read_unlock(mem->mm);
	switch (ret) {
	case 0:
		return KEEL_MEM_MAPPED;
	case -EINTR:
		return KEEL_MEM_RETRY;
	case -ENOMEM:
		return KEEL_MEM_NOMEM;
	default:
		return KEEL_MEM_FAULT;
	}
}

/**
 * keel_mem_top_up - fill the stock of table pages
 * @mem: guest memory
 *
 * May sleep.  They are charged to the user until they are freed.  Where there are none to
 * be had, a VM that has shadow pages takes theirs, which can be made again.
 *
 * Return: whether the stock suffices for any one fault afterwards.
 */
bool keel_mem_top_up(struct keel_mem *mem)
{
	struct table_pages *stock = &mem->mmu.stock;
	bool charged = !keel_user_charge(mem->user, STOCK_PAGES);
	struct table_pages fresh = {};
	unsigned long taken;
	void *table;
	bool enough;

	while (charged && fresh.nr < STOCK_PAGES && (table = table_page_alloc()))
		table_pages_push(&fresh, table);
	taken = fresh.nr;

	spin_lock(&mem->lock);
	while (stock->nr < STOCK_PAGES && (table = table_pages_pop(&fresh)))
		table_pages_push(stock, table);
	if (stock->nr < KEEL_MMU_MAP_PAGES)
		keel_mmu_restock(&mem->mmu);
	enough = stock->nr >= KEEL_MMU_MAP_PAGES;
	spin_unlock(&mem->lock);

	taken -= fresh.nr;
	atomic_long_add(taken, &mem->charged);
	if (charged)
		keel_user_uncharge(mem->user, STOCK_PAGES - taken);
	table_pages_free(&fresh);
	return enough;
}

/**
 * keel_mem_fault - give the guest the page that it missed
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: guest physical address of the access
 * @access: KEEL_ACCESS_WRITE and KEEL_ACCESS_EXEC, or 0 for a read
 * @shadow: where the guest runs on shadow page tables: its own translation
 *
 * May sleep.  SDM: "EPT Violations".
 *
 * Return: see enum keel_mem_fault.
 */
enum keel_mem_fault keel_mem_fault(struct keel_mem *mem, u64 gpa, u32 access,
				   struct shadow_fault *shadow)
{
	struct mem_fault f = { .gpa = gpa, .access = access, .shadow = shadow };
	enum keel_mem_fault ret;
	int tries;

	for (tries = 0; tries < FAULT_TRIES; tries++) {
		if (!look_up(mem, &f))
			return KEEL_MEM_MMIO;
		switch (host_walk(mem->mm, f.hva, access & KEEL_ACCESS_WRITE, &f.host)) {
		case HOST_WALK_ODD:
			return KEEL_MEM_FAULT;
		case HOST_WALK_NONE:
			ret = host_fault(mem, &f);
			if (ret != KEEL_MEM_MAPPED)
				return ret;
			continue;
		case HOST_WALK_PAGE:
			break;
		}
		ret = install(mem, &f, true);
		/* Others may be quicker to use up what has come into stock. */
		if (ret == KEEL_MEM_NOMEM && keel_mem_top_up(mem))
			continue;
		if (ret != KEEL_MEM_RETRY)
			return ret;
		cond_resched();
	}
	return KEEL_MEM_RETRY;
}

/**
 * keel_mem_fault_atomic - the same where it takes no sleeping and no flushing
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: guest physical address of the access
 * @access: KEEL_ACCESS_WRITE and KEEL_ACCESS_EXEC, or 0 for a read
 * @shadow: where the guest runs on shadow page tables: its own translation
 *
 * Any context but an interrupt's or an NMI's; preemption may be off.
 *
 * Return: KEEL_MEM_MAPPED; KEEL_MEM_MMIO; KEEL_MEM_RETRY: leave the section in
 * which sleeping is forbidden and call keel_mem_fault().
 */
enum keel_mem_fault keel_mem_fault_atomic(struct keel_mem *mem, u64 gpa, u32 access,
					  struct shadow_fault *shadow)
{
	struct mem_fault f = { .gpa = gpa, .access = access, .shadow = shadow };

	if (!look_up(mem, &f))
		return KEEL_MEM_MMIO;
	if (host_walk(mem->mm, f.hva, access & KEEL_ACCESS_WRITE, &f.host) != HOST_WALK_PAGE)
		return KEEL_MEM_RETRY;
	return install(mem, &f, false) == KEEL_MEM_MAPPED ? KEEL_MEM_MAPPED : KEEL_MEM_RETRY;
}

/**
 * keel_mem_map_own - map a page of the module's
 * @mem: guest memory
 * @gpa: guest physical address of the page, where no slot is; the same each time
 * @hpa: host physical address of the page, which lives as long as @mem
 *
 * For the APIC-access page, of which only the address matters.  Any context but
 * an interrupt's or an NMI's.
 *
 * Return: false where there is no table page in stock.
 */
bool keel_mem_map_own(struct keel_mem *mem, u64 gpa, u64 hpa)
{
	struct mmu_page page = {
		.gpa = gpa, .hpa = hpa, .level = 1, .write = true, .access = KEEL_ACCESS_WRITE,
	};
	enum mmu_mapped mapped;

	spin_lock(&mem->lock);
	mapped = keel_mmu_map(&mem->mmu, &page, false);
	mem->own_gpa = gpa;
	spin_unlock(&mem->lock);
	return mapped == MMU_MAPPED;
}

/**
 * keel_mem_unmap_own - undo keel_mem_map_own()
 * @mem: guest memory; no vCPU runs
 */
void keel_mem_unmap_own(struct keel_mem *mem)
{
	struct table_pages dead = {};
	u64 pos = mem->own_gpa;

	if (!pos)
		return;
	spin_lock(&mem->lock);
	mem->own_gpa = 0;
	if (keel_mmu_zap(&mem->mmu, &pos, pos + PAGE_SIZE, &dead))
		keel_mem_raise_gen(mem);
	keel_mem_unlock_and_flush(mem, &dead);
}

/* The part of @slot that lies in user range [@start, @end), guest physical. */
static bool gpa_range(const struct keel_slot *slot, unsigned long start,
		      unsigned long end, u64 *gpa, u64 *gpa_end)
{
	u64 first = max_t(u64, start, slot->user_addr);
	u64 last = min_t(u64, end, slot->user_addr + slot->bytes);

	if (first >= last)
		return false;
	/* After clamping: @end may be the very last address. */
	*gpa = slot->gpa + ((first & PAGE_MASK) - slot->user_addr);
	*gpa_end = slot->gpa + (PAGE_ALIGN(last) - slot->user_addr);
	return true;
}

static const struct keel_slots *locked_slots(struct keel_mem *mem)
{
	return rcu_dereference_protected(mem->slots, lockdep_is_held(&mem->lock));
}

/* One piece of zap_user(); false when there is more, the lock being due a break. */
static bool zap_piece(struct keel_mem *mem, unsigned long start, unsigned long end,
		      struct table_pages *dead)
{
	const struct keel_slots *slots = locked_slots(mem);
	unsigned int i;
	u64 pos, stop;

	for (i = 0; i < slots->nr; i++) {
		if (!gpa_range(&slots->slot[i], start, end, &pos, &stop))
			continue;
		if (keel_mmu_zap(&mem->mmu, &pos, stop, dead))
			keel_mem_raise_gen(mem);
		if (pos < stop)
			return false;
	}
	return true;
}

/*
 * Unmap a user range from the guest.  @lock is held, but dropped now and then:
 * others want it.  Slots may change meanwhile, so each piece begins anew; what
 * is unmapped already costs it next to nothing, because its tables are gone.
 */
static void zap_user(struct keel_mem *mem, unsigned long start, unsigned long end,
		     bool may_sleep, struct table_pages *dead)
	__must_hold(&mem->lock)
{
	while (!zap_piece(mem, start, end, dead)) {
		spin_unlock(&mem->lock);
		if (may_sleep)
			cond_resched();
		else
			cpu_relax();
		spin_lock(&mem->lock);
	}
}

/* From here on no fault maps anything in the range. */
static void begin_invalidation(struct keel_mem *mem, unsigned long start, unsigned long end)
{
	/* One range for all that are under way: more retries, never fewer. */
	if (!mem->invalidating++) {
		mem->inv_start = start;
		mem->inv_end = end;
		return;
	}
	mem->inv_start = min(mem->inv_start, start);
	mem->inv_end = max(mem->inv_end, end);
}

static struct keel_mem *mem_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct keel_mem, notifier);
}

static int invalidate_start(struct mmu_notifier *notifier,
			    const struct mmu_notifier_range *range)
{
	struct keel_mem *mem = mem_of(notifier);
	struct table_pages dead = {};

	spin_lock(&mem->lock);
	begin_invalidation(mem, range->start, range->end);
	zap_user(mem, range->start, range->end,
		 mmu_notifier_range_blockable(range), &dead);
	keel_mem_unlock_and_flush(mem, &dead);
	return 0;
}

static void invalidate_end(struct mmu_notifier *notifier,
			   const struct mmu_notifier_range *range)
{
	struct keel_mem *mem = mem_of(notifier);

	spin_lock(&mem->lock);
	/* Pairs with look_up(): who sees it sees what the host changed before. */
	smp_store_release(&mem->seq, mem->seq + 1);
	if (!WARN_ON_ONCE(!mem->invalidating))
		mem->invalidating--;
	spin_unlock(&mem->lock);
}

/* The address space dies, or keel_mem_free() is at work: an invalidation for good. */
static void release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct keel_mem *mem = mem_of(notifier);
	struct table_pages dead = {};

	spin_lock(&mem->lock);
	begin_invalidation(mem, 0, ULONG_MAX);
	zap_user(mem, 0, ULONG_MAX, true, &dead);
	keel_mem_unlock_and_flush(mem, &dead);
}

static bool young(struct keel_mem *mem, unsigned long start, unsigned long end, bool clear)
{
	const struct keel_slots *slots = locked_slots(mem);
	bool found = false;
	unsigned int i;
	u64 pos, stop;

	for (i = 0; i < slots->nr; i++)
		if (gpa_range(&slots->slot[i], start, end, &pos, &stop))
			found |= keel_mmu_young(&mem->mmu, pos, stop, clear);
	return found;
}

/* Those three may be called under the host's page-table lock: no sleeping. */
static int clear_flush_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			     unsigned long start, unsigned long end)
{
	struct keel_mem *mem = mem_of(notifier);
	struct table_pages dead = {};
	bool ret;

	spin_lock(&mem->lock);
	ret = young(mem, start, end, true);
	/* Without accessed flags the next fault tells of the next use. */
	if (!keel_mmu_has_young(&mem->mmu))
		zap_user(mem, start, end, false, &dead);
	keel_mem_unlock_and_flush(mem, &dead);
	return ret;
}

static int clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
		       unsigned long start, unsigned long end)
{
	struct keel_mem *mem = mem_of(notifier);
	bool ret;

	spin_lock(&mem->lock);
	ret = young(mem, start, end, true);
	spin_unlock(&mem->lock);
	return ret;
}

static int test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
		      unsigned long address)
{
	struct keel_mem *mem = mem_of(notifier);
	bool ret;

	spin_lock(&mem->lock);
	ret = young(mem, address, address + 1, false);
	spin_unlock(&mem->lock);
	return ret;
}

const struct mmu_notifier_ops keel_mem_notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.release = release,
	.clear_flush_young = clear_flush_young,
	.clear_young = clear_young,
	.test_young = test_young,
};
