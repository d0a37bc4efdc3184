// SPDX-License-Identifier: GPL-2.0
/*
 * The loaders of Multiboot kernels, version 1 and 2.  Offsets in what a kernel is
 * told are those of the specifications.
 */
#include <elf.h>
#include <stddef.h>

#include "boot.h"
#include "tests/image_test.h"

#define MEMORY		(4 * MIB)
#define INFO_BYTES	0x10000

static struct memory memory;
static const struct image_args no_args = { .command_line = "" };

/* A kernel of either version, at its header's addresses or as ELF. */
struct kernel {
	union {
		struct {
			Elf32_Ehdr header;
			Elf32_Phdr segment;
		} elf32;
		struct {
			Elf64_Ehdr header;
			Elf64_Phdr segment;
		} elf64;
		__u8 before[128];
	};
	__u32 words[32];
	__u8 code[64];
};

#define HEADER_AT	offsetof(struct kernel, words)
#define CODE_AT		offsetof(struct kernel, code)

static int load(struct image *image, const struct kernel *kernel, size_t nr,
		const struct image_args *args)
{
	const struct image_file file = test_file(kernel, nr);

	if (image_is_multiboot(&file))
		return image_load_multiboot(image, &memory, &file, args);
	if (image_is_multiboot2(&file))
		return image_load_multiboot2(image, &memory, &file, args);
	return image_refuse(image, &file, "no header");
}

static bool refused(const struct kernel *kernel, const char *why)
{
	struct image image;

	return test_line(&image, load(&image, kernel, sizeof(*kernel), &no_args),
			 why);
}

static bool loaded(const struct kernel *kernel)
{
	struct image image;

	return !load(&image, kernel, sizeof(*kernel), &no_args);
}

static __u64 get(__u64 gpa, unsigned int size)
{
	__u64 value = 0;

	memcpy(&value, memory.base + gpa, size);
	return value;
}

static const char *text(__u64 gpa)
{
	return (const char *)memory.base + gpa;
}

static void sum1(struct kernel *kernel)
{
	kernel->words[2] = -(kernel->words[0] + kernel->words[1]);
}

/* At 1 MiB, with 4 KiB of zeros behind. */
static struct kernel good1(void)
{
	struct kernel kernel = { .words = {
		0x1badb002, 0x10003, 0, 0x100000 + HEADER_AT, 0x100000,
		0x100000 + sizeof(kernel), 0x101000 + sizeof(kernel),
		0x100000 + CODE_AT,
	} };

	memset(kernel.before, 0x90, sizeof(kernel.before));
	memset(kernel.code, 0xf4, sizeof(kernel.code));
	sum1(&kernel);
	return kernel;
}

static void make_elf64(struct kernel *kernel)
{
	kernel->elf64.header = (Elf64_Ehdr) {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = 0xffffffff80200008ULL,
		.e_phoff = offsetof(struct kernel, elf64.segment),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	kernel->elf64.segment = (Elf64_Phdr) {
		.p_type = PT_LOAD, .p_offset = CODE_AT,
		.p_vaddr = 0xffffffff80200000ULL, .p_paddr = 0x200000,
		.p_filesz = 64, .p_memsz = 64,
	};
}

static void make_elf32(struct kernel *kernel)
{
	kernel->elf32.header = (Elf32_Ehdr) {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = 0x200004,
		.e_phoff = offsetof(struct kernel, elf32.segment),
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	};
	kernel->elf32.segment = (Elf32_Phdr) {
		.p_type = PT_LOAD, .p_offset = CODE_AT,
		.p_vaddr = 0x200000, .p_paddr = 0x200000,
		.p_filesz = 64, .p_memsz = 64,
	};
}

static struct image_file module(size_t bytes, const char *path)
{
	int fd = memfd_create(path, MFD_CLOEXEC);

	if (ftruncate(fd, bytes) || pwrite(fd, path, 1, 0) != 1 ||
	    ftruncate(fd, bytes))
		abort();
	return (struct image_file) { .path = path, .fd = fd, .bytes = bytes };
}

static void test_good1(void)
{
	const struct image_args args = { .command_line = "a b" };
	struct kernel kernel = good1();
	struct image image;
	__u64 map;

	memset(memory.base, 0xcc, memory.bytes);
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   image.entry == 0x100000 + CODE_AT && image.mode == IMAGE_MODE_PROT &&
	   image.eax == 0x2badb002 && image.ebx == BOOT_INFO,
	   "version 1, at its header's addresses");
	ok(!memcmp(memory.base + 0x100000, &kernel, sizeof(kernel)) &&
	   memory.base[0x100fff + sizeof(kernel)] == 0 &&
	   memory.base[0x101000 + sizeof(kernel)] == 0xcc &&
	   memory.base[0xfffff] == 0xcc, "its bytes and zeros, and nothing else");
	ok(get(BOOT_INFO, 4) == 0x24d && get(BOOT_INFO + 4, 4) == 639 &&
	   get(BOOT_INFO + 8, 4) == 3072, "flags, lower and upper memory");
	ok(!strcmp(text(get(BOOT_INFO + 16, 4)), "file a b"), "command line");
	ok(!strcmp(text(get(BOOT_INFO + 64, 4)), "keel"), "loader's name");
	ok(get(BOOT_INFO + 20, 4) == 0, "no modules");
	map = get(BOOT_INFO + 48, 4);
	ok(get(BOOT_INFO + 44, 4) == 5 * 24 && get(map, 4) == 20 &&
	   get(map + 4, 8) == 0 && get(map + 12, 8) == 0x9fc00 &&
	   get(map + 20, 4) == 1 && get(map + 24 + 20, 4) == 2 &&
	   get(map + 4 * 24 + 4, 8) == 0x100000 &&
	   get(map + 4 * 24 + 12, 8) == 3 * MIB, "memory map");
	kernel.words[1] = 0x10007;
	sum1(&kernel);
	ok(loaded(&kernel) && get(BOOT_INFO, 4) == 0x124d &&
	   get(BOOT_INFO + 88, 8) == 0xb8000 && get(BOOT_INFO + 100, 4) == 80 &&
	   get(BOOT_INFO + 109, 1) == 2, "a text screen for who asks");
	kernel.words[5] = 0;
	kernel.words[6] = 0;
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.last == 0xfffff + sizeof(kernel), "all of the file");
}

