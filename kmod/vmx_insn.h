/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMX instructions that manage VMX operation itself.  Each survives the
 * fault that it raises outside VMX operation: a crash may have switched VMX
 * off under its caller.  VMREAD and VMWRITE are in vmx_fields.h.
 *
 * SDM: "VMX Instruction Reference".
 */
#ifndef KEEL_VMX_INSN_H
#define KEEL_VMX_INSN_H

#include <linux/errno.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/vmx.h>

/**
 * vmxon - enter VMX operation on this CPU
 * @region: physical address of the VMXON region
 *
 * Return: 0; -EIO on VMfailInvalid; -EFAULT where it faults: IA32_FEATURE_CONTROL,
 * CR0 or CR4 forbid it, or the CPU is in VMX operation already.
 */
static inline int vmxon(u64 region)
{
	asm goto("1: vmxon %[region]\n\t"
		 "jbe %l[fail]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [region] "m"(region) : "cc", "memory" : fail, fault);
	return 0;
fail:
	return -EIO;
fault:
	return -EFAULT;
}

/** vmxoff - leave VMX operation; nothing happens where the CPU is not in it */
static inline void vmxoff(void)
{
	asm goto("1: vmxoff\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : : "cc", "memory" : fault);
fault:
	return;
}

/**
 * vmclear - write a VMCS back to memory and make it inactive
 * @region: physical address of the VMCS region
 */
static inline void vmclear(u64 region)
{
	asm goto("1: vmclear %[region]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [region] "m"(region) : "cc", "memory" : fault);
fault:
	return;
}

/**
 * vmptrld - make a VMCS active and current
 * @region: physical address of the VMCS region
 */
static inline void vmptrld(u64 region)
{
	asm goto("1: vmptrld %[region]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [region] "m"(region) : "cc", "memory" : fault);
fault:
	return;
}

/* Operand of INVEPT and INVVPID: 128 bits in memory. */
struct vmx_inv_desc {
	u64 first;
	u64 second;
};

/**
 * invept - drop translations cached from EPT
 * @extent: VMX_EPT_EXTENT_CONTEXT or VMX_EPT_EXTENT_GLOBAL
 * @eptp: EPT pointer whose translations go, for the single context
 */
static inline void invept(unsigned long extent, u64 eptp)
{
	struct vmx_inv_desc desc = { eptp, 0 };

	asm goto("1: invept %[desc], %[extent]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [desc] "m"(desc), [extent] "r"(extent) : "cc", "memory" : fault);
fault:
	return;
}

/**
 * invvpid - drop translations cached for a virtual processor
 * @extent: VMX_VPID_EXTENT_*
 * @vpid: whose, except for the extent that takes all
 * @gva: linear address, for the extent that takes one address
 */
static inline void invvpid(unsigned long extent, u16 vpid, u64 gva)
{
	struct vmx_inv_desc desc = { vpid, gva };

	asm goto("1: invvpid %[desc], %[extent]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [desc] "m"(desc), [extent] "r"(extent) : "cc", "memory" : fault);
fault:
	return;
}

#endif /* KEEL_VMX_INSN_H */
