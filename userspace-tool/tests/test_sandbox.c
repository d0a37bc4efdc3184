// SPDX-License-Identifier: GPL-2.0
/*
 * The sandbox of keel run: each case in a process of its own, since there is no
 * way back.
 *
 * What the filters allow is listed here a second time, as what a thread of the
 * kind is known to do; every other number must be refused.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keel.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "devices/fw_cfg.h"
#include "image_file.h"
#include "sandbox.h"
#include "tap.h"
#include "terminal.h"
#include "vmx_names.h"

/* Beyond the last number that kernels know. */
#define END_OF_CALLS	700
/*
 * Kernels let these pass unfiltered, since they are part of uprobes, and kill who
 * makes them elsewhere.
 */
#define URETPROBE	335
#define UPROBE		336
/* In the half of an argument that the kernel does not look at. */
#define JUNK		0x100000000UL

#define MAIN	(1 << SANDBOX_MAIN)
#define VCPU	(1 << SANDBOX_VCPU)
#define CLOCK	(1 << SANDBOX_CLOCK)
#define ALL	(MAIN | VCPU | CLOCK)

static const char *const kinds[] = {
	[SANDBOX_MAIN] = "main thread",
	[SANDBOX_VCPU] = "vCPU's thread",
	[SANDBOX_CLOCK] = "clock's thread",
};

static char output[4096];

/* Run a case in a child; what it prints is in output.  Returns its wait status. */
static int in_child(void (*body)(int arg), int arg)
{
	struct pollfd end = { .events = POLLIN };
	size_t used = 0;
	ssize_t got = 1;
	int out[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(out))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		alarm(20);
		body(arg);
		_exit(0);
	}
	close(out[1]);
	end.fd = out[0];
	while (got > 0 && poll(&end, 1, 30000) > 0) {
		got = read(out[0], output + used, sizeof(output) - 1 - used);
		used += got > 0 ? got : 0;
	}
	output[used] = '\0';
	close(out[0]);
	/* It may hang with all signals blocked. */
	if (got > 0)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

static bool said(const char *what)
{
	return strstr(output, what);
}

static bool result(bool good, const char *name, int status)
{
	if (!ok(good, name))
		printf("# wait status 0x%x, output: %s\n", status, output);
	return good;
}

static bool killed_by(int status, int signo)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == signo;
}

/* The refused call, seen by a handler that lets the child go on. */
static volatile int refused;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	refused = info->si_syscall;
}

static void count_refusals(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
}

static void enter(enum sandbox_thread kind)
{
	struct sandbox sandbox;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (sandbox_init(&sandbox) || sandbox_thread(&sandbox, kind))
		_exit(100);
}

/* Every number but those that a thread of the kind uses. */
static const struct {
	int nr;
	unsigned int kinds;
} used[] = {
	{ SYS_write, ALL }, { SYS_writev, ALL }, { SYS_poll, ALL },
	{ SYS_restart_syscall, ALL }, { SYS_futex, ALL },
	{ SYS_clock_gettime, ALL }, { SYS_brk, ALL }, { SYS_mmap, ALL },
	{ SYS_mprotect, ALL }, { SYS_mremap, ALL }, { SYS_munmap, ALL },
	{ SYS_madvise, ALL }, { SYS_getpid, ALL }, { SYS_gettid, ALL },
	{ SYS_tgkill, ALL }, { SYS_rt_sigprocmask, ALL },
	{ SYS_rt_sigreturn, ALL }, { SYS_rt_sigaction, ALL },
	{ SYS_ioctl, ALL }, { SYS_exit, ALL }, { SYS_exit_group, ALL },
	{ SYS_pread64, VCPU },
	{ SYS_read, MAIN }, { SYS_getpgrp, MAIN }, { SYS_nanosleep, MAIN },
	{ SYS_clock_nanosleep, MAIN }, { SYS_pause, MAIN }, { SYS_close, MAIN },
};

static bool is_used(int nr, int kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(used); i++)
		if (used[i].nr == nr && used[i].kinds & 1 << kind)
			return true;
	return false;
}

