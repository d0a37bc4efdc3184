// SPDX-License-Identifier: GPL-2.0
/* The machine of lib/pageguest.h, and its list. */
#include "pageguest.h"
#include "pageguest_code.h"

#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE		4096ULL
#define SUPER_AT	(GUEST_CODE_AT + 0x1000)	/* the access code, for ring 0 */
#define OWN		(PTE_P | PTE_W | PTE_A | PTE_D)

#define BP		3
#define GP		13
#define PF		14

/*
 * Guests have no CET, but where the CPU walks their tables, it does so as a CPU that
 * has it.  SDM: "CPUID - CPU Identification", CET_SS and CET_IBT of leaf 7.
 */
static bool walks_as_with_cet(int keel)
{
	struct keel_info info;
	__u32 eax, ebx, ecx, edx;

	if (keel_get_info(keel, KEEL_CPU_ALL, &info) || host_shadows(&info))
		return false;
	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
		(ecx & 1U << 7 || edx & 1U << 20);
}

/* What the CPU has that paging depends on, as the guest's CPUID tells it. */
static int read_features(struct page_guest *p)
{
	struct keel_cpuid_leaf l[KEEL_MAX_CPUID];
	__u32 nr = KEEL_MAX_CPUID, i;
	int ret = keel_get_supported_cpuid(p->guest.keel, host_vm_flags(0), 0, l, &nr);

	p->model.phys_bits = 36;
	p->model.cet = walks_as_with_cet(p->guest.keel);
	for (i = 0; !ret && i < nr; i++) {
		switch (l[i].leaf) {
		case 1:
			p->has_pcid = l[i].ecx >> 17 & 1;
			p->model.pse36 = l[i].edx >> 17 & 1;
			break;
		case 7:
			if (!l[i].subleaf)
				p->features = l[i].ebx;
			break;
		case 0x80000001:
			p->has_nx = l[i].edx >> 20 & 1;
			p->model.gbpages = l[i].edx >> 26 & 1;
			break;
		case 0x80000008:
			p->model.phys_bits = l[i].eax & 0xff;
			break;
		}
	}
	return ret;
}

