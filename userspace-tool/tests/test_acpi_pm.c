// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's fixed hardware, against the ACPI Specification's register definitions.
 */
#include "devices/acpi_pm.h"
#include "devices/bus.h"
#include "tests/tap.h"

static __u64 now_ns = 77;
static struct clock tc;
static struct acpi_pm pm;
static struct bus ports;
static bool sci;
static unsigned int offs, resets;

static __u64 played(void *opaque)
{
	(void)opaque;
	return now_ns;
}

static void set_sci(void *opaque, unsigned int n, bool level)
{
	(void)opaque;
	(void)n;
	sci = level;
}

static void off(void *opaque)
{
	(void)opaque;
	offs++;
}

static void reset(void *opaque)
{
	(void)opaque;
	resets++;
}

static void out(__u16 port, unsigned int bytes, __u32 value)
{
	bus_write(&ports, port, bytes, value);
}

static __u32 in(__u16 port, unsigned int bytes)
{
	__u64 value;

	bus_read(&ports, port, bytes, &value);
	return value;
}

static void pass(__u64 ns)
{
	__u64 end = now_ns + ns;

	while (clock_next(&tc) <= end) {
		now_ns = clock_next(&tc);
		clock_run(&tc);
	}
	now_ns = end;
}

static void test_events(void)
{
	ok(in(0x600, 4) == 0 && in(0x604, 2) == 1, "SCI_EN from the start");
	acpi_pm_power_button(&pm);
	ok(in(0x600, 2) == 0x100 && !sci, "the power button, nobody listens");
	out(0x602, 2, 0x100);
	ok(sci, "enabled, it interrupts");
	out(0x600, 2, 0x020);
	ok(sci, "another status does not end it");
	out(0x600, 2, 0x100);
	ok(!sci && in(0x600, 4) == 0x01000000, "writing 1 to the status does");
	acpi_pm_power_button(&pm);
	ok(sci, "pressed again");
	out(0x601, 1, 0x01);
	ok(!sci, "ended by a byte");
	out(0x600, 4, 0xffff0000);
	ok(in(0x602, 2) == 0x0721, "fixed events can be enabled, nothing else");
	out(0x602, 2, 0);
}

static void test_timer(void)
{
	now_ns = 77 + 1000000000;
	ok(in(0x608, 4) == 3579545, "3.579545 MHz");
	ok(in(0x608, 2) == (3579545 & 0xffff) && in(0x60a, 1) == 3579545 >> 16,
	   "narrow reads");
	out(0x608, 4, 0);
	ok(in(0x608, 4) == 3579545, "not writable");
	ok(clock_next(&tc) == ~0ULL, "nobody waits for it");
	now_ns = 77 + clock_ticks_ns(0x80000000 - 1, 3579545);
	ok(!(in(0x600, 2) & 1), "TMR_STS before the highest bit changes");
	pass(300);
	ok(in(0x600, 2) & 1, "and after");
	out(0x600, 2, 1);
	ok(!(in(0x600, 2) & 1), "once");
	out(0x602, 2, 1);
	ok(!sci && clock_next(&tc) == 77 + clock_ticks_ns(1ULL << 32, 3579545),
	   "TMR_EN waits for the next change");
	pass(700 * 1000000000ULL);
	ok(sci && clock_next(&tc) == ~0ULL, "which interrupts");
	out(0x600, 2, 1);
	ok(!sci && clock_next(&tc) != ~0ULL, "and again");
	out(0x602, 2, 0);
	ok(clock_next(&tc) == ~0ULL, "until it is disabled");
	now_ns = 77 + clock_ticks_ns((1ULL << 32) + 5, 3579545);
	ok(in(0x608, 4) == 5, "32 bits wrap");
}

static void test_ends(void)
{
	out(0x604, 2, 0x1400);
	ok(!offs && in(0x604, 2) == 0x1401, "SLP_TYP alone does nothing");
	out(0x604, 2, 0x2400);
	ok(!offs, "a sleeping state that is not offered");
	out(0x604, 2, 0x3400);
	ok(offs == 1, "S5 switches off");
	ok(in(0x604, 2) == 0x1401, "SLP_EN reads as 0");
	out(0x605, 1, 0x34);
	ok(offs == 2, "by a byte, too");
	out(0xcf9, 1, 0x02);
	ok(!resets && in(0xcf9, 1) == 0x02, "a kind of reset is chosen");
	out(0xcf9, 1, 0x06);
	ok(resets == 1, "bit 2 resets");
	out(0xcf9, 1, 0x0e);
	ok(resets == 1, "where it changes");
	out(0xcf9, 1, 0x00);
	out(0xcf9, 1, 0x06);
	ok(resets == 2, "again");
}

int main(void)
{
	static const struct clock_source source = {
		.monotonic = played, .wall = played,
	};
	static const struct acpi_pm_ops ops = { .off = off, .reset = reset };
	struct irq_pin pin = { .set = set_sci };

	clock_init(&tc, &source);
	acpi_pm_init(&pm, &tc, pin, &ops, NULL);
	ok(!acpi_pm_attach(&pm, &ports) && !acpi_reset_attach(&pm, &ports),
	   "its ports");
	test_events();
	test_timer();
	test_ends();
	acpi_pm_destroy(&pm);
	clock_destroy(&tc);
	bus_destroy(&ports);
	return tap_done();
}
