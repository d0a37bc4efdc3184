// SPDX-License-Identifier: GPL-2.0
/*
 * VMX operation on the host's CPUs: on with the first user, off with the last,
 * on all online CPUs or on none.
 *
 * The ways in: vmx_get() and a CPU that comes online or wakes up meanwhile.
 * The ways out: vmx_put(), a CPU that goes offline or to sleep, an orderly
 * shutdown, and a crash.  All of them end in cpu_on() and cpu_off() below,
 * which run on the CPU they are about, with interrupts off.
 *
 * VMX operation blocks INIT, and relocating to another kernel clears CR4, which
 * faults in VMX operation.  That is why a crash has to switch it off too.
 *
 * SDM: "Introduction to Virtual Machine Extensions", "Enabling and Entering VMX
 * Operation".  Read vmx_caps.c for what a CPU must offer.
 */
#include "vmx_cpu.h"

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>

#include "keel_alloc.h"
#include "host.h"
#include "vmx_caps.h"
#include "vmx_insn.h"
#include "vmx_vmcs.h"

/**
 * struct vmx_cpu - VMX on one CPU
 * @region: the VMXON region, one page; allocated when the CPU first needs it,
 *	freed with the module
 * @state: what the rest of Keel goes by
 * @owned: this CPU is in VMX operation because of Keel, or is about to be; the
 *	crash path goes by it, so it brackets @state
 * @reason: why @state is VMX_CPU_FAILED; a constant string
 *
 * Written by the CPU itself with interrupts off; @region by its hotplug thread.
 */
struct vmx_cpu {
	void *region;
	enum vmx_cpu_state state;
	bool owned;
	const char *reason;
};

static DEFINE_PER_CPU(struct vmx_cpu, vmx_cpus);

/* Capabilities of all CPUs; [C] after vmx_cpu_init(). */
struct keel_vmx_msrs vmx_caps;

static DEFINE_MUTEX(vmx_lock);
static unsigned int vmx_users;		/* vmx_lock */
static int vmx_hp_state;		/* vmx_lock: our hotplug state while VMX is on */
static bool vmx_down;			/* the host goes down: VMX stays off from now */

static int rdmsr_checked(u32 msr, u64 *value)
{
	return rdmsrl_safe(msr, value);
}

static bool cpu_offers_vmx(void)
{
	/*
	 * Not boot_cpu_has(): the kernel clears its own bit where firmware has
	 * locked VMX off, and the two call for different remedies.
	 */
	return cpuid_ecx(1) & BIT(X86_FEATURE_VMX & 31);
}

static int refuse(struct vmx_cpu *c, int err, const char *reason)
{
	c->reason = reason;
	WRITE_ONCE(c->state, VMX_CPU_FAILED);
	return err;
}

/* Firmware has the first word on VMX; where it said nothing, we say yes. */
static int allow_vmx(struct vmx_cpu *c)
{
	u64 fc;

	if (rdmsrl_safe(MSR_IA32_FEAT_CTL, &fc))
		return refuse(c, -ENODEV,
			      "IA32_FEATURE_CONTROL cannot be read; the hypervisor below does not offer nested VMX");
	if (!(fc & FEAT_CTL_LOCKED)) {
		fc |= FEAT_CTL_LOCKED | FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX;
		if (wrmsrl_safe(MSR_IA32_FEAT_CTL, fc))
			return refuse(c, -ENODEV, "IA32_FEATURE_CONTROL cannot be written");
	}
	if (!(fc & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX))
		return refuse(c, -ENODEV,
			      "firmware has locked VMX off in IA32_FEATURE_CONTROL; switch on 'Intel Virtualization Technology' in the firmware set-up");
	return 0;
}

/* Whether this CPU can do what the one that loaded the module can. */
static int check_cpu(struct vmx_cpu *c)
{
	struct keel_vmx_msrs caps;

	if (!cpu_offers_vmx())
		return refuse(c, -ENODEV, "the CPU has no VMX");
	vmx_caps_read(&caps, rdmsr_checked);
	if (vmx_caps_differ(&caps, &vmx_caps))
		return refuse(c, -ENODEV,
			      "its VMX capabilities differ from those of the CPU that loaded keel.ko ('keel caps' shows which)");
	return allow_vmx(c);
}

static bool fixed_bits_ok(u64 value, u64 fixed0, u64 fixed1)
{
	return (value & fixed0) == fixed0 && !(value & ~fixed1);
}

static void flush_guest_translations(void)
{
	if (vmx_caps.ept_vpid_cap & VMX_EPT_EXTENT_GLOBAL_BIT)
		invept(VMX_EPT_EXTENT_GLOBAL, 0);
	if (vmx_caps_vpid(&vmx_caps) & VMX_VPID_EXTENT_GLOBAL_CONTEXT_BIT)
		invvpid(VMX_VPID_EXTENT_ALL_CONTEXT, 0, 0);
}

