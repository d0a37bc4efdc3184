// SPDX-License-Identifier: GPL-2.0
/*
 * The debug exit and the debug console, as test guests for QEMU expect them.
 */
#include "bus.h"
#include "debug.h"

static __u64 exit_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)device;
	(void)offset;
	(void)bytes;
	return 0;
}

static void exit_write(void *device, __u64 offset, unsigned int bytes,
		       __u64 value)
{
	struct debug_ports *debug = device;

	if (offset == DEBUG_MARK_PORT - DEBUG_EXIT_PORT && bytes == 1)
		debug->mark(debug->opaque, value);
	else
		debug->exit(debug->opaque, (value << 1 | 1) & 0xff);
}

/* Reading gives the port's number: so a guest finds out that it is there. */
static __u64 console_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)device;
	(void)offset;
	(void)bytes;
	return DEBUG_CONSOLE_PORT;
}

static void console_write(void *device, __u64 offset, unsigned int bytes,
			  __u64 value)
{
	struct debug_ports *debug = device;

	(void)offset;
	(void)bytes;
	debug->print(debug->opaque, value);
}

/**
 * debug_ports_attach() - put both on a bus
 * @debug: the ports, filled in
 * @ports: the bus
 *
 * Return: as bus_add(); after an error neither is attached.
 */
int debug_ports_attach(struct debug_ports *debug, struct bus *ports)
{
	static const struct bus_ops exit_ops = {
		.read = exit_read,
		.write = exit_write,
		.width = 4,
	};
	static const struct bus_ops console_ops = {
		.read = console_read,
		.write = console_write,
		.width = 1,
	};
	int ret;

	ret = bus_add(ports, DEBUG_EXIT_PORT, DEBUG_EXIT_PORTS, &exit_ops,
		      debug);
	if (ret)
		return ret;
	ret = bus_add(ports, DEBUG_CONSOLE_PORT, 1, &console_ops, debug);
	if (ret)
		bus_remove(ports, DEBUG_EXIT_PORT);
	return ret;
}
