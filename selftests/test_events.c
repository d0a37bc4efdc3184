// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery of interrupts, NMIs and exceptions: when, in which order, and what
 * happens when something comes in between.
 *
 * SDM: "Interrupt and Exception Handling", "Event Injection", "Information for
 * VM Exits That Occur During Event Delivery".
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define DB	1
#define NMI	2
#define UD	6
#define DF	8
#define GP	13
#define PF	14
#define TF	0x100
#define IF	0x200
#define BS	0x4000
#define PAGE	4096
#define CR4_PGE	0x80
#define MSR_TSC	0x10

FIXTURE(events)
{
	struct guest guest;
};

FIXTURE_SETUP(events)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(events)
{
	guest_free(&self->guest);
}

#define INTERRUPT(g, vector) ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_INTERRUPT, vector))
#define SEND_NMI(g) ASSERT_EQ(0, guest_inject(g, KEEL_EVENT_NMI, NMI))

GUEST_CODE(code_nops, "nop; nop; nop; hlt; inc %rcx; hlt");

TEST_F(events, interrupt)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= IF;
	INTERRUPT(g, 0x31);
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	/* An interrupt gate masks the next. */
	EXPECT_EQ(0, RFLAGS(g) & IF);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(IF, RFLAGS(g) & IF);
}

GUEST_CODE(code_sti, "nop; sti; nop; nop; hlt");

/* It waits for IF, and for the end of STI's shadow. */
TEST_F(events, interrupt_waits_for_sti)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti);
	INTERRUPT(g, 0x31);
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 3, g->trap.rip);
}

GUEST_CODE(code_mov_ss, "mov %ss, %eax; mov %eax, %ss; nop; nop; hlt");

TEST_F(events, interrupt_waits_for_mov_ss)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_mov_ss);
	RFLAGS(g) |= IF;
	RIP(g) = GUEST_CODE_AT + 4;
	g->run->events.blocking = KEEL_BLOCKING_MOV_SS;
	INTERRUPT(g, 0x31);
	g->run->events.interrupt.valid = 1;
	g->run->events.interrupt.vector = 0x31;
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 5, g->trap.rip);
}

TEST_F(events, second_interrupt_is_eexist)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti);
	INTERRUPT(g, 0x31);
	EXPECT_EQ(-EEXIST, guest_inject(g, KEEL_EVENT_INTERRUPT, 0x32));
	SEND_NMI(g);
	EXPECT_EQ(-EEXIST, guest_inject(g, KEEL_EVENT_NMI, NMI));
}

TEST_F(events, wrong_events_are_einval)
{
	struct keel_event event = { .type = KEEL_EVENT_EXCEPTION, .vector = 32 };
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti);
	EXPECT_EQ(-EINVAL, keel_inject(g->vcpu, &event));
	event.vector = NMI;
	EXPECT_EQ(-EINVAL, keel_inject(g->vcpu, &event));
	event.vector = UD;
	event.flags = KEEL_EVENT_ERROR_CODE;
	EXPECT_EQ(-EINVAL, keel_inject(g->vcpu, &event));
	event.flags = 0x80;
	EXPECT_EQ(-EINVAL, keel_inject(g->vcpu, &event));
	EXPECT_EQ(-EINVAL, guest_inject(g, KEEL_EVENT_NMI, 3));
	EXPECT_EQ(-EINVAL, guest_inject(g, KEEL_EVENT_SOFT_INTERRUPT, 0x80));
	EXPECT_EQ(-EINVAL, guest_inject(g, 1, 0x80));
}

/* NMI before interrupt; the interrupt comes as soon as the handler returns. */
TEST_F(events, nmi_before_interrupt)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= IF;
	INTERRUPT(g, 0x31);
	SEND_NMI(g);
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

TEST_F(events, nmi_does_not_need_if)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	SEND_NMI(g);
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	EXPECT_EQ(KEEL_BLOCKING_NMI, g->run->events.blocking & KEEL_BLOCKING_NMI);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, g->run->events.blocking & KEEL_BLOCKING_NMI);
}

