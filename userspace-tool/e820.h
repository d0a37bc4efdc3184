/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory map of a machine, in the form that the BIOS call INT 15h, AX=E820h
 * made common: Linux' zero page and fw_cfg take its entries as they are.
 */
#ifndef E820_H
#define E820_H

#include <asm/bootparam.h>

struct memory;

/** define E820_RAM - &boot_e820_entry.type: memory for the guest */
#define E820_RAM	1
/** define E820_RESERVED - &boot_e820_entry.type: not for the guest */
#define E820_RESERVED	2
/** define E820_ACPI - &boot_e820_entry.type: ACPI tables, free once read */
#define E820_ACPI	3
/** define E820_NVS - &boot_e820_entry.type: firmware's, shared with the guest */
#define E820_NVS	4

/**
 * DOC: the first MiB
 *
 * As on a PC.  All of it is RAM of the machine, where the map does not say so,
 * too: tables and ROM images are put there from outside.
 */
/** define E820_EBDA - where memory for the guest ends: the extended BIOS data area */
#define E820_EBDA	0x9fc00
/** define E820_VIDEO - where a PC has video memory and option ROMs */
#define E820_VIDEO	0xa0000
/**
 * define E820_TABLES - where the ACPI tables are, the RSDP first, so that who
 * searches for it finds it as well
 */
#define E820_TABLES	0xe0000
/** define E820_BIOS - where they end, and the BIOS begins */
#define E820_BIOS	0xf0000
/** define E820_HIGH - where the second range of RAM begins */
#define E820_HIGH	0x100000

/** define E820_MAX - entries of the longest map */
#define E820_MAX	8

/**
 * struct e820 - a memory map
 * @entries: by address, without overlap
 * @nr: how many
 */
struct e820 {
	struct boot_e820_entry entries[E820_MAX];
	unsigned int nr;
};

void e820_pc(struct e820 *map, const struct memory *memory);
void e820_ram(struct e820 *map, const struct memory *memory);

#endif /* E820_H */
