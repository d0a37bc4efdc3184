// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC and the CPU: what of it the CPU virtualizes, and how interrupts
 * come from the vCPU's inbox into the guest.
 *
 * With APICv ("APIC-register virtualization" and "virtual-interrupt delivery")
 * the page of registers is the CPU's to read and change while the guest runs: it
 * delivers what RVI says, and ends interrupts by itself.  With posted interrupts
 * it takes the inbox's edge-triggered ones over without an exit.  Without APICv
 * vmx_event.c injects what keel_lapic_highest() gives, and the CPU watches the
 * task priority at most.
 *
 * Nobody but the vCPU's thread touches the page.  What others have for it waits
 * in the inbox: its thread says that it is in guest mode, and then looks; who
 * writes there does so first, and then looks whether to send an IPI.
 *
 * SDM: "APIC Virtualization and Virtual Interrupts".
 */
#include "vmx_apic.h"

#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/msr-index.h>
#include <asm/tsc.h>

#include "host.h"
#include "keel_alloc.h"
#include "keel_tsc.h"
#include "keel_vm.h"
#include "vmx_fields.h"
#include "vmx_setup.h"
#include "vmx_timer.h"

#define PRIORITY_CLASS	0xf0

static u32 *apic_reg(const struct keel_vcpu *vcpu, u32 offset)
{
	return vcpu->lapic.regs + offset;
}

/** vmx_wants_apic_page - whether a VM needs &keel_vm.apic_page */
bool vmx_wants_apic_page(const struct keel_vm *vm)
{
	return (vm->flags & (KEEL_VM_LAPIC | KEEL_VM_NO_APICV)) == KEEL_VM_LAPIC &&
		vmx_controls.apicv &&
		(vmx_controls.apic_modes & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES);
}

/**
 * vmx_apic_init - give the vCPU a local APIC, if its VM has such
 * @vcpu: its VM and number are set
 *
 * Return: 0 or -ENOMEM; vmx_apic_free() takes what it leaves.
 */
int vmx_apic_init(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	void *regs;

	if (!(vcpu->vm->flags & KEEL_VM_LAPIC))
		return 0;
	regs = keel_alloc((void *)get_zeroed_page(GFP_KERNEL_ACCOUNT));
	vcpu->inbox.posted = keel_alloc((void *)get_zeroed_page(GFP_KERNEL_ACCOUNT));
	/* Its owner is known by it: vmx_apic_free() must find it. */
	vcpu->lapic.regs = regs;
	if (!regs || !vcpu->inbox.posted)
		return -ENOMEM;
	vmx->apicv = vmx_controls.apicv && !(vcpu->vm->flags & KEEL_VM_NO_APICV);
	vmx->posted = vmx->apicv && vmx_controls.posted;
	keel_lapic_init(&vcpu->lapic, regs, vcpu->id, vcpu->vm->tsc_khz);
	return 0;
}

/**
 * vmx_apic_free - undo vmx_apic_init()
 * @vcpu: may be half made; nobody sends it interrupts any more
 */
void vmx_apic_free(struct keel_vcpu *vcpu)
{
	free_page((unsigned long)keel_freed(vcpu->lapic.regs));
	free_page((unsigned long)keel_freed(vcpu->inbox.posted));
}

/**
 * vmx_apic_setup - the part of a new VMCS that is about the local APIC
 * @vcpu: its VMCS is current; controls are written by the caller
 */
void vmx_apic_setup(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	int i;

	if (!keel_vcpu_has_lapic(vcpu))
		return;
	if (vmx_controls.tpr_shadow) {
		vmx->proc |= CPU_BASED_TPR_SHADOW;
		vmx->proc &= ~(CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING);
		vmcs_put64(VIRTUAL_APIC_PAGE_ADDR, __pa(vcpu->lapic.regs));
		vmcs_put32(TPR_THRESHOLD, 0);
	}
	if (!vmx->apicv)
		return;
	vmx->proc2 |= SECONDARY_EXEC_APIC_REGISTER_VIRT | SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;
	if (vcpu->vm->apic_page)
		vmcs_put64(APIC_ACCESS_ADDR, __pa(vcpu->vm->apic_page));
	vmcs_put16(GUEST_INTR_STATUS, 0);
	for (i = 0; i < 4; i++)
		__vmcs_put(EOI_EXIT_BITMAP0 + 2 * i, 0);
	if (!vmx->posted)
		return;
	vmx->pin |= PIN_BASED_POSTED_INTR;
	vmcs_put16(POSTED_INTR_NV, host_posted_vector());
	vmcs_put64(POSTED_INTR_DESC_ADDR, __pa(vcpu->inbox.posted));
}

