// SPDX-License-Identifier: GPL-2.0
/*
 * The loader of ELF kernels with a PVH entry.  Offsets in what the kernel is
 * told are those of Xen's description of the protocol.
 */
#include <elf.h>
#include <stddef.h>

#include "boot.h"
#include "tests/image_test.h"

#define MEMORY		(4 * MIB)

struct note {
	Elf64_Nhdr header;
	char name[4];
	__u64 entry;
};

struct kernel {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	struct note other;
	struct note note;
	__u8 code[64];
};

/* As vmlinux: linked high, loaded at 1 MiB, the entry is none of a segment's. */
static struct kernel good(void)
{
	struct kernel kernel = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x100000,
			.e_phoff = offsetof(struct kernel, segments),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3,
		},
		.segments = {
			{ .p_type = PT_NOTE, .p_offset = ~0ULL,
			  .p_filesz = ~0ULL, .p_align = 4 },
			{ .p_type = PT_NOTE,
			  .p_offset = offsetof(struct kernel, other),
			  .p_filesz = 2 * sizeof(struct note), .p_align = 4 },
			{ .p_type = PT_LOAD,
			  .p_offset = offsetof(struct kernel, code),
			  .p_vaddr = 0xffffffff80100000ULL,
			  .p_paddr = 0x100000,
			  .p_filesz = 64, .p_memsz = 8192 },
		},
		.other = { { 4, 8, 18 }, "GNU", 0x4711 },
		.note = { { 4, 8, 18 }, "Xen", 0x100010 },
	};

	memset(kernel.code, 0xf4, sizeof(kernel.code));
	return kernel;
}

static struct memory memory;
static const struct image_args no_args = { .command_line = "" };

static int load(struct image *image, const struct kernel *kernel, size_t nr,
		const struct image_args *args)
{
	const struct image_file file = test_file(kernel, nr);

	if (!image_is_pvh(&file))
		return image_refuse(image, &file, "is not PVH");
	return image_load_pvh(image, &memory, &file, args);
}

static bool refused(const struct kernel *kernel, const char *why)
{
	struct image image;

	return test_line(&image, load(&image, kernel, sizeof(*kernel), &no_args),
			 why);
}

static __u64 get(unsigned int at, unsigned int size)
{
	__u64 value = 0;

	memcpy(&value, memory.base + BOOT_INFO + at, size);
	return value;
}

static struct image_file make_initrd(size_t bytes)
{
	int fd = memfd_create("initrd", MFD_CLOEXEC);

	if (ftruncate(fd, bytes) || pwrite(fd, "rd", 2, 0) != 2)
		abort();
	return (struct image_file) { .path = "initrd", .fd = fd,
				     .bytes = bytes };
}

static void test_good(void)
{
	const struct image_args args = { .command_line = "console=ttyS0",
					 .rsdp = 0xe0000 };
	struct kernel kernel = good();
	struct image image;
	__u64 map;

	memset(memory.base, 0xcc, memory.bytes);
	ok(!load(&image, &kernel, sizeof(kernel), &args), "kernel");
	ok(image.mode == IMAGE_MODE_PROT && image.entry == 0x100010 &&
	   image.ebx == BOOT_INFO && !image.linux_selectors,
	   "the entry is the note's");
	ok(memory.base[0x10003f] == 0xf4 && memory.base[0x101fff] == 0 &&
	   memory.base[0x102000] == 0xcc, "its bytes and zeros");
	ok(get(0, 4) == 0x336ec578 && get(4, 4) == 1 && get(8, 8) == 0,
	   "start information: magic number, version 1, no modules");
	ok(!strcmp((char *)memory.base + get(24, 8), "console=ttyS0"),
	   "command line");
	ok(get(32, 8) == 0xe0000, "RSDP");
	map = get(40, 8) - BOOT_INFO;
	ok(get(48, 4) == 5 && get(map, 8) == 0 && get(map + 8, 8) == 0x9fc00 &&
	   get(map + 16, 8) == 1 && get(map + 4 * 24, 8) == 0x100000 &&
	   get(map + 4 * 24 + 8, 8) == MEMORY - 0x100000, "memory map");
	kernel.note.header.n_descsz = 4;
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   image.entry == 0x100010, "an entry of 4 bytes");
}

static void test_initrd(void)
{
	struct image_file initrd = make_initrd(4097);
	struct image_args args = { .command_line = "", .initrd = &initrd };
	struct kernel kernel = good();
	struct image image;
	__u64 list;

	ok(!load(&image, &kernel, sizeof(kernel), &args) && get(12, 4) == 1,
	   "initial RAM disk");
	list = get(16, 8) - BOOT_INFO;
	ok(get(list, 8) == MEMORY - 8192 && get(list + 8, 8) == 4097 &&
	   !memcmp(memory.base + MEMORY - 8192, "rd", 2), "at the end");
	initrd.bytes = MEMORY - 0x102000 + 1;
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "do not fit") && !strcmp(image.blame, "initrd"),
	   "one byte too many");
	close(initrd.fd);
}

static void test_refused(void)
{
	struct kernel kernel = good();
	struct image_args args = { 0 };
	struct image image;
	char *line;

	kernel.note.header.n_type = 17;
	ok(refused(&kernel, "not PVH"), "no note");
	kernel = good();
	kernel.note.entry = MEMORY;
	ok(refused(&kernel, "PVH entry 0x400000"), "entry outside");
	kernel.note.entry = 0x100100000ULL;
	ok(refused(&kernel, "PVH entry 0x100100000"), "entry above 4 GiB");
	kernel = good();
	kernel.note.header.n_descsz = 2;
	ok(refused(&kernel, "2 bytes"), "note too short");
	kernel = good();
	kernel.note.header.n_descsz = 9;
	ok(refused(&kernel, "not PVH"), "note cut off");
	kernel = good();
	kernel.segments[2].p_paddr = 0x8f000;
	ok(refused(&kernel, "needed for tables"), "where the tables go");
	kernel.segments[2].p_paddr = MEMORY - 8191;
	ok(refused(&kernel, "does not fit"), "out of memory");
	kernel = good();
	line = malloc(70000);
	memset(line, 'a', 70000);
	line[65536] = '\0';
	args.command_line = line;
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "at most 65535"), "command line too long");
	line[65535] = '\0';
	ok(!load(&image, &kernel, sizeof(kernel), &args), "not too long");
	free(line);
}

static void test_cut_off(void)
{
	struct image_file initrd = make_initrd(4097);
	const struct image_args args = { .command_line = "quiet",
					 .initrd = &initrd };
	unsigned int refusals = 0;
	struct kernel kernel = good();
	struct image image;
	size_t nr;

	for (nr = 0; nr < sizeof(kernel); nr++)
		refusals += test_line(&image, load(&image, &kernel, nr, &args), "");
	ok(refusals == sizeof(kernel), "cut off at every byte");
	close(initrd.fd);
}

int main(void)
{
	memory = test_memory(MEMORY);
	test_good();
	test_initrd();
	test_refused();
	test_cut_off();
	free(memory.base);
	return tap_done();
}
