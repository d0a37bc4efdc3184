/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The terminal in raw mode, and back, whatever happens.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

void terminal_init(void);
bool terminal_raw(int fd);
void terminal_restore(void);

#endif /* TERMINAL_H */