/**
 * vmx_apic_mode - follow IA32_APIC_BASE
 * @vcpu: its VMCS is current
 *
 * What the CPU virtualizes depends on how the guest reaches the registers.
 */
void vmx_apic_mode(struct keel_vcpu *vcpu)
{
	const u32 modes = SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE |
		SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES;
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u32 mode = 0;

	if (!keel_vcpu_has_lapic(vcpu))
		return;
	if (vmx->apicv && keel_lapic_x2apic(&vcpu->lapic))
		mode = SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE & vmx_controls.apic_modes;
	else if (vcpu->vm->apic_page && vmx_apic_page(vcpu, APIC_DEFAULT_PHYS_BASE))
		mode = SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES;
	/*
	 * Translations from before need not be known to lead to the APIC-access page;
	 * SDM, "Issues Pertaining to Page Size and TLB Management".
	 */
	if (mode & ~vmx->proc2 & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES)
		vmx->mem_gen = ~0ULL;
	vmx->proc2 = (vmx->proc2 & ~modes) | mode;
	vmx_put_proc2(vcpu);
	vmx_msr_bitmap(vcpu);
	keel_cpuid_apic(&vcpu->cpuid, keel_lapic_enabled(&vcpu->lapic));
	vcpu->apic_changed = true;
}

/* Out of the guest, where it is in it; out of its sleep, where it sleeps. */
static void notify(struct keel_vcpu *vcpu, bool posted)
{
	int cpu, this_cpu;

	/* What was written into the inbox, before who is in guest mode. */
	smp_mb();
	if (!READ_ONCE(vcpu->in_guest)) {
		rcuwait_wake_up(&vcpu->wait);
		return;
	}
	/* Keeps the other CPU online, too. */
	this_cpu = get_cpu();
	cpu = READ_ONCE(vcpu->vmx.vmcs.cpu);
	/* In an interrupt between its exit and its entry: it looks before that. */
	if (cpu >= 0 && cpu != this_cpu && cpu_online(cpu))
		host_notify_cpu(cpu, posted);
	put_cpu();
}

/** vmx_kick - the hardware's part of keel_vcpu_kick() */
void vmx_kick(struct keel_vcpu *vcpu)
{
	notify(vcpu, false);
}

/**
 * vmx_apic_post - give a vCPU an interrupt
 * @vcpu: one with a local APIC
 * @vector: 16 to 255
 * @level: level-triggered: its EOI must exit
 *
 * Any context but NMIs.
 */
void vmx_apic_post(struct keel_vcpu *vcpu, u8 vector, bool level)
{
	struct keel_inbox *inbox = &vcpu->inbox;

	if (level) {
		set_bit(vector, inbox->level);
		if (!test_and_set_bit(KEEL_INBOX_LEVEL, &inbox->flags))
			notify(vcpu, false);
		return;
	}
	/* Who set the bit, or the notification, before us tells the vCPU. */
	if (test_and_set_bit(vector, inbox->posted->requests) ||
	    test_and_set_bit(0, &inbox->posted->control))
		return;
	notify(vcpu, vcpu->vmx.posted);
}

static void take_posted(struct keel_vcpu *vcpu)
{
	struct keel_posted *posted = vcpu->inbox.posted;
	unsigned long bits;
	int i, bit;

	clear_bit(0, &posted->control);
	smp_mb__after_atomic();		/* before the requests that it announced */
	for (i = 0; i < 4; i++) {
		if (!READ_ONCE(posted->requests[i]))
			continue;
		bits = xchg(&posted->requests[i], 0);
		for_each_set_bit(bit, &bits, 64)
			keel_lapic_accept(&vcpu->lapic, 64 * i + bit, false);
	}
	vcpu->apic_changed = true;
}

