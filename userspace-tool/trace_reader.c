// SPDX-License-Identifier: GPL-2.0
/*
 * What keel trace does while it watches: attach, read, print, account for losses.
 *
 * Each exit that the BPF program has seen is printed or counted as lost.  A loss is
 * known from the next exit of the same vCPU that was not; what came after the last of
 * these is told at the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/filter.h"
#include "bpf/trace.h"
#include "bpf/trace.skel.h"
#include "cmd.h"
#include "exit_reasons.h"
#include "trace_print.h"
#include "trace_reader.h"
#include "watch.h"

/* A reader that sleeps longer lets people wait; it is woken before the buffer is full. */
#define READ_MS		50
/* A guest that never lets the buffer be empty must not keep signals from being seen. */
#define BATCH		4096

/**
 * struct reader - a trace on its way
 * @watch: the caller's
 * @choice: the caller's
 * @print: the caller's
 * @skel: the BPF program
 * @ring: its ring buffer
 * @min_cycles: what &trace_choice.longer_than is in ticks
 * @printed: exits that have been printed
 * @told: lost ones that have been told of
 * @batch: exits read since the last look at anything else
 * @full: as many have been printed as are wanted
 * @error: errno of what could not be written
 */
struct reader {
	struct watch *watch;
	const struct trace_choice *choice;
	struct trace_print *print;
	struct trace_bpf *skel;
	struct ring_buffer *ring;
	__u64 min_cycles;
	__u64 printed;
	__u64 told;
	unsigned int batch;
	bool full;
	int error;
};

static void print_lost(struct reader *reader, __u64 lost)
{
	reader->told += lost;
	if (reader->print->json)
		trace_json_lost(reader->print, lost);
	else
		trace_text_lost(reader->print, lost);
}

/* The reason is known only at once: a later write may succeed. */
static void note_error(struct reader *reader, bool failed)
{
	if (failed && !reader->error)
		reader->error = errno;
}

static void print_record(struct reader *reader, const struct trace_record *record)
{
	if (record->lost)
		print_lost(reader, record->lost);
	if (reader->print->json)
		trace_json(reader->print, record);
	else
		trace_text(reader->print, record);
	reader->printed++;
	reader->full = reader->printed == reader->choice->count;
	note_error(reader, ferror(reader->print->out));
}

static int on_record(void *opaque, void *data, size_t size)
{
	struct reader *reader = opaque;
	struct trace_record record = { 0 };

	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	print_record(reader, &record);
	if (reader->full || reader->error)
		return -ECANCELED;
	return ++reader->batch < BATCH ? 0 : -EAGAIN;
}

static bool chosen(const struct trace_choice *choice, __u32 reason)
{
	return !choice->some_reasons ||
	       choice->reasons[reason / 64] >> reason % 64 & 1;
}

/* What can tell nothing is not attached: it would cost the guest time. */
static void choose_programs(struct reader *reader)
{
	const struct trace_choice *choice = reader->choice;
	struct trace_bpf *skel = reader->skel;

	bpf_program__set_autoload(skel->progs.insn, reader->print->insn);
	bpf_program__set_autoload(skel->progs.cpuid, chosen(choice, EXIT_REASON_CPUID));
	bpf_program__set_autoload(skel->progs.hypercall,
				  chosen(choice, EXIT_REASON_VMCALL));
	bpf_program__set_autoload(skel->progs.cr, chosen(choice, EXIT_REASON_CR_ACCESS));
	bpf_program__set_autoload(skel->progs.pio,
				  chosen(choice, EXIT_REASON_IO_INSTRUCTION));
	bpf_program__set_autoload(skel->progs.msr,
				  chosen(choice, EXIT_REASON_MSR_READ) ||
				  chosen(choice, EXIT_REASON_MSR_WRITE) ||
				  chosen(choice, EXIT_REASON_MSR_READ_IMM) ||
				  chosen(choice, EXIT_REASON_MSR_WRITE_IMM));
}

static void set_choice(struct reader *reader)
{
	const struct trace_choice *choice = reader->choice;
	struct trace_bpf__rodata *rodata = reader->skel->rodata;

	rodata->filter = reader->watch->filter;
	rodata->some_reasons = choice->some_reasons;
	memcpy(rodata->reasons, choice->reasons, sizeof(rodata->reasons));
	rodata->min_cycles = reader->min_cycles;
	if (!reader->print->insn)
		rodata->record_bytes = offsetof(struct trace_record, insn);
	rodata->wake_bytes = choice->buffer / 4;
}

