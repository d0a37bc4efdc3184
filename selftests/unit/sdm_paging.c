// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of the SDM's chapter "Paging", and a walk that knows nothing else.
 *
 * Three transcriptions: the formats of entries ("Format of a ... Entry"), the
 * hierarchy of each paging mode, and the list of "Determination of Access
 * Rights".  Bits are numbers here, as they are there.
 *
 * What the SDM leaves open, and what is taken here:
 *  - which entries get their accessed flag from an access that faults: none.  A
 *    flag belongs to an entry used "as part of linear-address translation", and
 *    there was no translation;
 *  - which fault is told when an entry has a reserved bit set and one that it
 *    leads to is not present: that of the first, since the CPU cannot use it to
 *    find the second;
 *  - bit 12 of a page's entry (bit 7 of a PTE) is PAT: each CPU with VMX has it.
 */
#include <errno.h>
#include <string.h>

#include <linux/kernel.h>

#include "sdm_paging.h"

/* ---- "Format of a ... Entry" ---- */

/* M is MAXPHYADDR; with 4-MByte pages, the smaller one of it and 40. */
#define M_BASE		100
#define M		M_BASE
#define MAX_FIELDS	20

struct format {
	const char *title;
	int bits;
	struct { int hi, lo; enum sdm_meaning is; } field[MAX_FIELDS];
};

#define LOW_BITS { 0, 0, P }, { 1, 1, RW }, { 2, 2, US }, { 4, 3, IGN }, { 5, 5, A }

static const struct format pde_4m = { "32-bit PDE that maps a 4-MByte page", 32, {
	LOW_BITS, { 6, 6, D }, { 7, 7, PS1 }, { 8, 8, G }, { 11, 9, IGN }, { 12, 12, IGN },
	{ M - 20, 13, ADDR_39_32 }, { 21, M - 19, RSVD }, { 31, 22, ADDR } } };
static const struct format pde_32bit = { "32-bit PDE that references a page table", 32, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, PS0_OR_IGN }, { 11, 8, IGN }, { 31, 12, ADDR } } };
static const struct format pte_32bit = { "32-bit PTE", 32, {
	LOW_BITS, { 6, 6, D }, { 7, 7, IGN }, { 8, 8, G }, { 11, 9, IGN }, { 31, 12, ADDR } } };

static const struct format pdpte_pae = { "PAE PDPTE", 64, {
	{ 0, 0, P }, { 2, 1, RSVD }, { 4, 3, IGN }, { 8, 5, RSVD }, { 11, 9, IGN },
	{ M - 1, 12, ADDR }, { 63, M, RSVD } } };
static const struct format pde_pae_2m = { "PAE PDE that maps a 2-MByte page", 64, {
	LOW_BITS, { 6, 6, D }, { 7, 7, PS1 }, { 8, 8, G }, { 11, 9, IGN }, { 12, 12, IGN },
	{ 20, 13, RSVD }, { M - 1, 21, ADDR }, { 62, M, RSVD }, { 63, 63, XD } } };
static const struct format pde_pae = { "PAE PDE that references a page table", 64, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, PS0 }, { 11, 8, IGN },
	{ M - 1, 12, ADDR }, { 62, M, RSVD }, { 63, 63, XD } } };
static const struct format pte_pae = { "PAE PTE", 64, {
	LOW_BITS, { 6, 6, D }, { 7, 7, IGN }, { 8, 8, G }, { 11, 9, IGN },
	{ M - 1, 12, ADDR }, { 62, M, RSVD }, { 63, 63, XD } } };

/* Bit 11 is ignored in ordinary paging. */
static const struct format pml5e = { "PML5E", 64, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, RSVD }, { 11, 8, IGN },
	{ M - 1, 12, ADDR }, { 51, M, RSVD }, { 62, 52, IGN }, { 63, 63, XD } } };
static const struct format pml4e = { "PML4E", 64, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, RSVD }, { 11, 8, IGN },
	{ M - 1, 12, ADDR }, { 51, M, RSVD }, { 62, 52, IGN }, { 63, 63, XD } } };
static const struct format pdpte_1g = { "PDPTE that maps a 1-GByte page", 64, {
	LOW_BITS, { 6, 6, D }, { 7, 7, PS1 }, { 8, 8, G }, { 11, 9, IGN }, { 12, 12, IGN },
	{ 29, 13, RSVD }, { M - 1, 30, ADDR }, { 51, M, RSVD }, { 58, 52, IGN },
	{ 62, 59, PKEY }, { 63, 63, XD } } };
