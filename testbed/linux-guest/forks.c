// SPDX-License-Identifier: GPL-2.0
/*
 * forks WHAT N: what system calls and processes cost in this guest, in ticks of its
 * TSC.  In the testbed that counts instructions, the hypervisor's too.
 *
 * WHAT is "syscall", which does nothing; "fork", exit and wait; "fork_exec", the
 * same with an exec of this very program between; "nothing".  N rounds are timed,
 * after some that warm up; of system calls more, since they are over before a timer
 * interrupt would show in the mean.
 *
 * Without a C library, whose start-up would be most of a tiny program's life.
 */
#include <asm/unistd.h>

#define WARM_ROUNDS	10
#define SYSCALLS	50		/* in a round */

static long call(long number, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return ret;
}

static unsigned long ticks(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long)high << 32 | low;
}

__attribute__((noreturn)) static void finish(int status)
{
	for (;;)
		call(__NR_exit, status, 0, 0, 0);
}

static void print(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(__NR_write, 1, (long)text, length, 0);
}

static void print_number(unsigned long number)
{
	char digits[24], *first = digits + sizeof(digits) - 1;

	*first = 0;
	do {
		*--first = '0' + number % 10;
		number /= 10;
	} while (number);
	print(first);
}

/* @self: program to become, which then ends at once; 0: the child ends as it is */
static void fork_and_wait(const char *self)
{
	const char *arguments[] = { self, 0 };
	int status = -1;
	long child;

	child = call(__NR_fork, 0, 0, 0, 0);
	if (!child) {
		if (self)
			call(__NR_execve, (long)self, (long)arguments, 0, 0);
		finish(self ? 1 : 0);
	}
	if (child < 0 || call(__NR_wait4, child, (long)&status, 0, 0) != child || status) {
		print("forks: a child failed\n");
		finish(1);
	}
}

static void null_call(const char *self)
{
	call(__NR_getppid, 0, 0, 0, 0);
}

static void measure(const char *name, void (*round)(const char *), const char *self,
		    unsigned long rounds)
{
	unsigned long i, begin;

	for (i = 0; i < WARM_ROUNDS; i++)
		round(self);
	begin = ticks();
	for (i = 0; i < rounds; i++)
		round(self);
	begin = ticks() - begin;
	print("forks: ");
	print(name);
	print(" ticks ");
	print_number(begin / rounds);
	print(" rounds ");
	print_number(rounds + WARM_ROUNDS);
	print("\n");
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static unsigned long number(const char *text)
{
	unsigned long value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (*text++ - '0');
	return value;
}

/* The kernel enters with argc, argv, NULL, envp, NULL on the stack. */
__attribute__((used, noreturn)) static void begin(char **stack)
{
	long arguments = (long)stack[0];
	const char *what = stack[2];

	/* Executed by itself. */
	if (arguments < 2)
		finish(0);
	if (arguments != 3)
		finish(2);
	if (same(what, "syscall"))
		measure(what, null_call, 0, SYSCALLS * number(stack[3]));
	else if (same(what, "fork"))
		measure(what, fork_and_wait, 0, number(stack[3]));
	else if (same(what, "fork_exec"))
		measure(what, fork_and_wait, stack[1], number(stack[3]));
	print("forks: done\n");
	finish(0);
}

asm(".globl _start; _start: mov %rsp, %rdi; and $-16, %rsp; call begin");
