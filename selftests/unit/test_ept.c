// SPDX-License-Identifier: GPL-2.0
/*
 * ept.c against a flat array that says for each 4 KiB of guest memory what it
 * maps to, and against a walk as the CPU does it, written from the SDM's "EPT
 * Translation Mechanism", "EPT Misconfigurations" and "Accessed and Dirty Flags
 * for EPT", with numbers, not with the kernel's names.
 *
 * The array follows the rules of ept.h, not its code: it knows no tables.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/bits.h>
#include <linux/keel.h>

#include "kselftest_harness.h"
#include "ept.h"

#define SIZE_4K		BIT_ULL(12)
#define SIZE_2M		BIT_ULL(21)
#define SIZE_1G		BIT_ULL(30)

/* Guest memory under test: it crosses from one PML4 entry to the next. */
#define BASE		(BIT_ULL(39) - SIZE_1G)
#define PAGES		(2 * SIZE_1G / SIZE_4K)
#define END		(BASE + PAGES * SIZE_4K)

#define CAP_2M		BIT_ULL(16)
#define CAP_1G		BIT_ULL(17)
#define CAP_AD		BIT_ULL(21)

/* Pages: how many are out, and how many more there are. */
static long pages_out, pages_left = -1;
static u64 random_state;
static bool racing;	/* the CPU uses a page just before ept.c changes it */
static u64 cpu_caps;	/* IA32_VMX_EPT_VPID_CAP */

/* A bit that the CPU ignores: shows what of its changes survived. */
#define MARK		BIT_ULL(52)

unsigned long get_zeroed_page(unsigned int gfp)
{
	char *page;

	if (!pages_left)
		return 0;
	pages_left--;
	page = aligned_alloc(4096, 8192);
	memset(page, 0, 4096);
	memset(page + 4096, 0xee, 4096);
	pages_out++;
	return (unsigned long)page;
}

void free_page(unsigned long page)
{
	pages_out--;
	free((void *)page);
}

void unit_race(u64 *p)
{
	if (racing && (*p & 1))
		*p |= MARK | 1ULL << 8;
}

