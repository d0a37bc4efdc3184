// SPDX-License-Identifier: GPL-2.0
/*
 * keel top without a terminal: rates and shares from made-up counters, the lists it
 * reads, what keys do, and the lines it prints.
 *
 * The TSC has 1 GHz unless a test says otherwise, so that a tick is a nanosecond.
 */
#include <math.h>
#include <string.h>

#include "tap.h"
#include "top_proc.h"
#include "top_text.h"
#include "vmx_names.h"

#define GHZ	1000000
#define SECOND	1000000000ULL
#define MS	1000000ULL

/* Basic exit reasons: SDM, appendix "VMX Basic Exit Reasons". */
enum { CPUID = 10, HLT = 12, IO = 30 };

static const struct top_choice everything = {
	.vm = TOP_ALL, .vcpu = TOP_ALL, .pid = TOP_ALL,
	.reasons_vm = TOP_ALL, .reasons_vcpu = TOP_ALL,
};

static bool near(double value, double wanted)
{
	return fabs(value - wanted) < 0.000001 * (1 + fabs(wanted));
}

static struct top_state *add(struct top_sample *sample, __u32 vm, __u32 vcpu, __u64 first,
			     __u64 last)
{
	struct top_state *state = top_sample_add(sample, vm, vcpu);

	state->seen = true;
	state->counters.tgid = 100 + vm;
	state->counters.first = first;
	state->counters.last = last;
	snprintf(state->comm, sizeof(state->comm), "vmm%u", vm);
	return state;
}

static void set(struct top_state *state, unsigned int slot, __u64 count, __u64 user,
		__u64 kernel_cycles, __u64 user_cycles)
{
	state->counters.slots[slot] = (struct top_slot) {
		count, user, kernel_cycles, user_cycles
	};
}

static const struct top_reason *find_reason(const struct top_table *table, unsigned int slot)
{
	size_t i;

	for (i = 0; i < table->nr_reasons; i++)
		if (table->reasons[i].slot == slot)
			return &table->reasons[i];
	return NULL;
}

static void clear(struct top_table *table, struct top_sample *before, struct top_sample *now)
{
	top_table_clear(table);
	top_sample_clear(before);
	top_sample_clear(now);
}

/* Two seconds of a vCPU: 300 ms in the module, 400 in user space, 600 in HLT. */
static void test_rates(void)
{
	struct top_sample base = { 0 }, before = { .ns = 10 * SECOND }, now = { .ns = 12 * SECOND };
	struct top_table table = { 0 };
	const struct top_reason *reason;
	struct top_state *state;

	state = add(&before, 1, 0, 9 * SECOND, 10 * SECOND);
	set(state, CPUID, 1000, 0, 100 * MS, 0);
	state = add(&now, 1, 0, 9 * SECOND, 12 * SECOND);
	set(state, CPUID, 3000, 0, 300 * MS, 0);
	set(state, IO, 1000, 1000, 100 * MS, 400 * MS);
	set(state, HLT, 10, 0, 600 * MS, 0);
	state->counters.interrupts = 20;

	ok(!top_table_fill(&table, &base, &before, &now, &everything, GHZ) &&
	   table.nr_rows == 1 && table.vms == 1 && table.vcpus == 1, "one vCPU, one row");
	ok(near(table.rows[0].exits, 1505) && near(table.exits, 1505), "exits a second");
	ok(near(table.rows[0].user_exits, 500), "exits to user space");
	ok(near(table.rows[0].interrupts, 10), "interrupts");
	ok(near(table.rows[0].kernel, 0.15), "time in the module");
	ok(near(table.rows[0].user, 0.2), "time in user space");
	ok(near(table.rows[0].halted, 0.3), "time in HLT");
	ok(near(table.rows[0].guest, 0.35), "the rest is the guest's");
	ok(table.nr_reasons == 3 && table.reasons[0].slot == CPUID &&
	   table.reasons[1].slot == IO && table.reasons[2].slot == HLT,
	   "the most frequent reason first");
	reason = find_reason(&table, CPUID);
	ok(near(reason->rate, 1000) && near(reason->share, 2000 / 3010.0), "rate and share");
	ok(near(reason->average_ns, 100000) && near(reason->user_share, 0), "average in the module");
	ok(reason->total == 3000, "total since the counters were cleared");
	reason = find_reason(&table, IO);
	ok(near(reason->average_ns, 500000) && near(reason->user_share, 1),
	   "average in module and user space");
	ok(near(reason->time, 500 / 700.0), "share of the time");
	ok(near(find_reason(&table, HLT)->time, 0), "sleep is no time of exits");
	top_table_clear(&table);

	/* The same at 2 GHz: half the time for as many ticks. */
	top_table_fill(&table, &before, &before, &now, &everything, 2 * GHZ);
	ok(near(table.rows[0].kernel, 0.075) && near(table.rows[0].guest, 0.675),
	   "ticks at 2 GHz are half as long");
	ok(find_reason(&table, CPUID)->total == 2000, "totals begin at the base");
	clear(&table, &before, &now);
}

