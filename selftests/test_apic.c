// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC as one vCPU sees it: its registers by page and by MSR, and what
 * becomes of interrupts.  On APICv, where the CPU has it, and without.
 *
 * SDM: "Local APIC", "Extended XAPIC (x2APIC)", "Handling Interrupts", "Local
 * Vector Table", "Message Signalled Interrupts".
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"

FIXTURE(apic)
{
	struct guest guest;
};

FIXTURE_VARIANT(apic)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(apic, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(apic, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(apic)
{
	APIC_SETUP(&self->guest, variant->flags);
}

FIXTURE_TEARDOWN(apic)
{
	guest_free(&self->guest);
}

#define EXPECT_TRAP(g, vector) GUEST_RUN_TO_TRAP(g, vector, GUEST_NO_ERROR)
#define SEND_MSI(g, vector) ASSERT_EQ(1, keel_msi((g)->vm, MSI_TO(0), vector))
/* It has come to the end of its code, and no interrupt came before. */
#define EXPECT_END(g) GUEST_RUN(g, KEEL_EXIT_HYPERCALL)

GUEST_CODE(code_load, "mov (%rbx), %eax; vmcall");
GUEST_CODE(code_store, "mov %eax, (%rbx); nop; nop; vmcall");
GUEST_CODE(code_rdmsr, "rdmsr; vmcall");
GUEST_CODE(code_wrmsr, "wrmsr; nop; nop; vmcall");

#define LOAD(g, reg, expected) do {					\
	APIC_START(g, code_load);					\
	RBX(g) = APIC_AT + (reg);					\
	EXPECT_END(g);							\
	EXPECT_EQ(expected, RAX(g));					\
} while (0)

#define BEGIN_STORE(g, reg, value) do {					\
	APIC_START(g, code_store);					\
	RBX(g) = APIC_AT + (reg);					\
	RAX(g) = (value);						\
} while (0)

#define STORE(g, reg, value) do {					\
	BEGIN_STORE(g, reg, value);					\
	EXPECT_END(g);							\
} while (0)

#define RDMSR(g, msr, expected) do {					\
	APIC_START(g, code_rdmsr);					\
	RCX(g) = (msr);							\
	EXPECT_END(g);							\
	EXPECT_EQ(expected, RDX(g) << 32 | RAX(g));			\
} while (0)

#define RDMSR_IS_GP(g, msr) do {					\
	APIC_START(g, code_rdmsr);					\
	RCX(g) = (msr);							\
	GUEST_RUN_TO_TRAP(g, GP, 0);					\
} while (0)

#define BEGIN_WRMSR(g, msr, value) do {					\
	APIC_START(g, code_wrmsr);					\
	RCX(g) = (msr);							\
	RAX(g) = (__u32)(value);					\
	RDX(g) = (__u64)(value) >> 32;					\
} while (0)

#define WRMSR(g, msr, value) do {					\
	BEGIN_WRMSR(g, msr, value);					\
	EXPECT_END(g);							\
} while (0)

#define WRMSR_IS_GP(g, msr, value) do {					\
	BEGIN_WRMSR(g, msr, value);					\
	GUEST_RUN_TO_TRAP(g, GP, 0);					\
} while (0)

/* ---- registers in the page ---- */

TEST_F(apic, power_up)
{
	struct guest *g = &self->guest;
	__u32 reg;

	/* As after power-up, but for the SVR that the fixture sets. */
	LOAD(g, APIC_ID, 0);
	LOAD(g, APIC_TPR, 0);
	LOAD(g, APIC_PPR, 0);
	LOAD(g, APIC_LDR, 0);
	LOAD(g, APIC_DFR, 0xffffffff);
	LOAD(g, APIC_SVR, SVR_ENABLED | SPURIOUS);
	LOAD(g, APIC_ESR, 0);
	LOAD(g, APIC_ICR, 0);
	LOAD(g, APIC_ICR_HIGH, 0);
	LOAD(g, APIC_TIMER_INIT, 0);
	LOAD(g, APIC_TIMER_COUNT, 0);
	LOAD(g, APIC_TIMER_DIV, 0);
	for (reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 16)
		LOAD(g, reg, LVT_MASKED);
	for (reg = APIC_ISR; reg < APIC_ESR; reg += 16)
		LOAD(g, reg, 0);
	/* An integrated APIC with six entries in its local vector table. */
	EXPECT_EQ(0x14, apic_read(g, APIC_VERSION) & 0xff);
	EXPECT_EQ(5, apic_read(g, APIC_VERSION) >> 16 & 0xff);
	LOAD(g, APIC_VERSION, apic_read(g, APIC_VERSION));
	RDMSR(g, MSR_APIC_BASE, APIC_GPA | BASE_ENABLED | BASE_BSP);
}

TEST_F(apic, writable_bits)
{
	struct guest *g = &self->guest;

	STORE(g, APIC_TPR, 0xffffff5a);
	EXPECT_EQ(0x5a, apic_read(g, APIC_TPR));
	STORE(g, APIC_LDR, 0x5affffff);
	LOAD(g, APIC_LDR, 0x5a000000);
	STORE(g, APIC_DFR, 0);
	LOAD(g, APIC_DFR, 0x0fffffff);
	STORE(g, APIC_ICR_HIGH, 0xa5ffffff);
	LOAD(g, APIC_ICR_HIGH, 0xa5000000);
	STORE(g, APIC_LVT_TIMER, 0xfffb00ff | LVT_MASKED);
	LOAD(g, APIC_LVT_TIMER, LVT_MASKED | TIMER_PERIODIC | 0xff);
	STORE(g, APIC_LVT_LINT1, 0xffff4fff);
	LOAD(g, APIC_LVT_LINT1, 0x000107ff);
	STORE(g, APIC_LVT_ERROR, 0xffffffff);
	LOAD(g, APIC_LVT_ERROR, LVT_MASKED | 0xff);
	STORE(g, APIC_TIMER_DIV, 0xffffffff);
	LOAD(g, APIC_TIMER_DIV, 0xb);
	/* Read-only ones. */
	STORE(g, APIC_ID, 0x05000000);
	LOAD(g, APIC_ID, 0);
	STORE(g, APIC_PPR, 0xff);
	LOAD(g, APIC_PPR, 0);
	STORE(g, APIC_IRR + 0x20, 0xffffffff);
	LOAD(g, APIC_IRR + 0x20, 0);
	STORE(g, APIC_TIMER_COUNT, 0x1000);
	LOAD(g, APIC_TIMER_COUNT, 0);
}

