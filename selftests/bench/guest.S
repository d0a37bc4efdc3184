/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest of keel-bench: one loop for each kind of exit, timed from inside by
 * RDTSC.  64-bit code, copied to GUEST_CODE.  The same bytes run on both sides.
 *
 * What lasts: RDI turns of waiting, EBP set by an interrupt that came, R12
 * parameters, R13 rounds left, R14 TSC at the beginning, R15 a parameter.
 * Interrupt handlers take EAX, ECX, EDX besides, and CPUID EAX to EDX.
 */
#include "guest.inc"

/* SDM volume 4, "Architectural MSRs" */
#define MSR_APIC_BASE		0x1b
#define MSR_TSC_ADJUST		0x3b
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC_EOI		0x80b
#define MSR_X2APIC_SVR		0x80f
#define MSR_X2APIC_ICR		0x830
#define MSR_X2APIC_LVT_TIMER	0x832
#define MSR_X2APIC_SELF_IPI	0x83f

#define APIC_BASE_MODE		0xc00		/* x2APIC mode, enabled */
#define APIC_BASE_EXTD		0x400
#define APIC_BASE_EN		0x800
#define LVT_TSC_DEADLINE	(2 << 17)
#define SVR_ENABLED		0x1ff

#define APIC_PAGE		0xfee00000
#define APIC_VERSION		0x30
#define APIC_EOI		0xb0
#define APIC_SVR		0xf0

#define NO_CPU			200		/* an APIC ID that nobody has */

.macro put_msr msr, low, high=0
	mov	$\msr, %ecx
	mov	$\low, %eax
	mov	$\high, %edx
	wrmsr
.endm

/* What the delivery of an interrupt touches, so that the first takes no faults. */
.macro touch_delivery
	push	%rax
	pop	%rax
	mov	GUEST_GDT, %al
	mov	GUEST_IDT, %al
.endm

.macro x2apic
	touch_delivery
	mov	$MSR_APIC_BASE, %ecx
	rdmsr
	or	$APIC_BASE_MODE, %eax
	wrmsr
	put_msr	MSR_X2APIC_SVR, SVR_ENABLED
	put_msr	MSR_X2APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TAKEN
.endm

/* From x2APIC mode the way goes by way of switching off. */
.macro xapic
	mov	$MSR_APIC_BASE, %ecx
	rdmsr
	and	$~APIC_BASE_MODE, %eax
	wrmsr
	or	$APIC_BASE_EN, %eax
	wrmsr
	mov	$APIC_PAGE, %esi
	movl	$SVR_ENABLED, APIC_SVR(%rsi)
.endm

.macro start
	get_tsc
	mov	%rax, %r14
1:
.endm

.macro begin name
	entry	\name
	start
.endm

.macro end
	dec	%r13d
	jnz	1b
	jmp	guest_done
.endm

/* The other vCPU's APIC must be on when the first IPI comes. */
.macro await_peer
5:	cmpl	$0, PARAM_READY(%r12)
	je	5b
.endm

/* R15 ticks from now: sets IA32_TSC_DEADLINE. */
.macro arm_timer
	get_tsc
	add	%r15, %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$MSR_TSC_DEADLINE, %ecx
	wrmsr
.endm

/* What the row "spin" calibrates. */
.macro spin
2:	inc	%rdi
	test	%ebp, %ebp
	jz	2b
.endm

	.section guest, "a"

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

	/* The end of an interrupt where there is none. */
	entry	eoi
	x2apic
	start
	put_msr	MSR_X2APIC_EOI, 0
	end

	entry	icr
	x2apic
	start
	put_msr	MSR_X2APIC_ICR, VECTOR_TAKEN, NO_CPU
	end

	entry	apic_read
	xapic
	start
	mov	APIC_VERSION(%rsi), %eax
	end

	entry	apic_eoi
	xapic
	xor	%eax, %eax
	start
	mov	%eax, APIC_EOI(%rsi)
	end

	/* Turns of the wait in "timer". */
	entry	spin
	xor	%ebp, %ebp
	start
	inc	%rdi
	test	%ebp, %ebp
	jz	3f
3:	end

	entry	timer
	x2apic
	mov	PARAM_DELAY(%r12), %r15
	sti
	start
	xor	%ebp, %ebp
	arm_timer
	spin
	end

	/* The delay is not counted: what is, is how late each round ends. */
	entry	timer_hlt
	x2apic
	mov	PARAM_DELAY(%r12), %r15
	start
	cli
	add	%r15, %r14
	arm_timer
	sti
	hlt
	end

	entry	self_ipi_hlt
	x2apic
	start
	cli
	put_msr	MSR_X2APIC_SELF_IPI, VECTOR_TAKEN
	sti
	hlt
	end

	/* There and back, with "peer" on the other vCPU. */
	entry	ipi
	x2apic
	sti
	await_peer
	start
	xor	%ebp, %ebp
	put_msr	MSR_X2APIC_ICR, VECTOR_PING, 1
	spin
	dec	%r13d
	jnz	1b
	jmp	stop_peer

	/* Gives "peer_hlt" the time to fall asleep, and does not count it. */
	entry	ipi_hlt
	x2apic
	mov	PARAM_DELAY(%r12), %r15
	sti
	await_peer
	start
	add	%r15, %r14
	get_tsc
	lea	(%rax, %r15), %rbx
4:	get_tsc
	cmp	%rbx, %rax
	jb	4b
	xor	%ebp, %ebp
	put_msr	MSR_X2APIC_ICR, VECTOR_PING, 1
	spin
	dec	%r13d
	jnz	1b

stop_peer:
	note_ticks
	put_msr	MSR_X2APIC_ICR, VECTOR_STOP, 1
	out	%al, $PORT_DONE
	hlt

	entry	peer
	x2apic
	movl	$1, PARAM_READY(%r12)
	sti
1:	jmp	1b

	entry	peer_hlt
	x2apic
	movl	$1, PARAM_READY(%r12)
	sti
1:	hlt
	jmp	1b

	.globl	guest_done
guest_done:
	note_ticks
	out	%al, $PORT_DONE
	hlt

	.globl	irq_taken, irq_ping, irq_stop
irq_taken:
	mov	$1, %ebp
	put_msr	MSR_X2APIC_EOI, 0
	iretq

irq_ping:
	put_msr	MSR_X2APIC_EOI, 0
	put_msr	MSR_X2APIC_ICR, VECTOR_TAKEN, 0
	iretq

irq_stop:
	put_msr	MSR_X2APIC_EOI, 0
	out	%al, $PORT_DONE
	hlt

	.section .note.GNU-stack, "", @progbits
