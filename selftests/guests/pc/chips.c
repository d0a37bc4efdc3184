// SPDX-License-Identifier: GPL-2.0
/*
 * The chips of a PC's board: 8254, 8259, I/O APIC, PM timer, MC146818, 8042,
 * 16550.  Each by what its data sheet promises.
 */
#include "apic.h"
#include "pc.h"

#define PIT_HZ		1193182
#define PM_TIMER_HZ	3579545

static uint32_t pit_count(void)
{
	uint32_t low;

	outb(0x43, 0x00);		/* latch channel 0 */
	low = inb(0x40);
	return low | inb(0x40) << 8;
}

/* Channel 0 runs freely, in mode 2, with @divisor. */
static void pit_start(uint32_t divisor)
{
	outb(0x43, 0x34);
	outb(0x40, divisor & 0xff);
	outb(0x40, divisor >> 8 & 0xff);
}

/* By the count of channel 2, which needs no interrupt. */
void pit_delay(uint32_t microseconds)
{
	uint32_t count;

	while (microseconds) {
		uint32_t piece = microseconds > 50000 ? 50000 : microseconds;

		microseconds -= piece;
		count = piece * (PIT_HZ / 1000) / 1000 + 1;
		outb(0x61, (inb(0x61) & ~2) | 1);	/* gate on, speaker off */
		outb(0x43, 0xb0);			/* channel 2, mode 0 */
		outb(0x42, count & 0xff);
		outb(0x42, count >> 8);
		while (!(inb(0x61) & 0x20))		/* its output */
			;
	}
}

static void pic_init(uint8_t mask)
{
	outb(0x20, 0x11);
	outb(0x21, VECTOR_PIC);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa0, 0x11);
	outb(0xa1, VECTOR_PIC + 8);
	outb(0xa1, 2);
	outb(0xa1, 1);
	outb(0x21, mask);
	outb(0xa1, 0xff);
}

static void check_8259(void)
{
	volatile uint32_t *ticks = &interrupts[VECTOR_PIC];

	pic_init(0xff);
	check(inb(0x21) == 0xff, "8259: its mask reads back");
	pit_start(PIT_HZ / 1000);
	pit_delay(3000);
	check(!*ticks, "8259: a masked interrupt does not come");
	outb(0x21, 0xfe);
	check(wait_until(ticks, 3), "8254 by the 8259");
	outb(0x21, 0xff);
}

static void check_8254(void)
{
	uint32_t before, after;

	pit_start(0);
	before = pit_count();
	pit_delay(1000);
	after = pit_count();
	/* 1193 steps down, and what the ports take */
	check(((before - after) & 0xffff) >= 1193 && ((before - after) & 0xffff) < 20000,
	      "8254: two channels agree about a millisecond");
}

static uint32_t ioapic_read(uint32_t ioapic, uint32_t reg)
{
	*(volatile uint32_t *)ioapic = reg;
	return *(volatile uint32_t *)(ioapic + 0x10);
}

static void ioapic_write(uint32_t ioapic, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)ioapic = reg;
	*(volatile uint32_t *)(ioapic + 0x10) = value;
}

static void check_ioapic(const struct acpi *acpi)
{
	uint32_t entry = 0x10 + 2 * acpi->timer_gsi;

	if (!acpi->ioapic) {
		check(false, "I/O APIC: the MADT names none");
		return;
	}
	check((ioapic_read(acpi->ioapic, 1) >> 16 & 0xff) >= 23, "I/O APIC: 24 inputs");
	apic_enable();
	pit_start(PIT_HZ / 1000);
	ioapic_write(acpi->ioapic, entry + 1, 0);
	ioapic_write(acpi->ioapic, entry, VECTOR_IOAPIC);
	check(wait_until(&interrupts[VECTOR_IOAPIC], 3), "8254 by the I/O APIC");
	ioapic_write(acpi->ioapic, entry, 0x10000);
}

static void check_pm_timer(const struct acpi *acpi)
{
	uint32_t before, after;

	if (!acpi->pm_timer) {
		check(false, "PM timer: the FADT names none");
		return;
	}
	before = inl(acpi->pm_timer);
	pit_delay(10000);
	after = inl(acpi->pm_timer);
	/* 10 ms are 35,795 steps, and what the ports take */
	check(((after - before) & 0xffffff) > 35000 && ((after - before) & 0xffffff) < 100000,
	      "PM timer: 10 ms");
}

static uint8_t cmos(uint8_t reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static void check_rtc(void)
{
	uint8_t second, month;

	while (cmos(0x0a) & 0x80)
		;
	second = cmos(0);
	month = cmos(8);
	check(cmos(0x0d) & 0x80, "MC146818: valid");
	check((second & 0xf) < 10 && second < 0x60 && month >= 1 && month <= 0x12,
	      "MC146818: a date, in BCD");
}

static void check_8042(void)
{
	uint32_t tries;

	for (tries = 0; tries < 1000 && inb(0x64) & 1; tries++)
		inb(0x60);
	outb(0x64, 0xaa);
	for (tries = 0; tries < 1000 && !(inb(0x64) & 1); tries++)
		pit_delay(10);
	check(inb(0x60) == 0x55, "8042: self-test");
}

static void check_16550(void)
{
	volatile uint32_t *count = &interrupts[VECTOR_PIC + 4];

	outb(0x3f8 + 3, 0x03);
	outb(0x3f8 + 7, 0x5a);
	check(inb(0x3f8 + 7) == 0x5a, "16550: scratch register");
	outb(0x3f8 + 2, 0x07);
	check((inb(0x3f8 + 2) & 0xc1) == 0xc1, "16550: FIFOs, no interrupt");
	outb(0x3f8 + 4, 0x0b);		/* OUT2 lets interrupts out */
	outb(0x21, 0xef);
	outb(0x3f8 + 1, 0x02);		/* transmitter empty */
	check(wait_until(count, 1), "16550: interrupt");
	outb(0x3f8 + 1, 0);
	outb(0x21, 0xff);
}

void chips_check(const struct acpi *acpi)
{
	check_8259();
	check_8254();
	check_pm_timer(acpi);
	check_rtc();
	check_8042();
	check_16550();
	check_ioapic(acpi);
}
