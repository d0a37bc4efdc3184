/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: what the user looks at, and what keys do to it.
 *
 * Pure: keys come as characters or as one of enum top_key, and top_screen.c draws.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "top_model.h"

/** enum top_key - keys that are no characters */
enum top_key {
	TOP_KEY_UP = 0x1000,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
};

/**
 * enum top_prompt - what is asked for at the moment
 * @TOP_PROMPT_NONE: nothing
 * @TOP_PROMPT_DELAY: seconds between two samples
 * @TOP_PROMPT_PID: process to show
 * @TOP_PROMPT_SORT: the key of a column
 */
enum top_prompt {
	TOP_PROMPT_NONE,
	TOP_PROMPT_DELAY,
	TOP_PROMPT_PID,
	TOP_PROMPT_SORT,
};

/**
 * enum top_action - what is to be done because of a key
 * @TOP_DRAW: draw
 * @TOP_FILL: fill the table anew, and draw
 * @TOP_SAMPLE: look at the vCPUs, now
 * @TOP_CLEAR: the totals begin at 0
 * @TOP_QUIT: end
 */
enum top_action {
	TOP_DRAW,
	TOP_FILL,
	TOP_SAMPLE,
	TOP_CLEAR,
	TOP_QUIT,
};

/** define TOP_INPUT - room for what is typed at a prompt */
#define TOP_INPUT	16
/** define TOP_MIN_DELAY_MS - shortest time between two samples */
#define TOP_MIN_DELAY_MS	100
/** define TOP_MAX_DELAY_MS - longest one: a day */
#define TOP_MAX_DELAY_MS	86400000

/**
 * struct top_view - what the user looks at
 * @start: rows and reasons at first; constant
 * @choice: rows and reasons
 * @delay_ms: milliseconds between two samples
 * @detail: the reasons are those of the selected row
 * @vm: VM of the selected row
 * @vcpu: its vCPU, TOP_ALL for a VM's row
 * @page: rows that the screen has, for the page keys
 * @help: the keys are explained
 * @prompt: what is asked for
 * @input: what has been typed there
 * @message: what the last answer was, empty for nothing
 */
struct top_view {
	struct top_choice start;
	struct top_choice choice;
	unsigned int delay_ms;
	bool detail;
	__u32 vm;
	__u32 vcpu;
	unsigned int page;
	bool help;
	enum top_prompt prompt;
	char input[TOP_INPUT];
	char message[80];
};

void top_view_init(struct top_view *view, const struct top_choice *start);
void top_view_reset(struct top_view *view);
bool top_view_settle(struct top_view *view, const struct top_table *table);
size_t top_view_selected(const struct top_view *view, const struct top_table *table);
enum top_action top_view_key(struct top_view *view, const struct top_table *table, int key);
int top_parse_delay(const char *s, unsigned int *ms);

#endif /* TOP_VIEW_H */
