/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of msr-watch agree on. */
#ifndef MSR_WATCH_H
#define MSR_WATCH_H

#include <linux/types.h>

/** struct msr_write - a WRMSR that is to be shown */
struct msr_write {
	__u32 vm;
	__u32 vcpu;
	__u64 value;
	__u32 msr;
	__u32 refused;
};

#endif /* MSR_WATCH_H */
