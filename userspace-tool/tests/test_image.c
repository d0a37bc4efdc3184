// SPDX-License-Identifier: GPL-2.0
/*
 * Loaders, against whole, cut off and damaged images.  Built with the address
 * sanitizer, which finds an access outside of file and guest memory.
 */
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "memory.h"
#include "tests/tap.h"

#define MIB	(1024ULL << 10)
#define MUTATIONS 20000

/* Guest memory from malloc(), so that the sanitizer knows its end. */
static struct memory small_memory(void)
{
	struct memory memory = { .bytes = MIB };

	memory.base = malloc(memory.bytes);
	if (!memory.base)
		abort();
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

/* Load a copy that ends where the sanitizer looks. */
static int load(struct image *image, const void *file, size_t nr)
{
	struct memory memory = small_memory();
	__u8 *copy = malloc(nr ? nr : 1);
	int ret;

	memcpy(copy, file, nr);
	ret = image_load_elf(image, &memory, copy, nr);
	free(copy);
	free(memory.base);
	return ret;
}

static bool refused(const void *file, size_t nr, const char *why)
{
	struct image image;
	int ret = load(&image, file, nr);

	if (ret == -EINVAL && strstr(image.error, why) &&
	    !strchr(image.error, '\n'))
		return true;
	printf("# %d: %s\n", ret, image.error);
	return false;
}

static void test_good(void)
{
	struct memory memory = small_memory();
	struct elf64 elf64 = good64();
	struct elf32 elf32 = good32();
	struct image image;
	__u8 zeros[16] = { 0 };

	ok(!image_load_elf(&image, &memory, (__u8 *)&elf64, sizeof(elf64)),
	   "ELF64 is loaded");
	ok(image.entry == 0x10004 && image.mode == IMAGE_MODE_LONG &&
	   image.first == 0x5000 && image.last == 0x1001f,
	   "its entry is physical");
	ok(!memcmp(memory.base + 0x10000, elf64.code, 16) &&
	   !memcmp(memory.base + 0x10010, zeros, 16) &&
	   !memcmp(memory.base + 0x5000, zeros, 8) &&
	   memory.base[0x10020] == 0xcc && memory.base[0x5008] == 0xcc &&
	   memory.base[0xffff] == 0xcc, "bytes, zeros, and nothing else");
	ok(!image_load_elf(&image, &memory, (__u8 *)&elf32, sizeof(elf32)) &&
	   image.entry == 0x20000 && image.mode == IMAGE_MODE_PROT &&
	   memory.base[0x2000f] == 0xf4, "ELF32 is loaded");
	ok(image_is_elf((__u8 *)&elf32, sizeof(elf32)) &&
	   !image_is_elf((const __u8 *)"\177EL", 3) &&
	   !image_is_elf(zeros, sizeof(zeros)), "what is ELF");
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

/* Always the same ones, so that a failure comes again. */
static __u32 next(void)
{
	static __u64 state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static void mutate(__u8 *bytes, size_t nr)
{
	static const __u8 odd[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned int i, count = 1 + next() % 6;

	for (i = 0; i < count; i++)
		bytes[next() % nr] = next() % 2 ? odd[next() % sizeof(odd)] :
						  next();
}

static void test_mutations(void)
{
	unsigned int i, silent = 0, loaded = 0;
	struct image image;
	struct elf64 elf64;
	struct elf32 elf32;
	int ret;

	for (i = 0; i < MUTATIONS; i++) {
		elf64 = good64();
		elf32 = good32();
		if (i % 2) {
			mutate((__u8 *)&elf64, sizeof(elf64));
			ret = load(&image, &elf64, sizeof(elf64));
		} else {
			mutate((__u8 *)&elf32, sizeof(elf32));
			ret = load(&image, &elf32, sizeof(elf32));
		}
		silent += ret && !image.error[0];
		loaded += !ret;
	}
	ok(!silent && loaded > 0 && loaded < MUTATIONS,
	   "damaged files: loaded, or refused with a line");
}

static void test_flat(void)
{
	struct memory memory = small_memory();
	struct image image;

	ok(!image_load_flat(&image, &memory, (const __u8 *)"abc", 3, MIB - 3) &&
	   image.entry == MIB - 3 && image.last == MIB - 1 &&
	   !memcmp(memory.base + MIB - 3, "abc", 3), "flat, up to the end");
	ok(image_load_flat(&image, &memory, (const __u8 *)"abc", 3, MIB - 2) ==
	   -EINVAL && strstr(image.error, "do not fit"), "and behind it");
	ok(image_load_flat(&image, &memory, (const __u8 *)"abc", 3,
			   ~0ULL - 1) == -EINVAL, "address wraps");
	ok(image_load_flat(&image, &memory, (const __u8 *)"", 0, 0) ==
	   -EINVAL && strstr(image.error, "empty"), "empty");
	free(memory.base);
}

static void test_read(void)
{
	char path[] = "/tmp/keel-image-XXXXXX";
	int fd = mkstemp(path);
	__u8 *bytes;
	size_t nr, i;

	for (i = 0; i < 100000 / 4; i++)
		if (write(fd, &i, 4) != 4)
			break;
	close(fd);
	ok(!image_read(path, &bytes, &nr) && nr == 100000 &&
	   bytes[nr - 4] == (24999 & 0xff), "a file is read");
	free(bytes);
	unlink(path);
	ok(image_read(path, &bytes, &nr) == -ENOENT && !bytes, "no file");
	ok(image_read("/", &bytes, &nr) == -EISDIR && !bytes, "a folder");
}

static void test_memory(void)
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
	test_mutations();
	test_flat();
	test_read();
	test_memory();
	return tap_done();
}
