// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_IRQ: which local APICs a message is for, and their pins.
 *
 * Most of it runs no guest: what a local APIC has taken is in its IRR.
 *
 * SDM: "Message Address Register Format", "Message Data Register Format",
 * "Logical Destination Mode", "Lowest Priority Delivery Mode".
 */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define NMI		2
#define VCPUS		4
#define ALL		((1 << VCPUS) - 1)

#define APIC_LDR	0xd0
#define APIC_SVR	0xf0
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define SVR_ENABLED	0x1ff
#define SVR_DISABLED	0xff

/* Of a message's address and data. */
#define MSI_TO(id)	(0xfee00000U | (id) << 12)
#define MSI_LOGICAL	(1 << 2)
#define MSI_HINT	(1 << 3)
#define MSI_LOWEST	(1 << 8)
#define MSI_SMI		(2 << 8)
#define MSI_RESERVED	(3 << 8)
#define MSI_NMI		(4 << 8)
#define MSI_SIPI	(6 << 8)
#define MSI_LEVEL	(3 << 14)	/* asserted */
#define LVT_NMI		(4 << 8)

FIXTURE(irq)
{
	struct guest guest;
	int cpus[VCPUS];
};

FIXTURE_VARIANT(irq)
{
	__u32 flags;
};

/* With what the CPU has for interrupts, and without. */
FIXTURE_VARIANT_ADD(irq, cpu)
{
	.flags = KEEL_VM_LAPIC,
};

FIXTURE_VARIANT_ADD(irq, software)
{
	.flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV,
};

FIXTURE_SETUP(irq)
{
	int i;

	GUEST_SETUP_VM(&self->guest, variant->flags);
	self->cpus[0] = self->guest.vcpu;
	for (i = 0; i < VCPUS; i++) {
		if (i)
			self->cpus[i] = keel_create_vcpu(self->guest.vm, i);
		ASSERT_LE(0, self->cpus[i]);
		ASSERT_EQ(0, keel_lapic_write(self->cpus[i], APIC_SVR, SVR_ENABLED));
		ASSERT_EQ(0, keel_lapic_write(self->cpus[i], APIC_LDR, 1U << (24 + i)));
	}
}

FIXTURE_TEARDOWN(irq)
{
	int i;

	for (i = 1; i < VCPUS; i++)
		close(self->cpus[i]);
	guest_free(&self->guest);
}

static bool has(int cpu, __u32 first, unsigned int vector)
{
	__u32 value = 0;

	return !keel_lapic_read(cpu, first + vector / 32 * 16, &value) &&
	       (value >> vector % 32) & 1;
}

/* Bit n: number n has the interrupt in its IRR. */
static int took(const int *cpus, unsigned int vector)
{
	int i, set = 0;

	for (i = 0; i < VCPUS; i++)
		set |= has(cpus[i], APIC_IRR, vector) << i;
	return set;
}

TEST_F(irq, physical_destination)
{
	int vm = self->guest.vm, i;

	for (i = 0; i < VCPUS; i++) {
		EXPECT_EQ(1, keel_msi(vm, MSI_TO(i), 0x40 + i));
		EXPECT_EQ(1 << i, took(self->cpus, 0x40 + i));
	}
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(VCPUS), 0x50));
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(200), 0x50));
	EXPECT_EQ(0, took(self->cpus, 0x50));
	EXPECT_EQ(VCPUS, keel_msi(vm, MSI_TO(0xff), 0x51));
	EXPECT_EQ(ALL, took(self->cpus, 0x51));
}

TEST_F(irq, a_vcpu_that_is_gone_takes_nothing)
{
	int vm = self->guest.vm;

	close(self->cpus[1]);
	self->cpus[1] = -1;
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(1), 0x40));
	EXPECT_EQ(VCPUS - 1, keel_msi(vm, MSI_TO(0xff), 0x41));
	EXPECT_EQ(ALL & ~2, took(self->cpus, 0x41));
}

TEST_F(irq, software_disabled_takes_no_fixed_interrupt)
{
	int vm = self->guest.vm;

	ASSERT_EQ(0, keel_lapic_write(self->cpus[2], APIC_SVR, SVR_DISABLED));
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(2), 0x40));
	EXPECT_EQ(VCPUS - 1, keel_msi(vm, MSI_TO(0xff), 0x41));
	EXPECT_EQ(ALL & ~4, took(self->cpus, 0x41));
	/* "...still responds to INIT, NMI, SMI, and SIPI messages." */
	EXPECT_EQ(1, keel_msi(vm, MSI_TO(2), MSI_NMI));
}

TEST_F(irq, logical_destination)
{
	int vm = self->guest.vm, set;

	for (set = 0; set <= ALL; set++) {
		EXPECT_EQ(__builtin_popcount(set),
			  keel_msi(vm, MSI_TO(set) | MSI_LOGICAL, 0x40 + set));
		EXPECT_EQ(set, took(self->cpus, 0x40 + set));
	}
}

