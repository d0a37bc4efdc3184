// SPDX-License-Identifier: GPL-2.0
/*
 * The devices' time base.
 *
 * An ordered list: a machine has a handful of timers, and the first is the one
 * that matters.  The thread waits on a condition variable with the first
 * deadline as its time-out; with an empty list, without one.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "clock.h"

static __u64 host_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static __u64 host_monotonic(void *opaque)
{
	(void)opaque;
	return host_ns(CLOCK_MONOTONIC);
}

static __u64 host_wall(void *opaque)
{
	(void)opaque;
	return host_ns(CLOCK_REALTIME);
}

/**
 * clock_ns() - what time it is for timers
 * @clock: the clock
 *
 * Return: nanoseconds since some moment; never goes back.
 */
__u64 clock_ns(const struct clock *clock)
{
	return clock->source.monotonic(clock->source.opaque);
}

/**
 * clock_wall_ns() - what time it is for people
 * @clock: the clock
 *
 * Return: nanoseconds since 1970-01-01 00:00 UTC.
 */
__u64 clock_wall_ns(const struct clock *clock)
{
	return clock->source.wall(clock->source.opaque);
}

/**
 * clock_ticks() - how many ticks of a frequency have passed
 * @ns: nanoseconds
 * @hz: frequency, below 1 GHz
 *
 * Return: whole ticks.
 */
__u64 clock_ticks(__u64 ns, __u64 hz)
{
	return (__uint128_t)ns * hz / CLOCK_NS_PER_S;
}

/**
 * clock_ticks_ns() - when a tick is over
 * @ticks: how many ticks
 * @hz: frequency, below 1 GHz
 *
 * Return: the first nanosecond at which clock_ticks() gives @ticks.
 */
__u64 clock_ticks_ns(__u64 ticks, __u64 hz)
{
	return ((__uint128_t)ticks * CLOCK_NS_PER_S + hz - 1) / hz;
}

/*
 * Call what is due.  The lock is held, but for the calls: a function may take
 * its device's lock, under which others arm timers.
 */
static void run_due(struct clock *clock)
{
	while (!clock->stopping && clock->timers &&
	       clock->timers->deadline <= clock_ns(clock)) {
		struct timer *timer = clock->timers;

		clock->timers = timer->next;
		timer->armed = false;
		clock->running = timer;
		pthread_mutex_unlock(&clock->lock);
		timer->expire(timer->opaque);
		pthread_mutex_lock(&clock->lock);
		clock->running = NULL;
		pthread_cond_broadcast(&clock->idle);
	}
}

static void *serve(void *arg)
{
	struct clock *clock = arg;

	pthread_setname_np(pthread_self(), "keel-clock");
	if (clock->begin)
		clock->begin(clock->opaque);
	pthread_mutex_lock(&clock->lock);
	while (!clock->stopping) {
		struct timespec until;

		run_due(clock);
		if (clock->stopping)
			break;
		if (!clock->timers) {
			pthread_cond_wait(&clock->changed, &clock->lock);
			continue;
		}
		until.tv_sec = clock->timers->deadline / CLOCK_NS_PER_S;
		until.tv_nsec = clock->timers->deadline % CLOCK_NS_PER_S;
		pthread_cond_timedwait(&clock->changed, &clock->lock, &until);
	}
	pthread_mutex_unlock(&clock->lock);
	return NULL;
}

/**
 * clock_start() - serve the timers in a thread
 * @clock: a clock without a source of its own; clock_destroy() ends the thread.
 *	Timers may be armed already.
 * @begin: the thread calls it first; NULL: nothing
 * @opaque: given to @begin
 *
 * The thread takes no signals: they are for the threads that wait for them.
 *
 * Return: 0, or -EAGAIN where the host has no thread left.
 */
int clock_start(struct clock *clock, void (*begin)(void *opaque), void *opaque)
{
	sigset_t all, old;
	int ret;

	clock->begin = begin;
	clock->opaque = opaque;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&clock->thread, NULL, serve, clock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	clock->started = !ret;
	return -ret;
}

/**
 * clock_init() - make a clock
 * @clock: the clock
 * @source: where its time comes from; its owner calls clock_run() when it has
 *	moved.  NULL: the host's clocks; clock_start() follows.
 */
