/* SPDX-License-Identifier: GPL-2.0 */
/* What keel-bench and its guest agree on.  Read by the assembler too. */
#ifndef KEEL_BENCH_GUEST_H
#define KEEL_BENCH_GUEST_H

/* Guest physical addresses; the guest's paging maps them one to one. */
#define GUEST_GDT	0x1000
#define GUEST_CODE	0x2000
#define GUEST_PARAMS	0x3000
#define GUEST_IDT	0x4000
#define GUEST_STACKS	0x6000		/* the first one's top; 4 KiB for each vCPU */
#define GUEST_TABLES	0x10000
#define GUEST_FRESH	0x1000000	/* pages that nobody has touched yet */
#define GUEST_MEMORY	0x4000000
#define GUEST_MMIO	0x10000000	/* no memory there */
#define GUEST_MAPPED	0x100000000	/* the local APIC's page, too */

/* struct params */
#define PARAM_COUNT	0
#define PARAM_FRESH	8
#define PARAM_TICKS	16
#define PARAM_DELAY	24
#define PARAM_SPINS	32
#define PARAM_READY	40

#define PORT_TEST	0x10		/* nobody claims it */
#define PORT_DONE	0xf4

/* Bytes of the store that mmio_user times; both sides must skip the same. */
#define MMIO_INSN_BYTES	2

/* Interrupts: TAKEN notes that it came; PING answers with TAKEN; STOP ends the vCPU. */
#define VECTOR_TAKEN	0x31
#define VECTOR_PING	0x32
#define VECTOR_STOP	0x33

#endif /* KEEL_BENCH_GUEST_H */
