// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_IRQFD: eventfds that send interrupts to a guest, and who goes first: the
 * eventfd, the binding or the VM.
 *
 * SDM: "Message Signalled Interrupts".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define MSI		0xfee00000	/* to the APIC with the ID 0 */
#define VECTOR		0x41
#define APIC_EOI	0xb0
#define APIC_SVR	0xf0
#define SVR_ENABLED	0x1ff
#define PORT		0x12
#define GONE		KEEL_IRQFD_DEASSIGN
#define ALLOCATIONS	"/sys/kernel/debug/keel/allocations"

FIXTURE(irqfd)
{
	struct guest guest;
	int fd;
};

FIXTURE_VARIANT(irqfd)
{
	__u32 flags;
};

/* With what the CPU has for interrupts, and without. */
FIXTURE_VARIANT_ADD(irqfd, cpu)
{
	.flags = KEEL_VM_LAPIC,
};

FIXTURE_VARIANT_ADD(irqfd, software)
{
	.flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV,
};

FIXTURE_SETUP(irqfd)
{
	GUEST_SETUP_VM(&self->guest, variant->flags);
	ASSERT_EQ(0, keel_lapic_write(self->guest.vcpu, APIC_SVR, SVR_ENABLED));
	self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(irqfd)
{
	guest_free(&self->guest);
	close(self->fd);
}

static void signal_fd(int fd, __u64 count)
{
	if (write(fd, &count, sizeof(count)) != sizeof(count))
		abort();
}

/* What nobody has taken. */
static __u64 left(int fd)
{
	__u64 count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static int bind_fd(const struct guest *g, int fd)
{
	return keel_irqfd(g->vm, fd, 0, MSI, VECTOR);
}

static int eoi(const struct guest *g)
{
	return keel_lapic_write(g->vcpu, APIC_EOI, 0);
}

/* Signals a while from now, while somebody else runs the guest. */
struct later {
	int fd;
	pthread_t thread;
};

static void *signal_later(void *arg)
{
	struct later *later = arg;

	usleep(20000);
	signal_fd(later->fd, 1);
	return NULL;
}

#define RUN_TO_INTERRUPT(g, vector) do {				\
	GUEST_RUN_TO_TRAP(g, vector, GUEST_NO_ERROR);			\
	EXPECT_EQ(0, eoi(g));						\
} while (0)

GUEST_CODE(code_halt, "sti; 1: hlt; jmp 1b");
GUEST_CODE(code_spin, "sti; 1: pause; jmp 1b");
/* Takes what has come until then. */
GUEST_CODE(code_window, "1: sti; nop; cli; vmcall; jmp 1b");

TEST_F(irqfd, wakes_a_guest_that_halts)
{
	struct guest *g = &self->guest;
	struct later later = { .fd = self->fd };

	ASSERT_EQ(0, bind_fd(g, self->fd));
	GUEST_START(g, GUEST_LONG, code_halt);
	ASSERT_EQ(0, pthread_create(&later.thread, NULL, signal_later, &later));
	RUN_TO_INTERRUPT(g, VECTOR);
	pthread_join(later.thread, NULL);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_EQ(0, left(self->fd));
}

TEST_F(irqfd, reaches_a_guest_that_runs)
{
	struct guest *g = &self->guest;
	struct later later = { .fd = self->fd };

	ASSERT_EQ(0, bind_fd(g, self->fd));
	GUEST_START(g, GUEST_LONG, code_spin);
	ASSERT_EQ(0, pthread_create(&later.thread, NULL, signal_later, &later));
	RUN_TO_INTERRUPT(g, VECTOR);
	pthread_join(later.thread, NULL);
	EXPECT_EQ(0, left(self->fd));
}

TEST_F(irqfd, a_signal_is_one_interrupt)
{
	struct guest *g = &self->guest;
	int i;

	ASSERT_EQ(0, bind_fd(g, self->fd));
	GUEST_START(g, GUEST_LONG, code_window);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	for (i = 0; i < 5; i++) {
		signal_fd(self->fd, i + 1);
		RUN_TO_INTERRUPT(g, VECTOR);
		GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
		GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
		EXPECT_EQ(0, left(self->fd));
	}
}

TEST_F(irqfd, a_signal_before_the_binding_counts)
{
	struct guest *g = &self->guest;

	signal_fd(self->fd, 3);
	ASSERT_EQ(0, bind_fd(g, self->fd));
	EXPECT_EQ(0, left(self->fd));
	GUEST_START(g, GUEST_LONG, code_window);
	RUN_TO_INTERRUPT(g, VECTOR);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
}

TEST_F(irqfd, taken_back_it_is_an_eventfd_as_any)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_fd(g, self->fd));
	EXPECT_EQ(-EBUSY, bind_fd(g, self->fd));
	EXPECT_EQ(-EBUSY, keel_irqfd(g->vm, self->fd, 0, MSI, VECTOR + 1));
	GUEST_START(g, GUEST_LONG, code_window);
	signal_fd(self->fd, 1);
	RUN_TO_INTERRUPT(g, VECTOR);
	EXPECT_EQ(0, keel_irqfd(g->vm, self->fd, GONE, MSI, VECTOR));
	EXPECT_EQ(-ENOENT, keel_irqfd(g->vm, self->fd, GONE, MSI, VECTOR));
	signal_fd(self->fd, 2);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
	EXPECT_EQ(2, left(self->fd));
	/* And it can be bound again, to another message. */
	EXPECT_EQ(0, keel_irqfd(g->vm, self->fd, 0, MSI, VECTOR + 1));
	signal_fd(self->fd, 1);
	RUN_TO_INTERRUPT(g, VECTOR + 1);
}

