// SPDX-License-Identifier: GPL-2.0
/*
 * The bus, the serial port and the debug ports, against what the data sheet of
 * the PC16550D and QEMU's documentation say.  Register numbers and bits are
 * typed anew on purpose: the model takes its own from a header.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "devices/bus.h"
#include "devices/debug.h"
#include "devices/serial.h"
#include "tests/tap.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = 0, FCR = 2 };

/* A device that keeps what it was asked, as text. */
static char journal[512];

static __u64 journal_read(void *device, __u64 offset, unsigned int bytes)
{
	size_t used = strlen(journal);

	snprintf(journal + used, sizeof(journal) - used, "%sr%llu/%u ",
		 (const char *)device, offset, bytes);
	return 0xa0 + offset;
}

static void journal_write(void *device, __u64 offset, unsigned int bytes,
			  __u64 value)
{
	size_t used = strlen(journal);

	snprintf(journal + used, sizeof(journal) - used, "%sw%llu/%u=%llx ",
		 (const char *)device, offset, bytes, value);
}

static const struct bus_ops byte_wide = {
	.read = journal_read, .write = journal_write, .width = 1,
};

static const struct bus_ops long_wide = {
	.read = journal_read, .write = journal_write, .width = 4,
};

static const struct bus_ops silent = { .width = 8 };
static const struct bus_ops odd = { .width = 3 };

static bool journal_is(const char *want)
{
	bool same = !strcmp(journal, want);

	if (!same)
		printf("# journal: '%s'\n", journal);
	journal[0] = '\0';
	return same;
}

static void test_bus(void)
{
	struct bus bus = { 0 }, other = { 0 };
	__u64 value;

	ok(!bus_read(&bus, 0, 8, &value) && value == ~0ULL &&
	   !bus_write(&bus, 0, 4, 1), "nobody answers on an empty bus");
	ok(!bus_add(&bus, 0x100, 8, &byte_wide, "a") &&
	   !bus_add(&bus, 0x20, 4, &long_wide, "b") &&
	   !bus_add(&bus, 0x108, 4, &long_wide, "c") &&
	   !bus_add(&bus, ~0ULL - 3, 4, &silent, NULL), "ranges");
	ok(bus_add(&bus, 0x100, 8, &byte_wide, "x") == -EEXIST &&
	   bus_add(&bus, 0xff, 2, &byte_wide, "x") == -EEXIST &&
	   bus_add(&bus, 0x107, 1, &byte_wide, "x") == -EEXIST &&
	   bus_add(&bus, 0, 0x1000, &byte_wide, "x") == -EEXIST &&
	   bus_add(&bus, ~0ULL, 1, &byte_wide, "x") == -EEXIST,
	   "overlap is refused");
	ok(bus_add(&bus, 5, 0, &byte_wide, "x") == -EINVAL &&
	   bus_add(&bus, ~0ULL, 2, &byte_wide, "x") == -EINVAL &&
	   bus_add(&bus, 5, 1, &odd, "x") == -EINVAL,
	   "so are empty and wrapping ranges and odd widths");
	ok(bus_read(&bus, 0x107, 1, &value) && value == 0xa7 &&
	   journal_is("ar7/1 "), "the last address belongs to the range");
	ok(bus_read(&bus, 0x20, 4, &value) && value == 0xa0 &&
	   journal_is("br0/4 "), "a wide device gets it in one piece");
	ok(bus_read(&bus, 0x102, 4, &value) && value == 0xa5a4a3a2 &&
	   journal_is("ar2/1 ar3/1 ar4/1 ar5/1 "), "a narrow one byte by byte");
	ok(bus_write(&bus, 0x106, 4, 0x44332211) &&
	   journal_is("aw6/1=11 aw7/1=22 cw0/2=4433 "),
	   "an access may reach two devices");
	ok(bus_read(&bus, 0x22, 4, &value) && value == 0xffff00a2 &&
	   journal_is("br2/2 "), "what nobody answers for is ones");
	ok(bus_write(&bus, 0x109, 3, 0xffaabbcc) &&
	   journal_is("cw1/2=bbcc cw3/1=aa "), "three bytes are two and one");
	ok(bus_read(&bus, ~0ULL - 3, 4, &value) && value == 0xffffffff &&
	   bus_write(&bus, ~0ULL - 3, 4, 0), "a device may ignore accesses");
	ok(!bus_read(&bus, 0x24, 2, &value) && value == 0xffff,
	   "behind the end is nobody");
	ok(!bus_add(&other, 0x100, 1, &byte_wide, "o") &&
	   bus_read(&other, 0x100, 1, &value) && journal_is("or0/1 ") &&
	   bus_read(&bus, 0x100, 1, &value) && journal_is("ar0/1 "),
	   "two buses do not know each other");
	ok(!bus_remove(&bus, 0x100) && bus_remove(&bus, 0x100) == -ENOENT &&
	   bus_remove(&bus, 0x21) == -ENOENT &&
	   !bus_read(&bus, 0x100, 1, &value) &&
	   !bus_add(&bus, 0xf8, 16, &byte_wide, "n"), "ranges are taken back");
	bus_destroy(&bus);
	bus_destroy(&other);
	ok(!bus_read(&bus, 0x20, 4, &value), "a destroyed bus is empty");
}

