// SPDX-License-Identifier: GPL-2.0
/*
 * The VM object: made by KEEL_CREATE_VM, owned by its file descriptor, tied to
 * the address space of the process that made it.
 */
#include "keel_vm.h"

#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/keel.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "keel_ioctl.h"
#include "keel_log.h"
#include "vmx_cpu.h"

static atomic_t last_vm_id = ATOMIC_INIT(0);

/* Takes a VM that is only half made, too. */
static void keel_vm_free(struct keel_vm *vm)
{
	if (vm->has_vmx)
		vmx_put();
	if (vm->mm)
		mmdrop(vm->mm);
	kfree(vm);
}

static void keel_vm_put(struct keel_vm *vm)
{
	if (refcount_dec_and_test(&vm->refs))
		keel_vm_free(vm);
}

static int keel_vm_release(struct inode *inode, struct file *file)
{
	keel_vm_put(file->private_data);
	return 0;
}

static long keel_vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct keel_vm *vm = file->private_data;

	if (vm->mm != current->mm)
		return keel_refuse(-EIO, "VM %u belongs to another process", vm->id);
	return keel_ioctl(NULL, 0, vm, cmd, arg);
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
	int ret;

	refcount_set(&vm->refs, 1);
	vm->id = atomic_inc_return(&last_vm_id);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	ret = vmx_get();
	if (ret)
		return keel_refuse(ret,
				   "no VM: VMX cannot be switched on (%d), see /sys/kernel/debug/keel/cpus",
				   ret);
	vm->has_vmx = true;
	return 0;
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
	struct keel_vm *vm;
	int ret;

	if (args->flags)
		return keel_refuse(-EINVAL,
				   "KEEL_CREATE_VM: flags 0x%x are not known",
				   args->flags);

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return -ENOMEM;
	ret = keel_vm_init(vm);
	if (!ret)	/* last: nothing fails after it */
		ret = anon_inode_getfd("keel-vm", &keel_vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (ret < 0)
		keel_vm_free(vm);
	return ret;
}
