// SPDX-License-Identifier: GPL-2.0
/*
 * Random instruction streams in every mode, with random registers and stacks, each
 * for a bounded time: how long is up to whoever calls.
 *
 *	hostile_streams [--seed N] [--first N] [--batches N] [--lapic]
 *
 * A batch is a VM of its own with TRIES tries.  What it does follows from the seed
 * and its number alone, so that --first N --batches 1 does it again.  After each
 * batch the host is compared with what it was.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hostile.h"

#define TRIES		200
#define STREAM_BYTES	96
#define EXITS		40

static const char * const end_names[HOSTILE_ENDS] = {
	"done", "as many exits as allowed", "out of time", "shutdown", "refused", "wrong",
};

static unsigned long totals[HOSTILE_ENDS], exits;

static void random_registers(struct hostile *h)
{
	struct keel_run *run = h->guest.run;

	for (int i = 0; i < 16; i++)
		if (i != KEEL_RSP || !hostile_pick(h, 8))
			run->regs.gpr[i] = hostile_value(h);
	if (!hostile_pick(h, 4))
		run->regs.rflags ^= 1ULL << hostile_pick(h, 12);
	run->regs.rflags = (run->regs.rflags | 2) & 0x27fd7;
	/* A stack that is no frame of anything. */
	for (int i = 0; i < 16; i++)
		GUEST_U64(&h->guest, GUEST_STACK_AT - 64 + 8 * i) = hostile_value(h);
}

static int one_try(struct hostile *h)
{
	enum hostile_mode mode = hostile_pick(h, HOSTILE_MODES);
	__u8 code[STREAM_BYTES];
	int ret;

	hostile_stream(h, code, sizeof(code));
	if (hostile_lacks(h, mode))
		return 0;
	ret = hostile_start(h, mode, code, sizeof(code));
	if (ret) {
		snprintf(h->failure, sizeof(h->failure), "the try cannot start: %s",
			 strerror(-ret));
		return -1;
	}
	random_registers(h);
	return hostile_run(h, EXITS) == HOSTILE_WRONG ? -1 : 0;
}

static const char *run_batch(__u32 flags, __u64 seed)
{
	static struct hostile h;
	int ret = hostile_init(&h, flags, seed);

	h.guest.enter = host_watched_run;
	if (ret)
		snprintf(h.failure, sizeof(h.failure), "no VM: %s", strerror(-ret));
	for (int i = 0; i < TRIES && !h.failure[0]; i++)
		one_try(&h);
	for (int i = 0; i < HOSTILE_ENDS; i++)
		totals[i] += h.ends[i];
	exits += h.exits;
	hostile_free(&h);
	if (!h.failure[0] && host_watched_failure())
		snprintf(h.failure, sizeof(h.failure), "KEEL_RUN changed %s",
			 host_watched_failure());
	return h.failure[0] ? h.failure : NULL;
}

static void print_totals(void)
{
	unsigned long tries = 0;

	for (int i = 0; i < HOSTILE_ENDS; i++)
		tries += totals[i];
	printf("# %lu streams, %lu exits to the VMM:", tries, exits);
	for (int i = 0; i < HOSTILE_ENDS; i++)
		if (totals[i])
			printf(" %s %lu;", end_names[i], totals[i]);
	printf("\n");
}

/* The VM is there before the first look, so that VMX is on. */
static const char *run_batches(__u32 flags, __u64 seed, unsigned long first, unsigned long nr)
{
	struct host_state before;
	const char *why = NULL;
	struct guest holder;
	int ret;

	ret = guest_init_vm(&holder, 0, 0);
	if (!ret)
		ret = host_state_take(&before);
	if (ret)
		return ret == -EOPNOTSUPP ? "SKIP" : strerror(-ret);
	for (unsigned long n = first; n < first + nr && !why; n++) {
		why = run_batch(flags, seed + (n << 32));
		if (!why)
			why = host_state_differs(&before);
		if (why)
			printf("# seed %llu, batch %lu: hostile_streams --seed %llu --first %lu --batches 1%s\n",
			       seed, n, seed, n, flags ? " --lapic" : "");
	}
	host_state_free(&before);
	guest_free(&holder);
	return why;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", 1, NULL, 's' }, { "first", 1, NULL, 'f' }, { "batches", 1, NULL, 'b' },
		{ "lapic", 0, NULL, 'l' }, {},
	};
	unsigned long first = 0, batches = 10;
	__u64 seed = 1;
	__u32 flags = 0;
	const char *why;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			first = strtoul(optarg, NULL, 0);
			break;
		case 'b':
			batches = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			flags = KEEL_VM_LAPIC;
			break;
		default:
			fprintf(stderr, "usage: hostile_streams [--seed N] [--first N] [--batches N] [--lapic]\n");
			return 2;
		}
	}
	printf("TAP version 13\n1..1\n# seed %llu, batches %lu to %lu\n", seed, first,
	       first + batches - 1);
	why = run_batches(flags, seed, first, batches);
	print_totals();
	if (why && !strcmp(why, "SKIP")) {
		printf("ok 1 - streams # SKIP no guests in this paging mode on this CPU\n");
		return 4;
	}
	if (why)
		printf("# %s\n", why);
	printf("%sok 1 - streams of random instructions%s\n", why ? "not " : "",
	       flags ? ", with a local APIC" : "");
	return !!why;
}