/* The other end of a serial port. */
struct line {
	struct serial serial;
	char sent[64];
	size_t nr_sent;
	bool irq;
	unsigned int irq_changes;
	unsigned int rooms;
};

static void line_send(void *opaque, __u8 byte)
{
	struct line *line = opaque;

	if (line->nr_sent < sizeof(line->sent) - 1)
		line->sent[line->nr_sent++] = byte;
}

static void line_irq(void *opaque, bool level)
{
	struct line *line = opaque;

	line->irq = level;
	line->irq_changes++;
}

static void line_room(void *opaque)
{
	struct line *line = opaque;

	line->rooms++;
}

static const struct serial_ops line_ops = {
	.send = line_send, .irq = line_irq, .room = line_room,
};

static struct line *fresh(void)
{
	static struct line line;

	memset(&line, 0, sizeof(line));
	serial_init(&line.serial, &line_ops, &line);
	return &line;
}

static __u8 rd(struct line *line, unsigned int reg)
{
	return serial_read(&line->serial, reg);
}

static void wr(struct line *line, unsigned int reg, __u8 value)
{
	serial_write(&line->serial, reg, value);
}

static size_t rx(struct line *line, const char *text)
{
	return serial_receive(&line->serial, (const __u8 *)text, strlen(text));
}

/* Data sheet, table "UART Reset Configuration". */
static void test_reset(void)
{
	struct line *line = fresh();

	ok(rd(line, IER) == 0 && rd(line, IIR) == 0x01 && rd(line, LCR) == 0 &&
	   rd(line, MCR) == 0 && rd(line, LSR) == 0x60, "state after reset");
	ok((rd(line, MSR) & 0x0f) == 0 && rd(line, MSR) == 0xb0,
	   "a terminal is there: CTS, DSR, DCD");
	wr(line, IER, 0xff);
	ok(rd(line, IER) == 0x0f, "IER has four bits");
	wr(line, MCR, 0xff);
	ok(rd(line, MCR) == 0x1f, "MCR has five bits");
	wr(line, LCR, 0x7f);
	ok(rd(line, LCR) == 0x7f, "LCR has all");
	wr(line, SCR, 0x5a);
	ok(rd(line, SCR) == 0x5a, "scratch");
	wr(line, LSR, 0);
	wr(line, MSR, 0xff);
	ok(rd(line, LSR) == 0x60, "writing LSR changes nothing");
	ok(!line->nr_sent, "nothing was sent");
}

