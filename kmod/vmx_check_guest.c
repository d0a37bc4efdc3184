// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on the Guest State Area", without segments, which are in
 * vmx_check_segs.c.  A CPU that finds one broken ends the entry with exit reason
 * 33.  See vmx_check.h.
 */
#include "vmx_check_ctx.h"

/* SDM, "Guest Non-Register State" and "Pending debug exceptions". */
#define PENDING_BS	BIT(14)
#define PENDING_RTM	BIT(16)

static u32 guest_cs_ar(const struct vmx_check *c)
{
	return chk_get(c, GUEST_CS_AR_BYTES);
}

static bool is_64bit_code(const struct vmx_check *c)
{
	return vmx_ia32e_guest(c) && (guest_cs_ar(c) & VMX_AR_L_MASK);
}

/* "Checks on Guest Control Registers, Debug Registers, and MSRs": CR0 to CR4. */
static bool check_control_registers(const struct vmx_check *c)
{
	const struct keel_vmx_msrs *caps = c->env->caps;
	u64 cr0 = chk_get(c, GUEST_CR0);
	u64 cr4 = chk_get(c, GUEST_CR4);
	/* VM entry leaves NW and CD as they are, so they are not checked. */
	u64 ignored = CR0_NW | CR0_CD;

	if (vmx_unrestricted(c))
		ignored |= CR0_PE | CR0_PG;
	if (!vmx_check_fixed(c, GUEST_CR0, caps->cr0_fixed0 & ~ignored,
			     caps->cr0_fixed1 | ignored))
		return false;
	if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
		return chk_fail(c, GUEST_CR0, "CR0.PG is 1 while CR0.PE is 0");
	if (!vmx_check_fixed(c, GUEST_CR4, caps->cr4_fixed0, caps->cr4_fixed1) ||
	    !vmx_check_cet_wp(c, GUEST_CR0, GUEST_CR4))
		return false;
	if (vmx_ia32e_guest(c)) {
		if (!(cr0 & CR0_PG))
			return chk_fail(c, GUEST_CR0,
					"CR0.PG is 0 while \"IA-32e mode guest\" is 1");
		if (!(cr4 & CR4_PAE))
			return chk_fail(c, GUEST_CR4,
					"CR4.PAE is 0 while \"IA-32e mode guest\" is 1");
	} else if (cr4 & CR4_PCIDE) {
		return chk_fail(c, GUEST_CR4,
				"CR4.PCIDE is 1 while \"IA-32e mode guest\" is 0");
	}
	return vmx_check_cr3(c, GUEST_CR3);
}

/* "Checks on Guest Control Registers, Debug Registers, and MSRs": debugging. */
static bool check_debug(const struct vmx_check *c)
{
	/* What the SDM defines: LBR, BTF, BLD, bits 6 to 15. */
	u64 debugctl = c->env->debugctl_bits ?: 0xffc7;

	if (!(c->entry & VM_ENTRY_LOAD_DEBUG_CONTROLS))
		return true;
	return vmx_check_zero(c, GUEST_IA32_DEBUGCTL, ~debugctl,
			      "a reserved bit of IA32_DEBUGCTL is 1") &&
		vmx_check_zero(c, GUEST_DR7, HIGH_HALF,
			       "bits 63:32 of DR7 are not 0");
}

static bool check_guest_efer(const struct vmx_check *c)
{
	u64 efer = chk_get(c, GUEST_IA32_EFER);
	bool lma = efer & EFER_LMA;
	bool lme = efer & EFER_LME;

	if (!vmx_check_efer(c, GUEST_IA32_EFER))
		return false;
	if (lma != vmx_ia32e_guest(c))
		return chk_fail(c, GUEST_IA32_EFER,
				"LMA is not equal to \"IA-32e mode guest\"");
	if (lma != lme && (chk_get(c, GUEST_CR0) & CR0_PG))
		return chk_fail(c, GUEST_IA32_EFER,
				"LMA is not equal to LME while CR0.PG is 1");
	return true;
}

