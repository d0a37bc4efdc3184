// SPDX-License-Identifier: GPL-2.0
/*
 * What a thread has of its own, beside its registers, is there when KEEL_RUN returns:
 * selectors and what they lead to, segment bases, an LDT, ports, breakpoints.  VM exit
 * loses all of these, and Keel or the kernel brings them back.
 *
 * SDM: "Loading Host Segment and Descriptor-Table Registers".
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"
#include "lib/hoststate.h"

#define ROUNDS		5
#define USER_DS		0x2b
#define FIRST_OF_LDT	7	/* ring 3, the LDT's, entry 0 */
#define WORD		0x1234abcdU

/* It has segments, breakpoints and an FPU of its own. */
GUEST_CODE(busy,
	   "again: mov $0x10, %eax; mov %eax, %ds; mov %eax, %es; mov %eax, %fs; mov %eax, %gs;"
	   "mov $0x20000, %eax; mov %rax, %dr0; mov $0x7ff, %eax; mov %rax, %dr7;"
	   "movaps 0x20000, %xmm0; movaps %xmm0, %xmm15; fninit; fldpi;"
	   "mov $0xc0000101, %ecx; mov $0x1000, %eax; xor %edx, %edx; wrmsr; swapgs;"
	   "xor %eax, %eax; mov %rax, %dr7; vmcall; jmp again");

FIXTURE(host_thread)
{
	struct guest guest;
	struct host_state before;
};

FIXTURE_SETUP(host_thread)
{
	struct guest *g = &self->guest;

	GUEST_SETUP(g);
	GUEST_START(g, GUEST_LONG, busy);
	g->enter = host_watched_run;
	ASSERT_EQ(0, host_state_take(&self->before));
}

FIXTURE_TEARDOWN(host_thread)
{
	guest_free(&self->guest);
	host_state_free(&self->before);
}

/* Breakpoints that the guest sets may trap it. */
static int run(struct guest *g)
{
	int ret;

	do {
		ret = guest_run(g);
	} while (ret == GUEST_TRAP);
	return ret;
}

#define RUN(g) ASSERT_EQ(KEEL_EXIT_HYPERCALL, run(g))

TEST_F(host_thread, its_registers)
{
	for (int i = 0; i < ROUNDS; i++)
		RUN(&self->guest);
	HOST_UNCHANGED(&self->before);
}

static __u32 read_gs(void)
{
	__u32 value;

	asm volatile("mov %%gs:0, %0" : "=r"(value));
	return value;
}

TEST_F(host_thread, segment_bases)
{
	static __u32 word = WORD;
	unsigned long base;

	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	for (int i = 0; i < ROUNDS; i++) {
		RUN(&self->guest);
		EXPECT_EQ(WORD, read_gs());
		ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
		EXPECT_EQ((unsigned long)&word, base);
		sched_yield();
	}
	EXPECT_EQ(NULL, host_watched_failure());
}

/* DS and ES mean nothing in 64-bit code, and are kept; GS leads by the LDT. */
TEST_F(host_thread, selectors_and_an_ldt)
{
	__u32 *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct user_desc desc = {
		.base_addr = (unsigned long)word, .limit = 0xfff, .seg_32bit = 1,
	};

	ASSERT_NE(MAP_FAILED, word);
	*word = WORD;
	if (syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)))
		SKIP(return, "this kernel has no LDTs");
	asm volatile("mov %0, %%ds; mov %0, %%es" : : "r"(USER_DS));
	asm volatile("mov %0, %%gs" : : "r"(FIRST_OF_LDT));
	for (int i = 0; i < ROUNDS; i++) {
		RUN(&self->guest);
		EXPECT_EQ(WORD, read_gs());
		sched_yield();
	}
	EXPECT_EQ(NULL, host_watched_failure()) {
		TH_LOG("%s", host_watched_failure());
	}
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%gs" : : "r"(0));
}

static sigjmp_buf away;

static void fault(int sig)
{
	siglongjmp(away, sig);
}

static bool may_write(unsigned short port)
{
	if (sigsetjmp(away, 1))
		return false;
	outb(0, port);
	return true;
}

/* The bitmap is behind the part of the TSS that VM exit's limit leaves. */
TEST_F(host_thread, ports)
{
	signal(SIGSEGV, fault);
	/* Whatever it has from its parents. */
	ASSERT_EQ(0, iopl(0));
	ASSERT_EQ(0, ioperm(0, 0x400, 0));
	ASSERT_EQ(0, ioperm(0x80, 1, 1));
	for (int i = 0; i < ROUNDS; i++) {
		RUN(&self->guest);
		EXPECT_TRUE(may_write(0x80));
		EXPECT_FALSE(may_write(0x81));
	}
}

static volatile unsigned long watched;

TEST_F(host_thread, breakpoints)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .bp_type = HW_BREAKPOINT_W,
		.bp_addr = (unsigned long)&watched, .bp_len = HW_BREAKPOINT_LEN_8,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	__u64 count = 0;

	ASSERT_LE(0, fd);
	for (int i = 0; i < ROUNDS; i++) {
		RUN(&self->guest);
		watched = i;
	}
	ASSERT_EQ(8, read(fd, &count, 8));
	EXPECT_EQ(ROUNDS, count);
	close(fd);
	watched = 0;
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