static void test_divisor(void)
{
	struct line *line = fresh();

	wr(line, LCR, 0x83);
	wr(line, 0, 0x34);
	wr(line, 1, 0x12);
	ok(rd(line, 0) == 0x34 && rd(line, 1) == 0x12 && !line->nr_sent,
	   "DLAB: the divisor");
	wr(line, LCR, 0x03);
	ok(rd(line, IER) == 0 && rd(line, RBR) == 0 && rd(line, LCR) == 3,
	   "without DLAB IER and data, untouched");
	wr(line, THR, 'x');
	wr(line, LCR, 0x83);
	ok(rd(line, 0) == 0x34 && line->sent[0] == 'x',
	   "sending leaves the divisor");
	wr(line, FCR, 0x01);
	ok((rd(line, IIR) & 0xc0) == 0xc0 && rd(line, LCR) == 0x83,
	   "FCR is another register than LCR");
}

/* A reader that takes its time. */
static atomic_bool slow_entered, slow_go;

static void slow_send(void *opaque, __u8 byte)
{
	(void)opaque;
	(void)byte;
	slow_entered = true;
	while (!slow_go)
		sched_yield();
}

static void *slow_writer(void *serial)
{
	serial_write(serial, THR, 'x');
	return NULL;
}

static void test_slow(void)
{
	static const struct serial_ops ops = { .send = slow_send };
	struct serial serial;
	pthread_t thread;

	serial_init(&serial, &ops, NULL);
	pthread_create(&thread, NULL, slow_writer, &serial);
	while (!slow_entered)
		sched_yield();
	/* Where it were to wait, the alarm would end the test. */
	alarm(10);
	ok(serial_receive(&serial, (const __u8 *)"k", 1) == 1 &&
	   serial_read(&serial, LSR) & 1 && serial_read(&serial, RBR) == 'k',
	   "a slow reader does not hold up what comes in");
	alarm(0);
	slow_go = true;
	pthread_join(thread, NULL);
	serial_destroy(&serial);
}

static void test_send(void)
{
	struct line *line = fresh();
	const char *text;

	for (text = "hello"; *text; text++) {
		ok(rd(line, LSR) == 0x60, "ready to send");
		wr(line, THR, *text);
	}
	ok(line->nr_sent == 5 && !strcmp(line->sent, "hello"), "sent at once");
	ok(!line->irq_changes, "without interrupts enabled there are none");
}

static void test_receive(void)
{
	struct line *line = fresh();

	ok(serial_room(&line->serial) == 1 && rx(line, "ab") == 1,
	   "without FIFO there is room for one");
	ok(rd(line, LSR) == 0x61 && rd(line, RBR) == 'a' &&
	   rd(line, LSR) == 0x60 && line->rooms == 1,
	   "data ready until it is read");
	ok(rd(line, RBR) == 0 && rd(line, LSR) == 0x60, "reading too much");
	wr(line, FCR, 0x01);
	ok(serial_room(&line->serial) == 16 &&
	   rx(line, "0123456789abcdefXY") == 16, "FIFO: room for sixteen");
	ok(rd(line, RBR) == '0' && rd(line, RBR) == '1' &&
	   serial_room(&line->serial) == 2 && rx(line, "gh") == 2 &&
	   rd(line, RBR) == '2', "first in, first out, around the end");
	wr(line, FCR, 0x02);
	ok(rd(line, LSR) == 0x60 && !(rd(line, IIR) & 0xc0),
	   "switching the FIFO off empties it");
	wr(line, FCR, 0x01);
	rx(line, "xyz");
	wr(line, FCR, 0x01);
	ok(rd(line, RBR) == 'x', "writing the same again does not");
	wr(line, FCR, 0x03);
	ok(rd(line, LSR) == 0x60, "the reset bit does");
	rx(line, "xyz");
	wr(line, FCR, 0x05);
	ok(rd(line, RBR) == 'x', "the transmitter's reset bit does not");
}

