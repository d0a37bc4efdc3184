/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of loaders share: files and memory that a sanitizer watches.  Files
 * that are damaged in every way are fuzz/fuzz_image.c's.
 */
#ifndef IMAGE_TEST_H
#define IMAGE_TEST_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"
#include "memory.h"
#include "tests/tap.h"

#define MIB	(1ULL << 20)

/* Guest memory from malloc(), so that the sanitizer knows its end. */
static inline struct memory test_memory(__u64 bytes)
{
	struct memory memory = { .bytes = bytes };

	memory.base = malloc(memory.bytes);
	if (!memory.base)
		abort();
	return memory;
}

/* A file that has these bytes; the same one each time. */
static inline struct image_file test_file(const void *bytes, size_t nr)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("test", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, bytes, nr, 0) != (ssize_t)nr)
		abort();
	return (struct image_file) { .path = "file", .fd = fd, .bytes = nr };
}

/* A field of @size bytes at @at, as images have them: little-endian. */
static inline void test_put(void *bytes, unsigned int at, __u64 value, unsigned int size)
{
	memcpy((__u8 *)bytes + at, &value, size);
}

static inline __u64 test_get(const void *bytes, unsigned int at, unsigned int size)
{
	__u64 value = 0;

	memcpy(&value, (const __u8 *)bytes + at, size);
	return value;
}

/* A line about a file is what each error has to give. */
static inline bool test_line(const struct image *image, int ret,
			     const char *why)
{
	if (ret == -EINVAL && image->error[0] && image->blame &&
	    strstr(image->error, why) && !strchr(image->error, '\n') &&
	    strlen(image->error) < sizeof(image->error) - 1)
		return true;
	printf("# %d: %s\n", ret, image->error);
	return false;
}

#endif /* IMAGE_TEST_H */