static int attach(struct reader *reader)
{
	reader->skel = trace_bpf__open();
	if (!reader->skel) {
		cmd_error("opening a BPF program: %s", strerror(errno));
		return -1;
	}
	choose_programs(reader);
	set_choice(reader);
	bpf_map__set_max_entries(reader->skel->maps.ring, reader->choice->buffer);
	if (watch_attach(reader->watch, reader->skel->skeleton))
		return -1;
	reader->ring = ring_buffer__new(bpf_map__fd(reader->skel->maps.ring),
					on_record, reader, NULL);
	if (reader->ring)
		return 0;
	cmd_error("reading the ring buffer: %s", strerror(errno));
	return -1;
}

/* Print what there is, up to a batch; false where nobody wants more. */
static bool read_batch(struct reader *reader, bool *more)
{
	reader->batch = 0;
	*more = ring_buffer__consume(reader->ring) == -EAGAIN;
	note_error(reader, fflush(reader->print->out));
	return !reader->error && !reader->full;
}

/* Print all that there is; nothing comes any more. */
static bool read_rest(struct reader *reader)
{
	bool more = true;

	while (more)
		if (!read_batch(reader, &more))
			return false;
	return true;
}

/* The file's end says nothing of it any more. */
static void tell_error(struct reader *reader)
{
	const char *name = reader->watch->output;

	if (!reader->error)
		return;
	cmd_error("%s: %s", name ? name : "standard output", strerror(reader->error));
	clearerr(reader->print->out);
	reader->watch->failed = true;
}

/* Exits that nobody has answered, such as a guest's last one. */
static void print_unfinished(struct reader *reader)
{
	int map = bpf_map__fd(reader->skel->maps.states);
	struct trace_state state;
	__u64 key, *last = NULL;

	for (; !bpf_map_get_next_key(map, last, &key) && !reader->full; last = &key) {
		if (bpf_map_lookup_elem(map, &key, &state) || !state.open ||
		    state.record.cycles + state.record.user_cycles < reader->min_cycles)
			continue;
		state.record.has |= TRACE_UNFINISHED;
		state.record.lost = state.lost;
		print_record(reader, &state.record);
	}
}

static struct trace_counts sum_counts(struct reader *reader)
{
	int cpu, cpus = libbpf_num_possible_cpus();
	struct trace_counts sum = { 0 }, *each;
	__u32 zero = 0;

	each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	if (each && !bpf_map_lookup_elem(bpf_map__fd(reader->skel->maps.counts),
					 &zero, each)) {
		for (cpu = 0; cpu < cpus; cpu++) {
			sum.sent += each[cpu].sent;
			sum.lost += each[cpu].lost;
			sum.untracked += each[cpu].untracked;
		}
	}
	free(each);
	return sum;
}

static void account(struct reader *reader)
{
	struct trace_counts counts = sum_counts(reader);
	__u64 lost = counts.lost + counts.untracked;

	if (lost > reader->told)
		print_lost(reader, lost - reader->told);
	if (reader->print->json)
		trace_json_end(reader->print, reader->printed, lost);
	if (counts.lost)
		cmd_error("%llu exits were lost, %llu printed; give a larger --buffer, or look at less with --reason, --vcpu or --longer-than",
			  counts.lost, reader->printed);
	if (counts.untracked)
		cmd_error("%llu exits were lost: they are of too many vCPUs; look at one VM with --vm",
			  counts.untracked);
}

static void watch_exits(struct reader *reader)
{
	struct watch *watch = reader->watch;
	int fd = ring_buffer__epoll_fd(reader->ring);
	bool wanted = true, more = false;

	reader->print->begin = watch->started;
	if (!reader->print->json)
		trace_text_head(reader->print);
	while (wanted && watch_wait(watch, fd, more ? 0 : READ_MS) != WATCH_END)
		wanted = read_batch(reader, &more);
	watch_stop(watch);
	if (wanted && read_rest(reader)) {
		print_unfinished(reader);
		if (!reader->full)
			account(reader);
		note_error(reader, fflush(reader->print->out));
	}
	tell_error(reader);
}

/**
 * trace_watch() - print exits until the watch ends
 * @watch: open; it is closed afterwards
 * @choice: which exits
 * @print: how; the rest is filled in
 *
 * Return: an exit status.
 */
int trace_watch(struct watch *watch, const struct trace_choice *choice,
		struct trace_print *print)
{
	struct reader reader = { .watch = watch, .choice = choice, .print = print };

	print->out = watch->out;
	print->tsc_khz = watch->tsc_khz;
	if (choice->longer_than)
		reader.min_cycles = (__uint128_t)choice->longer_than *
				    watch->tsc_khz / 1000000 + 1;
	if (!attach(&reader) && !watch_start(watch))
		watch_exits(&reader);
	else
		watch->failed = true;
	watch_stop(watch);
	ring_buffer__free(reader.ring);
	trace_bpf__destroy(reader.skel);
	return watch_close(watch);
}
