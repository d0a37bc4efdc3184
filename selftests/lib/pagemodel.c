// SPDX-License-Identifier: GPL-2.0
#include "pagemodel.h"

#include <string.h>

#define BITS(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))

/*
 * A level of a paging mode: which bits of the address index it, and how an entry
 * that maps a page looks.  SDM: "Hierarchical Paging Structures: an Overview".
 */
struct level {
	unsigned int shift;
	unsigned int bits;
	bool may_map;		/* with PS, or always at shift 12 */
};

static const struct level levels_32[] = { { 22, 10, true }, { 12, 10, true } };
static const struct level levels_pae[] = { { 21, 9, true }, { 12, 9, true } };
static const struct level levels_64[] = {
	{ 39, 9, false }, { 30, 9, true }, { 21, 9, true }, { 12, 9, true },
};

static bool is_long(const struct model *m)
{
	return m->efer & EFER_LMA;
}

static bool is_pae(const struct model *m)
{
	return m->cr4 & CR4_PAE;
}

static bool has_nx(const struct model *m)
{
	return is_pae(m) && m->efer & EFER_NXE;
}

unsigned int model_entry_bytes(const struct model *m)
{
	return is_pae(m) ? 8 : 4;
}

__u64 model_read(const struct model *m, __u64 pa, unsigned int bytes)
{
	__u64 value = 0;

	if (pa + bytes <= m->bytes)
		memcpy(&value, m->mem + pa, bytes);
	return value;
}

void model_write(struct model *m, __u64 pa, __u64 value, unsigned int bytes)
{
	if (pa + bytes > m->bytes)
		return;
	memcpy(m->mem + pa, &value, bytes);
	memset(m->unsure + pa, 0, bytes);
}

/* The figures "Formats of CR3 and Paging-Structure Entries" of the three modes. */
static __u64 reserved_bits(const struct model *m, const struct level *l, __u64 entry)
{
	bool maps = l->shift > 12 && entry & PTE_PS;
	__u64 rsvd = 0;

	if (!is_pae(m)) {
		unsigned int m_bits = m->pse36 ? (m->phys_bits < 40 ? m->phys_bits : 40) : 32;

		/* Bits 20:13 are address bits 39:32, and 21 is always reserved. */
		if (maps && m->cr4 & CR4_PSE)
			rsvd = BITS(21, m_bits - 19);
		return rsvd;
	}
	/* Bits 62:52 are ignored in 64-bit paging, and reserved in PAE paging. */
	if (m->phys_bits < 52)
		rsvd |= BITS(51, m->phys_bits);
	if (!is_long(m))
		rsvd |= BITS(62, 52);
	if (!has_nx(m))
		rsvd |= PTE_NX;
	if (l->shift == 39 || (l->shift == 30 && !m->gbpages))
		rsvd |= PTE_PS;
	else if (maps)
		rsvd |= BITS(l->shift - 1, 13);
	return rsvd;
}

static bool maps_page(const struct model *m, const struct level *l, __u64 entry)
{
	if (l->shift == 12)
		return true;
	if (!(entry & PTE_PS) || !l->may_map)
		return false;
	return is_pae(m) || m->cr4 & CR4_PSE;
}

static __u64 page_address(const struct model *m, const struct level *l, __u64 entry)
{
	if (!is_pae(m) && l->shift == 22)
		return (entry & BITS(31, 22)) |
		       (m->pse36 ? (entry & BITS(20, 13)) << 19 : 0);
	return entry & BITS(is_pae(m) ? 51 : 31, l->shift);
}

/* "Determination of Access Rights", for an address whose rights are these. */
static bool permits(const struct model *m, const struct model_access *a, bool writable,
		    bool user, bool nx)
{
	if (a->user)
		return user && (!a->write || writable) && !(a->fetch && nx);
	if (a->fetch)
		return !nx && !(user && m->cr4 & CR4_SMEP);
	if (user && m->cr4 & CR4_SMAP && !a->ac)
		return false;
	return !a->write || writable || !(m->cr0 & CR0_WP);
}

static __u32 error_code(const struct model *m, const struct model_access *a)
{
	__u32 error = 0;

	if (a->write)
		error |= PF_W;
	if (a->user)
		error |= PF_U;
	if (a->fetch && (m->cr4 & CR4_SMEP || has_nx(m)))
		error |= PF_I;
	return error;
}

