// SPDX-License-Identifier: GPL-2.0
/*
 * What the guests of lib/pageguest.h run: a loop that works off a list.
 *
 * RBP points to the entry in hand, RBX to the list; its first 64 bytes hold the
 * stack.  Accesses begin with IRET, so that they have the CPL and RFLAGS.AC that
 * the entry wants, and end with INT3.  Its handler and those of #UD, #GP and #PF
 * note what they see and go on with the next entry.
 *
 * Bochs keeps the host's interrupts from ending the run of a guest whose IF is 0;
 * it is 1 here for the sake of guests that wait for each other.
 */
#include "pageguest.h"
#include "pageguest_code.h"

GUEST_CODE(page_loop64,
	   "sti; mov (%rbx), %rsp; add $64, %rbp\n"
	   "mov (%rbp), %eax; mov 8(%rbp), %rdi; mov 16(%rbp), %rsi\n"
	   "movzbl %al, %ecx; jecxz 9f; cmp $4, %ecx; jae 3f\n"
	   /* read, write, fetch */
	   "mov $0x11000, %edx; test $0x100, %eax; jz 1f; mov $0x18000, %edx\n"
	   "1: dec %ecx; jz 1f; add $16, %edx; dec %ecx; jz 1f; mov %rdi, %rdx\n"
	   "1: mov %eax, %ecx; and $0x200, %ecx; shl $9, %ecx; or $0x202, %ecx\n"
	   "mov %rsp, %r9\n"
	   "test $0x100, %eax; jz 2f\n"
	   "push $0x4b; push $0x50000; push %rcx; push $0x53; push %rdx; iretq\n"
	   "2: push $0x10; push %r9; push %rcx; push $8; push %rdx; iretq\n"
	   "9: hlt\n"
	   /* the others, in their order */
	   "3: sub $4, %ecx; jnz 1f; invlpg (%rdi); int3\n"
	   "1: dec %ecx; jnz 1f; mov %rdi, %cr3; int3\n"
	   "1: dec %ecx; jnz 1f; mov %rdi, %cr4; int3\n"
	   "1: dec %ecx; jnz 1f; mov %rdi, %cr0; int3\n"
	   "1: dec %ecx; jnz 1f; mov $0xc0000080, %ecx; mov %edi, %eax; xor %edx, %edx; wrmsr; int3\n"
	   "1: dec %ecx; jnz 1f; invpcid 16(%rbp), %rdi; int3\n"
	   "1: pause; mov (%rdi), %rax; cmp %rsi, %rax; jne 1b; int3");

GUEST_CODE32(page_loop32,
	     "sti; fninit; mov $0x4b, %ecx; mov %ecx, %ds; mov %ecx, %es\n"
	     "mov (%ebx), %esp; add $64, %ebp; fildll 16(%ebp)\n"
	     "mov (%ebp), %eax; mov 8(%ebp), %edi; mov 16(%ebp), %esi\n"
	     "movzbl %al, %ecx; jecxz 9f; cmp $4, %ecx; jae 3f\n"
	     "mov $0x11000, %edx; test $0x100, %eax; jz 1f; mov $0x18000, %edx\n"
	     "1: dec %ecx; jz 1f; add $16, %edx; dec %ecx; jz 1f; mov %edi, %edx\n"
	     "1: mov %eax, %ecx; and $0x200, %ecx; shl $9, %ecx; or $0x202, %ecx\n"
	     "test $0x100, %eax; jz 2f\n"
	     "pushl $0x4b; pushl $0x50000; push %ecx; pushl $0x43; push %edx; iretl\n"
	     "2: push %ecx; pushl $8; push %edx; iretl\n"
	     "9: hlt\n"
	     "3: sub $4, %ecx; jnz 1f; invlpg (%edi); int3\n"
	     "1: dec %ecx; jnz 1f; mov %edi, %cr3; int3\n"
	     "1: dec %ecx; jnz 1f; mov %edi, %cr4; int3\n"
	     "1: dec %ecx; jnz 1f; mov %edi, %cr0; int3\n"
	     "1: dec %ecx; jnz 1f; mov $0xc0000080, %ecx; mov %edi, %eax; xor %edx, %edx; wrmsr; int3\n"
	     "1: dec %ecx; jnz 1f; invpcid 16(%ebp), %edi; int3\n"
	     "1: pause; mov (%edi), %eax; cmp %esi, %eax; jne 1b; int3");

/* Reads, and 16 bytes on, writes. */
GUEST_CODE(page_access64, "mov (%rdi), %rax; int3; .balign 16; mov %rsi, (%rdi); int3");
GUEST_CODE32(page_access_pae, "mov (%edi), %eax; int3; .balign 16; fistpll (%edi); int3");
GUEST_CODE32(page_access32, "mov (%edi), %eax; int3; .balign 16; mov %esi, (%edi); int3");

#define NEXT64	"mov %rax, 32(%rbp); mov $0x10000, %ecx; jmp *%rcx"
#define NEXT32	"mov %eax, 32(%ebp); mov $0x10000, %ecx; jmp *%ecx"

GUEST_CODE(page_bp64, "movl $3, 4(%rbp); " NEXT64);
GUEST_CODE(page_ud64, "movl $6, 4(%rbp); " NEXT64);
GUEST_CODE(page_gp64, "movl $13, 4(%rbp); popq 40(%rbp); " NEXT64);
GUEST_CODE(page_pf64, "movl $14, 4(%rbp); popq 40(%rbp); mov %cr2, %rcx; mov %rcx, 48(%rbp); "
		      NEXT64);
GUEST_CODE32(page_bp32, "movl $3, 4(%ebp); " NEXT32);
GUEST_CODE32(page_ud32, "movl $6, 4(%ebp); " NEXT32);
GUEST_CODE32(page_gp32, "movl $13, 4(%ebp); popl 40(%ebp); " NEXT32);
GUEST_CODE32(page_pf32, "movl $14, 4(%ebp); popl 40(%ebp); mov %cr2, %ecx; mov %ecx, 48(%ebp); "
			NEXT32);

#define CODE(name)	{ name##_begin, name##_end }

const struct page_codes page_codes64 = {
	.loop = CODE(page_loop64), .access = CODE(page_access64), .bp = CODE(page_bp64),
	.ud = CODE(page_ud64), .gp = CODE(page_gp64), .pf = CODE(page_pf64),
};

const struct page_codes page_codes_pae = {
	.loop = CODE(page_loop32), .access = CODE(page_access_pae), .bp = CODE(page_bp32),
	.ud = CODE(page_ud32), .gp = CODE(page_gp32), .pf = CODE(page_pf32),
};

const struct page_codes page_codes32 = {
	.loop = CODE(page_loop32), .access = CODE(page_access32), .bp = CODE(page_bp32),
	.ud = CODE(page_ud32), .gp = CODE(page_gp32), .pf = CODE(page_pf32),
};
