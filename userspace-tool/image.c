// SPDX-License-Identifier: GPL-2.0
/*
 * Images: reading the file, and flat binaries.  image_elf.c has the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "memory.h"

#define FIRST_ROOM	(64UL << 10)

static int read_all(int fd, __u8 **bytes, size_t *nr)
{
	size_t room = 0;
	ssize_t got = 1;
	__u8 *more;

	while (got) {
		if (*nr == room) {
			room = room ? room * 2 : FIRST_ROOM;
			/* One byte more shows that there is too much. */
			if (room > IMAGE_MAX + 1)
				room = IMAGE_MAX + 1;
			more = realloc(*bytes, room);
			if (!more)
				return -ENOMEM;
			*bytes = more;
		}
		got = read(fd, *bytes + *nr, room - *nr);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		*nr += got;
		if (*nr > IMAGE_MAX)
			return -EFBIG;
	}
	return 0;
}

/**
 * image_read() - read a file into memory
 * @path: the file; need not be a regular one
 * @bytes: out: what it has, for free(); NULL after an error
 * @nr: out: how many bytes
 *
 * Return: 0; -EFBIG where it has more than IMAGE_MAX bytes; another negative
 * errno of open(2) or read(2); -ENOMEM.
 */
int image_read(const char *path, __u8 **bytes, size_t *nr)
{
	int fd, ret;

	*bytes = NULL;
	*nr = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_all(fd, bytes, nr);
	close(fd);
	if (ret) {
		free(*bytes);
		*bytes = NULL;
	}
	return ret;
}

/**
 * image_load_flat() - put a flat binary into guest memory
 * @image: filled in; the entry is at @load_at
 * @memory: the guest's memory
 * @bytes: the file
 * @nr: its length
 * @load_at: guest physical address of its first byte
 *
 * Return: 0; -EINVAL with &image.error where the file is empty or the memory
 * does not hold it.
 */
int image_load_flat(struct image *image, const struct memory *memory,
		    const __u8 *bytes, size_t nr, __u64 load_at)
{
	void *dest;

	memset(image, 0, sizeof(*image));
	if (!nr) {
		snprintf(image->error, sizeof(image->error), "is empty");
		return -EINVAL;
	}
	dest = memory_at(memory, load_at, nr);
	if (!dest) {
		snprintf(image->error, sizeof(image->error),
			 "%zu bytes at 0x%llx do not fit into the guest's memory",
			 nr, load_at);
		return -EINVAL;
	}
	memcpy(dest, bytes, nr);
	image->entry = load_at;
	image->first = load_at;
	image->last = load_at + nr - 1;
	return 0;
}
