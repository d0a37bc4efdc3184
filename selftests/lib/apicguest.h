/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests with local APICs: the registers' names, where the guest finds them, and
 * vCPUs that run in threads of their own.
 *
 *	FIXTURE(apic) { struct guest guest; };
 *	FIXTURE_VARIANT(apic) { __u32 flags; };
 *	FIXTURE_VARIANT_ADD(apic, apicv) { .flags = KEEL_VM_LAPIC };
 *	FIXTURE_VARIANT_ADD(apic, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };
 *	FIXTURE_SETUP(apic) { APIC_SETUP(&self->guest, variant->flags); }
 *
 * APIC_START() is GUEST_START() and more: the APIC page is at APIC_AT, below
 * GUEST_BYTES, and the handlers of the vectors from 32 on are VMCALL, EOI and
 * IRET, so that guest_run() says GUEST_TRAP before the EOI.
 *
 * SDM: "Advanced Programmable Interrupt Controller (APIC)".
 */
#ifndef SELFTESTS_APICGUEST_H
#define SELFTESTS_APICGUEST_H

#include <pthread.h>
#include <sys/types.h>

#include "guest.h"

/* Where the guest has mapped its APIC page; C and the guest's code. */
#define APIC_AT		0x1fe000
#define APIC_GPA	0xfee00000

/* "Local APIC Register Address Map". */
#define APIC_ID		0x20
#define APIC_VERSION	0x30
#define APIC_TPR	0x80
#define APIC_PPR	0xa0
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ESR	0x280
#define APIC_ICR	0x300
#define APIC_ICR_HIGH	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_THERMAL 0x330
#define APIC_LVT_PMC	0x340
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define APIC_TIMER_INIT	0x380
#define APIC_TIMER_COUNT 0x390
#define APIC_TIMER_DIV	0x3e0
#define APIC_SELF_IPI	0x3f0

#define SVR_ENABLED	0x100
#define SVR_NO_BROADCAST 0x1000
#define SPURIOUS	0xff

#define LVT_MASKED	(1U << 16)
#define LVT_LEVEL	(1U << 15)
#define LVT_REMOTE_IRR	(1U << 14)
#define LVT_NMI		(4U << 8)
#define LVT_EXTINT	(7U << 8)
#define TIMER_PERIODIC	(1U << 17)
#define TIMER_DEADLINE	(2U << 17)
#define DIVIDE_BY_1	0xb

#define ICR_LOWEST	(1U << 8)
#define ICR_NMI		(4U << 8)
#define ICR_INIT	(5U << 8)
#define ICR_SIPI	(6U << 8)
#define ICR_LOGICAL	(1U << 11)
#define ICR_ASSERT	(1U << 14)
#define ICR_SELF	(1U << 18)
#define ICR_ALL		(2U << 18)
#define ICR_OTHERS	(3U << 18)

/* "Message Signalled Interrupts". */
#define MSI_TO(id)	(APIC_GPA | (__u64)(id) << 12)
#define MSI_LEVEL	0xc000		/* level-triggered, asserted */

#define MSR_APIC_BASE	0x1b
#define MSR_DEADLINE	0x6e0
#define MSR_X2APIC(reg)	(0x800 + ((reg) >> 4))
#define BASE_BSP	(1U << 8)
#define BASE_X2APIC	(1U << 10)
#define BASE_ENABLED	(1U << 11)

#define IF		0x200
#define NMI		2
#define GP		13

/* A VM whose vCPU 0 has its APIC enabled by software. */
#define APIC_SETUP(g, vm_flags) do {					\
	int __ret = guest_init_vm(g, vm_flags, 0);			\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU");	\
	ASSERT_EQ(0, __ret);						\
	apic_write(g, APIC_SVR, SVR_ENABLED | SPURIOUS);		\
} while (0)

#define APIC_START(g, name) do {					\
	ASSERT_EQ(0, apic_start(g, name##_begin, name##_end - name##_begin)); \
} while (0)

/* Into x2APIC mode; the handlers that APIC_START() makes then end interrupts by MSR. */
int apic_enable_x2apic(struct guest *g);
int apic_start(struct guest *g, const void *code, size_t bytes);

/* By KEEL_LAPIC: as the guest's own accesses. */
__u32 apic_read(struct guest *g, __u32 reg);
void apic_write(struct guest *g, __u32 reg, __u32 value);
/* Whether a vector is set in APIC_ISR, APIC_TMR or APIC_IRR. */
bool apic_bit(struct guest *g, __u32 array, unsigned int vector);

/**
 * struct guest_thread - a vCPU that runs in a thread of its own
 * @g: the vCPU
 * @tid: of the thread
 * @thread: likewise
 * @result: what guest_run() said, once guest_join() has returned 0
 * @running: guest_spawn() without guest_join()
 */
struct guest_thread {
	struct guest *g;
	volatile pid_t tid;
	pthread_t thread;
	int result;
	bool running;
};

/* One guest_run() in a thread; 0 or a negative errno. */
int guest_spawn(struct guest_thread *t, struct guest *g);
/* Wait for it, at most some seconds; 0 or -ETIMEDOUT. */
int guest_join(struct guest_thread *t, unsigned int seconds);
/* Get it out of KEEL_RUN by a signal, should it run, and wait. */
void guest_stop(struct guest_thread *t);
/* Wait until the thread sleeps ('S' in /proc); false where it does not. */
bool guest_sleeps(const struct guest_thread *t);
/* Nanoseconds of CPU time that the thread has used. */
__u64 guest_cpu_time(const struct guest_thread *t);
/* Wait until memory that the guest writes has a value; false after 5 s. */
bool guest_wrote(struct guest *g, __u64 at, __u64 value);

#define GUEST_SPAWN(t, g) ASSERT_EQ(0, guest_spawn(t, g))
#define GUEST_JOIN(t, exit) do {					\
	ASSERT_EQ(0, guest_join(t, 10)) {				\
		TH_LOG("vCPU %u does not leave KEEL_RUN", (t)->g->id);	\
	}								\
	ASSERT_EQ(exit, (t)->result) {					\
		TH_LOG("vCPU %u: %s", (t)->g->id, guest_describe((t)->g)); \
	}								\
} while (0)

#endif /* SELFTESTS_APICGUEST_H */
