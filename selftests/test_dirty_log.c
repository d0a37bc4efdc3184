// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_MEMORY_LOG_DIRTY and KEEL_GET_DIRTY_LOG: each write to a slot is reported,
 * and nothing else is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define MIB	0x100000ULL
#define PAGES	256
#define BYTES	(PAGES * PAGE)
#define SLOT	1
/* SDM, "Format of a 32-Bit Page-Directory Entry that Maps a 4-MByte Page" */
#define PDE_P	(1 << 0)
#define PDE_RW	(1 << 1)
#define PDE_A	(1 << 5)
#define PDE_D	(1 << 6)
#define PDE_PS	(1 << 7)
/* How often a log is read under writers, at least. */
#define ROUNDS	((int)host_rounds(2000))

/* EAX = what is at EDI */
MEMGUEST(load, "mov (%edi), %eax\n hlt");
/* what is at EDI = EAX */
MEMGUEST(store, "mov %eax, (%edi)\n hlt");
/* Write EAX to ECX addresses, the first one EDI, each ESI behind the last. */
MEMGUEST(store_many, "1: mov %eax, (%edi)\n add %esi, %edi\n loop 1b\n hlt");
/* EAX = the sum of ECX words, likewise */
MEMGUEST(load_many, "xor %eax, %eax\n"
		 "1: add (%edi), %eax\n add %esi, %edi\n loop 1b\n hlt");
/* Add EAX to what is at EDI. */
MEMGUEST(add_locked, "lock addl %eax, (%edi)\n hlt");
/* ECX bytes from a port to EDI */
MEMGUEST(input, "mov $0x10, %edx\n rep insb\n hlt");
/*
 * Write the next number, of those from EAX on, ESI behind the last in the megabyte
 * from EDI on, until there is one at ECX.
 */
MEMGUEST(count_around, "xor %ebx, %ebx\n"
		 "1: inc %eax\n mov %eax, (%edi,%ebx)\n add %esi, %ebx\n"
		 "and $0xfffff, %ebx\n cmpl $0, (%ecx)\n je 1b\n hlt");
/* Count at ESI and write to EDI, for ever. */
MEMGUEST(store_for_ever, "1: mov %eax, (%edi)\n incl (%esi)\n jmp 1b");

FIXTURE(dirty_log)
{
	struct memguest g;
	uint8_t *memory;
	uint8_t log[PAGES / 8 + 1];
};

FIXTURE_SETUP(dirty_log)
{
	host_write("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	MEMGUEST_OR_SKIP(&self->g);
	self->memory = memguest_memory(BYTES, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, KEEL_MEMORY_LOG_DIRTY, DATA_GPA, BYTES,
				     self->memory));
}

FIXTURE_TEARDOWN(dirty_log)
{
	memguest_close(&self->g);
}

/* A log in words: "0 1 63" */
static const char *in_words(const uint8_t *log, int pages)
{
	static char text[PAGES * 5];
	int i, n = 0;

	text[0] = 0;
	for (i = 0; i < pages; i++)
		if (log[i / 8] & 1 << i % 8)
			n += snprintf(text + n, sizeof(text) - n, "%s%d", n ? " " : "", i);
	return text;
}

/* What the log has of a range, in words, page numbers from the range's first. */
static const char *dirty(struct memguest *g, int first, int pages)
{
	static char text[32];
	uint8_t log[PAGES / 8] = {};
	int ret = keel_get_dirty_log(g->fd, SLOT, first, pages, log);

	if (!ret)
		return in_words(log, pages);
	snprintf(text, sizeof(text), "error %d", ret);
	return text;
}

#define ALL(g)		dirty(g, 0, PAGES)
#define AT(page)	(DATA_GPA + (page) * PAGE)
#define STORE(page)	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, \
							       AT(page), 0, 0, 77))

static int set_flags(struct memguest *g, uint32_t flags, uint8_t *memory)
{
	return keel_set_memory(g->fd, SLOT, flags, DATA_GPA, BYTES, memory);
}

