// SPDX-License-Identifier: GPL-2.0
/*
 * The option ROM that boots a kernel, made ready: its parameters and its sums.
 *
 * The code is in rom/boot.S.
 */
#include <string.h>

#include "rom/kernel.h"

/* rom/boot.S */
extern const __u8 rom_boot[], rom_boot_end[];

/* Offsets in the ROM, and in the header that this word points to. */
#define PNP_POINTER	0x1a
#define PNP_PARAGRAPHS	5
#define PNP_SUM		9
#define PARAGRAPH	16

/* What makes the bytes add up to nought. */
static __u8 missing(const __u8 *bytes, size_t nr)
{
	__u8 sum = 0;

	while (nr--)
		sum -= *bytes++;
	return sum;
}

/**
 * rom_kernel() - make an option ROM that boots a kernel
 * @rom: ROM_MAX bytes for it
 * @params: what it is told
 *
 * Return: its length.
 */
size_t rom_kernel(__u8 *rom, const struct rom_kernel_params *params)
{
	size_t bytes = rom_boot_end - rom_boot;
	__u8 *header = rom + rom_boot[PNP_POINTER];

	memcpy(rom, rom_boot, bytes);
	memcpy(rom + ROM_PARAMS, params, sizeof(*params));
	header[PNP_SUM] = missing(header, header[PNP_PARAGRAPHS] * PARAGRAPH);
	rom[bytes - 1] = missing(rom, bytes);
	return bytes;
}
