// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt messages: which vCPUs one is for, and into their inboxes with it.
 *
 * Messages come from a guest's ICR, from the VMM (KEEL_IRQ, here) and from
 * eventfds (keel_irqfd.c), in any context but an NMI: nothing here sleeps, and a
 * vCPU is looked at under RCU, by what its local APIC shows to others.  What the
 * message does is up to its own thread, which vmx_apic.c makes look at the inbox.
 *
 * SDM: "Issuing Interprocessor Interrupts", "Lowest Priority Delivery Mode".
 */
#include "keel_irq.h"

#include <linux/bitops.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>

#include "keel_log.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"

/* One bit for each vCPU. */
static_assert(KEEL_MAX_VCPUS <= 64);

/* Who set the bit before us has seen to it that the vCPU looks at it. */
static void leave(struct keel_vcpu *vcpu, unsigned int flag)
{
	if (!test_and_set_bit(flag, &vcpu->inbox.flags))
		keel_vcpu_kick(vcpu);
}

static void set_pin(struct keel_vcpu *vcpu, unsigned int pin, bool level)
{
	unsigned long *flags = &vcpu->inbox.flags;

	if (level ? test_and_set_bit(pin, flags) : !test_and_clear_bit(pin, flags))
		return;
	/* A pulse may be over before the vCPU looks, and is an edge all the same. */
	if (level)
		set_bit(pin - KEEL_INBOX_LINT0 + KEEL_INBOX_ROSE0, flags);
	leave(vcpu, KEEL_INBOX_LINTS);
}

static void deliver(struct keel_vcpu *vcpu, const struct keel_irq_msg *msg)
{
	switch (msg->mode) {
	case KEEL_APIC_NMI:
		leave(vcpu, KEEL_INBOX_NMI);
		break;
	case KEEL_APIC_INIT:
		/* A SIPI counts after the INIT that it starts from, not before. */
		clear_bit(KEEL_INBOX_SIPI, &vcpu->inbox.flags);
		leave(vcpu, KEEL_INBOX_INIT);
		break;
	case KEEL_APIC_SIPI:
		/*
		 * The bit is set by an operation that orders all memory accesses, as
		 * is the one that takes it: who sees the bit sees the vector.
		 */
		WRITE_ONCE(vcpu->inbox.sipi_vector, msg->vector);
		leave(vcpu, KEEL_INBOX_SIPI);
		break;
	case KEEL_APIC_EXTINT:
		/*
		 * The vector is the 8259's, as with its line at LINT0, and the 8259
		 * model takes its line back there; so that is where the message goes.
		 */
		set_pin(vcpu, KEEL_INBOX_LINT0, true);
		break;
	default:
		vmx_apic_post(vcpu, msg->vector, msg->level);
	}
}

/* The rest is called under RCU's read lock. */

static bool matches(const struct keel_vcpu *vcpu, const struct keel_irq_msg *msg,
		    const struct keel_vcpu *sender)
{
	return vcpu && keel_lapic_match(&vcpu->lapic, msg, sender ? &sender->lapic : NULL);
}

/*
 * The vCPU whose number is the destination, where that is its APIC ID: so it is
 * after reset, and in x2APIC mode always.  A guest that gives two local APICs the
 * same ID is answered as a CPU answers it: somehow.
 */
static struct keel_vcpu *unicast(struct keel_vm *vm, const struct keel_irq_msg *msg)
{
	struct keel_vcpu *vcpu;

	if (msg->logical || msg->shorthand != KEEL_APIC_DEST || msg->dest >= KEEL_MAX_VCPUS)
		return NULL;
	vcpu = rcu_dereference(vm->vcpus[array_index_nospec(msg->dest, KEEL_MAX_VCPUS)]);
	return matches(vcpu, msg, NULL) ? vcpu : NULL;
}

static u64 find_targets(struct keel_vm *vm, const struct keel_irq_msg *msg,
			const struct keel_vcpu *sender)
{
	unsigned int i, end = READ_ONCE(vm->vcpus_end);
	u64 targets = 0;

	for (i = 0; i < end; i++)
		if (matches(rcu_dereference(vm->vcpus[i]), msg, sender))
			targets |= BIT_ULL(i);
	return targets;
}

/*
 * One of the targets of a lowest-priority message.  The vector chooses: so each
 * interrupt stays with one vCPU, whose cache has what its handler needs, while
 * different ones are spread.  Priorities do not: they change in the CPU with each
 * interrupt and each write to the TPR, and all that others could read is what
 * they were at the last exit.  The SDM leaves the choice to the model.
 */
static u64 choose(u64 targets, u8 vector)
{
	unsigned int skip = vector % hweight64(targets);

	while (skip--)
		targets &= targets - 1;
	return targets & -targets;
}

