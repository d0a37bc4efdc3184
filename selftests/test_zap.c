// SPDX-License-Identifier: GPL-2.0
/*
 * What a process does to its own memory, while a guest uses it: the guest sees
 * what the process would see, at once, and never what was there before.
 *
 * The guest copies a word to where the test can see it, and counts.  Once two more
 * rounds are over, one of them began after the change.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define STOP	(LOW_OUT + 4)
#define COUNT	(LOW_OUT + 8)

/* Copy from EDI to ESI, until ESI[4] is not 0; ESI[8] counts. */
MEMGUEST(copy, "1: mov (%edi), %eax\n mov %eax, (%esi)\n incl 8(%esi)\n"
	       "cmpl $0, 4(%esi)\n je 1b\n hlt");
/* Write ESI[8] to EDI and count it up, until ESI[4] is not 0. */
MEMGUEST(put, "1: mov 8(%esi), %eax\n mov %eax, (%edi)\n incl 8(%esi)\n"
		"cmpl $0, 4(%esi)\n je 1b\n hlt");
MEMGUEST(load, "mov (%edi), %eax\n hlt");
MEMGUEST(store, "mov %eax, (%edi)\n hlt");

FIXTURE(zap)
{
	struct memguest g;
	uint32_t *page;
};

/* A page of the guest's that it copies from already: it says 1. */
FIXTURE_SETUP(zap)
{
	MEMGUEST_OR_SKIP(&self->g);
	self->page = memguest_memory(PAGE, PAGE);
	self->page[0] = 1;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, self->page));
}

FIXTURE_TEARDOWN(zap)
{
	memguest_close(&self->g);
}

static int start(struct memguest *g, const uint8_t *code, const uint8_t *end)
{
	memguest_load_code(&g->cpu, code, end);
	memguest_args(&g->cpu, DATA_GPA, LOW_OUT, 0, 0);
	if (memguest_start(&g->cpu) || !memguest_moves(g, COUNT))
		return -EIO;
	return 0;
}

/* Two rounds later: what it copied last; -1 where the guest has ended instead. */
static int copied(const struct memguest *g)
{
	uint32_t count = memguest_peek(g, COUNT);
	time_t since = time(NULL);

	while (memguest_peek(g, COUNT) - count < 2) {
		if (g->cpu.done || time(NULL) - since > 20)
			return -1;
		sched_yield();
	}
	return memguest_peek(g, LOW_OUT);
}

static int stop(struct memguest *g)
{
	memguest_poke(g, STOP, 1);
	return memguest_join(&g->cpu);
}

TEST_F(zap, munmap)
{
	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	ASSERT_EQ(1, copied(&self->g));
	ASSERT_EQ(0, munmap(self->page, PAGE));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_join(&self->g.cpu));
	EXPECT_EQ(DATA_GPA, self->g.cpu.run->mmio.gpa);
	EXPECT_EQ(0, self->g.cpu.run->mmio.access);
}

TEST_F(zap, mprotect_none)
{
	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_NONE));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_join(&self->g.cpu));
	/* And back: the guest goes on where it was. */
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	EXPECT_EQ(1, copied(&self->g));
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
}

TEST_F(zap, mprotect_read_stops_writes)
{
	uint32_t last;

	ASSERT_EQ(0, start(&self->g, put, put_end));
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	last = self->page[0];
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_join(&self->g.cpu));
	EXPECT_EQ(last, self->page[0]);
	EXPECT_EQ(KEEL_ACCESS_WRITE, self->g.cpu.run->mmio.access & KEEL_ACCESS_WRITE);
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	EXPECT_EQ(last, memguest_reg(&self->g.cpu, KEEL_RAX));
}

TEST_F(zap, mprotect_read_lets_reads_go_on)
{
	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	EXPECT_EQ(1, copied(&self->g));
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
}

TEST_F(zap, madvise_dontneed)
{
	int round;

	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	for (round = 2; round < 20; round++) {
		self->page[0] = round;
		ASSERT_EQ(round, copied(&self->g));
		ASSERT_EQ(0, madvise(self->page, PAGE, MADV_DONTNEED));
		ASSERT_EQ(0, copied(&self->g));
	}
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
}

