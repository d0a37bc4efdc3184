// SPDX-License-Identifier: GPL-2.0
/*
 * keel_poke.ko: what Keel's ABI keeps out of a VMCS, put there for one entry.
 *
 * /dev/keel_poke, for root alone and opened by one program at a time: write() takes
 * changes to fields of the VMCS, which are made when the writer's thread next enters a
 * guest, and unmade right after the exit; where the CPU refuses the entry, when
 * KEEL_RUN is about to say so.  It listens to Keel's tracepoints and changes nothing of
 * keel.ko.  read() gives memory to point fields at.
 *
 * NOTHING is checked: controls and host state that the CPU takes but should not be can
 * take the host down.  The writer sees to it that such an entry is refused, or exits at
 * once.  One CPU only, so that the VMCS stays where it is.
 *
 * Not part of Keel, never installed.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/vmx.h>

#include "keel_poke.h"

#define FIELD_TYPE(field)	(((field) >> 10) & 3)	/* SDM, "VMCS Component Encoding" */
#define TYPE_CONTROL		0
#define EXIT_FAILED		BIT(31)

/* What is to be changed and what has been; by the thread that opened the file. */
static struct {
	struct task_struct *task;
	unsigned int nr;			/* for the next entry */
	unsigned int done;			/* made, and not unmade */
	bool kick;
	struct keel_poke want[KEEL_POKE_MAX];
	u64 before[KEEL_POKE_MAX];
	u64 after[KEEL_POKE_MAX];
} poke;

static struct keel_poke_pages pages;
static struct irq_work kick;

/* Keel's tracepoints, while it is loaded; [M] below. */
static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} points[3];

static struct module *keel;			/* [M] */
static DEFINE_MUTEX(mutex);			/* [M] */

static u64 field_get(u32 field)
{
	u64 value = 0;

	asm volatile("vmread %1, %0" : "+r"(value) : "r"((u64)field) : "cc");
	return value;
}

static void field_put(u32 field, u64 value)
{
	asm volatile("vmwrite %1, %0" : : "r"((u64)field), "rm"(value) : "cc");
}

static u64 own_vmcs(void)
{
	u64 vmcs;

	asm volatile("vmptrst %0" : "=m"(vmcs) : : "cc", "memory");
	return vmcs;
}

static u64 changed(const struct keel_poke *p, u64 before)
{
	switch (p->op) {
	case KEEL_POKE_XOR:
		return before ^ p->value;
	case KEEL_POKE_OR:
		return before | p->value;
	case KEEL_POKE_OWN:
		return own_vmcs() + p->value;
	default:
		return p->value;
	}
}

static void probe_entry(void *unused, u32 vm, u32 vcpu, u64 rip, u32 info, u32 error_code)
{
	unsigned int i;

	if (current != poke.task || !poke.nr)
		return;
	poke.done = 0;	/* of a KEEL_RUN that ended without a word */
	poke.kick = false;
	for (i = 0; i < poke.nr; i++) {
		const struct keel_poke *p = &poke.want[i];

		if (p->op == KEEL_POKE_KICK) {
			poke.kick = true;
			irq_work_queue(&kick);
			continue;
		}
		poke.before[i] = field_get(p->field);
		field_put(p->field, changed(p, poke.before[i]));
		poke.after[i] = field_get(p->field);
	}
	poke.done = poke.nr;
	poke.nr = 0;
}

/*
 * Controls become what they were.  Of the rest, what the guest's exit or Keel has set
 * stays.  The event for injection is gone in either case.
 */
static void unmake(void)
{
	unsigned int i = poke.done;

	while (i--) {
		const struct keel_poke *p = &poke.want[i];

		if (p->op == KEEL_POKE_KICK || p->field == VM_ENTRY_INTR_INFO_FIELD)
			continue;
		if (FIELD_TYPE(p->field) == TYPE_CONTROL || field_get(p->field) == poke.after[i])
			field_put(p->field, poke.before[i]);
	}
	poke.done = 0;
}

static void probe_exit(void *unused, u32 vm, u32 vcpu, u32 reason, u64 rip, u64 qualification,
		       u64 gpa, u32 info, u32 error_code, u32 insn_len)
{
	/* Why an entry failed is still to be found out. */
	if (current != poke.task || !poke.done || (reason & EXIT_FAILED))
		return;
	if (poke.kick)
		set_thread_flag(TIF_SIGPENDING);
	unmake();
}

static void probe_user_exit(void *unused, u32 vm, u32 vcpu, u32 user_reason, u32 reason)
{
	if (current == poke.task && poke.done)
		unmake();
}

static void kicked(struct irq_work *work)
{
}

static void stop(unsigned int nr)
{
	while (nr--)
		tracepoint_probe_unregister(points[nr].tp, points[nr].probe, NULL);
	tracepoint_synchronize_unregister();
	module_put(keel);
}