static void call_all(int kind)
{
	int nr, bad = 0;

	count_refusals();
	enter(kind);
	for (nr = 0; nr < END_OF_CALLS; nr++) {
		if (is_used(nr, kind) || nr == URETPROBE || nr == UPROBE)
			continue;
		refused = -1;
		syscall(nr, 0, 0, 0, 0, 0, 0);
		if (refused != nr) {
			dprintf(STDOUT_FILENO, "call %d was not refused\n", nr);
			bad = 1;
		}
	}
	_exit(bad);
}

/* Calls whose arguments decide. */
static const struct call {
	const char *name;
	unsigned int kinds;	/* that may make it */
	long nr;
	unsigned long args[6];
} calls[] = {
	{ "mmap of memory", ALL, SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
	{ "mmap of executable memory", 0, SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
	{ "mmap of a file", 0, SYS_mmap, { 0, 4096, PROT_READ, MAP_PRIVATE, 0 } },
	{ "mprotect", ALL, SYS_mprotect, { 0, 0, PROT_READ | PROT_WRITE } },
	{ "mprotect, executable", 0, SYS_mprotect, { 0, 0, PROT_READ | PROT_EXEC } },
	{ "mprotect, executable, junk", 0, SYS_mprotect, { 0, 0, JUNK | PROT_EXEC } },
	{ "madvise: drop", ALL, SYS_madvise, { 0, 0, MADV_DONTNEED } },
	{ "madvise: large pages", ALL, SYS_madvise, { 0, 0, MADV_HUGEPAGE } },
	{ "madvise: no large pages", ALL, SYS_madvise, { 0, 0, MADV_NOHUGEPAGE } },
	{ "madvise: into core dumps", 0, SYS_madvise, { 0, 0, MADV_DODUMP } },
	{ "tgkill of another process", 0, SYS_tgkill, { 1, 1, 0 } },
	{ "rt_sigaction of SIGABRT", ALL, SYS_rt_sigaction, { SIGABRT, 0, 0, 8 } },
	{ "rt_sigaction of SIGSYS", 0, SYS_rt_sigaction, { SIGSYS, 0, 0, 8 } },
	{ "rt_sigaction of SIGSYS, junk", 0, SYS_rt_sigaction, { JUNK | SIGSYS, 0, 0, 8 } },
	{ "KEEL_RUN", VCPU, SYS_ioctl, { -1, KEEL_RUN } },
	{ "KEEL_RUN, junk", VCPU, SYS_ioctl, { -1, JUNK | KEEL_RUN } },
	{ "another terminal put back", 0, SYS_ioctl, { 5, TCSETS } },
	{ "another terminal's modes", 0, SYS_ioctl, { STDERR_FILENO, TCGETS } },
	{ "another terminal's modes, glibc 2.42", 0, SYS_ioctl, { STDERR_FILENO, 0x802c542a } },
	{ "whose another terminal is", 0, SYS_ioctl, { STDERR_FILENO, TIOCGPGRP } },
};

static void call_each(int kind)
{
	int bad = 0;
	size_t i;

	count_refusals();
	enter(kind);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];
		const unsigned long *args = call->args;
		bool may = call->kinds & 1 << kind;

		refused = -1;
		syscall(call->nr, args[0], args[1], args[2], args[3], args[4], args[5]);
		if (refused == (may ? -1 : call->nr))
			continue;
		dprintf(STDOUT_FILENO, "%s: %s\n", call->name,
			may ? "refused" : "not refused");
		bad = 1;
	}
	_exit(bad);
}

/* Every ioctl of Keel's, on any descriptor, and of terminals, on standard input. */
static const struct {
	unsigned int kinds;	/* that may make it */
	unsigned int command;
} ioctls[] = {
	{ VCPU, KEEL_RUN }, { VCPU, KEEL_GET_STATE }, { VCPU, KEEL_SET_STATE },
	{ VCPU, KEEL_TRANSLATE }, { VCPU, KEEL_INJECT }, { VCPU, KEEL_LAPIC },
	{ VCPU, KEEL_DUMP_VMCS }, { ALL, KEEL_IRQ }, { MAIN, KEEL_GET_STATS },
	{ ALL, TCGETS }, { ALL, TCSETS }, { MAIN, TIOCGPGRP },
	/* TCGETS2 and TCSETS2, of glibc 2.42 */
	{ ALL, 0x802c542a }, { ALL, 0x402c542b },
};

/* Directions and sizes of arguments, as they are in a command: those in use. */
static const unsigned int shapes[] = { 0, 0x802c0000, 0x402c0000, 0x80040000, 0x40040000 };