static const struct format pdpte = { "PDPTE that references a page directory", 64, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, PS0_OR_RSVD }, { 11, 8, IGN },
	{ M - 1, 12, ADDR }, { 51, M, RSVD }, { 62, 52, IGN }, { 63, 63, XD } } };
static const struct format pde_2m = { "PDE that maps a 2-MByte page", 64, {
	LOW_BITS, { 6, 6, D }, { 7, 7, PS1 }, { 8, 8, G }, { 11, 9, IGN }, { 12, 12, IGN },
	{ 20, 13, RSVD }, { M - 1, 21, ADDR }, { 51, M, RSVD }, { 58, 52, IGN },
	{ 62, 59, PKEY }, { 63, 63, XD } } };
static const struct format pde = { "PDE that references a page table", 64, {
	LOW_BITS, { 6, 6, IGN }, { 7, 7, PS0 }, { 11, 8, IGN },
	{ M - 1, 12, ADDR }, { 51, M, RSVD }, { 62, 52, IGN }, { 63, 63, XD } } };
static const struct format pte = { "PTE", 64, {
	LOW_BITS, { 6, 6, D }, { 7, 7, IGN }, { 8, 8, G }, { 11, 9, IGN },
	{ M - 1, 12, ADDR }, { 51, M, RSVD }, { 58, 52, IGN }, { 62, 59, PKEY },
	{ 63, 63, XD } } };

static const struct format *const formats[] = {
	&pde_4m, &pde_32bit, &pte_32bit, &pdpte_pae, &pde_pae_2m, &pde_pae, &pte_pae,
	&pml5e, &pml4e, &pdpte_1g, &pdpte, &pde_2m, &pde, &pte,
};

/* ---- the hierarchies: "Linear-Address Translation to a ... Page" ---- */

struct step {
	int hi, lo;		/* of the linear address; none in a mode without it */
	const struct format *table, *page;
};

static const struct {
	int bytes, cr3_hi, cr3_lo;	/* "Use of CR3 with ... Paging" */
	struct step step[5];
} hierarchy[SDM_MODES] = {
	[SDM_32BIT] = { 4, 31, 12, {
		{ 31, 22, &pde_32bit, &pde_4m },
		{ 21, 12, NULL, &pte_32bit } } },
	[SDM_PAE] = { 8, 31, 5, {
		{ 31, 30, &pdpte_pae, NULL },
		{ 29, 21, &pde_pae, &pde_pae_2m },
		{ 20, 12, NULL, &pte_pae } } },
	[SDM_4LEVEL] = { 8, M - 1, 12, {
		{ 47, 39, &pml4e, NULL },
		{ 38, 30, &pdpte, &pdpte_1g },
		{ 29, 21, &pde, &pde_2m },
		{ 20, 12, NULL, &pte } } },
	[SDM_5LEVEL] = { 8, M - 1, 12, {
		{ 56, 48, &pml5e, NULL },
		{ 47, 39, &pml4e, NULL },
		{ 38, 30, &pdpte, &pdpte_1g },
		{ 29, 21, &pde, &pde_2m },
		{ 20, 12, NULL, &pte } } },
};

/* ---- "Determination of Access Rights" ---- */

enum need { ALWAYS, NEVER, ALL_RW, NO_XD };

/* Conditions are 0, 1, or -1 for either. */
struct right {
	char who;		/* supervisor-mode or user-mode access */
	char what;		/* read, write, or execute (fetch) */
	char where;		/* supervisor-mode or user-mode address */
	int wp, smap;
	int open;		/* EFLAGS.AC is 1 and the access is explicit */
	int smep;
	int nx;			/* NXE is 1, and paging is not 32-bit */
	enum need need;
	enum sdm_why why;	/* if it is refused */
};

