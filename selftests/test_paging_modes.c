// SPDX-License-Identifier: GPL-2.0
/*
 * Paging, what one mode alone has: PCIDs, the PDPTE registers of PAE paging,
 * tables that map themselves; and a second CPU that changes the tables.
 *
 * SDM: "Paging", "Caching Translation Information".
 */
#include <string.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"
#include "lib/pageguest.h"

#define TABLE	(PTE_P | PTE_W | PTE_U)
#define NO_FLUSH (1ULL << 63)
#define VA	0xffff908000000000ULL
#define VA_PAE	0xc0000000ULL
#define GP_VECTOR 13

FIXTURE(modes)
{
	struct page_guest p;
	struct guest second;
	struct guest_thread thread;
};

FIXTURE_SETUP(modes)
{
	PAGE_SETUP(&self->p);
}

FIXTURE_TEARDOWN(modes)
{
	guest_stop(&self->thread);
	if (self->second.shared)
		guest_free(&self->second);
	page_guest_free(&self->p);
}

#define START(p, how) ASSERT_EQ(0, page_guest_start(p, how))

/* Two address spaces, each with its page at VA, as PCIDs 1 and 2. */
static void two_spaces(struct page_guest *p, __u64 cr3[2], __u64 at[2], __u64 flags)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		__u64 root = i ? page_new_root(p) : p->root;

		at[i] = page_map(p, root, VA, 12, page_frame(i) | TABLE | flags, TABLE);
		cr3[i] = root | (i + 1);
	}
	page_cr4(p, p->model.cr4 | CR4_PCIDE);
	page_cr3(p, cr3[0]);
}

#define NEEDS_PCID(p) do {						\
	if (!(p)->has_pcid)						\
		SKIP(return, "this CPU has no PCIDs");			\
} while (0)

TEST_F(modes, pcids_keep_address_spaces_apart)
{
	struct page_guest *p = &self->p;
	__u64 cr3[2], at[2];
	unsigned int i;

	NEEDS_PCID(p);
	START(p, GUEST_LONG);
	two_spaces(p, cr3, at, 0);
	for (i = 0; i < 16; i++) {
		page_access(p, i & 4 ? PAGE_WRITE : PAGE_READ, VA + 64, i);
		page_cr3(p, cr3[~i & 1] | (i < 2 ? 0 : NO_FLUSH));
	}
	PAGE_RUN(p);
}

/* Bit 63 of MOV to CR3's operand keeps what is held of that PCID; without it, it goes. */
TEST_F(modes, cr3_with_and_without_flush)
{
	struct page_guest *p = &self->p;
	__u64 cr3[2], at[2], old;
	unsigned int i;

	NEEDS_PCID(p);
	START(p, GUEST_LONG);
	two_spaces(p, cr3, at, 0);
	for (i = 0; i < 12; i++) {
		page_access(p, PAGE_READ, VA + 64, 0);
		page_cr3(p, cr3[1] | NO_FLUSH);
		page_access(p, PAGE_READ, VA + 64, 0);
		old = model_read(&p->model, at[0], 8);
		page_set(p, at[0], page_frame(i + 2) | TABLE);
		page_cr3(p, cr3[0] | NO_FLUSH);
		page_access_stale(p, PAGE_READ, VA + 64, at[0], old);
		page_cr3(p, cr3[0]);
		page_access(p, PAGE_READ, VA + 64, 0);
	}
	PAGE_RUN(p);
}

/* Each type of INVPCID, where it must reach: the other PCID, or all. */
TEST_F(modes, invpcid)
{
	struct page_guest *p = &self->p;
	__u64 cr3[2], at[2], flags;
	unsigned int type, i;

	NEEDS_PCID(p);
	if (!(p->features & FEATURE_INVPCID))
		SKIP(return, "this CPU has no INVPCID");
	START(p, GUEST_LONG);
	page_cr4(p, p->model.cr4 | CR4_PGE);
	two_spaces(p, cr3, at, 0);
	for (type = 0; type < 4; type++) {
		/* Types 0, 1 and 3 leave global translations alone. */
		flags = type == 2 ? PTE_G : 0;
		for (i = 0; i < 4; i++) {
			page_cr3(p, cr3[0] | NO_FLUSH);
			page_access(p, PAGE_READ, VA + 64, 0);
			page_cr3(p, cr3[1] | NO_FLUSH);
			page_set(p, at[0], page_frame(type * 4 + i) | TABLE | flags);
			page_invpcid(p, type, 1, VA);
			page_cr3(p, cr3[0] | NO_FLUSH);
			page_access(p, PAGE_READ, VA + 64, 0);
			page_access(p, PAGE_WRITE, VA + 64, type * 4 + i);
		}
		page_set(p, at[0], page_frame(0) | TABLE);
		page_flush_all(p);
		PAGE_RUN(p);
	}
}