/* One of those that match; the same one each time; different vectors, different ones. */
TEST_F(irq, lowest_priority)
{
	int vm = self->guest.vm, vector, set, seen = 0;

	for (vector = 0x40; vector < 0x50; vector++) {
		EXPECT_EQ(1, keel_msi(vm, MSI_TO(0xe) | MSI_LOGICAL, MSI_LOWEST | vector));
		set = took(self->cpus, vector);
		EXPECT_EQ(1, __builtin_popcount(set));
		EXPECT_EQ(1, keel_msi(vm, MSI_TO(0xe) | MSI_LOGICAL, MSI_LOWEST | vector));
		EXPECT_EQ(set, took(self->cpus, vector));
		seen |= set;
	}
	EXPECT_EQ(0xe, seen);
	/* The redirection hint asks for the same. */
	EXPECT_EQ(1, keel_msi(vm, MSI_TO(0xf) | MSI_LOGICAL | MSI_HINT, 0x60));
	EXPECT_EQ(1, __builtin_popcount(took(self->cpus, 0x60)));
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(0xf0) | MSI_LOGICAL, MSI_LOWEST | 0x61));
}

TEST_F(irq, trigger_mode)
{
	int vm = self->guest.vm;

	EXPECT_EQ(1, keel_msi(vm, MSI_TO(1), 0x40));
	EXPECT_EQ(1, keel_msi(vm, MSI_TO(1), MSI_LEVEL | 0x41));
	EXPECT_EQ(2, took(self->cpus, 0x40));
	EXPECT_EQ(2, took(self->cpus, 0x41));
	EXPECT_FALSE(has(self->cpus[1], APIC_TMR, 0x40));
	EXPECT_TRUE(has(self->cpus[1], APIC_TMR, 0x41));
	/* The end of a level is no interrupt. */
	EXPECT_EQ(0, keel_msi(vm, MSI_TO(1), (MSI_LEVEL & ~(1 << 14)) | 0x42));
	EXPECT_EQ(0, took(self->cpus, 0x42));
}

/* No SMM, so nothing that an SMI could do. */
TEST_F(irq, smi_is_ignored)
{
	EXPECT_EQ(0, keel_msi(self->guest.vm, MSI_TO(0), MSI_SMI));
}

GUEST_CODE(code_nop, "1: nop; vmcall; jmp 1b");
GUEST_CODE(code_window, "1: sti; nop; cli; vmcall; jmp 1b");

TEST_F(irq, nmi_needs_no_interrupt_flag)
{
	struct guest *g = &self->guest;

	GUEST_START(g, GUEST_LONG, code_nop);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(1, keel_msi(g->vm, MSI_TO(0), MSI_NMI));
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
}

TEST_F(irq, pins)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, keel_lapic_write(g->vcpu, APIC_LVT0, 0x70));
	ASSERT_EQ(0, keel_lapic_write(g->vcpu, APIC_LVT1, LVT_NMI));
	GUEST_START(g, GUEST_LONG, code_window);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(VCPUS, keel_lint(g->vm, KEEL_IRQ_LINT1, KEEL_VCPU_ALL, 1));
	GUEST_RUN_TO_TRAP(g, NMI, GUEST_NO_ERROR);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	/* It was an edge. */
	EXPECT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT1, 0, 1));
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	/* Another vCPU's pin is another pin. */
	EXPECT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT0, 1, 1));
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(1, keel_lint(g->vm, KEEL_IRQ_LINT0, 0, 1));
	GUEST_RUN_TO_TRAP(g, 0x70, GUEST_NO_ERROR);
}

TEST_F(irq, bad_arguments)
{
	int vm = self->guest.vm;

	EXPECT_EQ(-EINVAL, keel_msi(vm, 0xfedfffff, 0x40));
	EXPECT_EQ(-EINVAL, keel_msi(vm, 0xfef00000, 0x40));
	EXPECT_EQ(-EINVAL, keel_msi(vm, 1ULL << 32 | MSI_TO(0), 0x40));
	EXPECT_EQ(-EINVAL, keel_msi(vm, 0, 0x40));
	EXPECT_EQ(-EINVAL, keel_msi(vm, MSI_TO(0), 15));
	EXPECT_EQ(-EINVAL, keel_msi(vm, MSI_TO(0), MSI_LOWEST));
	EXPECT_EQ(-EINVAL, keel_msi(vm, MSI_TO(0), MSI_RESERVED | 0x40));
	EXPECT_EQ(-EINVAL, keel_msi(vm, MSI_TO(0), MSI_SIPI | 0x40));
	EXPECT_EQ(-EINVAL, keel_lint(vm, 3, 0, 0));
	EXPECT_EQ(-EINVAL, keel_lint(vm, KEEL_IRQ_LINT0, 0, 2));
	EXPECT_EQ(-EINVAL, keel_lint(vm, KEEL_IRQ_LINT0, VCPUS, 1));
	EXPECT_EQ(-EINVAL, keel_lint(vm, KEEL_IRQ_LINT1, KEEL_MAX_VCPUS, 1));
	EXPECT_EQ(-EINVAL, keel_lint(vm, KEEL_IRQ_LINT1, KEEL_VCPU_ALL - 1, 1));
	/* The lowest vector that there is, and the highest. */
	EXPECT_EQ(1, keel_msi(vm, MSI_TO(0), 16));
	EXPECT_EQ(1, keel_msi(vm, MSI_TO(0), 255));
	EXPECT_EQ(1, took(self->cpus, 16));
	EXPECT_EQ(1, took(self->cpus, 255));
}

TEST_F(irq, needs_local_apics)
{
	struct guest plain;

	ASSERT_EQ(0, guest_init(&plain));
	EXPECT_EQ(-ENODEV, keel_msi(plain.vm, MSI_TO(0), 0x40));
	EXPECT_EQ(-ENODEV, keel_lint(plain.vm, KEEL_IRQ_LINT0, 0, 1));
	guest_free(&plain);
}

TEST_HARNESS_MAIN
