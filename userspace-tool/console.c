// SPDX-License-Identifier: GPL-2.0
/*
 * The console of keel run.
 *
 * Output goes straight from the vCPU's thread to standard output: a guest that
 * prints faster than somebody reads waits, and nothing is lost when it ends.
 * Input and signals come to the main thread, which does nothing else.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "board.h"
#include "cmd.h"
#include "console.h"
#include "machine.h"
#include "terminal.h"
#include "timing.h"
#include "vmx_names.h"

#define CTRL_A	1

/* What would end or suspend us with the terminal in raw mode. */
static const int signal_list[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR2, SIGXCPU,
	SIGTSTP, SIGCONT,
};

/* In a vCPU's thread. */
static void print(void *opaque, __u8 byte)
{
	struct console *console = opaque;
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (write(STDOUT_FILENO, &byte, 1) != 1) {
		if (errno == EINTR || errno == EAGAIN) {
			/* The user does not wait for whoever reads. */
			if (console->machine->stopping &&
			    console->machine->end == MACHINE_QUIT)
				return;
			/* Whoever shares the file may have made it so. */
			if (errno == EAGAIN)
				poll(&out, 1, -1);
			continue;
		}
		if (machine_stop(console->machine, MACHINE_HOST_ERROR, 0))
			cmd_error("standard output: %s", strerror(errno));
		return;
	}
}

static void room(void *opaque)
{
	struct console *console = opaque;
	const __u64 one = 1;

	/* The counter cannot come near its end. */
	if (write(console->room, &one, sizeof(one)) < 0)
		return;
}

static void debug_exit(void *opaque, int status)
{
	struct console *console = opaque;

	machine_stop(console->machine, MACHINE_DEBUG_EXIT, status);
}

static void debug_mark(void *opaque, __u8 mark)
{
	struct console *console = opaque;

	timing_mark(console->timing, mark);
}

static void serial_irq(void *opaque, bool level)
{
	struct console *console = opaque;

	irq_set(&console->irq, level);
}

static const struct serial_ops serial_ops = {
	.send = print,
	.irq = serial_irq,
	.room = room,
};

/* Those that end or stop us; nohup(1) ignores one, and then so do we. */
static void signals_to_serve(sigset_t *mask)
{
	struct sigaction action;
	size_t i;

	sigemptyset(mask);
	for (i = 0; i < ARRAY_SIZE(signal_list); i++)
		if (sigaction(signal_list[i], NULL, &action) ||
		    action.sa_handler != SIG_IGN)
			sigaddset(mask, signal_list[i]);
}

/**
 * console_init() - make a console
 * @console: filled in; console_destroy() undoes it, also after an error
 * @machine: its machine, created or not
 * @timing: gets the guest's marks
 *
 * From here on signals wait for console_serve(), in all threads made later.
 *
 * Return: 0, or a negative errno after a message.
 */
int console_init(struct console *console, struct machine *machine,
		 struct timing *timing)
{
	sigset_t mask;

	memset(console, 0, sizeof(*console));
	console->machine = machine;
	console->timing = timing;
	console->input = true;
	console->debug.exit = debug_exit;
	console->debug.mark = debug_mark;
	console->debug.print = print;
	console->debug.opaque = console;
	serial_init(&console->serial, &serial_ops, console);
	signals_to_serve(&mask);
	pthread_sigmask(SIG_BLOCK, &mask, &console->old_mask);
	/* A reader who leaves is an error of write(2), with a message. */
	signal(SIGPIPE, SIG_IGN);
	terminal_init();
	console->room = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	console->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (console->room < 0 || console->signals < 0) {
		cmd_error("event descriptors: %s", strerror(errno));
		return -EMFILE;
	}
	return 0;
}

/**
 * console_attach() - put its devices on the machine's bus
 * @console: the console
 *
 * The machine has a board by now.
 *
 * Return: 0, or a negative errno after a message.
 */
int console_attach(struct console *console)
{
	struct bus *ports = &console->machine->ports;
	int ret;

	console->irq = board_irq(console->machine->board, BOARD_COM1_IRQ);
	ret = serial_attach(&console->serial, ports, SERIAL_COM1);
	if (!ret)
		ret = debug_ports_attach(&console->debug, ports);
	if (ret)
		cmd_error("devices: %s", strerror(-ret));
	return ret;
}