TEST_F(dirty_log, written_pages_and_no_others)
{
	static const int pages[] = { 255, 0, 1, 63, 64, 130 };
	int i;

	EXPECT_STREQ("", ALL(&self->g));
	for (i = 0; i < 6; i++)
		STORE(pages[i]);
	EXPECT_STREQ("0 1 63 64 130 255", ALL(&self->g));
	EXPECT_STREQ("", ALL(&self->g));
}

TEST_F(dirty_log, each_page_by_itself)
{
	char want[8];
	int i;

	for (i = 0; i < PAGES; i++) {
		STORE(i);
		snprintf(want, sizeof(want), "%d", i);
		ASSERT_STREQ(want, ALL(&self->g));
	}
}

TEST_F(dirty_log, reads_leave_none)
{
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load_many, DATA_GPA, PAGE, PAGES, 0));
	EXPECT_STREQ("", ALL(&self->g));
	/* Memory that the host could map writable at once. */
	memset(self->memory, 1, BYTES);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load_many, DATA_GPA, PAGE, PAGES, 0));
	EXPECT_EQ(PAGES * 0x01010101U, memguest_reg(&self->g.cpu, KEEL_RAX));
	EXPECT_STREQ("", ALL(&self->g));
	STORE(9);
	EXPECT_STREQ("9", ALL(&self->g));
}

TEST_F(dirty_log, a_write_after_a_read_of_the_log)
{
	int round;

	for (round = 0; round < 10; round++) {
		STORE(5);
		STORE(5);
		EXPECT_STREQ("5", ALL(&self->g));
	}
}

TEST_F(dirty_log, other_ways_to_write)
{
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, add_locked, AT(3), 0, 0, 1));
	/* Half in page 7, half in page 8 */
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, AT(8) - 2, 0, 0, 1));
	EXPECT_STREQ("3 7 8", ALL(&self->g));
	EXPECT_EQ(1, *(uint32_t *)(self->memory + 3 * PAGE));
}

TEST_F(dirty_log, ranges_that_overlap)
{
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, AT(60), PAGE, 20, 1));
	EXPECT_STREQ("60 61 62 63", dirty(&self->g, 0, 64));
	/* From page 64 on; it ends inside of a byte. */
	EXPECT_STREQ("0 1 2 3 4 5 6 7 8 9", dirty(&self->g, 64, 10));
	EXPECT_STREQ("10 11", dirty(&self->g, 64, 12));
	STORE(66);
	EXPECT_STREQ("2", dirty(&self->g, 64, 5));
	EXPECT_STREQ("76 77 78 79", ALL(&self->g));
	EXPECT_STREQ("", ALL(&self->g));
	/* What was not asked for is still writable, and still in the log. */
	STORE(10);
	STORE(100);
	EXPECT_STREQ("10", dirty(&self->g, 0, 64));
	STORE(10);
	STORE(100);
	EXPECT_STREQ("10 100", ALL(&self->g));
}

TEST_F(dirty_log, the_last_byte_is_filled_up_and_no_more)
{
	uint8_t log[4] = { 0xff, 0xff, 0xff, 0xff };

	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, AT(0), PAGE, 20, 1));
	ASSERT_EQ(0, keel_get_dirty_log(self->g.fd, SLOT, 0, 11, log));
	EXPECT_EQ(0xff, log[0]);
	EXPECT_EQ(0x07, log[1]);
	EXPECT_EQ(0xff, log[2]);
	EXPECT_STREQ("11 12 13 14 15 16 17 18 19", ALL(&self->g));
}

TEST_F(dirty_log, slot_of_an_odd_number_of_pages)
{
	uint8_t *memory = memguest_memory(70 * PAGE, PAGE);
	uint8_t log[9] = {};

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, KEEL_MEMORY_LOG_DIRTY, DATA_GPA + 16 * MIB,
				     70 * PAGE, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + 16 * MIB + 69 * PAGE,
					       0, 0, 1));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, 2, 0, 71, log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, 2, 64, 7, log));
	ASSERT_EQ(0, keel_get_dirty_log(self->g.fd, 2, 64, 6, log));
	EXPECT_EQ(1 << 5, log[0]);
	/* The other slot has its own. */
	EXPECT_STREQ("", ALL(&self->g));
}

