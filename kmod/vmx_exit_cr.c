// SPDX-License-Identifier: GPL-2.0
/*
 * Control and debug registers.
 *
 * The guest changes most bits of CR0 and CR4 without an exit (vmx_setup.c says
 * which); what comes here changes the mode, is not offered by CPUID, or is
 * read-modify-written through the shadow.
 *
 * SDM: "Exit Qualification for Control-Register Accesses", "MOV - Move to/from
 * Control Registers", "MOV - Move to/from Debug Registers".
 */
#include "vmx_exit.h"

#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "keel_event.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_paging.h"
#include "vmx_run.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_tlb.h"
#include "vmx_trace.h"

#define DR7_GD		BIT(13)
#define DR6_BD		BIT(13)

/* Changing any of these changes what the guest's translations mean. */
#define CR0_FLUSH	(X86_CR0_PG | X86_CR0_WP)
#define CR4_FLUSH	(X86_CR4_PGE | X86_CR4_PAE | X86_CR4_PSE | X86_CR4_PCIDE |	\
			 X86_CR4_SMEP | X86_CR4_LA57)
/* Where PAE paging is in use, changing these loads the PDPTEs. */
#define CR0_PDPTE	(X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)
#define CR4_PDPTE	(X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_SMEP)

static bool in_64bit_mode(void)
{
	return (vmcs_get32(VM_ENTRY_CONTROLS) & VM_ENTRY_IA32E_MODE) &&
		(vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK);
}

static u64 read_gpr(struct keel_vcpu *vcpu, unsigned int n)
{
	u64 value = n == KEEL_RSP ? vmcs_getl(GUEST_RSP) : vcpu->regs.gpr[n];

	return in_64bit_mode() ? value : (u32)value;
}

static void write_gpr(struct keel_vcpu *vcpu, unsigned int n, u64 value)
{
	if (!in_64bit_mode())
		value = (u32)value;
	if (n == KEEL_RSP)
		vmcs_putl(GUEST_RSP, value);
	else
		vcpu->regs.gpr[n] = value;
}

/* What a MOV to a control register that loads the PDPTEs sets beside them. */
static void put_register(struct keel_vcpu *vcpu, unsigned int cr, u64 value)
{
	switch (cr) {
	case 0:
		vmx_put_cr0(vcpu, value);
		break;
	case 3:	/* on shadow page tables; under EPT it does not exit */
		shadow_load_cr3(vcpu, value, true);
		return;
	default:
		vmx_put_cr4(vcpu, value);
	}
	vmx_flush_guest_tlb(vcpu);
}

/*
 * Load the PDPTEs from guest memory, which may sleep: the second half of a MOV
 * to CR0, CR3 or CR4, whose new value waits in slow_qual.  Nothing of the guest has
 * changed yet, so a fault leaves nothing to undo.  SDM: "PDPTE Registers".
 */
static enum keel_verdict load_pdptes(struct keel_vcpu *vcpu)
{
	enum keel_verdict verdict = KEEL_ADVANCE;
	u64 pdpte[4];
	int ret;

	ret = keel_mem_read(&vcpu->vm->mem, vcpu->vmx.slow_gpa, pdpte, sizeof(pdpte));
	if (vmx_borrow(vcpu))
		return KEEL_KILL;
	if (ret || vmx_pdptes_wrong(vcpu, pdpte)) {
		verdict = vmx_raise_gp(vcpu);
	} else {
		vmx_put_pdptes(vcpu, pdpte);
		put_register(vcpu, vcpu->vmx.slow_cr, vcpu->vmx.slow_qual);
	}
	vmx_return();
	return verdict;
}

/* @value for control register @cr, where @cr3 is, or will be, CR3. */
static enum keel_verdict slow_pdptes(struct keel_vcpu *vcpu, unsigned int cr, u64 value, u64 cr3)
{
	vcpu->vmx.slow_qual = value;
	vcpu->vmx.slow_cr = cr;
	vcpu->vmx.slow_gpa = cr3 & 0xffffffe0;
	vcpu->slow = load_pdptes;
	return KEEL_SLOW;
}

/* Without "unrestricted guest" a CPU cannot leave protected mode; nor paging, under EPT. */
static enum keel_verdict refuse_real_mode(struct keel_vcpu *vcpu, u64 cr0)
{
	struct keel_exit_fail_entry *fail = &vcpu->run->fail_entry;