static u64 rnd(u64 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

/* What the CPU makes of an address. */
struct walked {
	bool misconfigured;
	u64 frame;	/* of its 4 KiB */
	u8 level;	/* of the leaf; 0: not present */
	bool write, exec, accessed, dirty;
};

static bool bad_entry(u64 entry, int level)
{
	int type = (entry >> 3) & 7;

	if ((entry & 3) == 2 || (entry & 7) == 4)
		return true;
	if (level == 4)
		return entry & 0xf8;
	if (level > 1 && !(entry & 0x80))
		return entry & 0x78;
	if ((level == 3 && !(cpu_caps & CAP_1G)) || (level == 2 && !(cpu_caps & CAP_2M)))
		return true;
	if (level > 1 && (entry & ((1ULL << (12 + 9 * (level - 1))) - 1) & ~0xfffULL))
		return true;
	return type == 2 || type == 3 || type == 7;
}

static struct walked walk(const struct ept *ept, u64 gpa)
{
	struct walked w = { .write = true, .exec = true };
	u64 *table = __va(ept->eptp & 0xffffffffff000ULL);
	int level;

	for (level = 4; level; level--) {
		int shift = 12 + 9 * (level - 1);
		u64 entry = table[(gpa >> shift) & 511];

		if (!(entry & 7))
			return (struct walked){};
		if (bad_entry(entry, level))
			return (struct walked){ .misconfigured = true };
		w.write &= !!(entry & 2);
		w.exec &= !!(entry & 4);
		if (level == 1 || (level < 4 && (entry & 0x80))) {
			w.level = level;
			w.frame = (entry & 0xffffffffff000ULL) +
				(gpa & ((1ULL << shift) - 1) & ~0xfffULL);
			w.accessed = entry & (1 << 8);
			w.dirty = entry & (1 << 9);
			/* Write-back, whatever the guest's PAT says. */
			w.misconfigured = ((entry >> 3) & 15) != (6 | 8);
			return w;
		}
		table = __va(entry & 0xffffffffff000ULL);
	}
	return w;
}

/* The entry that maps an address. */
static u64 *entry_at(const struct ept *ept, u64 gpa)
{
	u64 *table = __va(ept->eptp & 0xffffffffff000ULL), *entry;
	int level = 4;

	for (;; level--) {
		entry = &table[(gpa >> (12 + 9 * (level - 1))) & 511];
		if (level == 1 || (level < 4 && (*entry & 0x80)))
			return entry;
		table = __va(*entry & 0xffffffffff000ULL);
	}
}

/* The second model. */
static struct walked *model;

static u64 size_of(int level)
{
	return SIZE_4K << (9 * (level - 1));
}

static struct walked *at(u64 gpa)
{
	return &model[(gpa - BASE) / SIZE_4K];
}

static u64 down(u64 gpa, int level)
{
	return gpa & ~(size_of(level) - 1);
}

static bool smaller_inside(u64 gpa, int level)
{
	u64 p, start = down(gpa, level);

	for (p = start; p < start + size_of(level); p += SIZE_4K)
		if (at(p)->level && at(p)->level < level)
			return true;
	return false;
}

static void model_split(u64 gpa)
{
	int level = at(gpa)->level;
	u64 p, start = down(gpa, level);

	for (p = start; p < start + size_of(level); p += SIZE_4K) {
		at(p)->level = level - 1;
		at(p)->exec |= level == 2;
	}
}

/* Code in a large page that has nothing mapped: its neighbours come with it. */
static void model_map_around(const struct mmu_page *page)
{
	u64 p, start = down(page->gpa, 2);

	for (p = start; p < start + size_of(2); p += SIZE_4K)
		if (at(p)->level)
			return;
	for (p = start; p < start + size_of(2); p += SIZE_4K)
		*at(p) = (struct walked) {
			.level = 1,
			.frame = down(page->hpa, 2) + (p - start),
			.write = page->write,
			.exec = true,
		};
}

static enum mmu_mapped model_map(const struct ept *ept, const struct mmu_page *page)
{
	bool exec = page->access & KEEL_ACCESS_EXEC;
	bool write = page->access & KEEL_ACCESS_WRITE;
	enum mmu_mapped ret = MMU_MAPPED;
	int level = page->level;
	u64 p, start, frame;

	if (level == 3 && !(cpu_caps & CAP_1G))
		level = 2;
	if (!(cpu_caps & CAP_2M))
		level = 1;
	if (exec && ept->nx_large) {
		if (level >= 2)
			model_map_around(page);
		level = 1;
	}
	while (smaller_inside(page->gpa, level))
		level--;
	while (at(page->gpa)->level > level) {
		struct walked *w = at(page->gpa);

		if (w->frame == (page->hpa & ~0xfffULL) && (!write || w->write) &&
		    (!exec || w->exec))
			return ret;
		model_split(page->gpa);
		ret = MMU_MAPPED_FLUSH;
	}
	start = down(page->gpa, level);
	frame = down(page->hpa, level);
	for (p = start; p < start + size_of(level); p += SIZE_4K) {
		struct walked *w = at(p);

		if (w->level && w->frame != frame + (p - start)) {
			memset(w, 0, sizeof(*w));
			ret = MMU_MAPPED_FLUSH;
		}
		w->level = level;
		w->frame = frame + (p - start);
		w->write |= page->write;
		w->exec |= level == 1 || !ept->nx_large;
		w->accessed |= ept->ad;
		w->dirty |= ept->ad && write && page->write;
	}
	return ret;
}

static bool model_zap(u64 start, u64 end)
{
	bool found = false;
	u64 p, q;

	for (p = start; p < end; p += SIZE_4K) {
		int level = at(p)->level;

		if (!level)
			continue;
		found = true;
		q = down(p, level);
		memset(at(q), 0, size_of(level) / SIZE_4K * sizeof(*model));
	}
	return found;
}

#define FIELD(name)	offsetof(struct walked, name)

static bool *field_at(u64 gpa, size_t field)
{
	return (bool *)((char *)at(gpa) + field);
}

/* Clear a flag of the whole leaf that @gpa is in; say whether it was set. */
static bool model_clear(u64 gpa, size_t field)
{
	int level = at(gpa)->level;
	u64 p, start;

	if (!level || !*field_at(gpa, field))
		return false;
	start = down(gpa, level);
	for (p = start; p < start + size_of(level); p += SIZE_4K)
		*field_at(p, field) = false;
	return true;
}

static bool model_protect(u64 start, u64 end)
{
	bool found = false;
	u64 p;

	for (p = start; p < end; p += SIZE_4K)
		found |= model_clear(p, FIELD(write));
	return found;
}

static bool model_young(const struct ept *ept, u64 start, u64 end, bool clear)
{
	bool found = false;
	u64 p;

	for (p = start; p < end; p += SIZE_4K) {
		if (!ept->ad)
			found |= at(p)->level != 0;
		else if (clear)
			found |= model_clear(p, FIELD(accessed));
		else
			found |= at(p)->level && at(p)->accessed;
	}
	return found;
}

FIXTURE(ept) {
	struct ept ept;
	struct table_pages stock;
	struct table_pages dead;
};

FIXTURE_VARIANT(ept) {
	u64 caps;
	bool nx_large;
	bool racing;
};

FIXTURE_VARIANT_ADD(ept, all) { .caps = CAP_2M | CAP_1G | CAP_AD };
FIXTURE_VARIANT_ADD(ept, nx_large) { .caps = CAP_2M | CAP_1G | CAP_AD, .nx_large = true };
FIXTURE_VARIANT_ADD(ept, no_ad) { .caps = CAP_2M | CAP_1G };
FIXTURE_VARIANT_ADD(ept, no_1g) { .caps = CAP_2M | CAP_AD, .nx_large = true };
FIXTURE_VARIANT_ADD(ept, only_4k) { .caps = CAP_1G };
FIXTURE_VARIANT_ADD(ept, cpu_sets_flags) { .caps = CAP_2M | CAP_1G | CAP_AD, .racing = true };

FIXTURE_SETUP(ept)
{
	struct keel_vmx_msrs caps = { .ept_vpid_cap = variant->caps };

	random_state = 0x9e3779b97f4a7c15ULL;
	pages_left = -1;
	model = calloc(PAGES, sizeof(*model));
	memset(self, 0, sizeof(*self));
	racing = variant->racing;
	cpu_caps = variant->caps;
	ASSERT_EQ(0, ept_init(&self->ept, &caps, variant->nx_large));
}

FIXTURE_TEARDOWN(ept)
{
	ept_free(&self->ept);
	ept_free(&self->ept);
	table_pages_free(&self->stock);
	table_pages_free(&self->dead);
	EXPECT_EQ(0, pages_out);
	free(model);
}

/* What a CPU that has not flushed reads in dead pages must still be entries. */
static void free_dead(struct __test_metadata *_metadata, struct table_pages *dead)
{
	u64 *table;
	int i;

	while ((table = table_pages_pop(dead))) {
		for (i = 0; i < 512; i++)
			if (table[i])
				ASSERT_EQ(1, table[i] & 1);
		table_page_free(table);
	}
}

static void stock_up(struct table_pages *stock)
{
	while (stock->nr < EPT_MAP_PAGES)
		table_pages_push(stock, table_page_alloc());
}

static bool zap_all(struct ept *ept, u64 start, u64 end, unsigned int budget,
		    struct table_pages *dead)
{
	bool found = false;

	while (start < end)
		found |= ept_zap(ept, &start, end, budget, dead);
	return found;
}

/* Tables below: their number; each counts its entries and has one. */
static unsigned long count_tables(struct __test_metadata *_metadata,
				  const u64 *table, int level)
{
	unsigned long n = 0, used = 0;
	int i;

	for (i = 0; i < 512; i++) {
		used += table[i] != 0;
		if (table[i] && level > 1 && !(table[i] & 0x80))
			n += 1 + count_tables(_metadata, __va(table[i] & 0xffffffffff000ULL),
					      level - 1);
	}
	if (level < 4)
		ASSERT_NE(0, used);
	ASSERT_EQ(used, page_private(virt_to_page(table)));
	return n;
}

static void compare(struct __test_metadata *_metadata, const struct ept *ept, u64 gpa)
{
	struct walked w = walk(ept, gpa), *m = at(gpa);

	ASSERT_FALSE(w.misconfigured);
	ASSERT_EQ(m->level, w.level) {
		TH_LOG("gpa 0x%llx", gpa);
	}
	ASSERT_EQ(m->frame, w.frame) {
		TH_LOG("gpa 0x%llx level %d", gpa, w.level);
	}
	if (!w.level)
		return;
	ASSERT_EQ(m->write, w.write);
	ASSERT_EQ(m->exec, w.exec);
	ASSERT_EQ(m->dirty, w.dirty);
	/* Racing, the CPU sets it when it likes. */
	if (!racing)
		ASSERT_EQ(m->accessed, w.accessed);
}

static void compare_all(struct __test_metadata *_metadata, const struct ept *ept)
{
	u64 gpa;

	for (gpa = BASE; gpa < END; gpa += SIZE_4K)
		compare(_metadata, ept, gpa);
	ASSERT_EQ(ept->tables, count_tables(_metadata, ept->root, 4));
}

/* Few places, so that operations meet; at the edges of large pages and tables. */
static u64 some_gpa(void)
{
	u64 gpa = BASE + SIZE_1G - 2 * SIZE_2M + rnd(4) * SIZE_2M;

	switch (rnd(4)) {
	case 0:
		return gpa + rnd(4) * SIZE_4K;
	case 1:
		return gpa + SIZE_2M - SIZE_4K * (1 + rnd(3));
	case 2:
		return gpa;
	default:
		return BASE + rnd(PAGES) * SIZE_4K;
	}
}

static u64 some_end(u64 start)
{
	static const u64 sizes[] = { SIZE_4K, 3 * SIZE_4K, SIZE_2M, SIZE_2M + SIZE_4K,
				     5 * SIZE_2M };
	u64 end = start + (rnd(40) ? sizes[rnd(5)] : SIZE_1G);

	return end < END ? end : END;
}

/* Mostly the one frame that belongs there. */
static struct mmu_page some_page(void)
{
	u64 gpa = some_gpa() + rnd(SIZE_4K);
	u64 odds = rnd(100);

	return (struct mmu_page) {
		.gpa = gpa,
		.hpa = down(gpa, 1) + (rnd(10) ? 0 : SIZE_1G * rnd(3)),
		.level = odds < 3 ? 3 : odds < 30 ? 2 : 1,
		.write = rnd(2),
		.access = rnd(3) == 0 ? KEEL_ACCESS_EXEC : 0,
	};
}

TEST_F(ept, random_operations_give_what_the_array_says)
{
	struct mmu_page page;
	u64 start, end, pos;
	bool found, clear;
	int i, op;

	for (i = 0; i < 6000; i++) {
		op = rnd(100);
		start = some_gpa();
		end = some_end(start);
		/* Room for large pages, which small ones keep away. */
		if (i % 200 < 2)
			op = i % 200 ? 0 : 70;
		if (i % 200 == 0) {
			start = BASE;
			end = END;
		}
		if (op < 65) {
			page = some_page();
			if (i % 200 == 1)
				page.level = 3;
			if (page.write && rnd(2))
				page.access |= KEEL_ACCESS_WRITE;
			start = down(page.gpa, 1);
			end = start + SIZE_4K;
			stock_up(&self->stock);
			ASSERT_EQ(model_map(&self->ept, &page),
				  ept_map(&self->ept, &page, &self->stock, true));
			compare(_metadata, &self->ept, start);
		} else if (op < 80) {
			found = zap_all(&self->ept, start, end, 1 + rnd(4), &self->dead);
			ASSERT_EQ(model_zap(start, end), found);
			free_dead(_metadata, &self->dead);
		} else if (op < 90) {
			for (found = false, pos = start; pos < end;)
				found |= ept_protect(&self->ept, &pos, end, 1 + rnd(4));
			ASSERT_EQ(model_protect(start, end), found);
		} else {
			if (down(start, 1) != start || racing)
				continue;
			clear = rnd(2);
			found = ept_young(&self->ept, start, end, clear);
			ASSERT_EQ(model_young(&self->ept, start, end, clear), found);
		}
		for (pos = start; pos < end && pos < start + 16 * SIZE_4K; pos += SIZE_4K)
			compare(_metadata, &self->ept, pos);
		compare(_metadata, &self->ept, end - SIZE_4K);
		if (start > BASE)
			compare(_metadata, &self->ept, start - SIZE_4K);
		if (end < END)
			compare(_metadata, &self->ept, end);
		ASSERT_EQ(pages_out, 1 + self->ept.tables + self->stock.nr);
		if (i % 1000 == 999)
			compare_all(_metadata, &self->ept);
	}
	/* Every table goes with its last entry. */
	zap_all(&self->ept, 0, 1ULL << 48, 3, &self->dead);
	ASSERT_EQ(0, self->ept.tables);
	free_dead(_metadata, &self->dead);
	ASSERT_EQ(1 + self->stock.nr, pages_out);
}

TEST_F(ept, eptp_says_what_the_tree_is)
{
	/* SDM, "Extended-Page-Table Pointer (EPTP)": type, length less 1, A/D. */
	EXPECT_EQ(6, self->ept.eptp & 7);
	EXPECT_EQ(3, (self->ept.eptp >> 3) & 7);
	EXPECT_EQ(!!(variant->caps & CAP_AD), (self->ept.eptp >> 6) & 1);
	EXPECT_EQ(0, (self->ept.eptp >> 7) & 0x1f);
	EXPECT_EQ(__pa(self->ept.root), self->ept.eptp & ~0xfffULL);
}

/* All table pages or none, so that no empty table stays behind. */
TEST_F(ept, without_table_pages_nothing_changes)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 1 };
	unsigned long nr;

	for (nr = 0; nr < EPT_MAP_PAGES; nr++) {
		while (self->stock.nr < nr)
			table_pages_push(&self->stock, table_page_alloc());
		EXPECT_EQ(MMU_NO_PAGE, ept_map(&self->ept, &page, &self->stock, true));
		EXPECT_EQ(nr, self->stock.nr);
		EXPECT_EQ(0, self->ept.tables);
		EXPECT_EQ(0, self->ept.root[BASE >> 39]);
	}
	stock_up(&self->stock);
	EXPECT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, true));
	EXPECT_EQ(0, self->stock.nr);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
}

