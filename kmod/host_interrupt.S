/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Call an interrupt handler of the host as if the CPU had delivered the
 * interrupt now: for one that a VM exit has acknowledged already.
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>

.text

/*
 * void host_call_gate(unsigned long entry)
 *
 * Interrupts are off.  The handler ends with IRET, which takes what is pushed
 * here; the CPU would have aligned the stack.
 */
SYM_FUNC_START(host_call_gate)
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	push	$__KERNEL_DS
	push	%rbp
	pushfq
	push	$__KERNEL_CS
	CALL_NOSPEC rdi
	mov	%rbp, %rsp
	pop	%rbp
	RET
SYM_FUNC_END(host_call_gate)
