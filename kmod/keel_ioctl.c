// SPDX-License-Identifier: GPL-2.0
/*
 * Copy-in and copy-out of ioctl structures, once for all calls and all kinds
 * of file descriptor.  The rules are in the uapi header's first comment.
 */
#include "keel_ioctl.h"

#include <linux/ioctl.h>
#include <linux/keel.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "keel_alloc.h"
#include "keel_log.h"

static const struct keel_ioctl_op *find_op(const struct keel_ioctl_op *ops,
					   unsigned int nr_ops, unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (cmd != _IO(KEEL_IOC, nr) || nr >= nr_ops)
		return NULL;
	nr = array_index_nospec(nr, nr_ops);
	return ops[nr].fn ? &ops[nr] : NULL;
}

/* The structure is read once: what is checked is what is used. */
static int copy_in(const struct keel_ioctl_op *op, void *buf, u32 *user_size,
		   const void __user *uarg)
{
	u32 size;
	int ret;

	if (get_user(size, (const u32 __user *)uarg))
		return keel_refuse(-EFAULT, "%s: no readable memory at the argument", op->name);
	if (size < op->min_size)
		return keel_refuse(-EINVAL,
				   "%s: size is %u, the structure has at least %u bytes",
				   op->name, size, op->min_size);
	if (size > PAGE_SIZE)
		return keel_refuse(-E2BIG, "%s: size is %u, more than a page",
				   op->name, size);
	ret = copy_struct_from_user(buf, op->size, uarg, size);
	if (ret == -E2BIG)
		return keel_refuse(ret,
				   "%s: bytes behind the first %u are not zero; this Keel is older than its caller",
				   op->name, op->size);
	if (ret)
		return keel_refuse(ret, "%s: no readable memory at the argument", op->name);
	*user_size = size;
	return 0;
}

/**
 * keel_ioctl - run an ioctl from a table
 * @ops: the table, indexed by ioctl number; an entry without a function is none
 * @nr_ops: its length
 * @obj: given to the function
 * @cmd: from user space
 * @arg: from user space: the structure's address
 *
 * Return: what the function returns; -ENOTTY for a call not in the table;
 * -EFAULT, -EINVAL, -E2BIG as the uapi header says; -ENOMEM.
 */
long keel_ioctl(const struct keel_ioctl_op *ops, unsigned int nr_ops,
		void *obj, unsigned int cmd, unsigned long arg)
{
	const struct keel_ioctl_op *op = find_op(ops, nr_ops, cmd);
	void __user *uarg = (void __user *)arg;
	u32 user_size;
	void *buf;
	long ret;

	if (!op)
		return -ENOTTY;
	buf = keel_alloc(kzalloc(op->size, GFP_KERNEL_ACCOUNT));
	if (!buf)
		return -ENOMEM;
	ret = copy_in(op, buf, &user_size, uarg);
	if (!ret) {
		/* The size may have changed in user memory since it was read. */
		*(u32 *)buf = min(user_size, op->size);
		ret = op->fn(obj, buf);
		/* Some errors say more in the structure: what is needed, which one. */
		if (op->out && copy_to_user(uarg, buf, *(u32 *)buf) && ret >= 0)
			ret = keel_refuse(-EFAULT, "%s: no writable memory at the argument",
					  op->name);
	}
	kfree(keel_freed(buf));
	return ret;
}
