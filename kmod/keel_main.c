// SPDX-License-Identifier: GPL-2.0
/*
 * keel.ko: loading, unloading and /dev/keel.
 *
 * Reading order: this file, keel_ioctl.c (how a call comes in), keel_vm.c (what
 * it makes), vmx_cpu.c (how VMX gets switched on), vmx_caps.c, host.c.
 */
#include <linux/fs.h>
#include <linux/keel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <asm/tsc.h>

#include "host.h"
#include "keel_debugfs.h"
#include "keel_host_cpuid.h"
#include "keel_ioctl.h"
#include "keel_log.h"
#include "keel_vm.h"
#include "vmx_caps.h"
#include "shadow_shrink.h"
#include "vmx_cpu.h"
#include "vmx_entry_check.h"
#include "vmx_section.h"
#include "vmx_setup.h"

static bool vmx_on;
module_param(vmx_on, bool, 0444);
MODULE_PARM_DESC(vmx_on, "keep VMX switched on from load to unload, not just while VMs exist");

static long keel_get_info(void *unused, void *arg)
{
	struct keel_info *info = arg;
	int ret = 0;

	if (info->reserved)
		return keel_refuse(-EINVAL,
				   "KEEL_GET_INFO: reserved is 0x%x, must be zero",
				   info->reserved);
	if (info->cpu == KEEL_CPU_ALL)
		info->msrs = vmx_caps;
	else
		ret = vmx_cpu_read_caps(info->cpu, &info->msrs);
	if (ret == -ENODEV)
		return keel_refuse(ret, "KEEL_GET_INFO: CPU %u has no VMX", info->cpu);
	if (ret)
		return keel_refuse(ret,
				   "KEEL_GET_INFO: CPU %u is not online; /sys/devices/system/cpu/online lists those that are",
				   info->cpu);
	info->abi_version = KEEL_ABI_VERSION;
	info->features = vmx_caps_features(&info->msrs);
	info->run_size = KEEL_RUN_SIZE;
	info->xsave_size = vmx_xsave_size;
	info->supported_xcr0 = vmx_guest_xcr0;
	info->phys_bits = keel_mem_phys_bits();
	info->tsc_khz = tsc_khz;
	return 0;
}

/* Why there are no guests on this host, 0 where there are; [C] after init. */
static int no_guests;

static int check_guests(const char *call)
{
	if (!no_guests)
		return 0;
	return keel_refuse(no_guests,
			   "%s: this CPU cannot run guests today: 'dmesg | grep keel' says what it lacks",
			   call);
}

static long create_vm(void *unused, void *arg)
{
	return check_guests("KEEL_CREATE_VM") ?: keel_vm_create(unused, arg);
}

static long get_cpuid(void *unused, void *arg)
{
	return check_guests("KEEL_GET_SUPPORTED_CPUID") ?: keel_get_supported_cpuid(unused, arg);
}

static const struct keel_ioctl_op keel_dev_ops[] = {
	KEEL_IOCTL(KEEL_GET_INFO, struct keel_info, msrs, keel_get_info, true),
	KEEL_IOCTL(KEEL_CREATE_VM, struct keel_create_vm, flags, create_vm, false),
	KEEL_IOCTL(KEEL_GET_SUPPORTED_CPUID, struct keel_cpuid, leaves, get_cpuid, true),
};

static long keel_dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return keel_ioctl(keel_dev_ops, ARRAY_SIZE(keel_dev_ops), NULL, cmd, arg);
}

static const struct file_operations keel_dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = keel_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice keel_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keel",
	.mode = 0660,
	.fops = &keel_dev_fops,
};

/* How far keel_init() came; what comes later is undone first. */
static enum { NOTHING, CPUS, SHRINKER, VMX, DEVICE } keel_up;

static void keel_teardown(void)
{
	switch (keel_up) {
	case DEVICE:
		misc_deregister(&keel_dev);
		fallthrough;
	case VMX:
		keel_debugfs_exit();
		if (vmx_on)
			vmx_put();
		fallthrough;
	case SHRINKER:
		shadow_shrink_exit();
		fallthrough;
	case CPUS:
		host_mitigations_exit();
		vmx_cpu_exit();
		fallthrough;
	case NOTHING:
		break;
	}
}

static int __init keel_start(void)
{
	int ret;

	ret = vmx_cpu_init();
	if (ret)
		return ret;
	keel_up = CPUS;
	host_mitigations_init();
	no_guests = vmx_setup_init();
	vmx_section_init();
	vmx_entry_check_init();
	keel_host_cpuid_init();
	ret = shadow_shrink_init();
	if (ret)
		return ret;
	keel_up = SHRINKER;
	ret = vmx_on ? vmx_get() : 0;
	if (ret)
		return ret;
	keel_up = VMX;
	keel_debugfs_init();
	/* Last: from here on there are callers. */
	ret = misc_register(&keel_dev);
	if (!ret)
		keel_up = DEVICE;
	return ret;
}

static int __init keel_init(void)
{
	int ret = keel_start();

	if (ret)
		keel_teardown();
	return ret;
}

static void __exit keel_exit(void)
{
	keel_teardown();
}

module_init(keel_init);
module_exit(keel_exit);

MODULE_DESCRIPTION("Keel, a hypervisor for Intel VMX");
MODULE_AUTHOR("The Keel developers");
MODULE_LICENSE("GPL");
