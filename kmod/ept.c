// SPDX-License-Identifier: GPL-2.0
/*
 * Extended page tables.  See ept.h for the rules; ept_map() is the hot path.
 *
 * Invariants, which the unit tests check by walking as the CPU does:
 *
 * - An entry is 0 or readable.  (Writable without readable is an EPT
 *   misconfiguration, and a present entry may not have reserved bits.)
 * - The private word of each table page but the root is the number of its
 *   entries that are not 0, and it is not 0: the last one to go takes the table
 *   with it.  So zapping leaves no empty tables behind that would keep large
 *   pages away, and skipping an empty range is skipping one entry.
 * - A table that is in the tree is never replaced by a leaf.
 * - A leaf's frame changes only through ept_map() with a new frame.
 *
 * SDM: "EPT Translation Mechanism", "EPT Misconfigurations", "Accessed and Dirty
 * Flags for EPT".
 */
#include "ept.h"

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <asm/msr-index.h>	/* the memory types that newer kernels have there */
#include <asm/vmx.h>

#define EPT_LEVELS	4
#define EPT_ENTRIES	512
#define EPT_LARGE	BIT_ULL(7)
#define EPT_FRAME	GENMASK_ULL(51, 12)

/*
 * RAM is write-back whatever the guest's PAT says: the host maps it so, and two
 * memory types for one page would lose coherence.
 */
#define EPT_LEAF	(VMX_EPT_READABLE_MASK | VMX_EPT_IPAT_BIT | \
			 (VMX_EPTP_MT_WB << VMX_EPT_MT_EPTE_SHIFT))
/* Permissions are the leaves' affair. */
#define EPT_TABLE	VMX_EPT_RWX_MASK

static unsigned int index_of(u64 gpa, unsigned int level)
{
	return (gpa >> (12 + 9 * (level - 1))) & (EPT_ENTRIES - 1);
}

static u64 round_down_to(u64 address, unsigned int level)
{
	return address & ~(mmu_size(level) - 1);
}

static bool is_table(u64 entry, unsigned int level)
{
	return entry && level > 1 && !(entry & EPT_LARGE);
}

static bool is_leaf(u64 entry, unsigned int level)
{
	return entry && !is_table(entry, level);
}

static u64 *table_of(u64 entry)
{
	return __va(entry & EPT_FRAME);
}

static u64 *page_of(u64 *entry)
{
	return (u64 *)((unsigned long)entry & ~(EPT_ENTRIES * sizeof(u64) - 1));
}

static void count(u64 *entry, long change)
{
	struct page *page = virt_to_page(page_of(entry));

	set_page_private(page, page_private(page) + change);
}

/**
 * struct ept_path - the way down to an address
 * @entry: by level: the entry looked at, from the root's down to @level's
 * @level: of the last one, which is a leaf or 0
 * @value: of the last one
 */
struct ept_path {
	u64 *entry[EPT_LEVELS + 1];
	unsigned int level;
	u64 value;
};

/* Down to the leaf or hole at @gpa, but not below @lowest. */
static void descend(const struct ept *ept, u64 gpa, unsigned int lowest,
		    struct ept_path *path)
{
	u64 *table = ept->root;
	unsigned int level = EPT_LEVELS;

	for (;;) {
		u64 *entry = &table[index_of(gpa, level)];
		u64 value = READ_ONCE(*entry);

		path->entry[level] = entry;
		path->level = level;
		path->value = value;
		if (level == lowest || !is_table(value, level))
			return;
		table = table_of(value);
		level--;
	}
}

/**
 * ept_init - make an empty tree
 * @ept: zeroed
 * @caps: of all CPUs; KEEL_FEATURE_EPT holds for them
 * @nx_large: make no executable leaf above 4 KiB, for CPUs where a guest that
 *	executes from both sizes can stop the machine (ITLB multihit)
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM.
 */
