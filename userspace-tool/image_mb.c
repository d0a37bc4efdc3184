// SPDX-License-Identifier: GPL-2.0
/*
 * What the loaders of Multiboot kernels share: kernels that say themselves where
 * they go, modules, sizes of memory.
 */
#include <string.h>

#include "boot.h"
#include "e820.h"
#include "image_mb.h"
#include "memory.h"

#define LIMIT_32	0x100000000ULL
#define PAGE		4096ULL
#define KIB		10

/* How much is loaded and how much follows in zeros, from addresses alone. */
static int sizes(struct image *image, const struct image_file *file,
		 __u64 from, const struct mb_address *address, __u64 *load,
		 __u64 *all)
{
	*load = file->bytes - from;
	if (address->load_end && address->load_end < address->load)
		return image_refuse(image, file,
				    "load_end_addr 0x%x is below load_addr 0x%x: the Multiboot header is damaged",
				    address->load_end, address->load);
	if (address->load_end && address->load_end - address->load > *load)
		return image_refuse(image, file,
				    "ends before load_end_addr 0x%x; it is cut off",
				    address->load_end);
	if (address->load_end)
		*load = address->load_end - address->load;
	*all = *load;
	if (address->bss_end && address->bss_end < address->load + *load)
		return image_refuse(image, file,
				    "bss_end_addr 0x%x is below what is loaded, up to 0x%llx: the Multiboot header is damaged",
				    address->bss_end, address->load + *load);
	if (address->bss_end)
		*all = address->bss_end - address->load;
	return *all ? 0 : image_refuse(image, file, "the Multiboot header says to load nothing");
}

/**
 * mb_load_at() - put a kernel where its header says
 * @image: filled in, but for the entry
 * @memory: the guest's memory
 * @file: the kernel
 * @header_at: offset of its header
 * @address: the addresses in there
 *
 * Return: 0; -EINVAL with &image.error.
 */
int mb_load_at(struct image *image, const struct memory *memory,
	       const struct image_file *file, __u64 header_at,
	       const struct mb_address *address)
{
	__u64 before, load = 0, all = 0;
	__u8 *dest;
	int ret;

	memset(image, 0, sizeof(*image));
	if (address->load > address->header ||
	    address->header - address->load > header_at)
		return image_refuse(image, file,
				    "load_addr 0x%x does not go with header_addr 0x%x: the Multiboot header is damaged",
				    address->load, address->header);
	before = header_at - (address->header - address->load);
	ret = sizes(image, file, before, address, &load, &all);
	if (ret)
		return ret;
	dest = memory_at(memory, address->load, all);
	if (!dest)
		return image_refuse(image, file,
				    "0x%llx bytes at 0x%x (load_addr) do not fit into the guest's memory; give more with --mem",
				    all, address->load);
	memset(dest + load, 0, all - load);
	image->first = address->load;
	image->last = address->load + all - 1;
	return image_read(image, file, before, dest, load);
}

/**
 * mb_load_elf() - put a kernel where its ELF headers say
 * @image: filled in
 * @memory: the guest's memory
 * @file: the kernel
 *
 * Return: 0; -EINVAL with &image.error.
 */
int mb_load_elf(struct image *image, const struct memory *memory,
		const struct image_file *file)
{
	memset(image, 0, sizeof(*image));
	if (!image_is_elf(file))
		return image_refuse(image, file,
				    "is not ELF, and its Multiboot header does not say where it goes");
	return image_load_elf(image, memory, file);
}

/**
 * mb_finish() - check what both ways of loading have in common
 * @image: in memory, with its entry
 * @memory: the guest's memory
 * @file: the kernel
 *
 * Return: 0; -EINVAL with &image.error.
 */
int mb_finish(struct image *image, const struct memory *memory,
	      const struct image_file *file)
{
	if (image->entry >= LIMIT_32 || !memory_at(memory, image->entry, 1))
		return image_refuse(image, file,
				    "the entry 0x%llx is outside of the guest's memory below 4 GiB",
				    image->entry);
	/* 32-bit, also where the kernel is a 64-bit one. */
	image->mode = IMAGE_MODE_PROT;
	image->ebx = BOOT_INFO;
	return image_keep_low(image, memory, file);
}

static int load_module(struct image *image, const struct memory *memory,
		       const struct image_file *file, const char *string,
		       __u64 *next, struct mb_modules *modules)
{
	struct mb_module *module;
	void *dest;

	if (modules->nr == MB_MAX_MODULES)
		return image_refuse(image, file, "is one module too many; at most %u are possible",
				    MB_MAX_MODULES);
	dest = *next < MEMORY_HOLE ?
	       memory_at(memory, *next, file->bytes) : NULL;
	if (!dest)
		return image_refuse(image, file,
				    "%llu bytes do not fit into the guest's memory below 3 GiB from 0x%llx on; give more with --mem",
				    file->bytes, *next);
	module = &modules->list[modules->nr++];
	module->start = *next;
	module->end = *next + file->bytes;
	module->string = string;
	/* Each at the beginning of a page, as kernels can demand. */
	*next = (*next + file->bytes + PAGE - 1) & ~(PAGE - 1);
	return image_read(image, file, 0, dest, file->bytes);
}

/**
 * mb_load_modules() - put modules behind the kernel
 * @image: the kernel, in memory
 * @memory: the guest's memory
 * @args: what the kernel is given; the initial RAM disk is the first module
 * @modules: filled in
 *
 * Return: 0; -EINVAL with &image.error.
 */
int mb_load_modules(struct image *image, const struct memory *memory,
		    const struct image_args *args, struct mb_modules *modules)
{
	__u64 next = (image->last + PAGE) & ~(PAGE - 1);
	unsigned int i;
	int ret = 0;

	modules->nr = 0;
	if (next < E820_HIGH)
		next = E820_HIGH;
	if (args->initrd)
		ret = load_module(image, memory, args->initrd,
				  args->initrd->path, &next, modules);
	for (i = 0; i < args->nr_modules && !ret; i++)
		ret = load_module(image, memory, &args->modules[i].file,
				  args->modules[i].string, &next, modules);
	return ret;
}

/**
 * mb_lower_kib() - how much memory there is from 0 on
 * @memory: the guest's memory
 *
 * Return: KiB.
 */
__u32 mb_lower_kib(const struct memory *memory)
{
	__u64 end = memory->bytes < E820_EBDA ? memory->bytes : E820_EBDA;

	return end >> KIB;
}

/**
 * mb_upper_kib() - how much memory there is from 1 MiB on, up to the first hole
 * @memory: the guest's memory
 *
 * Return: KiB.
 */
__u32 mb_upper_kib(const struct memory *memory)
{
	__u64 end = memory->bytes < MEMORY_HOLE ? memory->bytes : MEMORY_HOLE;

	return end > E820_HIGH ? (end - E820_HIGH) >> KIB : 0;
}
