// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/keel: what a person wants to look at.  Not an ABI.
 *
 * cpus: one line a CPU: its number; off, on or failed; the reason.
 * mitigations: what entries and exits do about speculation.
 * allocations: how many of Keel's are not freed yet.
 * fail_alloc: n: the n-th allocation from now on fails, once; 0: none.  For tests.
 */
#include "keel_debugfs.h"

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "host.h"
#include "keel_alloc.h"
#include "vmx_cpu.h"

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

/** keel_debugfs_init - make the folder; Keel works without it, too */
void keel_debugfs_init(void)
{
	keel_dir = debugfs_create_dir("keel", NULL);
	debugfs_create_file("allocations", 0444, keel_dir, NULL, &allocations_fops);
	debugfs_create_atomic_t("fail_alloc", 0600, keel_dir, &keel_alloc_countdown);
	debugfs_create_file("cpus", 0444, keel_dir, NULL, &cpus_fops);
	debugfs_create_file("mitigations", 0444, keel_dir, NULL, &mitigations_fops);
}

/** keel_debugfs_exit - remove the folder */
void keel_debugfs_exit(void)
{
	debugfs_remove_recursive(keel_dir);
}
