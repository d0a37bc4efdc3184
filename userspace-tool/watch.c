// SPDX-License-Identifier: GPL-2.0
/*
 * A watch from its beginning to its end: see watch.h for the steps.
 *
 * Signals that end it are blocked and read from a descriptor, so that there is one
 * place where it waits, and none where a signal could come too early or too late.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include <bpf/libbpf.h>

#include "cmd.h"
#include "lib/keel.h"
#include "watch_parts.h"

#define NS_PER_SECOND	1000000000ULL
#define NS_PER_MS	1000000ULL
#define MEASURE_MS	20

/**
 * watch_now() - the time, for durations and intervals
 *
 * Return: CLOCK_MONOTONIC in nanoseconds.
 */
__u64 watch_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/**
 * watch_ns() - what the tracepoints count, as a time
 * @watch: an open watch
 * @cycles: ticks of the host's TSC
 *
 * Return: nanoseconds.
 */
__u64 watch_ns(const struct watch *watch, __u64 cycles)
{
	return (__uint128_t)cycles * 1000000 / watch->tsc_khz;
}

static int fail(struct watch *watch)
{
	watch->failed = true;
	return -1;
}

/* For those who may not open the device, and hosts that do not know it. */
static void measure_tsc(struct watch *watch, const char *why)
{
	const struct timespec pause = { .tv_nsec = MEASURE_MS * NS_PER_MS };
	__u64 ns = watch_now(), cycles = __rdtsc();

	nanosleep(&pause, NULL);
	cycles = __rdtsc() - cycles;
	ns = watch_now() - ns;
	watch->tsc_khz = cycles * 1000000 / ns;
	cmd_error("%s: %s; times go by the TSC's frequency as measured, %u kHz",
		  KEEL_DEVICE, why, watch->tsc_khz);
}

static int get_tsc_khz(struct watch *watch)
{
	struct keel_info info;
	int fd, ret;

	if (access(KEEL_DEVICE, R_OK | W_OK) < 0 && errno == EACCES) {
		measure_tsc(watch, strerror(EACCES));
		return 0;
	}
	fd = cmd_open();
	if (fd < 0)
		return fd;
	ret = keel_get_info(fd, KEEL_CPU_ALL, &info);
	close(fd);
	if (ret < 0 || info.abi_version != KEEL_ABI_VERSION) {
		cmd_error("%s: %s; install module and tool from one version",
			  KEEL_DEVICE,
			  ret < 0 ? strerror(-ret) : "another ABI");
		return -EPROTO;
	}
	watch->tsc_khz = info.tsc_khz;
	if (!watch->tsc_khz)
		measure_tsc(watch, "the host does not tell its TSC's frequency");
	return 0;
}

static int open_output(struct watch *watch)
{
	watch->out = stdout;
	if (!watch->output)
		return 0;
	watch->out = fopen(watch->output, "we");
	if (watch->out)
		return 0;
	cmd_error("%s: %s", watch->output, strerror(errno));
	return -1;
}

static int open_process(struct watch *watch)
{
	if (watch->filter.tgid == WATCH_ANY)
		return 0;
	watch->process = pidfd_open(watch->filter.tgid, 0);
	if (watch->process >= 0)
		return 0;
	if (errno == EINVAL)
		cmd_error("%u is a thread, or no process; give the number of a process",
			  watch->filter.tgid);
	else
		cmd_error("process %u: %s", watch->filter.tgid,
			  strerror(errno));
	return -1;
}

/**
 * watch_signals() - what a watch waits for
 * @signals: filled in
 */
void watch_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGQUIT);
	sigaddset(signals, SIGCHLD);
}

static int open_signals(struct watch *watch)
{
	sigset_t signals;

	watch_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Whoever ignores it does not hear of its children. */
	signal(SIGCHLD, SIG_DFL);
	/* A reader that has gone is an error to tell, after the command has been ended. */
	signal(SIGPIPE, SIG_IGN);
	watch->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (watch->signals >= 0)
		return 0;
	cmd_error("signalfd: %s", strerror(errno));
	return -1;
}

/**
 * watch_open() - prepare a watch
 * @watch: WATCH_INIT, and what the options say
 *
 * Loads the module where it is not and the caller is root.  The command has a
 * process when this returns, which the filter names, and waits.
 *
 * Return: 0, or not 0 after a message.
 */
int watch_open(struct watch *watch)
{
	watch_quiet();
	if (get_tsc_khz(watch) < 0 || open_output(watch) < 0 ||
	    open_process(watch) < 0 || open_signals(watch) < 0 ||
	    (watch->command && watch_child_fork(watch) < 0)) {
		watch->failed = true;
		return watch_close(watch);
	}
	if (watch->command && !watch->all)
		watch->filter.tgid = watch->child;
	return 0;
}

/*
 * In the reverse of the order in which they were attached, which is that of the
 * source: what begins or ends a count comes last there, and finds the others in place
 * as long as it is.
 */
static void detach(struct bpf_object_skeleton *skeleton)
{
	struct bpf_prog_skeleton *prog;
	int i;

	for (i = skeleton->prog_cnt - 1; i >= 0; i--) {
		prog = (void *)((char *)skeleton->progs + i * skeleton->prog_skel_sz);
		bpf_link__destroy(*prog->link);
		*prog->link = NULL;
	}
}

