/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel's tracepoints through tracefs: an instance of the test's own, whose events
 * are read as the kernel wrote them, not as text.
 *
 *	struct tracefs *t = &self->trace;
 *
 *	ASSERT_EQ(0, tracefs_open(t));
 *	ASSERT_EQ(0, tracefs_enable(t, "keel_exit", true));
 *	...
 *	ASSERT_EQ(0, tracefs_read(t));
 *	for (e = t->events; e < t->events + t->nr_events; e++)
 *		rip = tracefs_arg(e, KEEL_HW_EXIT_RIP);
 */
#ifndef SELFTESTS_TRACEFS_H
#define SELFTESTS_TRACEFS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define TRACEFS		"/sys/kernel/tracing"

#define TRACEFS_POINTS		32	/* more than there are */
#define TRACEFS_FIELDS		16
#define TRACEFS_EVENT_BYTES	160	/* more than any event has */

/**
 * struct tracefs_field - of an event, without the common ones
 * @name: of the field
 * @type: as C declares it
 * @offset: bytes
 * @size: bytes
 * @sign: signed
 */
struct tracefs_field {
	char name[32];
	char type[32];
	unsigned int offset;
	unsigned int size;
	bool sign;
};

/**
 * struct tracefs_point - a tracepoint, by its file "format"
 * @name: of the tracepoint
 * @id: as it stands in the events
 * @fields: in the order of the file
 * @nr: how many
 */
struct tracefs_point {
	char name[32];
	unsigned int id;
	struct tracefs_field fields[TRACEFS_FIELDS];
	unsigned int nr;
};

/**
 * struct tracefs_event - what has been traced
 * @ns: when, by the clock "mono"
 * @pid: thread
 * @nr: as it came out of the buffers
 * @point: its tracepoint
 * @data: as @point->fields say
 */
struct tracefs_event {
	__u64 ns;
	__u32 pid;
	__u32 nr;
	const struct tracefs_point *point;
	__u8 data[TRACEFS_EVENT_BYTES];
};

/**
 * struct tracefs - an instance
 * @dir: its folder
 * @points: all of Keel's
 * @nr_points: how many
 * @events: of the last tracefs_read(), of all CPUs in the order of time
 * @nr_events: how many
 * @lost: how many the buffers had no room for
 */
struct tracefs {
	char dir[64];
	struct tracefs_point points[TRACEFS_POINTS];
	unsigned int nr_points;
	struct tracefs_event *events;
	size_t nr_events;
	unsigned long lost;
};

/* Functions return 0 or a negative errno where nothing else is said. */

/* Mounts tracefs where it is not; makes the instance, with nothing enabled. */
int tracefs_open(struct tracefs *t);
/* Takes one that is half open, too. */
void tracefs_close(struct tracefs *t);
/* A tracepoint; NULL: all of Keel's. */
int tracefs_enable(struct tracefs *t, const char *name, bool on);
/* Throws away what has been traced. */
int tracefs_clear(struct tracefs *t);
/* Takes what has been traced out of the buffers: into @events. */
int tracefs_read(struct tracefs *t);
/* The same as the text that people read; free() it. */
char *tracefs_text(const struct tracefs *t);
/* A tracepoint's file "format"; free() it.  NULL where it cannot be read. */
char *tracefs_format(const char *name);
const struct tracefs_point *tracefs_point(const struct tracefs *t, const char *name);
/* Whether the event is of this tracepoint. */
bool tracefs_is(const struct tracefs_event *event, const char *name);
/* An argument by its number in <linux/keel_trace.h>. */
__u64 tracefs_arg(const struct tracefs_event *event, unsigned int arg);

#endif /* SELFTESTS_TRACEFS_H */