	*fail = (struct keel_exit_fail_entry) {
		.hw_reason = EXIT_REASON_CR_ACCESS,
		.field = GUEST_CR0,
		.value = cr0,
	};
	scnprintf(fail->rule, sizeof(fail->rule),
		  "the guest switches %sprotected mode off, and this CPU has no \"unrestricted guest\"",
		  vcpu->vm->shadow ? "" : "paging or ");
	vcpu->run->exit_reason = KEEL_EXIT_FAIL_ENTRY;
	return KEEL_TO_USER;
}

static enum keel_verdict set_cr0(struct keel_vcpu *vcpu, u64 cr0)
{
	u64 old = vmx_get_cr0();
	u64 cr4 = vmx_get_cr4();
	u64 efer = vmx_get_efer(vcpu);
	bool paging_on = (cr0 & ~old) & X86_CR0_PG;
	bool paging_off = (old & ~cr0) & X86_CR0_PG;

	/* ET is fixed, and reserved low bits are ignored. */
	cr0 = (cr0 & ~0x1ffaffd0ULL) | X86_CR0_ET;
	if (vmx_cr0_wrong(vcpu, cr0))
		return vmx_raise_gp(vcpu);
	if (paging_on && (efer & EFER_LME) &&
	    (!(cr4 & X86_CR4_PAE) || (vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK)))
		return vmx_raise_gp(vcpu);
	if (paging_off && ((cr4 & X86_CR4_PCIDE) || in_64bit_mode()))
		return vmx_raise_gp(vcpu);
	if (!vmx_cr0_runs(vcpu, cr0))
		return refuse_real_mode(vcpu, cr0);

	if (paging_on && (efer & EFER_LME))
		vmx_put_efer(vcpu, efer | EFER_LMA);
	else if (paging_off && (efer & EFER_LMA))
		vmx_put_efer(vcpu, efer & ~(u64)EFER_LMA);
	if (vmx_pae_paging(cr0, cr4, vmx_get_efer(vcpu)) && ((cr0 ^ old) & CR0_PDPTE))
		return slow_pdptes(vcpu, 0, cr0, vmx_get_cr3(vcpu));
	vmx_put_cr0(vcpu, cr0);
	if ((cr0 ^ old) & CR0_FLUSH)
		vmx_flush_guest_tlb(vcpu);
	return KEEL_ADVANCE;
}

static enum keel_verdict set_cr4(struct keel_vcpu *vcpu, u64 cr4)
{
	u64 old = vmx_get_cr4();
	u64 cr0 = vmx_get_cr0();
	u64 efer = vmx_get_efer(vcpu);

	if (vmx_cr4_wrong(vcpu, cr4))
		return vmx_raise_gp(vcpu);
	if ((efer & EFER_LMA) && (!(cr4 & X86_CR4_PAE) || ((cr4 ^ old) & X86_CR4_LA57)))
		return vmx_raise_gp(vcpu);
	if (((cr4 & ~old) & X86_CR4_PCIDE) &&
	    (!(efer & EFER_LMA) || (vmx_get_cr3(vcpu) & 0xfff)))
		return vmx_raise_gp(vcpu);
	if (vmx_pae_paging(cr0, cr4, efer) && ((cr4 ^ old) & CR4_PDPTE))
		return slow_pdptes(vcpu, 4, cr4, vmx_get_cr3(vcpu));
	vmx_put_cr4(vcpu, cr4);
	if ((cr4 ^ old) & CR4_FLUSH)
		vmx_flush_guest_tlb(vcpu);
	return KEEL_ADVANCE;
}

/*
 * MOV to CR3 exits on shadow page tables alone.  Without paging, or before shadow_reload()
 * has been there, the value is only kept.
 */
static enum keel_verdict set_cr3(struct keel_vcpu *vcpu, u64 cr3)
{
	bool pcid = vmx_get_cr4() & X86_CR4_PCIDE, keep = pcid && cr3 >> 63;
	u64 efer = vmx_get_efer(vcpu);

	if (pcid)
		cr3 &= ~BIT_ULL(63);
	if (cr3 >> keel_cpuid_guest_phys_bits(&vcpu->cpuid))
		return vmx_raise_gp(vcpu);
	if (vmx_pae_paging(vmx_get_cr0(), vmx_get_cr4(), efer))
		return slow_pdptes(vcpu, 3, cr3, cr3);
	shadow_load_cr3(vcpu, cr3, !keep);
	return KEEL_ADVANCE;
}

