// SPDX-License-Identifier: GPL-2.0
/*
 * Tracing and counters while guests run, and VMs come and go.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include <asm/vmx.h>

#include "kselftest_harness.h"
#include "lib/stats.h"
#include "lib/traceguest.h"

#define TOGGLES	host_rounds(100)
#define READS	host_rounds(100)

FIXTURE(trace_live)
{
	struct traced traced;
	pthread_t thread;
	bool running;
};

FIXTURE_SETUP(trace_live)
{
	TRACED_SETUP(&self->traced, 0);
}

static atomic_bool stop;

FIXTURE_TEARDOWN(trace_live)
{
	stop = true;
	if (self->running)
		pthread_join(self->thread, NULL);
	traced_free(&self->traced);
}

static void *run_until_stop(void *arg)
{
	struct guest *g = arg;
	int exit;

	do {
		exit = guest_run(g);
	} while (!stop && (exit == KEEL_EXIT_IO || exit == KEEL_EXIT_INTR));
	return stop ? NULL : arg;
}

GUEST_CODE(for_ever, "1: cpuid; out %al, $0xe9; jmp 1b");

#define SPAWN(self, function, arg) do {					\
	stop = false;							\
	ASSERT_EQ(0, pthread_create(&(self)->thread, NULL, function, arg)); \
	(self)->running = true;						\
} while (0)

/*
 * Switched on in the middle of an exit: its story has no beginning, or one from the
 * last time.  No time that is told may be longer than tracing has been on.
 */
TEST_F(trace_live, on_and_off_while_the_guest_runs)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	__u64 since, seen = 0, longest;
	unsigned int i, n;
	void *result;

	GUEST_START(&t->guest, GUEST_LONG, for_ever);
	SPAWN(self, run_until_stop, &t->guest);
	for (i = 0; i < TOGGLES; i++) {
		since = __rdtsc();
		TRACE_ON(t, NULL);
		usleep(100);
		TRACE_OFF(t, NULL);
		longest = __rdtsc() - since;
		ASSERT_EQ(0, tracefs_read(&t->trace));
		for (n = 0; n < t->trace.nr_events; n++) {
			e = &t->trace.events[n];
			if (tracefs_is(e, "keel_exit_done"))
				ASSERT_GT(longest, tracefs_arg(e, KEEL_EXIT_DONE_CYCLES));
			if (tracefs_is(e, "keel_user_done"))
				ASSERT_GT(longest, tracefs_arg(e, KEEL_USER_DONE_CYCLES));
		}
		seen += t->trace.nr_events;
		usleep(300);
	}
	EXPECT_LT(TOGGLES, seen);
	stop = true;
	ASSERT_EQ(0, pthread_join(self->thread, &result));
	self->running = false;
	EXPECT_EQ(NULL, result) {
		TH_LOG("%s", guest_describe(&t->guest));
	}
}

/* All of an exit is told as long as nothing is switched. */
TEST_F(trace_live, nothing_is_lost_meanwhile)
{
	struct traced *t = &self->traced;
	unsigned int exits, n;

	GUEST_START(&t->guest, GUEST_LONG, for_ever);
	TRACE_ON(t, "keel_exit");
	TRACE_ON(t, "keel_exit_done");
	for (n = 0; n < 500; n++)
		GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	TRACE_READ(t);
	exits = traced_exits(t, "keel_exit", EXIT_REASON_CPUID);
	EXPECT_EQ(500, exits);
	EXPECT_EQ(500, traced_exits(t, "keel_exit_done", EXIT_REASON_CPUID));
	EXPECT_EQ(500, traced_exits(t, "keel_exit", EXIT_REASON_IO_INSTRUCTION));
	EXPECT_EQ(500, traced_exits(t, "keel_exit_done", EXIT_REASON_IO_INSTRUCTION));
}

