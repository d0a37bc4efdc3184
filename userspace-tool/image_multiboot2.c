// SPDX-License-Identifier: GPL-2.0
/*
 * Images: Multiboot kernels, version 2.
 *
 * Follows the Multiboot2 Specification, version 2.0: header and information are
 * lists of tags.  The command line does not have the kernel's name, as GRUB has
 * it.  EFI is not there, and tags about it are not looked at.
 */
#include <stddef.h>
#include <string.h>

#include "boot.h"
#include "e820.h"
#include "image_mb.h"
#include "memory.h"

#define HEADER_MAGIC	0xe85250d6
#define LOADER_MAGIC	0x36d76289
#define ARCH_I386	0
/* The header is in these bytes of the file. */
#define SEARCH		32768
#define ALIGN		8U

/* Tags of a header. */
enum {
	HEADER_END = 0,
	HEADER_REQUEST = 1,
	HEADER_ADDRESS = 2,
	HEADER_ENTRY = 3,
	HEADER_CONSOLE = 4,
	HEADER_FRAMEBUFFER = 5,
	HEADER_MODULE_ALIGN = 6,
	HEADER_EFI_SERVICES = 7,
	HEADER_EFI_ENTRY_32 = 8,
	HEADER_EFI_ENTRY_64 = 9,
	HEADER_RELOCATABLE = 10,
};

#define TAG_OPTIONAL	1
#define CONSOLE_REQUIRED 1
#define CONSOLE_TEXT	2

/* Tags of the information. */
enum {
	INFO_END = 0,
	INFO_CMDLINE = 1,
	INFO_LOADER = 2,
	INFO_MODULE = 3,
	INFO_MEMORY = 4,
	INFO_MMAP = 6,
	INFO_FRAMEBUFFER = 8,
	INFO_ACPI_OLD = 14,
	INFO_ACPI_NEW = 15,
	INFO_LOAD_BASE = 21,
};

/* The root system description pointer (ACPI Specification). */
#define RSDP_REVISION	15
#define RSDP_OLD_BYTES	20
#define RSDP_NEW_BYTES	36

/**
 * struct header - how a kernel's header begins
 * @magic: HEADER_MAGIC
 * @arch: ARCH_I386
 * @bytes: with its tags
 * @checksum: makes the sum of the four 0
 *
 * This and the following: as in the specification.
 */
struct header {
	__u32 magic;
	__u32 arch;
	__u32 bytes;
	__u32 checksum;
};

/**
 * struct header_tag - how a tag of a header begins
 * @type: HEADER_*
 * @flags: TAG_OPTIONAL: who does not know it may skip it
 * @bytes: with this
 */
struct header_tag {
	__u16 type;
	__u16 flags;
	__u32 bytes;
};

/**
 * struct info_tag - how a tag of the information begins
 * @type: INFO_*
 * @bytes: with this
 */
struct info_tag {
	__u32 type;
	__u32 bytes;
};

/**
 * struct range - a range of the memory map
 * @addr: where it begins
 * @bytes: its length
 * @type: as in the memory map of the BIOS
 * @reserved: 0
 */
struct range {
	__u64 addr;
	__u64 bytes;
	__u32 type;
	__u32 reserved;
};

/**
 * struct mb2 - a kernel being loaded
 * @image: filled in
 * @memory: the guest's memory
 * @file: the kernel
 * @area: the part of the file that has the header
 * @header_at: offset of the header
 * @header: its beginning
 * @address: where the kernel goes, where @has_address
 * @entry: where it begins, where @has_entry
 * @has_address: it need not be ELF
 * @has_entry: the entry is not the ELF file's
 * @relocatable: it could be moved, and is told where it is
 * @wants_screen: it asks for a screen
 * @info: room for the information, in guest memory
 * @used: how much of it
 * @full: it was not enough
 */
struct mb2 {
	struct image *image;
	const struct memory *memory;
	const struct image_file *file;
	__u8 area[SEARCH];
	__u32 header_at;
	struct header header;
	struct mb_address address;
	__u32 entry;
	bool has_address;
	bool has_entry;
	bool relocatable;
	bool wants_screen;
	__u8 *info;
	__u32 used;
	bool full;
};

