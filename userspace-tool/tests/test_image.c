// SPDX-License-Identifier: GPL-2.0
/*
 * Loaders, against whole, cut off and damaged images.  Built with the address
 * sanitizer, which finds an access outside of file and guest memory.
 */
#include <elf.h>
#include <stddef.h>

#include "e820.h"
#include "tests/image_test.h"


static struct memory small_memory(void)
{
	struct memory memory = test_memory(MIB);

	memset(memory.base, 0xcc, memory.bytes);
	return memory;
}

struct elf64 {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	__u8 code[16];
};

struct elf32 {
	Elf32_Ehdr header;
	Elf32_Phdr segment;
	__u8 code[16];
};

/* Linked high, loaded low, with room for zeros behind. */
static struct elf64 good64(void)
{
	struct elf64 elf = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0xffffffff80010004ULL,
			.e_phoff = offsetof(struct elf64, segments),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3,
		},
		.segments = {
			{ .p_type = PT_NOTE, .p_offset = ~0ULL,
			  .p_filesz = ~0ULL },
			{ .p_type = PT_LOAD,
			  .p_offset = offsetof(struct elf64, code),
			  .p_vaddr = 0xffffffff80010000ULL,
			  .p_paddr = 0x10000,
			  .p_filesz = 16, .p_memsz = 32 },
			{ .p_type = PT_LOAD, .p_vaddr = 0x5000,
			  .p_paddr = 0x5000, .p_memsz = 8 },
		},
	};

	memset(elf.code, 0x90, sizeof(elf.code));
	return elf;
}

static struct elf32 good32(void)
{
	struct elf32 elf = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = 0x20000,
			.e_phoff = offsetof(struct elf32, segment),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD,
			.p_offset = offsetof(struct elf32, code),
			.p_vaddr = 0x20000, .p_paddr = 0x20000,
			.p_filesz = 16, .p_memsz = 16,
		},
	};

	memset(elf.code, 0xf4, sizeof(elf.code));
	return elf;
}

static int load(struct image *image, const void *bytes, size_t nr)
{
	const struct image_file file = test_file(bytes, nr);
	struct memory memory = test_memory(MIB);
	int ret = image_load_elf(image, &memory, &file);

	free(memory.base);
	return ret;
}

static bool refused(const void *file, size_t nr, const char *why)
{
	struct image image;
	int ret = load(&image, file, nr);

	return test_line(&image, ret, why);
}

static int load_flat(struct image *image, const struct memory *memory,
		     const char *bytes, __u64 load_at)
{
	const struct image_file file = test_file(bytes, strlen(bytes));

	return image_load_flat(image, memory, &file, load_at);
}

static bool is_elf(const void *bytes, size_t nr)
{
	const struct image_file file = test_file(bytes, nr);

	return image_is_elf(&file);
}

static void test_good(void)
{
	struct memory memory = small_memory();
	struct elf64 elf64 = good64();
	struct elf32 elf32 = good32();
	struct image_file file = test_file(&elf64, sizeof(elf64));
	struct image image;
	__u8 zeros[16] = { 0 };

	ok(!image_load_elf(&image, &memory, &file),
	   "ELF64 is loaded");
	ok(image.entry == 0x10004 && image.mode == IMAGE_MODE_LONG &&
	   image.first == 0x5000 && image.last == 0x1001f,
	   "its entry is physical");
	ok(!memcmp(memory.base + 0x10000, elf64.code, 16) &&
	   !memcmp(memory.base + 0x10010, zeros, 16) &&
	   !memcmp(memory.base + 0x5000, zeros, 8) &&
	   memory.base[0x10020] == 0xcc && memory.base[0x5008] == 0xcc &&
	   memory.base[0xffff] == 0xcc, "bytes, zeros, and nothing else");
	file = test_file(&elf32, sizeof(elf32));
	ok(!image_load_elf(&image, &memory, &file) &&
	   image.entry == 0x20000 && image.mode == IMAGE_MODE_PROT &&
	   memory.base[0x2000f] == 0xf4, "ELF32 is loaded");
	ok(is_elf(&elf32, sizeof(elf32)) && !is_elf("\177EL", 3) &&
	   !is_elf(zeros, sizeof(zeros)), "what is ELF");
	free(memory.base);
}