static void walk(const struct model *m, const struct model_access *a, struct model_walk *w,
		 __u64 old_at, __u64 old)
{
	const struct level *l = is_long(m) ? levels_64 : is_pae(m) ? levels_pae : levels_32;
	unsigned int bytes = model_entry_bytes(m);
	__u64 table = m->cr3 & (is_long(m) ? BITS(51, 12) : BITS(31, 12));
	bool writable = true, user = true, nx = false;
	__u64 entry;

	memset(w, 0, sizeof(*w));
	w->fault = true;
	w->error = error_code(m, a);
	if (is_pae(m) && !is_long(m)) {
		table = m->pdpte[a->va >> 30 & 3];
		if (!(table & PTE_P))
			return;
		table &= BITS(51, 12);
	}
	for (;; l++) {
		__u64 at = table + (a->va >> l->shift & ((1 << l->bits) - 1)) * bytes;

		entry = at == old_at ? old : model_read(m, at, bytes);
		w->entry[w->nr++] = at;
		if (!(entry & PTE_P))
			return;
		if (entry & reserved_bits(m, l, entry)) {
			w->error |= PF_P | PF_RSVD;
			return;
		}
		writable &= !!(entry & PTE_W);
		user &= !!(entry & PTE_U);
		nx |= has_nx(m) && entry & PTE_NX;
		if (maps_page(m, l, entry))
			break;
		table = entry & BITS(is_pae(m) ? 51 : 31, 12);
	}
	w->global = entry & PTE_G && m->cr4 & CR4_PGE;
	w->pa = page_address(m, l, entry) | (a->va & BITS(l->shift - 1, 0));
	w->fault = !permits(m, a, writable, user, nx);
	w->error |= PF_P;
}

void model_walk(const struct model *m, const struct model_access *a, struct model_walk *w)
{
	walk(m, a, w, ~0ULL, 0);
}

void model_walk_old(const struct model *m, const struct model_access *a, __u64 entry,
		    __u64 value, struct model_walk *w)
{
	walk(m, a, w, entry, value);
}

static void set_flags(struct model *m, __u64 at, __u8 flags)
{
	if (at >= m->bytes)
		return;
	m->mem[at] |= flags;
	m->unsure[at] &= ~flags;
}

/* Whether an access sets the dirty flag of the i-th entry; the last one maps the page. */
static bool dirties(const struct model *m, const struct model_access *a,
		    const struct model_walk *w, unsigned int i)
{
	__u64 at = w->entry[i];

	if (!a->write || w->fault || i != w->nr - 1)
		return false;
	/* With CR0.WP clear a supervisor writes past it. */
	return !m->cet || at >= m->bytes || m->mem[at] & PTE_W;
}

/*
 * "Accessed and Dirty Flags": an access that faults has "used" the entries above
 * the one that was not there, and CPUs differ in whether they say so.
 */
void model_flags(struct model *m, const struct model_access *a, const struct model_walk *w)
{
	unsigned int i;

	if (w->fault) {
		model_maybe_flags(m, a, w);
		return;
	}
	for (i = 0; i < w->nr; i++)
		set_flags(m, w->entry[i], PTE_A | (dirties(m, a, w, i) ? PTE_D : 0));
}

void model_maybe_flags(struct model *m, const struct model_access *a, const struct model_walk *w)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		__u64 at = w->entry[i];
		__u8 may = PTE_A | (dirties(m, a, w, i) ? PTE_D : 0);

		/* An entry that is not present is not used. */
		if (at < m->bytes && m->mem[at] & PTE_P)
			m->unsure[at] |= may & ~m->mem[at];
	}
}

bool model_load_pdptes(struct model *m, __u64 cr3)
{
	__u64 rsvd = BITS(63, m->phys_bits) | BITS(8, 5) | BITS(2, 1), pdpte[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		pdpte[i] = model_read(m, (cr3 & BITS(31, 5)) + 8 * i, 8);
		if (pdpte[i] & PTE_P && pdpte[i] & rsvd)
			return false;
	}
	memcpy(m->pdpte, pdpte, sizeof(pdpte));
	return true;
}
