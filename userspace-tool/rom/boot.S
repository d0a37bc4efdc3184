/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An option ROM that boots a kernel by Linux' 16-bit boot protocol.
 *
 * The BIOS finds the PnP header ("BIOS Boot Specification", "Plug and Play BIOS
 * Specification") and calls the bootstrap entry vector when it is this ROM's
 * turn to boot.  By then it has made its memory map and leaves the rest of memory
 * to who boots: that is why the kernel is fetched now, and not put there before
 * the BIOS began.  Each part is an item of fw_cfg, and one DMA command moves it
 * where it goes, above 1 MiB, too, so that the ROM stays in real mode.
 *
 * The setup code's header is filled in already, but for the address of the
 * initial RAM disk: what the BIOS keeps at the end of memory it alone knows.
 */
#include "rom/kernel.h"

/* Items, see enum fw_cfg_key. */
#define KERNEL_DATA	0x11
#define INITRD_DATA	0x12
#define COMMAND_LINE_DATA 0x15
#define SETUP_DATA	0x18

#define PORT_DMA	0x518
#define SELECT_AND_READ	0x0a
#define DMA_ERROR	1

#define SEGMENT		(ROM_SETUP >> 4)
/* In the setup code: struct setup_header's ramdisk_image. */
#define RAMDISK_IMAGE	0x218
#define RAMDISK_ALIGN	4096

/* What a ROM's first call answers: a boot device may be here. */
#define PNP_IPL_DEVICE	0x20

	.section .rodata
	.code16
	.globl	rom_boot, rom_boot_end
rom_boot:
	.byte	0x55, 0xaa, (rom_boot_end - rom_boot) / 512
	/* The first call: nothing is to be set up. */
	mov	$PNP_IPL_DEVICE, %ax
	lret
	.org	rom_boot + 0x1a
	.word	pnp - rom_boot

	.org	rom_boot + 0x20
pnp:	.ascii	"$PnP"
	.byte	1, 2			/* version, length in paragraphs */
	.word	0			/* no further header */
	.byte	0, 0			/* reserved, sum */
	.long	0			/* device */
	.word	maker - rom_boot, name - rom_boot
	.byte	2, 0, 0			/* storage, other than the usual ones */
	.byte	0x64			/* can be shadowed and cached; boots */
	.word	0, 0			/* connection, disconnect vectors */
	.word	boot - rom_boot		/* bootstrap entry vector */
	.word	0, 0			/* reserved, resources */

	/* struct rom_kernel_params */
	.org	rom_boot + ROM_PARAMS
setup_bytes:		.long	0
command_line_bytes:	.long	0
kernel_bytes:		.long	0
initrd_bytes:		.long	0
initrd_lowest:		.long	0
initrd_highest:		.long	0

	.macro	param name, register
	movl	%cs:\name - rom_boot, \register
	.endm

boot:	cli
	cld
	mov	$SEGMENT, %ax
	mov	%ax, %ss
	mov	$ROM_HEAP_END, %esp
	mov	%ax, %ds

	mov	$SETUP_DATA, %ax
	mov	$ROM_SETUP, %edi
	param	setup_bytes, %ecx
	call	fetch
	mov	$COMMAND_LINE_DATA, %ax
	mov	$ROM_COMMAND_LINE, %edi
	param	command_line_bytes, %ecx
	call	fetch
	mov	$KERNEL_DATA, %ax
	mov	$ROM_KERNEL, %edi
	param	kernel_bytes, %ecx
	call	fetch
	param	initrd_bytes, %ecx
	jecxz	enter
	call	place_initrd
	mov	%edi, RAMDISK_IMAGE
	mov	$INITRD_DATA, %ax
	call	fetch

	/* boot.rst, "Running the Kernel" */
enter:	mov	$SEGMENT, %ax
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	ljmp	$SEGMENT + 0x20, $0

/*
 * Have the item AX put at the linear address EDI, ECX bytes.  EAX, DX and BP
 * change.  The command is on the stack, all of it big-endian.
 */
fetch:	shl	$16, %eax
	mov	$SELECT_AND_READ, %ax
	bswap	%edi
	bswap	%ecx
	bswap	%eax
	pushl	%edi
	pushl	$0			/* upper half of the address */
	pushl	%ecx
	pushl	%eax
	bswap	%edi
	bswap	%ecx
	mov	%sp, %bp
	movzwl	%sp, %eax
	add	$ROM_SETUP, %eax
	bswap	%eax
	mov	$PORT_DMA, %dx
	outl	%eax, %dx
1:	mov	(%bp), %eax
	test	%eax, %eax
	jz	2f
	bswap	%eax
	cmp	$DMA_ERROR, %eax
	jne	1b
	mov	$unread - rom_boot, %si
	jmp	fail
2:	add	$16, %sp
	ret

/*
 * As high as there is memory, and as the kernel can reach, the ECX bytes at EDI.
 * INT 15h, AX=E801h: KiB from 1 MiB to 16 MiB, 64 KiB from there on, in AX and
 * BX or in CX and DX.
 */
place_initrd:
	pushl	%ecx
	xor	%cx, %cx
	xor	%dx, %dx
	mov	$0xe801, %ax
	int	$0x15
	jc	no_room
	mov	%cx, %si
	or	%dx, %si
	jnz	1f
	mov	%ax, %cx
	mov	%bx, %dx
1:	movzwl	%dx, %edi
	shl	$16, %edi
	add	$0x1000000, %edi
	test	%dx, %dx
	jnz	2f
	movzwl	%cx, %edi
	shl	$10, %edi
	add	$0x100000, %edi
2:	dec	%edi			/* highest address of memory */
	param	initrd_highest, %eax
	cmp	%eax, %edi
	jbe	3f
	mov	%eax, %edi
3:	popl	%ecx
	dec	%ecx
	sub	%ecx, %edi
	jc	no_room
	inc	%ecx
	and	$~(RAMDISK_ALIGN - 1), %edi
	param	initrd_lowest, %eax
	cmp	%eax, %edi
	jb	no_room
	ret

no_room:
	mov	$no_room_text - rom_boot, %si
	/* Say the text at CS:SI; then the BIOS goes on to the next device. */
fail:	sti
1:	mov	%cs:(%si), %al
	inc	%si
	test	%al, %al
	jz	2f
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
	jmp	1b
2:	int	$0x18

maker:	.asciz	"Keel"
name:	.asciz	"Kernel"
unread:	.asciz	"Keel: the kernel's files cannot be read\r\n"
no_room_text:
	.asciz	"Keel: the BIOS leaves no room for the initial RAM disk\r\n"

	/* The last byte is for the sum. */
	.org	rom_boot + 1024
rom_boot_end:

	.section .note.GNU-stack, "", @progbits
