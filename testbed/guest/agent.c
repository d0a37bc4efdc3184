// SPDX-License-Identifier: GPL-2.0
/*
 * The first process in the testbed's guest: makes the usual mounts, offers the
 * host to take a snapshot, fetches this run's files, runs one command, and
 * sends to the host what it prints, the kernel's log, the files
 * asked for, and its status (frame.h). Then it switches the machine off.
 *
 * /testbed/argv holds the command, /testbed/get one path per file to send;
 * strings end with a nought. Next: host/monitor.c, which reads the frames.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "ports.h"

#define FRAME_MAX	4096
#define PAGE		4096
#define PIECE_PAGES	511	/* with their number before them, one page full */
#define COMMAND_MARK	"testbed: the command starts"

static const char guest_path[] =
	"/usr/libexec/keel/selftests:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static void out_bytes(uint16_t port, const void *data, size_t len)
{
	asm volatile("rep outsb" : "+S"(data), "+c"(len) : "d"(port) : "memory");
}

static void send_frame(char kind, const void *data, size_t len)
{
	unsigned char head[4] = { FRAME_MARK, kind, len & 0xff, len >> 8 };

	out_bytes(FRAME_PORT, head, sizeof(head));
	out_bytes(FRAME_PORT, data, len);
}

static void complain(const char *what)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "testbed: %s: %s\n", what, strerror(errno));

	send_frame(FRAME_OUTPUT, line, len);
}

static void make_mount(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	/* What this kernel does not have is not there; that is no fault. */
	if (mount(type, where, type, 0, options) && errno != ENODEV && errno != ENOENT)
		complain(where);
}

static void make_mounts(void)
{
	make_mount("proc", "/proc", "");
	make_mount("sysfs", "/sys", "");
	make_mount("devtmpfs", "/dev", "");
	make_mount("devpts", "/dev/pts", "");
	make_mount("tmpfs", "/dev/shm", "");
	make_mount("tmpfs", "/tmp", "mode=1777");
	make_mount("tmpfs", "/run", "mode=755");
	make_mount("debugfs", "/sys/kernel/debug", "");
	make_mount("tracefs", "/sys/kernel/tracing", "");
	make_mount("bpf", "/sys/fs/bpf", "");
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

/* Reads a file of strings into an array that ends with NULL; never freed. */
static char **read_strings(const char *path)
{
	static const size_t most = 1 << 20;
	char *text = malloc(most + 1);
	char **list;
	ssize_t len = 0, got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t count = 0, i = 0;
	char *at;

	if (!text)
		return NULL;
	while (fd >= 0 && (got = read(fd, text + len, most - len)) > 0)
		len += got;
	if (fd >= 0)
		close(fd);
	text[len] = 0;
	for (at = text; at < text + len; at += strlen(at) + 1)
		count++;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return NULL;
	for (at = text; at < text + len; at += strlen(at) + 1)
		list[i++] = at;
	return list;
}

/* Starts argv with its output going to the pipe; returns its process. */
static pid_t start(char **argv, int pipe_fd, int errors_too)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	dup2(pipe_fd, STDOUT_FILENO);
	if (errors_too)
		dup2(pipe_fd, STDERR_FILENO);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	/* What a shell answers: not found, or found and not runnable. */
	_exit(errno == ENOENT ? 127 : 126);
}

/* Sends what is in the pipe now. False at its end. */
static int forward(int fd, char kind, int number)
{
	unsigned char data[FRAME_MAX];
	size_t used = 0;
	ssize_t got;

	if (kind == FRAME_FILE)
		data[used++] = number;
	got = read(fd, data + used, sizeof(data) - used);
	if (got < 0)
		return errno == EINTR;
	if (got > 0)
		send_frame(kind, data, used + got);
	return got > 0;
}

/*
 * Runs argv and sends its output. Returns its status as a shell does. A
 * process that it left behind may hold the pipe open: the end of argv ends
 * the output, not the end of the pipe. Orphans are reaped on the way.
 */