void clock_init(struct clock *clock, const struct clock_source *source)
{
	static const struct clock_source host = {
		.monotonic = host_monotonic,
		.wall = host_wall,
	};
	pthread_condattr_t attr;

	*clock = (struct clock){ .source = source ? *source : host };
	pthread_mutex_init(&clock->lock, NULL);
	pthread_cond_init(&clock->idle, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&clock->changed, &attr);
	pthread_condattr_destroy(&attr);
}

/**
 * clock_destroy() - stop the thread and drop the timers
 * @clock: the clock.  No timer may be armed or destroyed any more, so the
 *	devices go first.
 */
void clock_destroy(struct clock *clock)
{
	pthread_mutex_lock(&clock->lock);
	clock->stopping = true;
	pthread_cond_signal(&clock->changed);
	pthread_mutex_unlock(&clock->lock);
	if (clock->started)
		pthread_join(clock->thread, NULL);
	clock->started = false;
	pthread_cond_destroy(&clock->changed);
	pthread_cond_destroy(&clock->idle);
	pthread_mutex_destroy(&clock->lock);
}

/**
 * clock_run() - call what is due, for clocks with a source of their own
 * @clock: the clock
 */
void clock_run(struct clock *clock)
{
	pthread_mutex_lock(&clock->lock);
	run_due(clock);
	pthread_mutex_unlock(&clock->lock);
}

/**
 * clock_next() - when the next timer runs out
 * @clock: the clock
 *
 * Return: its deadline, or ~0 where none is armed.
 */
__u64 clock_next(struct clock *clock)
{
	__u64 next;

	pthread_mutex_lock(&clock->lock);
	next = clock->timers ? clock->timers->deadline : ~0ULL;
	pthread_mutex_unlock(&clock->lock);
	return next;
}

/* Take the timer out of the list.  The lock is held. */
static void unlink_timer(struct timer *timer)
{
	struct timer **at = &timer->clock->timers;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
}

/**
 * timer_init() - make a timer, which is not armed
 * @timer: the timer
 * @clock: its clock
 * @expire: what it calls, see &timer.expire
 * @opaque: given to @expire
 */
void timer_init(struct timer *timer, struct clock *clock,
		void (*expire)(void *opaque), void *opaque)
{
	*timer = (struct timer){
		.clock = clock, .expire = expire, .opaque = opaque,
	};
}

/**
 * timer_destroy() - cancel a timer and wait until its function is over
 * @timer: the timer.  Not from its own function, nor with a lock held that the
 *	function takes.
 */
void timer_destroy(struct timer *timer)
{
	struct clock *clock = timer->clock;

	pthread_mutex_lock(&clock->lock);
	for (;;) {
		/* The function that is waited for may arm it again. */
		unlink_timer(timer);
		if (clock->running != timer)
			break;
		pthread_cond_wait(&clock->idle, &clock->lock);
	}
	pthread_mutex_unlock(&clock->lock);
}

/**
 * timer_arm() - let a timer run out once
 * @timer: the timer; a deadline that it has already is replaced
 * @deadline: when, by clock_ns(); a moment of the past is as soon as possible
 *
 * Timers of one deadline run out in the order in which they were armed.
 */
void timer_arm(struct timer *timer, __u64 deadline)
{
	struct clock *clock = timer->clock;
	struct timer **at = &clock->timers;

	pthread_mutex_lock(&clock->lock);
	unlink_timer(timer);
	while (*at && (*at)->deadline <= deadline)
		at = &(*at)->next;
	timer->deadline = deadline;
	timer->armed = true;
	timer->next = *at;
	*at = timer;
	if (clock->timers == timer)
		pthread_cond_signal(&clock->changed);
	pthread_mutex_unlock(&clock->lock);
}

/**
 * timer_cancel() - let a timer not run out
 * @timer: the timer.  Its function may be running, or about to.
 */
void timer_cancel(struct timer *timer)
{
	pthread_mutex_lock(&timer->clock->lock);
	unlink_timer(timer);
	pthread_mutex_unlock(&timer->clock->lock);
}
