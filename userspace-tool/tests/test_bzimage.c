// SPDX-License-Identifier: GPL-2.0
/*
 * The loader of Linux kernels, against small ones that follow the protocol and
 * ones that do not.  Offsets are those of Linux' boot.rst and zero-page.rst, not
 * those of the structures that the loader uses.
 */
#include "boot.h"
#include "e820.h"
#include "tests/image_test.h"

#define SETUP_BYTES	1024
#define PAYLOAD		0x600
#define MEMORY		(8 * MIB)

/* Offsets in the file; the zero page has the same ones. */
#define SETUP_SECTS	0x1f1
#define SYSSIZE		0x1f4
#define JUMP		0x201
#define VERSION		0x206
#define LOADER		0x210
#define LOADFLAGS	0x211
#define CODE32		0x214
#define RAMDISK		0x218
#define RAMDISK_SIZE	0x21c
#define CMD_LINE	0x228
#define INITRD_MAX	0x22c
#define ALIGNMENT	0x230
#define RELOCATABLE	0x234
#define XLOADFLAGS	0x236
#define CMDLINE_SIZE	0x238
#define SETUP_DATA	0x250
#define PREF_ADDRESS	0x258
#define INIT_SIZE	0x260
#define HEADER_END	0x26c
/* In the zero page only. */
#define RSDP		0x070
#define EXT_RAMDISK	0x0c0
#define E820_ENTRIES	0x1e8
#define E820_TABLE	0x2d0

struct kernel {
	__u8 bytes[SETUP_BYTES + PAYLOAD];
};

/* One sector of setup code, version 2.15, 64-bit. */
static struct kernel good(void)
{
	struct kernel kernel;
	__u8 *bytes = kernel.bytes;

	memset(bytes, 0x90, sizeof(kernel));
	memset(bytes + SETUP_SECTS, 0, HEADER_END - SETUP_SECTS);
	memset(bytes + SETUP_BYTES, 0xf4, PAYLOAD);
	test_put(bytes, SETUP_SECTS, 1, 1);
	test_put(bytes, SYSSIZE, PAYLOAD / 16, 4);
	test_put(bytes, 0x1fe, 0xaa55, 2);
	test_put(bytes, 0x200, 0xeb, 1);
	test_put(bytes, JUMP, HEADER_END - 0x202, 1);
	memcpy(bytes + 0x202, "HdrS", 4);
	test_put(bytes, VERSION, 0x20f, 2);
	test_put(bytes, LOADFLAGS, 0x81, 1);
	test_put(bytes, CODE32, 0x100000, 4);
	test_put(bytes, INITRD_MAX, 0x7fffffff, 4);
	test_put(bytes, ALIGNMENT, 0x200000, 4);
	test_put(bytes, RELOCATABLE, 1, 1);
	test_put(bytes, XLOADFLAGS, 3, 2);
	test_put(bytes, CMDLINE_SIZE, 2047, 4);
	test_put(bytes, PREF_ADDRESS, 0x400000, 8);
	test_put(bytes, INIT_SIZE, 0x100000, 4);
	return kernel;
}

static struct memory memory;

static int load(struct image *image, const struct kernel *kernel, size_t nr,
		const struct image_args *args)
{
	const struct image_file file = test_file(kernel->bytes, nr);

	return image_load_bzimage(image, &memory, &file, args);
}

static const struct image_args no_args = { .command_line = "" };

static bool refused(const struct kernel *kernel, size_t nr, const char *why)
{
	struct image image;

	return test_line(&image, load(&image, kernel, nr, &no_args), why);
}

static bool is_bzimage(const struct kernel *kernel, size_t nr)
{
	const struct image_file file = test_file(kernel->bytes, nr);

	return image_is_bzimage(&file);
}

static struct image_file make_initrd(size_t bytes)
{
	int fd = memfd_create("initrd", MFD_CLOEXEC);
	size_t i;

	for (i = 0; i < bytes; i += 4)
		if (pwrite(fd, &i, 4, i) != 4)
			abort();
	if (ftruncate(fd, bytes))
		abort();
	return (struct image_file) { .path = "initrd", .fd = fd,
				     .bytes = bytes };
}

