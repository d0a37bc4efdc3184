// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware in its ROM and in the shadow below 1 MiB.
 */
#include "tests/image_test.h"

#define KIB	1024ULL

/* Each page begins with its number. */
static struct image_file firmware(__u64 bytes)
{
	struct image_file file = test_file("", 0);
	__u64 at;

	if (ftruncate(file.fd, bytes))
		abort();
	for (at = 0; at + 4 <= bytes; at += 4096)
		if (pwrite(file.fd, &at, 4, at) != 4)
			abort();
	file.bytes = bytes;
	return file;
}

static int load(struct image *image, struct memory *memory, __u64 bytes)
{
	const struct image_file file = firmware(bytes);

	if (memory_create(memory, 2 * MIB))
		abort();
	return image_load_firmware(image, memory, &file);
}

static __u32 word(const __u8 *at)
{
	__u32 value;

	memcpy(&value, at, 4);
	return value;
}

static void test_good(void)
{
	struct memory memory;
	struct image image;

	ok(!load(&image, &memory, 256 * KIB) && memory.rom_bytes == 256 * KIB &&
	   word(memory.rom) == 0 && word(memory.rom + 252 * KIB) == 252 * KIB,
	   "256 KiB: the ROM");
	ok(word(memory.base + 0xe0000) == 128 * KIB &&
	   word(memory.base + 0xff000) == 252 * KIB &&
	   word(memory.base + 0xdf000) == 0 && word(memory.base + MIB) == 0,
	   "its last 128 KiB below 1 MiB");
	memory_destroy(&memory);
	ok(!load(&image, &memory, 64 * KIB) &&
	   word(memory.base + 0xff000) == 60 * KIB &&
	   word(memory.base + 0xe1000) == 0, "64 KiB");
	memory_destroy(&memory);
	ok(!load(&image, &memory, 16 * MIB) && memory.rom_bytes == 16 * MIB,
	   "16 MiB");
	memory_destroy(&memory);
}

static void test_refused(void)
{
	static const __u64 sizes[] = {
		0, 1, 65535, 65537, 128 * KIB + 4096, 16 * MIB + 64 * KIB,
	};
	struct memory memory;
	struct image image;
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ok(test_line(&image, load(&image, &memory, sizes[i]),
			     "multiple of 64 KiB") && !memory.rom,
		   "a length that no firmware has");
		memory_destroy(&memory);
	}
}

static void test_shorter(void)
{
	struct image_file file = firmware(64 * KIB);
	struct memory memory;
	struct image image;

	file.bytes = 128 * KIB;
	if (memory_create(&memory, MIB))
		abort();
	ok(test_line(&image, image_load_firmware(&image, &memory, &file),
		     "cut off"), "became shorter meanwhile");
	memory_destroy(&memory);
}

int main(void)
{
	test_good();
	test_refused();
	test_shorter();
	return tap_done();
}
