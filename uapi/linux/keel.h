/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of Keel, a hypervisor for Intel VMX.
 *
 * Rules that hold for every call:
 *
 * - A call takes a pointer to one structure whose first member is @size, the
 *   caller's sizeof() of it in bytes.  A structure only ever grows at its end.
 *   A caller older than the module passes less; members it does not know take
 *   their default, zero.  A caller newer than the module passes more; that is
 *   fine as long as the bytes the module does not know are zero.
 * - Reserved members and unknown flag bits must be zero.
 * - There are no raw pointers and no types whose size depends on the caller:
 *   32-bit programs use the same structures.
 *
 * Errors that every call may return, beside those listed with it:
 *
 * - -EFAULT: the structure is not in readable and writable memory.
 * - -EINVAL: @size is below the first version of the structure, or a reserved
 *   member or an unknown flag is not zero.
 * - -E2BIG: a byte behind the part that this module knows is not zero, or
 *   @size is larger than a page.
 * - -ENOTTY: no such call on this kind of file descriptor.
 *
 * For each refusal but -ENOTTY and -ENOMEM the kernel's log has one line that
 * says what was refused and what would help.  The lines are rate-limited.
 */
#ifndef _UAPI_LINUX_KEEL_H
#define _UAPI_LINUX_KEEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** define KEEL_ABI_VERSION - raised when a call changes its meaning */
#define KEEL_ABI_VERSION	1

/** define KEEL_IOC - the ioctl type of all of Keel's calls */
#define KEEL_IOC		0xE1

/* Calls on /dev/keel. */

/**
 * define KEEL_GET_INFO - what this host can do
 *
 * Takes struct keel_info.  Allowed to everyone who can open /dev/keel, and
 * answered whether or not VMX is on.
 *
 * Errors: -ENXIO: &keel_info.cpu is not the number of an online CPU.
 * -ENODEV: that CPU has no VMX.
 */
#define KEEL_GET_INFO		_IO(KEEL_IOC, 0x00)

/**
 * define KEEL_CREATE_VM - make a virtual machine
 *
 * Takes struct keel_create_vm and returns a file descriptor (close-on-exec).
 * The VM lives until its last descriptor is closed.  The first VM takes all
 * online CPUs into VMX operation, the last one takes them out of it.
 *
 * Errors: -EBUSY: another hypervisor holds VMX on some CPU.  -ENODEV: VMX is
 * missing or locked off on some CPU.  -EIO: VMXON failed on some CPU.
 * -ESHUTDOWN: the host is going down.  -ENOMEM, -EMFILE, -ENFILE as usual.
 * Where a CPU refuses, no CPU is left in VMX operation and the log names it.
 */
#define KEEL_CREATE_VM		_IO(KEEL_IOC, 0x01)

/** define KEEL_CPU_ALL - &keel_info.cpu: what all online CPUs have in common */
#define KEEL_CPU_ALL		0xffffffffU

/**
 * DOC: features
 *
 * Bits of &keel_info.features.  A bit is set where the CPU offers the feature
 * and Keel knows how to use it.  Names are the SDM's, chapter "VMX Capability
 * Reporting Facility".
 */
/** define KEEL_FEATURE_EPT - extended page tables, 4-level, write-back */
#define KEEL_FEATURE_EPT		(1ULL << 0)
/** define KEEL_FEATURE_EPT_2M - EPT maps 2-MByte pages */
#define KEEL_FEATURE_EPT_2M		(1ULL << 1)
/** define KEEL_FEATURE_EPT_1G - EPT maps 1-GByte pages */
#define KEEL_FEATURE_EPT_1G		(1ULL << 2)
/** define KEEL_FEATURE_EPT_AD - accessed and dirty flags for EPT */
#define KEEL_FEATURE_EPT_AD		(1ULL << 3)
/** define KEEL_FEATURE_VPID - virtual-processor identifiers */
#define KEEL_FEATURE_VPID		(1ULL << 4)
/** define KEEL_FEATURE_UNRESTRICTED_GUEST - guests in real mode */
#define KEEL_FEATURE_UNRESTRICTED_GUEST	(1ULL << 5)
/** define KEEL_FEATURE_TPR_SHADOW - use TPR shadow */
#define KEEL_FEATURE_TPR_SHADOW		(1ULL << 6)
/** define KEEL_FEATURE_APICV - APIC-register virtualization and virtual-interrupt delivery */
#define KEEL_FEATURE_APICV		(1ULL << 7)
/** define KEEL_FEATURE_POSTED_INTR - process posted interrupts */
#define KEEL_FEATURE_POSTED_INTR	(1ULL << 8)
/** define KEEL_FEATURE_PREEMPTION_TIMER - the VMX-preemption timer */
#define KEEL_FEATURE_PREEMPTION_TIMER	(1ULL << 9)
/** define KEEL_FEATURE_PML - page-modification logging */
#define KEEL_FEATURE_PML		(1ULL << 10)
/** define KEEL_FEATURE_TSC_SCALING - use TSC scaling */
#define KEEL_FEATURE_TSC_SCALING	(1ULL << 11)
/** define KEEL_FEATURE_VIRTUAL_NMI - virtual NMIs and NMI-window exiting */
#define KEEL_FEATURE_VIRTUAL_NMI	(1ULL << 12)

