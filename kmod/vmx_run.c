// SPDX-License-Identifier: GPL-2.0
/*
 * The run loop.
 *
 *	vmx_run()	process context; may sleep between sections
 *	  section	preemption off, the CPU holds the guest's registers
 *	    enter	interrupts off
 *
 * An exit handler gives a verdict; RIP, counters and the way out are settled in
 * vmx_commit() alone.  A handler that must sleep says KEEL_SLOW: the section
 * ends, its second half runs, and the verdict of that is committed at the start
 * of the next section.
 *
 * Why no request can be missed: a vCPU says that it is in guest mode with
 * interrupts off and then looks for work (signals, a new memory generation);
 * who makes work first makes it visible and then sends an IPI, which is held
 * back until the entry and then ends the guest's run at once.
 */
#include "vmx_run.h"

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "host.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_entry.h"
#include "vmx_event.h"
#include "vmx_exit.h"
#include "vmx_fields.h"
#include "vmx_insn.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_timer.h"
#include "vmx_tlb.h"
#include "vmx_trace.h"
#include "vmx_wait.h"

/* The VM whose guest ran last on this CPU: another one must not steer it. */
static DEFINE_PER_CPU(u32, last_vm);

/* Why a section ended, beside the verdicts for user space. */
enum section_end {
	END_VERDICT,
	END_WORK,
	END_WINDOW,
	END_EXTINT,
	END_DEADLINE,
	END_INIT,
	END_RELOAD,
	END_FAILED,
};

/**
 * vmx_load - make the vCPU's VMCS current
 * @vcpu: preemption is off, and VMX is on here
 */
void vmx_load(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	if (!vmx_vmcs_load(&vmx->vmcs))
		return;
	vmx_setup_host_cpu();
	vmx_read_host_msrs(&vmx->host);
	/* This CPU may remember the VPID's last owner, or us from before. */
	vmx_flush_guest_tlb(vcpu);
	vmx->mem_gen = ~0ULL;
}

/**
 * vmx_borrow - make the vCPU's VMCS current outside the fast section
 * @vcpu: locked by the caller; may sleep
 *
 * Preemption is off until vmx_return().
 *
 * Return: 0; -ESHUTDOWN where the host goes down, or the thread does while its CPU
 * has no VMX.
 */
int vmx_borrow(struct keel_vcpu *vcpu)
{
	for (;;) {
		preempt_disable();
		if (vmx_cpu_ready()) {
			vmx_load(vcpu);
			return 0;
		}
		preempt_enable();
		if (vmx_is_down() || fatal_signal_pending(current))
			return -ESHUTDOWN;
		/* This CPU goes offline; the scheduler moves us away from it. */
		schedule_timeout_uninterruptible(1);
	}
}

/** vmx_return - undo vmx_borrow() */
void vmx_return(void)
{
	preempt_enable();
}

/*
 * Others have taken translations away, or this CPU knows nothing of the vCPU yet.
 * Returns false where the vCPU has no tables to run on, and must get some first.
 */
static bool flush_mappings(struct keel_vcpu *vcpu, u64 gen)
{
	if (vmx_on_shadow(vcpu)) {
		if (!shadow_ready(vcpu))
			return false;
		vmx_flush_guest_tlb(vcpu);
	} else if (vmx_caps.ept_vpid_cap & VMX_EPT_EXTENT_CONTEXT_BIT) {
		invept(VMX_EPT_EXTENT_CONTEXT, keel_mem_eptp(&vcpu->vm->mem));
	} else {
		invept(VMX_EPT_EXTENT_GLOBAL, 0);
	}
	vcpu->vmx.mem_gen = gen;
	return true;
}

/*
 * CR3 and CR4 move under a running thread, and an interrupt may switch the host's
 * counters on; VMWRITE only what did.
 */
static void update_host_state(struct vmx_vcpu *vmx)
{
	u64 cr3 = __native_read_cr3();
	u64 cr4 = native_read_cr4();

	if (unlikely(cr3 != vmx->host_cr3)) {
		vmx->host_cr3 = cr3;
		vmcs_putl(HOST_CR3, cr3);
	}
	if (unlikely(cr4 != vmx->host_cr4)) {
		vmx->host_cr4 = cr4;
		vmcs_putl(HOST_CR4, cr4);
	}
	if (vmx_controls.exit & VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL) {
		u64 counters = host_rdmsr(MSR_CORE_PERF_GLOBAL_CTRL);

		if (unlikely(counters != vmx->host_counters)) {
			vmx->host_counters = counters;
			vmcs_put64(HOST_IA32_PERF_GLOBAL_CTRL, counters);
		}
	}
}

/*
 * What has come since the last entry: from others, and from the clock.  Returns
 * false where there must be no entry; then @end says why.
 */
