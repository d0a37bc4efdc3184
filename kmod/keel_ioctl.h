/* SPDX-License-Identifier: GPL-2.0 */
/* The rules that all of Keel's ioctls share: see keel_ioctl.c. */
#ifndef KEEL_IOCTL_H
#define KEEL_IOCTL_H

#include <linux/types.h>

/**
 * struct keel_ioctl_op - one ioctl
 * @name: as in the uapi header, for the log
 * @size: bytes of its structure that this module knows
 * @min_size: bytes of the structure's first version
 * @fn: does the work; gets the file's object and a kernel copy of the
 *	structure, zero-filled to @size.  What it leaves there is copied back
 *	where @fn returns 0 or more and @out is set.
 * @out: the structure has members for the caller to read
 */
struct keel_ioctl_op {
	const char *name;
	u32 size;
	u32 min_size;
	long (*fn)(void *obj, void *arg);
	bool out;
};

#define KEEL_IOCTL(cmd, type, last, func, is_out)			\
	[_IOC_NR(cmd)] = {						\
		.name = #cmd,						\
		.size = sizeof(type),					\
		.min_size = offsetofend(type, last),			\
		.fn = func,						\
		.out = is_out,						\
	}

long keel_ioctl(const struct keel_ioctl_op *ops, unsigned int nr_ops,
		void *obj, unsigned int cmd, unsigned long arg);

#endif /* KEEL_IOCTL_H */
