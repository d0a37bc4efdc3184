// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts between vCPUs that run in threads: who gets one, INIT and start-up,
 * and that none is lost.
 *
 * SDM: "Issuing Interprocessor Interrupts", "Determining IPI Destination",
 * "Multiple-Processor (MP) Initialization".
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"

#define VCPUS	4
#define VECTOR	0x51
#define ALL	0xf

FIXTURE(ipi)
{
	struct guest cpu[VCPUS];
	struct guest_thread thread[VCPUS];
};

FIXTURE_VARIANT(ipi)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(ipi, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(ipi, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(ipi)
{
	int i;

	APIC_SETUP(&self->cpu[0], variant->flags);
	for (i = 1; i < VCPUS; i++) {
		ASSERT_EQ(0, guest_init_vcpu(&self->cpu[i], &self->cpu[0], i));
		apic_write(&self->cpu[i], APIC_SVR, SVR_ENABLED | SPURIOUS);
	}
}

FIXTURE_TEARDOWN(ipi)
{
	int i;

	for (i = 0; i < VCPUS; i++)
		guest_stop(&self->thread[i]);
	for (i = VCPUS - 1; i >= 0; i--)
		guest_free(&self->cpu[i]);
}

/* RDI is the vCPU's number, and DATA[RDI] counts what it gets. */
GUEST_CODE(code_hlt, "sti; 1: hlt; jmp 1b");
GUEST_CODE(code_loop, "sti; 1: incq 0x20100(,%rdi,8); jmp 1b");
GUEST_CODE(code_send, "sti; mov %ecx, 0x1fe310; mov %eax, 0x1fe300; nop; nop; vmcall");
GUEST_CODE(code_send_x2apic, "sti; mov $0x830, %ecx; wrmsr; nop; nop; vmcall");
GUEST_CODE(handler_count, "nop; lock incq 0x20000(,%rdi,8); movl $0, 0x1fe0b0; iretq");
GUEST_CODE(handler_count_x2apic,
	   "nop; lock incq 0x20000(,%rdi,8)\n"
	   "push %rax; push %rcx; push %rdx\n"
	   "xor %eax, %eax; xor %edx, %edx; mov $0x80b, %ecx; wrmsr\n"
	   "pop %rdx; pop %rcx; pop %rax; iretq");
GUEST_CODE(handler_nmi, "nop; lock incq 0x20000(,%rdi,8); iretq");

/* vCPU 0 is about to run @send, the others run @wait. */
#define START_ALL(send, wait) do {					\
	int __i;							\
									\
	APIC_START(&self->cpu[0], send);				\
	for (__i = 1; __i < VCPUS; __i++) {				\
		APIC_START(&self->cpu[__i], wait);			\
		RDI(&self->cpu[__i]) = __i;				\
	}								\
	GUEST_HANDLE(&self->cpu[0], VECTOR, handler_count);		\
	GUEST_HANDLE(&self->cpu[0], NMI, handler_nmi);			\
} while (0)

#define SPAWN_OTHERS() do {						\
	int __i;							\
									\
	for (__i = 1; __i < VCPUS; __i++)				\
		GUEST_SPAWN(&self->thread[__i], &self->cpu[__i]);	\
} while (0)

static __u64 total(struct guest *g)
{
	return GUEST_DATA(g, 0) + GUEST_DATA(g, 1) + GUEST_DATA(g, 2) + GUEST_DATA(g, 3);
}

/* Sends what the registers say, and tells by a bit mask who counted; -1: not once. */
static int send(struct guest *g, unsigned int expected)
{
	volatile __u64 *data = &GUEST_DATA(g, 0);
	int i, got = 0;

	for (i = 0; i < VCPUS; i++)
		data[i] = 0;
	RIP(g) = GUEST_CODE_AT;
	RFLAGS(g) &= ~(__u64)IF;
	if (guest_run(g) != KEEL_EXIT_HYPERCALL)
		return -1;
	for (i = 0; i < 1000 && total(g) < __builtin_popcount(expected); i++)
		usleep(1000);
	/* For one too many. */
	usleep(2000);
	for (i = 0; i < VCPUS; i++) {
		if (data[i] > 1)
			return -1;
		got |= data[i] << i;
	}
	return got;
}

