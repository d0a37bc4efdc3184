// SPDX-License-Identifier: GPL-2.0
/*
 * inject [--die] TID VICTIM CALL...: make a thread of another process perform
 * system calls, as code that has taken it over would.
 *
 * The thread is stopped in the system call that it is in, made to perform each CALL
 * by the same instruction, and put back, as if nothing had happened; with --die it
 * gets the signal that a refused call raises.  VICTIM is a process that a CALL may
 * harm.  Prints a line for each: its name and "refused", "done", or "error" and the
 * errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_INSN	0x050f
#define TRIES		1000

#ifndef SYS_SECCOMP
#define SYS_SECCOMP	1
#endif

/* Arguments that are known only when there is a victim, and a tracee's stack. */
#define VICTIM		(-1000L)
#define TEXT		(-1001L)
#define PAGE		(-1002L)

static const struct call {
	const char *name;
	long nr;
	long args[6];
	const char *text;
} calls[] = {
	{ "openat", SYS_openat, { AT_FDCWD, TEXT, O_RDONLY }, "/etc/passwd" },
	{ "execve", SYS_execve, { TEXT, 0, 0 }, "/bin/busybox" },
	{ "socket", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, "" },
	{ "ptrace", SYS_ptrace, { PTRACE_SEIZE, VICTIM, 0, 0 }, "" },
	{ "mmap", SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 }, "" },
	{ "mprotect", SYS_mprotect,
	  { PAGE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC }, "" },
	{ "clone", SYS_clone, { SIGCHLD, 0, 0, 0, 0 }, "" },
	{ "kill", SYS_kill, { VICTIM, 0 }, "" },
	{ "tgkill", SYS_tgkill, { VICTIM, VICTIM, 0 }, "" },
	{ "ioctl", SYS_ioctl, { STDIN_FILENO, FIONCLEX, 0 }, "" },
	/* What it may do, so that "refused" says something. */
	{ "getpid", SYS_getpid, { 0 }, "" },
};

static void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void ask(long request, pid_t tid, void *addr, void *data, const char *what)
{
	if (ptrace(request, tid, addr, data) < 0)
		die(what);
}

/*
 * Its next stop.  A thread that executes another program takes the number of its
 * process, and whoever waits for the old one waits for ever: so for any, and what
 * children do is passed over.
 */
static int wait_for(pid_t tid)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			die("waitpid");
	} while (pid != tid && status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8));
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "inject: the thread has ended, status 0x%x\n", status);
		exit(2);
	}
	return status;
}

/* Stop it inside of a system call. */
static void stop(pid_t tid, struct user_regs_struct *regs)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		ask(PTRACE_INTERRUPT, tid, NULL, NULL, "interrupting");
		while (wait_for(tid) >> 16 != PTRACE_EVENT_STOP)
			ask(PTRACE_CONT, tid, NULL, NULL, "going on");
		ask(PTRACE_GETREGS, tid, NULL, regs, "registers");
		errno = 0;
		if ((ptrace(PTRACE_PEEKTEXT, tid, regs->rip - 2, NULL) & 0xffff) ==
		    SYSCALL_INSN && !errno)
			return;
		ask(PTRACE_CONT, tid, NULL, NULL, "going on");
		usleep(1000);
	}
	fprintf(stderr, "inject: the thread is in no system call\n");
	exit(2);
}

static long argument(long arg, pid_t victim, unsigned long text)
{
	switch (arg) {
	case VICTIM:
		return victim;
	case TEXT:
		return text;
	case PAGE:
		return text & ~4095UL;
	default:
		return arg;
	}
}

static void prepare(pid_t tid, const struct call *call, pid_t victim,
		    const struct user_regs_struct *saved)
{
	/* Below the red zone. */
	unsigned long text = (saved->rsp - 1024) & ~15UL;
	struct user_regs_struct regs = *saved;
	long args[6], word;
	size_t i;

	for (i = 0; i <= strlen(call->text); i += sizeof(word)) {
		word = 0;
		memcpy(&word, call->text + i, strnlen(call->text + i, sizeof(word)));
		ask(PTRACE_POKEDATA, tid, (void *)(text + i), (void *)word, "writing");
	}
	for (i = 0; i < 6; i++)
		args[i] = argument(call->args[i], victim, text);
	regs.rip -= 2;
	regs.rax = call->nr;
	/* It is in no system call that would have to be begun anew. */
	regs.orig_rax = -1;
	regs.rdi = args[0];
	regs.rsi = args[1];
	regs.rdx = args[2];
	regs.r10 = args[3];
	regs.r8 = args[4];
	regs.r9 = args[5];
	ask(PTRACE_SETREGS, tid, NULL, &regs, "registers");
}

