// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_IOEVENTFD: a guest's writes that signal eventfds.
 *
 * SDM: "OUT", "I/O Ports".
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define DB	1
#define TF	0x100
#define PORT	0x12
#define P	KEEL_IOEVENTFD_PORT
#define D	KEEL_IOEVENTFD_DATA
#define GONE	KEEL_IOEVENTFD_DEASSIGN
/* Where no memory is. */
#define MMIO	0xd0000000

FIXTURE(ioeventfd)
{
	struct guest guest;
	int fd;
	int other;
};

FIXTURE_SETUP(ioeventfd)
{
	GUEST_SETUP(&self->guest);
	self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	self->other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(ioeventfd)
{
	guest_free(&self->guest);
	close(self->fd);
	close(self->other);
}

static int bind_at(const struct guest *g, int fd, __u32 flags, __u64 address, __u32 bytes,
		   __u64 data)
{
	struct keel_ioeventfd binding = {
		.fd = fd, .flags = flags, .bytes = bytes, .address = address, .data = data,
	};

	return keel_ioeventfd(g->vm, &binding);
}

/* How often it was signalled since the last call. */
static __u64 signals(int fd)
{
	__u64 count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

#define EXPECT_OUT(g, p, width, value) do {				\
	GUEST_RUN(g, KEEL_EXIT_IO);					\
	EXPECT_EQ(p, (g)->run->io.port);				\
	EXPECT_EQ(width, (g)->run->io.bytes);				\
	EXPECT_EQ(0, (g)->run->io.in);					\
	EXPECT_EQ(value, *(__u32 *)((char *)(g)->run + (g)->run->io.data_offset) & \
		  (~0U >> (32 - 8 * (width))));				\
} while (0)

GUEST_CODE(code_widths, "outb %al, $0x12; outw %ax, $0x12; outl %eax, $0x12; hlt");

TEST_F(ioeventfd, a_write_signals_and_the_guest_runs_on)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 2, 0));
	ASSERT_EQ(0, bind_at(g, self->other, P, PORT, 4, 0));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 0x1122334455667788;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(2, signals(self->fd));
	EXPECT_EQ(1, signals(self->other));
	EXPECT_EQ(0x1122334455667788, RAX(g));
}

TEST_F(ioeventfd, another_length_or_port_does_not_match)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 2, 0));
	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT - 1, 1, 0));
	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT + 1, 4, 0));
	ASSERT_EQ(0, bind_at(g, self->fd, 0, PORT, 1, 0));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 0x55667788;
	EXPECT_OUT(g, PORT, 1, 0x88);
	EXPECT_OUT(g, PORT, 4, 0x55667788);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(1, signals(self->fd));
}

/* Bits of RAX above the length are not written, and do not count. */
TEST_F(ioeventfd, data_is_compared_as_far_as_it_is_written)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P | D, PORT, 1, 0x88));
	ASSERT_EQ(0, bind_at(g, self->fd, P | D, PORT, 2, 0x7788));
	ASSERT_EQ(0, bind_at(g, self->other, P | D, PORT, 4, 0x55667788));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 0x1122334455667788;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(2, signals(self->fd));
	EXPECT_EQ(1, signals(self->other));
}

GUEST_CODE(code_queues, "outw %ax, $0x12; inc %eax; outw %ax, $0x12; inc %eax; outw %ax, $0x12; hlt");

TEST_F(ioeventfd, data_tells_bindings_of_a_port_apart)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->other, P | D, PORT, 2, 2));
	ASSERT_EQ(0, bind_at(g, self->fd, P | D, PORT, 2, 0));
	GUEST_START(g, GUEST_LONG, code_queues);
	RAX(g) = 0;
	EXPECT_OUT(g, PORT, 2, 1);
	EXPECT_EQ(1, signals(self->fd));
	EXPECT_EQ(0, signals(self->other));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, signals(self->fd));
	EXPECT_EQ(1, signals(self->other));
}

