/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of Keel, a hypervisor for Intel VMX.
 *
 * docs/abi.md and keel(4) are made from the comments here by `make docs`, which
 * wants: a comment for each #define; what is in a structure and what it means; for
 * each call the structure it takes and its errors.
 */
#ifndef _UAPI_LINUX_KEEL_H
#define _UAPI_LINUX_KEEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: rules that hold for every call
 *
 * - A call takes a pointer to one structure whose first member is @size, the
 *   caller's sizeof() of it in bytes.  A structure only ever grows at its end.
 *   A caller older than the module passes less; members it does not know take
 *   their default, zero.  A caller newer than the module passes more; that is
 *   fine as long as the bytes the module does not know are zero.
 * - Reserved members and unknown flag bits must be zero.
 * - There are no raw pointers and no types whose size depends on the caller:
 *   32-bit programs use the same structures.
 * - The calls carry neither direction nor size in their number: what a call writes
 *   to its structure is said with the call and its members.
 *
 * Errors that every call may return, beside those listed with it:
 *
 * - -EFAULT: the structure is not in readable and, for a call that fills it in,
 *   writable memory.
 * - -EINVAL: @size is below the first version of the structure, or a reserved
 *   member or an unknown flag is not zero.
 * - -E2BIG: a byte behind the part that this module knows is not zero, or
 *   @size is larger than a page.
 * - -ENOMEM: the kernel has no memory for a copy of the structure.
 * - -ENOTTY: no such call on this kind of file descriptor.
 *
 * As a rule the kernel's log has one line for a refusal, which says what was refused
 * and what would help.  The lines are rate-limited.  There is none for -ENOTTY,
 * -ENOMEM, -EINTR, -ESHUTDOWN, for -EIO of a VM whose death was logged, nor for -EFAULT
 * of memory that a member points to.
 */

/** define KEEL_ABI_VERSION - raised when a call changes its meaning */
#define KEEL_ABI_VERSION	1

/** define KEEL_IOC - the ioctl type of all of Keel's calls */
#define KEEL_IOC		0xE1

/** DOC: calls on /dev/keel */

/**
 * define KEEL_GET_INFO - what this host can do
 *
 * Takes struct keel_info and fills it in.  Allowed to everyone who can open
 * /dev/keel, and answered whether or not VMX is on.
 *
 * Errors:
 *
 * - -ENXIO: &keel_info.cpu is not the number of an online CPU.
 * - -ENODEV: that CPU has no VMX.
 */
#define KEEL_GET_INFO		_IO(KEEL_IOC, 0x00)

/**
 * define KEEL_CREATE_VM - make a virtual machine
 *
 * Takes struct keel_create_vm and returns a file descriptor (close-on-exec).
 * The VM lives until its last descriptor is closed.  The first VM takes all
 * online CPUs into VMX operation, the last one takes them out of it.
 *
 * Errors:
 *
 * - -EBUSY: another hypervisor holds VMX on some CPU.
 * - -ENODEV: VMX is missing or locked off on some CPU, or differs from that of the CPU
 *   that loaded the module.
 * - -EIO: VMXON failed on some CPU, or CR0 or CR4 has a bit there that VMX operation
 *   does not allow.
 * - -ESHUTDOWN: the host is going down.
 * - -EOPNOTSUPP: the CPU lacks a control that guests need, or the host uses FRED, and
 *   the log of loading the module says so; or &keel_create_vm.tsc_khz is not the
 *   host's and the CPU cannot scale the TSC.
 * - -EINVAL: a TSC frequency that scaling cannot reach.
 * - -EDQUOT: the user has as many VMs as the module's parameter max_vms_per_user
 *   allows, see "limits".
 * - -EINTR: a signal is pending.
 * - -ENOMEM: no memory.
 * - -ENOSPC: the kernel has no room for one more call-back of CPU hotplug.
 * - -EMFILE: the process has as many descriptors as it may.
 * - -ENFILE: the host has as many open files as it may.
 *
 * Where a CPU refuses, no CPU is left in VMX operation and the log names it.
 */
#define KEEL_CREATE_VM		_IO(KEEL_IOC, 0x01)

/**
 * define KEEL_GET_SUPPORTED_CPUID - the CPUID leaves that a guest can be given
 *
 * Takes struct keel_cpuid and fills it in.  What KEEL_SET_CPUID accepts, in a VM
 * that was made with &keel_cpuid.flags, is any subset of it.
 *
 * Errors:
 *
 * - -E2BIG: &keel_cpuid.nr is too small; it is set to what is needed.
 * - -EOPNOTSUPP: as for KEEL_CREATE_VM.
 * - -EINVAL: a TSC frequency that scaling cannot reach.
 * - -EFAULT: &keel_cpuid.leaves is not writable memory.
 * - -ENOMEM: no memory.
 */
#define KEEL_GET_SUPPORTED_CPUID _IO(KEEL_IOC, 0x02)

/**
 * DOC: calls on a VM
 *
 * Errors of each of them, and of each call on a vCPU:
 *
 * - -EIO: the caller has another address space than the creator of the VM; or the VM
 *   is dead, and the log has said why.
 */

/**
 * define KEEL_SET_MEMORY - map memory of the caller into the guest, or unmap it
 *
 * Takes struct keel_memory.  Pages are taken when the guest first touches them,
 * and follow what happens to the caller's mapping: munmap(), mprotect(),
 * madvise(), swapping and page sharing all take effect in the guest at once.
 * May be called while vCPUs run.  Setting a slot again just as it is does nothing.
 *
 * Errors:
 *
 * - -EINVAL: slot number, alignment, size or address out of range, or a slot to unmap
 *   with something else than 0 beside its number.
 * - -EEXIST: the slot is in use, or the range overlaps another slot's; unmap first
 *   (only &keel_memory.flags may change in place); or, with KEEL_VM_LAPIC, the range
 *   covers the local APICs' page at 0xfee00000.
 * - -ENOENT: the slot to unmap is empty.
 * - -EDQUOT: KEEL_MEMORY_LOG_DIRTY, and the log is more than max_table_mib_per_user
 *   leaves room for, see "limits".
 * - -ENOMEM: no memory for the list of slots or the log.
 */
#define KEEL_SET_MEMORY		_IO(KEEL_IOC, 0x10)

/**
 * define KEEL_CREATE_VCPU - add a virtual CPU
 *
 * Takes struct keel_create_vcpu and returns a file descriptor (close-on-exec).
 * The vCPU is in the state after a power-up reset (SDM, "Processor State After
 * Reset"); without KEEL_FEATURE_UNRESTRICTED_GUEST that state cannot run, see
 * KEEL_RUN.  The vCPU keeps the VM alive.  mmap() of the descriptor shows struct
 * keel_run.
 *
 * Errors:
 *
 * - -EINVAL: the number is KEEL_MAX_VCPUS or more.
 * - -EEXIST: it is taken.
 * - -EDQUOT: the user has as many vCPUs, in all VMs, as the module's parameter
 *   max_vcpus_per_user allows, see "limits".
 * - -ESHUTDOWN: the host is going down.
 * - -ENOMEM: no memory.
 * - -EMFILE: the process has as many descriptors as it may.
 * - -ENFILE: the host has as many open files as it may.
 */
#define KEEL_CREATE_VCPU	_IO(KEEL_IOC, 0x11)