/**
 * struct keel_vmx_msrs - the VMX capability MSRs as the CPU gives them
 * @feature_control: IA32_FEATURE_CONTROL
 * @basic: IA32_VMX_BASIC
 * @pinbased_ctls: IA32_VMX_PINBASED_CTLS; in this and the next ones bits 31:0
 *	are the allowed 0-settings (a 1 must be 1), bits 63:32 the allowed
 *	1-settings (a 0 must be 0)
 * @procbased_ctls: IA32_VMX_PROCBASED_CTLS
 * @exit_ctls: IA32_VMX_EXIT_CTLS
 * @entry_ctls: IA32_VMX_ENTRY_CTLS
 * @misc: IA32_VMX_MISC
 * @cr0_fixed0: IA32_VMX_CR0_FIXED0: bits that must be 1 in VMX operation
 * @cr0_fixed1: IA32_VMX_CR0_FIXED1: bits that may be 1
 * @cr4_fixed0: IA32_VMX_CR4_FIXED0
 * @cr4_fixed1: IA32_VMX_CR4_FIXED1
 * @vmcs_enum: IA32_VMX_VMCS_ENUM
 * @procbased_ctls2: IA32_VMX_PROCBASED_CTLS2
 * @ept_vpid_cap: IA32_VMX_EPT_VPID_CAP
 * @true_pinbased_ctls: IA32_VMX_TRUE_PINBASED_CTLS
 * @true_procbased_ctls: IA32_VMX_TRUE_PROCBASED_CTLS
 * @true_exit_ctls: IA32_VMX_TRUE_EXIT_CTLS
 * @true_entry_ctls: IA32_VMX_TRUE_ENTRY_CTLS
 * @vmfunc: IA32_VMX_VMFUNC
 * @procbased_ctls3: IA32_VMX_PROCBASED_CTLS3: all 64 bits are allowed
 *	1-settings
 * @exit_ctls2: IA32_VMX_EXIT_CTLS2: all 64 bits are allowed 1-settings
 *
 * An MSR that the CPU does not have, by the rules of the SDM's appendix "VMX
 * Capability Reporting Facility", reads as 0.
 */
struct keel_vmx_msrs {
	__u64 feature_control;
	__u64 basic;
	__u64 pinbased_ctls;
	__u64 procbased_ctls;
	__u64 exit_ctls;
	__u64 entry_ctls;
	__u64 misc;
	__u64 cr0_fixed0;
	__u64 cr0_fixed1;
	__u64 cr4_fixed0;
	__u64 cr4_fixed1;
	__u64 vmcs_enum;
	__u64 procbased_ctls2;
	__u64 ept_vpid_cap;
	__u64 true_pinbased_ctls;
	__u64 true_procbased_ctls;
	__u64 true_exit_ctls;
	__u64 true_entry_ctls;
	__u64 vmfunc;
	__u64 procbased_ctls3;
	__u64 exit_ctls2;
};

/**
 * struct keel_info - what this host can do (KEEL_GET_INFO)
 * @size: in: sizeof(struct keel_info) of the caller; out: how many of these
 *	bytes this module filled
 * @cpu: in: number of an online host CPU, or KEEL_CPU_ALL
 * @abi_version: out: KEEL_ABI_VERSION of the module
 * @reserved: must be zero
 * @features: out: KEEL_FEATURE_* that @cpu offers; for KEEL_CPU_ALL what Keel
 *	found on every CPU when it was loaded
 * @msrs: out: the VMX capability MSRs of @cpu
 */
struct keel_info {
	__u32 size;
	__u32 cpu;
	__u32 abi_version;
	__u32 reserved;
	__u64 features;
	struct keel_vmx_msrs msrs;
};

/**
 * struct keel_create_vm - make a virtual machine (KEEL_CREATE_VM)
 * @size: in: sizeof(struct keel_create_vm)
 * @flags: in: must be zero
 */
struct keel_create_vm {
	__u32 size;
	__u32 flags;
};

#endif /* _UAPI_LINUX_KEEL_H */