/* MSRs whose reserved bits must be 0 where a VM-entry control loads them. */
static bool check_reserved_msr_bits(const struct vmx_check *c)
{
	const struct vmx_check_env *env = c->env;
	const struct {
		u32 control;
		u32 field;
		u64 bits;	/* implemented; 0 where not known */
		const char *rule;
	} rules[] = {
		{ VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL,
		  GUEST_IA32_PERF_GLOBAL_CTRL, env->perf_global_bits,
		  "a reserved bit of IA32_PERF_GLOBAL_CTRL is 1" },
		{ VM_ENTRY_LOAD_BNDCFGS, GUEST_BNDCFGS, ~GENMASK_ULL(11, 2),
		  "a reserved bit of IA32_BNDCFGS is 1 (bits 11:2)" },
		{ VM_ENTRY_LOAD_IA32_RTIT_CTL,
		  GUEST_IA32_RTIT_CTL, env->rtit_ctl_bits,
		  "a reserved bit of IA32_RTIT_CTL is 1" },
		{ SDM_ENTRY_LOAD_LBR_CTL,
		  SDM_GUEST_IA32_LBR_CTL, env->lbr_ctl_bits,
		  "a reserved bit of IA32_LBR_CTL is 1" },
		{ SDM_ENTRY_LOAD_PKRS, SDM_GUEST_IA32_PKRS, ~HIGH_HALF,
		  "bits 63:32 of IA32_PKRS are not 0" },
		{ SDM_ENTRY_LOAD_UINV, SDM_GUEST_UINV, 0xff,
		  "bits 15:8 of UINV are not 0" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if ((c->entry & rules[i].control) && rules[i].bits &&
		    !vmx_check_zero(c, rules[i].field, ~rules[i].bits, rules[i].rule))
			return false;
	return true;
}

/* "Checks on Guest Control Registers, Debug Registers, and MSRs": the rest. */
static bool check_msrs(const struct vmx_check *c)
{
	if (!vmx_check_canonical(c, GUEST_SYSENTER_ESP) ||
	    !vmx_check_canonical(c, GUEST_SYSENTER_EIP))
		return false;
	if ((c->entry & SDM_ENTRY_LOAD_CET) &&
	    (!vmx_check_s_cet(c, SDM_GUEST_S_CET) ||
	     !vmx_check_canonical(c, SDM_GUEST_SSP_TABLE)))
		return false;
	if ((c->entry & VM_ENTRY_LOAD_IA32_PAT) && !vmx_check_pat(c, GUEST_IA32_PAT))
		return false;
	if ((c->entry & VM_ENTRY_LOAD_IA32_EFER) && !check_guest_efer(c))
		return false;
	if (!check_reserved_msr_bits(c))
		return false;
	return !(c->entry & VM_ENTRY_LOAD_BNDCFGS) ||
		vmx_check_canonical(c, GUEST_BNDCFGS);
}

/*
 * An address in the code segment's mode.  In 64-bit mode only the bits beyond
 * the linear-address width must be alike: bit N-1 may differ from them, so that
 * a guest can be entered that is about to fault on it.
 */
static bool check_code_address(const struct vmx_check *c, u32 field)
{
	if (!is_64bit_code(c))
		return vmx_check_zero(c, field, HIGH_HALF,
				      "bits 63:32 are not 0 outside 64-bit mode");
	return vmx_same_from(chk_get(c, field), c->env->linear_bits) ||
		chk_fail(c, field,
			 "the bits beyond the linear-address width are not all the same");
}

/* "Checks on Guest RIP, RFLAGS, and SSP" */
static bool check_rip_rflags(const struct vmx_check *c)
{
	u64 rflags = chk_get(c, GUEST_RFLAGS);

	if (!check_code_address(c, GUEST_RIP))
		return false;
	if (!vmx_check_zero(c, GUEST_RFLAGS,
			    GENMASK_ULL(63, 22) | BIT(15) | BIT(5) | BIT(3),
			    "a reserved bit of RFLAGS is 1 (bits 63:22, 15, 5, 3)"))
		return false;
	if (!(rflags & BIT(1)))
		return chk_fail(c, GUEST_RFLAGS, "bit 1 of RFLAGS is 0");
	if ((rflags & RFLAGS_VM) && vmx_ia32e_guest(c))
		return chk_fail(c, GUEST_RFLAGS,
				"RFLAGS.VM is 1 while \"IA-32e mode guest\" is 1");
	if ((rflags & RFLAGS_VM) && !(chk_get(c, GUEST_CR0) & CR0_PE))
		return chk_fail(c, GUEST_RFLAGS, "RFLAGS.VM is 1 while CR0.PE is 0");
	if (vmx_injects(c, INTR_TYPE_EXT_INTR) && !(rflags & RFLAGS_IF))
		return chk_fail(c, GUEST_RFLAGS,
				"RFLAGS.IF is 0 while an external interrupt is injected");
	if (!(c->entry & SDM_ENTRY_LOAD_CET))
		return true;
	return vmx_check_zero(c, SDM_GUEST_SSP, 3,
			      "SSP is not aligned to 4 bytes (bits 1:0)") &&
		check_code_address(c, SDM_GUEST_SSP);
}

/* Whether the event to be injected may meet a guest in @state. */
static bool event_fits_activity(const struct vmx_check *c, u32 state)
{
	u32 vector = c->event & INTR_INFO_VECTOR_MASK;
	bool exception = vmx_injects(c, INTR_TYPE_HARD_EXCEPTION);

	if (!c->event)
		return true;
	switch (state) {
	case GUEST_ACTIVITY_ACTIVE:
		return true;
	case GUEST_ACTIVITY_HLT:
		/* Debug exception, machine check; pending MTF VM exit. */
		return vmx_injects(c, INTR_TYPE_EXT_INTR) ||
			vmx_injects(c, INTR_TYPE_NMI_INTR) ||
			(exception && (vector == 1 || vector == 18)) ||
			(vmx_injects(c, INTR_TYPE_OTHER_EVENT) && vector == 0);
	case GUEST_ACTIVITY_SHUTDOWN:
		return vmx_injects(c, INTR_TYPE_NMI_INTR) ||
			(exception && vector == 18);
	default:
		return false;
	}
}

/* "Checks on Guest Non-Register State": activity state. */
static bool check_activity(const struct vmx_check *c)
{
	u64 state = chk_get(c, GUEST_ACTIVITY_STATE);
	u32 blocking = chk_get(c, GUEST_INTERRUPTIBILITY_INFO);

	if (state > GUEST_ACTIVITY_WAIT_SIPI)
		return chk_fail(c, GUEST_ACTIVITY_STATE,
				"the activity state is reserved (above 3)");
	if (state != GUEST_ACTIVITY_ACTIVE &&
	    !(c->env->caps->misc & BIT_ULL(SDM_MISC_ACTIVITY_SHIFT + state)))
		return chk_fail(c, GUEST_ACTIVITY_STATE,
				"this CPU does not support the activity state (IA32_VMX_MISC bits 8:6)");
	if (state == GUEST_ACTIVITY_HLT &&
	    VMX_AR_DPL(chk_get(c, GUEST_SS_AR_BYTES)))
		return chk_fail(c, GUEST_ACTIVITY_STATE,
				"the activity state is HLT while the DPL of SS is not 0");
	if (state != GUEST_ACTIVITY_ACTIVE &&
	    (blocking & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
		return chk_fail(c, GUEST_ACTIVITY_STATE,
				"the activity state is not active under blocking by STI or MOV SS");
	if (!event_fits_activity(c, state))
		return chk_fail(c, GUEST_ACTIVITY_STATE,
				"the event to be injected cannot be delivered in this activity state");
	return true;
}

/* "Checks on Guest Non-Register State": interruptibility state. */
static bool check_interruptibility(const struct vmx_check *c)
{
	const u32 field = GUEST_INTERRUPTIBILITY_INFO;
	u32 state = chk_get(c, field);
	bool sti = state & GUEST_INTR_STATE_STI;
	bool mov_ss = state & GUEST_INTR_STATE_MOV_SS;
	bool nmi = vmx_injects(c, INTR_TYPE_NMI_INTR);

	if (!vmx_check_zero(c, field, GENMASK(31, 5),
			    "a reserved bit of the interruptibility state is 1 (bits 31:5)"))
		return false;
	if (sti && mov_ss)
		return chk_fail(c, field, "blocking by STI and by MOV SS are both 1");
	if (sti && !(chk_get(c, GUEST_RFLAGS) & RFLAGS_IF))
		return chk_fail(c, field, "blocking by STI is 1 while RFLAGS.IF is 0");
	if ((sti || mov_ss) && vmx_injects(c, INTR_TYPE_EXT_INTR))
		return chk_fail(c, field,
				"an external interrupt is injected under blocking by STI or MOV SS");
	if (mov_ss && nmi)
		return chk_fail(c, field, "an NMI is injected under blocking by MOV SS");
	if (sti && nmi && c->env->nmi_needs_no_sti)
		return chk_fail(c, field,
				"an NMI is injected under blocking by STI, which this CPU refuses");
	if (state & GUEST_INTR_STATE_SMI)
		return chk_fail(c, field,
				"blocking by SMI is 1 outside system-management mode");
	if ((state & GUEST_INTR_STATE_NMI) && nmi && (c->pin & PIN_BASED_VIRTUAL_NMIS))
		return chk_fail(c, field,
				"an NMI is injected under blocking by NMI while \"virtual NMIs\" is 1");
	if (state & GUEST_INTR_STATE_ENCLAVE_INTR) {
		if (mov_ss)
			return chk_fail(c, field,
					"enclave interruption and blocking by MOV SS are both 1");
		if (!c->env->sgx)
			return chk_fail(c, field,
					"enclave interruption is 1 on a CPU without SGX");
	}
	return true;
}

/* "Checks on Guest Non-Register State": pending debug exceptions. */
static bool check_pending_debug(const struct vmx_check *c)
{
	const u32 field = GUEST_PENDING_DBG_EXCEPTIONS;
	u64 pending = chk_get(c, field);
	u32 blocking = chk_get(c, GUEST_INTERRUPTIBILITY_INFO);
	u64 debugctl = c->env->debugctl_bits ?: 0xffc7;
	u64 reserved = GENMASK_ULL(63, 17) | BIT(15) | BIT(13) | GENMASK(10, 4);
	bool must_step;

	/* Bit 11, bus lock, comes with IA32_DEBUGCTL.BLD. */
	if (!(debugctl & DEBUGCTL_BLD))
		reserved |= BIT(11);
	if (!vmx_check_zero(c, field, reserved,
			    "a reserved bit of the pending debug exceptions is 1"))
		return false;

	if ((blocking & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)) ||
	    chk_get(c, GUEST_ACTIVITY_STATE) == GUEST_ACTIVITY_HLT) {
		must_step = (chk_get(c, GUEST_RFLAGS) & RFLAGS_TF) &&
			!(chk_get(c, GUEST_IA32_DEBUGCTL) & DEBUGCTL_BTF);
		if (must_step && !(pending & PENDING_BS))
			return chk_fail(c, field,
					"BS is 0 while RFLAGS.TF is 1 and the guest is in HLT or a blocking by STI or MOV SS");
		if (!must_step && (pending & PENDING_BS))
			return chk_fail(c, field,
					"BS is 1 while no single step is due and the guest is in HLT or a blocking by STI or MOV SS");
	}

	if (!(pending & PENDING_RTM))
		return true;
	if ((pending & ~(PENDING_RTM | BIT_ULL(12))) || !(pending & BIT(12)))
		return chk_fail(c, field,
				"RTM is 1 with bits other than 12, or without it");
	if (!c->env->rtm)
		return chk_fail(c, field, "RTM is 1 on a CPU without RTM");
	if (blocking & GUEST_INTR_STATE_MOV_SS)
		return chk_fail(c, field, "RTM is 1 under blocking by MOV SS");
	return true;
}

/* "Checks on Guest Non-Register State": VMCS link pointer. */
static bool check_link_pointer(const struct vmx_check *c)
{
	const u32 field = VMCS_LINK_POINTER;
	u64 link = chk_get(c, field);
	u32 revision = vmx_basic_vmcs_revision_id(c->env->caps->basic);
	u64 head;

	if (link == ~0ULL)
		return true;
	if (!vmx_check_address(c, field, PAGE_OFFSET_BITS))
		return false;
	if (c->env->read_phys && c->env->read_phys(c->env->ctx, link, &head)) {
		if ((head & GENMASK(30, 0)) != revision)
			return chk_fail(c, field,
					"the linked VMCS has another revision identifier than this CPU");
		if (!(head & BIT(31)) != !(c->proc2 & SECONDARY_EXEC_SHADOW_VMCS))
			return chk_fail(c, field,
					"the linked VMCS's shadow indicator is not equal to \"VMCS shadowing\"");
	}
	if (c->env->vmcs_pa && link == c->env->vmcs_pa)
		return chk_fail(c, field, "the link pointer points to the VMCS itself");
	return true;
}

/* "Checks on Guest Page-Directory-Pointer-Table Entries" */
static bool check_pdptes(const struct vmx_check *c)
{
	u64 reserved = vmx_beyond_phys(c) | GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1);
	bool ept = c->proc2 & SECONDARY_EXEC_ENABLE_EPT;
	u64 table = chk_get(c, GUEST_CR3) & GENMASK_ULL(31, 5);
	u64 pdpte;
	u32 i;

	if (!(chk_get(c, GUEST_CR0) & CR0_PG) || !(chk_get(c, GUEST_CR4) & CR4_PAE) ||
	    vmx_ia32e_guest(c))
		return true;
	for (i = 0; i < 4; i++) {
		if (ept)
			pdpte = chk_get(c, GUEST_PDPTR0 + 2 * i);
		else if (!c->env->read_phys ||
			 !c->env->read_phys(c->env->ctx, table + 8 * i, &pdpte))
			return true;
		/* Entries that are not present are not looked at further. */
		if (!(pdpte & 1) || !(pdpte & reserved))
			continue;
		if (ept)
			return chk_fail(c, GUEST_PDPTR0 + 2 * i,
					"a present PDPTE has a reserved bit set");
		return chk_fail(c, GUEST_CR3,
				"a present PDPTE in the table at CR3 has a reserved bit set");
	}
	return true;
}

/**
 * vmx_check_guest - SDM, "Checks on the Guest State Area"
 * @env: what to check
 * @result: filled where a rule is broken
 *
 * To be called where vmx_check_controls() found nothing: rules that depend on a
 * control take it for valid.
 *
 * Return: true where a CPU would not fail the entry with exit reason 33.
 */
bool vmx_check_guest(const struct vmx_check_env *env,
		     struct vmx_check_result *result)
{
	struct vmx_check c = vmx_check_begin(env, result);

	return check_control_registers(&c) && check_debug(&c) &&
		check_msrs(&c) && vmx_check_segments(&c) &&
		check_rip_rflags(&c) && check_activity(&c) &&
		check_interruptibility(&c) && check_pending_debug(&c) &&
		check_link_pointer(&c) && check_pdptes(&c);
}
