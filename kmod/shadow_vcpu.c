// SPDX-License-Identifier: GPL-2.0
/*
 * Which shadow page tables a vCPU runs on: the root for the guest's paging as it is,
 * and when what they say must agree with the guest's again.
 *
 * A guest in IA-32e mode runs on 4-level tables, whose root is shared with other
 * vCPUs.  Any other runs on PAE tables: the CPU cannot mix 32-bit entries with host
 * addresses above 4 GiB, nor go without paging.  Their four PDPTEs are the vCPU's own,
 * and the CPU loads them at each entry.
 *
 * SDM: "Operations that Invalidate TLBs and Paging-Structure Caches".
 */
#include "shadow_vcpu.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <asm/processor-flags.h>

#include "keel_alloc.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_exit.h"
#include "vmx_fields.h"
#include "vmx_run.h"
#include "vmx_state.h"
#include "vmx_tlb.h"

#define CR3_PCID	0xfffULL
#define PTE_ADDRESS	GENMASK_ULL(51, 12)

/**
 * shadow_vcpu_init - make the part of a vCPU that shadow paging adds
 * @vcpu: in a shadow VM; may sleep
 *
 * Return: 0 or -ENOMEM; shadow_vcpu_free() takes what it leaves in any case.
 */
int shadow_vcpu_init(struct keel_vcpu *vcpu)
{
	struct shadow_vcpu *sv = &vcpu->shadow;

	sv->pae_table = keel_alloc(get_zeroed_page(GFP_KERNEL_ACCOUNT | GFP_DMA32));
	sv->reload = true;
	return sv->pae_table ? 0 : -ENOMEM;
}

/**
 * shadow_vcpu_free - undo shadow_vcpu_init()
 * @vcpu: may be half made, or in a VM with EPT
 */
void shadow_vcpu_free(struct keel_vcpu *vcpu)
{
	shadow_trace(vcpu, true);
	free_page((unsigned long)keel_freed(vcpu->shadow.pae_table));
	vcpu->shadow.pae_table = NULL;
}

static union shadow_role role_of(const struct keel_walk_env *env)
{
	bool wp = env->cr0 & X86_CR0_WP;
	union shadow_role role = {
		.level = 3, .mode = SHADOW_DIRECT, .write = 1, .user = 1, .exec = 1, .dirty = 1,
		.wp = 1,
	};

	if (!(env->cr0 & X86_CR0_PG))
		return role;
	role.wp = wp;
	role.smep = !wp && (env->cr4 & X86_CR4_SMEP);
	role.smap = !wp && (env->cr4 & X86_CR4_SMAP);
	role.phys_bits = env->phys_bits;
	if (env->efer & EFER_LMA) {
		role.level = 4;
		role.mode = SHADOW_LONG;
		role.gbpages = env->gbpages;
	} else if (env->cr4 & X86_CR4_PAE) {
		role.mode = SHADOW_PAE;
	} else {
		role.mode = SHADOW_32;
		role.pse = !!(env->cr4 & X86_CR4_PSE);
		role.pse36 = env->pse36;
		return role;
	}
	role.nxe = !!(env->efer & EFER_NX);
	return role;
}

/* A root that was in use lately and still is what it was, or NULL. */
static struct shadow_root *recent_root(struct shadow_vcpu *sv, u64 gfn, union shadow_role role)
{
	unsigned int i;

	for (i = 0; i < SHADOW_ROOTS; i++)
		if (sv->root_gfn[i] == gfn && sv->roots[i].role.word == role.word &&
		    shadow_root_valid(&sv->roots[i]))
			return &sv->roots[i];
	return NULL;
}

/**
 * shadow_forget_pcid - the guest flushes what is not of the current address space
 * @vcpu: the vCPU
 * @all: whatever its PCID, or
 * @pcid: what is under this PCID
 *
 * A load of CR3 that keeps translations finds none there.
 */
void shadow_forget_pcid(struct keel_vcpu *vcpu, bool all, u16 pcid)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	unsigned int i;

	for (i = 0; i < SHADOW_ROOTS; i++)
		if (all || sv->root_pcid[i] == pcid)
			sv->root_kept[i] = false;
}

