// SPDX-License-Identifier: GPL-2.0
/* The list of lib/pageguest.h: what goes into it, and what must come of it. */
#include "pageguest.h"

#include <stdio.h>
#include <string.h>

#define BP		3
#define GP		13
#define PF		14

static __u64 list_at(const struct guest *g)
{
	return PAGE_LIST_AT + g->id * PAGE_LIST_BYTES;
}

static struct page_op *list_of(struct guest *g)
{
	return (struct page_op *)(g->mem + list_at(g)) + 1;
}

const struct page_op *page_result(struct page_guest *p, unsigned int n)
{
	return &list_of(&p->guest)[n];
}

/* Before the list comes what RBX points to. */
static void start_list(struct guest *g, unsigned int nr)
{
	list_of(g)[nr].code = PAGE_END;
	GUEST_U64(g, list_at(g)) = GUEST_STACK_AT - g->id * GUEST_VCPU_BYTES;
	RBX(g) = list_at(g);
	g->run->regs.gpr[KEEL_RBP] = list_at(g);
	RIP(g) = GUEST_CODE_AT;
}

bool page_list(struct guest *g, const struct page_op *ops, unsigned int nr)
{
	if (nr >= PAGE_OPS)
		return false;
	memcpy(list_of(g), ops, nr * sizeof(*ops));
	start_list(g, nr);
	return true;
}

static struct page_expect *add(struct page_guest *p, __u32 code, __u64 addr, __u64 value,
			       __u64 value2)
{
	struct page_expect *e = &p->expect[p->nr];

	/* A list that is too long is the test's mistake, of which page_run() tells. */
	p->too_long |= p->nr >= PAGE_OPS - 1;
	if (p->too_long)
		e = &p->expect[--p->nr];
	list_of(&p->guest)[p->nr++] = (struct page_op){
		.code = code, .addr = addr, .value = value, .value2 = value2,
	};
	memset(e, 0, sizeof(*e));
	e->vector = BP;
	return e;
}

static struct model_access access_of(__u32 code, __u64 va)
{
	return (struct model_access){
		.va = va,
		.write = (code & 0xff) == PAGE_WRITE,
		.fetch = (code & 0xff) == PAGE_FETCH,
		.user = code & PAGE_USER,
		.ac = code & PAGE_AC,
	};
}

/* What an access that ends up at @pa reads. */
static __u64 result_of(struct page_guest *p, const struct model_access *a, __u64 pa, __u64 *mask)
{
	unsigned int bytes = p->mode == GUEST_LONG && !a->fetch ? 8 : 4, i;

	if (a->fetch)
		pa++;
	*mask = bytes == 8 ? ~0ULL : 0xffffffff;
	for (i = 0; i < bytes && pa + i < PAGE_BYTES; i++)
		*mask &= ~((__u64)p->model.unsure[pa + i] << 8 * i);
	return model_read(&p->model, pa, bytes);
}

void page_access(struct page_guest *p, __u32 code, __u64 va, __u64 value)
{
	struct page_expect *e = add(p, code, va, value, 0);
	struct model_access a = access_of(code, va);

	model_walk(&p->model, &a, &e->walk);
	model_flags(&p->model, &a, &e->walk);
	if (e->walk.fault)
		e->vector = PF;
	else if (a.write)
		model_write(&p->model, e->walk.pa, value, model_entry_bytes(&p->model));
	else
		e->result = result_of(p, &a, e->walk.pa, &e->mask);
}

static const __u32 accesses[] = {
	PAGE_READ, PAGE_WRITE, PAGE_FETCH,
	PAGE_READ | PAGE_AC, PAGE_WRITE | PAGE_AC, PAGE_FETCH | PAGE_AC,
	PAGE_READ | PAGE_USER, PAGE_WRITE | PAGE_USER, PAGE_FETCH | PAGE_USER,
};

void page_access_all(struct page_guest *p, __u64 va)
{
	unsigned int i;

	for (i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		__u64 at = (accesses[i] & 0xff) == PAGE_FETCH ? va : va + 64;

		if (page_inside(p, accesses[i], at))
			page_access(p, accesses[i], at, va ^ i);
	}
}

void page_access_stale(struct page_guest *p, __u32 code, __u64 va, __u64 entry, __u64 old)
{
	struct page_expect *e = add(p, code, va, 0, 0);
	struct model_access a = access_of(code, va);
	__u64 mask = ~0ULL;

	model_walk(&p->model, &a, &e->walk);
	model_walk_old(&p->model, &a, entry, old, &e->old_walk);
	model_maybe_flags(&p->model, &a, &e->walk);
	model_maybe_flags(&p->model, &a, &e->old_walk);
	e->old = true;
	e->mask = ~0ULL;
	if (!e->walk.fault)
		e->result = result_of(p, &a, e->walk.pa, &e->mask);
	if (!e->old_walk.fault)
		e->old_result = result_of(p, &a, e->old_walk.pa, &mask);
	e->mask &= mask;
}

bool page_inside(struct page_guest *p, __u32 code, __u64 va)
{
	struct model_access a = access_of(code, va);
	struct model_walk w;
	unsigned int i;

	model_walk(&p->model, &a, &w);
	for (i = 0; i < w.nr; i++)
		if (w.entry[i] >= PAGE_BYTES)
			return false;
	return w.fault || page_is_frame(w.pa) || (!a.fetch && page_is_table(w.pa));
}

void page_set(struct page_guest *p, __u64 at, __u64 entry)
{
	page_access(p, PAGE_WRITE, at, entry);
}

void page_invlpg(struct page_guest *p, __u64 va)
{
	add(p, PAGE_INVLPG, va, 0, 0);
}

