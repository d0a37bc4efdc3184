// SPDX-License-Identifier: GPL-2.0
/*
 * The vCPU object: made by KEEL_CREATE_VCPU, owned by its file descriptor, run by
 * whichever thread calls KEEL_RUN.  It keeps its VM alive.
 *
 * Register groups are in keel_state.c.
 */
#include "keel_vcpu.h"

#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor-flags.h>

#include <asm/tsc.h>

#include "host.h"
#include "keel_alloc.h"
#include "keel_event.h"
#include "keel_host_cpuid.h"
#include "keel_ioctl.h"
#include "keel_log.h"
#include "keel_state.h"
#include "keel_stats.h"
#include "keel_tsc.h"
#include "keel_user.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_exit.h"
#include "vmx_paging.h"
#include "vmx_run.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_timer.h"
#include "vmx_trace.h"
#include "vmx_wait.h"

/* All KEEL_INTERCEPT_* that this module knows. */
#define KEEL_INTERCEPTS	(KEEL_INTERCEPT_STEP * 2 - 1)

static_assert(sizeof(struct keel_run) <= KEEL_RUN_DATA);

/* Takes a vCPU that is only half made, too. */
static void keel_vcpu_free(struct keel_vcpu *vcpu)
{
	keel_vm_remove_vcpu(vcpu->vm, vcpu);
	hrtimer_cancel(&vcpu->timer);
	vmx_vcpu_free(vcpu);
	vmx_apic_free(vcpu);	/* the VMCS had its pages' addresses */
	free_pages((unsigned long)keel_freed(vcpu->run), get_order(KEEL_RUN_SIZE));
	keel_user_remove_vcpu(vcpu->vm->user);
	keel_vm_put(vcpu->vm);
	kfree(keel_freed(vcpu));
}

static int keel_vcpu_release(struct inode *inode, struct file *file)
{
	keel_vcpu_free(file->private_data);
	return 0;
}

static vm_fault_t keel_vcpu_fault(struct vm_fault *vmf)
{
	struct keel_vcpu *vcpu = vmf->vma->vm_file->private_data;

	if (vmf->pgoff >= KEEL_RUN_SIZE / PAGE_SIZE)
		return VM_FAULT_SIGBUS;
	vmf->page = virt_to_page((u8 *)vcpu->run + (vmf->pgoff << PAGE_SHIFT));
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct keel_vcpu_vm_ops = {
	.fault = keel_vcpu_fault,
};

static int keel_vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &keel_vcpu_vm_ops;
	return 0;
}

/* Inputs of the run page, each read once. */
static int take_run_inputs(struct keel_vcpu *vcpu)
{
	struct keel_run *run = vcpu->run;
	u64 wanted = READ_ONCE(run->state_wanted);
	u64 dirty = READ_ONCE(run->state_dirty);

	if ((wanted | dirty) & ~KEEL_STATE_RUN)
		return keel_refuse(-EINVAL, "KEEL_RUN: unknown register group in 0x%llx",
				   wanted | dirty);
	vcpu->wanted = wanted;
	vcpu->want_intr_window = READ_ONCE(run->request_intr_window);
	vcpu->has_events |= vcpu->want_intr_window;
	vcpu->deadline = READ_ONCE(run->deadline);
	if (vcpu->deadline && !vmx_has_timer())
		return keel_refuse(-EOPNOTSUPP,
				   "KEEL_RUN: a deadline, and this CPU has no VMX-preemption timer");
	if (!dirty)
		return 0;
	return keel_state_load_run(vcpu, dirty);
}

