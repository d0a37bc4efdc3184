// SPDX-License-Identifier: GPL-2.0
/*
 * See tracefs.h.
 *
 * The kernel's trace_pipe_raw gives pages of its ring buffer: a header that
 * events/header_page describes, then events, each behind four bytes of which
 * events/header_event tells.
 */
#define _GNU_SOURCE	/* asprintf() */
#include "tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define KEEL_EVENTS	TRACEFS "/events/keel"
#define FORMAT_BYTES	65536
#define PAGE		4096
#define HEADER		16	/* time stamp and length */
#define COMMON_BYTES	8	/* type, flags, preempt count, PID */
#define MAX_EVENTS	250000

/* events/header_event: the low 5 bits of an event's first word. */
#define TYPE_PADDING	29
#define TYPE_EXTEND	30
#define TYPE_STAMP	31

char *tracefs_format(const char *name)
{
	char path[256], *text = malloc(FORMAT_BYTES);

	snprintf(path, sizeof(path), KEEL_EVENTS "/%s/format", name);
	if (text && !host_read(path, text, FORMAT_BYTES))
		return text;
	free(text);
	return NULL;
}

/* "	field:u32 vm_id;	offset:8;	size:4;	signed:0;" */
static bool parse_field(const char *line, struct tracefs_field *f)
{
	char declaration[64], *name;
	int sign;

	if (sscanf(line, " field:%63[^;]; offset:%u; size:%u; signed:%d;", declaration,
		   &f->offset, &f->size, &sign) != 4)
		return false;
	name = strrchr(declaration, ' ');
	if (!name || f->offset < COMMON_BYTES)
		return false;
	*name++ = 0;
	f->sign = sign;
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->type, sizeof(f->type), "%.31s", declaration);
	return true;
}

static int parse_point(struct tracefs_point *p, const char *name)
{
	char *text = tracefs_format(name), *line, *rest;

	memset(p, 0, sizeof(*p));
	if (!text)
		return -ENOENT;
	snprintf(p->name, sizeof(p->name), "%.31s", name);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		sscanf(line, "ID: %u", &p->id);
		if (p->nr < TRACEFS_FIELDS && parse_field(line, &p->fields[p->nr]))
			p->nr++;
	}
	free(text);
	return 0;
}

static int parse_points(struct tracefs *t)
{
	DIR *dir = opendir(KEEL_EVENTS);
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "keel_", 5))
			continue;
		if (t->nr_points == TRACEFS_POINTS)
			ret = -E2BIG;
		else
			ret = parse_point(&t->points[t->nr_points++], entry->d_name);
	}
	closedir(dir);
	return ret;
}

static int write_file(const struct tracefs *t, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return host_write(path, text);
}

/*
 * Making and removing an instance, with the files of all the kernel's events, takes the
 * debug kernel most of a minute: there the tests share one, which stays.
 */
static int make_instance(struct tracefs *t)
{
	bool shared = host_is_slow();

	snprintf(t->dir, sizeof(t->dir), TRACEFS "/instances/keel-test-%d",
		 shared ? 0 : getpid());
	if (!mkdir(t->dir, 0700))
		return 0;
	return shared && errno == EEXIST ? tracefs_clear(t) : -errno;
}

int tracefs_open(struct tracefs *t)
{
	int ret;

	memset(t, 0, sizeof(*t));
	if (access(TRACEFS "/instances", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return -errno;
	ret = parse_points(t);
	if (ret)
		return ret;
	ret = make_instance(t);
	if (!ret)
		ret = write_file(t, "trace_clock", "mono");
	return ret ?: write_file(t, "buffer_size_kb", "4096");
}

void tracefs_close(struct tracefs *t)
{
	if (t->dir[0]) {
		tracefs_enable(t, NULL, false);
		if (!host_is_slow())
			rmdir(t->dir);
	}
	t->dir[0] = 0;
	free(t->events);
	t->events = NULL;
}

int tracefs_enable(struct tracefs *t, const char *name, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), "events/keel/%s%senable", name ?: "", name ? "/" : "");
	return write_file(t, path, on ? "1" : "0");
}

int tracefs_clear(struct tracefs *t)
{
	char path[256];
	int fd;

	/* Opening it for writing is what clears. */
	snprintf(path, sizeof(path), "%s/trace", t->dir);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static const struct tracefs_point *point_by_id(const struct tracefs *t, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < t->nr_points; i++)
		if (t->points[i].id == id)
			return &t->points[i];
	return NULL;
}

const struct tracefs_point *tracefs_point(const struct tracefs *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->nr_points; i++)
		if (!strcmp(t->points[i].name, name))
			return &t->points[i];
	return NULL;
}