static int multicast(struct keel_vm *vm, const struct keel_irq_msg *msg,
		     const struct keel_vcpu *sender)
{
	u64 targets = find_targets(vm, msg, sender);
	int taken = 0;

	if (msg->mode == KEEL_APIC_LOWEST && targets)
		targets = choose(targets, msg->vector);
	for (; targets; targets &= targets - 1) {
		struct keel_vcpu *vcpu = rcu_dereference(vm->vcpus[__ffs64(targets)]);

		if (!vcpu)	/* gone meanwhile */
			continue;
		deliver(vcpu, msg);
		taken++;
	}
	return taken;
}

/**
 * keel_irq_send - deliver a message to local APICs
 * @vm: whose
 * @msg: the message
 * @sender: for a shorthand, whose ICR it is from; NULL: no vCPU's
 *
 * Any context but an NMI.  SMIs are ignored: there is no SMM.  So is the message
 * that ends a level, which nothing here waits for.
 *
 * Return: how many took it.
 */
int keel_irq_send(struct keel_vm *vm, const struct keel_irq_msg *msg,
		  const struct keel_vcpu *sender)
{
	struct keel_vcpu *vcpu;
	int taken = 1;

	if (msg->mode == KEEL_APIC_SMI || msg->deassert)
		return 0;
	rcu_read_lock();
	vcpu = unicast(vm, msg);
	if (likely(vcpu))
		deliver(vcpu, msg);
	else
		taken = multicast(vm, msg, sender);
	rcu_read_unlock();
	return taken;
}

/**
 * keel_irq_check - whether a VM has local APICs, for calls that need them
 * @vm: which
 * @call: name of the ioctl, for the log
 *
 * Return: 0 or -ENODEV.
 */
int keel_irq_check(const struct keel_vm *vm, const char *call)
{
	if (vm->flags & KEEL_VM_LAPIC)
		return 0;
	return keel_refuse(-ENODEV, "%s: VM %u has no local APICs; make it with KEEL_VM_LAPIC",
			   call, vm->id);
}

/**
 * keel_irq_msi - the message that an MSI is, or why it is refused
 * @call: name of the ioctl, for the log
 * @address: the MSI's
 * @data: the MSI's
 * @msg: set
 *
 * Return: 0 or -EINVAL.
 */
int keel_irq_msi(const char *call, u64 address, u32 data, struct keel_irq_msg *msg)
{
	int ret = keel_msi_decode(address, data, msg);

	if (ret)
		return keel_refuse(ret,
				   "%s: address 0x%llx, data 0x%x is no MSI: addresses are 0xfee00000 to 0xfeefffff, vectors 16 to 255, delivery modes 3 and 6 are none",
				   call, address, data);
	return 0;
}

static int set_pins(struct keel_vm *vm, const struct keel_irq *args)
{
	unsigned int pin = args->kind == KEEL_IRQ_LINT0 ? KEEL_INBOX_LINT0 : KEEL_INBOX_LINT1;
	bool all = args->vcpu == KEEL_VCPU_ALL;
	unsigned int i, end = READ_ONCE(vm->vcpus_end);
	struct keel_vcpu *vcpu;
	int taken = 0;

	rcu_read_lock();
	for (i = all ? 0 : args->vcpu; i < end; i++) {
		vcpu = rcu_dereference(vm->vcpus[array_index_nospec(i, KEEL_MAX_VCPUS)]);
		if (vcpu) {
			set_pin(vcpu, pin, args->level);
			taken++;
		}
		if (!all)
			break;
	}
	rcu_read_unlock();
	return taken;
}

static long pins(struct keel_vm *vm, struct keel_irq *args)
{
	if (args->level > 1)
		return keel_refuse(-EINVAL, "KEEL_IRQ: level %u, a pin has 0 or 1", args->level);
	args->delivered = set_pins(vm, args);
	if (!args->delivered && args->vcpu != KEEL_VCPU_ALL)
		return keel_refuse(-EINVAL, "KEEL_IRQ: VM %u has no vCPU %u", vm->id, args->vcpu);
	return 0;
}

/**
 * keel_vm_irq - KEEL_IRQ
 * @obj: the VM
 * @arg: struct keel_irq
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_vm_irq(void *obj, void *arg)
{
	struct keel_vm *vm = obj;
	struct keel_irq *args = arg;
	struct keel_irq_msg msg;
	int ret = keel_irq_check(vm, "KEEL_IRQ");

	if (ret)
		return ret;
	switch (args->kind) {
	case KEEL_IRQ_MSI:
		ret = keel_irq_msi("KEEL_IRQ", args->address, args->data, &msg);
		if (!ret)
			args->delivered = keel_irq_send(vm, &msg, NULL);
		return ret;
	case KEEL_IRQ_LINT0:
	case KEEL_IRQ_LINT1:
		return pins(vm, args);
	default:
		return keel_refuse(-EINVAL, "KEEL_IRQ: kind %u is not known", args->kind);
	}
}