#define EXPECT_SENT(expected, icr, dest) do {				\
	RAX(&self->cpu[0]) = (icr);					\
	RCX(&self->cpu[0]) = (__u32)(dest) << 24;			\
	EXPECT_EQ(expected, send(&self->cpu[0], expected)) {		\
		TH_LOG("ICR 0x%x to 0x%x", (unsigned int)(icr), (unsigned int)(dest)); \
	}								\
} while (0)

#define SEND_ALL_KINDS() do {						\
	int __i;							\
									\
	for (__i = 0; __i < VCPUS; __i++) {				\
		EXPECT_SENT(1 << __i, VECTOR, __i);			\
		/* By a delivery mode that has no vector. */		\
		EXPECT_SENT(1 << __i, ICR_NMI, __i);			\
	}								\
	EXPECT_SENT(0, VECTOR, VCPUS);					\
	EXPECT_SENT(ALL, VECTOR, 0xff);					\
	EXPECT_SENT(ALL, ICR_ALL | VECTOR, 0);				\
	EXPECT_SENT(ALL & ~1, ICR_OTHERS | VECTOR, 0);			\
	EXPECT_SENT(ALL & ~1, ICR_OTHERS | ICR_NMI, 0);			\
	EXPECT_SENT(1, ICR_SELF | VECTOR, 0);				\
} while (0)

TEST_F(ipi, physical_in_hlt)
{
	START_ALL(code_send, code_hlt);
	SPAWN_OTHERS();
	SEND_ALL_KINDS();
}

TEST_F(ipi, physical_in_a_loop)
{
	START_ALL(code_send, code_loop);
	SPAWN_OTHERS();
	SEND_ALL_KINDS();
}

TEST_F(ipi, logical_flat)
{
	int i, one;

	for (i = 0; i < VCPUS; i++)
		apic_write(&self->cpu[i], APIC_LDR, 1U << (24 + i));
	START_ALL(code_send, code_hlt);
	SPAWN_OTHERS();
	for (i = 0; i < 1 << VCPUS; i++)
		EXPECT_SENT(i, ICR_LOGICAL | VECTOR, i);
	EXPECT_SENT(ALL, ICR_LOGICAL | VECTOR, 0xff);
	EXPECT_SENT(0, ICR_LOGICAL | VECTOR, 0xf0);
	EXPECT_SENT(6, ICR_LOGICAL | ICR_NMI, 6);
	/* Lowest priority: exactly one of them. */
	for (i = 1; i < 1 << VCPUS; i++) {
		RAX(&self->cpu[0]) = ICR_LOGICAL | ICR_LOWEST | VECTOR;
		RCX(&self->cpu[0]) = i << 24;
		one = send(&self->cpu[0], 1);
		EXPECT_EQ(1, __builtin_popcount(one)) {
			TH_LOG("to 0x%x came 0x%x", i, one);
		}
		EXPECT_EQ(0, one & ~i);
	}
}

/* vCPUs 0 and 1 are in cluster 1, 2 and 3 in cluster 2. */
TEST_F(ipi, logical_cluster)
{
	int i;

	for (i = 0; i < VCPUS; i++) {
		apic_write(&self->cpu[i], APIC_DFR, 0x0fffffff);
		apic_write(&self->cpu[i], APIC_LDR, (i / 2 + 1) << 28 | 1 << (24 + i % 2));
	}
	START_ALL(code_send, code_hlt);
	SPAWN_OTHERS();
	EXPECT_SENT(1, ICR_LOGICAL | VECTOR, 0x11);
	EXPECT_SENT(2, ICR_LOGICAL | VECTOR, 0x12);
	EXPECT_SENT(3, ICR_LOGICAL | VECTOR, 0x13);
	EXPECT_SENT(3, ICR_LOGICAL | VECTOR, 0x1f);
	EXPECT_SENT(4, ICR_LOGICAL | VECTOR, 0x21);
	EXPECT_SENT(0xc, ICR_LOGICAL | VECTOR, 0x23);
	EXPECT_SENT(0, ICR_LOGICAL | VECTOR, 0x33);
	EXPECT_SENT(0, ICR_LOGICAL | VECTOR, 0x14);
	EXPECT_SENT(ALL, ICR_LOGICAL | VECTOR, 0xff);
}

