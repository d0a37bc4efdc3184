// SPDX-License-Identifier: GPL-2.0
/*
 * Images: Linux kernels that begin in real mode, with a BIOS.
 *
 * Follows Linux' Documentation/arch/x86/boot.rst: the 16-bit entry, in the setup
 * code at the beginning of the file, which asks the BIOS about the machine.  It
 * is how kernels that are not Linux, but need BIOS services, are booted as well.
 * Nothing goes into memory here, which is the BIOS' at first: see rom/boot.S.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "image_bzimage.h"
#include "memory.h"
#include "rom/kernel.h"

/* Offset of the setup header in the setup code. */
#define HEADER_AT	0x1f1
/* The heap's end is told less this. */
#define HEAP_OFFSET	0x200

/*
 * From 1 MiB on.  A kernel that prefers to be elsewhere moves itself there before
 * it unpacks.
 */
static __u64 needs(const struct bzimage *kernel)
{
	const struct setup_header *header = &kernel->header;
	__u64 bytes = kernel->payload;

	if (!bzimage_knows(kernel, BZIMAGE_HAS_INIT_SIZE))
		return bytes;
	if (header->init_size > bytes)
		bytes = header->init_size;
	if (header->pref_address > BZIMAGE_HIGH &&
	    header->pref_address < MEMORY_HOLE)
		bytes += header->pref_address - BZIMAGE_HIGH;
	return bytes;
}

static int check_room(struct bzimage *kernel, struct image_setup *setup)
{
	const struct image_file *initrd = kernel->args->initrd;
	__u64 bytes = needs(kernel);

	if (BZIMAGE_HIGH + bytes > MEMORY_HOLE ||
	    !memory_at(kernel->memory, BZIMAGE_HIGH, bytes))
		return image_refuse(kernel->image, kernel->file,
				    "needs %llu MiB of memory at 0x%llx (init_size); give more with --mem",
				    (bytes + 0xfffff) >> 20, BZIMAGE_HIGH);
	setup->initrd_lowest = BZIMAGE_HIGH + bytes;
	setup->initrd_highest = bzimage_initrd_max(kernel);
	if (!initrd || !initrd->bytes ||
	    image_place(kernel->memory, setup->initrd_lowest,
			setup->initrd_highest + 1ULL, initrd->bytes))
		return 0;
	return image_refuse(kernel->image, initrd,
			    "%llu bytes do not fit into the guest's memory above the kernel (0x%x) and below what it can use (initrd_addr_max 0x%x); give more with --mem",
			    initrd->bytes, setup->initrd_lowest,
			    setup->initrd_highest);
}

/* What a boot loader fills in; version 2.02 has all of it. */
static void fill_in(const struct bzimage *kernel, struct image_setup *setup)
{
	const struct image_file *initrd = kernel->args->initrd;
	struct setup_header header;

	memcpy(&header, setup->code + HEADER_AT, sizeof(header));
	header.type_of_loader = BZIMAGE_LOADER;
	header.loadflags |= CAN_USE_HEAP;
	header.heap_end_ptr = ROM_HEAP_END - HEAP_OFFSET;
	header.ext_loader_ver = 0;
	header.ext_loader_type = 0;
	header.cmd_line_ptr = ROM_COMMAND_LINE;
	header.ramdisk_image = 0;
	header.ramdisk_size = initrd ? initrd->bytes : 0;
	memcpy(setup->code + HEADER_AT, &header,
	       offsetof(struct setup_header, cmd_line_ptr) +
	       sizeof(header.cmd_line_ptr));
}

/**
 * image_read_setup() - read a Linux kernel that a BIOS is to boot
 * @image: for messages
 * @setup: filled in
 * @memory: the guest's memory; not touched
 * @file: the kernel
 * @args: what it is given; it takes no modules
 *
 * Return: 0; -EINVAL with &image.error where a file cannot be loaded.
 */
int image_read_setup(struct image *image, struct image_setup *setup,
		     const struct memory *memory, const struct image_file *file,
		     const struct image_args *args)
{
	struct bzimage kernel = {
		.image = image,
		.memory = memory,
		.file = file,
		.args = args,
	};
	int ret;

	memset(image, 0, sizeof(*image));
	memset(setup, 0, sizeof(*setup));
	ret = bzimage_read(&kernel);
	if (ret)
		return ret;
	if (kernel.payload_at > sizeof(setup->code))
		return image_refuse(image, file,
				    "has %llu bytes of setup code (setup_sects); a BIOS can be given %zu",
				    kernel.payload_at, sizeof(setup->code));
	ret = bzimage_check_line(&kernel, ROM_COMMAND_LINE_BYTES);
	if (!ret)
		ret = check_room(&kernel, setup);
	if (!ret)
		ret = image_read(image, file, 0, setup->code,
				 kernel.payload_at);
	if (ret)
		return ret;
	setup->bytes = kernel.payload_at;
	setup->kernel_bytes = kernel.payload;
	fill_in(&kernel, setup);
	return 0;
}
