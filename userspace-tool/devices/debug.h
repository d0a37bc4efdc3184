/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports for guests under test: one that ends the machine with a status of the
 * guest's choice, one that marks a moment, one that prints a byte.
 */
#ifndef DEBUG_H
#define DEBUG_H

#include <linux/types.h>

struct bus;

/** define DEBUG_EXIT_PORT - where test guests for QEMU look for it */
#define DEBUG_EXIT_PORT		0xf4
/** define DEBUG_EXIT_PORTS - how many ports it takes */
#define DEBUG_EXIT_PORTS	4
/** define DEBUG_MARK_PORT - one of these: a byte written there is a mark */
#define DEBUG_MARK_PORT		0xf5
/** define DEBUG_CONSOLE_PORT - the port of Bochs and QEMU */
#define DEBUG_CONSOLE_PORT	0xe9

/**
 * struct debug_ports - the debug ports
 * @exit: the guest wrote @status to DEBUG_EXIT_PORT: (value << 1 | 1) & 0xff,
 *	as QEMU's isa-debug-exit would exit
 * @mark: the guest wrote a byte to DEBUG_MARK_PORT
 * @print: the guest wrote a byte to DEBUG_CONSOLE_PORT
 * @opaque: given to both
 *
 * Constant while attached.  All may be called by several threads at once.
 */
struct debug_ports {
	void (*exit)(void *opaque, int status);
	void (*mark)(void *opaque, __u8 mark);
	void (*print)(void *opaque, __u8 byte);
	void *opaque;
};

int debug_ports_attach(struct debug_ports *debug, struct bus *ports);

#endif /* DEBUG_H */
