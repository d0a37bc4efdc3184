// SPDX-License-Identifier: GPL-2.0
/*
 * Images: Linux kernels as bzImage.
 *
 * Follows Linux' Documentation/arch/x86/boot.rst and zero-page.rst: the 64-bit
 * entry where the kernel has one, else the 32-bit one.  The kernel's own
 * real-mode code is not run, so this loader fills in what it would ask the BIOS
 * for: the zero page.
 */
#include <stddef.h>
#include <string.h>

#include <asm/bootparam.h>

#include "boot.h"
#include "e820.h"
#include "image.h"
#include "memory.h"

#define HEADER_AT	0x1f1
#define MAGIC_AT	0x202
#define MAGIC		0x53726448	/* "HdrS" */
#define BOOT_FLAG	0xaa55
#define SECTOR		512ULL
#define PARAGRAPH	16ULL
#define ENTRY_64	0x200
#define LOAD_HIGH	0x100000ULL
/* Loaders without a number of their own. */
#define LOADER_UNDEFINED 0xff

/* Versions of the protocol that brought what is used here. */
#define HAS_COMMAND_LINE 0x0202
#define HAS_INITRD_MAX	0x0203
#define HAS_SYSSIZE	0x0204
#define HAS_RELOCATABLE	0x0205
#define HAS_CMDLINE_SIZE 0x0206
#define HAS_INIT_SIZE	0x020a
#define HAS_XLOADFLAGS	0x020c
#define HAS_RSDP	0x020e

/* What holds for kernels too old to say. */
#define OLD_INITRD_MAX	0x37ffffff
#define OLD_CMDLINE_SIZE 255

/**
 * struct bzimage - a kernel being loaded
 * @image: filled in
 * @memory: the guest's memory
 * @file: the kernel
 * @args: what it is given
 * @header: its setup header; zero where it is too old to have a field
 * @payload_at: offset of the protected-mode kernel in the file
 * @payload: its length
 * @needs: how much memory it needs from its load address on
 */
struct bzimage {
	struct image *image;
	const struct memory *memory;
	const struct image_file *file;
	const struct image_args *args;
	struct setup_header header;
	__u64 payload_at;
	__u64 payload;
	__u64 needs;
};

/**
 * image_is_bzimage() - whether a file claims to be a Linux kernel
 * @file: the file
 *
 * Return: whether.
 */
bool image_is_bzimage(const struct image_file *file)
{
	__u32 magic;

	return !image_file_read(file, MAGIC_AT, &magic, sizeof(magic)) &&
	       magic == MAGIC;
}

static bool knows(const struct bzimage *kernel, __u16 version)
{
	return kernel->header.version >= version;
}

static bool is_64bit(const struct bzimage *kernel)
{
	return knows(kernel, HAS_XLOADFLAGS) &&
	       kernel->header.xloadflags & XLF_KERNEL_64;
}

/* The header ends where the jump over it, at offset 0x200, goes. */
static int read_header(struct bzimage *kernel)
{
	struct setup_header *header = &kernel->header;
	__u64 bytes = sizeof(*header);
	__u8 jump[2];
	int ret;

	ret = image_read(kernel->image, kernel->file,
			 HEADER_AT + offsetof(struct setup_header, jump),
			 jump, sizeof(jump));
	if (ret)
		return ret;
	if (MAGIC_AT + (__u64)jump[1] < HEADER_AT + bytes)
		bytes = MAGIC_AT + jump[1] - HEADER_AT;
	ret = image_read(kernel->image, kernel->file, HEADER_AT, header, bytes);
	if (ret)
		return ret;
	if (header->boot_flag != BOOT_FLAG)
		return image_refuse(kernel->image, kernel->file,
				    "boot_flag is 0x%x, not 0x%x: the kernel is damaged",
				    header->boot_flag, BOOT_FLAG);
	if (!knows(kernel, HAS_COMMAND_LINE))
		return image_refuse(kernel->image, kernel->file,
				    "follows version %u.%02u of the boot protocol; 2.02 is the oldest that can be loaded",
				    header->version >> 8,
				    header->version & 0xff);
	if (!(header->loadflags & LOADED_HIGH))
		return image_refuse(kernel->image, kernel->file,
				    "is a zImage, which is loaded below 1 MiB; build a bzImage");
	return 0;
}

