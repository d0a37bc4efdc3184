// SPDX-License-Identifier: GPL-2.0
/*
 * The real-time clock, against the data sheet of the MC146818A, and the layout
 * of CMOS memory.
 */
#include <string.h>

#include "devices/bus.h"
#include "devices/mc146818.h"
#include "tests/tap.h"

#define MS	1000000ULL
#define S	1000000000ULL
/* Thursday, 2024-02-29 23:59:58 UTC. */
#define LEAP	1709251198ULL

static __u64 wall_ns, mono_ns;
static struct clock tc;
static struct mc146818 rtc;
static struct bus ports;
static bool irq;
static unsigned int irqs;

static __u64 mono(void *opaque)
{
	(void)opaque;
	return mono_ns;
}

static __u64 wall(void *opaque)
{
	(void)opaque;
	return wall_ns;
}

static void irq8(void *opaque, unsigned int n, bool level)
{
	(void)opaque;
	(void)n;
	irqs += level && !irq;
	irq = level;
}

static void pass(__u64 ns)
{
	__u64 end = mono_ns + ns;

	while (clock_next(&tc) <= end) {
		__u64 step = clock_next(&tc) - mono_ns;

		mono_ns += step;
		wall_ns += step;
		clock_run(&tc);
	}
	wall_ns += end - mono_ns;
	mono_ns = end;
}

static void set(__u8 index, __u8 value)
{
	bus_write(&ports, 0x70, 1, index);
	bus_write(&ports, 0x71, 1, value);
}

static __u8 get(__u8 index)
{
	__u64 value;

	bus_write(&ports, 0x70, 1, index);
	bus_read(&ports, 0x71, 1, &value);
	return value;
}

static void power_on(__u64 second)
{
	static const struct clock_source source = {
		.monotonic = mono, .wall = wall,
	};
	struct irq_pin pin = { .set = irq8 };

	mono_ns = 5 * S + 7;
	wall_ns = second * S;
	irq = false;
	irqs = 0;
	clock_init(&tc, &source);
	mc146818_init(&rtc, &tc, pin);
	mc146818_attach(&rtc, &ports);
}

static void power_off(void)
{
	mc146818_destroy(&rtc);
	clock_destroy(&tc);
	bus_destroy(&ports);
}

