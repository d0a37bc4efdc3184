/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One tree of extended page tables: guest physical to host physical addresses.
 *
 * Pure: no VMX instruction, no lock, no look at host memory.  The caller holds
 * one lock around all functions but ept_init(), ept_free() and ept_root(); only
 * the CPU changes entries beside it, and that only to set accessed and dirty
 * flags.  The same code runs in the unit tests.
 *
 * Taking something away is done in three steps, of which this file does the
 * first: change the entries, make all CPUs flush, free the table pages.
 *
 * SDM: "The Extended Page Table Mechanism (EPT)".  Read keel_mmu.h for who
 * calls this.
 */
#ifndef KEEL_EPT_H
#define KEEL_EPT_H

#include <linux/types.h>
#include <linux/keel.h>

#include "table_pages.h"

/* Widest guest physical address that a 4-level tree translates, bits. */
#define EPT_GPA_BITS	48

/* Table pages that one ept_map() can use: one each below the root. */
#define EPT_MAP_PAGES	3

/**
 * struct ept - a tree
 * @root: the PML4 table; NULL where there is no tree; [C]
 * @eptp: value of the VMCS field "EPT pointer"; [C]
 * @max_level: largest leaf: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB; [C]
 * @ad: the CPU sets accessed and dirty flags; [C]
 * @nx_large: leaves above 4 KiB are not executable; [C]
 * @tables: table pages below the root; [L]
 *
 * [C]: constant after ept_init(), [L]: the caller's lock.
 */
struct ept {
	u64 *root;
	u64 eptp;
	u8 max_level;
	bool ad;
	bool nx_large;
	unsigned long tables;
};

/**
 * struct ept_page - a page to map
 * @gpa: guest physical address of the access
 * @hpa: host physical address that it is to reach
 * @level: largest leaf that may map it.  The aligned range of that size around
 *	@gpa must lie at @hpa in the same way.
 * @write: whether the guest may write
 * @access: KEEL_ACCESS_* that the guest tried
 */
struct ept_page {
	u64 gpa;
	u64 hpa;
	u8 level;
	bool write;
	u32 access;
};

/**
 * enum ept_mapped - what ept_map() and ept_split() did
 * @EPT_MAPPED: the translation is there; no CPU can hold another one that
 *	allows more or leads elsewhere
 * @EPT_MAPPED_FLUSH: it is there; CPUs must flush
 * @EPT_WOULD_FLUSH: not done, because that would call for a flush
 * @EPT_NO_PAGE: not done, the stock of table pages is empty
 */
enum ept_mapped {
	EPT_MAPPED,
	EPT_MAPPED_FLUSH,
	EPT_WOULD_FLUSH,
	EPT_NO_PAGE,
};

static inline u64 ept_size(unsigned int level)
{
	return 1ULL << (12 + 9 * (level - 1));
}

int ept_init(struct ept *ept, const struct keel_vmx_msrs *caps, bool nx_large);
void ept_free(struct ept *ept);
enum ept_mapped ept_map(struct ept *ept, const struct ept_page *page,
			struct table_pages *stock, bool may_flush);
enum ept_mapped ept_split(struct ept *ept, u64 gpa, struct table_pages *stock);
bool ept_zap(struct ept *ept, u64 *pos, u64 end, unsigned int budget,
	     struct table_pages *dead);
bool ept_protect(struct ept *ept, u64 *pos, u64 end, unsigned int budget);
bool ept_young(struct ept *ept, u64 start, u64 end, bool clear);

#endif /* KEEL_EPT_H */
