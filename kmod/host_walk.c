// SPDX-License-Identifier: GPL-2.0
/*
 * Walk the host's page tables for a user address.
 *
 * With interrupts off, as the kernel's own lockless walks do it: table pages
 * are freed only after an IPI to, or an RCU grace period of, each CPU that uses
 * the mm.  So the walk reads no freed table; but what it read may be outdated
 * when it returns.  The caller finds that out by the sequence number of its MMU
 * notifier, see keel_mem_fault.c.
 *
 * No reference on the page is taken for the same reason: as long as no
 * invalidation has begun since before the walk, the host's entry is still there
 * and holds one.
 */
#include "host_walk.h"

#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

/*
 * Entries above 4 KiB are marked special, for memory without struct page,
 * by newer kernels alone; older ones never set the bit there.
 */
static enum host_walk large_page(struct host_page *page, unsigned long addr,
				 u64 pfn, unsigned int level, unsigned long flags,
				 bool permitted)
{
	u64 size = level == 2 ? PMD_SIZE : PUD_SIZE;

	if (!permitted)
		return HOST_WALK_NONE;
	if (flags & (_PAGE_SPECIAL | _PAGE_LARGE_CACHE_MASK))
		return HOST_WALK_ODD;
	page->hpa = (pfn << PAGE_SHIFT) + (addr & (size - 1) & PAGE_MASK);
	page->level = level;
	return HOST_WALK_PAGE;
}

static enum host_walk small_page(struct host_page *page, pte_t pte, bool write)
{
	if (!pte_access_permitted(pte, write))
		return HOST_WALK_NONE;
	if (pte_flags(pte) & _PAGE_CACHE_MASK)
		return HOST_WALK_ODD;
	/* The page of zeros is special, too, and fine to read. */
	if (pte_special(pte) && pte_pfn(pte) != page_to_pfn(ZERO_PAGE(0)))
		return HOST_WALK_ODD;
	page->hpa = (u64)pte_pfn(pte) << PAGE_SHIFT;
	page->level = 1;
	page->write = pte_access_permitted(pte, true) && pte_dirty(pte);
	return HOST_WALK_PAGE;
}

static enum host_walk walk(struct mm_struct *mm, unsigned long addr, bool write,
			   struct host_page *page)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, addr));
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	if (pgd_none(pgd))
		return HOST_WALK_NONE;
	p4d = READ_ONCE(*p4d_offset(&pgd, addr));
	if (!p4d_present(p4d))
		return HOST_WALK_NONE;
	pud = READ_ONCE(*pud_offset(&p4d, addr));
	if (!pud_present(pud))
		return HOST_WALK_NONE;
	if (pud_leaf(pud)) {
		page->write = pud_access_permitted(pud, true) && pud_dirty(pud);
		return large_page(page, addr, pud_pfn(pud), 3, pud_flags(pud),
				  pud_access_permitted(pud, write));
	}
	pmd = READ_ONCE(*pmd_offset(&pud, addr));
	if (!pmd_present(pmd))
		return HOST_WALK_NONE;
	if (pmd_leaf(pmd)) {
		page->write = pmd_access_permitted(pmd, true) && pmd_dirty(pmd);
		return large_page(page, addr, pmd_pfn(pmd), 2, pmd_flags(pmd),
				  pmd_access_permitted(pmd, write));
	}
	return small_page(page, READ_ONCE(*pte_offset_kernel(&pmd, addr)), write);
}

/**
 * host_walk - look a user address up in the host's page tables
 * @mm: the current task's address space
 * @addr: user address below TASK_SIZE
 * @write: whether it is to be written
 * @page: filled for HOST_WALK_PAGE
 *
 * A page that may be written but is not dirty yet does not serve a write: the
 * host's own page fault sets the dirty flag, and from then on the host keeps the
 * page's contents whoever writes them.
 *
 * Does not sleep.
 *
 * Return: see enum host_walk.
 */
enum host_walk host_walk(struct mm_struct *mm, unsigned long addr, bool write,
			 struct host_page *page)
{
	unsigned long flags;
	enum host_walk ret;

	local_irq_save(flags);
	ret = walk(mm, addr, write, page);
	local_irq_restore(flags);
	if (ret == HOST_WALK_PAGE && write && !page->write)
		ret = HOST_WALK_NONE;
	return ret;
}
