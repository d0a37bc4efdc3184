// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs go and come, again and again, under guests that run and VMs that are made and
 * unmade.  A round is one CPU that goes and comes back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest.h"
#include "lib/countguest.h"
#include "lib/host.h"
#include "lib/load.h"
#include "lib/memguest.h"

#define CPUS	4

MEMGUEST(halt, "hlt");

static volatile bool stop;

/* VMs that come and go meanwhile: how many, or -1 where one did not work. */
static void *come_and_go(void *arg)
{
	long made = 0, ret;

	while (!stop && made >= 0) {
		struct memguest g;

		ret = memguest_open(&g);
		if (!ret)
			ret = memguest_call(&g.cpu, halt, 0, 0, 0, 0);
		memguest_close(&g);
		if (ret != KEEL_EXIT_HLT)
			printf("# a VM beside them: %ld\n", ret);
		made = ret == KEEL_EXIT_HLT ? made + 1 : -1;
	}
	return (void *)made;
}

/* Right after keel.ko has seen it go, VMX is off on it. */
static bool went_without_vmx(void)
{
	char state[64];

	if (host_read("/sys/module/keel_probe/parameters/offline", state, sizeof(state)))
		return false;
	if (strcmp(state, "off"))
		ksft_print_msg("the CPU went as '%s'\n", state);
	return !strcmp(state, "off");
}

static bool one_round(const struct countguest *c)
{
	bool right;

	if (host_cpu_online(1, false))
		return false;
	right = went_without_vmx() && countguest_moves(c) && load_cpus_are("vmx");
	if (host_cpu_online(1, true))
		return false;
	return right && countguest_moves(c) && load_cpus_are("vmx");
}

int main(int argc, char **argv)
{
	unsigned int round, good = 0;
	struct countguest c;
	struct load load;
	pthread_t others;
	void *made;

	load_begin(&load, argc, argv, 200);
	if (host_nr_cpus() < 2)
		ksft_exit_skip("one CPU\n");
	if (countguest_start(&c, CPUS))
		ksft_exit_fail_msg("no VM\n");
	pthread_create(&others, NULL, come_and_go, NULL);
	for (round = 0; round < load.rounds; round++)
		good += one_round(&c);
	load_ok(good == load.rounds, "a CPU went and came: %u of %u rounds", good, load.rounds);
	stop = true;
	pthread_join(others, &made);
	load_ok((long)made > 0, "%ld VMs came and went beside them", (long)made);
	load_ok(countguest_stop(&c), "the guests have lost no count");
	return load_end(&load);
}
