/* SPDX-License-Identifier: GPL-2.0 */
/* Where and what a Linux guest's first process writes when it begins. */
#ifndef LINUX_GUEST_MARKS_H
#define LINUX_GUEST_MARKS_H

/* keel run --timing prints when a byte comes here. */
#define MARK_PORT	0xf5
#define MARK_INIT	"\x01"

/* The debug console of QEMU and of keel run, which prints. */
#define CONSOLE_PORT	0xe9

/*
 * Debug console of SeaBIOS and of Bochs' BIOS.  Bochs puts each line into its
 * log with the number of instructions until then, which counts a bare boot.
 */
#define BIOS_PORT	0x402

/* What is written to both. */
#define INIT_LINE	"init\n"

#endif
