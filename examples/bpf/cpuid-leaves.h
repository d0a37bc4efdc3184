/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of cpuid-leaves agree on. */
#ifndef CPUID_LEAVES_H
#define CPUID_LEAVES_H

#include <linux/types.h>

/** struct leaf - what is counted: a leaf that the guest of a VM asks for */
struct leaf {
	__u32 vm;
	__u32 function;
};

#endif /* CPUID_LEAVES_H */
