// SPDX-License-Identifier: GPL-2.0
/*
 * keel-bench: what each kind of exit costs, on Keel and on /dev/kvm in the same
 * boot, with the same guest code (guest.S) and a bare ioctl loop on both.
 *
 * The figures are ticks of the TSC a round.  In the testbed a tick is one
 * instruction; on a real machine it is time, and the figures mean something else.
 * Nothing is subtracted: what the guest's loop itself costs is the line "loop".
 *
 * Each figure is the median of several batches, so that a timer interrupt in
 * one of them does not show.
 */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define BATCHES		15
#define ROUNDS		100

extern const char guest_begin[], guest_end[];
extern const char bench_loop[], bench_cpuid[], bench_rdmsr[], bench_wrmsr[],
	bench_out_user[], bench_in_user[], bench_mmio_user[], bench_first_touch[];

static void null_syscall(const struct side *side)
{
	syscall(SYS_getppid);
}

static void null_ioctl(const struct side *side)
{
	side->null_ioctl();
}

/* Either @guest, or @host for what user space does itself. */
static const struct bench {
	const char *name;
	const char *guest;
	void (*host)(const struct side *side);
} benches[] = {
	{ "null_syscall", NULL, null_syscall },
	{ "null_ioctl", NULL, null_ioctl },
	{ "loop", bench_loop },
	{ "cpuid", bench_cpuid },
	{ "rdmsr", bench_rdmsr },
	{ "wrmsr", bench_wrmsr },
	{ "out_user", bench_out_user },
	{ "in_user", bench_in_user },
	{ "mmio_user", bench_mmio_user },
	{ "first_touch", bench_first_touch },
};

#define NR_BENCHES	(sizeof(benches) / sizeof(benches[0]))

/* Ticks a round; 0 is not measured. */
static double result[2][NR_BENCHES];
static bool json;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int batch(const struct side *side, const struct bench *bench, char *memory,
		 unsigned int nr, double *ticks)
{
	struct params *params = (void *)(memory + GUEST_PARAMS);
	struct keel_state state;
	unsigned long long begin;
	int i, ret;

	if (bench->host) {
		begin = __rdtsc();
		for (i = 0; i < ROUNDS; i++)
			bench->host(side);
		*ticks = (double)(__rdtsc() - begin) / ROUNDS;
		return 0;
	}
	keel_start_long(&state, GUEST_CODE + (bench->guest - guest_begin), GUEST_GDT,
			GUEST_TABLES);
	params->count = ROUNDS;
	/* Page tables for the pages of all batches come in the first, discarded. */
	params->fresh = GUEST_FRESH + nr * ROUNDS * 4096ULL;
	ret = side->run(&state);
	*ticks = (double)params->ticks / ROUNDS;
	return ret;
}

static int measure(const struct side *side, const struct bench *bench, char *memory,
		   double *ticks)
{
	double batches[BATCHES];
	unsigned int i;
	int ret;

	/* Once for the caches, and what is made on first use. */
	ret = batch(side, bench, memory, 0, &batches[0]);
	for (i = 0; !ret && i < BATCHES; i++)
		ret = batch(side, bench, memory, i + 1, &batches[i]);
	if (ret) {
		fprintf(stderr, "keel-bench: %s on %s: %s\n", bench->name, side->name,
			strerror(-ret));
		return ret;
	}
	qsort(batches, BATCHES, sizeof(batches[0]), compare);
	*ticks = batches[BATCHES / 2];
	return 0;
}

static char *make_memory(void)
{
	char *memory;

	memory = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* first_touch is about 4-KiB pages. */
	madvise(memory, GUEST_MEMORY, MADV_NOHUGEPAGE);
	memcpy(memory + GUEST_CODE, guest_begin, guest_end - guest_begin);
	keel_write_gdt(memory + GUEST_GDT, 1);
	keel_write_long_tables(memory + GUEST_TABLES, GUEST_TABLES, GUEST_MAPPED);
	return memory;
}

