// SPDX-License-Identifier: GPL-2.0
/*
 * Host kernels: their versions, and the symbols that take some thought.
 *
 * Why emergencies are caught here and not by
 * cpu_emergency_register_virt_callback(): that has room for one hypervisor and
 * WARNs at the second, so Keel would make loading kvm_intel a host warning.
 * What is caught instead, all of it exported on each kernel we build for:
 *
 * - smp_ops.crash_stop_other_cpus: a crash kernel is about to be started;
 * - smp_ops.stop_other_cpus: panic() or the end of an orderly shutdown;
 * - a kmsg dumper: panic() on the CPU it runs on, and emergency_restart().
 *
 * The other CPUs are reached by NMI, because they may have interrupts off.
 */
#include "host.h"

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kmsg_dump.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/interrupt.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/irq_vectors.h>
#include <asm/mce.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/nmi.h>
#include <asm/smp.h>

/* How long the crashing CPU waits for the others, microseconds. */
#define EMERGENCY_WAIT_US	100000

static host_emergency_fn emergency_off;		/* [C] while registered */
static bool emergency_armed;			/* there may be something to switch off */
static atomic_t emergency_begun = ATOMIC_INIT(0);
static void (*next_crash_stop)(void);		/* [C] while hooked */
static void (*next_stop)(int wait);		/* [C] while hooked */
static bool smp_ops_hooked;			/* arm and disarm only */
/* CPUs that the emergency NMI has still to reach; only ever set once. */
static struct cpumask emergency_cpus;

static int host_nmi(unsigned int type, struct pt_regs *regs)
{
	/*
	 * The bit, not the VMX state, says whether this NMI is ours: another
	 * NMI may have come first and done the work.
	 */
	if (!cpumask_test_and_clear_cpu(raw_smp_processor_id(), &emergency_cpus))
		return NMI_DONE;
	emergency_off();
	return NMI_HANDLED;
}

static void host_emergency(void)
{
	unsigned long flags;
	int us;

	local_irq_save(flags);
	emergency_off();
	/*
	 * Whether this CPU had anything to switch off says nothing of the
	 * others: it may be on its way online or offline.
	 */
	if (READ_ONCE(emergency_armed) && num_online_cpus() > 1 &&
	    !atomic_xchg(&emergency_begun, 1)) {
		struct cpumask *others = &emergency_cpus;

		cpumask_copy(others, cpu_online_mask);
		cpumask_clear_cpu(raw_smp_processor_id(), others);
		apic->send_IPI_allbutself(NMI_VECTOR);
		for (us = 0; us < EMERGENCY_WAIT_US && !cpumask_empty(others); us++)
			udelay(1);
	}
	local_irq_restore(flags);
}

static void host_crash_stop(void)
{
	host_emergency();
	next_crash_stop();
}

static void host_stop(int wait)
{
	host_emergency();
	next_stop(wait);
}

