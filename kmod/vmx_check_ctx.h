/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the VM-entry checks share.  Nobody else includes this.
 */
#ifndef KEEL_VMX_CHECK_CTX_H
#define KEEL_VMX_CHECK_CTX_H

#include "vmx_check.h"
#include "vmx_sdm.h"

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <asm/vmx.h>

/* One run of the checks.  Lives on the stack; constant once filled. */
struct vmx_check {
	const struct vmx_check_env *env;	/* [C] */
	struct vmx_check_result *result;	/* filled by chk_fail() */
	u32 pin;	/* [C] pin-based controls */
	u32 proc;	/* [C] primary processor-based controls */
	u32 proc2;	/* [C] secondary ones; 0 unless activated */
	u64 proc3;	/* [C] tertiary ones; 0 unless activated */
	u32 exit;	/* [C] primary VM-exit controls */
	u64 exit2;	/* [C] secondary ones; 0 unless activated */
	u32 entry;	/* [C] VM-entry controls */
	u32 event;	/* [C] VM-entry interruption information; 0 unless valid */
};

struct vmx_check vmx_check_begin(const struct vmx_check_env *env,
				 struct vmx_check_result *result);
u64 chk_get(const struct vmx_check *c, u32 field);
bool chk_fail(const struct vmx_check *c, u32 field, const char *rule);
bool vmx_check_address(const struct vmx_check *c, u32 field, u64 low);
bool vmx_check_canonical(const struct vmx_check *c, u32 field);
bool vmx_check_zero(const struct vmx_check *c, u32 field, u64 bits,
		    const char *rule);
bool vmx_check_fixed(const struct vmx_check *c, u32 field, u64 fixed0, u64 fixed1);
bool vmx_check_cet_wp(const struct vmx_check *c, u32 cr0, u32 cr4);
bool vmx_check_cr3(const struct vmx_check *c, u32 field);
bool vmx_check_pat(const struct vmx_check *c, u32 field);
bool vmx_check_efer(const struct vmx_check *c, u32 field);
bool vmx_check_s_cet(const struct vmx_check *c, u32 field);

bool vmx_check_segments(const struct vmx_check *c);

#define CR0_PE		BIT(0)
#define CR0_WP		BIT(16)
#define CR0_NW		BIT(29)
#define CR0_CD		BIT(30)
#define CR0_PG		BIT(31)
#define CR4_PAE		BIT(5)
#define CR4_PCIDE	BIT(17)
#define CR4_CET		BIT(23)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)
#define RFLAGS_TF	BIT(8)
#define RFLAGS_IF	BIT(9)
#define RFLAGS_VM	BIT(17)
#define DEBUGCTL_BTF	BIT(1)
#define DEBUGCTL_BLD	BIT(2)

#define PAGE_OFFSET_BITS	GENMASK_ULL(11, 0)
#define HIGH_HALF		GENMASK_ULL(63, 32)

/* The bits of an address beyond the CPU's physical-address width. */
static inline u64 vmx_beyond_phys(const struct vmx_check *c)
{
	return ~0ULL << c->env->phys_bits;
}

/* Whether bits 63:@bit of @value are all the same. */
static inline bool vmx_same_from(u64 value, unsigned int bit)
{
	s64 high = (s64)value >> bit;

	return high == 0 || high == -1;
}

static inline bool vmx_is_canonical(const struct vmx_check *c, u64 address)
{
	return vmx_same_from(address, c->env->linear_bits - 1);
}

static inline bool vmx_unrestricted(const struct vmx_check *c)
{
	return c->proc2 & SECONDARY_EXEC_UNRESTRICTED_GUEST;
}

static inline bool vmx_ia32e_guest(const struct vmx_check *c)
{
	return c->entry & VM_ENTRY_IA32E_MODE;
}

/* Whether an event of @type, one of INTR_TYPE_*, is to be injected. */
static inline bool vmx_injects(const struct vmx_check *c, u32 type)
{
	return (c->event & INTR_INFO_VALID_MASK) &&
		(c->event & INTR_INFO_INTR_TYPE_MASK) == type;
}

#endif /* KEEL_VMX_CHECK_CTX_H */