static bool may_ioctl(unsigned int command, int kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		if (ioctls[i].command == command)
			return ioctls[i].kinds & 1 << kind;
	return false;
}

static int sweep(int fd, unsigned int first, int kind)
{
	unsigned int command;
	int bad = 0;

	for (command = first; command < first + 0x100; command++) {
		bool may = may_ioctl(command, kind);

		refused = -1;
		/* An address that is nobody's: nothing comes of those that pass. */
		syscall(SYS_ioctl, fd, command, 1);
		if (refused == (may ? -1 : SYS_ioctl))
			continue;
		dprintf(STDOUT_FILENO, "ioctl 0x%x: %s\n", command,
			may ? "refused" : "not refused");
		bad = 1;
	}
	return bad;
}

static void call_ioctls(int kind)
{
	int bad = 0;
	size_t i;

	count_refusals();
	enter(kind);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		bad |= sweep(-1, shapes[i] | KEEL_IOC << 8, kind);
		bad |= sweep(STDIN_FILENO, shapes[i] | 'T' << 8, kind);
	}
	_exit(bad);
}

/* What threads do with libc's functions, which choose their calls themselves. */
static void *idle(void *arg)
{
	sigset_t *mask = arg;

	sigdelset(mask, SIGALRM);
	return mask;
}

static void need(bool done, const char *what)
{
	if (done)
		return;
	dprintf(STDOUT_FILENO, "%s failed: %s\n", what, strerror(errno));
	_exit(1);
}

/* Standard input is one, with us at both ends; returns the other one. */
static int terminal(void)
{
	int host = posix_openpt(O_RDWR | O_NOCTTY);

	need(host >= 0 && !grantpt(host) && !unlockpt(host) &&
	     dup2(open(ptsname(host), O_RDWR | O_NOCTTY), STDIN_FILENO) >= 0,
	     "a terminal");
	return host;
}

/* What frees much in a thread: malloc(3) could give it back then. */
static void *use_memory(void *arg)
{
	void *blocks[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = memset(malloc(100000), 1, 100000);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		free(blocks[i]);
	return arg;
}

/* As many threads as vCPUs may be. */
static void *enter_and_work(void *arg)
{
	pthread_barrier_t *all = ((void **)arg)[0];
	struct sandbox *sandbox = ((void **)arg)[1];

	if (sandbox_thread(sandbox, SANDBOX_VCPU))
		_exit(100);
	pthread_barrier_wait(all);
	return use_memory(arg);
}

static void many_threads(int nr)
{
	pthread_barrier_t barrier;
	struct sandbox sandbox;
	void *args[] = { &barrier, &sandbox };
	pthread_t threads[KEEL_MAX_VCPUS];
	int i;

	pthread_barrier_init(&barrier, NULL, nr + 1);
	if (sandbox_process(NULL, 0) || sandbox_init(&sandbox))
		_exit(100);
	for (i = 0; i < nr; i++)
		need(!pthread_create(&threads[i], NULL, enter_and_work, args), "a thread");
	if (sandbox_thread(&sandbox, SANDBOX_MAIN))
		_exit(100);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < nr; i++)
		need(!pthread_join(threads[i], NULL), "joining");
}

static void work(int kind)
{
	const struct timespec moment = { .tv_nsec = 1000 };
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int zero = open("/dev/zero", O_RDONLY);
	char *large, byte = 1;
	const time_t moment_of_guest = 0;
	struct termios modes;
	pthread_t thread;
	sigset_t mask;
	struct tm tm;
	int keep[] = { zero, terminal() };

	if (sandbox_process(keep, ARRAY_SIZE(keep)))
		_exit(100);
	need(!tcgetattr(STDIN_FILENO, &modes), "tcgetattr");
	pthread_create(&thread, NULL, idle, &mask);
	usleep(1000);
	enter(kind);
	need(poll(&out, 1, 0) == 1, "poll");
	large = malloc(8 << 20);
	need(large, "malloc");
	large = realloc(large, 16 << 20);
	need(large, "realloc");
	free(large);
	need(!tcsetattr(STDIN_FILENO, TCSANOW, &modes), "tcsetattr");
	need(!pthread_join(thread, NULL), "pthread_join");
	need(!pthread_sigmask(SIG_SETMASK, NULL, &mask), "pthread_sigmask");
	need(!raise(SIGCONT), "raise");
	need(strerror(4711), "strerror");
	need(gmtime_r(&moment_of_guest, &tm) && tm.tm_year == 70, "gmtime_r");
	use_memory(NULL);
	fprintf(stderr, "%s %s %f\n", strerror(ENOENT), kinds[kind], 1.5);
	if (kind == SANDBOX_MAIN) {
		need(!nanosleep(&moment, NULL), "nanosleep");
		need(read(zero, &byte, 1) == 1 && !byte, "read");
		need(isatty(STDIN_FILENO), "isatty");
		need(!close(zero), "close");
		exit(0);
	}
	if (kind == SANDBOX_VCPU)
		need(pread(zero, &byte, 1, 0) == 1 && !byte, "pread");
}

