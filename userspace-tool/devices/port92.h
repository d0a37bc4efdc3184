/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System control port A at 0x92: address line 20 and the fast reset.
 */
#ifndef PORT92_H
#define PORT92_H

#include <stdatomic.h>

struct bus;

/** define PORT92 - where a PC has it */
#define PORT92	0x92

/**
 * struct port92 - system control port A
 * @value: what was written last; bit 1 is address line 20
 * @reset: the guest asked for a reset; constant
 * @opaque: given to @reset; constant
 */
struct port92 {
	atomic_uchar value;
	void (*reset)(void *opaque);
	void *opaque;
};

void port92_init(struct port92 *port, void (*reset)(void *opaque),
		 void *opaque);
int port92_attach(struct port92 *port, struct bus *ports);

#endif /* PORT92_H */