static void take_level(struct keel_vcpu *vcpu)
{
	unsigned long bits;
	int i, bit;

	for (i = 0; i < 4; i++) {
		bits = xchg(&vcpu->inbox.level[i], 0);
		for_each_set_bit(bit, &bits, 64)
			keel_lapic_accept(&vcpu->lapic, 64 * i + bit, true);
	}
	vcpu->apic_changed = true;
}

static void take_nmi(struct keel_vcpu *vcpu)
{
	vcpu->events.nmi_pending = 1;
	vcpu->has_events = true;
}

static u32 take_pin(struct keel_vcpu *vcpu, unsigned int pin)
{
	unsigned long *flags = &vcpu->inbox.flags;
	u32 effects = 0;
	bool high;

	if (test_and_clear_bit(KEEL_INBOX_ROSE0 + pin, flags)) {
		effects |= keel_lapic_set_lint(&vcpu->lapic, pin, false);
		effects |= keel_lapic_set_lint(&vcpu->lapic, pin, true);
	}
	/* Who raises the pin says that it rose next: without that it is not up yet. */
	high = test_bit(KEEL_INBOX_LINT0 + pin, flags) && (vcpu->lapic.lint & BIT(pin));
	return effects | keel_lapic_set_lint(&vcpu->lapic, pin, high);
}

static void take_pins(struct keel_vcpu *vcpu)
{
	u32 effects = take_pin(vcpu, 0) | take_pin(vcpu, 1);

	if (effects & KEEL_LAPIC_NMI)
		take_nmi(vcpu);
	vcpu->apic_changed = true;
}

/**
 * vmx_apic_take_inbox - take over what others have left for the vCPU
 * @vcpu: called by its thread; the VMCS need not be current
 *
 * Return: true where INIT or a start-up IPI waits: they change what the VMCS
 * holds, and are for vmx_run() to act on.
 */
bool vmx_apic_take_inbox(struct keel_vcpu *vcpu)
{
	struct keel_inbox *inbox = &vcpu->inbox;

	if (READ_ONCE(inbox->posted->control) & KEEL_POSTED_ON)
		take_posted(vcpu);
	if (likely(!(READ_ONCE(inbox->flags) & KEEL_INBOX_WORK)))
		return false;
	if (test_and_clear_bit(KEEL_INBOX_NMI, &inbox->flags))
		take_nmi(vcpu);
	if (test_and_clear_bit(KEEL_INBOX_LEVEL, &inbox->flags))
		take_level(vcpu);
	if (test_and_clear_bit(KEEL_INBOX_LINTS, &inbox->flags))
		take_pins(vcpu);
	return READ_ONCE(inbox->flags) & (BIT(KEEL_INBOX_INIT) | BIT(KEEL_INBOX_SIPI));
}

/* The APIC timer on CPUs without the VMX-preemption timer. */
static void start_timer(struct keel_vcpu *vcpu)
{
	if (vmx_has_timer())
		return;
	if (vcpu->lapic.expires)
		hrtimer_start(&vcpu->timer, ns_to_ktime(vmx_timer_ns(vcpu, vcpu->lapic.expires)),
			      HRTIMER_MODE_REL);
	else	/* one that fires just now kicks the vCPU, which harms nobody */
		hrtimer_try_to_cancel(&vcpu->timer);
}

/**
 * vmx_apic_keep_timer - without the VMX-preemption timer: see to it that the guest
 * is left when its APIC timer ends
 * @vcpu: called by its thread; the APIC timer runs
 *
 * The host's timer may have been early: its clock is adjusted, the TSC is not.
 */
void vmx_apic_keep_timer(struct keel_vcpu *vcpu)
{
	if (vcpu->lapic.expires && !hrtimer_active(&vcpu->timer))
		start_timer(vcpu);
}

/**
 * vmx_apic_move_tsc - the guest's TSC has been set
 * @vcpu: one with a local APIC; called by its thread
 * @delta: by how much it has moved, modulo 2^64
 */
