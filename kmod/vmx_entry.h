/* SPDX-License-Identifier: GPL-2.0 */
/* The way into the guest and out of it: see vmx_entry.S. */
#ifndef KEEL_VMX_ENTRY_H
#define KEEL_VMX_ENTRY_H

#include <linux/types.h>

struct keel_regs;

/**
 * vmx_enter - run the guest of the current VMCS until it exits
 * @regs: general registers of the guest, RSP apart, which is in the VMCS
 * @launched: VMRESUME, else VMLAUNCH
 * @host_rsp: HOST_RSP as it is in the VMCS; written where it moved
 * @spec_ctrl: IA32_SPEC_CTRL of the host; set at the exit where the host's
 *	mitigations want it
 *
 * Interrupts off.
 *
 * Return: 0 after a VM exit; not 0 where the VM entry failed with VMfail, or
 * VMX is off.
 */
unsigned int vmx_enter(struct keel_regs *regs, unsigned long launched, u64 *host_rsp,
		       u64 spec_ctrl);

extern const char vmx_exit_point[];

#endif /* KEEL_VMX_ENTRY_H */
