// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "report.h"

#include <stdarg.h>
#include <string.h>
#include <keel.h>

#include "shared.h"

static unsigned int number, failed;

void report_test(bool good, const char *name)
{
	number++;
	failed += !good;
	printf("%s %u - fuzz: %s\n", good ? "ok" : "not ok", number, name);
	fflush(stdout);
}

void report_note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

void report_program(const struct program *p)
{
	char line[2048];
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		call_print(&p->calls[i], line, sizeof(line));
		printf("#   %s\n", line);
	}
	fflush(stdout);
}

static const char *result(int ret)
{
	return ret ? strerrorname_np(-ret) : "0";
}

void report_last(const struct program *p)
{
	char line[2048];
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		call_print(&p->calls[i], line, sizeof(line));
		if (shared->made[i])
			printf("# %-10s %s\n", result(shared->last[i]), line);
		else
			printf("# %-10s %s\n", "not made", line);
	}
	fflush(stdout);
}

static void note_op(const struct op *op, const __u32 *results)
{
	char line[1024];
	int i, n;

	n = snprintf(line, sizeof(line), "%-26s %7u good", op->name, results[0]);
	for (i = 1; i < SHARED_ERRNOS; i++)
		if (results[i])
			n += snprintf(line + n, sizeof(line) - n, ", %u %s", results[i],
				      strerrorname_np(i) ? strerrorname_np(i) : "?");
	report_note("%s", line);
}

static void note_exits(void)
{
	char line[1024] = "";
	int i, n = 0;

	for (i = 0; i < SHARED_EXITS; i++)
		if (shared->exits[i])
			n += snprintf(line + n, sizeof(line) - n, "%s%u %s", n ? ", " : "",
				      shared->exits[i], keel_exit_name(i) ? keel_exit_name(i) : "?");
	report_note("exits to user space: %s", line);
}

void report_calls(bool judge)
{
	char never[512] = "";
	unsigned int i, n = 0;

	for (i = 0; i < nr_ops; i++) {
		note_op(&ops[i], shared->results[i]);
		if (ops[i].is_ioctl && !shared->results[i][0])
			n += snprintf(never + n, sizeof(never) - n, " %s", ops[i].name);
	}
	note_exits();
	if (!judge)
		return;
	if (n)
		report_note("never succeeded:%s; see hints and recipes.c", never);
	report_test(!n, "each ioctl succeeded at least once");
}

bool report_end(void)
{
	printf("1..%u\n", number);
	return !failed;
}