/* What goes on when the sample is taken: one second since the latest event. */
static void test_open(void)
{
	static const struct {
		const char *name;
		enum top_thread thread;
		__u32 in_user;
		double guest, kernel, user, halted;
	} cases[] = {
		{ "it runs: guest", TOP_THREAD_RUNS, TOP_NOT_IN_USER, 1, 0, 0, 0 },
		{ "it sleeps: HLT", TOP_THREAD_SLEEPS, TOP_NOT_IN_USER, 0, 0, 0, 1 },
		{ "it waits for memory: module", TOP_THREAD_WAITS, TOP_NOT_IN_USER, 0, 1, 0, 0 },
		{ "user space has an exit", TOP_THREAD_SLEEPS, IO, 0, 0, 1, 0 },
		{ "user space has a HLT", TOP_THREAD_SLEEPS, HLT, 0, 0, 0, 1 },
		{ "user space, without an exit", TOP_THREAD_RUNS, TOP_NO_EXIT, 0, 0, 1, 0 },
		{ "no thread: nothing", TOP_THREAD_GONE, TOP_NOT_IN_USER, 0, 0, 0, 0 },
	};
	struct top_sample before = { .ns = 10 * SECOND }, now = { .ns = 11 * SECOND };
	struct top_table table = { 0 };
	const struct top_row *row;
	size_t i;

	add(&before, 1, 0, 9 * SECOND, 10 * SECOND);
	add(&now, 1, 0, 9 * SECOND, 10 * SECOND);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		now.vcpus[0].thread = cases[i].thread;
		now.vcpus[0].counters.in_user = cases[i].in_user;
		top_table_fill(&table, &before, &before, &now, &everything, GHZ);
		row = &table.rows[0];
		ok(near(row->guest, cases[i].guest) && near(row->kernel, cases[i].kernel) &&
		   near(row->user, cases[i].user) && near(row->halted, cases[i].halted),
		   cases[i].name);
		top_table_clear(&table);
	}
	clear(&table, &before, &now);
}

/* A HLT that began in the interval before: it had been counted there already. */
static void test_long_halt(void)
{
	struct top_sample before = { .ns = 10 * SECOND }, now = { .ns = 11 * SECOND };
	struct top_table table = { 0 };
	struct top_state *state;

	state = add(&before, 1, 0, 9 * SECOND, 9 * SECOND);
	state->thread = TOP_THREAD_SLEEPS;
	state = add(&now, 1, 0, 9 * SECOND, 10 * SECOND + 500 * MS);
	state->thread = TOP_THREAD_RUNS;
	set(state, HLT, 1, 0, SECOND + 500 * MS, 0);
	top_table_fill(&table, &before, &before, &now, &everything, GHZ);
	ok(near(table.rows[0].halted, 0.5) && near(table.rows[0].guest, 0.5),
	   "a HLT longer than the interval counts once");
	clear(&table, &before, &now);
}

/* Counters that do not fit together, as when one is read while it changes. */
static void test_limits(void)
{
	struct top_sample none = { .ns = 10 * SECOND }, before = { .ns = 10 * SECOND };
	struct top_sample now = { .ns = 11 * SECOND };
	struct top_table table = { 0 };
	const struct top_row *row;

	set(add(&before, 1, 0, 9 * SECOND, 10 * SECOND), CPUID, 1, 0, 900 * MS, 0);
	set(add(&now, 1, 0, 9 * SECOND, 11 * SECOND), CPUID, 2, 0, 4900 * MS, 0);
	top_table_fill(&table, &before, &before, &now, &everything, GHZ);
	row = &table.rows[0];
	ok(near(row->kernel, 1) && near(row->guest, 0), "never more than all of the time");
	top_table_clear(&table);
	top_table_fill(&table, &now, &now, &now, &everything, GHZ);
	ok(near(table.rows[0].exits, 0) && near(table.rows[0].kernel, 0), "no time, no rates");
	top_table_clear(&table);
	top_table_fill(&table, &none, &none, &now, &everything, GHZ);
	ok(near(table.rows[0].exits, 2), "a vCPU that is new");
	top_table_clear(&table);
	top_table_fill(&table, &now, &now, &none, &everything, GHZ);
	ok(!table.nr_rows && !table.nr_reasons && !table.vms, "nothing there");
	clear(&table, &before, &now);
}

