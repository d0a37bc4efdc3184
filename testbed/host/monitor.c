// SPDX-License-Identifier: GPL-2.0
/*
 * Runs Bochs and takes its output apart (guest/frame.h): what COMMAND prints
 * goes to standard output at once, the rest to files in the run's folder:
 *
 *   result    how it ended: "status N", "timeout", "panic", "reset",
 *	       "bad-image" or "gone" (Bochs ended without a word)
 *   kmsg      the kernel's log, as the agent read it after COMMAND
 *   get.N     a tar of what --get number N asked for
 *
 * monitor FOLDER SECONDS COMMAND...
 *
 * Bochs never outlives this program: it is in a process group of its own,
 * which is killed on every way out, and dies with its parent otherwise.
 *
 * The time-out counts the CPU time that Bochs has used, so that a busy machine
 * makes no run fail: Bochs never sleeps, whether its guest works, spins or
 * waits. Should it sleep nevertheless, real time ends it, later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../guest/frame.h"

#define POLL_MS		200
#define PANIC_GRACE_MS	3000
#define REAL_TIME_FACTOR	10

static volatile sig_atomic_t stopped_by;

static void on_signal(int number)
{
	stopped_by = number;
}

static long long clock_ms(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static long long now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static int timed_out(pid_t pid, long long start, long long limit)
{
	clockid_t cpu_time;

	if (!clock_getcpuclockid(pid, &cpu_time) && clock_ms(cpu_time) >= limit)
		return 1;
	return now_ms() - start >= limit * REAL_TIME_FACTOR;
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR && !stopped_by)
			continue;
		if (done <= 0)
			return;		/* nobody reads: the run goes on */
		data += done;
		len -= done;
	}
}

static void append_file(const char *name, const char *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0) {
		perror(name);
		return;
	}
	write_all(fd, data, len);
	close(fd);
}

/* The first result counts: what follows it is only the machine's end. */
static void __attribute__((format(printf, 1, 2))) set_result(const char *fmt, ...)
{
	static int is_set;
	char text[64];
	va_list args;

	if (is_set)
		return;
	is_set = 1;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	append_file("result", text, strlen(text));
}

static void take_frame(char kind, const char *data, size_t len)
{
	char name[32];

	switch (kind) {
	case FRAME_OUTPUT:
		write_all(STDOUT_FILENO, data, len);
		break;
	case FRAME_KMSG:
		append_file("kmsg", data, len);
		break;
	case FRAME_FILE:
		if (!len)
			break;
		snprintf(name, sizeof(name), "get.%u", (unsigned char)data[0]);
		append_file(name, data + 1, len - 1);
		break;
	case FRAME_START:
		append_file("started", "", 0);
		break;
	case FRAME_STATUS:
		set_result("status %.*s\n", (int)len, data);
		break;
	case FRAME_RESET:
		set_result("reset\n");
		break;
	case FRAME_BAD_IMAGE:
		set_result("bad-image\n");
		break;
	}
}

/* Collects bytes until a frame is whole. Keeps its state between calls. */
static void take_byte(unsigned char byte)
{
	static unsigned char frame[4 + 0xffff];
	static size_t have;
	size_t len;

	if (!have && byte != FRAME_MARK)
		return;
	frame[have++] = byte;
	if (have < 4)
		return;
	len = frame[2] | frame[3] << 8;
	if (have == 4 + len) {
		take_frame(frame[1], (char *)frame + 4, len);
		have = 0;
	}
}

/* A dead kernel may be unable to reset its machine; its console tells. */
static int console_has_panic(void)
{
	static off_t seen;
	static const char words[] = "Kernel panic - not syncing";
	static char tail[8192 + sizeof(words)];
	static size_t kept;
	int fd = open("console", O_RDONLY | O_CLOEXEC);
	ssize_t got;
	int found = 0;

	if (fd < 0)
		return 0;
	while (!found && (got = pread(fd, tail + kept, 8192, seen)) > 0) {
		seen += got;
		kept += got;
		found = !!memmem(tail, kept, words, strlen(words));
		if (kept > sizeof(words)) {
			memmove(tail, tail + kept - sizeof(words), sizeof(words));
			kept = sizeof(words);
		}
	}
	close(fd);
	return found;
}

static pid_t start_bochs(char **argv, int pipe_fd)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int log;

	if (pid) {
		if (pid > 0)
			setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	log = open("bochs.err", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(pipe_fd, STDOUT_FILENO);
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

static void watch(int fd, pid_t pid, long long limit)
{
	static unsigned char data[65536];
	long long start = now_ms();
	const char *ok = getenv("TESTBED_PANIC_OK");
	int panic_ok = ok && *ok;
	long long panic_at = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		ssize_t got, i;

		if (stopped_by)
			return;
		if (poll(&wait, 1, POLL_MS) > 0) {
			got = read(fd, data, sizeof(data));
			if (got <= 0)
				return;
			for (i = 0; i < got; i++)
				take_byte(data[i]);
		}
		if (timed_out(pid, start, limit)) {
			set_result("timeout\n");
			return;
		}
		if (!panic_ok && !panic_at && console_has_panic())
			panic_at = now_ms();
		if (panic_at && now_ms() - panic_at >= PANIC_GRACE_MS) {
			set_result("panic\n");
			return;
		}
	}
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT };
	struct sigaction act = { .sa_handler = on_signal };
	size_t i;
	int fds[2];
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: monitor FOLDER SECONDS COMMAND...\n");
		return 126;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (chdir(argv[1]) || pipe2(fds, O_CLOEXEC)) {
		perror(argv[1]);
		return 126;
	}
	pid = start_bochs(argv + 3, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		perror("fork");
		return 126;
	}
	watch(fds[0], pid, atoll(argv[2]) * 1000);
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	set_result(console_has_panic() ? "panic\n" : "gone\n");
	return stopped_by ? 128 + stopped_by : 0;
}
