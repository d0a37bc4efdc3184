// SPDX-License-Identifier: GPL-2.0
/*
 * Images: Multiboot kernels, version 1.
 *
 * Follows the Multiboot Specification, version 0.6.96.  Its header is near the
 * beginning of the file, wherever the linker put it.  The command line begins
 * with the kernel's name, as QEMU has it.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"
#include "e820.h"
#include "image_mb.h"
#include "memory.h"

#define HEADER_MAGIC	0x1badb002
#define LOADER_MAGIC	0x2badb002
/* The header is in these bytes of the file. */
#define SEARCH		8192
#define ALIGN		4

/* What a header asks for: the lower half must be understood. */
#define WANTS_MODULE_PAGES 0x1
#define WANTS_MEMORY	0x2
#define WANTS_VIDEO	0x4
#define WANTS_KNOWN	(WANTS_MODULE_PAGES | WANTS_MEMORY | WANTS_VIDEO)
#define WANTS_REQUIRED	0xffff
#define HAS_ADDRESSES	0x10000

/* What the information has. */
#define INFO_MEMORY	0x1
#define INFO_CMDLINE	0x4
#define INFO_MODULES	0x8
#define INFO_MMAP	0x40
#define INFO_LOADER	0x200
#define INFO_FRAMEBUFFER 0x1000

/**
 * struct header - a kernel's header
 * @magic: HEADER_MAGIC
 * @flags: what it asks for
 * @checksum: makes the sum of the three 0
 * @address: where the kernel goes, with HAS_ADDRESSES
 * @entry: where it begins, with HAS_ADDRESSES
 *
 * This and the following: as in the specification.
 */
struct header {
	__u32 magic;
	__u32 flags;
	__u32 checksum;
	struct mb_address address;
	__u32 entry;
};

/**
 * struct info - what the kernel is told
 * @flags: which of the following it has
 * @mem_lower: KiB from 0 on
 * @mem_upper: KiB from 1 MiB on
 * @boot_device: not told
 * @cmdline: address of the command line
 * @mods_count: how many modules
 * @mods_addr: address of struct module
 * @syms: not told
 * @mmap_length: bytes of the memory map
 * @mmap_addr: its address
 * @drives: not told
 * @config_table: not told
 * @boot_loader_name: address of MB_LOADER
 * @apm_table: not told
 * @vbe: not told
 * @framebuffer_addr: the text screen, and so on
 * @framebuffer_pitch: bytes of a line
 * @framebuffer_width: characters
 * @framebuffer_height: lines
 * @framebuffer_bpp: bits of a character
 * @framebuffer_type: text
 * @color_info: not told
 */
struct info {
	__u32 flags;
	__u32 mem_lower;
	__u32 mem_upper;
	__u32 boot_device;
	__u32 cmdline;
	__u32 mods_count;
	__u32 mods_addr;
	__u32 syms[4];
	__u32 mmap_length;
	__u32 mmap_addr;
	__u32 drives[2];
	__u32 config_table;
	__u32 boot_loader_name;
	__u32 apm_table;
	__u32 vbe[4];
	__u64 framebuffer_addr;
	__u32 framebuffer_pitch;
	__u32 framebuffer_width;
	__u32 framebuffer_height;
	__u8 framebuffer_bpp;
	__u8 framebuffer_type;
	__u8 color_info[6];
} __attribute__((packed));

_Static_assert(offsetof(struct info, boot_loader_name) == 64 &&
	       sizeof(struct info) == 116, "the specification's structure");

/**
 * struct range - a range of the memory map
 * @size: of what follows
 * @addr: where it begins
 * @bytes: its length
 * @type: as in the memory map of the BIOS
 */
struct range {
	__u32 size;
	__u64 addr;
	__u64 bytes;
	__u32 type;
} __attribute__((packed));

/**
 * struct module - a module
 * @start: its first byte
 * @end: behind its last one
 * @string: address of its string
 * @reserved: 0
 */
struct module {
	__u32 start;
	__u32 end;
	__u32 string;
	__u32 reserved;
};

/**
 * struct page - all of it, at BOOT_INFO
 * @info: the information
 * @map: the memory map
 * @modules: the modules
 */
struct page {
	struct info info;
	struct range map[E820_MAX];
	struct module modules[MB_MAX_MODULES];
};

/* Offset of the header, or -1. */
static int find_header(const struct image_file *file, struct header *header)
{
	__u8 bytes[SEARCH + sizeof(*header)] = { 0 };
	__u64 nr = file->bytes < SEARCH ? file->bytes : SEARCH;
	unsigned int at;

	if (image_file_read(file, 0, bytes, nr))
		return -1;
	for (at = 0; at + offsetof(struct header, address) <= nr; at += ALIGN) {
		memcpy(header, bytes + at, sizeof(*header));
		if (header->magic == HEADER_MAGIC &&
		    !(__u32)(header->magic + header->flags + header->checksum))
			return at;
	}
	return -1;
}

/**
 * image_is_multiboot() - whether a file has a header of Multiboot, version 1
 * @file: the file
 *
 * Return: whether.
 */
bool image_is_multiboot(const struct image_file *file)
{
	struct header header;

	return find_header(file, &header) >= 0;
}

