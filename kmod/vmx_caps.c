// SPDX-License-Identifier: GPL-2.0
/*
 * Read the VMX capability MSRs, compare them between CPUs, and say what Keel
 * can make of them.  See vmx_caps.h; this file is pure and is compiled into
 * the unit tests too.
 */
#include "vmx_caps.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <asm/msr-index.h>
#include <asm/vmx.h>

/* Not in the <asm/msr-index.h> of every kernel that Keel builds for. */
#ifndef MSR_IA32_VMX_PROCBASED_CTLS3
#define MSR_IA32_VMX_PROCBASED_CTLS3	0x00000492
#endif
#ifndef MSR_IA32_VMX_EXIT_CTLS2
#define MSR_IA32_VMX_EXIT_CTLS2		0x00000493
#endif

#define BASIC_REVISION_RESERVED	BIT_ULL(31)
#define BASIC_SIZE(basic)	(((basic) >> 32) & 0x1fff)
#define BASIC_32BIT_ADDRESSES	BIT_ULL(48)
#define BASIC_MEMORY_TYPE(basic) (((basic) >> 50) & 0xf)
#define BASIC_TRUE_CTLS		BIT_ULL(55)
#define MEMORY_TYPE_WB		6
#define EXIT_ACTIVATE_SECONDARY	BIT(31)

struct vmx_msr {
	u32 msr;
	u32 offset;
	const char *name;
};

