// SPDX-License-Identifier: GPL-2.0
/*
 * Paging as a CPU does it: each access in a list that the guest works off ends as
 * lib/pagemodel.h says, and accessed and dirty flags are as it says.
 *
 * SDM: "Paging".
 */
#include <string.h>

#include "kselftest_harness.h"
#include "lib/pageguest.h"

#define TABLE	(PTE_P | PTE_W | PTE_U)
#define OPS	100	/* in a list, of those that fit */

FIXTURE(paging)
{
	struct page_guest p;
};

FIXTURE_VARIANT(paging)
{
	enum guest_mode mode;
	__u64 va;		/* a part of the address space that is free */
	unsigned int large;	/* log2 of a large page's bytes */
};

FIXTURE_VARIANT_ADD(paging, long_mode)
{
	.mode = GUEST_LONG, .va = 0xffff908000000000, .large = 21,
};

FIXTURE_VARIANT_ADD(paging, pae)
{
	.mode = GUEST_PAE, .va = 0xc0000000, .large = 21,
};

FIXTURE_VARIANT_ADD(paging, two_level)
{
	.mode = GUEST_PAGED, .va = 0xc0000000, .large = 22,
};

FIXTURE_SETUP(paging)
{
	PAGE_SETUP(&self->p);
	ASSERT_EQ(0, page_guest_start(&self->p, variant->mode));
}

FIXTURE_TEARDOWN(paging)
{
	page_guest_free(&self->p);
}

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

static const __u32 accesses[] = {
	PAGE_READ, PAGE_WRITE, PAGE_FETCH,
	PAGE_READ | PAGE_AC, PAGE_WRITE | PAGE_AC, PAGE_FETCH | PAGE_AC,
	PAGE_READ | PAGE_USER, PAGE_WRITE | PAGE_USER, PAGE_FETCH | PAGE_USER,
};

/* Each kind of access to one address; those that write do it where no code is. */
static void access_all(struct page_guest *p, __u64 va)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		__u64 at = (accesses[i] & 0xff) == PAGE_FETCH ? va : va + 64;

		if (page_inside(p, accesses[i], at))
			page_access(p, accesses[i], at, va ^ i);
	}
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
				access_all(p, variant->va + ((__u64)upper << 22 | leaf << 12));
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
			access_all(p, va + leaf * size + 0x1000 * (leaf + choice * 8));
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
		access_all(p, variant->va + ((__u64)leaf << 30) + PAGE_LARGE_AT + (leaf << 12));
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
	access_all(p, variant->va);
	PAGE_RUN(p);
	/* With it the entry maps a page, whose address the table's has become. */
	page_set(p, at, (model_read(&p->model, at, 4) & 0xfff) | PAGE_LARGE_AT << 1);
	page_cr4(p, p->model.cr4 | CR4_PSE);
	page_flush_all(p);
	access_all(p, variant->va);
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
		access_all(p, va);
		/* And with not a bit but it. */
		page_set(p, at, (1ULL << bit) & ~PTE_P);
		page_flush_all(p);
		access_all(p, va);
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

/* CPUs hold nothing of entries that are not present: no flush is needed. */
TEST_F(paging, from_absent_to_present_without_flush)
{
	struct page_guest *p = &self->p;
	unsigned int i;
	__u64 at;

	for (i = 0; i < 8; i++) {
		__u64 va = variant->va + (i << 12);

		at = page_map(p, p->root, va, 12, 0, TABLE);
		page_access(p, PAGE_READ, va + 64, 0);
		page_set(p, at, page_frame(i) | TABLE);
		page_access(p, i & 1 ? PAGE_WRITE : PAGE_READ, va + 64, i);
		page_access(p, PAGE_FETCH, va, 0);
		/* Nor of those with a reserved bit. */
		if (variant->mode == GUEST_PAGED)
			continue;
		at = page_map(p, p->root, va + 0x100000, 12, TABLE | 1ULL << 51, TABLE);
		page_access(p, PAGE_READ, va + 0x100000 + 64, 0);
		page_set(p, at, page_frame(i) | TABLE);
		page_access(p, PAGE_READ, va + 0x100000 + 64, 0);
	}
	PAGE_RUN(p);
}

/* A present entry changes, and INVLPG or MOV to CR3 makes it seen. */
TEST_F(paging, changes_are_seen_after_a_flush)
{
	struct page_guest *p = &self->p;
	__u64 at, entry, old = 0;
	unsigned int i;

	at = page_map(p, p->root, variant->va, 12, 0, TABLE);
	for (i = 0; i < 64; i++) {
		entry = page_frame(i % PAGE_FRAMES) | (i * 7 % 8 ? PTE_P : 0) | (i & 3) << 1;
		page_set(p, at, entry);
		if (old & PTE_P)
			page_access_stale(p, PAGE_READ, variant->va + 64, at, old);
		if (i & 4)
			page_invlpg(p, variant->va);
		else
			page_cr3(p, p->root);
		access_all(p, variant->va);
		old = model_read(&p->model, at, model_entry_bytes(&p->model));
		if (p->nr > OPS - 16)
			PAGE_RUN(p);
	}
	PAGE_RUN(p);
}

