// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on Host Control Registers, MSRs, and SSP", "Checks on Host
 * Segment and Descriptor-Table Registers" and "Checks Related to Address-Space
 * Size".  A CPU that finds one broken ends the entry with VMfailValid and
 * VM-instruction error 8.  See vmx_check.h.
 *
 * Keel's host is in IA-32e mode, so "host address-space size" must be 1, and
 * what the SDM asks for where it is 0 cannot come up.
 */
#include "vmx_check_ctx.h"

/* "Checks on Host Control Registers, MSRs, and SSP": control registers. */
static bool check_control_registers(const struct vmx_check *c)
{
	const struct keel_vmx_msrs *caps = c->env->caps;
	/* A VM exit leaves NW and CD as they are, so they are not checked. */
	u64 ignored = CR0_NW | CR0_CD;

	return vmx_check_fixed(c, HOST_CR0, caps->cr0_fixed0 & ~ignored,
			       caps->cr0_fixed1 | ignored) &&
		vmx_check_fixed(c, HOST_CR4, caps->cr4_fixed0, caps->cr4_fixed1) &&
		vmx_check_cet_wp(c, HOST_CR0, HOST_CR4) &&
		vmx_check_cr3(c, HOST_CR3);
}

static bool check_msrs(const struct vmx_check *c)
{
	if (!vmx_check_canonical(c, HOST_IA32_SYSENTER_ESP) ||
	    !vmx_check_canonical(c, HOST_IA32_SYSENTER_EIP))
		return false;
	if ((c->exit & VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL) &&
	    c->env->perf_global_bits &&
	    !vmx_check_zero(c, HOST_IA32_PERF_GLOBAL_CTRL, ~c->env->perf_global_bits,
			    "a reserved bit of IA32_PERF_GLOBAL_CTRL is 1"))
		return false;
	if ((c->exit & VM_EXIT_LOAD_IA32_PAT) && !vmx_check_pat(c, HOST_IA32_PAT))
		return false;
	if (c->exit & VM_EXIT_LOAD_IA32_EFER) {
		if (!vmx_check_efer(c, HOST_IA32_EFER))
			return false;
		if ((chk_get(c, HOST_IA32_EFER) & (EFER_LMA | EFER_LME)) !=
		    (EFER_LMA | EFER_LME))
			return chk_fail(c, HOST_IA32_EFER,
					"LMA or LME is 0 while \"host address-space size\" is 1");
	}
	if ((c->exit & SDM_EXIT_LOAD_PKRS) &&
	    !vmx_check_zero(c, SDM_HOST_IA32_PKRS, HIGH_HALF,
			    "bits 63:32 of IA32_PKRS are not 0"))
		return false;
	return true;
}

static bool check_cet(const struct vmx_check *c)
{
	if (!(c->exit & SDM_EXIT_LOAD_CET))
		return true;
	return vmx_check_s_cet(c, SDM_HOST_S_CET) &&
		vmx_check_canonical(c, SDM_HOST_SSP_TABLE) &&
		vmx_check_zero(c, SDM_HOST_SSP, 3,
			       "SSP is not aligned to 4 bytes (bits 1:0)") &&
		vmx_check_canonical(c, SDM_HOST_SSP);
}

/* "Checks on Host Segment and Descriptor-Table Registers" */
static bool check_segments(const struct vmx_check *c)
{
	static const u32 selectors[] = {
		HOST_CS_SELECTOR, HOST_SS_SELECTOR, HOST_DS_SELECTOR,
		HOST_ES_SELECTOR, HOST_FS_SELECTOR, HOST_GS_SELECTOR,
		HOST_TR_SELECTOR,
	};
	static const u32 bases[] = {
		HOST_FS_BASE, HOST_GS_BASE, HOST_GDTR_BASE, HOST_IDTR_BASE,
		HOST_TR_BASE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(selectors); i++)
		if (!vmx_check_zero(c, selectors[i], 7,
				    "RPL or TI of a host selector is not 0 (bits 2:0)"))
			return false;
	if (!chk_get(c, HOST_CS_SELECTOR))
		return chk_fail(c, HOST_CS_SELECTOR, "the CS selector is 0");
	if (!chk_get(c, HOST_TR_SELECTOR))
		return chk_fail(c, HOST_TR_SELECTOR, "the TR selector is 0");
	for (i = 0; i < ARRAY_SIZE(bases); i++)
		if (!vmx_check_canonical(c, bases[i]))
			return false;
	return true;
}

/* "Checks Related to Address-Space Size", for a CPU in IA-32e mode. */
static bool check_address_space(const struct vmx_check *c)
{
	if (!(c->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE))
		return chk_fail(c, VM_EXIT_CONTROLS,
				"\"host address-space size\" is 0 while the host is in IA-32e mode");
	if (!(chk_get(c, HOST_CR4) & CR4_PAE))
		return chk_fail(c, HOST_CR4,
				"CR4.PAE is 0 while \"host address-space size\" is 1");
	return vmx_check_canonical(c, HOST_RIP);
}

/**
 * vmx_check_host - the SDM's checks on the host-state area
 * @env: what to check
 * @result: filled where a rule is broken
 *
 * Return: true where a CPU would not fail the entry with VM-instruction error
 * 8.
 */
bool vmx_check_host(const struct vmx_check_env *env,
		    struct vmx_check_result *result)
{
	struct vmx_check c = vmx_check_begin(env, result);

	return check_control_registers(&c) && check_msrs(&c) && check_cet(&c) &&
		check_segments(&c) && check_address_space(&c);
}