/* Read the beginning of the file and search. */
static bool find_header(struct mb2 *kernel, const struct image_file *file)
{
	__u32 nr = file->bytes < SEARCH ? file->bytes : SEARCH;
	struct header header;
	__u32 at;

	if (image_file_read(file, 0, kernel->area, nr))
		return false;
	for (at = 0; at + sizeof(header) <= nr; at += ALIGN) {
		memcpy(&header, kernel->area + at, sizeof(header));
		if (header.magic != HEADER_MAGIC ||
		    (__u32)(header.magic + header.arch + header.bytes +
			    header.checksum))
			continue;
		kernel->header_at = at;
		kernel->header = header;
		return true;
	}
	return false;
}

/**
 * image_is_multiboot2() - whether a file has a header of Multiboot, version 2
 * @file: the file
 *
 * Return: whether.
 */
bool image_is_multiboot2(const struct image_file *file)
{
	struct mb2 kernel;

	return find_header(&kernel, file);
}

static bool can_tell(__u32 type)
{
	switch (type) {
	case INFO_CMDLINE:
	case INFO_LOADER:
	case INFO_MODULE:
	case INFO_MEMORY:
	case INFO_MMAP:
	case INFO_FRAMEBUFFER:
	case INFO_ACPI_OLD:
	case INFO_ACPI_NEW:
	case INFO_LOAD_BASE:
		return true;
	default:
		return false;
	}
}

static int read_request(struct mb2 *kernel, const struct header_tag *tag,
			const __u8 *data, __u32 bytes)
{
	__u32 at, type;

	for (at = 0; at + sizeof(type) <= bytes; at += sizeof(type)) {
		memcpy(&type, data + at, sizeof(type));
		if (!can_tell(type) && !(tag->flags & TAG_OPTIONAL))
			return image_refuse(kernel->image, kernel->file,
					    "its Multiboot2 header demands information of type %u, which Keel does not have",
					    type);
		kernel->wants_screen |= type == INFO_FRAMEBUFFER;
	}
	return 0;
}

static int read_console(struct mb2 *kernel, const __u8 *data)
{
	__u32 flags;

	memcpy(&flags, data, sizeof(flags));
	if (flags & CONSOLE_REQUIRED && !(flags & CONSOLE_TEXT))
		return image_refuse(kernel->image, kernel->file,
				    "its Multiboot2 header demands a console other than text, and there is no other");
	kernel->wants_screen = true;
	return 0;
}

/* A tag whose length has been checked.  Data is what follows its beginning. */
static int read_tag(struct mb2 *kernel, const struct header_tag *tag,
		    const __u8 *data)
{
	switch (tag->type) {
	case HEADER_REQUEST:
		return read_request(kernel, tag, data,
				    tag->bytes - sizeof(*tag));
	case HEADER_ADDRESS:
		memcpy(&kernel->address, data, sizeof(kernel->address));
		kernel->has_address = true;
		return 0;
	case HEADER_ENTRY:
		memcpy(&kernel->entry, data, sizeof(kernel->entry));
		kernel->has_entry = true;
		return 0;
	case HEADER_CONSOLE:
		return read_console(kernel, data);
	case HEADER_RELOCATABLE:
		kernel->relocatable = true;
		return 0;
	/* Modules are aligned in any case, and EFI is not there. */
	case HEADER_MODULE_ALIGN:
	case HEADER_EFI_SERVICES:
	case HEADER_EFI_ENTRY_32:
	case HEADER_EFI_ENTRY_64:
		return 0;
	default:
		if (tag->flags & TAG_OPTIONAL)
			return 0;
		return image_refuse(kernel->image, kernel->file,
				    "its Multiboot2 header demands %s (tag %u)",
				    tag->type == HEADER_FRAMEBUFFER ?
				    "graphics, which are not there" :
				    "what Keel does not know", tag->type);
	}
}

/* The least that a tag has to have. */
static __u32 tag_bytes(__u16 type)
{
	switch (type) {
	case HEADER_ADDRESS:
		return sizeof(struct header_tag) + sizeof(struct mb_address);
	case HEADER_ENTRY:
	case HEADER_CONSOLE:
		return sizeof(struct header_tag) + sizeof(__u32);
	default:
		return sizeof(struct header_tag);
	}
}

