/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest of keel-bench: one loop for each kind of exit, timed from inside by
 * RDTSC.  64-bit code, copied to GUEST_CODE.  The same bytes run on both sides.
 */
#include "guest.h"

#define MSR_TSC_ADJUST	0x3b		/* SDM volume 4, "Architectural MSRs" */
#define MSR_MISC_ENABLE	0x1a0

/* CPUID takes EAX to EDX: what must last is above R8. */
.macro begin name
	.globl	bench_\name
bench_\name:
	mov	$GUEST_PARAMS, %r12d
	mov	$GUEST_MMIO, %r9d
	mov	PARAM_COUNT(%r12), %r13d
	mov	PARAM_FRESH(%r12), %r15
	mov	$MSR_MISC_ENABLE, %ecx
	rdmsr
	mov	%eax, %r10d
	mov	%edx, %r11d
	rdtsc
	shl	$32, %rdx
	lea	(%rdx, %rax), %r14
1:
.endm

.macro end
	dec	%r13d
	jnz	1b
	jmp	done
.endm

	.section .rodata
	.globl	guest_begin, guest_end
guest_begin:

	begin	loop
	end

	begin	cpuid
	xor	%eax, %eax
	cpuid
	end

	begin	rdmsr
	mov	$MSR_TSC_ADJUST, %ecx
	rdmsr
	end

	/* Writes what is there. */
	begin	wrmsr
	mov	$MSR_MISC_ENABLE, %ecx
	mov	%r10d, %eax
	mov	%r11d, %edx
	wrmsr
	end

	begin	out_user
	out	%al, $PORT_TEST
	end

	begin	in_user
	in	$PORT_TEST, %al
	end

	/* MMIO_INSN_BYTES long: R9 would need a prefix. */
	begin	mmio_user
	mov	%r9, %rsi
	mov	%eax, (%rsi)
	end

	begin	first_touch
	movb	$1, (%r15)
	add	$4096, %r15
	end

done:
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	sub	%r14, %rax
	mov	%rax, PARAM_TICKS(%r12)
	out	%al, $PORT_DONE
	hlt
guest_end:

	.section .note.GNU-stack, "", @progbits