/* A CPU without "unrestricted guest" does not run all that a guest can be in. */
static int check_mode(struct keel_vcpu *vcpu)
{
	u64 cr0;
	int ret;

	/* What waits for its start has the state after a reset, and does not enter. */
	if (likely(vmx_has_unrestricted()) ||
	    vcpu->events.activity == KEEL_ACTIVITY_WAIT_SIPI)
		return 0;
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	cr0 = vmx_get_cr0();
	vmx_return();
	if (vmx_cr0_runs(vcpu, cr0))
		return 0;
	return keel_refuse(-EOPNOTSUPP,
			   "KEEL_RUN: CR0 is 0x%llx, and this CPU has no \"unrestricted guest\": start the guest in protected mode%s",
			   cr0, vcpu->vm->shadow ? "" : " with paging");
}

/* Not to run, but up to date: what others have sent shows in the state then. */
static long run_nothing(struct keel_vcpu *vcpu)
{
	int ret = 0;

	if (keel_vcpu_has_lapic(vcpu)) {
		vmx_apic_take_inbox(vcpu);
		ret = vmx_take_init(vcpu);
	}
	vcpu->run->exit_reason = KEEL_EXIT_INTR;
	return ret ?: -EINTR;
}

static long run(struct keel_vcpu *vcpu)
{
	long ret;

	ret = keel_vm_check(vcpu->vm);
	if (!ret && unlikely(vcpu->complete))
		ret = vmx_complete(vcpu);
	if (!ret)
		ret = take_run_inputs(vcpu);
	if (!ret)
		ret = check_mode(vcpu);
	if (ret)
		return ret;
	if (READ_ONCE(vcpu->run->immediate_exit))
		return run_nothing(vcpu);
	vcpu->has_run = true;
	ret = vmx_run(vcpu);
	if (vmx_tracing())
		vmx_trace_left(vcpu, ret);
	if (ret == -EIO || ret == -ESHUTDOWN)
		keel_vm_kill(vcpu->vm, "vCPU %u cannot go on: %s", vcpu->id,
			     ret == -EIO ? "see above" : "the host goes down");
	return ret;
}

static long keel_vcpu_set_cpuid(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_cpuid_host kind = keel_host_cpuid(vcpu->vm->flags, vcpu->vm->tsc_khz);
	const struct keel_cpuid *args = arg;
	struct keel_cpuid_bad bad = {};
	struct keel_cpuid_leaf *leaves;
	int ret;

	if (args->flags || args->tsc_khz)
		return keel_refuse(-EINVAL, "KEEL_SET_CPUID: flags and tsc_khz must be zero");
	if (vcpu->has_run)
		return keel_refuse(-EBUSY, "KEEL_SET_CPUID: vCPU %u has run already", vcpu->id);
	if (args->nr > KEEL_MAX_CPUID)
		return keel_refuse(-E2BIG, "KEEL_SET_CPUID: %u leaves, at most %u are possible",
				   args->nr, KEEL_MAX_CPUID);
	leaves = keel_alloc_err(memdup_user(u64_to_user_ptr(args->leaves),
					    args->nr * sizeof(*leaves)));
	if (IS_ERR(leaves))
		return PTR_ERR(leaves);
	ret = keel_cpuid_set(&vcpu->cpuid, leaves, args->nr, &kind, &bad);
	kfree(keel_freed(leaves));
	if (ret)
		return keel_refuse(ret,
				   "KEEL_SET_CPUID: leaf 0x%x.%u %s bit %u: %s",
				   bad.leaf, bad.subleaf, bad.reg ?: "", bad.bit,
				   bad.why ?: "refused");
	return keel_state_cpuid_changed(vcpu);
}

static long keel_vcpu_inject(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	const struct keel_inject *args = arg;
	int ret;

	if (args->reserved)
		return keel_refuse(-EINVAL, "KEEL_INJECT: reserved is not zero");
	ret = keel_event_queue(&vcpu->events, &args->event);
	if (ret)
		return keel_refuse(ret, "KEEL_INJECT: event of type %u, vector %u: %s",
				   args->event.type, args->event.vector,
				   ret == -EEXIST ? "one of this type waits already" :
						    "not possible");
	vcpu->has_events = true;
	return 0;
}

