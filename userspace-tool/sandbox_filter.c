// SPDX-License-Identifier: GPL-2.0
/*
 * Which system calls the threads of keel run may make.
 *
 * A call that no table of its kind of thread has raises SIGSYS, which
 * sandbox_trap.c turns into a message and the end; one of another architecture
 * (int 0x80, x32) kills at once.  Whoever adds a device opens what it needs
 * before the guest runs, and adds a line here for what it calls meanwhile.
 *
 * Arguments that are an int to the kernel are compared in their low half: the
 * caller may leave anything in the other one.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/keel.h>

#include "cmd.h"
#include "sandbox.h"

#define MAX_ARGS	2
#define INT		0xffffffffULL
/* Stands for the number of this process. */
#define OWN_PID		(~0ULL)

/* A call that is allowed, where all its arguments are as they must be. */
struct rule {
	int nr;
	unsigned int nr_args;
	struct scmp_arg_cmp args[MAX_ARGS];
};

#define CALL(_name)	{ .nr = SCMP_SYS(_name) }
/* An argument that must be a value in the bits of a mask. */
#define ARG(_i, _mask, _value) \
	{ .arg = (_i), .op = SCMP_CMP_MASKED_EQ, .datum_a = (_mask), .datum_b = (_value) }
#define CALL1(_name, ...) \
	{ .nr = SCMP_SYS(_name), .nr_args = 1, .args = { __VA_ARGS__ } }
#define CALL2(_name, ...) \
	{ .nr = SCMP_SYS(_name), .nr_args = 2, .args = { __VA_ARGS__ } }
/*
 * What tcgetattr(3), isatty(3) and tcsetattr(3) call from glibc 2.42 on.  The headers
 * make them of a structure that goes with no <termios.h>.
 */
#define GET_MODES2	0x802c542a	/* TCGETS2 */
#define SET_MODES2	0x402c542b	/* TCSETS2 */

#define IOCTL(_command)	CALL1(ioctl, ARG(1, INT, _command))
/* On standard input alone. */
#define TTY(_command) \
	CALL2(ioctl, ARG(0, INT, STDIN_FILENO), ARG(1, INT, _command))

static const struct rule every_thread[] = {
	/* messages; the guest's output; eventfds */
	CALL(write),
	/* glibc's own messages, before it calls abort(3) */
	CALL(writev),
	/* until standard output has room, for who shares its O_NONBLOCK */
	CALL(poll),
	/* goes on with a poll or sleep that a signal interrupted */
	CALL(restart_syscall),
	/* locks, conditions, joining */
	CALL(futex),
	/* clocks that the vDSO cannot read */
	CALL(clock_gettime),
	/* malloc(3), and the stacks of threads that have ended; nothing executable */
	CALL(brk),
	CALL2(mmap, ARG(2, PROT_EXEC, 0), ARG(3, MAP_ANONYMOUS, MAP_ANONYMOUS)),
	CALL1(mprotect, ARG(2, PROT_EXEC, 0)),
	CALL(mremap),
	CALL(munmap),
	CALL1(madvise, ARG(2, INT, MADV_DONTNEED)),
	/* glibc.malloc.hugetlb=1 in GLIBC_TUNABLES */
	CALL1(madvise, ARG(2, INT, MADV_HUGEPAGE)),
	CALL1(madvise, ARG(2, INT, MADV_NOHUGEPAGE)),
	/* kicks; raise(3); the signals that a thread blocks meanwhile */
	CALL(getpid),
	CALL(gettid),
	CALL1(tgkill, ARG(0, INT, OWN_PID)),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	/* abort(3) does away with a handler that returned */
	CALL1(rt_sigaction, ARG(0, INT, SIGABRT)),
	/* the terminal is put back also where a thread crashes; tcsetattr(3) reads, too */
	TTY(TCGETS),
	TTY(TCSETS),
	TTY(GET_MODES2),
	TTY(SET_MODES2),
	/* an interrupt; sent by whichever thread moves a device's wire */
	IOCTL(KEEL_IRQ),
	/* the end of a thread, and of the process */
	CALL(exit),
	CALL(exit_group),
};

static const struct rule vcpu_thread[] = {
	IOCTL(KEEL_RUN),
	/* what the emulator reads and writes; a vCPU that a mailbox starts */
	IOCTL(KEEL_GET_STATE),
	IOCTL(KEEL_SET_STATE),
	IOCTL(KEEL_TRANSLATE),
	IOCTL(KEEL_INJECT),
	/* accesses to a local APIC that the module does not decode */
	IOCTL(KEEL_LAPIC),
	/* shown with a failed entry by --verbose */
	IOCTL(KEEL_DUMP_VMCS),
	/* a kernel that a BIOS boots is read by fw_cfg then */
	CALL(pread64),
};

