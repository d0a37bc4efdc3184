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
#define _GNU_SOURCE	/* CPU_SET() */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
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
#include "memory.h"
#include "paging.h"
#include "report.h"

#define BATCHES		15
#define ROUNDS		100

/* More than it takes to arm a timer; and more than KVM polls before it sleeps. */
#define SHORT_DELAY	10000
#define LONG_DELAY	100000

/* The section of guest.S and guest_paging.S. */
extern const char __start_guest[], __stop_guest[];
extern const char irq_taken[], irq_ping[], irq_stop[];
extern const char bench_loop[], bench_cpuid[], bench_rdmsr[], bench_wrmsr[],
	bench_out_user[], bench_in_user[], bench_mmio_user[], bench_first_touch[],
	bench_eoi[], bench_icr[], bench_apic_read[], bench_apic_eoi[], bench_spin[],
	bench_timer[], bench_timer_hlt[], bench_self_ipi_hlt[], bench_ipi[],
	bench_ipi_hlt[], bench_peer[], bench_peer_hlt[];

static void null_syscall(const struct side *side)
{
	syscall(SYS_getppid);
}

static void null_ioctl(const struct side *side)
{
	side->null_ioctl();
}

static const struct {
	const char *name;
	unsigned int flags;
	unsigned int vcpus;
} groups[NR_GROUPS] = {
	[EXITS] = { "exits", 0, 1 },
	[INTERRUPTS] = { "interrupts", MACHINE_LAPIC, 1 },
	[IPI] = { "ipi", MACHINE_LAPIC, 2 },
	[PAGING] = { "paging", 0, 1 },
	[MEMORY] = { "memory" },
};

static struct bench benches[] = {
	{ EXITS, "null_syscall", .host = null_syscall },
	{ EXITS, "null_ioctl", .host = null_ioctl },
	{ EXITS, "loop", bench_loop },
	{ EXITS, "cpuid", bench_cpuid },
	{ EXITS, "rdmsr", bench_rdmsr },
	{ EXITS, "wrmsr", bench_wrmsr },
	{ EXITS, "out_user", bench_out_user },
	{ EXITS, "in_user", bench_in_user },
	{ EXITS, "mmio_user", bench_mmio_user },
	{ EXITS, "first_touch", bench_first_touch },
	{ INTERRUPTS, "lapic_cpuid", bench_cpuid },
	{ INTERRUPTS, "lapic_rdmsr", bench_rdmsr },
	{ INTERRUPTS, "lapic_out_user", bench_out_user },
	{ INTERRUPTS, "eoi", bench_eoi },
	{ INTERRUPTS, "icr", bench_icr },
	{ INTERRUPTS, "apic_read", bench_apic_read },
	{ INTERRUPTS, "apic_eoi", bench_apic_eoi },
	{ INTERRUPTS, "timer", bench_timer, .delay = SHORT_DELAY, .spins = true },
	{ INTERRUPTS, "timer_hlt", bench_timer_hlt, .delay = LONG_DELAY },
	{ INTERRUPTS, "self_ipi_hlt", bench_self_ipi_hlt },
	{ IPI, "ipi", bench_ipi, .peer = bench_peer },
	{ IPI, "ipi_hlt", bench_ipi_hlt, .peer = bench_peer_hlt, .rounds = 20,
	  .delay = LONG_DELAY },
	{ PAGING, "exit", bench_cpuid },
	{ PAGING, "first_touch", bench_first_touch },
	{ PAGING, "mov_cr3", bench_mov_cr3, .spaces = 1 },
	{ PAGING, "read_cr3", bench_read_cr3, .spaces = 1 },
	{ PAGING, "invlpg", bench_invlpg, .spaces = 1 },
	{ PAGING, "invlpg_touch", bench_invlpg_touch, .spaces = 1, .pages = 1 },
	{ PAGING, "own_fault", bench_own_fault, .spaces = 1, .fault = fault_skip },
	{ PAGING, "page_fault", bench_page_fault, .spaces = 1, .fault = fault_map },
	{ PAGING, "switch", bench_switch, .spaces = 2, .pages = 4 },
	{ PAGING, "switch_pcid", bench_switch_pcid, .spaces = 2, .pages = 4 },
	{ PAGING, "switch_64", bench_switch, .spaces = 2, .pages = 64 },
	{ PAGING, "new_table", bench_new_table, .spaces = 1, .pages = 64 },
};

#define NR_BENCHES	(sizeof(benches) / sizeof(benches[0]))

static struct memory memory[2];
static struct setting setting;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void start_state(struct keel_state *state, const char *guest, unsigned int vcpu)
{
	keel_start_long(state, GUEST_CODE + (guest - __start_guest), GUEST_GDT, GUEST_TABLES);
	state->segments.idtr.base = GUEST_IDT;
	state->segments.idtr.limit = 4095;
	state->regs.gpr[KEEL_RSP] = GUEST_STACKS + vcpu * 4096;
}

