// SPDX-License-Identifier: GPL-2.0
/*
 * System control port A, after IBM's PS/2 hardware reference.
 *
 * Address line 20 is kept for the guest to read and is always on: no guest of
 * today counts on addresses that wrap at 1 MiB.
 */
#include "bus.h"
#include "port92.h"

#define RESET	0x01
#define A20	0x02

static __u64 port92_read(void *device, __u64 offset, unsigned int bytes)
{
	struct port92 *port = device;

	(void)offset;
	(void)bytes;
	return port->value;
}

static void port92_write(void *device, __u64 offset, unsigned int bytes,
			 __u64 value)
{
	struct port92 *port = device;
	__u8 old;

	(void)offset;
	(void)bytes;
	old = atomic_exchange(&port->value, value);
	/* The bit's rising edge is what resets. */
	if (value & ~old & RESET)
		port->reset(port->opaque);
}

/**
 * port92_init() - make the port in its state after reset
 * @port: the port
 * @reset: called when the guest asks for a reset
 * @opaque: given to @reset
 */
void port92_init(struct port92 *port, void (*reset)(void *opaque),
		 void *opaque)
{
	port->value = A20;
	port->reset = reset;
	port->opaque = opaque;
}

/**
 * port92_attach() - put the port on a bus
 * @port: the port
 * @ports: the bus
 *
 * Return: as bus_add().
 */
int port92_attach(struct port92 *port, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = port92_read,
		.write = port92_write,
		.width = 1,
	};

	return bus_add(ports, PORT92, 1, &ops, port);
}
