/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The least of TAP that unit tests need.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_run;
static unsigned int tap_failed;

#define ok(_cond, _name)	tap_ok(_cond, _name, __FILE__, __LINE__)

static inline bool tap_ok(bool cond, const char *name, const char *file,
			  int line)
{
	printf("%sok %u - %s\n", cond ? "" : "not ", ++tap_run, name);
	if (!cond) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	return cond;
}

static inline void tap_skip(const char *name, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_run, name, reason);
}

/* The plan, last, and the exit status. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_run);
	return tap_failed || !tap_run;
}

#endif /* TAP_H */
