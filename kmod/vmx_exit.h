/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exits: the table and the commit point are in vmx_exit.c, the handlers in
 * vmx_exit_insn.c, vmx_exit_cr.c, vmx_exit_io.c, vmx_exit_mem.c, vmx_exit_apic.c
 * and shadow_exit.c.
 */
#ifndef KEEL_VMX_EXIT_H
#define KEEL_VMX_EXIT_H

#include "keel_vcpu.h"

/** define VMX_INSN_MAX - bytes that an instruction can have */
#define VMX_INSN_MAX	15

enum keel_verdict vmx_handle_exit(struct keel_vcpu *vcpu);
enum keel_verdict vmx_entry_failed(struct keel_vcpu *vcpu);
void vmx_advance(struct keel_vcpu *vcpu);
bool vmx_commit(struct keel_vcpu *vcpu, enum keel_verdict verdict);
void vmx_report_exit(struct keel_vcpu *vcpu);
enum keel_verdict vmx_exit_insn_to_user(struct keel_vcpu *vcpu, u32 reason);

enum keel_verdict vmx_slow_advance(struct keel_vcpu *vcpu);
enum keel_verdict vmx_guest_exception(struct keel_vcpu *vcpu, const struct keel_event *event);

/* vmx_exit_insn.c */
enum keel_verdict exit_cpuid(struct keel_vcpu *vcpu);
enum keel_verdict exit_hlt(struct keel_vcpu *vcpu);
enum keel_verdict exit_vmcall(struct keel_vcpu *vcpu);
enum keel_verdict exit_undefined(struct keel_vcpu *vcpu);
enum keel_verdict exit_wbinvd(struct keel_vcpu *vcpu);
enum keel_verdict exit_rdpmc(struct keel_vcpu *vcpu);
enum keel_verdict exit_rdmsr(struct keel_vcpu *vcpu);
enum keel_verdict exit_wrmsr(struct keel_vcpu *vcpu);
enum keel_verdict exit_xsetbv(struct keel_vcpu *vcpu);
enum keel_verdict exit_pause(struct keel_vcpu *vcpu);
enum keel_verdict exit_insn(struct keel_vcpu *vcpu);

/* vmx_exit_cr.c */
enum keel_verdict exit_cr(struct keel_vcpu *vcpu);
enum keel_verdict exit_dr(struct keel_vcpu *vcpu);

/* vmx_exit_mem.c */
enum keel_verdict exit_ept_violation(struct keel_vcpu *vcpu);
enum keel_verdict vmx_access_memory(struct keel_vcpu *vcpu, const struct vmx_access *a);
enum keel_verdict vmx_slow_no_memory(struct keel_vcpu *vcpu, const struct vmx_access *a);
void vmx_remember_code(struct keel_vcpu *vcpu);
enum keel_verdict vmx_mmio(struct keel_vcpu *vcpu, u64 gpa, u32 access);
unsigned int vmx_fetch(struct keel_vcpu *vcpu, u8 *insn);
struct keel_walk_env;
void vmx_walk_env(struct keel_vcpu *vcpu, struct keel_walk_env *env);

/* vmx_exit_io.c */
enum keel_verdict exit_io(struct keel_vcpu *vcpu);
int vmx_complete(struct keel_vcpu *vcpu);

/* vmx_exit_apic.c */
enum keel_verdict exit_tpr_below_threshold(struct keel_vcpu *vcpu);
enum keel_verdict exit_apic_access(struct keel_vcpu *vcpu);
enum keel_verdict exit_apic_write(struct keel_vcpu *vcpu);
enum keel_verdict exit_eoi(struct keel_vcpu *vcpu);
bool vmx_mov_mmio(struct keel_vcpu *vcpu, u64 gpa, enum keel_verdict *verdict);

/* shadow_exit.c */
enum keel_verdict shadow_page_fault(struct keel_vcpu *vcpu);
enum keel_verdict exit_invlpg(struct keel_vcpu *vcpu);
enum keel_verdict exit_invpcid(struct keel_vcpu *vcpu);

#endif /* KEEL_VMX_EXIT_H */
