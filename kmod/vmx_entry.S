/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trampoline between the run loop and the guest: general registers, and
 * what the host's mitigations ask for on both sides.
 *
 * On the stack while the guest runs, from the top: spec_ctrl, regs.  VM exit
 * loads RSP from HOST_RSP, so the exit finds them there.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/alternative.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

#define HOST_RSP	0x6c14		/* SDM, "Natural-Width Host-State Fields" */

/* struct keel_regs, by the encoding of the registers */
#define REG(n)		((n) * 8)
#define RAX		REG(0)
#define RCX		REG(1)
#define RDX		REG(2)
#define RBX		REG(3)
#define RBP		REG(5)
#define RSI		REG(6)
#define RDI		REG(7)

.section .rodata
/* VERW clears CPU buffers with a memory operand only. */
SYM_DATA_LOCAL(verw_selector, .word __KERNEL_DS)

.text

/* unsigned int vmx_enter(regs, launched, host_rsp, spec_ctrl) */
SYM_FUNC_START(vmx_enter)
	push	%rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rdi
	push	%rcx

	/* The stack is mostly where it was: a compare instead of a VMWRITE. */
	cmp	%rsp, (%rdx)
	je	.Lrsp_done
	mov	%rsp, (%rdx)
	mov	$HOST_RSP, %eax
.Lrsp_write:
	vmwrite	%rsp, %rax
.Lrsp_done:
	UNWIND_HINT_SAVE
	/* CF survives the moves, and VERW touches ZF alone. */
	bt	$0, %esi

	mov	RAX(%rdi), %rax
	mov	RCX(%rdi), %rcx
	mov	RDX(%rdi), %rdx
	mov	RBX(%rdi), %rbx
	mov	RBP(%rdi), %rbp
	mov	RSI(%rdi), %rsi
	mov	REG(8)(%rdi), %r8
	mov	REG(9)(%rdi), %r9
	mov	REG(10)(%rdi), %r10
	mov	REG(11)(%rdi), %r11
	mov	REG(12)(%rdi), %r12
	mov	REG(13)(%rdi), %r13
	mov	REG(14)(%rdi), %r14
	mov	REG(15)(%rdi), %r15
	mov	RDI(%rdi), %rdi

	/* Nothing of the host is loaded from memory behind this. */
	/* A relocation inside the alternative is more than 6.1 can patch. */
	/* Older kernels say _VM for AMD alone, and the other one for both. */
#ifdef X86_FEATURE_CLEAR_CPU_BUF_VM
	ALTERNATIVE_2 "jmp .Lverw_done", "", X86_FEATURE_CLEAR_CPU_BUF, \
		      "", X86_FEATURE_CLEAR_CPU_BUF_VM
	verw	verw_selector(%rip)
#elif defined(X86_FEATURE_CLEAR_CPU_BUF)
	ALTERNATIVE "jmp .Lverw_done", "", X86_FEATURE_CLEAR_CPU_BUF
	verw	verw_selector(%rip)
#endif
.Lverw_done:
	jnc	.Llaunch
.Lresume:
	vmresume
	jmp	.Lfailed
.Llaunch:
	vmlaunch
.Lfailed:
	/* VMfail, or #UD because a crash switched VMX off under us. */
	add	$16, %rsp
	mov	$1, %eax
	jmp	.Lreturn

	_ASM_EXTABLE(.Lrsp_write, .Lfailed)
	_ASM_EXTABLE(.Lresume, .Lfailed)
	_ASM_EXTABLE(.Llaunch, .Lfailed)

SYM_INNER_LABEL(vmx_exit_point, SYM_L_GLOBAL)
	/* As it was at .Lresume, with the guest's registers. */
	ANNOTATE_NOENDBR
	UNWIND_HINT_RESTORE
	push	%rdi
	mov	16(%rsp), %rdi
	mov	%rax, RAX(%rdi)
	mov	%rcx, RCX(%rdi)
	mov	%rdx, RDX(%rdi)
	mov	%rbx, RBX(%rdi)
	mov	%rbp, RBP(%rdi)
	mov	%rsi, RSI(%rdi)
	mov	%r8, REG(8)(%rdi)
	mov	%r9, REG(9)(%rdi)
	mov	%r10, REG(10)(%rdi)
	mov	%r11, REG(11)(%rdi)
	mov	%r12, REG(12)(%rdi)
	mov	%r13, REG(13)(%rdi)
	mov	%r14, REG(14)(%rdi)
	mov	%r15, REG(15)(%rdi)
	pop	RDI(%rdi)

	/* No guest value is left for a mispredicted path to use. */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	pop	%rdi			/* spec_ctrl */
	add	$8, %rsp

	/* Before the first return: its prediction could be the guest's. */
#ifdef X86_FEATURE_RSB_VMEXIT_LITE
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE
#else
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT
#endif
	ALTERNATIVE "jmp .Lspec_done", "", X86_FEATURE_KERNEL_IBRS
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	mov	%edi, %eax
	mov	%rdi, %rdx
	shr	$32, %rdx
	wrmsr
.Lspec_done:
#ifdef X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT
	CLEAR_BRANCH_HISTORY_VMEXIT
#elif defined(X86_FEATURE_CLEAR_BHB_LOOP)
	CLEAR_BRANCH_HISTORY
#endif
	xor	%eax, %eax
.Lreturn:
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET
SYM_FUNC_END(vmx_enter)
_ASM_NOKPROBE(vmx_enter)