GUEST_CODE(counted,
	   ".rept 3; cpuid; .endr\n"
	   ".rept 4; out %al, $0xe9; .endr\n"
	   "mov $0x3b, %ecx; rdmsr; mov %eax, 0x20000000");

/* By reason and, of these, what went to user space. */
TEST_F(trace_live, counters)
{
	struct traced *t = &self->traced;
	struct keel_stats stats;
	__u64 to_user = 0;
	unsigned int i;

	GUEST_START(&t->guest, GUEST_LONG, counted);
	for (i = 0; i < 4; i++)
		GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	/* Asked twice: it exits twice. */
	GUEST_RUN(&t->guest, KEEL_EXIT_MMIO);
	GUEST_RUN(&t->guest, KEEL_EXIT_MMIO);
	ASSERT_EQ(0, keel_get_stats(t->guest.vcpu, &stats));
	EXPECT_EQ(3, stats.exits[EXIT_REASON_CPUID]);
	EXPECT_EQ(0, stats.to_user[EXIT_REASON_CPUID]);
	EXPECT_EQ(4, stats.exits[EXIT_REASON_IO_INSTRUCTION]);
	EXPECT_EQ(4, stats.to_user[EXIT_REASON_IO_INSTRUCTION]);
	EXPECT_EQ(1, stats.exits[EXIT_REASON_MSR_READ]);
	EXPECT_EQ(0, stats.to_user[EXIT_REASON_MSR_READ]);
	i = host_shadows(&t->guest.info) ? EXIT_REASON_EXCEPTION_NMI : EXIT_REASON_EPT_VIOLATION;
	EXPECT_EQ(2, stats.to_user[i]);
	EXPECT_EQ(stats.page_faults + 2, stats.exits[i]);
	EXPECT_EQ(6, stats.user_exits);
	for (i = 0; i < KEEL_STATS_REASONS; i++)
		to_user += stats.to_user[i];
	EXPECT_EQ(6, to_user);
}

TEST_F(trace_live, debugfs_says_the_same)
{
	struct traced *t = &self->traced;
	char *theirs, *ours = NULL;
	struct keel_stats stats;
	size_t bytes;
	unsigned int i;
	FILE *to;

	GUEST_START(&t->guest, GUEST_LONG, counted);
	for (i = 0; i < 4; i++)
		GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	ASSERT_EQ(0, keel_get_stats(t->guest.vcpu, &stats));
	to = open_memstream(&ours, &bytes);
	stats_print(to, t->vm, 0, &stats);
	fclose(to);
	theirs = stats_of_vm(t->vm);
	ASSERT_NE(NULL, theirs);
	ASSERT_STREQ(ours, theirs);
	free(ours);
	free(theirs);
}

static void *make_vms(void *arg)
{
	const struct guest *g = arg;
	int vm, vcpu;

	while (!stop) {
		vm = host_create_vm(g->keel, 0);
		vcpu = keel_create_vcpu(vm, 0);
		if (vm < 0 || vcpu < 0)
			return arg;
		close(vm);
		close(vcpu);
	}
	return NULL;
}

TEST_F(trace_live, debugfs_while_vms_come_and_go)
{
	struct traced *t = &self->traced;
	unsigned int i, most = 0, vms;
	char line[128];
	void *result;
	FILE *file;

	SPAWN(self, make_vms, &t->guest);
	for (i = 0; i < READS; i++) {
		file = fopen(STATS_FILE, "re");
		ASSERT_NE(NULL, file);
		for (vms = 0; fgets(line, sizeof(line), file);)
			vms += !strncmp(line, "vm ", 3);
		fclose(file);
		ASSERT_LE(1, vms);
		most = vms > most ? vms : most;
	}
	EXPECT_LE(most, 3);
	stop = true;
	ASSERT_EQ(0, pthread_join(self->thread, &result));
	self->running = false;
	EXPECT_EQ(NULL, result);
}

TEST_HARNESS_MAIN
