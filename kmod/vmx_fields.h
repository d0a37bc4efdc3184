/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the current VMCS.  The encoding of a field says how wide it is, and
 * asking for another width does not compile.  Encodings are <asm/vmx.h>'s.
 *
 * A VMREAD or VMWRITE that fails is a bug of ours, not a condition: it is
 * reported once with the field, and reads give 0.  It also happens, and means
 * nothing, after a crash has switched VMX off under a vCPU.
 *
 * SDM: "VMCS Data Types and Addressing", "Field Encoding".
 */
#ifndef KEEL_VMX_FIELDS_H
#define KEEL_VMX_FIELDS_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/vmx.h>

void vmx_field_failed(u32 field, bool write);

static __always_inline u64 __vmcs_get(u32 field)
{
	u64 value;

	asm_goto_output("1: vmread %[field], %[value]\n\t"
			"jbe %l[fail]\n\t"
			_ASM_EXTABLE(1b, %l[fail])
			: [value] "=r"(value) : [field] "r"((u64)field) : "cc" : fail);
	return value;
fail:
	vmx_field_failed(field, false);
	return 0;
}

static __always_inline void __vmcs_put(u32 field, u64 value)
{
	asm goto("1: vmwrite %[value], %[field]\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fail])
		 : : [field] "r"((u64)field), [value] "rm"(value) : "cc" : fail);
	return;
fail:
	vmx_field_failed(field, true);
}

/* Bits 14:13 of an encoding: 0 is 16-bit, 1 64-bit, 2 32-bit, 3 natural width. */
#define vmcs_width(field)	(((field) >> 13) & 3)

#define vmcs_get16(field) ({				\
	BUILD_BUG_ON(vmcs_width(field) != 0);		\
	(u16)__vmcs_get(field); })

#define vmcs_get64(field) ({				\
	BUILD_BUG_ON(vmcs_width(field) != 1);		\
	(u64)__vmcs_get(field); })

#define vmcs_get32(field) ({				\
	BUILD_BUG_ON(vmcs_width(field) != 2);		\
	(u32)__vmcs_get(field); })

#define vmcs_getl(field) ({				\
	BUILD_BUG_ON(vmcs_width(field) != 3);		\
	(u64)__vmcs_get(field); })

#define vmcs_put16(field, value) do {			\
	BUILD_BUG_ON(vmcs_width(field) != 0);		\
	__vmcs_put(field, (u16)(value));			\
} while (0)

#define vmcs_put64(field, value) do {			\
	BUILD_BUG_ON(vmcs_width(field) != 1);		\
	__vmcs_put(field, (u64)(value));			\
} while (0)

#define vmcs_put32(field, value) do {			\
	BUILD_BUG_ON(vmcs_width(field) != 2);		\
	__vmcs_put(field, (u32)(value));			\
} while (0)

#define vmcs_putl(field, value) do {			\
	BUILD_BUG_ON(vmcs_width(field) != 3);		\
	__vmcs_put(field, (u64)(value));			\
} while (0)

#endif /* KEEL_VMX_FIELDS_H */
