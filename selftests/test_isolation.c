// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that writes whatever it likes into its page tables reaches its slots and
 * nothing else: an access reads what its slots hold, is a page fault, or comes to
 * the VMM.  Memory of the VMM beside a slot and all over the host's is full of a
 * word that the guest must neither see nor change.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/pageguest.h"

#define TABLE		(PTE_P | PTE_W | PTE_U)
#define PAGE		4096ULL
#define CANARY		0xca7a51e5U
#define CANARY_BYTES	0x1000000	/* with the slot in the middle */
/* A slot that is smaller than a large page, and memory of the guest nowhere near. */
#define SMALL_GPA	0x10000000ULL
#define SMALL_BYTES	0x10000ULL
#define VALUES		200
#define WRITTEN		0x1122334455667788ULL

FIXTURE(isolation)
{
	struct page_guest p;
	__u32 *canary;
	__u8 *small;
	__u64 value[VALUES];	/* addresses to try */
	unsigned int nr;
};

FIXTURE_VARIANT(isolation)
{
	enum guest_mode mode;
	__u64 va;
};

FIXTURE_VARIANT_ADD(isolation, long_mode) { .mode = GUEST_LONG, .va = 0xffff908000000000 };
FIXTURE_VARIANT_ADD(isolation, pae) { .mode = GUEST_PAE, .va = 0xc0000000 };
FIXTURE_VARIANT_ADD(isolation, two_level) { .mode = GUEST_PAGED, .va = 0xc0000000 };

typedef FIXTURE_DATA(isolation) isolation;

static void add_value(isolation *t, __u64 value)
{
	if (t->nr < VALUES)
		t->value[t->nr++] = value;
}

/* Where memory of this process is in the host's. */
static __u64 host_address(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, 8, (uintptr_t)at / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return (entry & 0x7fffffffffffff) * PAGE;
}

static void choose_values(isolation *t)
{
	struct page_guest *p = &t->p;
	__u64 host = 0;
	unsigned int i;

	for (i = 21; i < 64; i++)
		add_value(t, 1ULL << i);
	for (i = 12; i < 64; i += 3)
		add_value(t, ~0ULL << i);
	add_value(t, (1ULL << p->model.phys_bits) - PAGE);
	add_value(t, (1ULL << p->model.phys_bits) - (1ULL << 30));
	add_value(t, PAGE_BYTES);
	add_value(t, SMALL_GPA - PAGE);
	add_value(t, SMALL_GPA + SMALL_BYTES);
	add_value(t, 0xfee00000);
	add_value(t, 0xffffffff81000000);
	/* Frames of the host: the canaries', the guest's own, the vCPU's. */
	for (i = 0; i < 16; i++)
		add_value(t, host_address((__u8 *)t->canary + i * (CANARY_BYTES / 16)));
	add_value(t, host_address(t->small - PAGE));
	add_value(t, host_address(t->small + SMALL_BYTES));
	for (i = 0; i < 8; i++)
		add_value(t, host_address(t->small + i * PAGE));
	for (i = 0; i < 8; i++)
		add_value(t, host_address(page_memory(p, PAGE_TABLES_AT + i * PAGE)));
	host = host_address(p->guest.run);
	for (i = 0; i < 32; i++)
		add_value(t, host + (i - 16) * PAGE);
	/* The kernel, wherever it is: each 8 MiB of memory. */
	while (t->nr < VALUES)
		add_value(t, t->nr * 0x800000ULL);
}

FIXTURE_SETUP(isolation)
{
	struct page_guest *p = &self->p;
	__u8 *all;
	__u64 i;

	PAGE_SETUP(p);
	all = mmap(NULL, CANARY_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, all);
	ASSERT_EQ(0, mlock(all, CANARY_BYTES));
	self->canary = (__u32 *)all;
	self->small = all + CANARY_BYTES / 2;
	for (i = 0; i < CANARY_BYTES / 4; i++)
		self->canary[i] = CANARY;
	for (i = 0; i < SMALL_BYTES; i += 8)
		*(__u64 *)(self->small + i) = (SMALL_GPA + i) << 8;
	ASSERT_EQ(0, keel_set_memory(p->guest.vm, 2, 0, SMALL_GPA, SMALL_BYTES, self->small));
	ASSERT_EQ(0, page_guest_start(p, variant->mode));
	choose_values(self);
}

FIXTURE_TEARDOWN(isolation)
{
	page_guest_free(&self->p);
	if (self->canary)
		munmap(self->canary, CANARY_BYTES);
}

static bool in_small(__u64 pa)
{
	return pa >= SMALL_GPA && pa < SMALL_GPA + SMALL_BYTES;
}

static bool in_slots(__u64 pa)
{
	return pa < PAGE_BYTES || in_small(pa);
}

