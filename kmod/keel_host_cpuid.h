/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID of this host for guests: see keel_host_cpuid.c. */
#ifndef KEEL_HOST_CPUID_H
#define KEEL_HOST_CPUID_H

#include "keel_cpuid.h"

struct keel_vm;

void keel_host_cpuid_init(void);
struct keel_cpuid_host keel_host_cpuid(u32 vm_flags, u32 tsc_khz);
int keel_host_cpuid_default(struct keel_cpuid_table *table, const struct keel_vm *vm);
long keel_get_supported_cpuid(void *unused, void *arg);

#endif /* KEEL_HOST_CPUID_H */
