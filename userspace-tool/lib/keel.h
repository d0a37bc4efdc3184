/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libkeel: one function for each call of the ABI in <linux/keel.h>.
 *
 * A function fills in the size of its structure, makes the call, and returns
 * what came of it: 0 or a file descriptor, or a negative errno.  The library
 * never prints, never exits, starts no threads and keeps no state, so that
 * tests, tools and several VMs in one process can share it.  What an errno
 * means is documented beside the call in <linux/keel.h>.
 */
#ifndef KEEL_H
#define KEEL_H

#include <linux/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** DOC: the host */

/** define KEEL_DEVICE - the device that offers Keel */
#define KEEL_DEVICE	"/dev/keel"

int keel_open(void);
int keel_load(void);
int keel_get_info(int fd, __u32 cpu, struct keel_info *info);
int keel_create_vm(int fd, __u32 flags);
int keel_create_vm_at(int fd, __u32 flags, __u32 tsc_khz);
int keel_get_supported_cpuid(int fd, __u32 flags, __u32 tsc_khz,
			     struct keel_cpuid_leaf *leaves, __u32 *nr);

/** DOC: a VM */

int keel_set_memory(int vm, __u32 slot, __u32 flags, __u64 gpa, __u64 bytes,
		    void *memory);
int keel_get_dirty_log(int vm, __u32 slot, __u64 first_page, __u64 nr_pages,
		       void *bitmap);
int keel_create_vcpu(int vm, __u32 id);
int keel_msi(int vm, __u64 address, __u32 data);
int keel_lint(int vm, __u32 kind, __u32 vcpu, __u32 level);
int keel_irqfd(int vm, int fd, __u32 flags, __u64 address, __u32 data);
int keel_ioeventfd(int vm, const struct keel_ioeventfd *binding);

/** DOC: a vCPU */

int keel_map_run(int vcpu, __u32 run_size, struct keel_run **run);
void keel_unmap_run(struct keel_run *run, __u32 run_size);
int keel_run(int vcpu);
int keel_get_state(int vcpu, struct keel_state *state);
int keel_set_state(int vcpu, struct keel_state *state);
int keel_set_cpuid(int vcpu, const struct keel_cpuid_leaf *leaves, __u32 nr);
int keel_inject(int vcpu, const struct keel_event *event);
int keel_translate(int vcpu, __u64 gva, __u32 access,
		   struct keel_translate *result);
int keel_get_stats(int vcpu, struct keel_stats *stats);
int keel_set_intercepts(int vcpu, const struct keel_intercepts *intercepts);
int keel_lapic_read(int vcpu, __u32 offset, __u32 *value);
int keel_lapic_write(int vcpu, __u32 offset, __u32 value);
int keel_dump_vmcs(int vcpu, char *text, __u32 *bytes);

/**
 * DOC: where guests begin
 *
 * These make no call: they fill in a structure with the registers that a boot loader
 * would have left, for keel_set_state(), and memory with the tables that go with them.
 * Where an image lies is the caller's business.
 */

/** define KEEL_START_GROUPS - the groups that keel_start_*() fill in */
#define KEEL_START_GROUPS	(KEEL_STATE_REGS | KEEL_STATE_SEGMENTS | \
				 KEEL_STATE_CONTROL | KEEL_STATE_EVENTS)
/** define KEEL_GDT_BYTES - room that keel_write_gdt() needs */
#define KEEL_GDT_BYTES		40
/** define KEEL_START_CODE - selector of the code segment of keel_write_gdt() */
#define KEEL_START_CODE		0x08
/** define KEEL_START_DATA - selector of its data segment */
#define KEEL_START_DATA		0x10
/** define KEEL_START_TSS - selector of its task state segment */
#define KEEL_START_TSS		0x18
/** define KEEL_LINUX_GDT_BYTES - room that keel_write_linux_gdt() needs */
#define KEEL_LINUX_GDT_BYTES	48
/** define KEEL_LINUX_CODE - selector of its code segment: Linux' __BOOT_CS */
#define KEEL_LINUX_CODE		0x10
/** define KEEL_LINUX_DATA - selector of its data segment: Linux' __BOOT_DS */
#define KEEL_LINUX_DATA		0x18
/** define KEEL_LINUX_TSS - selector of its task state segment */
#define KEEL_LINUX_TSS		0x20

void keel_start_real(struct keel_state *state, __u32 entry);
void keel_start_prot(struct keel_state *state, __u32 entry, __u32 gdt);
void keel_start_paged(struct keel_state *state, __u32 entry, __u32 gdt,
		      __u32 page_directory);
void keel_start_long(struct keel_state *state, __u64 entry, __u64 gdt,
		     __u64 pml4);
void keel_start_linux(struct keel_state *state);
void keel_write_gdt(void *memory, int code64);
void keel_write_linux_gdt(void *memory, int code64);
void keel_write_page_directory(void *memory);
__u64 keel_long_tables_bytes(__u64 map_bytes);
void keel_write_long_tables(void *memory, __u64 gpa, __u64 map_bytes);

/** DOC: names */

const char *keel_exit_name(__u32 reason);

#ifdef __cplusplus
}
#endif

#endif /* KEEL_H */
