// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU with a local APIC that does not run: in HLT its thread sleeps until an
 * interrupt comes, after INIT until a start-up IPI does.
 *
 * Neither state is ever in the VMCS: it would keep the CPU from the host.
 *
 * SDM: "Activity State", "HLT - Halt", "Typical BSP Initialization Sequence".
 */
#include "vmx_wait.h"

#include <linux/hrtimer.h>
#include <linux/rcuwait.h>
#include <linux/sched/signal.h>
#include <asm/processor-flags.h>
#include <asm/tsc.h>

#include "host.h"
#include "keel_log.h"
#include "keel_tsc.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_fields.h"
#include "vmx_run.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_timer.h"

/**
 * vmx_halt - the guest halts
 * @vcpu: its VMCS is current
 *
 * What can end it is noted now, while the registers are at hand.
 */
void vmx_halt(struct keel_vcpu *vcpu)
{
	vcpu->wake_by_intr = vmcs_getl(GUEST_RFLAGS) & X86_EFLAGS_IF;
	vcpu->wake_by_nmi = !(vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) & GUEST_INTR_STATE_NMI);
	vcpu->events.activity = KEEL_ACTIVITY_HLT;
}

/* Whether the wait is over, also because the VM is dead; takes over what has come. */
static bool woken(struct keel_vcpu *vcpu)
{
	bool init = vmx_apic_take_inbox(vcpu);

	vmx_apic_expire(vcpu);
	if (vcpu->events.activity == KEEL_ACTIVITY_HLT && vmx_apic_can_wake(vcpu))
		vcpu->events.activity = KEEL_ACTIVITY_ACTIVE;
	return init || vcpu->events.activity == KEEL_ACTIVITY_ACTIVE ||
		keel_vm_check(vcpu->vm);
}

static bool deadline_passed(const struct keel_vcpu *vcpu)
{
	return vcpu->deadline && vcpu->deadline <= keel_guest_tsc(vcpu, rdtsc());
}

/* Until somebody wakes us, or the next moment of the guest's clocks. */
static void sleep(struct keel_vcpu *vcpu)
{
	u64 next = vmx_timer_next(vcpu);
	ktime_t timeout;

	if (!next) {
		schedule();
		return;
	}
	timeout = ns_to_ktime(vmx_timer_ns(vcpu, next));
	schedule_hrtimeout_range(&timeout, 0, HRTIMER_MODE_REL);
}

/**
 * vmx_wait - let the thread sleep until the vCPU can run
 * @vcpu: locked by the caller; in HLT or waiting for a SIPI; the VMCS is not
 *	needed
 *
 * Return: why it is over
 */
enum vmx_wait vmx_wait(struct keel_vcpu *vcpu)
{
	enum vmx_wait why = VMX_WAIT_WOKEN;

	prepare_to_rcuwait(&vcpu->wait);
	for (;;) {
		/* Before it looks, so that who writes the inbox then wakes it. */
		set_current_state(TASK_INTERRUPTIBLE);
		if (woken(vcpu))
			break;
		if (deadline_passed(vcpu)) {
			why = VMX_WAIT_DEADLINE;
			break;
		}
		if (signal_pending(current)) {
			why = VMX_WAIT_SIGNAL;
			break;
		}
		sleep(vcpu);
	}
	finish_rcuwait(&vcpu->wait);
	return why;
}

static void init(struct keel_vcpu *vcpu)
{
	vmx_state_init(vcpu);
	keel_lapic_reset(&vcpu->lapic);
	/* Only the bootstrap processor runs on by itself. */
	vcpu->events.activity = vcpu->lapic.base & MSR_IA32_APICBASE_BSP ?
		KEEL_ACTIVITY_ACTIVE : KEEL_ACTIVITY_WAIT_SIPI;
	vmx_apic_mode(vcpu);
}

static void start_up(struct keel_vcpu *vcpu)
{
	u8 page = READ_ONCE(vcpu->inbox.sipi_vector);

	vmcs_put16(GUEST_CS_SELECTOR, page << 8);
	vmcs_putl(GUEST_CS_BASE, page << 12);
	vmcs_putl(GUEST_RIP, 0);
	vcpu->events.activity = KEEL_ACTIVITY_ACTIVE;
}

#define INIT_OR_SIPI	(BIT(KEEL_INBOX_INIT) | BIT(KEEL_INBOX_SIPI))

/*
 * Both at once.  One after the other, with an INIT and its SIPI coming in between,
 * the SIPI would be lost on a vCPU that does not wait for it yet.
 */
static unsigned long take_init_flags(struct keel_vcpu *vcpu)
{
	unsigned long *flags = &vcpu->inbox.flags;
	unsigned long old = READ_ONCE(*flags);

	while (!try_cmpxchg(flags, &old, old & ~INIT_OR_SIPI))
		cpu_relax();
	return old & INIT_OR_SIPI;
}

/**
 * vmx_take_init - act on INIT and start-up IPIs
 * @vcpu: locked by the caller; may sleep
 *
 * Return: 0; -EOPNOTSUPP where the CPU cannot run what a SIPI starts, real mode;
 * -ESHUTDOWN.
 */
int vmx_take_init(struct keel_vcpu *vcpu)
{
	unsigned long flags;
	bool begins = false;
	int ret;

	if (likely(!(READ_ONCE(vcpu->inbox.flags) & INIT_OR_SIPI)))
		return 0;
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	flags = take_init_flags(vcpu);
	if (flags & BIT(KEEL_INBOX_INIT)) {
		init(vcpu);
		begins = vcpu->events.activity == KEEL_ACTIVITY_ACTIVE;
	}
	/* One that comes when nobody waits for it is lost, as on a CPU. */
	if ((flags & BIT(KEEL_INBOX_SIPI)) &&
	    vcpu->events.activity == KEEL_ACTIVITY_WAIT_SIPI) {
		start_up(vcpu);
		begins = true;
	}
	vmx_return();
	if (!begins || vmx_has_unrestricted())
		return 0;
	return keel_refuse(-EOPNOTSUPP,
			   "KEEL_RUN: vCPU %u is to start in real mode, and this CPU has no \"unrestricted guest\"; give the guest one vCPU",
			   vcpu->id);
}
