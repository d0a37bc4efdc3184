/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#include <string.h>
