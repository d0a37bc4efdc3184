/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices' time base: a clock, and timers that one thread serves.
 *
 * The thread sleeps until the next deadline, and for good while no timer is
 * armed.  Tests bring a clock of their own and run what is due themselves.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

/** define CLOCK_NS_PER_S - nanoseconds of a second */
#define CLOCK_NS_PER_S	1000000000ULL

struct clock;

/**
 * struct clock_source - where time comes from
 * @monotonic: nanoseconds since some moment; never goes back
 * @wall: nanoseconds since 1970-01-01 00:00 UTC; may be set
 * @opaque: given to both
 */
struct clock_source {
	__u64 (*monotonic)(void *opaque);
	__u64 (*wall)(void *opaque);
	void *opaque;
};

/**
 * struct timer - calls a function once, at a time
 * @clock: its clock; constant
 * @expire: what to call.  It runs without locks held, in the clock's thread,
 *	where it may arm and cancel timers, and no more than once at a time.  A
 *	timer that was cancelled or moved meanwhile may still expire: look at the
 *	clock, not at the call.
 * @opaque: given to @expire; constant
 * @deadline: when, by clock_ns(); guarded by the clock's lock, as what follows
 * @armed: it is in the clock's list
 * @next: the next one in that list
 */
struct timer {
	struct clock *clock;
	void (*expire)(void *opaque);
	void *opaque;
	__u64 deadline;
	bool armed;
	struct timer *next;
};

/**
 * struct clock - a clock and its timers
 * @source: where time comes from; constant
 * @lock: guards what follows; the innermost of all locks in devices/
 * @changed: signalled for the thread when the first deadline moved, or it is to
 *	stop
 * @idle: signalled when @running has returned
 * @timers: the armed ones, in the order of their deadlines
 * @running: the timer whose function is being called, or NULL
 * @stopping: the thread is to stop
 * @started: there is a thread to join; its owner's, as what follows
 * @thread: serves the timers
 * @begin: what the thread calls first, or NULL; constant once @started
 * @opaque: given to @begin
 */
struct clock {
	struct clock_source source;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_cond_t idle;
	struct timer *timers;
	struct timer *running;
	bool stopping;
	bool started;
	pthread_t thread;
	void (*begin)(void *opaque);
	void *opaque;
};

void clock_init(struct clock *clock, const struct clock_source *source);
int clock_start(struct clock *clock, void (*begin)(void *opaque), void *opaque);
void clock_destroy(struct clock *clock);
__u64 clock_ns(const struct clock *clock);
__u64 clock_wall_ns(const struct clock *clock);
void clock_run(struct clock *clock);
__u64 clock_next(struct clock *clock);
__u64 clock_ticks(__u64 ns, __u64 hz);
__u64 clock_ticks_ns(__u64 ticks, __u64 hz);

void timer_init(struct timer *timer, struct clock *clock,
		void (*expire)(void *opaque), void *opaque);
void timer_destroy(struct timer *timer);
void timer_arm(struct timer *timer, __u64 deadline);
void timer_cancel(struct timer *timer);

#endif /* CLOCK_H */
