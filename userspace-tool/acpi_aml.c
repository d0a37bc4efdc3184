// SPDX-License-Identifier: GPL-2.0
/*
 * A writer of AML.
 *
 * ACPI Specification, "ACPI Machine Language (AML) Specification" and "Resource
 * Data Types for ACPI".
 */
#include <string.h>

#include "acpi_aml.h"

enum {
	OP_ZERO = 0x00,
	OP_ONE = 0x01,
	OP_NAME = 0x08,
	PREFIX_BYTE = 0x0a,
	PREFIX_WORD = 0x0b,
	PREFIX_DWORD = 0x0c,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	PREFIX_EXTENDED = 0x5b,
	OP_DEVICE = 0x82,
};

/* Resource descriptors. */
#define SMALL_IRQ	0x22	/* with two bytes: no flags, an ISA interrupt */
#define SMALL_PORTS	0x47
#define SMALL_END	0x79
#define LARGE_DWORD	0x87
#define LARGE_WORD	0x88
#define DECODE_16	0x01
#define SPACE_MEMORY	0
#define SPACE_PORTS	1
#define SPACE_BUS	2
#define FIXED		0x0c	/* both ends are fixed; the device hands it on */
#define MEMORY_WRITABLE	0x01
#define PORTS_ENTIRE	0x03

#define NAME_BYTES	4
#define PKG_LENGTH_MAX	4

static void put(struct aml *aml, const void *bytes, size_t nr)
{
	if (nr > aml->room - aml->used) {
		aml->full = true;
		return;
	}
	memcpy(aml->bytes + aml->used, bytes, nr);
	aml->used += nr;
}

static void put_byte(struct aml *aml, __u8 byte)
{
	put(aml, &byte, 1);
}

/* Numbers in AML are little-endian, as this machine's. */
static void put_number(struct aml *aml, __u32 value, size_t bytes)
{
	put(aml, &value, bytes);
}

/**
 * aml_close() - end what was opened last
 * @aml: the writer
 * @opened: what aml_scope(), aml_device() or aml_package() returned
 *
 * The length goes in front of what it counts, and counts itself; only now it is
 * known how many bytes it takes.
 */
void aml_close(struct aml *aml, size_t opened)
{
	__u32 length = aml->used - opened;
	__u8 bytes[PKG_LENGTH_MAX];
	size_t nr = 1, i;

	/* One byte holds six bits; with more, the first holds four. */
	if (length + 1 > 0x3f)
		for (nr = 2; length + nr >= 1U << (nr * 8 - 4); nr++)
			;
	length += nr;
	if (nr == 1)
		bytes[0] = length;
	else
		bytes[0] = (nr - 1) << 6 | (length & 0xf);
	for (i = 1; i < nr; i++)
		bytes[i] = length >> (i * 8 - 4);
	if (nr > aml->room - aml->used) {
		aml->full = true;
		return;
	}
	memmove(aml->bytes + opened + nr, aml->bytes + opened,
		aml->used - opened);
	memcpy(aml->bytes + opened, bytes, nr);
	aml->used += nr;
}

/**
 * aml_scope() - open a scope that exists
 * @aml: the writer
 * @name: its name, four characters
 *
 * Return: for aml_close().
 */
size_t aml_scope(struct aml *aml, const char *name)
{
	size_t opened;

	put_byte(aml, OP_SCOPE);
	opened = aml->used;
	put(aml, name, NAME_BYTES);
	return opened;
}

/**
 * aml_device() - open a device
 * @aml: the writer
 * @name: its name, four characters
 *
 * Return: for aml_close().
 */
size_t aml_device(struct aml *aml, const char *name)
{
	size_t opened;

	put_byte(aml, PREFIX_EXTENDED);
	put_byte(aml, OP_DEVICE);
	opened = aml->used;
	put(aml, name, NAME_BYTES);
	return opened;
}

/**
 * aml_package() - open a package
 * @aml: the writer
 * @elements: how many objects follow
 *
 * Return: for aml_close().
 */
size_t aml_package(struct aml *aml, unsigned int elements)
{
	size_t opened;

	put_byte(aml, OP_PACKAGE);
	opened = aml->used;
	put_byte(aml, elements);
	return opened;
}

/**
 * aml_name() - name the object that follows
 * @aml: the writer
 * @name: four characters
 */
void aml_name(struct aml *aml, const char *name)
{
	put_byte(aml, OP_NAME);
	put(aml, name, NAME_BYTES);
}

/**
 * aml_integer() - write an integer
 * @aml: the writer
 * @value: its value
 */
