/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keel trace does while it watches: attach, read, print, account for losses.
 */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include <stdbool.h>
#include <linux/types.h>

struct trace_print;
struct watch;

/** define TRACE_REASONS - basic exit reasons that can be chosen, from 0 */
#define TRACE_REASONS	128

/**
 * struct trace_choice - which exits are printed
 * @some_reasons: those in @reasons, else all
 * @reasons: a bit for each basic exit reason
 * @longer_than: those that took longer, nanoseconds
 * @count: so many; 0: all
 * @buffer: size of the ring buffer in bytes, a power of two, whole pages
 */
struct trace_choice {
	bool some_reasons;
	__u64 reasons[TRACE_REASONS / 64];
	__u64 longer_than;
	__u64 count;
	__u32 buffer;
};

int trace_watch(struct watch *watch, const struct trace_choice *choice,
		struct trace_print *print);

#endif /* TRACE_READER_H */