static long keel_vcpu_lapic(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_lapic_access *args = arg;
	u32 effects;
	int ret;

	if (!keel_vcpu_has_lapic(vcpu))
		return keel_refuse(-ENODEV,
				   "KEEL_LAPIC: VM %u has no local APICs; make it with KEEL_VM_LAPIC",
				   vcpu->vm->id);
	if (args->offset >= PAGE_SIZE || args->offset % 4 || args->write > 1)
		return keel_refuse(-EINVAL, "KEEL_LAPIC: no register at offset 0x%x",
				   args->offset);
	if (args->write && vcpu->eoi_pending)
		return keel_refuse(-EBUSY,
				   "KEEL_LAPIC: vCPU %u has an EOI to report first; call KEEL_RUN",
				   vcpu->id);
	vmx_apic_take_inbox(vcpu);
	vmx_apic_expire(vcpu);
	if (!args->write) {
		keel_lapic_read(&vcpu->lapic, args->offset, keel_guest_tsc(vcpu, rdtsc()),
				&args->value);
		vcpu->apic_changed = true;
		return 0;
	}
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	effects = keel_lapic_write(&vcpu->lapic, args->offset, args->value,
				   keel_guest_tsc(vcpu, rdtsc()));
	vmx_apic_effects(vcpu, effects & ~KEEL_LAPIC_EOI, false);
	/* What it is about stays in eoi_vector, which has room for one. */
	vcpu->eoi_pending |= !!(effects & KEEL_LAPIC_EOI);
	vmx_return();
	return 0;
}

static long keel_vcpu_set_intercepts(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	const struct keel_intercepts *args = arg;
	u32 i, j;
	int ret;

	if (args->reserved || args->exits & ~KEEL_INTERCEPTS)
		return keel_refuse(-EINVAL, "KEEL_SET_INTERCEPTS: unknown bits in 0x%llx",
				   args->exits);
	if (args->nr_msrs > KEEL_MAX_MSR_INTERCEPTS)
		return keel_refuse(-E2BIG, "KEEL_SET_INTERCEPTS: %u MSRs, at most %u are possible",
				   args->nr_msrs, KEEL_MAX_MSR_INTERCEPTS);
	for (i = 0; i < args->nr_msrs; i++)
		for (j = 0; j < i; j++)
			if (args->msrs[i] == args->msrs[j])
				return keel_refuse(-EINVAL,
						   "KEEL_SET_INTERCEPTS: MSR 0x%x is given twice",
						   args->msrs[i]);
	if (!vmx_intercepts_offered(args->exits))
		return keel_refuse(-EOPNOTSUPP,
				   "KEEL_SET_INTERCEPTS: this CPU lacks a control for 0x%llx; 'keel caps' shows which it has",
				   args->exits);
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vcpu->intercepts = *args;
	vmx_apply_intercepts(vcpu);
	vmx_return();
	return 0;
}

static const struct keel_ioctl_op keel_vcpu_ops[] = {
	KEEL_IOCTL(KEEL_GET_STATE, struct keel_state, events, keel_vcpu_get_state, true),
	KEEL_IOCTL(KEEL_SET_STATE, struct keel_state, events, keel_vcpu_set_state, true),
	KEEL_IOCTL(KEEL_SET_CPUID, struct keel_cpuid, leaves, keel_vcpu_set_cpuid, false),
	KEEL_IOCTL(KEEL_INJECT, struct keel_inject, event, keel_vcpu_inject, false),
	KEEL_IOCTL(KEEL_TRANSLATE, struct keel_translate, page_size, keel_vcpu_translate, true),
	KEEL_IOCTL(KEEL_GET_STATS, struct keel_stats, exits, keel_stats_get, true),
	KEEL_IOCTL(KEEL_SET_INTERCEPTS, struct keel_intercepts, msrs, keel_vcpu_set_intercepts,
		   false),
	KEEL_IOCTL(KEEL_DUMP_VMCS, struct keel_dump, text, keel_vcpu_dump, true),
	KEEL_IOCTL(KEEL_LAPIC, struct keel_lapic_access, value, keel_vcpu_lapic, true),
};