TEST_F(dirty_log, bad_arguments)
{
	struct keel_dirty_log args = {
		.size = sizeof(args), .slot = SLOT, .nr_pages = 1, .bitmap = (uintptr_t)self->log,
	};

	STORE(0);
	EXPECT_EQ(-ENOENT, keel_get_dirty_log(self->g.fd, 2, 0, 1, self->log));
	EXPECT_EQ(-ENOENT, keel_get_dirty_log(self->g.fd, ~0U, 0, 1, self->log));
	EXPECT_EQ(-ENODATA, keel_get_dirty_log(self->g.fd, 0, 0, 1, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, 0, 0, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, 1, 1, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, 32, 1, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, 0, PAGES + 1, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, PAGES, 1, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, 64, ~0ULL - 10, self->log));
	EXPECT_EQ(-EINVAL, keel_get_dirty_log(self->g.fd, SLOT, -64ULL, 65, self->log));
	args.flags = 1;
	EXPECT_EQ(-1, ioctl(self->g.fd, KEEL_GET_DIRTY_LOG, &args));
	EXPECT_EQ(EINVAL, errno);
	args.flags = 0;
	args.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->g.fd, KEEL_GET_DIRTY_LOG, &args));
	EXPECT_EQ(EINVAL, errno);
	args.reserved = 0;
	args.size--;
	EXPECT_EQ(-1, ioctl(self->g.fd, KEEL_GET_DIRTY_LOG, &args));
	EXPECT_EQ(EINVAL, errno);
	/* None of them took anything. */
	EXPECT_STREQ("0", ALL(&self->g));
}

TEST_F(dirty_log, bitmap_that_cannot_be_written_takes_nothing)
{
	uint8_t *two = memguest_memory(2 * PAGE, PAGE);

	STORE(0);
	STORE(200);
	EXPECT_EQ(-EFAULT, keel_get_dirty_log(self->g.fd, SLOT, 0, PAGES, NULL));
	munmap(two + PAGE, PAGE);
	EXPECT_EQ(-EFAULT, keel_get_dirty_log(self->g.fd, SLOT, 0, PAGES, two + PAGE - 8));
	STORE(0);
	STORE(3);
	EXPECT_STREQ("0 3 200", ALL(&self->g));
	STORE(200);
	EXPECT_STREQ("200", ALL(&self->g));
}

TEST_F(dirty_log, host_writes_are_not_logged)
{
	memset(self->memory, 3, BYTES);
	EXPECT_STREQ("", ALL(&self->g));
}

TEST_F(dirty_log, page_that_the_host_replaced)
{
	STORE(4);
	EXPECT_STREQ("4", ALL(&self->g));
	ASSERT_EQ(0, madvise(self->memory + 4 * PAGE, PAGE, MADV_DONTNEED));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, AT(4), 0, 0, 1));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
	EXPECT_STREQ("", ALL(&self->g));
	STORE(4);
	EXPECT_STREQ("4", ALL(&self->g));
}

TEST_F(dirty_log, switched_on_and_off)
{
	STORE(1);
	/* The same again does nothing. */
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY, self->memory));
	STORE(2);
	EXPECT_STREQ("1 2", ALL(&self->g));
	STORE(3);
	ASSERT_EQ(0, set_flags(&self->g, 0, self->memory));
	EXPECT_STREQ("error -61", ALL(&self->g));
	STORE(4);
	/* What is writable now must not stay so. */
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY, self->memory));
	EXPECT_STREQ("", ALL(&self->g));
	STORE(4);
	STORE(5);
	EXPECT_STREQ("4 5", ALL(&self->g));
	/* Nor has a slot what the one before it left. */
	STORE(6);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, 0, 0, NULL));
	EXPECT_STREQ("error -2", ALL(&self->g));
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY, self->memory));
	EXPECT_STREQ("", ALL(&self->g));
}

TEST_F(dirty_log, readonly)
{
	STORE(1);
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY | KEEL_MEMORY_READONLY,
			       self->memory));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, AT(2), 0, 0, 5));
	EXPECT_STREQ("1", ALL(&self->g));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, AT(1), 0, 0, 5));
	EXPECT_STREQ("", ALL(&self->g));
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY, self->memory));
	STORE(2);
	EXPECT_STREQ("2", ALL(&self->g));
}

