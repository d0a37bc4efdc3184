/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Keel's tracepoints: what a program that watches VM exits goes by.
 *
 * The tracepoints are in the trace system "keel".  Their names, and the order and
 * width of their arguments, are fixed: later versions add arguments at the end, and
 * tracepoints.  docs/tracing.md says what each of them means and when it comes.
 *
 * Three ways lead to them: tracefs and perf, by events/keel/NAME/format; BPF
 * programs of type raw_tp, whose ctx->args[] are numbered by the enums below; tp_btf
 * programs and bpftrace, by the module's BTF.
 */
#ifndef _UAPI_LINUX_KEEL_TRACE_H
#define _UAPI_LINUX_KEEL_TRACE_H

/**
 * define KEEL_HW_REASONS - basic exit reasons: number, Linux' name, ours in prose
 * @R: what to make of an entry: a macro of three arguments
 *
 * SDM, appendix "VMX Basic Exit Reasons".  Numbers that are not here are not in use.
 */
#define KEEL_HW_REASONS(R) \
	R(0, EXCEPTION_NMI, "exception or NMI") \
	R(1, EXTERNAL_INTERRUPT, "external interrupt") \
	R(2, TRIPLE_FAULT, "triple fault") \
	R(3, INIT_SIGNAL, "INIT signal") \
	R(4, SIPI_SIGNAL, "start-up IPI") \
	R(5, IO_SMI, "I/O SMI") \
	R(6, OTHER_SMI, "other SMI") \
	R(7, INTERRUPT_WINDOW, "interrupt window") \
	R(8, NMI_WINDOW, "NMI window") \
	R(9, TASK_SWITCH, "task switch") \
	R(10, CPUID, "CPUID") \
	R(11, GETSEC, "GETSEC") \
	R(12, HLT, "HLT") \
	R(13, INVD, "INVD") \
	R(14, INVLPG, "INVLPG") \
	R(15, RDPMC, "RDPMC") \
	R(16, RDTSC, "RDTSC") \
	R(17, RSM, "RSM") \
	R(18, VMCALL, "VMCALL") \
	R(19, VMCLEAR, "VMCLEAR") \
	R(20, VMLAUNCH, "VMLAUNCH") \
	R(21, VMPTRLD, "VMPTRLD") \
	R(22, VMPTRST, "VMPTRST") \
	R(23, VMREAD, "VMREAD") \
	R(24, VMRESUME, "VMRESUME") \
	R(25, VMWRITE, "VMWRITE") \
	R(26, VMOFF, "VMXOFF") \
	R(27, VMON, "VMXON") \
	R(28, CR_ACCESS, "control-register access") \
	R(29, DR_ACCESS, "MOV DR") \
	R(30, IO_INSTRUCTION, "I/O instruction") \
	R(31, MSR_READ, "RDMSR") \
	R(32, MSR_WRITE, "WRMSR") \
	R(33, INVALID_STATE, "VM-entry failure due to invalid guest state") \
	R(34, MSR_LOAD_FAIL, "VM-entry failure due to MSR loading") \
	R(36, MWAIT_INSTRUCTION, "MWAIT") \
	R(37, MONITOR_TRAP_FLAG, "monitor trap flag") \
	R(39, MONITOR_INSTRUCTION, "MONITOR") \
	R(40, PAUSE_INSTRUCTION, "PAUSE") \
	R(41, MCE_DURING_VMENTRY, "VM-entry failure due to machine-check event") \
	R(43, TPR_BELOW_THRESHOLD, "TPR below threshold") \
	R(44, APIC_ACCESS, "APIC access") \
	R(45, EOI_INDUCED, "virtualized EOI") \
	R(46, GDTR_IDTR, "access to GDTR or IDTR") \
	R(47, LDTR_TR, "access to LDTR or TR") \
	R(48, EPT_VIOLATION, "EPT violation") \
	R(49, EPT_MISCONFIG, "EPT misconfiguration") \
	R(50, INVEPT, "INVEPT") \
	R(51, RDTSCP, "RDTSCP") \
	R(52, PREEMPTION_TIMER, "VMX-preemption timer expired") \
	R(53, INVVPID, "INVVPID") \
	R(54, WBINVD, "WBINVD or WBNOINVD") \
	R(55, XSETBV, "XSETBV") \
	R(56, APIC_WRITE, "APIC write") \
	R(57, RDRAND, "RDRAND") \
	R(58, INVPCID, "INVPCID") \
	R(59, VMFUNC, "VMFUNC") \
	R(60, ENCLS, "ENCLS") \
	R(61, RDSEED, "RDSEED") \
	R(62, PML_FULL, "page-modification log full") \
	R(63, XSAVES, "XSAVES") \
	R(64, XRSTORS, "XRSTORS") \
	R(65, PCONFIG, "PCONFIG") \
	R(66, SPP_EVENT, "SPP-related event") \
	R(67, UMWAIT, "UMWAIT") \
	R(68, TPAUSE, "TPAUSE") \
	R(69, LOADIWKEY, "LOADIWKEY") \
	R(70, ENCLV, "ENCLV") \
	R(72, ENQCMD, "ENQCMD PASID translation failure") \
	R(73, ENQCMDS, "ENQCMDS PASID translation failure") \
	R(74, BUS_LOCK, "bus lock") \
	R(75, NOTIFY, "instruction timeout") \
	R(76, SEAMCALL, "SEAMCALL") \
	R(77, TDCALL, "TDCALL") \
	R(78, RDMSRLIST, "RDMSRLIST") \
	R(79, WRMSRLIST, "WRMSRLIST") \
	R(84, MSR_READ_IMM, "RDMSR with immediate") \
	R(85, MSR_WRITE_IMM, "WRMSRNS with immediate")

