/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of keel-bench's guest that works with its own page tables: what an
 * operating system does all day, and what shadow paging has to follow.
 *
 * Each row first goes PAGING_WARM rounds that are not timed, so that what both
 * sides make on first use is there.  paging.c makes the tables, and looks
 * afterwards whether each store went where they said.
 *
 * What lasts besides the registers of guest.S: R8D pages to touch, RSI the CR3 of
 * the first address space and RBX of the second; R10 page faults taken.
 */
#include "guest.inc"

/* SDM: "CPUID--CPU Identification", "Control Registers", "MOV--Move to/from Control Registers" */
#define CPUID_PCID	17		/* leaf 1, ECX */
#define CR4_PCIDE	17
#define CR3_NOFLUSH	63

.macro enter_paging name
	entry	\name
	mov	$PAGING_WARM, %r13d
	xor	%r14d, %r14d
	xor	%r10d, %r10d
	mov	PARAM_PAGES(%r12), %r8d
	mov	PARAM_SPACE(%r12), %rsi
	mov	PARAM_OTHER(%r12), %rbx
	mov	%rsi, %cr3
.endm

.macro begin_paging name
	enter_paging \name
1:
.endm

.macro end_paging
	dec	%r13d
	jnz	1b
	test	%r14, %r14
	jnz	paging_done
	mov	PARAM_COUNT(%r12), %r13d
	get_tsc
	mov	%rax, %r14
	jmp	1b
.endm

/* R8D pages from RAX on. */
.macro touch
	mov	%r8d, %ecx
2:	incl	(%rax)
	add	$4096, %rax
	dec	%ecx
	jnz	2b
.endm

.macro first_page reg
	mov	$USER_PAGES, \reg
.endm

	.section guest, "a"

	/* Nothing changed, but all translations have to go. */
	begin_paging mov_cr3
	mov	%rsi, %cr3
	end_paging

	begin_paging read_cr3
	mov	%cr3, %rax
	end_paging

	begin_paging invlpg
	first_page %rax
	invlpg	(%rax)
	end_paging

	/* A translation that is taken away and needed again. */
	begin_paging invlpg_touch
	first_page %rax
	invlpg	(%rax)
	incl	(%rax)
	end_paging

	/* From one process to another, which goes on working with its memory. */
	begin_paging switch
	xchg	%rsi, %rbx
	mov	%rsi, %cr3
	first_page %rax
	touch
	end_paging

	/*
	 * The same where the CPU has PCIDs: nothing is flushed.  So does a kernel with
	 * page-table isolation, at each entry from user mode and back.
	 */
	enter_paging switch_pcid
	mov	$1, %eax
	mov	%rbx, %r11
	cpuid
	mov	%r11, %rbx
	bt	$CPUID_PCID, %ecx
	jnc	1f
	mov	%cr4, %rax
	bts	$CR4_PCIDE, %rax
	mov	%rax, %cr4
	bts	$CR3_NOFLUSH, %rsi
	bts	$CR3_NOFLUSH, %rbx
	or	$1, %rsi
	or	$2, %rbx
1:
	xchg	%rsi, %rbx
	mov	%rsi, %cr3
	first_page %rax
	touch
	end_paging

	/* A page fault that is the guest's own, and changes no table. */
	begin_paging own_fault
	mov	$USER_HOLE, %r9
	incl	(%r9)
	end_paging

	/* A page that comes on demand, and is taken away again. */
	begin_paging page_fault
	mov	$USER_HOLE, %r9
	incl	(%r9)
	movq	$0, HOLE_ENTRY
	invlpg	(%r9)
	end_paging

	/*
	 * A process that comes and goes: a new table is filled and linked, its pages
	 * are used, another process runs, and the table is taken apart.
	 */
	begin_paging new_table
	mov	$NEW_TABLE, %edi
	mov	$PAGES_AT | PTE_USER, %eax
	mov	%r8d, %ecx
3:	mov	%rax, (%rdi)
	add	$4096, %rax
	add	$8, %rdi
	dec	%ecx
	jnz	3b
	movq	$NEW_TABLE | PTE_USER, NEW_ENTRY
	mov	%rsi, %cr3
	mov	$USER_NEW, %rax
	touch
	mov	%rbx, %cr3
	movq	$0, NEW_ENTRY
	xor	%eax, %eax
	mov	$NEW_TABLE, %edi
	mov	%r8d, %ecx
	rep stosq
	end_paging

paging_done:
	xor	%edi, %edi
	mov	%r10, PARAM_FAULTS(%r12)
	jmp	guest_done

	.globl	fault_map, fault_skip
fault_map:
	inc	%r10
	movq	$HOLE_AT | PTE_USER, HOLE_ENTRY
	add	$8, %rsp
	iretq

	/* Behind the incl (%r9), three bytes long. */
fault_skip:
	inc	%r10
	addq	$3, 8(%rsp)
	add	$8, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