static int load_kernel(struct image *image, const struct memory *memory,
		       const struct image_file *file, struct header *header)
{
	int at = find_header(file, header), ret;
	__u32 unknown = header->flags & WANTS_REQUIRED & ~WANTS_KNOWN;
	__u32 bytes = sizeof(*header);

	if (at < 0)
		return image_refuse(image, file, "has no Multiboot header");
	if (unknown)
		return image_refuse(image, file,
				    "its Multiboot header demands what Keel does not know (flags 0x%x)",
				    unknown);
	if (header->flags & HAS_ADDRESSES) {
		/* It was searched for by its first fields alone. */
		if (file->bytes < at + bytes || at + bytes > SEARCH)
			return image_refuse(image, file, "its Multiboot header is cut off");
		ret = mb_load_at(image, memory, file, at, &header->address);
		image->entry = header->entry;
	} else {
		ret = mb_load_elf(image, memory, file);
	}
	return ret ? ret : mb_finish(image, memory, file);
}

/**
 * struct texts - strings at BOOT_TEXT
 * @memory: BOOT_TEXT_BYTES of guest memory
 * @used: how much of it
 */
struct texts {
	char *memory;
	size_t used;
};

/* The address of a string that is put there; 0 where there is no room. */
static __u32 put_text(struct texts *texts, const char *first,
		      const char *second)
{
	size_t room = BOOT_TEXT_BYTES - texts->used;
	__u32 at = BOOT_TEXT + texts->used;
	int length;

	length = snprintf(texts->memory + texts->used, room, "%s%s%s", first,
			  *second ? " " : "", second);
	if (length < 0 || (size_t)length >= room)
		return 0;
	texts->used += length + 1;
	return at;
}

static bool tell_texts(const struct memory *memory,
		       const struct image_file *file,
		       const struct image_args *args,
		       const struct mb_modules *modules, struct page *page)
{
	struct texts texts = {
		.memory = memory_at(memory, BOOT_TEXT, BOOT_TEXT_BYTES),
	};
	bool room = true;
	unsigned int i;

	page->info.cmdline = put_text(&texts, file->path, args->command_line);
	page->info.boot_loader_name = put_text(&texts, MB_LOADER, "");
	for (i = 0; i < modules->nr; i++) {
		page->modules[i].string =
			put_text(&texts, modules->list[i].string, "");
		room &= page->modules[i].string != 0;
	}
	return room && page->info.cmdline && page->info.boot_loader_name;
}

static void tell_memory(const struct memory *memory, struct page *page)
{
	struct e820 map;
	unsigned int i;

	page->info.mem_lower = mb_lower_kib(memory);
	page->info.mem_upper = mb_upper_kib(memory);
	e820_pc(&map, memory);
	for (i = 0; i < map.nr; i++)
		page->map[i] = (struct range) {
			.size = sizeof(page->map[i]) - sizeof(page->map[i].size),
			.addr = map.entries[i].addr,
			.bytes = map.entries[i].size,
			.type = map.entries[i].type,
		};
	page->info.mmap_addr = BOOT_INFO + offsetof(struct page, map);
	page->info.mmap_length = map.nr * sizeof(page->map[0]);
}

static void tell_modules(const struct mb_modules *modules, struct page *page)
{
	unsigned int i;

	for (i = 0; i < modules->nr; i++) {
		page->modules[i].start = modules->list[i].start;
		page->modules[i].end = modules->list[i].end;
	}
	page->info.mods_count = modules->nr;
	page->info.mods_addr = BOOT_INFO + offsetof(struct page, modules);
}

/* A kernel that asks for a picture says what it prefers, not what it needs. */
static void tell_screen(struct info *info)
{
	info->flags |= INFO_FRAMEBUFFER;
	info->framebuffer_addr = MB_TEXT_SCREEN;
	info->framebuffer_pitch = MB_TEXT_PITCH;
	info->framebuffer_width = MB_TEXT_COLUMNS;
	info->framebuffer_height = MB_TEXT_LINES;
	info->framebuffer_bpp = MB_TEXT_BITS;
	info->framebuffer_type = MB_TEXT_TYPE;
}

/**
 * image_load_multiboot() - put a kernel of Multiboot 1 into guest memory
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the files
 * @file: the kernel
 * @args: what it is given
 *
 * Return: 0; -EINVAL with &image.error where a file cannot be loaded.
 */
int image_load_multiboot(struct image *image, const struct memory *memory,
			 const struct image_file *file,
			 const struct image_args *args)
{
	struct page page = { .info = {
		.flags = INFO_MEMORY | INFO_CMDLINE | INFO_MODULES |
			 INFO_MMAP | INFO_LOADER,
	} };
	struct mb_modules modules;
	struct header header;
	int ret;

	ret = load_kernel(image, memory, file, &header);
	if (!ret)
		ret = mb_load_modules(image, memory, args, &modules);
	if (ret)
		return ret;
	image->eax = LOADER_MAGIC;
	tell_memory(memory, &page);
	tell_modules(&modules, &page);
	if (header.flags & WANTS_VIDEO)
		tell_screen(&page.info);
	if (!tell_texts(memory, file, args, &modules, &page))
		return image_refuse(image, file,
				    "command line and module strings have more than the %u bytes that there is room for",
				    BOOT_TEXT_BYTES);
	memcpy(memory_at(memory, BOOT_INFO, sizeof(page)), &page, sizeof(page));
	return 0;
}
