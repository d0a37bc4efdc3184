// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: what keys do.
 *
 * The selected row is kept by its ids, so that it stays selected where it moves.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_view.h"
#include "vmx_names.h"

/**
 * top_view_reset() - what one sees at first
 * @view: filled in, but for the delay, which stays
 */
void top_view_reset(struct top_view *view)
{
	struct top_view new = { .start = view->start, .delay_ms = view->delay_ms };

	new.choice = view->start;
	new.page = 1;
	new.vm = TOP_ALL;
	new.vcpu = TOP_ALL;
	*view = new;
}

/**
 * top_view_init() - what one sees at first
 * @view: filled in, but for the delay, which stays
 * @start: rows and reasons
 */
void top_view_init(struct top_view *view, const struct top_choice *start)
{
	view->start = *start;
	top_view_reset(view);
}

/**
 * top_parse_delay() - seconds, as somebody gives them
 * @s: a number, with or without a fraction
 * @ms: milliseconds
 *
 * Return: 0, or -EINVAL or -ERANGE.
 */
int top_parse_delay(const char *s, unsigned int *ms)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return -EINVAL;
	seconds = strtod(s, &end);
	if (*end || end == s || !isfinite(seconds))
		return -EINVAL;
	if (seconds * 1000 < TOP_MIN_DELAY_MS || seconds * 1000 > TOP_MAX_DELAY_MS)
		return -ERANGE;
	*ms = seconds * 1000;
	return 0;
}

/**
 * top_view_selected() - where the selected row is
 * @view: the view
 * @table: the rows
 *
 * Return: its number; that of the first row where it is gone.
 */
size_t top_view_selected(const struct top_view *view, const struct top_table *table)
{
	size_t i;

	for (i = 0; i < table->nr_rows; i++)
		if (table->rows[i].vm == view->vm && table->rows[i].vcpu == view->vcpu)
			return i;
	return 0;
}

/* Where the reasons below the rows come from. */
static enum top_action set_reasons(struct top_view *view)
{
	view->choice.reasons_vm = view->detail ? view->vm : TOP_ALL;
	view->choice.reasons_vcpu = view->detail ? view->vcpu : TOP_ALL;
	return TOP_FILL;
}

/**
 * top_view_settle() - the rows have changed
 * @view: loses the details of a row that is gone
 * @table: the new rows
 *
 * Return: whether the table is to be filled anew.
 */
bool top_view_settle(struct top_view *view, const struct top_table *table)
{
	size_t row = top_view_selected(view, table);

	if (row < table->nr_rows && table->rows[row].vm == view->vm &&
	    table->rows[row].vcpu == view->vcpu)
		return false;
	view->vm = table->nr_rows ? table->rows[0].vm : TOP_ALL;
	view->vcpu = table->nr_rows ? table->rows[0].vcpu : TOP_ALL;
	if (!view->detail)
		return false;
	view->detail = false;
	set_reasons(view);
	return true;
}

static enum top_action select_row(struct top_view *view, const struct top_table *table,
				  long row)
{
	long last = (long)table->nr_rows - 1;

	if (last < 0)
		return TOP_DRAW;
	if (row > last)
		row = last;
	if (row < 0)
		row = 0;
	view->vm = table->rows[row].vm;
	view->vcpu = table->rows[row].vcpu;
	return view->detail ? set_reasons(view) : TOP_DRAW;
}

static enum top_action toggle_detail(struct top_view *view, const struct top_table *table)
{
	view->detail = !view->detail && table->nr_rows;
	if (view->detail)
		select_row(view, table, top_view_selected(view, table));
	return set_reasons(view);
}

static enum top_action toggle_by_vm(struct top_view *view, const struct top_table *table)
{
	size_t row = top_view_selected(view, table);

	view->choice.by_vm = !view->choice.by_vm;
	if (row < table->nr_rows) {
		view->vm = table->rows[row].vm;
		view->vcpu = view->choice.by_vm ? TOP_ALL : 0;
	}
	return set_reasons(view);
}

static void set_delay(struct top_view *view)
{
	if (top_parse_delay(view->input, &view->delay_ms))
		snprintf(view->message, sizeof(view->message),
			 "'%s': want seconds, 0.1 to 86400", view->input);
}

static void set_pid(struct top_view *view)
{
	unsigned long pid;
	char *end;

	if (!*view->input) {
		view->choice.pid = TOP_ALL;
		return;
	}
	errno = 0;
	pid = strtoul(view->input, &end, 10);
	if (*end || !isdigit((unsigned char)*view->input) || errno || !pid || pid >= TOP_ALL)
		snprintf(view->message, sizeof(view->message),
			 "'%s': not a process; nothing at all shows those of every process",
			 view->input);
	else
		view->choice.pid = pid;
}

