// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: what it reads from /proc and from Keel's list of VMs.
 *
 * BPF knows the vCPUs that had an event since it was attached.  The others are in
 * the module's list.  Names of processes, what threads do and how busy the host is
 * stand in /proc.  All of it is an extra: what cannot be read is left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "top_proc.h"

/* The list of VMs, in the order of the file. */
static int read_list(FILE *file, struct top_sample *list)
{
	struct top_state *last;
	__u32 vm, vcpu, pid = 0;
	char *line = NULL;
	size_t room = 0;
	int ret = 0;

	while (!ret && getline(&line, &room, file) > 0) {
		last = list->nr ? &list->vcpus[list->nr - 1] : NULL;
		if (sscanf(line, "vm %u pid %u", &vm, &pid) == 2) {
			vcpu = TOP_ALL;
		} else if (sscanf(line, "%u %u ", &vm, &vcpu) == 2 && last && last->vm == vm) {
			if (last->vcpu == TOP_ALL)
				last->vcpu = vcpu;
			if (last->vcpu == vcpu)
				continue;
		} else {
			continue;
		}
		last = top_sample_add(list, vm, vcpu);
		if (last)
			last->counters.tgid = pid;
		else
			ret = -ENOMEM;
	}
	free(line);
	return ret;
}

static bool known(const struct top_sample *sample, const struct top_state *state)
{
	size_t i;

	if (state->vcpu != TOP_ALL)
		return top_sample_find(sample, state->vm, state->vcpu);
	for (i = 0; i < sample->nr; i++)
		if (sample->vcpus[i].vm == state->vm)
			return true;
	return false;
}

/**
 * top_parse_vms() - add the vCPUs that have had no event
 * @file: as TOP_VMS_FILE
 * @sample: sorted before and afterwards
 *
 * Return: 0, or -ENOMEM.
 */
int top_parse_vms(FILE *file, struct top_sample *sample)
{
	struct top_sample list = { 0 };
	int ret = read_list(file, &list);
	struct top_state *state;
	size_t i;

	/* Looking up wants order, which adding breaks: first one, then the other. */
	for (i = 0; i < list.nr; i++)
		list.vcpus[i].seen = known(sample, &list.vcpus[i]);
	for (i = 0; i < list.nr && !ret; i++) {
		if (list.vcpus[i].seen)
			continue;
		state = top_sample_add(sample, list.vcpus[i].vm, list.vcpus[i].vcpu);
		if (state)
			state->counters.tgid = list.vcpus[i].counters.tgid;
		else
			ret = -ENOMEM;
	}
	top_sample_clear(&list);
	top_sample_sort(sample);
	return ret;
}

/**
 * top_parse_cpu() - how long the host's CPUs have worked
 * @file: as /proc/stat
 * @sample: gets it
 *
 * Return: 0, or -EINVAL when @file has no such line.
 */
int top_parse_cpu(FILE *file, struct top_sample *sample)
{
	/* user, nice, system, idle, iowait, irq, softirq, steal */
	unsigned long long t[8] = { 0 };
	unsigned int i;

	if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
		   &t[3], &t[4], &t[5], &t[6], &t[7]) < 4)
		return -EINVAL;
	sample->cpu_total = 0;
	for (i = 0; i < 8; i++)
		sample->cpu_total += t[i];
	sample->cpu_busy = sample->cpu_total - t[3] - t[4];
	return 0;
}

/**
 * top_parse_thread() - what a thread does
 * @line: of its /proc/PID/task/TID/stat
 *
 * Return: one of enum top_thread.
 */
enum top_thread top_parse_thread(const char *line)
{
	/* The name before it is in brackets, and may have some of its own. */
	const char *state = strrchr(line, ')');

	if (!state || state[1] != ' ')
		return TOP_THREAD_GONE;
	switch (state[2]) {
	case 'R':
		return TOP_THREAD_RUNS;
	case 'D':
		return TOP_THREAD_WAITS;
	case 'Z':
	case 'X':
		return TOP_THREAD_GONE;
	default:
		return TOP_THREAD_SLEEPS;
	}
}

/**
 * top_read_vms() - add the vCPUs that have had no event
 * @sample: sorted before and afterwards
 *
 * Return: 0, also where the list cannot be read, or -ENOMEM.
 */
int top_read_vms(struct top_sample *sample)
{
	FILE *file = fopen(TOP_VMS_FILE, "re");
	int ret;

	if (!file)
		return 0;
	ret = top_parse_vms(file, sample);
	fclose(file);
	return ret;
}

/**
 * top_read_cpu() - how long the host's CPUs have worked
 * @sample: gets it
 */
void top_read_cpu(struct top_sample *sample)
{
	FILE *file = fopen("/proc/stat", "re");

	if (!file)
		return;
	top_parse_cpu(file, sample);
	fclose(file);
}

/* The first line of a file, without its end; empty where there is none. */
static void read_line(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");

	*buf = '\0';
	if (!file)
		return;
	if (!fgets(buf, size, file))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(file);
}

/* A name is what a process says it is: nothing of it may move the cursor. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

/**
 * top_read_processes() - names of processes, and what threads do
 * @sample: gets it
 */
void top_read_processes(struct top_sample *sample)
{
	struct top_state *state;
	char path[64], line[512];

	for (state = sample->vcpus; state < sample->vcpus + sample->nr; state++) {
		snprintf(path, sizeof(path), "/proc/%u/comm", state->counters.tgid);
		read_line(path, state->comm, sizeof(state->comm));
		make_printable(state->comm);
		if (!state->seen)
			continue;
		snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", state->counters.tgid,
			 state->counters.tid);
		read_line(path, line, sizeof(line));
		state->thread = top_parse_thread(line);
	}
}