static void host_kmsg_reason(enum kmsg_dump_reason reason)
{
	/* An oops that the host survives is no reason to stop guests. */
	if (reason == KMSG_DUMP_PANIC || reason == KMSG_DUMP_EMERG)
		host_emergency();
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static void host_kmsg_dump(struct kmsg_dumper *dumper, struct kmsg_dump_detail *detail)
{
	host_kmsg_reason(detail->reason);
}
#else
static void host_kmsg_dump(struct kmsg_dumper *dumper, enum kmsg_dump_reason reason)
{
	host_kmsg_reason(reason);
}
#endif

static struct kmsg_dumper host_dumper = {
	.dump = host_kmsg_dump,
	.max_reason = KMSG_DUMP_EMERG,
};

/**
 * host_emergency_register - be called when the host panics or crashes
 * @off: takes the calling CPU out of VMX operation
 *
 * Takes effect with host_emergency_arm().
 *
 * Return: 0 or a negative errno.
 */
int host_emergency_register(host_emergency_fn off)
{
	int ret;

	emergency_off = off;
	ret = register_nmi_handler(NMI_LOCAL, host_nmi, 0, "keel");
	if (ret)
		return ret;
	ret = kmsg_dump_register(&host_dumper);
	if (ret)
		unregister_nmi_handler(NMI_LOCAL, "keel");
	return ret;
}

/** host_emergency_unregister - undo host_emergency_register() */
void host_emergency_unregister(void)
{
	kmsg_dump_unregister(&host_dumper);
	unregister_nmi_handler(NMI_LOCAL, "keel");
}

/**
 * host_emergency_arm - from now on there may be something to switch off
 *
 * Apart from registering because that waits for RCU, and VMX goes on and off
 * often.  Not to be called twice without host_emergency_disarm() between.
 */
void host_emergency_arm(void)
{
	WRITE_ONCE(emergency_armed, true);
	if (smp_ops_hooked)
		return;		/* below whoever came after us, see disarm */
	next_stop = smp_ops.stop_other_cpus;
	next_crash_stop = smp_ops.crash_stop_other_cpus;
	WRITE_ONCE(smp_ops.stop_other_cpus, host_stop);
	/* Without one the kernel calls stop_other_cpus, which is caught too. */
	if (next_crash_stop)
		WRITE_ONCE(smp_ops.crash_stop_other_cpus, host_crash_stop);
	smp_ops_hooked = true;
}

static bool smp_ops_are_ours(void)
{
	return READ_ONCE(smp_ops.stop_other_cpus) == host_stop &&
		(!next_crash_stop ||
		 READ_ONCE(smp_ops.crash_stop_other_cpus) == host_crash_stop);
}

/**
 * host_emergency_disarm - undo host_emergency_arm()
 *
 * Where somebody took the same hooks after us, they cannot be given back: the
 * module then stays for good, unless it is being unloaded already.
 */
void host_emergency_disarm(void)
{
	WRITE_ONCE(emergency_armed, false);
	if (smp_ops_are_ours()) {
		WRITE_ONCE(smp_ops.stop_other_cpus, next_stop);
		if (next_crash_stop)
			WRITE_ONCE(smp_ops.crash_stop_other_cpus, next_crash_stop);
		smp_ops_hooked = false;
	} else if (try_module_get(THIS_MODULE)) {
		pr_warn_once("another module hooks smp_ops above Keel: keel.ko stays loaded until the host restarts\n");
	} else {
		pr_err("another module hooks smp_ops above Keel, which is being unloaded: a crash of the host will not be orderly\n");
	}
}

static const struct host_power_ops *power_ops;	/* [C] while registered */

static int host_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	power_ops->shutdown();
	return NOTIFY_DONE;
}

static struct notifier_block host_reboot_nb = { .notifier_call = host_reboot };

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
static int host_suspend(void *data)
{
	power_ops->suspend();
	return 0;
}

static void host_resume(void *data)
{
	power_ops->resume();
}

static const struct syscore_ops host_syscore_ops = {
	.suspend = host_suspend,
	.resume = host_resume,
};

static struct syscore host_syscore = { .ops = &host_syscore_ops };
#define host_syscore_register()		register_syscore(&host_syscore)
#define host_syscore_unregister()	unregister_syscore(&host_syscore)
#else
static int host_suspend(void)
{
	power_ops->suspend();
	return 0;
}

static void host_resume(void)
{
	power_ops->resume();
}

static struct syscore_ops host_syscore = {
	.suspend = host_suspend,
	.resume = host_resume,
};

#define host_syscore_register()		register_syscore_ops(&host_syscore)
#define host_syscore_unregister()	unregister_syscore_ops(&host_syscore)
#endif

/**
 * host_power_register - be told when the host sleeps, wakes and goes down
 * @ops: what to call; must stay valid until host_power_unregister()
 *
 * Return: 0 or a negative errno.
 */
int host_power_register(const struct host_power_ops *ops)
{
	int ret;

	power_ops = ops;
	ret = register_reboot_notifier(&host_reboot_nb);
	if (ret)
		return ret;
	host_syscore_register();
	return 0;
}

/** host_power_unregister - undo host_power_register() */
void host_power_unregister(void)
{
	host_syscore_unregister();
	unregister_reboot_notifier(&host_reboot_nb);
}

/* Whether entries clear the L1 data cache, see host_mitigations_init(). */
DEFINE_STATIC_KEY_FALSE(host_l1tf);
/* Filling the cache with these does it where the CPU has no command for it. */
static void *l1d_pages;		/* [C] while the module is loaded; NULL with the command */
#define L1D_ORDER	4
#define L1D_BYTES	(PAGE_SIZE << L1D_ORDER)
#define CACHE_LINE	64

/**
 * host_mitigations_init - see what the host does about speculation
 *
 * The rest of the mitigations are alternatives in vmx_entry.S: the kernel patches
 * them when it loads the module.
 */
void host_mitigations_init(void)
{
	u64 caps = 0;

	if (!boot_cpu_has_bug(X86_BUG_L1TF) || cpu_mitigations_off())
		return;
	rdmsrl_safe(MSR_IA32_ARCH_CAPABILITIES, &caps);
	if (caps & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH)
		return;
	if (!boot_cpu_has(X86_FEATURE_FLUSH_L1D)) {
		l1d_pages = (void *)__get_free_pages(GFP_KERNEL, L1D_ORDER);
		if (!l1d_pages) {
			pr_warn("no memory to flush the L1 data cache with: guests may see host data (L1TF)\n");
			return;
		}
		/* Pages that read as zeros could all be one, from one cache line. */
		memset(l1d_pages, 0x5a, L1D_BYTES);
	}
	static_branch_enable(&host_l1tf);
}

