// SPDX-License-Identifier: GPL-2.0
/*
 * Paging as a CPU does it: what may be done where, and what each bit of an entry
 * means.  Each access in a list that the guest works off ends as lib/pagemodel.h
 * says, and accessed and dirty flags are as it says.
 *
 * SDM: "Paging".
 */
#include "kselftest_harness.h"
#include "lib/pagefixture.h"

/* In bits of @choice what the CPU has and the SDM's access rights depend on. */
static void choose(struct page_guest *p, unsigned int choice)
{
	__u64 cr4 = p->model.cr4 & ~(CR4_SMEP | CR4_SMAP);

	page_cr0(p, choice & 1 ? p->model.cr0 | CR0_WP : p->model.cr0 & ~CR0_WP);
	if (p->has_nx)
		page_efer(p, choice & 2 ? p->model.efer | EFER_NXE : p->model.efer & ~EFER_NXE);
	if (choice & 4 && p->features & FEATURE_SMEP)
		cr4 |= CR4_SMEP;
	if (choice & 8 && p->features & FEATURE_SMAP)
		cr4 |= CR4_SMAP;
	page_cr4(p, cr4);
	page_flush_all(p);
}

/*
 * R/W, U/S and XD of the page and of what leads to it, with each setting of WP,
 * NXE, SMEP and SMAP.
 */
TEST_F(paging, access_rights)
{
	struct page_guest *p = &self->p;
	unsigned int upper, leaf, choice;
	__u64 nx = variant->mode == GUEST_PAGED || !p->has_nx ? 0 : PTE_NX;

	for (upper = 0; upper < 8; upper++)
		for (leaf = 0; leaf < 8; leaf++) {
			__u64 flags = PTE_P | (upper & 3) << 1 | (upper & 4 ? nx : 0);

			page_map(p, p->root, variant->va + ((__u64)upper << 22 | leaf << 12), 12,
				 page_frame(leaf) | PTE_P | (leaf & 3) << 1 | (leaf & 4 ? nx : 0),
				 flags);
		}
	for (choice = 0; choice < 16; choice++) {
		choose(p, choice);
		for (upper = 0; upper < 8; upper++)
			for (leaf = 0; leaf < 8; leaf++) {
				page_access_all(p, variant->va + ((__u64)upper << 22 | leaf << 12));
				if (p->nr > OPS)
					PAGE_RUN(p);
			}
		PAGE_RUN(p);
	}
}

TEST_F(paging, access_rights_of_large_pages)
{
	__u64 frame = variant->large == 22 ? 0x400000 : PAGE_LARGE_AT;
	__u64 va = variant->va & ~0xfffffffULL, size = 1ULL << variant->large;
	struct page_guest *p = &self->p;
	unsigned int leaf, choice;
	__u64 nx = variant->mode == GUEST_PAGED || !p->has_nx ? 0 : PTE_NX;

	for (leaf = 0; leaf < 8; leaf++)
		page_map(p, p->root, va + leaf * size, variant->large, frame | PTE_P | PTE_PS |
			 (leaf & 3) << 1 | (leaf & 4 ? nx : 0), TABLE);
	for (choice = 0; choice < 16; choice++) {
		choose(p, choice);
		for (leaf = 0; leaf < 8; leaf++)
			page_access_all(p, va + leaf * size + 0x1000 * (leaf + choice * 8));
		PAGE_RUN(p);
	}
}

TEST_F(paging, pages_of_1_gib)
{
	struct page_guest *p = &self->p;
	unsigned int leaf;

	if (variant->mode != GUEST_LONG)
		SKIP(return, "64-bit paging alone has pages of 1 GiB");
	for (leaf = 0; leaf < 4; leaf++)
		page_map(p, p->root, variant->va + ((__u64)leaf << 30), 30,
			 PTE_P | PTE_PS | leaf << 1, TABLE);
	for (leaf = 0; leaf < 4; leaf++)
		page_access_all(p, variant->va + ((__u64)leaf << 30) + PAGE_LARGE_AT + (leaf << 12));
	PAGE_RUN(p);
}

/* Without CR4.PSE, PS of a page-directory entry means nothing. */
TEST_F(paging, without_pse)
{
	struct page_guest *p = &self->p;
	__u64 at;

	if (variant->mode != GUEST_PAGED)
		SKIP(return, "CR4.PSE is of 32-bit paging");
	page_map(p, p->root, variant->va, 12, page_frame(3) | TABLE, TABLE);
	at = p->root + (variant->va >> 22) * 4;
	page_set(p, at, model_read(&p->model, at, 4) | PTE_PS);
	page_cr4(p, p->model.cr4 & ~CR4_PSE);
	page_flush_all(p);
	page_access_all(p, variant->va);
	PAGE_RUN(p);
	/* With it the entry maps a page, whose address the table's has become. */
	page_set(p, at, (model_read(&p->model, at, 4) & 0xfff) | PAGE_LARGE_AT << 1);
	page_cr4(p, p->model.cr4 | CR4_PSE);
	page_flush_all(p);
	page_access_all(p, variant->va);
	PAGE_RUN(p);
}

/* A bit more, or less, in an entry, at each level. */
static void flip_bits(struct __test_metadata *_metadata, struct page_guest *p, __u64 va, __u64 at)
{
	unsigned int bit, bytes = model_entry_bytes(&p->model);
	__u64 entry = model_read(&p->model, at, bytes);

	for (bit = 0; bit < bytes * 8; bit++) {
		page_set(p, at, entry ^ 1ULL << bit);
		page_flush_all(p);
		page_access_all(p, va);
		/* And with not a bit but it. */
		page_set(p, at, (1ULL << bit) & ~PTE_P);
		page_flush_all(p);
		page_access_all(p, va);
		page_set(p, at, entry);
		page_flush_all(p);
		page_access(p, PAGE_READ, va + 64, 0);
		if (p->nr > OPS - 32)
			PAGE_RUN(p);
	}
	PAGE_RUN(p);
}

TEST_F(paging, each_bit_of_entries)
{
	struct page_guest *p = &self->p;
	struct model_access a = { .va = variant->va + 64 };
	struct model_walk w;
	unsigned int nx, i;

	page_map(p, p->root, variant->va, 12, page_frame(5) | TABLE, TABLE);
	for (nx = 0; nx < 4; nx += 2) {
		choose(p, nx);
		model_walk(&p->model, &a, &w);
		ASSERT_FALSE(w.fault);
		for (i = 0; i < w.nr; i++)
			flip_bits(_metadata, p, variant->va, w.entry[i]);
	}
}

TEST_F(paging, each_bit_of_large_entries)
{
	__u64 frame = variant->large == 22 ? 0x400000 : PAGE_LARGE_AT, at;
	struct page_guest *p = &self->p;

	at = page_map(p, p->root, variant->va, variant->large, frame | TABLE | PTE_PS, TABLE);
	choose(p, 2);
	flip_bits(_metadata, p, variant->va, at);
	if (variant->mode != GUEST_LONG)
		return;
	at = page_map(p, p->root, variant->va + (1ULL << 30), 30, TABLE | PTE_PS, TABLE);
	choose(p, 2);
	flip_bits(_metadata, p, variant->va + (1ULL << 30) + PAGE_LARGE_AT, at);
}

TEST_HARNESS_MAIN