/**
 * define KEEL_USER_REASONS - enum keel_exit: number and name
 * @R: what to make of an entry: a macro of two arguments
 */
#define KEEL_USER_REASONS(R) \
	R(0, NONE) R(1, INTR) R(2, IO) R(3, MMIO) R(4, HLT) R(5, SHUTDOWN) \
	R(6, FAIL_ENTRY) R(7, HYPERCALL) R(8, EXCEPTION) R(9, MSR) R(10, INSN) \
	R(11, INTR_WINDOW) R(12, STEP) R(13, TASK_SWITCH) R(14, MEMORY_FAULT) \
	R(15, INTERNAL_ERROR) R(16, DEADLINE) R(17, EOI) R(18, EXTINT)

/** define KEEL_HW_REASON_FAILED - in an exit reason: the VM entry failed */
#define KEEL_HW_REASON_FAILED	0x80000000U

/** define KEEL_TRACE_NO_EXIT - where an exit reason stands: no VM exit led here */
#define KEEL_TRACE_NO_EXIT	0xffffffffU

/**
 * enum keel_trace_outcome - what became of an exit (keel_exit_done)
 * @KEEL_TRACE_KERNEL: the module answered it
 * @KEEL_TRACE_USER: the VMM was asked: keel_user_exit says what
 * @KEEL_TRACE_KILLED: the VM is dead
 */
enum keel_trace_outcome {
	KEEL_TRACE_KERNEL,
	KEEL_TRACE_USER,
	KEEL_TRACE_KILLED,
};

/*
 * Arguments by number.  The first two are the same in all that concern a vCPU: VM id
 * and vCPU id.  The process is the current one.
 */

/**
 * enum keel_trace_vm_create - keel_vm_create: a VM has been made
 * @KEEL_VM_CREATE_VM_ID: u32: VM id; never used twice while the module is loaded
 * @KEEL_VM_CREATE_PID: u32: process (tgid) it belongs to, in the first namespace
 * @KEEL_VM_CREATE_FLAGS: u32: KEEL_VM_*, with what the module has added
 */
enum keel_trace_vm_create {
	KEEL_VM_CREATE_VM_ID, KEEL_VM_CREATE_PID, KEEL_VM_CREATE_FLAGS,
};

/**
 * enum keel_trace_vm_destroy - keel_vm_destroy: the last reference to a VM is gone
 * @KEEL_VM_DESTROY_VM_ID: u32: VM id
 */
enum keel_trace_vm_destroy { KEEL_VM_DESTROY_VM_ID };

/**
 * enum keel_trace_entry - keel_entry: the guest is about to be entered
 * @KEEL_ENTRY_VM_ID: u32: VM id
 * @KEEL_ENTRY_VCPU_ID: u32: vCPU id
 * @KEEL_ENTRY_RIP: u64: guest RIP
 * @KEEL_ENTRY_INTR_INFO: u32: VM-entry interruption-information field
 * @KEEL_ENTRY_ERROR_CODE: u32: VM-entry exception error code, 0 without one
 */
enum keel_trace_entry {
	KEEL_ENTRY_VM_ID, KEEL_ENTRY_VCPU_ID, KEEL_ENTRY_RIP, KEEL_ENTRY_INTR_INFO,
	KEEL_ENTRY_ERROR_CODE,
};

