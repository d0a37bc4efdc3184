// SPDX-License-Identifier: GPL-2.0
/* KEEL_SET_MEMORY, and pages on demand: small ones and large ones. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define MIB	0x100000ULL
#define GIB	0x40000000ULL

/* EAX = what is at EDI */
MEMGUEST(load, "mov (%edi), %eax\n hlt");
/* what is at EDI = EAX */
MEMGUEST(store, "mov %eax, (%edi)\n hlt");
/* Write EAX to ECX addresses, the first one EDI, each ESI behind the last. */
MEMGUEST(store_many, "1: mov %eax, (%edi)\n add %esi, %edi\n loop 1b\n hlt");
/* EAX = the sum of ECX words, likewise */
MEMGUEST(load_many, "xor %eax, %eax\n"
		 "1: add (%edi), %eax\n add %esi, %edi\n loop 1b\n hlt");
/* Count at ESI and read at EDI, for ever. */
MEMGUEST(load_for_ever, "1: mov (%edi), %eax\n incl (%esi)\n jmp 1b");
/* Count at ESI and write to EDI, for ever. */
MEMGUEST(store_for_ever, "1: mov %eax, (%edi)\n incl (%esi)\n jmp 1b");

FIXTURE(memory)
{
	struct memguest g;
};

FIXTURE_SETUP(memory)
{
	/* Linux leaves it off on machines with little memory. */
	host_write("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	MEMGUEST_OR_SKIP(&self->g);
}

FIXTURE_TEARDOWN(memory)
{
	memguest_close(&self->g);
}

/* The call as it is, for what libkeel would not say. */
static int set_memory(int vm, const struct keel_memory *args)
{
	return ioctl(vm, KEEL_SET_MEMORY, args) ? -errno : 0;
}

TEST_F(memory, slot_number_ends_at_63)
{
	void *page = memguest_memory(PAGE, PAGE);

	EXPECT_EQ(0, keel_set_memory(self->g.fd, KEEL_MAX_SLOTS - 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, KEEL_MAX_SLOTS, 0, DATA_GPA + PAGE,
					   PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, ~0U, 0, DATA_GPA + PAGE, PAGE, page));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 99));
	EXPECT_EQ(99, *(uint32_t *)page);
}

TEST_F(memory, unknown_flags_are_einval)
{
	void *page = memguest_memory(PAGE, PAGE);
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (1U << bit & (KEEL_MEMORY_READONLY | KEEL_MEMORY_LOG_DIRTY))
			continue;
		EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 1U << bit, DATA_GPA,
						   PAGE, page));
	}
}

TEST_F(memory, reserved_is_einval)
{
	struct keel_memory args = {
		.size = sizeof(args), .slot = 1, .reserved = 1, .gpa = DATA_GPA,
		.bytes = PAGE, .user_addr = (uintptr_t)memguest_memory(PAGE, PAGE),
	};

	EXPECT_EQ(-EINVAL, set_memory(self->g.fd, &args));
	args.reserved = 0;
	EXPECT_EQ(0, set_memory(self->g.fd, &args));
}

TEST_F(memory, size_below_the_first_version_is_einval)
{
	struct keel_memory args = {
		.size = sizeof(args) - 1, .slot = 1, .gpa = DATA_GPA,
		.bytes = PAGE, .user_addr = (uintptr_t)memguest_memory(PAGE, PAGE),
	};

	EXPECT_EQ(-EINVAL, set_memory(self->g.fd, &args));
	args.size = 0;
	EXPECT_EQ(-EINVAL, set_memory(self->g.fd, &args));
}

TEST_F(memory, unknown_tail_is_e2big)
{
	struct {
		struct keel_memory args;
		uint64_t tail;
	} newer = {
		.args = { .size = sizeof(newer), .slot = 1, .gpa = DATA_GPA, .bytes = PAGE,
			  .user_addr = (uintptr_t)memguest_memory(PAGE, PAGE) },
		.tail = 1,
	};

	EXPECT_EQ(-E2BIG, set_memory(self->g.fd, &newer.args));
	newer.tail = 0;
	EXPECT_EQ(0, set_memory(self->g.fd, &newer.args));
}

TEST_F(memory, argument_out_of_reach_is_efault)
{
	EXPECT_EQ(-EFAULT, set_memory(self->g.fd, NULL));
}

TEST_F(memory, misaligned_is_einval)
{
	uint8_t *page = memguest_memory(2 * PAGE, PAGE);

	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA + 1, PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE - 1, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page + 512));
}

