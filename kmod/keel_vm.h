/* SPDX-License-Identifier: GPL-2.0 */
/* The VM object: see keel_vm.c. */
#ifndef KEEL_VM_H
#define KEEL_VM_H

#include <linux/refcount.h>
#include <linux/types.h>

struct mm_struct;

/**
 * struct keel_vm - a virtual machine
 * @refs: one for the file descriptor
 * @id: number for people and traces, unique while the module is loaded
 * @mm: address space of the creator; a VM serves no other
 * @has_vmx: this VM counts as a user of VMX
 *
 * [C] constant after creation: @id, @mm, @has_vmx.
 */
struct keel_vm {
	refcount_t refs;
	u32 id;
	struct mm_struct *mm;
	bool has_vmx;
};

long keel_vm_create(void *unused, void *arg);

#endif /* KEEL_VM_H */
