// SPDX-License-Identifier: GPL-2.0
/*
 * The loaders: a file from anyone goes into a guest's memory.
 *
 * The first bytes of the input say how much memory there is and what else the
 * kernel is given, the rest is the file.  Guest memory is from malloc(), so that
 * the sanitizer sees each byte behind its end.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot.h"
#include "image.h"
#include "memory.h"
#include "fuzz/fuzz.h"

#define MIB		(1ULL << 20)
#define MAX_FILE	(256U << 10)
#define MODULES		70
/* Of ACPI 2.0. */
#define RSDP		0xe0000

/* How a file is loaded: by what it is like, as keel run does, or by force. */
enum how {
	LIKELY, ELF, BZIMAGE, MULTIBOOT, MULTIBOOT2, PVH, SETUP, FIRMWARE, FLAT,
	HOWS,
};

static struct image_file file_of(int *fd, const char *name, const __u8 *bytes,
				 size_t nr)
{
	if (*fd <= 0)
		*fd = memfd_create(name, MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, 0) ||
	    pwrite(*fd, bytes, nr, 0) != (ssize_t)nr)
		abort();
	return (struct image_file) { .path = name, .fd = *fd, .bytes = nr };
}

/* Who changes a Multiboot header, and means it, changes its checksum as well. */
static void mend_checksum(__u8 *bytes, size_t nr)
{
	__u32 word[4];
	size_t at;

	for (at = 0; at + sizeof(word) <= nr && at < 32768; at += 4) {
		memcpy(word, bytes + at, sizeof(word));
		if (word[0] == 0x1badb002)
			word[2] = -(word[0] + word[1]);
		else if (word[0] == 0xe85250d6)
			word[3] = -(word[0] + word[1] + word[2]);
		else
			continue;
		memcpy(bytes + at, word, sizeof(word));
		return;
	}
}

static struct image_file take_file(struct input *input, bool mend, bool pad)
{
	static __u8 bytes[MAX_FILE];
	struct image_file file;
	static int fd;

	memcpy(bytes, input->at, input->left);
	if (mend)
		mend_checksum(bytes, input->left);
	file = file_of(&fd, "file", bytes, input->left);
	/* Firmware comes in pieces of 64 KiB. */
	if (pad) {
		file.bytes = (file.bytes + 0xffff) & ~0xffffULL;
		CLAIM(!ftruncate(fd, file.bytes));
	}
	return file;
}

/* One of few sizes, each with memory that stays. */
static struct memory memory_of(unsigned int choice)
{
	static const __u64 sizes[] = {
		2 * MIB, 2 * MIB + 4096, MIB, 0x90000, 4096, 4 * MIB,
	};
	static struct memory memories[6];
	struct memory *memory = &memories[choice % 6];

	if (!memory->base) {
		memory->bytes = sizes[choice % 6];
		memory->base = malloc(memory->bytes);
		if (!memory->base)
			abort();
	}
	return *memory;
}

static const char *line_of(__u64 bytes)
{
	static char *line;

	free(line);
	line = malloc(bytes + 1);
	if (!line)
		abort();
	memset(line, 'x', bytes);
	line[bytes] = '\0';
	return line;
}

static enum how guess(const struct image_file *file)
{
	if (image_is_bzimage(file))
		return BZIMAGE;
	if (image_is_multiboot(file))
		return MULTIBOOT;
	if (image_is_multiboot2(file))
		return MULTIBOOT2;
	if (image_is_pvh(file))
		return PVH;
	return image_is_elf(file) ? ELF : FLAT;
}

static int load_setup(struct image *image, const struct memory *memory,
		      const struct image_file *file,
		      const struct image_args *args)
{
	struct image_setup *setup = malloc(sizeof(*setup));
	int ret;

	if (!setup)
		abort();
	ret = image_read_setup(image, setup, memory, file, args);
	if (!ret)
		CLAIM(setup->bytes <= sizeof(setup->code) &&
		      (__u64)setup->bytes + setup->kernel_bytes <= file->bytes &&
		      setup->initrd_lowest >= MIB &&
		      setup->initrd_lowest <= memory_end(memory));
	free(setup);
	return ret;
}