/* The second NMI waits until the first's handler has executed IRET. */
TEST_F(events, nmi_waits_for_iret)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	SEND_NMI(g);
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	SEND_NMI(g);
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	/* From the interrupted program, not from the handler. */
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_F(events, exception)
{
	struct keel_event event = {
		.type = KEEL_EVENT_EXCEPTION, .vector = GP,
		.flags = KEEL_EVENT_ERROR_CODE, .error_code = 0x18,
	};
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	ASSERT_EQ(0, keel_inject(g->vcpu, &event));
	GUEST_RUN_TO_TRAP(g, GP, 0x18);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
}

TEST_F(events, page_fault_sets_cr2)
{
	struct keel_event event = {
		.type = KEEL_EVENT_EXCEPTION, .vector = PF, .flags = KEEL_EVENT_ERROR_CODE,
		.error_code = 6, .payload = 0x123456789000,
	};
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	ASSERT_EQ(0, keel_inject(g->vcpu, &event));
	GUEST_RUN_TO_TRAP(g, PF, 6);
	EXPECT_EQ(0x123456789000, g->run->control.cr2);
}

TEST_F(events, hlt_wakes)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= IF;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	INTERRUPT(g, 0x31);
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 4, g->trap.rip);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RCX(g));
}

GUEST_CODE(code_sti_hlt, "sti; hlt; inc %rcx; cli; hlt");

/* What waits before STI; HLT must not be slept over. */
TEST_F(events, sti_hlt_does_not_sleep)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti_hlt);
	INTERRUPT(g, 0x31);
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, RCX(g));
}

TEST_F(events, activity_hlt_wakes)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= IF;
	g->run->events.activity = KEEL_ACTIVITY_HLT;
	g->run->events.interrupt.valid = 1;
	g->run->events.interrupt.vector = 0x31;
	GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	EXPECT_EQ(KEEL_ACTIVITY_ACTIVE, g->run->events.activity);
}

TEST_F(events, window)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti);
	g->run->request_intr_window = 1;
	GUEST_RUN(g, KEEL_EXIT_INTR_WINDOW);
	EXPECT_EQ(GUEST_CODE_AT + 3, RIP(g));
	EXPECT_EQ(1, g->run->intr_ready);
	g->run->request_intr_window = 0;
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_F(events, window_that_is_open_already)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= IF;
	g->run->request_intr_window = 1;
	GUEST_RUN(g, KEEL_EXIT_INTR_WINDOW);
	EXPECT_EQ(GUEST_CODE_AT, RIP(g));
}

GUEST_CODE(code_out, "outb %al, $0x80; sti; outb %al, $0x80; outb %al, $0x80; hlt");

TEST_F(events, intr_ready_says_if_an_interrupt_could_go)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_out);
	GUEST_RUN(g, KEEL_EXIT_IO);
	EXPECT_EQ(0, g->run->intr_ready);
	/* OUT has ended the shadow of STI. */
	GUEST_RUN(g, KEEL_EXIT_IO);
	EXPECT_EQ(1, g->run->intr_ready);
}

/* Drop a page of the guest's from the EPT; it comes back on demand. */
static int forget(struct guest *g, __u64 gpa)
{
	char keep[PAGE];
	int ret;

	memcpy(keep, g->mem + gpa, PAGE);
	ret = madvise(g->mem + gpa, PAGE, MADV_DONTNEED);
	memcpy(g->mem + gpa, keep, PAGE);
	return ret;
}

/* Vectors whose delivery meets an EPT violation: the IDT, the stack, the GDT. */
static const __u64 missing[] = {
	GUEST_IDT_AT, GUEST_STACK_AT - PAGE, GUEST_GDT_AT, GUEST_PML4_AT + 3 * PAGE,
};

TEST_F(events, interrupt_is_redelivered)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing); i++) {
		GUEST_START(g, GUEST_LONG, code_nops);
		RFLAGS(g) |= IF;
		ASSERT_EQ(0, forget(g, missing[i]));
		INTERRUPT(g, 0x31);
		GUEST_RUN_TO_TRAP(g, 0x31, GUEST_NO_ERROR);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
		EXPECT_EQ(0, g->run->events.interrupt.valid);
		GUEST_RUN(g, KEEL_EXIT_HLT);
	}
}

