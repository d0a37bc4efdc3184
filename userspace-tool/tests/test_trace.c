// SPDX-License-Identifier: GPL-2.0
/*
 * Exits as lines: made-up ones, printed for people and for programs.  Numbers of
 * reasons, qualifications and interruption information are composed by the SDM.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/keel.h>

#include "exit_reasons.h"
#include "tests/tap.h"
#include "trace_print.h"

#define VALID		(1U << 31)
#define ERROR_CODE	(1U << 11)
#define HARDWARE	(3U << 8)
#define KHZ		2000000		/* two ticks in a nanosecond */

typedef struct trace_record record;

static bool about(record r, const char *want)
{
	char text[TRACE_WHAT_BYTES];

	trace_what(&r, text, sizeof(text));
	if (!strcmp(text, want))
		return true;
	printf("# %s\n", text);
	return false;
}

static void test_io(void)
{
	record out = { .reason = EXIT_REASON_IO_INSTRUCTION, .has = TRACE_PIO,
		       .pio = { 1, 0x3f8, 1, 1, 0x41, 1 } };
	record in = { .reason = EXIT_REASON_IO_INSTRUCTION, .has = TRACE_PIO | TRACE_USER,
		      .user_reason = KEEL_EXIT_IO, .outcome = KEEL_TRACE_USER,
		      .pio = { 0, 0xcfc, 4, 1, 0x80000000, 1 } };
	record rep = { .reason = EXIT_REASON_IO_INSTRUCTION, .has = TRACE_PIO,
		       .pio = { 1, 0x1234, 2, 16, 0xbeef, 2 } };
	/* Port 0x71, IN, one byte. */
	record unknown = { .reason = EXIT_REASON_IO_INSTRUCTION, .has = TRACE_UNFINISHED,
			   .qualification = 0x710008 };

	ok(about(out, "out 0x3f8 (COM1), 1 byte: 0x41"), "OUT");
	ok(about(in, "in 0xcfc (PCI data), 4 bytes: 0x80000000; VMM: IO"), "IN");
	ok(about(rep, "out 0x1234, 2 bytes: 0xbeef and 15 more, in 2 parts"), "REP OUTS");
	ok(about(unknown, "in 0x71 (RTC data), 1 byte; unfinished"), "IN without an answer");
}

static void test_msr(void)
{
	record read = { .reason = EXIT_REASON_MSR_READ, .has = TRACE_MSR,
			.msr = { 0, 0xc0000080, 0xd01, 0, 0 } };
	record refused = { .reason = EXIT_REASON_MSR_READ, .has = TRACE_MSR | TRACE_INJECT,
			   .inject = { VALID | ERROR_CODE | HARDWARE | 13, 0 },
			   .msr = { 0, 0x12345, 0, 1, 0 } };
	record write = { .reason = EXIT_REASON_MSR_WRITE, .has = TRACE_MSR | TRACE_APIC,
			 .msr = { 1, 0x80b, 0, 0, 0 }, .apic = { 1, 0xb0, 0 } };

	ok(about(read, "IA32_EFER (0xc0000080): 0xd01"), "RDMSR");
	ok(about(refused, "0x12345, refused; injects #GP(0x0)"), "RDMSR that is refused");
	ok(about(write, "IA32_X2APIC_EOI (0x80b) = 0x0; APIC EOI = 0x0"), "WRMSR to the x2APIC");
}