/* Two VMs, of two vCPUs and of one. */
static void fill_three(struct top_sample *before, struct top_sample *now)
{
	before->ns = 10 * SECOND;
	now->ns = 11 * SECOND;
	now->vcpus = NULL;
	set(add(now, 7, 0, 10 * SECOND, 11 * SECOND), IO, 50, 50, 0, 500 * MS);
	set(add(now, 2, 1, 10 * SECOND, 11 * SECOND), CPUID, 300, 0, 200 * MS, 0);
	set(add(now, 2, 0, 10 * SECOND, 11 * SECOND), CPUID, 100, 0, 100 * MS, 0);
	top_sample_sort(now);
}

static void test_choice(void)
{
	struct top_sample before = { 0 }, now = { 0 };
	struct top_choice choice = everything;
	struct top_table table = { 0 };

	fill_three(&before, &now);
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.nr_rows == 3 && table.vms == 2 && table.vcpus == 3, "two VMs, three vCPUs");
	ok(table.rows[0].vcpu == 1 && table.rows[1].vcpu == 0 && table.rows[2].vm == 7,
	   "sorted by exits");
	top_table_clear(&table);

	choice.sort = TOP_SORT_VM;
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.rows[0].vm == 2 && !table.rows[0].vcpu && table.rows[1].vcpu == 1 &&
	   table.rows[2].vm == 7, "sorted by VM");
	top_table_clear(&table);

	choice.sort = TOP_SORT_USER;
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.rows[0].vm == 7, "sorted by time in user space");
	top_table_clear(&table);

	choice.by_vm = true;
	choice.sort = TOP_SORT_EXITS;
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.nr_rows == 2 && table.rows[0].vm == 2 && table.rows[0].vcpu == TOP_ALL &&
	   table.rows[0].nr_vcpus == 2, "a row for each VM");
	ok(near(table.rows[0].exits, 400) && near(table.rows[0].kernel, 0.15) &&
	   near(table.rows[0].guest, 0.85),
	   "a VM has the sum of the exits, the average of the times");
	top_table_clear(&table);

	choice.by_vm = false;
	choice.pid = 107;
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.nr_rows == 1 && table.rows[0].vm == 7 && table.nr_reasons == 1 &&
	   near(table.exits, 50), "one process");
	top_table_clear(&table);

	choice = everything;
	choice.reasons_vm = 2;
	choice.reasons_vcpu = 1;
	top_table_fill(&table, &before, &before, &now, &choice, GHZ);
	ok(table.nr_rows == 3 && table.nr_reasons == 1 && near(table.reasons[0].rate, 300) &&
	   near(table.reasons[0].share, 1), "reasons of one vCPU");
	clear(&table, &before, &now);
}

static const char vms_text[] =
	"vm 2 pid 102 flags 0x1\n"
	"2 0 entries 17\n"
	"2 0 exit:CPUID 16\n"
	"2 1 entries 5\n"
	"vm 5 pid 105 flags 0x0\n"
	"vm 7 pid 107 flags 0x1\n"
	"7 0 entries 1\n"
	"nonsense\n"
	"9 3 entries 1\n";

static void test_list(void)
{
	struct top_sample sample = { 0 };
	struct top_state *found[4];
	FILE *file = fmemopen((void *)vms_text, strlen(vms_text), "r");
	struct top_table table = { 0 };

	add(&sample, 2, 1, 10 * SECOND, 11 * SECOND);
	ok(!top_parse_vms(file, &sample) && sample.nr == 4, "the list adds what is not known");
	found[0] = (void *)top_sample_find(&sample, 2, 0);
	found[1] = (void *)top_sample_find(&sample, 2, 1);
	found[2] = (void *)top_sample_find(&sample, 5, TOP_ALL);
	found[3] = (void *)top_sample_find(&sample, 7, 0);
	ok(found[0] && !found[0]->seen && found[0]->counters.tgid == 102, "a vCPU without events");
	ok(found[1] && found[1]->seen, "a known one is left as it was");
	ok(found[2] && found[2]->counters.tgid == 105, "a VM without counters");
	ok(found[3] && found[3]->counters.tgid == 107, "the VM after it");
	ok(!top_sample_find(&sample, 9, 3), "a vCPU of no VM is nothing");
	top_table_fill(&table, &sample, &sample, &sample, &everything, GHZ);
	ok(table.vms == 3 && table.vcpus == 3 && table.nr_rows == 4, "all of them have rows");
	fclose(file);
	top_table_clear(&table);
	top_sample_clear(&sample);
}

