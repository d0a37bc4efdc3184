/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the loaders of bzImage share: with a BIOS, and without.
 */
#ifndef IMAGE_BZIMAGE_H
#define IMAGE_BZIMAGE_H

#include <asm/bootparam.h>

#include "image.h"

/** define BZIMAGE_SECTOR - unit of the setup code's length */
#define BZIMAGE_SECTOR	512ULL
/** define BZIMAGE_HIGH - where the protected-mode kernel goes, or its lowest place */
#define BZIMAGE_HIGH	0x100000ULL
/** define BZIMAGE_LOADER - type_of_loader of those without a number of their own */
#define BZIMAGE_LOADER	0xff

/** enum bzimage_version - versions of the protocol that brought what is used here */
enum bzimage_version {
	BZIMAGE_HAS_COMMAND_LINE = 0x0202,
	BZIMAGE_HAS_INITRD_MAX = 0x0203,
	BZIMAGE_HAS_SYSSIZE = 0x0204,
	BZIMAGE_HAS_RELOCATABLE = 0x0205,
	BZIMAGE_HAS_CMDLINE_SIZE = 0x0206,
	BZIMAGE_HAS_INIT_SIZE = 0x020a,
	BZIMAGE_HAS_XLOADFLAGS = 0x020c,
	BZIMAGE_HAS_RSDP = 0x020e,
};

/**
 * struct bzimage - a kernel being loaded
 * @image: filled in
 * @memory: the guest's memory
 * @file: the kernel
 * @args: what it is given
 * @header: its setup header; zero where it is too old to have a field
 * @payload_at: offset of the protected-mode kernel in the file
 * @payload: its length
 * @needs: how much memory it needs from its load address on
 */
struct bzimage {
	struct image *image;
	const struct memory *memory;
	const struct image_file *file;
	const struct image_args *args;
	struct setup_header header;
	__u64 payload_at;
	__u64 payload;
	__u64 needs;
};

static inline bool bzimage_knows(const struct bzimage *kernel,
				 enum bzimage_version version)
{
	return kernel->header.version >= version;
}

/* image_bzimage.c */
int bzimage_read(struct bzimage *kernel);
__u32 bzimage_initrd_max(const struct bzimage *kernel);
int bzimage_check_line(const struct bzimage *kernel, __u64 room);

#endif /* IMAGE_BZIMAGE_H */
