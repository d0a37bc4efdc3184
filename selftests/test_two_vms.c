// SPDX-License-Identifier: GPL-2.0
/*
 * Two VMs, one program: neither sees the other's memory by any way there is, although
 * all their addresses, tables and numbers are alike.
 *
 * SDM: "Caching Translation Information".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define PAGE		4096
#define OWN_AT		0x100000	/* where each VM keeps its own word, in each page */
#define OWN_PAGES	64
#define ROUNDS		40
#define HOLE_AT		0x20000000ULL

FIXTURE(two_vms)
{
	struct guest a, b;
};

FIXTURE_SETUP(two_vms)
{
	GUEST_SETUP(&self->a);
	GUEST_SETUP(&self->b);
}

FIXTURE_TEARDOWN(two_vms)
{
	guest_free(&self->a);
	guest_free(&self->b);
}

/* The sum of the words in its pages; the tables' TLB entries are global ones, too. */
GUEST_CODE(sum,
	   "mov %cr4, %rax; or $0x80, %al; mov %rax, %cr4;"
	   "again: xor %eax, %eax; mov %rsi, %rbx; mov $64, %ecx;"
	   "1: add (%rbx), %rax; add $0x1000, %rbx; loop 1b; vmcall; jmp again");

static void fill(struct guest *g, __u64 word)
{
	for (int i = 0; i < OWN_PAGES; i++)
		GUEST_U64(g, OWN_AT + i * PAGE) = word;
}