static void test_refused(void)
{
	struct elf64 elf = good64();

	elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
	ok(refused(&elf, sizeof(elf), "big-endian"), "big-endian");
	elf = good64();
	elf.header.e_machine = EM_AARCH64;
	ok(refused(&elf, sizeof(elf), "machine 183"), "another machine");
	elf = good64();
	elf.header.e_machine = EM_386;
	ok(refused(&elf, sizeof(elf), "class 2"), "class and machine differ");
	elf = good64();
	elf.header.e_type = ET_REL;
	ok(refused(&elf, sizeof(elf), "type 1"), "not linked");
	elf = good64();
	elf.header.e_phnum = 0;
	ok(refused(&elf, sizeof(elf), "no ELF segment"), "no segment");
	elf = good64();
	elf.header.e_entry = 0xffffffff80010020ULL;
	ok(refused(&elf, sizeof(elf), "entry 0xffffffff80010020"),
	   "entry behind the segment");
	elf = good64();
	elf.segments[1].p_filesz = 33;
	ok(refused(&elf, sizeof(elf), "more bytes in the file"),
	   "larger in the file");
	elf = good64();
	elf.segments[1].p_offset = ~0ULL - 7;
	ok(refused(&elf, sizeof(elf), "cut off"), "offset wraps");
	elf = good64();
	elf.segments[1].p_paddr = ~0ULL - 7;
	ok(refused(&elf, sizeof(elf), "does not fit"), "address wraps");
	elf = good64();
	elf.segments[1].p_paddr = MIB - 31;
	ok(refused(&elf, sizeof(elf), "does not fit"), "one byte too far");
	elf = good64();
	elf.segments[2].p_memsz = ~0ULL;
	ok(refused(&elf, sizeof(elf), "does not fit"), "length wraps");
	elf = good64();
	elf.header.e_phoff = ~0ULL;
	ok(refused(&elf, sizeof(elf), "program headers"), "headers elsewhere");
	elf = good64();
	elf.header.e_phnum = 0xffff;
	ok(refused(&elf, sizeof(elf), ""), "too many headers");
}

static void test_truncated(void)
{
	struct elf64 elf64 = good64();
	struct elf32 elf32 = good32();
	unsigned int refusals = 0;
	size_t nr;

	for (nr = 0; nr < sizeof(elf64); nr++)
		refusals += refused(&elf64, nr, "");
	for (nr = 0; nr < sizeof(elf32); nr++)
		refusals += refused(&elf32, nr, "");
	ok(refusals == sizeof(elf64) + sizeof(elf32),
	   "cut off at every byte: refused with a line");
}

static void test_flat(void)
{
	struct memory memory = small_memory();
	struct image image;

	ok(!load_flat(&image, &memory, "abc", MIB - 3) &&
	   image.entry == MIB - 3 && image.last == MIB - 1 &&
	   !memcmp(memory.base + MIB - 3, "abc", 3), "flat, up to the end");
	ok(load_flat(&image, &memory, "abc", MIB - 2) == -EINVAL &&
	   strstr(image.error, "do not fit"), "and behind it");
	ok(load_flat(&image, &memory, "abc", ~0ULL - 1) == -EINVAL,
	   "address wraps");
	ok(load_flat(&image, &memory, "", 0) == -EINVAL &&
	   strstr(image.error, "empty"), "empty");
	free(memory.base);
}

static void test_file_read(void)
{
	char path[] = "/tmp/keel-image-XXXXXX";
	struct image_file file;
	struct image image;
	int fd = mkstemp(path);
	__u32 i, word = 0;

	for (i = 0; i < 100000 / 4; i++)
		if (write(fd, &i, 4) != 4)
			break;
	ok(!image_file_open(&file, path) && file.bytes == 100000 &&
	   !image_file_read(&file, 99996, &word, 4) && word == 24999,
	   "a file is read");
	ok(image_file_read(&file, 99997, &word, 4) == -ENODATA &&
	   image_file_read(&file, ~0ULL, &word, 1) == -ENODATA &&
	   image_file_read(&file, 1, &word, ~0ULL) == -ENODATA,
	   "but not behind its end");
	ok(!ftruncate(fd, 50000) &&
	   test_line(&image, image_read(&image, &file, 60000, &word, 4),
		     "cut off"), "nor where it has become shorter");
	image_file_close(&file);
	close(fd);
	unlink(path);
	ok(image_file_open(&file, path) == -ENOENT, "no file");
	image_file_close(&file);
	ok(image_file_open(&file, "/") == -EISDIR, "a folder");
	image_file_close(&file);
}