static int cpu_on(struct vmx_cpu *c)
{
	int ret;

	lockdep_assert_irqs_disabled();
	if (c->state == VMX_CPU_ON)
		return 0;
	ret = check_cpu(c);
	if (ret)
		return ret;
	if (__read_cr4() & X86_CR4_VMXE)
		return refuse(c, -EBUSY,
			      "VMX is in use by another hypervisor; if that is KVM, stop its virtual machines and unload it: modprobe -r kvm_intel");
	if (!fixed_bits_ok(read_cr0(), vmx_caps.cr0_fixed0, vmx_caps.cr0_fixed1) ||
	    !fixed_bits_ok(__read_cr4() | X86_CR4_VMXE, vmx_caps.cr4_fixed0, vmx_caps.cr4_fixed1))
		return refuse(c, -EIO,
			      "CR0 or CR4 has bits that VMX operation does not allow");

	*(u32 *)c->region = (u32)vmx_caps.basic;
	c->owned = true;
	barrier();	/* a crash from here on must undo what follows */
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
	ret = vmxon(__pa(c->region));
	if (ret) {
		cr4_clear_bits_irqsoff(X86_CR4_VMXE);
		c->owned = false;
		return refuse(c, -EIO, ret == -EFAULT ?
			      "VMXON faulted; a hypervisor below may not offer nested VMX" :
			      "VMXON failed on the VMXON region");
	}
	/* Whoever had VMX before may have left translations behind. */
	flush_guest_translations();
	c->reason = NULL;
	WRITE_ONCE(c->state, VMX_CPU_ON);
	return 0;
}

/*
 * Also runs in an NMI on top of cpu_on() or of itself: whatever it repeats is
 * harmless, and who called cpu_on() looks at vmx_down afterwards.
 */
static void cpu_off(struct vmx_cpu *c)
{
	WRITE_ONCE(c->state, VMX_CPU_OFF);
	barrier();	/* nobody touches a VMCS here from now on */
	vmx_vmcs_clear_cpu();
	flush_guest_translations();
	vmxoff();
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	c->owned = false;
}

static bool cpu_emergency_off(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	bool owned = c->owned;

	WRITE_ONCE(vmx_down, true);
	if (owned)
		cpu_off(c);
	return owned;
}

static void cpu_off_ipi(void *unused)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);

	if (c->owned)
		cpu_off(c);
}

/* Hotplug: in the CPU's own thread, also for the CPUs online at vmx_get(). */
static int vmx_cpu_online(unsigned int cpu)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	int ret;

	if (!c->region)
		c->region = keel_alloc(get_zeroed_page(GFP_KERNEL));
	if (!c->region)
		return -ENOMEM;

	local_irq_disable();
	/* With interrupts off: an IPI of vmx_shutdown() comes before this or after all. */
	ret = READ_ONCE(vmx_down) ? 0 : cpu_on(c);
	/* The NMI of a crash comes at any time, and only once. */
	if (READ_ONCE(vmx_down))
		cpu_off_ipi(NULL);
	local_irq_enable();
	if (ret)
		pr_err_ratelimited("CPU %u: %s\n", cpu, c->reason);
	return ret;
}

static int vmx_cpu_offline(unsigned int cpu)
{
	local_irq_disable();
	cpu_off_ipi(NULL);
	local_irq_enable();
	return 0;
}

static int enable_all(void)
{
	int ret;

	host_emergency_arm();
	/* Rolls back the CPUs before the one that refuses. */
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "x86/keel:online",
				vmx_cpu_online, vmx_cpu_offline);
	if (ret < 0) {
		host_emergency_disarm();
		return ret;
	}
	vmx_hp_state = ret;
	pr_info_ratelimited("VMX on: CPUs %*pbl\n", cpumask_pr_args(cpu_online_mask));
	return 0;
}

static void disable_all(void)
{
	cpuhp_remove_state(vmx_hp_state);
	host_emergency_disarm();
	pr_info_ratelimited("VMX off\n");
}

/**
 * vmx_get - become a user of VMX
 *
 * The first user takes every online CPU into VMX operation; CPUs that come online
 * later follow, or stay offline where they refuse.  May sleep.
 *
 * Return: 0; -EBUSY, -ENODEV, -EIO or -ENOMEM when a CPU refused, after all
 * CPUs are as they were; -ESHUTDOWN when the host is going down.
 */
int vmx_get(void)
{
	int ret = 0;

	mutex_lock(&vmx_lock);
	if (READ_ONCE(vmx_down))
		ret = -ESHUTDOWN;
	else if (!vmx_users)
		ret = enable_all();
	if (!ret)
		vmx_users++;
	mutex_unlock(&vmx_lock);
	return ret;
}