#define EXPECT_SENT_X2APIC(expected, icr, dest) do {			\
	RAX(&self->cpu[0]) = (icr);					\
	RDX(&self->cpu[0]) = (dest);					\
	EXPECT_EQ(expected, send(&self->cpu[0], expected)) {		\
		TH_LOG("ICR 0x%x to 0x%x", (unsigned int)(icr), (unsigned int)(dest)); \
	}								\
} while (0)

TEST_F(ipi, x2apic)
{
	int i;

	for (i = 0; i < VCPUS; i++)
		ASSERT_EQ(0, apic_enable_x2apic(&self->cpu[i]));
	START_ALL(code_send_x2apic, code_hlt);
	GUEST_HANDLE(&self->cpu[0], VECTOR, handler_count_x2apic);
	SPAWN_OTHERS();
	for (i = 0; i < VCPUS; i++) {
		EXPECT_SENT_X2APIC(1 << i, VECTOR, i);
		EXPECT_SENT_X2APIC(1 << i, ICR_NMI, i);
		EXPECT_SENT_X2APIC(1 << i, ICR_LOGICAL | VECTOR, 1 << i);
	}
	EXPECT_SENT_X2APIC(0, VECTOR, 0xff);
	EXPECT_SENT_X2APIC(0, VECTOR, 0x100);
	EXPECT_SENT_X2APIC(ALL, VECTOR, 0xffffffff);
	EXPECT_SENT_X2APIC(0xa, ICR_LOGICAL | VECTOR, 0xa);
	EXPECT_SENT_X2APIC(0, ICR_LOGICAL | VECTOR, 0x1000a);
	EXPECT_SENT_X2APIC(ALL, ICR_ALL | VECTOR, 0);
	EXPECT_SENT_X2APIC(ALL & ~1, ICR_OTHERS | VECTOR, 0);
}

/* ---- INIT and start-up ---- */

#define PAGE_OF_START	0x30
#define START_AT	(PAGE_OF_START << 12)

GUEST_CODE16(code_start, "nop; mov %cs, %ax; mov %ax, 0xf000; nop; hlt");

#define START_BYTES	(code_start_end - code_start_begin)

#define NEEDS_REAL_MODE() do {						\
	if (!(self->cpu[0].info.features & KEEL_FEATURE_UNRESTRICTED_GUEST)) \
		SKIP(return, "this CPU has no unrestricted guest, so none in real mode"); \
} while (0)

#define SEND(icr, dest) do {						\
	RAX(&self->cpu[0]) = (icr);					\
	RCX(&self->cpu[0]) = (dest) << 24;				\
	RIP(&self->cpu[0]) = GUEST_CODE_AT;				\
	GUEST_RUN(&self->cpu[0], KEEL_EXIT_HYPERCALL);			\
} while (0)

#define PREPARE_START_UP(name) do {					\
	struct guest *__g = &self->cpu[1];				\
									\
	START_ALL(code_send, name);					\
	memcpy(__g->mem + START_AT, code_start_begin, START_BYTES);	\
	*(__u16 *)(__g->mem + 0xf000) = 0;				\
} while (0)

/* It ends in HLT with interrupts off, where the VMM is told. */
#define EXPECT_STARTED(t) do {						\
	struct guest *__g = (t)->g;					\
									\
	GUEST_JOIN(t, KEEL_EXIT_HLT);					\
	EXPECT_EQ(PAGE_OF_START << 8, *(__u16 *)(__g->mem + 0xf000));	\
	EXPECT_EQ(PAGE_OF_START << 8, __g->run->segments.seg[KEEL_CS].selector); \
	EXPECT_EQ(START_AT, __g->run->segments.seg[KEEL_CS].base);	\
	EXPECT_EQ(START_BYTES, RIP(__g));				\
	EXPECT_EQ(0, __g->run->control.cr0 & 0x80000001);		\
} while (0)