void page_cr3(struct page_guest *p, __u64 value)
{
	struct page_expect *e = add(p, PAGE_CR3, value, 0, 0);

	if (p->mode == GUEST_PAE && !model_load_pdptes(&p->model, value)) {
		e->vector = GP;
		return;
	}
	p->model.cr3 = value & ~(p->model.cr4 & CR4_PCIDE ? 1ULL << 63 : 0);
}

void page_cr4(struct page_guest *p, __u64 value)
{
	struct page_expect *e = add(p, PAGE_CR4, value, 0, 0);
	__u64 changed = p->model.cr4 ^ value;

	/* SDM: "PDPTE Registers". */
	if (p->mode == GUEST_PAE && changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP) &&
	    !model_load_pdptes(&p->model, p->model.cr3)) {
		e->vector = GP;
		return;
	}
	p->model.cr4 = value;
}

void page_cr0(struct page_guest *p, __u64 value)
{
	add(p, PAGE_CR0, value, 0, 0);
	p->model.cr0 = value;
}

void page_efer(struct page_guest *p, __u64 value)
{
	add(p, PAGE_EFER, value, 0, 0);
	p->model.efer = value;
}

void page_invpcid(struct page_guest *p, unsigned int type, __u64 pcid, __u64 va)
{
	add(p, PAGE_INVPCID, type, pcid, va);
}

void page_flush_all(struct page_guest *p)
{
	page_cr4(p, p->model.cr4 ^ CR4_PGE);
	page_cr4(p, p->model.cr4 ^ CR4_PGE);
}

static bool fits(const struct page_op *op, const struct model_walk *w, __u64 result, __u64 mask)
{
	__u32 code = op->code & 0xff;

	if (w->fault)
		return op->vector == PF && op->error == w->error && op->cr2 == op->addr;
	return op->vector == BP && (code == PAGE_WRITE || !((op->result ^ result) & mask));
}

static bool as_expected(const struct page_op *op, const struct page_expect *e)
{
	__u32 code = op->code & 0xff;

	if (e->any)
		return true;
	if (code > PAGE_FETCH)
		return op->vector == e->vector;
	return fits(op, &e->walk, e->result, e->mask) ||
	       (e->old && fits(op, &e->old_walk, e->old_result, e->mask));
}

static bool failed_op(struct page_guest *p, unsigned int n)
{
	const struct page_op *op = page_result(p, n);
	const struct page_expect *e = &p->expect[n];

	snprintf(p->failure, sizeof(p->failure),
		 "entry %u of %u, code 0x%x address 0x%llx value 0x%llx: vector %u error 0x%llx CR2 0x%llx read 0x%llx, expected %s 0x%x %s0x%llx read 0x%llx mask 0x%llx%s%s",
		 n, p->nr, op->code, op->addr, op->value, op->vector, op->error, op->cr2,
		 op->result, e->walk.fault ? "#PF" : "vector", e->walk.fault ? e->walk.error :
		 e->vector, "at ", e->walk.pa, e->result, e->mask, e->old ? " or old" : "",
		 e->old && e->old_walk.fault ? " (#PF)" : "");
	return false;
}

static bool same_memory(struct page_guest *p, __u64 pa)
{
	__u64 is, want, unsure;

	memcpy(&is, page_memory(p, pa), 8);
	memcpy(&want, p->model.mem + pa, 8);
	if (is == want)
		return true;
	memcpy(&unsure, p->model.unsure + pa, 8);
	if (!((is ^ want) & ~unsure)) {
		model_write(&p->model, pa, is, 8);
		return true;
	}
	snprintf(p->failure, sizeof(p->failure),
		 "memory at 0x%llx is 0x%llx, expected 0x%llx (either way: 0x%llx)",
		 pa, is, want, unsure);
	return false;
}

static bool same_page(struct page_guest *p, __u64 pa)
{
	__u64 end = pa + 4096;

	if (!memcmp(page_memory(p, pa), p->model.mem + pa, 4096))
		return true;
	for (; pa < end; pa += 8)
		if (!same_memory(p, pa))
			return false;
	return true;
}

static bool compare(struct page_guest *p)
{
	unsigned int i;
	__u64 pa;

	for (i = 0; i < p->nr; i++)
		if (!as_expected(page_result(p, i), &p->expect[i]))
			return failed_op(p, i);
	for (pa = PAGE_TABLES_AT; pa < page_frame(PAGE_FRAMES); pa += 4096)
		if (!same_page(p, pa))
			return false;
	for (i = 0; i < p->nr; i++) {
		const struct page_expect *e = &p->expect[i];

		pa = e->walk.pa & ~7ULL;
		if ((page_result(p, i)->code & 0xff) == PAGE_WRITE && !e->walk.fault &&
		    pa < PAGE_BYTES && !same_memory(p, pa))
			return false;
	}
	return true;
}

bool page_run(struct page_guest *p)
{
	struct guest *g = &p->guest;
	bool agrees;
	int ret;

	snprintf(p->failure, sizeof(p->failure), "the list is too long");
	if (p->too_long)
		return false;
	start_list(g, p->nr);
	ret = guest_run(g);
	if (ret != KEEL_EXIT_HLT) {
		unsigned int at = (g->run->regs.gpr[KEEL_RBP] - list_at(g)) / 64 - 1;

		snprintf(p->failure, sizeof(p->failure), "KEEL_RUN: %d, %.200s, at entry %u",
			 ret, ret < 0 ? strerror(-ret) : guest_describe(g), at);
		if (at < p->nr) {
			const struct page_op *op = page_result(p, at);
			size_t len = strlen(p->failure);

			snprintf(p->failure + len, sizeof(p->failure) - len,
				 ": code 0x%x address 0x%llx value 0x%llx", op->code, op->addr,
				 op->value);
		}
		return false;
	}
	agrees = compare(p);
	p->nr = 0;
	return agrees;
}
