// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_IRQFD: each signal of an eventfd is an MSI for the guest.
 *
 * A binding is an entry in the eventfd's wait queue.  Whoever signals calls it, in
 * his context and with the queue's lock held: it must not sleep, and need not,
 * because keel_irq_send() does not.  The last close of the eventfd calls it, too;
 * the entry cannot be taken out there, so a work item does it.
 *
 * Once an entry is out of its queue, it is not being called any more.  The VM
 * takes all of them out before it goes, and then waits for the work item, which
 * nobody can queue any more: so neither meets a VM that is gone, or a module.
 */
#include "keel_irqfd.h"

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/keel.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "keel_alloc.h"
#include "keel_irq.h"
#include "keel_log.h"
#include "keel_vm.h"

/**
 * struct keel_irqfd_binding - an eventfd that sends an MSI
 * @vm: whose [C]
 * @msg: what to send [C]
 * @eventfd: holds a reference [C]
 * @queue: the eventfd's wait queue, which lives as long [C]; NULL before
 * @wait: the entry in it
 * @poll: how @queue becomes known
 * @closed: the eventfd was closed; set under the queue's lock
 * @list: in &keel_irqfds.list
 */
struct keel_irqfd_binding {
	struct keel_vm *vm;
	struct keel_irq_msg msg;
	struct eventfd_ctx *eventfd;
	wait_queue_head_t *queue;
	wait_queue_entry_t wait;
	poll_table poll;
	bool closed;
	struct list_head list;
};

/* The queue's lock is held, and interrupts are off. */
static int signalled(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct keel_irqfd_binding *b = container_of(wait, struct keel_irqfd_binding, wait);
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLIN) {
		/* However many signals it counted since the last: one message. */
		eventfd_ctx_do_read(b->eventfd, &count);
		keel_irq_send(b->vm, &b->msg, NULL);
	}
	if (events & EPOLLHUP) {
		WRITE_ONCE(b->closed, true);
		schedule_work(&b->vm->irqfds.reap);
	}
	/* Others who wait for the eventfd are woken, too. */
	return 0;
}

static void join_queue(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	struct keel_irqfd_binding *b = container_of(poll, struct keel_irqfd_binding, poll);

	b->queue = queue;
	/* Before others, so that what it has consumed they do not see. */
	add_wait_queue_priority(queue, &b->wait);
}

/* What was signalled before anybody listened counts as one signal. */
static void send_pending(struct keel_irqfd_binding *b)
{
	u64 count;

	spin_lock_irq(&b->queue->lock);
	eventfd_ctx_do_read(b->eventfd, &count);
	spin_unlock_irq(&b->queue->lock);
	if (count)
		keel_irq_send(b->vm, &b->msg, NULL);
}

/* The next four are called with &keel_irqfds.lock held. */

static struct keel_irqfd_binding *find(struct keel_irqfds *irqfds,
				       const struct eventfd_ctx *eventfd)
{
	struct keel_irqfd_binding *b;

	list_for_each_entry(b, &irqfds->list, list)
		if (b->eventfd == eventfd)
			return b;
	return NULL;
}

/* Takes one that is only half made, too. */
static void free_binding(struct keel_irqfds *irqfds, struct keel_irqfd_binding *b)
{
	if (b->queue)
		remove_wait_queue(b->queue, &b->wait);
	if (!list_empty(&b->list))
		irqfds->nr--;
	list_del(&b->list);
	eventfd_ctx_put(b->eventfd);
	kfree(keel_freed(b));
}

static void free_closed(struct keel_irqfds *irqfds)
{
	struct keel_irqfd_binding *b, *next;

	list_for_each_entry_safe(b, next, &irqfds->list, list)
		if (READ_ONCE(b->closed))
			free_binding(irqfds, b);
}

static int publish(struct keel_irqfds *irqfds, struct keel_irqfd_binding *b, struct file *file)
{
	if (find(irqfds, b->eventfd))
		return -EBUSY;
	if (irqfds->nr >= KEEL_MAX_IRQFDS)
		free_closed(irqfds);	/* those that wait for reap() */
	if (irqfds->nr >= KEEL_MAX_IRQFDS)
		return -ENOSPC;
	irqfds->nr++;
	list_add(&b->list, &irqfds->list);
	vfs_poll(file, &b->poll);	/* from here on it is called */
	send_pending(b);
	return 0;
}

