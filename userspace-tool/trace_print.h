/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An exit as a line: for people (trace_text.c, with trace_what.c for its last
 * column) and for programs (trace_json.c).
 */
#ifndef TRACE_PRINT_H
#define TRACE_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "bpf/trace.h"
#include "disasm.h"
#include "symbols.h"

/**
 * struct trace_print - how exits are printed
 * @out: where to
 * @json: for programs
 * @insn: with the instruction
 * @syntax: how that is written
 * @symbols: of the guest's kernel; empty where none were given
 * @tsc_khz: frequency of the host's TSC
 * @begin: what time counts from, CLOCK_MONOTONIC in nanoseconds
 */
struct trace_print {
	FILE *out;
	bool json;
	bool insn;
	enum disasm_syntax syntax;
	struct symbols symbols;
	__u32 tsc_khz;
	__u64 begin;
};

/** define TRACE_EVENT_BYTES - room that trace_event() needs at most */
#define TRACE_EVENT_BYTES	48
/** define TRACE_WHAT_BYTES - room that trace_what() needs at most */
#define TRACE_WHAT_BYTES	448

__u64 trace_ns(const struct trace_print *print, __u64 cycles);
const char *trace_event(__u32 info, __u32 error_code, char *text, size_t size);
unsigned int trace_insn(const struct trace_print *print,
			const struct trace_record *record, char *text,
			size_t size);
const char *trace_what(const struct trace_record *record, char *text, size_t size);

void trace_text_head(const struct trace_print *print);
void trace_text(const struct trace_print *print, const struct trace_record *record);
void trace_text_lost(const struct trace_print *print, __u64 lost);
void trace_json(const struct trace_print *print, const struct trace_record *record);
void trace_json_lost(const struct trace_print *print, __u64 lost);
void trace_json_end(const struct trace_print *print, __u64 printed, __u64 lost);

#endif /* TRACE_PRINT_H */
