// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: each is counted, and ended where it came from.  An exception
 * ends the run.
 */
#include "apic.h"
#include "pc.h"

#define CODE_SELECTOR	8
#define GATE		0x8e00		/* present, 32-bit interrupt gate */

extern const char vectors[];

volatile uint32_t interrupts[256];

static struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_high;
} idt[256];

void interrupts_load(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (uint32_t)idt };

	asm volatile("lidt %0" :: "m"(pointer));
}

void interrupts_init(void)
{
	uint32_t i;

	for (i = 0; i < 256; i++) {
		uint32_t at = (uint32_t)vectors + 16 * i;

		idt[i] = (struct gate){ at & 0xffff, CODE_SELECTOR, GATE, at >> 16 };
	}
	interrupts_load();
}

/* From entry.S. */
void interrupt(uint32_t vector, const uint32_t *frame)
{
	interrupts[vector]++;
	if (vector < 32) {
		print("not ok - exception %u, frame %x %x %x\n", vector, frame[0],
		      frame[1], frame[2]);
		outb(0xf4, 0x7f);
		for (;;)
			asm volatile("cli; hlt");
	}
	if (vector < VECTOR_APIC) {
		if (vector >= VECTOR_PIC + 8)
			outb(0xa0, 0x20);
		outb(0x20, 0x20);
	} else if (vector != VECTOR_SPURIOUS) {
		apic_end_of_interrupt();
	}
}

/*
 * Sleeps until the counter is that high.  Each interrupt wakes; where none
 * comes, the 8254 cannot help either, so look at it by turns as well.
 */
bool wait_until(volatile uint32_t *counter, uint32_t least)
{
	uint32_t tries;

	for (tries = 0; *counter < least && tries < 20000; tries++) {
		asm volatile("sti");
		pit_delay(50);
		asm volatile("cli");
	}
	return *counter >= least;
}
