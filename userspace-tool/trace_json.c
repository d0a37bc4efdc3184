// SPDX-License-Identifier: GPL-2.0
/*
 * An exit as a line for programs: an object of JSON.  keel-trace(1) lists the keys.
 */
#include <linux/keel.h>
#include <linux/keel_trace.h>

#include "json.h"
#include "lib/keel.h"
#include "msr_names.h"
#include "port_names.h"
#include "reason_names.h"
#include "trace_print.h"

static void pio(struct json *json, const struct trace_pio *pio)
{
	const char *name = port_name(pio->port);

	json_open(json, "pio", '{');
	json_bool(json, "write", pio->write);
	json_number(json, "port", pio->port);
	if (name)
		json_string(json, "name", name);
	json_number(json, "size", pio->size);
	json_number(json, "count", pio->count);
	json_number(json, "value", pio->val);
	json_number(json, "parts", pio->events);
	json_close(json, '}');
}

static void msr(struct json *json, const struct trace_msr *msr)
{
	char name[MSR_NAME_BYTES];

	json_open(json, "msr", '{');
	json_bool(json, "write", msr->write);
	json_number(json, "index", msr->index);
	if (msr_name(msr->index, name, sizeof(name)))
		json_string(json, "name", name);
	json_hex(json, "value", msr->data);
	json_bool(json, "refused", msr->exception);
	json_close(json, '}');
}

static void cpuid(struct json *json, const struct trace_cpuid *leaf)
{
	json_open(json, "cpuid", '{');
	json_number(json, "leaf", leaf->function);
	json_number(json, "index", leaf->index);
	json_number(json, "eax", leaf->eax);
	json_number(json, "ebx", leaf->ebx);
	json_number(json, "ecx", leaf->ecx);
	json_number(json, "edx", leaf->edx);
	json_close(json, '}');
}

static void cr(struct json *json, const struct trace_cr *cr)
{
	json_open(json, "cr", '{');
	json_bool(json, "write", cr->write);
	json_number(json, "number", cr->nr);
	json_hex(json, "value", cr->val);
	json_close(json, '}');
}

