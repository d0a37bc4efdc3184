// SPDX-License-Identifier: GPL-2.0
/*
 * What the commands of keel share: messages, opening /dev/keel, and making
 * sure that what was printed arrived.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "lib/keel.h"

/**
 * cmd_error() - say on standard error what went wrong
 * @fmt: the thing, the reason, and what would help; without a new line
 */
void cmd_error(const char *fmt, ...)
{
	va_list args;

	/* Keep the order where both go to one place. */
	fflush(stdout);
	fputs("keel: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * cmd_open_remedy() - what helps where /dev/keel cannot be opened
 * @err: the errno
 *
 * Return: a piece of a sentence, or NULL where there is nothing to say.
 */
const char *cmd_open_remedy(int err)
{
	switch (err) {
	case ENOENT:
		return "load the module with 'modprobe keel'";
	case EACCES:
	case EPERM:
		return "be root, or join group keel: 'usermod -aG keel USER'";
	case ENXIO:
	case ENODEV:
		return "the module is gone; load it with 'modprobe keel'";
	case EMFILE:
		return "raise the limit with 'ulimit -n'";
	default:
		return NULL;
	}
}

/**
 * cmd_open() - open /dev/keel, or say why not
 *
 * Loads the module where it is not and the caller is root, so that the first
 * command on a machine works.
 *
 * Return: a file descriptor, or a negative errno after a message.
 */
int cmd_open(void)
{
	const char *remedy;
	int fd = keel_open();

	if (fd == -ENOENT && !geteuid() && !keel_load())
		fd = keel_open();
	if (fd < 0) {
		remedy = cmd_open_remedy(-fd);
		cmd_error("%s: %s%s%s", KEEL_DEVICE, strerror(-fd),
			  remedy ? "; " : "", remedy ? remedy : "");
	}
	return fd;
}

/**
 * cmd_flush() - make sure that what was printed arrived
 *
 * Return: CMD_OK, or CMD_FAILED after a message.
 */
int cmd_flush(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return CMD_OK;
	cmd_error("standard output: %s",
		  errno ? strerror(errno) : "write error");
	return CMD_FAILED;
}
