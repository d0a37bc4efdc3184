// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: its tables as lines of text.
 *
 * A line has at most TOP_WIDTH columns, so that a terminal of 80 shows all of it;
 * narrower ones do without the fields that say least.
 */
#include <string.h>

#include "reason_names.h"
#include "top_text.h"

#define PERCENT	100

/* A number of events a second in @width columns, whatever it is. */
static const char *rate_text(char *buf, size_t size, double rate, int width)
{
	if (rate >= 99999999.5)
		snprintf(buf, size, "%*.0fM", width - 1, rate / 1e6);
	else if (rate >= 9999.95)
		snprintf(buf, size, "%*.0f", width, rate);
	else
		snprintf(buf, size, "%*.1f", width, rate);
	return buf;
}

/* Microseconds: short ones with their digits, long ones without. */
static const char *us_text(char *buf, size_t size, double ns, int width)
{
	double us = ns / 1000;

	if (us >= 999999995)
		snprintf(buf, size, "%*.0fs", width - 1, us / 1e6);
	else
		snprintf(buf, size, "%*.*f", width, us >= 99999.5 ? 0 : 2, us);
	return buf;
}

/**
 * top_text_summary() - the first line
 * @line: TOP_LINE bytes
 * @table: what there is to show
 * @now: the time of day
 */
void top_text_summary(char *line, const struct top_table *table, time_t now)
{
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	snprintf(line, TOP_LINE, "keel top - %s  VMs: %u  vCPUs: %u  exits/s: %.0f  host CPU: %.1f%%",
		 clock, table->vms, table->vcpus, table->exits, table->cpu * PERCENT);
}

static const char *sort_name(enum top_sort sort)
{
	static const char *const names[] = {
		[TOP_SORT_EXITS] = "exits",
		[TOP_SORT_USER_EXITS] = "exits to user space",
		[TOP_SORT_GUEST] = "guest",
		[TOP_SORT_KERNEL] = "kernel",
		[TOP_SORT_USER] = "user space",
		[TOP_SORT_HALTED] = "halted",
		[TOP_SORT_INTERRUPTS] = "interrupts",
		[TOP_SORT_VM] = "VM",
		[TOP_SORT_PID] = "PID",
		[TOP_SORT_PROCESS] = "process",
	};

	return names[sort];
}

/**
 * top_text_choice() - the second line: what is shown, and in which order
 * @line: TOP_LINE bytes
 * @table: what there is to show
 * @view: what of it
 */
void top_text_choice(char *line, const struct top_table *table, const struct top_view *view)
{
	const struct top_choice *choice = &view->choice;
	int n;

	n = snprintf(line, TOP_LINE, "every %.1f s, by %s", view->delay_ms / 1000.0,
		     sort_name(choice->sort));
	if (choice->pid != TOP_ALL)
		n += snprintf(line + n, TOP_LINE - n, ", PID %u", choice->pid);
	if (choice->reasons_vcpu != TOP_ALL)
		n += snprintf(line + n, TOP_LINE - n, ", reasons of VM %u vCPU %u",
			      choice->reasons_vm, choice->reasons_vcpu);
	else if (choice->reasons_vm != TOP_ALL)
		n += snprintf(line + n, TOP_LINE - n, ", reasons of VM %u", choice->reasons_vm);
	if (table->lost)
		snprintf(line + n, TOP_LINE - n, ", %llu not counted (over %u vCPUs)",
			 (unsigned long long)table->lost, TOP_VCPUS);
}

/**
 * top_text_rows_head() - the head of the rows
 * @width: columns there are
 *
 * Return: a string constant.
 */
const char *top_text_rows_head(unsigned int width)
{
	return width < TOP_WIDTH ?
	       "  VM vCPU    EXITS/S   USER/S  %GST  %KRN  %USR  %HLT INTR/S" :
	       "  VM     PID vCPU PROCESS       EXITS/S   USER/S  %GST  %KRN  %USR  %HLT INTR/S";
}

/* A share of the time; nothing where nothing is known. */
static int add_share(char *line, size_t size, const struct top_row *row, double share)
{
	if (!row->seen)
		return snprintf(line, size, " %5s", "-");
	return snprintf(line, size, " %5.1f", share * PERCENT);
}

/**
 * top_text_row() - a row
 * @line: TOP_LINE bytes
 * @row: a vCPU or a VM; a VM's has the number of its vCPUs in brackets
 * @width: columns there are
 */
void top_text_row(char *line, const struct top_row *row, unsigned int width)
{
	char vcpu[16], exits[24], user[24], interrupts[24];
	size_t n;

	if (row->vcpu == TOP_ALL)
		snprintf(vcpu, sizeof(vcpu), "(%u)", row->nr_vcpus);
	else
		snprintf(vcpu, sizeof(vcpu), "%u", row->vcpu);
	rate_text(exits, sizeof(exits), row->exits, 9);
	rate_text(user, sizeof(user), row->user_exits, 8);
	rate_text(interrupts, sizeof(interrupts), row->interrupts, 6);
	n = snprintf(line, TOP_LINE, "%4u", row->vm);
	if (width >= TOP_WIDTH)
		n += snprintf(line + n, TOP_LINE - n, " %7u", row->pid);
	n += snprintf(line + n, TOP_LINE - n, " %4s ", vcpu);
	if (width >= TOP_WIDTH)
		n += snprintf(line + n, TOP_LINE - n, "%-11.11s", row->comm);
	n += snprintf(line + n, TOP_LINE - n, " %s %s", exits, user);
	n += add_share(line + n, TOP_LINE - n, row, row->guest);
	n += add_share(line + n, TOP_LINE - n, row, row->kernel);
	n += add_share(line + n, TOP_LINE - n, row, row->user);
	n += add_share(line + n, TOP_LINE - n, row, row->halted);
	snprintf(line + n, TOP_LINE - n, " %s", interrupts);
}

