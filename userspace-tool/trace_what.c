// SPDX-License-Identifier: GPL-2.0
/*
 * What an exit was about, in a few words.
 *
 * A tracepoint's word goes before the exit qualification's: it knows the values.
 * Layouts of qualifications and of interruption information are the SDM's, "Basic
 * VM-Exit Information" and "Information for VM Exits Due to Vectored Events".
 */
#include <stdarg.h>
#include <stdio.h>

#include <linux/keel.h>
#include <linux/keel_trace.h>

#include "exit_reasons.h"
#include "lib/keel.h"
#include "msr_names.h"
#include "port_names.h"
#include "trace_print.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BITS(value, hi, lo)	((__u32)((value) >> (lo)) & ((2U << ((hi) - (lo))) - 1))

#define VECTOR_NMI		2
#define VECTOR_PF		14
#define INFO_VALID		(1U << 31)
#define INFO_ERROR_CODE		(1U << 11)
#define TYPE_INTERRUPT		0
#define TYPE_NMI		2
#define TYPE_SOFTWARE		4
#define TYPE_OTHER		7

static const char * const exceptions[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", NULL, "#TS",
	"#NP", "#SS", "#GP", "#PF", NULL, "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
};

/**
 * trace_event() - an event by its interruption information
 * @info: VM-exit or VM-entry interruption information
 * @error_code: its error code
 * @text: out
 * @size: room there
 *
 * Return: @text.
 */
const char *trace_event(__u32 info, __u32 error_code, char *text, size_t size)
{
	__u32 vector = BITS(info, 7, 0), type = BITS(info, 10, 8);
	int used;

	if (type == TYPE_INTERRUPT)
		used = snprintf(text, size, "interrupt 0x%02x", vector);
	else if (type == TYPE_NMI)
		used = snprintf(text, size, "NMI");
	else if (type == TYPE_SOFTWARE)
		used = snprintf(text, size, "software interrupt 0x%02x", vector);
	else if (type == TYPE_OTHER)
		used = snprintf(text, size, "MTF");
	else if (vector < ARRAY_SIZE(exceptions) && exceptions[vector])
		used = snprintf(text, size, "%s", exceptions[vector]);
	else
		used = snprintf(text, size, "exception %u", vector);
	if (info & INFO_ERROR_CODE)
		snprintf(text + used, size - used, "(0x%x)", error_code);
	return text;
}

/**
 * struct words - a text that grows
 * @text: where it is
 * @size: room there
 * @used: how much of it is taken
 */
struct words {
	char *text;
	size_t size;
	size_t used;
};

/* What does not fit is cut off: a few words always do. */
static void __attribute__((format(printf, 2, 3)))
say(struct words *w, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(w->text + w->used, w->size - w->used, fmt, args);
	va_end(args);
	if (length > 0)
		w->used += (size_t)length < w->size - w->used ?
			   (size_t)length : w->size - w->used - 1;
}

/* Something further follows. */
static void also(struct words *w)
{
	if (w->used)
		say(w, "; ");
}

static void print_event(struct words *w, __u32 info, __u32 error_code)
{
	char text[TRACE_EVENT_BYTES];

	say(w, "%s", trace_event(info, error_code, text, sizeof(text)));
}

static void vectored(struct words *w, const struct trace_record *r)
{
	if (!(r->intr_info & INFO_VALID))
		return;
	print_event(w, r->intr_info, r->error_code);
	if (BITS(r->intr_info, 7, 0) == VECTOR_PF && r->reason == EXIT_REASON_EXCEPTION_NMI)
		say(w, " at 0x%llx", r->qualification);
}

static void print_port(struct words *w, bool write, __u32 port, __u32 size)
{
	const char *name = port_name(port);

	say(w, "%s 0x%x", write ? "out" : "in", port);
	if (name)
		say(w, " (%s)", name);
	say(w, ", %u byte%s", size, size == 1 ? "" : "s");
}

