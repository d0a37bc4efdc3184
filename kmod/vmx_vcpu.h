/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hardware's side of a vCPU.  Policy (keel_*.c) calls down into the
 * functions here; what happens inside is in
 *
 * - vmx_setup.c: the VMCS of a new vCPU,
 * - vmx_vcpu.c: making and freeing it,
 * - vmx_section.c: what is switched when a thread starts to run a guest,
 * - vmx_run.c, vmx_entry.S: the run loop,
 * - vmx_exit.c, vmx_exit_*.c: what is done about an exit,
 * - vmx_event.c: delivering events,
 * - vmx_trace.c: telling programs that watch of entries and exits,
 * - vmx_state.c: register groups; vmx_paging.c: those registers that choose its paging.
 */
#ifndef KEEL_VMX_VCPU_H
#define KEEL_VMX_VCPU_H

#include <linux/keel.h>
#include <linux/types.h>

#include "vmx_entry_check.h"
#include "vmx_vmcs.h"

struct keel_vcpu;
struct shadow_fault;

/**
 * struct vmx_host - what of the host a guest's registers replace meanwhile
 * @fs: selector
 * @gs: selector
 * @ds: selector
 * @es: selector
 * @ldt: selector of the LDT
 * @fs_base: the current thread's
 * @kernel_gs_base: the user's GS base, swapped out while in the kernel
 * @xcr0: XCR0
 * @spec_ctrl: IA32_SPEC_CTRL, where the CPU has it
 * @dr7: DR7 with the host's own breakpoints
 * @dr: DR0 to DR3, where @dr7 enables any
 * @debugctl: IA32_DEBUGCTL
 * @star: IA32_STAR
 * @lstar: IA32_LSTAR
 * @cstar: IA32_CSTAR
 * @sfmask: IA32_FMASK
 * @tsc_aux: IA32_TSC_AUX
 * @efer: IA32_EFER, where entry and exit do not load it
 *
 * [P] valid inside the fast section; the MSRs as long as the VMCS is on this CPU.
 */
struct vmx_host {
	u16 fs, gs, ds, es, ldt;
	u64 fs_base;
	u64 kernel_gs_base;
	u64 xcr0;
	u64 spec_ctrl;
	u64 dr7;
	u64 dr[4];
	u64 debugctl;
	u64 star, lstar, cstar, sfmask, tsc_aux, efer;
};

/**
 * struct vmx_access - an access of the guest that found no translation
 * @gpa: guest physical address
 * @gva: linear address
 * @gva_valid: @gva is known
 * @translated: not on the way through the guest's own tables
 * @access: KEEL_ACCESS_WRITE and KEEL_ACCESS_EXEC, or 0 for a read
 * @shadow: on shadow page tables: the guest's own translation
 */
struct vmx_access {
	u64 gpa;
	u64 gva;
	bool gva_valid;
	bool translated;
	u32 access;
	struct shadow_fault *shadow;
};

/**
 * struct vmx_trace - what the tracepoints tell of an exit at its end
 * @times_on: which time of tracing it belongs to: see vmx_trace.c
 * @exit_reason: of the last exit, all 32 bits
 * @user_reason: KEEL_EXIT_* that KEEL_RUN returned with; KEEL_EXIT_NONE: not since the
 *	last entry
 * @user_exit_reason: the exit that user space had to answer then, or
 *	KEEL_TRACE_NO_EXIT
 * @exit_rip: guest RIP at the last exit
 * @exit_tsc: host TSC at the last exit; 0: it has been told
 * @user_tsc: host TSC when KEEL_RUN returned; 0: the guest has been entered since
 */
struct vmx_trace {
	u32 times_on;
	u32 exit_reason;
	u32 user_reason;
	u32 user_exit_reason;
	u64 exit_rip;
	u64 exit_tsc;
	u64 user_tsc;
};

/**
 * struct vmx_vcpu - the hardware's side of a vCPU
 * @vmcs: its VMCS
 * @vpid: its VPID, 0 for none [C]
 * @msr_bitmap: MSR bitmaps, one page [C]
 * @guest_fpu: XSAVE area of the guest, standard format [C: the pointer]
 * @pin: pin-based controls as they are in the VMCS
 * @proc: primary processor-based controls as they are in the VMCS
 * @proc2: secondary ones
 * @host: see there
 * @host_rsp: HOST_RSP as it is in the VMCS
 * @host_cr3: HOST_CR3 as it is in the VMCS
 * @host_cr4: HOST_CR4 as it is in the VMCS
 * @host_fs_base: HOST_FS_BASE as it is in the VMCS
 * @host_counters: HOST_IA32_PERF_GLOBAL_CTRL as it is in the VMCS
 * @mem_gen: generation of the memory mappings that this CPU flushed last
 * @guest_dr7: the guest's DR7, also in the VMCS
 * @apicv: the CPU virtualizes APIC registers and delivers virtual interrupts [C]
 * @posted: and processes posted interrupts [C]
 * @ple_window: PLE_Window as it is in the VMCS, TSC ticks
 * @tpr_threshold: TPR threshold as it is in the VMCS
 * @eoi_exits: EOI-exit bitmap as it is in the VMCS
 * @insn_len: length of an instruction that Keel decoded and performed, for
 *	vmx_advance(); 0: the VMCS says it
 * @in_section: the CPU holds the guest's FPU and MSRs
 * @timer_on: the VMX-preemption timer is switched on in the VMCS
 * @l1d_dirty: since the last entry code ran whose data an L1TF guest must not find
 *	in the L1 data cache: user space, another task, work for signals and tasks,
 *	programs that trace.
 *	Not exit handlers and page faults, which touch the VM's own data and the
 *	kernel's tables for it; interrupt handlers are host_flush_l1d()'s to know
 * @switches: context switches of the thread when it was looked at last
 * @exit_reason: of the last exit, all 32 bits
 * @slow_qual: exit qualification kept for &keel_vcpu.slow
 * @slow_gpa: guest physical address kept for &keel_vcpu.slow
 * @slow_access: kept for &keel_vcpu.slow
 * @slow_cr: which control register @slow_qual is a value for
 * @trace: see there; not looked at where nobody traces
 * @forecast: see there; of the last entry that was checked
 *
 * Caches of VMCS fields save VMWRITEs; they belong to whoever has the vCPU's
 * lock, as all of this where nothing else is said.
 */
struct vmx_vcpu {
	struct vmx_vmcs vmcs;
	u16 vpid;
	void *msr_bitmap;
	void *guest_fpu;
	u32 pin;
	u32 proc;
	u32 proc2;
	struct vmx_host host;
	u64 host_rsp;
	u64 host_cr3;
	u64 host_cr4;
	u64 host_fs_base;
	u64 host_counters;
	u64 mem_gen;
	u64 guest_dr7;
	bool apicv;
	bool posted;
	u32 ple_window;
	u32 tpr_threshold;
	u64 eoi_exits[4];
	u8 insn_len;
	bool in_section;
	bool timer_on;
	bool l1d_dirty;
	unsigned long switches;
	u32 exit_reason;
	u64 slow_qual;
	u64 slow_gpa;
	struct vmx_access slow_access;
	u8 slow_cr;
	struct vmx_trace trace;
	struct vmx_forecast forecast;
};

int vmx_vcpu_init(struct keel_vcpu *vcpu);
void vmx_vcpu_free(struct keel_vcpu *vcpu);
bool vmx_intercepts_offered(u64 exits);
void vmx_apply_intercepts(struct keel_vcpu *vcpu);

#endif /* KEEL_VMX_VCPU_H */