TEST_F(irqfd, two_vms_hear_one_eventfd)
{
	struct guest *g = &self->guest, other;

	ASSERT_EQ(0, guest_init_vm(&other, variant->flags, 0));
	ASSERT_EQ(0, keel_lapic_write(other.vcpu, APIC_SVR, SVR_ENABLED));
	ASSERT_EQ(0, bind_fd(g, self->fd));
	EXPECT_EQ(0, bind_fd(&other, self->fd));
	GUEST_START(g, GUEST_LONG, code_window);
	GUEST_START(&other, GUEST_LONG, code_window);
	signal_fd(self->fd, 1);
	RUN_TO_INTERRUPT(g, VECTOR);
	RUN_TO_INTERRUPT(&other, VECTOR);
	guest_free(&other);
}

static long allocations(void)
{
	char text[32];

	return host_read(ALLOCATIONS, text, sizeof(text)) ? -1 : atol(text);
}

/* The binding goes with the last descriptor of the eventfd, soon after. */
TEST_F(irqfd, goes_with_the_eventfd)
{
	struct guest *g = &self->guest;
	int copy = dup(self->fd), i;
	long before, after;

	/* Once, so that its memory is mapped. */
	GUEST_START(g, GUEST_LONG, code_window);
	ASSERT_EQ(0, bind_fd(g, self->fd));
	signal_fd(self->fd, 1);
	RUN_TO_INTERRUPT(g, VECTOR);
	ASSERT_EQ(0, keel_irqfd(g->vm, self->fd, GONE, 0, 0));
	before = allocations();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, bind_fd(g, self->fd));
	EXPECT_LT(before, allocations());
	close(self->fd);
	signal_fd(copy, 1);
	RUN_TO_INTERRUPT(g, VECTOR);
	close(copy);
	self->fd = -1;
	for (i = 0; i < 1000; i++) {
		after = allocations();
		if (after == before)
			break;
		usleep(1000);
	}
	EXPECT_EQ(before, after);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
}

TEST_F(irqfd, outlives_the_vm)
{
	ASSERT_EQ(0, bind_fd(&self->guest, self->fd));
	guest_free(&self->guest);
	EXPECT_TRUE(host_all_cpus("off"));
	signal_fd(self->fd, 7);
	EXPECT_EQ(7, left(self->fd));
	EXPECT_EQ(0, host_unload_keel());
}

/* A guest's write signals the eventfd, which interrupts the guest. */
GUEST_CODE(code_out, "sti; outb %al, $0x12; nop; vmcall");

TEST_F(irqfd, from_the_guest_to_itself)
{
	struct keel_ioeventfd binding = {
		.fd = self->fd, .flags = KEEL_IOEVENTFD_PORT, .bytes = 1, .address = PORT,
	};
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_fd(g, self->fd));
	ASSERT_EQ(0, keel_ioeventfd(g->vm, &binding));
	GUEST_START(g, GUEST_LONG, code_out);
	RUN_TO_INTERRUPT(g, VECTOR);
	EXPECT_EQ(GUEST_CODE_AT + 3, g->trap.rip);
	GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
}