/* INVLPG is for the PCID in use, and for global pages whatever theirs. */
TEST_F(modes, invlpg_with_pcids)
{
	struct page_guest *p = &self->p;
	__u64 cr3[2], at[2];
	unsigned int i;

	NEEDS_PCID(p);
	START(p, GUEST_LONG);
	page_cr4(p, p->model.cr4 | CR4_PGE);
	two_spaces(p, cr3, at, 0);
	for (i = 0; i < 8; i++) {
		page_access(p, PAGE_READ, VA + 64, 0);
		page_set(p, at[0], page_frame(i + 2) | TABLE | (i & 1 ? PTE_G : 0));
		page_invlpg(p, VA);
		page_access(p, PAGE_READ, VA + 64, 0);
	}
	PAGE_RUN(p);
}

/* The PDPTE registers are what MOV to CR3 read, whatever memory has become. */
TEST_F(modes, pdptes_are_registers)
{
	struct page_guest *p = &self->p;
	__u64 pdpte, at;
	unsigned int i;

	START(p, GUEST_PAE);
	page_map(p, p->root, VA_PAE, 12, page_frame(1) | TABLE, TABLE);
	page_map(p, p->root, 0x80000000, 12, page_frame(2) | TABLE, TABLE);
	at = p->root + 8 * 3;
	pdpte = model_read(&p->model, at, 8);
	page_cr3(p, p->root);
	for (i = 0; i < 6; i++) {
		page_access(p, PAGE_READ, VA_PAE + 64, 0);
		page_set(p, at, i & 1 ? pdpte : i & 2 ? model_read(&p->model, at - 8, 8) : 0);
		page_invlpg(p, VA_PAE);
		page_access(p, PAGE_READ, VA_PAE + 64, 0);
		/* CR4.PGE, PSE and SMEP load them, too. */
		if (i < 3)
			page_cr3(p, p->root);
		else
			page_cr4(p, p->model.cr4 ^ (i & 1 ? CR4_PGE : CR4_PSE));
		page_access(p, PAGE_WRITE, VA_PAE + 64, i);
	}
	PAGE_RUN(p);
}

TEST_F(modes, reserved_bits_of_pdptes)
{
	struct page_guest *p = &self->p;
	__u64 table, other, pdpte;
	unsigned int bit;

	START(p, GUEST_PAE);
	page_map(p, p->root, VA_PAE, 12, page_frame(1) | TABLE, TABLE);
	page_cr3(p, p->root);
	/* Four of them in the middle of a page. */
	table = page_table(p->tables++) + 32 * 5;
	other = model_read(&p->model, p->root + 24, 8);
	page_poke(p, table, 0, model_read(&p->model, p->root, 8));
	page_poke(p, table, 3, other & ~PTE_P);
	for (bit = 1; bit < 64; bit++) {
		pdpte = other ^ 1ULL << bit;
		page_set(p, table + 24, pdpte);
		page_cr3(p, table);
		if (page_inside(p, PAGE_READ, VA_PAE + 64))
			page_access(p, PAGE_READ, VA_PAE + 64, 0);
		page_cr3(p, p->root);
		page_access(p, PAGE_READ, VA_PAE + 64, 0);
		/* One that is not present may have any bits. */
		page_set(p, table + 24, pdpte & ~PTE_P);
		page_cr3(p, table);
		page_access(p, PAGE_READ, VA_PAE + 64, 0);
		page_cr3(p, p->root);
		if (bit % 10 == 0)
			PAGE_RUN(p);
	}
	PAGE_RUN(p);
}

#define SELF	510ULL
/* Where the tables appear below a root whose entry SELF is itself. */
#define SELF_PT(va)	(0xffff000000000000 | SELF << 39 | ((va) >> 9 & 0x7ffffffff8))
#define SELF_PD(va)	SELF_PT(SELF_PT(va))
#define SELF_PDPT(va)	SELF_PT(SELF_PD(va))
#define SELF_PML4(va)	SELF_PT(SELF_PDPT(va))

TEST_F(modes, root_that_maps_itself)
{
	struct page_guest *p = &self->p;
	unsigned int i;

	START(p, GUEST_LONG);
	page_map(p, p->root, VA, 12, page_frame(0) | TABLE, TABLE);
	page_poke(p, p->root, SELF, p->root | TABLE);
	for (i = 1; i < 24; i++) {
		__u64 new = VA + ((__u64)i << (i & 1 ? 21 : 12));

		page_access(p, PAGE_READ, SELF_PML4(VA), 0);
		page_access(p, PAGE_READ, SELF_PDPT(VA), 0);
		page_access(p, PAGE_READ, SELF_PD(VA), 0);
		/* A page, and where it is odd a table for it before. */
		if (i & 1)
			page_access(p, PAGE_WRITE, SELF_PD(new), page_table(p->tables++) | TABLE);
		page_access(p, PAGE_WRITE, SELF_PT(new), page_frame(i) | TABLE);
		page_access(p, PAGE_WRITE, new + 64, i);
		page_access(p, PAGE_READ | PAGE_USER, new + 64, 0);
		/* Read only, gone, and back again elsewhere. */
		page_access(p, PAGE_WRITE, SELF_PT(VA), page_frame(i) | PTE_P | PTE_U);
		page_invlpg(p, VA);
		page_access(p, PAGE_WRITE, VA + 64, i);
		page_access(p, PAGE_WRITE, SELF_PD(VA), model_read(&p->model, page_table(1), 8) &
			    ~PTE_P);
		page_invlpg(p, VA);
		page_invlpg(p, SELF_PT(VA));
		page_access(p, PAGE_READ, VA + 64, 0);
		page_access(p, PAGE_READ, SELF_PT(VA), 0);
		page_access(p, PAGE_WRITE, SELF_PD(VA), model_read(&p->model, page_table(1), 8) |
			    PTE_P);
		page_access(p, PAGE_READ, VA + 64, 0);
		if (i % 5 == 0)
			PAGE_RUN(p);
	}
	PAGE_RUN(p);
}