static const struct right rights[] = {
	/* who what where  WP SMAP open SMEP NX */
	{ 's', 'r', 's',   -1,  -1, -1,  -1, -1, ALWAYS },
	{ 's', 'r', 'u',   -1,   0, -1,  -1, -1, ALWAYS },
	{ 's', 'r', 'u',   -1,   1,  1,  -1, -1, ALWAYS },
	{ 's', 'r', 'u',   -1,   1,  0,  -1, -1, NEVER, SDM_SMAP },
	{ 's', 'w', 's',    0,  -1, -1,  -1, -1, ALWAYS },
	{ 's', 'w', 's',    1,  -1, -1,  -1, -1, ALL_RW, SDM_READ_ONLY },
	{ 's', 'w', 'u',    0,   0, -1,  -1, -1, ALWAYS },
	{ 's', 'w', 'u',    0,   1,  1,  -1, -1, ALWAYS },
	{ 's', 'w', 'u',    0,   1,  0,  -1, -1, NEVER, SDM_SMAP },
	{ 's', 'w', 'u',    1,   0, -1,  -1, -1, ALL_RW, SDM_READ_ONLY },
	{ 's', 'w', 'u',    1,   1,  1,  -1, -1, ALL_RW, SDM_READ_ONLY },
	{ 's', 'w', 'u',    1,   1,  0,  -1, -1, NEVER, SDM_SMAP },
	{ 's', 'x', 's',   -1,  -1, -1,  -1,  0, ALWAYS },
	{ 's', 'x', 's',   -1,  -1, -1,  -1,  1, NO_XD, SDM_XD },
	{ 's', 'x', 'u',   -1,  -1, -1,   0,  0, ALWAYS },
	{ 's', 'x', 'u',   -1,  -1, -1,   0,  1, NO_XD, SDM_XD },
	{ 's', 'x', 'u',   -1,  -1, -1,   1, -1, NEVER, SDM_SMEP },
	{ 'u', 'r', 'u',   -1,  -1, -1,  -1, -1, ALWAYS },
	{ 'u', 'w', 'u',   -1,  -1, -1,  -1, -1, ALL_RW, SDM_READ_ONLY },
	{ 'u', 'x', 'u',   -1,  -1, -1,  -1,  0, ALWAYS },
	{ 'u', 'x', 'u',   -1,  -1, -1,  -1,  1, NO_XD, SDM_XD },
	{ 'u', 'r', 's',   -1,  -1, -1,  -1, -1, NEVER, SDM_SUPERVISOR_PAGE },
	{ 'u', 'w', 's',   -1,  -1, -1,  -1, -1, NEVER, SDM_SUPERVISOR_PAGE },
	{ 'u', 'x', 's',   -1,  -1, -1,  -1, -1, NEVER, SDM_SUPERVISOR_PAGE },
};

/* ---- making use of them ---- */

static u64 bits(int hi, int lo)
{
	return hi < lo ? 0 : (~0ULL >> (63 - hi)) & (~0ULL << lo);
}

static int number(int bit, int m)
{
	return bit >= 64 ? bit - M_BASE + m : bit;
}

static void put_m_in(const struct format *f, int m, const struct keel_walk_env *env,
		     struct sdm_entry *e)
{
	int i;

	memset(e, 0, sizeof(*e));
	for (i = 0; f && f->field[i].is != END; i++) {
		u64 mask = bits(number(f->field[i].hi, m), number(f->field[i].lo, m));

		if (f->field[i].is == RSVD)
			e->rsvd |= mask;
		else if (f->field[i].is == PS0_OR_RSVD && !env->gbpages)
			e->rsvd |= mask;
		/* "if IA32_EFER.NXE = 1 ...; otherwise, reserved" */
		else if (f->field[i].is == XD && !(env->efer & (1 << 11)))
			e->rsvd |= mask;
		else
			e->mask[f->field[i].is] = mask;
	}
}

static bool tells_pages(const struct step *s, const struct keel_walk_env *env)
{
	int i;

	if (!s->table || !s->page)
		return false;
	for (i = 0; s->table->field[i].is != END; i++) {
		if (s->table->field[i].is == PS0_OR_IGN)
			return env->cr4 >> 4 & 1;
		if (s->table->field[i].is == PS0_OR_RSVD)
			return env->gbpages;
	}
	return true;
}

/* @env is kept; after a change to it other than in memory, call again. */
void sdm_paging_init(struct sdm_paging *p, const struct keel_walk_env *env)
{
	bool pae = env->cr4 >> 5 & 1, la57 = env->cr4 >> 12 & 1;
	bool lma = env->efer >> 10 & 1;
	int i, m = env->phys_bits;

	memset(p, 0, sizeof(*p));
	p->env = env;
	if (!(env->cr0 >> 31 & 1))
		return;
	p->mode = !pae ? SDM_32BIT : !lma ? SDM_PAE : !la57 ? SDM_4LEVEL : SDM_5LEVEL;
	p->wp = env->cr0 >> 16 & 1;
	p->smep = env->cr4 >> 20 & 1;
	p->smap = env->cr4 >> 21 & 1;
	p->pke = (env->cr4 >> 22 & 1) && p->mode >= SDM_4LEVEL;
	p->ac = env->rflags >> 18 & 1;
	p->nx = p->mode != SDM_32BIT && (env->efer >> 11 & 1);
	p->bytes = hierarchy[p->mode].bytes;
	p->cr3_mask = bits(number(hierarchy[p->mode].cr3_hi, m), hierarchy[p->mode].cr3_lo);
	if (p->mode == SDM_32BIT)
		m = !env->pse36 ? 32 : m < 40 ? m : 40;
	for (i = 0; i < 5 && hierarchy[p->mode].step[i].hi; i++) {
		const struct step *s = &hierarchy[p->mode].step[i];

		p->level[i].hi = s->hi;
		p->level[i].lo = s->lo;
		p->level[i].in_register = s->table == &pdpte_pae;
		p->level[i].ps = tells_pages(s, env);
		put_m_in(s->table, m, env, &p->level[i].table);
		put_m_in(s->page, m, env, &p->level[i].page);
	}
	p->nr_levels = i;
}

