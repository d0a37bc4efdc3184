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
#include <linux/kmsg_dump.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
#include <asm/apic.h>
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
