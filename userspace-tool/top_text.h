/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: its tables as lines of text, for the screen and for --batch.
 */
#ifndef TOP_TEXT_H
#define TOP_TEXT_H

#include <stdio.h>
#include <time.h>

#include "top_view.h"

/** define TOP_LINE - room for a line */
#define TOP_LINE	128
/** define TOP_WIDTH - columns that a line has; narrower screens get fewer fields */
#define TOP_WIDTH	79

void top_text_summary(char *line, const struct top_table *table, time_t now);
void top_text_choice(char *line, const struct top_table *table, const struct top_view *view);
const char *top_text_rows_head(unsigned int width);
void top_text_row(char *line, const struct top_row *row, unsigned int width);
const char *top_text_reasons_head(unsigned int width);
void top_text_reason(char *line, const struct top_reason *reason, unsigned int width);
void top_text_prompt(char *line, const struct top_view *view);
const char *const *top_text_help(void);
void top_text_batch(FILE *out, const struct top_table *table, const struct top_view *view,
		    time_t now);

#endif /* TOP_TEXT_H */
