// SPDX-License-Identifier: GPL-2.0
/*
 * Names of a PC's ports: where its chips are since the PC/AT, and what PCI, ACPI and
 * virtual machines have added.
 */
#include <stddef.h>

#include "port_names.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct port_range - the ports of one thing
 * @first: first of them
 * @last: last of them
 * @name: what it is
 */
struct port_range {
	__u16 first;
	__u16 last;
	const char *name;
};

/* The first that fits is taken: the reset register is within the PCI address. */
static const struct port_range ranges[] = {
	{ 0x000, 0x01f, "8237 DMA 1" },
	{ 0x020, 0x020, "8259 master, command" },
	{ 0x021, 0x021, "8259 master, data" },
	{ 0x02e, 0x02f, "Super I/O" },
	{ 0x040, 0x040, "8254 counter 0" },
	{ 0x041, 0x041, "8254 counter 1" },
	{ 0x042, 0x042, "8254 counter 2" },
	{ 0x043, 0x043, "8254 control" },
	{ 0x04e, 0x04f, "Super I/O" },
	{ 0x060, 0x060, "8042 data" },
	{ 0x061, 0x061, "port B: speaker, NMI" },
	{ 0x062, 0x062, "embedded controller data" },
	{ 0x064, 0x064, "8042 command" },
	{ 0x066, 0x066, "embedded controller command" },
	{ 0x070, 0x070, "RTC index" },
	{ 0x071, 0x071, "RTC data" },
	{ 0x080, 0x080, "POST code, delay" },
	{ 0x081, 0x08f, "DMA page" },
	{ 0x092, 0x092, "port A: A20, reset" },
	{ 0x0a0, 0x0a0, "8259 slave, command" },
	{ 0x0a1, 0x0a1, "8259 slave, data" },
	{ 0x0b2, 0x0b3, "APM" },
	{ 0x0c0, 0x0df, "8237 DMA 2" },
	{ 0x0e9, 0x0e9, "debug console" },
	{ 0x0ed, 0x0ed, "delay" },
	{ 0x0f0, 0x0f1, "8087 error" },
	{ 0x0f4, 0x0f4, "debug exit" },
	{ 0x0f5, 0x0f5, "debug mark" },
	{ 0x170, 0x177, "IDE 2" },
	{ 0x1f0, 0x1f7, "IDE 1" },
	{ 0x201, 0x201, "game port" },
	{ 0x278, 0x27f, "LPT2" },
	{ 0x2e8, 0x2ef, "COM4" },
	{ 0x2f8, 0x2ff, "COM2" },
	{ 0x370, 0x375, "floppy 2" },
	{ 0x376, 0x376, "IDE 2 control" },
	{ 0x377, 0x377, "floppy 2" },
	{ 0x378, 0x37f, "LPT1" },
	{ 0x3b0, 0x3bb, "monochrome display" },
	{ 0x3bc, 0x3be, "LPT" },
	{ 0x3c0, 0x3df, "VGA" },
	{ 0x3e8, 0x3ef, "COM3" },
	{ 0x3f0, 0x3f5, "floppy 1" },
	{ 0x3f6, 0x3f6, "IDE 1 control" },
	{ 0x3f7, 0x3f7, "floppy 1" },
	{ 0x3f8, 0x3ff, "COM1" },
	{ 0x402, 0x402, "firmware debug console" },
	{ 0x4d0, 0x4d1, "8259 edge or level" },
	{ 0x510, 0x510, "fw_cfg selector" },
	{ 0x511, 0x511, "fw_cfg data" },
	{ 0x514, 0x51b, "fw_cfg DMA" },
	{ 0x600, 0x603, "ACPI PM1 event" },
	{ 0x604, 0x605, "ACPI PM1 control" },
	{ 0x608, 0x60b, "ACPI PM timer" },
	{ 0xcf9, 0xcf9, "reset control" },
	{ 0xcf8, 0xcfb, "PCI address" },
	{ 0xcfc, 0xcff, "PCI data" },
};

/**
 * port_name() - what is at a port of a PC
 * @port: the port
 *
 * Return: a few words; NULL where nothing usual is.
 */
const char *port_name(__u16 port)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (port >= ranges[i].first && port <= ranges[i].last)
			return ranges[i].name;
	return NULL;
}