static int read_tags(struct mb2 *kernel)
{
	__u64 limit = kernel->file->bytes < SEARCH ? kernel->file->bytes :
						     SEARCH;
	__u32 at = kernel->header_at + sizeof(kernel->header);
	struct header_tag tag;
	__u32 end;
	int ret;

	if (kernel->header.arch != ARCH_I386)
		return image_refuse(kernel->image, kernel->file,
				    "its Multiboot2 header is for architecture %u, not i386 (0)",
				    kernel->header.arch);
	if (kernel->header.bytes > limit - kernel->header_at)
		return image_refuse(kernel->image, kernel->file,
				    "its Multiboot2 header of 0x%x bytes does not end in the first 32 KiB; it is cut off",
				    kernel->header.bytes);
	end = kernel->header_at + kernel->header.bytes;
	while (at < end && end - at >= sizeof(tag)) {
		memcpy(&tag, kernel->area + at, sizeof(tag));
		if (tag.bytes < tag_bytes(tag.type) || tag.bytes > end - at)
			return image_refuse(kernel->image, kernel->file,
					    "tag %u of its Multiboot2 header has 0x%x bytes, which cannot be; it is damaged",
					    tag.type, tag.bytes);
		if (tag.type == HEADER_END)
			return 0;
		ret = read_tag(kernel, &tag, kernel->area + at + sizeof(tag));
		if (ret)
			return ret;
		at += (tag.bytes + ALIGN - 1) & ~(ALIGN - 1);
	}
	return image_refuse(kernel->image, kernel->file,
			    "its Multiboot2 header has no end tag; it is damaged");
}

static int load_kernel(struct mb2 *kernel)
{
	struct image *image = kernel->image;
	int ret;

	if (kernel->has_address && !kernel->has_entry)
		return image_refuse(image, kernel->file,
				    "its Multiboot2 header has an address tag, but no entry tag; it is damaged");
	if (kernel->has_address)
		ret = mb_load_at(image, kernel->memory, kernel->file,
				 kernel->header_at, &kernel->address);
	else
		ret = mb_load_elf(image, kernel->memory, kernel->file);
	if (ret)
		return ret;
	if (kernel->has_entry)
		image->entry = kernel->entry;
	image->eax = LOADER_MAGIC;
	return mb_finish(image, kernel->memory, kernel->file);
}

/* Begin a tag; returns where its data go, or NULL where there is no room. */
static void *add_tag(struct mb2 *kernel, __u32 type, size_t bytes)
{
	struct info_tag tag = { .type = type, .bytes = sizeof(tag) + bytes };
	__u8 *data = kernel->info + kernel->used + sizeof(tag);
	__u32 room = BOOT_INFO_BYTES - kernel->used;

	/* The next one is aligned, and the end needs a tag, too. */
	if (kernel->full || bytes > BOOT_INFO_BYTES ||
	    sizeof(tag) + bytes + ALIGN + sizeof(tag) > room) {
		kernel->full = true;
		return NULL;
	}
	memcpy(kernel->info + kernel->used, &tag, sizeof(tag));
	kernel->used += (tag.bytes + ALIGN - 1) & ~(ALIGN - 1);
	return data;
}

static void add_data(struct mb2 *kernel, __u32 type, const void *bytes,
		     size_t nr)
{
	void *data = add_tag(kernel, type, nr);

	if (data)
		memcpy(data, bytes, nr);
}

static void tell_modules(struct mb2 *kernel, const struct mb_modules *modules)
{
	const struct mb_module *module;
	size_t length;
	unsigned int i;
	__u8 *data;

	for (i = 0; i < modules->nr; i++) {
		module = &modules->list[i];
		length = strlen(module->string) + 1;
		data = add_tag(kernel, INFO_MODULE, 8 + length);
		if (!data)
			return;
		memcpy(data, &module->start, 4);
		memcpy(data + 4, &module->end, 4);
		memcpy(data + 8, module->string, length);
	}
}

