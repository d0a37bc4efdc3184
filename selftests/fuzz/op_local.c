// SPDX-License-Identifier: GPL-2.0
/*
 * What else can happen to Keel's objects: other system calls on the descriptors
 * and on the memory behind slots, other threads, children, CPUs, guest code.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "code.h"
#include "op.h"
#include "random.h"
#include "thread.h"

#define V(x)	{ NULL, x }
#define LIST(name, ...) static const struct abi_constant name[] = { __VA_ARGS__ }
#define LEAF(name, kind, list) { name, 0, 8, kind, 0, list, sizeof(list) / sizeof((list)[0]) }
#define PLAIN(name, kind) { name, 0, 8, kind, 0, NULL, 0 }
#define LEAVES(name, ...) static const struct abi_leaf name[] = { __VA_ARGS__ }
#define OWN(leaves) .own = leaves, .nr_own = sizeof(leaves) / sizeof((leaves)[0])

LIST(prots, V(0), V(1), V(3), V(3), V(7));
LIST(advices, { "DONTNEED", 4 }, { "WILLNEED", 3 }, { "FREE", 8 }, { "REMOVE", 9 },
	{ "DONTFORK", 10 }, { "DOFORK", 11 }, { "MERGEABLE", 12 }, { "UNMERGEABLE", 13 },
	{ "HUGEPAGE", 14 }, { "NOHUGEPAGE", 15 }, { "WIPEONFORK", 18 }, { "COLD", 20 },
	{ "PAGEOUT", 21 }, { "POPULATE_READ", 22 }, { "POPULATE_WRITE", 23 }, { "COLLAPSE", 25 });
LIST(map_flags, { "FIXED_SHARED", MAP_FIXED | MAP_SHARED }, { "FIXED_PRIVATE", MAP_FIXED | MAP_PRIVATE });
LIST(offsets, V(0), V(0), V(0), V(0x1000), V(0x2000), V(0x7ffffffffffff000));
LIST(numbers, V(0), V(1), V(2), V(3));
LIST(microseconds, V(1), V(100), V(1000));
LIST(bytes_of_poke, V(1), V(2), V(4), V(8));
LIST(pokes, V(0), V(1), V(0xf4), V(0xffffffffffffffff), V(0x27), V(0x67), V(0x8000000000000067),
	V(0xd0000067), V(0xe7));

LEAVES(memory_leaves, PLAIN("addr", KIND_MEMORY), PLAIN("bytes", KIND_LENGTH));
LEAVES(protect_leaves, PLAIN("addr", KIND_MEMORY), PLAIN("bytes", KIND_LENGTH),
	LEAF("prot", KIND_ANY, prots));
LEAVES(advise_leaves, PLAIN("addr", KIND_MEMORY), PLAIN("bytes", KIND_LENGTH),
	LEAF("advice", KIND_CHOICE, advices));
LEAVES(map_leaves, PLAIN("addr", KIND_MEMORY), PLAIN("bytes", KIND_LENGTH),
	LEAF("prot", KIND_ANY, prots), LEAF("flags", KIND_CHOICE, map_flags));
LEAVES(remap_leaves, PLAIN("addr", KIND_MEMORY), PLAIN("bytes", KIND_LENGTH),
	PLAIN("new", KIND_MEMORY), PLAIN("new_bytes", KIND_LENGTH), LEAF("flags", KIND_ANY, numbers));
LEAVES(fdmap_leaves, PLAIN("addr", KIND_RUN), LEAF("offset", KIND_ANY, offsets),
	LEAF("prot", KIND_ANY, prots), LEAF("flags", KIND_CHOICE, map_flags),
	PLAIN("bytes", KIND_LENGTH));
LEAVES(io_leaves, PLAIN("addr", KIND_BUFFER), LEAF("bytes", KIND_ANY, bytes_of_poke));
LEAVES(to_leaves, PLAIN("to", KIND_TO_ANY));
LEAVES(event_leaves, PLAIN("to", KIND_TO_EVENT), LEAF("flags", KIND_ANY, numbers));
LEAVES(number_leaves, LEAF("number", KIND_ANY, numbers));
LEAVES(sleep_leaves, LEAF("us", KIND_ANY, microseconds));
LEAVES(poke_leaves, PLAIN("addr", KIND_MEMORY), LEAF("value", KIND_ANY, pokes),
	LEAF("bytes", KIND_ANY, bytes_of_poke));
LEAVES(fill_leaves, PLAIN("addr", KIND_MEMORY), LEAF("seed", KIND_ANY, numbers),
	PLAIN("bytes", KIND_LENGTH));
LEAVES(runpage_leaves, PLAIN("run", KIND_RUN));

#define PAGE	4096ULL

static bool inside(__u64 address, __u64 bytes)
{
	return address >= ARENA && address < ARENA_END && bytes <= ARENA_END - address;
}

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static long op_munmap(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, MEM(0)), bytes = own_value(c, 1, PAGE);

	if (!inside(at, bytes))
		return -EINVAL;
	return result(munmap((void *)at, bytes));
}

static long op_mprotect(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, MEM(0)), bytes = own_value(c, 1, PAGE);

	if (!inside(at, bytes))
		return -EINVAL;
	return result(mprotect((void *)at, bytes, own_value(c, 2, PROT_READ) & 7));
}

static long op_madvise(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, MEM(0)), bytes = own_value(c, 1, PAGE);
	__u64 advice = own_value(c, 2, MADV_DONTNEED);

	/* From 100 on it takes pages away from the host for good. */
	if (!inside(at, bytes) || advice >= 100)
		return -EINVAL;
	return result(madvise((void *)at, bytes, advice));
}