void aml_integer(struct aml *aml, __u32 value)
{
	if (value <= 1) {
		put_byte(aml, value ? OP_ONE : OP_ZERO);
	} else if (value <= 0xff) {
		put_byte(aml, PREFIX_BYTE);
		put_number(aml, value, 1);
	} else if (value <= 0xffff) {
		put_byte(aml, PREFIX_WORD);
		put_number(aml, value, 2);
	} else {
		put_byte(aml, PREFIX_DWORD);
		put_number(aml, value, 4);
	}
}

static unsigned int hex(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/**
 * aml_eisa_id() - write the compressed form of a device's ID
 * @aml: the writer
 * @id: three capital letters and four hexadecimal digits
 */
void aml_eisa_id(struct aml *aml, const char *id)
{
	__u16 letters = (id[0] - '@') << 10 | (id[1] - '@') << 5 |
			(id[2] - '@');
	__u8 product = hex(id[3]) << 4 | hex(id[4]);
	__u8 revision = hex(id[5]) << 4 | hex(id[6]);

	/* Big-endian in an integer that is little-endian. */
	aml_integer(aml, letters >> 8 | (letters & 0xff) << 8 | product << 16 |
			 (__u32)revision << 24);
}

/**
 * aml_resources() - write resources as a buffer
 * @aml: the writer
 * @resources: the resources
 */
void aml_resources(struct aml *aml, const struct aml_resources *resources)
{
	/* A checksum of 0 stands for none. */
	static const __u8 end[] = { SMALL_END, 0 };
	size_t opened;

	put_byte(aml, OP_BUFFER);
	opened = aml->used;
	aml_integer(aml, resources->used + sizeof(end));
	put(aml, resources->bytes, resources->used);
	put(aml, end, sizeof(end));
	aml_close(aml, opened);
}

/* AML_RESOURCES is more than any device of the tables has. */
static void add(struct aml_resources *to, const void *bytes, size_t nr)
{
	if (nr > sizeof(to->bytes) - to->used)
		return;
	memcpy(to->bytes + to->used, bytes, nr);
	to->used += nr;
}

/**
 * aml_ports() - add ports that the device answers at
 * @to: the resources
 * @first: the first one
 * @count: how many
 */
void aml_ports(struct aml_resources *to, __u16 first, __u8 count)
{
	const __u8 bytes[] = {
		SMALL_PORTS, DECODE_16, first, first >> 8, first, first >> 8,
		1, count,
	};

	add(to, bytes, sizeof(bytes));
}

/**
 * aml_irq() - add an interrupt of the ISA bus
 * @to: the resources
 * @irq: its number, 0 to 15
 */
void aml_irq(struct aml_resources *to, unsigned int irq)
{
	__u16 mask = 1U << irq;
	const __u8 bytes[] = { SMALL_IRQ, mask, mask >> 8 };

	add(to, bytes, sizeof(bytes));
}

/* A range that a bridge hands on, 16-bit: granularity, ends, offset, length. */
static void word_window(struct aml_resources *to, __u8 space, __u8 flags,
			__u16 first, __u16 last)
{
	const __u8 head[] = { LARGE_WORD, 13, 0, space, FIXED, flags };
	const __u16 range[] = { 0, first, last, 0, last - first + 1 };

	add(to, head, sizeof(head));
	add(to, range, sizeof(range));
}

/**
 * aml_bus_window() - add the bus numbers below a bridge
 * @to: the resources
 * @first: the first one
 * @last: the last one
 */
void aml_bus_window(struct aml_resources *to, __u16 first, __u16 last)
{
	word_window(to, SPACE_BUS, 0, first, last);
}

/**
 * aml_port_window() - add ports that a bridge hands on
 * @to: the resources
 * @first: the first one
 * @last: the last one
 */
void aml_port_window(struct aml_resources *to, __u16 first, __u16 last)
{
	word_window(to, SPACE_PORTS, PORTS_ENTIRE, first, last);
}

/**
 * aml_memory_window() - add addresses that a bridge hands on
 * @to: the resources
 * @first: the first one
 * @last: the last one
 */
void aml_memory_window(struct aml_resources *to, __u32 first, __u32 last)
{
	const __u8 head[] = {
		LARGE_DWORD, 23, 0, SPACE_MEMORY, FIXED, MEMORY_WRITABLE,
	};
	const __u32 range[] = { 0, first, last, 0, last - first + 1 };

	add(to, head, sizeof(head));
	add(to, range, sizeof(range));
}
