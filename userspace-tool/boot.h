/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a boot loader leaves behind: the image in memory, tables, registers.
 */
#ifndef BOOT_H
#define BOOT_H

#include <stdbool.h>
#include <linux/types.h>

#include "image.h"

struct keel_state;
struct machine;

/**
 * DOC: low memory when the guest begins
 *
 * In protected and long mode the first MiB holds what the CPU needs to be in
 * these modes, and stacks.  The guest may use all of it as soon as it has its
 * own.
 */
/** define BOOT_GDT - the segment descriptors */
#define BOOT_GDT		0x1000
/** define BOOT_PAGES - the page tables: page directory, or PML4 and the rest */
#define BOOT_PAGES		0x2000
/** define BOOT_PAGES_END - what they do not reach */
#define BOOT_PAGES_END		0x50000
/**
 * define BOOT_INFO - what a kernel is told about the machine: the structures of
 * its boot protocol
 */
#define BOOT_INFO		0x50000
/** define BOOT_INFO_BYTES - room for them */
#define BOOT_INFO_BYTES		0x10000
/** define BOOT_TEXT - its command line, and other strings */
#define BOOT_TEXT		0x60000
/** define BOOT_TEXT_BYTES - room for them */
#define BOOT_TEXT_BYTES		0x10000
/** define BOOT_STACK - top of the stack of vCPU 0; the others' lie below */
#define BOOT_STACK		0x90000
/** define BOOT_STACK_BYTES - size of each */
#define BOOT_STACK_BYTES	0x1000
/** define BOOT_MAP_MAX - how far the long mode tables map memory at most */
#define BOOT_MAP_MAX		(64ULL << 30)
/** define BOOT_REAL - where a flat binary for real mode goes */
#define BOOT_REAL		0x7c00
/** define BOOT_FLAT - where another flat binary goes */
#define BOOT_FLAT		0x100000

/** define BOOT_MAX_MODULES - modules that a kernel can be given */
#define BOOT_MAX_MODULES	64

/**
 * struct boot - how a guest is to begin
 * @path: the image or kernel; NULL where firmware is alone
 * @is_kernel: it follows a boot protocol
 * @firmware_path: firmware, with which the machine begins as a PC does at
 *	power-up, NULL: none
 * @mode: the mode, or IMAGE_MODE_ANY: what the image wants, else long mode
 * @has_load_at: @load_at was given
 * @load_at: where a flat binary goes
 * @has_entry: @entry was given
 * @entry: guest physical address of the first instruction
 * @initrd_path: initial RAM disk of the kernel, NULL: none
 * @command_line: of the kernel, NULL: none
 * @module_args: modules of the kernel: a path, and behind a blank arguments
 * @nr_modules: how many
 * @file: the image; boot_open() opened it, like the next ones
 * @firmware: the firmware
 * @initrd: the initial RAM disk
 * @modules: the modules
 */
struct boot {
	const char *path;
	bool is_kernel;
	const char *firmware_path;
	enum image_mode mode;
	bool has_load_at;
	__u64 load_at;
	bool has_entry;
	__u64 entry;
	const char *initrd_path;
	const char *command_line;
	const char *module_args[BOOT_MAX_MODULES];
	unsigned int nr_modules;
	struct image_file file;
	struct image_file firmware;
	struct image_file initrd;
	struct image_module modules[BOOT_MAX_MODULES];
};

int boot_open(struct boot *boot);
void boot_close(struct boot *boot);
bool boot_is_lazy(const struct boot *boot);
int boot_machine(struct machine *machine, const struct boot *boot);
int boot_set_state(const struct machine *machine, unsigned int id,
		   struct keel_state *state);

/* boot_kernel.c */
int boot_kernel(struct machine *machine, const struct boot *boot);

/* boot_firmware.c */
int boot_firmware(struct machine *machine, const struct boot *boot);

/* boot_bios.c */
int boot_bios(struct machine *machine, const struct boot *boot);

/* boot_cpu.c */
int boot_cpus(struct machine *machine);

#endif /* BOOT_H */
