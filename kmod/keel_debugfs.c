// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/keel: what a person wants to look at.  Not an ABI.
 *
 * cpus: one line a CPU: its number; off, on or failed; the reason.
 * mitigations: what entries and exits do about speculation.
 */
#include "keel_debugfs.h"

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "host.h"
#include "vmx_cpu.h"

static struct dentry *keel_dir;

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

/** keel_debugfs_init - make the folder; Keel works without it, too */
void keel_debugfs_init(void)
{
	keel_dir = debugfs_create_dir("keel", NULL);
	debugfs_create_file("cpus", 0444, keel_dir, NULL, &cpus_fops);
	debugfs_create_file("mitigations", 0444, keel_dir, NULL, &mitigations_fops);
}

/** keel_debugfs_exit - remove the folder */
void keel_debugfs_exit(void)
{
	debugfs_remove_recursive(keel_dir);
}