/* While the APIC is disabled by software, all entries are masked and stay so. */
TEST_F(apic, software_disable_masks)
{
	struct guest *g = &self->guest;

	STORE(g, APIC_LVT_ERROR, 0x41);
	LOAD(g, APIC_LVT_ERROR, 0x41);
	STORE(g, APIC_SVR, SPURIOUS);
	LOAD(g, APIC_LVT_ERROR, LVT_MASKED | 0x41);
	STORE(g, APIC_LVT_ERROR, 0x42);
	LOAD(g, APIC_LVT_ERROR, LVT_MASKED | 0x42);
	STORE(g, APIC_SVR, SVR_ENABLED | SPURIOUS);
	LOAD(g, APIC_LVT_ERROR, LVT_MASKED | 0x42);
	STORE(g, APIC_LVT_ERROR, 0x42);
	LOAD(g, APIC_LVT_ERROR, 0x42);
}

GUEST_CODE(code_load_abs, "mov 0x1fe0f0, %eax; vmcall");
GUEST_CODE(code_load_moffs, "movabs 0x1fe0f0, %eax; vmcall");
GUEST_CODE(code_load_disp8, "mov 0x70(%rbx), %eax; vmcall");
GUEST_CODE(code_load_sib, "mov -0x20(%rbx,%rsi,2), %r15d; mov %r15d, %eax; vmcall");
GUEST_CODE(code_load_rip, "mov 0x1fe0f0-0x10000-6(%rip), %eax; vmcall");
GUEST_CODE(code_load_rsp, "mov %rsp, %rdx; mov %rbx, %rsp; mov 0x70(%rsp), %eax;\n"
			  "mov %rdx, %rsp; vmcall");
GUEST_CODE(code_load_addr32, "mov 0x70(%ebx), %eax; vmcall");

TEST_F(apic, forms_of_load)
{
	static const struct { const unsigned char *begin, *end; } form[] = {
		{ code_load_abs_begin, code_load_abs_end },
		{ code_load_moffs_begin, code_load_moffs_end },
		{ code_load_disp8_begin, code_load_disp8_end },
		{ code_load_sib_begin, code_load_sib_end },
		{ code_load_rip_begin, code_load_rip_end },
		{ code_load_rsp_begin, code_load_rsp_end },
		{ code_load_addr32_begin, code_load_addr32_end },
	};
	struct guest *g = &self->guest;
	int i;

	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		ASSERT_EQ(0, apic_start(g, form[i].begin, form[i].end - form[i].begin));
		RAX(g) = ~0ULL;
		RBX(g) = APIC_AT + 0x80;
		RSI(g) = 0x48;
		EXPECT_END(g);
		/* A load of 32 bits clears the upper half. */
		EXPECT_EQ(SVR_ENABLED | SPURIOUS, RAX(g)) {
			TH_LOG("form %d", i);
		}
	}
}

GUEST_CODE(code_store_abs, "mov %eax, 0x1fe0d0; vmcall");
GUEST_CODE(code_store_moffs, "movabs %eax, 0x1fe0d0; vmcall");
GUEST_CODE(code_store_imm, "movl $0x12000000, 0x1fe0d0; vmcall");
GUEST_CODE(code_store_imm_sib, "movl $0x12000000, 0x50(%rbx,%rsi,8); vmcall");
GUEST_CODE(code_store_r9, "mov %eax, %r9d; mov %r9d, 0x50(%rbx); vmcall");

TEST_F(apic, forms_of_store)
{
	static const struct { const unsigned char *begin, *end; } form[] = {
		{ code_store_abs_begin, code_store_abs_end },
		{ code_store_moffs_begin, code_store_moffs_end },
		{ code_store_imm_begin, code_store_imm_end },
		{ code_store_imm_sib_begin, code_store_imm_sib_end },
		{ code_store_r9_begin, code_store_r9_end },
	};
	struct guest *g = &self->guest;
	int i;

	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		apic_write(g, APIC_LDR, 0);
		ASSERT_EQ(0, apic_start(g, form[i].begin, form[i].end - form[i].begin));
		RAX(g) = 0x12000000;
		RBX(g) = APIC_AT + 0x80;
		RSI(g) = 0;
		EXPECT_END(g);
		EXPECT_EQ(0x12000000, apic_read(g, APIC_LDR)) {
			TH_LOG("form %d", i);
		}
	}
}

GUEST_CODE(code_cmp, "cmpl $0, 0x1fe390; vmcall");
GUEST_CODE(code_load64, "mov 0x1fe390, %rax; vmcall");
GUEST_CODE(code_load8, "mov 0x1fe390, %al; vmcall");
GUEST_CODE(code_or, "orl $0x30, 0x1fe080; vmcall");

/* What Keel does not decode, the VMM performs, and asks the register by KEEL_LAPIC. */
TEST_F(apic, forms_that_are_left_to_the_vmm)
{
	static const struct {
		const unsigned char *begin, *end;
		unsigned int bytes;
	} form[] = {
		{ code_cmp_begin, code_cmp_end, 8 },
		{ code_load64_begin, code_load64_end, 8 },
		{ code_load8_begin, code_load8_end, 7 },
	};
	struct guest *g = &self->guest;
	int i, ret;

	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		ASSERT_EQ(0, apic_start(g, form[i].begin, form[i].end - form[i].begin));
		GUEST_RUN(g, KEEL_EXIT_MMIO);
		EXPECT_EQ(APIC_GPA + APIC_TIMER_COUNT, g->run->mmio.gpa);
		EXPECT_EQ(0, g->run->mmio.access);
		EXPECT_EQ(GUEST_CODE_AT, RIP(g));
		EXPECT_EQ(0, memcmp(g->run->mmio.insn, form[i].begin, form[i].bytes));
		RIP(g) += form[i].bytes;
		EXPECT_END(g);
	}
	/* The CPU may do this one by itself. */
	APIC_START(g, code_or);
	ret = guest_run(g);
	if (ret == KEEL_EXIT_MMIO) {
		EXPECT_EQ(APIC_GPA + APIC_TPR, g->run->mmio.gpa);
		apic_write(g, APIC_TPR, apic_read(g, APIC_TPR) | 0x30);
		RIP(g) += 8;
		g->seen.control.cr8 = g->run->control.cr8;
		ret = guest_run(g);
	}
	EXPECT_EQ(KEEL_EXIT_HYPERCALL, ret);
	EXPECT_EQ(0x30, apic_read(g, APIC_TPR));
}