TEST_F(ept, what_calls_for_a_flush_is_left_alone_without_one)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 2, .write = true };
	struct mmu_page other = { .gpa = BASE, .hpa = BASE + SIZE_1G, .level = 1 };
	struct walked before, after;

	stock_up(&self->stock);
	ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	before = walk(&self->ept, BASE);
	stock_up(&self->stock);
	EXPECT_EQ(MMU_WOULD_FLUSH, ept_map(&self->ept, &other, &self->stock, false));
	after = walk(&self->ept, BASE);
	EXPECT_EQ(before.frame, after.frame);
	EXPECT_EQ(before.level, after.level);
	EXPECT_EQ(MMU_MAPPED_FLUSH, ept_map(&self->ept, &other, &self->stock, true));
	EXPECT_EQ(other.hpa, walk(&self->ept, BASE).frame);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
}

/* A second CPU with an older view must not take write access away again. */
TEST_F(ept, a_read_fault_does_not_take_write_access_away)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 1, .write = true };

	stock_up(&self->stock);
	ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	page.write = false;
	EXPECT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	EXPECT_TRUE(walk(&self->ept, BASE).write);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
}

/* What the CPU sets in an entry while ept.c changes it must not get lost. */
TEST_F(ept, flags_that_the_cpu_sets_survive)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 1 };
	u64 pos = BASE, *entry;

	stock_up(&self->stock);
	ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	entry = entry_at(&self->ept, BASE);
	racing = true;
	page.write = true;
	EXPECT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	EXPECT_EQ(MARK, *entry & MARK);
	*entry &= ~MARK;
	EXPECT_TRUE(ept_protect(&self->ept, &pos, BASE + SIZE_4K, 1));
	EXPECT_EQ(MARK, *entry & MARK);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);

	if (variant->caps & CAP_2M) {
		page.level = 2;
		page.write = false;
		racing = false;
		stock_up(&self->stock);
		ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
		racing = true;
		page.level = 1;
		page.write = true;
		page.access = KEEL_ACCESS_WRITE;
		EXPECT_EQ(MMU_MAPPED_FLUSH, ept_map(&self->ept, &page, &self->stock, true));
		EXPECT_EQ(MARK, *entry_at(&self->ept, BASE) & MARK);
		EXPECT_EQ(MARK, *entry_at(&self->ept, BASE + SIZE_2M - SIZE_4K) & MARK);
		zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
	}
}

