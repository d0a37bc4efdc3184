// SPDX-License-Identifier: GPL-2.0
/*
 * Images: the firmware of a PC.
 *
 * It ends at 4 GiB, below which the CPU begins.  Its last 128 KiB are found
 * below 1 MiB, too, where real-mode code reaches them: there as RAM, as a BIOS
 * that moves itself into shadow memory wants it.
 */
#include <string.h>

#include "e820.h"
#include "image.h"
#include "memory.h"

#define GRANULE		(64ULL << 10)
#define LARGEST		(16ULL << 20)
#define SHADOW		(128ULL << 10)

/**
 * image_load_firmware() - put firmware into a ROM and its shadow
 * @image: filled in
 * @memory: the guest's memory; gets the ROM
 * @file: the firmware
 *
 * Return: 0; -EINVAL with &image.error where the file cannot be loaded.
 */
int image_load_firmware(struct image *image, struct memory *memory,
			const struct image_file *file)
{
	__u64 shadow = file->bytes < SHADOW ? file->bytes : SHADOW;
	void *low = memory_at(memory, E820_HIGH - shadow, shadow);
	int ret;

	memset(image, 0, sizeof(*image));
	if (!file->bytes || file->bytes > LARGEST || file->bytes % GRANULE)
		return image_refuse(image, file,
				    "has %llu bytes; firmware is a multiple of 64 KiB, at most 16 MiB; it may be cut off",
				    file->bytes);
	if (!low)
		return image_refuse(image, file,
				    "needs memory up to 1 MiB; give more with --mem");
	ret = memory_create_rom(memory, file->bytes);
	if (ret)
		return image_refuse(image, file, "ROM: %s", strerror(-ret));
	ret = image_read(image, file, 0, memory->rom, file->bytes);
	if (!ret)
		memcpy(low, memory->rom + file->bytes - shadow, shadow);
	return ret;
}