static void tell_memory(struct mb2 *kernel)
{
	const __u32 basic[] = {
		mb_lower_kib(kernel->memory), mb_upper_kib(kernel->memory),
	};
	struct {
		__u32 entry_bytes;
		__u32 version;
		struct range ranges[E820_MAX];
	} all = { .entry_bytes = sizeof(struct range) };
	struct e820 map;
	unsigned int i;

	add_data(kernel, INFO_MEMORY, basic, sizeof(basic));
	e820_pc(&map, kernel->memory);
	for (i = 0; i < map.nr; i++) {
		all.ranges[i].addr = map.entries[i].addr;
		all.ranges[i].bytes = map.entries[i].size;
		all.ranges[i].type = map.entries[i].type;
	}
	add_data(kernel, INFO_MMAP, &all,
		 8 + map.nr * sizeof(struct range));
}

static void tell_screen(struct mb2 *kernel)
{
	const struct {
		__u64 addr;
		__u32 pitch;
		__u32 width;
		__u32 height;
		__u8 bpp;
		__u8 type;
		__u16 reserved;
	} screen = {
		.addr = MB_TEXT_SCREEN,
		.pitch = MB_TEXT_PITCH,
		.width = MB_TEXT_COLUMNS,
		.height = MB_TEXT_LINES,
		.bpp = MB_TEXT_BITS,
		.type = MB_TEXT_TYPE,
	};

	add_data(kernel, INFO_FRAMEBUFFER, &screen, sizeof(screen));
}

/* A copy of the RSDP; a new one is also an old one. */
static void tell_acpi(struct mb2 *kernel, __u64 rsdp)
{
	const __u8 *table = memory_at(kernel->memory, rsdp, RSDP_NEW_BYTES);

	if (!rsdp || !table)
		return;
	add_data(kernel, INFO_ACPI_OLD, table, RSDP_OLD_BYTES);
	if (table[RSDP_REVISION] >= 2)
		add_data(kernel, INFO_ACPI_NEW, table, RSDP_NEW_BYTES);
}

static int tell(struct mb2 *kernel, const struct image_args *args,
		const struct mb_modules *modules)
{
	const struct info_tag end = { .type = INFO_END, .bytes = sizeof(end) };
	const __u32 base = kernel->image->first;
	/* Before the tags: how long all is, and a reserved word. */
	__u32 begin[2] = { 0 };

	kernel->info = memory_at(kernel->memory, BOOT_INFO, BOOT_INFO_BYTES);
	memset(kernel->info, 0, BOOT_INFO_BYTES);
	kernel->used = sizeof(begin);
	add_data(kernel, INFO_CMDLINE, args->command_line,
		 strlen(args->command_line) + 1);
	add_data(kernel, INFO_LOADER, MB_LOADER, sizeof(MB_LOADER));
	tell_modules(kernel, modules);
	tell_memory(kernel);
	if (kernel->wants_screen)
		tell_screen(kernel);
	tell_acpi(kernel, args->rsdp);
	if (kernel->relocatable)
		add_data(kernel, INFO_LOAD_BASE, &base, sizeof(base));
	if (kernel->full)
		return image_refuse(kernel->image, kernel->file,
				    "command line and module strings have more than the %u bytes that there is room for",
				    BOOT_INFO_BYTES);
	memcpy(kernel->info + kernel->used, &end, sizeof(end));
	begin[0] = kernel->used + sizeof(end);
	memcpy(kernel->info, begin, sizeof(begin));
	return 0;
}

/**
 * image_load_multiboot2() - put a kernel of Multiboot 2 into guest memory
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the files
 * @file: the kernel
 * @args: what it is given
 *
 * Return: 0; -EINVAL with &image.error where a file cannot be loaded.
 */
int image_load_multiboot2(struct image *image, const struct memory *memory,
			  const struct image_file *file,
			  const struct image_args *args)
{
	struct mb2 kernel = { .image = image, .memory = memory, .file = file };
	struct mb_modules modules;
	int ret;

	memset(image, 0, sizeof(*image));
	if (!find_header(&kernel, file))
		return image_refuse(image, file, "has no Multiboot2 header");
	ret = read_tags(&kernel);
	if (!ret)
		ret = load_kernel(&kernel);
	if (!ret)
		ret = mb_load_modules(image, memory, args, &modules);
	return ret ? ret : tell(&kernel, args, &modules);
}
