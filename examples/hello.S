/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that prints a greeting on its serial port and halts.
 *
 *	keel run examples/hello.bin
 *
 * It begins in 64-bit mode, which every CPU with VMX can run as a guest (real
 * mode needs "unrestricted guest").  There is nothing under it: no firmware, no
 * operating system.  The serial port is that of every PC, at port 0x3f8.
 */
#define DATA	0x3f8
#define STATUS	(DATA + 5)
#define EMPTY	0x20		/* in STATUS: it can take a byte */

	.code64
	.globl	_start
_start:
	lea	greeting(%rip), %rsi
1:	mov	$STATUS, %edx
2:	in	%dx, %al
	test	$EMPTY, %al
	jz	2b
	lodsb
	test	%al, %al
	jz	3f
	mov	$DATA, %edx
	out	%al, %dx
	jmp	1b
	/* Interrupts are off, so nothing wakes it: that ends keel run. */
3:	hlt
	jmp	3b

greeting:
	.asciz	"Hello from a guest of Keel.\r\n"
