// SPDX-License-Identifier: GPL-2.0
/*
 * The walk of the guest's page tables.  See keel_walk.h; this file is pure and
 * is compiled into the unit tests too.
 *
 * All paging modes are one loop: a mode is a number of levels, the width of an
 * entry and of an index.  What differs beyond that is which bits are reserved.
 */
#include "keel_walk.h"

#include <linux/bits.h>
#include <linux/errno.h>

/* Bits of an entry (SDM, "Paging", figures of the formats of its entries). */
#define PTE_P		BIT_ULL(0)
#define PTE_RW		BIT_ULL(1)
#define PTE_US		BIT_ULL(2)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_G		BIT_ULL(8)
#define PTE_XD		BIT_ULL(63)
#define PTE_PKEY(pte)	(((pte) >> 59) & 0xf)

/* Bits of the error code (SDM, "Page-Fault Exceptions"). */
#define PF_P		BIT(0)
#define PF_WR		BIT(1)
#define PF_US		BIT(2)
#define PF_RSVD		BIT(3)
#define PF_ID		BIT(4)
#define PF_PK		BIT(5)

#define PAGE_OFFSET_BITS 12

enum walk_kind { WALK_32, WALK_PAE, WALK_LONG };

struct walk_mode {
	enum walk_kind kind;
	u8 levels;
	u8 entry_bytes;
	u8 index_bits;
};

static const struct walk_mode mode_32 = { WALK_32, 2, 4, 10 };
static const struct walk_mode mode_pae = { WALK_PAE, 3, 8, 9 };
static const struct walk_mode mode_4level = { WALK_LONG, 4, 8, 9 };
static const struct walk_mode mode_5level = { WALK_LONG, 5, 8, 9 };

static const struct walk_mode *mode_of(const struct keel_walk_env *env)
{
	if (env->efer & EFER_LMA)
		return env->cr4 & X86_CR4_LA57 ? &mode_5level : &mode_4level;
	return env->cr4 & X86_CR4_PAE ? &mode_pae : &mode_32;
}

/* Bits @high down to @low; none where @high is below @low. */
static __always_inline u64 bits(unsigned int high, unsigned int low)
{
	return high < low ? 0 : GENMASK_ULL(high, low);
}

/* XD exists: else its bit is reserved, or above the entry. */
static __always_inline bool has_xd(const struct keel_walk_env *env, const struct walk_mode *mode)
{
	return mode->kind != WALK_32 && (env->efer & EFER_NX);
}

/* PS in an entry that maps 2^@shift bytes means a page, if the mode has such. */
static __always_inline bool large_possible(const struct keel_walk_env *env,
					   const struct walk_mode *mode, unsigned int shift)
{
	if (mode->kind == WALK_32)
		return shift == 22 && (env->cr4 & X86_CR4_PSE);
	return shift == 21 ||
	       (shift == 30 && mode->kind == WALK_LONG && env->gbpages);
}

/**
 * struct walk_masks - bits of entries, which depend on registers and CPUID alone
 * @frame: where the address of a table or of a 4-KiB page is
 * @reserved: bits that must be 0 in a present entry of any kind
 */
struct walk_masks {
	u64 frame;
	u64 reserved;
};

static __always_inline struct walk_masks masks_of(const struct keel_walk_env *env,
						  const struct walk_mode *mode)
{
	struct walk_masks m = { .frame = GENMASK(31, PAGE_OFFSET_BITS) };

	if (mode->kind == WALK_32)
		return m;
	m.frame = GENMASK_ULL(env->phys_bits - 1, PAGE_OFFSET_BITS);
	/* PAE reserves up to bit 62; 4-level paging ignores bits 62:52. */
	m.reserved = bits(mode->kind == WALK_PAE ? 62 : 51, env->phys_bits);
	if (!has_xd(env, mode))
		m.reserved |= PTE_XD;
	return m;
}

/*
 * Bits that must be 0 in a present entry (SDM, "Paging", the tables and "Format
 * of Paging-Structure Entries").
 */
static __always_inline u64 reserved(const struct keel_walk_env *env, const struct walk_mode *mode,
				    const struct walk_masks *m, unsigned int shift, bool large)
{
	if (mode->kind == WALK_32) {
		/* Bits 20:13 hold address bits 39:32; bit 21 is always 0. */
		return large ? bits(21, 13 + keel_walk_pse_bits(env->phys_bits, env->pse36) - 32) :
			0;
	}
	if (large)
		return m->reserved | bits(shift - 1, 13);	/* bit 12 is PAT */
	return shift >= 30 ? m->reserved | PTE_PS : m->reserved;	/* no page of that size */
}