TEST_F(apic, calls_that_are_refused)
{
	struct guest *g = &self->guest;
	__u32 value;

	EXPECT_EQ(-EINVAL, keel_lapic_read(g->vcpu, 0x1000, &value));
	EXPECT_EQ(-EINVAL, keel_lapic_read(g->vcpu, 0x21, &value));
	EXPECT_EQ(-EINVAL, keel_lapic_write(g->vcpu, 0xfffffff0, 0));
	EXPECT_EQ(-EINVAL, keel_msi(g->vm, 0xfed00000, 0x41));
	EXPECT_EQ(-EINVAL, keel_msi(g->vm, 0x1fee00000, 0x41));
	EXPECT_EQ(-EINVAL, keel_msi(g->vm, APIC_GPA, 0xf));
	EXPECT_EQ(-EINVAL, keel_lint(g->vm, KEEL_IRQ_LINT0, 1, 1));
	EXPECT_EQ(-EINVAL, keel_lint(g->vm, KEEL_IRQ_LINT1 + 1, 0, 1));
	EXPECT_EQ(-EINVAL, keel_lint(g->vm, KEEL_IRQ_LINT0, 0, 2));
	/* Nobody has that ID. */
	EXPECT_EQ(0, keel_msi(g->vm, MSI_TO(7), 0x41));
}

/* ---- modes ---- */

TEST_F(apic, x2apic_registers)
{
	struct guest *g = &self->guest;
	__u32 reg;

	WRMSR(g, MSR_APIC_BASE, APIC_GPA | BASE_ENABLED | BASE_BSP | BASE_X2APIC);
	RDMSR(g, MSR_APIC_BASE, APIC_GPA | BASE_ENABLED | BASE_BSP | BASE_X2APIC);
	RDMSR(g, MSR_X2APIC(APIC_ID), 0);
	RDMSR(g, MSR_X2APIC(APIC_VERSION), apic_read(g, APIC_VERSION));
	RDMSR(g, MSR_X2APIC(APIC_LDR), 1);
	RDMSR(g, MSR_X2APIC(APIC_SVR), SVR_ENABLED | SPURIOUS);
	RDMSR(g, MSR_X2APIC(APIC_TPR), 0);
	RDMSR(g, MSR_X2APIC(APIC_PPR), 0);
	RDMSR(g, MSR_X2APIC(APIC_ICR), 0);
	RDMSR(g, MSR_X2APIC(APIC_TIMER_COUNT), 0);
	for (reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 16)
		RDMSR(g, MSR_X2APIC(reg), LVT_MASKED);
	WRMSR(g, MSR_X2APIC(APIC_ICR), 0x12345678ULL << 32 | 0x40);
	RDMSR(g, MSR_X2APIC(APIC_ICR), 0x12345678ULL << 32 | 0x40);
	WRMSR(g, MSR_X2APIC(APIC_LVT_ERROR), 0x51);
	RDMSR(g, MSR_X2APIC(APIC_LVT_ERROR), 0x51);
	WRMSR(g, MSR_X2APIC(APIC_EOI), 0);
	WRMSR(g, MSR_X2APIC(APIC_ESR), 0);
}

TEST_F(apic, x2apic_gp)
{
	struct guest *g = &self->guest;

	/* Not in x2APIC mode. */
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_ID));
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_EOI), 0);
	ASSERT_EQ(0, apic_enable_x2apic(g));
	/* Read-only, write-only, and none. */
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_ID), 0);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_LDR), 1);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_PPR), 0);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_ISR), 0);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_TIMER_COUNT), 0);
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_EOI));
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_SELF_IPI));
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_DFR));
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_ICR_HIGH));
	RDMSR_IS_GP(g, 0x840);
	RDMSR_IS_GP(g, 0x8ff);
	WRMSR_IS_GP(g, 0x8ff, 0);
	/* Reserved bits, also those above bit 31. */
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_TPR), 0x100);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_TPR), 1ULL << 32);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_SVR), 1U << 31);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_EOI), 1);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_ESR), 1);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_SELF_IPI), 0x100);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_LVT_ERROR), 1U << 17);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_TIMER_DIV), 4);
	WRMSR_IS_GP(g, MSR_X2APIC(APIC_ICR), 1U << 20);
}

/* "x2APIC State Transitions". */
TEST_F(apic, transitions)
{
	const __u64 base = APIC_GPA | BASE_BSP;
	struct guest *g = &self->guest;

	WRMSR_IS_GP(g, MSR_APIC_BASE, base | BASE_X2APIC);
	WRMSR_IS_GP(g, MSR_APIC_BASE, base | BASE_ENABLED | 1);
	WRMSR_IS_GP(g, MSR_APIC_BASE, 1ULL << 60 | base | BASE_ENABLED);
	WRMSR(g, MSR_APIC_BASE, base);
	RDMSR(g, MSR_APIC_BASE, base);
	WRMSR_IS_GP(g, MSR_APIC_BASE, base | BASE_ENABLED | BASE_X2APIC);
	WRMSR(g, MSR_APIC_BASE, base | BASE_ENABLED);
	/* Switched off it forgets. */
	LOAD(g, APIC_SVR, SPURIOUS);
	WRMSR(g, MSR_APIC_BASE, base | BASE_ENABLED | BASE_X2APIC);
	WRMSR_IS_GP(g, MSR_APIC_BASE, base | BASE_ENABLED);
	WRMSR_IS_GP(g, MSR_APIC_BASE, base | BASE_X2APIC);
	WRMSR(g, MSR_APIC_BASE, base);
	RDMSR_IS_GP(g, MSR_X2APIC(APIC_ID));
	WRMSR(g, MSR_APIC_BASE, base | BASE_ENABLED);
	LOAD(g, APIC_VERSION, apic_read(g, APIC_VERSION));
}