static int run(char **argv, char kind, int number)
{
	int fds[2], status = 0;
	int ended = 0;
	pid_t pid, gone;

	if (pipe2(fds, O_CLOEXEC)) {
		complain("pipe");
		return 126;
	}
	pid = start(argv, fds[1], kind == FRAME_OUTPUT);
	close(fds[1]);
	if (pid < 0) {
		complain("fork");
		close(fds[0]);
		return 126;
	}
	for (;;) {
		struct pollfd wait = { .fd = fds[0], .events = POLLIN };
		int ready = poll(&wait, 1, ended ? 0 : 50);

		if (ready > 0 && !forward(fds[0], kind, number)) {
			/* Pipe at its end: nothing but the process to wait for. */
			if (!ended && waitpid(pid, &status, 0) == pid)
				ended = 1;
			break;
		}
		if (ready <= 0 && ended)
			break;
		while (!ended && (gone = waitpid(-1, &wait.fd, WNOHANG)) > 0) {
			if (gone != pid)
				continue;
			status = wait.fd;
			ended = 1;
		}
	}
	close(fds[0]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void send_files(char **paths)
{
	int number;

	for (number = 0; paths && paths[number]; number++) {
		char *argv[] = { "tar", "-c", "-f", "-", "-C", "/", "--", NULL, NULL };

		argv[7] = paths[number] + strspn(paths[number], "/");
		run(argv, FRAME_FILE, number);
	}
}

/* Frame numbers of pages that are in memory; see pagemap.rst. */
static int find_frames(const void *start, uint64_t *frames, size_t count)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got;
	size_t i;

	if (fd < 0)
		return 0;
	got = pread(fd, frames, count * sizeof(*frames),
		    (uintptr_t)start / PAGE * sizeof(*frames));
	close(fd);
	for (i = 0; i < count; i++)
		frames[i] &= (1ULL << 55) - 1;
	return got == (ssize_t)(count * sizeof(*frames));
}

/* Asks Bochs for the next piece of the payload. Returns its length. */
static size_t next_piece(void *buffer, volatile uint64_t *list)
{
	uint64_t list_frame;

	if (!find_frames((void *)list, &list_frame, 1) ||
	    !find_frames(buffer, (uint64_t *)list + 1, PIECE_PAGES))
		return 0;
	list[0] = PIECE_PAGES;
	outl(list_frame, PAYLOAD_PORT);
	return list[0];
}

/* This run's files, an archive, go over the tree that every run has. */
static void fetch_payload(void)
{
	char *argv[] = { "cpio", "-i", "-d", "-u", NULL };
	char *memory;
	size_t len;
	int fds[2], status;
	pid_t pid;

	/* Shared, so that no fork makes the frames change. */
	memory = mmap(NULL, (PIECE_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED || pipe2(fds, O_CLOEXEC)) {
		complain("payload");
		return;
	}
	pid = fork();
	if (!pid) {
		dup2(fds[0], STDIN_FILENO);
		if (!chdir("/"))
			execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[0]);
	do {
		len = next_piece(memory + PAGE, (void *)memory);
		if (len && write(fds[1], memory + PAGE, len) != (ssize_t)len)
			complain("payload");
	} while (len == PIECE_PAGES * PAGE);
	close(fds[1]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		complain("the payload did not unpack");
	munmap(memory, (PIECE_PAGES + 1) * PAGE);
}

/* What the kernel said before is about its machine, not about Keel. */
static void mark_log(void)
{
	static const char text[] = "<4>" COMMAND_MARK "\n";
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		complain("/dev/kmsg");
	if (fd >= 0)
		close(fd);
}

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* The debug kernel's leak detector acts only when told; with kmemleak=off, not even then. */
static bool tell_kmemleak(const char *what)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);
	bool told;

	if (fd < 0)
		return false;
	told = write(fd, what, strlen(what)) > 0;
	if (!told && errno != EPERM)
		complain("kmemleak");
	close(fd);
	return told;
}

/*
 * Objects younger than five seconds are not looked at; an object counts once
 * its contents were the same in two scans.  The kernel's log says how many.
 */
static void look_for_leaks(void)
{
	if (access(KMEMLEAK, W_OK))
		return;
	sleep(6);
	if (tell_kmemleak("scan"))
		tell_kmemleak("scan");
}

static void send_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[FRAME_MAX * 2];
	char line[FRAME_MAX];
	ssize_t got;

	if (fd < 0) {
		complain("/dev/kmsg");
		return;
	}
	for (;;) {
		unsigned long long prio, seq, usec;
		char *text;
		int len;

		got = read(fd, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE)
			continue;	/* overwritten meanwhile: go on behind */
		if (got <= 0)
			break;
		record[got] = 0;
		text = strchr(record, ';');
		if (!text || sscanf(record, "%llu,%llu,%llu", &prio, &seq, &usec) != 3)
			continue;
		text[1 + strcspn(text + 1, "\n")] = 0;
		len = snprintf(line, sizeof(line), "<%llu>[%5llu.%06llu] %s\n", prio & 7,
			       usec / 1000000, usec % 1000000, text + 1);
		send_frame(FRAME_KMSG, line, len < (int)sizeof(line) ? len : (int)sizeof(line) - 1);
	}
	close(fd);
}

/* Which objects, and who allocated them; not in the kernel's log. */
static void send_leaks(void)
{
	char line[512], record[600];
	FILE *report = fopen(KMEMLEAK, "re");

	if (!report)
		return;
	while (fgets(line, sizeof(line), report))
		send_frame(FRAME_KMSG, record,
			   snprintf(record, sizeof(record), "<4>[    0.000000] %s", line));
	fclose(report);
}

static void send_status(int status)
{
	char text[16];

	send_frame(FRAME_STATUS, text, snprintf(text, sizeof(text), "%d", status));
}

int main(void)
{
	char **argv, **paths;
	int status, fd;

	make_mounts();
	fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		dup2(fd, STDIN_FILENO);
	if (iopl(3))
		perror("testbed: iopl");

	setenv("PATH", guest_path, 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("SHELL", "/bin/sh", 1);
	setenv("TERM", "dumb", 1);
	mkdir("/root", 0700);
	if (chdir("/root"))
		complain("/root");

	outl(1, SNAPSHOT_PORT);
	if (access("/testbed/argv", F_OK))
		fetch_payload();
	argv = read_strings("/testbed/argv");
	paths = read_strings("/testbed/get");
	mark_log();
	send_frame(FRAME_START, NULL, 0);
	if (argv && argv[0]) {
		status = run(argv, FRAME_OUTPUT, 0);
	} else {
		complain("no command");
		status = 126;
	}
	send_files(paths);
	look_for_leaks();
	send_kernel_log();
	send_leaks();
	send_status(status);
	out_bytes(SHUTDOWN_PORT, SHUTDOWN_WORD, strlen(SHUTDOWN_WORD));
	for (;;)
		pause();
}
