// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/keel: what a person wants to look at.  Not an ABI.
 *
 * cpus: one line a CPU: its number; off, on or failed; the reason.
 * mitigations: what entries and exits do about speculation.
 * allocations: how many of Keel's are not freed yet.
 * memory: what a VM and a vCPU take of the host's memory, by kind, in bytes.
 * users: a line for each who has VMs: uid, VMs, vCPUs, KiB of page tables and dirty logs.
 * stats: the counters of all vCPUs, see keel_stats.c.
 * entry_checks: what the parameter check_entry has found, see vmx_entry_check.c.
 * fail_alloc: n: the n-th allocation from now on fails, once; 0: none.  For tests.
 */
#include "keel_debugfs.h"

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/seq_file.h>

#include "host.h"
#include "keel_alloc.h"
#include "keel_stats.h"
#include "keel_user.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_entry_check.h"
#include "vmx_section.h"

static struct dentry *keel_dir;

atomic_t keel_alloc_countdown = ATOMIC_INIT(0);
atomic_long_t keel_alloc_live = ATOMIC_LONG_INIT(0);

static int cpus_show(struct seq_file *m, void *unused)
{
	static const char * const names[] = {
		[VMX_CPU_OFF] = "off",
		[VMX_CPU_ON] = "on",
		[VMX_CPU_FAILED] = "failed",
	};
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const char *reason;
		enum vmx_cpu_state state = vmx_cpu_state(cpu, &reason);

		seq_printf(m, "%u %s%s%s\n", cpu, names[state],
			   reason ? ": " : "", reason ?: "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpus);

static int mitigations_show(struct seq_file *m, void *unused)
{
	host_show_mitigations(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mitigations);

static int allocations_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%ld\n", atomic_long_read(&keel_alloc_live));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(allocations);

/*
 * Without what grows with the guest's memory, and what the kernel has for the
 * descriptors.  Where there are no local APICs, the last ones of each are not there.
 */
static int memory_show(struct seq_file *m, void *unused)
{
	const struct {
		const char *kind;
		size_t bytes;
	} kinds[] = {
		/* kmalloc() rounds up to powers of two. */
		{ "VM, struct keel_vm", roundup_pow_of_two(sizeof(struct keel_vm)) },
		{ "VM, EPT root", PAGE_SIZE },
		{ "VM, APIC-access page", PAGE_SIZE },
		{ "vCPU, struct keel_vcpu", roundup_pow_of_two(sizeof(struct keel_vcpu)) },
		{ "vCPU, run page and data", KEEL_RUN_SIZE },
		{ "vCPU, VMCS", PAGE_SIZE },
		{ "vCPU, MSR bitmaps", PAGE_SIZE },
		{ "vCPU, FPU", roundup_pow_of_two(vmx_xsave_size) },
		{ "vCPU, local APIC registers", PAGE_SIZE },
		{ "vCPU, posted interrupts", PAGE_SIZE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		seq_printf(m, "%s: %zu\n", kinds[i].kind, kinds[i].bytes);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memory);

static int stats_show(struct seq_file *m, void *unused)
{
	keel_stats_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int users_show(struct seq_file *m, void *unused)
{
	keel_users_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(users);

static int entry_checks_show(struct seq_file *m, void *unused)
{
	vmx_entry_checks_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(entry_checks);

/** keel_debugfs_init - make the folder; Keel works without it, too */
void keel_debugfs_init(void)
{
	keel_dir = debugfs_create_dir("keel", NULL);
	debugfs_create_file("allocations", 0444, keel_dir, NULL, &allocations_fops);
	debugfs_create_atomic_t("fail_alloc", 0600, keel_dir, &keel_alloc_countdown);
	debugfs_create_file("cpus", 0444, keel_dir, NULL, &cpus_fops);
	debugfs_create_file("entry_checks", 0444, keel_dir, NULL, &entry_checks_fops);
	debugfs_create_file("memory", 0444, keel_dir, NULL, &memory_fops);
	debugfs_create_file("stats", 0444, keel_dir, NULL, &stats_fops);
	debugfs_create_file("users", 0444, keel_dir, NULL, &users_fops);
	debugfs_create_file("mitigations", 0444, keel_dir, NULL, &mitigations_fops);
}

/** keel_debugfs_exit - remove the folder */
void keel_debugfs_exit(void)
{
	debugfs_remove_recursive(keel_dir);
}
