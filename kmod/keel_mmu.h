/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guest memory asks of a paging mode: map, zap, protect, age, and the root
 * that a vCPU loads.  keel_mem.c and keel_mem_fault.c know no more than this.
 *
 * Today the one mode is EPT, so these are direct calls: an indirect one would
 * cost a retpoline in the first-touch path.  A second mode becomes a member
 * beside @ept and a branch in each function.  Shadow paging keeps more than
 * one translation of a guest frame, found by its reverse map; zap, protect and
 * age take guest physical ranges so that it can do them, and what it maps goes
 * in under the same lock after the same check (install() in keel_mem_fault.c).
 *
 * All but init and free are called with &keel_mem.lock held.
 */
#ifndef KEEL_MMU_H
#define KEEL_MMU_H

#include "ept.h"
#include "table_pages.h"

/* Units of work (ept_zap()) for which the lock may be held in one go. */
#define KEEL_MMU_BUDGET		128

/**
 * struct keel_mmu - the translations of one VM
 * @ept: the EPT tree
 * @stock: empty table pages, so that mapping needs no allocation; &keel_mem.lock
 */
struct keel_mmu {
	struct ept ept;
	struct table_pages stock;
};

static inline int keel_mmu_init(struct keel_mmu *mmu,
				const struct keel_vmx_msrs *caps, bool nx_large)
{
	return ept_init(&mmu->ept, caps, nx_large);
}

/* Takes zeros, too.  Everything was zapped before. */
static inline void keel_mmu_free(struct keel_mmu *mmu)
{
	ept_free(&mmu->ept);
	table_pages_free(&mmu->stock);
}

static inline enum mmu_mapped keel_mmu_map(struct keel_mmu *mmu,
					   const struct mmu_page *page, bool may_flush)
{
	return ept_map(&mmu->ept, page, &mmu->stock, may_flush);
}

static inline bool keel_mmu_zap(struct keel_mmu *mmu, u64 *pos, u64 end,
				struct table_pages *dead)
{
	return ept_zap(&mmu->ept, pos, end, KEEL_MMU_BUDGET, dead);
}

static inline bool keel_mmu_protect(struct keel_mmu *mmu, u64 *pos, u64 end)
{
	return ept_protect(&mmu->ept, pos, end, KEEL_MMU_BUDGET);
}

static inline bool keel_mmu_young(struct keel_mmu *mmu, u64 start, u64 end, bool clear)
{
	return ept_young(&mmu->ept, start, end, clear);
}

/* Whether keel_mmu_young() can clear; if not, zap. */
static inline bool keel_mmu_has_young(const struct keel_mmu *mmu)
{
	return mmu->ept.ad;
}

/* Largest pages that it maps: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB. */
static inline unsigned int keel_mmu_max_level(const struct keel_mmu *mmu)
{
	return mmu->ept.max_level;
}

#endif /* KEEL_MMU_H */
