// SPDX-License-Identifier: GPL-2.0
/*
 * An exit as a line for people.
 */
#include <stdio.h>
#include <string.h>

#include <linux/keel_trace.h>

#include "reason_names.h"
#include "trace_print.h"

#define NS_PER_SECOND	1000000000ULL
#define NS_PER_US	1000ULL
#define PLACE_WIDTH	18
#define SYMBOL_WIDTH	32
#define INSN_WIDTH	32

/**
 * trace_ns() - ticks of the host's TSC as a time
 * @print: knows its frequency
 * @cycles: ticks
 *
 * Return: nanoseconds.
 */
__u64 trace_ns(const struct trace_print *print, __u64 cycles)
{
	return (__uint128_t)cycles * 1000000 / print->tsc_khz;
}

/**
 * trace_insn() - the instruction that an exit came at, as text
 * @print: how
 * @record: the exit
 * @text: out: DISASM_BYTES
 * @size: room there
 *
 * Return: how long it is; 0 where it is not known, with "-" or its bytes in @text.
 */
unsigned int trace_insn(const struct trace_print *print,
			const struct trace_record *record, char *text,
			size_t size)
{
	const struct trace_insn *insn = &record->insn;
	__u64 code[2] = { insn->low, insn->high };

	if (record->has & TRACE_INSN && insn->len && insn->len <= sizeof(code))
		return disasm((const __u8 *)code, insn->len, insn->width,
			      record->rip, print->syntax, text, size);
	snprintf(text, size, "-");
	return 0;
}

static int place_width(const struct trace_print *print)
{
	return print->symbols.nr ? SYMBOL_WIDTH : PLACE_WIDTH;
}

/**
 * trace_text_head() - the line above all others
 * @print: how
 */
void trace_text_head(const struct trace_print *print)
{
	fprintf(print->out, "%13s %7s %10s %10s  %-18s %-*s ", "SECONDS", "VM/CPU",
		"KERNEL ns", "USER ns", "REASON", place_width(print), "RIP");
	if (print->insn)
		fprintf(print->out, "%-*s ", INSN_WIDTH, "INSTRUCTION");
	fputs("WHAT\n", print->out);
}

/* Nothing is padded that stands last. */
static void print_column(const struct trace_print *print, const char *text, int width,
			 bool last)
{
	if (last)
		fprintf(print->out, "%s\n", text);
	else
		fprintf(print->out, "%-*s ", width, text);
}

static void print_place(const struct trace_print *print, __u64 rip, bool last)
{
	char text[SYMBOLS_NAME_MAX + 32];
	const char *name;
	__u64 offset;

	name = symbols_find(&print->symbols, rip, &offset);
	if (name)
		snprintf(text, sizeof(text), "%s+0x%llx", name, offset);
	else
		snprintf(text, sizeof(text), "0x%llx", rip);
	print_column(print, text, place_width(print), last);
}

static void print_times(const struct trace_print *print,
			const struct trace_record *record)
{
	__u64 ns = record->time > print->begin ? record->time - print->begin : 0;
	char who[24];

	snprintf(who, sizeof(who), "%u/%u", record->vm, record->vcpu);
	fprintf(print->out, "%6llu.%06llu %7s ", ns / NS_PER_SECOND,
		ns % NS_PER_SECOND / NS_PER_US, who);
	/* Unfinished in the module, or with the VMM. */
	if (record->cycles)
		fprintf(print->out, "%10llu ", trace_ns(print, record->cycles));
	else
		fprintf(print->out, "%10s ", "?");
	if (record->user_cycles)
		fprintf(print->out, "%10llu  ", trace_ns(print, record->user_cycles));
	else
		fprintf(print->out, "%10s  ", record->outcome == KEEL_TRACE_USER ? "?" : "-");
}

/**
 * trace_text() - print an exit
 * @print: how
 * @record: the exit
 */
void trace_text(const struct trace_print *print, const struct trace_record *record)
{
	char name[REASON_NAME_BYTES], insn[DISASM_BYTES], what[TRACE_WHAT_BYTES];

	print_times(print, record);
	fprintf(print->out, "%-18s ", reason_print(record->reason, name, sizeof(name)));
	trace_what(record, what, sizeof(what));
	print_place(print, record->rip, !*what && !print->insn);
	if (print->insn) {
		trace_insn(print, record, insn, sizeof(insn));
		print_column(print, insn, INSN_WIDTH, !*what);
	}
	if (*what)
		fprintf(print->out, "%s\n", what);
}

/**
 * trace_text_lost() - say where exits are missing
 * @print: how
 * @lost: how many
 */
void trace_text_lost(const struct trace_print *print, __u64 lost)
{
	fprintf(print->out, "%13s %llu exit%s lost\n", "...", lost,
		lost == 1 ? " was" : "s were");
}
