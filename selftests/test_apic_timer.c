// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's timer: one-shot, periodic, TSC deadline; in the guest, in HLT,
 * and while user space runs.
 *
 * SDM: "APIC Timer", "TSC-Deadline Mode".
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"

#define TIMER		0x51
#define APIC_KHZ	1000000ULL	/* what CPUID leaf 0x15 tells the guest */
#define MSR_TSC		0x10

FIXTURE(timer)
{
	struct guest guest;
};

FIXTURE_VARIANT(timer)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(timer, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(timer, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(timer)
{
	APIC_SETUP(&self->guest, variant->flags);
}

FIXTURE_TEARDOWN(timer)
{
	guest_free(&self->guest);
}

#define EXPECT_TIMER(g)	GUEST_RUN_TO_TRAP(g, TIMER, GUEST_NO_ERROR)
#define EXPECT_END(g)	GUEST_RUN(g, KEEL_EXIT_HYPERCALL)

/* Into a register, with RAX and RDX lost. */
#define RDTSC(to)	"rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, " to "\n"

static __u64 guest_tsc(struct guest *g)
{
	__u64 tsc = 0;

	guest_get_msr(g, MSR_TSC, &tsc);
	return tsc;
}

/* Time, in any unit: one that is short but leaves room for what the kernel does. */
#define TIME(n)	((__u64)(n) * host_patience())

/* Nanoseconds in ticks of the guest's TSC. */
static __u64 ticks(struct guest *g, __u64 ns)
{
	return (__uint128_t)ns * g->info.tsc_khz / 1000000;
}

GUEST_CODE(code_loop, "sti; 1: nop; nop; nop; jmp 1b");
GUEST_CODE(code_hlt, "sti; 1: hlt; jmp 1b");
/* Some 200,000 instructions, and the end. */
GUEST_CODE(code_while, "sti; mov $200000, %ecx; 1: loop 1b; cli; vmcall");
GUEST_CODE(code_wrmsr, "wrmsr; sti; nop; nop; vmcall");
GUEST_CODE(code_rdmsr, "rdmsr; vmcall");

#define SET_DEADLINE(g, value) do {					\
	APIC_START(g, code_wrmsr);					\
	RCX(g) = MSR_DEADLINE;						\
	RAX(g) = (__u32)(value);					\
	RDX(g) = (__u64)(value) >> 32;					\
} while (0)

#define READ_DEADLINE(g, expected) do {					\
	APIC_START(g, code_rdmsr);					\
	RCX(g) = MSR_DEADLINE;						\
	EXPECT_END(g);							\
	EXPECT_EQ(expected, RDX(g) << 32 | RAX(g));			\
} while (0)

GUEST_CODE(code_count,
	   RDTSC("%r8")
	   "movl %ebx, 0x1fe380\n"
	   RDTSC("%r9")
	   "mov $20000, %ecx; 1: loop 1b\n"
	   RDTSC("%r10")
	   "movl 0x1fe390, %edi\n"
	   RDTSC("%r11")
	   "vmcall");

/* The count in nanoseconds lies between what the TSC says around its reads. */
TEST_F(timer, count_and_divider)
{
	static const struct { __u32 tdcr, by; } divider[] = {
		{ 0xb, 1 }, { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 }, { 8, 32 }, { 9, 64 },
		{ 0xa, 128 },
	};
	const __u32 initial = 0x7fffffff;
	struct guest *g = &self->guest;
	__u64 *gpr = g->run->regs.gpr;
	int i;

	for (i = 0; i < sizeof(divider) / sizeof(divider[0]); i++) {
		__u64 counted, least, most, grain = divider[i].by;

		apic_write(g, APIC_TIMER_DIV, divider[i].tdcr);
		APIC_START(g, code_count);
		RBX(g) = initial;
		EXPECT_END(g);
		counted = (__u64)(initial - (__u32)RDI(g)) * grain;
		least = (gpr[10] - gpr[9]) * APIC_KHZ / g->info.tsc_khz;
		most = (gpr[11] - gpr[8]) * APIC_KHZ / g->info.tsc_khz;
		EXPECT_LE(least, counted + 2 * grain) {
			TH_LOG("divided by %u", divider[i].by);
		}
		EXPECT_LE(counted, most + 2 * grain) {
			TH_LOG("divided by %u", divider[i].by);
		}
	}
}

TEST_F(timer, one_shot_in_a_loop)
{
	struct guest *g = &self->guest;
	__u64 before;

	apic_write(g, APIC_LVT_TIMER, TIMER);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	APIC_START(g, code_loop);
	before = guest_tsc(g);
	apic_write(g, APIC_TIMER_INIT, TIME(2000000));
	EXPECT_TIMER(g);
	EXPECT_LE(before + ticks(g, TIME(2000000)), guest_tsc(g));
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_COUNT));
	EXPECT_EQ(TIME(2000000), apic_read(g, APIC_TIMER_INIT));
	/* That was all. */
	APIC_START(g, code_while);
	EXPECT_END(g);
}

