/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's log: what it complains of, and a note of what runs. */
#ifndef FUZZ_SPLAT_H
#define FUZZ_SPLAT_H

#include <stdbool.h>

#include "program.h"

/* From now on. */
bool splat_init(void);
/* Whether the kernel has complained since, and the line; NULL: it has not. */
const char *splat_find(void);
/* The program, in the log, where it outlives the machine. */
void splat_note(unsigned long number, const struct program *p);

#endif /* FUZZ_SPLAT_H */