static int measure_side(const struct side *side, double *results)
{
	char *memory = make_memory();
	unsigned int i;
	int ret;

	if (!memory)
		return -ENOMEM;
	ret = side->open(memory);
	if (ret)
		fprintf(stderr, "keel-bench: no machine on %s: %s\n", side->name,
			strerror(-ret));
	for (i = 0; !ret && i < NR_BENCHES; i++)
		ret = measure(side, &benches[i], memory, &results[i]);
	side->close();
	munmap(memory, GUEST_MEMORY);
	return ret;
}

static bool read_line(const char *path, char *line, size_t bytes)
{
	FILE *f = fopen(path, "r");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, bytes, f);
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = 0;
	return ok;
}

static bool mitigations_off(void)
{
	char line[4096];

	return read_line("/proc/cmdline", line, sizeof(line)) && strstr(line, "mitigations=off");
}

/* JSON strings: the files printed here have no control characters but tabs. */
static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
	}
	putchar('"');
}

static void print_fact(const char *side, const char *name, const char *value, bool *first)
{
	if (!json) {
		printf("mitigation: %s %s: %s\n", side, name, value);
		return;
	}
	printf("%s\n    {\"of\": \"%s\", \"name\": ", *first ? "" : ",", side);
	*first = false;
	print_string(name);
	printf(", \"value\": ");
	print_string(value);
	putchar('}');
}

static void print_mitigations(void)
{
	static const char keel_file[] = "/sys/kernel/debug/keel/mitigations";
	static const char kvm_file[] = "/sys/module/kvm_intel/parameters/vmentry_l1d_flush";
	char line[256];
	bool first = true;
	glob_t files;
	size_t i;
	FILE *f;

	if (!glob("/sys/devices/system/cpu/vulnerabilities/*", 0, NULL, &files)) {
		for (i = 0; i < files.gl_pathc; i++)
			if (read_line(files.gl_pathv[i], line, sizeof(line)))
				print_fact("host", strrchr(files.gl_pathv[i], '/') + 1, line,
					   &first);
		globfree(&files);
	}
	if (read_line(kvm_file, line, sizeof(line)))
		print_fact("kvm", "vmentry_l1d_flush", line, &first);
	f = fopen(keel_file, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value = 0;
		value += 1 + strspn(value + 1, " ");
		value[strcspn(value, "\n")] = 0;
		print_fact("keel", line, value, &first);
	}
	fclose(f);
}

static void print_bench(unsigned int i, const char *mitigations)
{
	double keel = result[0][i], kvm = result[1][i];

	if (!json) {
		printf("bench: %s mitigations=%s keel=%.0f kvm=%.0f ratio=%.3f\n",
		       benches[i].name, mitigations, keel, kvm, kvm ? keel / kvm : 0);
		return;
	}
	printf("%s\n    {\"name\": \"%s\", \"keel\": %.1f, \"kvm\": %.1f, \"ratio\": %.3f}",
	       i ? "," : "", benches[i].name, keel, kvm, kvm ? keel / kvm : 0);
}

static void print_all(void)
{
	const char *mitigations = mitigations_off() ? "off" : "default";
	unsigned int i;

	if (json)
		printf("{\n  \"mitigations\": \"%s\",\n  \"in_force\": [", mitigations);
	print_mitigations();
	if (json)
		printf("\n  ],\n  \"bench\": [");
	for (i = 0; i < NR_BENCHES; i++)
		print_bench(i, mitigations);
	if (json)
		printf("\n  ]\n}\n");
}

static int usage(void)
{
	fprintf(stderr, "usage: keel-bench [--json]\n"
		"Compares exits on Keel and on /dev/kvm; both modules must be loaded.\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, {} };
	int ret, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j')
			return usage();
		json = true;
	}
	if (optind < argc)
		return usage();
	/* The testbed's init gives its children all ports, which few VMMs have. */
	iopl(0);
	/* One after the other: who has a VM has VMX. */
	ret = measure_side(&keel_side, result[0]);
	ret = measure_side(&kvm_side, result[1]) ?: ret;
	print_all();
	return ret ? 1 : 0;
}
