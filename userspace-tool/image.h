/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest boots from: a flat binary or an ELF file, put into its memory.
 *
 * An image comes from anyone.  Every length and address in it is checked
 * against the file and against the guest's memory before it is used.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <linux/types.h>

struct memory;

/** define IMAGE_MAX - largest file that is read, bytes */
#define IMAGE_MAX	(1024ULL << 20)
/** define IMAGE_ERROR - room for a message that says why not */
#define IMAGE_ERROR	160

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
 * @error: after an error: what is wrong with the file, in a line
 */
struct image {
	__u64 entry;
	enum image_mode mode;
	__u64 first;
	__u64 last;
	char error[IMAGE_ERROR];
};

int image_read(const char *path, __u8 **bytes, size_t *nr);
int image_is_elf(const __u8 *bytes, size_t nr);
int image_load_flat(struct image *image, const struct memory *memory,
		    const __u8 *bytes, size_t nr, __u64 load_at);
int image_load_elf(struct image *image, const struct memory *memory,
		   const __u8 *bytes, size_t nr);

#endif /* IMAGE_H */