/**
 * define KEEL_IRQ - give local APICs an interrupt
 *
 * Takes struct keel_irq and fills it in.  May be called while vCPUs run, and wakes
 * the ones that sleep in KEEL_RUN.  This is the call for a device model of the VMM:
 * the I/O APIC sends the message that its redirection entry makes, an MSI-capable
 * device its own, the 8259 sets KEEL_IRQ_LINT0.
 *
 * SDM: "Message Signalled Interrupts", "Local Vector Table".
 *
 * Errors:
 *
 * - -ENODEV: the VM was made without KEEL_VM_LAPIC.
 * - -EINVAL: unknown kind; of a message: an address outside of 0xfee00000 to
 *   0xfeefffff, a reserved delivery mode or that of a start-up IPI, a vector below 16
 *   with a mode that has one; of a pin: a vCPU that is not there, a level above 1.
 */
#define KEEL_IRQ		_IO(KEEL_IOC, 0x12)

/**
 * define KEEL_IRQFD - let an eventfd send an MSI
 *
 * Takes struct keel_irqfd.  Each time the eventfd is signalled, from wherever,
 * the message goes to the local APICs, without the VMM.  The binding lasts until
 * it is taken back, the eventfd is closed, or the VM goes.
 *
 * Signals that came in between count as one, as do those from before the binding;
 * the eventfd's count is consumed.  To take a binding back, the eventfd is enough.
 *
 * Errors:
 *
 * - -ENODEV: the VM was made without KEEL_VM_LAPIC.
 * - -EINVAL: an address or data that is no message, as for KEEL_IRQ; or
 *   &keel_irqfd.fd is no eventfd.
 * - -EBADF: &keel_irqfd.fd is not open.
 * - -EBUSY: the eventfd is bound in this VM already.
 * - -ENOENT: the binding to take back is not there.
 * - -ENOSPC: more than KEEL_MAX_IRQFDS.
 * - -ENOMEM: no memory.
 */
#define KEEL_IRQFD		_IO(KEEL_IOC, 0x13)

/**
 * define KEEL_IOEVENTFD - let a guest's write signal an eventfd
 *
 * Takes struct keel_ioeventfd.  A write of the guest that matches address,
 * length and, where asked, data signals the eventfd and goes no further: the
 * guest runs on, and the VMM sees no exit.
 *
 * Errors:
 *
 * - -EINVAL: a length that is not 1, 2, 4 or 8 (ports: 1, 2 or 4), an address that
 *   wraps or, for a port, above 0xffff, data that is longer than the write, a file that
 *   is no eventfd.
 * - -EBADF: &keel_ioeventfd.fd is not open.
 * - -EEXIST: another binding matches the same writes.
 * - -ENOENT: the one to take back is not there; all that it was made with must be
 *   given again.
 * - -ENOSPC: more than KEEL_MAX_IOEVENTFDS.
 * - -ENOMEM: no memory.
 */
#define KEEL_IOEVENTFD		_IO(KEEL_IOC, 0x14)

/**
 * define KEEL_GET_DIRTY_LOG - which pages of a slot were written to, since last
 *
 * Takes struct keel_dirty_log.  The slot must have KEEL_MEMORY_LOG_DIRTY.  Reads
 * and clears the log of a range of its pages in one step: each write is in this
 * answer or in a later one.  May be called while vCPUs run.  When it returns, a
 * page that it names as written to can be read as it then was or later; if the
 * guest writes to it again, the next answer names it again.
 *
 * Writes are those of the guest, and those of Keel on its behalf: INS, KVM's
 * paravirtual areas, accessed and dirty flags in the guest's page tables.  On a CPU
 * with KEEL_FEATURE_EPT_AD a page table that the guest uses counts as written to
 * (SDM, "Accessed and Dirty Flags for EPT").  What the caller itself writes is not
 * logged, nor what the guest writes by another slot to the same memory.
 *
 * After an error the log is as it was before.
 *
 * Errors:
 *
 * - -EINVAL: &keel_dirty_log.first_page is no multiple of 64,
 *   &keel_dirty_log.nr_pages is 0, or the range is not all in the slot.
 * - -ENOENT: there is no such slot.
 * - -ENODATA: the slot does not log.
 * - -EFAULT: &keel_dirty_log.bitmap is not writable memory.
 */
#define KEEL_GET_DIRTY_LOG	_IO(KEEL_IOC, 0x15)

/**
 * DOC: calls on a vCPU
 *
 * One at a time: a second caller waits, KEEL_RUN included.
 *
 * Errors of each of them, beside those of each call on a VM:
 *
 * - -EINTR: a fatal signal came while the caller waited.
 * - -ESHUTDOWN: the host is going down, or a fatal signal came while the host's CPU
 *   had no VMX.
 */

/**
 * define KEEL_RUN - run the guest until something needs the caller
 *
 * Takes no argument (it must be 0); everything goes through struct keel_run,
 * which mmap() of the vCPU shows at offset 0, &keel_info.run_size bytes.  First
 * the pending exit, if it asked something (KEEL_EXIT_IO with direction in), is
 * completed from there, then the register groups in &keel_run.state_dirty are
 * loaded, then the guest runs.
 *
 * Returns 0 with &keel_run.exit_reason set.
 *
 * Errors:
 *
 * - -EINTR: a signal is pending, or &keel_run.immediate_exit is set;
 *   &keel_run.exit_reason is KEEL_EXIT_INTR.
 * - -EINVAL: &keel_run.state_dirty or &keel_run.state_wanted has an unknown group, or a
 *   register has a value that no CPU takes, and the log names it; nothing was loaded.
 *   Or &keel_exit_extint.vector is above 255 and not KEEL_NO_VECTOR; or the argument is
 *   not 0.
 * - -EOPNOTSUPP: the guest is in real mode, or under EPT without paging, and the CPU
 *   has no "unrestricted guest"; start it in protected mode, under EPT with paging.
 *   A start-up IPI begins in real mode.  Or &keel_run.deadline is set without
 *   KEEL_FEATURE_PREEMPTION_TIMER.
 * - -ENOMEM: no memory for shadow page tables.
 * - -EIO: the VM is dead; the log has said why.
 * - -EFAULT: the VMM's memory behind a guest address that Keel itself needed is not
 *   accessible.
 */
#define KEEL_RUN		_IO(KEEL_IOC, 0x20)

/**
 * define KEEL_GET_STATE - read register groups
 *
 * Takes struct keel_state and fills it in.
 *
 * Errors:
 *
 * - -EINVAL: unknown group; or an MSR of the local APIC that cannot be read in the
 *   mode in which it is.
 * - -E2BIG: &keel_state.xsave_size is too small, or &keel_state.nr_msrs is above
 *   KEEL_MAX_STATE_MSRS.
 * - -ENOENT: an MSR in the list is not known.
 * - -EFAULT: &keel_state.msrs or &keel_state.xsave is not writable memory.
 * - -ENOMEM: no memory for the MSRs.
 *
 * After an error with an MSR &keel_state.nr_msrs is its place in the list.
 */
#define KEEL_GET_STATE		_IO(KEEL_IOC, 0x21)

/**
 * define KEEL_SET_STATE - write register groups
 *
 * Takes struct keel_state and fills it in.  All groups are checked before the first
 * is written, MSRs apart, which are written in order.
 *
 * Errors:
 *
 * - -EINVAL: unknown group, or a value that no CPU takes.
 * - -E2BIG: as for KEEL_GET_STATE.
 * - -ENOENT: an MSR in the list is not known.
 * - -EFAULT: &keel_state.msrs or &keel_state.xsave is not readable memory.
 * - -ENOMEM: no memory for the MSRs or the XSAVE area.
 *
 * After an error with an MSR &keel_state.nr_msrs is its place in the list, and those
 * before it have been written.
 */