/* As a slot that logs its writes needs it. */
TEST_F(ept, one_page_of_a_large_one_becomes_writable)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 2, .write = true };
	struct mmu_page small = {
		.gpa = BASE + SIZE_4K, .hpa = BASE + SIZE_4K, .level = 1, .write = true,
		.access = KEEL_ACCESS_WRITE,
	};
	u64 pos = BASE;

	if (!(variant->caps & CAP_2M))
		SKIP(return, "no large pages to split");
	stock_up(&self->stock);
	ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	/* A part of it is enough. */
	EXPECT_TRUE(ept_protect(&self->ept, &pos, BASE + SIZE_4K, 1));
	EXPECT_EQ(2, walk(&self->ept, BASE).level);
	EXPECT_FALSE(walk(&self->ept, small.gpa).write);
	EXPECT_EQ(MMU_MAPPED_FLUSH, ept_map(&self->ept, &small, &self->stock, true));
	EXPECT_EQ(1, walk(&self->ept, small.gpa).level);
	EXPECT_TRUE(walk(&self->ept, small.gpa).write);
	EXPECT_FALSE(walk(&self->ept, BASE).write);
	EXPECT_FALSE(walk(&self->ept, BASE + 2 * SIZE_4K).write);
	EXPECT_FALSE(walk(&self->ept, BASE + SIZE_2M - SIZE_4K).write);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
}