static bool is(int condition, bool value)
{
	return condition < 0 || condition == value;
}

static const struct right *right_for(char who, char what, char where, bool wp,
				     bool smap, bool open, bool smep, bool nx, int *matches)
{
	const struct right *r, *found = NULL;
	int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		r = &rights[i];
		if (r->who != who || r->what != what || r->where != where ||
		    !is(r->wp, wp) || !is(r->smap, smap) || !is(r->open, open) ||
		    !is(r->smep, smep) || !is(r->nx, nx))
			continue;
		found = r;
		if (!matches)
			break;
		nr++;
	}
	if (matches)
		*matches = nr;
	return found;
}

/* "Page-Fault Exceptions": the flags of the error code that the access decides. */
static u32 access_code(const struct sdm_paging *p, u32 access)
{
	u32 code = 0;

	if (access & KEEL_ACCESS_WRITE)
		code |= 1 << 1;
	if (access & KEEL_ACCESS_USER)
		code |= 1 << 2;
	if ((access & KEEL_ACCESS_EXEC) && (p->smep || p->nx))
		code |= 1 << 4;
	return code;
}

/* "Protection Keys": what PKRU forbids of a data access to a user-mode address. */
static enum sdm_why key_forbids(const struct sdm_paging *p, int key, u32 access)
{
	u32 ad = p->env->pkru >> (2 * key) & 1, wd = p->env->pkru >> (2 * key + 1) & 1;

	if (ad)
		return SDM_KEY_AD;
	if (wd && (access & KEEL_ACCESS_WRITE) && ((access & KEEL_ACCESS_USER) || p->wp))
		return SDM_KEY_WD;
	return SDM_FINE;
}

static void judge(const struct sdm_paging *p, u32 access, struct sdm_answer *ans)
{
	bool fetch = access & KEEL_ACCESS_EXEC, implicit = access & KEEL_ACCESS_IMPLICIT;
	enum sdm_why key = SDM_FINE;
	const struct right *r;

	r = right_for(access & KEEL_ACCESS_USER ? 'u' : 's',
		      fetch ? 'x' : access & KEEL_ACCESS_WRITE ? 'w' : 'r',
		      ans->user ? 'u' : 's', p->wp, p->smap, p->ac && !implicit,
		      p->smep, p->nx, NULL);
	if (r->need == NEVER || (r->need == ALL_RW && !ans->writable) ||
	    (r->need == NO_XD && !ans->exec))
		ans->why = r->why;
	if (ans->why == SDM_SMAP && p->ac)
		ans->why = SDM_SMAP_IMPLICIT;
	if (p->pke && ans->user && !fetch)
		key = key_forbids(p, ans->pkey, access);
	/* PK has a definition of its own: it is 1 whatever else forbids the access. */
	if (key != SDM_FINE)
		ans->code |= 1 << 5;
	if (ans->why == SDM_FINE)
		ans->why = key;
	ans->fault = ans->why != SDM_FINE;
	ans->code = ans->fault ? ans->code | 1 : 0;
}

static bool no_cpu_does(u32 access)
{
	bool w = access & KEEL_ACCESS_WRITE, x = access & KEEL_ACCESS_EXEC;
	bool u = access & KEEL_ACCESS_USER, i = access & KEEL_ACCESS_IMPLICIT;

	return (w && x) || (i && (u || x));
}

static void no_translation(struct sdm_answer *ans, enum sdm_why why)
{
	ans->fault = true;
	ans->why = why;
	if (why == SDM_RESERVED)
		ans->code |= 1 | 1 << 3;
}

