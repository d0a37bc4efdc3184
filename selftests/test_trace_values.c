// SPDX-License-Identifier: GPL-2.0
/*
 * What each tracepoint says of what a guest did: values that are built into the guest,
 * and field formats as the SDM has them ("Information for VM Exits", "Event Injection").
 */
#include <errno.h>
#include <string.h>

#include <asm/vmx.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"
#include "lib/traceguest.h"

#define NP		11
#define GP		13
#define VALID		0x80000000U
#define HAS_CODE	0x800
#define TYPE(type)	((type) << 8)

#define MSR_MISC	0x1a0
#define MSR_NONE	0x4000
#define CR0_CD		(1ULL << 30)

/* Page faults: "Error code of a page fault". */
#define PF_WRITE	2

#define NOWHERE		0x20000000
#define FRESH_AT	0x31008		/* a page that nothing else touches */

FIXTURE(trace_values)
{
	struct traced traced;
};

FIXTURE_SETUP(trace_values)
{
	TRACED_SETUP(&self->traced, 0);
}

FIXTURE_TEARDOWN(trace_values)
{
	traced_free(&self->traced);
}

/* Run the guest to its HLT and read what that gave. */
#define TRACE_RUN(t, code) do {						\
	GUEST_START(&(t)->guest, GUEST_LONG, code);			\
	TRACE_ON(t, NULL);						\
	GUEST_RUN(&(t)->guest, KEEL_EXIT_HLT);				\
	TRACE_OFF(t, NULL);						\
	TRACE_READ(t);							\
} while (0)

#define EVENT(e, t, name, n) do {					\
	(e) = traced_event(t, name, n);					\
	ASSERT_NE(NULL, e) {						\
		TH_LOG("no %s number %u", name, n);			\
	}								\
} while (0)

#define EXPECT_ARG(value, e, arg) EXPECT_EQ((__u64)(value), tracefs_arg(e, arg))

GUEST_CODE(code_cpuid, "nop; mov $0x80000000, %eax; xor %ecx, %ecx; cpuid; hlt");

TEST_F(trace_values, exit_without_further_information)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	TRACE_RUN(t, code_cpuid);
	e = traced_exit(t, EXIT_REASON_CPUID, 0);
	ASSERT_NE(NULL, e);
	EXPECT_ARG(t->vm, e, KEEL_HW_EXIT_VM_ID);
	EXPECT_ARG(0, e, KEEL_HW_EXIT_VCPU_ID);
	EXPECT_ARG(GUEST_CODE_AT + 8, e, KEEL_HW_EXIT_RIP);
	EXPECT_ARG(0, e, KEEL_HW_EXIT_QUALIFICATION);
	EXPECT_ARG(0, e, KEEL_HW_EXIT_GPA);
	EXPECT_ARG(0, e, KEEL_HW_EXIT_INTR_INFO);
	EXPECT_ARG(0, e, KEEL_HW_EXIT_ERROR_CODE);
	EXPECT_ARG(2, e, KEEL_HW_EXIT_INSN_LEN);
}

TEST_F(trace_values, entry)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *first, *second;

	TRACE_RUN(t, code_cpuid);
	EVENT(first, t, "keel_entry", 0);
	EXPECT_ARG(GUEST_CODE_AT, first, KEEL_ENTRY_RIP);
	EXPECT_ARG(0, first, KEEL_ENTRY_INTR_INFO);
	/* The one behind the CPUID. */
	second = traced_exit(t, EXIT_REASON_CPUID, 0);
	ASSERT_NE(NULL, second);
	while (!tracefs_is(second, "keel_entry"))
		second++;
	EXPECT_ARG(GUEST_CODE_AT + 10, second, KEEL_ENTRY_RIP);
}