static void start(struct __test_metadata *_metadata, struct guest *g, __u64 word)
{
	fill(g, word);
	GUEST_START(g, GUEST_LONG, sum);
	RSI(g) = OWN_AT;
	/* Global pages: MOV to CR3 does not flush them, and Keel's flush must. */
	for (int i = 0; i < OWN_PAGES; i++)
		*(__u64 *)guest_pte(g, OWN_AT + i * PAGE) |= 0x100;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* By turns on the same CPU, and from one CPU to the other. */
TEST_F(two_vms, each_sees_its_own)
{
	struct guest *g[2] = { &self->a, &self->b };
	int cpus = host_nr_cpus();

	start(_metadata, g[0], 0x11);
	start(_metadata, g[1], 0x2200);
	for (int i = 0; i < ROUNDS; i++) {
		pin(i / 3 % cpus);
		GUEST_RUN(g[i & 1], KEEL_EXIT_HYPERCALL);
		ASSERT_EQ(i & 1 ? 0x2200 * OWN_PAGES : 0x11 * OWN_PAGES, RAX(g[i & 1]));
	}
}

/* The next one has the last one's VPID, and perhaps its tables' pages. */
TEST_F(two_vms, the_next_sees_nothing_of_the_last)
{
	int cpus = host_nr_cpus();

	for (int i = 0; i < ROUNDS; i++) {
		struct guest g;

		pin(i / 2 % cpus);
		ASSERT_EQ(0, guest_init(&g));
		start(_metadata, &g, 0x1000 + i);
		GUEST_RUN(&g, KEEL_EXIT_HYPERCALL);
		ASSERT_EQ((0x1000 + i) * OWN_PAGES, RAX(&g));
		guest_free(&g);
	}
}

/* The same with vCPUs of one VM that come and go: their VPIDs go round. */
TEST_F(two_vms, a_vcpu_has_nothing_of_the_last_with_its_vpid)
{
	struct guest *g = &self->a, second;

	start(_metadata, g, 0x11);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	for (int i = 0; i < ROUNDS; i++) {
		/* The VMs' vCPUs by turns, and their tables lead elsewhere each time. */
		struct guest *of = i & 1 ? &self->a : &self->b;

		ASSERT_EQ(0, guest_init_vcpu(&second, of, 1));
		fill(of, i);
		ASSERT_EQ(0, guest_start(&second, GUEST_LONG, sum_begin, sum_end - sum_begin));
		RSI(&second) = OWN_AT;
		GUEST_RUN(&second, KEEL_EXIT_HYPERCALL);
		ASSERT_EQ(i * OWN_PAGES, RAX(&second));
		guest_free(&second);
	}
}

/* A page that was the one's, is taken away from it, and is then the other's. */
TEST_F(two_vms, memory_that_changes_hands)
{
	__u64 *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest *g[2] = { &self->a, &self->b };

	ASSERT_NE(MAP_FAILED, page);
	for (int i = 0; i < 2; i++) {
		start(_metadata, g[i], 0);
		RSI(g[i]) = HOLE_AT;
		RCX(g[i]) = 0;
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct guest *has = g[i & 1], *has_not = g[!(i & 1)];

		ASSERT_EQ(0, keel_set_memory(has->vm, 1, 0, HOLE_AT, PAGE, page));
		*page = 0xabc0 + i;
		/* It reads the word, and its second page is not there. */
		GUEST_RUN(has, KEEL_EXIT_MMIO);
		EXPECT_EQ(HOLE_AT + PAGE, has->run->mmio.gpa);
		EXPECT_EQ(0xabc0 + i, RAX(has));
		GUEST_RUN(has_not, KEEL_EXIT_MMIO);
		EXPECT_EQ(HOLE_AT, has_not->run->mmio.gpa);
		ASSERT_EQ(0, keel_set_memory(has->vm, 1, 0, 0, 0, NULL));
		for (int n = 0; n < 2; n++) {
			RIP(g[n]) = GUEST_CODE_AT;
			RSI(g[n]) = HOLE_AT;
		}
	}
	munmap(page, PAGE);
}

/* Every address that has no slot is nobody's, whoever has memory there. */
GUEST_CODE(read_one, "mov (%rsi), %rax; vmcall");

TEST_F(two_vms, an_address_of_the_others_is_nobodys)
{
	struct guest *a = &self->a, *b = &self->b;
	__u8 *more = mmap(NULL, 0x200000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	ASSERT_NE(MAP_FAILED, more);
	memset(more, 0x5a, 0x200000);
	ASSERT_EQ(0, keel_set_memory(b->vm, 1, 0, 0x10000000, 0x200000, more));
	GUEST_START(b, GUEST_LONG, read_one);
	RSI(b) = 0x10000000;
	GUEST_RUN(b, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, RAX(b));
	for (__u64 gpa = 0x10000000 - PAGE; gpa <= 0x10200000; gpa += 0x1f000) {
		GUEST_START(a, GUEST_LONG, read_one);
		RSI(a) = gpa;
		GUEST_RUN(a, KEEL_EXIT_MMIO);
		EXPECT_EQ(gpa, a->run->mmio.gpa);
	}
	munmap(more, 0x200000);
}

/* ---- by the calls ---- */

TEST_F(two_vms, a_log_is_of_the_slots_own_vm)
{
	struct guest *a = &self->a, *b = &self->b;
	__u8 log[GUEST_BYTES / PAGE / 8];

	ASSERT_EQ(0, keel_set_memory(a->vm, 0, KEEL_MEMORY_LOG_DIRTY, 0, GUEST_BYTES, a->mem));
	EXPECT_EQ(-ENODATA, keel_get_dirty_log(b->vm, 0, 0, GUEST_BYTES / PAGE, log));
	start(_metadata, b, 1);
	GUEST_RUN(b, KEEL_EXIT_HYPERCALL);
	ASSERT_EQ(0, keel_get_dirty_log(a->vm, 0, 0, GUEST_BYTES / PAGE, log));
	for (size_t i = 0; i < sizeof(log); i++)
		EXPECT_EQ(0, log[i]);
}

static sigjmp_buf away;

static void fault(int sig)
{
	siglongjmp(away, sig);
}

/* The signal that a read of the address ends in, or 0. */
static int reading_is(const volatile __u8 *at)
{
	int sig = sigsetjmp(away, 1);

	if (!sig)
		(void)*at;
	return sig;
}

TEST_F(two_vms, a_run_area_ends_where_it_ends)
{
	size_t bytes = 64 * KEEL_RUN_SIZE;
	__u8 *area, *other;

	signal(SIGBUS, fault);
	signal(SIGSEGV, fault);
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, self->a.vcpu, 0);
	ASSERT_NE(MAP_FAILED, area);
	EXPECT_EQ(0, reading_is(area + KEEL_RUN_SIZE - 1));
	for (size_t at = KEEL_RUN_SIZE; at < bytes; at += PAGE)
		EXPECT_EQ(SIGBUS, reading_is(area + at));
	munmap(area, bytes);
	/* From an offset behind its end, and one that grows over it. */
	area = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->a.vcpu, KEEL_RUN_SIZE);
	if (area != MAP_FAILED) {
		EXPECT_EQ(SIGBUS, reading_is(area));
		munmap(area, PAGE);
	}
	area = mmap(NULL, KEEL_RUN_SIZE, PROT_READ, MAP_SHARED, self->a.vcpu, 0);
	ASSERT_NE(MAP_FAILED, area);
	other = mremap(area, KEEL_RUN_SIZE, bytes, MREMAP_MAYMOVE);
	if (other != MAP_FAILED) {
		EXPECT_EQ(0, reading_is(other));
		EXPECT_EQ(SIGBUS, reading_is(other + KEEL_RUN_SIZE));
		munmap(other, bytes);
	}
	/* Only vCPUs have one. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->a.vm, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->a.keel, 0));
}

/* What is in it stays with the vCPU, also when the vCPU's descriptor is gone. */
TEST_F(two_vms, run_areas_are_each_vcpus_own)
{
	struct guest second;

	ASSERT_EQ(0, guest_init_vcpu(&second, &self->a, 1));
	memset((__u8 *)self->a.run + KEEL_RUN_DATA, 0xaa, PAGE);
	memset((__u8 *)self->b.run + KEEL_RUN_DATA, 0xbb, PAGE);
	EXPECT_EQ(0, ((__u8 *)second.run)[KEEL_RUN_DATA]);
	close(self->b.vcpu);
	self->b.vcpu = keel_create_vcpu(self->b.vm, 2);
	ASSERT_LE(0, self->b.vcpu);
	EXPECT_EQ(0xbb, ((__u8 *)self->b.run)[KEEL_RUN_DATA]);
	EXPECT_EQ(0xaa, ((__u8 *)self->a.run)[KEEL_RUN_DATA]);
	guest_free(&second);
}

/* Inherited descriptors do not work in another address space. */
TEST_F(two_vms, another_process_has_no_use_for_them)
{
	struct guest *a = &self->a;
	struct keel_state s = { .groups = KEEL_STATE_RUN };
	int status;
	pid_t pid;

	start(_metadata, a, 0x11);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit((keel_run(a->vcpu) == -EIO) + 2 * (keel_get_state(a->vcpu, &s) == -EIO) +
		      4 * (keel_set_memory(a->vm, 1, 0, HOLE_AT, PAGE, a->mem) == -EIO) +
		      8 * (keel_create_vcpu(a->vm, 5) == -EIO));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(15, WEXITSTATUS(status));
	GUEST_RUN(a, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(0x11 * OWN_PAGES, RAX(a));
}

TEST_HARNESS_MAIN
