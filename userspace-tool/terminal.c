// SPDX-License-Identifier: GPL-2.0
/*
 * The terminal in raw mode, and back, whatever happens.
 *
 * A process has one controlling terminal, so this is the one place of the tool
 * with global state.  Signals that ask the process to end are not seen here:
 * console.c takes them from a descriptor and leaves in order.
 */
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"
#include "vmx_names.h"

/* What the terminal was like; valid while saved_fd is not -1. */
static struct termios saved;
static volatile sig_atomic_t saved_fd = -1;

/*
 * Faults of our own: without this the shell would be left in raw mode.  SIGSYS is
 * sandbox_trap.c's, which puts the terminal back, too.
 */
static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

/**
 * terminal_restore() - put the terminal back; does nothing where it is
 *
 * Safe in signal handlers.
 */
void terminal_restore(void)
{
	int fd = saved_fd;

	if (fd < 0)
		return;
	/* At once: output that never drains must not hold us up. */
	tcsetattr(fd, TCSANOW, &saved);
	saved_fd = -1;
}

static void restore_and_die(int signo)
{
	int fd = saved_fd;

	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &saved);
	/* SA_RESETHAND: this time it kills. */
	raise(signo);
}

/**
 * terminal_init() - see to it that faults and exit() restore the terminal
 *
 * Once, before the process is confined: it may not change handlers then.
 */
void terminal_init(void)
{
	struct sigaction action = {
		.sa_handler = restore_and_die,
		.sa_flags = SA_RESETHAND,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &action, NULL);
	/* Where it fails, whoever made the terminal raw still restores it. */
	atexit(terminal_restore);
}

/**
 * terminal_raw() - hand keys on as they come
 * @fd: a descriptor
 *
 * Output is still processed, so that messages look as ever.
 *
 * Return: whether @fd is a terminal and is in raw mode now.  It is left alone
 * where we are in the background.
 */
bool terminal_raw(int fd)
{
	struct termios raw;

	if (tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &raw))
		return false;
	if (saved_fd < 0)
		saved = raw;
	saved_fd = fd;
	raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR |
			 ICRNL | IXON);
	raw.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag &= ~(CSIZE | PARENB);
	raw.c_cflag |= CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return !tcsetattr(fd, TCSANOW, &raw);
}
