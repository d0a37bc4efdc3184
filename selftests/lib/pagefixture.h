/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the tests of paging: a guest of lib/pageguest.h in each paging mode,
 * with addresses that are free in it.  For one source file of a program.
 */
#ifndef SELFTESTS_PAGEFIXTURE_H
#define SELFTESTS_PAGEFIXTURE_H

#include "pageguest.h"

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

#endif /* SELFTESTS_PAGEFIXTURE_H */