TEST_F(memory, above_the_physical_address_width_is_einval)
{
	uint8_t *page = memguest_memory(2 * PAGE, PAGE);
	struct keel_info info;
	uint64_t end;

	ASSERT_EQ(0, keel_get_info(self->g.keel, KEEL_CPU_ALL, &info));
	end = 1ULL << info.phys_bits;
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, end, PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, end - PAGE, 2 * PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, -(uint64_t)PAGE, 2 * PAGE, page));
	EXPECT_EQ(0, keel_set_memory(self->g.fd, 1, 0, end - PAGE, PAGE, page));
}

TEST_F(memory, above_user_addresses_is_einval)
{
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE,
					   (void *)0xffff888000000000));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * PAGE,
					   (void *)-(uint64_t)PAGE));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * PAGE,
					   (void *)0x7fffffffe000));
}

TEST_F(memory, in_use_is_eexist)
{
	uint8_t *page = memguest_memory(4 * PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 1, 0, DATA_GPA + PAGE, 2 * PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * PAGE, page + PAGE));
}

TEST_F(memory, same_again_does_nothing)
{
	uint8_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
}

/* Slot 1 is pages 1 and 2: from every side, and from within and around. */
TEST_F(memory, overlap_is_eexist)
{
	uint8_t *page = memguest_memory(4 * PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA + PAGE, 2 * PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 2, 0, DATA_GPA, 2 * PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + 2 * PAGE, 2 * PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + PAGE, PAGE, page));
	EXPECT_EQ(-EEXIST, keel_set_memory(self->g.fd, 2, 0, DATA_GPA, 4 * PAGE, page));
	EXPECT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(0, keel_set_memory(self->g.fd, 3, 0, DATA_GPA + 3 * PAGE, PAGE, page));
}

TEST_F(memory, unmapping_an_empty_slot_is_enoent)
{
	void *page = memguest_memory(PAGE, PAGE);

	EXPECT_EQ(-ENOENT, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(0, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
}

TEST_F(memory, unmapping_takes_nothing_but_the_number)
{
	void *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 0, NULL));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, 0, 0, 0, page));
	EXPECT_EQ(-EINVAL, keel_set_memory(self->g.fd, 1, KEEL_MEMORY_READONLY, 0, 0, NULL));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 7));
}

TEST_F(memory, unmapped_slot_is_mmio)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 7));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 8));
	EXPECT_EQ(DATA_GPA, self->g.cpu.run->mmio.gpa);
	EXPECT_EQ(7, page[0]);
}

TEST_F(memory, slot_can_move)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	page[0] = 1234;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA + PAGE, PAGE, page));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE, 0, 0, 0));
	EXPECT_EQ(1234, memguest_reg(&self->g.cpu, KEEL_RAX));
}

TEST_F(memory, readonly_slot_reads_and_write_is_mmio)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	page[0] = 1234;
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, KEEL_MEMORY_READONLY, DATA_GPA, PAGE, page));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	EXPECT_EQ(1234, memguest_reg(&self->g.cpu, KEEL_RAX));
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, DATA_GPA + 8, 0, 0, 5));
	EXPECT_EQ(DATA_GPA + 8, self->g.cpu.run->mmio.gpa);
	EXPECT_EQ(KEEL_ACCESS_WRITE, self->g.cpu.run->mmio.access & KEEL_ACCESS_WRITE);
	EXPECT_EQ(0, page[2]);
}

TEST_F(memory, readonly_changes_in_place)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);
	int round;

	for (round = 1; round < 5; round++) {
		ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, round));
		EXPECT_EQ(round, page[0]);
		ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, KEEL_MEMORY_READONLY, DATA_GPA,
					     PAGE, page));
		EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 77));
		EXPECT_EQ(round, page[0]);
	}
}

TEST_F(memory, becoming_readonly_stops_a_running_writer)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	memguest_load(&self->g.cpu, store_for_ever);
	memguest_args(&self->g.cpu, DATA_GPA, LOW_OUT, 0, 5);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, KEEL_MEMORY_READONLY, DATA_GPA, PAGE, page));
	/* No write can arrive from here on. */
	page[0] = 0;
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_join(&self->g.cpu));
	EXPECT_EQ(0, page[0]);
}

TEST_F(memory, unmapping_stops_a_running_reader)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	memguest_load(&self->g.cpu, load_for_ever);
	memguest_args(&self->g.cpu, DATA_GPA, LOW_OUT, 0, 0);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, 0, 0, NULL));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_join(&self->g.cpu));
	EXPECT_EQ(DATA_GPA, self->g.cpu.run->mmio.gpa);
}

