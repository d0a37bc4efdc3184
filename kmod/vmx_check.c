// SPDX-License-Identifier: GPL-2.0
/*
 * What several VM-entry checks need, and the order in which they are done.
 * See vmx_check.h.
 */
#include "vmx_check_ctx.h"

/**
 * chk_get - read a field of the VMCS under check
 * @c: the check
 * @field: encoding
 *
 * Return: its value; 0 where the CPU does not have the field, which can matter
 * only after a control was set that the CPU does not have.
 */
u64 chk_get(const struct vmx_check *c, u32 field)
{
	const struct vmx_field *f = vmx_field_find(field);

	if (!f || !vmx_field_exists(f, c->env->caps))
		return 0;
	return c->env->get(c->env->ctx, field);
}

/**
 * vmx_check_begin - read the controls that decide which checks apply
 * @env: what to check
 * @result: where chk_fail() puts what it is told
 *
 * Return: the check.
 */
struct vmx_check vmx_check_begin(const struct vmx_check_env *env,
				 struct vmx_check_result *result)
{
	struct vmx_check c = { .env = env, .result = result };

	c.pin = chk_get(&c, PIN_BASED_VM_EXEC_CONTROL);
	c.proc = chk_get(&c, CPU_BASED_VM_EXEC_CONTROL);
	if (c.proc & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
		c.proc2 = chk_get(&c, SECONDARY_VM_EXEC_CONTROL);
	if (c.proc & CPU_BASED_ACTIVATE_TERTIARY_CONTROLS)
		c.proc3 = chk_get(&c, TERTIARY_VM_EXEC_CONTROL);
	c.exit = chk_get(&c, VM_EXIT_CONTROLS);
	if (c.exit & SDM_EXIT_ACTIVATE_SECONDARY)
		c.exit2 = chk_get(&c, SDM_SECONDARY_EXIT_CONTROLS);
	c.entry = chk_get(&c, VM_ENTRY_CONTROLS);
	c.event = chk_get(&c, VM_ENTRY_INTR_INFO_FIELD);
	if (!(c.event & INTR_INFO_VALID_MASK))
		c.event = 0;
	return c;
}

/**
 * chk_fail - note a broken rule
 * @c: the check
 * @field: the field at fault
 * @rule: what is wrong
 *
 * Return: false.
 */
bool chk_fail(const struct vmx_check *c, u32 field, const char *rule)
{
	c->result->field = field;
	c->result->value = chk_get(c, field);
	c->result->rule = rule;
	return false;
}

/* Bits of a field that must be 0. */
bool vmx_check_zero(const struct vmx_check *c, u32 field, u64 bits,
		    const char *rule)
{
	return !(chk_get(c, field) & bits) || chk_fail(c, field, rule);
}

/* A physical address whose @low bits must be 0. */
bool vmx_check_address(const struct vmx_check *c, u32 field, u64 low)
{
	return vmx_check_zero(c, field, low,
			      "the address is not aligned as its structure must be") &&
		vmx_check_zero(c, field, vmx_beyond_phys(c),
			       "the address is beyond the physical-address width");
}

bool vmx_check_canonical(const struct vmx_check *c, u32 field)
{
	return vmx_is_canonical(c, chk_get(c, field)) ||
		chk_fail(c, field, "the address is not canonical");
}

/* SDM, "Restrictions on VMX Operation": fixed bits of CR0 and CR4. */
bool vmx_check_fixed(const struct vmx_check *c, u32 field, u64 fixed0, u64 fixed1)
{
	u64 value = chk_get(c, field);

	if (fixed0 & ~value)
		return chk_fail(c, field,
				"a bit is 0 that must be 1 in VMX operation (IA32_VMX_CRn_FIXED0)");
	if (value & ~fixed1)
		return chk_fail(c, field,
				"a bit is 1 that must be 0 in VMX operation (IA32_VMX_CRn_FIXED1)");
	return true;
}

bool vmx_check_cet_wp(const struct vmx_check *c, u32 cr0, u32 cr4)
{
	if ((chk_get(c, cr4) & CR4_CET) && !(chk_get(c, cr0) & CR0_WP))
		return chk_fail(c, cr4, "CR4.CET is 1 while CR0.WP is 0");
	return true;
}

bool vmx_check_cr3(const struct vmx_check *c, u32 field)
{
	u64 beyond = vmx_beyond_phys(c);

	if (c->env->lam)
		beyond &= ~GENMASK_ULL(62, 61);
	return vmx_check_zero(c, field, beyond,
			      "CR3 has bits beyond the physical-address width");
}

/* Eight memory types, of which 2, 3 and those above 7 do not exist. */
bool vmx_check_pat(const struct vmx_check *c, u32 field)
{
	u64 pat = chk_get(c, field);
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = pat >> i;

		if (type > 7 || type == 2 || type == 3)
			return chk_fail(c, field,
					"a byte of IA32_PAT is not a memory type (0, 1, 4 to 7)");
	}
	return true;
}

bool vmx_check_efer(const struct vmx_check *c, u32 field)
{
	u64 bits = c->env->efer_bits ?: 0xd01;

	return vmx_check_zero(c, field, ~bits, "a reserved bit of IA32_EFER is 1");
}

bool vmx_check_s_cet(const struct vmx_check *c, u32 field)
{
	if (!vmx_check_zero(c, field, GENMASK_ULL(9, 6),
			    "a reserved bit of IA32_S_CET is 1 (bits 9:6)"))
		return false;
	if ((chk_get(c, field) & GENMASK_ULL(11, 10)) == GENMASK_ULL(11, 10))
		return chk_fail(c, field,
				"IA32_S_CET has both SUPPRESS and TRACKER set (bits 11:10)");
	return vmx_check_canonical(c, field);
}
