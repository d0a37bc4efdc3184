/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line on the terminal for what takes long; gone when it is done.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <time.h>
#include <linux/types.h>

/**
 * struct progress - something that may take long
 * @path: the file that it is about
 * @total: bytes that it has; 0: not known
 * @since: when it began
 * @shown: there is a line to take away
 */
struct progress {
	const char *path;
	__u64 total;
	struct timespec since;
	bool shown;
};

void progress_begin(struct progress *progress, const char *path, __u64 total);
void progress_show(struct progress *progress, __u64 done);
void progress_end(struct progress *progress);

#endif /* PROGRESS_H */
