// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "kselftest.h"
#include "memguest.h"

#define SEED		0x6b65656cULL
/* What may be gone, KiB: the host's own caches and lists come and go by as much. */
#define TOLERANCE	6144
/* KASAN keeps what was freed for a while, kmemleak a record of all there is. */
#define DEBUG_TOLERANCE	65536
/* What may still come and go when it has settled, KiB. */
#define STEADY		512
/* How long the host may take over what it frees later, ms. */
#define PATIENCE	10000
/*
 * Each CPU keeps free pages to itself, which MemAvailable has not got: tens of MiB,
 * unless a fraction of the memory is given, one that makes it about 1 MiB.
 */
#define CPU_LISTS	"/proc/sys/vm/percpu_pagelist_high_fraction"
#define CPU_FRACTION	"1000"
#define CPU_BYTES	(4UL << 20)

uint64_t load_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

uint64_t load_random(struct load *load)
{
	load->random ^= load->random << 13;
	load->random ^= load->random >> 7;
	load->random ^= load->random << 17;
	return load->random;
}

uint32_t load_below(struct load *load, uint32_t end)
{
	return (load_random(load) >> 32) % end;
}

bool load_ok(bool passed, const char *fmt, ...)
{
	char name[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	ksft_test_result(passed, "%s\n", name);
	return passed;
}

long load_allocations(void)
{
	char text[32];

	return host_read("/sys/kernel/debug/keel/allocations", text, sizeof(text)) ?
		-1 : atol(text);
}

bool load_no_vms(void)
{
	char text[256];

	if (host_read("/sys/kernel/debug/keel/users", text, sizeof(text)))
		return false;
	if (*text)
		ksft_print_msg("users: %s\n", text);
	return !*text;
}

long load_meminfo(const char *name)
{
	char text[4096];
	const char *line;

	if (host_read("/proc/meminfo", text, sizeof(text)))
		return -1;
	line = strstr(text, name);
	return line ? atol(line + strlen(name)) : -1;
}

bool load_cpus_are(const char *state)
{
	char text[256], *word, *rest = text;
	int cpus = 0;

	if (host_read("/sys/module/keel_probe/parameters/cpus", text, sizeof(text)))
		return false;
	while ((word = strsep(&rest, " "))) {
		if (strcmp(word, state)) {
			ksft_print_msg("a CPU is '%s', not '%s'\n", word, state);
			return false;
		}
		cpus++;
	}
	return cpus == host_nr_cpus();
}

/* The host's caches, which are no leak. */
static void drop_caches(void)
{
	host_write("/proc/sys/vm/drop_caches", "3");
}

/* What the host had to free from before is free, or a leak could hide behind it. */
static void settle(void)
{
	uint64_t end = load_ms() + PATIENCE;
	long before, now = 0;

	do {
		before = now;
		drop_caches();
		usleep(500000);
		now = load_meminfo("MemAvailable:");
	} while (labs(now - before) > STEADY && load_ms() < end);
}

static bool within_tolerance(const struct load *load)
{
	bool debug = host_is_slow();
	long tolerance = debug ? DEBUG_TOLERANCE : TOLERANCE;

	return load_meminfo("MemAvailable:") + tolerance >= load->available &&
	       load_meminfo("Slab:") <= load->slab + tolerance;
}

static void usage(const char *name)
{
	fprintf(stderr, "usage: %s [-n ROUNDS] [-s SEED]\n", name);
	exit(2);
}

static void parse(struct load *load, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		switch (option) {
		case 'n':
			load->rounds = strtoul(optarg, NULL, 0);
			break;
		case 's':
			load->seed = strtoull(optarg, NULL, 0);
			break;
		default:
			usage(argv[0]);
		}
	}
	if (optind < argc || !load->rounds || !load->seed)
		usage(argv[0]);
}

static void load_modules(void)
{
	int ret = host_unload_keel();

	if (ret)
		ksft_exit_fail_msg("keel.ko does not unload: %s\n", strerror(-ret));
	host_run("rmmod keel_probe");
	host_run("rmmod kvm_intel");
	/* The probe first: it is told of CPUs that go after keel.ko was. */
	if (host_run("modprobe keel_probe") || host_load_keel(""))
		ksft_exit_fail_msg("keel.ko or keel_probe.ko does not load\n");
}

static void use_some_memory(void)
{
	void *some = mmap(NULL, CPU_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (some != MAP_FAILED)
		munmap(some, CPU_BYTES);
}

/* A CPU sees that its list is too long when it frees something. */
static void shorten_cpu_lists(struct load *load)
{
	cpu_set_t all, one;
	int cpu;

	if (host_read(CPU_LISTS, load->cpu_lists, sizeof(load->cpu_lists)) ||
	    host_write(CPU_LISTS, CPU_FRACTION) || sched_getaffinity(0, sizeof(all), &all))
		ksft_exit_fail_msg("no %s\n", CPU_LISTS);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof(one), &one))
			use_some_memory();
	}
	sched_setaffinity(0, sizeof(all), &all);
}

void load_begin(struct load *load, int argc, char **argv, unsigned int rounds)
{
	struct memguest g;
	int ret;

	*load = (struct load){ .rounds = rounds, .seed = SEED };
	parse(load, argc, argv);
	load->random = load->seed;
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	load_modules();
	/* Once, so that what the host keeps from a first time is there. */
	ret = memguest_open(&g);
	memguest_close(&g);
	if (ret == -EOPNOTSUPP)
		ksft_exit_skip("no guests in this paging mode on this CPU\n");
	if (ret)
		ksft_exit_fail_msg("no VM: %s\n", strerror(-ret));
	shorten_cpu_lists(load);
	printf("# %s: %u rounds, seed 0x%llx, %s paging; again: %s-n %u -s 0x%llx\n",
	       program_invocation_short_name, load->rounds, (unsigned long long)load->seed,
	       host_wants_shadow() ? "shadow" : "the CPU's", host_wants_shadow() ?
	       "KEEL_PAGING=shadow ... " : "", load->rounds, (unsigned long long)load->seed);
	settle();
	load->available = load_meminfo("MemAvailable:");
	load->slab = load_meminfo("Slab:");
	load->allocations = load_allocations();
}

int load_end(struct load *load)
{
	uint64_t end = load_ms() + PATIENCE;
	char text[16] = "";

	drop_caches();
	while (!within_tolerance(load) && load_ms() < end) {
		usleep(500000);
		drop_caches();
	}
	load_ok(within_tolerance(load), "memory: MemAvailable %+ld KiB, Slab %+ld KiB",
		load_meminfo("MemAvailable:") - load->available,
		load_meminfo("Slab:") - load->slab);
	load_ok(load_allocations() == load->allocations, "allocations: %ld, %ld before",
		load_allocations(), load->allocations);
	load_ok(load_no_vms(), "no VM is left");
	load_ok(load_cpus_are("off"), "VMX is off on all CPUs");
	host_read("/sys/module/keel/refcnt", text, sizeof(text));
	load_ok(!strcmp(text, "0"), "nobody holds the module: %s", text);
	load_ok(!host_unload_keel(), "the module goes");
	load_ok(load_cpus_are("off"), "and VMX stays off");
	host_run("rmmod keel_probe");
	host_write(CPU_LISTS, load->cpu_lists);
	printf("1..%u\n", ksft_test_num());
	return ksft_get_fail_cnt() ? 1 : 0;
}