static void test_others(void)
{
	record cpuid = { .reason = EXIT_REASON_CPUID, .has = TRACE_CPUID,
			 .cpuid = { 4, 1, 0x1c004122, 0x1c0003f, 0x3f, 0 } };
	record call = { .reason = EXIT_REASON_VMCALL, .has = TRACE_HYPERCALL,
			.hypercall = { 5, { 1, 2, 3, 0xffffffffffffffffULL } } };
	record cr3 = { .reason = EXIT_REASON_CR_ACCESS, .has = TRACE_CR, .cr = { 1, 3, 0x1000 } };
	record cr8 = { .reason = EXIT_REASON_CR_ACCESS, .has = TRACE_CR, .cr = { 0, 8, 2 } };
	/* CR number in bits 3:0, access in 5:4. */
	record bare = { .reason = EXIT_REASON_CR_ACCESS, .qualification = 0x10 | 3 };
	record dr = { .reason = EXIT_REASON_DR_ACCESS, .qualification = 0x10 | 7 };
	record task = { .reason = EXIT_REASON_TASK_SWITCH, .qualification = 0x80000028 };

	ok(about(cpuid, "leaf 0x4.1: 1c004122 01c0003f 0000003f 00000000"), "CPUID");
	ok(about(call, "5(0x1, 0x2, 0x3, 0xffffffffffffffff)"), "VMCALL");
	ok(about(cr3, "CR3 = 0x1000") && about(cr8, "CR8: 0x2") && about(bare, "from CR3"),
	   "control registers");
	ok(about(dr, "from DR7"), "debug register");
	ok(about(task, "to 0x28 by JMP"), "task switch");
	ok(about((record){ .reason = EXIT_REASON_HLT }, "") &&
	   about((record){ .reason = 1000 }, ""), "where there is nothing to say");
	ok(about((record){ .reason = EXIT_REASON_INVALID_STATE | KEEL_HW_REASON_FAILED,
			   .qualification = 2 }, "VM entry failed, qualification 0x2"),
	   "failed entry");
}

static void test_memory(void)
{
	record fetch = { .reason = EXIT_REASON_EPT_VIOLATION, .qualification = 0x4,
			 .gpa = 0xfff0 };
	record write = { .reason = EXIT_REASON_EPT_VIOLATION, .qualification = 0x182,
			 .gpa = 0xfec00000, .has = TRACE_MMIO | TRACE_USER | TRACE_PAGE_FAULT,
			 .user_reason = KEEL_EXIT_MMIO, .outcome = KEEL_TRACE_USER,
			 .mmio = { KEEL_ACCESS_WRITE, 0, 0xfec00000, 0 } };
	record done = { .reason = EXIT_REASON_EPT_MISCONFIG, .gpa = 0x1000, .has = TRACE_MMIO,
			.mmio = { KEEL_ACCESS_WRITE, 2, 0x1000, 0xab } };
	record apic = { .reason = EXIT_REASON_APIC_ACCESS, .qualification = 0x1300,
			.has = TRACE_APIC, .apic = { 1, 0x300, 0xc4500 } };
	record bare = { .reason = EXIT_REASON_APIC_WRITE, .qualification = 0x380 };

	ok(about(fetch, "fetch at 0xfff0"), "EPT violation");
	ok(about(write, "MMIO write at 0xfec00000; VMM: MMIO"), "MMIO");
	ok(about(done, "at 0x1000; MMIO write at 0x1000, 2 bytes: 0x00ab"), "MMIO with a value");
	ok(about(apic, "APIC ICR = 0xc4500") && about(bare, "offset 0x380"), "local APIC");
}

static void test_events(void)
{
	record pf = { .reason = EXIT_REASON_EXCEPTION_NMI, .error_code = 2,
		      .intr_info = VALID | ERROR_CODE | HARDWARE | 14,
		      .qualification = 0x7fff1000,
		      .has = TRACE_PAGE_FAULT, .page_fault = { 0x7fff1000, 2, 1 } };
	record intr = { .reason = EXIT_REASON_EXTERNAL_INTERRUPT, .intr_info = VALID | 0xec,
			.has = TRACE_INJECT, .inject = { VALID | 0x31, 0 } };
	record nmi = { .reason = EXIT_REASON_EXCEPTION_NMI, .intr_info = VALID | 2 << 8 | 2 };
	record killed = { .reason = EXIT_REASON_TRIPLE_FAULT, .outcome = KEEL_TRACE_KILLED };

	ok(about(pf, "#PF(0x2) at 0x7fff1000; no shadow of 0x7fff1000"), "page fault");
	ok(about(intr, "interrupt 0xec; injects interrupt 0x31"), "interrupts");
	ok(about(nmi, "NMI"), "NMI");
	ok(about(killed, "the VM is dead"), "the end");
}