static __u64 slot_word(isolation *t, __u64 pa)
{
	__u64 value;

	memcpy(&value, in_small(pa) ? t->small + (pa - SMALL_GPA) : page_memory(&t->p, pa), 8);
	return t->p.mode == GUEST_LONG ? value : value & 0xffffffff;
}

static bool canaries_live(isolation *t)
{
	__u64 i, skip = (t->small - (__u8 *)t->canary) / 4;

	for (i = 0; i < CANARY_BYTES / 4; i++)
		if ((i < skip || i >= skip + SMALL_BYTES / 4) && t->canary[i] != CANARY)
			return false;
	return true;
}

/* What KEEL_RUN says when a list of one is done; the guest is back at its loop. */
static int run_one(isolation *t, __u32 code, __u64 va, struct page_op *op)
{
	struct guest *g = &t->p.guest;
	int ret;

	*op = (struct page_op){ .code = code, .addr = va, .value = WRITTEN };
	page_list(g, op, 1);
	ret = guest_run(g);
	*op = *page_result(&t->p, 0);
	return ret;
}

/* An access of which the model knows where it leads. */
static const char *wrong_access(isolation *t, __u32 code, __u64 va)
{
	struct model_access a = { .va = va, .write = code == PAGE_WRITE,
				  .fetch = code == PAGE_FETCH };
	struct guest *g = &t->p.guest;
	struct model_walk w;
	struct page_op op;
	bool tables_in = true;
	unsigned int i;
	int ret;

	model_walk(&t->p.model, &a, &w);
	for (i = 0; i < w.nr; i++)
		tables_in &= in_slots(w.entry[i]);
	/* In its own memory the guest could well do something to its code. */
	if (tables_in && !w.fault && w.pa < PAGE_BYTES && !page_is_frame(w.pa) &&
	    code != PAGE_READ)
		return NULL;
	if (tables_in && !w.fault && in_small(w.pa) && code == PAGE_FETCH)
		return NULL;
	ret = run_one(t, code, va, &op);
	/* The words of the small slot are not present, as entries. */
	if (ret == KEEL_EXIT_HLT)
		model_flags(&t->p.model, &a, &w);
	else
		model_maybe_flags(&t->p.model, &a, &w);
	if (!tables_in) {
		if (ret != KEEL_EXIT_MMIO)
			return "a table where no memory is: not MMIO";
		return in_slots(g->run->mmio.gpa) ? "MMIO in a slot" : NULL;
	}
	if (w.fault)
		return ret == KEEL_EXIT_HLT && op.vector == 14 && op.error == w.error &&
			op.cr2 == va ? NULL : "not the page fault that it is";
	if (!in_slots(w.pa))
		return ret == KEEL_EXIT_MMIO && g->run->mmio.gpa == w.pa ? NULL :
			"no MMIO where it should be";
	if (ret != KEEL_EXIT_HLT || op.vector != 3)
		return "memory is not there";
	if (code == PAGE_READ && op.result != slot_word(t, w.pa))
		return "reads what is not in the slot";
	if (code != PAGE_WRITE)
		return NULL;
	model_write(&t->p.model, w.pa, WRITTEN, model_entry_bytes(&t->p.model));
	return slot_word(t, w.pa) == (t->p.mode == GUEST_LONG ? WRITTEN : (__u32)WRITTEN) ?
		NULL : "did not write to the slot";
}

#define EXPECT_RIGHT(t, code, va, at, entry) do {			\
	const char *__wrong = wrong_access(t, code, va);		\
									\
	ASSERT_EQ(NULL, __wrong) {					\
		TH_LOG("%s: code %u address 0x%llx, 0x%llx in the entry at 0x%llx: %s", \
		       __wrong, code, (__u64)(va), (__u64)(entry), (__u64)(at),	\
		       guest_describe(&(t)->p.guest));			\
	}								\
} while (0)

/* The guest writes an entry, and uses it. */
static void try_entry(struct __test_metadata *_metadata, isolation *t, __u64 va, __u64 at,
		      __u64 entry)
{
	struct page_guest *p = &t->p;

	page_set(p, at, entry);
	page_flush_all(p);
	PAGE_RUN(p);
	EXPECT_RIGHT(t, PAGE_READ, va + 64, at, entry);
	EXPECT_RIGHT(t, PAGE_WRITE, va + 72, at, entry);
	EXPECT_RIGHT(t, PAGE_FETCH, va, at, entry);
	/* The last word of the page, of the next one, and far into a large one. */
	EXPECT_RIGHT(t, PAGE_READ, va + PAGE - 8, at, entry);
	EXPECT_RIGHT(t, PAGE_READ, va + 0x1ff000, at, entry);
}

