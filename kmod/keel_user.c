// SPDX-License-Identifier: GPL-2.0
/*
 * What one user may have of the host: VMs, vCPUs, and the kernel's memory for page
 * tables and dirty logs of all his VMs.
 *
 * All that Keel allocates for a caller is charged to the caller's memory cgroup, which
 * bounds it where the host's owner has said so.  The limits here hold on any host, and
 * are needed: the OOM killer does not see whose the kernel's memory is, and would
 * take others for it.
 *
 * A user is a real uid.  Who is in a user namespace counts as the one who made the
 * outermost, since each of the thousands of uids that one user can have there would
 * have limits of its own else.  CAP_SYS_RESOURCE lifts the limits, as it does those of
 * setrlimit(2), pipes and message queues; what it lets pass is counted all the same.
 */
#include "keel_user.h"

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "keel_alloc.h"
#include "keel_log.h"

static unsigned int max_vms_per_user = 64;
module_param(max_vms_per_user, uint, 0644);
MODULE_PARM_DESC(max_vms_per_user,
		 "most VMs that a user without CAP_SYS_RESOURCE can have (default: 64)");

static unsigned int max_vcpus_per_user = 512;
module_param(max_vcpus_per_user, uint, 0644);
MODULE_PARM_DESC(max_vcpus_per_user,
		 "most vCPUs of all VMs of such a user (default: 512)");

static unsigned int max_table_mib_per_user;
module_param(max_table_mib_per_user, uint, 0644);
MODULE_PARM_DESC(max_table_mib_per_user,
		 "most memory for page tables and dirty logs of all VMs of such a user, in MiB (default: 0, an eighth of the host's memory)");

/**
 * struct keel_user - a user who has VMs
 * @list: in the list of all
 * @uid: whose they are [C]
 * @vms: how many, never 0: the last one takes the user with it; users_lock
 * @vcpus: of all of them; users_lock
 * @pages: of page tables and dirty logs
 */
struct keel_user {
	struct list_head list;
	kuid_t uid;
	unsigned int vms;
	unsigned int vcpus;
	atomic_long_t pages;
};

/* Innermost of Keel's locks. */
static DEFINE_MUTEX(users_lock);
static LIST_HEAD(users);

/* For the log, where ids are those of the first namespace. */
static unsigned int nr_of(kuid_t uid)
{
	return from_kuid(&init_user_ns, uid);
}

static kuid_t current_owner(void)
{
	const struct user_namespace *ns = current_user_ns();
	kuid_t uid = current_uid();

	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

/* The user of @uid, made where he has no VM yet; users_lock held; NULL: no memory. */
static struct keel_user *find_or_make(kuid_t uid)
{
	struct keel_user *user;

	list_for_each_entry(user, &users, list)
		if (uid_eq(user->uid, uid))
			return user;
	user = keel_alloc(kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT));
	if (!user)
		return NULL;
	user->uid = uid;
	list_add_tail(&user->list, &users);
	return user;
}

static void free_unused(struct keel_user *user)
{
	if (user->vms)
		return;
	list_del(&user->list);
	kfree(keel_freed(user));
}

static int add_vm(struct keel_user *user)
{
	unsigned int max = READ_ONCE(max_vms_per_user);

	if (user->vms >= max && !capable(CAP_SYS_RESOURCE))
		return keel_refuse(-EDQUOT,
				   "KEEL_CREATE_VM: user %u has %u VMs; /sys/module/keel/parameters/max_vms_per_user allows %u",
				   nr_of(user->uid), user->vms, max);
	user->vms++;
	return 0;
}

/**
 * keel_user_add_vm - count a VM that the caller makes; may sleep
 *
 * Return: whose it is, for keel_user_remove_vm(); or an ERR_PTR() of -EDQUOT where he
 * has all that he may, or of -ENOMEM.
 */
struct keel_user *keel_user_add_vm(void)
{
	struct keel_user *user;
	int ret;