static long op_mmap(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, MEM(0)), bytes = own_value(c, 1, PAGE);
	int flags = own_value(c, 3, 0) & MAP_SHARED ? MAP_SHARED : MAP_PRIVATE;
	void *p;

	if (!inside(at, bytes))
		return -EINVAL;
	p = mmap((void *)at, bytes, own_value(c, 2, PROT_READ | PROT_WRITE) & 7,
		 flags | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -errno : 0;
}

static long op_mremap(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, MEM(0)), bytes = own_value(c, 1, PAGE);
	__u64 new = own_value(c, 2, MEM(1)), new_bytes = own_value(c, 3, PAGE);
	void *p;

	if (!inside(at, bytes) || !inside(new, new_bytes))
		return -EINVAL;
	p = mremap((void *)at, bytes, new_bytes,
		   MREMAP_MAYMOVE | MREMAP_FIXED | (own_value(c, 4, 0) & MREMAP_DONTUNMAP),
		   (void *)new);
	return p == MAP_FAILED ? -errno : 0;
}

/* Of a descriptor: a vCPU's run area, or what has none. */
static long op_map(struct thread *t, const struct call *c)
{
	__u64 at = own_value(c, 0, RUN((c->fd - FD_VCPU(0)) % NR_VCPUS));
	__u64 bytes = own_value(c, 4, 2 * PAGE);
	void *p;

	if (!inside(at, bytes))
		return -EINVAL;
	p = mmap((void *)at, bytes, own_value(c, 2, PROT_READ | PROT_WRITE) & 7,
		 MAP_FIXED | (own_value(c, 3, MAP_SHARED) & (MAP_SHARED | MAP_PRIVATE)), c->fd,
		 own_value(c, 1, 0));
	return p == MAP_FAILED ? -errno : 0;
}

static long op_close(struct thread *t, const struct call *c)
{
	return result(close(c->fd));
}

static long op_dup(struct thread *t, const struct call *c)
{
	int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, FD_LAST + 1);

	return fd < 0 ? -errno : settle_fd(fd, own_value(c, 0, FD_VM(2)));
}

static long op_poll(struct thread *t, const struct call *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };
	struct stat st;

	fstat(c->fd, &st);
	lseek(c->fd, 1, SEEK_SET);
	return result(poll(&p, 1, 0));
}

static long op_read(struct thread *t, const struct call *c)
{
	int flags = fcntl(c->fd, F_GETFL);

	/* Nobody would write to a socket or an eventfd that it waits for. */
	fcntl(c->fd, F_SETFL, flags | O_NONBLOCK);
	return result(read(c->fd, (void *)thread_address(t, own_value(c, 0, ARG + ARG_BUFFER)),
			   own_value(c, 1, 8)));
}

static long op_write(struct thread *t, const struct call *c)
{
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	return result(write(c->fd, (void *)thread_address(t, own_value(c, 0, ARG + ARG_BUFFER)),
			    own_value(c, 1, 8)));
}

static long op_signal(struct thread *t, const struct call *c)
{
	__u64 one = 1;

	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	return result(write(c->fd, &one, sizeof(one)));
}

static long op_event(struct thread *t, const struct call *c)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK |
			 (own_value(c, 1, 0) & 1 ? EFD_SEMAPHORE : 0));

	return fd < 0 ? -errno : settle_fd(fd, own_value(c, 0, FD_EVENT(0)));
}

