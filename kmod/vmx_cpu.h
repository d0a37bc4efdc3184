/* SPDX-License-Identifier: GPL-2.0 */
/* VMX operation on the host's CPUs: see vmx_cpu.c. */
#ifndef KEEL_VMX_CPU_H
#define KEEL_VMX_CPU_H

#include <linux/keel.h>

/**
 * enum vmx_cpu_state - where a CPU stands
 * @VMX_CPU_OFF: not in VMX operation, as far as Keel goes
 * @VMX_CPU_ON: in VMX operation, by Keel
 * @VMX_CPU_FAILED: refused the last time Keel tried
 */
enum vmx_cpu_state {
	VMX_CPU_OFF,
	VMX_CPU_ON,
	VMX_CPU_FAILED,
};

extern struct keel_vmx_msrs vmx_caps;

int vmx_cpu_init(void);
void vmx_cpu_exit(void);
int vmx_get(void);
void vmx_put(void);
int vmx_cpu_read_caps(unsigned int cpu, struct keel_vmx_msrs *caps);
bool vmx_cpu_ready(void);
bool vmx_is_down(void);
enum vmx_cpu_state vmx_cpu_state(unsigned int cpu, const char **reason);

#endif /* KEEL_VMX_CPU_H */