TEST_F(ioeventfd, taken_back_the_vmm_sees_the_write)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	ASSERT_EQ(0, bind_at(g, self->other, P | D, PORT, 2, 5));
	/* All that it was made with must be the same. */
	EXPECT_EQ(-ENOENT, bind_at(g, self->other, P | GONE, PORT, 1, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->fd, P | GONE, PORT, 2, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->fd, P | GONE, PORT + 1, 1, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->fd, P | D | GONE, PORT, 1, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->fd, GONE, PORT, 1, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->other, P | GONE, PORT, 2, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->other, P | D | GONE, PORT, 2, 6));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 5;
	EXPECT_OUT(g, PORT, 4, 5);
	EXPECT_EQ(1, signals(self->fd));
	EXPECT_EQ(1, signals(self->other));

	EXPECT_EQ(0, bind_at(g, self->fd, P | GONE, PORT, 1, 0));
	EXPECT_EQ(-ENOENT, bind_at(g, self->fd, P | GONE, PORT, 1, 0));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 5;
	EXPECT_OUT(g, PORT, 1, 5);
	EXPECT_OUT(g, PORT, 4, 5);
	EXPECT_EQ(0, bind_at(g, self->other, P | D | GONE, PORT, 2, 5));
	GUEST_START(g, GUEST_LONG, code_widths);
	RAX(g) = 5;
	EXPECT_OUT(g, PORT, 1, 5);
	EXPECT_OUT(g, PORT, 2, 5);
	EXPECT_EQ(0, signals(self->fd));
	EXPECT_EQ(1, signals(self->other));
}

/* The binding holds the eventfd; nobody hears it, and the guest cannot tell. */
TEST_F(ioeventfd, stays_when_the_eventfd_is_closed)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	close(self->fd);
	self->fd = -1;
	GUEST_START(g, GUEST_LONG, code_widths);
	EXPECT_OUT(g, PORT, 2, RAX(g) & 0xffff);
	EXPECT_EQ(-EBADF, bind_at(g, self->fd, P | GONE, PORT, 1, 0));
}

TEST_F(ioeventfd, a_full_count_does_not_stop_the_guest)
{
	const __u64 full = ~0ULL - 1;
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	ASSERT_EQ(sizeof(full), write(self->fd, &full, sizeof(full)));
	GUEST_START(g, GUEST_LONG, code_widths);
	EXPECT_OUT(g, PORT, 2, RAX(g) & 0xffff);
	EXPECT_LE(full, signals(self->fd));
}

GUEST_CODE(code_others, "inb $0x12, %al; outsb; hlt");

TEST_F(ioeventfd, in_and_string_forms_go_to_the_vmm)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	GUEST_START(g, GUEST_LONG, code_others);
	RDX(g) = PORT;
	RSI(g) = GUEST_DATA_AT;
	GUEST_RUN(g, KEEL_EXIT_IO);
	EXPECT_EQ(1, g->run->io.in);
	GUEST_RUN(g, KEEL_EXIT_IO);
	EXPECT_EQ(0, g->run->io.in);
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0, signals(self->fd));
}

TEST_F(ioeventfd, single_step_over_a_write_that_signals)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	GUEST_START(g, GUEST_LONG, code_widths);
	RFLAGS(g) |= TF;
	GUEST_RUN_TO_TRAP(g, DB, GUEST_NO_ERROR);
	EXPECT_EQ(GUEST_CODE_AT + 2, g->trap.rip);
	EXPECT_EQ(0x4000, g->run->debug.dr6 & 0xe00f);
	EXPECT_EQ(1, signals(self->fd));
}

GUEST_CODE(code_ports, "1: outb %al, %dx; inc %edx; loop 1b; hlt");

/* Bound in no order; between them are ports that are not. */
TEST_F(ioeventfd, each_of_many_ports_is_found)
{
	struct guest *g = &self->guest;
	unsigned int i, port;

	for (i = 0; i < 64; i++) {
		port = 0x1000 + i * 37 % 64;
		if (port % 3)
			ASSERT_EQ(0, bind_at(g, port % 2 ? self->fd : self->other, P, port, 1, 0));
	}
	GUEST_START(g, GUEST_LONG, code_ports);
	RDX(g) = 0x1000;
	RCX(g) = 64;
	for (port = 0x1000; port < 0x1040; port++) {
		if (port % 3)
			continue;
		EXPECT_OUT(g, port, 1, RAX(g) & 0xff);
		if (port < 0x103e)
			EXPECT_LT(0, signals(self->fd) + signals(self->other));
	}
	GUEST_RUN(g, KEEL_EXIT_HLT);
}

TEST_F(ioeventfd, there_is_room_for_256)
{
	struct guest *g = &self->guest;
	unsigned int i;

	/* Ports and memory share it. */
	ASSERT_EQ(0, bind_at(g, self->other, 0, MMIO, 4, 0));
	for (i = 1; i < KEEL_MAX_IOEVENTFDS; i++)
		ASSERT_EQ(0, bind_at(g, self->fd, P | D, PORT, 2, i - 1));
	EXPECT_EQ(-ENOSPC, bind_at(g, self->fd, P | D, PORT, 2, i - 1));
	EXPECT_EQ(-ENOSPC, bind_at(g, self->fd, 0, MMIO + 4, 4, 0));
	GUEST_START(g, GUEST_LONG, code_queues);
	RAX(g) = KEEL_MAX_IOEVENTFDS - 3;
	EXPECT_OUT(g, PORT, 2, KEEL_MAX_IOEVENTFDS - 1);
	EXPECT_EQ(2, signals(self->fd));
	EXPECT_EQ(0, bind_at(g, self->other, GONE, MMIO, 4, 0));
	EXPECT_EQ(0, bind_at(g, self->fd, P | D, PORT, 2, i - 1));
}