#define KEEL_SET_STATE		_IO(KEEL_IOC, 0x22)

/**
 * define KEEL_SET_CPUID - what CPUID tells the guest
 *
 * Takes struct keel_cpuid.  A leaf that is not in the list reads as zeros; one
 * above the highest basic leaf, or above the highest extended leaf, gives the
 * data of the highest basic leaf, as on a CPU.  A vCPU starts with what
 * KEEL_GET_SUPPORTED_CPUID gives.
 *
 * Errors:
 *
 * - -EINVAL: a leaf twice, or a feature that cannot be given; or &keel_cpuid.flags or
 *   &keel_cpuid.tsc_khz is not zero.
 * - -E2BIG: more than KEEL_MAX_CPUID leaves.
 * - -EBUSY: the vCPU has run already.
 * - -EFAULT: &keel_cpuid.leaves is not readable memory.
 * - -ENOMEM: no memory.
 */
#define KEEL_SET_CPUID		_IO(KEEL_IOC, 0x23)

/**
 * define KEEL_INJECT - queue an event for the guest
 *
 * Takes struct keel_inject.  It is delivered at the next KEEL_RUN as soon as
 * the guest can take it.
 *
 * Errors:
 *
 * - -EINVAL: the type, or a vector or error code that does not go with it.
 * - -EEXIST: one of this type is queued already.
 */
#define KEEL_INJECT		_IO(KEEL_IOC, 0x24)

/**
 * define KEEL_TRANSLATE - walk the guest's page tables
 *
 * Takes struct keel_translate and fills it in.  Does not set accessed or dirty bits.
 * Returns 0 also where the walk ends in a page fault, which it describes.
 *
 * Errors:
 *
 * - -EINVAL: unknown access bits, or write and execute together.
 * - -EFAULT: a page table lies where no memory is.
 */
#define KEEL_TRANSLATE		_IO(KEEL_IOC, 0x25)

/**
 * define KEEL_GET_STATS - count of exits and other events of this vCPU
 *
 * Takes struct keel_stats and fills it in.
 *
 * Errors: none of its own.
 */
#define KEEL_GET_STATS		_IO(KEEL_IOC, 0x26)

/**
 * define KEEL_SET_INTERCEPTS - choose further exits to user space
 *
 * Takes struct keel_intercepts, which replaces what was set before.
 *
 * Errors:
 *
 * - -EINVAL: unknown bits; an MSR given twice.
 * - -EOPNOTSUPP: the CPU lacks the control.
 * - -E2BIG: more than KEEL_MAX_MSR_INTERCEPTS.
 */
#define KEEL_SET_INTERCEPTS	_IO(KEEL_IOC, 0x27)

/**
 * define KEEL_DUMP_VMCS - the vCPU's VMCS as text, one decoded field a line
 *
 * Takes struct keel_dump and fills it in.  Addresses of the kernel are for those with
 * CAP_SYSLOG: to others the host state reads as 0, and so do addresses of Keel's own
 * pages; of a guest on shadow page tables, CR3 is the guest's own.
 *
 * Errors:
 *
 * - -E2BIG: &keel_dump.bytes is too small; it is set to what is needed.
 * - -EFAULT: &keel_dump.text is not writable memory.
 * - -ENOMEM: no memory for the text.
 */
#define KEEL_DUMP_VMCS		_IO(KEEL_IOC, 0x28)

/**
 * define KEEL_LAPIC - read or write a register of the local APIC
 *
 * Takes struct keel_lapic_access and fills it in.  It has the effects of the guest's
 * own access, a KEEL_EXIT_EOI that it causes apart, which comes with the next
 * KEEL_RUN.  The VMM needs it for instructions that reach the APIC page and that Keel
 * leaves to it with KEEL_EXIT_MMIO.
 *
 * Errors:
 *
 * - -ENODEV: the VM was made without KEEL_VM_LAPIC.
 * - -EINVAL: an offset that is not a multiple of 4 below 0x1000, or
 *   &keel_lapic_access.write is above 1.
 * - -EBUSY: a write, and KEEL_RUN has not reported the EOI of an earlier one yet.
 */
#define KEEL_LAPIC		_IO(KEEL_IOC, 0x29)

/**
 * DOC: limits
 *
 * Each user may have max_vms_per_user VMs (64), max_vcpus_per_user vCPUs in them
 * (512), and for page tables of guests and dirty logs max_table_mib_per_user MiB
 * (0: an eighth of the host's memory).  The three are parameters of the module, in
 * /sys/module/keel/parameters, and can be changed while it is loaded; what is there
 * stays.  A user is a real uid; in a user namespace, who made the outermost.  A VM
 * counts for who made it.  A caller with CAP_SYS_RESOURCE, in the first namespace, is
 * not bound.  Where tables hit the limit, KEEL_RUN gives KEEL_EXIT_MEMORY_FAULT or
 * -ENOMEM, as where the host has no memory.
 *
 * Beside that, all that Keel allocates for a caller is charged to his memory cgroup.
 *
 * One VM, and one call, have the limits below.
 */
/** define KEEL_MAX_IRQFDS - bindings of KEEL_IRQFD in one VM */
#define KEEL_MAX_IRQFDS		1024
/** define KEEL_MAX_IOEVENTFDS - bindings of KEEL_IOEVENTFD in one VM */
#define KEEL_MAX_IOEVENTFDS	256
/** define KEEL_MAX_VCPUS - vCPUs of one VM, numbered from 0 */
#define KEEL_MAX_VCPUS		64
/** define KEEL_MAX_SLOTS - memory slots of one VM, numbered from 0 */
#define KEEL_MAX_SLOTS		64
/** define KEEL_MAX_CPUID - leaves in one struct keel_cpuid */
#define KEEL_MAX_CPUID		128
/** define KEEL_MAX_STATE_MSRS - MSRs in one struct keel_state */
#define KEEL_MAX_STATE_MSRS	256
/** define KEEL_MAX_MSR_INTERCEPTS - MSRs in one struct keel_intercepts */
#define KEEL_MAX_MSR_INTERCEPTS	64

/** DOC: &keel_info.cpu */
/** define KEEL_CPU_ALL - what all online CPUs have in common */
#define KEEL_CPU_ALL		0xffffffffU

/**
 * DOC: features, &keel_info.features
 *
 * A bit is set where the CPU offers the feature
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
 * @run_size: out: bytes to mmap() of a vCPU
 * @xsave_size: out: bytes of the XSAVE area in struct keel_state
 * @supported_xcr0: out: the XCR0 bits that a guest may set
 * @phys_bits: out: width of guest physical addresses, bits
 * @tsc_khz: out: frequency of the host's TSC, in kHz
 */
struct keel_info {
	__u32 size;
	__u32 cpu;
	__u32 abi_version;
	__u32 reserved;
	__u64 features;
	struct keel_vmx_msrs msrs;
	__u32 run_size;
	__u32 xsave_size;
	__u64 supported_xcr0;
	__u32 phys_bits;
	__u32 tsc_khz;
};