/* INVLPG also counts for an address that was not used since the last MOV to CR3. */
TEST_F(paging, invlpg_after_cr3)
{
	struct page_guest *p = &self->p;
	unsigned int i;
	__u64 at;

	at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	page_map(p, p->root, variant->va + 0x1000, 12, page_frame(8) | TABLE, TABLE);
	for (i = 1; i < 8; i++) {
		page_access(p, PAGE_READ, variant->va + 64, 0);
		page_cr3(p, p->root);
		page_set(p, at, page_frame(i) | TABLE);
		page_invlpg(p, variant->va);
		page_access(p, PAGE_READ, variant->va + 0x1000 + 64, 0);
		page_access(p, PAGE_READ, variant->va + 64, 0);
	}
	PAGE_RUN(p);
}

/* A page table at two places; one of them goes, the table changes, and it comes back. */
TEST_F(paging, table_that_comes_back)
{
	unsigned int i, bytes = model_entry_bytes(&self->p.model);
	struct page_guest *p = &self->p;
	__u64 at, pde, entry, other = variant->va + (2ULL << 22);
	struct model_access a = { .va = other };
	struct model_walk w;

	at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	page_map(p, p->root, other, variant->mode == GUEST_PAGED ? 22 : 21, (at & ~0xfffULL) | TABLE,
		 TABLE);
	page_map(p, p->root, variant->va + 0x1000, 12, page_frame(8) | TABLE, TABLE);
	model_walk(&p->model, &a, &w);
	pde = w.entry[w.nr - 2];
	for (i = 1; i < 8; i++) {
		page_access(p, PAGE_READ, variant->va + 64, 0);
		page_access(p, PAGE_READ, other + 64, 0);
		entry = model_read(&p->model, pde, bytes);
		page_set(p, pde, i & 1 ? 0 : (entry & ~PTE_W));
		page_invlpg(p, other);
		page_set(p, at, page_frame(i) | TABLE);
		page_invlpg(p, other);
		page_set(p, pde, entry);
		if (!(i & 1))
			page_invlpg(p, other + 0x1000);
		page_access(p, PAGE_WRITE, other + 0x1000 + 72, i);
		page_access(p, PAGE_READ, other + 64, 0);
		page_invlpg(p, variant->va);
	}
	PAGE_RUN(p);
}

/*
 * Two pages of a table, which has a second place that keeps its rights.  At the first
 * they go, one page is flushed, and they come back: the page is as its entry says.
 */
TEST_F(paging, rights_above_a_table_that_changed)
{
	unsigned int i, bytes = model_entry_bytes(&self->p.model);
	struct page_guest *p = &self->p;
	struct model_access a = { .va = variant->va };
	__u64 at, entry, other = variant->va + 0x1000, second = variant->va + (2ULL << 22);
	struct model_walk w;

	page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	at = page_map(p, p->root, other, 12, page_frame(1) | TABLE, TABLE);
	page_map(p, p->root, second, variant->mode == GUEST_PAGED ? 22 : 21,
		 (at & ~0xfffULL) | TABLE, TABLE);
	model_walk(&p->model, &a, &w);
	for (i = 2; i < 8; i++) {
		page_access(p, PAGE_WRITE, variant->va + 64, i);
		page_access(p, PAGE_READ, other + 64, 0);
		page_invlpg(p, second);
		page_access(p, PAGE_WRITE, second + 64, 0);
		entry = model_read(&p->model, w.entry[w.nr - 2], bytes);
		page_set(p, w.entry[w.nr - 2], entry & ~PTE_W);
		page_invlpg(p, variant->va);
		page_invlpg(p, other);
		page_access(p, PAGE_READ, variant->va + 64, 0);
		page_access(p, PAGE_READ, other + 64, 0);
		page_set(p, at, page_frame(i) | TABLE);
		page_invlpg(p, other);
		page_set(p, w.entry[w.nr - 2], entry);
		/* Its rights may be held yet. */
		page_invlpg(p, variant->va);
		page_access(p, PAGE_WRITE, variant->va + 64, i);
		page_access(p, PAGE_READ, other + 64, 0);
	}
	PAGE_RUN(p);
}