static const __u64 with_flags[] = { TABLE, TABLE | PTE_PS, PTE_P, TABLE | PTE_G | PTE_A | PTE_D };

TEST_F(isolation, any_value_in_any_entry)
{
	struct page_guest *p = &self->p;
	struct model_access a = { .va = variant->va };
	unsigned int level, i, n, bytes = model_entry_bytes(&p->model);
	unsigned int step = self->nr / host_rounds(self->nr);
	struct model_walk w;
	__u64 entry;

	page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	if (p->has_nx)
		page_efer(p, p->model.efer | EFER_NXE);
	page_cr3(p, p->root);
	PAGE_RUN(p);
	model_walk(&p->model, &a, &w);
	ASSERT_FALSE(w.fault);
	for (level = 0; level < w.nr; level++) {
		entry = model_read(&p->model, w.entry[level], bytes);
		for (i = 0; i < self->nr; i += step)
			for (n = 0; n < ARRAY_SIZE(with_flags); n++)
				try_entry(_metadata, self, variant->va, w.entry[level],
					  self->value[i] | with_flags[(i + n) % 4]);
		page_set(p, w.entry[level], entry);
		page_flush_all(p);
		PAGE_RUN(p);
	}
	EXPECT_TRUE(canaries_live(self));
}

/* Page by page around the slot, with pages small and large. */
TEST_F(isolation, edges_of_a_slot)
{
	struct page_guest *p = &self->p;
	unsigned int shift = variant->mode == GUEST_PAGED ? 22 : 21;
	__u64 at, page, large = variant->va + (4ULL << 22);

	at = page_map(p, p->root, variant->va, 12, page_frame(0) | TABLE, TABLE);
	page_map(p, p->root, large, shift, SMALL_GPA | TABLE | PTE_PS, TABLE);
	for (page = SMALL_GPA - 3 * PAGE; page < SMALL_GPA + SMALL_BYTES + 3 * PAGE; page += PAGE)
		try_entry(_metadata, self, variant->va, at, page | TABLE);
	for (page = 0; page < SMALL_BYTES + 8 * PAGE; page += PAGE) {
		EXPECT_RIGHT(self, PAGE_READ, large + page + 64, 0, page);
		EXPECT_RIGHT(self, PAGE_WRITE, large + page + 72, 0, page);
	}
	EXPECT_TRUE(canaries_live(self));
}

/* Slots go while their pages are in use: then there is nothing. */
TEST_F(isolation, a_slot_that_went)
{
	struct page_guest *p = &self->p;
	struct page_op op;
	unsigned int i;

	page_map(p, p->root, variant->va, 12, SMALL_GPA | TABLE, TABLE);
	page_cr3(p, p->root);
	PAGE_RUN(p);
	for (i = 0; i < 8; i++) {
		EXPECT_RIGHT(self, PAGE_WRITE, variant->va + 64, 0, i);
		ASSERT_EQ(0, keel_set_memory(p->guest.vm, 2, 0, 0, 0, NULL));
		memset(self->small, 0xe5, SMALL_BYTES);
		EXPECT_EQ(KEEL_EXIT_MMIO, run_one(self, PAGE_READ, variant->va + 64, &op));
		EXPECT_EQ(KEEL_EXIT_MMIO, run_one(self, PAGE_WRITE, variant->va + 64, &op));
		EXPECT_EQ(0xe5, self->small[64]);
		ASSERT_EQ(0, keel_set_memory(p->guest.vm, 2, 0, SMALL_GPA, SMALL_BYTES,
					     self->small));
	}
}

TEST_F(isolation, any_value_in_cr3)
{
	struct guest *g = &self->p.guest;
	struct page_op op;
	unsigned int i;
	int ret;

	if (variant->mode == GUEST_PAE)
		SKIP(return, "with PAE paging, MOV to CR3 reads PDPTEs");
	for (i = 0; i < self->nr; i++) {
		__u64 value = self->value[i] & ~0xfffULL;

		if (variant->mode == GUEST_PAGED)
			value = (__u32)value;
		if (value < PAGE_BYTES || in_small(value))
			continue;
		ret = run_one(self, PAGE_CR3, value, &op);
		/* A reserved bit is #GP; else not even the next instruction is there. */
		if (value >> self->p.model.phys_bits) {
			EXPECT_EQ(KEEL_EXIT_HLT, ret);
			EXPECT_EQ(13, op.vector);
			continue;
		}
		EXPECT_EQ(KEEL_EXIT_MMIO, ret) {
			TH_LOG("CR3 0x%llx: %s", value, guest_describe(g));
		}
		EXPECT_EQ(value, g->run->mmio.gpa & ~0xfffULL);
		g->run->control.cr3 = self->p.root;
	}
	EXPECT_TRUE(canaries_live(self));
}

TEST_HARNESS_MAIN
