/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keel_cpuid*.c share among themselves.
 */
#ifndef KEEL_CPUID_POLICY_H
#define KEEL_CPUID_POLICY_H

#include "keel_cpuid.h"

/* The leaves that CPUs leave to hypervisors. */
#define KEEL_CPUID_HV_BASE	0x40000000U
#define KEEL_CPUID_HV_LAST	0x4fffffffU
/* Among them: TSC and APIC frequency, as several hypervisors have them. */
#define KEEL_CPUID_HV_TIMING	0x40000010U
/* KVM's leaves: the second place where guests look for them. */
#define KEEL_CPUID_KVM_BASE	0x40000100U
/* The first extended leaf. */
#define KEEL_CPUID_EXT_BASE	0x80000000U

/* Legacy area and header of an XSAVE area, bytes (SDM, "XSAVE Area"). */
#define XSAVE_HEADER_END	576

/* What a VM has got that was made with KEEL_VM_LAPIC. */
#define KEEL_CPUID_LAPIC	(KEEL_CPUID_APIC | KEEL_CPUID_X2APIC | KEEL_CPUID_TSC_DEADLINE)

bool keel_cpuid_indexed(u32 leaf);
u32 keel_cpuid_widths(const struct keel_cpuid_host *host);
void keel_cpuid_filter(u32 leaf, u32 subleaf, u32 out[4],
		       const struct keel_cpuid_host *host);
int keel_cpuid_check(const struct keel_cpuid_leaf *leaf,
		     const struct keel_cpuid_host *host,
		     struct keel_cpuid_bad *bad);
bool keel_cpuid_word(unsigned int word, u32 *leaf, u32 *subleaf, u32 *reg);
u64 keel_cpuid_xcr0_trim(u64 xcr0);
u32 keel_cpuid_kvm(const struct keel_cpuid_host *host);

#endif /* KEEL_CPUID_POLICY_H */