/* In the place of libc's: a disk that is slow, where this is not 0. */
static int slow_ms;

ssize_t pread(int fd, void *dest, size_t bytes, off_t offset)
{
	if (slow_ms)
		poll(NULL, 0, slow_ms);
	return syscall(SYS_pread64, fd, dest, bytes, offset);
}

/* A kernel that a BIOS boots: whoever waits for it is told of it where it loads. */
static void read_slowly(int kind)
{
	struct image_file file;
	struct fw_cfg cfg;
	__u8 bytes[16];

	fw_cfg_init(&cfg);
	need(!image_file_open(&file, "/proc/self/exe") &&
	     !fw_cfg_add_part(&cfg, FW_CFG_KERNEL_DATA, &file, 0, sizeof(bytes)), "a file");
	enter(kind);
	slow_ms = 500;
	__fw_cfg_select(&cfg, FW_CFG_KERNEL_DATA);
	need(!__fw_cfg_read(&cfg, bytes, sizeof(bytes)) && !memcmp(bytes, "\177ELF", 4),
	     "reading the file");
}

static void call_abort(int kind)
{
	enter(kind);
	abort();
}

/* The message: as keel run sets it up, in a thread that blocks all signals. */
static void open_file(int kind)
{
	sigset_t all;

	sigfillset(&all);
	sandbox_trap_init();
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	enter(kind);
	if (open("/dev/null", O_RDONLY) >= 0)
		dprintf(STDOUT_FILENO, "opened\n");
	dprintf(STDOUT_FILENO, "went on\n");
}

static void unknown_call(int kind)
{
	sandbox_trap_init();
	enter(kind);
	syscall(END_OF_CALLS);
}

/* Standard error is a pipe that is full; returns where it can be read. */
static int full_pipe(void)
{
	static const char bytes[4096];
	int out[2];

	if (pipe(out) || fcntl(out[1], F_SETFL, O_NONBLOCK))
		_exit(100);
	while (write(out[1], bytes, sizeof(bytes)) > 0)
		;
	fcntl(out[1], F_SETFL, 0);
	dup2(out[1], STDERR_FILENO);
	close(out[1]);
	return out[0];
}

/* Nobody reads it. */
static void open_unheard(int kind)
{
	full_pipe();
	open_file(kind);
}

/*
 * A terminal in raw mode, which is @fd, and ours; whoever reads of its other end
 * gets whether it was put back.
 */
static int raw_terminal(int fd)
{
	int host;

	setsid();
	host = terminal();
	dup2(STDIN_FILENO, fd);
	need(!ioctl(fd, TIOCSCTTY, 0) && terminal_raw(fd), "a terminal in raw mode");
	return host;
}

/* In a process of its own: what the other one says at last, and the terminal's modes. */
static void hear_late(int from, int host)
{
	struct termios modes;
	char bytes[4096];
	ssize_t got, i;

	if (fork())
		return;
	/* What ends a session ends its terminal's readers. */
	signal(SIGHUP, SIG_IGN);
	close(STDERR_FILENO);
	poll(NULL, 0, 400);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		for (i = 0; i < got; i++)
			if (bytes[i] && write(STDOUT_FILENO, &bytes[i], 1) != 1)
				_exit(1);
	if (!tcgetattr(host, &modes))
		dprintf(STDOUT_FILENO, "terminal %s\n",
			modes.c_lflag & ICANON ? "put back" : "raw");
	_exit(0);
}