TEST_F(events, nmi_is_redelivered)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing); i++) {
		GUEST_START(g, GUEST_LONG, code_nops);
		ASSERT_EQ(0, forget(g, missing[i]));
		SEND_NMI(g);
		GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
		EXPECT_EQ(KEEL_BLOCKING_NMI, g->run->events.blocking);
		GUEST_RUN(g, KEEL_EXIT_HLT);
		EXPECT_EQ(0, g->run->events.blocking);
	}
}

GUEST_CODE(code_fault, "mov (%rbx), %rax; hlt");

/* The guest's own page fault: error code and CR2 survive. */
TEST_F(events, page_fault_is_redelivered)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing) - 1; i++) {
		GUEST_START(g, GUEST_LONG, code_fault);
		*(__u64 *)guest_pte(g, GUEST_DATA_AT) = 0;
		RBX(g) = GUEST_DATA_AT + 0x18;
		ASSERT_EQ(0, forget(g, missing[i]));
		GUEST_RUN_TO_TRAP(g, PF, 0);
		EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
		EXPECT_EQ(GUEST_DATA_AT + 0x18, g->run->control.cr2);
	}
}

GUEST_CODE(code_int, "int3; nop; hlt");

/* A software exception returns behind its instruction, also the second time. */
TEST_F(events, int3_is_redelivered)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing) - 1; i++) {
		GUEST_START(g, GUEST_LONG, code_int);
		ASSERT_EQ(0, forget(g, missing[i]));
		GUEST_RUN_TO_TRAP(g, 3, GUEST_NO_ERROR);
		EXPECT_EQ(GUEST_CODE_AT + 1, g->trap.rip);
		GUEST_RUN(g, KEEL_EXIT_HLT);
	}
}

GUEST_CODE(code_int80, "int $0x80; nop; hlt");

TEST_F(events, int_n_is_redelivered)
{
	struct guest *g = &self->guest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing) - 1; i++) {
		GUEST_START(g, GUEST_LONG, code_int80);
		ASSERT_EQ(0, forget(g, missing[i]));
		GUEST_RUN_TO_TRAP(g, 0x80, GUEST_NO_ERROR);
		EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
		GUEST_RUN(g, KEEL_EXIT_HLT);
	}
}

GUEST_CODE(code_ud2, "ud2; hlt");

/* #UD is benign, its gate's absence is #NP: not a double fault (SDM, #DF). */
TEST_F(events, fault_in_delivery_of_a_benign_one)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_ud2);
	GUEST_U64(g, GUEST_IDT_AT + 16 * UD) &= ~(1ULL << 47);
	/* Error code: gate 6, IDT, and EXT: it came in delivery of an exception. */
	GUEST_RUN_TO_TRAP(g, 11, UD << 3 | 2 | 1);
}

TEST_F(events, page_fault_then_np_is_double_fault)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_fault);
	*(__u64 *)guest_pte(g, GUEST_DATA_AT) = 0;
	RBX(g) = GUEST_DATA_AT;
	GUEST_U64(g, GUEST_IDT_AT + 16 * PF) &= ~(1ULL << 47);
	GUEST_RUN_TO_TRAP(g, DF, 0);
}

GUEST_CODE(code_rdmsr, "rdmsr; hlt");

/* The #GP is Keel's, the fault in its delivery the CPU's. */
TEST_F(events, gp_of_keel_then_np_is_double_fault)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdmsr);
	RCX(g) = 0x2000;
	GUEST_U64(g, GUEST_IDT_AT + 16 * GP) &= ~(1ULL << 47);
	GUEST_RUN_TO_TRAP(g, DF, 0);
}

TEST_F(events, fault_in_double_fault_is_shutdown)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_rdmsr);
	RCX(g) = 0x2000;
	GUEST_U64(g, GUEST_IDT_AT + 16 * GP) &= ~(1ULL << 47);
	GUEST_U64(g, GUEST_IDT_AT + 16 * DF) &= ~(1ULL << 47);
	GUEST_RUN(g, KEEL_EXIT_SHUTDOWN);
}

GUEST_CODE(code_steps, "cpuid; nop; rdmsr; mov %cr8, %rax; hlt");