/** vmx_put - stop being a user of VMX; the last one switches it off; may sleep */
void vmx_put(void)
{
	mutex_lock(&vmx_lock);
	if (!--vmx_users)
		disable_all();
	mutex_unlock(&vmx_lock);
}

/**
 * vmx_cpu_ready - whether this CPU can run a guest; preemption off
 *
 * False for a moment while the CPU goes offline or the host goes down, and for
 * good on a CPU that did not come back after sleep.
 */
bool vmx_cpu_ready(void)
{
	return this_cpu_read(vmx_cpus.state) == VMX_CPU_ON;
}

/** vmx_is_down - whether VMX stays off, because the host goes down */
bool vmx_is_down(void)
{
	return READ_ONCE(vmx_down);
}

static void vmx_suspend(void)
{
	cpu_off_ipi(NULL);
}

static void vmx_resume(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);

	/*
	 * Unlocked: user space is frozen, so nobody is in vmx_get() or
	 * vmx_put(), and all other CPUs are offline: none can crash, either.
	 */
	if (vmx_users && !vmx_down && cpu_on(c))
		pr_err("CPU %u after resume: %s\n", smp_processor_id(), c->reason);
}

static void vmx_shutdown(void)
{
	WRITE_ONCE(vmx_down, true);
	on_each_cpu(cpu_off_ipi, NULL, 1);
}

static const struct host_power_ops vmx_power_ops = {
	.suspend = vmx_suspend,
	.resume = vmx_resume,
	.shutdown = vmx_shutdown,
};

struct caps_request {
	struct keel_vmx_msrs *caps;
	int ret;
};

static void read_caps_ipi(void *arg)
{
	struct caps_request *req = arg;

	req->ret = cpu_offers_vmx() ? 0 : -ENODEV;
	if (!req->ret)
		vmx_caps_read(req->caps, rdmsr_checked);
}

/**
 * vmx_cpu_read_caps - read the VMX capability MSRs of one CPU
 * @cpu: host CPU number, any value
 * @caps: filled on success
 *
 * Return: 0; -ENXIO when @cpu is not online; -ENODEV when it has no VMX.
 */
int vmx_cpu_read_caps(unsigned int cpu, struct keel_vmx_msrs *caps)
{
	struct caps_request req = { .caps = caps };
	int ret;

	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	ret = smp_call_function_single(cpu, read_caps_ipi, &req, 1);
	return ret ?: req.ret;
}

/**
 * vmx_cpu_state - how a CPU stands to VMX, for people to read
 * @cpu: a possible CPU
 * @reason: set to why, for VMX_CPU_FAILED; else to NULL
 *
 * Return: the state; may be outdated when the caller looks at it.
 */
enum vmx_cpu_state vmx_cpu_state(unsigned int cpu, const char **reason)
{
	const struct vmx_cpu *c = per_cpu_ptr(&vmx_cpus, cpu);
	enum vmx_cpu_state state = READ_ONCE(c->state);

	*reason = state == VMX_CPU_FAILED ? READ_ONCE(c->reason) : NULL;
	return state;
}

static void check_cpu_ipi(void *arg)
{
	int *ret = arg;

	*ret = check_cpu(this_cpu_ptr(&vmx_cpus));
}

static int check_online_cpus(void)
{
	unsigned int cpu;
	int ret = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (smp_call_function_single(cpu, check_cpu_ipi, &ret, 1))
			continue;
		if (ret) {
			pr_err("CPU %u: %s\n", cpu, per_cpu(vmx_cpus, cpu).reason);
			break;
		}
	}
	cpus_read_unlock();
	return ret;
}

/**
 * vmx_cpu_init - find out what the CPUs offer, without switching anything on
 *
 * Return: 0; -ENODEV when a CPU cannot serve Keel, after a line in the log
 * that says which and why.
 */
int vmx_cpu_init(void)
{
	const char *lack;
	int ret;

	if (!cpu_offers_vmx()) {
		pr_err("this CPU has no VMX (Intel VT-x)\n");
		return -ENODEV;
	}
	vmx_vmcs_init_cpus();
	vmx_caps_read(&vmx_caps, rdmsr_checked);
	lack = vmx_caps_lack(&vmx_caps);
	if (lack) {
		pr_err("VMX of this CPU lacks what Keel needs: %s\n", lack);
		return -ENODEV;
	}
	ret = check_online_cpus();
	if (ret)
		return ret;
	ret = host_emergency_register(cpu_emergency_off);
	if (ret)
		return ret;
	ret = host_power_register(&vmx_power_ops);
	if (ret)
		host_emergency_unregister();
	return ret;
}

/** vmx_cpu_exit - undo vmx_cpu_init(); the last user is gone */
void vmx_cpu_exit(void)
{
	unsigned int cpu;

	host_power_unregister();
	host_emergency_unregister();
	for_each_possible_cpu(cpu)
		free_page((unsigned long)keel_freed(per_cpu(vmx_cpus, cpu).region));
}
