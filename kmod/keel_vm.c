// SPDX-License-Identifier: GPL-2.0
/*
 * The VM object: made by KEEL_CREATE_VM, owned by its file descriptor and its
 * vCPUs, tied to the address space of the process that made it.
 */
#include "keel_vm.h"

#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/apicdef.h>
#include <asm/tsc.h>

#include "keel_alloc.h"
#include "keel_dirty.h"
#include "keel_ioctl.h"
#include "keel_irq.h"
#include "keel_log.h"
#include "keel_trace.h"
#include "keel_tsc.h"
#include "keel_user.h"
#include "keel_vcpu.h"
#include "vmx_apic.h"
#include "vmx_cpu.h"
#include "vmx_setup.h"

static atomic_t last_vm_id = ATOMIC_INIT(0);

/* All VMs that can be used, under the lock. */
static LIST_HEAD(vms);
static DEFINE_MUTEX(vms_lock);

static void nothing(void *unused)
{
}

/*
 * Make every vCPU that is in guest mode leave it.  An IPI does that, and its
 * handler runs once the exit is complete; the vCPU then compares generations
 * before it enters again.  May be called under the host's spinlocks.
 */
static void keel_vm_flush(struct keel_mem *mem)
{
	struct keel_vm *vm = container_of(mem, struct keel_vm, mem);
	cpumask_var_t mask;
	bool have_mask = !keel_alloc_fails() && zalloc_cpumask_var(&mask, GFP_ATOMIC);
	int i, cpu, this_cpu = get_cpu();

	/* The generation that was raised, before who is in guest mode. */
	smp_mb();
	rcu_read_lock();
	for (i = 0; i < KEEL_MAX_VCPUS; i++) {
		const struct keel_vcpu *vcpu = rcu_dereference(vm->vcpus[i]);

		if (!vcpu || !READ_ONCE(vcpu->in_guest))
			continue;
		cpu = READ_ONCE(vcpu->vmx.vmcs.cpu);
		if (cpu < 0 || cpu == this_cpu)
			continue;
		if (have_mask)
			cpumask_set_cpu(cpu, mask);
		else
			smp_call_function_single(cpu, nothing, NULL, 1);
	}
	rcu_read_unlock();
	if (have_mask)
		smp_call_function_many(mask, nothing, NULL, true);
	put_cpu();
	if (have_mask)
		free_cpumask_var(mask);
}

static const struct keel_mem_ops keel_vm_mem_ops = { .flush = keel_vm_flush };

static void add_to_list(struct keel_vm *vm)
{
	mutex_lock(&vms_lock);
	list_add_tail(&vm->list, &vms);
	mutex_unlock(&vms_lock);
	trace_keel_vm_create(vm->id, vm->pid, vm->flags);
}

static void remove_from_list(struct keel_vm *vm)
{
	if (list_empty(&vm->list))
		return;
	trace_keel_vm_destroy(vm->id);
	mutex_lock(&vms_lock);
	list_del(&vm->list);
	mutex_unlock(&vms_lock);
}

/**
 * keel_vm_for_each - look at all VMs; may sleep
 * @fn: called for each, which is not freed meanwhile; must not call back here
 * @ctx: for @fn
 */
void keel_vm_for_each(void (*fn)(const struct keel_vm *vm, void *ctx), void *ctx)
{
	const struct keel_vm *vm;

	mutex_lock(&vms_lock);
	list_for_each_entry(vm, &vms, list)
		fn(vm, ctx);
	mutex_unlock(&vms_lock);
}

/* Takes a VM that is only half made, too. */
static void keel_vm_free(struct keel_vm *vm)
{
	remove_from_list(vm);
	keel_irqfds_free(&vm->irqfds);
	keel_ioeventfds_free(&vm->ioeventfds);
	keel_mem_free(&vm->mem);
	free_page((unsigned long)keel_freed(vm->apic_page));
	if (vm->has_vmx)
		vmx_put();
	if (vm->mm)
		mmdrop(vm->mm);
	if (vm->user)
		keel_user_remove_vm(vm->user);
	kfree(keel_freed(vm));
}

/** keel_vm_get - take a reference */
struct keel_vm *keel_vm_get(struct keel_vm *vm)
{
	refcount_inc(&vm->refs);
	return vm;
}