/** host_mitigations_exit - undo host_mitigations_init() */
void host_mitigations_exit(void)
{
	static_branch_disable(&host_l1tf);
	if (l1d_pages)
		free_pages((unsigned long)l1d_pages, L1D_ORDER);
}

/*
 * Interrupt handlers serve anybody, so what they bring into the cache is
 * anybody's.  The kernel notes them for KVM; where it is built without, we cannot
 * know, and each entry flushes.
 */
static bool interrupts_came(void)
{
#if IS_ENABLED(CONFIG_KVM_INTEL)
	bool came = kvm_get_cpu_l1tf_flush_l1d();

	kvm_clear_cpu_l1tf_flush_l1d();
	return came;
#else
	return true;
#endif
}

static void fill_l1d(void)
{
	const u8 *at, *end = l1d_pages + L1D_BYTES;

	/* First the translations: a page walk would evict what is in already. */
	for (at = l1d_pages; at < end; at += PAGE_SIZE)
		READ_ONCE(*at);
	rmb();	/* translations before data */
	for (at = l1d_pages; at < end; at += 8 * CACHE_LINE) {
		READ_ONCE(at[0]);
		READ_ONCE(at[CACHE_LINE]);
		READ_ONCE(at[2 * CACHE_LINE]);
		READ_ONCE(at[3 * CACHE_LINE]);
		READ_ONCE(at[4 * CACHE_LINE]);
		READ_ONCE(at[5 * CACHE_LINE]);
		READ_ONCE(at[6 * CACHE_LINE]);
		READ_ONCE(at[7 * CACHE_LINE]);
	}
	rmb();	/* all of it before the entry */
}