TEST_F(trace_values, cpuid)
{
	struct traced *t = &self->traced;
	struct guest *g = &t->guest;
	const struct tracefs_event *e;

	TRACE_RUN(t, code_cpuid);
	EVENT(e, t, "keel_cpuid", 0);
	EXPECT_ARG(0x80000000, e, KEEL_CPUID_FUNCTION);
	EXPECT_ARG(0, e, KEEL_CPUID_INDEX);
	EXPECT_ARG(RAX(g), e, KEEL_CPUID_OUT_EAX);
	EXPECT_ARG(RBX(g), e, KEEL_CPUID_OUT_EBX);
	EXPECT_ARG(RCX(g), e, KEEL_CPUID_OUT_ECX);
	EXPECT_ARG(RDX(g), e, KEEL_CPUID_OUT_EDX);
	EXPECT_EQ(NULL, traced_event(t, "keel_cpuid", 1));
}

GUEST_CODE(code_msrs,
	   "mov $0x1a0, %ecx; mov $0x9abcdef0, %eax; mov $0x12345678, %edx; wrmsr\n"
	   "xor %eax, %eax; xor %edx, %edx; rdmsr; hlt");

TEST_F(trace_values, msr)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	unsigned int i;

	TRACE_RUN(t, code_msrs);
	for (i = 0; i < 2; i++) {
		EVENT(e, t, "keel_msr", i);
		EXPECT_ARG(!i, e, KEEL_MSR_WRITE);
		EXPECT_ARG(MSR_MISC, e, KEEL_MSR_INDEX);
		EXPECT_ARG(0x123456789abcdef0, e, KEEL_MSR_DATA);
		EXPECT_ARG(0, e, KEEL_MSR_EXCEPTION);
	}
	EXPECT_EQ(NULL, traced_event(t, "keel_msr", 2));
}

GUEST_CODE(code_no_msr, "mov $0x4000, %ecx; mov $5, %eax; xor %edx, %edx; wrmsr; hlt");

TEST_F(trace_values, msr_that_is_not_there)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_no_msr);
	TRACE_ON(t, NULL);
	GUEST_RUN_TO_TRAP(&t->guest, GP, 0);
	TRACE_READ(t);
	EVENT(e, t, "keel_msr", 0);
	EXPECT_ARG(1, e, KEEL_MSR_WRITE);
	EXPECT_ARG(MSR_NONE, e, KEEL_MSR_INDEX);
	EXPECT_ARG(5, e, KEEL_MSR_DATA);
	EXPECT_ARG(1, e, KEEL_MSR_EXCEPTION);
	/* The fault that the guest gets for it. */
	EVENT(e, t, "keel_inject", 0);
	EXPECT_ARG(VALID | HAS_CODE | TYPE(KEEL_EVENT_EXCEPTION) | GP, e, KEEL_INJECT_INTR_INFO);
	EXPECT_ARG(0, e, KEEL_INJECT_ERROR_CODE);
}

GUEST_CODE(code_out, "mov $0xcafe1234, %eax; out %al, $0xe9; mov $0x5678, %dx; out %ax, %dx; hlt");

TEST_F(trace_values, out)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_out);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	TRACE_READ(t);
	EVENT(e, t, "keel_pio", 0);
	EXPECT_ARG(1, e, KEEL_PIO_WRITE);
	EXPECT_ARG(0xe9, e, KEEL_PIO_PORT);
	EXPECT_ARG(1, e, KEEL_PIO_SIZE);
	EXPECT_ARG(1, e, KEEL_PIO_COUNT);
	EXPECT_ARG(0x34, e, KEEL_PIO_VAL);
	EVENT(e, t, "keel_pio", 1);
	EXPECT_ARG(0x5678, e, KEEL_PIO_PORT);
	EXPECT_ARG(2, e, KEEL_PIO_SIZE);
	EXPECT_ARG(0x1234, e, KEEL_PIO_VAL);
	/* Port, immediate operand, one byte; SDM: "I/O Instructions". */
	e = traced_exit(t, EXIT_REASON_IO_INSTRUCTION, 0);
	ASSERT_NE(NULL, e);
	EXPECT_ARG(0xe9 << 16 | 1 << 6, e, KEEL_HW_EXIT_QUALIFICATION);
	EXPECT_ARG(GUEST_CODE_AT + 5, e, KEEL_HW_EXIT_RIP);
	EXPECT_ARG(2, e, KEEL_HW_EXIT_INSN_LEN);
}

