// SPDX-License-Identifier: GPL-2.0
/*
 * The devices' clock: order of timers with a played time, then the host's time
 * and the thread.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "devices/clock.h"
#include "tests/tap.h"

static __u64 now;

static __u64 played(void *opaque)
{
	(void)opaque;
	return now;
}

static const struct clock_source source = {
	.monotonic = played, .wall = played,
};

static char journal[64];

static void note(void *opaque)
{
	strcat(journal, opaque);
}

static bool journal_is(const char *want)
{
	bool same = !strcmp(journal, want);

	if (!same)
		printf("# '%s'\n", journal);
	journal[0] = '\0';
	return same;
}

static struct clock played_clock;
static struct timer again;

static void note_again(void *opaque)
{
	(void)opaque;
	strcat(journal, "again ");
	timer_arm(&again, now + 10);
}

static void test_order(void)
{
	struct timer a, b, c;

	now = 100;
	clock_init(&played_clock, &source);
	timer_init(&a, &played_clock, note, "a ");
	timer_init(&b, &played_clock, note, "b ");
	timer_init(&c, &played_clock, note, "c ");
	timer_init(&again, &played_clock, note_again, NULL);
	ok(clock_next(&played_clock) == ~0ULL, "nothing is armed");
	timer_arm(&b, 120);
	timer_arm(&a, 110);
	timer_arm(&c, 120);
	ok(clock_next(&played_clock) == 110, "the first deadline");
	clock_run(&played_clock);
	ok(journal_is(""), "nothing is due");
	now = 109;
	clock_run(&played_clock);
	ok(journal_is(""), "nor just before");
	now = 110;
	clock_run(&played_clock);
	ok(journal_is("a "), "due at its deadline, once");
	now = 500;
	clock_run(&played_clock);
	ok(journal_is("b c "), "one deadline: in the order they were armed");
	clock_run(&played_clock);
	ok(journal_is("") && clock_next(&played_clock) == ~0ULL, "once");
	timer_arm(&a, 600);
	timer_arm(&b, 610);
	timer_arm(&a, 620);
	timer_cancel(&b);
	timer_cancel(&b);
	now = 615;
	clock_run(&played_clock);
	ok(journal_is(""), "cancelled and moved");
	now = 620;
	clock_run(&played_clock);
	ok(journal_is("a "), "moved, it runs out later");
	timer_arm(&a, 1);
	clock_run(&played_clock);
	ok(journal_is("a "), "a deadline of the past is due at once");
	timer_arm(&again, 620);
	clock_run(&played_clock);
	ok(journal_is("again ") && clock_next(&played_clock) == 630,
	   "a timer may arm itself");
	timer_destroy(&again);
	ok(clock_next(&played_clock) == ~0ULL, "destroyed, it is not armed");
	clock_destroy(&played_clock);
}

static void test_ticks(void)
{
	__u64 tick;
	bool exact = true;

	ok(clock_ticks(CLOCK_NS_PER_S, 1193182) == 1193182 &&
	   clock_ticks(CLOCK_NS_PER_S - 1, 1193182) == 1193181 &&
	   clock_ticks(0, 1193182) == 0, "ticks of a second");
	ok(clock_ticks(86400 * 365 * CLOCK_NS_PER_S, 3579545) ==
	   86400ULL * 365 * 3579545, "ticks of a year");
	for (tick = 1; tick < 100000; tick++) {
		__u64 ns = clock_ticks_ns(tick, 3579545);

		exact &= clock_ticks(ns, 3579545) == tick &&
			 clock_ticks(ns - 1, 3579545) == tick - 1;
	}
	ok(exact, "a tick begins where clock_ticks_ns() says");
}

static atomic_int fired;
static _Atomic __u64 fired_at;
static struct clock host;

static void fire(void *opaque)
{
	(void)opaque;
	fired_at = clock_ns(&host);
	fired++;
}

static void fire_slowly(void *opaque)
{
	fire(opaque);
	usleep(50000);
	fired++;
}

static bool wait_for(int times)
{
	unsigned int i;

	for (i = 0; i < 5000 && fired < times; i++)
		usleep(1000);
	return fired == times;
}

static void begin(void *opaque)
{
	int *begun = opaque;

	*begun = fired + 1;
}

static void test_thread(void)
{
	struct timer timer, late, slow;
	__u64 start, cpu;
	struct timespec used;
	int begun = 0, ret;

	clock_init(&host, NULL);
	timer_init(&slow, &host, fire, NULL);
	timer_arm(&slow, 0);
	ret = clock_start(&host, begin, &begun);
	ok(!ret && wait_for(1) && begun == 1,
	   "a timer armed before the thread runs out, after what the thread begins with");
	fired = 0;
	start = clock_ns(&host);
	ok(clock_wall_ns(&host) / CLOCK_NS_PER_S - time(NULL) + 2 <= 4,
	   "the wall clock");
	timer_init(&timer, &host, fire, NULL);
	timer_init(&late, &host, fire, NULL);
	timer_init(&slow, &host, fire_slowly, NULL);
	timer_arm(&late, start + 3600 * CLOCK_NS_PER_S);
	timer_arm(&timer, start + 20000000);
	ok(wait_for(1) && fired_at >= start + 20000000,
	   "an earlier deadline wakes the thread, not before its time");
	timer_cancel(&late);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	cpu = used.tv_sec * CLOCK_NS_PER_S + used.tv_nsec;
	usleep(100000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	cpu = used.tv_sec * CLOCK_NS_PER_S + used.tv_nsec - cpu;
	ok(fired == 1 && cpu < 20000000, "an idle clock costs nothing");
	timer_arm(&timer, start);
	ok(wait_for(2), "the idle thread wakes");
	timer_arm(&slow, 0);
	while (fired < 3)
		sched_yield();
	timer_destroy(&slow);
	ok(fired == 4, "destroying a timer waits for its function");
	timer_arm(&late, start + 3600 * CLOCK_NS_PER_S);
	clock_destroy(&host);
	ok(clock_ns(&host) < start + 600 * CLOCK_NS_PER_S,
	   "the thread ends with a timer armed");
}

int main(void)
{
	/* A hang is a failure. */
	alarm(60);
	test_order();
	test_ticks();
	test_thread();
	return tap_done();
}
