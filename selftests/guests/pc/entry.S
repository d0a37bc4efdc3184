/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the kernel begins: its headers for boot loaders, the first
 * instructions of each CPU, and the way into interrupt handlers.
 *
 * HEADER chooses the header: 1 and 2 are the two Multiboot specifications, in
 * an ELF file; 3 is Multiboot 1 with addresses in the header (the "a.out
 * kludge"), for a file that is no ELF.
 */
#define MB1_MAGIC	0x1badb002
#define MB1_FLAGS	0x00000003	/* modules on pages; memory map */
#define MB1_ADDRESSES	0x00010000
#define MB2_MAGIC	0xe85250d6

#define STACK_SIZE	0x2000
#define AP_START	0x8000		/* where APs begin; see apic.h */

	.section .header, "a"
	.balign	8
#if HEADER == 2
mb2:	.long	MB2_MAGIC, 0, mb2_end - mb2, -(MB2_MAGIC + (mb2_end - mb2))
	.word	0, 0
	.long	8
mb2_end:
#else
#if HEADER == 3
#define FLAGS (MB1_FLAGS | MB1_ADDRESSES)
#else
#define FLAGS MB1_FLAGS
#endif
mb1:	.long	MB1_MAGIC, FLAGS, -(MB1_MAGIC + FLAGS)
#if HEADER == 3
	/* Header, first byte, behind the last of the file, of bss, entry. */
	.long	mb1, image_start, data_end, bss_end, _start
#endif
#endif

	.text
	.code32
	.globl	_start
_start:
	cli
	cld
	lgdt	gdt_pointer
	ljmp	$8, $1f
1:	mov	$16, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	mov	%ecx, %fs
	mov	%ecx, %gs
	mov	%ecx, %ss
	mov	$(stacks + STACK_SIZE), %esp
	push	%ebx
	push	%eax
	call	main
	cli
1:	hlt
	jmp	1b

/* An AP begins here, in real mode at AP_START: it is copied there. */
	.code16
	.globl	ap_start, ap_start_end
ap_start:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	AP_START + ap_gdt_pointer - ap_start
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$8, $ap_protected
	.balign	4
ap_gdt_pointer:
	.word	23
	.long	gdt
ap_start_end:

	.code32
ap_protected:
	mov	$16, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	mov	%ecx, %fs
	mov	%ecx, %gs
	mov	%ecx, %ss
	mov	$(stacks + 2 * STACK_SIZE), %esp
	call	ap_main
	cli
1:	hlt
	jmp	1b

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9a000000ffff
	.quad	0x00cf92000000ffff
gdt_pointer:
	.word	23
	.long	gdt

/* 16 bytes for each vector. */
	.globl	vectors
	.balign	16
vectors:
	.set	vector, 0
	.rept	256
	.balign	16
	pushl	$vector
	jmp	interrupted
	.set	vector, vector + 1
	.endr

interrupted:
	pusha
	cld
	mov	32(%esp), %eax		/* vector */
	lea	36(%esp), %edx		/* error code or EIP, and so on */
	push	%edx
	push	%eax
	call	interrupt
	add	$8, %esp
	popa
	add	$4, %esp
	iret

	.bss
	.balign	16
stacks:	.skip	2 * STACK_SIZE
