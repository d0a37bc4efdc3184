/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550 serial port.
 *
 * What its driver sees of it: registers, FIFOs, loopback, interrupts.  There is
 * no line: a byte that is sent is gone at once, and whoever owns the other end
 * hands bytes in when there is room for them.
 */
#ifndef SERIAL_H
#define SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct bus;

/** define SERIAL_COM1 - where a PC has its first serial port */
#define SERIAL_COM1	0x3f8
/** define SERIAL_PORTS - how many ports it takes */
#define SERIAL_PORTS	8
/** define SERIAL_FIFO - bytes in the receive FIFO */
#define SERIAL_FIFO	16

/**
 * struct serial_ops - the other end of the port; each may be NULL
 * @send: the guest sent a byte
 * @irq: the interrupt output changed
 * @room: the guest made room for bytes to receive, or its port went back from
 *	loopback to the line
 *
 * @irq and @room are called with the port's lock held, @send without it, so that
 * it may take its time; none of them may call back into the port.
 */
struct serial_ops {
	void (*send)(void *opaque, __u8 byte);
	void (*irq)(void *opaque, bool level);
	void (*room)(void *opaque);
};

/**
 * struct serial - a serial port
 * @order: held around &serial_ops.send, so that bytes leave in their order; taken
 *	before @lock
 * @lock: guards all that follows but @ops and @opaque
 * @ops: the other end; constant
 * @opaque: given to @ops; constant
 * @divisor: DLL and DLM
 * @ier: interrupt enable
 * @fcr: FIFO control: enable and trigger level
 * @lcr: line control
 * @mcr: modem control
 * @lsr: overrun, in its place; the rest of the line status is computed
 * @msr_delta: low half of the modem status: what changed since it was read
 * @lines: high half of the modem status as the other end drives it
 * @scratch: scratch
 * @thre: the interrupt "transmitter empty" is pending
 * @level: of the interrupt output
 * @fifo: what was received; SERIAL_BREAK marks a break
 * @head: index of the oldest byte in @fifo
 * @count: how many bytes it has
 */
struct serial {
	pthread_mutex_t order;
	pthread_mutex_t lock;
	const struct serial_ops *ops;
	void *opaque;
	__u16 divisor;
	__u8 ier;
	__u8 fcr;
	__u8 lcr;
	__u8 mcr;
	__u8 lsr;
	__u8 msr_delta;
	__u8 lines;
	__u8 scratch;
	bool thre;
	bool level;
	__u16 fifo[SERIAL_FIFO];
	unsigned int head;
	unsigned int count;
};

void serial_init(struct serial *serial, const struct serial_ops *ops,
		 void *opaque);
void serial_destroy(struct serial *serial);
int serial_attach(struct serial *serial, struct bus *ports, __u64 first);
size_t serial_room(struct serial *serial);
size_t serial_receive(struct serial *serial, const __u8 *bytes, size_t nr);
bool serial_break(struct serial *serial);
__u8 serial_read(struct serial *serial, unsigned int reg);
void serial_write(struct serial *serial, unsigned int reg, __u8 value);

#endif /* SERIAL_H */
