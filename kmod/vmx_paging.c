// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of the guest that choose its paging: CR0, CR3, CR4, IA32_EFER, the
 * PDPTEs, and IA32_PAT.
 *
 * Under EPT the CPU has them as the guest does, but for bits that VMX operation fixes.
 * On shadow page tables it has its own: paging is on, CR0.WP is 1 so that guest tables
 * can be write-protected, tables are PAE or 4-level, NXE is 1, CR3 is the root of the
 * shadow page tables.  Where a guest on shadow page tables has paging off and the CPU
 * has "unrestricted guest", EPT takes over until paging is on again: only so can it be
 * in real mode.
 *
 * SDM: "Guest Control Registers, Debug Registers, and MSRs", "VM Execution
 * Restrictions".
 */
#include "vmx_paging.h"

#include <asm/msr.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_tlb.h"

/* Guest CR0 bits that the guest changes without an exit. */
#define CR0_GUEST_OWNED	(X86_CR0_TS | X86_CR0_MP | X86_CR0_EM | X86_CR0_AM | X86_CR0_WP)
/* Guest CR4 bits likewise, where CPUID offers them. */
#define CR4_GUEST_OWNED	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE |		\
			 X86_CR4_PGE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_FSGSBASE)

/* Guest CR4 bits that are about translations, and have no meaning without paging. */
#define CR4_PAGING	(X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE | X86_CR4_PCIDE)

/* Read and write, accessed: the one data segment that CS can be. */
#define CS_DATA		3

/* SDM: "PDPTE Registers". */
#define PDPTE_PRESENT	BIT_ULL(0)
#define PDPTE_RESERVED	(GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1))

static const u32 pdpte_fields[] = { GUEST_PDPTR0, GUEST_PDPTR1, GUEST_PDPTR2, GUEST_PDPTR3 };

/**
 * vmx_paging_proc - primary controls that a vCPU's paging mode adds
 * @vcpu: the vCPU
 */
u32 vmx_paging_proc(const struct keel_vcpu *vcpu)
{
	return vcpu->vm->shadow ? CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING |
		CPU_BASED_INVLPG_EXITING : 0;
}

/**
 * vmx_paging_proc2 - secondary controls that a vCPU's paging mode adds
 * @vcpu: the vCPU
 */
u32 vmx_paging_proc2(const struct keel_vcpu *vcpu)
{
	return vmx_on_shadow(vcpu) ? 0 : vmx_controls.ept;
}

/**
 * vmx_paging_exceptions - exceptions that exit for the sake of paging
 * @vcpu: the vCPU
 */
u32 vmx_paging_exceptions(const struct keel_vcpu *vcpu)
{
	return vcpu->vm->shadow ? BIT(X86_TRAP_PF) : 0;
}

/** vmx_cr0_owned - CR0 bits that the guest changes without an exit */
u64 vmx_cr0_owned(const struct keel_vcpu *vcpu)
{
	return vcpu->vm->shadow ? CR0_GUEST_OWNED & ~X86_CR0_WP : CR0_GUEST_OWNED;
}

/** vmx_cr4_owned - CR4 bits likewise */
u64 vmx_cr4_owned(const struct keel_vcpu *vcpu)
{
	u64 owned = CR4_GUEST_OWNED & keel_cpuid_guest_cr4(&vcpu->cpuid);

	return vcpu->vm->shadow ? owned & ~(u64)X86_CR4_PGE : owned;
}

/**
 * vmx_get_cr0 - CR0 as the guest sees it
 *
 * Bits that the guest owns are in the real one, the others in the shadow.
 */
u64 vmx_get_cr0(void)
{
	u64 mask = vmcs_getl(CR0_GUEST_HOST_MASK);

	return (vmcs_getl(CR0_READ_SHADOW) & mask) | (vmcs_getl(GUEST_CR0) & ~mask);
}