/* Century, year, month, day, weekday, hour, minute, second. */
static bool time_is(__u64 want)
{
	static const __u8 order[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
	__u64 got = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		got = got << 8 | get(order[i]);
	if (got != want)
		printf("# time %016llx\n", got);
	return got == want;
}

static void test_time(void)
{
	__u64 value;

	power_on(LEAP);
	ok(get(10) == 0x26 && get(11) == 0x02 && get(13) == 0x80,
	   "a PC's settings: 32768 Hz, BCD, 24 hours, valid");
	ok(time_is(0x2024022905235958), "the host's time, in BCD");
	pass(2 * S);
	ok(time_is(0x2024030106000000), "over a leap day's midnight");
	set(11, 0x06);
	ok(time_is(0x1418030106000000), "binary");
	set(11, 0x00);
	ok(get(4) == 0x12, "12 hours: midnight is 12 AM");
	pass(12 * 3600 * S);
	ok(get(4) == 0x92, "noon is 12 PM");
	pass(3600 * S);
	ok(get(4) == 0x81, "then 1 PM");
	set(11, 0x04);
	ok(get(4) == 0x81, "in binary, too");
	bus_read(&ports, 0x70, 1, &value);
	ok(value == 0xff, "the index does not read back");
	bus_write(&ports, 0x70, 1, 0x89);
	bus_read(&ports, 0x71, 1, &value);
	ok(value == 24, "bit 7 of the index is not the chip's");
	power_off();
}

static void test_set(void)
{
	power_on(LEAP);
	pass(300 * MS);
	set(11, 0x82);
	pass(5 * S);
	ok(get(0) == 0x58, "SET stops the time");
	set(0x32, 0x19);
	set(9, 0x99);
	set(8, 0x12);
	set(7, 0x31);
	set(6, 0x06);
	set(4, 0x23);
	set(2, 0x59);
	set(0, 0x59);
	ok(time_is(0x1999123106235959), "what is written reads back");
	set(11, 0x02);
	ok(time_is(0x1999123106235959), "the time that was set");
	pass(699 * MS);
	ok(get(0) == 0x59, "the divider went on meanwhile");
	pass(1 * MS);
	ok(time_is(0x2000010107000000), "and the next second is in its phase");
	wall_ns += 10 * S;
	ok(get(0) == 0x10, "the time follows the host's");
	wall_ns -= 10 * S;
	set(4, 0x15);
	ok(get(4) == 0x15 && get(0) == 0 && get(9) == 0, "set without SET");

	set(6, 0x03);
	ok(get(6) == 0x03, "the weekday is the guest's own");
	pass(86400 * S);
	ok(get(6) == 0x04, "and counts from there");
	set(11, 0x80);
	set(4, 0x81);
	set(11, 0x00);
	set(11, 0x02);
	ok(get(4) == 0x13, "1 PM");
	set(11, 0x82);
	get(12);
	pass(10 * S);
	ok(!(get(12) & 0x10), "under SET no update ends");
	set(11, 0x02);

	set(10, 0x76);
	pass(10 * S);
	ok(get(0) == 0, "a divider in reset stops the time");
	set(0, 0x30);
	set(10, 0x26);
	pass(499 * MS);
	ok(get(0) == 0x30, "released, the first update comes");
	pass(1 * MS);
	ok(get(0) == 0x31, "after half a second");

	set(11, 0x82);
	set(11, 0x06 | 0x80);
	set(0x32, 99);
	set(9, 255);
	set(8, 200);
	set(7, 255);
	set(4, 255);
	set(2, 255);
	set(0, 255);
	set(11, 0x06);
	pass(S);
	ok(get(0) < 60 && get(2) < 60 && get(4) < 24 && get(8) <= 12,
	   "nonsense gives some time");
	power_off();
}

static void test_update(void)
{
	power_on(LEAP);
	pass(997 * MS);
	ok(!(get(10) & 0x80), "no update yet");
	pass(772001);
	ok(get(10) & 0x80, "UIP 2228 us before the second");
	pass(2227998);
	ok(get(10) & 0x80 && get(0) == 0x58, "to its end");
	pass(1);
	ok(!(get(10) & 0x80) && get(0) == 0x59, "then the second has changed");
	set(10, 0xa6);
	ok(get(10) == 0x26, "UIP is not writable");
	pass(999 * MS);
	set(11, 0x82);
	ok(!(get(10) & 0x80), "nothing is updated under SET");
	power_off();
}

static void test_interrupts(void)
{
	unsigned int i;

	power_on(LEAP + 100);
	get(12);
	ok(clock_next(&tc) == ~0ULL, "no interrupt enabled, no timer");
	pass(1500 * MS);
	ok(get(12) == 0x50 && !irqs, "flags are set all the same");
	ok(get(12) == 0, "reading C clears them");
	set(11, 0x12);
	pass(499 * MS);
	ok(!irq, "update-ended interrupt");
	pass(1 * MS);
	ok(irq && irqs == 1 && clock_next(&tc) == ~0ULL,
	   "at the second; pending, it needs no timer");
	pass(5 * S);
	ok(irq && irqs == 1, "it stays");
	ok(get(12) == 0xd0 && !irq, "until C is read");
	pass(1 * S);
	ok(irqs == 2, "then the next");
	get(12);
	set(11, 0x92);
	ok(get(11) == 0x82, "SET clears UIE");
	pass(3 * S);
	ok(irqs == 2, "no updates, no interrupts");
	set(11, 0x02);

	set(11, 0x42);
	get(12);
	irqs = 0;
	for (i = 0; i < 1024; i++) {
		pass(976563);
		get(12);
	}
	ok(irqs == 1024, "1024 Hz");
	set(10, 0x2f);
	get(12);
	irqs = 0;
	for (i = 0; i < 100; i++) {
		pass(100 * MS);
		get(12);
	}
	ok(irqs == 20, "2 Hz");
	set(10, 0x21);
	get(12);
	irqs = 0;
	for (i = 0; i < 10000; i++) {
		pass(MS / 10);
		get(12);
	}
	ok(irqs == 256, "rate 1 is 256 Hz");
	set(10, 0x23);
	get(12);
	irqs = 0;
	for (i = 0; i < 100000; i++) {
		pass(MS / 100);
		get(12);
	}
	ok(irqs == 8192, "rate 3 is 8192 Hz");
	set(10, 0x20);
	get(12);
	pass(2 * S);
	ok(get(12) == 0x10, "rate 0 is none");
	set(10, 0x26);
	set(11, 0x02);
	get(12);
	pass(10 * MS);
	irqs = 0;
	set(11, 0x42);
	ok(irq && irqs == 1, "a flag that is set already interrupts when enabled");
	set(11, 0x02);
	ok(!irq, "and disabled, no more");
	power_off();
}

static void test_alarm(void)
{
	power_on(LEAP);
	set(5, 0x00);
	set(3, 0x00);
	set(1, 0x01);
	set(11, 0x22);
	get(12);
	pass(2999 * MS);
	ok(!irq, "the alarm waits");
	pass(1 * MS);
	ok(irq && get(12) == 0xf0 && time_is(0x2024030106000001), "for its time");
	pass(86399 * S);
	ok(!irq, "a day");
	pass(1 * S);
	ok(irq, "later again");
	get(12);
	set(5, 0xc0);
	set(3, 0x30);
	set(1, 0xff);
	get(12);
	pass(1798 * S);
	ok(!irq, "any hour and second, minute 30: not before");
	pass(1 * S);
	ok(irq, "at half past");
	get(12);
	pass(1 * S);
	ok(irq, "and with each second");
	get(12);
	pass(58 * S);
	get(12);
	pass(1 * S);
	ok(!irq, "of that minute");
	pass(3540 * S);
	ok(irq, "of each hour");
	set(3, 0x99);
	get(12);
	ok(clock_next(&tc) == ~0ULL, "an alarm at no time");
	set(11, 0x02);
	set(5, 0x05);
	set(3, 0x00);
	set(1, 0x00);
	get(12);
	pass(86400 * S);
	ok(get(12) == 0x70, "the flag without the interrupt");
	set(11, 0x20);
	set(5, 0x85);
	pass(86400 * S);
	ok(get(12) == 0xf0 && get(4) == 0x01, "PM");
	power_off();
}

static void test_memory(void)
{
	static const enum mc146818_boot order[3] = {
		MC146818_BOOT_CDROM, MC146818_BOOT_DISK, MC146818_BOOT_NETWORK,
	};

	power_on(LEAP);
	set(0x0f, 0x0a);
	set(0x7f, 0x55);
	ok(get(0x0f) == 0x0a && get(0x7f) == 0x55, "the rest is memory");
	set(13, 0);
	get(12);
	set(12, 0xff);
	ok(get(13) == 0x80 && !get(12), "C and D are read-only");
	mc146818_set_memory(&rtc, 512ULL << 20, 0);
	ok(get(0x15) == 0x80 && get(0x16) == 0x02, "640 KiB of base memory");
	ok(get(0x17) == 0xff && get(0x18) == 0xff && get(0x30) == 0xff &&
	   get(0x31) == 0xff, "64 MiB and more of extended memory");
	ok(get(0x34) == 0x00 && get(0x35) == 0x1f, "496 MiB above 16 MiB");
	ok(!get(0x5b) && !get(0x5c) && !get(0x5d), "none above 4 GiB");
	mc146818_set_memory(&rtc, 3ULL << 30, 5ULL << 30);
	ok(get(0x34) == 0x00 && get(0x35) == 0xbf && get(0x5b) == 0x00 &&
	   get(0x5c) == 0x40 && get(0x5d) == 0x01, "3 and 5 GiB");
	mc146818_set_memory(&rtc, 8ULL << 20, 1ULL << 50);
	ok(get(0x17) == 0x00 && get(0x18) == 0x1c && !get(0x34) && !get(0x35) &&
	   get(0x5b) == 0xff && get(0x5c) == 0xff && get(0x5d) == 0xff,
	   "8 MiB, and more than fits");
	mc146818_set_boot(&rtc, order);
	ok(get(0x3d) == 0x23 && get(0x38) == 0x40, "boot order");
	power_off();
}

int main(void)
{
	test_time();
	test_set();
	test_update();
	test_interrupts();
	test_alarm();
	test_memory();
	return tap_done();
}
