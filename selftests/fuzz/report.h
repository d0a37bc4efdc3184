/* SPDX-License-Identifier: GPL-2.0 */
/* What a run came to, as TAP. */
#ifndef FUZZ_REPORT_H
#define FUZZ_REPORT_H

#include <stdbool.h>

#include "program.h"

void report_test(bool good, const char *name);
/* "# " and the text, for people. */
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_program(const struct program *p);
/* The results of the program that ran last. */
void report_last(const struct program *p);
/* Calls by errno, exits, and the tests on them. */
void report_calls(bool judge);
/* The plan; whether all was good. */
bool report_end(void);

#endif /* FUZZ_REPORT_H */