static const struct rule main_thread[] = {
	/* keys, signals, eventfds */
	CALL(read),
	/* whether it is in the foreground, after Ctrl-Z */
	TTY(TIOCGPGRP),
	CALL(getpgrp),
	/* a moment between two kicks */
	CALL(nanosleep),
	CALL(clock_nanosleep),
	/* --timing */
	IOCTL(KEEL_GET_STATS),
	/* --no-shutdown */
	CALL(pause),
	/* taking the machine apart */
	CALL(close),
};

/* The calls that all threads may make suffice. */
static const struct {
	const struct rule *rules;
	size_t nr;
} tables[SANDBOX_THREADS] = {
	[SANDBOX_MAIN] = { main_thread, sizeof(main_thread) / sizeof(struct rule) },
	[SANDBOX_VCPU] = { vcpu_thread, sizeof(vcpu_thread) / sizeof(struct rule) },
	[SANDBOX_CLOCK] = { NULL, 0 },
};

static int add(scmp_filter_ctx filter, const struct rule *rules, size_t nr)
{
	struct scmp_arg_cmp args[MAX_ARGS];
	unsigned int i;
	int ret = 0;

	for (; nr && !ret; nr--, rules++) {
		memcpy(args, rules->args, sizeof(args));
		for (i = 0; i < rules->nr_args; i++)
			if (args[i].datum_b == OWN_PID)
				args[i].datum_b = getpid();
		ret = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules->nr,
					     rules->nr_args, args);
	}
	return ret;
}

/* libseccomp writes programs to files alone. */
static int export(scmp_filter_ctx filter, struct sock_fprog *program)
{
	int fd = memfd_create("keel-filter", MFD_CLOEXEC);
	struct stat stat;
	int ret;

	if (fd < 0)
		return -errno;
	ret = seccomp_export_bpf(filter, fd);
	if (!ret && fstat(fd, &stat))
		ret = -errno;
	if (!ret) {
		program->filter = malloc(stat.st_size);
		program->len = stat.st_size / sizeof(*program->filter);
		if (!program->filter)
			ret = -ENOMEM;
		else if (pread(fd, program->filter, stat.st_size, 0) != stat.st_size)
			ret = -EIO;
	}
	close(fd);
	return ret;
}

static int compile(struct sock_fprog *program, enum sandbox_thread kind)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int ret;

	if (!filter)
		return -ENOMEM;
	ret = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* KEEL_RUN is looked for first. */
	if (!ret)
		ret = seccomp_syscall_priority(filter, SCMP_SYS(ioctl), 255);
	if (!ret)
		ret = add(filter, tables[kind].rules, tables[kind].nr);
	if (!ret)
		ret = add(filter, every_thread, sizeof(every_thread) / sizeof(struct rule));
	if (!ret)
		ret = export(filter, program);
	seccomp_release(filter);
	return ret;
}

/**
 * sandbox_init() - make the filters
 * @sandbox: filled in; sandbox_destroy() undoes it, also after an error
 *
 * Called by the process that is to be filtered: the filters have its number.
 *
 * Return: 0, or a negative errno after a message.
 */
int sandbox_init(struct sandbox *sandbox)
{
	const __u32 action = SECCOMP_RET_KILL_PROCESS;
	int kind, ret = 0;

	memset(sandbox, 0, sizeof(*sandbox));
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)) {
		ret = -errno;
		cmd_error("sandbox: this kernel does not filter system calls: %s; boot one with CONFIG_SECCOMP_FILTER, or run the guest without a sandbox by --no-sandbox",
			  strerror(-ret));
		return ret;
	}
	for (kind = 0; kind < SANDBOX_THREADS && !ret; kind++)
		ret = compile(&sandbox->programs[kind], kind);
	if (ret)
		cmd_error("sandbox: making the filters: %s; --no-sandbox runs the guest without one",
			  strerror(-ret));
	return ret;
}

/**
 * sandbox_destroy() - forget the filters; those installed stay
 * @sandbox: from sandbox_init(), or all zeros
 */
void sandbox_destroy(struct sandbox *sandbox)
{
	int kind;

	for (kind = 0; kind < SANDBOX_THREADS; kind++)
		free(sandbox->programs[kind].filter);
	memset(sandbox, 0, sizeof(*sandbox));
}

/**
 * sandbox_thread() - filter the system calls of this thread from now on
 * @sandbox: the filters
 * @kind: what the thread does
 *
 * Return: 0, or a negative errno after a message.
 */
int sandbox_thread(const struct sandbox *sandbox, enum sandbox_thread kind)
{
	int ret;

	sandbox_trap_thread(kind);
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &sandbox->programs[kind]))
		return 0;
	ret = -errno;
	cmd_error("sandbox: filtering system calls: %s; --no-sandbox runs the guest without one",
		  strerror(-ret));
	return ret;
}
