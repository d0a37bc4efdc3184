// SPDX-License-Identifier: GPL-2.0
/*
 * The devices of a PC under any sequence of port and memory accesses, between
 * which time passes and bytes and interrupts come from outside.
 */
#include "fuzz/fuzz.h"
#include "fuzz/pc.h"

#define MOST_STEPS	512
/* About 18 minutes: the RTC's longest alarm is a day off, but its clock turns. */
#define LONGEST_SHIFT	40
/* 2000-02-28 23:59:50 and other moments at which a calendar turns. */
#define S		1000000000ULL

static const __u64 moments[] = {
	951782390 * S, 1078012790 * S, 946684790 * S, 4102444790 * S, 0, 1700000000 * S,
};

/* Where something answers, and how far it goes. */
static const struct { __u16 first, bytes; } places[] = {
	{ 0x20, 2 }, { 0xa0, 2 }, { 0x4d0, 2 }, { 0x40, 4 }, { 0x61, 1 }, { 0x70, 2 },
	{ 0x60, 1 }, { 0x64, 1 }, { 0x92, 1 }, { 0x3f8, 8 }, { 0xcf8, 8 }, { 0x510, 2 },
	{ 0x514, 8 }, { 0x600, 16 }, { 0xf4, 4 }, { 0xe9, 1 }, { 0x72, 2 }, { 0x80, 1 },
};

/* Of the I/O APIC and the mailbox. */
static const __u64 windows[] = {
	0xfec00000, 0xfec00010, 0xfec00000, 0xfec00010, 0xfec00040, 0xfec01000,
	0xfec01008, 0xfec01ff8,
};

static __u64 take_port(struct input *input)
{
	unsigned int place = input_number(input, 1);

	if (place >= 0xf0)
		return input_number(input, 2);
	place %= sizeof(places) / sizeof(places[0]);
	return places[place].first + input_below(input, places[place].bytes);
}

static __u64 take_address(struct input *input)
{
	unsigned int window = input_number(input, 1);

	if (window >= 0xf0)
		return input_number(input, 8);
	return windows[window % (sizeof(windows) / sizeof(windows[0]))] +
	       input_below(input, 8);
}

static void access(struct input *input, const struct bus *bus, __u64 at,
		   unsigned int bytes, bool write)
{
	__u64 value;

	if (write) {
		bus_write(bus, at, bytes, input_number(input, bytes));
		return;
	}
	value = ~0ULL;
	bus_read(bus, at, bytes, &value);
	CLAIM(bytes == 8 || !(value >> bytes * 8));
}

static void outside(struct input *input, struct pc *pc)
{
	__u8 what = input_number(input, 1), bytes[20];
	struct irq_pin pin;
	size_t nr;

	switch (what >> 5) {
	case 0:
		irqchip_ack(&pc->board.irqchip);
		break;
	case 1:
		irqchip_eoi(&pc->board.irqchip, input_number(input, 1));
		break;
	case 2:
		acpi_pm_power_button(&pc->board.pm);
		break;
	case 3:
		nr = (what & 31) % sizeof(bytes);
		input_bytes(input, bytes, nr);
		CLAIM(serial_receive(&pc->serial, bytes, nr) <= nr);
		break;
	case 4:
		serial_break(&pc->serial);
		break;
	case 5:
		mp_mailbox_done(&pc->board.wakeup.mailbox);
		break;
	default:
		pin = irqchip_pin(&pc->board.irqchip, what & 31);
		irq_set(&pin, what & 32);
		irq_seen(&pin);
	}
	CLAIM(serial_room(&pc->serial) <= SERIAL_FIFO);
}

static void step(struct input *input, struct pc *pc)
{
	__u8 what = input_number(input, 1);
	unsigned int bytes = 1 << (what >> 4 & 3);

	/* Ports are 4 bytes wide at most. */
	switch (what & 15) {
	case 0 ... 4:
		access(input, &pc->machine.ports, take_port(input), bytes & 7 ?: 1, true);
		break;
	case 5 ... 8:
		access(input, &pc->machine.ports, take_port(input), bytes & 7 ?: 1, false);
		break;
	case 9 ... 10:
		access(input, &pc->machine.mmio, take_address(input), bytes, true);
		break;
	case 11:
		access(input, &pc->machine.mmio, take_address(input), bytes, false);
		break;
	case 12 ... 13:
		pc_wait(pc, 1ULL << input_below(input, LONGEST_SHIFT + 1));
		break;
	default:
		outside(input, pc);
	}
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };
	unsigned int steps;
	struct pc pc;

	pc_create(&pc, moments[input_below(&input, 6)]);
	for (steps = 0; input.left && steps < MOST_STEPS; steps++)
		step(&input, &pc);
	pc_destroy(&pc);
	return 0;
}
