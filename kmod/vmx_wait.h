/* SPDX-License-Identifier: GPL-2.0 */
/* A vCPU that does not run: see vmx_wait.c. */
#ifndef KEEL_VMX_WAIT_H
#define KEEL_VMX_WAIT_H

struct keel_vcpu;

/**
 * enum vmx_wait - why vmx_wait() returned
 * @VMX_WAIT_WOKEN: the vCPU is active, INIT or a start-up IPI waits, or the VM is
 *	dead
 * @VMX_WAIT_SIGNAL: the thread has other things to do
 * @VMX_WAIT_DEADLINE: the guest's TSC has reached &keel_run.deadline
 */
enum vmx_wait {
	VMX_WAIT_WOKEN,
	VMX_WAIT_SIGNAL,
	VMX_WAIT_DEADLINE,
};

void vmx_halt(struct keel_vcpu *vcpu);
enum vmx_wait vmx_wait(struct keel_vcpu *vcpu);
int vmx_take_init(struct keel_vcpu *vcpu);

#endif /* KEEL_VMX_WAIT_H */
