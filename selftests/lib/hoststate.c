// SPDX-License-Identifier: GPL-2.0
/* The host's CPUs before and after, see lib/hoststate.h. */
#define _GNU_SOURCE
#include "hoststate.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define STATE	"/sys/kernel/debug/keel_probe/state"
#define CANARY	"/sys/kernel/debug/keel_probe/canary"
#define ROOM	(1 << 18)

/*
 * MSRs that move by themselves: time stamps and what counts by them, performance
 * counters, the status of performance and temperature, the C-state and energy counters,
 * last branches; of the local APIC what interrupts and the timer change.  SDM, volume 4.
 */
static const struct {
	unsigned int first, last;
} moving[] = {
	{ 0x10, 0x10 }, { 0x34, 0x34 }, { 0x40, 0x47 }, { 0x60, 0x67 }, { 0xc1, 0xc8 },
	{ 0xe7, 0xe8 }, { 0x198, 0x198 }, { 0x19c, 0x19c }, { 0x1b1, 0x1b1 }, { 0x1c9, 0x1c9 },
	{ 0x1db, 0x1de }, { 0x309, 0x30c }, { 0x38e, 0x38e }, { 0x3f8, 0x3fe }, { 0x60a, 0x63f },
	{ 0x6e0, 0x6e0 },
	/* ISR, IRR and ESR, ICR, the timer's initial count and current count */
	{ 0x810, 0x817 }, { 0x820, 0x828 }, { 0x830, 0x830 }, { 0x838, 0x839 },
};

static bool moves(const char *line)
{
	unsigned long msr = strtoul(line, NULL, 0);
	unsigned int i;

	if (line[0] != '0')
		return false;
	for (i = 0; i < sizeof(moving) / sizeof(moving[0]); i++)
		if (msr >= moving[i].first && msr <= moving[i].last)
			return true;
	return false;
}

static int read_all(const char *path, char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t part;

	if (fd < 0)
		return -errno;
	do {
		part = read(fd, text + len, ROOM - 1 - len);
		len += part > 0 ? part : 0;
	} while (part > 0 && len < ROOM - 1);
	close(fd);
	text[len] = 0;
	return part < 0 ? -errno : len == ROOM - 1 ? -E2BIG : 0;
}

static int read_cpu(unsigned int cpu, char **text)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	*text = malloc(ROOM);
	return *text ? read_all(STATE, *text) : -ENOMEM;
}

int host_state_take(struct host_state *s)
{
	cpu_set_t all;
	int ret = 0;

	*s = (struct host_state){ .cpus = host_nr_cpus() };
	if (access(STATE, R_OK) && host_run("modprobe keel_probe"))
		return -ENOENT;
	if (s->cpus > HOST_STATE_CPUS)
		return -E2BIG;
	sched_getaffinity(0, sizeof(all), &all);
	for (unsigned int cpu = 0; cpu < s->cpus && !ret; cpu++)
		ret = read_cpu(cpu, &s->text[cpu]);
	sched_setaffinity(0, sizeof(all), &all);
	return ret;
}

void host_state_free(struct host_state *s)
{
	for (unsigned int cpu = 0; cpu < s->cpus; cpu++)
		free(s->text[cpu]);
	s->cpus = 0;
}

/* The next line that counts, without its newline; false at the end. */
static bool next_line(const char **at, char *line, size_t size)
{
	do {
		size_t len = strcspn(*at, "\n");

		if (!len)
			return false;
		snprintf(line, size, "%.*s", (int)len, *at);
		*at += len + ((*at)[len] == '\n');
	} while (moves(line));
	return true;
}

/* Up to the first line that one has and the other not, behind which all would differ. */
static bool cpu_differs(unsigned int cpu, const char *before, const char *now, char *why,
			size_t size)
{
	bool more, more_now, same_name = true;
	char was[128], is[128];
	size_t len = 0;

	do {
		more = next_line(&before, was, sizeof(was));
		more_now = next_line(&now, is, sizeof(is));
		if (more == more_now && (!more || !strcmp(was, is)))
			continue;
		if (len < size)
			len += snprintf(why + len, size - len, "%sCPU %u: %s was, %s is",
					len ? "; " : "", cpu, more ? was : "nothing",
					more_now ? is : "nothing");
		same_name = more && more_now && !strncmp(was, is, strcspn(was, " "));
	} while (more && more_now && same_name);
	return len;
}

const char *host_state_differs(const struct host_state *before)
{
	static char why[600], canary[128];
	struct host_state now;
	bool differs = false;
	int ret = host_state_take(&now);

	if (ret) {
		snprintf(why, sizeof(why), "the CPUs cannot be read: %s", strerror(-ret));
		return why;
	}
	for (unsigned int cpu = 0; cpu < now.cpus && !differs; cpu++)
		differs = cpu_differs(cpu, before->text[cpu], now.text[cpu], why, sizeof(why));
	host_state_free(&now);
	if (differs)
		return why;
	if (host_read(CANARY, canary, sizeof(canary)) || strcmp(canary, "intact")) {
		snprintf(why, sizeof(why), "the kernel's canaries: %s", canary);
		return why;
	}
	return NULL;
}
