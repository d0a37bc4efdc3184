// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt messages: which vCPUs one is for, and into their inboxes with it.
 *
 * SDM: "Issuing Interprocessor Interrupts".
 */
#include "keel_irq.h"

#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"

static void leave(struct keel_vcpu *vcpu, unsigned int flag)
{
	set_bit(flag, &vcpu->inbox.flags);
	keel_vcpu_kick(vcpu);
}

static void deliver(struct keel_vcpu *vcpu, const struct keel_irq_msg *msg)
{
	switch (msg->mode) {
	case KEEL_APIC_FIXED:
	case KEEL_APIC_LOWEST:
		vmx_apic_post(vcpu, msg->vector, msg->level);
		break;
	case KEEL_APIC_NMI:
		leave(vcpu, KEEL_INBOX_NMI);
		break;
	case KEEL_APIC_INIT:
		if (!msg->deassert)
			leave(vcpu, KEEL_INBOX_INIT);
		break;
	case KEEL_APIC_SIPI:
		WRITE_ONCE(vcpu->inbox.sipi_vector, msg->vector);
		leave(vcpu, KEEL_INBOX_SIPI);
		break;
	}
}

/**
 * keel_irq_send - send a message to the local APICs that it is for
 * @vm: the VM
 * @msg: the message
 * @sender: the vCPU that sends it, or NULL
 *
 * Any context but NMIs.
 *
 * Return: how many took it
 */
int keel_irq_send(struct keel_vm *vm, const struct keel_irq_msg *msg,
		  const struct keel_vcpu *sender)
{
	int i, taken = 0;

	rcu_read_lock();
	for (i = 0; i < KEEL_MAX_VCPUS; i++) {
		struct keel_vcpu *vcpu = rcu_dereference(vm->vcpus[i]);

		if (!vcpu || !keel_lapic_match(&vcpu->lapic, msg, sender ? &sender->lapic : NULL))
			continue;
		deliver(vcpu, msg);
		taken++;
	}
	rcu_read_unlock();
	return taken;
}