/* The page's address, less the offset, from the entry that maps it. */
static __always_inline u64 frame(const struct keel_walk_env *env, const struct walk_mode *mode,
				 const struct walk_masks *m, u64 pte, unsigned int shift)
{
	if (mode->kind == WALK_32 && shift == 22)
		return keel_walk_pse_frame(pte, keel_walk_pse_bits(env->phys_bits, env->pse36));
	return pte & m->frame & ~(BIT_ULL(shift) - 1);
}

/* PKRU forbids it (SDM, "Protection Keys"). */
static bool pkru_denies(const struct keel_walk_env *env, u32 access,
			const struct keel_walk_result *res)
{
	u32 key = env->pkru >> (2 * res->pkey);

	if (!(env->cr4 & X86_CR4_PKE) || !(env->efer & EFER_LMA) ||
	    !res->user || (access & KEEL_ACCESS_EXEC))
		return false;
	if (key & BIT(0))				/* AD */
		return true;
	return (key & BIT(1)) && (access & KEEL_ACCESS_WRITE) &&	/* WD */
	       ((access & KEEL_ACCESS_USER) || (env->cr0 & X86_CR0_WP));
}

/* SDM, "Determination of Access Rights", protection keys apart. */
static bool rights_deny(const struct keel_walk_env *env, u32 access,
			const struct keel_walk_result *res)
{
	bool implicit = access & KEEL_ACCESS_IMPLICIT;

	if (access & KEEL_ACCESS_EXEC && !res->exec)
		return true;
	if (access & KEEL_ACCESS_USER)
		return !res->user ||
		       ((access & KEEL_ACCESS_WRITE) && !res->writable);

	if (res->user && (access & KEEL_ACCESS_EXEC))
		return env->cr4 & X86_CR4_SMEP;
	if (res->user && (env->cr4 & X86_CR4_SMAP) &&
	    (implicit || !(env->rflags & X86_EFLAGS_AC)))
		return true;
	return (access & KEEL_ACCESS_WRITE) && !res->writable &&
	       (env->cr0 & X86_CR0_WP);
}

/* The bits of the error code that say what the access was. */
static u32 access_code(const struct keel_walk_env *env,
		       const struct walk_mode *mode, u32 access)
{
	u32 code = 0;

	if (access & KEEL_ACCESS_WRITE)
		code |= PF_WR;
	if (access & KEEL_ACCESS_USER)
		code |= PF_US;
	/* CPUs report a fetch only where something could forbid just that. */
	if (access & KEEL_ACCESS_EXEC &&
	    (has_xd(env, mode) || (env->cr4 & X86_CR4_SMEP)))
		code |= PF_ID;
	return code;
}

static void fault(struct keel_walk_result *res, u32 code)
{
	res->fault = true;
	res->error_code |= code;
}

/* Get the entry that @lvl describes; @i is its place in the walk. */
static __always_inline int read_entry(const struct keel_walk_env *env,
				      const struct walk_mode *mode, u64 gva, unsigned int i,
				      struct keel_walk_level *lvl)
{
	u32 narrow;
	int ret;

	if (mode->kind == WALK_PAE && i == 0) {
		/* From the registers: memory may have changed since. */
		lvl->value = env->pdpte[(gva >> 30) & 3];
		return 0;
	}
	if (mode->entry_bytes == 8)
		return env->read(env->ctx, lvl->gpa, &lvl->value, 8);
	ret = env->read(env->ctx, lvl->gpa, &narrow, 4);
	if (!ret)
		lvl->value = narrow;
	return ret;
}

/*
 * Find the page: 0 also where there is none (@res->fault).  Inlined once for each mode,
 * so that what depends on it costs nothing: with shadow paging each guest page fault
 * comes here.
 */
static __always_inline int descend(const struct keel_walk_env *env,
				   const struct walk_mode *mode, u64 gva,
				   struct keel_walk_result *res)
{
	const struct walk_masks m = masks_of(env, mode);
	u64 table = env->cr3 & m.frame;
	unsigned int i;

	if (mode->kind == WALK_PAE)
		table = env->cr3 & bits(31, 5);