TEST_F(ioeventfd, one_write_has_one_binding)
{
	struct guest *g = &self->guest;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	ASSERT_EQ(0, bind_at(g, self->fd, P | D, PORT, 2, 7));
	EXPECT_EQ(-EEXIST, bind_at(g, self->fd, P, PORT, 1, 0));
	EXPECT_EQ(-EEXIST, bind_at(g, self->other, P, PORT, 1, 0));
	EXPECT_EQ(-EEXIST, bind_at(g, self->other, P | D, PORT, 1, 3));
	EXPECT_EQ(-EEXIST, bind_at(g, self->other, P, PORT, 2, 0));
	EXPECT_EQ(-EEXIST, bind_at(g, self->other, P | D, PORT, 2, 7));
	/* Other writes. */
	EXPECT_EQ(0, bind_at(g, self->other, P | D, PORT, 2, 8));
	EXPECT_EQ(0, bind_at(g, self->other, P, PORT, 4, 0));
	EXPECT_EQ(0, bind_at(g, self->other, 0, PORT, 1, 0));
}

TEST_F(ioeventfd, bad_arguments)
{
	struct guest *g = &self->guest;
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, bind_at(g, fd, 8, PORT, 1, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, PORT, 0, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, PORT, 3, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, PORT, 8, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, 0, MMIO, 0, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, 0, MMIO, 16, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, 0, MMIO, 0x80000000, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, 0x10000, 1, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, 0xffff, 2, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P, ~0ULL, 1, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, 0, ~0ULL, 2, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, P | D, PORT, 1, 0x100));
	EXPECT_EQ(-EINVAL, bind_at(g, fd, D, MMIO, 4, 1ULL << 32));
	EXPECT_EQ(-EBADF, bind_at(g, -1, P, PORT, 1, 0));
	EXPECT_EQ(-EBADF, bind_at(g, 1000, P, PORT, 1, 0));
	EXPECT_EQ(-EINVAL, bind_at(g, g->keel, P, PORT, 1, 0));
	/* Not a trace of them. */
	GUEST_START(g, GUEST_LONG, code_widths);
	EXPECT_OUT(g, PORT, 1, RAX(g) & 0xff);
	/* The last ones that there are. */
	EXPECT_EQ(0, bind_at(g, fd, P, 0xffff, 1, 0));
	EXPECT_EQ(0, bind_at(g, fd, 0, ~0ULL, 1, 0));
	EXPECT_EQ(0, bind_at(g, fd, 0, MMIO, 8, 0));
	EXPECT_EQ(0, bind_at(g, fd, D, MMIO + 8, 8, ~0ULL));
}

/* Binds and takes back beside the port in use, as fast as it can. */
struct binder {
	const struct guest *guest;
	int fd;
	volatile bool stop;
	int rounds;
	int ret;
};

static void *bind_often(void *arg)
{
	struct binder *b = arg;

	while (!b->stop && !b->ret) {
		b->ret = bind_at(b->guest, b->fd, P, PORT - 1, 1, 0);
		if (!b->ret)
			b->ret = bind_at(b->guest, b->fd, P | GONE, PORT - 1, 1, 0);
		b->rounds++;
	}
	return NULL;
}

GUEST_CODE(code_loop, "1: outb %al, $0x12; loop 1b; hlt");

TEST_F(ioeventfd, no_write_is_lost_while_bindings_change)
{
	struct binder b = { .guest = &self->guest, .fd = self->other };
	struct guest *g = &self->guest;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, bind_at(g, self->fd, P, PORT, 1, 0));
	GUEST_START(g, GUEST_LONG, code_loop);
	ASSERT_EQ(0, pthread_create(&thread, NULL, bind_often, &b));
	for (i = 0; i < 20; i++) {
		RIP(g) = GUEST_CODE_AT;
		RCX(g) = 2000;
		GUEST_RUN(g, KEEL_EXIT_HLT);
		usleep(1000);
	}
	b.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, b.ret);
	EXPECT_LT(2, b.rounds);
	EXPECT_EQ(20 * 2000, signals(self->fd));
	EXPECT_EQ(0, signals(self->other));
}

TEST_HARNESS_MAIN
