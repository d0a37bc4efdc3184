// SPDX-License-Identifier: GPL-2.0
/* Threads, signals and CPUs that come and go, while guests run. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define STOP	(LOW_OUT + 4)
#define SHARED	(LOW_OUT + 8)

/* Count at ESI and in EAX until ESI[4] is not 0. */
MEMGUEST(count, "1: incl (%esi)\n inc %eax\n cmpl $0, 4(%esi)\n je 1b\n hlt");
/* Add 1 to EDI, ECX times, with a count in EAX. */
MEMGUEST(add, "1: lock incl (%edi)\n inc %eax\n loop 1b\n hlt");
MEMGUEST(halt, "hlt");

FIXTURE(races)
{
	struct memguest g;
};

static void nothing(int sig)
{
}

FIXTURE_SETUP(races)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	MEMGUEST_OR_SKIP(&self->g);
}

FIXTURE_TEARDOWN(races)
{
	memguest_close(&self->g);
}

static int start_counting(struct memguest *g)
{
	memguest_load(&g->cpu, count);
	memguest_args(&g->cpu, 0, LOW_OUT, 0, 0);
	return memguest_start(&g->cpu) || !memguest_moves(g, LOW_OUT) ? -EIO : 0;
}

static int stop(struct memguest *g)
{
	memguest_poke(g, STOP, 1);
	return memguest_join(&g->cpu);
}

static void pin(int tid, int cpu)
{
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < 64; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	sched_setaffinity(tid, sizeof(set), &set);
}

TEST_F(races, signal_interrupts_a_guest_that_loops)
{
	memguest_load(&self->g.cpu, count);
	memguest_args(&self->g.cpu, 0, LOW_OUT, 0, 0);
	alarm(1);
	ASSERT_EQ(-EINTR, keel_run(self->g.cpu.fd));
	EXPECT_EQ(KEEL_EXIT_INTR, self->g.cpu.run->exit_reason);
	EXPECT_EQ(memguest_peek(&self->g, LOW_OUT), memguest_reg(&self->g.cpu, KEEL_RAX));
	/* And it goes on where it was. */
	memguest_poke(&self->g, STOP, 1);
	ASSERT_EQ(0, keel_run(self->g.cpu.fd));
	EXPECT_EQ(KEEL_EXIT_HLT, self->g.cpu.run->exit_reason);
	EXPECT_EQ(memguest_peek(&self->g, LOW_OUT), memguest_reg(&self->g.cpu, KEEL_RAX));
}

TEST_F(races, immediate_exit_runs_nothing)
{
	memguest_load(&self->g.cpu, add);
	memguest_args(&self->g.cpu, SHARED, 0, 1, 0);
	self->g.cpu.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, keel_run(self->g.cpu.fd));
	EXPECT_EQ(KEEL_EXIT_INTR, self->g.cpu.run->exit_reason);
	EXPECT_EQ(0, memguest_peek(&self->g, SHARED));
	self->g.cpu.run->immediate_exit = 0;
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_run(&self->g.cpu));
	EXPECT_EQ(1, memguest_peek(&self->g, SHARED));
}

static void *second_runner(void *arg)
{
	struct memguest_cpu *cpu = arg;

	cpu->result = keel_run(cpu->fd);
	cpu->done = true;
	return NULL;
}

TEST_F(races, second_caller_of_run_waits)
{
	struct memguest_cpu second = self->g.cpu;
	pthread_t thread;

	ASSERT_EQ(0, start_counting(&self->g));
	ASSERT_EQ(0, pthread_create(&thread, NULL, second_runner, &second));
	usleep(200000);
	EXPECT_FALSE(second.done);
	EXPECT_FALSE(self->g.cpu.done);
	/* The first one gets its HLT, then the second runs on, from behind it. */
	memguest_poke(&self->g, STOP, 1);
	memset(self->g.low + LOW_CODE + (count_end - count), 0xf4, 8);
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_join(&self->g.cpu));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, second.result);
	EXPECT_EQ(KEEL_EXIT_HLT, self->g.cpu.run->exit_reason);
}

TEST_F(races, two_vcpus_at_once)
{
	struct memguest_cpu second;
	const uint32_t n = 200000;

	ASSERT_EQ(0, memguest_add_cpu(&self->g, 1, &second));
	memguest_load(&self->g.cpu, add);
	memguest_args(&self->g.cpu, SHARED, 0, n, 0);
	memguest_load(&second, add);
	memguest_args(&second, SHARED, 0, n, 0);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	ASSERT_EQ(0, memguest_start(&second));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_join(&self->g.cpu));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_join(&second));
	EXPECT_EQ(n, memguest_reg(&self->g.cpu, KEEL_RAX));
	EXPECT_EQ(n, memguest_reg(&second, KEEL_RAX));
	EXPECT_EQ(2 * n, memguest_peek(&self->g, SHARED));
	memguest_remove_cpu(&second);
}

TEST_F(races, vcpu_moves_between_cpus)
{
	int round;

	if (host_nr_cpus() < 2)
		SKIP(return, "the host has one CPU");
	ASSERT_EQ(0, start_counting(&self->g));
	for (round = 0; round < 100; round++) {
		pin(self->g.cpu.tid, round & 1);
		ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	}
	pin(self->g.cpu.tid, -1);
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
	EXPECT_EQ(memguest_peek(&self->g, LOW_OUT), memguest_reg(&self->g.cpu, KEEL_RAX));
}

