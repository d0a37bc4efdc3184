// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* pthread_timedjoin_np() */
#include "apicguest.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define FIRST_VECTOR	32
#define VECTORS		256
#define TAIL_AT		(GUEST_HANDLERS_AT + 128 * 8)	/* no handler of vector 8 */
#define X2APIC_TAIL_AT	(TAIL_AT + 128)
#define STUB_BYTES	16
#define CALL_BYTES	4
#define PTE_APIC	(APIC_GPA | 0x7b)	/* not cached, as on a PC */
#define NS		1000000000ULL

GUEST_CODE(tail, "movl $0, 0x1fe0b0; iretq");
GUEST_CODE(x2apic_tail,
	   "push %rax; push %rcx; push %rdx\n"
	   "xor %eax, %eax; xor %edx, %edx; mov $0x80b, %ecx; wrmsr\n"
	   "pop %rdx; pop %rcx; pop %rax; iretq");

int apic_enable_x2apic(struct guest *g)
{
	__u64 base;
	int ret = guest_get_msr(g, MSR_APIC_BASE, &base);

	return ret ?: guest_set_msr(g, MSR_APIC_BASE, base | BASE_X2APIC);
}

static void write_tails(struct guest *g)
{
	__u64 base = 0;
	unsigned int vector;

	guest_get_msr(g, MSR_APIC_BASE, &base);
	memcpy(g->mem + TAIL_AT, tail_begin, tail_end - tail_begin);
	memcpy(g->mem + X2APIC_TAIL_AT, x2apic_tail_begin, x2apic_tail_end - x2apic_tail_begin);
	for (vector = FIRST_VECTOR; vector < VECTORS; vector++) {
		__u32 at = GUEST_STUBS_AT + vector * STUB_BYTES + CALL_BYTES;
		__s32 to = (base & BASE_X2APIC ? X2APIC_TAIL_AT : TAIL_AT) - (at + 5);

		g->mem[at] = 0xe9;	/* jmp */
		memcpy(g->mem + at + 1, &to, 4);
	}
}

int apic_start(struct guest *g, const void *code, size_t bytes)
{
	int ret = guest_start(g, GUEST_LONG, code, bytes);

	if (ret)
		return ret;
	*(__u64 *)guest_pte(g, APIC_AT) = PTE_APIC;
	write_tails(g);
	return 0;
}

__u32 apic_read(struct guest *g, __u32 reg)
{
	__u32 value;

	/* No register reads so. */
	return keel_lapic_read(g->vcpu, reg, &value) ? 0xdeadbeef : value;
}

void apic_write(struct guest *g, __u32 reg, __u32 value)
{
	if (keel_lapic_write(g->vcpu, reg, value))
		fprintf(stderr, "# KEEL_LAPIC: write to 0x%x: %s\n", reg, strerror(errno));
}

bool apic_bit(struct guest *g, __u32 array, unsigned int vector)
{
	return apic_read(g, array + vector / 32 * 16) >> vector % 32 & 1;
}

static void ignore(int signal)
{
}

static void *run(void *arg)
{
	struct guest_thread *t = arg;

	t->tid = syscall(SYS_gettid);
	t->result = guest_run(t->g);
	return NULL;
}

int guest_spawn(struct guest_thread *t, struct guest *g)
{
	struct sigaction act = { .sa_handler = ignore };
	int ret;

	/* The signal of guest_stop(); it interrupts, and that is all. */
	sigaction(SIGUSR1, &act, NULL);
	*t = (struct guest_thread){ .g = g };
	ret = pthread_create(&t->thread, NULL, run, t);
	t->running = !ret;
	while (t->running && !t->tid)
		usleep(100);
	return -ret;
}

int guest_join(struct guest_thread *t, unsigned int seconds)
{
	struct timespec until;
	int ret;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	ret = pthread_timedjoin_np(t->thread, NULL, &until);
	t->running = !!ret;
	return -ret;
}

void guest_stop(struct guest_thread *t)
{
	while (t->running) {
		/* It may be on its way into KEEL_RUN, where the signal has no effect. */
		t->g->run->immediate_exit = 1;
		pthread_kill(t->thread, SIGUSR1);
		guest_join(t, 1);
		t->g->run->immediate_exit = 0;
	}
}

static char thread_state(const struct guest_thread *t)
{
	char path[64], text[512], *end;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", t->tid);
	if (host_read(path, text, sizeof(text)))
		return '?';
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : '?';
}

bool guest_sleeps(const struct guest_thread *t)
{
	int i;

	for (i = 0; i < 500; i++) {
		if (thread_state(t) == 'S')
			return true;
		usleep(10000);
	}
	return false;
}

__u64 guest_cpu_time(const struct guest_thread *t)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(t->thread, &clock) || clock_gettime(clock, &used))
		return 0;
	return used.tv_sec * NS + used.tv_nsec;
}

bool guest_wrote(struct guest *g, __u64 at, __u64 value)
{
	int i;

	for (i = 0; i < 5000; i++) {
		if (*(volatile __u64 *)(g->mem + at) == value)
			return true;
		usleep(1000);
	}
	return false;
}