#define VMX_MSR(MSR, field) \
	{ MSR, offsetof(struct keel_vmx_msrs, field), #MSR + sizeof("MSR_") - 1 }

/* Those that every CPU with VMX has come first. */
static const struct vmx_msr vmx_msrs[] = {
	VMX_MSR(MSR_IA32_VMX_BASIC, basic),
	VMX_MSR(MSR_IA32_VMX_PINBASED_CTLS, pinbased_ctls),
	VMX_MSR(MSR_IA32_VMX_PROCBASED_CTLS, procbased_ctls),
	VMX_MSR(MSR_IA32_VMX_EXIT_CTLS, exit_ctls),
	VMX_MSR(MSR_IA32_VMX_ENTRY_CTLS, entry_ctls),
	VMX_MSR(MSR_IA32_VMX_MISC, misc),
	VMX_MSR(MSR_IA32_VMX_CR0_FIXED0, cr0_fixed0),
	VMX_MSR(MSR_IA32_VMX_CR0_FIXED1, cr0_fixed1),
	VMX_MSR(MSR_IA32_VMX_CR4_FIXED0, cr4_fixed0),
	VMX_MSR(MSR_IA32_VMX_CR4_FIXED1, cr4_fixed1),
	VMX_MSR(MSR_IA32_VMX_VMCS_ENUM, vmcs_enum),
	VMX_MSR(MSR_IA32_VMX_TRUE_PINBASED_CTLS, true_pinbased_ctls),
	VMX_MSR(MSR_IA32_VMX_TRUE_PROCBASED_CTLS, true_procbased_ctls),
	VMX_MSR(MSR_IA32_VMX_TRUE_EXIT_CTLS, true_exit_ctls),
	VMX_MSR(MSR_IA32_VMX_TRUE_ENTRY_CTLS, true_entry_ctls),
	VMX_MSR(MSR_IA32_VMX_PROCBASED_CTLS2, procbased_ctls2),
	VMX_MSR(MSR_IA32_VMX_PROCBASED_CTLS3, procbased_ctls3),
	VMX_MSR(MSR_IA32_VMX_EXIT_CTLS2, exit_ctls2),
	VMX_MSR(MSR_IA32_VMX_EPT_VPID_CAP, ept_vpid_cap),
	VMX_MSR(MSR_IA32_VMX_VMFUNC, vmfunc),
};

static u64 *field_of(struct keel_vmx_msrs *caps, const struct vmx_msr *m)
{
	return (u64 *)((char *)caps + m->offset);
}

/*
 * Whether a CPU with the capabilities read so far has @msr.  Reading one that
 * it does not have is a #GP, which rdmsr would survive; but a hypervisor below
 * us may answer with nonsense, and the SDM's appendix "VMX Capability
 * Reporting Facility" says exactly which exist.
 */
static bool msr_exists(const struct keel_vmx_msrs *caps, u32 msr)
{
	switch (msr) {
	case MSR_IA32_VMX_TRUE_PINBASED_CTLS:
	case MSR_IA32_VMX_TRUE_PROCBASED_CTLS:
	case MSR_IA32_VMX_TRUE_EXIT_CTLS:
	case MSR_IA32_VMX_TRUE_ENTRY_CTLS:
		return caps->basic & BASIC_TRUE_CTLS;
	case MSR_IA32_VMX_PROCBASED_CTLS2:
		return vmx_allowed1(caps->procbased_ctls) &
			CPU_BASED_ACTIVATE_SECONDARY_CONTROLS;
	case MSR_IA32_VMX_PROCBASED_CTLS3:
		/* Bit 17, "activate tertiary controls". */
		return vmx_allowed1(caps->procbased_ctls) & BIT(17);
	case MSR_IA32_VMX_EXIT_CTLS2:
		return vmx_allowed1(caps->exit_ctls) & EXIT_ACTIVATE_SECONDARY;
	case MSR_IA32_VMX_EPT_VPID_CAP:
		return vmx_allowed1(caps->procbased_ctls2) &
			(SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_ENABLE_VPID);
	case MSR_IA32_VMX_VMFUNC:
		return vmx_allowed1(caps->procbased_ctls2) &
			SECONDARY_EXEC_ENABLE_VMFUNC;
	default:
		return true;
	}
}

/**
 * vmx_caps_read - read all VMX capability MSRs
 * @caps: filled; MSRs that the CPU does not have become 0
 * @rdmsr: reads one MSR of the CPU in question
 *
 * The CPU must have VMX (CPUID.1:ECX.VMX).
 */
void vmx_caps_read(struct keel_vmx_msrs *caps, vmx_rdmsr_fn rdmsr)
{
	unsigned int i;

	*caps = (struct keel_vmx_msrs){};
	if (rdmsr(MSR_IA32_FEAT_CTL, &caps->feature_control))
		caps->feature_control = 0;

	for (i = 0; i < ARRAY_SIZE(vmx_msrs); i++) {
		const struct vmx_msr *m = &vmx_msrs[i];

		if (msr_exists(caps, m->msr) && rdmsr(m->msr, field_of(caps, m)))
			*field_of(caps, m) = 0;
	}
}

/**
 * vmx_caps_features - the features that Keel can use on such a CPU
 * @caps: its capabilities
 *
 * Return: KEEL_FEATURE_* bits.
 */
u64 vmx_caps_features(const struct keel_vmx_msrs *caps)
{
	u32 pin = vmx_allowed1(vmx_caps_pin(caps));
	u32 proc = vmx_allowed1(vmx_caps_proc(caps));
	u32 proc2 = vmx_allowed1(caps->procbased_ctls2);
	u32 exit = vmx_allowed1(vmx_caps_exit(caps));
	u64 ept = caps->ept_vpid_cap;
	u32 vpid = vmx_caps_vpid(caps);
	u64 features = 0;

	/*
	 * Keel builds 4-level tables in write-back memory and invalidates
	 * whole contexts; an EPT without these is none.
	 */
	if ((proc2 & SECONDARY_EXEC_ENABLE_EPT) &&
	    (ept & VMX_EPT_PAGE_WALK_4_BIT) && (ept & VMX_EPTP_WB_BIT) &&
	    (ept & VMX_EPT_INVEPT_BIT) &&
	    (ept & (VMX_EPT_EXTENT_CONTEXT_BIT | VMX_EPT_EXTENT_GLOBAL_BIT))) {
		features |= KEEL_FEATURE_EPT;
		if (ept & VMX_EPT_2MB_PAGE_BIT)
			features |= KEEL_FEATURE_EPT_2M;
		if (ept & VMX_EPT_1GB_PAGE_BIT)
			features |= KEEL_FEATURE_EPT_1G;
		if (ept & VMX_EPT_AD_BIT)
			features |= KEEL_FEATURE_EPT_AD;
		if (proc2 & SECONDARY_EXEC_UNRESTRICTED_GUEST)
			features |= KEEL_FEATURE_UNRESTRICTED_GUEST;
		if ((proc2 & SECONDARY_EXEC_ENABLE_PML) && (ept & VMX_EPT_AD_BIT))
			features |= KEEL_FEATURE_PML;
	}
	if ((proc2 & SECONDARY_EXEC_ENABLE_VPID) && (vpid & VMX_VPID_INVVPID_BIT) &&
	    (vpid & (VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT |
		     VMX_VPID_EXTENT_GLOBAL_CONTEXT_BIT)))
		features |= KEEL_FEATURE_VPID;
	if (proc & CPU_BASED_TPR_SHADOW) {
		features |= KEEL_FEATURE_TPR_SHADOW;
		if ((proc2 & SECONDARY_EXEC_APIC_REGISTER_VIRT) &&
		    (proc2 & SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY))
			features |= KEEL_FEATURE_APICV;
	}
	if ((features & KEEL_FEATURE_APICV) && (pin & PIN_BASED_POSTED_INTR) &&
	    (exit & VM_EXIT_ACK_INTR_ON_EXIT))
		features |= KEEL_FEATURE_POSTED_INTR;
	if (pin & PIN_BASED_VMX_PREEMPTION_TIMER)
		features |= KEEL_FEATURE_PREEMPTION_TIMER;
	if ((pin & PIN_BASED_VIRTUAL_NMIS) && (proc & CPU_BASED_NMI_WINDOW_EXITING))
		features |= KEEL_FEATURE_VIRTUAL_NMI;
	if (proc2 & SECONDARY_EXEC_TSC_SCALING)
		features |= KEEL_FEATURE_TSC_SCALING;
	return features;
}

/* A control that Keel cannot do without: @bit of @ctls must be allowed to be 1. */
struct required {
	u32 bit;
	const char *name;
};

static const char *first_missing(u64 ctls, const struct required *req, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (!(vmx_allowed1(ctls) & req[i].bit))
			return req[i].name;
	return NULL;
}

/**
 * vmx_caps_lack - what such a CPU lacks to serve Keel
 * @caps: its capabilities
 *
 * All CPUs with VMX that run 64-bit code have had these from the first one on;
 * only hypervisors below us leave some out.
 *
 * Return: the name of the first thing missing, in the SDM's words; NULL where
 * nothing is.
 */
const char *vmx_caps_lack(const struct keel_vmx_msrs *caps)
{
	static const struct required pin[] = {
		{ PIN_BASED_EXT_INTR_MASK, "external-interrupt exiting" },
		{ PIN_BASED_NMI_EXITING, "NMI exiting" },
	};
	static const struct required proc[] = {
		{ CPU_BASED_HLT_EXITING, "HLT exiting" },
		{ CPU_BASED_INTR_WINDOW_EXITING, "interrupt-window exiting" },
		{ CPU_BASED_USE_TSC_OFFSETTING, "use TSC offsetting" },
		{ CPU_BASED_USE_IO_BITMAPS, "use I/O bitmaps" },
		{ CPU_BASED_USE_MSR_BITMAPS, "use MSR bitmaps" },
		{ CPU_BASED_MOV_DR_EXITING, "MOV-DR exiting" },
	};
	static const struct required exit[] = {
		{ VM_EXIT_HOST_ADDR_SPACE_SIZE, "host address-space size" },
	};
	static const struct required entry[] = {
		{ VM_ENTRY_IA32E_MODE, "IA-32e mode guest" },
	};
	const char *lack;

	if (caps->basic & BASIC_REVISION_RESERVED || !BASIC_SIZE(caps->basic) ||
	    BASIC_SIZE(caps->basic) > 4096)
		return "a VMCS region of at most 4096 bytes";
	if (caps->basic & BASIC_32BIT_ADDRESSES)
		return "64-bit physical addresses for VMX structures";
	if (BASIC_MEMORY_TYPE(caps->basic) != MEMORY_TYPE_WB)
		return "write-back memory type for VMX structures";

	lack = first_missing(vmx_caps_pin(caps), pin, ARRAY_SIZE(pin));
	if (!lack)
		lack = first_missing(vmx_caps_proc(caps), proc, ARRAY_SIZE(proc));
	if (!lack)
		lack = first_missing(vmx_caps_exit(caps), exit, ARRAY_SIZE(exit));
	if (!lack)
		lack = first_missing(vmx_caps_entry(caps), entry, ARRAY_SIZE(entry));
	return lack;
}

/**
 * vmx_caps_differ - compare two CPUs
 * @a: capabilities of one
 * @b: capabilities of the other
 *
 * IA32_FEATURE_CONTROL is left out: it says what firmware allowed, not what
 * the CPU is, and switching VMX on looks at it by itself.
 *
 * Return: the name of the first MSR that differs; NULL where none does.
 */
const char *vmx_caps_differ(const struct keel_vmx_msrs *a,
			    const struct keel_vmx_msrs *b)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmx_msrs); i++) {
		const struct vmx_msr *m = &vmx_msrs[i];

		if (*(const u64 *)((const char *)a + m->offset) !=
		    *(const u64 *)((const char *)b + m->offset))
			return m->name;
	}
	return NULL;
}
