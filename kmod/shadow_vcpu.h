/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU that runs on shadow page tables: its paging as the guest set it, and
 * the root that the CPU uses instead.
 *
 * vmx_paging.c keeps the guest's registers here, because the VMCS holds the shadow
 * root and has no fields for some of them; shadow_vcpu.c follows their changes;
 * shadow_exit.c serves the exits that shadow paging adds.
 */
#ifndef KEEL_SHADOW_VCPU_H
#define KEEL_SHADOW_VCPU_H

#include <linux/types.h>

#include "keel_walk.h"
#include "shadow.h"

struct keel_vcpu;

/* Roots of 4-level tables to remember: address spaces that a guest switches among. */
#define SHADOW_ROOTS	8

/**
 * struct shadow_vcpu - the part of a vCPU that shadow paging adds
 * @active: the CPU runs the guest on shadow page tables now; false: on EPT, as in a VM
 *	without them, and while a guest without paging is on a CPU with "unrestricted
 *	guest"
 * @untraced: counted in &shadow.untraced
 * @cr3: the guest's CR3
 * @pdpte: the guest's PDPTE registers, for PAE paging
 * @reload: GUEST_CR3 does not lead to tables for the guest's paging as it is now:
 *	shadow_prepare() comes before the next entry
 * @env: the guest's paging, without RFLAGS; not valid while @reload is set
 * @root: one of @roots or @pae; NULL before the first shadow_prepare()
 * @roots: 4-level tables that were in use lately
 * @root_gfn: guest frame of the PML4 table for each of them
 * @root_pcid: PCID that it was loaded with last
 * @root_kept: the vCPU may have translations of it, under that PCID: a load that keeps
 *	them need not look at the guest's tables
 * @next: which of them to replace next
 * @pae: PAE tables, for all other paging
 * @pae_table: its four PDPTEs, in a page below 4 GiB, since CR3 has 32 bits there [C]
 * @walk: the guest's translation of the address at fault, kept for &keel_vcpu.slow
 * @fault: likewise
 *
 * [C]: constant; the rest belongs to whoever has the vCPU's lock.
 */
struct shadow_vcpu {
	bool active;
	bool untraced;
	u64 cr3;
	u64 pdpte[4];
	bool reload;
	struct keel_walk_env env;
	struct shadow_root *root;
	struct shadow_root roots[SHADOW_ROOTS];
	u64 root_gfn[SHADOW_ROOTS];
	u16 root_pcid[SHADOW_ROOTS];
	bool root_kept[SHADOW_ROOTS];
	unsigned int next;
	struct shadow_root pae;
	u64 *pae_table;
	struct keel_walk_result walk;
	struct shadow_fault fault;
};

int shadow_vcpu_init(struct keel_vcpu *vcpu);
void shadow_vcpu_free(struct keel_vcpu *vcpu);
void shadow_trace(struct keel_vcpu *vcpu, bool traced);
void shadow_paging_changed(struct keel_vcpu *vcpu);
void shadow_tables_changed(struct keel_vcpu *vcpu);
void shadow_load_cr3(struct keel_vcpu *vcpu, u64 cr3, bool flush);
int shadow_prepare(struct keel_vcpu *vcpu);
void shadow_forget_pcid(struct keel_vcpu *vcpu, bool all, u16 pcid);
bool shadow_must_sync(const struct keel_vcpu *vcpu);
bool shadow_ready(struct keel_vcpu *vcpu);

#endif /* KEEL_SHADOW_VCPU_H */