/** DOC: &keel_create_vm.flags */
/**
 * define KEEL_VM_LAPIC - each vCPU has a local APIC, served by Keel
 *
 * Its ID is the vCPU's number.  vCPU 0 is the bootstrap processor and begins to
 * run at reset; the others wait for INIT and SIPI.  HLT sleeps inside KEEL_RUN
 * until an interrupt comes.  Without the flag the VMM serves HLT, injects
 * interrupts with KEEL_INJECT, and all vCPUs are alike.
 */
#define KEEL_VM_LAPIC		(1U << 0)
/**
 * define KEEL_VM_NO_APICV - serve the local APIC in software, even where the CPU
 * has APIC-register virtualization and virtual-interrupt delivery
 */
#define KEEL_VM_NO_APICV	(1U << 1)
/**
 * define KEEL_VM_SHADOW - translate guest addresses by shadow page tables, not EPT
 *
 * Without KEEL_FEATURE_EPT each VM does so, with or without the flag.  What the
 * guest sees is the same but for CPUID, see KEEL_GET_SUPPORTED_CPUID.  Implies
 * KEEL_VM_NO_APICV.  What the VMM itself writes to page tables that the guest
 * already uses, Keel notices with the next KEEL_SET_STATE of KEEL_STATE_CONTROL.
 */
#define KEEL_VM_SHADOW		(1U << 2)

/**
 * struct keel_create_vm - make a virtual machine (KEEL_CREATE_VM)
 * @size: in: sizeof(struct keel_create_vm)
 * @flags: in: KEEL_VM_*
 * @tsc_khz: in: frequency of the guest's TSC, in kHz; 0: the host's
 * @reserved: must be zero
 */
struct keel_create_vm {
	__u32 size;
	__u32 flags;
	__u32 tsc_khz;
	__u32 reserved;
};

/** DOC: &keel_memory.flags */
/** define KEEL_MEMORY_READONLY - guest writes to the slot become KEEL_EXIT_MMIO */
#define KEEL_MEMORY_READONLY	(1U << 0)
/**
 * define KEEL_MEMORY_LOG_DIRTY - keep a log of writes to the slot
 *
 * It begins empty when KEEL_SET_MEMORY returns, is read with KEEL_GET_DIRTY_LOG,
 * and ends, with what is still in it, when the flag is taken back or the slot is
 * unmapped.  Meanwhile the guest's first write to each page costs an exit, after
 * each time that the log is read, and Keel keeps 2 bits a page.
 */
#define KEEL_MEMORY_LOG_DIRTY	(1U << 1)

/**
 * struct keel_memory - a memory slot (KEEL_SET_MEMORY)
 * @size: in: sizeof(struct keel_memory)
 * @slot: in: slot number, below KEEL_MAX_SLOTS
 * @flags: in: KEEL_MEMORY_*
 * @reserved: must be zero
 * @gpa: in: first guest physical address, a multiple of 4096
 * @bytes: in: length, a multiple of 4096; 0 unmaps the slot, and @gpa,
 *	@user_addr and @flags must then be 0
 * @user_addr: in: the caller's address of the memory, a multiple of 4096.  For
 *	large pages it must be congruent to @gpa modulo their size.
 */
struct keel_memory {
	__u32 size;
	__u32 slot;
	__u32 flags;
	__u32 reserved;
	__u64 gpa;
	__u64 bytes;
	__u64 user_addr;
};

/**
 * struct keel_dirty_log - writes to a slot (KEEL_GET_DIRTY_LOG)
 * @size: in: sizeof(struct keel_dirty_log)
 * @slot: in: slot number; it has KEEL_MEMORY_LOG_DIRTY
 * @flags: must be zero
 * @reserved: must be zero
 * @first_page: in: first page of 4096 bytes, counted from the slot's first; a
 *	multiple of 64
 * @nr_pages: in: how many pages
 * @bitmap: in: address of (@nr_pages + 7) / 8 bytes; out, there: bit i % 8 of byte
 *	i / 8 says whether page @first_page + i was written to.  What is left of the
 *	last byte is 0.
 */
struct keel_dirty_log {
	__u32 size;
	__u32 slot;
	__u32 flags;
	__u32 reserved;
	__u64 first_page;
	__u64 nr_pages;
	__u64 bitmap;
};

/**
 * struct keel_create_vcpu - add a virtual CPU (KEEL_CREATE_VCPU)
 * @size: in: sizeof(struct keel_create_vcpu)
 * @id: in: its number, below KEEL_MAX_VCPUS; also its APIC ID
 */
struct keel_create_vcpu {
	__u32 size;
	__u32 id;
};

/** DOC: &keel_irq.kind */
/** define KEEL_IRQ_MSI - a message-signalled interrupt */
#define KEEL_IRQ_MSI		0
/** define KEEL_IRQ_LINT0 - the pin LINT0 of a local APIC */
#define KEEL_IRQ_LINT0		1
/** define KEEL_IRQ_LINT1 - the pin LINT1 of a local APIC */
#define KEEL_IRQ_LINT1		2

/** DOC: &keel_irq.vcpu */
/** define KEEL_VCPU_ALL - the pins of all local APICs */
#define KEEL_VCPU_ALL		0xffffffffU

/**
 * struct keel_irq - an interrupt for local APICs (KEEL_IRQ)
 * @size: in: sizeof(struct keel_irq)
 * @kind: in: KEEL_IRQ_*
 * @address: in: KEEL_IRQ_MSI: the message's address
 * @data: in: KEEL_IRQ_MSI: the message's data
 * @vcpu: in: pins: number of the vCPU, or KEEL_VCPU_ALL
 * @level: in: pins: 1 where the pin is asserted, else 0
 * @delivered: out: how many local APICs took it
 */
struct keel_irq {
	__u32 size;
	__u32 kind;
	__u64 address;
	__u32 data;
	__u32 vcpu;
	__u32 level;
	__u32 delivered;
};

/** DOC: &keel_irqfd.flags */
/** define KEEL_IRQFD_DEASSIGN - take the binding back */
#define KEEL_IRQFD_DEASSIGN	(1U << 0)

/**
 * struct keel_irqfd - let an eventfd send an MSI (KEEL_IRQFD)
 * @size: in: sizeof(struct keel_irqfd)
 * @fd: in: descriptor of the eventfd
 * @flags: in: KEEL_IRQFD_*
 * @data: in: the message's data
 * @address: in: the message's address
 */
struct keel_irqfd {
	__u32 size;
	__s32 fd;
	__u32 flags;
	__u32 data;
	__u64 address;
};

/** DOC: &keel_ioeventfd.flags */
/** define KEEL_IOEVENTFD_DEASSIGN - take the binding back */
#define KEEL_IOEVENTFD_DEASSIGN	(1U << 0)
/** define KEEL_IOEVENTFD_PORT - the address is an I/O port */
#define KEEL_IOEVENTFD_PORT	(1U << 1)
/** define KEEL_IOEVENTFD_DATA - only writes of &keel_ioeventfd.data match */
#define KEEL_IOEVENTFD_DATA	(1U << 2)

/**
 * struct keel_ioeventfd - let a guest's write signal an eventfd (KEEL_IOEVENTFD)
 * @size: in: sizeof(struct keel_ioeventfd)
 * @fd: in: descriptor of the eventfd
 * @flags: in: KEEL_IOEVENTFD_*
 * @bytes: in: length of the write, in bytes
 * @address: in: guest physical address, where no slot is, or with KEEL_IOEVENTFD_PORT
 *	the number of the port
 * @data: in: with KEEL_IOEVENTFD_DATA: the value
 */
struct keel_ioeventfd {
	__u32 size;
	__s32 fd;
	__u32 flags;
	__u32 bytes;
	__u64 address;
	__u64 data;
};

