/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests for tests of paging: a guest that works off a list of accesses and of
 * changes to its page tables without leaving the guest, and the model of
 * lib/pagemodel.h that says beforehand what must come of each.
 *
 *	page_access(p, PAGE_WRITE, va, 5);	the guest will write, the model writes
 *	page_invlpg(p, va);
 *	page_run(p);				the guest does it, and agrees
 *
 * The machine is that of lib/guest.h, whose code, stacks and tables lie in the
 * first 2 MiB, mapped to themselves for the supervisor alone, in tables that
 * tests do not touch.  Tests have the table pages from PAGE_TABLES_AT on and the
 * frames from PAGE_FRAMES_AT on, and large frames behind; PAGE_ROOT and what the
 * first entry of it leads to are set up.
 */
#ifndef SELFTESTS_PAGEGUEST_H
#define SELFTESTS_PAGEGUEST_H

#include "guest.h"
#include "pagemodel.h"

#define PAGE_BYTES	0x800000	/* of memory, from address 0 on */
#define PAGE_SNIPPETS_AT 0x18000	/* the page that user code is in */
#define PAGE_LIST_AT	0x20000		/* of struct page_op, 128 for each vCPU */
#define PAGE_LIST_BYTES	0x2000
#define PAGE_TABLES_AT	0x80000		/* PAGE_TABLES of them */
#define PAGE_TABLES	64
#define PAGE_FRAMES_AT	0xc0000
#define PAGE_FRAMES	32
#define PAGE_LARGE_AT	0x200000	/* three frames of 2 MiB, one of 4 MiB */
/* The table pages that the machine itself needs come last. */
#define PAGE_OWN_TABLES	6
#define PAGE_FREE_TABLES (PAGE_TABLES - PAGE_OWN_TABLES)

/* What an entry of the list is; see the code in pageguest.c. */
enum page_code {
	PAGE_END,
	PAGE_READ,
	PAGE_WRITE,
	PAGE_FETCH,
	PAGE_INVLPG,
	PAGE_CR3,
	PAGE_CR4,
	PAGE_CR0,
	PAGE_EFER,
	PAGE_INVPCID,
	PAGE_WAIT,
};

#define PAGE_USER	0x100		/* at CPL 3 */
#define PAGE_AC		0x200		/* with RFLAGS.AC */

/**
 * struct page_op - an instruction for the guest, and what came of it
 * @code: enum page_code and PAGE_*
 * @vector: what it raised, or 3 where it did what it does
 * @addr: address; the register's value; INVPCID: the type
 * @value: what to write; INVPCID: the descriptor's PCID
 * @value2: INVPCID: the descriptor's address
 * @result: what was read
 * @error: of @vector
 * @cr2: where it is #PF
 */
struct page_op {
	__u32 code;
	__u32 vector;
	__u64 addr;
	__u64 value;
	__u64 value2;
	__u64 result;
	__u64 error;
	__u64 cr2;
	__u64 unused;
};

#define PAGE_OPS	(PAGE_LIST_BYTES / sizeof(struct page_op) - 1)

/**
 * struct page_expect - what the model says of an entry of the list
 * @walk: of an access
 * @result: what it reads
 * @mask: of bits that @result says
 * @old: it may just as well be as in @old_walk and @old_result
 * @old_walk: by what was in the tables before
 * @old_result: likewise
 * @vector: of other operations; 3, GP, UD
 * @any: nothing is said
 */
struct page_expect {
	struct model_walk walk;
	struct model_walk old_walk;
	__u64 result;
	__u64 old_result;
	__u64 mask;
	__u32 vector;
	bool old;
	bool any;
};

/**
 * struct page_guest - a guest, its model, and the list to come
 * @guest: the VM
 * @mode: GUEST_LONG, GUEST_PAE or GUEST_PAGED
 * @model: what it will be like after the list
 * @more: memory behind that of @guest
 * @nr: entries in the list
 * @too_long: it did not hold all that was put in
 * @expect: of each
 * @root: the machine's own root table
 * @tables: how many of the free table pages are in use
 * @features: CPUID.7:EBX
 * @has_pcid: there are PCIDs
 * @has_nx: likewise
 * @failure: in words, where page_run() found something
 * @list: of the vCPU that runs it
 */