static void test_proc(void)
{
	static const char before_text[] = "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3 4\n";
	static const char now_text[] = "cpu  150 0 60 830 60 0 0 0 0 0\n";
	struct top_sample before = { .ns = SECOND }, now = { .ns = 2 * SECOND };
	struct top_table table = { 0 };
	FILE *file = fmemopen((void *)before_text, strlen(before_text), "r");

	ok(!top_parse_cpu(file, &before) && before.cpu_total == 1000 && before.cpu_busy == 150,
	   "time of the host's CPUs");
	fclose(file);
	file = fmemopen((void *)now_text, strlen(now_text), "r");
	ok(!top_parse_cpu(file, &now) && !top_table_fill(&table, &before, &before, &now,
							 &everything, GHZ) &&
	   near(table.cpu, 0.6), "60 of 100 ticks were work");
	ok(top_parse_cpu(file, &now) < 0, "an empty file");
	fclose(file);
	top_table_clear(&table);
	ok(top_parse_thread("12 (keel) R 1 2") == TOP_THREAD_RUNS, "a thread that runs");
	ok(top_parse_thread("12 (a) R (b) S 1 2") == TOP_THREAD_SLEEPS, "a name with brackets");
	ok(top_parse_thread("12 (keel) D 1 2") == TOP_THREAD_WAITS, "a thread that waits");
	ok(top_parse_thread("12 (keel) Z 1 2") == TOP_THREAD_GONE &&
	   top_parse_thread("") == TOP_THREAD_GONE, "no thread");
}

static enum top_action type(struct top_view *view, const struct top_table *table, const char *keys)
{
	enum top_action action = TOP_DRAW;

	for (; *keys; keys++)
		action = top_view_key(view, table, *keys == '\n' ? TOP_KEY_ENTER : *keys);
	return action;
}