/**
 * struct keel_lapic_access - a register of the local APIC (KEEL_LAPIC)
 * @size: in: sizeof(struct keel_lapic_access)
 * @offset: in: its offset in the APIC page, a multiple of 4 (SDM, "Local APIC
 *	Register Address Map")
 * @write: in: 1 to write, 0 to read
 * @value: in, writing; out, reading
 */
struct keel_lapic_access {
	__u32 size;
	__u32 offset;
	__u32 write;
	__u32 value;
};

/**
 * struct keel_regs - general-purpose registers
 * @gpr: in the order of instruction encoding: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
 *	R8 to R15
 * @rip: instruction pointer
 * @rflags: flags; bit 1 is 1
 */
struct keel_regs {
	__u64 gpr[16];
	__u64 rip;
	__u64 rflags;
};

/**
 * DOC: indices of &keel_regs.gpr
 *
 * R8 to R15 have the indices 8 to 15.
 */
/** define KEEL_RAX - RAX */
#define KEEL_RAX	0
/** define KEEL_RCX - RCX */
#define KEEL_RCX	1
/** define KEEL_RDX - RDX */
#define KEEL_RDX	2
/** define KEEL_RBX - RBX */
#define KEEL_RBX	3
/** define KEEL_RSP - RSP */
#define KEEL_RSP	4
/** define KEEL_RBP - RBP */
#define KEEL_RBP	5
/** define KEEL_RSI - RSI */
#define KEEL_RSI	6
/** define KEEL_RDI - RDI */
#define KEEL_RDI	7

/**
 * struct keel_segment - a segment register with its hidden part
 * @base: linear address
 * @limit: effective limit: offset of the last byte
 * @selector: visible part
 * @attributes: access rights as in the VMCS (SDM, "Guest Register State"): bits
 *	3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G, 16 unusable
 * @reserved: must be zero
 * @reserved2: must be zero
 */
struct keel_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u16 reserved;
	__u32 attributes;
	__u32 reserved2;
};

/**
 * struct keel_table - GDTR or IDTR
 * @base: linear address
 * @limit: bytes less one, at most 65535
 * @reserved: must be zero
 */
struct keel_table {
	__u64 base;
	__u32 limit;
	__u32 reserved;
};

/** DOC: indices of &keel_segments.seg, in the order of instruction encoding */
/** define KEEL_ES - ES */
#define KEEL_ES		0
/** define KEEL_CS - CS */
#define KEEL_CS		1
/** define KEEL_SS - SS */
#define KEEL_SS		2
/** define KEEL_DS - DS */
#define KEEL_DS		3
/** define KEEL_FS - FS */
#define KEEL_FS		4
/** define KEEL_GS - GS */
#define KEEL_GS		5
/** define KEEL_LDTR - local descriptor table register */
#define KEEL_LDTR	6
/** define KEEL_TR - task register */
#define KEEL_TR		7

/**
 * struct keel_segments - segment and table registers
 * @seg: indexed by KEEL_ES to KEEL_TR
 * @gdtr: global descriptor table
 * @idtr: interrupt descriptor table
 */
struct keel_segments {
	struct keel_segment seg[8];
	struct keel_table gdtr;
	struct keel_table idtr;
};

/**
 * struct keel_control - control registers and what belongs to them
 * @cr0: as the guest sees it
 * @cr2: page-fault linear address
 * @cr3: as the guest sees it
 * @cr4: as the guest sees it
 * @cr8: task priority, 0 to 15
 * @efer: IA32_EFER; LMA must agree with CR0.PG and LME
 * @xcr0: XCR0
 * @pdpte: the four PDPTEs; used with PAE paging only
 */
struct keel_control {
	__u64 cr0;
	__u64 cr2;
	__u64 cr3;
	__u64 cr4;
	__u64 cr8;
	__u64 efer;
	__u64 xcr0;
	__u64 pdpte[4];
};

/**
 * struct keel_debug - debug registers
 * @dr: DR0 to DR3
 * @dr6: debug status
 * @dr7: debug control
 */
struct keel_debug {
	__u64 dr[4];
	__u64 dr6;
	__u64 dr7;
};

/** DOC: &keel_event.flags */
/** define KEEL_EVENT_ERROR_CODE - &keel_event.error_code is delivered */
#define KEEL_EVENT_ERROR_CODE	(1U << 0)

/**
 * enum keel_event_type - kinds of events, as the SDM numbers them
 * @KEEL_EVENT_INTERRUPT: external interrupt
 * @KEEL_EVENT_NMI: NMI; its vector is 2
 * @KEEL_EVENT_EXCEPTION: hardware exception: what a fault, trap or abort raises
 * @KEEL_EVENT_SOFT_INTERRUPT: INT n
 * @KEEL_EVENT_PRIVILEGED_SOFT_EXCEPTION: INT1
 * @KEEL_EVENT_SOFT_EXCEPTION: INT3 or INTO
 *
 * SDM: "VM-Entry Controls for Event Injection".
 */
enum keel_event_type {
	KEEL_EVENT_INTERRUPT = 0,
	KEEL_EVENT_NMI = 2,
	KEEL_EVENT_EXCEPTION = 3,
	KEEL_EVENT_SOFT_INTERRUPT = 4,
	KEEL_EVENT_PRIVILEGED_SOFT_EXCEPTION = 5,
	KEEL_EVENT_SOFT_EXCEPTION = 6,
};

/**
 * struct keel_event - an event on its way to the guest
 * @valid: 1 where there is one
 * @type: enum keel_event_type
 * @vector: 0 to 255
 * @flags: KEEL_EVENT_*
 * @error_code: with KEEL_EVENT_ERROR_CODE
 * @insn_len: length of the instruction in bytes, for the software types
 * @reserved: must be zero
 * @payload: for #PF the address for CR2, for #DB the bits for DR6
 */
struct keel_event {
	__u8 valid;
	__u8 type;
	__u8 vector;
	__u8 flags;
	__u32 error_code;
	__u32 insn_len;
	__u32 reserved;
	__u64 payload;
};

/** DOC: &keel_events.blocking, as in the VMCS's interruptibility state */
/** define KEEL_BLOCKING_STI - by STI: no interrupts until the next instruction is done */
#define KEEL_BLOCKING_STI	(1U << 0)
/** define KEEL_BLOCKING_MOV_SS - by MOV SS or POP SS: nor debug exceptions */
#define KEEL_BLOCKING_MOV_SS	(1U << 1)
/** define KEEL_BLOCKING_NMI - by NMI: no further one until IRET */
#define KEEL_BLOCKING_NMI	(1U << 3)

/**
 * DOC: &keel_events.activity
 *
 * The SDM's activity states.  A vCPU in shutdown or waiting for a start-up IPI
 * does not enter the guest: KEEL_RUN answers KEEL_EXIT_SHUTDOWN or
 * KEEL_EXIT_HLT.  In HLT it waits on the CPU until an interrupt of the host.
 * With KEEL_VM_LAPIC, KEEL_RUN sleeps in HLT and while it waits for a start-up
 * IPI, until something wakes the vCPU.
 */
/** define KEEL_ACTIVITY_ACTIVE - executes instructions */
#define KEEL_ACTIVITY_ACTIVE	0
/** define KEEL_ACTIVITY_HLT - halted */
#define KEEL_ACTIVITY_HLT	1
/** define KEEL_ACTIVITY_SHUTDOWN - after a triple fault */
#define KEEL_ACTIVITY_SHUTDOWN	2
/** define KEEL_ACTIVITY_WAIT_SIPI - waits for a start-up IPI */
#define KEEL_ACTIVITY_WAIT_SIPI	3

