// SPDX-License-Identifier: GPL-2.0
/*
 * A bus: which device answers at an address.
 *
 * An ordered array and a binary search: a machine has dozens of ranges, looks
 * one up at each exit, and registers them once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"

/* Index of the first range that ends at or behind @address. */
static size_t lower_bound(const struct bus *bus, __u64 address)
{
	size_t low = 0, high = bus->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bus->ranges[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The range at @address, or NULL. */
static const struct bus_range *find(const struct bus *bus, __u64 address)
{
	size_t i = lower_bound(bus, address);

	if (i == bus->nr || bus->ranges[i].first > address)
		return NULL;
	return &bus->ranges[i];
}

/**
 * bus_add() - register a range
 * @bus: the bus
 * @first: first address
 * @bytes: length; at least 1
 * @ops: how the device answers; it must outlive the registration
 * @device: given to @ops
 *
 * Return: 0; -EINVAL where the range is empty or wraps or the width is not a
 * power of two up to 8, -EEXIST where it overlaps another one, -ENOMEM.
 */
int bus_add(struct bus *bus, __u64 first, __u64 bytes,
	    const struct bus_ops *ops, void *device)
{
	struct bus_range *ranges;
	__u64 last = first + bytes - 1;
	unsigned int width = ops->width;
	size_t i;

	if (!bytes || last < first)
		return -EINVAL;
	if (!width || width > 8 || (width & (width - 1)))
		return -EINVAL;
	i = lower_bound(bus, first);
	if (i < bus->nr && bus->ranges[i].first <= last)
		return -EEXIST;
	ranges = reallocarray(bus->ranges, bus->nr + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	bus->ranges = ranges;
	memmove(ranges + i + 1, ranges + i, (bus->nr - i) * sizeof(*ranges));
	ranges[i].first = first;
	ranges[i].last = last;
	ranges[i].ops = ops;
	ranges[i].device = device;
	bus->nr++;
	return 0;
}

/**
 * bus_remove() - take a range back
 * @bus: the bus
 * @first: its first address
 *
 * Return: 0, or -ENOENT where no range begins there.
 */
int bus_remove(struct bus *bus, __u64 first)
{
	size_t i = lower_bound(bus, first);

	if (i == bus->nr || bus->ranges[i].first != first)
		return -ENOENT;
	bus->nr--;
	memmove(bus->ranges + i, bus->ranges + i + 1,
		(bus->nr - i) * sizeof(*bus->ranges));
	return 0;
}

/**
 * bus_destroy() - forget all ranges
 * @bus: the bus; it is empty afterwards and may be used again
 */
void bus_destroy(struct bus *bus)
{
	free(bus->ranges);
	bus->ranges = NULL;
	bus->nr = 0;
}

/* All ones in the low @bytes bytes. */
static __u64 ones(unsigned int bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << bytes * 8) - 1;
}

/*
 * How much of an access of @bytes at @address can go to @range at once: no
 * more than the device takes, no further than the range ends, and a power of
 * two.  Without a range byte by byte, since the next byte may have one.
 */
static unsigned int piece(const struct bus_range *range, __u64 address,
			  unsigned int bytes)
{
	unsigned int width = range ? range->ops->width : 1;

	while (width > bytes || (range && width - 1 > range->last - address))
		width /= 2;
	return width;
}

/**
 * bus_read() - read from whoever answers
 * @bus: the bus
 * @address: first address
 * @bytes: 1 to 8
 * @value: out: what was read, zero-extended; bytes that nobody answers for are
 *	all ones
 *
 * Return: whether a device answered for at least one byte.
 */
bool bus_read(const struct bus *bus, __u64 address, unsigned int bytes,
	      __u64 *value)
{
	unsigned int done, width;
	bool claimed = false;

	*value = 0;
	for (done = 0; done < bytes; done += width) {
		const struct bus_range *range = find(bus, address + done);
		__u64 part = ~0ULL;

		width = piece(range, address + done, bytes - done);
		if (range && range->ops->read)
			part = range->ops->read(range->device,
						address + done - range->first,
						width);
		claimed |= !!range;
		*value |= (part & ones(width)) << done * 8;
	}
	return claimed;
}

/**
 * bus_write() - write to whoever answers
 * @bus: the bus
 * @address: first address
 * @bytes: 1 to 8
 * @value: what to write; bits above @bytes are ignored.  Bytes that nobody
 *	answers for are dropped.
 *
 * Return: whether a device answered for at least one byte.
 */
bool bus_write(const struct bus *bus, __u64 address, unsigned int bytes,
	       __u64 value)
{
	unsigned int done, width;
	bool claimed = false;

	for (done = 0; done < bytes; done += width) {
		const struct bus_range *range = find(bus, address + done);

		width = piece(range, address + done, bytes - done);
		if (range && range->ops->write)
			range->ops->write(range->device,
					  address + done - range->first, width,
					  value >> done * 8 & ones(width));
		claimed |= !!range;
	}
	return claimed;
}