TEST_F(zap, another_mapping_in_its_place)
{
	int round;

	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	for (round = 2; round < 20; round++) {
		uint32_t *other = memguest_memory(PAGE, PAGE);

		other[0] = round;
		ASSERT_EQ(self->page, mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
					     self->page));
		ASSERT_EQ(round, copied(&self->g));
	}
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
}

TEST_F(zap, mremap_away)
{
	void *elsewhere = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	ASSERT_EQ(elsewhere, mremap(self->page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				    elsewhere));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_join(&self->g.cpu));
}

/*
 * After a fork the page belongs to both, and our next write moves us to a new
 * one.  The guest is ours and moves along; the child keeps what was.
 */
TEST_F(zap, copy_on_write_by_the_vmm)
{
	int status, pipes[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		_exit(read(pipes[0], &c, 1) || self->page[0] != 1);
	}
	self->page[0] = 2;
	EXPECT_EQ(2, copied(&self->g));
	close(pipes[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
}

TEST_F(zap, copy_on_write_by_the_guest)
{
	int status, pipes[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 1));
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		_exit(read(pipes[0], &c, 1) || self->page[0] != 1);
	}
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 2));
	EXPECT_EQ(2, self->page[0]);
	close(pipes[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* The same page twice, merged by the kernel: a write parts them again. */
TEST_F(zap, page_sharing)
{
	uint32_t *twins = memguest_memory(2 * PAGE, PAGE);
	char text[32] = "";
	int i;

	if (host_write("/sys/kernel/mm/ksm/run", "1"))
		SKIP(return, "the host has no page sharing (KSM)");
	host_write("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	for (i = 0; i < 2048; i++)
		twins[i] = 0xa5a50000 + i % 1024;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + 2 * PAGE, 2 * PAGE, twins));
	for (i = 2; i < 4; i++)
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + i * PAGE,
						       0, 0, 0xa5a50000));
	ASSERT_EQ(0, madvise(twins, 2 * PAGE, MADV_MERGEABLE));
	for (i = 0; i < 50; i++) {
		usleep(100000);
		ASSERT_EQ(0, host_read("/sys/kernel/mm/ksm/pages_sharing", text, sizeof(text)));
		if (strcmp(text, "0"))
			break;
	}
	EXPECT_STREQ("1", text);
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + 2 * PAGE,
					       0, 0, 7));
	EXPECT_EQ(7, twins[0]);
	EXPECT_EQ(0xa5a50000, twins[1024]);
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + 3 * PAGE, 0, 0, 0));
	EXPECT_EQ(0xa5a50000, memguest_reg(&self->g.cpu, KEEL_RAX));
	host_write("/sys/kernel/mm/ksm/run", "2");
}

TEST_F(zap, memfd_shared_with_another_mapping)
{
	int fd = memfd_create("guest", 0);
	uint32_t *ours, *guests;

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	guests = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ours = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + PAGE, PAGE, guests));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + PAGE, 0, 0, 11));
	EXPECT_EQ(11, ours[0]);
	ours[0] = 12;
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE, 0, 0, 0));
	EXPECT_EQ(12, memguest_reg(&self->g.cpu, KEEL_RAX));
	/* The file shrinks: where we would get SIGBUS, the guest stops. */
	ASSERT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE,
							0, 0, 0));
	close(fd);
}

/* What a guest writes into a file's page is dirty and reaches the file. */
TEST_F(zap, guest_writes_reach_the_file)
{
	int fd = memfd_create("guest", 0);
	uint32_t value = 0;
	void *guests;

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	guests = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + PAGE, PAGE, guests));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + PAGE, 0, 0, 11));
	ASSERT_EQ(0, munmap(guests, PAGE));
	ASSERT_EQ(4, pread(fd, &value, 4, 0));
	EXPECT_EQ(11, value);
	close(fd);
}

/* The memory that holds its code, too. */
TEST_F(zap, munmap_of_the_code)
{
	ASSERT_EQ(0, start(&self->g, copy, copy_end));
	ASSERT_EQ(0, madvise(self->g.low + LOW_CODE, PAGE, MADV_DONTNEED));
	/* Zeros: ADD %AL, (%EAX), to the end of what is mapped, or a wild jump. */
	EXPECT_NE(KEEL_EXIT_HLT, memguest_join(&self->g.cpu));
}

TEST_HARNESS_MAIN