/**
 * top_text_reasons_head() - the head of the exit reasons
 * @width: columns there are
 *
 * Return: a string constant.
 */
const char *top_text_reasons_head(unsigned int width)
{
	return width < TOP_WIDTH ?
	       "EXIT REASON           EXITS/S %EXITS  %TIME     AVG us" :
	       "EXIT REASON                 EXITS/S %EXITS  %USER  %TIME     AVG us      TOTAL";
}

/**
 * top_text_reason() - an exit reason
 * @line: TOP_LINE bytes
 * @reason: the exit reason
 * @width: columns there are
 */
void top_text_reason(char *line, const struct top_reason *reason, unsigned int width)
{
	char unknown[REASON_NAME_BYTES], rate[24], us[24];
	const char *name = "(other)";
	bool wide = width >= TOP_WIDTH;
	size_t n;

	if (reason->slot == TOP_NO_EXIT)
		name = "(no exit)";
	else if (reason->slot < TOP_NO_EXIT)
		name = reason_print(reason->slot, unknown, sizeof(unknown));
	rate_text(rate, sizeof(rate), reason->rate, 10);
	us_text(us, sizeof(us), reason->average_ns, 10);
	n = snprintf(line, TOP_LINE, "%-*.*s %s %6.1f", wide ? 24 : 18, wide ? 24 : 18, name, rate,
		     reason->share * PERCENT);
	if (wide)
		n += snprintf(line + n, TOP_LINE - n, " %6.1f", reason->user_share * PERCENT);
	n += snprintf(line + n, TOP_LINE - n, " %6.1f %s", reason->time * PERCENT, us);
	if (wide)
		snprintf(line + n, TOP_LINE - n, " %10llu", (unsigned long long)reason->total);
}

/**
 * top_text_prompt() - the line that asks, or that answers
 * @line: TOP_LINE bytes
 * @view: what is asked for
 */
void top_text_prompt(char *line, const struct top_view *view)
{
	switch (view->prompt) {
	case TOP_PROMPT_DELAY:
		snprintf(line, TOP_LINE, "Seconds between updates: %s", view->input);
		break;
	case TOP_PROMPT_PID:
		snprintf(line, TOP_LINE, "PID (empty: all): %s", view->input);
		break;
	case TOP_PROMPT_SORT:
		snprintf(line, TOP_LINE,
			 "Sort: e exits u user g guest k kernel s user%% h halted i intr v VM p PID n name");
		break;
	default:
		snprintf(line, TOP_LINE, "%s", view->message);
	}
}

/**
 * top_text_help() - what the keys do
 *
 * Return: lines, with NULL at the end.
 */
const char *const *top_text_help(void)
{
	static const char *const lines[] = {
		"keel top: keys",
		"",
		"  q              quit",
		"  h ?            this help",
		"  space          update now",
		"  d s            change the time between updates",
		"  up down j k    select a row; also page up, page down, home, end",
		"  Enter v        exit reasons of the selected row; again: of all",
		"  V x            a row for each VM, or for each vCPU",
		"  o F            sort by another column",
		"  p              show the VMs of one process",
		"  c              totals begin at 0",
		"  r              reset: order, selection, filter, totals",
		"",
		"%GST %KRN %USR %HLT: time of the vCPU in the guest, in the module, in user",
		"space, asleep in HLT. USER/S, %USER: exits that went to user space.",
		"INTR/S: interrupts and NMIs that the module injected.",
		"AVG us: module and user space together.",
		"",
		"Any key goes back.",
		NULL
	};

	return lines;
}

/**
 * top_text_batch() - all of it, as plain text
 * @out: where it goes
 * @table: what there is to show
 * @view: what of it
 * @now: the time of day
 */
void top_text_batch(FILE *out, const struct top_table *table, const struct top_view *view,
		    time_t now)
{
	char line[TOP_LINE];
	size_t i;

	top_text_summary(line, table, now);
	fprintf(out, "%s\n", line);
	top_text_choice(line, table, view);
	fprintf(out, "%s\n\n%s\n", line, top_text_rows_head(TOP_WIDTH));
	for (i = 0; i < table->nr_rows; i++) {
		top_text_row(line, &table->rows[i], TOP_WIDTH);
		fprintf(out, "%s\n", line);
	}
	fprintf(out, "\n%s\n", top_text_reasons_head(TOP_WIDTH));
	for (i = 0; i < table->nr_reasons; i++) {
		top_text_reason(line, &table->reasons[i], TOP_WIDTH);
		fprintf(out, "%s\n", line);
	}
	fputc('\n', out);
}