static void *refused_later(void *arg)
{
	if (sandbox_thread(arg, SANDBOX_CLOCK))
		_exit(100);
	poll(NULL, 0, 100);
	/* getppid has no errors. */
	if (getppid())
		dprintf(STDOUT_FILENO, "went on\n");
	return NULL;
}

/* While one thread waits to be heard, another is refused something, too. */
static void refused_at_once(int kind)
{
	int host = raw_terminal(STDIN_FILENO);
	struct sandbox sandbox;
	pthread_t thread;

	hear_late(full_pipe(), host);
	sandbox_trap_init();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (sandbox_init(&sandbox) ||
	    pthread_create(&thread, NULL, refused_later, &sandbox))
		_exit(100);
	open_file(kind);
}

/* The filter lets nobody put back a terminal that is not standard input. */
static void restore_refused(int kind)
{
	raw_terminal(40);
	open_file(kind);
}

static void sent_sigsys(int kind)
{
	sandbox_trap_init();
	enter(kind);
	raise(SIGSYS);
}

static void i386_call(int kind)
{
	long ret = 20;	/* getpid */

	count_refusals();
	enter(kind);
	asm volatile("int $0x80" : "+a"(ret) : : "memory", "r8", "r9", "r10", "r11");
	dprintf(STDOUT_FILENO, "went on\n");
}

static void x32_call(int kind)
{
	count_refusals();
	enter(kind);
	syscall(0x40000000 | SYS_getpid);
	dprintf(STDOUT_FILENO, "went on\n");
}

static void test_filters(void)
{
	char name[80];
	int kind, status;

	for (kind = 0; kind < SANDBOX_THREADS; kind++) {
		status = in_child(call_all, kind);
		snprintf(name, sizeof(name), "%s: every other call is refused", kinds[kind]);
		result(!status, name, status);
		status = in_child(call_each, kind);
		snprintf(name, sizeof(name), "%s: arguments decide", kinds[kind]);
		result(!status, name, status);
		status = in_child(call_ioctls, kind);
		snprintf(name, sizeof(name), "%s: every other ioctl is refused", kinds[kind]);
		result(!status, name, status);
		status = in_child(work, kind);
		snprintf(name, sizeof(name), "%s: what it needs works", kinds[kind]);
		result(!status && said("No such file or directory"), name, status);
		status = in_child(call_abort, kind);
		snprintf(name, sizeof(name), "%s: abort", kinds[kind]);
		result(killed_by(status, SIGABRT), name, status);
		status = in_child(i386_call, kind);
		snprintf(name, sizeof(name), "%s: no call of i386", kinds[kind]);
		result(WIFSIGNALED(status) && !said("went on"), name, status);
		status = in_child(x32_call, kind);
		snprintf(name, sizeof(name), "%s: no call of x32", kinds[kind]);
		result(killed_by(status, SIGSYS) && !said("went on"), name, status);
	}
}

static void test_threads(void)
{
	int status = in_child(many_threads, KEEL_MAX_VCPUS);

	result(!status && !*output, "threads of 64 vCPUs get and free memory", status);
	status = in_child(read_slowly, SANDBOX_VCPU);
	result(!status && !*output, "a vCPU's thread reads a file from a slow disk", status);
}

static void test_trap(void)
{
	char name[80], text[80];
	int kind, status;

	for (kind = 0; kind < SANDBOX_THREADS; kind++) {
		status = in_child(open_file, kind);
		snprintf(name, sizeof(name), "%s: the message names call and thread",
			 kinds[kind]);
		snprintf(text, sizeof(text), "%s called openat (system call 257) with 0x",
			 kinds[kind]);
		result(killed_by(status, SIGSYS) && said("keel: sandbox: ") && said(text) &&
		       !said("opened") && !said("went on"), name, status);
	}
	status = in_child(unknown_call, SANDBOX_VCPU);
	result(killed_by(status, SIGSYS) && said("an unknown one (system call 700)"),
	       "a call without a name", status);
	status = in_child(open_unheard, SANDBOX_VCPU);
	result(killed_by(status, SIGSYS), "the end does not wait for the message's reader",
	       status);
	status = in_child(refused_at_once, SANDBOX_VCPU);
	result(killed_by(status, SIGSYS) && said("a vCPU's thread called openat") &&
	       !said("getppid") && !said("went on") && said("terminal put back"),
	       "two threads at once: the first is heard, and the terminal put back", status);
	status = in_child(restore_refused, SANDBOX_VCPU);
	result(killed_by(status, SIGSYS) && said("a vCPU's thread called openat"),
	       "the message comes also where the terminal cannot be put back", status);
	status = in_child(sent_sigsys, SANDBOX_VCPU);
	result(killed_by(status, SIGSYS) && !*output, "SIGSYS from elsewhere is no refusal",
	       status);
}

