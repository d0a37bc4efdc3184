// SPDX-License-Identifier: GPL-2.0
/*
 * The table of keel stat for people (with the columns of "perf kvm stat"), as CSV
 * and as JSON.
 */
#include <string.h>

#include <linux/keel_trace.h>

#include "json.h"
#include "msr_names.h"
#include "reason_names.h"
#include "stat_table.h"

#define NS_PER_US	1000.0
#define NAME_WIDTH	20

static const struct {
	const char *name;	/* of --by, and in JSON */
	const char *heading;
	const char *others;	/* what is in no line */
} kinds[] = {
	[STAT_BY_REASON] = { "reason", "VM-EXIT", NULL },
	[STAT_BY_RIP] = { "rip", "RIP", NULL },
	[STAT_BY_PORT] = { "port", "PORT", "no I/O instruction" },
	[STAT_BY_MSR] = { "msr", "MSR", "no RDMSR or WRMSR" },
	[STAT_BY_GPA] = { "gpa", "GPA", "no EPT violation or misconfiguration" },
	[STAT_BY_VCPU] = { "vcpu", "VCPU", NULL },
};

static const char *direction(enum stat_by by, __u64 key)
{
	if (by == STAT_BY_PORT)
		return key & STAT_WRITE ? "OUT" : "IN";
	return key & STAT_WRITE ? "WRMSR" : "RDMSR";
}

/* The number of a port or an MSR. */
static __u32 number(__u64 key)
{
	return key;
}

/**
 * stat_row_name() - the name of a line
 * @by: what it stands for
 * @key: its key
 * @buf: filled in where there is no name to return
 * @size: of @buf; STAT_NAME_BYTES are enough
 *
 * Return: the name or @buf.
 */
const char *stat_row_name(enum stat_by by, __u64 key, char *buf, size_t size)
{
	char reason[REASON_NAME_BYTES];
	char msr[MSR_NAME_BYTES];

	if (key == STAT_UNKNOWN && by != STAT_BY_RIP)
		return "(unknown)";
	switch (by) {
	case STAT_BY_REASON:
		snprintf(buf, size, "%s%s",
			 reason_print(key, reason, sizeof(reason)),
			 key & KEEL_HW_REASON_FAILED ? " (failed)" : "");
		return buf;
	case STAT_BY_PORT:
	case STAT_BY_MSR:
		if (by == STAT_BY_PORT ||
		    !msr_name(number(key), msr, sizeof(msr)))
			snprintf(msr, sizeof(msr), "0x%x", number(key));
		snprintf(buf, size, "%s %s", msr, direction(by, key));
		return buf;
	case STAT_BY_VCPU:
		snprintf(buf, size, "vm %u vcpu %u", (__u32)(key >> 32),
			 number(key));
		return buf;
	default:
		snprintf(buf, size, "0x%llx", (unsigned long long)key);
		return buf;
	}
}

static double us(__u64 ns)
{
	return ns / NS_PER_US;
}

static __u64 time_of(const struct stat_count *count)
{
	return count->kernel + count->user;
}

static double average(const struct stat_count *count)
{
	return count->samples ? us(time_of(count)) / count->samples : 0;
}

static unsigned long long ull(__u64 value)
{
	return value;
}

/* As wide as the longest name, and as perf has it at least. */
static int name_width(const struct stat_table *table)
{
	char name[STAT_NAME_BYTES];
	size_t i, width = NAME_WIDTH, bytes;

	for (i = 0; i < table->nr; i++) {
		bytes = strlen(stat_row_name(table->by, table->rows[i].key,
					     name, sizeof(name)));
		if (bytes > width)
			width = bytes;
	}
	return width;
}

static void print_row(FILE *out, const struct stat_table *table,
		      const struct stat_row *row, int width)
{
	const struct stat_count *count = &row->count;
	char name[STAT_NAME_BYTES];

	fprintf(out, "%*s %10llu %8.2f%% %8.2f%% %9.2fus %9.2fus %9.2fus %10llu\n",
		width, stat_row_name(table->by, row->key, name, sizeof(name)),
		ull(count->samples),
		stat_percent(count->samples, table->total.count.samples),
		stat_percent(time_of(count), time_of(&table->total.count)),
		us(count->min), us(count->max), average(count),
		ull(count->to_user));
}

static void print_footer(FILE *out, const struct stat_table *table)
{
	const struct stat_count *total = &table->total.count;
	const struct stat_rest *rest = &table->rest;
	__u64 answered = total->samples - total->to_user - total->killed;

	fprintf(out, "\nTotal Samples:%llu, Total events handled time:%.2fus.\n",
		ull(total->samples), us(time_of(total)));
	fprintf(out, "Handled in the kernel:%llu, to user space:%llu; time in the kernel:%.2fus, in user space:%.2fus.\n",
		ull(answered), ull(total->to_user), us(total->kernel),
		us(total->user));
	if (total->killed)
		fprintf(out, "Ended the VM:%llu.\n", ull(total->killed));
	if (rest->returns)
		fprintf(out, "Returns to user space without an exit:%llu, which took %.2fus more.\n",
			ull(rest->returns), us(rest->user));
	if (rest->others)
		fprintf(out, "Not listed, %s:%llu.\n", kinds[table->by].others,
			ull(rest->others));
	if (rest->lost)
		fprintf(out, "NOT COUNTED, no room:%llu; give more with --entries.\n",
			ull(rest->lost));
}