GUEST_CODE(code_cpuid, "mov $1, %eax; cpuid; vmcall");

/* CPUID.1:EDX[9] follows the global enable. */
TEST_F(apic, cpuid_bit)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_cpuid);
	EXPECT_END(g);
	EXPECT_EQ(1 << 9, RDX(g) & 1 << 9);
	EXPECT_EQ(0, RBX(g) >> 24);
	WRMSR(g, MSR_APIC_BASE, APIC_GPA | BASE_BSP);
	APIC_START(g, code_cpuid);
	EXPECT_END(g);
	EXPECT_EQ(0, RDX(g) & 1 << 9);
}

#define EXPECT_NO_APIC(g) do {						\
	int __ret;							\
									\
	APIC_START(g, code_load);					\
	RBX(g) = APIC_AT + APIC_VERSION;				\
	__ret = guest_run(g);						\
	EXPECT_TRUE(__ret == KEEL_EXIT_MMIO || __ret == KEEL_EXIT_HYPERCALL); \
	EXPECT_NE(apic_read(g, APIC_VERSION), RAX(g));			\
} while (0)

/*
 * The page is not the APIC's then.  With APICv it may be memory, once a vCPU of the
 * VM has used it; otherwise nothing is there.
 */
TEST_F(apic, page_outside_xapic_mode)
{
	struct guest *g = &self->guest;

	LOAD(g, APIC_VERSION, apic_read(g, APIC_VERSION));
	ASSERT_EQ(0, apic_enable_x2apic(g));
	EXPECT_NO_APIC(g);
	ASSERT_EQ(0, guest_set_msr(g, MSR_APIC_BASE, APIC_GPA | BASE_BSP));
	EXPECT_NO_APIC(g);
}

/* ---- interrupts ---- */

GUEST_CODE(code_nops, "nop; nop; nop; vmcall");
GUEST_CODE(code_sti, "sti; nop; nop; nop; vmcall");

#define START_OPEN(g) do {						\
	APIC_START(g, code_nops);					\
	RFLAGS(g) |= IF;						\
} while (0)

TEST_F(apic, registers_in_a_handler)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x51);
	SEND_MSI(g, 0x41);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x51));
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x51));
	EXPECT_FALSE(apic_bit(g, APIC_IRR, 0x51));
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x41));
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x41));
	EXPECT_FALSE(apic_bit(g, APIC_TMR, 0x51));
	EXPECT_EQ(0x50, apic_read(g, APIC_PPR));
	/* After EOI and IRET comes the next. */
	EXPECT_TRAP(g, 0x41);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x51));
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x41));
	EXPECT_EQ(0x40, apic_read(g, APIC_PPR));
	EXPECT_END(g);
	EXPECT_EQ(0, apic_read(g, APIC_PPR));
}

/* In a handler, with IF set again: only a higher class comes in between. */
TEST_F(apic, nesting_by_class)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x45);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x45);
	SEND_MSI(g, 0x4f);	/* of the same class */
	SEND_MSI(g, 0x35);
	SEND_MSI(g, 0x51);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x51);
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x45));
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x51));
	EXPECT_EQ(0x50, apic_read(g, APIC_PPR));
	/* It ends the highest, and IRET leads into the handler of 0x45, which ends that. */
	EXPECT_TRAP(g, 0x4f);
	EXPECT_NE(GUEST_CODE_AT, g->trap.rip);
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x51));
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x45));
	EXPECT_TRAP(g, 0x35);
	EXPECT_END(g);
}

/* Each comes once, however often it was sent before it was taken. */
TEST_F(apic, sent_twice_comes_once)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x51);
	SEND_MSI(g, 0x51);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	SEND_MSI(g, 0x51);	/* one in service and one waiting */
	SEND_MSI(g, 0x51);
	EXPECT_TRAP(g, 0x51);
	EXPECT_END(g);
}

TEST_F(apic, all_vectors_in_order)
{
	struct guest *g = &self->guest;
	int vector;

	for (vector = 32; vector < 256; vector++)
		SEND_MSI(g, vector);
	START_OPEN(g);
	for (vector = 255; vector >= 32; vector--)
		EXPECT_TRAP(g, vector);
	EXPECT_END(g);
	for (vector = 0; vector < 8; vector++) {
		EXPECT_EQ(0, apic_read(g, APIC_IRR + 16 * vector));
		EXPECT_EQ(0, apic_read(g, APIC_ISR + 16 * vector));
	}
}

TEST_F(apic, waits_while_if_is_0)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x51);
	APIC_START(g, code_nops);
	EXPECT_END(g);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x51));
	APIC_START(g, code_sti);
	EXPECT_TRAP(g, 0x51);
	/* STI holds it off for one instruction. */
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_END(g);
}

GUEST_CODE(code_mov_ss, "mov %ss, %eax; mov %eax, %ss; nop; nop; vmcall");

TEST_F(apic, waits_for_mov_ss)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x51);
	APIC_START(g, code_mov_ss);
	RFLAGS(g) |= IF;
	RIP(g) = GUEST_CODE_AT + 4;
	g->run->events.blocking = KEEL_BLOCKING_MOV_SS;
	EXPECT_TRAP(g, 0x51);
	EXPECT_EQ(GUEST_CODE_AT + 5, g->trap.rip);
}

/* A self-IPI in STI's shadow; the store that sends it is the shadow. */
GUEST_CODE(code_sti_send, "sti; mov %eax, (%rbx); nop; nop; vmcall");

TEST_F(apic, self_ipi_after_sti)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_sti_send);
	RBX(g) = APIC_AT + APIC_ICR;
	RAX(g) = ICR_SELF | 0x51;
	EXPECT_TRAP(g, 0x51);
	EXPECT_EQ(GUEST_CODE_AT + 3, g->trap.rip);
}

