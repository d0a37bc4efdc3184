/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a CPU does with an access to a linear address: a model for tests of
 * paging, written from the SDM and sharing nothing with the module.
 *
 * It has a copy of the guest's memory of its own, which the test keeps up: an
 * access that succeeds sets accessed and dirty flags in the copy, and a test
 * compares the copy with the guest's memory at the end.  Where the SDM leaves it
 * to the CPU whether a flag is set, &model.unsure says so.
 *
 * SDM: "Paging".
 */
#ifndef SELFTESTS_PAGEMODEL_H
#define SELFTESTS_PAGEMODEL_H

#include <stdbool.h>
#include <linux/types.h>

#define PTE_P		0x1ULL
#define PTE_W		0x2ULL
#define PTE_U		0x4ULL
#define PTE_A		0x20ULL
#define PTE_D		0x40ULL
#define PTE_PS		0x80ULL		/* PAT in an entry that maps a 4-KByte page */
#define PTE_G		0x100ULL
#define PTE_NX		(1ULL << 63)

#define PF_P		0x1U
#define PF_W		0x2U
#define PF_U		0x4U
#define PF_RSVD		0x8U
#define PF_I		0x10U

#define CR0_WP		0x10000ULL
#define CR0_PG		0x80000000ULL
#define CR4_PSE		0x10ULL
#define CR4_PAE		0x20ULL
#define CR4_PGE		0x80ULL
#define CR4_PCIDE	0x20000ULL
#define CR4_SMEP	0x100000ULL
#define CR4_SMAP	0x200000ULL
#define EFER_NXE	0x800ULL
#define EFER_LMA	0x400ULL

#define MODEL_LEVELS	4

/**
 * struct model - a CPU and its memory
 * @cr0: PG, WP
 * @cr3: likewise
 * @cr4: PSE, PAE, PGE, PCIDE, SMEP, SMAP
 * @efer: LMA, NXE
 * @pdpte: the registers of PAE paging
 * @phys_bits: MAXPHYADDR
 * @pse36: 4-MByte pages have addresses of more than 32 bits
 * @gbpages: there are 1-GByte pages
 * @cet: a CPU with CET leaves the dirty flag of an entry alone whose R/W flag is clear
 * @mem: a copy of guest physical memory from address 0 on
 * @unsure: for each byte of it, PTE_A and PTE_D where the flag may be 0 or 1
 * @bytes: of @mem
 */
struct model {
	__u64 cr0;
	__u64 cr3;
	__u64 cr4;
	__u64 efer;
	__u64 pdpte[4];
	unsigned int phys_bits;
	bool pse36;
	bool gbpages;
	bool cet;
	__u8 *mem;
	__u8 *unsure;
	__u64 bytes;
};

/**
 * struct model_access - an access to linear memory
 * @va: where
 * @write: it writes
 * @fetch: it fetches an instruction
 * @user: at CPL 3
 * @ac: RFLAGS.AC is 1
 */
struct model_access {
	__u64 va;
	bool write;
	bool fetch;
	bool user;
	bool ac;
};

/**
 * struct model_walk - what comes of it
 * @fault: a page fault with @error
 * @error: its error code
 * @pa: else the physical address
 * @global: the page's entry has G
 * @nr: entries that were read
 * @entry: physical addresses of those, from the root on, without PDPTE registers
 */
struct model_walk {
	bool fault;
	__u32 error;
	__u64 pa;
	bool global;
	unsigned int nr;
	__u64 entry[MODEL_LEVELS];
};

/* Bytes of a paging-structure entry in the mode that the model is in. */
unsigned int model_entry_bytes(const struct model *m);
__u64 model_read(const struct model *m, __u64 pa, unsigned int bytes);
void model_write(struct model *m, __u64 pa, __u64 value, unsigned int bytes);
/* Where an access leads; sets no flags. */
void model_walk(const struct model *m, const struct model_access *a, struct model_walk *w);
/* The same with one entry as it was before: what a TLB may still hold. */
void model_walk_old(const struct model *m, const struct model_access *a, __u64 entry,
		    __u64 value, struct model_walk *w);
/* Sets what an access that walked so sets. */
void model_flags(struct model *m, const struct model_access *a, const struct model_walk *w);
/* It may or may not set them. */
void model_maybe_flags(struct model *m, const struct model_access *a,
		       const struct model_walk *w);
/* MOV to CR3 or the like loads the PDPTEs; false: #GP, and they are as they were. */
bool model_load_pdptes(struct model *m, __u64 cr3);

#endif /* SELFTESTS_PAGEMODEL_H */