/* Where the file has the protected-mode kernel, and how much of it. */
static int find_payload(struct bzimage *kernel)
{
	const struct setup_header *header = &kernel->header;
	/* 0 stands for 4, for loaders' sake that are gone. */
	unsigned int sectors = header->setup_sects ? header->setup_sects : 4;
	__u64 said = header->syssize * PARAGRAPH;

	kernel->payload_at = (sectors + 1) * SECTOR;
	if (kernel->payload_at >= kernel->file->bytes)
		return image_refuse(kernel->image, kernel->file,
				    "ends within the %u sectors of its setup code (setup_sects); it is cut off",
				    sectors);
	kernel->payload = kernel->file->bytes - kernel->payload_at;
	if (knows(kernel, HAS_SYSSIZE) && said) {
		/* The length is rounded up, the file may be not. */
		if (said >= kernel->payload + PARAGRAPH)
			return image_refuse(kernel->image, kernel->file,
					    "has %llu bytes of the %llu that syssize says; it is cut off",
					    kernel->payload, said);
		/* Behind it there may be a signature. */
		if (said < kernel->payload)
			kernel->payload = said;
	}
	if (is_64bit(kernel) && kernel->payload <= ENTRY_64)
		return image_refuse(kernel->image, kernel->file,
				    "ends before its 64-bit entry; it is cut off");
	return 0;
}

static bool fits(const struct bzimage *kernel, __u64 at)
{
	return at >= LOAD_HIGH && at < MEMORY_HOLE &&
	       memory_at(kernel->memory, at, kernel->needs);
}

/* A kernel that can be moved, best where it would go by itself. */
static int place_relocatable(struct bzimage *kernel, __u64 *at)
{
	__u64 align = kernel->header.kernel_alignment;

	if (!align || align & (align - 1))
		return image_refuse(kernel->image, kernel->file,
				    "kernel_alignment is 0x%llx, not a power of 2: the kernel is damaged",
				    align);
	*at = knows(kernel, HAS_INIT_SIZE) ? kernel->header.pref_address : 0;
	if (!fits(kernel, *at))
		*at = (LOAD_HIGH + align - 1) & ~(align - 1);
	return 0;
}

/* Where it goes.  Up to init_size it needs memory, to unpack itself. */
static int place(struct bzimage *kernel, __u64 *at)
{
	const struct setup_header *header = &kernel->header;
	int ret;

	kernel->needs = kernel->payload;
	if (knows(kernel, HAS_INIT_SIZE) && header->init_size > kernel->needs)
		kernel->needs = header->init_size;
	*at = LOAD_HIGH;
	if (knows(kernel, HAS_RELOCATABLE) && header->relocatable_kernel) {
		ret = place_relocatable(kernel, at);
		if (ret)
			return ret;
	} else if (knows(kernel, HAS_INIT_SIZE) &&
		   header->pref_address > LOAD_HIGH &&
		   header->pref_address < MEMORY_HOLE) {
		/* It moves itself there before it unpacks. */
		kernel->needs += header->pref_address - LOAD_HIGH;
	}
	if (fits(kernel, *at))
		return 0;
	return image_refuse(kernel->image, kernel->file,
			    "needs %llu MiB of memory at 0x%llx (init_size); give more with --mem",
			    (kernel->needs + 0xfffff) >> 20, *at);
}

static int load_kernel(struct bzimage *kernel)
{
	struct image *image = kernel->image;
	__u64 at;
	int ret;

	ret = place(kernel, &at);
	if (ret)
		return ret;
	image->first = at;
	image->last = at + kernel->needs - 1;
	image->entry = at;
	image->mode = IMAGE_MODE_PROT;
	if (is_64bit(kernel)) {
		image->mode = IMAGE_MODE_LONG;
		image->entry += ENTRY_64;
	}
	image->linux_selectors = true;
	image->esi = BOOT_INFO;
	kernel->header.code32_start = at;
	return image_read(image, kernel->file, kernel->payload_at,
			  memory_at(kernel->memory, at, kernel->payload),
			  kernel->payload);
}