/**
 * enum keel_trace_exit - keel_exit: a VM exit, before anything is done about it;
 * but an NMI that was for the host has been taken
 * @KEEL_HW_EXIT_VM_ID: u32: VM id
 * @KEEL_HW_EXIT_VCPU_ID: u32: vCPU id
 * @KEEL_HW_EXIT_REASON: u32: exit reason: bits 15:0 are the basic one
 * @KEEL_HW_EXIT_RIP: u64: guest RIP
 * @KEEL_HW_EXIT_QUALIFICATION: u64: exit qualification
 * @KEEL_HW_EXIT_GPA: u64: guest physical address of EPT violations and
 *	misconfigurations, otherwise 0
 * @KEEL_HW_EXIT_INTR_INFO: u32: VM-exit interruption information
 * @KEEL_HW_EXIT_ERROR_CODE: u32: VM-exit interruption error code, 0 without one
 * @KEEL_HW_EXIT_INSN_LEN: u32: VM-exit instruction length in bytes; 0 where the SDM
 *	leaves it undefined
 */
enum keel_trace_exit {
	KEEL_HW_EXIT_VM_ID, KEEL_HW_EXIT_VCPU_ID, KEEL_HW_EXIT_REASON, KEEL_HW_EXIT_RIP,
	KEEL_HW_EXIT_QUALIFICATION, KEEL_HW_EXIT_GPA, KEEL_HW_EXIT_INTR_INFO,
	KEEL_HW_EXIT_ERROR_CODE, KEEL_HW_EXIT_INSN_LEN,
};

/**
 * enum keel_trace_exit_done - keel_exit_done: the module is done with an exit
 * @KEEL_EXIT_DONE_VM_ID: u32: VM id
 * @KEEL_EXIT_DONE_VCPU_ID: u32: vCPU id
 * @KEEL_EXIT_DONE_REASON: u32: as in keel_exit
 * @KEEL_EXIT_DONE_RIP: u64: as in keel_exit
 * @KEEL_EXIT_DONE_OUTCOME: u32: enum keel_trace_outcome
 * @KEEL_EXIT_DONE_CYCLES: u64: host TSC ticks since the exit, with the time that the
 *	thread slept in HLT or was preempted
 *
 * Exactly one for each keel_exit: before the next entry, or when KEEL_RUN returns.
 */
enum keel_trace_exit_done {
	KEEL_EXIT_DONE_VM_ID, KEEL_EXIT_DONE_VCPU_ID, KEEL_EXIT_DONE_REASON,
	KEEL_EXIT_DONE_RIP, KEEL_EXIT_DONE_OUTCOME, KEEL_EXIT_DONE_CYCLES,
};

/**
 * enum keel_trace_user_exit - keel_user_exit: KEEL_RUN is about to return, and not
 * because it fails (a signal is no failure) or by immediate_exit
 * @KEEL_USER_EXIT_VM_ID: u32: VM id
 * @KEEL_USER_EXIT_VCPU_ID: u32: vCPU id
 * @KEEL_USER_EXIT_USER_REASON: u32: KEEL_EXIT_*, as in the run page
 * @KEEL_USER_EXIT_REASON: u32: as in keel_exit; KEEL_TRACE_NO_EXIT where it is not
 *	the last VM exit that user space is to answer: a signal, a deadline, ...
 */
enum keel_trace_user_exit {
	KEEL_USER_EXIT_VM_ID, KEEL_USER_EXIT_VCPU_ID, KEEL_USER_EXIT_USER_REASON,
	KEEL_USER_EXIT_REASON,
};

/**
 * enum keel_trace_user_done - keel_user_done: back from user space, just before the
 * guest is entered again
 * @KEEL_USER_DONE_VM_ID: u32: VM id
 * @KEEL_USER_DONE_VCPU_ID: u32: vCPU id
 * @KEEL_USER_DONE_USER_REASON: u32: as in keel_user_exit
 * @KEEL_USER_DONE_REASON: u32: as in keel_user_exit
 * @KEEL_USER_DONE_RIP: u64: guest RIP at that exit, 0 with KEEL_TRACE_NO_EXIT
 * @KEEL_USER_DONE_CYCLES: u64: host TSC ticks since KEEL_RUN returned; what an exit
 *	took in all is this and keel_exit_done's
 */
enum keel_trace_user_done {
	KEEL_USER_DONE_VM_ID, KEEL_USER_DONE_VCPU_ID, KEEL_USER_DONE_USER_REASON,
	KEEL_USER_DONE_REASON, KEEL_USER_DONE_RIP, KEEL_USER_DONE_CYCLES,
};