static bool take_news(struct keel_vcpu *vcpu, enum section_end *end)
{
	if (unlikely(vmx_apic_attention(vcpu)) && vmx_apic_take_inbox(vcpu)) {
		*end = END_INIT;
		return false;
	}
	if ((vcpu->lapic.expires || vcpu->deadline || vcpu->vmx.timer_on) &&
	    !vmx_timer_arm(vcpu)) {
		*end = END_DEADLINE;
		return false;
	}
	if (vcpu->apic_changed)
		vmx_apic_update(vcpu);
	return true;
}

/* See enum vmx_inject. */
static bool inject(struct keel_vcpu *vcpu, enum section_end *end)
{
	switch (vmx_inject(vcpu)) {
	case VMX_INJECT_WINDOW:
		*end = END_WINDOW;
		return false;
	case VMX_INJECT_EXTINT:
		*end = END_EXTINT;
		return false;
	default:
		return true;
	}
}

/*
 * One entry and its exit, interrupts off: sets @verdict.  Where there is no entry,
 * @end says why.
 */
static void enter(struct keel_vcpu *vcpu, enum keel_verdict *verdict, enum section_end *end)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u64 gen;

	if (unlikely(host_work_pending())) {
		*end = END_WORK;
		return;
	}
	if (keel_vcpu_has_lapic(vcpu)) {
		if (!take_news(vcpu, end))
			return;
	} else if (unlikely(vcpu->deadline || vcpu->vmx.timer_on) && !vmx_timer_arm(vcpu)) {
		*end = END_DEADLINE;
		return;
	}
	/* Before an event leaves the queue: without an entry it has to stay there. */
	gen = keel_mem_gen(&vcpu->vm->mem);
	if (unlikely(gen != vmx->mem_gen) && !flush_mappings(vcpu, gen)) {
		*end = END_RELOAD;
		return;
	}
	if (unlikely(vcpu->has_events) && !inject(vcpu, end))
		return;
	update_host_state(vmx);
	/* What listens may fault, which changes CR2, and leaves its data in the L1 cache. */
	if (vmx_tracing())
		vmx_trace_entry(vcpu);
	if (unlikely(vcpu->cr2 != native_read_cr2()))
		native_write_cr2(vcpu->cr2);
	host_flush_l1d(&vmx->l1d_dirty);

	vcpu->stats.entries++;
	if (unlikely(vmx_enter(&vcpu->regs, vmx->vmcs.launched, &vmx->host_rsp,
			       vmx->host.spec_ctrl))) {
		*verdict = vmx_entry_failed(vcpu);
		if (*verdict == KEEL_TO_USER)
			*end = END_FAILED;
		return;
	}
	vcpu->cr2 = native_read_cr2();
	if (unlikely(vcpu->pv.eoi_offered) && keel_pv_eoi_taken(vcpu)) {
		keel_lapic_eoi(&vcpu->lapic);
		vcpu->apic_changed = true;
	}
	vmx->exit_reason = vmcs_get32(VM_EXIT_REASON);
	/* A VMLAUNCH that fails on the guest's state launches nothing. */
	if (likely(!(vmx->exit_reason & VMX_EXIT_REASONS_FAILED_VMENTRY)))
		vmx->vmcs.launched = true;
	if (vmx_tracing())
		vmx_trace_exit(vcpu);
	*verdict = vmx_handle_exit(vcpu);
}

static enum section_end run_section(struct keel_vcpu *vcpu, enum keel_verdict *verdict)
{
	enum section_end end = END_VERDICT;

	for (;;) {
		/* To resume there is nothing to settle. */
		if (*verdict != KEEL_RESUME && !vmx_commit(vcpu, *verdict))
			return END_VERDICT;
		local_irq_disable();
		/* Says "in guest mode" before it looks for work. */
		smp_store_mb(vcpu->in_guest, true);
		enter(vcpu, verdict, &end);
		WRITE_ONCE(vcpu->in_guest, false);
		local_irq_enable();
		if (end != END_VERDICT) {
			*verdict = KEEL_RESUME;
			return end;
		}
	}
}

static int prepare_cpu(struct keel_vcpu *vcpu)
{
	if (vmx_section_begin(vcpu)) {
		if (this_cpu_read(last_vm) != vcpu->vm->id) {
			host_branch_barrier();
			this_cpu_write(last_vm, vcpu->vm->id);
		}
		return 0;
	}
	if (vmx_is_down() || fatal_signal_pending(current))
		return -ESHUTDOWN;
	schedule_timeout_uninterruptible(1);
	return -EAGAIN;
}

static int leave_without_exit(struct keel_vcpu *vcpu, u32 reason)
{
	int ret = vmx_borrow(vcpu);

	if (ret)
		return ret;
	vcpu->run->exit_reason = reason;
	vmx_report_exit(vcpu);
	if (vmx_tracing())
		vmx_trace_user_exit(vcpu, KEEL_TRACE_NO_EXIT);
	vmx_return();
	return 0;
}

