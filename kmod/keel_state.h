/* SPDX-License-Identifier: GPL-2.0 */
/* Register groups for user space: see keel_state.c. */
#ifndef KEEL_STATE_H
#define KEEL_STATE_H

#include <linux/types.h>

struct keel_vcpu;

long keel_vcpu_get_state(void *vcpu, void *arg);
long keel_vcpu_set_state(void *vcpu, void *arg);
long keel_vcpu_translate(void *vcpu, void *arg);
long keel_vcpu_dump(void *vcpu, void *arg);
int keel_state_load_run(struct keel_vcpu *vcpu, u64 groups);
int keel_state_cpuid_changed(struct keel_vcpu *vcpu);

#endif /* KEEL_STATE_H */
