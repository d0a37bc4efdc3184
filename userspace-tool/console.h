/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The console of keel run: standard input and output as the other end of the
 * guest's serial port, keys for the user, signals.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "devices/debug.h"
#include "devices/irq.h"
#include "devices/serial.h"

struct machine;
struct timing;

/** define CONSOLE_QUEUE - keys kept for a guest that is slow to read them */
#define CONSOLE_QUEUE	4096

/**
 * struct console - the console
 * @machine: the machine; constant
 * @serial: its first serial port
 * @irq: the interrupt of that; constant once attached
 * @debug: its debug ports
 * @timing: gets the guest's marks; constant once attached
 * @room: eventfd, readable when the guest made room in the serial port
 * @signals: signalfd of the signals that end or suspend us
 * @old_mask: the signal mask before
 * @raw: standard input is a terminal in raw mode
 * @input: standard input is still worth reading
 * @escape: Ctrl-A was pressed; the next key is for us
 * @queue: bytes for the guest, oldest first
 * @queued: how many
 * @signo: the signal that ended it, or 0
 *
 * Used by the main thread, @serial and @debug apart.
 */
struct console {
	struct machine *machine;
	struct serial serial;
	struct irq_pin irq;
	struct debug_ports debug;
	struct timing *timing;
	int room;
	int signals;
	sigset_t old_mask;
	bool raw;
	bool input;
	bool escape;
	__u8 queue[CONSOLE_QUEUE];
	size_t queued;
	int signo;
};

int console_init(struct console *console, struct machine *machine,
		 struct timing *timing);
void console_destroy(struct console *console);
int console_attach(struct console *console);
void console_open(struct console *console);
void console_serve(struct console *console);
void console_close(struct console *console);

#endif /* CONSOLE_H */
