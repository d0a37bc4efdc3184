/* SPDX-License-Identifier: GPL-2.0 */
/* The vCPU object: see keel_vcpu.c. */
#ifndef KEEL_VCPU_H
#define KEEL_VCPU_H

#include <linux/keel.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/rcuwait.h>
#include <linux/types.h>

#include "keel_cpuid.h"
#include "keel_irq.h"
#include "keel_lapic.h"
#include "keel_pv.h"
#include "keel_strio.h"
#include "keel_walk.h"
#include "shadow_vcpu.h"
#include "vmx_msr.h"
#include "vmx_vcpu.h"

struct keel_vm;

/**
 * enum keel_verdict - what an exit handler wants to be done
 * @KEEL_RESUME: run the guest again where it is
 * @KEEL_ADVANCE: the instruction is done; run the guest behind it
 * @KEEL_TO_USER: leave to user space, the guest stays where it is
 * @KEEL_TO_USER_ADVANCE: leave to user space, the guest is behind the instruction
 * @KEEL_SLOW: call &keel_vcpu.slow where it may sleep; it gives the verdict
 * @KEEL_HALT: the instruction, a HLT, is done; sleep until something wakes the vCPU
 * @KEEL_KILL: the VM is dead, and the log has said why
 *
 * Only the commit point in vmx_exit.c acts on these.
 */
enum keel_verdict {
	KEEL_RESUME,
	KEEL_ADVANCE,
	KEEL_TO_USER,
	KEEL_TO_USER_ADVANCE,
	KEEL_SLOW,
	KEEL_HALT,
	KEEL_KILL,
};

struct keel_vcpu;
typedef enum keel_verdict (*keel_slow_fn)(struct keel_vcpu *vcpu);

/**
 * enum keel_complete - what KEEL_RUN has to finish before the guest goes on
 * @KEEL_COMPLETE_NONE: nothing
 * @KEEL_COMPLETE_IN: put the data of IN into RAX
 * @KEEL_COMPLETE_INS: put the data of INS into guest memory
 * @KEEL_COMPLETE_EXTINT: deliver the vector that the 8259 gave
 */
enum keel_complete {
	KEEL_COMPLETE_NONE,
	KEEL_COMPLETE_IN,
	KEEL_COMPLETE_INS,
	KEEL_COMPLETE_EXTINT,
};

/**
 * struct keel_vcpu - a virtual CPU
 * @regs: general registers as the guest left them; RIP and RFLAGS are in the
 *	VMCS.  First, because vmx_entry.S goes by it.
 * @vmx: the hardware's side
 * @shadow: what shadow paging adds; unused with EPT
 * @vm: holds a reference
 * @id: its number in the VM
 * @lock: one caller at a time; order: vm->lock > this
 * @run: shared with user space, KEEL_RUN_SIZE bytes; inputs are read once
 * @immediate_exit: copy of the input
 * @want_intr_window: copy of the input
 * @deadline: copy of the input
 * @wanted: register groups to give with each exit, copy of the input
 * @complete: what the next KEEL_RUN finishes
 * @complete_len: IN: bytes of the access
 * @slow: see KEEL_SLOW
 * @walk: the guest's paging, gathered for the slow half
 * @code: linear address of the instruction, likewise
 * @code_bytes: address size of the code, likewise
 * @cpl: likewise
 * @strio: string I/O under way
 * @in_guest: [interrupts off on its CPU] between the decision to enter the guest
 *	and the exit
 * @lapic: the local APIC; without one, &keel_lapic.regs is NULL
 * @inbox: what others have for it; written by anyone
 * @wait: where the thread sleeps in HLT, for keel_vcpu_kick()
 * @timer: wakes at the APIC timer's expiry, where the CPU has no VMX-preemption
 *	timer
 * @wake_by_intr: in HLT: an interrupt ends it, since RFLAGS.IF is set
 * @wake_by_nmi: in HLT: an NMI ends it, since none blocks it
 * @apic_changed: what the local APIC can deliver may have changed: look at it
 *	before the next entry
 * @eoi_pending: an EOI by KEEL_LAPIC: KEEL_RUN has to report it
 * @events: queued or interrupted events, see keel_event.c
 * @has_events: @events holds something that the next entry must look at
 * @cr2: the guest's CR2, outside the fast section
 * @efer: the guest's IA32_EFER; it changes only with an exit
 * @cr8: the guest's task priority
 * @dr: the guest's DR0 to DR3
 * @dr6: the guest's DR6
 * @xcr0: the guest's XCR0
 * @msrs: the guest's MSRs that are not in the VMCS
 * @pv: KVM's MSRs and what belongs to them
 * @intercepts: what user space asked to see
 * @cpuid: what CPUID says
 * @has_run: CPUID is fixed from now on
 * @stats: counters
 *
 * [C] constant: @vm, @id, @run.  The rest belongs to whoever holds @lock.
 */
struct keel_vcpu {
	struct keel_regs regs;
	struct vmx_vcpu vmx;
	struct shadow_vcpu shadow;
	struct keel_vm *vm;
	u32 id;
	struct mutex lock;
	struct keel_run *run;
	bool immediate_exit;
	bool want_intr_window;
	u64 deadline;
	u64 wanted;
	enum keel_complete complete;
	u32 complete_len;
	keel_slow_fn slow;
	struct keel_walk_env walk;
	u64 code;
	u8 code_bytes;
	u8 cpl;
	struct keel_strio strio;
	bool in_guest;
	struct keel_lapic lapic;
	struct keel_inbox inbox;
	struct rcuwait wait;
	struct hrtimer timer;
	bool wake_by_intr;
	bool wake_by_nmi;
	bool apic_changed;
	bool eoi_pending;
	struct keel_events events;
	bool has_events;
	u64 cr2;
	u64 efer;
	u64 cr8;
	u64 dr[4];
	u64 dr6;
	u64 xcr0;
	struct keel_guest_msrs msrs;
	struct keel_pv pv;
	struct keel_intercepts intercepts;
	struct keel_cpuid_table cpuid;
	bool has_run;
	struct keel_stats stats;
};

long keel_vcpu_create(void *vm, void *arg);
void keel_vcpu_kick(struct keel_vcpu *vcpu);

/** keel_vcpu_has_lapic - whether the vCPU has a local APIC in the module */
static inline bool keel_vcpu_has_lapic(const struct keel_vcpu *vcpu)
{
	return vcpu->lapic.regs;
}

/** vmx_on_shadow - whether the CPU runs the guest on shadow page tables now */
static inline bool vmx_on_shadow(const struct keel_vcpu *vcpu)
{
	return vcpu->shadow.active;
}

#endif /* KEEL_VCPU_H */
