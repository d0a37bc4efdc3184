/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#ifndef UNIT_LINUX_KERNEL_H
#define UNIT_LINUX_KERNEL_H

#include <stdio.h>	/* vsnprintf() */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif
