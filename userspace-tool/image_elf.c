// SPDX-License-Identifier: GPL-2.0
/*
 * Images: ELF files for i386 and x86-64.
 *
 * Segments go where their physical addresses say.  The entry is a virtual
 * address and is taken to the physical one by the segment that holds it, so
 * that kernels linked to high addresses start as well.
 */
#include <errno.h>
#include <string.h>

#include <gelf.h>

#include "image.h"
#include "memory.h"

/*
 * More segments than any guest has; bounds the work that a small file with
 * overlapping ones can ask for.
 */
#define MAX_HEADERS	128
/* More notes than any kernel has, bytes. */
#define MAX_NOTES	(64U << 10)
#define BAD_HEADERS	"the ELF program headers are cut off or damaged"

/**
 * image_is_elf() - whether a file claims to be ELF
 * @file: the file
 *
 * Return: whether.
 */
bool image_is_elf(const struct image_file *file)
{
	char magic[SELFMAG];

	return !image_file_read(file, 0, magic, sizeof(magic)) &&
	       !memcmp(magic, ELFMAG, sizeof(magic));
}

/* The file's header, where it is one for a PC. */
static int check_header(struct image *image, const struct image_file *file,
			Elf *elf, GElf_Ehdr *header)
{
	if (!gelf_getehdr(elf, header))
		return image_refuse(image, file, "the ELF header is cut off or damaged");
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return image_refuse(image, file, "is ELF for a big-endian machine");
	if (header->e_type != ET_EXEC)
		return image_refuse(image, file,
				    "is ELF of type %u; only executables with fixed addresses (2) can be loaded",
				    header->e_type);
	if (header->e_ident[EI_CLASS] == ELFCLASS32 &&
	    header->e_machine == EM_386)
		image->mode = IMAGE_MODE_PROT;
	else if (header->e_ident[EI_CLASS] == ELFCLASS64 &&
		 header->e_machine == EM_X86_64)
		image->mode = IMAGE_MODE_LONG;
	else
		return image_refuse(image, file,
				    "is ELF for machine %u, class %u; only i386 and x86-64 can be loaded",
				    header->e_machine,
				    header->e_ident[EI_CLASS]);
	return 0;
}

static int load_segment(struct image *image, const struct memory *memory,
			const struct image_file *file,
			const GElf_Phdr *segment, size_t index)
{
	__u8 *dest;

	if (segment->p_filesz > segment->p_memsz)
		return image_refuse(image, file,
				    "segment %zu has more bytes in the file (0x%llx) than in memory (0x%llx)",
				    index, (__u64)segment->p_filesz,
				    (__u64)segment->p_memsz);
	if (segment->p_offset > file->bytes ||
	    segment->p_filesz > file->bytes - segment->p_offset)
		return image_refuse(image, file,
				    "segment %zu ends behind the end of the file; it is cut off",
				    index);
	dest = memory_at(memory, segment->p_paddr, segment->p_memsz);
	if (!dest)
		return image_refuse(image, file,
				    "segment %zu, 0x%llx bytes at 0x%llx, does not fit into the guest's memory; give more with --mem",
				    index, (__u64)segment->p_memsz,
				    (__u64)segment->p_paddr);
	if (segment->p_paddr < image->first)
		image->first = segment->p_paddr;
	if (segment->p_paddr + segment->p_memsz - 1 > image->last)
		image->last = segment->p_paddr + segment->p_memsz - 1;
	memset(dest + segment->p_filesz, 0,
	       segment->p_memsz - segment->p_filesz);
	return image_read(image, file, segment->p_offset, dest,
			  segment->p_filesz);
}

/* A virtual address is somewhere in memory where a segment holds it. */
static bool holds(const GElf_Phdr *segment, __u64 address)
{
	return address >= segment->p_vaddr &&
	       address - segment->p_vaddr < segment->p_memsz;
}

