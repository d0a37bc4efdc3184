// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a Linux guest: says that it runs, by writing to ports,
 * before it does anything else; then it becomes the shell script /session.
 *
 * Without a C library, so that no time passes between the kernel's last
 * instruction and the mark.  Next: session, which tells what it can do.
 */
#include <asm/unistd.h>

#include "marks.h"

static long call1(long number, long a)
{
	long ret;

	asm volatile("syscall" : "=a"(ret) : "0"(number), "D"(a)
		     : "rcx", "r11", "memory");
	return ret;
}

static long call3(long number, const void *a, const void *b, const void *c)
{
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "0"(number), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return ret;
}

static void out(unsigned short port, const char *text)
{
	for (; *text; text++)
		asm volatile("outb %0, %1" :: "a"(*text), "Nd"(port));
}

/* The kernel enters with argc, argv, NULL, envp, NULL on the stack. */
__attribute__((used, noreturn)) static void begin(char **stack)
{
	long argc = (long)stack[0];
	char **environment = stack + argc + 2;
	static const char *const arguments[] = { "/bin/sh", "/session", 0 };

	if (!call1(__NR_iopl, 3)) {
		out(MARK_PORT, MARK_INIT);
		out(CONSOLE_PORT, INIT_LINE);
		out(BIOS_PORT, INIT_LINE);
		call1(__NR_iopl, 0);
	}
	call3(__NR_execve, arguments[0], arguments, environment);
	for (;;)
		call1(__NR_exit, 127);
}

asm(".globl _start; _start: mov %rsp, %rdi; and $-16, %rsp; call begin");
