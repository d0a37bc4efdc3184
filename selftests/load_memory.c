// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that check what is in their memory and change it, while the host swaps it
 * out, merges, splits, moves and copies it.  All of it must read as if nothing had
 * happened.  A round is one pass of the guests over their memory, and what the VMM
 * does beside it.
 *
 * Each page holds a number twice, at its start and at its end, and a guest replaces it
 * by one that follows from it.  The guest knows what it left, in a table of its own;
 * so does the VMM, which computes the same, and reads all pages after each pass.
 *
 * In the group that the program makes itself there is room for part of the memory
 * alone: the rest is in swap, in compressed memory (zram.ko).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest.h"
#include "lib/cgroup.h"
#include "lib/host.h"
#include "lib/load.h"
#include "lib/memguest.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define LARGE		0x200000
#define BYTES		(4 * LARGE)
#define PAGES		(BYTES / PAGE)
#define CPUS		2
#define SHARE		(PAGES / CPUS)	/* pages of one guest */
#define LAST		(PAGE / 4 - 1)	/* word of a page */
/* Where the guests' tables are: behind the memory, not disturbed. */
#define TABLE_GPA	(DATA_GPA + BYTES)
#define TABLE_BYTES	(PAGES * 4)
#define ROOM		"7M"
#define SWAP_BYTES	"64M"
#define SWAP_DEVICE	"/dev/zram0"
#define SWAP_SYS	"/sys/block/zram0/"

#define FACTOR		1664525

/*
 * ECX pages at EDI, with what they should hold at ESI.  Ends with ECX 0, or where a
 * page is wrong.
 */
MEMGUEST(pass, "1: mov (%edi), %edx\n cmp (%esi), %edx\n jne 2f\n cmp 4092(%edi), %edx\n jne 2f\n"
	       "imul $1664525, %edx, %edx\n add %eax, %edx\n"
	       "mov %edx, (%edi)\n mov %edx, 4092(%edi)\n mov %edx, (%esi)\n"
	       "add $4096, %edi\n add $4, %esi\n loop 1b\n"
	       "2: hlt");

struct test {
	struct load load;
	struct memguest g;
	struct memguest_cpu cpus[CPUS];
	uint32_t *memory;
	uint32_t *table;
	uint32_t model[PAGES];
	volatile int running;
	unsigned long faults;	/* MEMORY_FAULT, while memory was elsewhere */
	unsigned long copies;	/* that children looked at */
	unsigned long moves;	/* away and back */
	unsigned long unmoved;	/* ranges of more than one mapping */
	unsigned long large;	/* that MADV_COLLAPSE made */
};

static uint32_t *page(struct test *t, unsigned int nr)
{
	return t->memory + nr * (PAGE / 4);
}

/* To the end of a pass; the VMM gives back at once what it takes away. */
static void *run_pass(void *arg)
{
	struct memguest_cpu *cpu = arg;
	struct test *t = (struct test *)((char *)cpu->vm - offsetof(struct test, g));

	for (;;) {
		cpu->result = memguest_run(cpu);
		if (cpu->result != KEEL_EXIT_MEMORY_FAULT)
			break;
		__atomic_add_fetch(&t->faults, 1, __ATOMIC_RELAXED);
		sched_yield();
	}
	__atomic_sub_fetch(&t->running, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void start_pass(struct test *t, uint32_t add)
{
	int i;

	t->running = CPUS;
	for (i = 0; i < CPUS; i++) {
		struct memguest_cpu *cpu = &t->cpus[i];

		memguest_load(cpu, pass);
		memguest_args(cpu, DATA_GPA + i * SHARE * PAGE, TABLE_GPA + i * SHARE * 4,
			      SHARE, add);
		pthread_create(&cpu->thread, NULL, run_pass, cpu);
	}
}

static bool end_pass(struct test *t)
{
	bool right = true;
	int i;

	for (i = 0; i < CPUS; i++) {
		struct memguest_cpu *cpu = &t->cpus[i];
		uint32_t left;

		pthread_join(cpu->thread, NULL);
		left = memguest_reg(cpu, KEEL_RCX);
		if (cpu->result == KEEL_EXIT_HLT && !left)
			continue;
		right = false;
		printf("# guest %d: ended with %d, %u pages from its end: found 0x%x\n", i,
		       cpu->result, left, memguest_reg(cpu, KEEL_RDX));
	}
	return right;
}

/* The VMM's own idea of what is where. */
static bool memory_is_right(struct test *t, uint32_t add)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < PAGES; i++) {
		t->model[i] = t->model[i] * FACTOR + add;
		if (page(t, i)[0] == t->model[i] && page(t, i)[LAST] == t->model[i] &&
		    t->table[i] == t->model[i])
			continue;
		if (!wrong++)
			printf("# page %u holds 0x%x and 0x%x, the guest's table says 0x%x, right is 0x%x\n",
			       i, page(t, i)[0], page(t, i)[LAST], t->table[i], t->model[i]);
	}
	return !wrong;
}