/* The longest text there can be, which must not be cut off. */
static void test_longest(void)
{
	record r = { .reason = EXIT_REASON_VMCALL, .outcome = KEEL_TRACE_KILLED,
		     .user_reason = KEEL_EXIT_INTERNAL_ERROR, .has = ~0U };
	char text[TRACE_WHAT_BYTES];

	memset(&r.hypercall, 0xff, sizeof(r.hypercall));
	memset(&r.mmio, 0xff, sizeof(r.mmio));
	memset(&r.apic, 0xff, sizeof(r.apic));
	memset(&r.page_fault, 0xff, sizeof(r.page_fault));
	r.inject.info = ERROR_CODE | 4 << 8 | 0xff;
	r.inject.error_code = ~0U;
	r.mmio.size = 8;
	trace_what(&r, text, sizeof(text));
	ok(strlen(text) < sizeof(text) - 1 && strstr(text, "; unfinished"), "everything at once");
	trace_what(&r, text, 20);
	ok(strlen(text) == 19, "cut off where there is no room");
}

static char *printed(void (*fn)(const struct trace_print *, const record *),
		     struct trace_print print, const record *r)
{
	char *text = NULL;
	size_t size;

	print.out = open_memstream(&text, &size);
	fn(&print, r);
	fclose(print.out);
	return text;
}

static bool prints(void (*fn)(const struct trace_print *, const record *),
		   const struct trace_print *print, const record *r, const char *want)
{
	char *text = printed(fn, *print, r);
	bool right = !strcmp(text, want);

	if (!right)
		printf("# %s", text);
	free(text);
	return right;
}

static const record out_exit = {
	.time = 3500000123, .rip = 0x1021, .cycles = 3000, .user_cycles = 5001,
	.vm = 3, .vcpu = 1, .pid = 42, .reason = EXIT_REASON_IO_INSTRUCTION,
	.qualification = 0xe90000, .insn_len = 2,
	.outcome = KEEL_TRACE_USER, .user_reason = KEEL_EXIT_IO,
	.has = TRACE_PIO | TRACE_USER | TRACE_INSN,
	.pio = { 1, 0xe9, 1, 1, 0x2a, 1 },
	.insn = { 3, 8, 0x90e9e6, 0 },
};

static void test_text(void)
{
	struct trace_print print = { .tsc_khz = KHZ, .begin = 3000000000ULL };
	record kernel = { .time = 3000000000ULL, .rip = 0xfff0, .cycles = 10, .vm = 1,
			  .reason = EXIT_REASON_HLT };
	record early = { .rip = 0x1, .has = TRACE_UNFINISHED, .reason = 35,
			 .outcome = KEEL_TRACE_USER };

	ok(prints(trace_text, &print, &out_exit,
		  "     0.500000     3/1       1500       2500  IO_INSTRUCTION     0x1021             out 0xe9 (debug console), 1 byte: 0x2a; VMM: IO\n"),
	   "an exit to user space");
	ok(prints(trace_text, &print, &kernel,
		  "     0.000000     1/0          5          -  HLT                0xfff0\n"),
	   "one that stays in the kernel");
	ok(prints(trace_text, &print, &early,
		  "     0.000000     0/0          ?          ?  reason 35          0x1                unfinished\n"),
	   "one from before the beginning, without an end");
	print.insn = true;
	ok(prints(trace_text, &print, &out_exit,
		  "     0.500000     3/1       1500       2500  IO_INSTRUCTION     0x1021             out 0xE9, al                     out 0xe9 (debug console), 1 byte: 0x2a; VMM: IO\n"),
	   "with the instruction");
	ok(prints(trace_text, &print, &kernel,
		  "     0.000000     1/0          5          -  HLT                0xfff0             -\n"),
	   "where that is not at hand");
}

static void test_symbols(void)
{
	struct symbol list[] = { { 0x1000, 0x2000, 0, 1 } };
	struct trace_print print = {
		.tsc_khz = KHZ, .begin = 3000000000ULL,
		.symbols = { .list = list, .nr = 1, .names = (char *)"start" },
	};

	ok(prints(trace_text, &print, &out_exit,
		  "     0.500000     3/1       1500       2500  IO_INSTRUCTION     start+0x21                       out 0xe9 (debug console), 1 byte: 0x2a; VMM: IO\n"),
	   "a symbol");
}

