// SPDX-License-Identifier: GPL-2.0
/*
 * Images: Linux kernels as bzImage.
 *
 * Follows Linux' Documentation/arch/x86/boot.rst and zero-page.rst: the 64-bit
 * entry where the kernel has one, else the 32-bit one.  The kernel's own
 * real-mode code is not run, so this loader fills in what it would ask the BIOS
 * for: the zero page.  With a BIOS it does run: image_setup.c.
 */
#include <stddef.h>
#include <string.h>

#include "boot.h"
#include "e820.h"
#include "image.h"
#include "image_bzimage.h"
#include "memory.h"

#define HEADER_AT	0x1f1
#define MAGIC_AT	0x202
#define MAGIC		0x53726448	/* "HdrS" */
#define BOOT_FLAG	0xaa55
#define PARAGRAPH	16ULL
#define ENTRY_64	0x200

/* What holds for kernels too old to say. */
#define OLD_INITRD_MAX	0x37ffffff
#define OLD_CMDLINE_SIZE 255

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

static bool is_64bit(const struct bzimage *kernel)
{
	return bzimage_knows(kernel, BZIMAGE_HAS_XLOADFLAGS) &&
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
	if (!bzimage_knows(kernel, BZIMAGE_HAS_COMMAND_LINE))
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

	kernel->payload_at = (sectors + 1) * BZIMAGE_SECTOR;
	if (kernel->payload_at >= kernel->file->bytes)
		return image_refuse(kernel->image, kernel->file,
				    "ends within the %u sectors of its setup code (setup_sects); it is cut off",
				    sectors);
	kernel->payload = kernel->file->bytes - kernel->payload_at;
	if (bzimage_knows(kernel, BZIMAGE_HAS_SYSSIZE) && said) {
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

/**
 * bzimage_read() - read what a kernel says about itself
 * @kernel: with @image, @file and @args; the rest is filled in, but for @needs
 *
 * Return: 0; -EINVAL with &image.error where it is damaged or too old.
 */
int bzimage_read(struct bzimage *kernel)
{
	int ret = read_header(kernel);

	return ret ? ret : find_payload(kernel);
}

/**
 * bzimage_initrd_max() - where a kernel can still use an initial RAM disk
 * @kernel: from bzimage_read()
 *
 * Return: the highest address that it may cover.
 */
__u32 bzimage_initrd_max(const struct bzimage *kernel)
{
	return bzimage_knows(kernel, BZIMAGE_HAS_INITRD_MAX) ?
	       kernel->header.initrd_addr_max : OLD_INITRD_MAX;
}

/**
 * bzimage_check_line() - whether a kernel takes its command line
 * @kernel: from bzimage_read()
 * @room: bytes that there are for it, with its final NUL
 *
 * Return: 0; -EINVAL with &image.error where the line is too long.
 */
int bzimage_check_line(const struct bzimage *kernel, __u64 room)
{
	size_t length = strlen(kernel->args->command_line);
	__u64 limit = OLD_CMDLINE_SIZE;

	if (bzimage_knows(kernel, BZIMAGE_HAS_CMDLINE_SIZE) &&
	    kernel->header.cmdline_size)
		limit = kernel->header.cmdline_size;
	if (limit > room - 1)
		limit = room - 1;
	if (length <= limit)
		return 0;
	return image_refuse(kernel->image, kernel->file,
			    "takes a command line of at most %llu bytes (cmdline_size); --append has %zu",
			    limit, length);
}

static bool fits(const struct bzimage *kernel, __u64 at)
{
	return at >= BZIMAGE_HIGH && at < MEMORY_HOLE &&
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
	*at = bzimage_knows(kernel, BZIMAGE_HAS_INIT_SIZE) ? kernel->header.pref_address : 0;
	if (!fits(kernel, *at))
		*at = (BZIMAGE_HIGH + align - 1) & ~(align - 1);
	return 0;
}

/* Where it goes.  Up to init_size it needs memory, to unpack itself. */
static int place(struct bzimage *kernel, __u64 *at)
{
	const struct setup_header *header = &kernel->header;
	int ret;

	kernel->needs = kernel->payload;
	if (bzimage_knows(kernel, BZIMAGE_HAS_INIT_SIZE) && header->init_size > kernel->needs)
		kernel->needs = header->init_size;
	*at = BZIMAGE_HIGH;
	if (bzimage_knows(kernel, BZIMAGE_HAS_RELOCATABLE) && header->relocatable_kernel) {
		ret = place_relocatable(kernel, at);
		if (ret)
			return ret;
	} else if (bzimage_knows(kernel, BZIMAGE_HAS_INIT_SIZE) &&
		   header->pref_address > BZIMAGE_HIGH &&
		   header->pref_address < MEMORY_HOLE) {
		/* It moves itself there before it unpacks. */
		kernel->needs += header->pref_address - BZIMAGE_HIGH;
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
		image->may_wake = true;
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
	size_t length = strlen(line);
	void *dest;
	int ret;

	ret = bzimage_check_line(kernel, BOOT_TEXT_BYTES);
	if (ret)
		return ret;
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
	__u64 at;

	at = image_place(memory, from, bzimage_initrd_max(kernel) + 1ULL, bytes);
	if (at || !bzimage_knows(kernel, BZIMAGE_HAS_XLOADFLAGS) ||
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
	params->hdr.type_of_loader = BZIMAGE_LOADER;
	params->hdr.ext_loader_ver = 0;
	params->hdr.ext_loader_type = 0;
	/* The heap is of the real-mode code, which does not run. */
	params->hdr.loadflags &= ~CAN_USE_HEAP;
	params->hdr.setup_data = 0;
	if (bzimage_knows(kernel, BZIMAGE_HAS_RSDP))
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
	ret = bzimage_read(&kernel);
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