/* A range of the memory, aligned to @align. */
static void *some(struct test *t, uint32_t align, size_t *bytes)
{
	uint32_t units = BYTES / align, first = load_below(&t->load, units);

	*bytes = (1 + load_below(&t->load, units - first)) * (size_t)align;
	return (char *)t->memory + (size_t)first * align;
}

/* What a child has is what was at the fork, whatever the guests write afterwards. */
static int look_at_copy(struct test *t)
{
	uint32_t *seen = malloc(PAGES * 4);
	unsigned int i, torn = 0;

	for (i = 0; i < PAGES; i++) {
		seen[i] = page(t, i)[0];
		torn += page(t, i)[LAST] != seen[i];
	}
	/* A page for each guest may have been half written. */
	if (torn > CPUS)
		return 1;
	usleep(20000);
	for (i = 0; i < PAGES; i++)
		if (page(t, i)[0] != seen[i])
			return 2;
	return 0;
}

static bool copy(struct test *t)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(look_at_copy(t));
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status) {
		t->copies++;
		return true;
	}
	printf("# the copy at a fork: status 0x%x\n", status);
	return false;
}

/* Away and back: in between the guests have nothing there. */
static bool move(struct test *t)
{
	size_t bytes;
	void *from = some(t, PAGE, &bytes);
	void *to = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	int err;

	if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to) {
		t->moves++;
		return mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, from) == from;
	}
	err = errno;
	munmap(to, bytes);
	/* Only what the host has as one mapping. */
	t->unmoved += err == EFAULT;
	if (err != EFAULT)
		printf("# memory does not move: %s\n", strerror(err));
	return err == EFAULT;
}

static long vmstat(const char *name)
{
	char text[16384];
	const char *line;

	if (host_read("/proc/vmstat", text, sizeof(text)))
		return -1;
	line = strstr(text, name);
	return line ? atol(line + strlen(name)) : -1;
}

/*
 * A large page, and one of its small ones out to swap: the kernel splits it first.  It
 * does neither while somebody else holds a page of it, thus more than one attempt.
 */
static void make_large_and_split(struct test *t)
{
	long split = vmstat("thp_split_page ");
	int attempts;

	for (attempts = 0; attempts < 100; attempts++) {
		t->large += !madvise(t->memory, LARGE, MADV_COLLAPSE);
		madvise((char *)t->memory + LARGE / 2, PAGE, MADV_PAGEOUT);
		if (t->large && vmstat("thp_split_page ") > split)
			break;
	}
}

/* One thing that leaves the contents alone. */
static bool disturb(struct test *t)
{
	size_t bytes;
	void *range;

	switch (load_below(&t->load, 24)) {
	case 0 ... 5:
		range = some(t, PAGE, &bytes);
		madvise(range, bytes, MADV_PAGEOUT);
		return true;
	case 6 ... 8:
		range = some(t, LARGE, &bytes);
		t->large += !madvise(range, LARGE, MADV_COLLAPSE);
		return true;
	case 9:
		/* Looks at all pages of the host. */
		host_write("/sys/kernel/debug/split_huge_pages", "1");
		return true;
	case 10 ... 11:
		return copy(t);
	case 12 ... 15:
		return move(t);
	case 16 ... 19:
		/* Splits mappings, and large pages with them. */
		range = some(t, PAGE, &bytes);
		mprotect(range, bytes, PROT_READ);
		mprotect(range, bytes, PROT_READ | PROT_WRITE);
		return true;
	case 20:
		host_write("/proc/sys/vm/compact_memory", "1");
		return true;
	default:
		usleep(1000);
		return true;
	}
}

/* Between passes: pages that begin anew. */
static void forget(struct test *t)
{
	size_t bytes, first, i;
	char *range = some(t, PAGE, &bytes);

	bytes = bytes > LARGE ? LARGE : bytes;
	first = (range - (char *)t->memory) / PAGE;
	madvise(range, bytes, MADV_DONTNEED);
	for (i = first; i < first + bytes / PAGE; i++) {
		t->model[i] = 0;
		t->table[i] = 0;
	}
}

