/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guest memory asks of a paging mode: map, zap, protect, age.  keel_mem.c and
 * keel_mem_fault.c know no more than this.
 *
 * A VM has one of the two modes, or both: a guest on shadow page tables that switches
 * paging off runs on EPT meanwhile, where the CPU has "unrestricted guest".  A page is
 * mapped in the one that asks for it, and taken from both.  These are direct calls: an
 * indirect one would cost a retpoline in the first-touch path.
 *
 * All but init and free are called with &keel_mem.lock held.
 */
#ifndef KEEL_MMU_H
#define KEEL_MMU_H

#include "ept.h"
#include "shadow.h"
#include "table_pages.h"

/* Units of work (ept_zap()) for which the lock may be held in one go. */
#define KEEL_MMU_BUDGET		128

/* Table pages that one keel_mmu_map() can use. */
#define KEEL_MMU_MAP_PAGES	(SHADOW_MAP_PAGES * SHADOW_PAGE_PARTS)

/**
 * struct keel_mmu - the translations of one VM
 * @ept: the EPT tree; its root is NULL where the CPU has no EPT
 * @shadow: the shadow pages; &shadow.max is 0 in a VM without
 * @stock: empty table pages, so that mapping needs no allocation; &keel_mem.lock
 */
struct keel_mmu {
	struct ept ept;
	struct shadow shadow;
	struct table_pages stock;
};

int keel_mmu_init(struct keel_mmu *mmu, const struct keel_vmx_msrs *caps, bool shadow);
void keel_mmu_free(struct keel_mmu *mmu);

/* Whether the VM uses shadow page tables. */
static inline bool keel_mmu_is_shadow(const struct keel_mmu *mmu)
{
	return mmu->shadow.max;
}

/* Fill the stock from the VM's own shadow pages; an EPT tree has none to spare. */
static inline void keel_mmu_restock(struct keel_mmu *mmu)
{
	struct table_pages freed = {};
	void *table;

	if (!keel_mmu_is_shadow(mmu))
		return;
	shadow_give_back(&mmu->shadow, SHADOW_MAP_PAGES, &freed);
	while ((table = table_pages_pop(&freed))) {
		memset(table, 0, PAGE_SIZE);
		table_pages_push(&mmu->stock, table);
	}
}

static inline enum mmu_mapped keel_mmu_map(struct keel_mmu *mmu,
					   const struct mmu_page *page, bool may_flush)
{
	if (page->shadow)
		return shadow_map(&mmu->shadow, page, &mmu->stock);
	return ept_map(&mmu->ept, page, &mmu->stock, may_flush);
}

static inline bool keel_mmu_zap(struct keel_mmu *mmu, u64 *pos, u64 end,
				struct table_pages *dead)
{
	bool found = false;

	if (keel_mmu_is_shadow(mmu))
		found = shadow_zap(&mmu->shadow, *pos, end);
	if (!mmu->ept.root)
		*pos = end;
	else
		found |= ept_zap(&mmu->ept, pos, end, KEEL_MMU_BUDGET, dead);
	return found;
}

static inline bool keel_mmu_protect(struct keel_mmu *mmu, u64 *pos, u64 end)
{
	bool found = false;

	if (keel_mmu_is_shadow(mmu))
		found = shadow_protect(&mmu->shadow, *pos, end);
	if (!mmu->ept.root)
		*pos = end;
	else
		found |= ept_protect(&mmu->ept, pos, end, KEEL_MMU_BUDGET);
	return found;
}

static inline bool keel_mmu_young(struct keel_mmu *mmu, u64 start, u64 end, bool clear)
{
	bool young = false;

	if (keel_mmu_is_shadow(mmu))
		young = shadow_young(&mmu->shadow, start, end, clear);
	if (mmu->ept.root)
		young |= ept_young(&mmu->ept, start, end, clear);
	return young;
}

/* Whether keel_mmu_young() can clear; if not, zap. */
static inline bool keel_mmu_has_young(const struct keel_mmu *mmu)
{
	return !mmu->ept.root || mmu->ept.ad;
}

/* Largest pages that it maps: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB. */
static inline unsigned int keel_mmu_max_level(const struct keel_mmu *mmu)
{
	return keel_mmu_is_shadow(mmu) ? mmu->shadow.max_level : mmu->ept.max_level;
}

/* The module has written to guest memory, behind the back of translations. */
static inline void keel_mmu_wrote(struct keel_mmu *mmu, u64 gpa)
{
	if (keel_mmu_is_shadow(mmu))
		shadow_wrote(&mmu->shadow, gpa >> PAGE_SHIFT);
}

#endif /* KEEL_MMU_H */
