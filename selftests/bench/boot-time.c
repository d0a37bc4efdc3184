// SPDX-License-Identifier: GPL-2.0
/*
 * boot-time MARK COMMAND...: how long until COMMAND has printed MARK?
 *
 * Prints, on standard error, what the TSC counted from before the fork until
 * MARK was read from COMMAND's standard output, and COMMAND's memory at that
 * moment: resident pages, and those of them that are not the guest's.  Then
 * it runs the program that the environment's AT_MARK names, if any, while
 * COMMAND is stopped, and ends COMMAND, which may print what it counted.  In the
 * testbed the TSC counts instructions.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

/* A mapping of that size or more is the guest's memory. */
#define GUEST_KIB	(64 << 10)

static pid_t start(char **argv, int output)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(output, STDOUT_FILENO);
	execvp(argv[0], argv);
	fprintf(stderr, "boot-time: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Reads until the mark; the text before it goes on to our own output. */
static int wait_for(int fd, const char *mark, uint64_t *when)
{
	static char text[1 << 20];
	size_t used = 0;
	ssize_t got;

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		*when = __rdtsc();
		used += got;
		text[used] = 0;
		if (strstr(text, mark))
			break;
	}
	fwrite(text, 1, used, stdout);
	fflush(stdout);
	return got > 0;
}

/* Resident KiB: all, and in mappings too small to be the guest's memory. */
static void print_memory(pid_t pid)
{
	unsigned long all = 0, own = 0, size = 0, value;
	char path[64], line[512];
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	smaps = fopen(path, "r");
	if (!smaps)
		return;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "Size: %lu", &value) == 1)
			size = value;
		if (sscanf(line, "Rss: %lu", &value) != 1)
			continue;
		all += value;
		if (size < GUEST_KIB)
			own += value;
	}
	fclose(smaps);
	fprintf(stderr, "rss_kib %lu\nown_rss_kib %lu\n", all, own);
}

/* Asks it to end, and makes it where it has not after five seconds. */
static void end_it(pid_t pid)
{
	int tries;

	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	for (tries = 0; tries < 50; tries++) {
		if (waitpid(pid, NULL, WNOHANG))
			return;
		usleep(100000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *at_mark = getenv("AT_MARK");
	uint64_t begin, end = 0;
	int fds[2], found;
	pid_t pid;

	if (argc < 3 || pipe2(fds, O_CLOEXEC)) {
		fprintf(stderr, "usage: boot-time MARK COMMAND...\n");
		return 2;
	}
	begin = __rdtsc();
	pid = start(argv + 2, fds[1]);
	close(fds[1]);
	if (pid < 0)
		return 1;
	found = wait_for(fds[0], argv[1], &end);
	if (found) {
		kill(pid, SIGSTOP);
		fprintf(stderr, "instructions %llu\n", (unsigned long long)(end - begin));
		print_memory(pid);
		if (at_mark && system(at_mark))
			found = 0;
	}
	end_it(pid);
	return found ? 0 : 1;
}