static int load_firmware(struct image *image, struct memory *memory,
			 const struct image_file *file)
{
	int ret = image_load_firmware(image, memory, file);

	if (!ret)
		CLAIM(memory->rom_bytes == file->bytes);
	if (memory->rom)
		munmap(memory->rom, memory->rom_bytes);
	return ret;
}

static int load(enum how how, struct image *image, struct memory *memory,
		const struct image_file *file, const struct image_args *args,
		__u64 load_at)
{
	switch (how) {
	case ELF:
		return image_load_elf(image, memory, file);
	case BZIMAGE:
		return image_load_bzimage(image, memory, file, args);
	case MULTIBOOT:
		return image_load_multiboot(image, memory, file, args);
	case MULTIBOOT2:
		return image_load_multiboot2(image, memory, file, args);
	case PVH:
		return image_load_pvh(image, memory, file, args);
	case SETUP:
		return load_setup(image, memory, file, args);
	case FIRMWARE:
		return load_firmware(image, memory, file);
	default:
		return image_load_flat(image, memory, file, load_at);
	}
}

/* A refusal is a line, of what a terminal may be given. */
static void check_refusal(const struct image *image, int ret)
{
	size_t length = strnlen(image->error, sizeof(image->error)), i;

	CLAIM(ret == -EINVAL && image->blame);
	CLAIM(length && length < sizeof(image->error));
	for (i = 0; i < length; i++)
		CLAIM(image->error[i] >= ' ' && image->error[i] <= '~');
}

static void check_loaded(enum how how, const struct image *image,
			 const struct memory *memory)
{
	bool has_info = how != ELF && how != FLAT;

	CLAIM(image->first <= image->last);
	CLAIM(memory_at(memory, image->first, image->last - image->first + 1));
	/* An ELF file says where it begins, and need not mean what it has. */
	CLAIM(memory_at(memory, image->entry, 1));
	CLAIM(!has_info || memory_at(memory, 0, BOOT_STACK));
	CLAIM(how != BZIMAGE || (image->first >= MIB && image->entry >= image->first &&
				 image->entry <= image->last));
	CLAIM(!has_info || image->first >= BOOT_STACK || image->last < BOOT_GDT);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	static int initrd_fd, module_fd;
	struct input input = { .at = data, .left = bytes };
	enum how how = input_below(&input, HOWS);
	struct memory memory = memory_of(input_number(&input, 1));
	unsigned int extra = input_number(&input, 1);
	__u64 line = input_value(&input) & 0x1ffff, at = input_value(&input);
	struct image_module modules[MODULES];
	struct image_file file, initrd;
	struct image_args args = { .command_line = line_of(line) };
	struct image image;
	unsigned int i;
	int ret;

	if (input.left > MAX_FILE)
		return 0;
	file = take_file(&input, !(extra & 0x80), how == FIRMWARE && !(extra & 2));
	/* As much as the file, or nothing. */
	if (extra & 1) {
		initrd = file_of(&initrd_fd, "initrd", data, extra & 2 ? bytes : 0);
		args.initrd = &initrd;
	}
	if (extra & 4 && memory_at(&memory, RSDP, 36)) {
		args.rsdp = RSDP;
		memcpy(memory.base + RSDP, "RSD PTR \0KEEL  \2", 16);
	}
	args.modules = modules;
	args.nr_modules = (extra >> 3) % (MODULES + 1);
	modules[0].file = file_of(&module_fd, "module", data, bytes < 9 ? bytes : 9);
	modules[0].string = extra & 8 ? "module" : args.command_line;
	for (i = 1; i < args.nr_modules; i++)
		modules[i] = modules[0];

	memset(&image, 0, sizeof(image));
	if (how == LIKELY)
		how = guess(&file);
	ret = load(how, &image, &memory, &file, &args, at);
	if (ret)
		check_refusal(&image, ret);
	else if (how != SETUP && how != FIRMWARE)
		check_loaded(how, &image, &memory);
	return 0;
}
