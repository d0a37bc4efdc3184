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
#define HANDOFF_START		0x10		/* u32: where the kernel begins */
#define HANDOFF_END		0x14		/* u32: its last four bytes: magic */

#define BOOT_PARAMS_ADDR	0x11000
#define COMMAND_LINE_ADDR	0x12000
#define COMMAND_LINE_SIZE	0x800		/* the kernel's own limit */
#define LOW_IMAGE_SIZE		0x3000

/*
 * Bochs gives out its memory block by block, at the first touch of each, and
 * reads an image as if the blocks behind the first were its neighbours. They
 * become so when they are touched in ascending order, one after the other. But
 * the BIOS touches some blocks of its own meanwhile, and these take what should
 * have been the image's. So the image begins with blocks that may be lost, and
 * the last of them is marked: boot.S touches blocks that nobody uses until it
 * meets the mark; the next one is the kernel's first.
 */
#define BLOCK_SIZE		0x20000		/* or a multiple: Bochs' default */
#define SPARE_BLOCKS		48
#define IMAGE_ADDR		(SPARE_ADDR - BLOCK_SIZE)
#define SPARE_ADDR		0x800000	/* up to the kernel */
#define KERNEL_ADDR		0x1000000

#define PAGE_TABLES_ADDR	0x40000		/* six pages, made by boot.S */

/* struct boot_params, Documentation/arch/x86/zero-page.rst */
#define BOOT_E820_COUNT		0x1e8
#define BOOT_E820_TABLE		0x2d0
#define BOOT_E820_MAX		128

#endif