TEST_F(ept, no_split_without_a_table_page)
{
	struct mmu_page page = { .gpa = BASE, .hpa = BASE, .level = 2 };
	struct mmu_page small = {
		.gpa = BASE, .hpa = BASE, .level = 1, .write = true, .access = KEEL_ACCESS_WRITE,
	};

	if (!(variant->caps & CAP_2M))
		SKIP(return, "no large pages to split");
	stock_up(&self->stock);
	ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, false));
	table_pages_free(&self->stock);
	EXPECT_EQ(MMU_NO_PAGE, ept_map(&self->ept, &small, &self->stock, true));
	EXPECT_EQ(2, walk(&self->ept, BASE).level);
	zap_all(&self->ept, 0, 1ULL << 48, 1, &self->dead);
}

/* 100s of GiB of nothing cost a few steps; a full table costs one. */
TEST_F(ept, zapping_is_bounded_by_its_budget)
{
	struct mmu_page page = { .level = 1 };
	u64 pos = 0;
	int i;

	EXPECT_FALSE(ept_zap(&self->ept, &pos, 1ULL << 48, 1, &self->dead));
	EXPECT_EQ(1ULL << 48, pos);
	for (i = 0; i < 8; i++) {
		page.gpa = BASE + i * SIZE_2M;
		page.hpa = page.gpa;
		stock_up(&self->stock);
		ASSERT_EQ(MMU_MAPPED, ept_map(&self->ept, &page, &self->stock, true));
	}
	pos = 0;
	EXPECT_TRUE(ept_zap(&self->ept, &pos, 1ULL << 48, 3, &self->dead));
	EXPECT_EQ(BASE + 3 * SIZE_2M, pos);
	EXPECT_EQ(3, self->dead.nr);
	EXPECT_TRUE(ept_zap(&self->ept, &pos, 1ULL << 48, 6, &self->dead));
	EXPECT_EQ(1ULL << 48, pos);
	EXPECT_EQ(0, self->ept.tables);
	EXPECT_EQ(10, self->dead.nr);
}

TEST(no_memory_for_a_root)
{
	struct keel_vmx_msrs caps = {};
	struct ept ept = {};

	pages_left = 0;
	EXPECT_EQ(-12, ept_init(&ept, &caps, false));
	ept_free(&ept);
	pages_left = -1;
}

TEST_HARNESS_MAIN
