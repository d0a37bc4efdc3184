// SPDX-License-Identifier: GPL-2.0
/*
 * The host sleeps under guests that run (suspend-to-idle), and keel_probe.ko wakes it.
 * A round is one sleep.  The guests go on where they were.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest.h"
#include "lib/countguest.h"
#include "lib/host.h"
#include "lib/load.h"

#define CPUS	2
#define WAKE	"/sys/module/keel_probe/parameters/wake"
#define DEEP	"/sys/devices/system/cpu/cpu*/cpuidle/state[1-9]*/disable"

/*
 * Where the CPUs have idle states that stop the timers, a sleeping host uses those, and
 * keel_probe.ko's work would never be done.
 */
static bool deep_states(const char *disable)
{
	bool done = true;
	glob_t files;

	if (glob(DEEP, 0, NULL, &files))
		return true;
	for (size_t i = 0; i < files.gl_pathc; i++)
		done &= !host_write(files.gl_pathv[i], disable);
	globfree(&files);
	return done;
}

static long sleeps(void)
{
	char text[32];

	return host_read("/sys/power/suspend_stats/success", text, sizeof(text)) ?
		-1 : atol(text);
}

static bool one_round(const struct countguest *c)
{
	long before = sleeps();
	bool right;

	/* Time enough to fall asleep: woken before, it does not sleep at all. */
	right = !host_write(WAKE, "2000") && !host_write("/sys/power/state", "freeze");
	right &= sleeps() == before + 1;
	right &= load_cpus_are("vmx");
	right &= countguest_moves(c);
	return right;
}

int main(int argc, char **argv)
{
	unsigned int round, good = 0;
	struct countguest c;
	struct load load;

	load_begin(&load, argc, argv, 20);
	if (!deep_states("1"))
		ksft_exit_fail_msg("no way to do without deep idle states\n");
	if (countguest_start(&c, CPUS))
		ksft_exit_fail_msg("no VM\n");
	for (round = 0; round < load.rounds; round++)
		good += one_round(&c);
	load_ok(good == load.rounds, "the host slept and woke: %u of %u rounds", good,
		load.rounds);
	load_ok(countguest_stop(&c), "the guests have lost no count");
	deep_states("0");
	return load_end(&load);
}
