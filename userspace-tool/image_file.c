// SPDX-License-Identifier: GPL-2.0
/*
 * Files for a guest's memory.
 *
 * They are read with pread(2) straight to where they go: not mapped, since a
 * file that another program makes shorter would then kill us, and not copied,
 * since initial RAM disks are large.  What has no offsets, such as a pipe, is
 * copied into a file without a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_file.h"
#include "progress.h"

/* So much is read at once: between, the progress is shown. */
#define CHUNK		(8ULL << 20)
#define COPY_BYTES	(64U << 10)

static int write_all(int fd, const __u8 *bytes, size_t nr)
{
	ssize_t done;

	for (; nr; bytes += done, nr -= done) {
		done = write(fd, bytes, nr);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return -errno;
	}
	return 0;
}

static int copy(int from, int to, const char *path, __u64 *bytes)
{
	struct progress progress;
	__u8 buffer[COPY_BYTES];
	ssize_t got = 1;
	int ret = 0;

	progress_begin(&progress, path, 0);
	while (got && !ret) {
		got = read(from, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			ret = -errno;
			break;
		}
		*bytes += got;
		ret = *bytes > IMAGE_FILE_MAX ? -EFBIG :
		      write_all(to, buffer, got);
		progress_show(&progress, *bytes);
	}
	progress_end(&progress);
	return ret;
}

/* Exchange a descriptor without offsets for one that has them. */
static int buffer_file(struct image_file *file)
{
	int memory = memfd_create("keel-image", MFD_CLOEXEC);
	int ret;

	if (memory < 0)
		return -errno;
	ret = copy(file->fd, memory, file->path, &file->bytes);
	close(file->fd);
	file->fd = memory;
	return ret;
}

/**
 * image_file_open() - open a file
 * @file: filled in; image_file_close() undoes it, also after an error
 * @path: its name; kept.  It need not be a regular file.
 *
 * Return: 0; -EISDIR; -EFBIG where what is no regular file has more than
 * IMAGE_FILE_MAX bytes; another negative errno of open(2), read(2), write(2).
 */
int image_file_open(struct image_file *file, const char *path)
{
	struct stat stat;

	file->path = path;
	file->bytes = 0;
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &stat))
		return -errno;
	if (S_ISDIR(stat.st_mode))
		return -EISDIR;
	file->bytes = stat.st_size;
	/* Files of the kernel claim to be empty. */
	if (S_ISREG(stat.st_mode) && stat.st_size)
		return 0;
	file->bytes = 0;
	return buffer_file(file);
}

/**
 * image_file_close() - close a file
 * @file: from image_file_open(), or with an fd of -1
 */
void image_file_close(struct image_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->bytes = 0;
}

static int read_part(const struct image_file *file, __u64 offset, void *dest, __u64 bytes,
		     struct progress *progress)
{
	__u64 done = 0, part;
	ssize_t got;
	int ret = 0;

	if (offset > file->bytes || bytes > file->bytes - offset)
		return -ENODATA;
	while (done < bytes && !ret) {
		part = bytes - done < CHUNK ? bytes - done : CHUNK;
		got = pread(file->fd, (__u8 *)dest + done, part, offset + done);
		if (got > 0)
			done += got;
		else if (!got)
			ret = -ENODATA;
		else if (errno != EINTR)
			ret = -errno;
		if (progress)
			progress_show(progress, done);
	}
	return ret;
}

/**
 * image_file_read() - read a part of a file without a word
 * @file: the file
 * @offset: of the first byte
 * @dest: where the bytes go
 * @bytes: how many
 *
 * Makes no system call but pread(2), so that a vCPU's thread may do it, too.
 *
 * Return: 0; -ENODATA where the file ends before; another negative errno of
 * pread(2).
 */
int image_file_read(const struct image_file *file, __u64 offset, void *dest,
		    __u64 bytes)
{
	return read_part(file, offset, dest, bytes, NULL);
}

/**
 * image_file_load() - read a part of a file, and say how far it is
 * @file: the file
 * @offset: of the first byte
 * @dest: where the bytes go
 * @bytes: how many
 *
 * Before the guest runs: what it asks of the terminal the sandbox refuses then.
 *
 * Return: as image_file_read().
 */
int image_file_load(const struct image_file *file, __u64 offset, void *dest,
		    __u64 bytes)
{
	struct progress progress;
	int ret;

	progress_begin(&progress, file->path, bytes);
	ret = read_part(file, offset, dest, bytes, &progress);
	progress_end(&progress);
	return ret;
}