static bool one_round(struct test *t)
{
	/* Few different numbers, so that pages become alike. */
	uint32_t add = load_below(&t->load, 4);
	bool right = true;

	forget(t);
	start_pass(t, add);
	/* Once for sure, however few the rounds. */
	right &= copy(t);
	right &= move(t);
	make_large_and_split(t);
	while (__atomic_load_n(&t->running, __ATOMIC_SEQ_CST))
		right &= disturb(t);
	right &= end_pass(t);
	return memory_is_right(t, add) && right;
}

static long number(const char *path)
{
	char text[32];

	return host_read(path, text, sizeof(text)) ? -1 : atol(text);
}

static void swap_on(void)
{
	/* Built in, or not. */
	host_run("modprobe zram");
	host_write(SWAP_SYS "reset", "1");
	if (host_write(SWAP_SYS "disksize", SWAP_BYTES) ||
	    host_run("mkswap " SWAP_DEVICE) || host_run("swapon " SWAP_DEVICE))
		ksft_exit_fail_msg("no swap: zram.ko, mkswap and swapon are needed\n");
}

static void swap_off(void)
{
	load_ok(!host_run("swapoff " SWAP_DEVICE), "swap goes again");
	host_write(SWAP_SYS "reset", "1");
	host_run("rmmod zram");
}

static void make_guest(struct test *t)
{
	bool made = !memguest_open(&t->g);

	t->cpus[0] = t->g.cpu;
	made &= !memguest_add_cpu(&t->g, 1, &t->cpus[1]);
	t->memory = memguest_memory(BYTES, LARGE);
	t->table = memguest_memory(TABLE_BYTES, PAGE);
	made &= !keel_set_memory(t->g.fd, 1, 0, DATA_GPA, BYTES, t->memory);
	made &= !keel_set_memory(t->g.fd, 2, 0, TABLE_GPA, TABLE_BYTES, t->table);
	if (!made)
		ksft_exit_fail_msg("no VM\n");
	madvise(t->memory, BYTES, MADV_MERGEABLE);
}

static void rounds(struct test *t)
{
	long out = vmstat("pswpout "), in = vmstat("pswpin ");
	long split = vmstat("thp_split_page "), merged = 0, now;
	unsigned int round, good = 0;

	for (round = 0; round < t->load.rounds; round++) {
		good += one_round(t);
		now = number("/sys/kernel/mm/ksm/pages_sharing");
		merged = now > merged ? now : merged;
	}
	load_ok(good == t->load.rounds, "memory is as it should be: %u of %u passes over %u pages",
		good, t->load.rounds, PAGES);
	/* That it was disturbed, too. */
	load_ok(vmstat("pswpout ") > out && vmstat("pswpin ") > in,
		"swapped: %ld pages out, %ld in", vmstat("pswpout ") - out, vmstat("pswpin ") - in);
	load_ok(merged > 0, "merged: %ld pages at a time", merged);
	load_ok(t->large && vmstat("thp_split_page ") > split,
		"made large: %lu pages; split: %ld", t->large, vmstat("thp_split_page ") - split);
	load_ok(t->copies > 0, "copied: %lu forks, as they should be", t->copies);
	load_ok(t->moves > t->unmoved, "moved away and back: %lu times; not one mapping: %lu",
		t->moves, t->unmoved);
	printf("# accesses to what was elsewhere: %lu\n", t->faults);
}

int main(int argc, char **argv)
{
	static struct test t;

	load_begin(&t.load, argc, argv, 100);
	swap_on();
	if (!cgroup_make(ROOM) || !cgroup_enter())
		ksft_exit_fail_msg("no memory cgroup\n");
	host_write("/sys/kernel/mm/ksm/pages_to_scan", "100");
	host_write("/sys/kernel/mm/ksm/sleep_millisecs", "20");
	host_write("/sys/kernel/mm/ksm/run", "1");
	make_guest(&t);
	rounds(&t);
	host_write("/sys/kernel/mm/ksm/run", "2");
	memguest_remove_cpu(&t.cpus[1]);
	memguest_close(&t.g);
	munmap(t.memory, BYTES);
	munmap(t.table, TABLE_BYTES);
	cgroup_remove();
	swap_off();
	return load_end(&t.load);
}