static int start(void)
{
	unsigned int i;
	int ret;

	if (!keel || !try_module_get(keel))
		return -ENXIO;
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		ret = -ENXIO;
		if (points[i].tp)
			ret = tracepoint_probe_register(points[i].tp, points[i].probe, NULL);
		if (ret) {
			stop(i);
			return ret;
		}
	}
	return 0;
}

static int poke_open(struct inode *inode, struct file *file)
{
	int ret = -EBUSY;

	mutex_lock(&mutex);
	if (!poke.task) {
		ret = start();
		if (!ret)
			poke.task = current;
	}
	mutex_unlock(&mutex);
	return ret;
}

static int poke_release(struct inode *inode, struct file *file)
{
	mutex_lock(&mutex);
	poke.task = NULL;
	poke.nr = 0;
	stop(ARRAY_SIZE(points));
	mutex_unlock(&mutex);
	return 0;
}

static ssize_t poke_write(struct file *file, const char __user *buf, size_t bytes, loff_t *pos)
{
	if (current != poke.task)
		return -EPERM;
	if (bytes > sizeof(poke.want) || bytes % sizeof(*poke.want))
		return -EINVAL;
	poke.nr = 0;
	if (copy_from_user(poke.want, buf, bytes))
		return -EFAULT;
	poke.nr = bytes / sizeof(*poke.want);
	return bytes;
}

static ssize_t poke_read(struct file *file, char __user *buf, size_t bytes, loff_t *pos)
{
	if (bytes < sizeof(pages))
		return -EINVAL;
	return copy_to_user(buf, &pages, sizeof(pages)) ? -EFAULT : sizeof(pages);
}

static const struct file_operations poke_fops = {
	.owner = THIS_MODULE,
	.open = poke_open,
	.release = poke_release,
	.write = poke_write,
	.read = poke_read,
};

static struct miscdevice poke_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keel_poke",
	.mode = 0600,
	.fops = &poke_fops,
};

/* Also told of the modules that are loaded already. */
static int modules_change(struct notifier_block *nb, unsigned long event, void *data)
{
	struct tp_module *tp_mod = data;
	struct module *mod = tp_mod->mod;
	unsigned int i, j;

	if (strcmp(mod->name, "keel"))
		return NOTIFY_OK;
	mutex_lock(&mutex);
	keel = event == MODULE_STATE_COMING ? mod : NULL;
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		points[i].tp = NULL;
		for (j = 0; keel && j < mod->num_tracepoints; j++) {
			struct tracepoint *tp = tracepoint_ptr_deref(&mod->tracepoints_ptrs[j]);

			if (!strcmp(tp->name, points[i].name))
				points[i].tp = tp;
		}
	}
	mutex_unlock(&mutex);
	return NOTIFY_OK;
}

static struct notifier_block modules_nb = { .notifier_call = modules_change };

static void free_pages_of_ours(void)
{
	const u64 all[] = { pages.zero, pages.scratch, pages.vmcs, pages.shadow_vmcs };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i])
			free_page((unsigned long)__va(all[i]));
}

static int make_page(u64 *address, u32 head)
{
	u32 *page = (u32 *)get_zeroed_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	*page = head;
	*address = __pa(page);
	return 0;
}

static int __init poke_init(void)
{
	u64 basic;
	u32 revision;
	int ret;

	if (num_online_cpus() > 1)
		return -EBUSY;
	if (rdmsrl_safe(MSR_IA32_VMX_BASIC, &basic))
		return -ENODEV;
	revision = basic & GENMASK(30, 0);
	init_irq_work(&kick, kicked);
	points[0].name = "keel_entry";
	points[0].probe = probe_entry;
	points[1].name = "keel_exit";
	points[1].probe = probe_exit;
	points[2].name = "keel_user_exit";
	points[2].probe = probe_user_exit;

	ret = make_page(&pages.zero, 0);
	if (!ret)
		ret = make_page(&pages.scratch, 0);
	if (!ret)
		ret = make_page(&pages.vmcs, revision);
	if (!ret)
		ret = make_page(&pages.shadow_vmcs, revision | BIT(31));
	if (!ret)
		ret = register_tracepoint_module_notifier(&modules_nb);
	if (ret) {
		free_pages_of_ours();
		return ret;
	}
	ret = misc_register(&poke_dev);
	if (ret) {
		unregister_tracepoint_module_notifier(&modules_nb);
		free_pages_of_ours();
	}
	return ret;
}

static void __exit poke_exit(void)
{
	misc_deregister(&poke_dev);
	unregister_tracepoint_module_notifier(&modules_nb);
	irq_work_sync(&kick);
	free_pages_of_ours();
}

module_init(poke_init);
module_exit(poke_exit);

MODULE_DESCRIPTION("Changes a VMCS of Keel's for one entry, for its tests");
MODULE_AUTHOR("The Keel developers");
MODULE_LICENSE("GPL");
