// SPDX-License-Identifier: GPL-2.0
/*
 * The process in which a program runs: its memory, its descriptors, its threads,
 * and the end that time puts to all of them.
 */
#define _GNU_SOURCE
#include "execute.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cover.h"
#include "shared.h"
#include "thread.h"

/*
 * Milliseconds: how long a call may sleep unkicked, and how long threads run, thread 0
 * and then the others.
 */
#define FIRST_KICK	4
#define KICK_EVERY	2
#define TIME_LIMIT	14
#define GIVE_UP		2000
/* A kernel that has KCOV watches for mistakes, too, and takes so much longer. */
#define KCOV_TAKES	8

static struct run run;
static sem_t ended, others_may_start;
static __thread struct thread *self;

__u64 thread_address(const struct thread *t, __u64 address)
{
	if (address >= ARG && address < ARG + ARG_STRIDE)
		return address + ARG_STRIDE * t->number;
	return address;
}

static void on_fault(int sig)
{
	if (self && self->guarded)
		siglongjmp(self->on_fault, 1);
	/* Not ours to survive: the program has taken away what it runs in. */
	_exit(EXECUTE_FAULT);
}

static void on_kick(int sig)
{
}

long guarded(struct thread *t, long (*fn)(struct thread *t, const struct call *c),
	     const struct call *c)
{
	long ret = -EFAULT;

	if (!sigsetjmp(t->on_fault, 1)) {
		t->guarded = true;
		ret = fn(t, c);
	}
	t->guarded = false;
	return ret;
}

/* From the first byte on, so that what is before a bad page has arrived. */
static int guarded_copy(struct thread *t, volatile __u8 *to, const volatile __u8 *from,
			size_t bytes)
{
	size_t i;

	if (sigsetjmp(t->on_fault, 1)) {
		t->guarded = false;
		return -EFAULT;
	}
	t->guarded = true;
	for (i = 0; i < bytes; i++)
		to[i] = from[i];
	t->guarded = false;
	return 0;
}

int guarded_write(struct thread *t, __u64 to, const void *from, size_t bytes)
{
	return guarded_copy(t, (__u8 *)to, from, bytes);
}

int guarded_read(struct thread *t, void *to, __u64 from, size_t bytes)
{
	return guarded_copy(t, to, (__u8 *)from, bytes);
}

long settle_fd(int fd, __u64 number)
{
	long ret = 0;

	if (number < FD_FIRST || number > FD_LAST)
		ret = -EBADF;
	else if (dup3(fd, number, O_CLOEXEC) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void map(__u64 at, __u64 bytes, int prot)
{
	mmap((void *)at, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void make_memory(void)
{
	unsigned int i;
	__u64 arg;

	map(MEM(0), MEM_BIG, PROT_READ | PROT_WRITE);
	map(MEM(1), MEM_BIG, PROT_READ | PROT_WRITE);
	map(MEM(2), MEM_SMALL, PROT_READ | PROT_WRITE);
	map(MEM(3), MEM_SMALL, PROT_READ);
	for (i = 0; i < MAX_THREADS; i++) {
		arg = ARG + i * ARG_STRIDE;
		map(arg, ARG_READONLY, PROT_READ | PROT_WRITE);
		map(arg + ARG_READONLY, ARG_END - ARG_READONLY, PROT_READ);
	}
}

static void make_descriptors(void)
{
	int pair[2];

	settle_fd(open("/dev/keel", O_RDWR), FD_KEEL);
	settle_fd(open("/dev/null", O_RDWR), FD_NULL);
	settle_fd(eventfd(0, EFD_NONBLOCK), FD_EVENT(0));
	settle_fd(eventfd(0, EFD_NONBLOCK), FD_EVENT(1));
	if (!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) {
		settle_fd(pair[0], FD_SOCKET(0));
		settle_fd(pair[1], FD_SOCKET(1));
	}
}

static void make_call(struct thread *t, unsigned int i)
{
	const struct call *c = &run.program->calls[i];
	bool child = t->forks >= 0;
	long ret;

	ret = ops[c->op].run(t, c);
	__atomic_add_fetch(&shared->results[c->op][ret >= 0 ? 0 : -ret < SHARED_ERRNOS ? -ret : 1],
			   1, __ATOMIC_RELAXED);
	if (!child) {
		shared->last[i] = ret < 0 ? ret : 0;
		shared->made[i] = 1;
	} else if (t->forks-- <= 0) {
		_exit(0);
	}
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	unsigned int i;

	self = t;
	if (t->number) {
		sem_wait(&others_may_start);
		sem_post(&others_may_start);
	}
	cover_enable(t->number);
	for (i = 0; i < run.program->nr && !run.stop; i++)
		if (!run.nr_threads || (run.program->calls[i].thread <= run.nr_threads ?
		    run.program->calls[i].thread :
		    1 + run.program->calls[i].thread % run.nr_threads) == t->number)
			make_call(t, i);
	if (t->forks >= 0)
		_exit(0);
	cover_disable(t->number);
	t->done = true;
	if (!t->number)
		sem_post(&others_may_start);
	sem_post(&ended);
	return NULL;
}

static unsigned int milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void kick_all(void)
{
	unsigned int i;

	for (i = 0; i <= run.nr_threads; i++)
		if (!run.threads[i].done)
			pthread_kill(run.threads[i].pthread, SIGUSR1);
	shared->kicks++;
}

/* Until the threads have ended, with kicks for those that take long. */
static bool wait_for_threads(void)
{
	unsigned int begin = milliseconds(), left = run.nr_threads + 1, now;
	unsigned int factor = cover_on() ? KCOV_TAKES : 1;
	struct timespec until;
	bool opened = false;

	while (left) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += KICK_EVERY * factor * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		if (!sem_timedwait(&ended, &until)) {
			left--;
			continue;
		}
		/* The others' time begins when thread 0 has ended. */
		if (run.threads[0].done && !opened) {
			begin = milliseconds();
			opened = true;
		}
		now = milliseconds() - begin;
		if (now > GIVE_UP)
			return false;
		if (now > TIME_LIMIT * factor)
			run.stop = true;
		if (now > FIRST_KICK * factor)
			kick_all();
	}
	return true;
}

static void on_signal(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

int execute(const struct program *p, unsigned int nr_threads)
{
	unsigned int i;

	on_signal(SIGSEGV, on_fault, SA_NODEFER);
	on_signal(SIGBUS, on_fault, SA_NODEFER);
	on_signal(SIGUSR1, on_kick, 0);
	run.program = p;
	run.nr_threads = nr_threads;
	sem_init(&ended, 0, 0);
	sem_init(&others_may_start, 0, 0);
	make_memory();
	make_descriptors();
	for (i = 0; i <= nr_threads; i++) {
		run.threads[i] = (struct thread){ .run = &run, .number = i, .forks = -1 };
		if (pthread_create(&run.threads[i].pthread, NULL, thread_main, &run.threads[i]))
			return EXECUTE_FAULT;
	}
	return wait_for_threads() ? EXECUTE_OK : EXECUTE_STUCK;
}
