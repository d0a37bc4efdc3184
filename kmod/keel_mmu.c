// SPDX-License-Identifier: GPL-2.0
/* Which paging modes a VM has, and what shadow paging asks of guest memory. */
#include "keel_mmu.h"

#include <linux/cpu.h>
#include <linux/moduleparam.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "keel_mem.h"
#include "shadow_shrink.h"
#include "vmx_caps.h"

static unsigned int shadow_pages = 4096;
module_param(shadow_pages, uint, 0644);
MODULE_PARM_DESC(shadow_pages,
		 "most shadow page tables of a VM; each takes 12 KiB (default: 4096)");

/* As many as the counters of tables in a region have room for; 768 MiB of them. */
#define SHADOW_PAGES_MOST	65535U

static struct keel_mem *mem_of(struct shadow *s)
{
	return container_of(s, struct keel_mem, mmu.shadow);
}

static int read_guest(struct shadow *s, u64 gpa, void *buf, unsigned int bytes)
{
	int ret;

	pagefault_disable();
	ret = bytes <= 8 ? keel_mem_read_entry(mem_of(s), gpa, buf, bytes) :
		keel_mem_read(mem_of(s), gpa, buf, bytes);
	pagefault_enable();
	return ret;
}

/* With the lock held: vCPUs that wait for it do so with interrupts on. */
static void flush_cpus(struct shadow *s, bool taken)
{
	struct keel_mem *mem = mem_of(s);

	if (taken)
		keel_mem_raise_gen(mem);
	if (mem->flushed == mem->gen)
		return;
	smp_mb();	/* @gen before who is in the guest; see keel_mem_ops */
	mem->ops->flush(mem);
	mem->flushed = mem->gen;
}

static const struct shadow_ops shadow_ops = {
	.read = read_guest,
	.flush = flush_cpus,
};

/**
 * keel_mmu_init - make translations without content
 * @mmu: zeroed; in struct keel_mem
 * @caps: VMX capabilities of all CPUs
 * @shadow: with shadow page tables; must be true where the CPU has no EPT
 *
 * May sleep.  keel_mmu_free() takes what it leaves in any case.
 *
 * Return: 0, or -ENOMEM.
 */
int keel_mmu_init(struct keel_mmu *mmu, const struct keel_vmx_msrs *caps, bool shadow)
{
	/* A guest that executes a page in two sizes stops such a machine. */
	bool nx_large = boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) && !cpu_mitigations_off();
	int ret;

	if (vmx_caps_features(caps) & KEEL_FEATURE_EPT) {
		ret = ept_init(&mmu->ept, caps, nx_large);
		if (ret)
			return ret;
	}
	if (!shadow)
		return 0;
	ret = shadow_init(&mmu->shadow, &shadow_ops,
			  clamp(READ_ONCE(shadow_pages), (unsigned int)SHADOW_MIN_PAGES,
				SHADOW_PAGES_MOST),
			  boot_cpu_has(X86_FEATURE_GBPAGES) ? 3 : 2, nx_large);
	if (!ret)
		shadow_shrink_add(mem_of(&mmu->shadow));
	return ret;
}

/**
 * keel_mmu_free - free what keel_mmu_init() and keel_mmu_map() made
 * @mmu: everything was zapped; half made, or zeros, is fine
 */
void keel_mmu_free(struct keel_mmu *mmu)
{
	shadow_shrink_remove(mem_of(&mmu->shadow));
	shadow_free(&mmu->shadow);
	ept_free(&mmu->ept);
	table_pages_free(&mmu->stock);
}
