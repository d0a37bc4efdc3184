/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The option ROM that boots a kernel under a BIOS.
 *
 * Also for the assembler.
 */
#ifndef ROM_KERNEL_H
#define ROM_KERNEL_H

/**
 * DOC: memory when the kernel's setup code begins
 *
 * As Linux' boot.rst recommends ("Sample Boot Configuration"): one segment with
 * the setup code, its heap and its stack, and the command line behind it.
 */
/** define ROM_SETUP - the setup code */
#define ROM_SETUP	0x10000
/** define ROM_SETUP_BYTES - room for it, from which its heap begins */
#define ROM_SETUP_BYTES	0x8200
/** define ROM_HEAP_END - where heap and stack end, in the setup code's segment */
#define ROM_HEAP_END	0xe000
/** define ROM_COMMAND_LINE - the command line */
#define ROM_COMMAND_LINE 0x20000
/** define ROM_COMMAND_LINE_BYTES - room for it, with its final NUL */
#define ROM_COMMAND_LINE_BYTES 0x10000
/** define ROM_KERNEL - the rest of the kernel */
#define ROM_KERNEL	0x100000

/** define ROM_PARAMS - offset of struct rom_kernel_params in the ROM */
#define ROM_PARAMS	0x40

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <linux/types.h>

/** define ROM_MAX - largest option ROM, bytes */
#define ROM_MAX		4096

/**
 * struct rom_kernel_params - what the ROM is told
 * @setup_bytes: length of the setup code, item FW_CFG_SETUP_DATA
 * @command_line_bytes: of the command line with its NUL, FW_CFG_CMDLINE_DATA
 * @kernel_bytes: of the rest of the kernel, FW_CFG_KERNEL_DATA
 * @initrd_bytes: of the initial RAM disk, FW_CFG_INITRD_DATA; 0: none
 * @initrd_lowest: lowest address for it
 * @initrd_highest: highest address that it may cover
 */
struct rom_kernel_params {
	__u32 setup_bytes;
	__u32 command_line_bytes;
	__u32 kernel_bytes;
	__u32 initrd_bytes;
	__u32 initrd_lowest;
	__u32 initrd_highest;
};

size_t rom_kernel(__u8 *rom, const struct rom_kernel_params *params);

#endif /* __ASSEMBLER__ */
#endif /* ROM_KERNEL_H */
