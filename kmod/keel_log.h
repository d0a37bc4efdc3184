/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How Keel speaks in the host's log, beside pr_info() and its kin (the prefix
 * "keel: " comes from kmod/Kbuild).
 *
 * Whatever a caller can cause is rate-limited: the log belongs to the host's
 * owner, not to who may open /dev/keel.
 */
#ifndef KEEL_LOG_H
#define KEEL_LOG_H

#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

/**
 * keel_refuse - turn a caller down: one log line and an errno
 * @err: negative errno to return
 * @fmt: what is refused, why, and what would help; without a newline
 *
 * Return: @err
 */
#define keel_refuse(err, fmt, ...) ({						\
	pr_info_ratelimited("%s[%d]: " fmt "\n", current->comm,			\
			    current->pid, ##__VA_ARGS__);		\
	(err);									\
})

#endif /* KEEL_LOG_H */