TEST_F(dirty_log, input_by_the_module)
{
	struct keel_run *run = self->g.cpu.run;

	/* Pages that the guest has never touched, and so by nobody else's hand. */
	ASSERT_EQ(KEEL_EXIT_IO, memguest_call(&self->g.cpu, input, AT(21) - 2, 0, 5, 0));
	EXPECT_STREQ("", ALL(&self->g));
	ASSERT_EQ(5, run->io.count);
	memcpy((uint8_t *)run + run->io.data_offset, "log!", 5);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_run(&self->g.cpu));
	EXPECT_STREQ("log!", (char *)self->memory + 21 * PAGE - 2);
	EXPECT_STREQ("20 21", ALL(&self->g));
	EXPECT_STREQ("", ALL(&self->g));
}

/* Accessed, then dirty, in the page directory, and nothing that the guest says. */
TEST_F(dirty_log, flags_in_the_guests_page_table)
{
	uint32_t pde = LOW_PD + (DATA_GPA >> 22) * 4;
	uint8_t log[LOW_BYTES / PAGE / 8] = {};
	struct keel_info info;

	ASSERT_EQ(0, keel_get_info(self->g.keel, KEEL_CPU_ALL, &info));
	if (!host_shadows(&info) && !(info.features & KEEL_FEATURE_EPT_AD))
		SKIP(return, "Bochs sets such flags in pages that EPT protects from writes");
	memguest_poke(&self->g, pde, DATA_GPA | PDE_P | PDE_RW | PDE_PS);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, LOW_OUT, 0, 0, 0));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 0, KEEL_MEMORY_LOG_DIRTY, 0, LOW_BYTES,
				     self->g.low));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	EXPECT_EQ(PDE_A, memguest_peek(&self->g, pde) & (PDE_A | PDE_D));
	ASSERT_EQ(0, keel_get_dirty_log(self->g.fd, 0, 0, LOW_BYTES / PAGE, log));
	EXPECT_STREQ("2", in_words(log, LOW_BYTES / PAGE));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 0));
	EXPECT_EQ(PDE_A | PDE_D, memguest_peek(&self->g, pde) & (PDE_A | PDE_D));
	ASSERT_EQ(0, keel_get_dirty_log(self->g.fd, 0, 0, LOW_BYTES / PAGE, log));
	EXPECT_STREQ("2", in_words(log, LOW_BYTES / PAGE));
}

/* Whether one fault gives the guest 2 MiB. */
static bool maps_large(struct memguest *g)
{
	uint64_t before = memguest_page_faults(&g->cpu);

	return memguest_call(&g->cpu, store_many, AT(0), 4 * PAGE, 128, 3) == KEEL_EXIT_HLT &&
	       memguest_page_faults(&g->cpu) - before == 1;
}

TEST_F(dirty_log, large_page)
{
	uint8_t *memory = memguest_memory(2 * MIB, 2 * MIB);
	uint64_t before;
	uint8_t log[64];
	int i, round;

	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, 0, 0, NULL));
	memory[0] = 1;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, DATA_GPA, 2 * MIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, LOW_OUT, 0, 0, 0));
	if (!maps_large(&self->g))
		SKIP(return, "the host gives no transparent huge page");
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, KEEL_MEMORY_LOG_DIRTY, DATA_GPA,
					     2 * MIB, memory));
		STORE(100);
		EXPECT_STREQ("100", ALL(&self->g));
		/* One after the other, and each exits. */
		before = memguest_page_faults(&self->g.cpu);
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, AT(0), PAGE, 512,
						       round));
		EXPECT_EQ(512, memguest_page_faults(&self->g.cpu) - before);
		ASSERT_EQ(0, keel_get_dirty_log(self->g.fd, SLOT, 0, 512, log));
		for (i = 0; i < 64; i++)
			EXPECT_EQ(0xff, log[i]);
		for (i = 0; i < 512; i++)
			EXPECT_EQ(round, *(uint32_t *)(memory + i * PAGE));
		/* And without the log they are large again. */
		ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, DATA_GPA, 2 * MIB, memory));
		EXPECT_TRUE(maps_large(&self->g));
	}
}

