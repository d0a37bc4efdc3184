// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254, against the data sheet's definitions and timing diagrams of its
 * modes.  Time is played tick by tick.
 */
#include <string.h>

#include "devices/bus.h"
#include "devices/i8254.h"
#include "tests/tap.h"

static __u64 now_ns;
static bool somebody = true;

/* A PC of one timer. */
static struct clock tc;
static struct i8254 pit;
static struct bus ports;
static unsigned int edges;
static bool level;
static __u64 edge_ns;

static __u64 played(void *opaque)
{
	(void)opaque;
	return now_ns;
}

static void irq0(void *opaque, unsigned int n, bool now)
{
	(void)opaque;
	(void)n;
	if (now && !level) {
		edges++;
		edge_ns = now_ns;
	}
	level = now;
}

static bool irq0_seen(void *opaque, unsigned int n)
{
	(void)opaque;
	(void)n;
	return somebody;
}

/* Ticks of the input clock since the timer was made, in between two of them. */
static __u64 at;

static void move_to(__u64 tick)
{
	__u64 end = 1000 + clock_ticks_ns(tick, 1193182) + 400;

	while (clock_next(&tc) <= end) {
		if (clock_next(&tc) > now_ns)
			now_ns = clock_next(&tc);
		clock_run(&tc);
	}
	now_ns = end;
	at = tick;
}

static void ticks(__u64 nr)
{
	move_to(at + nr);
}

static void out(__u16 port, __u8 value)
{
	bus_write(&ports, port, 1, value);
}

static __u8 in(__u16 port)
{
	__u64 value;

	bus_read(&ports, port, 1, &value);
	return value;
}

static void power_on(void)
{
	static const struct clock_source source = {
		.monotonic = played, .wall = played,
	};
	struct irq_pin pin = { .set = irq0, .seen = irq0_seen };

	now_ns = 1000;
	edges = 0;
	level = false;
	somebody = true;
	clock_init(&tc, &source);
	i8254_init(&pit, &tc, pin);
	i8254_attach(&pit, &ports);
	move_to(100);
}

static void power_off(void)
{
	i8254_destroy(&pit);
	clock_destroy(&tc);
	bus_destroy(&ports);
}

/* Counter 2, both bytes. */
static void program(__u8 mode, __u16 count)
{
	out(0x43, 0xb0 | mode << 1);
	out(0x42, count);
	out(0x42, count >> 8);
}

static __u16 count2(void)
{
	__u16 low;

	out(0x43, 0x80);
	low = in(0x42);
	return low | in(0x42) << 8;
}

static bool out2(void)
{
	return in(0x61) & 0x20;
}

/* The output for so many ticks from the next on, as the diagrams draw it. */
static bool shows(const char *want)
{
	char got[64] = "";
	size_t i;

	for (i = 0; want[i]; i++) {
		ticks(1);
		got[i] = out2() ? 'H' : 'l';
	}
	if (!strcmp(got, want))
		return true;
	printf("# wanted %s, got %s\n", want, got);
	return false;
}

static bool counts(const char *want)
{
	char got[64] = "";
	size_t i;

	for (i = 0; want[i]; i++) {
		ticks(1);
		got[i] = "0123456789?"[count2() < 10 ? count2() : 10];
	}
	if (!strcmp(got, want))
		return true;
	printf("# wanted %s, got %s\n", want, got);
	return false;
}

