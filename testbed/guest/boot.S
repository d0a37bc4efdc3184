/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An option ROM that starts Linux. Bochs has put the unpacked kernel, its
 * initramfs and boot_params into memory before the first instruction, so
 * nothing is read from a disk and nothing is unpacked. The BIOS calls us when
 * ACPI and MP tables are made; we add its memory map to boot_params and enter
 * the kernel by its 64-bit entry ("The Linux/x86 Boot Protocol").
 *
 * A second call means that the machine was reset. Memory no longer holds what
 * the host put there, so we say so and switch the machine off.
 */
#include "frame.h"
#include "handoff.h"

#define MSR_EFER		0xc0000080
#define PORT_A20		0x92
#define PORT_REPORT		0xe9
#define PORT_SHUTDOWN		0x8900
#define PORT_BIOS_LOG		0x402
#define E820_SMAP		0x534d4150

/* Selectors that the boot protocol fixes, and one for the way there. */
#define BOOT_CS			0x10
#define BOOT_DS			0x18
#define BOOT_CS32		0x20

	.code16
	.section .text
	.globl	_start
_start:
	.byte	0x55, 0xaa
	.byte	ROM_SIZE / 512
	/* The BIOS makes a far call to offset 3. */
	cli
	cld
	mov	$(HANDOFF_ADDR >> 4), %ax
	mov	%ax, %ds
	cmpl	$HANDOFF_MAGIC, 0
	jne	again
	movl	$0, 0

	mov	$(BOOT_PARAMS_ADDR >> 4), %ax
	mov	%ax, %es
	mov	$BOOT_E820_TABLE, %di
	xor	%ebx, %ebx
	xor	%bp, %bp
next_range:
	mov	$0xe820, %eax
	mov	$20, %ecx
	mov	$E820_SMAP, %edx
	int	$0x15
	jc	ranges_done
	cmp	$E820_SMAP, %eax
	jne	ranges_done
	add	$20, %di
	inc	%bp
	cmp	$BOOT_E820_MAX, %bp
	jae	ranges_done
	test	%ebx, %ebx
	jnz	next_range
ranges_done:
	mov	%bp, %ax
	mov	%al, %es:BOOT_E820_COUNT
	cli

	in	$PORT_A20, %al
	or	$2, %al
	out	%al, $PORT_A20

	lgdtl	%cs:gdt_pointer - _start
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$BOOT_CS32, $ROM_ADDR + protected - _start

again:
	mov	$reset_message - _start, %si
	mov	$PORT_REPORT, %dx
	mov	$4, %cx
	rep outsb %cs:(%si), (%dx)
	mov	$shutdown_word - _start, %si
	mov	$PORT_SHUTDOWN, %dx
	mov	$8, %cx
	rep outsb %cs:(%si), (%dx)
	hlt

	.code32
protected:
	mov	$BOOT_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$HANDOFF_ADDR, %ebp

	/* Put the image's blocks in order: see handoff.h. */
	mov	$SPARE_ADDR, %esi
1:	cmpl	$HANDOFF_MAGIC, (%esi)
	je	2f
	add	$BLOCK_SIZE, %esi
	cmp	$KERNEL_ADDR, %esi
	jb	1b
	jmp	bad_image
2:	mov	HANDOFF_START(%ebp), %esi
	mov	HANDOFF_END(%ebp), %edi
1:	mov	(%esi), %eax
	add	$BLOCK_SIZE, %esi
	cmp	%edi, %esi
	jb	1b
	cmpl	$HANDOFF_MAGIC, (%edi)
	jne	bad_image

	/* Identity-map 4 GiB by 2 MiB: the oldest model has no 1 GiB pages. */
	mov	$PAGE_TABLES_ADDR, %edi
	mov	$(6 * 4096 / 4), %ecx
	xor	%eax, %eax
	rep stosl
	movl	$(PAGE_TABLES_ADDR + 0x1003), PAGE_TABLES_ADDR
	mov	$(PAGE_TABLES_ADDR + 0x2003), %eax
	mov	$(PAGE_TABLES_ADDR + 0x1000), %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	mov	$0x83, %eax
	mov	$(PAGE_TABLES_ADDR + 0x2000), %edi
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b

	mov	%cr4, %eax
	or	$(1 << 5), %eax			/* PAE */
	mov	%eax, %cr4
	mov	$PAGE_TABLES_ADDR, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$(1 << 8), %eax			/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$(1 << 31), %eax		/* PG */
	mov	%eax, %cr0
	ljmp	$BOOT_CS, $ROM_ADDR + long_mode - _start

bad_image:
	mov	$(ROM_ADDR + bad_message - _start), %esi
	mov	$PORT_REPORT, %edx
	mov	$4, %ecx
	rep outsb
	mov	$(ROM_ADDR + shutdown_word - _start), %esi
	mov	$PORT_SHUTDOWN, %edx
	mov	$8, %ecx
	rep outsb
	hlt

	.code64
long_mode:
	/* A line with the number of instructions so far in Bochs' log. */
	mov	$(ROM_ADDR + enter_message - _start), %esi
	mov	$PORT_BIOS_LOG, %edx
	mov	$(enter_message_end - enter_message), %ecx
	rep outsb
	mov	HANDOFF_ENTRY(%rbp), %rax
	mov	$BOOT_PARAMS_ADDR, %esi
	jmp	*%rax

	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9a000000ffff	/* BOOT_CS: 64-bit code */
	.quad	0x00cf92000000ffff	/* BOOT_DS */
	.quad	0x00cf9a000000ffff	/* BOOT_CS32 */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	ROM_ADDR + gdt - _start

enter_message:
	.ascii	"enter the kernel\n"
enter_message_end:
shutdown_word:
	.ascii	"Shutdown"
/* Empty frames: see frame.h. */
reset_message:
	.byte	FRAME_MARK, FRAME_RESET, 0, 0
bad_message:
	.byte	FRAME_MARK, FRAME_BAD_IMAGE, 0, 0

	/* The BIOS wants all bytes to add up to nought; mkimage.c fills this in. */
	.org	_start + ROM_SIZE - 1
	.byte	0