static long assign(struct keel_vm *vm, const struct keel_irqfd *args, struct file *file)
{
	struct keel_irqfd_binding *b;
	struct keel_irq_msg msg;
	int ret;

	ret = keel_irq_msi("KEEL_IRQFD", args->address, args->data, &msg);
	if (ret)
		return ret;
	b = keel_alloc(kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT));
	if (!b)
		return -ENOMEM;
	b->vm = vm;
	b->msg = msg;
	b->eventfd = eventfd_ctx_fileget(file);
	INIT_LIST_HEAD(&b->list);
	init_waitqueue_func_entry(&b->wait, signalled);
	init_poll_funcptr(&b->poll, join_queue);
	mutex_lock(&vm->irqfds.lock);
	ret = publish(&vm->irqfds, b, file);
	if (ret)
		free_binding(&vm->irqfds, b);
	mutex_unlock(&vm->irqfds.lock);
	if (ret == -ENOSPC)
		return keel_refuse(ret, "KEEL_IRQFD: the VM has %u bindings, all it can",
				   KEEL_MAX_IRQFDS);
	if (ret)
		return keel_refuse(ret,
				   "KEEL_IRQFD: fd %d is bound already; take that back first",
				   args->fd);
	return 0;
}

/* An eventfd has one binding: address and data say nothing more. */
static long deassign(struct keel_vm *vm, const struct keel_irqfd *args, struct file *file)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fileget(file);
	struct keel_irqfd_binding *b;

	mutex_lock(&vm->irqfds.lock);
	b = find(&vm->irqfds, eventfd);
	if (b)
		free_binding(&vm->irqfds, b);
	mutex_unlock(&vm->irqfds.lock);
	eventfd_ctx_put(eventfd);
	if (!b)
		return keel_refuse(-ENOENT, "KEEL_IRQFD: fd %d is not bound", args->fd);
	return 0;
}

/**
 * keel_vm_irqfd - KEEL_IRQFD
 * @obj: the VM
 * @arg: struct keel_irqfd
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_vm_irqfd(void *obj, void *arg)
{
	struct keel_vm *vm = obj;
	const struct keel_irqfd *args = arg;
	struct file *file;
	long ret;

	if (args->flags & ~KEEL_IRQFD_DEASSIGN)
		return keel_refuse(-EINVAL, "KEEL_IRQFD: flags 0x%x are not known",
				   args->flags & ~KEEL_IRQFD_DEASSIGN);
	ret = keel_irq_check(vm, "KEEL_IRQFD");
	if (ret)
		return ret;
	file = eventfd_fget(args->fd);
	if (IS_ERR(file))
		return keel_refuse(PTR_ERR(file), "KEEL_IRQFD: fd %d is no eventfd", args->fd);
	if (args->flags & KEEL_IRQFD_DEASSIGN)
		ret = deassign(vm, args, file);
	else
		ret = assign(vm, args, file);
	fput(file);
	return ret;
}

static void reap(struct work_struct *work)
{
	struct keel_irqfds *irqfds = container_of(work, struct keel_irqfds, reap);

	mutex_lock(&irqfds->lock);
	free_closed(irqfds);
	mutex_unlock(&irqfds->lock);
}

/** keel_irqfds_init - no bindings yet */
void keel_irqfds_init(struct keel_irqfds *irqfds)
{
	mutex_init(&irqfds->lock);
	INIT_LIST_HEAD(&irqfds->list);
	INIT_WORK(&irqfds->reap, reap);
}

/**
 * keel_irqfds_free - let go of all eventfds; no calls on the VM any more
 * @irqfds: bindings; may sleep
 */
void keel_irqfds_free(struct keel_irqfds *irqfds)
{
	struct keel_irqfd_binding *b, *next;

	mutex_lock(&irqfds->lock);
	list_for_each_entry_safe(b, next, &irqfds->list, list)
		free_binding(irqfds, b);
	mutex_unlock(&irqfds->lock);
	cancel_work_sync(&irqfds->reap);
}
