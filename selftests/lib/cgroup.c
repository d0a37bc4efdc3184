// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define CGROUPS		"/tmp/cgroups"
#define GROUP		CGROUPS "/keel"
/* Tries to remove the group, 10 ms between them. */
#define PATIENCE	100

static bool move_to(const char *procs)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", getpid());
	return !host_write(procs, text);
}

bool cgroup_make(const char *max)
{
	mkdir(CGROUPS, 0755);
	if (mount("cgroup", CGROUPS, "cgroup2", 0, "") && errno != EBUSY)
		return false;
	if (host_write(CGROUPS "/cgroup.subtree_control", "+memory"))
		return false;
	return (!mkdir(GROUP, 0755) || errno == EEXIST) && !host_write(GROUP "/memory.max", max);
}

void cgroup_remove(void)
{
	int i;

	move_to(CGROUPS "/cgroup.procs");
	for (i = 0; i < PATIENCE && rmdir(GROUP); i++)
		usleep(10000);
	umount(CGROUPS);
}

bool cgroup_enter(void)
{
	return move_to(GROUP "/cgroup.procs");
}

bool cgroup_killed(void)
{
	char text[256];
	const char *count;

	if (host_read(GROUP "/memory.events", text, sizeof(text)))
		return false;
	count = strstr(text, "oom_kill ");
	return count && atoi(count + strlen("oom_kill "));
}