static void test_json(void)
{
	struct trace_print print = { .tsc_khz = KHZ, .insn = true };

	ok(prints(trace_json, &print, &out_exit,
		  "{\"time_ns\": 3500000123, \"vm\": 3, \"vcpu\": 1, \"pid\": 42, \"cpu\": 0, \"reason\": \"IO_INSTRUCTION\", \"reason_number\": 30, \"entry_failed\": false, \"rip\": \"0x0000000000001021\", \"qualification\": \"0x0000000000e90000\", \"gpa\": \"0x0000000000000000\", \"intr_info\": 0, \"error_code\": 0, \"insn_len\": 2, \"outcome\": \"user\", \"kernel_ns\": 1500, \"user_ns\": 2500, \"user_reason\": \"IO\", \"pio\": {\"write\": true, \"port\": 233, \"name\": \"debug console\", \"size\": 1, \"count\": 1, \"value\": 42, \"parts\": 1}, \"insn\": {\"text\": \"out 0xE9, al\", \"length\": 2}, \"what\": \"out 0xe9 (debug console), 1 byte: 0x2a; VMM: IO\"}\n"),
	   "JSON: an object in a line");
}

static bool json_has(record r, const char *want)
{
	struct trace_print print = { .tsc_khz = KHZ };
	char *text = printed(trace_json, print, &r);
	bool right = strstr(text, want) && strchr(text, '\n') == text + strlen(text) - 1;

	if (!right)
		printf("# %s", text);
	free(text);
	return right;
}

static void test_json_objects(void)
{
	ok(json_has((record){ .has = TRACE_MSR, .msr = { 1, 0x10, 5, 1, 0 } },
		    ", \"msr\": {\"write\": true, \"index\": 16, \"name\": \"IA32_TIME_STAMP_COUNTER\", \"value\": \"0x0000000000000005\", \"refused\": true}, "),
	   "JSON: an MSR");
	ok(json_has((record){ .has = TRACE_CPUID, .cpuid = { 1, 2, 3, 4, 5, 6 } },
		    ", \"cpuid\": {\"leaf\": 1, \"index\": 2, \"eax\": 3, \"ebx\": 4, \"ecx\": 5, \"edx\": 6}, "),
	   "JSON: CPUID");
	ok(json_has((record){ .has = TRACE_CR, .cr = { 0, 8, 3 } },
		    ", \"cr\": {\"write\": false, \"number\": 8, \"value\": \"0x0000000000000003\"}, "),
	   "JSON: a control register");
	ok(json_has((record){ .has = TRACE_HYPERCALL, .hypercall = { 9, { 1, 2, 3, 4 } } },
		    ", \"hypercall\": {\"number\": \"0x0000000000000009\", \"arguments\": [\"0x0000000000000001\", \"0x0000000000000002\", \"0x0000000000000003\", \"0x0000000000000004\"]}, "),
	   "JSON: a hypercall");
	ok(json_has((record){ .has = TRACE_MMIO, .mmio = { 0, 4, 0x10, 0x20 } },
		    ", \"mmio\": {\"access\": \"read\", \"gpa\": \"0x0000000000000010\", \"size\": 4, \"value\": \"0x0000000000000020\"}, "),
	   "JSON: MMIO");
	ok(json_has((record){ .has = TRACE_APIC, .apic = { 1, 0x80, 0xf } },
		    ", \"apic\": {\"write\": true, \"offset\": 128, \"name\": \"TPR\", \"value\": \"0x000000000000000f\"}, "),
	   "JSON: the local APIC");
	ok(json_has((record){ .has = TRACE_PAGE_FAULT, .page_fault = { 0x1000, 2, 1 } },
		    ", \"page_fault\": {\"address\": \"0x0000000000001000\", \"error_code\": 2, \"shadow\": true}, "),
	   "JSON: a page fault");
	ok(json_has((record){ .has = TRACE_INJECT, .inject = { 0x31, 7 } },
		    ", \"inject\": {\"event\": \"interrupt 0x31\", \"info\": 49, \"error_code\": 7}, "),
	   "JSON: an event");
	ok(json_has((record){ .outcome = KEEL_TRACE_KILLED }, "\"outcome\": \"killed\"") &&
	   json_has((record){ .has = TRACE_UNFINISHED }, "\"outcome\": \"unfinished\""),
	   "JSON: outcomes");
}

int main(void)
{
	test_io();
	test_msr();
	test_others();
	test_memory();
	test_events();
	test_longest();
	test_text();
	test_symbols();
	test_json();
	test_json_objects();
	return tap_done();
}
