// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a machine.
 *
 * The mapping reserves addresses and no memory: pages come when the guest or
 * the loader touches them.  It begins at a multiple of the largest page that
 * could map it, so that guest and host addresses agree below that size.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/keel.h"
#include "memory.h"

#define SIZE_2M		(2ULL << 20)
#define SIZE_1G		(1024ULL << 20)

/**
 * memory_create() - get memory for a guest
 * @memory: filled in; memory_destroy() gives it back, also after an error
 * @bytes: how much, a multiple of 4096, at most MEMORY_MAX
 *
 * Return: 0 or a negative errno.
 */
int memory_create(struct memory *memory, __u64 bytes)
{
	__u64 align = bytes >= SIZE_1G ? SIZE_1G : SIZE_2M;
	__u64 skip;
	__u8 *area;

	memset(memory, 0, sizeof(*memory));
	if (!bytes || bytes > MEMORY_MAX || bytes % 4096)
		return -EINVAL;
	area = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return -errno;
	/* Keep the aligned part of what was mapped. */
	skip = -(uintptr_t)area & (align - 1);
	if (skip)
		munmap(area, skip);
	munmap(area + skip + bytes, align - skip);
	memory->base = area + skip;
	memory->bytes = bytes;
	/* Only advice: a kernel without huge pages runs guests, too. */
	madvise(memory->base, bytes, MADV_HUGEPAGE);
	/* What a guest knows does not belong into the tool's core dump. */
	madvise(memory->base, bytes, MADV_DONTDUMP);
	return 0;
}

/**
 * memory_destroy() - give memory back
 * @memory: from memory_create(), or all zeros
 */
void memory_destroy(struct memory *memory)
{
	if (memory->base)
		munmap(memory->base, memory->bytes);
	if (memory->rom)
		munmap(memory->rom, memory->rom_bytes);
	memset(memory, 0, sizeof(*memory));
}

/**
 * memory_create_rom() - get memory for a ROM
 * @memory: from memory_create(), which has no ROM yet
 * @bytes: how much, a multiple of 4096, that fits into the room for devices
 *
 * Return: 0 or a negative errno.
 */
int memory_create_rom(struct memory *memory, __u64 bytes)
{
	void *area;

	if (!bytes || bytes > MEMORY_HIGH - MEMORY_HOLE || bytes % 4096 ||
	    memory->rom)
		return -EINVAL;
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -errno;
	memory->rom = area;
	memory->rom_bytes = bytes;
	return 0;
}

/**
 * memory_map_rom() - show the ROM to a VM: slot 2, read-only
 * @memory: memory with a ROM
 * @vm: descriptor from keel_create_vm()
 *
 * Return: 0 or a negative errno, see KEEL_SET_MEMORY.
 */
int memory_map_rom(const struct memory *memory, int vm)
{
	return keel_set_memory(vm, 2, KEEL_MEMORY_READONLY,
			       MEMORY_HIGH - memory->rom_bytes,
			       memory->rom_bytes, memory->rom);
}

static __u64 low_bytes(const struct memory *memory)
{
	return memory->bytes < MEMORY_HOLE ? memory->bytes : MEMORY_HOLE;
}

/**
 * memory_map() - show the memory to a VM: slot 0 below 3 GiB, slot 1 the rest
 * @memory: the memory
 * @vm: descriptor from keel_create_vm()
 *
 * Return: 0 or a negative errno, see KEEL_SET_MEMORY.
 */
int memory_map(const struct memory *memory, int vm)
{
	__u64 low = low_bytes(memory);
	int ret;

	ret = keel_set_memory(vm, 0, 0, 0, low, memory->base);
	if (ret || low == memory->bytes)
		return ret;
	return keel_set_memory(vm, 1, 0, MEMORY_HIGH, memory->bytes - low,
			       memory->base + low);
}

/**
 * memory_at() - our address of guest memory
 * @memory: the memory
 * @gpa: guest physical address
 * @bytes: how much of it
 *
 * Return: the address, or NULL where not all of it is memory without a gap.
 */
void *memory_at(const struct memory *memory, __u64 gpa, __u64 bytes)
{
	__u64 low = low_bytes(memory);

	if (gpa <= low && bytes <= low - gpa)
		return memory->base + gpa;
	if (gpa < MEMORY_HIGH)
		return NULL;
	gpa -= MEMORY_HIGH;
	if (gpa > memory->bytes - low || bytes > memory->bytes - low - gpa)
		return NULL;
	return memory->base + low + gpa;
}

/**
 * memory_end() - first guest physical address behind the memory
 * @memory: the memory
 *
 * Return: the address.
 */
__u64 memory_end(const struct memory *memory)
{
	__u64 low = low_bytes(memory);

	return low == memory->bytes ? low : MEMORY_HIGH + memory->bytes - low;
}