TEST_F(dirty_log, switched_on_under_a_writer)
{
	ASSERT_EQ(0, set_flags(&self->g, 0, self->memory));
	memguest_load(&self->g.cpu, store_for_ever);
	memguest_args(&self->g.cpu, AT(33), LOW_OUT, 0, 5);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_LOG_DIRTY, self->memory));
	/* It may have written between the two; after two rounds it has. */
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	EXPECT_STREQ("33", ALL(&self->g));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	EXPECT_STREQ("33", ALL(&self->g));
	ASSERT_EQ(0, set_flags(&self->g, KEEL_MEMORY_READONLY, self->memory));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_join(&self->g.cpu));
}

/**
 * struct migration - a copy of guest memory that is made while the guest runs
 * @from: the memory
 * @to: the copy
 * @pages: their length
 * @rounds: how often the log was read
 * @copied: pages copied since the first round
 */
struct migration {
	uint8_t *from;
	uint8_t *to;
	int pages;
	int rounds;
	int copied;
};

static int copy_round(struct memguest *g, struct migration *m)
{
	uint8_t log[2 * MIB / PAGE / 8];
	int i, ret;

	ret = keel_get_dirty_log(g->fd, SLOT, 0, m->pages, log);
	if (ret)
		return ret;
	m->rounds++;
	for (i = 0; i < m->pages; i++) {
		if (!(log[i / 8] & 1 << i % 8))
			continue;
		memcpy(m->to + i * PAGE, m->from + i * PAGE, PAGE);
		m->copied++;
	}
	return 0;
}

/*
 * Two vCPUs write numbers that never come again, while the slot, which does not log
 * yet, is copied.  The first page that differs in the end, or -1.
 */
static int migrate(struct __test_metadata *_metadata, struct memguest *g, struct migration *m)
{
	struct memguest_cpu second;
	int i;

	ASSERT_EQ(0, memguest_add_cpu(g, 1, &second));
	memguest_load(&g->cpu, count_around);
	memguest_args(&g->cpu, DATA_GPA, 37 * PAGE, LOW_OUT, 0);
	memguest_load(&second, count_around);
	memguest_args(&second, DATA_GPA + 64, 5 * PAGE, LOW_OUT, 0x40000000);
	ASSERT_EQ(0, memguest_start(&g->cpu));
	ASSERT_EQ(0, memguest_start(&second));

	ASSERT_EQ(0, keel_set_memory(g->fd, SLOT, KEEL_MEMORY_LOG_DIRTY, DATA_GPA,
				     m->pages * PAGE, m->from));
	memcpy(m->to, m->from, m->pages * PAGE);
	/* A log that has nothing to say must not keep us for ever. */
	while (m->rounds < ROUNDS || (m->copied < 20 * PAGES && m->rounds < 20 * ROUNDS)) {
		ASSERT_EQ(0, copy_round(g, m));
		sched_yield();
	}
	memguest_poke(g, LOW_OUT, 1);
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_join(&g->cpu));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_join(&second));
	ASSERT_EQ(0, copy_round(g, m));
	memguest_remove_cpu(&second);
	for (i = 0; i < m->pages; i++)
		if (memcmp(m->to + i * PAGE, m->from + i * PAGE, PAGE))
			return i;
	return -1;
}

TEST_F(dirty_log, migration_loses_no_write)
{
	struct migration m = { self->memory, memguest_memory(BYTES, PAGE), PAGES };

	ASSERT_EQ(0, set_flags(&self->g, 0, self->memory));
	EXPECT_EQ(-1, migrate(_metadata, &self->g, &m));
}

TEST_F(dirty_log, migration_from_large_pages_loses_no_write)
{
	struct migration m = {
		memguest_memory(2 * MIB, 2 * MIB), memguest_memory(2 * MIB, PAGE),
		2 * MIB / PAGE,
	};

	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, 0, 0, NULL));
	m.from[0] = 1;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, SLOT, 0, DATA_GPA, 2 * MIB, m.from));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, LOW_OUT, 0, 0, 0));
	if (!maps_large(&self->g))
		SKIP(return, "the host gives no transparent huge page");
	EXPECT_EQ(-1, migrate(_metadata, &self->g, &m));
}

TEST_HARNESS_MAIN