/**
 * watch_attach() - load and attach the BPF programs of a command
 * @watch: an open watch
 * @skeleton: &NAME_bpf.skeleton, opened, with its read-only data set
 *
 * Counting begins.  watch_stop() detaches them; the maps stay the caller's.
 *
 * Return: 0, or not 0 after a message.
 */
int watch_attach(struct watch *watch, struct bpf_object_skeleton *skeleton)
{
	int err = bpf_object__load_skeleton(skeleton);

	if (err) {
		watch_explain("loading a BPF program", -err);
		return fail(watch);
	}
	err = bpf_object__attach_skeleton(skeleton);
	if (err) {
		detach(skeleton);
		watch_explain("attaching a BPF program", -err);
		return fail(watch);
	}
	if (watch->filter.vm != WATCH_ANY && watch_vm_attach(watch) < 0) {
		detach(skeleton);
		return fail(watch);
	}
	watch->skeleton = skeleton;
	return 0;
}

/**
 * watch_start() - start the command and the clock
 * @watch: an attached watch
 *
 * Return: 0, or not 0 after a message.
 */
int watch_start(struct watch *watch)
{
	watch->started = watch_now();
	if (watch->command && watch_child_go(watch) < 0)
		return fail(watch);
	return 0;
}

/* Milliseconds to wait: @ms at most, and not past the end.  Rounded up. */
static int timeout(const struct watch *watch, int ms)
{
	__u64 end = watch->started + watch->duration, now = watch_now();
	__u64 left;

	if (!watch->duration)
		return ms;
	left = now < end ? (end - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	return ms >= 0 && (__u64)ms < left ? ms :
	       left < 1000000000 ? (int)left : 1000000000;
}

static void read_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			watch->ended = true;
	if (watch_child_reap(watch))
		watch->ended = true;
}

/**
 * watch_wait() - sleep until there is something to do
 * @watch: a watch that has been started
 * @fd: descriptor to wait for, such as a ring buffer's or the terminal; or -1
 * @ms: for how long at most, in milliseconds; -1: without limit
 *
 * What was readable when the watch ended is not told: a caller that must not
 * lose it looks once more after watch_stop().
 *
 * Return: what happened; WATCH_END from the end on.
 */
enum watch_event watch_wait(struct watch *watch, int fd, int ms)
{
	struct pollfd fds[] = {
		{ .fd = watch->signals, .events = POLLIN },
		{ .fd = watch->process, .events = POLLIN },
		{ .fd = watch_vm_fd(watch), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int n;

	if (watch->ended)
		return WATCH_END;
	n = poll(fds, sizeof(fds) / sizeof(*fds), timeout(watch, ms));
	if (n < 0 && errno != EINTR)
		watch->ended = true;
	if (n > 0 && fds[0].revents)
		read_signals(watch);
	if (n > 0 && (fds[1].revents || fds[2].revents))
		watch->ended = true;
	if (watch->duration && watch_now() >= watch->started + watch->duration)
		watch->ended = true;
	if (watch->ended)
		return WATCH_END;
	return n > 0 && fds[3].revents ? WATCH_INPUT : WATCH_TIMEOUT;
}

/**
 * watch_stop() - stop counting, and end the command
 * @watch: a watch, started or not
 */
void watch_stop(struct watch *watch)
{
	if (watch->skeleton)
		detach(watch->skeleton);
	watch->skeleton = NULL;
	if (!watch->stopped)
		watch->stopped = watch_now();
	watch_vm_detach(watch);
	watch_child_end(watch);
}

/**
 * watch_flush() - make sure that what was printed so far arrived
 * @watch: an open watch
 *
 * Return: 0, or -1: there is no use in printing more.
 */
int watch_flush(struct watch *watch)
{
	errno = 0;
	/* The reason is known only now: the C library forgets it. */
	if (!watch->out_error && (fflush(watch->out) || ferror(watch->out)))
		watch->out_error = errno ? errno : EIO;
	return watch->out_error ? -1 : 0;
}

static int close_output(struct watch *watch)
{
	FILE *out = watch->out;

	watch->out = NULL;
	if (!out)
		return CMD_OK;
	errno = 0;
	if (out != stdout && fclose(out) && !watch->out_error)
		watch->out_error = errno ? errno : EIO;
	if (watch->out_error) {
		cmd_error("%s: %s",
			  watch->output ? watch->output : "standard output",
			  strerror(watch->out_error));
		return CMD_FAILED;
	}
	return out == stdout ? cmd_flush() : CMD_OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/**
 * watch_close() - let go of a watch, and make sure that the result arrived
 * @watch: a watch, as far as it came
 *
 * Return: an exit status: CMD_FAILED where a step failed, else the command's, as
 * a shell has it; CMD_OK without one.
 */
int watch_close(struct watch *watch)
{
	watch_stop(watch);
	if (watch->out)
		watch_flush(watch);
	close_fd(&watch->signals);
	close_fd(&watch->process);
	if (close_output(watch) != CMD_OK || watch->failed)
		return CMD_FAILED;
	if (!watch->ran)
		return CMD_OK;
	return WIFSIGNALED(watch->status) ? 128 + WTERMSIG(watch->status) :
	       WEXITSTATUS(watch->status);
}
