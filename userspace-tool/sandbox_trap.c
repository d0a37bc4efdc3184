// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a process that made a system call that it must not make.
 *
 * SIGSYS comes in place of the call, in the thread that made it, so that the
 * message can say which one it was.  The filters let nobody change the handler.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "sandbox.h"
#include "terminal.h"
#include "vmx_names.h"

/* Whoever holds the pipe and does not read it shall not keep us alive. */
#define PATIENCE_MS	1000

#ifndef SYS_SECCOMP
#define SYS_SECCOMP	1
#endif

/* From the kernel's header, by the Makefile. */
static const char *const names[] = {
#include "sandbox_names.inc"
};

static const char *const threads[SANDBOX_THREADS] = {
	[SANDBOX_MAIN] = "the main thread",
	[SANDBOX_VCPU] = "a vCPU's thread",
	[SANDBOX_CLOCK] = "the clock's thread",
};

static __thread enum sandbox_thread this_thread;

/* No lock and no memory are needed for these formats. */
static void tell(const siginfo_t *info, const ucontext_t *context)
{
	const greg_t *regs = context->uc_mcontext.gregs;
	unsigned int nr = info->si_syscall;
	const char *name = nr < ARRAY_SIZE(names) ? names[nr] : NULL;
	struct pollfd err = { .fd = STDERR_FILENO, .events = POLLOUT };
	char text[320];
	int length;

	length = snprintf(text, sizeof(text),
			  "keel: sandbox: %s called %s (system call %u) with 0x%llx, 0x%llx, 0x%llx, which its filter refuses; keel-run(1), \"The sandbox\", tells more\n",
			  threads[this_thread], name ? name : "an unknown one", nr,
			  regs[REG_RDI], regs[REG_RSI], regs[REG_RDX]);
	if (poll(&err, 1, PATIENCE_MS) > 0 &&
	    write(STDERR_FILENO, text, length) < 0)
		return;
}

/*
 * The first one speaks for all.  Others that are refused meanwhile do not end the
 * process before it has been heard and the terminal is put back.
 */
static bool first(void)
{
	static bool taken;

	return !__atomic_exchange_n(&taken, true, __ATOMIC_SEQ_CST);
}

/*
 * By SIGSYS, which is blocked here.  Where this thread is filtered, changing the
 * handler is refused, and a refusal that cannot be handled kills; where it is not,
 * the signal does.
 */
static void die(int signo)
{
	sigset_t set;

	signal(signo, SIG_DFL);
	raise(signo);
	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + signo);
}

static void trap(int signo, siginfo_t *info, void *context)
{
	if (first()) {
		if (info->si_code == SYS_SECCOMP)
			tell(info, context);
		/* Last: should this be refused, too, that ends it here. */
		terminal_restore();
	} else {
		/* Should the first one hang, not for ever. */
		while (poll(NULL, 0, 2 * PATIENCE_MS) < 0)
			;
	}
	die(signo);
}

/**
 * sandbox_trap_init() - be told of refused system calls
 *
 * For the process, before it is filtered.
 */
void sandbox_trap_init(void)
{
	struct sigaction action = {
		.sa_sigaction = trap,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGSYS, &action, NULL);
}

/**
 * sandbox_trap_thread() - be told of this thread's, too
 * @kind: what it does, for the message
 */
void sandbox_trap_thread(enum sandbox_thread kind)
{
	sigset_t sigsys;

	this_thread = kind;
	/* Blocked, it would kill without a word. */
	sigemptyset(&sigsys);
	sigaddset(&sigsys, SIGSYS);
	pthread_sigmask(SIG_UNBLOCK, &sigsys, NULL);
}