/**
 * enum keel_trace_pio - keel_pio: a port access; an IN when its answer is known
 * @KEEL_PIO_VM_ID: u32: VM id
 * @KEEL_PIO_VCPU_ID: u32: vCPU id
 * @KEEL_PIO_WRITE: u32: 1 for OUT and OUTS
 * @KEEL_PIO_PORT: u32: port
 * @KEEL_PIO_SIZE: u32: bytes of one access
 * @KEEL_PIO_COUNT: u32: how many; more than 1 with REP only
 * @KEEL_PIO_VAL: u32: the value, of several the first
 */
enum keel_trace_pio {
	KEEL_PIO_VM_ID, KEEL_PIO_VCPU_ID, KEEL_PIO_WRITE, KEEL_PIO_PORT, KEEL_PIO_SIZE,
	KEEL_PIO_COUNT, KEEL_PIO_VAL,
};

/**
 * enum keel_trace_mmio - keel_mmio: an access where no memory is
 * @KEEL_MMIO_VM_ID: u32: VM id
 * @KEEL_MMIO_VCPU_ID: u32: vCPU id
 * @KEEL_MMIO_ACCESS: u32: KEEL_ACCESS_*; none of them is a read
 * @KEEL_MMIO_GPA: u64: guest physical address
 * @KEEL_MMIO_SIZE: u32: bytes; 0 where the VMM decodes the instruction
 * @KEEL_MMIO_VAL: u64: what was written; 0 with size 0
 */
enum keel_trace_mmio {
	KEEL_MMIO_VM_ID, KEEL_MMIO_VCPU_ID, KEEL_MMIO_ACCESS, KEEL_MMIO_GPA,
	KEEL_MMIO_SIZE, KEEL_MMIO_VAL,
};

/**
 * enum keel_trace_msr - keel_msr: RDMSR or WRMSR that exits
 * @KEEL_MSR_VM_ID: u32: VM id
 * @KEEL_MSR_VCPU_ID: u32: vCPU id
 * @KEEL_MSR_WRITE: u32: 1 for WRMSR
 * @KEEL_MSR_INDEX: u32: ECX
 * @KEEL_MSR_DATA: u64: value; 0 where a read fails, or the VMM has it
 * @KEEL_MSR_EXCEPTION: u32: 1 where the guest gets #GP
 */
enum keel_trace_msr {
	KEEL_MSR_VM_ID, KEEL_MSR_VCPU_ID, KEEL_MSR_WRITE, KEEL_MSR_INDEX, KEEL_MSR_DATA,
	KEEL_MSR_EXCEPTION,
};

/**
 * enum keel_trace_cpuid - keel_cpuid: CPUID that the module answers
 * @KEEL_CPUID_VM_ID: u32: VM id
 * @KEEL_CPUID_VCPU_ID: u32: vCPU id
 * @KEEL_CPUID_FUNCTION: u32: EAX that the guest asks with
 * @KEEL_CPUID_INDEX: u32: ECX that the guest asks with
 * @KEEL_CPUID_OUT_EAX: u32: answer
 * @KEEL_CPUID_OUT_EBX: u32: answer
 * @KEEL_CPUID_OUT_ECX: u32: answer
 * @KEEL_CPUID_OUT_EDX: u32: answer
 */
enum keel_trace_cpuid {
	KEEL_CPUID_VM_ID, KEEL_CPUID_VCPU_ID, KEEL_CPUID_FUNCTION, KEEL_CPUID_INDEX,
	KEEL_CPUID_OUT_EAX, KEEL_CPUID_OUT_EBX, KEEL_CPUID_OUT_ECX, KEEL_CPUID_OUT_EDX,
};

/**
 * enum keel_trace_cr - keel_cr: an access to a control register that exits
 * @KEEL_CR_VM_ID: u32: VM id
 * @KEEL_CR_VCPU_ID: u32: vCPU id
 * @KEEL_CR_WRITE: u32: 1 for MOV to CR, CLTS and LMSW
 * @KEEL_CR_NR: u32: 0, 3, 4 or 8
 * @KEEL_CR_VAL: u64: value
 */
enum keel_trace_cr {
	KEEL_CR_VM_ID, KEEL_CR_VCPU_ID, KEEL_CR_WRITE, KEEL_CR_NR, KEEL_CR_VAL,
};

