// SPDX-License-Identifier: GPL-2.0
/* KCOV: see cover.h, and Documentation/dev-tools/kcov.rst of Linux. */
#include "cover.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layout.h"

#define ENTRIES		(64 << 10)
#define SLOTS		(64 << 10)	/* a power of 2, and many more than keel.ko has PCs */
#define EDGE_BITS	(1 << 20)

static int fds[MAX_THREADS];
static __u64 *areas[MAX_THREADS];
static unsigned int nr_areas;
/* A hash table of all PCs, and a set of hashed edges. */
static __u64 known[SLOTS];
static unsigned int nr_known;
static __u8 edges[EDGE_BITS / 8];

bool cover_init(unsigned int nr_threads)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		fds[i] = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
		if (fds[i] < 0 || ioctl(fds[i], KCOV_INIT_TRACE, ENTRIES))
			return false;
		areas[i] = mmap(NULL, ENTRIES * sizeof(__u64), PROT_READ | PROT_WRITE, MAP_SHARED,
				fds[i], 0);
		if (areas[i] == MAP_FAILED)
			return false;
	}
	nr_areas = nr_threads;
	return true;
}

bool cover_on(void)
{
	return nr_areas;
}

void cover_enable(unsigned int thread)
{
	if (thread < nr_areas)
		ioctl(fds[thread], KCOV_ENABLE, KCOV_TRACE_PC);
}

void cover_disable(unsigned int thread)
{
	if (thread < nr_areas)
		ioctl(fds[thread], KCOV_DISABLE, 0);
}

void cover_reset(void)
{
	unsigned int i;

	for (i = 0; i < nr_areas; i++)
		__atomic_store_n(&areas[i][0], 0, __ATOMIC_RELAXED);
}

static __u64 hash(__u64 x)
{
	x = (x ^ x >> 31) * 0x7fb5d329728ea185ULL;
	return x ^ x >> 27;
}

static bool add_pc(__u64 pc)
{
	__u64 i;

	for (i = hash(pc) % SLOTS; known[i]; i = (i + 1) % SLOTS)
		if (known[i] == pc)
			return false;
	known[i] = pc;
	nr_known++;
	return true;
}

static bool add_edge(__u64 from, __u64 to)
{
	__u64 bit = hash(hash(from) + to) % EDGE_BITS;
	bool is_new = !(edges[bit / 8] >> bit % 8 & 1);

	edges[bit / 8] |= 1 << bit % 8;
	return is_new;
}

struct cover_news cover_take(void)
{
	struct cover_news news = {};
	unsigned int i;
	__u64 j, n, pc, last;

	for (i = 0; i < nr_areas; i++) {
		n = areas[i][0] < ENTRIES - 1 ? areas[i][0] : ENTRIES - 1;
		for (last = 0, j = 1; j <= n; j++, last = pc) {
			pc = areas[i][j];
			if (!add_edge(last, pc))
				continue;
			/* A PC that is new makes a new edge, too, or its hash is taken. */
			news.edges++;
			news.pcs += add_pc(pc);
		}
	}
	return news;
}

unsigned int cover_count(void)
{
	return nr_known;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

size_t cover_last(__u64 **pcs)
{
	size_t n = 0, i, j, out = 0;
	__u64 *all;

	for (i = 0; i < nr_areas; i++)
		n += areas[i][0] < ENTRIES - 1 ? areas[i][0] : ENTRIES - 1;
	all = calloc(n + 1, sizeof(*all));
	for (n = 0, i = 0; i < nr_areas; i++)
		for (j = 1; j <= areas[i][0] && j < ENTRIES; j++)
			all[n++] = areas[i][j];
	qsort(all, n, sizeof(*all), compare);
	for (i = 0; i < n; i++)
		if (!i || all[i] != all[i - 1])
			all[out++] = all[i];
	*pcs = all;
	return out;
}

static __u64 text_base(void)
{
	FILE *file = fopen("/sys/module/keel/sections/.text", "r");
	unsigned long long base = 0;

	if (file) {
		if (fscanf(file, "%llx", &base) != 1)
			base = 0;
		fclose(file);
	}
	return base;
}

void cover_write(FILE *file)
{
	__u64 base = text_base();
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (known[i])
			fprintf(file, "0x%llx\n", known[i] - base);
}