static void test_good(void)
{
	const struct image_args args = { .command_line = "console=ttyS0 quiet",
					 .rsdp = 0xe0000 };
	const __u8 *page = memory.base + BOOT_INFO;
	struct kernel kernel = good();
	struct image image;

	ok(is_bzimage(&kernel, sizeof(kernel)) && !is_bzimage(&kernel, 0x205),
	   "what is a bzImage");
	memset(memory.base, 0xcc, memory.bytes);
	ok(!load(&image, &kernel, sizeof(kernel), &args), "64-bit kernel");
	ok(image.mode == IMAGE_MODE_LONG && image.entry == 0x400200 &&
	   image.first == 0x400000 && image.last == 0x4fffff &&
	   image.esi == BOOT_INFO && image.linux_selectors,
	   "entry, at the address that it prefers");
	ok(!memcmp(memory.base + 0x400000, kernel.bytes + SETUP_BYTES, PAYLOAD) &&
	   memory.base[0x400000 + PAYLOAD] == 0xcc &&
	   memory.base[0x3fffff] == 0xcc, "its bytes, and nothing else");
	ok(test_get(page, LOADER, 1) == 0xff && test_get(page, LOADFLAGS, 1) == 1 &&
	   test_get(page, CODE32, 4) == 0x400000 && test_get(page, SETUP_DATA, 8) == 0 &&
	   test_get(page, 0x202, 4) == 0x53726448 && test_get(page, VERSION, 2) == 0x20f,
	   "zero page: header");
	ok(test_get(page, HEADER_END, 4) == 0 && test_get(page, 0x1ec, 4) == 0 &&
	   test_get(page, 0x006, 2) == 0, "the rest is zero");
	ok(!strcmp((char *)memory.base + test_get(page, CMD_LINE, 4), args.command_line),
	   "command line");
	ok(test_get(page, RSDP, 8) == 0xe0000, "RSDP");
	ok(test_get(page, E820_ENTRIES, 1) == 5 && test_get(page, E820_TABLE, 8) == 0 &&
	   test_get(page, E820_TABLE + 8, 8) == 0x9fc00 &&
	   test_get(page, E820_TABLE + 16, 4) == 1 &&
	   test_get(page, E820_TABLE + 80, 8) == 0x100000 &&
	   test_get(page, E820_TABLE + 88, 8) == MEMORY - 0x100000 &&
	   test_get(page, E820_TABLE + 96, 4) == 1, "memory map");
	ok(test_get(page, RAMDISK, 4) == 0 && test_get(page, RAMDISK_SIZE, 4) == 0,
	   "no initial RAM disk");
}

static void test_place(void)
{
	struct kernel kernel = good();
	struct image image;

	test_put(kernel.bytes, PREF_ADDRESS, 0x1000000, 8);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.first == 0x200000, "moved where the preferred address is no memory");
	test_put(kernel.bytes, PREF_ADDRESS, 0, 8);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.first == 0x200000, "or none is given");
	test_put(kernel.bytes, INIT_SIZE, 7 * MIB, 4);
	ok(refused(&kernel, sizeof(kernel), "needs 7 MiB of memory at 0x200000"),
	   "too large");
	kernel = good();
	test_put(kernel.bytes, INIT_SIZE, 4 * MIB, 4);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.first == 0x400000 && image.last == MEMORY - 1,
	   "up to the last byte");
	kernel = good();
	test_put(kernel.bytes, RELOCATABLE, 0, 1);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.first == 0x100000 && image.last == 0x4fffff,
	   "one that cannot be moved");
	kernel = good();
	test_put(kernel.bytes, XLOADFLAGS, 0, 2);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.mode == IMAGE_MODE_PROT && image.entry == 0x400000,
	   "32-bit kernel");
}

/* A header as of version 2.04: code follows where newer ones have fields. */
static void test_old(void)
{
	const __u8 *page = memory.base + BOOT_INFO;
	struct kernel kernel = good();
	struct image_args args = { .command_line = "" };
	struct image image;
	char line[257];

	test_put(kernel.bytes, VERSION, 0x204, 2);
	test_put(kernel.bytes, JUMP, ALIGNMENT - 0x202, 1);
	ok(!load(&image, &kernel, sizeof(kernel), &no_args) &&
	   image.mode == IMAGE_MODE_PROT && image.entry == 0x100000 &&
	   test_get(page, ALIGNMENT, 4) == 0 && test_get(page, INITRD_MAX, 4) != 0,
	   "protocol 2.04: only the fields that it has");
	memset(line, 'a', sizeof(line));
	line[255] = '\0';
	args.command_line = line;
	ok(!load(&image, &kernel, sizeof(kernel), &args), "255 bytes of command line");
	line[255] = 'a';
	line[256] = '\0';
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "at most 255"), "and no more");
	test_put(kernel.bytes, VERSION, 0x201, 2);
	ok(refused(&kernel, sizeof(kernel), "version 2.01"), "protocol 2.01");
}