static void io(struct words *w, const struct trace_record *r)
{
	const struct trace_pio *pio = &r->pio;
	__u64 qual = r->qualification;

	if (!(r->has & TRACE_PIO)) {
		print_port(w, !BITS(qual, 3, 3), BITS(qual, 31, 16),
			   BITS(qual, 2, 0) + 1);
		return;
	}
	print_port(w, pio->write, pio->port, pio->size);
	say(w, ": 0x%0*x", (int)pio->size * 2, pio->val);
	if (pio->count > 1)
		say(w, " and %u more", pio->count - 1);
	if (pio->events > 1)
		say(w, ", in %u parts", pio->events);
}

static void msr(struct words *w, const struct trace_record *r)
{
	char name[MSR_NAME_BYTES];

	if (!(r->has & TRACE_MSR))
		return;
	if (msr_name(r->msr.index, name, sizeof(name)))
		say(w, "%s (0x%x)", name, r->msr.index);
	else
		say(w, "0x%x", r->msr.index);
	if (r->msr.write || !r->msr.exception)
		say(w, "%s 0x%llx", r->msr.write ? " =" : ":", r->msr.data);
	if (r->msr.exception)
		say(w, ", refused");
}

static void cpuid(struct words *w, const struct trace_record *r)
{
	const struct trace_cpuid *leaf = &r->cpuid;

	if (r->has & TRACE_CPUID)
		say(w, "leaf 0x%x.%x: %08x %08x %08x %08x", leaf->function,
			leaf->index, leaf->eax, leaf->ebx, leaf->ecx, leaf->edx);
}

static void cr(struct words *w, const struct trace_record *r)
{
	static const char * const access[] = { "to CR%u", "from CR%u", "CLTS", "LMSW" };

	if (r->has & TRACE_CR)
		say(w, "CR%u%s 0x%llx", r->cr.nr, r->cr.write ? " =" : ":",
			r->cr.val);
	else
		say(w, access[BITS(r->qualification, 5, 4)],
			BITS(r->qualification, 3, 0));
}

static void dr(struct words *w, const struct trace_record *r)
{
	say(w, "%s DR%u", BITS(r->qualification, 4, 4) ? "from" : "to",
		BITS(r->qualification, 2, 0));
}

static void ept(struct words *w, const struct trace_record *r)
{
	/* keel_mmio says the same. */
	if (r->has & TRACE_MMIO)
		return;
	if (BITS(r->qualification, 2, 2))
		say(w, "fetch");
	else
		say(w, "%s", BITS(r->qualification, 1, 1) ? "write" : "read");
	say(w, " at 0x%llx", r->gpa);
}

static void invlpg(struct words *w, const struct trace_record *r)
{
	say(w, "0x%llx", r->qualification);
}

static void misconfig(struct words *w, const struct trace_record *r)
{
	say(w, "at 0x%llx", r->gpa);
}

static void task_switch(struct words *w, const struct trace_record *r)
{
	static const char * const by[] = { "CALL", "IRET", "JMP", "task gate" };

	say(w, "to 0x%x by %s", BITS(r->qualification, 15, 0),
		by[BITS(r->qualification, 31, 30)]);
}

static void sipi(struct words *w, const struct trace_record *r)
{
	say(w, "vector 0x%02x", BITS(r->qualification, 7, 0));
}

static void hypercall(struct words *w, const struct trace_record *r)
{
	const struct trace_hypercall *call = &r->hypercall;

	if (r->has & TRACE_HYPERCALL)
		say(w, "%llu(0x%llx, 0x%llx, 0x%llx, 0x%llx)", call->nr,
			call->a[0], call->a[1], call->a[2], call->a[3]);
}

static void apic_offset(struct words *w, const struct trace_record *r)
{
	/* keel_apic has more to say. */
	if (!(r->has & TRACE_APIC))
		say(w, "offset 0x%x", BITS(r->qualification, 11, 0));
}

typedef void (*what_fn)(struct words *w, const struct trace_record *record);