static int write_command_line(struct bzimage *kernel)
{
	const char *line = kernel->args->command_line;
	__u64 limit = OLD_CMDLINE_SIZE;
	size_t length = strlen(line);
	void *dest;

	if (knows(kernel, HAS_CMDLINE_SIZE) && kernel->header.cmdline_size)
		limit = kernel->header.cmdline_size;
	if (limit > BOOT_TEXT_BYTES - 1)
		limit = BOOT_TEXT_BYTES - 1;
	if (length > limit)
		return image_refuse(kernel->image, kernel->file,
				    "takes a command line of at most %llu bytes (cmdline_size); --append has %zu",
				    limit, length);
	dest = memory_at(kernel->memory, BOOT_TEXT, length + 1);
	if (!dest)
		return image_refuse(kernel->image, kernel->file,
				    "no room for the command line; give more memory with --mem");
	memcpy(dest, line, length + 1);
	kernel->header.cmd_line_ptr = BOOT_TEXT;
	return 0;
}

/*
 * Below initrd_addr_max if that goes; a kernel that can be loaded above 4 GiB
 * takes it anywhere.
 */
static __u64 place_initrd(const struct bzimage *kernel, __u64 bytes)
{
	const struct memory *memory = kernel->memory;
	__u64 from = kernel->image->last + 1;
	__u64 limit = OLD_INITRD_MAX + 1ULL, at;

	if (knows(kernel, HAS_INITRD_MAX))
		limit = kernel->header.initrd_addr_max + 1ULL;
	at = image_place(memory, from, limit, bytes);
	if (at || !knows(kernel, HAS_XLOADFLAGS) ||
	    !(kernel->header.xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G))
		return at;
	at = image_place(memory, from, MEMORY_HOLE, bytes);
	if (!at && memory_at(memory, MEMORY_HIGH, bytes))
		at = MEMORY_HIGH;
	return at;
}

static int load_initrd(struct bzimage *kernel, struct boot_params *params)
{
	const struct image_file *initrd = kernel->args->initrd;
	__u64 at;

	if (!initrd || !initrd->bytes)
		return 0;
	at = place_initrd(kernel, initrd->bytes);
	if (!at)
		return image_refuse(kernel->image, initrd,
				    "%llu bytes do not fit into the guest's memory above the kernel (0x%llx) and below what it can use (initrd_addr_max 0x%x); give more with --mem",
				    initrd->bytes, kernel->image->last + 1,
				    kernel->header.initrd_addr_max);
	params->hdr.ramdisk_image = at;
	params->hdr.ramdisk_size = initrd->bytes;
	params->ext_ramdisk_image = at >> 32;
	params->ext_ramdisk_size = initrd->bytes >> 32;
	return image_read(kernel->image, initrd, 0,
			  memory_at(kernel->memory, at, initrd->bytes),
			  initrd->bytes);
}

/* The rest of the zero page.  Screen: none, so that nobody looks for one. */
static void tell_machine(const struct bzimage *kernel,
			 struct boot_params *params)
{
	struct e820 map;

	e820_pc(&map, kernel->memory);
	memcpy(params->e820_table, map.entries,
	       map.nr * sizeof(map.entries[0]));
	params->e820_entries = map.nr;
	params->hdr.type_of_loader = LOADER_UNDEFINED;
	params->hdr.ext_loader_ver = 0;
	params->hdr.ext_loader_type = 0;
	/* The heap is of the real-mode code, which does not run. */
	params->hdr.loadflags &= ~CAN_USE_HEAP;
	params->hdr.setup_data = 0;
	if (knows(kernel, HAS_RSDP))
		params->acpi_rsdp_addr = kernel->args->rsdp;
}

/**
 * image_load_bzimage() - put a Linux kernel into guest memory
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the files
 * @file: the kernel
 * @args: what it is given; it takes no modules
 *
 * Return: 0; -EINVAL with &image.error where a file cannot be loaded.
 */
int image_load_bzimage(struct image *image, const struct memory *memory,
		       const struct image_file *file,
		       const struct image_args *args)
{
	struct bzimage kernel = {
		.image = image,
		.memory = memory,
		.file = file,
		.args = args,
	};
	struct boot_params *params = memory_at(memory, BOOT_INFO,
					       sizeof(*params));
	int ret;

	memset(image, 0, sizeof(*image));
	if (!params)
		return image_refuse(image, file, "no room for the zero page; give more memory with --mem");
	memset(params, 0, sizeof(*params));
	ret = read_header(&kernel);
	if (!ret)
		ret = find_payload(&kernel);
	if (!ret)
		ret = load_kernel(&kernel);
	if (!ret)
		ret = write_command_line(&kernel);
	if (ret)
		return ret;
	params->hdr = kernel.header;
	tell_machine(&kernel, params);
	return load_initrd(&kernel, params);
}