/**
 * stat_print_text() - print a table for people
 * @out: where to
 * @table: a finished table
 */
void stat_print_text(FILE *out, const struct stat_table *table)
{
	int width = name_width(table);
	size_t i;

	fprintf(out, "\n%*s %10s %9s %9s %11s %11s %11s %10s\n\n",
		width, kinds[table->by].heading, "Samples", "Samples%", "Time%",
		"Min Time", "Max Time", "Avg time", "To user");
	for (i = 0; i < table->nr; i++)
		print_row(out, table, &table->rows[i], width);
	print_footer(out, table);
}

static void csv_row(FILE *out, const struct stat_table *table, const char *name,
		    const struct stat_count *count)
{
	fprintf(out, "%llu,%llu,%s,%llu,%llu,%llu,%llu,%llu,%llu,%llu\n",
		ull(table->begin), ull(table->end), name, ull(count->samples),
		ull(count->to_user), ull(count->killed), ull(count->kernel),
		ull(count->user), ull(count->min), ull(count->max));
}

/**
 * stat_print_csv() - print a table as comma-separated values
 * @out: where to
 * @table: a finished table
 * @heading: with a line of the columns' names before it
 *
 * What is in no line of the table has lines of its own, whose names are in
 * parentheses.
 */
void stat_print_csv(FILE *out, const struct stat_table *table, bool heading)
{
	const struct stat_count returns = {
		.samples = table->rest.returns,
		.to_user = table->rest.returns,
		.user = table->rest.user,
	};
	const struct stat_count others = { .samples = table->rest.others };
	const struct stat_count lost = { .samples = table->rest.lost };
	char name[STAT_NAME_BYTES];
	size_t i;

	if (heading)
		fprintf(out, "begin_ns,end_ns,%s,samples,to_user,killed,kernel_ns,user_ns,min_ns,max_ns\n",
			kinds[table->by].name);
	for (i = 0; i < table->nr; i++)
		csv_row(out, table,
			stat_row_name(table->by, table->rows[i].key, name,
				      sizeof(name)), &table->rows[i].count);
	csv_row(out, table, "(total)", &table->total.count);
	csv_row(out, table, "(no exit)", &returns);
	csv_row(out, table, "(others)", &others);
	csv_row(out, table, "(lost)", &lost);
}

static void json_key(struct json *json, enum stat_by by, __u64 key)
{
	char name[STAT_NAME_BYTES];

	json_string(json, "name", stat_row_name(by, key, name, sizeof(name)));
	if (key == STAT_UNKNOWN && by != STAT_BY_RIP)
		return;
	switch (by) {
	case STAT_BY_REASON:
		json_number(json, "reason", key);
		break;
	case STAT_BY_PORT:
	case STAT_BY_MSR:
		json_number(json, kinds[by].name, number(key));
		json_bool(json, "write", key & STAT_WRITE);
		break;
	case STAT_BY_VCPU:
		json_number(json, "vm", key >> 32);
		json_number(json, "vcpu", number(key));
		break;
	default:
		json_hex(json, kinds[by].name, key);
	}
}

static void json_count(struct json *json, const struct stat_count *count)
{
	json_number(json, "samples", count->samples);
	json_number(json, "to_user", count->to_user);
	json_number(json, "killed", count->killed);
	json_number(json, "kernel_ns", count->kernel);
	json_number(json, "user_ns", count->user);
	json_number(json, "min_ns", count->min);
	json_number(json, "max_ns", count->max);
}

/**
 * stat_print_json() - print a table as an object of JSON
 * @out: where to
 * @table: a finished table
 */
void stat_print_json(FILE *out, const struct stat_table *table)
{
	struct json json = { .out = out };
	size_t i;

	json_open(&json, NULL, '{');
	json_string(&json, "by", kinds[table->by].name);
	json_number(&json, "begin_ns", table->begin);
	json_number(&json, "end_ns", table->end);
	json_open(&json, "rows", '[');
	for (i = 0; i < table->nr; i++) {
		json_open(&json, NULL, '{');
		json_key(&json, table->by, table->rows[i].key);
		json_count(&json, &table->rows[i].count);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "total", '{');
	json_count(&json, &table->total.count);
	json_close(&json, '}');
	json_open(&json, "no_exit", '{');
	json_number(&json, "samples", table->rest.returns);
	json_number(&json, "user_ns", table->rest.user);
	json_close(&json, '}');
	json_number(&json, "others", table->rest.others);
	json_number(&json, "lost", table->rest.lost);
	json_close(&json, '}');
}
