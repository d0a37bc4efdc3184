// SPDX-License-Identifier: GPL-2.0
/*
 * What this host can give guests by CPUID: joins the pure code in keel_cpuid*.c
 * with the CPU that we are on.
 */
#include "keel_host_cpuid.h"

#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor.h>

#include "keel_alloc.h"
#include "keel_log.h"
#include "keel_mem.h"
#include "vmx_section.h"
#include "vmx_setup.h"

static void execute_cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	cpuid_count(leaf, subleaf, &out[0], &out[1], &out[2], &out[3]);
}

static struct keel_cpuid_host host = { .cpuid = execute_cpuid };

/** keel_host_cpuid_init - after vmx_setup_init() and vmx_section_init() */
void keel_host_cpuid_init(void)
{
	host.xcr0 = vmx_guest_xcr0;
	host.phys_bits = keel_mem_phys_bits();
	host.offers = KEEL_CPUID_EPT | KEEL_CPUID_MTRR;
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP)
		host.offers |= KEEL_CPUID_RDTSCP;
	if (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_INVPCID)
		host.offers |= KEEL_CPUID_INVPCID;
}

/** keel_host_cpuid - the host's part of what CPUID can say */
const struct keel_cpuid_host *keel_host_cpuid(void)
{
	return &host;
}

static struct keel_cpuid_leaf *supported(u32 *nr)
{
	struct keel_cpuid_leaf *leaves;
	int ret;

	*nr = KEEL_MAX_CPUID;
	leaves = keel_alloc(kcalloc(*nr, sizeof(*leaves), GFP_KERNEL_ACCOUNT));
	if (!leaves)
		return ERR_PTR(-ENOMEM);
	ret = keel_cpuid_supported(leaves, nr, &host);
	if (!ret)
		return leaves;
	kfree(keel_freed(leaves));
	return ERR_PTR(ret);
}

/**
 * keel_host_cpuid_default - what a vCPU says before KEEL_SET_CPUID
 * @table: filled in
 *
 * Return: 0 or -ENOMEM.
 */
int keel_host_cpuid_default(struct keel_cpuid_table *table)
{
	struct keel_cpuid_bad bad = {};
	struct keel_cpuid_leaf *leaves;
	u32 nr;
	int ret;

	leaves = supported(&nr);
	if (IS_ERR(leaves))
		return PTR_ERR(leaves);
	ret = keel_cpuid_set(table, leaves, nr, &host, &bad);
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
	long ret = 0;
	u32 nr;

	leaves = supported(&nr);
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
