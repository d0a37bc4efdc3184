// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that keep the CPU busy with what is dear: NMIs in the middle of IRET,
 * flushes without end, code that rewrites itself, halting for good.  The VMM gets its
 * thread back whenever it wants, and the host is as before.
 */
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"
#include "lib/host.h"
#include "lib/hoststate.h"

#define NMIS		300
#define SELF_AT		0x80ff8	/* code that goes over the end of a page */

FIXTURE(hostile_storm)
{
	struct guest guest;
	struct host_state before;
	struct guest_thread thread;
};

FIXTURE_VARIANT(hostile_storm)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(hostile_storm, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(hostile_storm, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(hostile_storm)
{
	APIC_SETUP(&self->guest, variant->flags);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_storm)
{
	guest_stop(&self->thread);
	guest_free(&self->guest);
	host_state_free(&self->before);
}

/* Let it run for a while, a longer one where the kernel is slow, and get it back. */
#define STORM(t, usec) do {						\
	GUEST_SPAWN(&(t)->thread, &(t)->guest);				\
	usleep((usec) * host_patience());				\
	guest_stop(&(t)->thread);					\
	EXPECT_EQ(-EINTR, (t)->thread.result) {				\
		TH_LOG("%s", guest_describe(&(t)->guest));		\
	}								\
} while (0)

/* It returns to itself for ever; the handler counts, and faults before it returns. */
GUEST_CODE(irets,
	   "1: mov %rsp, %rax; push $0x10; push %rax; pushf; push $8;"
	   "lea 2f(%rip), %rcx; push %rcx; iretq; 2: incq 0x20008; jmp 1b");
GUEST_CODE(on_nmi, "incq 0x20000; ud2; iretq");
GUEST_CODE(on_ud, "addq $2, (%rsp); iretq");

TEST_F(hostile_storm, nmis_while_it_returns)
{
	struct guest *g = &self->guest;
	__u64 seen = 0;

	APIC_START(g, irets);
	GUEST_HANDLE(g, NMI, on_nmi);
	GUEST_HANDLE(g, 6, on_ud);
	GUEST_SPAWN(&self->thread, g);
	for (int i = 0; i < NMIS; i++) {
		/* On a slow kernel all eight are there before the last call returns. */
		if (i % 8 == 0)
			seen = GUEST_DATA(g, 0);
		ASSERT_EQ(1, keel_msi(g->vm, MSI_TO(0), ICR_NMI));
		if (i % 8 == 7) {
			for (int n = 0; n < 1000 && GUEST_DATA(g, 0) == seen; n++)
				usleep(50 * host_patience());
			ASSERT_LT(seen, GUEST_DATA(g, 0));
		}
	}
	guest_stop(&self->thread);
	EXPECT_EQ(-EINTR, self->thread.result) {
		TH_LOG("%s", guest_describe(g));
	}
	EXPECT_LE(NMIS / 8, GUEST_DATA(g, 0));
	EXPECT_GE(NMIS, GUEST_DATA(g, 0));
	EXPECT_LT(0, GUEST_DATA(g, 1));
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(flushes,
	   "1: wbinvd; invlpg 0x21000; mov 0x21000, %eax; mov %cr3, %rax; mov %rax, %cr3;"
	   "mov %cr4, %rax; xor $0x80, %al; mov %rax, %cr4; incq 0x20000; jmp 1b");

TEST_F(hostile_storm, flushes_without_end)
{
	APIC_START(&self->guest, flushes);
	STORM(self, 20000);
	EXPECT_LT(10, GUEST_DATA(&self->guest, 0));
	HOST_UNCHANGED(&self->before);
}

/*
 * The last bytes of a page and the first of the next are MOV $n, %eax; RET.  It writes
 * n byte by byte, calls it through two mappings, and stops where it gets another n.
 */
GUEST_CODE(rewrites,
	   "mov $0x80ffc, %rdi; movb $0xb8, (%rdi); movb $0xc3, 5(%rdi);"
	   "1: inc %ebx; mov %ebx, %edx; mov %dl, 1(%rdi); mov %dh, 2(%rdi);"
	   "shr $16, %edx; mov %dl, 3(%rdi); mov %dh, 4(%rdi);"
	   "xor %eax, %eax; call *%rdi; cmp %ebx, %eax; jne 2f;"
	   "lock incq 0x20000; jmp 1b; 2: vmcall");

TEST_F(hostile_storm, code_that_rewrites_itself)
{
	struct guest *g = &self->guest;

	APIC_START(g, rewrites);
	RBX(g) = 0xfff0;
	STORM(self, 10000);
	EXPECT_LT(100, GUEST_DATA(g, 0));
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(halts, "cli; 1: hlt; jmp 1b");

/* The VMM is told, may go on, and then waits in KEEL_RUN for what does not come. */
TEST_F(hostile_storm, halts_for_good)
{
	struct guest *g = &self->guest;

	APIC_START(g, halts);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	GUEST_SPAWN(&self->thread, g);
	EXPECT_TRUE(guest_sleeps(&self->thread));
	guest_stop(&self->thread);
	EXPECT_EQ(-EINTR, self->thread.result);
	HOST_UNCHANGED(&self->before);
}

/* Interrupts to itself as fast as it can, with the handler open to the next. */
GUEST_CODE(ipis,
	   "sti; 1: movl $0x44031, 0x1fe300; movl $0x44400, 0x1fe300; incq 0x20008; jmp 1b");
GUEST_CODE(on_ipi, "incq 0x20000; movl $0, 0x1fe0b0; sti; nop; iretq");

TEST_F(hostile_storm, interrupts_to_itself)
{
	struct guest *g = &self->guest;

	APIC_START(g, ipis);
	GUEST_HANDLE(g, 0x31, on_ipi);
	GUEST_HANDLE(g, NMI, on_nmi);
	GUEST_HANDLE(g, 6, on_ud);
	STORM(self, 20000);
	EXPECT_LT(10, GUEST_DATA(g, 0));
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