/* @access is KEEL_ACCESS_*, and @va what keel_walk() would take. */
void sdm_walk(const struct sdm_paging *p, u64 va, u32 access, struct sdm_answer *ans)
{
	const struct keel_walk_env *env = p->env;
	const struct sdm_entry *f = NULL;
	u64 table = env->cr3 & p->cr3_mask, e, high;
	int i, j, top;

	memset(ans, 0, offsetof(struct sdm_answer, entry));
	ans->size = 4096;
	ans->writable = true;
	ans->user = true;
	ans->exec = true;
	if (p->mode < SDM_4LEVEL)
		va &= 0xffffffff;
	top = p->mode == SDM_5LEVEL ? 56 : 47;
	if (no_cpu_does(access) ||
	    (p->mode >= SDM_4LEVEL && (va & bits(63, top)) && ~va & bits(63, top))) {
		ans->error = -EINVAL;
		return;
	}
	if (p->mode == SDM_NONE) {
		ans->found = true;
		ans->gpa = va;
		return;
	}

	ans->code = access_code(p, access);
	for (i = 0; i < p->nr_levels; i++) {
		const struct sdm_level *l = &p->level[i];
		u64 index = (va & bits(l->hi, l->lo)) >> l->lo;
		bool page;

		e = 0;
		ans->entry[i].gpa = table + index * p->bytes;
		ans->entry[i].shift = l->lo;
		ans->entry[i].set = 0;
		if (l->in_register)
			e = env->pdpte[index];
		else
			ans->error = env->read(env->ctx, ans->entry[i].gpa, &e, p->bytes);
		if (ans->error)
			return;
		ans->entry[i].value = e;
		ans->nr = i + 1;
		if (!(e & 1))
			return no_translation(ans, SDM_NOT_PRESENT);
		page = i == p->nr_levels - 1 || (l->ps && (e >> 7 & 1));
		f = page ? &l->page : &l->table;
		/* MOV to CR3 has checked a PDPTE register. */
		if ((e & f->rsvd) && !l->in_register)
			return no_translation(ans, SDM_RESERVED);
		/* A flag that the format does not have restricts nothing. */
		if (~e & f->mask[RW])
			ans->writable = false;
		if (~e & f->mask[US])
			ans->user = false;
		if (e & f->mask[XD])
			ans->exec = false;
		table = e & f->mask[ADDR];
		if (page)
			break;
	}
	ans->found = true;
	ans->size = 1ULL << p->level[i].lo;
	high = f->mask[ADDR_39_32] ? (e & f->mask[ADDR_39_32]) >> 13 << 32 : 0;
	ans->gpa = table | high | (va & (ans->size - 1));
	ans->global = e & f->mask[G];
	if (p->pke)
		ans->pkey = (e & f->mask[PKEY]) >> 59;

	judge(p, access, ans);
	if (ans->fault)
		return;
	for (j = 0; j <= i; j++) {
		f = j == i ? &p->level[j].page : &p->level[j].table;
		ans->entry[j].set = f->mask[A] & ~ans->entry[j].value;
		if (j == i && (access & KEEL_ACCESS_WRITE))
			ans->entry[j].set |= f->mask[D] & ~e;
	}
}

/* Whether a translation with such rights, of key 0, serves an access. */
bool sdm_permits(const struct sdm_paging *p, u32 access, bool writable, bool user, bool exec)
{
	struct sdm_answer ans = { .writable = writable, .user = user, .exec = exec };

	judge(p, access, &ans);
	return !ans.fault;
}

/* ---- are the transcriptions whole? ---- */

/* Each bit of each format has one meaning, for each MAXPHYADDR.  NULL if so. */
const char *sdm_formats_flaw(void)
{
	int i, j, m;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (m = 32; m <= (formats[i] == &pde_4m ? 40 : 52); m++) {
			u64 seen = 0;

			for (j = 0; formats[i]->field[j].is != END; j++) {
				u64 mask = bits(number(formats[i]->field[j].hi, m),
						number(formats[i]->field[j].lo, m));

				if (mask & seen)
					return formats[i]->title;
				seen |= mask;
			}
			if (seen != bits(formats[i]->bits - 1, 0))
				return formats[i]->title;
		}
	}
	return NULL;
}

/* Each case of each access is in the list once.  NULL if so. */
const char *sdm_rights_flaw(void)
{
	static char name[] = "???";
	int i, matches;

	for (i = 0; i < 2 * 3 * 2 * 32; i++) {
		name[0] = "su"[i & 1];
		name[1] = "su"[i >> 1 & 1];
		name[2] = "rwx"[i >> 7];
		right_for(name[0], name[2], name[1], i >> 2 & 1, i >> 3 & 1,
			  i >> 4 & 1, i >> 5 & 1, i >> 6 & 1, &matches);
		if (matches != 1)
			return name;
	}
	return NULL;
}
