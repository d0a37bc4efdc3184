/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk of page tables transcribed from the SDM's chapter "Paging": what
 * kmod/keel_walk.c and the shadow page tables are compared with.  It shares no
 * code and no structure with them, and is made to be compared with the manual,
 * not to be fast.
 */
#ifndef UNIT_SDM_PAGING_H
#define UNIT_SDM_PAGING_H

#include "keel_walk.h"

enum sdm_mode { SDM_NONE, SDM_32BIT, SDM_PAE, SDM_4LEVEL, SDM_5LEVEL, SDM_MODES };

/* Why an access faults. */
enum sdm_why {
	SDM_FINE,
	SDM_NOT_PRESENT,
	SDM_RESERVED,
	SDM_SUPERVISOR_PAGE,	/* user access to a supervisor-mode address */
	SDM_READ_ONLY,
	SDM_XD,
	SDM_SMEP,
	SDM_SMAP,
	SDM_SMAP_IMPLICIT,	/* AC is 1, and does not help */
	SDM_KEY_AD,
	SDM_KEY_WD,
	SDM_WHYS
};

/* What a bit of an entry may be. */
enum sdm_meaning {
	END, P, RW, US, A, D, G, XD, PKEY, ADDR,
	ADDR_39_32,		/* "bits (M-1):32 of physical address" */
	IGN,			/* and PWT, PCD, PAT, which move no address */
	RSVD,
	PS1,			/* PS, must be 1 */
	PS0,			/* PS, must be 0, else the other format holds */
	PS0_OR_IGN,		/* the same if CR4.PSE is 1, otherwise ignored */
	PS0_OR_RSVD,		/* the same if there are 1-GByte pages, else reserved */
	SDM_MEANINGS
};

/* One kind of entry on one CPU: its format with MAXPHYADDR put in. */
struct sdm_entry {
	u64 rsvd;		/* bits that must be 0 */
	u64 mask[SDM_MEANINGS];	/* bits of each other meaning */
};

/* Where an index comes from, and what it leads to. */
struct sdm_level {
	u8 hi, lo;		/* bits of the linear address */
	bool in_register;
	bool ps;		/* PS tells a page from a table */
	struct sdm_entry table, page;
};

struct sdm_paging {
	const struct keel_walk_env *env;
	enum sdm_mode mode;
	u8 bytes;		/* of an entry */
	u8 nr_levels;
	u64 cr3_mask;
	bool wp, smap, smep, ac, pke, nx;
	struct sdm_level level[5];
};

struct sdm_answer {
	int error;		/* -EINVAL, or what env->read() returned */
	bool fault, found;
	u32 code;
	u64 gpa, size;
	bool writable, user, exec, global;
	u8 pkey;
	enum sdm_why why;
	int nr;			/* entries below that were read */
	struct { u64 gpa, value, set; u8 shift; } entry[6];
};

void sdm_paging_init(struct sdm_paging *p, const struct keel_walk_env *env);
void sdm_walk(const struct sdm_paging *p, u64 va, u32 access, struct sdm_answer *ans);
bool sdm_permits(const struct sdm_paging *p, u32 access, bool writable, bool user, bool exec);
const char *sdm_formats_flaw(void);
const char *sdm_rights_flaw(void);

#endif