/* A trap after each instruction, Keel's own among them. */
TEST_F(events, single_step_by_tf)
{
	static const unsigned int behind[] = { 2, 3, 5, 9 };
	struct guest *g = &self->guest;
	size_t i;

	GUEST_START(g, GUEST_LONG, code_steps);
	RFLAGS(g) |= TF;
	RCX(g) = 0;
	for (i = 0; i < ARRAY_SIZE(behind); i++) {
		GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
		EXPECT_EQ(GUEST_CODE_AT + behind[i], g->trap.rip);
		EXPECT_EQ(BS, g->run->debug.dr6 & 0xe00f);
		EXPECT_EQ(TF, g->trap.rflags & TF);
		g->run->debug.dr6 = 0xffff0ff0;
		if (i == 0)
			RCX(g) = 0x174;
	}
}

/* STI's shadow holds no debug trap off, MOV SS's does. */
TEST_F(events, single_step_over_sti)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_sti);
	RFLAGS(g) |= TF;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 1, g->trap.rip);
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_EQ(BS, g->run->debug.dr6 & 0xe00f);
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 3, g->trap.rip);
}

/* Entering the handler clears DR7.GD, so that it can use the registers. */
TEST_F(events, debug_exception_clears_gd)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	RFLAGS(g) |= TF;
	g->run->debug.dr7 = 0x2400;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(0x400, g->run->debug.dr7);
}

GUEST_CODE(code_watch, "mov %rax, (%rbx); nop; hlt");

/* Breakpoint 0 on a write of 8 bytes. */
TEST_F(events, data_breakpoint)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_watch);
	RBX(g) = GUEST_DATA_AT;
	g->run->debug.dr[0] = GUEST_DATA_AT;
	g->run->debug.dr7 = 0x90402;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 3, g->trap.rip);
	EXPECT_EQ(1, g->run->debug.dr6 & 0xe00f);
}

TEST_F(events, instruction_breakpoint)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nops);
	g->run->debug.dr[3] = GUEST_CODE_AT + 2;
	g->run->debug.dr7 = 0x480;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	/* A fault: before the instruction, and RF keeps it from coming again. */
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_EQ(8, g->run->debug.dr6 & 0xe00f);
	EXPECT_EQ(0x10000, g->trap.rflags & 0x10000);
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

GUEST_CODE(code_step_cr4, "mov %rax, %cr4; nop; hlt");
GUEST_CODE(on_db, "mov (%rsp), %rbx; andl $~0x100, 16(%rsp); iretq");
GUEST_CODE(on_nmi, "iretq");

/* One round of the next test; whether the VMM came in between, @after the beginning. */
static bool step_over_cr4(struct __test_metadata *_metadata, struct guest *g, __u64 after)
{
	__u64 tsc;
	bool left;
	int exit;

	ASSERT_EQ(0, guest_start(g, GUEST_LONG, code_step_cr4_begin,
				 code_step_cr4_end - code_step_cr4_begin));
	GUEST_HANDLE(g, DB, on_db);
	GUEST_HANDLE(g, NMI, on_nmi);
	RFLAGS(g) |= TF;
	RAX(g) = g->run->control.cr4 ^ CR4_PGE;
	ASSERT_EQ(0, guest_get_msr(g, MSR_TSC, &tsc));
	g->run->deadline = tsc + after;
	exit = guest_run(g);
	g->run->deadline = 0;
	left = exit == KEEL_EXIT_DEADLINE;
	if (left) {
		SEND_NMI(g);
		exit = guest_run(g);
	}
	ASSERT_EQ(KEEL_EXIT_HLT, exit);
	/* Not one instruction later, which is what comes where the trap was lost. */
	ASSERT_EQ(GUEST_CODE_AT + 3, RBX(g));
	return left;
}

/*
 * The trap of a single step over MOV to CR4 waits for its entry while Keel looks at the
 * paging that has changed.  Whatever the VMM does meanwhile, the guest gets it.
 */
TEST_F(events, trap_is_not_lost_where_paging_changed)
{
	struct guest *g = &self->guest;
	__u64 span = 1000;
	unsigned int i;

	if (!(g->info.features & KEEL_FEATURE_PREEMPTION_TIMER))
		SKIP(return, "this CPU has no VMX-preemption timer");
	while (step_over_cr4(_metadata, g, span))
		span *= 2;
	for (i = 0; i < 500; i++)
		step_over_cr4(_metadata, g, span * i / 500);
}

TEST_HARNESS_MAIN