struct page_guest {
	struct guest guest;
	enum guest_mode mode;
	struct model model;
	__u8 *more;
	unsigned int nr;
	bool too_long;
	struct page_expect expect[PAGE_OPS];
	__u64 root;
	unsigned int tables;
	__u32 features;
	bool has_pcid;
	bool has_nx;
	char failure[400];
};

#define FEATURE_SMEP	(1U << 7)
#define FEATURE_INVPCID	(1U << 10)
#define FEATURE_SMAP	(1U << 20)

/* 0 or a negative errno. */
int page_guest_init(struct page_guest *p);
void page_guest_free(struct page_guest *p);
int page_guest_start(struct page_guest *p, enum guest_mode mode);
/* A further vCPU of it, which works off a list of its own, without a model. */
int page_guest_start_vcpu(struct page_guest *p, struct guest *g);

static inline __u64 page_table(unsigned int n)
{
	return PAGE_TABLES_AT + 4096ULL * n;
}

static inline __u64 page_frame(unsigned int n)
{
	return PAGE_FRAMES_AT + 4096ULL * n;
}

/* Whether it is in the tables that tests have, and the machine's own. */
bool page_is_table(__u64 pa);
/* Whether it is in a frame, at whose beginning there is code for a fetch. */
bool page_is_frame(__u64 pa);

/* Before the guest runs: write an entry of a table, both in the guest and the model. */
void page_poke(struct page_guest *p, __u64 table, unsigned int index, __u64 entry);

/*
 * Before the guest runs, too: map an address below @root by an entry for pages of
 * 2 to the power of @shift bytes, taking free tables with @flags as needed.
 * Returns where the entry is.
 */
__u64 page_map(struct page_guest *p, __u64 root, __u64 va, unsigned int shift, __u64 entry,
	       __u64 flags);
/* A further root table that has the machine in it. */
__u64 page_new_root(struct page_guest *p);
/* The guest's memory, as the VMM sees it. */
__u8 *page_memory(struct page_guest *p, __u64 pa);

/*
 * These put an operation at the end of the list and let the model do it; accesses
 * are of the width of an entry, or 4 bytes for a read outside of 64-bit mode.
 */
void page_access(struct page_guest *p, __u32 code, __u64 va, __u64 value);
/* Each kind of access to one address; those that write do it where no code is. */
void page_access_all(struct page_guest *p, __u64 va);
/* The guest writes an entry, at a physical address, through the machine's own mapping. */
void page_set(struct page_guest *p, __u64 at, __u64 entry);
/* A read while a TLB may hold what one entry was before; @entry is its address. */
void page_access_stale(struct page_guest *p, __u32 code, __u64 va, __u64 entry, __u64 old);
void page_invlpg(struct page_guest *p, __u64 va);
void page_cr3(struct page_guest *p, __u64 value);
void page_cr4(struct page_guest *p, __u64 value);
void page_cr0(struct page_guest *p, __u64 value);
void page_efer(struct page_guest *p, __u64 value);
void page_invpcid(struct page_guest *p, unsigned int type, __u64 pcid, __u64 va);
/* All translations, the global ones too. */
void page_flush_all(struct page_guest *p);

/* Whether the model knows all memory that an access to @va uses: else it may be MMIO. */
bool page_inside(struct page_guest *p, __u32 code, __u64 va);

/* Run the list and compare: true, or @failure says what differs. */
bool page_run(struct page_guest *p);
/* Write a list for a vCPU of page_guest_start_vcpu(); false where it is too long. */
bool page_list(struct guest *g, const struct page_op *ops, unsigned int nr);
const struct page_op *page_result(struct page_guest *p, unsigned int n);

#define PAGE_RUN(p) do {						\
	bool __agrees = page_run(p);					\
									\
	ASSERT_TRUE(__agrees) {						\
		TH_LOG("%s", (p)->failure);				\
	}								\
} while (0)

#define PAGE_SETUP(p) do {						\
	int __ret = page_guest_init(p);					\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU"); \
	ASSERT_EQ(0, __ret);						\
} while (0)

#endif /* SELFTESTS_PAGEGUEST_H */