/* Whether this vCPU may have translations of what CR3 leads to. */
static bool has_kept(const struct shadow_vcpu *sv, u64 cr3)
{
	u64 gfn = (cr3 & PTE_ADDRESS) >> 12;
	unsigned int i;

	for (i = 0; i < SHADOW_ROOTS; i++)
		if (sv->root_kept[i] && sv->root_gfn[i] == gfn &&
		    sv->root_pcid[i] == (cr3 & CR3_PCID))
			return true;
	return false;
}

/* Returns false where there is no memory in stock. */
static bool find_long_root(struct keel_vcpu *vcpu, union shadow_role role)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	u64 gfn = shadow_table_gfn(&role, sv->cr3);
	struct keel_mem *mem = &vcpu->vm->mem;
	struct shadow_root *root = recent_root(sv, gfn, role);
	bool found = true;
	unsigned int i;

	if (!root) {
		root = &sv->roots[sv->next];
		*root = (struct shadow_root){ .role = role };
		spin_lock(&mem->lock);
		found = shadow_get_root(&mem->mmu.shadow, root, gfn, &mem->mmu.stock);
		spin_unlock(&mem->lock);
		if (!found)
			return false;
		sv->root_gfn[sv->next] = gfn;
		sv->next = (sv->next + 1) % SHADOW_ROOTS;
	}
	sv->root = root;
	shadow_root_used(root);
	i = root - sv->roots;
	sv->root_pcid[i] = sv->env.cr4 & X86_CR4_PCIDE ? sv->cr3 & CR3_PCID : 0;
	sv->root_kept[i] = true;
	return true;
}

/* The four PDPTEs come one by one, with faults. */
static void clear_pae_root(struct shadow_vcpu *sv, union shadow_role role)
{
	sv->pae = (struct shadow_root){ .table = sv->pae_table, .role = role };
	memset(sv->pae_table, 0, 4 * sizeof(*sv->pae_table));
	sv->root = &sv->pae;
}

static void put_cr3(struct keel_vcpu *vcpu)
{
	const struct shadow_vcpu *sv = &vcpu->shadow;
	u64 cr3 = __pa(sv->root->table);

	/* PCIDs go to the CPU as they are. */
	if (sv->env.cr4 & X86_CR4_PCIDE)
		cr3 |= sv->cr3 & CR3_PCID;
	vmcs_putl(GUEST_CR3, cr3);
}

/* The guest keeps what it has not flushed; but an address that it has stays flushed. */
static void refresh(struct keel_vcpu *vcpu)
{
	struct keel_mem *mem = &vcpu->vm->mem;

	if (!READ_ONCE(mem->mmu.shadow.nr_unsync) || !READ_ONCE(mem->mmu.shadow.address_flushed))
		return;
	spin_lock(&mem->lock);
	shadow_refresh(&mem->mmu.shadow);
	spin_unlock(&mem->lock);
}

/* Returns false where there is no memory in stock. */
static bool load_root(struct keel_vcpu *vcpu)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	union shadow_role role = role_of(&sv->env);

	if (role.level == 3)
		clear_pae_root(sv, role);
	else if (!find_long_root(vcpu, role))
		return false;
	put_cr3(vcpu);
	return true;
}

static void reload_later(struct keel_vcpu *vcpu)
{
	vcpu->shadow.reload = true;
	/* Leads the next entry to shadow_ready(). */
	vcpu->vmx.mem_gen = ~0ULL;
}

/**
 * shadow_must_sync - whether a flush of the guest's is more than the CPU's
 * @vcpu: the vCPU that flushes
 *
 * Where there is another vCPU, that must learn of it in any case, since it may have
 * looked at tables that no shadow page was made from yet: see &shadow.flushes.
 */
bool shadow_must_sync(const struct keel_vcpu *vcpu)
{
	return READ_ONCE(vcpu->vm->mem.mmu.shadow.nr_unsync) ||
		READ_ONCE(vcpu->vm->vcpus_end) > 1;
}

/* The guest flushes all, or all but global translations: what is in tables. */
static void sync_all(struct keel_vcpu *vcpu)
{
	struct keel_mem *mem = &vcpu->vm->mem;

	if (!shadow_must_sync(vcpu))
		return;
	spin_lock(&mem->lock);
	shadow_sync(&mem->mmu.shadow);
	spin_unlock(&mem->lock);
}