/* Each clearing of A and D is followed by their setting, after a flush. */
TEST_F(paging, accessed_and_dirty)
{
	struct page_guest *p = &self->p;
	struct model_access a = { .va = variant->va + 64 };
	unsigned int i, level, bytes = model_entry_bytes(&p->model);
	struct model_walk w;

	page_map(p, p->root, variant->va, 12, page_frame(1) | TABLE, TABLE);
	model_walk(&p->model, &a, &w);
	for (i = 0; i < 16; i++) {
		for (level = 0; level < w.nr; level++) {
			__u64 entry = model_read(&p->model, w.entry[level], bytes) & ~PTE_D;

			page_set(p, w.entry[level], i >> level & 1 ? entry & ~PTE_A : entry);
		}
		page_invlpg(p, variant->va);
		page_access(p, i & 2 ? PAGE_WRITE : PAGE_READ, variant->va + 64, i);
		PAGE_RUN(p);
		page_access(p, PAGE_WRITE | (i & 1 ? PAGE_USER : 0), variant->va + 72, i);
		PAGE_RUN(p);
	}
}

/*
 * A global page may outlive MOV to CR3, and INVLPG and a change of CR4.PGE end it;
 * a page that is not global ends with MOV to CR3.
 */
TEST_F(paging, global_pages)
{
	struct page_guest *p = &self->p;
	unsigned int i, bytes = model_entry_bytes(&p->model);
	__u64 at, old;

	at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE | PTE_G, TABLE);
	page_cr4(p, p->model.cr4 | CR4_PGE);
	for (i = 0; i < 16; i++) {
		page_access(p, PAGE_READ, variant->va + 64, 0);
		old = model_read(&p->model, at, bytes);
		page_set(p, at, page_frame(i) | TABLE | (i & 2 ? PTE_G : 0));
		page_cr3(p, p->root);
		if (old & PTE_G)
			page_access_stale(p, PAGE_READ, variant->va + 64, at, old);
		if (old & PTE_G && i & 1)
			page_invlpg(p, variant->va);
		else if (old & PTE_G)
			page_flush_all(p);
		page_access(p, PAGE_READ, variant->va + 64, 0);
	}
	PAGE_RUN(p);
}

/* Without CR4.PGE there are no global pages. */
TEST_F(paging, global_bit_without_pge)
{
	struct page_guest *p = &self->p;
	__u64 at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE | PTE_G, TABLE);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		page_access(p, PAGE_READ, variant->va + 64, 0);
		page_set(p, at, page_frame(i) | TABLE | PTE_G);
		page_cr3(p, p->root);
	}
	PAGE_RUN(p);
}

/* Two address spaces that share the upper part, and back and forth. */
TEST_F(paging, two_roots)
{
	struct page_guest *p = &self->p;
	unsigned int i, bytes = model_entry_bytes(&p->model);
	__u64 roots[2] = { p->root, page_new_root(p) }, low = 0x40000000, at[2];

	if (variant->mode == GUEST_LONG)
		low = 0x8000000000;
	page_map(p, roots[0], variant->va, 12, page_frame(9) | TABLE, TABLE);
	at[0] = variant->mode == GUEST_LONG ? 8 * (variant->va >> 39 & 511) :
		variant->mode == GUEST_PAE ? 8 * (variant->va >> 30) : 4 * (variant->va >> 22);
	page_poke(p, roots[1], at[0] / bytes, model_read(&p->model, roots[0] + at[0], bytes));
	for (i = 0; i < 2; i++)
		at[i] = page_map(p, roots[i], low, 12, page_frame(i) | TABLE, TABLE);
	if (variant->mode == GUEST_PAE)
		page_cr3(p, roots[0]);
	for (i = 0; i < 24; i++) {
		page_access(p, PAGE_READ, low + 64, 0);
		page_access(p, PAGE_WRITE, variant->va + 64, i);
		if (i % 6 == 5)		/* of the one that is not in use */
			page_set(p, at[~i & 1], page_frame(i) | TABLE);
		page_cr3(p, roots[~i & 1]);
	}
	PAGE_RUN(p);
}

/* A page table at two places, and as a page itself. */
TEST_F(paging, aliases)
{
	struct page_guest *p = &self->p;
	__u64 at, pt, other = variant->va + (2ULL << 22), alias = variant->va + 0x5000;
	unsigned int i, bytes = model_entry_bytes(&p->model);

	at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	pt = at & ~0xfffULL;
	page_map(p, p->root, other, variant->mode == GUEST_PAGED ? 22 : 21, pt | TABLE, TABLE);
	page_map(p, p->root, alias, 12, pt | TABLE, TABLE);
	for (i = 1; i < 16; i++) {
		page_access(p, PAGE_READ, variant->va + 64, 0);
		page_access(p, PAGE_READ, other + 64, 0);
		/* By the mapping that the table itself holds, here or there. */
		page_access(p, PAGE_WRITE, (i & 1 ? alias : other + 0x5000) + (at & 0xfff),
			    page_frame(i) | TABLE);
		page_invlpg(p, variant->va);
		page_access(p, PAGE_WRITE, variant->va + 64, i);
		page_invlpg(p, other);
		page_access(p, PAGE_READ, other + 64, 0);
		page_access(p, PAGE_READ, alias + (at & 0xfff & -bytes), 0);
	}
	PAGE_RUN(p);
}

TEST_HARNESS_MAIN
