/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the loaders of Multiboot kernels, version 1 and 2, share.
 */
#ifndef IMAGE_MB_H
#define IMAGE_MB_H

#include "image.h"

/** define MB_LOADER - what a kernel is told who loaded it */
#define MB_LOADER	"keel"
/** define MB_MAX_MODULES - the initial RAM disk among them */
#define MB_MAX_MODULES	65

/**
 * DOC: the text screen
 *
 * What a kernel is told that asks for one: a PC's, 80 by 25 characters.  There is
 * memory in its place, at which nobody looks.
 */
#define MB_TEXT_SCREEN	0xb8000
#define MB_TEXT_COLUMNS	80
#define MB_TEXT_LINES	25
#define MB_TEXT_PITCH	160
#define MB_TEXT_BITS	16
#define MB_TEXT_TYPE	2

/**
 * struct mb_address - where a kernel goes that need not be ELF
 * @header: address at which its header is
 * @load: address of the first byte to load
 * @load_end: behind the last one; 0: all that the file has
 * @bss_end: up to where zeros follow; 0: none do
 *
 * The same in both versions, which call it the address fields (version 1, also
 * known as a.out kludge) and the address tag (version 2).
 */
struct mb_address {
	__u32 header;
	__u32 load;
	__u32 load_end;
	__u32 bss_end;
};

/**
 * struct mb_module - a module in guest memory
 * @start: its first byte
 * @end: behind its last one
 * @string: what the kernel is told with it
 */
struct mb_module {
	__u32 start;
	__u32 end;
	const char *string;
};

/**
 * struct mb_modules - all of them
 * @list: in the order in which they were given
 * @nr: how many
 */
struct mb_modules {
	struct mb_module list[MB_MAX_MODULES];
	unsigned int nr;
};

int mb_load_at(struct image *image, const struct memory *memory,
	       const struct image_file *file, __u64 header_at,
	       const struct mb_address *address);
int mb_load_elf(struct image *image, const struct memory *memory,
		const struct image_file *file);
int mb_finish(struct image *image, const struct memory *memory,
	      const struct image_file *file);
int mb_load_modules(struct image *image, const struct memory *memory,
		    const struct image_args *args, struct mb_modules *modules);
__u32 mb_lower_kib(const struct memory *memory);
__u32 mb_upper_kib(const struct memory *memory);

#endif /* IMAGE_MB_H */
