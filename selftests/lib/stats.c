// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/keel_trace.h>

static void print(FILE *to, unsigned int vm, unsigned int vcpu, const char *name, __u64 value)
{
	if (value)
		fprintf(to, "%u %u %s %llu\n", vm, vcpu, name, value);
}

#define REASON(nr, name, prose) { nr, #name },

static const struct {
	unsigned int nr;
	const char *name;
} reasons[] = { KEEL_HW_REASONS(REASON) };

static const char *reason_name(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].nr == nr)
			return reasons[i].name;
	return NULL;
}

static void print_reasons(FILE *to, unsigned int vm, unsigned int vcpu, const char *kind,
			  const __u64 *counts)
{
	char name[64];
	unsigned int i;

	for (i = 0; i < KEEL_STATS_REASONS; i++) {
		if (reason_name(i))
			snprintf(name, sizeof(name), "%s:%s", kind, reason_name(i));
		else
			snprintf(name, sizeof(name), "%s:%u", kind, i);
		print(to, vm, vcpu, name, counts[i]);
	}
}

void stats_print(FILE *to, unsigned int vm, unsigned int vcpu, const struct keel_stats *stats)
{
	print(to, vm, vcpu, "entries", stats->entries);
	print(to, vm, vcpu, "user_exits", stats->user_exits);
	print(to, vm, vcpu, "injected", stats->injected);
	print(to, vm, vcpu, "halts", stats->halts);
	print(to, vm, vcpu, "page_faults", stats->page_faults);
	print_reasons(to, vm, vcpu, "exit", stats->exits);
	print_reasons(to, vm, vcpu, "user", stats->to_user);
}

int stats_vm_id(unsigned int *id)
{
	FILE *file = fopen(STATS_FILE, "re");
	unsigned int pid = 0;
	char line[128];

	if (!file)
		return -errno;
	while (pid != getpid() && fgets(line, sizeof(line), file))
		if (sscanf(line, "vm %u pid %u", id, &pid) != 2)
			pid = 0;
	fclose(file);
	return pid == getpid() ? 0 : -ENOENT;
}

char *stats_of_vm(unsigned int vm)
{
	FILE *file = fopen(STATS_FILE, "re"), *to;
	char line[128], *text = NULL;
	unsigned int id;
	size_t bytes;

	if (!file)
		return NULL;
	to = open_memstream(&text, &bytes);
	while (to && fgets(line, sizeof(line), file))
		if (sscanf(line, "%u ", &id) == 1 && id == vm)
			fputs(line, to);
	if (to)
		fclose(to);
	fclose(file);
	return text;
}