/* From power-up: start-up IPIs alone are enough for a vCPU that waits for one. */
TEST_F(ipi, start_up)
{
	struct guest_thread *t = &self->thread[1];
	struct guest *g = &self->cpu[1];

	APIC_START(&self->cpu[0], code_send);
	memcpy(g->mem + START_AT, code_start_begin, START_BYTES);
	g->run->state_wanted = KEEL_STATE_RUN;
	g->seen = *g->run;
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
	SEND(ICR_INIT | ICR_ASSERT, 1);
	ASSERT_TRUE(guest_sleeps(t));
	SEND(ICR_SIPI | PAGE_OF_START, 1);
	if (!(g->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST)) {
		ASSERT_EQ(0, guest_join(t, 10));
		EXPECT_EQ(-EOPNOTSUPP, t->result);
		return;
	}
	EXPECT_STARTED(t);
	/* The second one finds it running. */
	SEND(ICR_SIPI | (PAGE_OF_START + 1), 1);
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
}

TEST_F(ipi, start_up_without_real_mode)
{
	struct guest_thread *t = &self->thread[1];

	if (self->cpu[0].info.features & KEEL_FEATURE_UNRESTRICTED_GUEST)
		SKIP(return, "this CPU has unrestricted guests");
	PREPARE_START_UP(code_hlt);
	GUEST_SPAWN(t, &self->cpu[1]);
	ASSERT_TRUE(guest_sleeps(t));
	SEND(ICR_INIT | ICR_ASSERT, 1);
	SEND(ICR_SIPI | PAGE_OF_START, 1);
	ASSERT_EQ(0, guest_join(t, 10));
	EXPECT_EQ(-EOPNOTSUPP, t->result);
}

static bool counts(struct guest *g, unsigned int id)
{
	volatile __u64 *count = &GUEST_DATA(g, 32 + id);
	__u64 before = *count;
	int i;

	for (i = 0; i < 500; i++) {
		if (*count != before)
			return true;
		usleep(1000);
	}
	return false;
}

TEST_F(ipi, start_up_of_one_that_runs_is_ignored)
{
	struct guest_thread *t = &self->thread[1];
	struct guest *g = &self->cpu[1];

	PREPARE_START_UP(code_loop);
	GUEST_SPAWN(t, g);
	EXPECT_TRUE(counts(g, 1));
	SEND(ICR_SIPI | PAGE_OF_START, 1);
	EXPECT_TRUE(counts(g, 1));
	EXPECT_EQ(0, *(__u16 *)(g->mem + 0xf000));
}

TEST_F(ipi, init_of_one_that_runs)
{
	struct guest_thread *t = &self->thread[1];
	struct guest *g = &self->cpu[1];
	int i;

	NEEDS_REAL_MODE();
	PREPARE_START_UP(code_loop);
	for (i = 0; i < 2; i++) {
		GUEST_SPAWN(t, g);
		if (!i)
			EXPECT_TRUE(counts(g, 1));
		SEND(ICR_INIT | ICR_ASSERT, 1);
		ASSERT_TRUE(guest_sleeps(t));
		EXPECT_FALSE(counts(g, 1));
		/* Its APIC has forgotten all; start-up reaches it still. */
		SEND(VECTOR, 1);
		ASSERT_TRUE(guest_sleeps(t));
		*(__u16 *)(g->mem + 0xf000) = 0;
		SEND(ICR_SIPI | PAGE_OF_START, 1);
		EXPECT_STARTED(t);
		EXPECT_EQ(SPURIOUS, apic_read(g, APIC_SVR));
	}
}

/* A start-up IPI before the INIT does not count, though nobody has looked yet. */
TEST_F(ipi, start_up_before_init)
{
	struct guest_thread *t = &self->thread[1];
	struct guest *g = &self->cpu[1];

	NEEDS_REAL_MODE();
	PREPARE_START_UP(code_hlt);
	SEND(ICR_SIPI | (PAGE_OF_START + 1), 1);
	SEND(ICR_INIT | ICR_ASSERT, 1);
	GUEST_SPAWN(t, g);
	ASSERT_TRUE(guest_sleeps(t));
	SEND(ICR_SIPI | PAGE_OF_START, 1);
	EXPECT_STARTED(t);
}

/* The INIT that ends a level does nothing. */
TEST_F(ipi, init_deassert)
{
	struct guest_thread *t = &self->thread[1];
	struct guest *g = &self->cpu[1];

	PREPARE_START_UP(code_loop);
	GUEST_SPAWN(t, g);
	EXPECT_TRUE(counts(g, 1));
	SEND(ICR_INIT | 1 << 15, 1);
	EXPECT_TRUE(counts(g, 1));
}