static void test_elf1(void)
{
	struct kernel kernel = good1();
	struct image image;

	kernel.words[1] = 3;
	sum1(&kernel);
	make_elf32(&kernel);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.entry == 0x200004 && image.mode == IMAGE_MODE_PROT &&
	   get(0x20003f, 1) == 0xf4, "version 1, ELF32");
	make_elf64(&kernel);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.entry == 0x200008 && image.mode == IMAGE_MODE_PROT,
	   "version 1, ELF64 begins in 32-bit mode as well");
	memset(&kernel, 0, 64);
	ok(refused(&kernel, "is not ELF"), "version 1, no ELF");
}

static void test_modules1(void)
{
	struct image_file initrd = module(5000, "i");
	struct image_module modules[] = {
		{ module(4096, "a"), "a first one" }, { module(0, "b"), "b" },
		{ module(1, "c"), "c" },
	};
	struct image_args args = { .command_line = "", .initrd = &initrd,
				   .modules = modules, .nr_modules = 3 };
	struct kernel kernel = good1();
	struct image image;
	__u64 list;

	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   get(BOOT_INFO + 20, 4) == 4, "modules");
	list = get(BOOT_INFO + 24, 4);
	ok(get(list, 4) == 0x102000 && get(list + 4, 4) == 0x102000 + 5000 &&
	   !strcmp(text(get(list + 8, 4)), "i") && get(0x102000, 1) == 'i',
	   "the initial RAM disk is the first");
	ok(get(list + 16, 4) == 0x104000 && get(list + 20, 4) == 0x105000 &&
	   !strcmp(text(get(list + 24, 4)), "a first one") &&
	   get(0x104000, 1) == 'a', "a page");
	ok(get(list + 32, 4) == 0x105000 && get(list + 36, 4) == 0x105000 &&
	   get(list + 48, 4) == 0x105000 && get(list + 52, 4) == 0x105001,
	   "nothing, and a byte");
	modules[2].file.bytes = 3 * MIB;
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "do not fit") && !strcmp(image.blame, "c"), "too large");
	close(initrd.fd);
	close(modules[0].file.fd);
	close(modules[1].file.fd);
	close(modules[2].file.fd);
}

static void test_refused1(void)
{
	struct kernel kernel = good1();

	kernel.words[1] |= 8;
	sum1(&kernel);
	ok(refused(&kernel, "flags 0x8"), "unknown demand");
	kernel = good1();
	kernel.words[2]++;
	ok(refused(&kernel, "no header"), "checksum");
	kernel = good1();
	kernel.words[4] = 0x100000 + HEADER_AT + 1;
	ok(refused(&kernel, "load_addr"), "load_addr above header_addr");
	kernel.words[4] = 0xfffff;
	ok(refused(&kernel, "load_addr"), "begins before the file");
	kernel = good1();
	kernel.words[5]++;
	ok(refused(&kernel, "cut off"), "load_end_addr behind the file");
	kernel.words[5] = 0xfffff;
	ok(refused(&kernel, "load_end_addr 0xfffff"), "load_end_addr too low");
	kernel.words[5] = 0x100000;
	kernel.words[6] = 0x100000;
	ok(refused(&kernel, "load nothing"), "nothing");
	kernel = good1();
	kernel.words[6] = kernel.words[5] - 1;
	ok(refused(&kernel, "bss_end_addr"), "bss_end_addr too low");
	kernel.words[6] = MEMORY + 1;
	ok(refused(&kernel, "do not fit"), "bss_end_addr too high");
	kernel = good1();
	kernel.words[7] = MEMORY;
	ok(refused(&kernel, "entry 0x400000"), "entry outside");
	kernel = good1();
	kernel.words[3] = 0x80000 + HEADER_AT;
	kernel.words[4] = 0x80000;
	kernel.words[5] = 0;
	kernel.words[6] = 0;
	ok(refused(&kernel, "needed for tables"), "where the tables go");
}