/** keel_vm_put - give a reference back; may sleep */
void keel_vm_put(struct keel_vm *vm)
{
	if (refcount_dec_and_test(&vm->refs))
		keel_vm_free(vm);
}

/* vCPUs that sleep in KEEL_RUN shall see it, too. */
static void wake_all(struct keel_vm *vm)
{
	struct keel_vcpu *vcpu;
	int i;

	rcu_read_lock();
	for (i = 0; i < KEEL_MAX_VCPUS; i++) {
		vcpu = rcu_dereference(vm->vcpus[i]);
		if (vcpu)
			keel_vcpu_kick(vcpu);
	}
	rcu_read_unlock();
}

/**
 * keel_vm_kill - the guest or the host broke a rule: no call on the VM works
 * from now on
 * @vm: which
 * @fmt: why, for the log; without a newline
 */
void keel_vm_kill(struct keel_vm *vm, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (xchg(&vm->dead, true))
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_info_ratelimited("VM %u is dead: %pV\n", vm->id, &vaf);
	va_end(args);
	wake_all(vm);
}

/**
 * keel_vm_check_caller - whether the VM serves this process
 * @vm: which
 *
 * Return: 0 or -EIO.
 */
int keel_vm_check_caller(const struct keel_vm *vm)
{
	if (vm->mm != current->mm)
		return keel_refuse(-EIO, "VM %u belongs to another process", vm->id);
	return keel_vm_check(vm);
}

/**
 * keel_vm_add_vcpu - give a vCPU its place
 * @vm: the VM
 * @vcpu: its number is set
 *
 * Return: 0 or -EEXIST.
 */
int keel_vm_add_vcpu(struct keel_vm *vm, struct keel_vcpu *vcpu)
{
	int ret = 0;

	mutex_lock(&vm->lock);
	if (rcu_access_pointer(vm->vcpus[vcpu->id])) {
		ret = -EEXIST;
	} else {
		rcu_assign_pointer(vm->vcpus[vcpu->id], vcpu);
		WRITE_ONCE(vm->vcpus_end, max(vm->vcpus_end, vcpu->id + 1));
	}
	mutex_unlock(&vm->lock);
	return ret;
}

/**
 * keel_vm_remove_vcpu - take a vCPU out of its place, if it has it; may sleep
 * @vm: the VM
 * @vcpu: the vCPU; nobody looks at it any more afterwards
 */
void keel_vm_remove_vcpu(struct keel_vm *vm, struct keel_vcpu *vcpu)
{
	bool was_there;

	mutex_lock(&vm->lock);
	was_there = rcu_access_pointer(vm->vcpus[vcpu->id]) == vcpu;
	if (was_there)
		RCU_INIT_POINTER(vm->vcpus[vcpu->id], NULL);
	mutex_unlock(&vm->lock);
	if (was_there)
		synchronize_rcu();
}

static int keel_vm_release(struct inode *inode, struct file *file)
{
	keel_vm_put(file->private_data);
	return 0;
}

static long keel_vm_set_memory(void *obj, void *arg)
{
	const struct keel_memory *args = arg;
	struct keel_vm *vm = obj;

	if (vm->flags & KEEL_VM_LAPIC && args->gpa <= APIC_DEFAULT_PHYS_BASE &&
	    args->bytes > APIC_DEFAULT_PHYS_BASE - args->gpa)
		return keel_refuse(-EEXIST,
				   "KEEL_SET_MEMORY: slot %u covers the local APICs' page at 0x%x",
				   args->slot, APIC_DEFAULT_PHYS_BASE);
	return keel_mem_set(&vm->mem, arg);
}

static long keel_vm_get_dirty_log(void *obj, void *arg)
{
	struct keel_vm *vm = obj;

	return keel_dirty_get(&vm->mem, arg);
}

