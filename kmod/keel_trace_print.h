/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How tracefs shows the numbers in the tracepoints: names from the tables in
 * uapi/linux/keel_trace.h.  Tools read them from a tracepoint's format file.
 */
#ifndef KEEL_TRACE_PRINT_H
#define KEEL_TRACE_PRINT_H

#include <linux/keel.h>
#include <linux/keel_trace.h>

#define KEEL_PRINT_REASON(nr, name, prose)	{ nr, #name },
#define KEEL_PRINT_USER_REASON(nr, name)	{ nr, #name },

/* Lists end in a comma, which __print_symbolic() does not take. */
#define keel_show_reason(reason)						\
	__print_symbolic((reason) & 0xffff, KEEL_HW_REASONS(KEEL_PRINT_REASON)	\
			 { 0xffff, "none" })

#define keel_show_user_reason(reason)						\
	__print_symbolic(reason, KEEL_USER_REASONS(KEEL_PRINT_USER_REASON) { 0xffff, "" })

#define keel_show_failed(reason)						\
	((reason) != KEEL_TRACE_NO_EXIT && (reason) & KEEL_HW_REASON_FAILED ?	\
	 " FAILED_VMENTRY" : "")

#define keel_show_outcome(outcome)						\
	__print_symbolic(outcome, { KEEL_TRACE_KERNEL, "kernel" },		\
			 { KEEL_TRACE_USER, "user" }, { KEEL_TRACE_KILLED, "killed" })

#define keel_show_access(access)						\
	((access) & KEEL_ACCESS_WRITE ? "write" :				\
	 (access) & KEEL_ACCESS_EXEC ? "fetch" : "read")

/* Bits 10:8 of an interruption-information field. */
#define keel_show_event_type(info)						\
	__print_symbolic(((info) >> 8) & 7, { 0, "interrupt" }, { 2, "NMI" },	\
			 { 3, "exception" }, { 4, "software_interrupt" },	\
			 { 5, "privileged_software_exception" },		\
			 { 6, "software_exception" }, { 7, "other" })

#endif /* KEEL_TRACE_PRINT_H */