static int add_event(struct tracefs *t, __u64 ns, const __u8 *data, size_t bytes)
{
	struct tracefs_event *e = &t->events[t->nr_events];
	__u16 id;

	memcpy(&id, data, sizeof(id));
	if (t->nr_events == MAX_EVENTS)
		return -E2BIG;
	e->ns = ns;
	e->nr = t->nr_events;
	e->point = point_by_id(t, id);
	if (!e->point)
		return -EPROTO;
	memcpy(&e->pid, data + 4, sizeof(e->pid));
	memset(e->data, 0, sizeof(e->data));
	memcpy(e->data, data, bytes < sizeof(e->data) ? bytes : sizeof(e->data));
	t->nr_events++;
	return 0;
}

static int parse_page(struct tracefs *t, const __u8 *page, size_t bytes)
{
	const __u8 *at = page + HEADER, *end;
	__u32 word, next, len;
	__u64 ns, commit;
	int ret = 0;

	memcpy(&ns, page, sizeof(ns));
	memcpy(&commit, page + 8, sizeof(commit));
	end = at + (commit & 0xfffff);
	if (end > page + bytes)
		return -EPROTO;
	while (!ret && at < end) {
		memcpy(&word, at, sizeof(word));
		memcpy(&next, at + 4, sizeof(next));
		at += 4;
		len = (word & 31) * 4;
		switch (word & 31) {
		case TYPE_PADDING:
			if (!(word >> 5))
				return 0;
			ns += word >> 5;
			at += next;
			continue;
		case TYPE_EXTEND:
			ns += (__u64)next << 27 | word >> 5;
			at += 4;
			continue;
		case TYPE_STAMP:
			ns = (__u64)next << 27 | word >> 5;
			at += 4;
			continue;
		case 0:
			len = next - 4;
			at += 4;
			break;
		}
		ns += word >> 5;
		ret = add_event(t, ns, at, len);
		at += (len + 3) & ~3;
	}
	return ret;
}

static int read_cpu(struct tracefs *t, const char *cpu)
{
	__u8 page[PAGE];
	char path[512];
	ssize_t bytes;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/per_cpu/%s/trace_pipe_raw", t->dir, cpu);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (!ret && (bytes = read(fd, page, sizeof(page))) > HEADER)
		ret = parse_page(t, page, bytes);
	close(fd);
	return ret;
}

/* What one CPU wrote stays in its order. */
static int by_time(const void *a, const void *b)
{
	const struct tracefs_event *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->nr > y->nr) - (x->nr < y->nr);
}

static unsigned long count_lost(const struct tracefs *t, const char *cpu)
{
	unsigned long n = 0, all = 0;
	char path[512], text[1024], *line, *rest;

	snprintf(path, sizeof(path), "%s/per_cpu/%s/stats", t->dir, cpu);
	if (host_read(path, text, sizeof(text)))
		return 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (sscanf(line, "overrun: %lu", &n) == 1 ||
		    sscanf(line, "dropped events: %lu", &n) == 1)
			all += n;
	return all;
}

int tracefs_read(struct tracefs *t)
{
	struct dirent *entry;
	char path[256];
	int ret = 0;
	DIR *dir;

	if (!t->events)
		t->events = calloc(MAX_EVENTS, sizeof(*t->events));
	if (!t->events)
		return -ENOMEM;
	t->nr_events = 0;
	t->lost = 0;
	snprintf(path, sizeof(path), "%s/per_cpu", t->dir);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "cpu", 3))
			continue;
		t->lost += count_lost(t, entry->d_name);
		ret = read_cpu(t, entry->d_name);
	}
	closedir(dir);
	qsort(t->events, t->nr_events, sizeof(*t->events), by_time);
	return ret;
}

char *tracefs_text(const struct tracefs *t)
{
	size_t room = 4 << 20, len;
	char path[256], *text = malloc(room);
	FILE *file;

	snprintf(path, sizeof(path), "%s/trace", t->dir);
	file = fopen(path, "re");
	if (!file || !text) {
		free(text);
		text = NULL;
	} else {
		len = fread(text, 1, room - 1, file);
		text[len] = 0;
	}
	if (file)
		fclose(file);
	return text;
}

bool tracefs_is(const struct tracefs_event *event, const char *name)
{
	return !strcmp(event->point->name, name);
}

__u64 tracefs_arg(const struct tracefs_event *event, unsigned int arg)
{
	const struct tracefs_field *f = &event->point->fields[arg];
	__u64 value = 0;

	if (arg >= event->point->nr || f->size > sizeof(value) ||
	    f->offset + f->size > sizeof(event->data))
		return ~0ULL;
	memcpy(&value, event->data + f->offset, f->size);
	return value;
}