/**
 * shadow_trace - whether the vCPU's writes to guest tables can be seen
 * @vcpu: in a shadow VM; may not sleep
 * @traced: on shadow page tables they can, under EPT they cannot
 */
void shadow_trace(struct keel_vcpu *vcpu, bool traced)
{
	struct keel_mem *mem = &vcpu->vm->mem;

	if (vcpu->shadow.untraced == !traced)
		return;
	vcpu->shadow.untraced = !traced;
	spin_lock(&mem->lock);
	shadow_untraced(&mem->mmu.shadow, !traced);
	spin_unlock(&mem->lock);
}

/**
 * shadow_paging_changed - CR0, CR3, CR4, EFER or the PDPTEs have new values
 * @vcpu: its VMCS is current; may not sleep
 *
 * What the guest's tables say is looked at anew before the next entry, as after a
 * flush of all its translations.
 */
void shadow_paging_changed(struct keel_vcpu *vcpu)
{
	reload_later(vcpu);
}

/**
 * shadow_tables_changed - the VMM may have written to the guest's tables
 * @vcpu: it sets control registers; its VMCS is current; may not sleep
 */
void shadow_tables_changed(struct keel_vcpu *vcpu)
{
	struct keel_mem *mem = &vcpu->vm->mem;

	spin_lock(&mem->lock);
	shadow_zap_all(&mem->mmu.shadow);
	spin_unlock(&mem->lock);
	reload_later(vcpu);
}

/**
 * shadow_load_cr3 - the guest loads CR3, and changes no other part of its paging
 * @vcpu: in the fast section
 * @cr3: checked; without bit 63.  With PAE paging the PDPTEs have been loaded.
 * @flush: it flushes what is not global; false: bit 63 was set
 */
void shadow_load_cr3(struct keel_vcpu *vcpu, u64 cr3, bool flush)
{
	struct shadow_vcpu *sv = &vcpu->shadow;

	sv->cr3 = cr3;
	if (flush)
		shadow_forget_pcid(vcpu, false, cr3 & CR3_PCID);
	if (sv->reload)
		return;
	sv->env.cr3 = cr3;
	memcpy(sv->env.pdpte, sv->pdpte, sizeof(sv->pdpte));
	if (flush || !has_kept(sv, cr3)) {
		sync_all(vcpu);
		vmx_flush_guest_not_global(vcpu);
	} else {
		refresh(vcpu);
	}
	if (!load_root(vcpu))
		reload_later(vcpu);
}

/* Give the CPU a root for the guest's paging as it is now; may sleep. */
static int shadow_reload(struct keel_vcpu *vcpu)
{
	bool done;
	int ret;

	do {
		ret = vmx_borrow(vcpu);
		if (ret)
			return ret;
		vmx_walk_env(vcpu, &vcpu->shadow.env);
		sync_all(vcpu);
		done = load_root(vcpu);
		if (done)
			vmx_flush_guest_tlb(vcpu);
		vmx_return();
		if (!done && !keel_mem_top_up(&vcpu->vm->mem))
			return -ENOMEM;
	} while (!done);
	vcpu->shadow.reload = false;
	return 0;
}

/**
 * shadow_prepare - what must be done before a section
 * @vcpu: in a shadow VM; may sleep; the VMCS need not be current
 *
 * Return: 0; -ENOMEM; -ESHUTDOWN.
 */
int shadow_prepare(struct keel_vcpu *vcpu)
{
	if (!vmx_on_shadow(vcpu)) {
		shadow_trace(vcpu, false);
		return 0;
	}
	return unlikely(vcpu->shadow.reload) ? shadow_reload(vcpu) : 0;
}

/**
 * shadow_ready - whether the CPU has a root to run the guest on
 * @vcpu: in the fast section, about to enter, after others took translations away;
 *	interrupts off
 *
 * Return: false where shadow_prepare() must come first.
 */
bool shadow_ready(struct keel_vcpu *vcpu)
{
	struct shadow_vcpu *sv = &vcpu->shadow;

	if (!sv->reload && !shadow_root_valid(sv->root))
		sv->reload = true;
	return !sv->reload;
}
