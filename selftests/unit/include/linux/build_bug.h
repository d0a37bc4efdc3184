/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#ifndef UNIT_LINUX_BUILD_BUG_H
#define UNIT_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON_ZERO(e)	((int)(sizeof(char[1 - 2 * !!(e)]) - 1))

#endif