static int load_segments(struct image *image, const struct memory *memory,
			 const struct image_file *file, Elf *elf,
			 bool needs_entry)
{
	bool loaded = false, has_entry = false;
	size_t count, i;
	GElf_Ehdr header;
	GElf_Phdr segment;
	int ret;

	ret = check_header(image, file, elf, &header);
	if (ret)
		return ret;
	if (elf_getphdrnum(elf, &count))
		return image_refuse(image, file, BAD_HEADERS);
	if (count > MAX_HEADERS)
		return image_refuse(image, file,
				    "has %zu ELF program headers; at most %u are loaded",
				    count, MAX_HEADERS);
	image->first = ~0ULL;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &segment))
			return image_refuse(image, file, BAD_HEADERS);
		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		ret = load_segment(image, memory, file, &segment, i);
		if (ret)
			return ret;
		loaded = true;
		if (!has_entry && holds(&segment, header.e_entry)) {
			image->entry = segment.p_paddr +
				       (header.e_entry - segment.p_vaddr);
			has_entry = true;
		}
	}
	if (!loaded)
		return image_refuse(image, file, "has no ELF segment to load");
	if (needs_entry && !has_entry)
		return image_refuse(image, file,
				    "the entry 0x%llx is in no ELF segment",
				    (__u64)header.e_entry);
	return 0;
}

/* Open it; NULL after a message. */
static Elf *begin(struct image *image, const struct image_file *file)
{
	Elf *elf = NULL;

	/* Not mapped: a file that becomes shorter must not kill us. */
	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!elf) {
		image_refuse(image, file, "libelf: %s", elf_errmsg(-1));
		return NULL;
	}
	if (elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	image_refuse(image, file, "the ELF header is cut off or damaged");
	return NULL;
}

static int load(struct image *image, const struct memory *memory,
		const struct image_file *file, bool needs_entry)
{
	Elf *elf;
	int ret;

	memset(image, 0, sizeof(*image));
	elf = begin(image, file);
	if (!elf)
		return -EINVAL;
	ret = load_segments(image, memory, file, elf, needs_entry);
	elf_end(elf);
	return ret;
}

/**
 * image_load_elf() - put an ELF file into guest memory
 * @image: filled in
 * @memory: the guest's memory; after an error it may hold part of the file
 * @file: the file
 *
 * Return: 0; -EINVAL with &image.error where the file cannot be loaded.
 */
int image_load_elf(struct image *image, const struct memory *memory,
		   const struct image_file *file)
{
	return load(image, memory, file, true);
}

/**
 * image_load_elf_segments() - put an ELF file into guest memory, but find no entry
 * @image: filled in, but for the entry
 * @memory: the guest's memory; after an error it may hold part of the file
 * @file: the file
 *
 * Return: 0; -EINVAL with &image.error where the file cannot be loaded.
 */
int image_load_elf_segments(struct image *image, const struct memory *memory,
			    const struct image_file *file)
{
	return load(image, memory, file, false);
}

/* Look through the notes of a segment. */
static bool find_note(Elf *elf, const GElf_Phdr *segment, const char *name,
		      __u32 type, void *desc, size_t *bytes)
{
	size_t next = 0, name_at, desc_at, length = strlen(name) + 1;
	const char *notes;
	GElf_Nhdr note;
	Elf_Data *data;

	if (segment->p_filesz > MAX_NOTES)
		return false;
	data = elf_getdata_rawchunk(elf, segment->p_offset, segment->p_filesz,
				    segment->p_align == 8 ? ELF_T_NHDR8 :
							    ELF_T_NHDR);
	if (!data || !data->d_buf)
		return false;
	notes = data->d_buf;
	while ((next = gelf_getnote(data, next, &note, &name_at, &desc_at))) {
		if (note.n_type != type || note.n_namesz != length ||
		    memcmp(notes + name_at, name, length))
			continue;
		memcpy(desc, notes + desc_at,
		       note.n_descsz < *bytes ? note.n_descsz : *bytes);
		*bytes = note.n_descsz;
		return true;
	}
	return false;
}

/**
 * image_elf_note() - find a note in an ELF file
 * @file: the file
 * @name: whose note
 * @type: its type
 * @desc: out: what it says
 * @bytes: in: room at @desc; out: how long the note is
 *
 * Return: whether there is one.
 */
bool image_elf_note(const struct image_file *file, const char *name,
		    __u32 type, void *desc, size_t *bytes)
{
	struct image image;
	GElf_Phdr segment;
	bool found = false;
	size_t count, i;
	Elf *elf;

	elf = begin(&image, file);
	if (!elf)
		return false;
	if (elf_getphdrnum(elf, &count) || count > MAX_HEADERS)
		count = 0;
	for (i = 0; i < count && !found; i++)
		found = gelf_getphdr(elf, i, &segment) &&
			segment.p_type == PT_NOTE &&
			find_note(elf, &segment, name, type, desc, bytes);
	elf_end(elf);
	return found;
}