/* Data sheet, "Modem Control Register", bit 4. */
static void test_loopback(void)
{
	struct line *line = fresh();

	wr(line, MCR, 0x10);
	ok((rd(line, MSR) & 0xf0) == 0, "loopback: inputs off");
	wr(line, MCR, 0x1a);
	ok(rd(line, MSR) == (0x90 | 0x09),
	   "RTS and OUT2 come back as CTS and DCD, with deltas");
	ok(rd(line, MSR) == 0x90, "which reading clears");
	wr(line, MCR, 0x15);
	ok((rd(line, MSR) & 0xf0) == 0x60, "DTR and OUT1 as DSR and RI");
	wr(line, MCR, 0x11);
	ok((rd(line, MSR) & 0x0f) == 0x04, "RI going off is its trailing edge");
	wr(line, MCR, 0x15);
	ok((rd(line, MSR) & 0x0f) == 0, "going on is not");
	wr(line, THR, 'L');
	ok(!line->nr_sent && rd(line, LSR) == 0x61 && rd(line, RBR) == 'L',
	   "what is sent is received, and not by the line");
	ok(!serial_room(&line->serial) && !rx(line, "x") &&
	   !serial_break(&line->serial), "the line is disconnected");
	wr(line, THR, '1');
	wr(line, THR, '2');
	ok(rd(line, LSR) == 0x63 && rd(line, LSR) == 0x61 &&
	   rd(line, RBR) == '2', "overrun: the register has the newer byte");
	wr(line, MCR, 0x08);
	ok(serial_room(&line->serial) == 1 && line->rooms, "and back");
}

static void test_overrun_fifo(void)
{
	struct line *line = fresh();
	int i;

	wr(line, FCR, 0x01);
	wr(line, MCR, 0x10);
	for (i = 0; i < 17; i++)
		wr(line, THR, 'a' + i);
	ok(rd(line, LSR) == 0x63 && rd(line, LSR) == 0x61,
	   "overrun of the FIFO, told once");
	for (i = 0; i < 16; i++)
		if (rd(line, RBR) != 'a' + i)
			break;
	ok(i == 16 && rd(line, LSR) == 0x60, "the FIFO keeps the older bytes");
}

static void test_break(void)
{
	struct line *line = fresh();

	wr(line, FCR, 0x01);
	rx(line, "a");
	ok(serial_break(&line->serial) && rd(line, LSR) == 0xe1,
	   "a break in the FIFO is an error somewhere");
	ok(rd(line, RBR) == 'a' && rd(line, LSR) == 0xf1,
	   "and a break when it is on top");
	ok(rd(line, LSR) == 0x61 && rd(line, RBR) == 0 &&
	   rd(line, LSR) == 0x60, "told once; its byte is zero");
}

/* Data sheet, table "Interrupt Control Functions". */
static void test_interrupts(void)
{
	struct line *line = fresh();

	wr(line, MCR, 0x08);
	wr(line, IER, 0x02);
	ok(line->irq && rd(line, IIR) == 0x02, "enabling THRE while empty");
	ok(!line->irq && rd(line, IIR) == 0x01, "reading IIR takes it back");
	wr(line, THR, 'x');
	ok(line->irq, "sending brings it again");
	wr(line, IER, 0x00);
	ok(!line->irq && rd(line, IIR) == 0x01, "not when disabled");

	line = fresh();
	wr(line, MCR, 0x08);
	wr(line, IER, 0x01);
	rx(line, "a");
	ok(line->irq && rd(line, IIR) == 0x04 && rd(line, IIR) == 0x04,
	   "received data stays pending");
	rd(line, RBR);
	ok(!line->irq && line->irq_changes == 2, "until it is read");
	wr(line, FCR, 0x81);
	rx(line, "1234567");
	ok(line->irq && rd(line, IIR) == 0xcc, "below the trigger: time-out");
	rx(line, "8");
	ok(rd(line, IIR) == 0xc4, "at the trigger, 8: data");
	wr(line, IER, 0x07);
	ok(rd(line, IIR) == 0xc4, "data before transmitter");
	serial_break(&line->serial);
	while (rd(line, IIR) != 0xc6 && rd(line, RBR))
		;
	ok(rd(line, IIR) == 0xc6, "a break before both");
	rd(line, LSR);
	ok(rd(line, IIR) == 0xcc, "LSR takes it back");
	rd(line, RBR);
	ok(rd(line, IIR) == 0xc2 && rd(line, IIR) == 0xc1,
	   "then the transmitter, once");

	line = fresh();
	wr(line, IER, 0x0f);
	ok(!line->irq && rd(line, IIR) == 0x02,
	   "OUT2 gates the output, not the register");
	wr(line, MCR, 0x18);
	wr(line, MCR, 0x1a);
	ok(!line->irq && rd(line, IIR) == 0x00,
	   "modem status in loopback, with the output disconnected");
	rd(line, MSR);
	ok(rd(line, IIR) == 0x01, "MSR takes it back");
}

