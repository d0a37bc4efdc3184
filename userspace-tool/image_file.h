/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that goes into a guest's memory: opened once, read where it is wanted.
 */
#ifndef IMAGE_FILE_H
#define IMAGE_FILE_H

#include <linux/types.h>

/** define IMAGE_FILE_MAX - largest file that is copied first, bytes */
#define IMAGE_FILE_MAX	(4ULL << 30)

/**
 * struct image_file - an open file
 * @path: its name, for messages; the caller's
 * @fd: a descriptor that can be read at any offset; -1 none
 * @bytes: its length
 *
 * Constant while it is open.  Another program may write to the file meanwhile:
 * what was checked is what was read, and not what a second look would give.
 */
struct image_file {
	const char *path;
	int fd;
	__u64 bytes;
};

int image_file_open(struct image_file *file, const char *path);
void image_file_close(struct image_file *file);
int image_file_read(const struct image_file *file, __u64 offset, void *dest,
		    __u64 bytes);
int image_file_load(const struct image_file *file, __u64 offset, void *dest,
		    __u64 bytes);

#endif /* IMAGE_FILE_H */
