/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name; the test has the functions. */
#ifndef UNIT_LINUX_GFP_H
#define UNIT_LINUX_GFP_H

#define GFP_KERNEL_ACCOUNT	0

unsigned long get_zeroed_page(unsigned int gfp);
void free_page(unsigned long page);

#endif