/* A page each, every other address free, in no order. */
TEST_F(memory, all_slots)
{
	uint32_t *page = memguest_memory(KEEL_MAX_SLOTS * PAGE, PAGE);
	uint32_t i, slot;

	for (i = 0; i < KEEL_MAX_SLOTS; i++) {
		slot = i * 37 % KEEL_MAX_SLOTS;
		if (slot)
			ASSERT_EQ(0, keel_set_memory(self->g.fd, slot, 0,
						     DATA_GPA + slot * 2 * PAGE, PAGE,
						     page + slot * 1024));
	}
	for (slot = 1; slot < KEEL_MAX_SLOTS; slot++) {
		EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store,
						    DATA_GPA + slot * 2 * PAGE, 0, 0, slot));
		EXPECT_EQ(slot, page[slot * 1024]);
		EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store,
						     DATA_GPA + slot * 2 * PAGE + PAGE,
						     0, 0, slot));
	}
}

TEST_F(memory, two_slots_of_the_same_memory)
{
	uint32_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA + PAGE, PAGE, page));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 4321));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE, 0, 0, 0));
	EXPECT_EQ(4321, memguest_reg(&self->g.cpu, KEEL_RAX));
	munmap(page, PAGE);
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE,
						     0, 0, 0));
}

TEST_F(memory, slot_without_memory_is_a_memory_fault)
{
	uint8_t *page = memguest_memory(PAGE, PAGE);

	munmap(page, PAGE);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, DATA_GPA + 12, 0, 0, 0));
	EXPECT_EQ(DATA_GPA + 12, self->g.cpu.run->mmio.gpa);
	EXPECT_EQ(0, self->g.cpu.run->mmio.access);
	/* And the guest can go on once it is there. */
	ASSERT_EQ(page, mmap(page, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*(uint32_t *)(page + 12) = 31;
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_run(&self->g.cpu));
	EXPECT_EQ(31, memguest_reg(&self->g.cpu, KEEL_RAX));
}

static int resident(uint8_t *memory, int pages)
{
	unsigned char vec[pages];
	int i, n = 0;

	if (mincore(memory, pages * PAGE, vec))
		return -errno;
	for (i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

TEST_F(memory, a_page_is_taken_when_it_is_touched)
{
	uint8_t *memory = memguest_memory(64 * PAGE, PAGE);
	uint64_t before;

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 64 * PAGE, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	EXPECT_EQ(0, resident(memory, 64));
	before = memguest_page_faults(&self->g.cpu);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, 3 * PAGE, 20, 1));
	EXPECT_EQ(20, memguest_page_faults(&self->g.cpu) - before);
	EXPECT_EQ(20, resident(memory, 64));
	/* Once there, they stay. */
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, 3 * PAGE, 20, 1));
	EXPECT_EQ(20, memguest_page_faults(&self->g.cpu) - before);
}

/* What the kernel counts under @key in the mapping of @at, in KiB; -1: cannot be told. */
static long smaps_kb(const void *at, const char *key)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	bool here = false;
	char line[256];
	long kb = -1;

	while (smaps && kb < 0 && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = from <= (uintptr_t)at && (uintptr_t)at < to;
		else if (here && !strncmp(line, key, strlen(key)))
			kb = strtol(line + strlen(key), NULL, 10);
	}
	if (smaps)
		fclose(smaps);
	return kb;
}

/*
 * A guest that reads all of its memory must not make the host allocate it.  Pages of
 * the test itself may come meanwhile; they are in other mappings.
 */
TEST_F(memory, reading_fresh_memory_takes_the_zero_page)
{
	uint8_t *memory = memguest_memory(256 * PAGE, PAGE);
	long before;

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 256 * PAGE, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	before = smaps_kb(memory, "Anonymous:");
	ASSERT_LE(0, before);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load_many, DATA_GPA, PAGE, 256, 0));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
	EXPECT_EQ(before, smaps_kb(memory, "Anonymous:"));
	/* And then writes: no zero page may ever change. */
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA, 0, 0, 66));
	EXPECT_EQ(66, *(uint32_t *)memory);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + PAGE, 0, 0, 0));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
}

/* Touch the first page; whether the host made it a huge one. */
static bool take_huge_page(uint8_t *memory)
{
	memory[0] = 1;
	return smaps_kb(memory, "AnonHugePages:") >= 2048;
}

TEST_F(memory, transparent_huge_page_is_one_fault)
{
	uint8_t *memory = memguest_memory(2 * MIB, 2 * MIB);
	uint64_t before;

	if (!take_huge_page(memory))
		SKIP(return, "the host gives no transparent huge page");
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * MIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	before = memguest_page_faults(&self->g.cpu);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, PAGE, 512, 3));
	EXPECT_EQ(1, memguest_page_faults(&self->g.cpu) - before);
	EXPECT_EQ(3, memory[511 * PAGE]);
}