/* ---- none is lost ---- */

/*
 * vCPU RDI sends to the one whose ICR destination is ESI and waits for the answer,
 * R12 times.  The one that starts at 1: begins.
 */
#define PING								\
	"mov %esi, 0x1fe310; movl $0x51, 0x1fe300\n"
#define PONG								\
	"inc %r13\n"							\
	"2: cli; cmp %r13, 0x20000(,%rdi,8); jae 3f; sti; hlt; jmp 2b\n" \
	"3: sti\n"
GUEST_CODE(code_ping, "1:" PING PONG "dec %r12; jnz 1b; vmcall");
GUEST_CODE(code_pong, "1:" PONG PING "dec %r12; jnz 1b; vmcall");
/* The same without HLT. */
#define SPIN								\
	"inc %r13; sti\n"						\
	"2: cmp %r13, 0x20000(,%rdi,8); jb 2b\n"
GUEST_CODE(code_ping_spin, "1:" PING SPIN "dec %r12; jnz 1b; vmcall");
GUEST_CODE(code_pong_spin, "1:" SPIN PING "dec %r12; jnz 1b; vmcall");

#define PING_PONG(ping, pong, rounds) do {				\
	struct guest *__g = self->cpu;					\
	unsigned int __rounds = host_rounds(rounds);			\
									\
	APIC_START(&__g[0], ping);					\
	APIC_START(&__g[1], pong);					\
	GUEST_HANDLE(&__g[0], VECTOR, handler_count);			\
	RDI(&__g[1]) = 1;						\
	RSI(&__g[0]) = 1 << 24;						\
	__g[0].run->regs.gpr[12] = __rounds;				\
	__g[1].run->regs.gpr[12] = __rounds;				\
	GUEST_SPAWN(&self->thread[1], &__g[1]);				\
	GUEST_SPAWN(&self->thread[0], &__g[0]);				\
	ASSERT_EQ(0, guest_join(&self->thread[0], 100)) {		\
		TH_LOG("lost: %llu and %llu came", GUEST_DATA(__g, 0), GUEST_DATA(__g, 1)); \
	}								\
	GUEST_JOIN(&self->thread[1], KEEL_EXIT_HYPERCALL);		\
	EXPECT_EQ(KEEL_EXIT_HYPERCALL, self->thread[0].result);		\
	EXPECT_EQ(__rounds, GUEST_DATA(__g, 0));				\
	EXPECT_EQ(__rounds, GUEST_DATA(__g, 1));				\
} while (0)


TEST_F_TIMEOUT(ipi, ping_pong_in_hlt, 250)
{
	PING_PONG(code_ping, code_pong, 10000);
}

TEST_F_TIMEOUT(ipi, ping_pong_in_a_loop, 250)
{
	if (host_nr_cpus() < 2)
		SKIP(return, "two vCPUs that spin want two CPUs");
	PING_PONG(code_ping_spin, code_pong_spin, 20000);
}

/* Each is sent when the guest has counted the last one. */
static __u64 post(struct guest *g, unsigned int times)
{
	volatile __u64 *count = &GUEST_DATA(g, 1);
	struct timespec start, now;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 1; i <= times; i++) {
		keel_msi(g->vm, MSI_TO(1), VECTOR);
		while (*count != i) {
			sched_yield();
			clock_gettime(CLOCK_MONOTONIC, &now);
			if (now.tv_sec > start.tv_sec + 100)
				return *count;
		}
	}
	return *count;
}

TEST_F_TIMEOUT(ipi, posted_from_outside, 120)
{
	START_ALL(code_send, code_hlt);
	GUEST_SPAWN(&self->thread[1], &self->cpu[1]);
	EXPECT_EQ(5000, post(&self->cpu[0], 5000));
}

TEST_F_TIMEOUT(ipi, posted_from_outside_into_a_loop, 120)
{
	if (host_nr_cpus() < 2)
		SKIP(return, "a sender and a vCPU that spins want two CPUs");
	START_ALL(code_send, code_loop);
	GUEST_SPAWN(&self->thread[1], &self->cpu[1]);
	EXPECT_EQ(10000, post(&self->cpu[0], 10000));
}

TEST_HARNESS_MAIN
