/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's writes that signal eventfds: see keel_ioeventfd.c.
 *
 * The look-ups are where exits are answered.  A VM without bindings pays a load
 * and a branch.
 */
#ifndef KEEL_IOEVENTFD_H
#define KEEL_IOEVENTFD_H

#include <linux/compiler.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct keel_ioeventfd_table;

/**
 * struct keel_ioeventfds - the bindings of one VM
 * @lock: one KEEL_IOEVENTFD at a time; may sleep
 * @ports: those of I/O ports, NULL where there are none
 * @mmio: those of guest physical addresses, likewise
 *
 * The tables are replaced under @lock, and read under RCU.
 */
struct keel_ioeventfds {
	struct mutex lock;
	struct keel_ioeventfd_table __rcu *ports;
	struct keel_ioeventfd_table __rcu *mmio;
};

void keel_ioeventfds_init(struct keel_ioeventfds *io);
void keel_ioeventfds_free(struct keel_ioeventfds *io);
long keel_vm_ioeventfd(void *vm, void *arg);

bool __keel_ioeventfd_signal(struct keel_ioeventfd_table __rcu *const *where, u64 address,
			     unsigned int bytes, u64 value);

/**
 * keel_ioeventfd_port - a guest's OUT
 * @io: the VM's bindings
 * @port: port
 * @bytes: 1, 2 or 4
 * @value: what it writes; bits above @bytes do not count
 *
 * Callable from any context but an NMI.
 *
 * Return: whether it has signalled an eventfd: then that was all of it.
 */
static inline bool keel_ioeventfd_port(const struct keel_ioeventfds *io, u16 port,
				       unsigned int bytes, u32 value)
{
	return rcu_access_pointer(io->ports) &&
	       __keel_ioeventfd_signal(&io->ports, port, bytes, value);
}

/**
 * keel_ioeventfd_mmio - a guest's write to where no memory is
 * @io: the VM's bindings
 * @gpa: guest physical address
 * @bytes: 1, 2, 4 or 8
 * @value: what it writes; bits above @bytes do not count
 *
 * Callable from any context but an NMI.
 *
 * Return: whether it has signalled an eventfd: then that was all of it.
 */
static inline bool keel_ioeventfd_mmio(const struct keel_ioeventfds *io, u64 gpa,
				       unsigned int bytes, u64 value)
{
	return rcu_access_pointer(io->mmio) &&
	       __keel_ioeventfd_signal(&io->mmio, gpa, bytes, value);
}

#endif /* KEEL_IOEVENTFD_H */
