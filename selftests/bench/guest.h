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
/* For the rows about paging.  A space has four tables: PML4, PDPT, PD, PT. */
#define SPACE_AT	0x20000
#define OTHER_AT	0x24000
#define NEW_TABLE	0x28000
#define PAGES_AT	0x100000	/* the pages that they map */
#define OTHER_PAGES_AT	0x180000
#define HOLE_AT		0x80000

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
#define PARAM_SPACE	48
#define PARAM_OTHER	56
#define PARAM_PAGES	64
#define PARAM_FAULTS	72

/* Linear addresses of a process, and entries of its tables behind them. */
#define USER_SLOT	1		/* of the PML4 */
#define USER_PAGES	0x8000000000
#define NR_USER_PAGES	64
#define USER_HOLE	(USER_PAGES + 511 * 4096)
#define HOLE_ENTRY	(SPACE_AT + 3 * 4096 + 511 * 8)
#define USER_NEW	(USER_PAGES + 0x200000)
#define NEW_ENTRY	(SPACE_AT + 2 * 4096 + 8)
#define PTE_USER	7		/* present, writable, user */

#define PAGING_WARM	10

#define PORT_TEST	0x10		/* nobody claims it */
#define PORT_DONE	0xf4

/* Bytes of the store that mmio_user times; both sides must skip the same. */
#define MMIO_INSN_BYTES	2

#define VECTOR_PF	14

/* Interrupts: TAKEN notes that it came; PING answers with TAKEN; STOP ends the vCPU. */
#define VECTOR_TAKEN	0x31
#define VECTOR_PING	0x32
#define VECTOR_STOP	0x33

#endif /* KEEL_BENCH_GUEST_H */
