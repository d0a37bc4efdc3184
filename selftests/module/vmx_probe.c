// SPDX-License-Identifier: GPL-2.0
/*
 * keel_probe.ko: what tests of keel.ko cannot see or do from user space.
 *
 * It looks at VMX on each CPU without asking Keel, also at moments when no
 * program runs: parameters in /sys/module/keel_probe/parameters are
 *
 *   cpus		each online CPU's state now, in order: "vmx vmx"
 *   offline		the state of the last CPU that went offline, when it went
 *   suspend		the state of the CPU that suspended the host, when it did
 *   take=N		CPU N looks taken by another hypervisor: CR4.VMXE is set
 *			there while this module is loaded
 *   wake=N		in N ms the host wakes, if it sleeps (suspend-to-idle) then
 *
 * and what the other files of this folder show is in debugfs, keel_probe/.
 *
 * A state is "off"; "vmxe", where CR4.VMXE is set; or "vmx", where the CPU is
 * in VMX operation.  Load it before keel.ko: what goes down is told in the
 * reverse order of registration, and the probe has to be told after Keel.
 *
 * Not part of Keel, never installed.  Not for a kernel from 6.19 on.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <linux/sysfs.h>
#include <linux/syscore_ops.h>
#include <linux/workqueue.h>
#include <asm/asm.h>
#include <asm/tlbflush.h>

#include "probe.h"

/* VMPTRST faults on a CPU that is not in VMX operation. */
static bool in_vmx_operation(void)
{
	u64 vmcs;

	asm goto("1: vmptrst %[vmcs]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [vmcs] "m"(vmcs) : "cc", "memory" : fault);
	return true;
fault:
	return false;
}

/* Of this CPU; from the register, not from the kernel's copy of it. */
static const char *vmx_state(void)
{
	if (!(native_read_cr4() & X86_CR4_VMXE))
		return "off";
	return in_vmx_operation() ? "vmx" : "vmxe";
}

static void state_ipi(void *state)
{
	*(const char **)state = vmx_state();
}

static int cpus_get(char *buf, const struct kernel_param *kp)
{
	const char *state, *space = "";
	int cpu, len = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, state_ipi, &state, 1);
		len += sysfs_emit_at(buf, len, "%s%s", space, state);
		space = " ";
	}
	cpus_read_unlock();
	return len + sysfs_emit_at(buf, len, "\n");
}

static const struct kernel_param_ops cpus_ops = { .get = cpus_get };

module_param_cb(cpus, &cpus_ops, NULL, 0444);

static char *offline = "never";
module_param(offline, charp, 0444);

static char *suspend = "never";
module_param(suspend, charp, 0444);

static int take = -1;
module_param(take, int, 0444);

/* The testbed's clock has an alarm, but nothing that it would wake. */
static void wake_now(struct work_struct *unused)
{
	pm_system_wakeup();
}

static DECLARE_DELAYED_WORK(wake_work, wake_now);

static int wake_set(const char *text, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(text, 0, &ms);

	if (!ret)
		schedule_delayed_work(&wake_work, msecs_to_jiffies(ms));
	return ret;
}

static const struct kernel_param_ops wake_ops = { .set = wake_set };

module_param_cb(wake, &wake_ops, NULL, 0200);

static int probe_offline(unsigned int cpu)
{
	offline = (char *)vmx_state();
	return 0;
}

static int probe_suspend(void)
{
	suspend = (char *)vmx_state();
	return 0;
}

static struct syscore_ops probe_syscore_ops = { .suspend = probe_suspend };

static void take_ipi(void *unused)
{
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
}

static void give_ipi(void *unused)
{
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
}

static int hotplug_state;
static struct dentry *probe_dir;

static int __init probe_init(void)
{
	int ret;

	if (take >= 0) {
		ret = smp_call_function_single(take, take_ipi, NULL, 1);
		if (ret)
			return ret;
	}
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "keel_probe",
						  NULL, probe_offline);
	if (hotplug_state < 0) {
		if (take >= 0)
			smp_call_function_single(take, give_ipi, NULL, 1);
		return hotplug_state;
	}
	register_syscore_ops(&probe_syscore_ops);
	probe_dir = debugfs_create_dir("keel_probe", NULL);
	probe_state_init(probe_dir);
	probe_canary_init(probe_dir);
	return 0;
}

static void __exit probe_exit(void)
{
	cancel_delayed_work_sync(&wake_work);
	debugfs_remove(probe_dir);
	probe_canary_exit();
	unregister_syscore_ops(&probe_syscore_ops);
	cpuhp_remove_state_nocalls(hotplug_state);
	if (take >= 0)
		smp_call_function_single(take, give_ipi, NULL, 1);
}

module_init(probe_init);
module_exit(probe_exit);

MODULE_DESCRIPTION("Looks at VMX beside Keel, for its tests");
MODULE_AUTHOR("The Keel developers");
MODULE_LICENSE("GPL");
