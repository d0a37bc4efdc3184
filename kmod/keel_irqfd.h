/* SPDX-License-Identifier: GPL-2.0 */
/* Eventfds that send MSIs: see keel_irqfd.c. */
#ifndef KEEL_IRQFD_H
#define KEEL_IRQFD_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

/**
 * struct keel_irqfds - the bindings of one VM
 * @lock: @list, @nr; may sleep; order: this > the lock of an eventfd's wait queue
 * @list: of struct keel_irqfd_binding
 * @nr: how many
 * @reap: frees those whose eventfd was closed
 */
struct keel_irqfds {
	struct mutex lock;
	struct list_head list;
	unsigned int nr;
	struct work_struct reap;
};

void keel_irqfds_init(struct keel_irqfds *irqfds);
void keel_irqfds_free(struct keel_irqfds *irqfds);
long keel_vm_irqfd(void *vm, void *arg);

#endif /* KEEL_IRQFD_H */