	mutex_lock(&users_lock);
	user = find_or_make(current_owner());
	ret = user ? add_vm(user) : -ENOMEM;
	if (user)
		free_unused(user);
	mutex_unlock(&users_lock);
	return ret ? ERR_PTR(ret) : user;
}

/**
 * keel_user_remove_vm - undo keel_user_add_vm(); may sleep
 * @user: whose VM it was; has no vCPU and no page of it any more
 */
void keel_user_remove_vm(struct keel_user *user)
{
	mutex_lock(&users_lock);
	user->vms--;
	WARN_ON_ONCE(!user->vms && (user->vcpus || atomic_long_read(&user->pages)));
	free_unused(user);
	mutex_unlock(&users_lock);
}

/**
 * keel_user_add_vcpu - count a vCPU; may sleep
 * @user: whose VM it is in
 *
 * Return: 0, or -EDQUOT where the user has all that he may.
 */
int keel_user_add_vcpu(struct keel_user *user)
{
	unsigned int max = READ_ONCE(max_vcpus_per_user);
	int ret = 0;

	mutex_lock(&users_lock);
	if (user->vcpus >= max && !capable(CAP_SYS_RESOURCE))
		ret = keel_refuse(-EDQUOT,
				  "KEEL_CREATE_VCPU: user %u has %u vCPUs; /sys/module/keel/parameters/max_vcpus_per_user allows %u",
				  nr_of(user->uid), user->vcpus, max);
	else
		user->vcpus++;
	mutex_unlock(&users_lock);
	return ret;
}

/** keel_user_remove_vcpu - undo keel_user_add_vcpu(); may sleep */
void keel_user_remove_vcpu(struct keel_user *user)
{
	mutex_lock(&users_lock);
	user->vcpus--;
	mutex_unlock(&users_lock);
}

static unsigned long max_pages(void)
{
	unsigned long mib = READ_ONCE(max_table_mib_per_user);

	return mib ? mib << (20 - PAGE_SHIFT) : totalram_pages() / 8;
}

/**
 * keel_user_charge - count pages for tables and logs, before they are allocated
 * @user: whose VM they are for
 * @pages: how many
 *
 * In the context of a thread that the user has, which may sleep.
 *
 * Return: 0, or -EDQUOT where that would be more than the user may have.
 */
int keel_user_charge(struct keel_user *user, unsigned long pages)
{
	long has = atomic_long_read(&user->pages);
	unsigned long max = max_pages();

	/* Never more than allowed, not for a moment: another thread would be refused. */
	do {
		if (has + pages > max && !capable(CAP_SYS_RESOURCE))
			return keel_refuse(-EDQUOT,
					   "user %u has %lu KiB of page tables and dirty logs and wants %lu more; /sys/module/keel/parameters/max_table_mib_per_user allows %lu MiB",
					   nr_of(user->uid), has << (PAGE_SHIFT - 10),
					   pages << (PAGE_SHIFT - 10), max >> (20 - PAGE_SHIFT));
	} while (!atomic_long_try_cmpxchg(&user->pages, &has, has + pages));
	return 0;
}

/**
 * keel_user_uncharge - undo keel_user_charge(), in any context
 * @user: whose they were
 * @pages: how many
 */
void keel_user_uncharge(struct keel_user *user, unsigned long pages)
{
	atomic_long_sub(pages, &user->pages);
}

/**
 * keel_users_show - a line a user: uid, VMs, vCPUs, KiB of page tables and logs
 * @m: where to; may sleep
 */
void keel_users_show(struct seq_file *m)
{
	const struct keel_user *user;

	mutex_lock(&users_lock);
	list_for_each_entry(user, &users, list)
		seq_printf(m, "%u %u %u %lu\n", nr_of(user->uid), user->vms, user->vcpus,
			   atomic_long_read(&user->pages) << (PAGE_SHIFT - 10));
	mutex_unlock(&users_lock);
}
