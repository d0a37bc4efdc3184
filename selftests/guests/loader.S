/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An option ROM that boots what a BIOS cannot see without a disk: a kernel of
 * Linux' 16-bit boot protocol in fw_cfg's file "opt/kernel".  The BIOS lists it
 * as something to boot ("Plug and Play BIOS Specification", bootstrap entry
 * vector).  "The Linux/x86 Boot Protocol" has the rest.
 */
#define ROM_SIZE	1024
#define PORT_SELECT	0x510
#define PORT_DATA	0x511
#define FILE_DIRECTORY	0x19

#define SETUP_SEGMENT	0x9000
#define HEAP_END	0xde00
#define LINE_OFFSET	0xe000
#define KERNEL		0x100000

/* struct setup_header */
#define SETUP_SECTS	0x1f1
#define TYPE_OF_LOADER	0x210
#define LOADFLAGS	0x211
#define HEAP_END_PTR	0x224
#define CMD_LINE_PTR	0x228
#define CAN_USE_HEAP	0x80

	.code16
	.globl	_start
_start:
	.byte	0x55, 0xaa, ROM_SIZE / 512
	/* The BIOS calls here first; nothing is to be set up. */
	mov	$0x20, %ax
	lret
	.org	0x1a
	.word	pnp - _start

	.org	0x20
pnp:	.ascii	"$PnP"
	.byte	1, 2			/* version, length in paragraphs */
	.word	0			/* no further header */
	.byte	0, 0			/* sum: finished below */
	.long	0
	.word	0, name - _start
	.byte	2, 0, 0			/* mass storage */
	.byte	0x64
	.word	0, 0, boot - _start, 0, 0

name:	.asciz	"Kernel in fw_cfg"
wanted:	.asciz	"opt/kernel"
	.set	WANTED_SIZE, . - wanted

boot:
	cli
	cld
	mov	$SETUP_SEGMENT, %ax
	mov	%ax, %ss
	mov	%ax, %es
	mov	$LINE_OFFSET, %esp
	push	%cs
	pop	%ds

	/* Look for the file; numbers in the directory are big-endian. */
	mov	$FILE_DIRECTORY, %ax
	mov	$PORT_SELECT, %dx
	out	%ax, %dx
	mov	$PORT_DATA, %dx
	xor	%di, %di
	mov	$4, %cx
	rep insb
	mov	%es:0, %ebx
	bswap	%ebx
next:	test	%ebx, %ebx
	jz	none
	dec	%ebx
	xor	%di, %di
	mov	$64, %cx
	rep insb
	mov	$8, %di
	mov	$wanted - _start, %si
	mov	$WANTED_SIZE, %cx
	repe cmpsb
	jne	next
	mov	%es:0, %ebp		/* size */
	bswap	%ebp
	mov	%es:4, %ax		/* key */
	xchg	%al, %ah

	/* Its first sector says how long the part for real mode is. */
	mov	$PORT_SELECT, %dx
	out	%ax, %dx
	mov	$PORT_DATA, %dx
	xor	%di, %di
	mov	$512, %cx
	rep insb
	movzbw	%es:SETUP_SECTS, %cx
	test	%cx, %cx
	jnz	1f
	mov	$4, %cx
1:	shl	$9, %cx
	sub	$512, %ebp
	movzwl	%cx, %eax
	sub	%eax, %ebp
	rep insb
	movb	$0xff, %es:TYPE_OF_LOADER
	orb	$CAN_USE_HEAP, %es:LOADFLAGS
	movw	$HEAP_END, %es:HEAP_END_PTR
	movl	$(SETUP_SEGMENT << 4) + LINE_OFFSET, %es:CMD_LINE_PTR
	movb	$0, %es:LINE_OFFSET

	/* A limit of 4 GiB stays in ES when the CPU leaves protected mode. */
	mov	%cs, %ax
	movzwl	%ax, %eax
	shl	$4, %eax
	add	$gdt - _start, %eax
	pushl	%eax
	pushw	$15
	mov	%sp, %bx
	lgdtl	%ss:(%bx)
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$8, %bx
	mov	%bx, %es
	and	$~1, %al
	mov	%eax, %cr0
	xor	%ax, %ax
	mov	%ax, %es
	mov	$KERNEL, %edi
	mov	%ebp, %ecx
	addr32 rep insb

	mov	$SETUP_SEGMENT, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	mov	%ax, %ss
	mov	$LINE_OFFSET, %esp
	ljmp	$SETUP_SEGMENT + 0x20, $0

none:	int	$0x18			/* nothing to boot here */

	.balign	8
gdt:	.quad	0
	.quad	0x00cf92000000ffff
	.org	_start + ROM_SIZE - 1
	.byte	0