void vmx_apic_move_tsc(struct keel_vcpu *vcpu, u64 delta)
{
	keel_lapic_move_tsc(&vcpu->lapic, delta);
	start_timer(vcpu);
}

/**
 * vmx_apic_expire_at - let the APIC timer fire where it is due
 * @vcpu: called by its thread; the VMCS need not be current
 * @now: the guest's TSC
 */
void vmx_apic_expire_at(struct keel_vcpu *vcpu, u64 now)
{
	if (!vcpu->lapic.expires || vcpu->lapic.expires > now)
		return;
	keel_lapic_expire(&vcpu->lapic, now);
	vcpu->apic_changed = true;
	start_timer(vcpu);
}

/**
 * vmx_apic_expire - the same for who has not read the clock yet
 * @vcpu: called by its thread; the VMCS need not be current
 */
void vmx_apic_expire(struct keel_vcpu *vcpu)
{
	if (vcpu->lapic.expires)
		vmx_apic_expire_at(vcpu, keel_guest_tsc(vcpu, rdtsc()));
}

/*
 * Level-triggered interrupts must exit at their EOI; the trigger-mode register
 * says which those are.
 */
static void update_eoi_exits(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	int i;

	vcpu->lapic.tmr_changed = false;
	for (i = 0; i < 4; i++) {
		u64 exits = *apic_reg(vcpu, APIC_TMR + 0x20 * i) |
			(u64)*apic_reg(vcpu, APIC_TMR + 0x20 * i + 0x10) << 32;

		if (exits == vmx->eoi_exits[i])
			continue;
		vmx->eoi_exits[i] = exits;
		__vmcs_put(EOI_EXIT_BITMAP0 + 2 * i, exits);
	}
}

/**
 * vmx_apic_update - let the CPU know what the local APIC has to deliver
 * @vcpu: in the fast section, about to enter; &keel_vcpu.apic_changed is set
 */
void vmx_apic_update(struct keel_vcpu *vcpu)
{
	struct keel_lapic *apic = &vcpu->lapic;
	int irr, isr;

	vcpu->apic_changed = false;
	if (!vcpu->vmx.apicv) {
		vcpu->has_events = true;
		return;
	}
	irr = keel_lapic_enabled(apic) ? keel_lapic_irr(apic) : 0;
	isr = keel_lapic_isr(apic);
	vmcs_put16(GUEST_INTR_STATUS, max(irr, 0) | max(isr, 0) << 8);
	if (unlikely(apic->tmr_changed))
		update_eoi_exits(vcpu);
	if (unlikely(keel_lapic_extint(apic)))
		vcpu->has_events = true;
}

/**
 * vmx_apic_watch_priority - exit where the guest lowers its task priority so that
 * what waits can be delivered
 * @vcpu: in the fast section, about to enter, without APICv
 */
void vmx_apic_watch_priority(struct keel_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u32 tpr, threshold = 0;
	int irr;

	if (!(vmx->proc & CPU_BASED_TPR_SHADOW))
		return;
	irr = keel_lapic_irr(&vcpu->lapic);
	tpr = *apic_reg(vcpu, APIC_TASKPRI) & PRIORITY_CLASS;
	/* Above the task priority it is something else that holds it off. */
	if (irr > 0 && (irr & PRIORITY_CLASS) <= tpr)
		threshold = irr >> 4;
	if (threshold == vmx->tpr_threshold)
		return;
	vmx->tpr_threshold = threshold;
	vmcs_put32(TPR_THRESHOLD, threshold);
}

/**
 * vmx_apic_can_wake - whether something ends the vCPU's HLT
 * @vcpu: called by its thread, in HLT; the VMCS need not be current
 */
bool vmx_apic_can_wake(struct keel_vcpu *vcpu)
{
	/* The trap of a single step over it, or one that the VMM has queued. */
	if (vcpu->events.exception.valid)
		return true;
	if (vcpu->events.nmi_pending && vcpu->wake_by_nmi)
		return true;
	if (!vcpu->wake_by_intr)
		return false;
	return vcpu->events.interrupt.valid || keel_lapic_highest(&vcpu->lapic) >= 0 ||
		keel_lapic_extint(&vcpu->lapic);
}

