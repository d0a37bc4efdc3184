// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "execute.h"
#include "shared.h"

/* Seconds: until a program is killed, and until it must have gone then. */
#define KILL_AFTER	5
#define GONE_AFTER	60

struct shared *shared;
struct totals totals;

static sigset_t child_signal;

void supervise_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	/* A program's forked children come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL);
}

/* waitpid() that gives up. */
static pid_t wait_for(pid_t pid, int *status, unsigned int seconds)
{
	struct timespec now, limit, slice = { 0, 100000000 };
	pid_t ret;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += seconds;
	for (;;) {
		ret = waitpid(pid, status, WNOHANG | __WALL);
		if (ret)
			return ret;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > limit.tv_sec)
			return 0;
		sigtimedwait(&child_signal, NULL, &slice);
	}
}

static void count(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXECUTE_STUCK)
		totals.stuck++;
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != EXECUTE_OK)
		totals.faults++;
}

/* Until all of it is gone, children of children, too: their VMs go with them. */
static void reap(pid_t pid)
{
	int status;

	if (wait_for(pid, &status, KILL_AFTER) == pid) {
		count(status);
	} else {
		totals.stuck++;
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		if (wait_for(pid, &status, GONE_AFTER) != pid)
			totals.forever++;
	}
	kill(-pid, SIGKILL);
	while (wait_for(-1, &status, GONE_AFTER) > 0)
		;
	if (errno != ECHILD)
		totals.forever++;
}

struct cover_news supervise(const struct program *p, unsigned int nr_threads)
{
	struct cover_news none = {};
	pid_t pid;

	totals.programs++;
	memset(shared->made, 0, sizeof(shared->made));
	cover_reset();
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
		/* Not exit(): what stdio holds is the parent's to write. */
		_exit(execute(p, nr_threads));
	}
	if (pid < 0) {
		totals.faults++;
		return none;
	}
	reap(pid);
	return cover_on() ? cover_take() : none;
}