/** vmx_get_cr4 - CR4 as the guest sees it */
u64 vmx_get_cr4(void)
{
	u64 mask = vmcs_getl(CR4_GUEST_HOST_MASK);

	return (vmcs_getl(CR4_READ_SHADOW) & mask) | (vmcs_getl(GUEST_CR4) & ~mask);
}

/** vmx_get_cr3 - CR3 as the guest sees it */
u64 vmx_get_cr3(const struct keel_vcpu *vcpu)
{
	return vcpu->vm->shadow ? vcpu->shadow.cr3 : vmcs_getl(GUEST_CR3);
}

/**
 * vmx_get_pdptes - the PDPTE registers
 * @vcpu: its VMCS is current
 * @pdpte: filled in; without meaning where the guest does not use PAE paging
 */
void vmx_get_pdptes(const struct keel_vcpu *vcpu, u64 pdpte[4])
{
	int i;

	for (i = 0; i < 4; i++)
		pdpte[i] = vcpu->vm->shadow ? vcpu->shadow.pdpte[i] : __vmcs_get(pdpte_fields[i]);
}

/* CR0 for the VMCS: @cr0 with the bits that VMX operation and shadow paging fix. */
static u64 real_cr0(const struct keel_vcpu *vcpu, u64 cr0)
{
	u64 fixed0 = vmx_caps.cr0_fixed0;

	if (vmx_on_shadow(vcpu))
		fixed0 |= X86_CR0_PE | X86_CR0_PG | X86_CR0_WP;
	else if (vmx_has_unrestricted())
		fixed0 &= ~(X86_CR0_PE | X86_CR0_PG);
	/* The guest's cache disable must not slow the host's memory down. */
	return ((cr0 & ~(X86_CR0_CD | X86_CR0_NW)) | fixed0) & vmx_caps.cr0_fixed1;
}

/*
 * The same for CR4, and MCE: a machine check is the host's, and without that bit it
 * would reset the machine.
 */
static u64 real_cr4(const struct keel_vcpu *vcpu, u64 cr0, u64 cr4)
{
	if (vmx_on_shadow(vcpu)) {
		cr4 |= X86_CR4_PAE;
		if (!(cr0 & X86_CR0_PG))
			cr4 &= ~CR4_PAGING;
	}
	return (cr4 | X86_CR4_MCE | vmx_caps.cr4_fixed0) & vmx_caps.cr4_fixed1;
}

/* IA32_EFER likewise.  Entry wants LME to be LMA where paging is on. */
static u64 real_efer(const struct keel_vcpu *vcpu)
{
	u64 efer = vcpu->efer;

	if (!vmx_on_shadow(vcpu))
		return efer;
	efer |= EFER_NX;
	return efer & EFER_LMA ? efer | EFER_LME : efer & ~(u64)EFER_LME;
}

static void put_real_efer(struct keel_vcpu *vcpu)
{
	u32 entry = vmcs_get32(VM_ENTRY_CONTROLS) & ~VM_ENTRY_IA32E_MODE;

	if (vmx_controls.efer)
		vmcs_put64(GUEST_IA32_EFER, real_efer(vcpu));
	else
		vmx_section_efer(vcpu);
	vmcs_put32(VM_ENTRY_CONTROLS,
		   vcpu->efer & EFER_LMA ? entry | VM_ENTRY_IA32E_MODE : entry);
}

/*
 * A guest that sets PE and PG at once has in CS what real mode leaves there: writable
 * data, which only "unrestricted guest" enters.  As code it does the same, but for
 * writes through CS, until a far jump loads CS.  Selectors whose low two bits are not
 * all the same, which are no RPLs in real mode, still fail the entry: docs/paging.md.
 */
static void make_cs_code(void)
{
	u32 rights = vmcs_get32(GUEST_CS_AR_BYTES);

	/* With DPL 3 it is that of virtual-8086 mode. */
	if ((rights & VMX_AR_TYPE_MASK) == CS_DATA && !VMX_AR_DPL(rights))
		vmcs_put32(GUEST_CS_AR_BYTES, rights | VMX_AR_TYPE_CODE_MASK);
}

