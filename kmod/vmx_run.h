/* SPDX-License-Identifier: GPL-2.0 */
/* Running a vCPU: see vmx_run.c. */
#ifndef KEEL_VMX_RUN_H
#define KEEL_VMX_RUN_H

#include <linux/types.h>

struct keel_vcpu;

void vmx_load(struct keel_vcpu *vcpu);
int vmx_borrow(struct keel_vcpu *vcpu);
void vmx_return(void);
long vmx_run(struct keel_vcpu *vcpu);

#endif /* KEEL_VMX_RUN_H */
