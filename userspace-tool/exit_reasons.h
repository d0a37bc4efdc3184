/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Basic exit reasons as constants: Linux' names, EXIT_REASON_CPUID and so on.
 *
 * They come from the table of the tracing ABI, as <asm/vmx.h> has only those that
 * the headers of one kernel or another know.
 */
#ifndef EXIT_REASONS_H
#define EXIT_REASONS_H

#include <linux/keel_trace.h>

#define EXIT_REASON_NUMBER(number, name, prose)	EXIT_REASON_ ## name = number,

enum exit_reason { KEEL_HW_REASONS(EXIT_REASON_NUMBER) };

#undef EXIT_REASON_NUMBER

#endif /* EXIT_REASONS_H */