/**
 * struct keel_events - events queued, being delivered or held off
 * @exception: exception queued, or interrupted in delivery
 * @interrupt: external interrupt queued or interrupted in delivery
 * @nmi_pending: an NMI is queued
 * @blocking: KEEL_BLOCKING_*
 * @activity: KEEL_ACTIVITY_*
 * @reserved: must be zero
 * @pending_dbg: pending debug exceptions (SDM, "Guest Non-Register State")
 */
struct keel_events {
	struct keel_event exception;
	struct keel_event interrupt;
	__u32 nmi_pending;
	__u32 blocking;
	__u32 activity;
	__u32 reserved;
	__u64 pending_dbg;
};

/**
 * struct keel_msr - one MSR
 * @index: its number
 * @reserved: must be zero
 * @value: its value
 */
struct keel_msr {
	__u32 index;
	__u32 reserved;
	__u64 value;
};

/** DOC: groups of registers, &keel_state.groups */
/** define KEEL_STATE_REGS - struct keel_regs */
#define KEEL_STATE_REGS		(1ULL << 0)
/** define KEEL_STATE_SEGMENTS - struct keel_segments */
#define KEEL_STATE_SEGMENTS	(1ULL << 1)
/** define KEEL_STATE_CONTROL - struct keel_control */
#define KEEL_STATE_CONTROL	(1ULL << 2)
/** define KEEL_STATE_DEBUG - struct keel_debug */
#define KEEL_STATE_DEBUG	(1ULL << 3)
/** define KEEL_STATE_EVENTS - struct keel_events */
#define KEEL_STATE_EVENTS	(1ULL << 4)
/** define KEEL_STATE_MSRS - the MSRs in the list at &keel_state.msrs */
#define KEEL_STATE_MSRS		(1ULL << 5)
/** define KEEL_STATE_XSAVE - the XSAVE area at &keel_state.xsave */
#define KEEL_STATE_XSAVE	(1ULL << 6)

/** define KEEL_STATE_RUN - the groups that the run page can carry */
#define KEEL_STATE_RUN		(KEEL_STATE_REGS | KEEL_STATE_SEGMENTS | \
				 KEEL_STATE_CONTROL | KEEL_STATE_DEBUG | \
				 KEEL_STATE_EVENTS)

/**
 * struct keel_state - register groups (KEEL_GET_STATE, KEEL_SET_STATE)
 * @size: in: sizeof(struct keel_state)
 * @nr_msrs: in: how many entries @msrs has; out, after an error with one of them: its
 *	place in the list, from 0
 * @groups: in: KEEL_STATE_*, which of the following to read or write
 * @msrs: in: address of struct keel_msr[@nr_msrs]; reading, the indices are in
 * @xsave: in: address of an XSAVE area in standard (not compacted) format, which is
 *	written or read
 * @xsave_size: in: bytes of the XSAVE area, at least &keel_info.xsave_size
 * @reserved: must be zero
 * @regs: in or out, with KEEL_STATE_REGS
 * @segments: in or out, with KEEL_STATE_SEGMENTS
 * @control: in or out, with KEEL_STATE_CONTROL
 * @debug: in or out, with KEEL_STATE_DEBUG
 * @events: in or out, with KEEL_STATE_EVENTS
 */
struct keel_state {
	__u32 size;
	__u32 nr_msrs;
	__u64 groups;
	__u64 msrs;
	__u64 xsave;
	__u32 xsave_size;
	__u32 reserved;
	struct keel_regs regs;
	struct keel_segments segments;
	struct keel_control control;
	struct keel_debug debug;
	struct keel_events events;
};

/** DOC: &keel_cpuid_leaf.flags */
/** define KEEL_CPUID_INDEXED - ECX chooses a sub-leaf */
#define KEEL_CPUID_INDEXED	(1U << 0)

/**
 * struct keel_cpuid_leaf - one leaf of CPUID
 * @leaf: EAX on the way in
 * @subleaf: ECX on the way in, with KEEL_CPUID_INDEXED
 * @flags: KEEL_CPUID_*
 * @eax: what CPUID leaves in EAX
 * @ebx: in EBX
 * @ecx: in ECX
 * @edx: in EDX
 * @reserved: must be zero
 */
struct keel_cpuid_leaf {
	__u32 leaf;
	__u32 subleaf;
	__u32 flags;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u32 reserved;
};

/**
 * struct keel_cpuid - a list of CPUID leaves
 * @size: in: sizeof(struct keel_cpuid)
 * @nr: in: length of the list; out: what was filled or is needed
 * @leaves: in: address of struct keel_cpuid_leaf[@nr]
 * @flags: in: KEEL_GET_SUPPORTED_CPUID: the KEEL_VM_* flags of the VM that is
 *	meant; KEEL_SET_CPUID: must be zero
 * @tsc_khz: in: KEEL_GET_SUPPORTED_CPUID: &keel_create_vm.tsc_khz of that VM;
 *	KEEL_SET_CPUID: must be zero
 */
struct keel_cpuid {
	__u32 size;
	__u32 nr;
	__u64 leaves;
	__u32 flags;
	__u32 tsc_khz;
};

/**
 * struct keel_inject - queue an event (KEEL_INJECT)
 * @size: in: sizeof(struct keel_inject)
 * @reserved: must be zero
 * @event: in: KEEL_EVENT_INTERRUPT, KEEL_EVENT_NMI or KEEL_EVENT_EXCEPTION;
 *	@event.valid must be 1
 */
struct keel_inject {
	__u32 size;
	__u32 reserved;
	struct keel_event event;
};

/** DOC: &keel_translate.access */
/** define KEEL_ACCESS_WRITE - a write; without it and without KEEL_ACCESS_EXEC a read */
#define KEEL_ACCESS_WRITE	(1U << 0)
/** define KEEL_ACCESS_EXEC - an instruction fetch */
#define KEEL_ACCESS_EXEC	(1U << 1)
/** define KEEL_ACCESS_USER - in user mode */
#define KEEL_ACCESS_USER	(1U << 2)

/**
 * struct keel_translate - walk the guest's page tables (KEEL_TRANSLATE)
 * @size: in: sizeof(struct keel_translate)
 * @access: in: KEEL_ACCESS_*; none of them is a supervisor read
 * @gva: in: linear address
 * @gpa: out: guest physical address; valid unless @fault
 * @fault: out: 1 where the access would be a page fault, or @gva is not canonical
 * @error_code: out: the page fault's error code; 0 where @gva is not canonical
 * @page_size: out: bytes of the page that maps it; 0 where none does
 */
struct keel_translate {
	__u32 size;
	__u32 access;
	__u64 gva;
	__u64 gpa;
	__u32 fault;
	__u32 error_code;
	__u64 page_size;
};

/** DOC: &keel_stats.exits, &keel_stats.to_user */
/** define KEEL_STATS_REASONS - entries of each of them */
#define KEEL_STATS_REASONS	96

/**
 * struct keel_stats - counters of a vCPU (KEEL_GET_STATS)
 * @size: in: sizeof(struct keel_stats)
 * @reserved: out: zero
 * @entries: out: VM entries
 * @user_exits: out: returns to user space
 * @injected: out: events delivered
 * @halts: out: HLT instructions
 * @page_faults: out: guest pages mapped on demand
 * @exits: out: VM exits by basic exit reason (SDM, appendix "VMX Basic Exit
 *	Reasons")
 * @to_user: out: those of them that user space was asked to answer
 */