static void kill_child(pid_t tid)
{
	unsigned long child;

	ask(PTRACE_GETEVENTMSG, tid, NULL, &child, "the new process");
	kill(child, SIGKILL);
	waitpid(child, NULL, __WALL);
}

static bool is_refusal(pid_t tid, const struct call *call)
{
	siginfo_t info;

	ask(PTRACE_GETSIGINFO, tid, NULL, &info, "signal");
	return info.si_code == SYS_SECCOMP && info.si_syscall == call->nr;
}

static void say(const struct call *call, long ret)
{
	if (ret < 0 && ret > -4096)
		printf("%s error %ld\n", call->name, -ret);
	else
		printf("%s done\n", call->name);
}

/* At the end of a call: whether the filter has refused it, which comes as a signal. */
static bool refusal_waits(pid_t tid)
{
	const struct __ptrace_peeksiginfo_args all = { .nr = 8 };
	siginfo_t infos[8];
	long i, nr;

	nr = ptrace(PTRACE_PEEKSIGINFO, tid, &all, infos);
	if (nr < 0)
		die("pending signals");
	for (i = 0; i < nr; i++)
		if (infos[i].si_signo == SIGSYS)
			return true;
	return false;
}

/*
 * Perform it; the thread is then stopped, or another program.  Not by a single
 * step: Bochs takes the step's trap in the kernel, behind SYSCALL, which warns.
 */
static void perform(pid_t tid, const struct call *call, bool fatal)
{
	struct user_regs_struct regs;
	bool begun = false;
	int status;

	for (;;) {
		ask(fatal ? PTRACE_CONT : PTRACE_SYSCALL, tid, NULL, NULL, "going on");
		status = wait_for(tid);
		switch (status >> 8) {
		case SIGTRAP | PTRACE_EVENT_FORK << 8:
		case SIGTRAP | PTRACE_EVENT_CLONE << 8:
			kill_child(tid);
			break;
		case SIGTRAP | PTRACE_EVENT_EXEC << 8:
			say(call, 0);
			exit(0);
		case SIGSYS:
			if (!is_refusal(tid, call))
				break;
			printf("%s refused\n", call->name);
			if (!fatal)
				return;
			ask(PTRACE_DETACH, tid, NULL, (void *)SIGSYS, "letting go");
			exit(0);
		case SIGTRAP | 0x80:
			begun = !begun;
			if (begun || refusal_waits(tid))
				break;
			ask(PTRACE_GETREGS, tid, NULL, &regs, "registers");
			say(call, regs.rax);
			return;
		default:
			break;
		}
	}
}

static const struct call *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	fprintf(stderr, "inject: no call %s\n", name);
	exit(2);
}

/*
 * Let it go on in the call in which it was found.  The kernel begins that anew
 * only behind a stop for a signal or an interrupt, not behind one for a call.
 */
static void let_go(pid_t tid, struct user_regs_struct *saved)
{
	ask(PTRACE_INTERRUPT, tid, NULL, NULL, "interrupting");
	do
		ask(PTRACE_CONT, tid, NULL, NULL, "going on");
	while (wait_for(tid) >> 16 != PTRACE_EVENT_STOP);
	ask(PTRACE_SETREGS, tid, NULL, saved, "registers");
	ask(PTRACE_DETACH, tid, NULL, NULL, "letting go");
}

int main(int argc, char **argv)
{
	bool fatal = argc > 1 && !strcmp(argv[1], "--die");
	struct user_regs_struct saved;
	pid_t tid, victim;

	argv += fatal;
	if (argc - fatal < 4) {
		fprintf(stderr, "usage: inject [--die] TID VICTIM CALL...\n");
		return 2;
	}
	tid = atoi(argv[1]);
	victim = atoi(argv[2]);
	ask(PTRACE_SEIZE, tid, NULL,
	    (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
		     PTRACE_O_TRACECLONE),
	    "seizing");
	stop(tid, &saved);
	for (argv += 3; *argv; argv++) {
		const struct call *call = find(*argv);

		prepare(tid, call, victim, &saved);
		perform(tid, call, fatal);
	}
	let_go(tid, &saved);
	return 0;
}
