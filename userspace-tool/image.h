/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest boots from, put into its memory: a flat binary, an ELF file, or
 * a kernel that follows a boot protocol.
 *
 * An image comes from anyone.  Every length and address in it is checked
 * against the file and against the guest's memory before it is used.  Bytes go
 * from the file straight into guest memory.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "image_file.h"
#include "rom/kernel.h"

struct memory;

/** define IMAGE_ERROR - room for a message that says why not */
#define IMAGE_ERROR	200

/**
 * enum image_mode - in which mode the guest begins
 * @IMAGE_MODE_ANY: not said
 * @IMAGE_MODE_REAL: real mode
 * @IMAGE_MODE_PROT: 32-bit protected mode
 * @IMAGE_MODE_LONG: 64-bit mode
 */
enum image_mode {
	IMAGE_MODE_ANY,
	IMAGE_MODE_REAL,
	IMAGE_MODE_PROT,
	IMAGE_MODE_LONG,
};

/**
 * struct image - an image in guest memory
 * @entry: physical address of the first instruction
 * @mode: the mode that the file asks for; IMAGE_MODE_ANY for a flat binary
 * @first: lowest address that it covers
 * @last: highest address that it covers
 * @linux_selectors: the segments are to have the selectors that Linux asks for
 * @may_wake: the kernel may be one that starts CPUs by ACPI's mailbox; others
 *	know start-up IPIs alone
 * @eax: what a kernel finds in EAX: a boot protocol's magic number
 * @ebx: what a kernel finds in EBX: where it was told about the machine
 * @esi: what a kernel finds in RSI: the same, as Linux wants it
 * @error: after an error: what is wrong, in a line
 * @blame: the file that it is about
 */
struct image {
	__u64 entry;
	enum image_mode mode;
	__u64 first;
	__u64 last;
	bool linux_selectors;
	bool may_wake;
	__u32 eax;
	__u32 ebx;
	__u32 esi;
	char error[IMAGE_ERROR];
	const char *blame;
};

/**
 * struct image_module - a file that goes along with a kernel
 * @file: the file
 * @string: what the kernel is told with it: its name and arguments
 */
struct image_module {
	struct image_file file;
	const char *string;
};

/**
 * struct image_args - what a kernel is given
 * @command_line: its command line; "" where there is none
 * @initrd: its initial RAM disk, NULL: none
 * @modules: its modules
 * @nr_modules: how many
 * @rsdp: guest physical address of ACPI's root system description pointer, 0:
 *	none
 */
struct image_args {
	const char *command_line;
	const struct image_file *initrd;
	const struct image_module *modules;
	unsigned int nr_modules;
	__u64 rsdp;
};

/**
 * struct image_setup - a Linux kernel for a BIOS to boot
 * @code: its setup code, with the header filled in but for the address of the
 *	initial RAM disk
 * @bytes: length of @code; the rest of the kernel follows in the file
 * @kernel_bytes: length of the rest, which goes to ROM_KERNEL
 * @initrd_lowest: where memory for an initial RAM disk begins
 * @initrd_highest: highest address that it may cover
 */
struct image_setup {
	__u8 code[ROM_SETUP_BYTES];
	__u32 bytes;
	__u32 kernel_bytes;
	__u32 initrd_lowest;
	__u32 initrd_highest;
};

int image_refuse(struct image *image, const struct image_file *file,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int image_read(struct image *image, const struct image_file *file,
	       __u64 offset, void *dest, __u64 bytes);
__u64 image_place(const struct memory *memory, __u64 from, __u64 limit,
		  __u64 bytes);
int image_keep_low(struct image *image, const struct memory *memory,
		   const struct image_file *file);

int image_load_flat(struct image *image, const struct memory *memory,
		    const struct image_file *file, __u64 load_at);

/* image_elf.c */
bool image_is_elf(const struct image_file *file);
int image_load_elf(struct image *image, const struct memory *memory,
		   const struct image_file *file);
int image_load_elf_segments(struct image *image, const struct memory *memory,
			    const struct image_file *file);
bool image_elf_note(const struct image_file *file, const char *name,
		    __u32 type, void *desc, size_t *bytes);

/* image_bzimage.c */
bool image_is_bzimage(const struct image_file *file);
int image_load_bzimage(struct image *image, const struct memory *memory,
		       const struct image_file *file,
		       const struct image_args *args);

/* image_setup.c */
int image_read_setup(struct image *image, struct image_setup *setup,
		     const struct memory *memory, const struct image_file *file,
		     const struct image_args *args);

/* image_pvh.c */
bool image_is_pvh(const struct image_file *file);
int image_load_pvh(struct image *image, const struct memory *memory,
		   const struct image_file *file,
		   const struct image_args *args);

/* image_multiboot.c */
bool image_is_multiboot(const struct image_file *file);
int image_load_multiboot(struct image *image, const struct memory *memory,
			 const struct image_file *file,
			 const struct image_args *args);

/* image_multiboot2.c */
bool image_is_multiboot2(const struct image_file *file);
int image_load_multiboot2(struct image *image, const struct memory *memory,
			  const struct image_file *file,
			  const struct image_args *args);

/* image_firmware.c */
int image_load_firmware(struct image *image, struct memory *memory,
			const struct image_file *file);

#endif /* IMAGE_H */