static int exit_status;
static char printed;

static void debug_exit(void *opaque, int status)
{
	*(int *)opaque = status;
}

static __u8 marked;

static void debug_mark(void *opaque, __u8 mark)
{
	(void)opaque;
	marked = mark;
}

static void debug_print(void *opaque, __u8 byte)
{
	(void)opaque;
	printed = byte;
}

static void test_ports(void)
{
	struct debug_ports debug = {
		.exit = debug_exit, .mark = debug_mark, .print = debug_print,
		.opaque = &exit_status,
	};
	struct line *line = fresh();
	struct bus bus = { 0 };
	__u64 value;

	ok(!serial_attach(&line->serial, &bus, SERIAL_COM1) &&
	   !debug_ports_attach(&debug, &bus), "attach");
	ok(bus_write(&bus, 0xf4, 4, 0x10) && exit_status == 0x21,
	   "debug exit: twice the value, and one");
	ok(bus_write(&bus, 0xf4, 1, 0) && exit_status == 1 &&
	   bus_write(&bus, 0xf4, 4, 0xffffffff) && exit_status == 0xff,
	   "debug exit: a status has eight bits");
	exit_status = 0;
	ok(bus_write(&bus, 0xf5, 1, 0x2a) && marked == 0x2a && !exit_status,
	   "a mark does not exit");
	ok(bus_write(&bus, 0xf4, 2, 0x100) && marked == 0x2a &&
	   exit_status == 1, "an exit of two bytes is no mark");
	ok(bus_read(&bus, 0xe9, 1, &value) && value == 0xe9 &&
	   bus_write(&bus, 0xe9, 1, 'p') && printed == 'p', "debug console");
	ok(bus_write(&bus, 0x3f8, 1, 'S') && line->sent[0] == 'S' &&
	   bus_read(&bus, 0x3fd, 1, &value) && value == 0x60,
	   "serial port on the bus");
	ok(bus_write(&bus, 0x3fb, 1, 0x80) && bus_write(&bus, 0x3f8, 2, 0x4321) &&
	   rd(line, 0) == 0x21 && rd(line, 1) == 0x43,
	   "a word goes to two registers");
	ok(debug_ports_attach(&debug, &bus) == -EEXIST, "attach twice");
	bus_remove(&bus, 0xf4);
	ok(debug_ports_attach(&debug, &bus) == -EEXIST &&
	   !bus_write(&bus, 0xf4, 1, 0), "half attached is not attached");
	bus_destroy(&bus);
	serial_destroy(&line->serial);
}

int main(void)
{
	test_bus();
	test_reset();
	test_divisor();
	test_send();
	test_slow();
	test_receive();
	test_loopback();
	test_overrun_fifo();
	test_break();
	test_interrupts();
	test_ports();
	return tap_done();
}