GUEST_CODE(code_in, "mov $0x1234, %dx; in %dx, %ax; hlt");

/* Told when the answer is known: what the VMM said. */
TEST_F(trace_values, in)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	struct guest *g = &t->guest;
	__u16 answer = 0xbeef;

	GUEST_START(g, GUEST_LONG, code_in);
	TRACE_ON(t, NULL);
	GUEST_RUN(g, KEEL_EXIT_IO);
	memcpy((char *)g->run + g->run->io.data_offset, &answer, sizeof(answer));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	TRACE_READ(t);
	EVENT(e, t, "keel_pio", 0);
	EXPECT_ARG(0, e, KEEL_PIO_WRITE);
	EXPECT_ARG(0x1234, e, KEEL_PIO_PORT);
	EXPECT_ARG(2, e, KEEL_PIO_SIZE);
	EXPECT_ARG(1, e, KEEL_PIO_COUNT);
	EXPECT_ARG(0xbeef, e, KEEL_PIO_VAL);
	EXPECT_EQ(NULL, traced_event(t, "keel_pio", 1));
}

GUEST_CODE(code_outs, "mov $5, %ecx; mov $0x20000, %esi; mov $0x42, %dx; cld; rep outsb; hlt");

TEST_F(trace_values, string_out)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_outs);
	memcpy(t->guest.mem + GUEST_DATA_AT, "\x11\x22\x33\x44\x55", 5);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_IO);
	TRACE_READ(t);
	EVENT(e, t, "keel_pio", 0);
	EXPECT_ARG(1, e, KEEL_PIO_WRITE);
	EXPECT_ARG(0x42, e, KEEL_PIO_PORT);
	EXPECT_ARG(1, e, KEEL_PIO_SIZE);
	EXPECT_ARG(5, e, KEEL_PIO_COUNT);
	EXPECT_ARG(0x11, e, KEEL_PIO_VAL);
}

GUEST_CODE(code_store, "mov $0x20000000, %esi; mov %eax, 0x10(%rsi); hlt");

TEST_F(trace_values, mmio)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_store);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_MMIO);
	TRACE_READ(t);
	EVENT(e, t, "keel_mmio", 0);
	EXPECT_ARG(KEEL_ACCESS_WRITE, e, KEEL_MMIO_ACCESS);
	EXPECT_ARG(NOWHERE + 0x10, e, KEEL_MMIO_GPA);
	EXPECT_ARG(0, e, KEEL_MMIO_SIZE);
	EXPECT_EQ(NULL, traced_event(t, "keel_mmio", 1));
	if (host_shadows(&t->guest.info))
		return;
	/* The last exit; those before it were for the guest's own pages. */
	EVENT(e, t, "keel_exit", traced_count(t, "keel_exit") - 1);
	EXPECT_ARG(EXIT_REASON_EPT_VIOLATION, e, KEEL_HW_EXIT_REASON);
	EXPECT_ARG(NOWHERE + 0x10, e, KEEL_HW_EXIT_GPA);
	/* A write, and no access is allowed there: bits 1 and 5:3. */
	EXPECT_EQ(2, tracefs_arg(e, KEEL_HW_EXIT_QUALIFICATION) & 0x3f);
}

GUEST_CODE(code_cr0, "mov %cr0, %rax; bts $30, %rax; mov %rax, %cr0; hlt");

TEST_F(trace_values, control_register)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	__u64 cr0;

	GUEST_START(&t->guest, GUEST_LONG, code_cr0);
	cr0 = t->guest.run->control.cr0;
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_HLT);
	TRACE_READ(t);
	EVENT(e, t, "keel_cr", 0);
	EXPECT_ARG(1, e, KEEL_CR_WRITE);
	EXPECT_ARG(0, e, KEEL_CR_NR);
	EXPECT_ARG(cr0 | CR0_CD, e, KEEL_CR_VAL);
	EXPECT_EQ(NULL, traced_event(t, "keel_cr", 1));
}