	for (i = 0; i < mode->levels; i++) {
		struct keel_walk_level *lvl = &res->level[i];
		unsigned int shift = PAGE_OFFSET_BITS + mode->index_bits * (mode->levels - 1 - i);
		unsigned int index = (gva >> shift) & (BIT(mode->index_bits) - 1);
		bool large;
		int ret;

		lvl->shift = shift;
		lvl->set = 0;
		lvl->gpa = table + index * mode->entry_bytes;
		ret = read_entry(env, mode, gva, i, lvl);
		if (ret)
			return ret;
		res->nr_levels = i + 1;

		if (!(lvl->value & PTE_P)) {
			fault(res, 0);
			return 0;
		}
		if (mode->kind == WALK_PAE && i == 0) {
			/* No rights here; reserved bits were MOV CR3's matter. */
			table = lvl->value & m.frame;
			continue;
		}
		large = (lvl->value & PTE_PS) && large_possible(env, mode, shift);
		if (lvl->value & reserved(env, mode, &m, shift, large)) {
			fault(res, PF_P | PF_RSVD);
			return 0;
		}
		res->writable &= !!(lvl->value & PTE_RW);
		res->user &= !!(lvl->value & PTE_US);
		if (has_xd(env, mode))
			res->exec &= !(lvl->value & PTE_XD);

		if (large || i == mode->levels - 1) {
			res->page_size = BIT_ULL(shift);
			res->gpa = frame(env, mode, &m, lvl->value, shift) |
				(gva & (res->page_size - 1));
			res->global = lvl->value & PTE_G;
			if (mode->kind == WALK_LONG && (env->cr4 & X86_CR4_PKE))
				res->pkey = PTE_PKEY(lvl->value);
			res->present = true;
			return 0;
		}
		table = lvl->value & m.frame;
	}
	return 0;
}

static int descend_in(const struct keel_walk_env *env, const struct walk_mode *mode, u64 gva,
		      struct keel_walk_result *res)
{
	if (mode == &mode_4level)
		return descend(env, &mode_4level, gva, res);
	if (mode == &mode_5level)
		return descend(env, &mode_5level, gva, res);
	return mode == &mode_pae ? descend(env, &mode_pae, gva, res) :
		descend(env, &mode_32, gva, res);
}

/* What the CPU sets in the entries that it used for an access that it made. */
static void note_accessed_dirty(const struct walk_mode *mode, u32 access,
				struct keel_walk_result *res)
{
	unsigned int i = mode->kind == WALK_PAE ? 1 : 0;
	struct keel_walk_level *lvl;

	for (; i < res->nr_levels; i++) {
		lvl = &res->level[i];
		lvl->set = PTE_A & ~lvl->value;
		if (i == res->nr_levels - 1 && (access & KEEL_ACCESS_WRITE))
			lvl->set |= PTE_D & ~lvl->value;
	}
}

/**
 * keel_walk - translate a linear address as the guest's paging does
 * @env: the guest
 * @gva: linear address; cut to 32 bits outside IA-32e mode
 * @access: KEEL_ACCESS_*; none is an explicit supervisor read
 * @res: filled in any case
 *
 * SDM, chapter "Paging".  A page fault is a result, not an error.
 *
 * Return: 0; -EINVAL for @access that no CPU makes (a fetch that writes, an
 * implicit user access or fetch) or a @gva that is not canonical (which never
 * reaches paging); what &keel_walk_env.read returned where an entry is not in
 * memory, with @res->nr_levels entries before it valid, and the address of the
 * one at fault in the next.
 */
int keel_walk(const struct keel_walk_env *env, u64 gva, u32 access,
	      struct keel_walk_result *res)
{
	const struct walk_mode *mode = mode_of(env);
	int ret;

	/* Not @level, of which each step fills in its own. */
	res->gpa = 0;
	res->page_size = 0;
	res->error_code = 0;
	res->fault = false;
	res->present = false;
	res->writable = true;
	res->user = true;
	res->exec = true;
	res->global = false;
	res->pkey = 0;
	res->nr_levels = 0;
	if ((access & KEEL_ACCESS_EXEC) && (access & KEEL_ACCESS_WRITE))
		return -EINVAL;
	if ((access & KEEL_ACCESS_IMPLICIT) &&
	    (access & (KEEL_ACCESS_USER | KEEL_ACCESS_EXEC)))
		return -EINVAL;
	if (!keel_walk_canonical(env, gva))
		return -EINVAL;
	if (mode->kind != WALK_LONG)
		gva = (u32)gva;

	if (!(env->cr0 & X86_CR0_PG)) {
		res->gpa = gva;
		res->page_size = BIT_ULL(PAGE_OFFSET_BITS);
		res->present = true;
		return 0;
	}

	ret = descend_in(env, mode, gva, res);
	if (ret)
		return ret;
	if (res->present && rights_deny(env, access, res))
		fault(res, PF_P);
	if (res->present && pkru_denies(env, access, res))
		fault(res, PF_P | PF_PK);
	if (res->fault)
		res->error_code |= access_code(env, mode, access);
	else
		note_accessed_dirty(mode, access, res);
	return 0;
}