/* Which paging mode the CPU runs this guest in: see the top of this file. */
static void choose_mode(struct keel_vcpu *vcpu, u64 cr0)
{
	bool shadow = (cr0 & X86_CR0_PG) || !vmx_has_unrestricted();
	struct vmx_vcpu *vmx = &vcpu->vmx;

	if (shadow == vcpu->shadow.active)
		return;
	vcpu->shadow.active = shadow;
	/* One that does not run yet writes nothing: see shadow_prepare(). */
	if (shadow || vmx->in_section)
		shadow_trace(vcpu, shadow);
	vmx->proc2 = (vmx->proc2 & ~vmx_controls.ept) | vmx_paging_proc2(vcpu);
	vmx_put_proc2(vcpu);
	if (shadow)
		make_cs_code();
	else		/* its shadow root may go meanwhile */
		vmcs_putl(GUEST_CR3, 0);
	vmx_flush_guest_tlb(vcpu);
	vmx->mem_gen = ~0ULL;
}

/* On shadow page tables, what the CPU has follows from all registers together. */
static void follow(struct keel_vcpu *vcpu)
{
	u64 cr0 = vmx_get_cr0(), cr4 = vmx_get_cr4();

	choose_mode(vcpu, cr0);
	vmcs_putl(GUEST_CR0, real_cr0(vcpu, cr0));
	vmcs_putl(GUEST_CR4, real_cr4(vcpu, cr0, cr4));
	put_real_efer(vcpu);
	shadow_paging_changed(vcpu);
}

/**
 * vmx_put_cr0 - set CR0 for the guest
 * @vcpu: the vCPU
 * @cr0: checked by vmx_cr0_wrong()
 */
void vmx_put_cr0(struct keel_vcpu *vcpu, u64 cr0)
{
	vmcs_putl(CR0_READ_SHADOW, cr0);
	vmcs_putl(GUEST_CR0, real_cr0(vcpu, cr0));
	if (vcpu->vm->shadow)
		follow(vcpu);
}

/**
 * vmx_put_cr3 - set CR3 for the guest
 * @vcpu: the vCPU
 * @cr3: the value
 */
void vmx_put_cr3(struct keel_vcpu *vcpu, u64 cr3)
{
	if (!vcpu->vm->shadow) {
		vmcs_putl(GUEST_CR3, cr3);
		return;
	}
	vcpu->shadow.cr3 = cr3;
	shadow_paging_changed(vcpu);
}

/**
 * vmx_put_cr4 - set CR4 for the guest
 * @vcpu: the vCPU
 * @cr4: checked by vmx_cr4_wrong()
 */
void vmx_put_cr4(struct keel_vcpu *vcpu, u64 cr4)
{
	vmcs_putl(CR4_READ_SHADOW, cr4);
	vmcs_putl(GUEST_CR4, real_cr4(vcpu, vmx_get_cr0(), cr4));
	keel_cpuid_update(&vcpu->cpuid, cr4, vcpu->xcr0, 0, vcpu->id);
	if (vcpu->vm->shadow)
		follow(vcpu);
}

/**
 * vmx_put_efer - set IA32_EFER, and what VM entry derives from it
 * @vcpu: the vCPU
 * @efer: with LMA as it shall be
 */
void vmx_put_efer(struct keel_vcpu *vcpu, u64 efer)
{
	vcpu->efer = efer;
	if (vcpu->vm->shadow)
		follow(vcpu);
	else
		put_real_efer(vcpu);
}

/**
 * vmx_put_pdptes - set the PDPTE registers
 * @vcpu: its VMCS is current
 * @pdpte: the values
 */