/* The root page serves as a page table, too, whose entries then have two meanings. */
TEST_F(modes, entries_with_two_meanings)
{
	struct page_guest *p = &self->p;
	unsigned int i;

	START(p, GUEST_LONG);
	page_map(p, p->root, VA, 12, page_frame(0) | TABLE, TABLE);
	page_poke(p, p->root, SELF, p->root | TABLE);
	for (i = 0; i < 12; i++) {
		/* A PML4 entry that maps a page where it is found as a PTE. */
		page_access(p, PAGE_WRITE, SELF_PML4((__u64)i << 39) + 8 * 64,
			    page_frame(i) | TABLE | (i & 1 ? PTE_G : 0) |
			    (p->has_nx && i & 2 ? PTE_NX : 0) | (i & 4 ? PTE_PS : 0));
		page_access(p, PAGE_READ, SELF_PDPT((64ULL + i) << 39) + 64, 0);
	}
	PAGE_RUN(p);
}

#define FLAG_AT	(PAGE_LIST_AT + 2 * PAGE_LIST_BYTES)
#define ROUNDS	20

/*
 * A TLB shoot-down: vCPU 0 changes an entry and asks vCPU 1, which has used the old
 * one, to flush; what vCPU 1 then sees is the new one.
 */
TEST_F(modes, another_cpu_changes_the_tables)
{
	struct page_op first[ROUNDS * 3 + 1] = {}, second[ROUNDS * 5 + 1] = {};
	struct page_guest *p = &self->p;
	unsigned int i, n = 0, m = 0;
	const struct page_op *seen;
	__u64 at;

	START(p, GUEST_LONG);
	at = page_map(p, p->root, VA, 12, page_frame(0) | TABLE, TABLE);
	ASSERT_EQ(0, page_guest_start_vcpu(p, &self->second));
	GUEST_U64(&p->guest, FLAG_AT) = 0;
	for (i = 0; i < ROUNDS; i++) {
		/* vCPU 0 waits until vCPU 1 has used the entry. */
		first[n++] = (struct page_op){ .code = PAGE_WAIT, .addr = FLAG_AT,
			.value = 2 * i + 1 };
		first[n++] = (struct page_op){ .code = PAGE_WRITE, .addr = at,
			.value = i % 4 == 3 ? 0 : page_frame(i + 1) | TABLE };
		first[n++] = (struct page_op){ .code = PAGE_WRITE, .addr = FLAG_AT,
			.value = 2 * i + 2 };
		second[m++] = (struct page_op){ .code = PAGE_READ, .addr = VA + 64 };
		second[m++] = (struct page_op){ .code = PAGE_WRITE, .addr = FLAG_AT,
			.value = 2 * i + 1 };
		second[m++] = (struct page_op){ .code = PAGE_WAIT, .addr = FLAG_AT,
			.value = 2 * i + 2 };
		second[m++] = (struct page_op){ .code = i & 1 ? PAGE_CR3 : PAGE_INVLPG,
			.addr = i & 1 ? p->root : VA };
		second[m++] = (struct page_op){ .code = PAGE_READ, .addr = VA + 64 };
	}
	ASSERT_TRUE(page_list(&p->guest, first, n));
	ASSERT_TRUE(page_list(&self->second, second, m));
	GUEST_SPAWN(&self->thread, &self->second);
	GUEST_RUN(&p->guest, KEEL_EXIT_HLT);
	GUEST_JOIN(&self->thread, KEEL_EXIT_HLT);
	seen = (const struct page_op *)(p->guest.mem + PAGE_LIST_AT + PAGE_LIST_BYTES) + 1;
	for (i = 0; i < ROUNDS; i++) {
		const struct page_op *op = &seen[i * 5 + 4];

		if (i % 4 == 3) {
			EXPECT_EQ(14, op->vector);
			EXPECT_EQ(0, op->error);
			continue;
		}
		EXPECT_EQ(3, op->vector);
		EXPECT_EQ(page_frame(i + 1) + 64, op->result) {
			TH_LOG("round %u", i);
		}
	}
}

TEST_HARNESS_MAIN
