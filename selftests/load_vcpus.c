// SPDX-License-Identifier: GPL-2.0
/*
 * 64 vCPUs on the host's few CPUs.  All make progress, and none far less than others:
 * a vCPU is a thread, and the scheduler is fair as long as nobody keeps it from its
 * work.  A round is a second of the host's clock for guests that only count, and one
 * for guests that leave to the VMM all the time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <keel.h>

#include "lib/host.h"
#include "lib/load.h"
#include "lib/memguest.h"

#define CPUS		KEEL_MAX_VCPUS
#define STOP		LOW_OUT
#define COUNTS		(LOW_OUT + 64)
#define PORT		0x80
/* The least of the fair share, the most of it. */
#define AT_LEAST	3	/* a third */
#define AT_MOST		3	/* three times */

/* Count at ESI until EDI is not 0. */
MEMGUEST(count, "1: incl (%esi)\n cmpl $0, (%edi)\n je 1b\n hlt");
/* The same, with an exit for each. */
MEMGUEST(ask, "1: incl (%esi)\n out %al, $0x80\n cmpl $0, (%edi)\n je 1b\n hlt");

static struct memguest_cpu cpus[CPUS];

static uint32_t count_of(const struct memguest *g, int i)
{
	return memguest_peek(g, COUNTS + i * 64);
}

/* To the HLT; each OUT is nothing but an exit. */
static void *serve(void *arg)
{
	struct memguest_cpu *cpu = arg;

	do {
		cpu->result = memguest_run(cpu);
	} while (cpu->result == KEEL_EXIT_IO);
	return NULL;
}

static bool fair(const struct memguest *g, const char *what)
{
	uint64_t sum = 0, least = ~0ULL, most = 0;
	int i;

	for (i = 0; i < CPUS; i++) {
		uint64_t n = count_of(g, i);

		sum += n;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	return load_ok(least * AT_LEAST * CPUS >= sum && most * CPUS <= sum * AT_MOST && least,
		       "%s: %d vCPUs on %d CPUs: least %llu, mean %llu, most %llu", what, CPUS,
		       host_nr_cpus(), (unsigned long long)least,
		       (unsigned long long)sum / CPUS, (unsigned long long)most);
}

static void phase(struct memguest *g, const char *what, const uint8_t *code,
		  const uint8_t *end, unsigned int seconds)
{
	bool ended = true;
	int i;

	memguest_poke(g, STOP, 0);
	for (i = 0; i < CPUS; i++) {
		memguest_poke(g, COUNTS + i * 64, 0);
		memguest_load_code(&cpus[i], code, end);
		memguest_args(&cpus[i], STOP, COUNTS + i * 64, 0, 0);
		if (pthread_create(&cpus[i].thread, NULL, serve, &cpus[i]))
			exit(1);
	}
	sleep(seconds);
	memguest_poke(g, STOP, 1);
	for (i = 0; i < CPUS; i++) {
		pthread_join(cpus[i].thread, NULL);
		ended &= cpus[i].result == KEEL_EXIT_HLT;
	}
	load_ok(ended, "%s: all came to their end", what);
	fair(g, what);
}

int main(int argc, char **argv)
{
	struct memguest g;
	struct load load;
	bool made = true;
	int i;

	load_begin(&load, argc, argv, 10);
	made = !memguest_open(&g);
	/* Its first vCPU is one of them. */
	cpus[0] = g.cpu;
	for (i = 1; i < CPUS; i++)
		made &= !memguest_add_cpu(&g, i, &cpus[i]);
	if (load_ok(made, "64 vCPUs are there")) {
		phase(&g, "counting", count, count_end, load.rounds);
		phase(&g, "leaving", ask, ask_end, load.rounds);
	}
	for (i = 1; i < CPUS; i++)
		memguest_remove_cpu(&cpus[i]);
	memguest_close(&g);
	return load_end(&load);
}
