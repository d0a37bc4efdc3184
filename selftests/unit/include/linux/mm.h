/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for the kernel's header of that name.  A page's struct page is right
 * behind it, see the test's get_zeroed_page().  Physical addresses differ from
 * virtual ones, so that nobody confuses them.
 */
#ifndef UNIT_LINUX_MM_H
#define UNIT_LINUX_MM_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/types.h>

#define UNIT_PHYS	BIT_ULL(50)
#define __pa(p)		((u64)(p) | UNIT_PHYS)
#define __va(pa)	((void *)((pa) & ~UNIT_PHYS))

struct page {
	unsigned long private;
};

static inline struct page *virt_to_page(const void *p)
{
	return (struct page *)(((unsigned long)p & ~4095UL) + 4096);
}

static inline unsigned long page_private(const struct page *page)
{
	return page->private;
}

static inline void set_page_private(struct page *page, unsigned long private)
{
	page->private = private;
}

#endif