/* What has no offsets is copied: here to and fro. */
static void test_pipe(void)
{
	struct image_file file;
	__u32 word = 4711;
	char path[32];
	int fds[2];

	if (pipe(fds) || write(fds[1], &word, 4) != 4)
		abort();
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	word = 0;
	ok(!image_file_open(&file, path) && file.bytes == 4 &&
	   !image_file_read(&file, 0, &word, 4) && word == 4711, "a pipe");
	image_file_close(&file);
	close(fds[0]);
	ok(!image_file_open(&file, "/proc/version") && file.bytes > 10 &&
	   !image_file_read(&file, 0, &word, 4) && !memcmp(&word, "Linu", 4),
	   "a file that claims to be empty");
	image_file_close(&file);
}

static bool entry_is(const struct e820 *map, unsigned int i, __u64 addr,
		     __u64 end, __u32 type)
{
	return i < map->nr && map->entries[i].addr == addr &&
	       map->entries[i].addr + map->entries[i].size == end &&
	       map->entries[i].type == type;
}

static void test_e820(void)
{
	struct memory memory = { .bytes = 128 * MIB };
	struct e820 map;

	e820_pc(&map, &memory);
	ok(map.nr == 5 && entry_is(&map, 0, 0, 0x9fc00, 1) &&
	   entry_is(&map, 1, 0x9fc00, 0xa0000, 2) &&
	   entry_is(&map, 2, 0xe0000, 0xf0000, 3) &&
	   entry_is(&map, 3, 0xf0000, 0x100000, 2) &&
	   entry_is(&map, 4, 0x100000, 128 * MIB, 1), "memory map of a PC");
	memory.bytes = 4096 * MIB;
	e820_pc(&map, &memory);
	ok(map.nr == 6 && entry_is(&map, 4, 0x100000, 3072 * MIB, 1) &&
	   entry_is(&map, 5, 4096 * MIB, 5120 * MIB, 1), "with a hole");
	memory.mailbox = 0xfec01000;
	e820_pc(&map, &memory);
	ok(map.nr == 7 && entry_is(&map, 5, 0xfec01000, 0xfec02000, 4) &&
	   entry_is(&map, 6, 4096 * MIB, 5120 * MIB, 1), "with a mailbox in it");
	memory.mailbox = 0;
	memory.bytes = 3072 * MIB;
	e820_pc(&map, &memory);
	ok(map.nr == 5, "up to the hole");
	memory.bytes = MIB;
	e820_pc(&map, &memory);
	ok(map.nr == 4, "1 MiB");
	memory.bytes = 3073 * MIB;
	e820_ram(&map, &memory);
	ok(map.nr == 2 && entry_is(&map, 0, 0, 3072 * MIB, 1) &&
	   entry_is(&map, 1, 4096 * MIB, 4097 * MIB, 1), "RAM alone");
}

static void test_guest_memory(void)
{
	struct memory memory;

	ok(!memory_create(&memory, 4096) && memory_at(&memory, 0, 4096) &&
	   !memory_at(&memory, 0, 4097) && !memory_at(&memory, 4097, 0) &&
	   !memory_at(&memory, MEMORY_HIGH, 1) && memory_end(&memory) == 4096,
	   "a page");
	memory_destroy(&memory);
	memory_destroy(&memory);
	ok(memory_create(&memory, 0) == -EINVAL &&
	   memory_create(&memory, 4097) == -EINVAL &&
	   memory_create(&memory, MEMORY_MAX + 4096) == -EINVAL,
	   "what is no size");
	if (memory_create(&memory, 5ULL << 30)) {
		tap_skip("hole", "no 5 GiB of addresses");
		return;
	}
	ok(!((uintptr_t)memory.base & ((1ULL << 30) - 1)), "aligned to 1 GiB");
	ok(memory_at(&memory, MEMORY_HOLE - 1, 1) &&
	   !memory_at(&memory, MEMORY_HOLE - 1, 2) &&
	   !memory_at(&memory, MEMORY_HOLE, 1) &&
	   !memory_at(&memory, MEMORY_HIGH - 1, 1) &&
	   memory_at(&memory, MEMORY_HIGH, 1) == memory.base + MEMORY_HOLE &&
	   memory_at(&memory, MEMORY_HIGH, 2ULL << 30) &&
	   !memory_at(&memory, MEMORY_HIGH, (2ULL << 30) + 1) &&
	   memory_end(&memory) == 6ULL << 30, "the hole");
	memory_destroy(&memory);
}

int main(void)
{
	test_good();
	test_refused();
	test_truncated();
	test_flat();
	test_file_read();
	test_pipe();
	test_e820();
	test_guest_memory();
	return tap_done();
}