/** __host_flush_l1d - host_flush_l1d() on a CPU that has L1TF */
void __host_flush_l1d(bool *dirty)
{
	if (!interrupts_came() && !*dirty)
		return;
	*dirty = false;
	if (l1d_pages)
		fill_l1d();
	else
		host_wrmsr(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
}

static const char *l1d_flush_name(void)
{
	if (!static_key_enabled(&host_l1tf))
		return "no";
	return l1d_pages ? "conditional, by reading" : "conditional, by command";
}

static bool clears_cpu_buffers(void)
{
#ifdef X86_FEATURE_CLEAR_CPU_BUF_VM
	if (boot_cpu_has(X86_FEATURE_CLEAR_CPU_BUF_VM))
		return true;
#endif
#ifdef X86_FEATURE_CLEAR_CPU_BUF
	return boot_cpu_has(X86_FEATURE_CLEAR_CPU_BUF);
#else
	return false;
#endif
}

static bool barrier_before_user(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	return boot_cpu_has(X86_FEATURE_IBPB_EXIT_TO_USER);
#else
	return false;
#endif
}

/** host_show_mitigations - what is done at entries and exits, for people */
void host_show_mitigations(struct seq_file *m)
{
	const char *rsb = "no";

#ifdef X86_FEATURE_RSB_VMEXIT_LITE
	if (boot_cpu_has(X86_FEATURE_RSB_VMEXIT_LITE))
		rsb = "one entry";
#endif
	if (boot_cpu_has(X86_FEATURE_RSB_VMEXIT))
		rsb = "yes";
	seq_printf(m, "entry, L1D flush: %s\n", l1d_flush_name());
	seq_printf(m, "entry, VERW: %s\n", clears_cpu_buffers() ? "yes" : "no");
	seq_printf(m, "entry, IBPB where another VM ran: %s\n",
		   boot_cpu_has(X86_FEATURE_USE_IBPB) ? "yes" : "no");
	seq_printf(m, "exit, RSB filling: %s\n", rsb);
	seq_printf(m, "exit, SPEC_CTRL: %s\n",
		   boot_cpu_has(X86_FEATURE_KERNEL_IBRS) ? "yes" : "no");
	seq_printf(m, "exit, IBPB before user space: %s\n",
		   barrier_before_user() ? "yes" : "no");
}

/** host_guest_ran - the next return to user space comes after a guest */
void host_guest_ran(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}

/** host_branch_barrier - let one guest's branches not steer another's */
void host_branch_barrier(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	indirect_branch_prediction_barrier();
#else
	if (boot_cpu_has(X86_FEATURE_USE_IBPB))
		wrmsrl(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
#endif
}

/* Not kernel code ran: RCU need not wait for this CPU. */
static void note_guest(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	rcu_virt_note_context_switch();
#else
	rcu_virt_note_context_switch(smp_processor_id());
#endif
}

/**
 * host_take_interrupt - let the host have the interrupt that ended a guest's run
 *
 * Interrupts off, before and after.  A timer tick among them is the guest's time.
 */
void host_take_interrupt(void)
{
	current->flags |= PF_VCPU;
	local_irq_enable();
	/* One instruction, so that STI's shadow is over. */
	asm volatile("nop");
	local_irq_disable();
	current->flags &= ~PF_VCPU;
	note_guest();
}

/* host_interrupt.S */
asmlinkage void host_call_gate(unsigned long entry);

/**
 * host_take_acked_interrupt - the same where the VM exit has acknowledged it
 * @vector: its vector
 *
 * The interrupt controller believes that it is being handled already: so it must
 * be, by its handler in the IDT.
 */
void host_take_acked_interrupt(unsigned int vector)
{
	struct desc_ptr idt;

	store_idt(&idt);
	current->flags |= PF_VCPU;
	host_call_gate(gate_offset((gate_desc *)idt.address + vector));
	current->flags &= ~PF_VCPU;
	note_guest();
}

/**
 * host_posted_vector - the vector that tells a CPU in a guest of posted interrupts
 *
 * Return: the vector, for which the host has a handler; 0 where it has none
 */
unsigned int host_posted_vector(void)
{
#if IS_ENABLED(CONFIG_KVM)
	return POSTED_INTR_VECTOR;
#else
	return 0;
#endif
}

/**
 * host_notify_cpu - interrupt another CPU, which runs a guest
 * @cpu: online, and stays so
 * @posted: with the vector by which the guest's CPU takes posted interrupts over;
 *	a CPU that has just left the guest counts it and does nothing
 */
void host_notify_cpu(int cpu, bool posted)
{
	/* Not called by its name: that is a macro, with a tracepoint in it. */
	void (*reschedule)(int cpu) = smp_ops.smp_send_reschedule;

	if (posted)
		apic->send_IPI(cpu, host_posted_vector());
	else
		reschedule(cpu);
}

/**
 * host_timer_init - make a timer that fires once, in an interrupt
 * @timer: filled in
 * @fn: what it calls
 */
void host_timer_init(struct hrtimer *timer, enum hrtimer_restart (*fn)(struct hrtimer *timer))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = fn;
#endif
}

/**
 * host_take_machine_check - let the host have a machine check of a guest's run
 *
 * As one of user mode: so that memory that went bad under a guest costs the VMM
 * a signal, and not the host a panic.
 */
void host_take_machine_check(void)
{
#ifdef CONFIG_X86_MCE
	struct pt_regs regs = { .cs = 3, .flags = X86_EFLAGS_IF };

	do_machine_check(&regs);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
/*
 * Up to here the kernel's helper notes a pending signal in a vCPU of KVM's.  This
 * one takes the notes of all threads, and nobody reads them.
 */
static struct kvm_run unread_run;
static struct kvm_vcpu unread_vcpu = { .run = &unread_run };
#endif

/**
 * host_do_work - do what host_work_pending() saw; may sleep
 *
 * Return: 0, or -EINTR where a signal is pending.
 */
int host_do_work(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return xfer_to_guest_mode_handle_work();
#else
	return xfer_to_guest_mode_handle_work(&unread_vcpu);
#endif
}

/* One for the module; the kernel's own structure moved behind a pointer in 6.7. */
static const struct host_shrinker_ops *shrinker_ops;

static unsigned long shrinker_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return shrinker_ops->count();
}

static unsigned long shrinker_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	return shrinker_ops->scan(sc->nr_to_scan) ?: SHRINK_STOP;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static struct shrinker *shrinker;
#else
static struct shrinker shrinker = {
	.count_objects = shrinker_count,
	.scan_objects = shrinker_scan,
	.seeks = DEFAULT_SEEKS,
};
#endif

/**
 * host_shrinker_register - offer the host a cache to make smaller
 * @ops: see there
 *
 * Return: 0 or -ENOMEM.
 */
int host_shrinker_register(const struct host_shrinker_ops *ops)
{
	shrinker_ops = ops;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker = shrinker_alloc(0, "keel-shadow");
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = shrinker_count;
	shrinker->scan_objects = shrinker_scan;
	shrinker_register(shrinker);
	return 0;
#else
	return register_shrinker(&shrinker, "keel-shadow");
#endif
}

/** host_shrinker_unregister - undo host_shrinker_register(); may sleep */
void host_shrinker_unregister(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(shrinker);
#else
	unregister_shrinker(&shrinker);
#endif
}
