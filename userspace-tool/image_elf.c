// SPDX-License-Identifier: GPL-2.0
/*
 * Images: ELF files for i386 and x86-64.
 *
 * Segments go where their physical addresses say.  The entry is a virtual
 * address and is taken to the physical one by the segment that holds it, so
 * that kernels linked to high addresses start as well.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gelf.h>

#include "image.h"
#include "memory.h"

/*
 * More segments than any guest has; bounds the work that a small file with
 * overlapping ones can ask for.
 */
#define MAX_HEADERS	128

static int __attribute__((format(printf, 2, 3)))
refuse(struct image *image, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->error, sizeof(image->error), fmt, args);
	va_end(args);
	return -EINVAL;
}

/**
 * image_is_elf() - whether a file claims to be ELF
 * @bytes: the file
 * @nr: its length
 *
 * Return: 1 or 0.
 */
int image_is_elf(const __u8 *bytes, size_t nr)
{
	return nr >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG);
}

/* The file's header, where it is one for a PC. */
static int check_header(struct image *image, Elf *elf, GElf_Ehdr *header)
{
	if (!gelf_getehdr(elf, header))
		return refuse(image, "the ELF header is cut off or damaged");
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(image, "is ELF for a big-endian machine");
	if (header->e_type != ET_EXEC)
		return refuse(image,
			      "is ELF of type %u; only executables with fixed addresses (2) can be loaded",
			      header->e_type);
	if (header->e_ident[EI_CLASS] == ELFCLASS32 &&
	    header->e_machine == EM_386)
		image->mode = IMAGE_MODE_PROT;
	else if (header->e_ident[EI_CLASS] == ELFCLASS64 &&
		 header->e_machine == EM_X86_64)
		image->mode = IMAGE_MODE_LONG;
	else
		return refuse(image,
			      "is ELF for machine %u, class %u; only i386 and x86-64 can be loaded",
			      header->e_machine, header->e_ident[EI_CLASS]);
	return 0;
}

static int load_segment(struct image *image, const struct memory *memory,
			const __u8 *bytes, size_t nr, const GElf_Phdr *segment,
			size_t index)
{
	__u8 *dest;

	if (segment->p_filesz > segment->p_memsz)
		return refuse(image,
			      "segment %zu has more bytes in the file (0x%llx) than in memory (0x%llx)",
			      index, (__u64)segment->p_filesz,
			      (__u64)segment->p_memsz);
	if (segment->p_offset > nr || segment->p_filesz > nr - segment->p_offset)
		return refuse(image,
			      "segment %zu ends behind the end of the file; it is cut off",
			      index);
	dest = memory_at(memory, segment->p_paddr, segment->p_memsz);
	if (!dest)
		return refuse(image,
			      "segment %zu, 0x%llx bytes at 0x%llx, does not fit into the guest's memory",
			      index, (__u64)segment->p_memsz,
			      (__u64)segment->p_paddr);
	memcpy(dest, bytes + segment->p_offset, segment->p_filesz);
	memset(dest + segment->p_filesz, 0,
	       segment->p_memsz - segment->p_filesz);
	if (segment->p_paddr < image->first)
		image->first = segment->p_paddr;
	if (segment->p_paddr + segment->p_memsz - 1 > image->last)
		image->last = segment->p_paddr + segment->p_memsz - 1;
	return 0;
}

static int load_segments(struct image *image, const struct memory *memory,
			 const __u8 *bytes, size_t nr, Elf *elf)
{
	int loaded = 0, has_entry = 0, ret;
	size_t count, i;
	GElf_Ehdr header;
	GElf_Phdr segment;

	ret = check_header(image, elf, &header);
	if (ret)
		return ret;
	if (elf_getphdrnum(elf, &count))
		return refuse(image, "the ELF program headers are cut off or damaged");
	if (count > MAX_HEADERS)
		return refuse(image, "has %zu ELF program headers; at most %u are loaded",
			      count, MAX_HEADERS);
	image->first = ~0ULL;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &segment))
			return refuse(image, "the ELF program headers are cut off or damaged");
		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		ret = load_segment(image, memory, bytes, nr, &segment, i);
		if (ret)
			return ret;
		loaded = 1;
		if (!has_entry && header.e_entry >= segment.p_vaddr &&
		    header.e_entry - segment.p_vaddr < segment.p_memsz) {
			image->entry = segment.p_paddr +
				       (header.e_entry - segment.p_vaddr);
			has_entry = 1;
		}
	}
	if (!loaded)
		return refuse(image, "has no ELF segment to load");
	if (!has_entry)
		return refuse(image, "the entry 0x%llx is in no ELF segment",
			      (__u64)header.e_entry);
	return 0;
}

/**
 * image_load_elf() - put an ELF file into guest memory
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the file
 * @bytes: the file
 * @nr: its length
 *
 * Return: 0; -EINVAL with &image.error where the file cannot be loaded.
 */
int image_load_elf(struct image *image, const struct memory *memory,
		   const __u8 *bytes, size_t nr)
{
	Elf *elf;
	int ret;

	memset(image, 0, sizeof(*image));
	if (elf_version(EV_CURRENT) == EV_NONE)
		return refuse(image, "libelf: %s", elf_errmsg(-1));
	/* It is opened for reading: libelf does not write to it. */
	elf = elf_memory((char *)bytes, nr);
	if (!elf)
		return refuse(image, "is damaged ELF: %s", elf_errmsg(-1));
	if (elf_kind(elf) == ELF_K_ELF)
		ret = load_segments(image, memory, bytes, nr, elf);
	else
		ret = refuse(image, "the ELF header is cut off or damaged");
	elf_end(elf);
	return ret;
}