GUEST_CODE(code_sti_hlt, "sti; hlt; nop; vmcall");

TEST_F(apic, sti_hlt_with_something_pending)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x51);
	APIC_START(g, code_sti_hlt);
	EXPECT_TRAP(g, 0x51);
	/* Behind the HLT. */
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_END(g);
}

TEST_F(apic, nothing_while_disabled)
{
	struct guest *g = &self->guest;

	STORE(g, APIC_SVR, SPURIOUS);
	EXPECT_EQ(0, keel_msi(g->vm, MSI_TO(0), 0x51));
	STORE(g, APIC_SVR, SVR_ENABLED | SPURIOUS);
	START_OPEN(g);
	EXPECT_END(g);
	/* An NMI needs no enabled APIC. */
	STORE(g, APIC_SVR, SPURIOUS);
	EXPECT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
	APIC_START(g, code_nops);
	EXPECT_TRAP(g, NMI);
	/* Switched off it is not there. */
	WRMSR(g, MSR_APIC_BASE, APIC_GPA | BASE_BSP);
	EXPECT_EQ(0, keel_msi(g->vm, MSI_TO(0), 0x51));
}

/* ---- task priority ---- */

GUEST_CODE(code_tpr, "mov %eax, (%rbx); vmcall; mov %ecx, (%rbx); nop; nop; vmcall");
GUEST_CODE(code_cr8, "mov %rax, %cr8; nop; nop; mov %rcx, %cr8; nop; nop; vmcall");
GUEST_CODE(code_read_cr8, "mov %cr8, %rax; vmcall");

TEST_F(apic, tpr_and_cr8)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_tpr);
	RBX(g) = APIC_AT + APIC_TPR;
	RAX(g) = 0;
	RCX(g) = 0x5a;
	EXPECT_END(g);
	EXPECT_EQ(0, g->run->control.cr8);
	EXPECT_END(g);
	EXPECT_EQ(5, g->run->control.cr8);
	EXPECT_EQ(0x5a, apic_read(g, APIC_TPR));
	EXPECT_EQ(0x5a, apic_read(g, APIC_PPR));
	/* The registers loaded next leave it alone. */
	g->run->control.cr8 = 6;
	memcpy(g->mem + GUEST_CODE_AT, code_read_cr8_begin,
	       code_read_cr8_end - code_read_cr8_begin);
	RIP(g) = GUEST_CODE_AT;
	EXPECT_END(g);
	EXPECT_EQ(6, RAX(g));
	EXPECT_EQ(0x60, apic_read(g, APIC_TPR));
	APIC_START(g, code_cr8);
	RAX(g) = 3;
	RCX(g) = 9;
	EXPECT_END(g);
	EXPECT_EQ(0x90, apic_read(g, APIC_TPR));
	EXPECT_EQ(9, g->run->control.cr8);
	/* Reserved bits. */
	APIC_START(g, code_cr8);
	RAX(g) = 0x10;
	GUEST_RUN_TO_TRAP(g, GP, 0);
}

/* Held off by the first write, delivered right behind the second. */
TEST_F(apic, lower_tpr_in_the_page)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_tpr);
	RFLAGS(g) |= IF;
	RBX(g) = APIC_AT + APIC_TPR;
	RAX(g) = 0x50;
	RCX(g) = 0x4f;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	SEND_MSI(g, 0x5f);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x5f));
	EXPECT_TRAP(g, 0x5f);
	EXPECT_EQ(GUEST_CODE_AT + 7, g->trap.rip);
	EXPECT_END(g);
}

GUEST_CODE(code_cr8_parts, "mov %rax, %cr8; vmcall; mov %rcx, %cr8; nop; nop; vmcall");

TEST_F(apic, lower_tpr_by_cr8)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_cr8_parts);
	RFLAGS(g) |= IF;
	RAX(g) = 5;
	RCX(g) = 4;
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	SEND_MSI(g, 0x50);
	SEND_MSI(g, 0x4f);
	EXPECT_TRAP(g, 0x50);
	EXPECT_EQ(GUEST_CODE_AT + 11, g->trap.rip);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x4f));
	EXPECT_END(g);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x4f));
}

TEST_F(apic, lower_tpr_by_x2apic)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, apic_enable_x2apic(g));
	SEND_MSI(g, 0x5f);
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_TPR), 0x40);
	g->run->control.cr8 = 15;
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x5f);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
}

/* The VMM lowers it, by its copy of CR8 and by KEEL_LAPIC. */
TEST_F(apic, lower_tpr_from_outside)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, 0x5f);
	START_OPEN(g);
	g->run->control.cr8 = 5;
	EXPECT_END(g);
	RIP(g) = GUEST_CODE_AT;
	g->run->control.cr8 = 4;
	EXPECT_TRAP(g, 0x5f);
	EXPECT_END(g);

	SEND_MSI(g, 0x5f);
	START_OPEN(g);
	g->run->control.cr8 = 5;
	EXPECT_END(g);
	apic_write(g, APIC_TPR, 0x40);
	RIP(g) = GUEST_CODE_AT;
	EXPECT_TRAP(g, 0x5f);
}

/* ---- IPIs to itself, and errors ---- */

TEST_F(apic, self_ipi)
{
	struct guest *g = &self->guest;

	BEGIN_STORE(g, APIC_ICR, ICR_SELF | 0x61);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x61);
	/* Behind the store, at once. */
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_END(g);
	/* By its ID. */
	STORE(g, APIC_ICR_HIGH, 0);
	BEGIN_STORE(g, APIC_ICR, 0x62);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x62);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_END(g);
	BEGIN_STORE(g, APIC_ICR, ICR_ALL | 0x63);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x63);
	EXPECT_END(g);
	/* Not to others, of whom there are none. */
	BEGIN_STORE(g, APIC_ICR, ICR_OTHERS | 0x64);
	RFLAGS(g) |= IF;
	EXPECT_END(g);
	/* The delivery status reads as idle. */
	LOAD(g, APIC_ICR, ICR_OTHERS | 0x64);
}