TEST_F(timer, stopped_and_masked)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	/* An initial count of 0 stops it. */
	apic_write(g, APIC_TIMER_INIT, TIME(500000));
	EXPECT_NE(0, apic_read(g, APIC_TIMER_COUNT));
	apic_write(g, APIC_TIMER_INIT, 0);
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_COUNT));
	usleep(TIME(1000));
	APIC_START(g, code_while);
	EXPECT_END(g);
	/* Masked, it counts, and its interrupt is lost. */
	apic_write(g, APIC_LVT_TIMER, LVT_MASKED | TIMER);
	apic_write(g, APIC_TIMER_INIT, TIME(500000));
	APIC_START(g, code_while);
	EXPECT_END(g);
	usleep(TIME(1000));
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_COUNT));
	apic_write(g, APIC_LVT_TIMER, TIMER);
	APIC_START(g, code_while);
	EXPECT_END(g);
}

TEST_F(timer, in_hlt)
{
	struct guest *g = &self->guest;
	__u64 before;

	apic_write(g, APIC_LVT_TIMER, TIMER);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	APIC_START(g, code_hlt);
	before = guest_tsc(g);
	apic_write(g, APIC_TIMER_INIT, TIME(20000000));
	EXPECT_TIMER(g);
	EXPECT_LE(before + ticks(g, TIME(20000000)), guest_tsc(g));
	EXPECT_GT(before + ticks(g, TIME(30000000)), guest_tsc(g));
}

/* It ends while user space runs: the next KEEL_RUN has its interrupt at once. */
TEST_F(timer, in_user_space)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	APIC_START(g, code_loop);
	apic_write(g, APIC_TIMER_INIT, TIME(1000000));
	usleep(TIME(20000));
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_COUNT));
	EXPECT_TRUE(apic_bit(g, APIC_IRR, TIMER));
	EXPECT_TIMER(g);
	/* Behind STI and its shadow. */
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
}

GUEST_CODE(code_until_20, "sti; 1: cmpq $20, 0x20000; jb 1b; cli\n" RDTSC("%r8") "vmcall");
GUEST_CODE(code_until_20_hlt,
	   "1: cli; cmpq $20, 0x20000; jae 2f; sti; hlt; jmp 1b\n"
	   "2:" RDTSC("%r8") "vmcall");
GUEST_CODE(handler_count, "nop; incq 0x20000; movl $0, 0x1fe0b0; iretq");

#define PERIOD	TIME(500000)	/* ns */

#define RUN_PERIODIC(g, code) do {					\
	__u64 __before;							\
									\
	apic_write(g, APIC_LVT_TIMER, TIMER_PERIODIC | TIMER);		\
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);			\
	APIC_START(g, code);						\
	GUEST_HANDLE(g, TIMER, handler_count);				\
	__before = guest_tsc(g);					\
	apic_write(g, APIC_TIMER_INIT, PERIOD);				\
	EXPECT_END(g);							\
	EXPECT_EQ(20, GUEST_DATA(g, 0));				\
	__before = (g)->run->regs.gpr[8] - __before;			\
	EXPECT_LE(ticks(g, 20 * PERIOD), __before);			\
	EXPECT_GT(ticks(g, 24 * PERIOD), __before);			\
} while (0)

TEST_F(timer, periodic_in_a_loop)
{
	struct guest *g = &self->guest;

	RUN_PERIODIC(g, code_until_20);
}

TEST_F(timer, periodic_in_hlt)
{
	struct guest *g = &self->guest;

	RUN_PERIODIC(g, code_until_20_hlt);
}

/* Periods that went by give one interrupt; the count never shows the end. */
TEST_F(timer, periodic_in_user_space)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER_PERIODIC | TIMER);
	apic_write(g, APIC_TIMER_DIV, DIVIDE_BY_1);
	APIC_START(g, code_while);
	apic_write(g, APIC_TIMER_INIT, TIME(10000000));
	usleep(TIME(35000));
	EXPECT_NE(0, apic_read(g, APIC_TIMER_COUNT));
	EXPECT_GE(TIME(10000000), apic_read(g, APIC_TIMER_COUNT));
	EXPECT_TIMER(g);
	EXPECT_EQ(GUEST_CODE_AT + 6, g->trap.rip);
	apic_write(g, APIC_TIMER_INIT, 0);
	EXPECT_END(g);
}

/* ---- TSC deadline ---- */

TEST_F(timer, deadline_in_the_past)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);
	SET_DEADLINE(g, 1);
	EXPECT_TIMER(g);
	/* Behind STI and its shadow. */
	EXPECT_EQ(GUEST_CODE_AT + 4, g->trap.rip);
	EXPECT_END(g);
	/* It has been disarmed. */
	READ_DEADLINE(g, 0);
}