static void test_modes(void)
{
	power_on();
	out(0x61, 1);
	program(0, 4);
	ok(!out2() && shows("llllHHHH"), "mode 0: high N + 1 ticks after the write");
	program(0, 4);
	ok(counts("43210"), "mode 0 counts down");
	ticks(1);
	ok(count2() == 0xffff, "and on from the top");
	program(0, 4);
	ticks(3);
	out(0x61, 0);
	ok(counts("2222") && !out2(), "mode 0: a low gate stops it");
	out(0x61, 1);
	ok(shows("lHH"), "and a high one lets it go on");
	out(0x61, 0);
	program(0, 4);
	ok(counts("4444") && !out2(), "mode 0: a low gate holds a new count");
	out(0x61, 1);
	ok(shows("lllH"), "until it is high");
	program(0, 4);
	ticks(2);
	out(0x42, 2);
	ok(shows("lllll"), "mode 0: the first byte of a new count stops it");
	out(0x42, 0);
	ok(shows("llHH"), "the second starts it");

	out(0x61, 0);
	program(1, 3);
	ok(shows("HHHH"), "mode 1 waits for the gate");
	out(0x61, 1);
	ok(shows("lllHHH"), "mode 1: a pulse of N ticks");
	out(0x61, 0);
	out(0x61, 1);
	ok(shows("ll"), "mode 1: again");
	out(0x61, 0);
	out(0x61, 1);
	ok(shows("lllH"), "mode 1 is retriggerable");
	out(0x42, 5);
	out(0x42, 0);
	ok(shows("HHHH"), "mode 1: a new count waits for the trigger");
	out(0x61, 0);
	ok(shows("HH"), "a low gate is none");
	out(0x61, 1);
	ok(shows("lllllH"), "mode 1: the new count");

	program(2, 3);
	ok(shows("HHlHHlHHlH"), "mode 2: low for the last tick of N");
	program(2, 3);
	ok(counts("3213213"), "mode 2 counts N to 1");
	program(2, 4);
	ticks(2);
	out(0x42, 3);
	out(0x42, 0);
	ok(shows("HlHHlHHl"), "mode 2: a new count waits for the end of the old");
	program(2, 3);
	ticks(3);
	ok(!out2(), "mode 2, low");
	out(0x61, 0);
	ok(out2() && shows("HHHH"), "mode 2: a low gate raises the output");
	out(0x61, 1);
	ok(shows("HHlHHl"), "mode 2: a trigger reloads");

	program(2, 1);
	ok(shows("HHHH"), "mode 2: no pulses with an illegal count of 1");

	program(3, 4);
	ok(shows("HHllHHllHH"), "mode 3, even: halves");
	program(3, 4);
	ok(counts("42424242"), "mode 3, even: by two");
	program(3, 5);
	ok(shows("HHHllHHHllH"), "mode 3, odd: high for (N + 1) / 2");
	program(3, 5);
	ok(counts("4204242042"), "mode 3, odd: from N - 1");
	program(3, 6);
	ticks(1);
	out(0x42, 4);
	out(0x42, 0);
	ok(shows("HHllHHllHH"), "mode 3: a new count waits for the half-cycle");
	program(3, 6);
	ticks(4);
	out(0x42, 4);
	out(0x42, 0);
	ok(shows("llHHllHH"), "the same in the low half");
	program(3, 8);
	ticks(6);
	out(0x61, 0);
	ok(out2() && shows("HHH"), "mode 3: a low gate raises the output");
	out(0x61, 1);
	ok(shows("HHHHllllH"), "mode 3: a trigger reloads");

	program(4, 3);
	ok(shows("HHHlHHHHH"), "mode 4: a strobe N + 1 ticks after the write");
	program(4, 3);
	ticks(2);
	out(0x61, 0);
	ok(shows("HHHH"), "mode 4: a low gate stops it");
	out(0x61, 1);
	ok(shows("HlH"), "and it goes on");

	program(5, 3);
	ok(shows("HHHHHHH"), "mode 5 waits for the gate");
	out(0x61, 0);
	out(0x61, 1);
	ok(shows("HHHlHHH"), "mode 5: a strobe N + 1 ticks after the trigger");
	out(0x43, 0xbc);
	out(0x42, 3);
	out(0x42, 0);
	ok(shows("HHlHHl"), "mode 6 is mode 2");
	power_off();
}

static void test_access(void)
{
	power_on();
	out(0x61, 1);
	out(0x43, 0x90);
	out(0x42, 0x34);
	ticks(1);
	ok(in(0x42) == 0x34 && in(0x42) == 0x34, "low byte only");
	out(0x43, 0xa0);
	out(0x42, 0x12);
	ticks(1);
	ok(in(0x42) == 0x12 && count2() == 0x1212, "high byte only");
	program(0, 0x1234);
	ticks(1);
	ok(in(0x42) == 0x34 && in(0x42) == 0x12, "low, then high");
	out(0x43, 0x80);
	ticks(0x100);
	out(0x43, 0x80);
	ok(in(0x42) == 0x34 && in(0x42) == 0x12,
	   "a latched count stays until it is read");
	ok(in(0x42) == 0x34 && in(0x42) == 0x11, "then the count shows again");
	program(0, 0);
	ticks(2);
	ok(count2() == 0xffff, "0 is 65536");
	out(0x43, 0xb1);
	out(0x42, 0x00);
	out(0x42, 0x10);
	ticks(1);
	ok(count2() == 0x1000, "BCD");
	ticks(1);
	ok(count2() == 0x0999, "counts in decimal");
	out(0x43, 0xb1);
	out(0x42, 0);
	out(0x42, 0);
	ticks(2);
	ok(count2() == 0x9999, "BCD 0 is 10000");

	out(0x43, 0xb6);
	out(0x43, 0xe8);
	ok(in(0x42) == 0xf6, "status: output, null count, control word");
	out(0x42, 10);
	out(0x42, 0);
	out(0x43, 0xe8);
	ok(in(0x42) == 0xf6, "a count is not loaded before the next tick");
	ticks(1);
	out(0x43, 0xe8);
	ok(in(0x42) == 0xb6, "it is with it");
	ticks(5);
	out(0x43, 0xe8);
	ok(in(0x42) == 0x36, "the output is low");
	out(0x42, 10);
	out(0x42, 0);
	out(0x43, 0xe8);
	ok(in(0x42) == 0x76, "a count that waits for its turn is not loaded");
	out(0x43, 0xc8);
	ticks(1);
	ok(in(0x42) == 0x76 && in(0x42) == 10 && in(0x42) == 0,
	   "both latched: status comes first");
	out(0x43, 0x34);
	out(0x40, 3);
	out(0x40, 0);
	ticks(1);
	out(0x43, 0xce);
	ok(in(0x40) == 0xb4 && in(0x40) == 3 && in(0x40) == 0 && in(0x42) == 0x76,
	   "read-back of several counters");
	ok(in(0x41) == 0x70, "counter 1 was asked, too");
	power_off();
}

