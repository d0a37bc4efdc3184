/* SPDX-License-Identifier: GPL-2.0 */
/* The local APIC and the CPU: see vmx_apic.c. */
#ifndef KEEL_VMX_APIC_H
#define KEEL_VMX_APIC_H

#include <linux/compiler.h>
#include <asm/apicdef.h>
#include <asm/msr-index.h>

#include "keel_vcpu.h"

struct keel_vm;

bool vmx_wants_apic_page(const struct keel_vm *vm);
int vmx_apic_init(struct keel_vcpu *vcpu);
void vmx_apic_free(struct keel_vcpu *vcpu);
void vmx_apic_setup(struct keel_vcpu *vcpu);
void vmx_kick(struct keel_vcpu *vcpu);
void vmx_apic_mode(struct keel_vcpu *vcpu);
void vmx_apic_post(struct keel_vcpu *vcpu, u8 vector, bool level);
bool vmx_apic_take_inbox(struct keel_vcpu *vcpu);
void vmx_apic_keep_timer(struct keel_vcpu *vcpu);
void vmx_apic_move_tsc(struct keel_vcpu *vcpu, u64 delta);
void vmx_apic_expire(struct keel_vcpu *vcpu);
void vmx_apic_expire_at(struct keel_vcpu *vcpu, u64 now);
void vmx_apic_update(struct keel_vcpu *vcpu);
bool vmx_apic_can_wake(struct keel_vcpu *vcpu);
u64 vmx_apic_cr8(const struct keel_vcpu *vcpu);
void vmx_apic_set_cr8(struct keel_vcpu *vcpu, u64 cr8);
enum keel_verdict vmx_apic_effects(struct keel_vcpu *vcpu, u32 effects, bool advance);
int vmx_apic_rdmsr(struct keel_vcpu *vcpu, u32 msr, u64 *value);
int vmx_apic_wrmsr(struct keel_vcpu *vcpu, u32 msr, u64 value, u32 *effects);
bool vmx_apic_page(const struct keel_vcpu *vcpu, u64 gpa);
void vmx_apic_watch_priority(struct keel_vcpu *vcpu);

/**
 * vmx_apic_attention - whether others have left something in the vCPU's inbox
 * @vcpu: the vCPU
 */
static inline bool vmx_apic_attention(const struct keel_vcpu *vcpu)
{
	const struct keel_inbox *inbox = &vcpu->inbox;

	return (READ_ONCE(inbox->posted->control) & KEEL_POSTED_ON) ||
		(READ_ONCE(inbox->flags) & KEEL_INBOX_WORK);
}

/** vmx_apic_is_msr - whether an MSR belongs to the local APIC */
static inline bool vmx_apic_is_msr(const struct keel_vcpu *vcpu, u32 msr)
{
	if (!keel_vcpu_has_lapic(vcpu))
		return false;
	/* In x2APIC mode the registers have 256 numbers. */
	return msr - APIC_BASE_MSR < 0x100 || msr == MSR_IA32_TSC_DEADLINE ||
		msr == MSR_IA32_APICBASE;
}

#endif /* KEEL_VMX_APIC_H */