/* Sent through a socket, and what comes out at its other end. */
static long op_pass(struct thread *t, const struct call *c)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = c->fd;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(FD_SOCKET(0), &msg, MSG_DONTWAIT) < 0)
		return -errno;
	/* A negative number leaves it on its way. */
	if (own_value(c, 0, FD_VM(2)) > FD_LAST)
		return 0;
	if (recvmsg(FD_SOCKET(1), &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return -ENODATA;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return settle_fd(fd, own_value(c, 0, FD_VM(2)));
}

static long op_kick(struct thread *t, const struct call *c)
{
	__u64 n = own_value(c, 0, 1);

	if (n >= MAX_THREADS || !t->run->threads[n].pthread || t->run->threads[n].done)
		return -ESRCH;
	return -pthread_kill(t->run->threads[n].pthread, SIGUSR1);
}

static long op_cpu(struct thread *t, const struct call *c)
{
	__u64 mask = own_value(c, 0, 1);
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < 64; i++)
		if (mask >> i & 1)
			CPU_SET(i, &set);
	return result(sched_setaffinity(0, sizeof(set), &set));
}

static long op_sleep(struct thread *t, const struct call *c)
{
	__u64 us = own_value(c, 0, 100);

	return result(usleep(us < 2000 ? us : 2000));
}

/* The child makes the next calls of this thread, as the parent does. */
static long op_fork(struct thread *t, const struct call *c)
{
	pid_t pid;

	if (t->forks >= 0)
		return -EAGAIN;
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	t->forks = own_value(c, 0, 2);
	return 0;
}

static long op_poke(struct thread *t, const struct call *c)
{
	__u64 value = own_value(c, 1, 0), bytes = own_value(c, 2, 8);

	return guarded_write(t, thread_address(t, own_value(c, 0, MEM(0))), &value,
			     bytes < 8 ? bytes : 8);
}

static long op_fill(struct thread *t, const struct call *c)
{
	struct random r = { own_value(c, 1, 0) };
	__u64 at = thread_address(t, own_value(c, 0, MEM(0))), bytes = own_value(c, 2, PAGE), i;
	__u64 value;

	for (i = 0; i < bytes && i < 4 * PAGE; i += 8) {
		value = random_u64(&r);
		if (guarded_write(t, at + i, &value, 8))
			return -EFAULT;
	}
	return 0;
}

const struct op local_ops[] = {
	{ .name = "start", .target = ABI_VCPU, .weight = 10, OWN(start_leaves), .run = op_start },
	{ .name = "code", .target = ABI_NONE, .weight = 6, OWN(code_leaves), .run = op_code },
	{ .name = "runpage", .target = ABI_NONE, .weight = 20, .argument = &abi_keel_run,
	  OWN(runpage_leaves), .run = op_runpage },
	{ .name = "map", .target = ABI_ANY, .weight = 4, OWN(fdmap_leaves), .run = op_map },
	{ .name = "munmap", .target = ABI_NONE, .weight = 6, OWN(memory_leaves), .run = op_munmap },
	{ .name = "mmap", .target = ABI_NONE, .weight = 5, OWN(map_leaves), .run = op_mmap },
	{ .name = "mremap", .target = ABI_NONE, .weight = 5, OWN(remap_leaves), .run = op_mremap },
	{ .name = "mprotect", .target = ABI_NONE, .weight = 6, OWN(protect_leaves),
	  .run = op_mprotect },
	{ .name = "madvise", .target = ABI_NONE, .weight = 8, OWN(advise_leaves),
	  .run = op_madvise },
	{ .name = "poke", .target = ABI_NONE, .weight = 8, OWN(poke_leaves), .run = op_poke },
	{ .name = "fill", .target = ABI_NONE, .weight = 3, OWN(fill_leaves), .run = op_fill },
	{ .name = "close", .target = ABI_ANY, .weight = 4, .run = op_close },
	{ .name = "dup", .target = ABI_ANY, .weight = 3, OWN(to_leaves), .run = op_dup },
	{ .name = "pass", .target = ABI_ANY, .weight = 3, OWN(to_leaves), .run = op_pass },
	{ .name = "poll", .target = ABI_ANY, .weight = 1, .run = op_poll },
	{ .name = "read", .target = ABI_ANY, .weight = 1, OWN(io_leaves), .run = op_read },
	{ .name = "write", .target = ABI_ANY, .weight = 1, OWN(io_leaves), .run = op_write },
	{ .name = "event", .target = ABI_NONE, .weight = 3, OWN(event_leaves), .run = op_event },
	{ .name = "signal", .target = ABI_EVENT, .weight = 6, .run = op_signal },
	{ .name = "kick", .target = ABI_NONE, .weight = 5, OWN(number_leaves), .run = op_kick },
	{ .name = "cpu", .target = ABI_NONE, .weight = 3, OWN(number_leaves), .run = op_cpu },
	{ .name = "sleep", .target = ABI_NONE, .weight = 3, OWN(sleep_leaves), .run = op_sleep },
	{ .name = "fork", .target = ABI_NONE, .weight = 3, OWN(number_leaves), .run = op_fork },
	{ .name = NULL },
};
