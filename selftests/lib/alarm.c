// SPDX-License-Identifier: GPL-2.0
/*
 * kselftest's harness ends a test by alarm(2), after 30 s or more, which is too soon on
 * the debug kernel.  The linker sends it here instead: selftests/Makefile.
 */
#include "host.h"

unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

/* A short one is a test's own. */
unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds >= 30 && host_is_slow() ? 10 * seconds : seconds);
}