struct keel_stats {
	__u32 size;
	__u32 reserved;
	__u64 entries;
	__u64 user_exits;
	__u64 injected;
	__u64 halts;
	__u64 page_faults;
	__u64 exits[KEEL_STATS_REASONS];
	__u64 to_user[KEEL_STATS_REASONS];
};

/**
 * DOC: &keel_intercepts.exits
 *
 * The instructions become KEEL_EXIT_INSN, the last two as they say.
 */
/** define KEEL_INTERCEPT_RDTSC - RDTSC and RDTSCP */
#define KEEL_INTERCEPT_RDTSC	(1ULL << 0)
/** define KEEL_INTERCEPT_PAUSE - PAUSE */
#define KEEL_INTERCEPT_PAUSE	(1ULL << 1)
/** define KEEL_INTERCEPT_CR3 - MOV from and to CR3 */
#define KEEL_INTERCEPT_CR3	(1ULL << 2)
/** define KEEL_INTERCEPT_DR - MOV from and to debug registers */
#define KEEL_INTERCEPT_DR	(1ULL << 3)
/** define KEEL_INTERCEPT_TABLES - instructions that load or store GDTR, IDTR, LDTR or TR */
#define KEEL_INTERCEPT_TABLES	(1ULL << 4)
/** define KEEL_INTERCEPT_WBINVD - WBINVD and INVD */
#define KEEL_INTERCEPT_WBINVD	(1ULL << 5)
/** define KEEL_INTERCEPT_CPUID - CPUID */
#define KEEL_INTERCEPT_CPUID	(1ULL << 6)
/** define KEEL_INTERCEPT_INVLPG - INVLPG */
#define KEEL_INTERCEPT_INVLPG	(1ULL << 7)
/** define KEEL_INTERCEPT_RDPMC - RDPMC */
#define KEEL_INTERCEPT_RDPMC	(1ULL << 8)
/**
 * define KEEL_INTERCEPT_UNKNOWN_MSR - RDMSR and WRMSR of an MSR that Keel does not
 * know become KEEL_EXIT_MSR, not #GP
 */
#define KEEL_INTERCEPT_UNKNOWN_MSR (1ULL << 9)
/**
 * define KEEL_INTERCEPT_STEP - leave after each instruction (monitor trap flag):
 * KEEL_EXIT_STEP
 */
#define KEEL_INTERCEPT_STEP	(1ULL << 10)

/**
 * struct keel_intercepts - further exits to user space (KEEL_SET_INTERCEPTS)
 * @size: in: sizeof(struct keel_intercepts)
 * @exceptions: in: bit n: exception n becomes KEEL_EXIT_EXCEPTION where the CPU
 *	raises it; what Keel raises for an instruction that it performs, such as
 *	#GP for an unknown MSR, goes to the guest
 * @exits: in: KEEL_INTERCEPT_*
 * @nr_msrs: in: how many entries of @msrs count, at most KEEL_MAX_MSR_INTERCEPTS
 * @reserved: must be zero
 * @msrs: in: MSRs whose accesses become KEEL_EXIT_MSR
 */
struct keel_intercepts {
	__u32 size;
	__u32 exceptions;
	__u64 exits;
	__u32 nr_msrs;
	__u32 reserved;
	__u32 msrs[KEEL_MAX_MSR_INTERCEPTS];
};

/**
 * struct keel_dump - text (KEEL_DUMP_VMCS)
 * @size: in: sizeof(struct keel_dump)
 * @bytes: in: room at @text, bytes; out: bytes of text, without a final NUL
 * @text: in: address of @bytes bytes; out, there: the text
 */
struct keel_dump {
	__u32 size;
	__u32 bytes;
	__u64 text;
};

/**
 * enum keel_exit - why KEEL_RUN returned
 * @KEEL_EXIT_NONE: the vCPU has not run yet
 * @KEEL_EXIT_INTR: a signal or &keel_run.immediate_exit (KEEL_RUN says -EINTR)
 * @KEEL_EXIT_IO: IN, OUT, INS or OUTS: &keel_run.io.  The instruction is done;
 *	for direction in the next KEEL_RUN takes the data.
 * @KEEL_EXIT_MMIO: access where no slot is, or a write to a read-only one:
 *	&keel_run.mmio.  The instruction is not done: perform it and move RIP.
 * @KEEL_EXIT_HLT: HLT; RIP is behind it.  With KEEL_VM_LAPIC only where the
 *	guest halts with interrupts off, so that the VMM can see a guest that
 *	stopped for good; the next KEEL_RUN then sleeps until an NMI, an INIT or
 *	a signal.
 * @KEEL_EXIT_SHUTDOWN: triple fault
 * @KEEL_EXIT_FAIL_ENTRY: the state cannot be entered: &keel_run.fail_entry
 * @KEEL_EXIT_HYPERCALL: VMCALL; arguments are in registers, RIP is behind it
 * @KEEL_EXIT_EXCEPTION: an exception asked for: &keel_run.exception; it was not
 *	delivered
 * @KEEL_EXIT_MSR: RDMSR or WRMSR asked for: &keel_run.msr; not done
 * @KEEL_EXIT_INSN: an instruction asked for by KEEL_INTERCEPT_*: &keel_run.insn;
 *	not done
 * @KEEL_EXIT_INTR_WINDOW: the guest can take an interrupt now, as
 *	&keel_run.request_intr_window asked
 * @KEEL_EXIT_STEP: one instruction done (KEEL_INTERCEPT_STEP)
 * @KEEL_EXIT_TASK_SWITCH: a hardware task switch, which Keel does not perform:
 *	&keel_run.insn; not done
 * @KEEL_EXIT_MEMORY_FAULT: the caller's memory behind a slot is not there or
 *	not writable, or the host has none left to map it, or the user may have no
 *	more ("limits"): &keel_run.mmio
 * @KEEL_EXIT_DEADLINE: the guest's TSC has reached &keel_run.deadline
 * @KEEL_EXIT_EOI: the guest ended a level-triggered interrupt: &keel_run.eoi
 *	says which vector, for the I/O APIC
 * @KEEL_EXIT_EXTINT: the guest takes an interrupt from the 8259, whose line is
 *	KEEL_IRQ_LINT0: put its vector into &keel_run.extint
 * @KEEL_EXIT_INTERNAL_ERROR: an exit that Keel does not know: &keel_run.fail_entry
 */
enum keel_exit {
	KEEL_EXIT_NONE,
	KEEL_EXIT_INTR,
	KEEL_EXIT_IO,
	KEEL_EXIT_MMIO,
	KEEL_EXIT_HLT,
	KEEL_EXIT_SHUTDOWN,
	KEEL_EXIT_FAIL_ENTRY,
	KEEL_EXIT_HYPERCALL,
	KEEL_EXIT_EXCEPTION,
	KEEL_EXIT_MSR,
	KEEL_EXIT_INSN,
	KEEL_EXIT_INTR_WINDOW,
	KEEL_EXIT_STEP,
	KEEL_EXIT_TASK_SWITCH,
	KEEL_EXIT_MEMORY_FAULT,
	KEEL_EXIT_INTERNAL_ERROR,
	KEEL_EXIT_DEADLINE,
	KEEL_EXIT_EOI,
	KEEL_EXIT_EXTINT,
};

