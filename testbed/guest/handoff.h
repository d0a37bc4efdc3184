/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host leaves in low memory for boot.S: one page of parameters, then
 * the kernel's boot_params, then its command line. Read by the assembler too.
 */
#ifndef TESTBED_HANDOFF_H
#define TESTBED_HANDOFF_H

#define HANDOFF_ADDR		0x10000
#define HANDOFF_MAGIC		0x6c65656b	/* "keel" */
#define HANDOFF_ENTRY		0x08		/* u64: the kernel's 64-bit entry */
#define HANDOFF_START		0x10		/* u32: where the image begins */
#define HANDOFF_END		0x14		/* u32: its last four bytes: magic */

#define BOOT_PARAMS_ADDR	0x11000
#define COMMAND_LINE_ADDR	0x12000
#define COMMAND_LINE_SIZE	0x800		/* the kernel's own limit */
#define LOW_IMAGE_SIZE		0x3000

#define PAGE_TABLES_ADDR	0x40000		/* six pages, made by boot.S */

/* struct boot_params, Documentation/arch/x86/zero-page.rst */
#define BOOT_E820_COUNT		0x1e8
#define BOOT_E820_TABLE		0x2d0
#define BOOT_E820_MAX		128

#endif
