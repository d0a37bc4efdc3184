// SPDX-License-Identifier: GPL-2.0
/*
 * The memory map of a machine.
 *
 * One map for all who tell the guest about its memory: the loaders of kernels,
 * fw_cfg, and who writes the ACPI tables into the place that it has for them.
 */
#include "devices/mp_mailbox.h"
#include "e820.h"
#include "memory.h"

static void add(struct e820 *map, __u64 from, __u64 end, __u32 type)
{
	if (from >= end)
		return;
	map->entries[map->nr++] = (struct boot_e820_entry) {
		.addr = from,
		.size = end - from,
		.type = type,
	};
}

static __u64 low_end(const struct memory *memory)
{
	return memory->bytes < MEMORY_HOLE ? memory->bytes : MEMORY_HOLE;
}

static __u64 below(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/**
 * e820_pc() - the map that the firmware of a PC gives
 * @map: filled in
 * @memory: the guest's memory
 *
 * For guests that start without firmware: the tables are in the place that the
 * map has for them.
 */
void e820_pc(struct e820 *map, const struct memory *memory)
{
	__u64 low = low_end(memory);

	map->nr = 0;
	add(map, 0, below(low, E820_EBDA), E820_RAM);
	add(map, E820_EBDA, E820_VIDEO, E820_RESERVED);
	add(map, E820_TABLES, E820_BIOS, E820_ACPI);
	add(map, E820_BIOS, E820_HIGH, E820_RESERVED);
	add(map, E820_HIGH, low, E820_RAM);
	if (memory->mailbox)
		add(map, memory->mailbox, memory->mailbox + MP_MAILBOX_BYTES,
		    E820_NVS);
	add(map, MEMORY_HIGH, memory_end(memory), E820_RAM);
}

/**
 * e820_ram() - where there is RAM, and no more
 * @map: filled in
 * @memory: the guest's memory
 *
 * For firmware, which makes a map of its own of it: what fw_cfg has as
 * etc/e820.
 */
void e820_ram(struct e820 *map, const struct memory *memory)
{
	map->nr = 0;
	add(map, 0, low_end(memory), E820_RAM);
	add(map, MEMORY_HIGH, memory_end(memory), E820_RAM);
}
