// SPDX-License-Identifier: GPL-2.0
/*
 * keel run --timing.
 *
 * Moments are kept while the guest runs and printed when it has ended: printing
 * takes time, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "cmd.h"
#include "json.h"
#include "lib/keel.h"
#include "machine.h"
#include "reason_names.h"
#include "timing.h"

#define NS_PER_S	1000000000ULL

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/**
 * timing_init() - the tool starts now
 * @timing: filled in
 */
void timing_init(struct timing *timing)
{
	memset(timing, 0, sizeof(*timing));
	pthread_mutex_init(&timing->lock, NULL);
	timing->start_ns = now_ns();
	timing->start_ticks = __rdtsc();
}

/**
 * timing_open() - keep moments
 * @timing: from timing_init()
 * @path: file that gets them as JSON; NULL: none
 *
 * Return: 0, or a negative errno after a message.
 */
int timing_open(struct timing *timing, const char *path)
{
	timing->on = true;
	if (!path)
		return 0;
	timing->json = fopen(path, "we");
	if (!timing->json) {
		cmd_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	/* Without one stdio asks the file for its size of blocks, when it is late. */
	setvbuf(timing->json, timing->buffer, _IOFBF, sizeof(timing->buffer));
	return 0;
}

static void add(struct timing *timing, const char *what, __u8 mark)
{
	__u64 ticks = __rdtsc(), ns = now_ns();

	if (!timing->on)
		return;
	pthread_mutex_lock(&timing->lock);
	if (timing->nr < TIMING_MOMENTS)
		timing->moments[timing->nr++] = (struct timing_moment) {
			.what = what,
			.mark = mark,
			.ns = ns - timing->start_ns,
			.ticks = ticks - timing->start_ticks,
		};
	pthread_mutex_unlock(&timing->lock);
}

/**
 * timing_moment() - something happens now
 * @timing: the moments; from any thread
 * @what: a string constant
 */
void timing_moment(struct timing *timing, const char *what)
{
	add(timing, what, 0);
}

/**
 * timing_mark() - the guest wrote to its marker port
 * @timing: the moments; from any thread
 * @mark: what it wrote
 */
void timing_mark(struct timing *timing, __u8 mark)
{
	add(timing, "mark", mark);
}

/* All vCPUs together. */
static int sum_up(const struct machine *machine, struct keel_stats *sum)
{
	struct keel_stats one;
	unsigned int i, n;
	int ret;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < machine->nr_vcpus; i++) {
		ret = keel_get_stats(machine->vcpus[i].fd, &one);
		if (ret < 0)
			return ret;
		sum->entries += one.entries;
		sum->user_exits += one.user_exits;
		sum->injected += one.injected;
		sum->halts += one.halts;
		sum->page_faults += one.page_faults;
		for (n = 0; n < KEEL_STATS_REASONS; n++) {
			sum->exits[n] += one.exits[n];
			sum->to_user[n] += one.to_user[n];
		}
	}
	return 0;
}

static __u64 total(const struct keel_stats *sum)
{
	__u64 exits = 0;
	unsigned int n;

	for (n = 0; n < KEEL_STATS_REASONS; n++)
		exits += sum->exits[n];
	return exits;
}

static void print_text(const struct timing *timing,
		       const struct keel_stats *sum)
{
	char name[REASON_NAME_BYTES];
	unsigned int i;

	for (i = 0; i < timing->nr; i++) {
		const struct timing_moment *moment = &timing->moments[i];

		fprintf(stderr, "timing: %12.3f ms %15llu ticks  %s",
			moment->ns / 1e6, moment->ticks, moment->what);
		if (!strcmp(moment->what, "mark"))
			fprintf(stderr, " %u", moment->mark);
		fputc('\n', stderr);
	}
	fprintf(stderr, "timing: %12llu exits, %llu of them to keel run\n",
		total(sum), sum->user_exits);
	for (i = 0; i < KEEL_STATS_REASONS; i++)
		if (sum->exits[i])
			fprintf(stderr, "timing: %12llu %s (%u)\n", sum->exits[i],
				reason_print(i, name, sizeof(name)), i);
}

static void json_reasons(struct json *json, const char *key, const __u64 *counters)
{
	char name[REASON_NAME_BYTES];
	unsigned int i;

	json_open(json, key, '{');
	for (i = 0; i < KEEL_STATS_REASONS; i++)
		if (counters[i])
			json_number(json, reason_print(i, name, sizeof(name)), counters[i]);
	json_close(json, '}');
}

static void print_json(const struct timing *timing, __u32 tsc_khz,
		       const struct keel_stats *sum)
{
	struct json json = { .out = timing->json };
	unsigned int i;

	json_open(&json, NULL, '{');
	json_number(&json, "tsc_khz", tsc_khz);
	json_open(&json, "moments", '[');
	for (i = 0; i < timing->nr; i++) {
		const struct timing_moment *moment = &timing->moments[i];

		json_open(&json, NULL, '{');
		json_string(&json, "what", moment->what);
		if (!strcmp(moment->what, "mark"))
			json_number(&json, "mark", moment->mark);
		json_number(&json, "ns", moment->ns);
		json_number(&json, "ticks", moment->ticks);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "exits", '{');
	json_number(&json, "total", total(sum));
	json_number(&json, "user", sum->user_exits);
	json_number(&json, "injected", sum->injected);
	json_number(&json, "halts", sum->halts);
	json_number(&json, "page_faults", sum->page_faults);
	json_reasons(&json, "reasons", sum->exits);
	json_reasons(&json, "to_user", sum->to_user);
	json_close(&json, '}');
	json_close(&json, '}');
	fputc('\n', timing->json);
}

/**
 * timing_report() - print what was kept, and the exits of all vCPUs
 * @timing: the moments; closes its file
 * @machine: a machine whose threads have been joined
 *
 * Return: 0, or a negative errno after a message.
 */
int timing_report(struct timing *timing, const struct machine *machine)
{
	struct keel_stats sum;
	int ret;

	if (!timing->on)
		return 0;
	ret = sum_up(machine, &sum);
	if (ret < 0)
		cmd_error("counters: %s", strerror(-ret));
	print_text(timing, &sum);
	if (!timing->json)
		return ret;
	print_json(timing, machine->info.tsc_khz, &sum);
	if (fclose(timing->json)) {
		ret = -errno;
		cmd_error("--timing: %s", strerror(errno));
	}
	timing->json = NULL;
	return ret;
}