/* sandbox_process() */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void close_fds(int arg)
{
	int keep[] = { 900, -1, 30, 10, 10, 12, 1 }, fd;

	(void)arg;
	for (fd = 3; fd < 60; fd++)
		dup2(STDOUT_FILENO, fd);
	dup2(STDOUT_FILENO, 900);
	dup2(STDOUT_FILENO, 901);
	if (sandbox_process(keep, ARRAY_SIZE(keep)))
		_exit(1);
	for (fd = 0; fd < 1000; fd++)
		if (is_open(fd))
			dprintf(STDOUT_FILENO, "%d ", fd);
}

static void close_all(int arg)
{
	int fd;

	(void)arg;
	dup2(STDOUT_FILENO, 1000);
	if (sandbox_process(NULL, 0))
		_exit(1);
	for (fd = 0; fd < 1024; fd++)
		if (is_open(fd))
			dprintf(STDOUT_FILENO, "%d ", fd);
}

static long capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -1;
	return data[0].effective | data[0].permitted | data[0].inheritable |
	       data[1].effective | data[1].permitted | data[1].inheritable;
}

static void give_up(int arg)
{
	(void)arg;
	personality(PER_LINUX | READ_IMPLIES_EXEC);
	if (sandbox_process(NULL, 0))
		_exit(1);
	dprintf(STDOUT_FILENO, "privileges %d capabilities %ld dumpable %d implied %d",
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), capabilities(),
		prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
		!!(personality(~0U) & READ_IMPLIES_EXEC));
}

#define FOLDER	"/tmp/keel-test-sandbox"

static void *touch_files(void *arg)
{
	(void)arg;
	dprintf(STDOUT_FILENO, "open %d ", open("/dev/null", O_RDONLY) < 0 ? errno : 0);
	dprintf(STDOUT_FILENO, "make %d ",
		mkdir(FOLDER, 0700) ? errno : 0);
	dprintf(STDOUT_FILENO, "exec %d ", execl("/bin/true", "true", NULL) ? errno : 0);
	return NULL;
}

static void use_files(int arg)
{
	pthread_t thread;

	(void)arg;
	/* Of a run that failed. */
	rmdir(FOLDER);
	if (sandbox_process(NULL, 0))
		_exit(1);
	/* Threads that are made afterwards inherit it. */
	if (!pthread_create(&thread, NULL, touch_files, NULL))
		pthread_join(thread, NULL);
}

/* As a kernel that was not built with the call, or booted without. */
static void answer(int nr, int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), nr, 0) || seccomp_load(filter))
		_exit(100);
	seccomp_release(filter);
}

static void without_landlock(int error)
{
	answer(SCMP_SYS(landlock_create_ruleset), error);
	if (!sandbox_process(NULL, 0))
		dprintf(STDOUT_FILENO, "went on\n");
}

/* Nor is there a file to write them to. */
static void without_filters(int error)
{
	struct sandbox sandbox;

	answer(SCMP_SYS(memfd_create), error);
	_exit(!sandbox_init(&sandbox));
}

static char keel[4096], image[] = "/tmp/test-sandbox.XXXXXX";

static void keel_without(int nr)
{
	answer(nr, EOPNOTSUPP);
	setenv("FAKE_KEEL", "triple", 1);
	execl(keel, "keel", "run", image, NULL);
}

/* A guest of many vCPUs, which stops at the first instruction of any. */
#define STOPPED_VCPUS	"16"
/* Each vCPU's, the clock's and the main thread. */
#define STOPPED_THREADS	18

