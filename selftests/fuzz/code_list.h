/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest code, by name: PIECE(name, text), which code.c defines.  Each is put
 * together for 16, 32 and 64 bits, and goes round for ever.  Memory that it uses
 * is that of lib/guest.h.
 */
PIECE(halt, "hlt")
PIECE(sti_halt, "sti; hlt; cli")
PIECE(ports, "mov $0x3f8, %edx; out %al, (%dx); in (%dx), %eax; outl %eax, (%dx)")
PIECE(strings, "cld; mov $0x3f8, %edx; mov $0x20000, %esi; mov %esi, %edi; mov $0x30, %ecx;"
	"rep outsb; mov $9, %ecx; rep insl")
PIECE(leaves, "cpuid; inc %ecx; mov %ecx, %eax")
PIECE(mmio, "mov $0xd0000000, %edi; movl %eax, (%edi); movl (%edi), %eax; incl 4(%edi)")
PIECE(apic, "mov $0xfee00000, %edi; movl 0x20(%edi), %eax; movl $0x1ff, 0xf0(%edi);"
	"movl $0x44031, 0x300(%edi); movl $0x20032, 0x320(%edi); movl $0x1000, 0x380(%edi);"
	"movl $0, 0xb0(%edi); movl 0x390(%edi), %eax; movl $0x10, 0x80(%edi)")
PIECE(x2apic, "mov $0x1b, %ecx; rdmsr; or $0xc00, %eax; wrmsr; mov $0x80f, %ecx; mov $0x1ff, %eax;"
	"xor %edx, %edx; wrmsr; mov $0x83f, %ecx; mov $0x41, %eax; wrmsr; mov $0x80b, %ecx;"
	"xor %eax, %eax; wrmsr; mov $0x830, %ecx; mov $0xc4041, %eax; wrmsr")
PIECE(msrs, "incl %ebx; mov $0xc0000080, %ecx; rdmsr; wrmsr; mov $0x10, %ecx; rdmsr; wrmsr;"
	"mov $0x277, %ecx; rdmsr; wrmsr; mov %ebx, %ecx; rdmsr; wrmsr; mov $0x6e0, %ecx; wrmsr")
PIECE(invalidate, "mov $0x20000, %edi; invlpg (%edi); incl (%edi); .byte 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8")
PIECE(tables, "mov $0x9080, %edi; mov $0xb080, %esi; incl %ebx; xorl %ebx, (%edi); xorl %ebx, (%esi);"
	"mov $0x10000, %edx; movl (%edx), %eax; mov $0x20000, %edx; incl (%edx); invlpg (%edx)")
PIECE(touch, "mov $0x20000, %edi; 2: incl (%edi); add $0x1000, %edi; cmp $0x400000, %edi; jb 2b")
PIECE(call, "vmcall; pause; rdtsc; wbinvd")
PIECE(control, ".byte 0x0f, 0x20, 0xc0, 0x0f, 0x22, 0xc0; clts; lmsw %ax; smsw %bx; fninit; wbinvd; str %bx; sldt %bx")
PIECE(faults, "int3; ud2; .byte 0x0f, 0xff; int $0x80")
PIECE(vmx, "mov $0x20000, %edi; vmxon (%edi); vmclear (%edi); vmlaunch; vmcall; vmxoff")
PIECE(selfmod, "mov $0x10040, %ebx; movb $0x90, (%ebx); lock incl 1(%ebx); movl $0x90909090, (%ebx)")
PIECE(spin, "nop")
PIECE(debug, "mov %ebx, %ecx; pushf; orw $0x100, (%esp); popf; nop; nop")
PIECE(xsave, "xor %ecx, %ecx; xgetbv; or $3, %eax; xsetbv; movups %xmm0, %xmm1; fldz")
PIECE(tss, "mov $0x18, %ax; ltr %ax; lidt (%esp); sgdt (%esp); lgdt (%esp); int $0x40")
