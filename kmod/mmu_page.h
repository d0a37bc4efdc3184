/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page on its way from guest memory (keel_mem_fault.c) into the translations
 * of a paging mode (ept.c, shadow.c), and what became of it.
 */
#ifndef KEEL_MMU_PAGE_H
#define KEEL_MMU_PAGE_H

#include <linux/types.h>

struct shadow_fault;

/**
 * struct mmu_page - a page to map
 * @gpa: guest physical address of the access
 * @hpa: host physical address that it is to reach
 * @level: largest leaf that may map it.  The aligned range of that size around
 *	@gpa must lie at @hpa in the same way.
 * @write: whether the guest may write
 * @access: KEEL_ACCESS_* that the guest tried
 * @shadow: the guest's own translation, for shadow paging; NULL: for EPT
 */
struct mmu_page {
	u64 gpa;
	u64 hpa;
	u8 level;
	bool write;
	u32 access;
	struct shadow_fault *shadow;
};

/**
 * enum mmu_mapped - what became of it
 * @MMU_MAPPED: the translation is there; no CPU can hold another one that
 *	allows more or leads elsewhere
 * @MMU_MAPPED_FLUSH: it is there; CPUs must flush
 * @MMU_WOULD_FLUSH: not done, because that would call for a flush
 * @MMU_NO_PAGE: not done, the stock of table pages is empty
 * @MMU_STALE: not done, the guest has changed its page tables meanwhile
 */
enum mmu_mapped {
	MMU_MAPPED,
	MMU_MAPPED_FLUSH,
	MMU_WOULD_FLUSH,
	MMU_NO_PAGE,
	MMU_STALE,
};

/* Bytes that a leaf of @level maps: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB. */
static inline u64 mmu_size(unsigned int level)
{
	return 1ULL << (12 + 9 * (level - 1));
}

#endif /* KEEL_MMU_PAGE_H */