/**
 * struct keel_exit_io - KEEL_EXIT_IO
 * @port: number of the I/O port
 * @bytes: of one access: 1, 2 or 4
 * @in: 1 for IN and INS, 0 for OUT and OUTS
 * @count: how many accesses, one after another to the same port; more than 1
 *	only for REP INS and REP OUTS
 * @data_offset: where in the run area the data is or goes, an offset in bytes; there
 *	are @count * @bytes of them
 */
struct keel_exit_io {
	__u16 port;
	__u8 bytes;
	__u8 in;
	__u32 count;
	__u64 data_offset;
};

/**
 * struct keel_exit_mmio - KEEL_EXIT_MMIO, KEEL_EXIT_MEMORY_FAULT
 * @gpa: guest physical address of the access
 * @gva: its linear address, where @gva_valid; @gpa is then its translation, and
 *	not an entry of a page table that the CPU looked at on the way
 * @access: KEEL_ACCESS_WRITE, KEEL_ACCESS_EXEC
 * @gva_valid: 1 where @gva is valid
 * @insn_len: bytes in @insn; 0 where they could not be read
 * @reserved: zero
 * @insn: the instruction, and what follows it, up to 15 bytes
 */
struct keel_exit_mmio {
	__u64 gpa;
	__u64 gva;
	__u32 access;
	__u8 gva_valid;
	__u8 insn_len;
	__u16 reserved;
	__u8 insn[16];
};

/**
 * struct keel_exit_fail_entry - KEEL_EXIT_FAIL_ENTRY, KEEL_EXIT_INTERNAL_ERROR
 * @hw_reason: exit reason as the CPU gave it
 * @vm_instruction_error: after VMfailValid (SDM, "VM Instruction Error Numbers"),
 *	else 0
 * @qualification: exit qualification
 * @value: value of the field at fault
 * @field: VMCS encoding of the field at fault; 0 where Keel's checker, which
 *	knows the SDM's "Checks on VMX Controls..." and "Checks on the Guest State
 *	Area", finds nothing
 * @reserved: zero
 * @rule: what is wrong, in words, with a final NUL
 */
struct keel_exit_fail_entry {
	__u64 hw_reason;
	__u64 vm_instruction_error;
	__u64 qualification;
	__u64 value;
	__u32 field;
	__u32 reserved;
	char rule[160];
};

/**
 * struct keel_exit_msr - KEEL_EXIT_MSR
 * @index: the MSR
 * @write: 1 for WRMSR, 0 for RDMSR
 * @value: what WRMSR writes
 */
struct keel_exit_msr {
	__u32 index;
	__u32 write;
	__u64 value;
};

/**
 * struct keel_exit_insn - KEEL_EXIT_INSN, KEEL_EXIT_TASK_SWITCH
 * @hw_reason: basic exit reason (SDM): says which instruction
 * @insn_len: its length, bytes
 * @qualification: exit qualification
 */
struct keel_exit_insn {
	__u32 hw_reason;
	__u32 insn_len;
	__u64 qualification;
};

/**
 * struct keel_exit_eoi - KEEL_EXIT_EOI
 * @vector: of the interrupt that ended, 0 to 255
 * @reserved: zero
 */
struct keel_exit_eoi {
	__u32 vector;
	__u32 reserved;
};

/**
 * struct keel_exit_extint - KEEL_EXIT_EXTINT
 * @vector: in: what the 8259 answers to the CPU's acknowledge cycle, 0 to 255;
 *	read by the next KEEL_RUN.  KEEL_NO_VECTOR, which it is before: nothing.
 * @reserved: zero
 */
struct keel_exit_extint {
	__u32 vector;
	__u32 reserved;
};

/** DOC: &keel_exit_extint.vector */
/** define KEEL_NO_VECTOR - there is no interrupt */
#define KEEL_NO_VECTOR		0xffffffffU

/** DOC: the run area, which mmap() of a vCPU shows */
/** define KEEL_RUN_DATA - offset of the data of KEEL_EXIT_IO in the run area */
#define KEEL_RUN_DATA		4096
/** define KEEL_RUN_SIZE - bytes of the run area: the structure and the data */
#define KEEL_RUN_SIZE		8192

/**
 * struct keel_run - shared between the VMM and Keel, one a vCPU
 * @state_wanted: in: KEEL_STATE_RUN groups to store here at each exit
 * @state_dirty: in: KEEL_STATE_RUN groups to load from here at entry; KEEL_RUN
 *	clears it
 * @immediate_exit: in: not 0: KEEL_RUN completes the pending exit, loads the
 *	dirty groups, takes over what others have sent to the local APIC, and
 *	returns -EINTR without running the guest
 * @request_intr_window: in: not 0: leave as soon as the guest can take an
 *	interrupt
 * @reserved: for inputs to come: write zero
 * @deadline: in: not 0: leave with KEEL_EXIT_DEADLINE when the guest's TSC has
 *	reached it (KEEL_FEATURE_PREEMPTION_TIMER, else KEEL_RUN says
 *	-EOPNOTSUPP); the guest may run on by one tick of the VMX-preemption timer
 * @exit_reason: out: enum keel_exit
 * @intr_ready: out: 1 where an interrupt could be delivered now
 * @reserved2: zero
 * @hw_reason: out: basic exit reason of the CPU (SDM, appendix "VMX Basic Exit
 *	Reasons")
 * @insn_len: out: length of the instruction that exited, bytes, where the SDM defines it
 * @io: KEEL_EXIT_IO
 * @mmio: KEEL_EXIT_MMIO, KEEL_EXIT_MEMORY_FAULT
 * @fail_entry: KEEL_EXIT_FAIL_ENTRY, KEEL_EXIT_INTERNAL_ERROR
 * @exception: KEEL_EXIT_EXCEPTION
 * @msr: KEEL_EXIT_MSR
 * @insn: KEEL_EXIT_INSN, KEEL_EXIT_TASK_SWITCH
 * @eoi: KEEL_EXIT_EOI
 * @extint: KEEL_EXIT_EXTINT
 * @padding: room for exits to come
 * @regs: out with KEEL_STATE_REGS in @state_wanted, in with it in @state_dirty; so the
 *	next ones
 * @segments: with KEEL_STATE_SEGMENTS
 * @control: with KEEL_STATE_CONTROL
 * @debug: with KEEL_STATE_DEBUG
 * @events: with KEEL_STATE_EVENTS
 *
 * Keel reads each input once and works on its copy: writing here while the
 * vCPU runs harms nobody but the guest.
 */
struct keel_run {
	__u64 state_wanted;
	__u64 state_dirty;
	__u8 immediate_exit;
	__u8 request_intr_window;
	__u8 reserved[6];
	__u64 deadline;
	__u32 exit_reason;
	__u8 intr_ready;
	__u8 reserved2[3];
	__u32 hw_reason;
	__u32 insn_len;
	union {
		struct keel_exit_io io;
		struct keel_exit_mmio mmio;
		struct keel_exit_fail_entry fail_entry;
		struct keel_event exception;
		struct keel_exit_msr msr;
		struct keel_exit_insn insn;
		struct keel_exit_eoi eoi;
		struct keel_exit_extint extint;
		__u8 padding[256];
	};
	struct keel_regs regs;
	struct keel_segments segments;
	struct keel_control control;
	struct keel_debug debug;
	struct keel_events events;
};

#endif /* _UAPI_LINUX_KEEL_H */
