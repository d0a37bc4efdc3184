/* SPDX-License-Identifier: GPL-2.0 */
/* Running a program in the process that calls, which is good for nothing afterwards. */
#ifndef FUZZ_EXECUTE_H
#define FUZZ_EXECUTE_H

#include "program.h"

/* What a process exits with: threads ended; it could not go on; a thread did not end. */
enum { EXECUTE_OK, EXECUTE_FAULT, EXECUTE_STUCK };

/* 0 threads: all calls in order, by one. */
int execute(const struct program *p, unsigned int nr_threads);

#endif /* FUZZ_EXECUTE_H */