/**
 * enum keel_trace_hypercall - keel_hypercall: VMCALL
 * @KEEL_HYPERCALL_VM_ID: u32: VM id
 * @KEEL_HYPERCALL_VCPU_ID: u32: vCPU id
 * @KEEL_HYPERCALL_NR: u64: RAX
 * @KEEL_HYPERCALL_A0: u64: RBX
 * @KEEL_HYPERCALL_A1: u64: RCX
 * @KEEL_HYPERCALL_A2: u64: RDX
 * @KEEL_HYPERCALL_A3: u64: RSI
 */
enum keel_trace_hypercall {
	KEEL_HYPERCALL_VM_ID, KEEL_HYPERCALL_VCPU_ID, KEEL_HYPERCALL_NR, KEEL_HYPERCALL_A0,
	KEEL_HYPERCALL_A1, KEEL_HYPERCALL_A2, KEEL_HYPERCALL_A3,
};

/**
 * enum keel_trace_inject - keel_inject: the next entry delivers an event
 * @KEEL_INJECT_VM_ID: u32: VM id
 * @KEEL_INJECT_VCPU_ID: u32: vCPU id
 * @KEEL_INJECT_INTR_INFO: u32: VM-entry interruption-information field
 * @KEEL_INJECT_ERROR_CODE: u32: error code, 0 without one
 *
 * What the CPU delivers by itself, by virtual-interrupt delivery, is not seen.
 */
enum keel_trace_inject {
	KEEL_INJECT_VM_ID, KEEL_INJECT_VCPU_ID, KEEL_INJECT_INTR_INFO,
	KEEL_INJECT_ERROR_CODE,
};

/**
 * enum keel_trace_apic - keel_apic: an access to the local APIC that exits
 * @KEEL_APIC_VM_ID: u32: VM id
 * @KEEL_APIC_VCPU_ID: u32: vCPU id
 * @KEEL_APIC_WRITE: u32: 1 for a write
 * @KEEL_APIC_REG: u32: offset in the APIC's page; of an x2APIC's MSR, too
 * @KEEL_APIC_VAL: u64: value
 */
enum keel_trace_apic {
	KEEL_APIC_VM_ID, KEEL_APIC_VCPU_ID, KEEL_APIC_WRITE, KEEL_APIC_REG, KEEL_APIC_VAL,
};

/**
 * enum keel_trace_page_fault - keel_page_fault: EPT or the shadow page tables have no
 * translation for an access
 * @KEEL_PAGE_FAULT_VM_ID: u32: VM id
 * @KEEL_PAGE_FAULT_VCPU_ID: u32: vCPU id
 * @KEEL_PAGE_FAULT_RIP: u64: guest RIP
 * @KEEL_PAGE_FAULT_ADDRESS: u64: guest physical address; with shadow the linear one
 * @KEEL_PAGE_FAULT_ERROR_CODE: u32: as a page fault has it (bits P, W/R, U/S, I/D)
 * @KEEL_PAGE_FAULT_SHADOW: u32: 1 on shadow page tables
 */
enum keel_trace_page_fault {
	KEEL_PAGE_FAULT_VM_ID, KEEL_PAGE_FAULT_VCPU_ID, KEEL_PAGE_FAULT_RIP,
	KEEL_PAGE_FAULT_ADDRESS, KEEL_PAGE_FAULT_ERROR_CODE, KEEL_PAGE_FAULT_SHADOW,
};

/**
 * enum keel_trace_insn - keel_insn: the code at the guest's RIP, after keel_exit
 * @KEEL_INSN_VM_ID: u32: VM id
 * @KEEL_INSN_VCPU_ID: u32: vCPU id
 * @KEEL_INSN_RIP: u64: guest RIP
 * @KEEL_INSN_LEN: u32: how many bytes there are, up to 15; 0 where they are not at
 *	hand
 * @KEEL_INSN_BYTES: u32: address size of the code: 2, 4 or 8
 * @KEEL_INSN_LOW: u64: bytes 0 to 7, the first in bits 7:0
 * @KEEL_INSN_HIGH: u64: bytes 8 to 14
 *
 * Reading it costs a walk of the guest's page tables on each exit.
 */
enum keel_trace_insn {
	KEEL_INSN_VM_ID, KEEL_INSN_VCPU_ID, KEEL_INSN_RIP, KEEL_INSN_LEN, KEEL_INSN_BYTES,
	KEEL_INSN_LOW, KEEL_INSN_HIGH,
};

#endif /* _UAPI_LINUX_KEEL_TRACE_H */
