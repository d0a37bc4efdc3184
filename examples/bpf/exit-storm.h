/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of exit-storm agree on. */
#ifndef EXIT_STORM_H
#define EXIT_STORM_H

#include <linux/types.h>

/** struct storm - a vCPU that has had too many exits, and where the last one was */
struct storm {
	__u32 vm;
	__u32 vcpu;
	__u32 reason;
	__u32 reserved;
	__u64 rip;
};

#endif /* EXIT_STORM_H */