TEST_F(apic, self_ipi_by_msr)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, apic_enable_x2apic(g));
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_SELF_IPI), 0x61);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x61);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x61));
	EXPECT_END(g);
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x61));
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_ICR), ICR_SELF | 0x62);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x62);
	EXPECT_END(g);
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_ICR), 0x63);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x63);
	EXPECT_END(g);
	/* Logical: cluster 0, the first of it; and a broadcast. */
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_ICR), 1ULL << 32 | ICR_LOGICAL | 0x64);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x64);
	EXPECT_END(g);
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_ICR), 0xffffffffULL << 32 | 0x65);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x65);
	EXPECT_END(g);
	BEGIN_WRMSR(g, MSR_X2APIC(APIC_ICR), 0xffULL << 32 | 0x66);
	RFLAGS(g) |= IF;
	EXPECT_END(g);
}

TEST_F(apic, nmi_by_icr)
{
	struct guest *g = &self->guest;

	/* IF does not matter. */
	STORE(g, APIC_ICR_HIGH, 0);
	BEGIN_STORE(g, APIC_ICR, ICR_NMI);
	EXPECT_TRAP(g, NMI);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	/* A second one waits for IRET. */
	EXPECT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
	EXPECT_TRAP(g, NMI);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_END(g);
}

#define SEND_ILLEGAL	(1 << 5)
#define ILLEGAL_REGISTER (1 << 7)

TEST_F(apic, errors)
{
	struct guest *g = &self->guest;

	STORE(g, APIC_LVT_ERROR, 0x71);
	BEGIN_STORE(g, APIC_ICR, ICR_SELF | 0x0f);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x71);
	/* The register shows it from the next write on. */
	EXPECT_EQ(0, apic_read(g, APIC_ESR));
	EXPECT_END(g);
	/* No second interrupt before that. */
	BEGIN_STORE(g, APIC_ICR, ICR_SELF | 0x0f);
	RFLAGS(g) |= IF;
	EXPECT_END(g);
	STORE(g, APIC_ESR, 0);
	LOAD(g, APIC_ESR, SEND_ILLEGAL);
	STORE(g, APIC_ESR, 0);
	LOAD(g, APIC_ESR, 0);

	BEGIN_STORE(g, 0x40, 1);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x71);
	EXPECT_END(g);
	STORE(g, APIC_ESR, 0);
	LOAD(g, APIC_ESR, ILLEGAL_REGISTER);
}

/* What CPUs without "suppress EOI broadcasts" do not have: version bit 24. */
TEST_F(apic, spurious_vector)
{
	struct guest *g = &self->guest;

	/* Its low bits are writable; the vector itself never comes by itself. */
	STORE(g, APIC_SVR, SVR_ENABLED | 0x35);
	LOAD(g, APIC_SVR, SVR_ENABLED | 0x35);
	START_OPEN(g);
	EXPECT_END(g);
	/* Sent as any other it is one. */
	SEND_MSI(g, 0x35);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x35);
}

/* ---- level-triggered messages ---- */

#define EXPECT_EOI(g, expected) do {					\
	GUEST_RUN(g, KEEL_EXIT_EOI);					\
	EXPECT_EQ(expected, (g)->run->eoi.vector);			\
} while (0)

TEST_F(apic, level_exits_at_eoi)
{
	struct guest *g = &self->guest;
	int i;

	SEND_MSI(g, MSI_LEVEL | 0x51);
	START_OPEN(g);
	/* As an I/O APIC does: sent again while the line is asserted. */
	for (i = 0; i < 3; i++) {
		EXPECT_TRAP(g, 0x51);
		EXPECT_TRUE(apic_bit(g, APIC_TMR, 0x51));
		EXPECT_EOI(g, 0x51);
		EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x51));
		if (i < 2)
			SEND_MSI(g, MSI_LEVEL | 0x51);
	}
	EXPECT_END(g);
}

TEST_F(apic, edge_does_not_exit_at_eoi)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, MSI_LEVEL | 0x51);
	SEND_MSI(g, 0x61);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x61);
	EXPECT_FALSE(apic_bit(g, APIC_TMR, 0x61));
	EXPECT_TRAP(g, 0x51);
	EXPECT_EOI(g, 0x51);
	EXPECT_END(g);
	/* The same vector as an edge. */
	SEND_MSI(g, 0x51);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	EXPECT_FALSE(apic_bit(g, APIC_TMR, 0x51));
	EXPECT_END(g);
}

TEST_F(apic, level_in_x2apic_mode)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, apic_enable_x2apic(g));
	SEND_MSI(g, MSI_LEVEL | 0x51);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	EXPECT_EOI(g, 0x51);
	EXPECT_END(g);
}

/* Its EOI by KEEL_LAPIC comes with the next KEEL_RUN. */
TEST_F(apic, level_ended_by_the_vmm)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, MSI_LEVEL | 0x51);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	apic_write(g, APIC_EOI, 0);
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x51));
	/* There is room for one. */
	EXPECT_EQ(-EBUSY, keel_lapic_write(g->vcpu, APIC_EOI, 0));
	EXPECT_EOI(g, 0x51);
	EXPECT_EQ(0, keel_lapic_write(g->vcpu, APIC_EOI, 0));
	EXPECT_END(g);
}

TEST_F(apic, suppressed_eoi_broadcast)
{
	struct guest *g = &self->guest;

	EXPECT_EQ(1 << 24, apic_read(g, APIC_VERSION) & 1 << 24);
	STORE(g, APIC_SVR, SVR_NO_BROADCAST | SVR_ENABLED | SPURIOUS);
	LOAD(g, APIC_SVR, SVR_NO_BROADCAST | SVR_ENABLED | SPURIOUS);
	SEND_MSI(g, MSI_LEVEL | 0x51);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	EXPECT_END(g);
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x51));
}

/*
 * KVM's end of interrupt (PV EOI): where the bit is set in the guest's memory, the
 * handler clears it instead of writing to the EOI register.  The host's interrupts
 * take the offer back now and then; with APICv there is none.
 */
#define MSR_PV_EOI	0x4b564d04
#define PV_EOI_AT	0x20010
#define PV_EOI_ROUNDS	200

