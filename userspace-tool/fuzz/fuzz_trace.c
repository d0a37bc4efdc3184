// SPDX-License-Identifier: GPL-2.0
/*
 * Exits as lines: keel trace prints what a guest did, with numbers of the guest's
 * choice and instructions of its code, for people and for programs.
 */
#include "fuzz/fuzz.h"
#include "trace_print.h"

/* Of these a record has one at most. */
#define DETAILS	(TRACE_PIO | TRACE_MSR | TRACE_CPUID | TRACE_CR | TRACE_HYPERCALL)

_Static_assert(DETAILS == 0x1f, "the lowest bits");

/* A strict reader of JSON; what is behind the value, NULL: it is none. */
static const char *json_value(const char *at);

static const char *json_word(const char *at, const char *word)
{
	return strncmp(at, word, strlen(word)) ? NULL : at + strlen(word);
}

static const char *json_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at++ == '\\' && !(*at && strchr("\"\\/bfnrtu", *at++)))
			return NULL;
	}
	return at + 1;
}

static const char *json_digits(const char *at)
{
	if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
		return NULL;
	return at + strspn(at, "0123456789");
}

static const char *json_list(const char *at, char open, char close)
{
	const char *members = at + 1;

	if (*at++ != open)
		return NULL;
	while (at && *at != close) {
		if (at != members && *at++ != ',')
			return NULL;
		at += strspn(at, " ");
		if (open == '{') {
			at = json_string(at);
			if (!at || *at++ != ':')
				return NULL;
			at += strspn(at, " ");
		}
		at = json_value(at);
	}
	return at ? at + 1 : NULL;
}

static const char *json_value(const char *at)
{
	switch (*at) {
	case '{':
		return json_list(at, '{', '}');
	case '[':
		return json_list(at, '[', ']');
	case '"':
		return json_string(at);
	case 't':
		return json_word(at, "true");
	case 'f':
		return json_word(at, "false");
	case 'n':
		return json_word(at, "null");
	default:
		return json_digits(at);
	}
}

/* One line, and nothing that a terminal would obey. */
static void check_line(const char *text, size_t bytes)
{
	size_t i;

	CLAIM(bytes && text[bytes - 1] == '\n');
	for (i = 0; i + 1 < bytes; i++)
		CLAIM(text[i] >= ' ' && text[i] <= '~');
}

static void print(struct trace_print *print, const struct trace_record *record)
{
	size_t bytes = 0;
	char *text = NULL;
	const char *end;

	print->out = open_memstream(&text, &bytes);
	CLAIM(print->out);
	if (print->json)
		trace_json(print, record);
	else
		trace_text(print, record);
	fclose(print->out);
	check_line(text, bytes);
	if (print->json) {
		end = json_value(text);
		CLAIM(end && *end == '\n');
	}
	free(text);
}

/* What there is room for is enough. */
static void check_what(const struct trace_record *record)
{
	char *what = malloc(TRACE_WHAT_BYTES);

	trace_what(record, what, TRACE_WHAT_BYTES);
	CLAIM(strnlen(what, TRACE_WHAT_BYTES) < TRACE_WHAT_BYTES - 1);
	free(what);
}

/* The second is what the instruction pointer is in. */
static void add_symbols(struct symbols *symbols, __u64 rip)
{
	static struct symbol list[2];
	static char names[] = "one\0two";

	list[0] = (struct symbol) { .end = 1, .name = 0, .rank = 1 };
	list[1] = (struct symbol) { .address = rip & ~0xffffULL, .end = rip | 0xfff,
				    .name = 4, .rank = 1 };
	*symbols = (struct symbols) { .list = list, .nr = 2, .names = names,
				      .names_bytes = sizeof(names) };
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };
	__u8 how = input_number(&input, 1);
	struct trace_print trace = {
		.insn = how & 1, .tsc_khz = how & 2 ? 2500000 : 1,
		.syntax = how & 4 ? DISASM_ATT : DISASM_INTEL,
		.begin = how & 8 ? 1 : 0,
	};
	struct trace_record record;

	/* Numbers that mean something come first, so that few bytes make a record. */
	memset(&record, 0, sizeof(record));
	record.has = TRACE_INSN | (input_number(&input, 2) & ~DETAILS);
	record.has |= 1U << input_below(&input, 5);
	record.reason = input_number(&input, 1) | (how & 16 ? 1U << 31 : 0);
	record.outcome = input_number(&input, 1);
	record.user_reason = input_number(&input, 1);
	record.qualification = input_value(&input);
	record.intr_info = input_value(&input);
	record.gpa = input_value(&input);
	record.cycles = input_value(&input);
	record.user_cycles = input_value(&input);
	record.time = input_value(&input);
	record.rip = input_value(&input);
	/* The module gives no more of it. */
	record.insn.len = input_below(&input, 16);
	record.insn.width = 1 << input_below(&input, 5);
	input_bytes(&input, &record.insn.low, record.insn.len);
	record.page_fault.address = input_value(&input);
	record.page_fault.error_code = input_value(&input);
	record.inject.info = input_value(&input);
	record.mmio.access = input_value(&input);
	record.mmio.size = input_below(&input, 17);
	record.apic.reg = input_value(&input);
	record.apic.write = how >> 5 & 1;
	input_bytes(&input, &record.hypercall, sizeof(record.hypercall));
	if (record.has & TRACE_PIO)
		record.pio.size = 1 << record.pio.size % 3;

	add_symbols(&trace.symbols, record.rip);
	check_what(&record);
	print(&trace, &record);
	trace.json = true;
	print(&trace, &record);
	return 0;
}