GUEST_CODE(code_vmcall,
	   "movabs $0x1111222233334444, %rax; mov $1, %ebx; mov $2, %ecx; mov $3, %edx\n"
	   "mov $4, %esi; vmcall");

TEST_F(trace_values, hypercall)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_vmcall);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_HYPERCALL);
	TRACE_READ(t);
	EVENT(e, t, "keel_hypercall", 0);
	EXPECT_ARG(0x1111222233334444, e, KEEL_HYPERCALL_NR);
	EXPECT_ARG(1, e, KEEL_HYPERCALL_A0);
	EXPECT_ARG(2, e, KEEL_HYPERCALL_A1);
	EXPECT_ARG(3, e, KEEL_HYPERCALL_A2);
	EXPECT_ARG(4, e, KEEL_HYPERCALL_A3);
}

GUEST_CODE(code_hlt, "hlt");

TEST_F(trace_values, inject)
{
	struct keel_event event = {
		.valid = 1, .type = KEEL_EVENT_EXCEPTION, .vector = GP,
		.flags = KEEL_EVENT_ERROR_CODE, .error_code = 0x18,
	};
	__u32 info = VALID | HAS_CODE | TYPE(KEEL_EVENT_EXCEPTION) | GP;
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_hlt);
	ASSERT_EQ(0, keel_inject(t->guest.vcpu, &event));
	TRACE_ON(t, NULL);
	GUEST_RUN_TO_TRAP(&t->guest, GP, 0x18);
	TRACE_READ(t);
	EVENT(e, t, "keel_inject", 0);
	EXPECT_ARG(info, e, KEEL_INJECT_INTR_INFO);
	EXPECT_ARG(0x18, e, KEEL_INJECT_ERROR_CODE);
	/* And in the entry behind it. */
	while (!tracefs_is(e, "keel_entry"))
		e++;
	EXPECT_ARG(info, e, KEEL_ENTRY_INTR_INFO);
	EXPECT_ARG(0x18, e, KEEL_ENTRY_ERROR_CODE);
}

GUEST_CODE(code_absent, "mov $0x58, %eax; mov %eax, %ds; hlt");

TEST_F(trace_values, exit_for_an_exception)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	GUEST_START(&t->guest, GUEST_LONG, code_absent);
	ASSERT_EQ(0, guest_intercept(&t->guest, 0, 1 << NP));
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_EXCEPTION);
	TRACE_READ(t);
	EVENT(e, t, "keel_exit", traced_count(t, "keel_exit") - 1);
	EXPECT_ARG(EXIT_REASON_EXCEPTION_NMI, e, KEEL_HW_EXIT_REASON);
	EXPECT_ARG(GUEST_CODE_AT + 5, e, KEEL_HW_EXIT_RIP);
	EXPECT_ARG(VALID | HAS_CODE | TYPE(KEEL_EVENT_EXCEPTION) | NP, e, KEEL_HW_EXIT_INTR_INFO);
	EXPECT_ARG(0x58, e, KEEL_HW_EXIT_ERROR_CODE);
	/* Not defined for a fault. */
	EXPECT_ARG(0, e, KEEL_HW_EXIT_INSN_LEN);
}

GUEST_CODE(code_fresh, "mov $0x31008, %edi; movb $1, (%rdi); hlt");

TEST_F(trace_values, page_fault)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	unsigned int n = 0;

	TRACE_RUN(t, code_fresh);
	do {
		EVENT(e, t, "keel_page_fault", n++);
	} while (tracefs_arg(e, KEEL_PAGE_FAULT_ADDRESS) != FRESH_AT);
	EXPECT_ARG(GUEST_CODE_AT + 5, e, KEEL_PAGE_FAULT_RIP);
	EXPECT_ARG(PF_WRITE, e, KEEL_PAGE_FAULT_ERROR_CODE);
	EXPECT_ARG(host_shadows(&t->guest.info), e, KEEL_PAGE_FAULT_SHADOW);
	while ((e = traced_event(t, "keel_page_fault", n++)))
		EXPECT_NE(FRESH_AT, tracefs_arg(e, KEEL_PAGE_FAULT_ADDRESS));
}

