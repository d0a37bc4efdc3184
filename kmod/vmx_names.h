/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SDM's names: VMCS fields, exit reasons, VM-instruction errors.
 *
 * Pure: compiled into the unit tests too.  It knows which fields a CPU has but
 * never reads one.  Read vmx_dump.h next.
 */
#ifndef KEEL_VMX_NAMES_H
#define KEEL_VMX_NAMES_H

#include <linux/types.h>
#include <linux/keel.h>

/**
 * typedef vmx_vmread_fn - read a VMCS field
 * @ctx: the caller's
 * @field: its encoding; one that exists on the CPU in question
 *
 * Return: its value, zero-extended.
 */
typedef u64 (*vmx_vmread_fn)(void *ctx, u32 field);

/* Where &struct vmx_field.exists looks: which capability. */
enum vmx_cap_word {
	VMX_CAP_ALWAYS,
	VMX_CAP_PIN,
	VMX_CAP_PROC,
	VMX_CAP_PROC2,
	VMX_CAP_PROC3,
	VMX_CAP_EXIT,
	VMX_CAP_EXIT2,
	VMX_CAP_ENTRY,
	VMX_CAP_VMFUNC,
	VMX_CAP_DUAL_MONITOR,
	VMX_CAP_CR3_TARGETS,
};

/* The CPU allows one of @bits to be 1; for CR3 targets: it has more than @bits. */
struct vmx_cap {
	u32 word;	/* [C] enum vmx_cap_word */
	u32 bits;	/* [C] */
};

/* A VMCS field.  All of it is constant. */
struct vmx_field {
	u32 encoding;			/* [C] of the full access */
	const char *name;		/* [C] the SDM's */
	struct vmx_cap exists[2];	/* [C] where either holds */
};

/* SDM, "Structure of VMCS Component Encoding", bits 11:10. */
enum vmx_field_type {
	VMX_FIELD_CONTROL,
	VMX_FIELD_EXIT_INFO,
	VMX_FIELD_GUEST,
	VMX_FIELD_HOST,
};

static inline enum vmx_field_type vmx_field_type(u32 field)
{
	return (field >> 10) & 3;
}

/* Bytes of a field on a 64-bit CPU; bits 14:13 are its width. */
static inline unsigned int vmx_field_bytes(u32 field)
{
	static const u8 bytes[] = { 2, 8, 4, 8 };

	return bytes[(field >> 13) & 3];
}

/* Not of natural width, nor a 32-bit one. */
static inline bool vmx_field_is_64bit(u32 field)
{
	return ((field >> 13) & 3) == 1;
}

const struct vmx_field *vmx_field_next(const struct vmx_field *prev);
bool vmx_field_exists(const struct vmx_field *field,
		      const struct keel_vmx_msrs *caps);
const struct vmx_field *vmx_field_find(u32 field);
const char *vmx_field_name(u32 field);
const char *vmx_exit_reason_name(u32 reason);
const char *vmx_instruction_error_name(u32 error);

#endif /* KEEL_VMX_NAMES_H */
