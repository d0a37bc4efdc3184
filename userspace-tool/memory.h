/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of a machine: one mapping of ours, seen by the guest below 3 GiB
 * and, where there is more, from 4 GiB on.  Between lies room for devices, with a
 * ROM at its end.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <linux/types.h>

/** define MEMORY_HOLE - where the room for devices begins */
#define MEMORY_HOLE	0xc0000000ULL
/** define MEMORY_HIGH - where it ends */
#define MEMORY_HIGH	0x100000000ULL
/** define MEMORY_MAX - most memory that a machine can have, bytes */
#define MEMORY_MAX	(1024ULL << 30)

/**
 * struct memory - memory of a machine
 * @base: our address of guest physical 0, and of MEMORY_HOLE bytes on; what
 *	lies from MEMORY_HIGH on follows without a hole.  NULL: none.
 * @bytes: length
 * @mailbox: guest physical address of the mailbox by which CPUs are started, for
 *	who describes the machine, see wakeup.c; 0: none
 * @rom: our address of the ROM that ends at MEMORY_HIGH, NULL: none
 * @rom_bytes: its length
 *
 * Constant from memory_create() to memory_destroy(), the ROM from
 * memory_create_rom() on, @mailbox once the guest has been told.
 */
struct memory {
	__u8 *base;
	__u64 bytes;
	__u64 mailbox;
	__u8 *rom;
	__u64 rom_bytes;
};

int memory_create(struct memory *memory, __u64 bytes);
void memory_destroy(struct memory *memory);
int memory_create_rom(struct memory *memory, __u64 bytes);
int memory_map_rom(const struct memory *memory, int vm);
int memory_map(const struct memory *memory, int vm);
void *memory_at(const struct memory *memory, __u64 gpa, __u64 bytes);
__u64 memory_end(const struct memory *memory);

#endif /* MEMORY_H */