static const struct {
	char key;
	enum top_sort sort;
} sort_keys[] = {
	{ 'e', TOP_SORT_EXITS },
	{ 'u', TOP_SORT_USER_EXITS },
	{ 'g', TOP_SORT_GUEST },
	{ 'k', TOP_SORT_KERNEL },
	{ 's', TOP_SORT_USER },
	{ 'h', TOP_SORT_HALTED },
	{ 'i', TOP_SORT_INTERRUPTS },
	{ 'v', TOP_SORT_VM },
	{ 'p', TOP_SORT_PID },
	{ 'n', TOP_SORT_PROCESS },
};

static enum top_action sort_key(struct top_view *view, int key)
{
	size_t i;

	view->prompt = TOP_PROMPT_NONE;
	for (i = 0; i < ARRAY_SIZE(sort_keys); i++) {
		if (sort_keys[i].key != key)
			continue;
		view->choice.sort = sort_keys[i].sort;
		return TOP_FILL;
	}
	if (key != TOP_KEY_ESCAPE)
		snprintf(view->message, sizeof(view->message), "no column has this key");
	return TOP_DRAW;
}

/* A key while something is asked for. */
static enum top_action prompt_key(struct top_view *view, int key)
{
	size_t len = strlen(view->input);
	enum top_prompt prompt = view->prompt;

	if (prompt == TOP_PROMPT_SORT)
		return sort_key(view, key);
	if (key == TOP_KEY_ESCAPE) {
		view->prompt = TOP_PROMPT_NONE;
	} else if (key == TOP_KEY_ENTER) {
		view->prompt = TOP_PROMPT_NONE;
		if (prompt == TOP_PROMPT_PID)
			set_pid(view);
		else if (*view->input)
			set_delay(view);
		return TOP_FILL;
	} else if (key == TOP_KEY_BACKSPACE && len) {
		view->input[len - 1] = '\0';
	} else if (key > ' ' && key <= '~' && len + 1 < sizeof(view->input)) {
		view->input[len] = key;
		view->input[len + 1] = '\0';
	}
	return TOP_DRAW;
}

static enum top_action ask(struct top_view *view, enum top_prompt prompt)
{
	view->prompt = prompt;
	view->input[0] = '\0';
	return TOP_DRAW;
}

static enum top_action move_key(struct top_view *view, const struct top_table *table, int key)
{
	long row = top_view_selected(view, table), page = view->page;

	switch (key) {
	case 'k':
	case TOP_KEY_UP:
		return select_row(view, table, row - 1);
	case 'j':
	case TOP_KEY_DOWN:
		return select_row(view, table, row + 1);
	case TOP_KEY_PAGE_UP:
		return select_row(view, table, row - page);
	case TOP_KEY_PAGE_DOWN:
		return select_row(view, table, row + page);
	case TOP_KEY_HOME:
		return select_row(view, table, 0);
	case TOP_KEY_END:
		return select_row(view, table, table->nr_rows);
	default:
		return TOP_DRAW;
	}
}

/**
 * top_view_key() - a key has been pressed
 * @view: what changes
 * @table: what is shown
 * @key: a character, or one of enum top_key
 *
 * Return: what is to be done.
 */
enum top_action top_view_key(struct top_view *view, const struct top_table *table, int key)
{
	view->message[0] = '\0';
	if (view->prompt != TOP_PROMPT_NONE)
		return prompt_key(view, key);
	if (view->help) {
		/* Any key ends it. */
		view->help = false;
		return key == 'q' ? TOP_QUIT : TOP_DRAW;
	}
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case 'h':
	case '?':
		view->help = true;
		return TOP_DRAW;
	case ' ':
		return TOP_SAMPLE;
	case 'd':
	case 's':
		return ask(view, TOP_PROMPT_DELAY);
	case 'p':
		return ask(view, TOP_PROMPT_PID);
	case 'o':
	case 'F':
		return ask(view, TOP_PROMPT_SORT);
	case 'v':
	case TOP_KEY_ENTER:
		return toggle_detail(view, table);
	case TOP_KEY_ESCAPE:
		view->detail = false;
		return set_reasons(view);
	case 'V':
	case 'x':
		return toggle_by_vm(view, table);
	case 'c':
		return TOP_CLEAR;
	case 'r':
		top_view_reset(view);
		return TOP_CLEAR;
	default:
		return move_key(view, table, key);
	}
}
