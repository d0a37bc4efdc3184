// SPDX-License-Identifier: GPL-2.0
/*
 * A line on the terminal for what takes long.
 *
 * It is on standard error, and only where that is a terminal; nothing is left
 * of it in the end.  What is done soon shows nothing.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

/* Nobody waits for what takes less. */
#define PATIENCE_MS	300
/* So that the line does not wrap: then it could not be taken away. */
#define NAME_MAX_SHOWN	40

static long elapsed_ms(const struct progress *progress)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - progress->since.tv_sec) * 1000 +
	       (now.tv_nsec - progress->since.tv_nsec) / 1000000;
}

/**
 * progress_begin() - begin something that may take long
 * @progress: filled in; progress_end() follows
 * @path: the file that it is about
 * @total: bytes that it has; 0: not known
 */
void progress_begin(struct progress *progress, const char *path, __u64 total)
{
	memset(progress, 0, sizeof(*progress));
	progress->path = path;
	progress->total = total;
	clock_gettime(CLOCK_MONOTONIC, &progress->since);
}

/**
 * progress_show() - say how far it is
 * @progress: from progress_begin()
 * @done: bytes done
 */
void progress_show(struct progress *progress, __u64 done)
{
	size_t length = strlen(progress->path);
	const char *tail = progress->path;

	if (!progress->shown &&
	    (elapsed_ms(progress) < PATIENCE_MS || !isatty(STDERR_FILENO)))
		return;
	progress->shown = true;
	/* The end of a path says more than its beginning. */
	if (length > NAME_MAX_SHOWN)
		tail += length - NAME_MAX_SHOWN;
	if (progress->total)
		fprintf(stderr, "\r\033[Kkeel: loading %s: %llu%%", tail,
			done * 100 / progress->total);
	else
		fprintf(stderr, "\r\033[Kkeel: reading %s: %llu MiB", tail,
			done >> 20);
	fflush(stderr);
}

/**
 * progress_end() - take the line away
 * @progress: from progress_begin()
 */
void progress_end(struct progress *progress)
{
	if (!progress->shown)
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	progress->shown = false;
}
