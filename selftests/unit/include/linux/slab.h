/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#ifndef UNIT_LINUX_SLAB_H
#define UNIT_LINUX_SLAB_H

#include <stdlib.h>

#define kvcalloc(nr, size, gfp)	calloc(nr, size)
#define kvfree(p)		free(p)

static inline unsigned int ilog2(unsigned long value)
{
	return 63 - __builtin_clzl(value);
}

#endif