/* The guest's address and ours differ modulo 2 MiB: small pages serve. */
TEST_F(memory, incongruent_huge_page_is_mapped_small)
{
	uint8_t *memory = memguest_memory(2 * MIB, 2 * MIB);
	uint64_t before;
	int i;

	take_huge_page(memory);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA + PAGE, 2 * MIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	before = memguest_page_faults(&self->g.cpu);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA + PAGE, PAGE,
					    512, 3));
	EXPECT_EQ(512, memguest_page_faults(&self->g.cpu) - before);
	for (i = 0; i < 512; i++)
		ASSERT_EQ(3, *(uint32_t *)(memory + i * PAGE));
}

/* A slot that is but a part of a huge page gives no access to the rest of it. */
TEST_F(memory, slot_ends_inside_a_huge_page)
{
	uint8_t *memory = memguest_memory(2 * MIB, 2 * MIB);

	take_huge_page(memory);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, MIB, memory));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, DATA_GPA + MIB - 4, 0, 0, 5));
	EXPECT_EQ(KEEL_EXIT_MMIO, memguest_call(&self->g.cpu, store, DATA_GPA + MIB, 0, 0, 5));
	EXPECT_EQ(0, *(uint32_t *)(memory + MIB));
}

TEST_F(memory, huge_page_split_under_the_guest)
{
	uint8_t *memory = memguest_memory(2 * MIB, 2 * MIB);
	int i;

	if (!take_huge_page(memory))
		SKIP(return, "the host gives no transparent huge page");
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * MIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, PAGE, 512, 3));
	ASSERT_EQ(0, madvise(memory + 5 * PAGE, PAGE, MADV_DONTNEED));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, DATA_GPA + 5 * PAGE, 0, 0, 9));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load_many, DATA_GPA, PAGE, 512, 0));
	EXPECT_EQ(3 * 511, memguest_reg(&self->g.cpu, KEEL_RAX));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, PAGE, 512, 4));
	for (i = 0; i < 512; i++)
		ASSERT_EQ(4, *(uint32_t *)(memory + i * PAGE));
}

static void *hugetlb(uint64_t page_bytes, uint64_t bytes)
{
	char path[96];
	void *memory;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		 (unsigned long long)page_bytes >> 10);
	if (host_write(path, page_bytes == GIB ? "1" : "2"))
		return NULL;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		      __builtin_ctzll(page_bytes) << MAP_HUGE_SHIFT, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

TEST_F(memory, hugetlb_page_of_2_mib_is_one_fault)
{
	uint8_t *memory = hugetlb(2 * MIB, 2 * MIB);
	uint64_t before;

	if (!memory)
		SKIP(return, "the host has no huge page of 2 MiB to spare");
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, 2 * MIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	before = memguest_page_faults(&self->g.cpu);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, DATA_GPA, PAGE, 512, 3));
	EXPECT_EQ(1, memguest_page_faults(&self->g.cpu) - before);
	EXPECT_EQ(3, memory[511 * PAGE]);
	munmap(memory, 2 * MIB);
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, DATA_GPA, 0, 0, 0));
	host_write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0");
}

TEST_F(memory, hugetlb_page_of_1_gib_is_one_fault)
{
	struct keel_info info;
	uint32_t *memory;
	uint64_t before;

	ASSERT_EQ(0, keel_get_info(self->g.keel, KEEL_CPU_ALL, &info));
	memory = hugetlb(GIB, GIB);
	if (!memory)
		SKIP(return, "the host has no huge page of 1 GiB to spare");
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, GIB, GIB, memory));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, 0x5000, 0, 0, 0));
	before = memguest_page_faults(&self->g.cpu);
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store_many, GIB, 8 * MIB, 128, 3));
	/* One a GiB where EPT maps that, else one for each 2 MiB touched. */
	EXPECT_EQ(info.features & KEEL_FEATURE_EPT_1G && !host_shadows(&info) ? 1 : 128,
		  memguest_page_faults(&self->g.cpu) - before);
	EXPECT_EQ(3, memory[127 * 8 * MIB / 4]);
	munmap(memory, GIB);
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_call(&self->g.cpu, load, GIB, 0, 0, 0));
	host_write("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0");
}

TEST_F(memory, two_vms_do_not_see_each_other)
{
	struct memguest other;
	int round;

	ASSERT_EQ(0, memguest_open(&other));
	for (round = 1; round < 20; round++) {
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, store, LOW_OUT, 0, 0, round));
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&other.cpu, store, LOW_OUT, 0, 0, -round));
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, load, LOW_OUT, 0, 0, 0));
		EXPECT_EQ(round, memguest_reg(&self->g.cpu, KEEL_RAX));
		ASSERT_EQ(KEEL_EXIT_HLT, memguest_call(&other.cpu, load, LOW_OUT, 0, 0, 0));
		EXPECT_EQ((uint32_t)-round, memguest_reg(&other.cpu, KEEL_RAX));
	}
	memguest_close(&other);
}

TEST_HARNESS_MAIN
