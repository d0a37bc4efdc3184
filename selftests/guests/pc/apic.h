/* SPDX-License-Identifier: GPL-2.0 */
/* The local APIC, in both of its modes, and the second CPU. */
#ifndef PC_APIC_H
#define PC_APIC_H

#define VECTOR_PIC	0x20	/* 16 of them */
#define VECTOR_APIC	0x40	/* from here on, an EOI to the local APIC */
#define VECTOR_IOAPIC	0x40
#define VECTOR_TIMER	0x41
#define VECTOR_SELF	0x42
#define VECTOR_OTHER	0x43
#define VECTOR_SERIAL	0x44
#define VECTOR_SPURIOUS	0xff

/* Where an AP begins: the SIPI's vector is the page. */
#define AP_START	0x8000

void apic_end_of_interrupt(void);
void apic_enable(void);

#endif