TEST_F(irqfd, bad_arguments)
{
	struct guest *g = &self->guest;
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, fd, 2, MSI, VECTOR));
	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, fd, 0, 0xfed00000, VECTOR));
	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, fd, 0, 0xfef00000, VECTOR));
	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, fd, 0, MSI | 1ULL << 32, VECTOR));
	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, fd, 0, MSI, 15));
	EXPECT_EQ(-EBADF, keel_irqfd(g->vm, -1, 0, MSI, VECTOR));
	EXPECT_EQ(-EBADF, keel_irqfd(g->vm, 1000, 0, MSI, VECTOR));
	EXPECT_EQ(-EINVAL, keel_irqfd(g->vm, g->keel, 0, MSI, VECTOR));
	EXPECT_EQ(-EBADF, keel_irqfd(g->vm, -1, GONE, MSI, VECTOR));
	EXPECT_EQ(-ENOENT, keel_irqfd(g->vm, fd, GONE, MSI, VECTOR));
	EXPECT_EQ(0, bind_fd(g, fd));
}

TEST_F(irqfd, needs_local_apics)
{
	struct guest plain;

	ASSERT_EQ(0, guest_init(&plain));
	EXPECT_EQ(-ENODEV, bind_fd(&plain, self->fd));
	EXPECT_EQ(-ENODEV, keel_irqfd(plain.vm, self->fd, GONE, MSI, VECTOR));
	guest_free(&plain);
}

/* Signals as fast as it can. */
struct signaller {
	int fd;
	volatile bool stop;
};

static void *signal_often(void *arg)
{
	struct signaller *s = arg;

	while (!s->stop) {
		signal_fd(s->fd, 1);
		left(s->fd);
	}
	return NULL;
}

TEST_F(irqfd, vms_come_and_go_under_signals)
{
	struct signaller s = { .fd = self->fd };
	struct guest g;
	pthread_t thread;
	int i, doomed;

	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_often, &s));
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, guest_init_vm(&g, variant->flags, 0));
		EXPECT_EQ(0, bind_fd(&g, self->fd));
		/* Its work item against the end of the VM. */
		doomed = eventfd(0, 0);
		EXPECT_EQ(0, bind_fd(&g, doomed));
		close(doomed);
		if (i % 2)
			EXPECT_EQ(0, keel_irqfd(g.vm, self->fd, GONE, MSI, VECTOR));
		guest_free(&g);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	guest_free(&self->guest);
	EXPECT_EQ(0, host_unload_keel());
}

/* In a child: a guest that halts for good, but for the signals. */
static void halt_for_good(int fd, __u32 flags, volatile int *ready)
{
	struct guest g;

	if (guest_init_vm(&g, flags, 0) || bind_fd(&g, fd) ||
	    keel_lapic_write(g.vcpu, APIC_SVR, SVR_ENABLED) ||
	    guest_start(&g, GUEST_LONG, code_halt_begin, code_halt_end - code_halt_begin))
		_exit(1);
	*ready = 1;
	while (guest_run(&g) == GUEST_TRAP)
		eoi(&g);
	_exit(2);
}

TEST_F(irqfd, killed_under_signals)
{
	volatile int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int round, i, status;
	pid_t pid;

	guest_free(&self->guest);
	for (round = 0; round < 5; round++) {
		*ready = 0;
		pid = fork();
		if (!pid)
			halt_for_good(self->fd, variant->flags, ready);
		while (!*ready && !waitpid(pid, &status, WNOHANG))
			usleep(1000);
		ASSERT_EQ(1, *ready);
		for (i = 0; i < 100; i++)
			signal_fd(self->fd, 1);
		/* Asleep in HLT, the last time. */
		if (round == 4)
			usleep(20000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		signal_fd(self->fd, 1);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		signal_fd(self->fd, 1);
		EXPECT_TRUE(host_all_cpus("off"));
		left(self->fd);
	}
	EXPECT_EQ(0, host_unload_keel());
	munmap((void *)ready, 4096);
}

TEST_HARNESS_MAIN
