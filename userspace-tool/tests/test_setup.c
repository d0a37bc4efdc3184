// SPDX-License-Identifier: GPL-2.0
/*
 * The loader of Linux kernels that a BIOS boots, against small ones that follow
 * the protocol and ones that do not.  Offsets and values are those of Linux'
 * boot.rst.
 */
#include "tests/image_test.h"

#define SECTORS		2
#define SETUP_BYTES	((SECTORS + 1) * 512)
#define PAYLOAD		0x600
#define MEMORY		(8 * MIB)

#define SETUP_SECTS	0x1f1
#define SYSSIZE		0x1f4
#define VERSION		0x206
#define LOADER		0x210
#define LOADFLAGS	0x211
#define RAMDISK		0x218
#define RAMDISK_SIZE	0x21c
#define HEAP_END	0x224
#define EXT_LOADER	0x226
#define CMD_LINE	0x228
#define INITRD_MAX	0x22c
#define CMDLINE_SIZE	0x238
#define PREF_ADDRESS	0x258
#define INIT_SIZE	0x260
#define HEADER_END	0x26c

struct kernel {
	__u8 bytes[SETUP_BYTES + PAYLOAD];
};

/* Two sectors of setup code, version 2.07, 16-bit and 32-bit. */
static struct kernel good(void)
{
	struct kernel kernel;
	__u8 *bytes = kernel.bytes;

	memset(bytes, 0x90, sizeof(kernel));
	memset(bytes + SETUP_SECTS, 0, HEADER_END - SETUP_SECTS);
	memset(bytes + SETUP_BYTES, 0xf4, PAYLOAD);
	test_put(bytes, SETUP_SECTS, SECTORS, 1);
	test_put(bytes, SYSSIZE, PAYLOAD / 16, 4);
	test_put(bytes, 0x1fe, 0xaa55, 2);
	test_put(bytes, 0x200, 0xeb, 1);
	test_put(bytes, 0x201, HEADER_END - 0x202, 1);
	memcpy(bytes + 0x202, "HdrS", 4);
	test_put(bytes, VERSION, 0x207, 2);
	test_put(bytes, LOADFLAGS, 0x01, 1);
	test_put(bytes, INITRD_MAX, 0x6fffff, 4);
	test_put(bytes, CMDLINE_SIZE, 100, 4);
	return kernel;
}

static struct memory memory;
static struct image_setup setup;

static int load(struct image *image, const struct kernel *kernel, size_t nr,
		const struct image_args *args)
{
	const struct image_file file = test_file(kernel->bytes, nr);

	return image_read_setup(image, &setup, &memory, &file, args);
}

static bool refused(const struct kernel *kernel, const struct image_args *args,
		    const char *why)
{
	struct image image;

	return test_line(&image, load(&image, kernel, sizeof(*kernel), args),
			 why);
}

static bool loads(const struct kernel *kernel, const struct image_args *args)
{
	struct image image;

	return !load(&image, kernel, sizeof(*kernel), args);
}

static const struct image_args no_args = { .command_line = "" };

static void test_good(void)
{
	const struct image_file initrd = { .path = "initrd", .fd = -1,
					   .bytes = 0x123456 };
	const struct image_args args = { .command_line = "line",
					 .initrd = &initrd };
	struct kernel kernel = good();
	const __u8 *code = setup.code;

	ok(loads(&kernel, &args) && setup.bytes == SETUP_BYTES &&
	   setup.kernel_bytes == PAYLOAD, "lengths");
	ok(test_get(code, LOADER, 1) == 0xff && test_get(code, LOADFLAGS, 1) == 0x81 &&
	   test_get(code, EXT_LOADER, 2) == 0, "loader and its flags");
	ok(test_get(code, HEAP_END, 2) == 0xe000 - 0x200 &&
	   test_get(code, CMD_LINE, 4) == 0x20000, "heap and command line");
	ok(test_get(code, RAMDISK, 4) == 0 && test_get(code, RAMDISK_SIZE, 4) == 0x123456 &&
	   setup.initrd_lowest == 0x100000 + PAYLOAD &&
	   setup.initrd_highest == 0x6fffff, "initial RAM disk");
	ok(!memcmp(code, kernel.bytes, LOADER) &&
	   !memcmp(code + INITRD_MAX, kernel.bytes + INITRD_MAX,
		   SETUP_BYTES - INITRD_MAX), "the rest is the kernel's own");
	ok(loads(&kernel, &no_args) && test_get(code, RAMDISK_SIZE, 4) == 0,
	   "no initial RAM disk");
}