/* A vector from the 8259: user space has it. */
static int ask_for_vector(struct keel_vcpu *vcpu)
{
	vcpu->run->extint = (struct keel_exit_extint) { .vector = KEEL_NO_VECTOR };
	vcpu->complete = KEEL_COMPLETE_EXTINT;
	return leave_without_exit(vcpu, KEEL_EXIT_EXTINT);
}

/* An EOI that the VMM made by KEEL_LAPIC. */
static int report_eoi(struct keel_vcpu *vcpu)
{
	vcpu->eoi_pending = false;
	vcpu->run->eoi = (struct keel_exit_eoi) { .vector = vcpu->lapic.eoi_vector };
	return leave_without_exit(vcpu, KEEL_EXIT_EOI);
}

/*
 * Before the guest runs: INIT and SIPI, HLT.  Returns -EAGAIN where it can run;
 * otherwise what vmx_run() returns.
 */
static long settle(struct keel_vcpu *vcpu)
{
	int ret;

	if (vcpu->eoi_pending)
		return report_eoi(vcpu);
	do {
		ret = vmx_take_init(vcpu);
		if (ret)
			return ret;
		if (vcpu->events.activity == KEEL_ACTIVITY_SHUTDOWN)
			return leave_without_exit(vcpu, KEEL_EXIT_SHUTDOWN);
		if (vcpu->events.activity == KEEL_ACTIVITY_ACTIVE)
			return -EAGAIN;
		switch (vmx_wait(vcpu)) {
		case VMX_WAIT_SIGNAL:
			ret = host_do_work();
			if (ret)
				return leave_without_exit(vcpu, KEEL_EXIT_INTR) ?: ret;
			break;
		case VMX_WAIT_DEADLINE:
			return leave_without_exit(vcpu, KEEL_EXIT_DEADLINE);
		default:
			break;
		}
		ret = keel_vm_check(vcpu->vm);
	} while (!ret);
	return ret;
}

/*
 * A section ended before the guest could be entered.  Returns -EAGAIN where it can
 * now; otherwise what vmx_run() returns.
 */
static long without_entry(struct keel_vcpu *vcpu, enum section_end end)
{
	int ret;

	switch (end) {
	case END_WINDOW:
		return leave_without_exit(vcpu, KEEL_EXIT_INTR_WINDOW);
	case END_EXTINT:
		return ask_for_vector(vcpu);
	case END_DEADLINE:
		return leave_without_exit(vcpu, KEEL_EXIT_DEADLINE);
	case END_FAILED:
		return leave_without_exit(vcpu, KEEL_EXIT_FAIL_ENTRY);
	case END_WORK:
		vcpu->vmx.l1d_dirty = true;
		ret = host_do_work();
		if (ret)
			return leave_without_exit(vcpu, KEEL_EXIT_INTR) ?: ret;
		return -EAGAIN;
	default:	/* END_INIT is for settle(), END_RELOAD for shadow_prepare() */
		return -EAGAIN;
	}
}

/**
 * vmx_run - run the guest until user space is needed
 * @vcpu: locked by the caller; the last exit has been completed
 *
 * Return: 0 with the run page filled in; -EINTR; -EIO where the VM is dead;
 * -ESHUTDOWN.
 */
long vmx_run(struct keel_vcpu *vcpu)
{
	enum keel_verdict verdict = KEEL_RESUME;
	enum section_end end = END_VERDICT;
	int ret;

	/* Nothing of the guest can run until the VMM makes the vCPU active. */
	if (!keel_vcpu_has_lapic(vcpu) && unlikely(vmx_inactive(vcpu)))
		return leave_without_exit(vcpu, vcpu->events.activity == KEEL_ACTIVITY_SHUTDOWN ?
					  KEEL_EXIT_SHUTDOWN : KEEL_EXIT_HLT);
	/* User space ran. */
	vcpu->vmx.l1d_dirty = true;
	for (;;) {
		if (keel_vcpu_has_lapic(vcpu) &&
		    unlikely(vcpu->eoi_pending || vmx_inactive(vcpu) ||
			     end == END_INIT)) {
			long settled = settle(vcpu);

			if (settled != -EAGAIN)
				return settled;
			vcpu->vmx.l1d_dirty = true;
		}
		if (unlikely(keel_pv_wanted(&vcpu->pv)))
			keel_pv_update(vcpu);
		ret = vcpu->vm->shadow ? shadow_prepare(vcpu) : 0;
		if (ret)
			return ret;
		ret = prepare_cpu(vcpu);
		if (ret == -EAGAIN)
			continue;
		if (ret)
			return ret;
		end = run_section(vcpu, &verdict);
		vmx_section_end(vcpu);

		if (unlikely(end != END_VERDICT)) {
			long left = without_entry(vcpu, end);

			if (left != -EAGAIN)
				return left;
		} else if (verdict == KEEL_HALT) {
			verdict = KEEL_RESUME;
		} else if (verdict == KEEL_SLOW) {
			verdict = vcpu->slow(vcpu);
		} else {
			return verdict == KEEL_KILL ? -EIO : 0;
		}
	}
}