static void hypercall(struct json *json, const struct trace_hypercall *call)
{
	unsigned int i;

	json_open(json, "hypercall", '{');
	json_hex(json, "number", call->nr);
	json_open(json, "arguments", '[');
	for (i = 0; i < sizeof(call->a) / sizeof(call->a[0]); i++)
		json_hex(json, NULL, call->a[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void mmio(struct json *json, const struct trace_mmio *mmio)
{
	json_open(json, "mmio", '{');
	json_string(json, "access", mmio->access & KEEL_ACCESS_EXEC ? "fetch" :
		    mmio->access & KEEL_ACCESS_WRITE ? "write" : "read");
	json_hex(json, "gpa", mmio->gpa);
	if (mmio->size) {
		json_number(json, "size", mmio->size);
		json_hex(json, "value", mmio->val);
	}
	json_close(json, '}');
}

static void apic(struct json *json, const struct trace_apic *apic)
{
	char name[MSR_NAME_BYTES];

	json_open(json, "apic", '{');
	json_bool(json, "write", apic->write);
	json_number(json, "offset", apic->reg);
	if (apic_register_name(apic->reg, name, sizeof(name)))
		json_string(json, "name", name);
	json_hex(json, "value", apic->val);
	json_close(json, '}');
}

static void page_fault(struct json *json, const struct trace_page_fault *fault)
{
	json_open(json, "page_fault", '{');
	json_hex(json, "address", fault->address);
	json_number(json, "error_code", fault->error_code);
	json_bool(json, "shadow", fault->shadow);
	json_close(json, '}');
}

static void inject(struct json *json, const struct trace_inject *inject)
{
	char text[TRACE_EVENT_BYTES];

	json_open(json, "inject", '{');
	json_string(json, "event", trace_event(inject->info, inject->error_code,
					       text, sizeof(text)));
	json_number(json, "info", inject->info);
	json_number(json, "error_code", inject->error_code);
	json_close(json, '}');
}

static void insn(struct json *json, const struct trace_print *print,
		 const struct trace_record *record)
{
	char text[DISASM_BYTES];
	unsigned int len = trace_insn(print, record, text, sizeof(text));

	json_open(json, "insn", '{');
	json_string(json, "text", text);
	json_number(json, "length", len);
	json_close(json, '}');
}

static const char *outcome(const struct trace_record *record)
{
	if (record->has & TRACE_UNFINISHED)
		return "unfinished";
	switch (record->outcome) {
	case KEEL_TRACE_KERNEL:
		return "kernel";
	case KEEL_TRACE_USER:
		return "user";
	case KEEL_TRACE_KILLED:
		return "killed";
	default:
		return "unknown";
	}
}

static void place(struct json *json, const struct trace_print *print, __u64 rip)
{
	const char *name;
	__u64 offset;

	json_hex(json, "rip", rip);
	name = symbols_find(&print->symbols, rip, &offset);
	if (name) {
		json_string(json, "symbol", name);
		json_number(json, "offset", offset);
	}
}

static void basics(struct json *json, const struct trace_print *print,
		   const struct trace_record *record)
{
	char name[REASON_NAME_BYTES];

	json_number(json, "time_ns", record->time);
	json_number(json, "vm", record->vm);
	json_number(json, "vcpu", record->vcpu);
	json_number(json, "pid", record->pid);
	json_number(json, "cpu", record->cpu);
	json_string(json, "reason", reason_print(record->reason, name, sizeof(name)));
	json_number(json, "reason_number", record->reason & 0xffff);
	json_bool(json, "entry_failed", record->reason & KEEL_HW_REASON_FAILED);
	place(json, print, record->rip);
	json_hex(json, "qualification", record->qualification);
	json_hex(json, "gpa", record->gpa);
	json_number(json, "intr_info", record->intr_info);
	json_number(json, "error_code", record->error_code);
	json_number(json, "insn_len", record->insn_len);
	json_string(json, "outcome", outcome(record));
	json_number(json, "kernel_ns", trace_ns(print, record->cycles));
	json_number(json, "user_ns", trace_ns(print, record->user_cycles));
}

static void details(struct json *json, const struct trace_record *record)
{
	const char *name;

	if (record->has & TRACE_USER) {
		name = keel_exit_name(record->user_reason);
		json_string(json, "user_reason", name ? name : "unknown");
	}
	if (record->has & TRACE_PIO)
		pio(json, &record->pio);
	if (record->has & TRACE_MSR)
		msr(json, &record->msr);
	if (record->has & TRACE_CPUID)
		cpuid(json, &record->cpuid);
	if (record->has & TRACE_CR)
		cr(json, &record->cr);
	if (record->has & TRACE_HYPERCALL)
		hypercall(json, &record->hypercall);
	if (record->has & TRACE_MMIO)
		mmio(json, &record->mmio);
	if (record->has & TRACE_APIC)
		apic(json, &record->apic);
	if (record->has & TRACE_PAGE_FAULT)
		page_fault(json, &record->page_fault);
	if (record->has & TRACE_INJECT)
		inject(json, &record->inject);
}

/**
 * trace_json() - print an exit
 * @print: how
 * @record: the exit
 */
void trace_json(const struct trace_print *print, const struct trace_record *record)
{
	struct json json = { .out = print->out, .line = true };
	char what[TRACE_WHAT_BYTES];

	json_open(&json, NULL, '{');
	basics(&json, print, record);
	details(&json, record);
	if (print->insn)
		insn(&json, print, record);
	json_string(&json, "what", trace_what(record, what, sizeof(what)));
	json_close(&json, '}');
}

/**
 * trace_json_lost() - say where exits are missing
 * @print: how
 * @lost: how many
 */
void trace_json_lost(const struct trace_print *print, __u64 lost)
{
	struct json json = { .out = print->out, .line = true };

	json_open(&json, NULL, '{');
	json_number(&json, "lost", lost);
	json_close(&json, '}');
}

/**
 * trace_json_end() - the last line
 * @print: how
 * @printed: how many exits have been printed
 * @lost: how many have not
 */
void trace_json_end(const struct trace_print *print, __u64 printed, __u64 lost)
{
	struct json json = { .out = print->out, .line = true };

	json_open(&json, NULL, '{');
	json_number(&json, "exits_printed", printed);
	json_number(&json, "exits_lost", lost);
	json_close(&json, '}');
}