GUEST_CODE(code_self_ipis, "sti; 1: movl $0x40055, 0x1fe300; nop; nop; loop 1b; cli; vmcall");
GUEST_CODE(handler_pv_eoi, "nop; incq 0x20000; lock btrl $0, 0x20010; jc 1f\n"
	   "incq 0x20008; movl $0, 0x1fe0b0; 1: iretq");

TEST_F(apic, paravirtual_eoi)
{
	struct guest *g = &self->guest;

	APIC_START(g, code_self_ipis);
	GUEST_HANDLE(g, 0x55, handler_pv_eoi);
	ASSERT_EQ(0, guest_set_msr(g, MSR_PV_EOI, PV_EOI_AT | 1));
	RCX(g) = PV_EOI_ROUNDS;
	EXPECT_END(g);
	/* One whose end was not seen would hold off all that follow. */
	EXPECT_EQ(PV_EOI_ROUNDS, GUEST_DATA(g, 0));
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x55));
	if (variant->flags & KEEL_VM_NO_APICV)
		EXPECT_GT(PV_EOI_ROUNDS / 4, GUEST_DATA(g, 1));
}

/* The EOI is for the highest in service, whatever handler it is in. */
TEST_F(apic, eoi_order)
{
	struct guest *g = &self->guest;

	SEND_MSI(g, MSI_LEVEL | 0x45);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x45);
	SEND_MSI(g, MSI_LEVEL | 0x55);
	RFLAGS(g) |= IF;
	EXPECT_TRAP(g, 0x55);
	EXPECT_EOI(g, 0x55);
	EXPECT_TRUE(apic_bit(g, APIC_ISR, 0x45));
	EXPECT_EOI(g, 0x45);
	EXPECT_END(g);
	/* One without anything in service. */
	STORE(g, APIC_EOI, 0);
}

/* ---- the pins ---- */

#define LINT0(g, level) ASSERT_EQ(1, keel_lint((g)->vm, KEEL_IRQ_LINT0, 0, level))
#define LINT1(g, level) ASSERT_EQ(1, keel_lint((g)->vm, KEEL_IRQ_LINT1, 0, level))

TEST_F(apic, extint)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	LINT0(g, 1);
	START_OPEN(g);
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	EXPECT_EQ(KEEL_NO_VECTOR, g->run->extint.vector);
	EXPECT_EQ(GUEST_CODE_AT, RIP(g));
	/* An 8259 lowers its line before it answers. */
	LINT0(g, 0);
	g->run->extint.vector = 0x38;
	EXPECT_TRAP(g, 0x38);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	/* The APIC knows nothing of it. */
	EXPECT_FALSE(apic_bit(g, APIC_ISR, 0x38));
	EXPECT_END(g);
}

/* It ignores priorities, and comes again while the line is asserted. */
TEST_F(apic, extint_again)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	LINT0(g, 1);
	START_OPEN(g);
	g->run->control.cr8 = 15;
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	g->run->extint.vector = 0x38;
	EXPECT_TRAP(g, 0x38);
	/* Not in the handler, which has IF clear. */
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	EXPECT_EQ(GUEST_CODE_AT, RIP(g));
	LINT0(g, 0);
	g->run->extint.vector = 0x39;
	EXPECT_TRAP(g, 0x39);
	EXPECT_END(g);
}

TEST_F(apic, extint_without_answer)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	LINT0(g, 1);
	START_OPEN(g);
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	LINT0(g, 0);
	g->run->extint.vector = KEEL_NO_VECTOR;
	EXPECT_END(g);
	/* A vector that is none is refused, and may be given again. */
	LINT0(g, 1);
	START_OPEN(g);
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	LINT0(g, 0);
	g->run->extint.vector = 256;
	EXPECT_EQ(-EINVAL, guest_run(g));
}

TEST_F(apic, extint_masked)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_MASKED | LVT_EXTINT);
	LINT0(g, 1);
	START_OPEN(g);
	EXPECT_END(g);
	/* The line is still asserted when the guest unmasks it. */
	BEGIN_STORE(g, APIC_LVT_LINT0, LVT_EXTINT);
	RFLAGS(g) |= IF;
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	EXPECT_EQ(GUEST_CODE_AT + 2, RIP(g));
	LINT0(g, 0);
	EXPECT_END(g);
}

TEST_F(apic, extint_waits_for_if)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	LINT0(g, 1);
	APIC_START(g, code_nops);
	EXPECT_END(g);
	APIC_START(g, code_sti);
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	EXPECT_EQ(GUEST_CODE_AT + 2, RIP(g));
	LINT0(g, 0);
	g->run->extint.vector = 0x38;
	EXPECT_TRAP(g, 0x38);
	EXPECT_END(g);
	/* Gone before anybody could take it. */
	LINT0(g, 1);
	APIC_START(g, code_nops);
	EXPECT_END(g);
	LINT0(g, 0);
	APIC_START(g, code_sti);
	EXPECT_END(g);
}

/* Both wait: the APIC's own, and the 8259's behind it. */
TEST_F(apic, extint_and_an_own_one)
{
	bool own = false, other = false;
	struct guest *g = &self->guest;
	int i, ret;

	apic_write(g, APIC_LVT_LINT0, LVT_EXTINT);
	LINT0(g, 1);
	SEND_MSI(g, 0x51);
	START_OPEN(g);
	for (i = 0; i < 3; i++) {
		ret = guest_run(g);
		if (ret == KEEL_EXIT_EXTINT) {
			LINT0(g, 0);
			g->run->extint.vector = 0x38;
			continue;
		}
		ASSERT_EQ(GUEST_TRAP, ret);
		own |= g->trap.vector == 0x51;
		other |= g->trap.vector == 0x38;
		if (g->trap.vector == 0x38)
			/* Its handler ends nothing here. */
			RIP(g) = GUEST_STUBS_AT + 4;
	}
	EXPECT_TRUE(own);
	EXPECT_TRUE(other);
}