int ept_init(struct ept *ept, const struct keel_vmx_msrs *caps, bool nx_large)
{
	u64 cap = caps->ept_vpid_cap;

	ept->root = table_page_alloc();
	if (!ept->root)
		return -ENOMEM;
	ept->max_level = 1;
	if (cap & VMX_EPT_2MB_PAGE_BIT)
		ept->max_level = cap & VMX_EPT_1GB_PAGE_BIT ? 3 : 2;
	ept->ad = cap & VMX_EPT_AD_BIT;
	ept->nx_large = nx_large;
	ept->eptp = __pa(ept->root) | VMX_EPTP_PWL_4 | VMX_EPTP_MT_WB |
		    (ept->ad ? VMX_EPTP_AD_ENABLE_BIT : 0);
	return 0;
}

/**
 * ept_free - free what is left of a tree
 * @ept: the tree, or zeros; no CPU uses it, and it was zapped from end to end
 */
void ept_free(struct ept *ept)
{
	WARN_ON_ONCE(ept->tables);
	if (ept->root)
		table_page_free(ept->root);
	*ept = (struct ept){};
}

static u64 leaf_value(const struct ept *ept, const struct mmu_page *page,
		      unsigned int level)
{
	u64 value = round_down_to(page->hpa, level) | EPT_LEAF;

	if (level > 1)
		value |= EPT_LARGE;
	if (level == 1 || !ept->nx_large)
		value |= VMX_EPT_EXECUTABLE_MASK;
	if (page->write)
		value |= VMX_EPT_WRITABLE_MASK;
	/* The guest is about to do just that: spare the CPU the update. */
	if (ept->ad)
		value |= VMX_EPT_ACCESS_BIT;
	if (ept->ad && page->write && (page->access & KEEL_ACCESS_WRITE))
		value |= VMX_EPT_DIRTY_BIT;
	return value;
}

static bool allows(u64 leaf, u32 access)
{
	if ((access & KEEL_ACCESS_WRITE) && !(leaf & VMX_EPT_WRITABLE_MASK))
		return false;
	return !(access & KEEL_ACCESS_EXEC) || (leaf & VMX_EPT_EXECUTABLE_MASK);
}

/* Put leaf @value into @entry; 0 and leaves may be there. */
static enum mmu_mapped set_leaf(u64 *entry, u64 value, bool may_flush)
{
	u64 old = READ_ONCE(*entry), new;

	do {
		new = value;
		if (old && !((old ^ value) & EPT_FRAME))
			/* A racing fault may have got more; keep it. */
			new |= old;
		else if (old && !may_flush)
			return MMU_WOULD_FLUSH;
		if (new == old)
			return MMU_MAPPED;
	} while (!try_cmpxchg64(entry, &old, new));

	if (!old)
		count(entry, 1);
	return old && ((old ^ new) & EPT_FRAME) ? MMU_MAPPED_FLUSH : MMU_MAPPED;
}

/* Put an empty table into @entry.  @stock has a page. */
static u64 *add_table(struct ept *ept, u64 *entry, struct table_pages *stock)
{
	u64 *table = table_pages_pop(stock);

	count(entry, 1);
	ept->tables++;
	/* Zeroed before: the CPU may walk it as soon as it is linked. */
	smp_store_release(entry, __pa(table) | EPT_TABLE);
	return table;
}

/* Let @table map by smaller leaves what @leaf does at @level. */
static void fill(u64 *table, u64 leaf, unsigned int level)
{
	unsigned int i;

	if (level == 2)
		leaf = (leaf & ~EPT_LARGE) | VMX_EPT_EXECUTABLE_MASK;
	for (i = 0; i < EPT_ENTRIES; i++)
		table[i] = leaf + i * mmu_size(level - 1);
}

/*
 * Put a table into the empty @entry that maps all of what @leaf would.  Where a
 * large page must not be executable, its neighbours are code, too, more often than
 * not, and each of them would cost an exit.  @stock has a page.
 */
static u64 *add_full_table(struct ept *ept, u64 *entry, u64 leaf, unsigned int level,
			   struct table_pages *stock)
{
	u64 *table = table_pages_pop(stock);

	/* Nobody has touched the others yet. */
	fill(table, leaf & ~(VMX_EPT_ACCESS_BIT | VMX_EPT_DIRTY_BIT), level);
	set_page_private(virt_to_page(table), EPT_ENTRIES);
	count(entry, 1);
	ept->tables++;
	/* Filled before: the CPU may walk it as soon as it is linked. */
	smp_store_release(entry, __pa(table) | EPT_TABLE);
	return table;
}