static enum keel_verdict mov_to_cr(struct keel_vcpu *vcpu, unsigned int cr, u64 value)
{
	switch (cr) {
	case 0:
		return set_cr0(vcpu, value);
	case 4:
		return set_cr4(vcpu, value);
	case 3:
		if (vcpu->intercepts.exits & KEEL_INTERCEPT_CR3)
			return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_INSN);
		return set_cr3(vcpu, value);
	case 8:
		if (value > 15)
			return vmx_raise_gp(vcpu);
		vmx_apic_set_cr8(vcpu, value);
		return KEEL_ADVANCE;
	default:
		return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_INSN);
	}
}

/* LMSW loads bits 3:0, and cannot clear PE. */
static u64 lmsw(u64 qual)
{
	return (vmx_get_cr0() & ~0xeULL) | ((qual >> 16) & 0xf);
}

/* The access as the exit tells it, before anything has changed. */
static noinline __cold void trace_cr(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	unsigned int cr = qual & 0xf, gpr = (qual >> 8) & 0xf, kind = (qual >> 4) & 3;
	u64 value;

	switch (kind) {
	case 0:
		value = read_gpr(vcpu, gpr);
		break;
	case 1:
		value = cr == 3 ? vmx_get_cr3(vcpu) : vmx_apic_cr8(vcpu);
		break;
	case 2:
		value = vmx_get_cr0() & ~X86_CR0_TS;
		break;
	default:
		value = lmsw(qual);
	}
	vmx_trace(vcpu, cr, kind != 1, cr, value);
}

enum keel_verdict exit_cr(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	unsigned int cr = qual & 0xf, gpr = (qual >> 8) & 0xf;

	if (trace_keel_cr_enabled())
		trace_cr(vcpu);
	switch ((qual >> 4) & 3) {
	case 0:
		return mov_to_cr(vcpu, cr, read_gpr(vcpu, gpr));
	case 1:
		if (cr == 3 && (vcpu->intercepts.exits & KEEL_INTERCEPT_CR3))
			return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_INSN);
		write_gpr(vcpu, gpr, cr == 3 ? vmx_get_cr3(vcpu) : vmx_apic_cr8(vcpu));
		return KEEL_ADVANCE;
	case 2:		/* CLTS */
		return set_cr0(vcpu, vmx_get_cr0() & ~X86_CR0_TS);
	default:
		return set_cr0(vcpu, lmsw(qual));
	}
}

enum keel_verdict exit_dr(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	unsigned int dr = qual & 7, gpr = (qual >> 8) & 0xf;
	u64 value;

	/* Unlike others, this exit comes before the CPU's check of privilege. */
	if (VMX_AR_DPL(vmcs_get32(GUEST_SS_AR_BYTES)))
		return vmx_raise_gp(vcpu);
	if (vcpu->intercepts.exits & KEEL_INTERCEPT_DR)
		return vmx_exit_insn_to_user(vcpu, KEEL_EXIT_INSN);
	/* DR4 and DR5 are other names of DR6 and DR7, or none. */
	if (dr == 4 || dr == 5) {
		if (vmx_get_cr4() & X86_CR4_DE)
			return vmx_raise(vcpu, X86_TRAP_UD, KEEL_NO_ERROR_CODE, 0);
		dr += 2;
	}
	/* Nor has it looked at general detect. */
	if (vcpu->vmx.guest_dr7 & DR7_GD)
		return vmx_raise(vcpu, X86_TRAP_DB, KEEL_NO_ERROR_CODE, DR6_BD);
	if (qual & BIT(4)) {
		value = dr == 6 ? vcpu->dr6 | 0xffff0ff0 :
			dr == 7 ? vcpu->vmx.guest_dr7 : vcpu->dr[dr];
		write_gpr(vcpu, gpr, value);
		return KEEL_ADVANCE;
	}
	value = read_gpr(vcpu, gpr);
	if (dr >= 6 && value >> 32)
		return vmx_raise_gp(vcpu);
	if (dr == 7)
		vmx_put_dr7(vcpu, value & ~0xd000ULL);
	else if (dr == 6)
		vcpu->dr6 = value & 0xe00f;
	else
		vcpu->dr[dr] = value;
	/* The breakpoints themselves are loaded when the section begins. */
	if (dr != 6 && (vcpu->vmx.guest_dr7 & 0xff)) {
		vcpu->slow = vmx_slow_advance;
		return KEEL_SLOW;
	}
	return KEEL_ADVANCE;
}