static void pin(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

struct peer {
	const struct side *side;
	const char *guest;
};

static void *run_peer(void *arg)
{
	const struct peer *peer = arg;
	struct keel_state state;
	int ret;

	pin(1);
	start_state(&state, peer->guest, 1);
	ret = peer->side->run(1, &state);
	if (ret) {
		/* The other vCPU waits for it. */
		fprintf(stderr, "keel-bench: second vCPU on %s: %s\n", peer->side->name,
			strerror(-ret));
		exit(1);
	}
	return NULL;
}

static int run_guest(const struct side *side, const struct bench *bench)
{
	struct peer peer = { side, bench->peer };
	struct keel_state state;
	pthread_t thread;
	int ret;

	if (bench->peer && pthread_create(&thread, NULL, run_peer, &peer))
		return -EAGAIN;
	start_state(&state, bench->guest, 0);
	ret = side->run(0, &state);
	/* After an error nobody ends the other one. */
	if (bench->peer && !ret)
		pthread_join(thread, NULL);
	return ret;
}

/* SDM: "64-Bit Mode IDT": a present interrupt gate. */
static void write_gate(char *memory, unsigned int vector, const char *handler)
{
	uint64_t address = GUEST_CODE + (handler - __start_guest);
	uint64_t *gate = (uint64_t *)(memory + GUEST_IDT) + 2 * vector;

	gate[0] = (address & 0xffff) | KEEL_START_CODE << 16 | 0x8eULL << 40 |
		(address >> 16) << 48;
	gate[1] = address >> 32;
}

static unsigned int rounds_of(const struct bench *bench)
{
	return bench->rounds ?: ROUNDS;
}

static double time_host(const struct side *side, const struct bench *bench)
{
	unsigned long long begin = __rdtsc();
	unsigned int i;

	for (i = 0; i < rounds_of(bench); i++)
		bench->host(side);
	return __rdtsc() - begin;
}

/* @nr: of the batch.  Return: 0 or a negative errno; the guest's words are in @memory. */
static int time_guest(const struct side *side, const struct bench *bench, char *memory,
		      unsigned int nr, unsigned int rounds)
{
	struct params *params = (void *)(memory + GUEST_PARAMS);
	int ret;

	*params = (struct params) {
		.count = rounds,
		/* Page tables for the pages of all batches come in the first, discarded. */
		.fresh = GUEST_FRESH + nr * ROUNDS * 4096ULL,
		.delay = bench->delay,
	};
	if (bench->spaces)
		paging_before(memory, bench);
	if (bench->fault)
		write_gate(memory, VECTOR_PF, bench->fault);
	ret = run_guest(side, bench);
	if (!ret && bench->spaces)
		ret = paging_after(memory, bench, rounds);
	return ret;
}

/* @spin_ticks: what one turn takes in which the guest waits */
static int batch(const struct side *side, const struct bench *bench, char *memory,
		 unsigned int nr, double spin_ticks, double *ticks)
{
	const struct params *params = (const void *)(memory + GUEST_PARAMS);
	int ret;

	if (bench->host) {
		*ticks = time_host(side, bench) / rounds_of(bench);
		return 0;
	}
	ret = time_guest(side, bench, memory, nr, rounds_of(bench));
	*ticks = (params->ticks - params->spins * spin_ticks) / rounds_of(bench);
	return ret;
}

/* By the difference of two batches, so that what is around the rounds does not count. */
static int count_exits(const struct side *side, const struct bench *bench, char *memory,
		       double *exits)
{
	double before = side->exits(), between;
	unsigned int rounds = rounds_of(bench);
	int ret;

	ret = time_guest(side, bench, memory, BATCHES + 1, rounds);
	between = side->exits();
	ret = ret ?: time_guest(side, bench, memory, BATCHES + 2, 2 * rounds);
	*exits = before < 0 ? -1 : (side->exits() - between - (between - before)) / rounds;
	return ret;
}

static int measure(const struct side *side, const struct bench *bench, char *memory,
		   double spin_ticks, struct result *result)
{
	double batches[BATCHES];
	unsigned int i;
	int ret;

	/* Once for the caches, and what is made on first use. */
	ret = batch(side, bench, memory, 0, spin_ticks, &batches[0]);
	for (i = 0; !ret && i < BATCHES; i++)
		ret = batch(side, bench, memory, i + 1, spin_ticks, &batches[i]);
	if (!ret && bench->group == PAGING)
		ret = count_exits(side, bench, memory, &result->exits);
	if (ret) {
		fprintf(stderr, "keel-bench: %s on %s: %s\n", bench->name, side->name,
			strerror(-ret));
		return ret;
	}
	qsort(batches, BATCHES, sizeof(batches[0]), compare);
	result->ticks = batches[BATCHES / 2];
	return 0;
}

static char *make_memory(void)
{
	char *memory;

	if (__stop_guest - __start_guest > GUEST_PARAMS - GUEST_CODE)
		return NULL;
	memory = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* first_touch is about 4-KiB pages. */
	madvise(memory, GUEST_MEMORY, MADV_NOHUGEPAGE);
	memcpy(memory + GUEST_CODE, __start_guest, __stop_guest - __start_guest);
	keel_write_gdt(memory + GUEST_GDT, 1);
	keel_write_long_tables(memory + GUEST_TABLES, GUEST_TABLES, GUEST_MAPPED);
	paging_make_spaces(memory);
	write_gate(memory, VECTOR_TAKEN, irq_taken);
	write_gate(memory, VECTOR_PING, irq_ping);
	write_gate(memory, VECTOR_STOP, irq_stop);
	return memory;
}

/* One turn of the wait: its row less the loop around it. */
static int calibrate(const struct side *side, char *memory, double *spin_ticks)
{
	static const struct bench spin = { INTERRUPTS, "spin", bench_spin };
	static const struct bench loop = { INTERRUPTS, "loop", bench_loop };
	struct result turn = {}, around = {};
	int ret;

	ret = measure(side, &spin, memory, 0, &turn);
	if (!ret)
		ret = measure(side, &loop, memory, 0, &around);
	*spin_ticks = turn.ticks - around.ticks;
	return ret;
}

static unsigned int machine_flags(enum group group)
{
	unsigned int flags = groups[group].flags;

	if ((flags & MACHINE_LAPIC) && !setting.apicv)
		flags |= MACHINE_NO_APICV;
	if (setting.shadow)
		flags |= MACHINE_SHADOW;
	return flags;
}

/* @column: of bench.result */
static int measure_group(const struct side *side, enum group group, char *memory,
			 unsigned int column)
{
	double spin_ticks = 0;
	unsigned int i;
	int ret;

	ret = side->open(memory, machine_flags(group), groups[group].vcpus);
	if (ret)
		fprintf(stderr, "keel-bench: no machine %son %s: %s\n",
			setting.shadow ? "with shadow paging " : "", side->name,
			strerror(-ret));
	if (!ret && group == INTERRUPTS)
		ret = calibrate(side, memory, &spin_ticks);
	for (i = 0; !ret && i < NR_BENCHES; i++)
		if (benches[i].group == group)
			ret = measure(side, &benches[i], memory,
				      benches[i].spins ? spin_ticks : 0,
				      &benches[i].result[column]);
	side->close();
	return ret;
}

/* Each group has memory of its own: first_touch is in two. */
static int measure_side(const struct side *side, unsigned int column)
{
	enum group group;
	char *memory;
	int ret = 0;

	for (group = EXITS; !ret && group < MEMORY; group++) {
		if (!setting.wanted[group])
			continue;
		memory = make_memory();
		if (!memory)
			return -ENOMEM;
		ret = measure_group(side, group, memory, column);
		munmap(memory, GUEST_MEMORY);
	}
	return ret;
}

static int usage(void)
{
	fprintf(stderr, "usage: keel-bench [--json] [--keel] [exits|interrupts|ipi|paging|memory]...\n"
		"Compares Keel and /dev/kvm; both modules must be loaded.  --keel: Keel alone.\n"
		"Interrupts with APIC virtualization by the CPU where kvm_intel has enable_apicv,\n"
		"shadow paging on both where it has not ept.\n");
	return 2;
}

static bool choose(const char *name)
{
	enum group group;

	for (group = 0; group < NR_GROUPS; group++)
		if (!strcmp(name, groups[group].name))
			return setting.wanted[group] = true;
	return false;
}

static int measure_all(void)
{
	int ret;

	/* One after the other: who has a VM has VMX. */
	ret = measure_side(&keel_side, 0);
	if (!setting.keel_alone)
		ret = measure_side(&kvm_side, 1) ?: ret;
	if (!setting.wanted[MEMORY])
		return ret;
	ret = measure_memory(&keel_side, &memory[0]) ?: ret;
	return setting.keel_alone ? ret : measure_memory(&kvm_side, &memory[1]) ?: ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "keel", no_argument, NULL, 'k' }, {},
	};
	char line[8];
	int ret, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'j')
			setting.json = true;
		else if (opt == 'k')
			setting.keel_alone = true;
		else
			return usage();
	}
	if (optind == argc)
		setting.wanted[EXITS] = setting.wanted[INTERRUPTS] =
			setting.wanted[MEMORY] = true;
	for (; optind < argc; optind++)
		if (!choose(argv[optind]))
			return usage();
	if (setting.wanted[IPI] && sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		fprintf(stderr, "keel-bench: ipi: needs two CPUs\n");
		return 1;
	}
	setting.apicv = read_line("/sys/module/kvm_intel/parameters/enable_apicv", line, sizeof(line)) &&
		*line == 'Y';
	setting.shadow = read_line("/sys/module/kvm_intel/parameters/ept", line, sizeof(line)) &&
		*line == 'N';
	/* The testbed's init gives its children all ports, which few VMMs have. */
	iopl(0);
	pin(0);
	ret = measure_all();
	print_report(&setting, benches, NR_BENCHES, memory);
	return ret ? 1 : 0;
}