TEST_F(trace_values, instructions)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	__u64 rip, part[2];
	unsigned int i;
	__u8 code[16];

	TRACE_RUN(t, code_msrs);
	EXPECT_EQ(traced_count(t, "keel_exit"), traced_count(t, "keel_insn"));
	for (i = 0; (e = traced_event(t, "keel_insn", i)); i++) {
		/* It comes behind its exit. */
		rip = tracefs_arg(e, KEEL_INSN_RIP);
		EXPECT_ARG(rip, e - 1, KEEL_HW_EXIT_RIP);
		/* The first exit may be before the first instruction was read. */
		if (!tracefs_arg(e, KEEL_INSN_LEN) && !i)
			continue;
		EXPECT_ARG(15, e, KEEL_INSN_LEN);
		EXPECT_ARG(8, e, KEEL_INSN_BYTES);
		memset(code, 0, sizeof(code));
		memcpy(code, t->guest.mem + rip, 15);
		memcpy(part, code, sizeof(part));
		EXPECT_ARG(part[0], e, KEEL_INSN_LOW);
		EXPECT_ARG(part[1], e, KEEL_INSN_HIGH);
	}
}

FIXTURE(trace_apic)
{
	struct traced traced;
};

FIXTURE_SETUP(trace_apic)
{
	TRACED_SETUP(&self->traced, KEEL_VM_LAPIC | KEEL_VM_NO_APICV);
}

FIXTURE_TEARDOWN(trace_apic)
{
	traced_free(&self->traced);
}

GUEST_CODE(code_xapic, "mov $0x1fe000, %ebx; mov 0x30(%rbx), %eax; mov $0x77, %ecx\n"
		       "mov %ecx, 0x380(%rbx); vmcall");

TEST_F(trace_apic, page)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	APIC_START(&t->guest, code_xapic);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_HYPERCALL);
	TRACE_READ(t);
	EVENT(e, t, "keel_apic", 0);
	EXPECT_ARG(0, e, KEEL_APIC_WRITE);
	EXPECT_ARG(APIC_VERSION, e, KEEL_APIC_REG);
	EXPECT_ARG((__u32)RAX(&t->guest), e, KEEL_APIC_VAL);
	EVENT(e, t, "keel_apic", 1);
	EXPECT_ARG(1, e, KEEL_APIC_WRITE);
	EXPECT_ARG(APIC_TIMER_INIT, e, KEEL_APIC_REG);
	EXPECT_ARG(0x77, e, KEEL_APIC_VAL);
	EXPECT_EQ(NULL, traced_event(t, "keel_apic", 2));
}

GUEST_CODE(code_x2apic, "mov $0x803, %ecx; rdmsr; mov %eax, %ebx\n"
			"mov $0x838, %ecx; mov $0x77, %eax; xor %edx, %edx; wrmsr; vmcall");

TEST_F(trace_apic, x2apic)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;

	ASSERT_EQ(0, apic_enable_x2apic(&t->guest));
	APIC_START(&t->guest, code_x2apic);
	TRACE_ON(t, NULL);
	GUEST_RUN(&t->guest, KEEL_EXIT_HYPERCALL);
	TRACE_READ(t);
	EVENT(e, t, "keel_apic", 0);
	EXPECT_ARG(0, e, KEEL_APIC_WRITE);
	EXPECT_ARG(APIC_VERSION, e, KEEL_APIC_REG);
	EXPECT_ARG((__u32)RBX(&t->guest), e, KEEL_APIC_VAL);
	EVENT(e, t, "keel_apic", 1);
	EXPECT_ARG(1, e, KEEL_APIC_WRITE);
	EXPECT_ARG(APIC_TIMER_INIT, e, KEEL_APIC_REG);
	EXPECT_ARG(0x77, e, KEEL_APIC_VAL);
	EXPECT_EQ(NULL, traced_event(t, "keel_apic", 2));
}

TEST_HARNESS_MAIN
