// SPDX-License-Identifier: GPL-2.0
/*
 * The command that a watch runs.
 *
 * Its process is made before the BPF programs, whose filter has its number, and
 * waits at a gate until they are attached: so that nothing it does is missed.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "watch_parts.h"

static void __attribute__((noreturn)) child(char **command, int gate)
{
	sigset_t signals;
	char go;
	int err;

	/* At the end of the stream the watch has failed: be gone. */
	if (read(gate, &go, sizeof(go)) != sizeof(go))
		_exit(CMD_FAILED);
	watch_signals(&signals);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Nobody watches it any more, nor would end it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execvp(command[0], command);
	err = errno;
	/* Should that fail, the parent sees a command that fails. */
	if (write(gate, &err, sizeof(err)) < 0)
		_exit(CMD_FAILED);
	_exit(CMD_FAILED);
}

/**
 * watch_child_fork() - make the process of the command, which waits
 * @watch: a watch with a command, whose signals are blocked
 *
 * Return: 0, or a negative errno after a message.
 */
int watch_child_fork(struct watch *watch)
{
	int gate[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0) {
		err = errno;
		cmd_error("socketpair: %s", strerror(err));
		return -err;
	}
	watch->child = fork();
	err = errno;
	if (!watch->child) {
		close(gate[0]);
		child(watch->command, gate[1]);
	}
	close(gate[1]);
	watch->gate = gate[0];
	if (watch->child < 0) {
		watch->child = 0;
		cmd_error("fork: %s", strerror(err));
		return -err;
	}
	return 0;
}

/**
 * watch_child_go() - let the process become the command
 * @watch: a watch after watch_child_fork()
 *
 * Return: 0, or a negative errno after a message.
 */
int watch_child_go(struct watch *watch)
{
	const char go = 1;
	ssize_t n = -1;
	int err = 0;

	if (write(watch->gate, &go, sizeof(go)) == sizeof(go))
		n = read(watch->gate, &err, sizeof(err));
	close(watch->gate);
	watch->gate = -1;
	/* execve() has closed the other end. */
	if (!n) {
		watch->ran = true;
		return 0;
	}
	if (n != sizeof(err))
		err = ECHILD;
	cmd_error("%s: %s", watch->command[0], strerror(err));
	return -err;
}

/**
 * watch_child_reap() - look whether the command has ended
 * @watch: a watch
 *
 * Return: whether there was one that has.
 */
bool watch_child_reap(struct watch *watch)
{
	if (!watch->child ||
	    waitpid(watch->child, &watch->status, WNOHANG) != watch->child)
		return false;
	watch->child = 0;
	return true;
}

/**
 * watch_child_end() - end the command and wait until it has
 * @watch: a watch, whose signals are blocked
 *
 * Asked to end by a signal that it may take its time to follow; the next
 * signal to this program does not leave it the choice.
 */
void watch_child_end(struct watch *watch)
{
	sigset_t signals;
	int signo;

	if (watch->gate >= 0)
		close(watch->gate);
	watch->gate = -1;
	if (!watch->child)
		return;
	kill(watch->child, SIGTERM);
	watch_signals(&signals);
	while (!watch_child_reap(watch))
		if (!sigwait(&signals, &signo) && signo != SIGCHLD)
			kill(watch->child, SIGKILL);
}
