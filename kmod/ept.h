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

#include "mmu_page.h"
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

int ept_init(struct ept *ept, const struct keel_vmx_msrs *caps, bool nx_large);
void ept_free(struct ept *ept);
enum mmu_mapped ept_map(struct ept *ept, const struct mmu_page *page,
			struct table_pages *stock, bool may_flush);
bool ept_zap(struct ept *ept, u64 *pos, u64 end, unsigned int budget,
	     struct table_pages *dead);
bool ept_protect(struct ept *ept, u64 *pos, u64 end, unsigned int budget);
bool ept_young(struct ept *ept, u64 start, u64 end, bool clear);

#endif /* KEEL_EPT_H */
