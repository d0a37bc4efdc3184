// SPDX-License-Identifier: GPL-2.0
/*
 * What this host can give guests by CPUID: joins the pure code in keel_cpuid*.c
 * with the CPU that we are on and the kind of VM.
 */
#include "keel_host_cpuid.h"

#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "keel_alloc.h"
#include "keel_cpuid_policy.h"
#include "keel_log.h"
#include "keel_tsc.h"
#include "keel_vm.h"
#include "vmx_section.h"
#include "vmx_setup.h"

static void execute_cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	cpuid_count(leaf, subleaf, &out[0], &out[1], &out[2], &out[3]);
}

/* For a VM without local APICs, whose TSC is the host's; [C] after init. */
static struct keel_cpuid_host host = { .cpuid = execute_cpuid };

/*
 * KVM's clock is worth telling of only where one conversion holds for good and on
 * all CPUs.  The guest then reads the TSC alone, and never asks again.
 */
static bool tsc_is_good(void)
{
	return !check_tsc_unstable() && boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
		boot_cpu_has(X86_FEATURE_NONSTOP_TSC);
}

/** keel_host_cpuid_init - after vmx_setup_init() and vmx_section_init() */
void keel_host_cpuid_init(void)
{
	host.xcr0 = vmx_guest_xcr0;
	host.phys_bits = keel_mem_phys_bits();
	/* Machine checks with no banks: they are the host's to handle. */
	host.offers = KEEL_CPUID_MTRR | KEEL_CPUID_MCE;
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		host.offers |= KEEL_CPUID_RDTSCP;
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_INVPCID)
		host.offers |= KEEL_CPUID_INVPCID;
}

/**
 * keel_host_cpuid - what CPUID can say in a kind of VM on this host
 * @vm_flags: KEEL_VM_*
 * @tsc_khz: frequency of the guest's TSC, in kHz; 0: not known
 *
 * Return: by value, as it is seldom wanted
 */
struct keel_cpuid_host keel_host_cpuid(u32 vm_flags, u32 tsc_khz)
{
	struct keel_cpuid_host kind = host;

	kind.tsc_khz = tsc_khz;
	if (!(keel_vm_flags(vm_flags) & KEEL_VM_SHADOW))
		kind.offers |= KEEL_CPUID_EPT;
	if (vm_flags & KEEL_VM_LAPIC)
		kind.offers |= KEEL_CPUID_LAPIC;
	/* A clocksource watchdog may find out about the TSC at any time. */
	if (tsc_khz && tsc_is_good())
		kind.offers |= KEEL_CPUID_CLOCK;
	if (IS_ENABLED(CONFIG_SCHED_INFO))
		kind.offers |= KEEL_CPUID_STEAL;
	return kind;
}

static struct keel_cpuid_leaf *supported(u32 *nr, const struct keel_cpuid_host *kind)
{
	struct keel_cpuid_leaf *leaves;
	int ret;

	*nr = KEEL_MAX_CPUID;
	leaves = keel_alloc(kcalloc(*nr, sizeof(*leaves), GFP_KERNEL_ACCOUNT));
	if (!leaves)
		return ERR_PTR(-ENOMEM);
	ret = keel_cpuid_supported(leaves, nr, kind);
	if (!ret)
		return leaves;
	kfree(keel_freed(leaves));
	return ERR_PTR(ret);
}

/**
 * keel_host_cpuid_default - what a vCPU says before KEEL_SET_CPUID
 * @table: filled in
 * @vm: its VM
 *
 * Return: 0 or -ENOMEM.
 */
int keel_host_cpuid_default(struct keel_cpuid_table *table, const struct keel_vm *vm)
{
	struct keel_cpuid_host kind = keel_host_cpuid(vm->flags, vm->tsc_khz);
	struct keel_cpuid_bad bad = {};
	struct keel_cpuid_leaf *leaves;
	u32 nr;
	int ret;

	leaves = supported(&nr, &kind);
	if (IS_ERR(leaves))
		return PTR_ERR(leaves);
	ret = keel_cpuid_set(table, leaves, nr, &kind, &bad);
	WARN_ONCE(ret, "keel: our own CPUID leaf 0x%x is refused: %s\n", bad.leaf, bad.why);
	kfree(keel_freed(leaves));
	return ret;
}

/**
 * keel_get_supported_cpuid - KEEL_GET_SUPPORTED_CPUID
 * @unused: the device has no object
 * @arg: struct keel_cpuid
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_get_supported_cpuid(void *unused, void *arg)
{
	struct keel_cpuid *args = arg;
	struct keel_cpuid_leaf *leaves;
	struct keel_cpuid_host kind;
	u32 khz = args->tsc_khz, nr;
	u64 multiplier;
	long ret;

	if (args->flags & ~KEEL_VM_FLAGS)
		return keel_refuse(-EINVAL,
				   "KEEL_GET_SUPPORTED_CPUID: VM flags 0x%x are not known",
				   args->flags);
	ret = keel_tsc_choose("KEEL_GET_SUPPORTED_CPUID", &khz, &multiplier);
	if (ret)
		return ret;
	kind = keel_host_cpuid(args->flags, khz);
	leaves = supported(&nr, &kind);
	if (IS_ERR(leaves))
		return PTR_ERR(leaves);
	if (args->nr < nr)
		ret = keel_refuse(-E2BIG,
				  "KEEL_GET_SUPPORTED_CPUID: room for %u leaves, %u are needed",
				  args->nr, nr);
	else if (copy_to_user(u64_to_user_ptr(args->leaves), leaves, nr * sizeof(*leaves)))
		ret = -EFAULT;
	args->nr = nr;
	kfree(keel_freed(leaves));
	return ret;
}