/* The fields behind cmd_line_ptr are code in a kernel that does not know them. */
static void test_old(void)
{
	struct kernel kernel = good();

	test_put(kernel.bytes, VERSION, 0x202, 2);
	test_put(kernel.bytes, 0x201, 0x22c - 0x202, 1);
	memset(kernel.bytes + 0x22c, 0xa5, HEADER_END - 0x22c);
	ok(loads(&kernel, &no_args) && setup.initrd_highest == 0x37ffffff &&
	   !memcmp(setup.code + 0x22c, kernel.bytes + 0x22c, 64),
	   "version 2.02");
	test_put(kernel.bytes, VERSION, 0x201, 2);
	ok(refused(&kernel, &no_args, "2.02 is the oldest"), "version 2.01");
	kernel = good();
	test_put(kernel.bytes, LOADFLAGS, 0, 1);
	ok(refused(&kernel, &no_args, "zImage"), "a zImage");
	test_put(kernel.bytes, 0x1fe, 0, 2);
	ok(refused(&kernel, &no_args, "boot_flag"), "no boot_flag");
}

static void test_room(void)
{
	struct image_file initrd = { .path = "initrd", .fd = -1 };
	struct image_args args = { .command_line = "", .initrd = &initrd };
	struct kernel kernel = good();

	/* From 1 MiB and the kernel, to initrd_addr_max. */
	initrd.bytes = 0x700000 - 0x101000;
	ok(loads(&kernel, &args), "an initial RAM disk that just fits");
	initrd.bytes++;
	ok(refused(&kernel, &args, "do not fit"), "one that does not");
	initrd.bytes = 1ULL << 32;
	ok(refused(&kernel, &args, "do not fit"), "one of 4 GiB");
	test_put(kernel.bytes, VERSION, 0x20a, 2);
	test_put(kernel.bytes, INIT_SIZE, 0x700000, 4);
	ok(loads(&kernel, &no_args) && setup.initrd_lowest == 0x800000,
	   "init_size up to the end of memory");
	test_put(kernel.bytes, PREF_ADDRESS, 0x100001, 8);
	ok(refused(&kernel, &no_args, "needs 8 MiB"), "moved beyond it");
	test_put(kernel.bytes, PREF_ADDRESS, 0, 8);
	test_put(kernel.bytes, INIT_SIZE, 0xffffffff, 4);
	ok(refused(&kernel, &no_args, "give more with --mem"), "4 GiB");
}

static void test_line_length(void)
{
	struct kernel kernel = good();
	struct image_args args = no_args;
	char line[70000];

	memset(line, 'x', sizeof(line));
	line[100] = 0;
	args.command_line = line;
	ok(loads(&kernel, &args), "the longest command line");
	line[100] = 'x';
	line[101] = 0;
	ok(refused(&kernel, &args, "at most 100 bytes"), "a longer one");
	test_put(kernel.bytes, CMDLINE_SIZE, 0xffffffff, 4);
	line[101] = 'x';
	line[65535] = 0;
	ok(loads(&kernel, &args), "the longest that has room");
	line[65535] = 'x';
	line[65536] = 0;
	ok(refused(&kernel, &args, "at most 65535 bytes"), "a longer one");
}

static void test_setup_code(void)
{
	static __u8 large[256 * 512 + 512];
	struct kernel kernel = good();
	struct image_file file;
	struct image image;
	size_t nr, cut = 0;

	for (nr = 0; nr < sizeof(kernel) - 15; nr++) {
		file = test_file(kernel.bytes, nr);
		cut += test_line(&image, image_read_setup(&image, &setup, &memory,
							  &file, &no_args),
				 "cut off");
	}
	ok(cut == sizeof(kernel) - 15, "cut off at every byte");
	memcpy(large, kernel.bytes, sizeof(kernel));
	test_put(large, SYSSIZE, 0, 4);
	test_put(large, SETUP_SECTS, 64, 1);
	file = test_file(large, sizeof(large));
	ok(!image_read_setup(&image, &setup, &memory, &file, &no_args) &&
	   setup.bytes == 0x8200, "64 sectors of setup code");
	test_put(large, SETUP_SECTS, 65, 1);
	file = test_file(large, sizeof(large));
	ok(test_line(&image, image_read_setup(&image, &setup, &memory, &file,
					      &no_args), "setup_sects"),
	   "65 sectors");
}

int main(void)
{
	memory = test_memory(MEMORY);
	test_good();
	test_old();
	test_room();
	test_line_length();
	test_setup_code();
	free(memory.base);
	return tap_done();
}