static void test_long_strings(void)
{
	struct image_args args = { 0 };
	struct kernel kernel = good1();
	struct image image;
	char *line = malloc(80000);

	memset(line, 'a', 80000);
	line[79999] = '\0';
	args.command_line = line;
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "room for"), "version 1: command line too long");
	/* "file ", the line, "keel", and two NULs: 65536 bytes. */
	line[65536 - 5 - 4 - 2] = '\0';
	ok(!load(&image, &kernel, sizeof(kernel), &args), "up to the last byte");
	line[65536 - 5 - 4 - 2] = 'a';
	line[65536 - 5 - 4 - 1] = '\0';
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "room for"), "and one more");
	free(line);
}

static void sum2(struct kernel *kernel)
{
	kernel->words[3] = -(kernel->words[0] + kernel->words[1] +
			     kernel->words[2]);
}

/* Request, address, entry, console, relocatable, optional unknown, end. */
static struct kernel good2(void)
{
	struct kernel kernel = { .words = {
		0xe85250d6, 0, 4 * 30, 0,
		1, 16, 6, 14,
		2, 24, 0x100000 + HEADER_AT, 0x100000,
		0x100000 + sizeof(kernel), 0x101000 + sizeof(kernel),
		3, 12, 0x100000 + CODE_AT, 0,
		4, 12, 3, 0,
		10, 8,
		4711 | 1 << 16, 12, 0, 0,
		0, 8,
	} };

	memset(kernel.before, 0x90, sizeof(kernel.before));
	memset(kernel.code, 0xf4, sizeof(kernel.code));
	sum2(&kernel);
	return kernel;
}

/* Offset of a tag in the information; 0 where it is not there. */
static __u64 tag(__u32 type)
{
	__u64 at = BOOT_INFO + 8, end = BOOT_INFO + get(BOOT_INFO, 4);

	while (at < end && get(at, 4)) {
		if (get(at, 4) == type)
			return at;
		at += (get(at + 4, 4) + 7) & ~7ULL;
	}
	return type || at + 8 != end ? 0 : at;
}

static void test_good2(void)
{
	struct image_module modules[] = {
		{ module(4096, "a"), "a first" }, { module(1, "b"), "b" },
	};
	const struct image_args args = { .command_line = "a b",
					 .modules = modules, .nr_modules = 2,
					 .rsdp = 0xe0000 };
	struct kernel kernel = good2();
	struct image image;
	__u64 at;

	memset(memory.base, 0xcc, memory.bytes);
	memory.base[0xe0000 + 15] = 2;
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   image.entry == 0x100000 + CODE_AT && image.mode == IMAGE_MODE_PROT &&
	   image.eax == 0x36d76289 && image.ebx == BOOT_INFO,
	   "version 2, at its header's addresses");
	ok(!memcmp(memory.base + 0x100000, &kernel, sizeof(kernel)) &&
	   memory.base[0x100fff + sizeof(kernel)] == 0 &&
	   memory.base[0x101000 + sizeof(kernel)] == 0xcc, "bytes and zeros");
	ok(tag(0) && get(tag(0) + 4, 4) == 8, "the end is where the length says");
	ok((at = tag(1)) && get(at + 4, 4) == 12 && !strcmp(text(at + 8), "a b"),
	   "command line");
	ok((at = tag(2)) && !strcmp(text(at + 8), "keel"), "loader's name");
	ok((at = tag(3)) && get(at + 8, 4) == 0x102000 &&
	   get(at + 12, 4) == 0x103000 && !strcmp(text(at + 16), "a first") &&
	   get(at + 24, 4) == 3 && get(at + 32, 4) == 0x103000, "modules");
	ok((at = tag(4)) && get(at + 8, 4) == 639 && get(at + 12, 4) == 3072,
	   "lower and upper memory");
	ok((at = tag(6)) && get(at + 4, 4) == 16 + 5 * 24 &&
	   get(at + 8, 4) == 24 && get(at + 12, 4) == 0 &&
	   get(at + 16 + 4 * 24, 8) == 0x100000 &&
	   get(at + 16 + 4 * 24 + 16, 4) == 1, "memory map");
	ok((at = tag(8)) && get(at + 8, 8) == 0xb8000 && get(at + 20, 4) == 80 &&
	   get(at + 29, 1) == 2, "text screen");
	ok((at = tag(14)) && get(at + 4, 4) == 28 && get(at + 23, 1) == 2 &&
	   (at = tag(15)) && get(at + 4, 4) == 44, "RSDP");
	ok((at = tag(21)) && get(at + 8, 4) == 0x100000, "load base");
	close(modules[0].file.fd);
	close(modules[1].file.fd);
}

