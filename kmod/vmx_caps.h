/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a CPU's VMX offers, as plain data.
 *
 * Pure: no privileged instruction is executed here, the caller gives a
 * function that reads an MSR.  So the same code runs in the module, on made-up
 * CPUs in the unit tests, and on dumps from machines that we do not have.
 *
 * Read vmx_cpu.c next: it switches VMX on.
 */
#ifndef KEEL_VMX_CAPS_H
#define KEEL_VMX_CAPS_H

#include <linux/types.h>
#include <linux/keel.h>

/**
 * typedef vmx_rdmsr_fn - read a model-specific register
 * @msr: its number
 * @value: where the value goes
 *
 * Return: 0, or a negative errno where the read faults.
 */
typedef int (*vmx_rdmsr_fn)(u32 msr, u64 *value);

void vmx_caps_read(struct keel_vmx_msrs *caps, vmx_rdmsr_fn rdmsr);
u64 vmx_caps_features(const struct keel_vmx_msrs *caps);
const char *vmx_caps_lack(const struct keel_vmx_msrs *caps);
const char *vmx_caps_differ(const struct keel_vmx_msrs *a,
			    const struct keel_vmx_msrs *b);

/* The TRUE MSRs, where they exist, are the ones that count. */
static inline u64 vmx_caps_pin(const struct keel_vmx_msrs *caps)
{
	return caps->true_pinbased_ctls ?: caps->pinbased_ctls;
}

static inline u64 vmx_caps_proc(const struct keel_vmx_msrs *caps)
{
	return caps->true_procbased_ctls ?: caps->procbased_ctls;
}

static inline u64 vmx_caps_exit(const struct keel_vmx_msrs *caps)
{
	return caps->true_exit_ctls ?: caps->exit_ctls;
}

static inline u64 vmx_caps_entry(const struct keel_vmx_msrs *caps)
{
	return caps->true_entry_ctls ?: caps->entry_ctls;
}

/* The kernel's VMX_VPID_*_BIT count from bit 32 of IA32_VMX_EPT_VPID_CAP. */
static inline u32 vmx_caps_vpid(const struct keel_vmx_msrs *caps)
{
	return caps->ept_vpid_cap >> 32;
}

/* Bits 63:32 of a control MSR: what may be 1. */
static inline u32 vmx_allowed1(u64 ctls)
{
	return ctls >> 32;
}

/* Bits 31:0 of a control MSR: what must be 1. */
static inline u32 vmx_allowed0(u64 ctls)
{
	return (u32)ctls;
}

#endif /* KEEL_VMX_CAPS_H */