TEST_F(timer, deadline_to_come)
{
	struct guest *g = &self->guest;
	__u64 deadline, start = guest_tsc(g);

	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);
	deadline = start + ticks(g, TIME(1000000000));
	SET_DEADLINE(g, deadline);
	EXPECT_END(g);
	READ_DEADLINE(g, deadline);
	/* The initial count has no meaning in this mode. */
	apic_write(g, APIC_TIMER_INIT, 100);
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_INIT));
	EXPECT_EQ(0, apic_read(g, APIC_TIMER_COUNT));
	/* Armed anew: the new one alone counts. */
	deadline = guest_tsc(g) + ticks(g, TIME(5000000));
	SET_DEADLINE(g, deadline);
	EXPECT_END(g);
	APIC_START(g, code_hlt);
	EXPECT_TIMER(g);
	EXPECT_LE(deadline, guest_tsc(g));
	EXPECT_GT(start + ticks(g, TIME(900000000)), guest_tsc(g));
	READ_DEADLINE(g, 0);
}

TEST_F(timer, deadline_disarmed)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);
	SET_DEADLINE(g, guest_tsc(g) + ticks(g, TIME(20000000)));
	EXPECT_END(g);
	SET_DEADLINE(g, 0);
	EXPECT_END(g);
	READ_DEADLINE(g, 0);
	usleep(TIME(30000));
	APIC_START(g, code_while);
	EXPECT_END(g);
	/* By a change of mode. */
	SET_DEADLINE(g, guest_tsc(g) + ticks(g, TIME(20000000)));
	EXPECT_END(g);
	apic_write(g, APIC_LVT_TIMER, TIMER);
	READ_DEADLINE(g, 0);
	usleep(TIME(30000));
	APIC_START(g, code_while);
	EXPECT_END(g);
	/* In another mode a write is ignored. */
	SET_DEADLINE(g, 1);
	EXPECT_END(g);
	READ_DEADLINE(g, 0);
	/* Masked. */
	apic_write(g, APIC_LVT_TIMER, LVT_MASKED | TIMER_DEADLINE | TIMER);
	SET_DEADLINE(g, 1);
	EXPECT_END(g);
	READ_DEADLINE(g, 0);
}

/* The guest sets its TSC behind the deadline. */
TEST_F(timer, deadline_and_a_tsc_that_jumps)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);
	SET_DEADLINE(g, guest_tsc(g) + ticks(g, 100000000000ULL));
	EXPECT_END(g);
	APIC_START(g, code_wrmsr);
	RCX(g) = MSR_TSC;
	RAX(g) = 0;
	RDX(g) = 1 << 20;
	EXPECT_TIMER(g);
	EXPECT_END(g);
}

/*
 * R8 deadlines at random distances, each awaited in a loop or in HLT.  DATA[0] is
 * the deadline, DATA[1] counts those that came early, DATA[2] all.
 */
#define DEADLINES(await)						\
	"1: imul $1664525, %r10d, %r10d; add $1013904223, %r10d\n"	\
	"mov %r10d, %ebx; shr $17, %ebx\n"				\
	RDTSC("%rsi")							\
	"add %rbx, %rsi; mov %rsi, 0x20000\n"				\
	"mov %esi, %eax; mov %rsi, %rdx; shr $32, %rdx\n"		\
	"mov $0x6e0, %ecx; wrmsr\n"					\
	"2: cmpq $0, 0x20000; je 3f; sti; " await "; cli; jmp 2b\n"	\
	"3: dec %r8; jnz 1b; vmcall"
GUEST_CODE(code_deadlines, DEADLINES("nop; nop; nop"));
GUEST_CODE(code_deadlines_hlt, DEADLINES("hlt"));
GUEST_CODE(handler_deadline,
	   "nop; push %rax; push %rdx\n"
	   "rdtsc; shl $32, %rdx; or %rdx, %rax\n"
	   "cmp 0x20000, %rax; jae 1f; incq 0x20008\n"
	   "1: incq 0x20010; movq $0, 0x20000; movl $0, 0x1fe0b0\n"
	   "pop %rdx; pop %rax; iretq");

#define RUN_DEADLINES(g, code, times) do {				\
	apic_write(g, APIC_LVT_TIMER, TIMER_DEADLINE | TIMER);		\
	APIC_START(g, code);						\
	GUEST_HANDLE(g, TIMER, handler_deadline);			\
	g->run->regs.gpr[8] = (times);					\
	EXPECT_END(g);							\
	EXPECT_EQ(0, GUEST_DATA(g, 1));					\
	EXPECT_EQ(times, GUEST_DATA(g, 2));				\
} while (0)

TEST_F(timer, no_deadline_is_early)
{
	struct guest *g = &self->guest;

	RUN_DEADLINES(g, code_deadlines, 1000);
}

TEST_F(timer, no_deadline_is_early_in_hlt)
{
	struct guest *g = &self->guest;

	RUN_DEADLINES(g, code_deadlines_hlt, 1000);
}

TEST_HARNESS_MAIN