/* The backtrace that SysRq-l asks of each CPU is taken in an NMI. */
TEST_F(races, nmi_of_the_host_reaches_it_through_a_guest)
{
	int log;

	if (host_nr_cpus() < 2)
		SKIP(return, "the host has one CPU");
	ASSERT_EQ(0, start_counting(&self->g));
	pin(self->g.cpu.tid, 1);
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	pin(0, 0);
	log = host_log_open();
	ASSERT_EQ(0, host_write("/proc/sysrq-trigger", "l"));
	EXPECT_TRUE(host_log_has(log, "NMI backtrace for cpu 1"));
	EXPECT_TRUE(memguest_moves(&self->g, LOW_OUT));
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
	pin(0, -1);
	close(log);
}

TEST_F(races, cpu_goes_offline_under_a_running_vcpu)
{
	int round;

	if (host_nr_cpus() < 2)
		SKIP(return, "the host has one CPU");
	ASSERT_EQ(0, start_counting(&self->g));
	for (round = 0; round < 5; round++) {
		pin(self->g.cpu.tid, 1);
		ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
		pin(self->g.cpu.tid, -1);
		ASSERT_EQ(0, host_cpu_online(1, false));
		EXPECT_TRUE(memguest_moves(&self->g, LOW_OUT));
		ASSERT_EQ(0, host_cpu_online(1, true));
		EXPECT_TRUE(memguest_moves(&self->g, LOW_OUT));
	}
	EXPECT_EQ(KEEL_EXIT_HLT, stop(&self->g));
	EXPECT_EQ(memguest_peek(&self->g, LOW_OUT), memguest_reg(&self->g.cpu, KEEL_RAX));
}

/* Its VMCS is on a CPU that goes: what is in it must not be lost. */
TEST_F(races, cpu_goes_offline_under_a_vcpu_that_waits)
{
	if (host_nr_cpus() < 2)
		SKIP(return, "the host has one CPU");
	pin(0, 1);
	memguest_load(&self->g.cpu, add);
	memguest_args(&self->g.cpu, SHARED, 0, 5, 0);
	self->g.cpu.run->immediate_exit = 1;
	ASSERT_EQ(-EINTR, keel_run(self->g.cpu.fd));
	self->g.cpu.run->immediate_exit = 0;
	pin(0, 0);
	ASSERT_EQ(0, host_cpu_online(1, false));
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_run(&self->g.cpu));
	EXPECT_EQ(5, memguest_peek(&self->g, SHARED));
	EXPECT_EQ(0, host_cpu_online(1, true));
}

struct scribbler {
	struct keel_run *run;
	uint32_t bytes;
	volatile bool stop;
};

/* All of it with anything; the inputs, so that they matter, often with sense. */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	uint64_t x = 88172645463325252ULL;
	uint32_t i;

	while (!s->stop) {
		for (i = 0; i < s->bytes / 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			((volatile uint64_t *)s->run)[i] = x;
		}
		s->run->state_wanted &= KEEL_STATE_RUN;
		s->run->state_dirty &= x & 0x100 ? KEEL_STATE_REGS : 0;
		s->run->immediate_exit = 0;
		s->run->request_intr_window &= 1;
		memset(s->run->reserved, 0, sizeof(s->run->reserved));
		sched_yield();
	}
	return NULL;
}

TEST_F(races, run_page_scribbled_over)
{
	struct scribbler s = { .run = self->g.cpu.run, .bytes = self->g.run_size };
	struct keel_state state;
	pthread_t thread;
	int round, ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
	for (round = 0; round < 2000; round++) {
		if (round % 16 == 0) {
			keel_start_paged(&state, LOW_CODE, LOW_GDT, LOW_PD);
			state.regs.rflags |= 0x200;
			memcpy(self->g.low + LOW_CODE, halt, halt_end - halt);
			ASSERT_EQ(0, keel_set_state(self->g.cpu.fd, &state));
		}
		alarm(1);
		ret = keel_run(self->g.cpu.fd);
		if (ret && ret != -EINVAL && ret != -EINTR && ret != -EFAULT &&
		    ret != -EOPNOTSUPP)
			EXPECT_EQ(0, ret);
	}
	alarm(0);
	s.stop = true;
	pthread_join(thread, NULL);
	/* Nothing of it stays: the vCPU serves whoever gives it a sane state. */
	memset(self->g.cpu.run, 0, self->g.run_size);
	keel_start_paged(&state, LOW_CODE, LOW_GDT, LOW_PD);
	ASSERT_EQ(0, keel_set_state(self->g.cpu.fd, &state));
	keel_write_page_directory(self->g.low + LOW_PD);
	self->g.cpu.run->regs = state.regs;
	self->g.cpu.run->state_wanted = KEEL_STATE_REGS;
	EXPECT_EQ(KEEL_EXIT_HLT, memguest_call(&self->g.cpu, add, SHARED, 0, 5, 0));
	EXPECT_EQ(5, memguest_reg(&self->g.cpu, KEEL_RAX));
}

TEST_HARNESS_MAIN