static void test_port_b(void)
{
	unsigned int i, toggles = 0;
	__u8 last, value;

	power_on();
	out(0x61, 0xff);
	ok((in(0x61) & 0xcf) == 0x0f, "port 0x61: four bits are writable");
	last = in(0x61) & 0x10;
	for (i = 0; i < 180; i++) {
		ticks(1);
		value = in(0x61) & 0x10;
		toggles += value != last;
		last = value;
	}
	ok(toggles == 10, "refresh toggles each 18 ticks, 15.085 us");
	power_off();
}

static void program0(__u8 control, __u16 count)
{
	out(0x43, control);
	out(0x40, count);
	out(0x40, count >> 8);
}

static void test_irq(void)
{
	__u64 start, last;

	power_on();
	ok(clock_next(&tc) == ~0ULL, "an unused timer waits for nothing");
	program0(0x34, 11932);
	edges = 0;
	start = at;
	move_to(start + 11932);
	ok(!edges, "mode 2: no interrupt before the count is over");
	move_to(start + 11933);
	ok(edges == 1 && edge_ns == 1000 + clock_ticks_ns(start + 11933, 1193182),
	   "then one, in its tick");
	move_to(start + 1 + 11932 * 100);
	ok(edges == 100, "100 Hz for a second");
	somebody = false;
	ticks(11932);
	last = edges;
	ticks(11932 * 10);
	in(0x40);
	ok(edges == last && clock_next(&tc) == ~0ULL,
	   "nobody sees it: the timer rests");
	somebody = true;
	i8254_ready(&pit);
	ok(edges == last, "missed edges are gone");
	move_to(start + 11932 * 112);
	ok(edges == last, "no edge before its time");
	ticks(1);
	ok(edges == last + 1, "the next is in phase");

	program0(0x38, 1000);
	edges = 0;
	start = at;
	move_to(start + 1001);
	ok(!edges, "mode 4: the strobe is low for a tick");
	ticks(1);
	ok(edges == 1, "and rises");
	ticks(200000);
	ok(edges == 1 && clock_next(&tc) == ~0ULL, "once");
	program0(0x30, 1000);
	ok(!level, "mode 0 lowers the output");
	ticks(1000);
	ok(!level && edges == 1, "until the count is over");
	ticks(1);
	ok(level && edges == 2, "then it is high");
	out(0x40, 100);
	out(0x40, 0);
	ok(!level, "a new count lowers it again");
	ticks(101);
	ok(edges == 3, "for its time");
	program0(0x36, 1000);
	edges = 0;
	ticks(10001);
	ok(edges == 10, "mode 3: one edge a period");
	out(0x40, 0xd0);
	out(0x40, 0x07);
	start = at;
	ticks(499);
	ok(edges == 10, "mode 3: the old high half goes on");
	ticks(1001);
	ok(edges == 11, "the new low half follows it");
	program0(0x36, 1000);
	edges = 0;
	out(0x40, 1000 & 255);
	out(0x40, 1000 >> 8);
	ticks(301);
	out(0x40, 100);
	out(0x40, 0);
	ticks(249);
	ok(!edges, "mode 3: the same with a shorter one");
	ticks(1);
	ok(edges == 1, "50 ticks after the half");
	program0(0x34, 1000);
	edges = 0;
	ticks(301);
	out(0x40, 500 & 255);
	out(0x40, 500 >> 8);
	ticks(699);
	ok(!edges, "mode 2: the old count goes on");
	ticks(1);
	ok(edges == 1, "to its end");
	ticks(500);
	ok(edges == 2, "then the new one");
	program0(0x36, 1000);
	out(0x40, 0x10);
	out(0x40, 0x00);
	edges = 0;
	ticks(119318);
	ok(edges > 1000 && edges <= 2001,
	   "a count too short: no more than 20000 interrupts a second");
	program0(0x34, 1);
	edges = 0;
	ticks(1000);
	ok(!edges && clock_next(&tc) == ~0ULL, "nor does an illegal count of 1");
	program0(0x36, 1);
	ticks(1000);
	in(0x40);
	ok(!edges && clock_next(&tc) == ~0ULL, "in either mode");

	program0(0x34, 30000);
	ticks(30001);
	program0(0x38, 20);
	edges = 0;
	ticks(30);
	in(0x40);
	ok(!edges, "a count that is over too soon");
	ticks(40);
	ok(edges == 1, "still gives its interrupt");
	power_off();
}

int main(void)
{
	test_modes();
	test_access();
	test_port_b();
	test_irq();
	return tap_done();
}