static void test_keys(void)
{
	struct top_sample before = { 0 }, now = { 0 };
	struct top_view view = { .delay_ms = 3000 };
	struct top_table table = { 0 };

	fill_three(&before, &now);
	top_table_fill(&table, &before, &before, &now, &everything, GHZ);
	top_view_init(&view, &everything);
	ok(type(&view, &table, "q") == TOP_QUIT, "q quits");
	ok(type(&view, &table, " ") == TOP_SAMPLE, "space updates");
	ok(type(&view, &table, "h") == TOP_DRAW && view.help, "h: help");
	ok(type(&view, &table, "x") == TOP_DRAW && !view.help && !view.choice.by_vm,
	   "the key that ends the help does nothing else");
	top_view_settle(&view, &table);
	type(&view, &table, "j");
	ok(view.vm == 2 && view.vcpu == 0 && top_view_selected(&view, &table) == 1,
	   "j: the next row");
	type(&view, &table, "jjj");
	ok(view.vm == 7 && top_view_selected(&view, &table) == 2, "not past the last one");
	ok(type(&view, &table, "\n") == TOP_FILL && view.choice.reasons_vm == 7 &&
	   view.choice.reasons_vcpu == 0, "Enter: reasons of this vCPU");
	ok(type(&view, &table, "k") == TOP_FILL && view.choice.reasons_vm == 2 &&
	   view.choice.reasons_vcpu == 0, "they follow the selection");
	ok(type(&view, &table, "v") == TOP_FILL && view.choice.reasons_vm == TOP_ALL,
	   "v: reasons of all");
	ok(type(&view, &table, "V") == TOP_FILL && view.choice.by_vm && view.vm == 2 &&
	   view.vcpu == TOP_ALL, "V: rows of VMs, the same VM selected");
	type(&view, &table, "V");
	type(&view, &table, "d0.5\n");
	ok(view.delay_ms == 500 && !view.message[0], "d: another delay");
	type(&view, &table, "s0.01\n");
	ok(view.delay_ms == 500 && strstr(view.message, "0.01"), "one that is too short");
	type(&view, &table, "dnan\n");
	ok(view.delay_ms == 500 && view.message[0], "one that is no number");
	ok(type(&view, &table, "p107\n") == TOP_FILL && view.choice.pid == 107, "p: one process");
	type(&view, &table, "pqx\n");
	ok(view.choice.pid == 107 && strstr(view.message, "qx"), "one that is no number");
	type(&view, &table, "p\n");
	ok(view.choice.pid == TOP_ALL, "all processes");
	ok(type(&view, &table, "oh") == TOP_FILL && view.choice.sort == TOP_SORT_HALTED,
	   "o: another order");
	ok(type(&view, &table, "Fz") == TOP_DRAW && view.choice.sort == TOP_SORT_HALTED &&
	   view.message[0], "a column that is not there");
	type(&view, &table, "d123456789012345678901234567890");
	ok(strlen(view.input) == TOP_INPUT - 1, "as much as there is room for");
	ok(top_view_key(&view, &table, TOP_KEY_BACKSPACE) == TOP_DRAW &&
	   strlen(view.input) == TOP_INPUT - 2, "backspace");
	top_view_key(&view, &table, TOP_KEY_ESCAPE);
	ok(view.prompt == TOP_PROMPT_NONE && view.delay_ms == 500, "escape changes nothing");
	ok(type(&view, &table, "c") == TOP_CLEAR, "c clears the totals");
	ok(type(&view, &table, "r") == TOP_CLEAR && view.choice.sort == TOP_SORT_EXITS &&
	   view.delay_ms == 500, "r resets, but for the delay");

	type(&view, &table, "\n");
	view.vm = 99;
	ok(top_view_settle(&view, &table) && !view.detail && view.choice.reasons_vm == TOP_ALL &&
	   view.vm == 2 && view.vcpu == 1, "a selected row that has gone");
	clear(&table, &before, &now);
}

static void test_no_rows(void)
{
	struct top_view view = { .delay_ms = 3000 };
	struct top_table table = { 0 };

	top_view_init(&view, &everything);
	type(&view, &table, "jkV\nv\nx");
	top_view_key(&view, &table, TOP_KEY_END);
	ok(!top_view_settle(&view, &table) && !view.detail, "keys without a row");
}

/* Lines fit a terminal of 80, and of 60, whatever the numbers. */
static void test_lines(void)
{
	static const unsigned int widths[] = { TOP_WIDTH, 60 };
	struct top_row row = {
		.vm = 12, .vcpu = 3, .pid = 4194304, .comm = "a-name-of-15-ch", .seen = true,
		.exits = 99999999, .user_exits = 99999999, .interrupts = 999999,
		.guest = 1, .kernel = 1, .user = 1, .halted = 1,
	};
	struct top_reason reason = {
		.slot = 33, .rate = 1e9, .share = 1, .user_share = 1, .average_ns = 1e15,
		.time = 1, .total = 9999999999,
	};
	struct top_table table = { .vms = 9, .vcpus = 99, .exits = 99999999, .cpu = 1 };
	char line[TOP_LINE];
	size_t i, longest;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		longest = strlen(top_text_rows_head(widths[i]));
		top_text_row(line, &row, widths[i]);
		ok(strlen(line) <= widths[i] && longest == strlen(line), "a row is as wide as its head");
		longest = strlen(top_text_reasons_head(widths[i]));
		top_text_reason(line, &reason, widths[i]);
		ok(strlen(line) <= widths[i] && longest == strlen(line),
		   "a reason is as wide as its head");
	}
	top_text_summary(line, &table, 0);
	ok(strlen(line) <= TOP_WIDTH, "the summary fits");
	for (i = 0; top_text_help()[i]; i++)
		if (strlen(top_text_help()[i]) > TOP_WIDTH)
			break;
	ok(!top_text_help()[i] && i < 24, "the help fits 80x24");
	row.seen = false;
	top_text_row(line, &row, TOP_WIDTH);
	ok(strstr(line, "   -     -     -     - "), "no shares where nothing is known");
}

int main(void)
{
	test_rates();
	test_open();
	test_long_halt();
	test_limits();
	test_choice();
	test_list();
	test_proc();
	test_keys();
	test_no_rows();
	test_lines();
	return tap_done();
}