int page_guest_init(struct page_guest *p)
{
	struct guest *g = &p->guest;
	int ret = guest_init(g);

	p->more = MAP_FAILED;
	if (ret)
		return ret;
	p->more = mmap(NULL, PAGE_BYTES - GUEST_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p->model.bytes = PAGE_BYTES;
	p->model.mem = calloc(1, PAGE_BYTES);
	p->model.unsure = calloc(1, PAGE_BYTES);
	if (p->more == MAP_FAILED || !p->model.mem || !p->model.unsure)
		return -ENOMEM;
	ret = keel_set_memory(g->vm, 1, 0, GUEST_BYTES, PAGE_BYTES - GUEST_BYTES, p->more);
	return ret ?: read_features(p);
}

void page_guest_free(struct page_guest *p)
{
	guest_free(&p->guest);
	if (p->more && p->more != MAP_FAILED)
		munmap(p->more, PAGE_BYTES - GUEST_BYTES);
	free(p->model.mem);
	free(p->model.unsure);
	p->more = MAP_FAILED;
	p->model.mem = NULL;
	p->model.unsure = NULL;
}

__u8 *page_memory(struct page_guest *p, __u64 pa)
{
	return pa < GUEST_BYTES ? p->guest.mem + pa : p->more + (pa - GUEST_BYTES);
}

bool page_is_table(__u64 pa)
{
	return pa >= PAGE_TABLES_AT && pa < page_table(PAGE_TABLES);
}

bool page_is_frame(__u64 pa)
{
	return (pa >= PAGE_FRAMES_AT && pa < page_frame(PAGE_FRAMES)) ||
	       (pa >= PAGE_LARGE_AT && pa < PAGE_BYTES);
}

/* MOV of the frame's number to EAX and INT3; behind it words that know where they are. */
static void write_frame(struct page_guest *p, __u64 pa)
{
	__u8 *at = page_memory(p, pa);
	__u32 number = pa >> 12;
	__u64 i, word;

	at[0] = 0xb8;
	memcpy(at + 1, &number, sizeof(number));
	at[5] = 0xcc;
	for (i = 64; i < 128; i += 8) {
		word = pa + i;
		memcpy(at + i, &word, sizeof(word));
	}
	memcpy(p->model.mem + pa, at, 128);
}

void page_poke(struct page_guest *p, __u64 table, unsigned int index, __u64 entry)
{
	unsigned int bytes = model_entry_bytes(&p->model);

	memcpy(page_memory(p, table + index * bytes), &entry, bytes);
	model_write(&p->model, table + index * bytes, entry, bytes);
}

/* The first 2 MiB, mapped to themselves. */
static void write_own_tables(struct page_guest *p)
{
	__u64 table = page_table(PAGE_FREE_TABLES), i;

	p->root = table;
	if (p->mode == GUEST_PAE) {
		page_poke(p, table, 0, (table + PAGE) | PTE_P);
		table += PAGE;
	}
	for (i = p->mode == GUEST_LONG ? 3 : 1; i; i--) {
		page_poke(p, table, 0, (table + PAGE) | OWN | PTE_U);
		table += PAGE;
	}
	for (i = 0; i < GUEST_BYTES / PAGE; i++)
		page_poke(p, table, i, i * PAGE | OWN);
	page_poke(p, table, PAGE_SNIPPETS_AT / PAGE, PAGE_SNIPPETS_AT | OWN | PTE_U);
}

static const struct page_codes *codes(enum guest_mode mode)
{
	return mode == GUEST_LONG ? &page_codes64 :
	       mode == GUEST_PAE ? &page_codes_pae : &page_codes32;
}

#define HANDLE(g, vector, text)	\
	guest_handle(g, vector, (text).begin, (text).end - (text).begin)

int page_guest_start(struct page_guest *p, enum guest_mode mode)
{
	const struct page_codes *c = codes(mode);
	size_t bytes = c->access.end - c->access.begin;
	struct guest *g = &p->guest;
	struct keel_control *control = &g->run->control;
	struct model *m = &p->model;
	__u64 pa;
	int ret = guest_start(g, mode, c->loop.begin, c->loop.end - c->loop.begin);

	if (ret)
		return ret;
	memcpy(g->mem + SUPER_AT, c->access.begin, bytes);
	memcpy(g->mem + PAGE_SNIPPETS_AT, c->access.begin, bytes);
	HANDLE(g, BP, c->bp);
	HANDLE(g, 6, c->ud);
	HANDLE(g, GP, c->gp);
	HANDLE(g, PF, c->pf);
	p->mode = mode;
	p->nr = 0;
	p->tables = 0;
	p->too_long = false;
	m->cr0 = control->cr0;
	m->cr4 = control->cr4;
	m->efer = control->efer;
	memset(page_memory(p, PAGE_TABLES_AT), 0, PAGE_TABLES * PAGE);
	memset(m->mem, 0, PAGE_BYTES);
	memset(m->unsure, 0, PAGE_BYTES);
	for (pa = PAGE_FRAMES_AT; pa < page_frame(PAGE_FRAMES); pa += PAGE)
		write_frame(p, pa);
	for (pa = PAGE_LARGE_AT; pa < PAGE_BYTES; pa += PAGE)
		write_frame(p, pa);
	write_own_tables(p);
	m->cr3 = p->root;
	control->cr3 = p->root;
	if (mode == GUEST_PAE) {
		model_load_pdptes(m, p->root);
		memcpy(control->pdpte, m->pdpte, sizeof(m->pdpte));
	}
	return 0;
}

int page_guest_start_vcpu(struct page_guest *p, struct guest *g)
{
	int ret = guest_init_vcpu(g, &p->guest, 1);

	ret = ret ?: guest_start(g, p->mode, "\xf4", 1);
	if (ret)
		return ret;
	/* What guest_start() wrote again is as it was, but for the handlers. */
	HANDLE(g, BP, codes(p->mode)->bp);
	HANDLE(g, 6, codes(p->mode)->ud);
	HANDLE(g, GP, codes(p->mode)->gp);
	HANDLE(g, PF, codes(p->mode)->pf);
	g->run->control.cr3 = p->root;
	memcpy(g->run->control.pdpte, p->model.pdpte, sizeof(p->model.pdpte));
	return 0;
}

/* Where a VA's entry is whose pages have 2 to the power of @shift bytes; makes tables. */
static __u64 entry_table(struct page_guest *p, __u64 root, __u64 va, unsigned int shift,
			 __u64 flags, unsigned int *index)
{
	unsigned int bytes = model_entry_bytes(&p->model), bits = bytes == 8 ? 9 : 10;
	unsigned int at = p->mode == GUEST_LONG ? 39 : p->mode == GUEST_PAE ? 30 : 22;
	__u64 table = root, entry;

	for (;; at -= bits) {
		*index = va >> at & ((1 << bits) - 1);
		if (p->mode == GUEST_PAE && at == 30)
			*index &= 3;
		if (at == shift)
			return table;
		entry = model_read(&p->model, table + *index * bytes, bytes);
		if (!(entry & PTE_P)) {
			/* The PDPTEs of PAE paging have no such flags. */
			entry = page_table(p->tables++) |
				(p->mode == GUEST_PAE && at == 30 ? PTE_P : flags);
			page_poke(p, table, *index, entry);
		}
		table = entry & 0xfffffffff000ULL;
	}
}

__u64 page_map(struct page_guest *p, __u64 root, __u64 va, unsigned int shift, __u64 entry,
	       __u64 flags)
{
	unsigned int index;
	__u64 table = entry_table(p, root, va, shift, flags, &index);

	page_poke(p, table, index, entry);
	if (p->mode == GUEST_PAE && root == p->root) {
		model_load_pdptes(&p->model, root);
		memcpy(p->guest.run->control.pdpte, p->model.pdpte, sizeof(p->model.pdpte));
	}
	return table + index * model_entry_bytes(&p->model);
}

__u64 page_new_root(struct page_guest *p)
{
	__u64 root = page_table(p->tables++);

	page_poke(p, root, 0, model_read(&p->model, p->root, model_entry_bytes(&p->model)));
	return root;
}
