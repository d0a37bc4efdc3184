// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables that change, and the flush that makes it seen: what a CPU may hold, and
 * what it may not.  See test_paging.c for what the entries mean, and
 * test_paging_torture.c for all of this at random.
 *
 * SDM: "Caching Translation Information".
 */
#include "kselftest_harness.h"
#include "lib/pagefixture.h"

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
		page_access_all(p, variant->va);
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