static void test_initrd(void)
{
	struct image_file initrd = make_initrd(5000);
	struct image_args args = { .command_line = "", .initrd = &initrd };
	const __u8 *page = memory.base + BOOT_INFO;
	struct kernel kernel = good();
	struct image image;
	__u64 at;

	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   test_get(page, RAMDISK, 4) == MEMORY - 8192 &&
	   test_get(page, RAMDISK_SIZE, 4) == 5000 &&
	   test_get(page, EXT_RAMDISK, 8) == 0, "initial RAM disk at the end");
	at = test_get(page, RAMDISK, 4);
	ok(test_get(memory.base, at, 4) == 0 && test_get(memory.base, at + 4996, 4) == 4996,
	   "its bytes");
	test_put(kernel.bytes, XLOADFLAGS, 1, 2);
	test_put(kernel.bytes, INITRD_MAX, 0x6fffff, 4);
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   test_get(page, RAMDISK, 4) == 0x700000 - 8192, "below initrd_addr_max");
	test_put(kernel.bytes, INITRD_MAX, 0x4fffff, 4);
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "initrd_addr_max 0x4fffff") &&
	   !strcmp(image.blame, "initrd"), "no room between it and the kernel");
	test_put(kernel.bytes, XLOADFLAGS, 3, 2);
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   test_get(page, RAMDISK, 4) == MEMORY - 8192,
	   "a kernel that goes above 4 GiB takes it anywhere");
	close(initrd.fd);
	initrd = make_initrd(3 * MIB + 1);
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "do not fit"), "one byte too many");
	initrd.bytes--;
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   test_get(page, RAMDISK, 4) == 0x500000, "all that there is");
	initrd.bytes = 4096;
	if (ftruncate(initrd.fd, 4095))
		abort();
	ok(test_line(&image, load(&image, &kernel, sizeof(kernel), &args),
		     "cut off"), "became shorter meanwhile");
	close(initrd.fd);
}

static void test_high_initrd(void)
{
	struct image_file initrd = make_initrd(4096);
	const struct image_args args = { .command_line = "", .initrd = &initrd };
	struct memory small = memory;
	struct kernel kernel = good();
	struct image image;

	if (memory_create(&memory, 4ULL << 30)) {
		memory = small;
		tap_skip("initial RAM disk above 4 GiB", "no 4 GiB of addresses");
		return;
	}
	/* The kernel takes all that is below. */
	test_put(kernel.bytes, INIT_SIZE, 0xc0000000 - 0x400000, 4);
	ok(!load(&image, &kernel, sizeof(kernel), &args) &&
	   test_get(memory.base + BOOT_INFO, RAMDISK, 4) == 0 &&
	   test_get(memory.base + BOOT_INFO, EXT_RAMDISK, 4) == 1 &&
	   test_get(memory.base + MEMORY_HOLE, 4092, 4) == 4092,
	   "initial RAM disk above 4 GiB");
	memory_destroy(&memory);
	memory = small;
	close(initrd.fd);
}