static const what_fn whats[] = {
	[EXIT_REASON_EXCEPTION_NMI] = vectored,
	[EXIT_REASON_EXTERNAL_INTERRUPT] = vectored,
	[EXIT_REASON_SIPI_SIGNAL] = sipi,
	[EXIT_REASON_TASK_SWITCH] = task_switch,
	[EXIT_REASON_CPUID] = cpuid,
	[EXIT_REASON_INVLPG] = invlpg,
	[EXIT_REASON_VMCALL] = hypercall,
	[EXIT_REASON_CR_ACCESS] = cr,
	[EXIT_REASON_DR_ACCESS] = dr,
	[EXIT_REASON_IO_INSTRUCTION] = io,
	[EXIT_REASON_MSR_READ] = msr,
	[EXIT_REASON_MSR_WRITE] = msr,
	[EXIT_REASON_APIC_ACCESS] = apic_offset,
	[EXIT_REASON_EOI_INDUCED] = sipi,
	[EXIT_REASON_EPT_VIOLATION] = ept,
	[EXIT_REASON_EPT_MISCONFIG] = misconfig,
	[EXIT_REASON_APIC_WRITE] = apic_offset,
};

static void mmio(struct words *w, const struct trace_mmio *mmio)
{
	say(w, "MMIO %s at 0x%llx", mmio->access & KEEL_ACCESS_EXEC ? "fetch" :
		mmio->access & KEEL_ACCESS_WRITE ? "write" : "read", mmio->gpa);
	if (mmio->size)
		say(w, ", %u byte%s: 0x%0*llx", mmio->size,
			mmio->size == 1 ? "" : "s", (int)mmio->size * 2, mmio->val);
}

static void apic(struct words *w, const struct trace_apic *apic)
{
	char name[MSR_NAME_BYTES];

	if (!apic_register_name(apic->reg, name, sizeof(name)))
		snprintf(name, sizeof(name), "0x%x", apic->reg);
	say(w, "APIC %s%s 0x%llx", name, apic->write ? " =" : ":", apic->val);
}

/* What comes with more than one reason, or beside the first word. */
static void more(struct words *w, const struct trace_record *r)
{
	if (r->has & TRACE_PAGE_FAULT && r->page_fault.shadow) {
		also(w);
		say(w, "no shadow of 0x%llx", r->page_fault.address);
	}
	if (r->has & TRACE_MMIO) {
		also(w);
		mmio(w, &r->mmio);
	}
	if (r->has & TRACE_APIC) {
		also(w);
		apic(w, &r->apic);
	}
	if (r->has & TRACE_INJECT) {
		also(w);
		say(w, "injects ");
		print_event(w, r->inject.info, r->inject.error_code);
	}
}

static void ending(struct words *w, const struct trace_record *r)
{
	const char *name;

	if (r->has & TRACE_USER) {
		name = keel_exit_name(r->user_reason);
		also(w);
		say(w, "VMM: %s", name ? name : "unknown");
	}
	if (r->outcome == KEEL_TRACE_KILLED) {
		also(w);
		say(w, "the VM is dead");
	}
	if (r->has & TRACE_UNFINISHED) {
		also(w);
		say(w, "unfinished");
	}
}

/**
 * trace_what() - what an exit was about
 * @record: the exit
 * @text: out
 * @size: room there; TRACE_WHAT_BYTES are enough
 *
 * Return: @text.
 */
const char *trace_what(const struct trace_record *record, char *text, size_t size)
{
	__u32 basic = record->reason & 0xffff;
	struct words w = { text, size, 0 };

	text[0] = '\0';
	if (record->reason & KEEL_HW_REASON_FAILED)
		say(&w, "VM entry failed, qualification 0x%llx",
		    record->qualification);
	else if (basic < ARRAY_SIZE(whats) && whats[basic])
		whats[basic](&w, record);
	more(&w, record);
	ending(&w, record);
	return text;
}
