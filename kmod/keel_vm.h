/* SPDX-License-Identifier: GPL-2.0 */
/* The VM object: see keel_vm.c. */
#ifndef KEEL_VM_H
#define KEEL_VM_H

#include <linux/keel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "keel_ioeventfd.h"
#include "keel_irqfd.h"
#include "keel_mem.h"

struct keel_user;
struct keel_vcpu;
struct mm_struct;

/* All KEEL_VM_* that this module knows. */
#define KEEL_VM_FLAGS	(KEEL_VM_LAPIC | KEEL_VM_NO_APICV | KEEL_VM_SHADOW)

/**
 * struct keel_vm - a virtual machine
 * @list: in the list of all VMs, from when it can be used until it is freed
 * @pid: process (tgid) of the creator in the first namespace [C]
 * @refs: one for the file descriptor and one for each vCPU
 * @id: number for people and traces, unique while the module is loaded [C]
 * @mm: address space of the creator; a VM serves no other [C]
 * @user: who is charged for it; NULL before [C]
 * @has_vmx: this VM counts as a user of VMX [C]
 * @dead: the VM broke a rule; each call on it gives -EIO
 * @flags: KEEL_VM_*; KEEL_VM_SHADOW also where there is no EPT [C]
 * @shadow: guests run on shadow page tables [C]
 * @apic_page: the APIC-access page, of which only the address matters: a vCPU in
 *	xAPIC mode does not reach what is in it, others use it as memory; NULL where
 *	the CPU does not virtualize accesses to it [C]
 * @tsc_khz: frequency of the guest's TSC, in kHz; 0: the host does not know its own
 *	[C]
 * @tsc_multiplier: factor from the host's TSC to the guest's, as in the VMCS; 0 for
 *	none [C]
 * @tsc_base: host TSC at creation: all vCPUs' TSCs start at 0 there [C]
 * @mem: guest memory
 * @ioeventfds: writes of the guest that signal eventfds
 * @irqfds: eventfds that send MSIs
 * @lock: @vcpus, @vcpus_end
 * @vcpus: by number; each entry holds a reference on the VM, not the other way
 *	round: a vCPU takes itself out when it goes.  Written under @lock, read
 *	under RCU.
 * @vcpus_end: one above the highest number that a vCPU has had
 */
struct keel_vm {
	struct list_head list;
	u32 pid;
	refcount_t refs;
	u32 id;
	struct mm_struct *mm;
	struct keel_user *user;
	bool has_vmx;
	bool dead;
	u32 flags;
	bool shadow;
	void *apic_page;
	u32 tsc_khz;
	u64 tsc_multiplier;
	u64 tsc_base;
	struct keel_mem mem;
	struct keel_ioeventfds ioeventfds;
	struct keel_irqfds irqfds;
	struct mutex lock;
	struct keel_vcpu __rcu *vcpus[KEEL_MAX_VCPUS];
	u32 vcpus_end;
};

long keel_vm_create(void *unused, void *arg);
u32 keel_vm_flags(u32 flags);
struct keel_vm *keel_vm_get(struct keel_vm *vm);
void keel_vm_put(struct keel_vm *vm);
void keel_vm_for_each(void (*fn)(const struct keel_vm *vm, void *ctx), void *ctx);
int keel_vm_check_caller(const struct keel_vm *vm);
int keel_vm_add_vcpu(struct keel_vm *vm, struct keel_vcpu *vcpu);
void keel_vm_remove_vcpu(struct keel_vm *vm, struct keel_vcpu *vcpu);

void __printf(2, 3) keel_vm_kill(struct keel_vm *vm, const char *fmt, ...);

/**
 * keel_vm_check - whether the VM still serves
 * @vm: which
 *
 * Return: 0 or -EIO.
 */
static inline int keel_vm_check(const struct keel_vm *vm)
{
	return READ_ONCE(vm->dead) ? -EIO : 0;
}

#endif /* KEEL_VM_H */
