// SPDX-License-Identifier: GPL-2.0
/*
 * Images: flat binaries, and what all loaders share.  image_elf.c and the
 * others have one format each.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"
#include "image.h"
#include "memory.h"

#define PAGE	4096ULL

/**
 * image_refuse() - say why a file cannot be loaded
 * @image: gets the message
 * @file: the file that it is about
 * @fmt: what is wrong, in a line that follows the file's name
 *
 * Return: -EINVAL.
 */
int image_refuse(struct image *image, const struct image_file *file,
		 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->error, sizeof(image->error), fmt, args);
	va_end(args);
	image->blame = file->path;
	return -EINVAL;
}

/**
 * image_read() - read a part of a file, or say why not
 * @image: gets the message
 * @file: the file
 * @offset: of the first byte
 * @dest: where the bytes go
 * @bytes: how many
 *
 * Return: 0; -EINVAL with &image.error.
 */
int image_read(struct image *image, const struct image_file *file,
	       __u64 offset, void *dest, __u64 bytes)
{
	int ret = image_file_load(file, offset, dest, bytes);

	if (ret == -ENODATA)
		return image_refuse(image, file,
				    "ends before byte 0x%llx; it is cut off",
				    offset + bytes);
	return ret ? image_refuse(image, file, "%s", strerror(-ret)) : 0;
}

/**
 * image_place() - find room below 4 GiB, as high as there is any
 * @memory: the guest's memory
 * @from: first address that may be used
 * @limit: first address that may not
 * @bytes: how much room
 *
 * Return: guest physical address, a multiple of 4096; 0 where there is none.
 */
__u64 image_place(const struct memory *memory, __u64 from, __u64 limit,
		  __u64 bytes)
{
	__u64 end = memory->bytes < MEMORY_HOLE ? memory->bytes : MEMORY_HOLE;
	__u64 at;

	if (end > limit)
		end = limit;
	if (bytes > end)
		return 0;
	at = (end - bytes) & ~(PAGE - 1);
	return at >= from ? at : 0;
}

/**
 * image_keep_low() - check that an image leaves free what boot.h has in low memory
 * @image: an image in guest memory
 * @memory: the guest's memory
 * @file: the file
 *
 * Return: 0; -EINVAL with &image.error.
 */
int image_keep_low(struct image *image, const struct memory *memory,
		   const struct image_file *file)
{
	if (!memory_at(memory, 0, BOOT_STACK))
		return image_refuse(image, file, "no room for tables; give more memory with --mem");
	if (image->first < BOOT_STACK && image->last >= BOOT_GDT)
		return image_refuse(image, file,
				    "covers 0x%llx to 0x%llx; 0x%x to 0x%x is needed for tables",
				    image->first, image->last, BOOT_GDT,
				    BOOT_STACK - 1);
	return 0;
}

/**
 * image_load_flat() - put a flat binary into guest memory
 * @image: filled in; the entry is at @load_at
 * @memory: the guest's memory
 * @file: the file
 * @load_at: guest physical address of its first byte
 *
 * Return: 0; -EINVAL with &image.error where the file is empty or the memory
 * does not hold it.
 */
int image_load_flat(struct image *image, const struct memory *memory,
		    const struct image_file *file, __u64 load_at)
{
	void *dest;

	memset(image, 0, sizeof(*image));
	if (!file->bytes)
		return image_refuse(image, file, "is empty");
	dest = memory_at(memory, load_at, file->bytes);
	if (!dest)
		return image_refuse(image, file,
				    "%llu bytes at 0x%llx do not fit into the guest's memory",
				    file->bytes, load_at);
	image->entry = load_at;
	image->first = load_at;
	image->last = load_at + file->bytes - 1;
	return image_read(image, file, 0, dest, file->bytes);
}
