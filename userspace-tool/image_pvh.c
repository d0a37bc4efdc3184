// SPDX-License-Identifier: GPL-2.0
/*
 * Images: ELF kernels with an entry for PVH guests, such as Linux' vmlinux.
 *
 * Follows the description of the PVH boot protocol in Xen's documentation
 * (x86/HVM direct boot ABI): 32-bit protected mode without paging, and a start
 * information structure.  The entry stands in an ELF note.
 */
#include <stddef.h>
#include <string.h>

#include "boot.h"
#include "e820.h"
#include "image.h"
#include "memory.h"

#define NOTE_NAME	"Xen"
#define NOTE_ENTRY	18	/* XEN_ELFNOTE_PHYS32_ENTRY */
#define START_MAGIC	0x336ec578
#define START_VERSION	1
#define LIMIT_32	0x100000000ULL

/**
 * struct start_info - what the kernel is told
 * @magic: START_MAGIC
 * @version: START_VERSION
 * @flags: 0
 * @nr_modules: entries of @modlist
 * @modlist: address of struct start_module
 * @cmdline: address of the command line
 * @rsdp: address of ACPI's root system description pointer, 0: none
 * @memmap: address of struct start_memory
 * @nr_memmap: its entries
 * @reserved: 0
 *
 * This and the following: as in the protocol.
 */
struct start_info {
	__u32 magic;
	__u32 version;
	__u32 flags;
	__u32 nr_modules;
	__u64 modlist;
	__u64 cmdline;
	__u64 rsdp;
	__u64 memmap;
	__u32 nr_memmap;
	__u32 reserved;
};

/**
 * struct start_module - a module
 * @addr: where it is
 * @bytes: its length
 * @cmdline: address of its command line, 0: none
 * @reserved: 0
 */
struct start_module {
	__u64 addr;
	__u64 bytes;
	__u64 cmdline;
	__u64 reserved;
};

/**
 * struct start_memory - a range of memory
 * @addr: where it begins
 * @bytes: its length
 * @type: as in the memory map of the BIOS
 * @reserved: 0
 */
struct start_memory {
	__u64 addr;
	__u64 bytes;
	__u32 type;
	__u32 reserved;
};

/**
 * struct start_page - all of it
 * @info: at BOOT_INFO
 * @module: the initial RAM disk
 * @map: the memory map
 */
struct start_page {
	struct start_info info;
	struct start_module module;
	struct start_memory map[E820_MAX];
};

_Static_assert(sizeof(struct start_info) == 56, "the protocol's structure");

/**
 * image_is_pvh() - whether a file is an ELF kernel with an entry for PVH guests
 * @file: the file
 *
 * Return: whether.
 */
bool image_is_pvh(const struct image_file *file)
{
	__u64 entry;
	size_t bytes = sizeof(entry);

	return image_is_elf(file) &&
	       image_elf_note(file, NOTE_NAME, NOTE_ENTRY, &entry, &bytes);
}

/* The note has a number of 4 or 8 bytes, as the file's class is. */
static int find_entry(struct image *image, const struct memory *memory,
		      const struct image_file *file)
{
	size_t bytes = sizeof(image->entry);
	__u64 entry = 0;

	if (!image_elf_note(file, NOTE_NAME, NOTE_ENTRY, &entry, &bytes))
		return image_refuse(image, file, "has no PVH entry (ELF note)");
	if (bytes != 4 && bytes != 8)
		return image_refuse(image, file,
				    "the ELF note with the PVH entry has %zu bytes, not 4 or 8: it is damaged",
				    bytes);
	if (entry >= LIMIT_32 || !memory_at(memory, entry, 1))
		return image_refuse(image, file,
				    "the PVH entry 0x%llx is outside of the guest's memory below 4 GiB",
				    entry);
	image->entry = entry;
	return 0;
}

static int write_command_line(struct image *image, const struct memory *memory,
			      const struct image_file *file, const char *line)
{
	size_t bytes = strlen(line) + 1;

	if (bytes > BOOT_TEXT_BYTES)
		return image_refuse(image, file,
				    "a command line of at most %u bytes can be given; --append has %zu",
				    BOOT_TEXT_BYTES - 1, bytes - 1);
	memcpy(memory_at(memory, BOOT_TEXT, bytes), line, bytes);
	return 0;
}

static int load_initrd(struct image *image, const struct memory *memory,
		       const struct image_file *initrd,
		       struct start_page *page)
{
	__u64 from = image->last + 1;
	__u64 at;

	if (!initrd || !initrd->bytes)
		return 0;
	at = image_place(memory, from > E820_HIGH ? from : E820_HIGH,
			 MEMORY_HOLE, initrd->bytes);
	if (!at)
		return image_refuse(image, initrd,
				    "%llu bytes do not fit into the guest's memory above the kernel (0x%llx); give more with --mem",
				    initrd->bytes, from);
	page->info.nr_modules = 1;
	page->info.modlist = BOOT_INFO + offsetof(struct start_page, module);
	page->module.addr = at;
	page->module.bytes = initrd->bytes;
	return image_read(image, initrd, 0, memory_at(memory, at, initrd->bytes),
			  initrd->bytes);
}

static void tell_memory(const struct memory *memory, struct start_page *page)
{
	struct e820 map;
	unsigned int i;

	e820_pc(&map, memory);
	for (i = 0; i < map.nr; i++)
		page->map[i] = (struct start_memory) {
			.addr = map.entries[i].addr,
			.bytes = map.entries[i].size,
			.type = map.entries[i].type,
		};
	page->info.memmap = BOOT_INFO + offsetof(struct start_page, map);
	page->info.nr_memmap = map.nr;
}

/**
 * image_load_pvh() - put an ELF kernel into guest memory, to begin by PVH
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the files
 * @file: the kernel
 * @args: what it is given; it takes no modules
 *
 * Return: 0; -EINVAL with &image.error where a file cannot be loaded.
 */
int image_load_pvh(struct image *image, const struct memory *memory,
		   const struct image_file *file,
		   const struct image_args *args)
{
	struct start_page page = { .info = {
		.magic = START_MAGIC,
		.version = START_VERSION,
		.cmdline = BOOT_TEXT,
		.rsdp = args->rsdp,
	} };
	int ret;

	ret = image_load_elf_segments(image, memory, file);
	if (!ret)
		ret = find_entry(image, memory, file);
	if (!ret)
		ret = image_keep_low(image, memory, file);
	if (!ret)
		ret = write_command_line(image, memory, file,
					 args->command_line);
	if (!ret)
		ret = load_initrd(image, memory, args->initrd, &page);
	if (ret)
		return ret;
	tell_memory(memory, &page);
	memcpy(memory_at(memory, BOOT_INFO, sizeof(page)), &page, sizeof(page));
	image->may_wake = image->mode == IMAGE_MODE_LONG;
	image->mode = IMAGE_MODE_PROT;
	image->ebx = BOOT_INFO;
	return 0;
}