static const struct keel_ioctl_op keel_vm_ops[] = {
	KEEL_IOCTL(KEEL_SET_MEMORY, struct keel_memory, user_addr, keel_vm_set_memory, false),
	KEEL_IOCTL(KEEL_CREATE_VCPU, struct keel_create_vcpu, id, keel_vcpu_create, false),
	KEEL_IOCTL(KEEL_IRQ, struct keel_irq, delivered, keel_vm_irq, true),
	KEEL_IOCTL(KEEL_IRQFD, struct keel_irqfd, address, keel_vm_irqfd, false),
	KEEL_IOCTL(KEEL_IOEVENTFD, struct keel_ioeventfd, data, keel_vm_ioeventfd, false),
	KEEL_IOCTL(KEEL_GET_DIRTY_LOG, struct keel_dirty_log, bitmap, keel_vm_get_dirty_log, false),
};

static long keel_vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct keel_vm *vm = file->private_data;
	int ret = keel_vm_check_caller(vm);

	if (ret)
		return ret;
	return keel_ioctl(keel_vm_ops, ARRAY_SIZE(keel_vm_ops), vm, cmd, arg);
}

static const struct file_operations keel_vm_fops = {
	.owner = THIS_MODULE,
	.release = keel_vm_release,
	.unlocked_ioctl = keel_vm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static int keel_vm_init(struct keel_vm *vm)
{
	struct keel_user *user;
	int ret;

	INIT_LIST_HEAD(&vm->list);
	vm->pid = task_tgid_nr(current);
	refcount_set(&vm->refs, 1);
	mutex_init(&vm->lock);
	keel_ioeventfds_init(&vm->ioeventfds);
	keel_irqfds_init(&vm->irqfds);
	vm->id = atomic_inc_return(&last_vm_id);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	vm->tsc_base = rdtsc();
	user = keel_user_add_vm();
	if (IS_ERR(user))
		return PTR_ERR(user);
	vm->user = user;
	ret = vmx_get();
	if (ret)
		return keel_refuse(ret,
				   "no VM: VMX cannot be switched on (%d), see /sys/kernel/debug/keel/cpus",
				   ret);
	vm->has_vmx = true;
	if (vmx_wants_apic_page(vm)) {
		vm->apic_page = keel_alloc((void *)get_zeroed_page(GFP_KERNEL_ACCOUNT));
		if (!vm->apic_page)
			return -ENOMEM;
	}
	return keel_mem_init(&vm->mem, vm->mm, vm->user, &keel_vm_mem_ops, &vmx_caps, vm->shadow);
}

/**
 * keel_vm_flags - what a VM is on this host, beside what was asked for
 * @flags: KEEL_VM_*
 *
 * Return: the same with KEEL_VM_SHADOW where there is no other way, and what follows
 * from that: APIC-register virtualization is EPT's companion here.
 */
u32 keel_vm_flags(u32 flags)
{
	if (!vmx_controls.ept)
		flags |= KEEL_VM_SHADOW;
	return flags & KEEL_VM_SHADOW ? flags | KEEL_VM_NO_APICV : flags;
}

/**
 * keel_vm_create - KEEL_CREATE_VM
 * @unused: the device has no object
 * @arg: struct keel_create_vm
 *
 * Return: a file descriptor or a negative errno as the uapi header says.
 */
long keel_vm_create(void *unused, void *arg)
{
	const struct keel_create_vm *args = arg;
	u32 khz = args->tsc_khz;
	struct keel_vm *vm;
	u64 multiplier;
	int ret;

	if (args->flags & ~KEEL_VM_FLAGS || args->reserved)
		return keel_refuse(-EINVAL,
				   "KEEL_CREATE_VM: flags 0x%x are not known, or reserved is not 0",
				   args->flags);

	ret = keel_tsc_choose("KEEL_CREATE_VM", &khz, &multiplier);
	if (ret)
		return ret;
	vm = keel_alloc(kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT));
	if (!vm)
		return -ENOMEM;
	vm->flags = keel_vm_flags(args->flags);
	vm->shadow = vm->flags & KEEL_VM_SHADOW;
	vm->tsc_khz = khz;
	vm->tsc_multiplier = multiplier;
	ret = keel_vm_init(vm);
	if (!ret) {
		add_to_list(vm);
		/* Last: nothing fails after it. */
		ret = anon_inode_getfd("keel-vm", &keel_vm_fops, vm, O_RDWR | O_CLOEXEC);
	}
	if (ret < 0)
		keel_vm_free(vm);
	return ret;
}
