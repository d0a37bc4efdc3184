/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bus: which device answers at an address.
 *
 * One bus for ports and one for memory in each machine.  Devices register
 * ranges before vCPUs run and take them back after; between these times any
 * number of threads may read and write, and locking is the devices' own.
 */
#ifndef BUS_H
#define BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct bus_ops - how a device answers
 * @read: value of @bytes bytes at @offset; bits above them are ignored.  NULL:
 *	reads as all ones.
 * @write: NULL: writes are dropped
 * @width: widest access in bytes (1, 2, 4 or 8) that the device takes; the bus
 *	splits wider ones, lowest address first, as a PC's buses do
 *
 * @offset counts from the start of the range.  Accesses that reach @read and
 * @write are 1, 2, 4 or 8 bytes and lie within the range; they need not be
 * aligned.
 */
struct bus_ops {
	__u64 (*read)(void *device, __u64 offset, unsigned int bytes);
	void (*write)(void *device, __u64 offset, unsigned int bytes,
		      __u64 value);
	unsigned int width;
};

/**
 * struct bus_range - who answers in a range of addresses
 * @first: its first address
 * @last: its last address
 * @ops: how
 * @device: given to @ops
 */
struct bus_range {
	__u64 first;
	__u64 last;
	const struct bus_ops *ops;
	void *device;
};

/**
 * struct bus - ranges, in ascending order; all zeros is an empty bus
 * @ranges: what is registered
 * @nr: how many there are
 */
struct bus {
	struct bus_range *ranges;
	size_t nr;
};

int bus_add(struct bus *bus, __u64 first, __u64 bytes,
	    const struct bus_ops *ops, void *device);
int bus_remove(struct bus *bus, __u64 first);
void bus_destroy(struct bus *bus);
bool bus_read(const struct bus *bus, __u64 address, unsigned int bytes,
	      __u64 *value);
bool bus_write(const struct bus *bus, __u64 address, unsigned int bytes,
	       __u64 value);

#endif /* BUS_H */