/* Replace the leaf in @entry by a table that says the same.  @stock has a page. */
static u64 *split(struct ept *ept, u64 *entry, unsigned int level,
		  struct table_pages *stock)
{
	u64 *table = table_pages_pop(stock);
	u64 old = READ_ONCE(*entry);

	do {
		fill(table, old, level);
	} while (!try_cmpxchg64(entry, &old, __pa(table) | EPT_TABLE));
	set_page_private(virt_to_page(table), EPT_ENTRIES);
	ept->tables++;
	return table;
}

/**
 * ept_map - map a page, or allow more of one that is mapped
 * @ept: the tree
 * @page: what to map
 * @stock: where table pages come from; at most EPT_MAP_PAGES are used
 * @may_flush: whether the caller can make CPUs flush
 *
 * Never takes away what a mapping of the same frame allows.  Where smaller
 * pages are mapped already, maps a smaller one than asked for; where a larger
 * one is in the way, splits it.
 *
 * Return: see enum mmu_mapped.  In each case the tree is in order.
 */
enum mmu_mapped ept_map(struct ept *ept, const struct mmu_page *page,
			struct table_pages *stock, bool may_flush)
{
	unsigned int lowest = page->level, level = EPT_LEVELS;
	enum mmu_mapped done = MMU_MAPPED, ret;
	u64 *table = ept->root;

	if (lowest > ept->max_level)
		lowest = ept->max_level;
	if (ept->nx_large && (page->access & KEEL_ACCESS_EXEC))
		lowest = 1;

	for (;; level--) {
		u64 *entry = &table[index_of(page->gpa, level)];
		u64 value = READ_ONCE(*entry);

		if (level <= lowest && !is_table(value, level)) {
			ret = set_leaf(entry, leaf_value(ept, page, level), may_flush);
			return ret == MMU_MAPPED ? done : ret;
		}
		if (is_table(value, level)) {
			table = table_of(value);
			continue;
		}
		if (value) {
			u64 frame = (value & EPT_FRAME) +
				(page->gpa & (mmu_size(level) - 1));

			if (allows(value, page->access) &&
			    round_down_to(frame, 1) == round_down_to(page->hpa, 1))
				return done;
			if (!may_flush)
				return MMU_WOULD_FLUSH;
		}
		/* All that are needed or none: an empty table must not stay. */
		if (stock->nr < level - lowest)
			return MMU_NO_PAGE;
		if (value) {
			table = split(ept, entry, level, stock);
			done = MMU_MAPPED_FLUSH;
		} else if (ept->nx_large && level == 2 && page->level >= 2) {
			table = add_full_table(ept, entry, leaf_value(ept, page, level), level,
					       stock);
		} else {
			table = add_table(ept, entry, stock);
		}
	}
}

/* Take the entry at @level of @path out, and each table that it leaves empty. */
static void unlink(struct ept *ept, struct ept_path *path, unsigned int level,
		   struct table_pages *dead)
{
	for (;; level++) {
		u64 *entry = path->entry[level];
		u64 value = READ_ONCE(*entry);
		u64 *table = page_of(entry);

		WRITE_ONCE(*entry, 0);
		count(entry, -1);
		if (is_table(value, level)) {
			table_pages_push(dead, table_of(value));
			ept->tables--;
		}
		if (table == ept->root || page_private(virt_to_page(table)))
			return;
	}
}

/*
 * Zap [@pos, @end) within the 2 MiB that the page table below @path covers.
 * Where that is all of it, the table goes with its entries in it: nobody reads
 * them any more but CPUs that have not flushed yet.
 */
static bool zap_table(struct ept *ept, struct ept_path *path, u64 pos, u64 end,
		      struct table_pages *dead)
{
	u64 *table = table_of(path->value);
	bool found = false;

	if (end - pos == mmu_size(2)) {
		unlink(ept, path, 2, dead);
		return true;
	}
	for (; pos < end; pos += mmu_size(1)) {
		path->entry[1] = &table[index_of(pos, 1)];
		if (!READ_ONCE(*path->entry[1]))
			continue;
		found = true;
		/* Takes the table out only with its last entry. */
		unlink(ept, path, 1, dead);
		if (!READ_ONCE(*path->entry[2]))
			break;
	}
	return found;
}