static void test_refused(void)
{
	struct kernel kernel = good();

	test_put(kernel.bytes, 0x1fe, 0xaa54, 2);
	ok(refused(&kernel, sizeof(kernel), "boot_flag is 0xaa54"), "boot_flag");
	kernel = good();
	test_put(kernel.bytes, LOADFLAGS, 0, 1);
	ok(refused(&kernel, sizeof(kernel), "zImage"), "zImage");
	kernel = good();
	test_put(kernel.bytes, SETUP_SECTS, 0, 1);
	ok(refused(&kernel, sizeof(kernel), "the 4 sectors"), "setup_sects 0");
	test_put(kernel.bytes, SETUP_SECTS, 255, 1);
	ok(refused(&kernel, sizeof(kernel), "the 255 sectors"), "setup_sects 255");
	kernel = good();
	test_put(kernel.bytes, SYSSIZE, PAYLOAD / 16 + 1, 4);
	ok(refused(&kernel, sizeof(kernel), "syssize"), "syssize");
	test_put(kernel.bytes, SYSSIZE, 0xffffffff, 4);
	ok(refused(&kernel, sizeof(kernel), "syssize"), "syssize at its end");
	kernel = good();
	test_put(kernel.bytes, ALIGNMENT, 0, 4);
	ok(refused(&kernel, sizeof(kernel), "kernel_alignment is 0x0"), "alignment 0");
	test_put(kernel.bytes, ALIGNMENT, 0x300000, 4);
	ok(refused(&kernel, sizeof(kernel), "not a power of 2"), "odd alignment");
	test_put(kernel.bytes, ALIGNMENT, 0x80000000, 4);
	test_put(kernel.bytes, PREF_ADDRESS, ~0ULL, 8);
	ok(refused(&kernel, sizeof(kernel), "at 0x80000000"), "large alignment");
	kernel = good();
	test_put(kernel.bytes, SYSSIZE, 0x200 / 16, 4);
	ok(refused(&kernel, sizeof(kernel), "64-bit entry"), "no code at the entry");
	kernel = good();
	test_put(kernel.bytes, INIT_SIZE, 0xffffffff, 4);
	ok(refused(&kernel, sizeof(kernel), "init_size"), "init_size");
	kernel = good();
	test_put(kernel.bytes, RELOCATABLE, 0, 1);
	test_put(kernel.bytes, PREF_ADDRESS, 0xbfffffff, 8);
	ok(refused(&kernel, sizeof(kernel), "needs"), "unpacks outside of memory");
}

/* What is behind syssize need not be there. */
static void test_truncated(void)
{
	struct kernel kernel = good();
	unsigned int refusals = 0, loaded = 0;
	struct image image;
	size_t nr;

	for (nr = 0; nr <= sizeof(kernel) - 16; nr++)
		refusals += refused(&kernel, nr, "cut off");
	ok(refusals == sizeof(kernel) - 15, "cut off at every byte");
	for (; nr <= sizeof(kernel); nr++)
		loaded += !load(&image, &kernel, nr, &no_args);
	ok(loaded == 16, "the last paragraph may be short");
}

/* Where it was put is memory, and the zero page has not been left. */
static bool within(const struct image *image)
{
	return image->first >= 0x100000 && image->last < MEMORY &&
	       image->entry >= image->first && image->entry <= image->last;
}

/* Each byte of the header, each value. */
static void test_each_byte(void)
{
	unsigned int at, value, silent = 0, astray = 0;
	struct kernel kernel = good();
	struct image image;
	int ret;

	for (at = SETUP_SECTS; at < HEADER_END; at++) {
		__u8 old = kernel.bytes[at];

		for (value = 0; value < 256; value++) {
			kernel.bytes[at] = value;
			ret = load(&image, &kernel, sizeof(kernel), &no_args);
			silent += ret && !image.error[0];
			astray += !ret && !within(&image);
		}
		kernel.bytes[at] = old;
	}
	ok(!silent && !astray, "each byte of the header, with each value");
}

static void test_real(void)
{
	const char *path = getenv("KEEL_TEST_KERNEL");
	struct memory small = memory;
	struct image_file file;
	struct image image;

	if (!path) {
		tap_skip("a distribution's kernel", "KEEL_TEST_KERNEL not set");
		return;
	}
	if (memory_create(&memory, 256 * MIB))
		abort();
	ok(!image_file_open(&file, path) && image_is_bzimage(&file) &&
	   !image_load_bzimage(&image, &memory, &file, &no_args) &&
	   image.mode == IMAGE_MODE_LONG && image.first == 0x1000000,
	   "a distribution's kernel");
	image_file_close(&file);
	memory_destroy(&memory);
	memory = small;
}

int main(void)
{
	memory = test_memory(MEMORY);
	test_good();
	test_place();
	test_old();
	test_initrd();
	test_high_initrd();
	test_refused();
	test_truncated();
	test_each_byte();
	test_real();
	free(memory.base);
	return tap_done();
}
