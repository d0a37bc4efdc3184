// SPDX-License-Identifier: GPL-2.0
/*
 * In libkeel's place: no module.  What a target wants otherwise it defines itself.
 */
#include <errno.h>

#include "lib/keel.h"

#define NOT_HERE(_name, ...)						\
	int __attribute__((weak)) _name(__VA_ARGS__);			\
	int _name(__VA_ARGS__) { return -ENODEV; }

NOT_HERE(keel_create_vm, int fd, __u32 flags)
NOT_HERE(keel_create_vcpu, int vm, __u32 id)
NOT_HERE(keel_dump_vmcs, int vcpu, char *text, __u32 *bytes)
NOT_HERE(keel_get_info, int fd, __u32 cpu, struct keel_info *info)
NOT_HERE(keel_get_state, int vcpu, struct keel_state *state)
NOT_HERE(keel_get_supported_cpuid, int fd, __u32 flags, __u32 tsc_khz,
	 struct keel_cpuid_leaf *leaves, __u32 *nr)
NOT_HERE(keel_inject, int vcpu, const struct keel_event *event)
NOT_HERE(keel_lapic_read, int vcpu, __u32 offset, __u32 *value)
NOT_HERE(keel_lapic_write, int vcpu, __u32 offset, __u32 value)
NOT_HERE(keel_load, void)
NOT_HERE(keel_map_run, int vcpu, __u32 run_size, struct keel_run **run)
NOT_HERE(keel_open, void)
NOT_HERE(keel_run, int vcpu)
NOT_HERE(keel_set_cpuid, int vcpu, const struct keel_cpuid_leaf *leaves, __u32 nr)
NOT_HERE(keel_set_memory, int vm, __u32 slot, __u32 flags, __u64 gpa, __u64 bytes,
	 void *memory)
NOT_HERE(keel_set_state, int vcpu, struct keel_state *state)
NOT_HERE(keel_translate, int vcpu, __u64 gva, __u32 access,
	 struct keel_translate *result)

void __attribute__((weak)) keel_unmap_run(struct keel_run *run, __u32 run_size)
{
}