TEST_F(apic, pins_with_the_apic_off)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, guest_set_msr(g, MSR_APIC_BASE, APIC_GPA | BASE_BSP));
	/* "Presence of the Local APIC": they are INTR and NMI. */
	LINT0(g, 1);
	START_OPEN(g);
	GUEST_RUN(g, KEEL_EXIT_EXTINT);
	LINT0(g, 0);
	EXPECT_END(g);
	LINT1(g, 1);
	APIC_START(g, code_nops);
	EXPECT_TRAP(g, NMI);
	EXPECT_END(g);
}

TEST_F(apic, lint1_nmi)
{
	struct guest *g = &self->guest;

	LINT1(g, 1);		/* masked after power-up */
	APIC_START(g, code_nops);
	EXPECT_END(g);
	LINT1(g, 0);
	apic_write(g, APIC_LVT_LINT1, LVT_NMI);
	LINT1(g, 1);
	APIC_START(g, code_nops);
	EXPECT_TRAP(g, NMI);
	EXPECT_EQ(GUEST_CODE_AT, g->trap.rip);
	/* By its edge: no second one while it stays. */
	EXPECT_END(g);
	/* Edges count though nobody runs meanwhile. */
	LINT1(g, 0);
	LINT1(g, 1);
	APIC_START(g, code_nops);
	EXPECT_TRAP(g, NMI);
	EXPECT_END(g);
	LINT1(g, 0);
	APIC_START(g, code_nops);
	EXPECT_END(g);
	LINT1(g, 1);
	LINT1(g, 0);
	APIC_START(g, code_nops);
	EXPECT_TRAP(g, NMI);
	EXPECT_END(g);
}

TEST_F(apic, lint_fixed)
{
	struct guest *g = &self->guest;

	apic_write(g, APIC_LVT_LINT0, 0x51);
	LINT0(g, 1);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x51);
	EXPECT_END(g);
	LINT0(g, 0);
	/* Level-triggered it comes again after each EOI, while it is asserted. */
	apic_write(g, APIC_LVT_LINT0, LVT_LEVEL | 0x52);
	LINT0(g, 1);
	START_OPEN(g);
	EXPECT_TRAP(g, 0x52);
	LOAD(g, APIC_LVT_LINT0, LVT_LEVEL | LVT_REMOTE_IRR | 0x52);
	apic_write(g, APIC_EOI, 0);
	EXPECT_TRUE(apic_bit(g, APIC_IRR, 0x52));
	LINT0(g, 0);
}

/* ---- a guest that means no good ---- */

/*
 * Rounds are counted at DATA[0]; R8 and R9, also at DATA[1], are linear congruential
 * generators.  Half of the values have no reserved bits but by chance.
 */
#define NEXT								\
	"1: imul $1664525, %r8d, %r8d; add $1013904223, %r8d\n"		\
	"imul $22695477, %r9d, %r9d; add $1, %r9d\n"			\
	"mov %r8d, 0x20008; mov %r9d, 0x20010\n"

GUEST_CODE(code_random_msrs, NEXT
	   "mov %r8d, %ecx; shr $20, %ecx; and $0x3f, %ecx; add $0x800, %ecx\n"
	   "mov %r9d, %eax; shr $7, %eax; mov %r9d, %edx; shr $24, %edx\n"
	   "test $0x10000, %r8d; jz 2f\n"
	   "xor %edx, %edx; and $0xc9fff, %eax\n"
	   "2: wrmsr\n"
	   "incq 0x20000; cmpq %r10, 0x20000; jb 1b; vmcall");
GUEST_CODE(code_random_page, NEXT
	   "mov %r8d, %ebx; shr $20, %ebx; and $0x3f0, %ebx\n"
	   "mov %r9d, %eax; shr $7, %eax\n"
	   "mov %eax, 0x1fe000(%rbx); mov 0x1fe000(%rbx), %edx\n"
	   "incq 0x20000; cmpq %r10, 0x20000; jb 1b; vmcall");
/* WRMSR has 2 bytes. */
GUEST_CODE(handler_skip, "nop; addq $8, %rsp; addq $2, (%rsp); iretq");
GUEST_CODE(handler_return, "nop; iretq");

#define ROUNDS	host_rounds(100000)

/*
 * Whatever the guest does to its APIC, it runs on, or has sent itself an INIT and
 * stands where a PC has its firmware.  The testbed fails a run where the host's
 * kernel complains.
 */
static int run_hostile(struct guest *g, const void *code, size_t bytes)
{
	int ret = KEEL_EXIT_MMIO, vector;

	while (ret != KEEL_EXIT_HYPERCALL) {
		switch (ret) {
		case KEEL_EXIT_EXTINT:
			g->run->extint.vector = 0x20;
			break;
		case KEEL_EXIT_EOI:
			break;
		case KEEL_EXIT_MMIO:
		case -EOPNOTSUPP:
			ret = apic_start(g, code, bytes);
			if (ret)
				return ret;
			for (vector = 16; vector < 32; vector++)
				GUEST_HANDLE(g, vector, handler_return);
			GUEST_HANDLE(g, NMI, handler_return);
			GUEST_HANDLE(g, GP, handler_skip);
			RFLAGS(g) |= IF;
			g->run->regs.gpr[8] = GUEST_DATA(g, 1);
			g->run->regs.gpr[9] = GUEST_DATA(g, 2);
			g->run->regs.gpr[10] = ROUNDS;
			break;
		case GUEST_TRAP:
			if (g->trap.vector < 16)
				return ret;
			break;
		default:
			return ret;
		}
		ret = guest_run(g);
	}
	return ret;
}

#define RUN_HOSTILE(g, name) do {					\
	EXPECT_EQ(KEEL_EXIT_HYPERCALL,					\
		  run_hostile(g, name##_begin, name##_end - name##_begin)) { \
		TH_LOG("%s", guest_describe(g));			\
	}								\
	EXPECT_EQ(ROUNDS, GUEST_DATA(g, 0));				\
} while (0)

TEST_F_TIMEOUT(apic, random_msrs, 100)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, apic_enable_x2apic(g));
	RUN_HOSTILE(g, code_random_msrs);
}

TEST_F_TIMEOUT(apic, random_page, 100)
{
	struct guest *g = &self->guest;

	RUN_HOSTILE(g, code_random_page);
}

TEST_HARNESS_MAIN