/** vmx_apic_cr8 - the guest's task priority, as CR8 has it */
u64 vmx_apic_cr8(const struct keel_vcpu *vcpu)
{
	if (!keel_vcpu_has_lapic(vcpu))
		return vcpu->cr8;
	return (*apic_reg(vcpu, APIC_TASKPRI) & PRIORITY_CLASS) >> 4;
}

/**
 * vmx_apic_set_cr8 - set the guest's task priority
 * @vcpu: the vCPU
 * @cr8: 0 to 15
 */
void vmx_apic_set_cr8(struct keel_vcpu *vcpu, u64 cr8)
{
	vcpu->cr8 = cr8;
	if (!keel_vcpu_has_lapic(vcpu))
		return;
	/* In any mode of the APIC; its page is for xAPIC mode alone. */
	WRITE_ONCE(*apic_reg(vcpu, APIC_TASKPRI), cr8 << 4);
	vcpu->apic_changed = true;
}

/**
 * vmx_apic_effects - do what a write to the local APIC asks for
 * @vcpu: its VMCS is current
 * @effects: KEEL_LAPIC_*
 * @advance: the write was by an instruction that is to be passed
 *
 * Return: the verdict.  KEEL_EXIT_EOI has been filled in where it is one for user
 * space.
 */
enum keel_verdict vmx_apic_effects(struct keel_vcpu *vcpu, u32 effects, bool advance)
{
	if (effects & KEEL_LAPIC_IPI)
		keel_irq_send(vcpu->vm, &vcpu->lapic.ipi, vcpu);
	if (effects & KEEL_LAPIC_PRIORITY)
		vcpu->apic_changed = true;
	if (effects & KEEL_LAPIC_TIMER)
		start_timer(vcpu);
	if (unlikely(effects & KEEL_LAPIC_NMI))
		take_nmi(vcpu);
	if (unlikely(effects & KEEL_LAPIC_MODE))
		vmx_apic_mode(vcpu);
	if (unlikely(effects & KEEL_LAPIC_EOI)) {
		vcpu->run->eoi = (struct keel_exit_eoi) { .vector = vcpu->lapic.eoi_vector };
		vcpu->run->exit_reason = KEEL_EXIT_EOI;
		return advance ? KEEL_TO_USER_ADVANCE : KEEL_TO_USER;
	}
	return advance ? KEEL_ADVANCE : KEEL_RESUME;
}

/**
 * vmx_apic_rdmsr - read an MSR of the local APIC
 * @vcpu: the vCPU
 * @msr: for which vmx_apic_is_msr()
 * @value: set on success
 *
 * Return: 0 or -EINVAL, which is #GP.
 */
int vmx_apic_rdmsr(struct keel_vcpu *vcpu, u32 msr, u64 *value)
{
	vmx_apic_expire(vcpu);
	return keel_lapic_rdmsr(&vcpu->lapic, msr, keel_guest_tsc(vcpu, rdtsc()), value);
}

/**
 * vmx_apic_wrmsr - write an MSR of the local APIC
 * @vcpu: the vCPU
 * @msr: for which vmx_apic_is_msr()
 * @value: new value
 * @effects: for vmx_apic_effects()
 *
 * Return: 0 or -EINVAL, which is #GP.
 */
int vmx_apic_wrmsr(struct keel_vcpu *vcpu, u32 msr, u64 value, u32 *effects)
{
	if (msr == MSR_IA32_APICBASE && value >> keel_cpuid_guest_phys_bits(&vcpu->cpuid))
		return -EINVAL;
	return keel_lapic_wrmsr(&vcpu->lapic, msr, value, keel_guest_tsc(vcpu, rdtsc()), effects);
}

/** vmx_apic_page - whether an address is in the APIC page, as the guest sees it */
bool vmx_apic_page(const struct keel_vcpu *vcpu, u64 gpa)
{
	const struct keel_lapic *apic = &vcpu->lapic;

	return keel_vcpu_has_lapic(vcpu) && keel_lapic_enabled(apic) &&
		!keel_lapic_x2apic(apic) &&
		((gpa ^ apic->base) & PAGE_MASK) == 0;
}