void vmx_put_pdptes(struct keel_vcpu *vcpu, const u64 pdpte[4])
{
	int i;

	for (i = 0; i < 4; i++) {
		vcpu->shadow.pdpte[i] = pdpte[i];
		if (!vcpu->vm->shadow)
			__vmcs_put(pdpte_fields[i], pdpte[i]);
	}
	if (vcpu->vm->shadow)
		shadow_paging_changed(vcpu);
}

/**
 * vmx_put_pat - set IA32_PAT for the guest
 * @vcpu: its VMCS is current
 * @pat: the value
 *
 * On shadow page tables it has no effect: they use entry 0 of the host's, write-back.
 */
void vmx_put_pat(struct keel_vcpu *vcpu, u64 pat)
{
	vcpu->msrs.pat = pat;
	if (!vcpu->vm->shadow)
		vmcs_put64(GUEST_IA32_PAT, pat);
}

/**
 * vmx_cr0_wrong - what no CPU takes in CR0
 * @vcpu: the vCPU
 * @cr0: the value
 *
 * Return: what is wrong, in words, or NULL.
 */
const char *vmx_cr0_wrong(struct keel_vcpu *vcpu, u64 cr0)
{
	if (cr0 >> 32)
		return "CR0 has reserved bits set";
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return "CR0.PG is set without CR0.PE";
	if ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD))
		return "CR0.NW is set without CR0.CD";
	return NULL;
}

/**
 * vmx_cr4_wrong - what this guest's CPU does not take in CR4
 * @vcpu: the vCPU
 * @cr4: the value
 *
 * Return: what is wrong, in words, or NULL.
 */
const char *vmx_cr4_wrong(struct keel_vcpu *vcpu, u64 cr4)
{
	if (cr4 & ~keel_cpuid_guest_cr4(&vcpu->cpuid))
		return "CR4 has bits set that CPUID does not offer";
	return NULL;
}

/**
 * vmx_pdptes_wrong - what no CPU takes in the PDPTE registers
 * @vcpu: the vCPU
 * @pdpte: the values
 *
 * Return: what is wrong, in words, or NULL.
 */
const char *vmx_pdptes_wrong(const struct keel_vcpu *vcpu, const u64 pdpte[4])
{
	u64 reserved = ~0ULL << keel_cpuid_guest_phys_bits(&vcpu->cpuid) | PDPTE_RESERVED;
	int i;

	for (i = 0; i < 4; i++)
		if ((pdpte[i] & PDPTE_PRESENT) && (pdpte[i] & reserved))
			return "a present PDPTE has reserved bits set";
	return NULL;
}

/**
 * vmx_paging_wrong - what VM entry would refuse, if it saw the guest's registers
 * @vcpu: the vCPU
 * @c: checked by itself, register by register
 *
 * On shadow page tables the CPU has others, so here is where it is found.
 *
 * Return: what is wrong, in words, or NULL.
 */
const char *vmx_paging_wrong(const struct keel_vcpu *vcpu, const struct keel_control *c)
{
	if (!vcpu->vm->shadow)
		return NULL;
	if (c->cr3 >> keel_cpuid_guest_phys_bits(&vcpu->cpuid))
		return "CR3 has bits beyond the physical-address width";
	if ((c->efer & EFER_LMA) && !(c->cr4 & X86_CR4_PAE))
		return "EFER.LMA is set without CR4.PAE";
	if (vmx_pae_paging(c->cr0, c->cr4, c->efer))
		return vmx_pdptes_wrong(vcpu, c->pdpte);
	return NULL;
}

/**
 * vmx_cr0_runs - whether this CPU can run a guest with such a CR0
 * @vcpu: the vCPU
 * @cr0: the value
 *
 * Return: false for real mode without "unrestricted guest", and under EPT then also
 * for protected mode without paging.
 */
bool vmx_cr0_runs(const struct keel_vcpu *vcpu, u64 cr0)
{
	u64 needed = X86_CR0_PE | (vcpu->vm->shadow ? 0 : X86_CR0_PG);

	return vmx_has_unrestricted() || (cr0 & needed) == needed;
}