static long locked_ioctl(struct keel_vcpu *vcpu, unsigned int cmd, unsigned long arg)
{
	if (cmd != KEEL_RUN)
		return keel_ioctl(keel_vcpu_ops, ARRAY_SIZE(keel_vcpu_ops), vcpu, cmd, arg);
	if (arg)
		return keel_refuse(-EINVAL, "KEEL_RUN: the argument must be 0");
	return run(vcpu);
}

static long keel_vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct keel_vcpu *vcpu = file->private_data;
	long ret;

	ret = keel_vm_check_caller(vcpu->vm);
	if (ret)
		return ret;
	/* A thread that waits for another's KEEL_RUN can be killed. */
	if (mutex_lock_killable(&vcpu->lock))
		return -EINTR;
	ret = locked_ioctl(vcpu, cmd, arg);
	mutex_unlock(&vcpu->lock);
	return ret;
}

static const struct file_operations keel_vcpu_fops = {
	.owner = THIS_MODULE,
	.release = keel_vcpu_release,
	.unlocked_ioctl = keel_vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = keel_vcpu_mmap,
	.llseek = noop_llseek,
};

/**
 * keel_vcpu_kick - make a vCPU look at what others have for it
 * @vcpu: the vCPU
 *
 * Any context but NMIs.  What it shall see has been written before.
 */
void keel_vcpu_kick(struct keel_vcpu *vcpu)
{
	vmx_kick(vcpu);
}

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	keel_vcpu_kick(container_of(timer, struct keel_vcpu, timer));
	return HRTIMER_NORESTART;
}

static int keel_vcpu_init(struct keel_vcpu *vcpu)
{
	int ret;

	mutex_init(&vcpu->lock);
	vcpu->run = keel_alloc(__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_COMP,
						get_order(KEEL_RUN_SIZE)));
	if (!vcpu->run)
		return -ENOMEM;
	ret = keel_host_cpuid_default(&vcpu->cpuid, vcpu->vm);
	if (!ret)
		ret = vmx_apic_init(vcpu);
	if (!ret)
		ret = vmx_vcpu_init(vcpu);
	return ret;
}

/**
 * keel_vcpu_create - KEEL_CREATE_VCPU
 * @obj: the VM
 * @arg: struct keel_create_vcpu
 *
 * Return: a file descriptor or a negative errno as the uapi header says.
 */
long keel_vcpu_create(void *obj, void *arg)
{
	const struct keel_create_vcpu *args = arg;
	struct keel_vm *vm = obj;
	struct keel_vcpu *vcpu;
	int ret;

	if (args->id >= KEEL_MAX_VCPUS)
		return keel_refuse(-EINVAL, "KEEL_CREATE_VCPU: number %u, they end at %u",
				   args->id, KEEL_MAX_VCPUS - 1);
	ret = keel_user_add_vcpu(vm->user);
	if (ret)
		return ret;
	vcpu = keel_alloc(kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT));
	if (!vcpu) {
		keel_user_remove_vcpu(vm->user);
		return -ENOMEM;
	}
	vcpu->vm = keel_vm_get(vm);
	vcpu->id = args->id;
	rcuwait_init(&vcpu->wait);
	host_timer_init(&vcpu->timer, timer_fired);
	/* Complete before others see it: they send it interrupts. */
	ret = keel_vcpu_init(vcpu);
	if (!ret)
		ret = keel_vm_add_vcpu(vm, vcpu);
	if (ret == -EEXIST)
		keel_refuse(ret, "KEEL_CREATE_VCPU: VM %u has a vCPU %u already",
			    vm->id, args->id);
	if (!ret)	/* last: nothing fails after it */
		ret = anon_inode_getfd("keel-vcpu", &keel_vcpu_fops, vcpu, O_RDWR | O_CLOEXEC);
	if (ret < 0)
		keel_vcpu_free(vcpu);
	return ret;
}
