/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: the terminal, through ncurses.
 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include <stdbool.h>

#include "top_view.h"

/** define TOP_MIN_ROWS - lines that a terminal needs */
#define TOP_MIN_ROWS	8
/** define TOP_MIN_COLS - columns that it needs */
#define TOP_MIN_COLS	40

int top_screen_check(void);
int top_screen_open(void);
int top_screen_fd(void);
int top_screen_key(void);
bool top_screen_lost(void);
void top_screen_draw(const struct top_table *table, struct top_view *view);
void top_screen_close(void);

#endif /* TOP_SCREEN_H */