/* How many threads there are; counts those that have a filter. */
static int count_threads(pid_t pid, int *filtered)
{
	char name[300], text[4096];
	struct dirent *entry;
	int fd, nr = 0;
	ssize_t got;
	DIR *tasks;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	tasks = opendir(name);
	need(tasks, name);
	*filtered = 0;
	while ((entry = readdir(tasks))) {
		if (*entry->d_name == '.')
			continue;
		nr++;
		snprintf(name, sizeof(name), "/proc/%d/task/%s/status", pid, entry->d_name);
		fd = open(name, O_RDONLY);
		got = read(fd, text, sizeof(text) - 1);
		need(got > 0, name);
		text[got] = '\0';
		close(fd);
		*filtered += !!strstr(text, "\nSeccomp:\t2\n");
	}
	closedir(tasks);
	return nr;
}

static void look_at_first(int arg)
{
	int status, nr, filtered;
	pid_t pid = fork();

	(void)arg;
	if (!pid) {
		setenv("FAKE_KEEL", "stops", 1);
		execl(keel, "keel", "run", "--cpus", STOPPED_VCPUS, image, NULL);
		_exit(100);
	}
	need(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "a guest that stops");
	nr = count_threads(pid, &filtered);
	dprintf(STDOUT_FILENO, "%d threads, %d filtered\n", nr, filtered);
	kill(pid, SIGCONT);
	need(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 4,
	     "its end");
	_exit(nr != STOPPED_THREADS || filtered != nr);
}

/* Several times: whoever does not wait may still come late by chance. */
static void test_first_instruction(void)
{
	int status = 0, i;

	for (i = 0; i < 5 && !status; i++)
		status = in_child(look_at_first, 0);
	result(!status, "every thread is confined at the guest's first instruction", status);
}

static void test_process(void)
{
	int status;

	status = in_child(close_fds, 0);
	result(!status && !strcmp(output, "0 1 2 10 12 30 900 "), "other descriptors are closed",
	       status);
	status = in_child(close_all, 0);
	result(!status && !strcmp(output, "0 1 2 "), "all descriptors are closed", status);
	status = in_child(give_up, 0);
	result(!status && !strcmp(output, "privileges 1 capabilities 0 dumpable 0 implied 0"),
	       "no privileges, no core dumps, no execution by READ_IMPLIES_EXEC", status);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		tap_skip("no file", "no Landlock");
	} else {
		status = in_child(use_files, 0);
		result(!status && !strcmp(output, "open 13 make 13 exec 13 "),
		       "no file can be opened, made or executed", status);
	}
}

static void test_old_kernels(void)
{
	static const struct {
		int error;
		const char *message;
	} landlock[] = {
		{ ENOSYS, "this kernel has no Landlock (CONFIG_SECURITY_LANDLOCK)" },
		{ EOPNOTSUPP, "this kernel was booted without Landlock (lsm=landlock,...)" },
		{ EPERM, "asking for Landlock: Operation not permitted" },
	};
	int status;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(landlock); i++) {
		status = in_child(without_landlock, landlock[i].error);
		result(!status && said(landlock[i].message) &&
		       said(" going on, since the filters") &&
		       said("went on\n"), landlock[i].message, status);
	}
	status = in_child(without_filters, EMFILE);
	result(!status && said("making the filters: Too many open files; --no-sandbox runs"),
	       "without filters: says so and how to go on", status);
	status = in_child(keel_without, SCMP_SYS(seccomp));
	result(status == 10 << 8 && said("CONFIG_SECCOMP_FILTER, or run the guest without a sandbox by --no-sandbox"),
	       "keel run without seccomp: says so and ends", status);
	status = in_child(keel_without, SCMP_SYS(close_range));
	result(status == 10 << 8 && said("closing descriptors: Operation not supported"),
	       "keel run without close_range: says so and ends", status);
}

int main(int argc, char **argv)
{
	char *slash = argc ? strrchr(argv[0], '/') : NULL;
	int fd = mkstemp(image);

	snprintf(keel, sizeof(keel), "%.*s/keel_fake", slash ? (int)(slash - argv[0]) : 1,
		 slash ? argv[0] : ".");
	/* The prompt end of a case that crashes. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	test_filters();
	test_threads();
	test_trap();
	test_process();
	/* A guest that is not looked at. */
	ok(fd >= 0 && write(fd, "\xf4", 1) == 1, "an image");
	close(fd);
	test_first_instruction();
	test_old_kernels();
	unlink(image);
	return tap_done();
}