static void print_help(void)
{
	fputs("\n"
	      "Ctrl-A X       end the machine\n"
	      "Ctrl-A B       send a break\n"
	      "Ctrl-A Ctrl-A  send Ctrl-A\n"
	      "Ctrl-A H       this help\n", stderr);
}

static void queue(struct console *console, __u8 byte)
{
	/* Only keys come here when it is full, and keys may be dropped. */
	if (console->queued < sizeof(console->queue))
		console->queue[console->queued++] = byte;
}

static void key(struct console *console, __u8 byte)
{
	if (!console->escape) {
		console->escape = console->raw && byte == CTRL_A;
		if (!console->escape)
			queue(console, byte);
		return;
	}
	console->escape = false;
	switch (byte) {
	case CTRL_A:
		queue(console, byte);
		break;
	case 'x':
	case 'X':
		if (machine_stop(console->machine, MACHINE_QUIT, 0))
			cmd_error("ended by Ctrl-A X");
		break;
	case 'b':
	case 'B':
		serial_break(&console->serial);
		break;
	case 'c':
	case 'C':
		cmd_error("there is no monitor; Ctrl-A H lists the keys");
		break;
	case 'h':
	case 'H':
	case '?':
		print_help();
		break;
	default:
		break;
	}
}

/* Hand over what fits; the rest stays. */
static void feed(struct console *console)
{
	size_t taken;

	if (!console->queued)
		return;
	taken = serial_receive(&console->serial, console->queue,
			       console->queued);
	console->queued -= taken;
	memmove(console->queue, console->queue + taken, console->queued);
}

static void read_input(struct console *console)
{
	__u8 bytes[256];
	ssize_t nr, i;

	nr = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (nr < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (nr <= 0) {
		console->input = false;
		return;
	}
	for (i = 0; i < nr; i++)
		key(console, bytes[i]);
}

static void read_signal(struct console *console)
{
	struct signalfd_siginfo info;

	if (read(console->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGTSTP:
		terminal_restore();
		raise(SIGSTOP);
		break;
	case SIGCONT:
		/* Perhaps in the foreground now, and not before. */
		console->raw = terminal_raw(STDIN_FILENO);
		break;
	default:
		console->signo = info.ssi_signo;
		machine_stop(console->machine, MACHINE_QUIT, 0);
	}
}

/* A terminal in the background is not ours to read: it would stop us. */
static bool may_read(const struct console *console)
{
	if (!console->input)
		return false;
	if (console->raw)
		return true;
	return !console->queued && !isatty(STDIN_FILENO);
}

static void drain(int fd)
{
	__u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

/**
 * console_open() - keys go to the guest from now on
 * @console: the console; its machine starts next, so that no thread of it can
 *	crash while the terminal changes
 */
void console_open(struct console *console)
{
	console->raw = terminal_raw(STDIN_FILENO);
}

/**
 * console_serve() - serve the user until the machine ends
 * @console: the console of a machine that runs
 */
void console_serve(struct console *console)
{
	struct pollfd fds[] = {
		{ .fd = console->machine->done, .events = POLLIN },
		{ .fd = console->signals, .events = POLLIN },
		{ .fd = console->room, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	while (!console->machine->stopping) {
		fds[3].fd = may_read(console) ? STDIN_FILENO : -1;
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			read_signal(console);
		if (fds[2].revents)
			drain(console->room);
		if (fds[3].revents)
			read_input(console);
		feed(console);
	}
}

/**
 * console_close() - terminal and signals as they were before
 * @console: the console; its machine has ended, its threads may still print
 *
 * A signal from here on kills us at once, as a program that writes to a pipe
 * that nobody reads.
 */
void console_close(struct console *console)
{
	terminal_restore();
	pthread_sigmask(SIG_SETMASK, &console->old_mask, NULL);
}

/**
 * console_destroy() - take a console apart
 * @console: from console_init(); its machine's threads have been joined
 *
 * Where a signal ended it, that signal now does what it would have done.
 */
void console_destroy(struct console *console)
{
	console_close(console);
	serial_destroy(&console->serial);
	if (console->room >= 0)
		close(console->room);
	if (console->signals >= 0)
		close(console->signals);
	console->room = -1;
	console->signals = -1;
	if (console->signo)
		raise(console->signo);
}