/**
 * ept_zap - unmap a range
 * @ept: the tree
 * @pos: where to begin, a multiple of 4 KiB; set to where to go on
 * @end: where to stop; done when *@pos has got there
 * @budget: how many leaves above 4 KiB and page tables to take out at most
 * @dead: gets the table pages, to be freed after all CPUs have flushed
 *
 * A large page that is only partly in the range goes as a whole: the guest
 * takes another fault.
 *
 * Return: whether anything was mapped, so that CPUs must flush.
 */
bool ept_zap(struct ept *ept, u64 *pos, u64 end, unsigned int budget,
	     struct table_pages *dead)
{
	struct ept_path path;
	bool found = false;

	while (*pos < end && budget) {
		u64 next;

		descend(ept, *pos, 2, &path);
		next = round_down_to(*pos, path.level) + mmu_size(path.level);
		if (path.value) {
			budget--;
			if (is_leaf(path.value, path.level)) {
				unlink(ept, &path, path.level, dead);
				found = true;
			} else {
				found |= zap_table(ept, &path, *pos,
						   next < end ? next : end, dead);
			}
		}
		*pos = next < end ? next : end;
	}
	return found;
}

/* Clear @bit in a leaf; the CPU may set others meanwhile. */
static bool clear_bit_of(u64 *entry, u64 bit)
{
	u64 old = READ_ONCE(*entry);

	do {
		if (!(old & bit))
			return false;
	} while (!try_cmpxchg64(entry, &old, old & ~bit));
	return true;
}

/**
 * ept_protect - make a range read-only
 * @ept: the tree
 * @pos: where to begin, a multiple of 4 KiB; set to where to go on
 * @end: where to stop; done when *@pos has got there
 * @budget: how many leaves above 4 KiB and page tables to visit at most
 *
 * A large page that is only partly in the range becomes read-only as a whole; ept_map()
 * splits it where a smaller page of it becomes writable.
 *
 * Return: whether anything was writable, so that CPUs must flush.
 */
bool ept_protect(struct ept *ept, u64 *pos, u64 end, unsigned int budget)
{
	struct ept_path path;
	bool found = false;

	while (*pos < end && budget) {
		u64 next, p;

		descend(ept, *pos, 2, &path);
		next = round_down_to(*pos, path.level) + mmu_size(path.level);
		if (next > end)
			next = end;
		if (path.value)
			budget--;
		if (is_leaf(path.value, path.level))
			found |= clear_bit_of(path.entry[path.level],
					      VMX_EPT_WRITABLE_MASK);
		else if (path.value)
			for (p = *pos; p < next; p += mmu_size(1))
				found |= clear_bit_of(&table_of(path.value)[index_of(p, 1)],
						      VMX_EPT_WRITABLE_MASK);
		*pos = next;
	}
	return found;
}

/**
 * ept_young - whether the guest has used a range
 * @ept: the tree
 * @start: first guest physical address
 * @end: last one plus 1
 * @clear: begin anew
 *
 * Where the CPU keeps no accessed flags, what is mapped counts as used, and
 * @clear has no effect: unmap it instead.  CPUs that hold the translation may not
 * set the flag again before they flush; that makes a used page look idle at
 * worst for a while, and is what the kernel does with its own page tables.
 *
 * Return: true if any page of it was used.
 */
bool ept_young(struct ept *ept, u64 start, u64 end, bool clear)
{
	struct ept_path path;
	bool young = false;
	u64 pos;

	for (pos = start; pos < end;
	     pos = round_down_to(pos, path.level) + mmu_size(path.level)) {
		descend(ept, pos, 1, &path);
		if (!path.value)
			continue;
		if (!ept->ad)
			young = true;
		else if (clear)
			young |= clear_bit_of(path.entry[path.level], VMX_EPT_ACCESS_BIT);
		else
			young |= !!(path.value & VMX_EPT_ACCESS_BIT);
		if (young && !clear)
			break;
	}
	return young;
}
