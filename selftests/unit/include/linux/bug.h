/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#ifndef UNIT_LINUX_BUG_H
#define UNIT_LINUX_BUG_H

#include <assert.h>

#define WARN_ON_ONCE(condition)		({ assert(!(condition)); 0; })
#define BUILD_BUG_ON(condition)		_Static_assert(!(condition), #condition)

#endif