static void test_elf2(void)
{
	struct kernel kernel = good2();
	struct image image;

	/* The address tag becomes one of EFI, the entry tag one to skip. */
	kernel.words[8] = 7;
	kernel.words[14] = 4711 | 1 << 16;
	make_elf64(&kernel);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.entry == 0x200008 && image.mode == IMAGE_MODE_PROT,
	   "version 2, ELF64");
	kernel.words[14] = 3;
	kernel.words[16] = 0x200010;
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.entry == 0x200010, "the entry tag is stronger");
	ok(!tag(14) && !tag(3), "no RSDP, no modules");
}

static void test_refused2(void)
{
	struct kernel kernel = good2();

	kernel.words[6] = 9;
	ok(refused(&kernel, "type 9"), "demands ELF sections");
	kernel.words[4] |= 1 << 16;
	ok(loaded(&kernel), "but takes it that there are none");
	kernel = good2();
	kernel.words[24] = 5;
	ok(refused(&kernel, "graphics"), "demands graphics");
	kernel.words[24] = 5 | 1 << 16;
	ok(loaded(&kernel), "prefers graphics");
	kernel.words[24] = 4711;
	ok(refused(&kernel, "tag 4711"), "unknown demand");
	kernel = good2();
	kernel.words[20] = 1;
	ok(refused(&kernel, "console other than text"), "demands a picture");
	kernel = good2();
	kernel.words[14] = 6;
	ok(refused(&kernel, "no entry tag"), "address without entry");
	kernel = good2();
	kernel.words[9] = 23;
	ok(refused(&kernel, "tag 2"), "tag too short");
	kernel.words[9] = 0;
	ok(refused(&kernel, "tag 2"), "tag of no length");
	kernel.words[9] = ~0U;
	ok(refused(&kernel, "tag 2"), "tag too long");
	kernel = good2();
	kernel.words[28] = 6;
	ok(refused(&kernel, "no end tag"), "no end tag");
	kernel = good2();
	kernel.words[1] = 4;
	sum2(&kernel);
	ok(refused(&kernel, "architecture 4"), "MIPS");
	kernel = good2();
	kernel.words[2] = 0xfffffff0;
	sum2(&kernel);
	ok(refused(&kernel, "cut off"), "header too long");
}

static void test_full2(void)
{
	struct image_args args = { 0 };
	struct kernel kernel = good2();
	struct image image;
	char *line = malloc(80000);
	int ret, room = 0;
	size_t nr;

	memset(line, 'a', 80000);
	args.command_line = line;
	memset(memory.base + BOOT_INFO + INFO_BYTES, 0xcc, 16);
	for (nr = 65000; nr < 65600; nr++) {
		line[nr] = '\0';
		ret = load(&image, &kernel, sizeof(kernel), &args);
		room += !ret && tag(0);
		if (ret && !test_line(&image, ret, "room for"))
			room = -1000;
		line[nr] = 'a';
	}
	ok(room > 100 && room < 500 && get(BOOT_INFO + INFO_BYTES, 4) == 0xcccccccc,
	   "version 2: a full page of information");
	free(line);
}

static void test_cut_off(const char *name, struct kernel (*good)(void),
			 size_t needs)
{
	struct image_file initrd = module(5000, "i");
	const struct image_args args = { .command_line = "quiet",
					 .initrd = &initrd };
	unsigned int refusals = 0;
	struct kernel kernel = good();
	struct image image;
	size_t nr;

	for (nr = 0; nr < needs; nr++)
		refusals += test_line(&image, load(&image, &kernel, nr, &args), "");
	ok(refusals == needs, name);
	close(initrd.fd);
}

int main(void)
{
	memory = test_memory(MEMORY);
	test_good1();
	test_elf1();
	test_modules1();
	test_refused1();
	test_long_strings();
	test_good2();
	test_elf2();
	test_refused2();
	test_full2();
	test_cut_off("version 1, cut off at every byte", good1,
		     sizeof(struct kernel));
	test_cut_off("version 2, cut off at every byte", good2,
		     sizeof(struct kernel));
	free(memory.base);
	return tap_done();
}
