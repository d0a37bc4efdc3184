// SPDX-License-Identifier: GPL-2.0
/*
 * KEEL_IOEVENTFD: writes of the guest that signal an eventfd, and cost an exit but
 * no return to user space.
 *
 * A table is never changed: the next one takes its place, and it goes when the
 * last exit that looks at it is over.  So the look-up takes no lock.  The other
 * direction, from an eventfd to the guest, is in keel_irqfd.c.
 */
#include "keel_ioeventfd.h"

#include <linux/bits.h>
#include <linux/eventfd.h>
#include <linux/keel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "host.h"
#include "keel_alloc.h"
#include "keel_log.h"
#include "keel_vm.h"

#define KEEL_IOEVENTFD_FLAGS	(KEEL_IOEVENTFD_DEASSIGN | KEEL_IOEVENTFD_PORT | \
				 KEEL_IOEVENTFD_DATA)

/**
 * struct keel_ioeventfd_binding - writes that signal an eventfd
 * @address: guest physical address or port
 * @data: the value that matches, under @mask
 * @mask: which bits of the value count: as many as are written, or none
 * @bytes: length of the write
 * @eventfd: holds a reference
 */
struct keel_ioeventfd_binding {
	u64 address;
	u64 data;
	u64 mask;
	unsigned int bytes;
	struct eventfd_ctx *eventfd;
};

/**
 * struct keel_ioeventfd_table - bindings of one kind of address
 * @rcu: frees it after the last reader
 * @nr: how many, at least one
 * @binding: ordered by address; at one address, any order: two never match the
 *	same write
 */
struct keel_ioeventfd_table {
	struct rcu_head rcu;
	unsigned int nr;
	struct keel_ioeventfd_binding binding[];
};

/* Index of the first binding at @address or above. */
static unsigned int search(const struct keel_ioeventfd_table *table, u64 address)
{
	unsigned int low = 0, high = table->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (table->binding[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * __keel_ioeventfd_signal - signal the eventfd that a write is bound to
 * @where: the table's place
 * @address: guest physical address or port
 * @bytes: length of the write
 * @value: what is written
 *
 * Return: whether there is one.
 */
bool __keel_ioeventfd_signal(struct keel_ioeventfd_table __rcu *const *where, u64 address,
			     unsigned int bytes, u64 value)
{
	const struct keel_ioeventfd_table *table;
	const struct keel_ioeventfd_binding *b, *end;
	bool found = false;

	rcu_read_lock();
	table = rcu_dereference(*where);
	if (table) {
		end = table->binding + table->nr;
		for (b = table->binding + search(table, address);
		     b < end && b->address == address; b++) {
			found = b->bytes == bytes && !((b->data ^ value) & b->mask);
			if (found) {
				host_eventfd_signal(b->eventfd);
				break;
			}
		}
	}
	rcu_read_unlock();
	return found;
}

/* The next ones are called with &keel_ioeventfds.lock held. */

static struct keel_ioeventfd_table *stable(struct keel_ioeventfds *io,
					   struct keel_ioeventfd_table __rcu **where)
{
	return rcu_dereference_protected(*where, lockdep_is_held(&io->lock));
}

static unsigned int nr_bindings(const struct keel_ioeventfd_table *table)
{
	return table ? table->nr : 0;
}

static struct keel_ioeventfd_table *alloc_table(unsigned int nr)
{
	struct keel_ioeventfd_table *table;

	table = keel_alloc(kmalloc(struct_size(table, binding, nr), GFP_KERNEL_ACCOUNT));
	if (table)
		table->nr = nr;
	return table;
}

/* Index of the binding that shares a write with @b; -ENOENT: there is none. */
static int find_overlap(const struct keel_ioeventfd_table *table,
			const struct keel_ioeventfd_binding *b)
{
	const struct keel_ioeventfd_binding *at;
	unsigned int i;

	if (!table)
		return -ENOENT;
	for (i = search(table, b->address); i < table->nr; i++) {
		at = &table->binding[i];
		if (at->address != b->address)
			break;
		if (at->bytes == b->bytes && !((at->data ^ b->data) & at->mask & b->mask))
			return i;
	}
	return -ENOENT;
}

static int bind(struct keel_ioeventfds *io, struct keel_ioeventfd_table __rcu **where,
		const struct keel_ioeventfd_binding *b)
{
	struct keel_ioeventfd_table *old = stable(io, where), *table;
	unsigned int at = old ? search(old, b->address) : 0, nr = nr_bindings(old);

	if (find_overlap(old, b) >= 0)
		return keel_refuse(-EEXIST,
				   "KEEL_IOEVENTFD: writes of %u bytes to 0x%llx are bound already; take that back first",
				   b->bytes, b->address);
	if (nr_bindings(stable(io, &io->ports)) + nr_bindings(stable(io, &io->mmio)) >=
	    KEEL_MAX_IOEVENTFDS)
		return keel_refuse(-ENOSPC, "KEEL_IOEVENTFD: the VM has %u bindings, all it can",
				   KEEL_MAX_IOEVENTFDS);
	table = alloc_table(nr + 1);
	if (!table)
		return -ENOMEM;
	table->binding[at] = *b;
	if (old) {
		memcpy(table->binding, old->binding, at * sizeof(*b));
		memcpy(table->binding + at + 1, old->binding + at, (nr - at) * sizeof(*b));
	}
	rcu_assign_pointer(*where, table);
	if (old) {
		keel_freed(old);
		kfree_rcu(old, rcu);
	}
	return 0;
}

/* On success the binding's eventfd is the caller's. */
static int unbind(struct keel_ioeventfds *io, struct keel_ioeventfd_table __rcu **where,
		  const struct keel_ioeventfd_binding *b)
{
	struct keel_ioeventfd_table *old = stable(io, where), *table = NULL;
	const struct keel_ioeventfd_binding *found;
	int at = find_overlap(old, b);

	found = at < 0 ? NULL : &old->binding[at];
	if (!found || found->eventfd != b->eventfd || found->mask != b->mask)
		return keel_refuse(-ENOENT,
				   "KEEL_IOEVENTFD: no such binding at 0x%llx to take back; fd, flags, length, address and data must be the same as when it was made",
				   b->address);
	if (old->nr > 1) {
		table = alloc_table(old->nr - 1);
		if (!table)
			return -ENOMEM;
		memcpy(table->binding, old->binding, at * sizeof(*b));
		memcpy(table->binding + at, old->binding + at + 1,
		       (old->nr - 1 - at) * sizeof(*b));
	}
	rcu_assign_pointer(*where, table);
	/* Once the caller knows that it is gone, no exit signals it any more. */
	synchronize_rcu();
	kfree(keel_freed(old));
	return 0;
}

static int check_args(const struct keel_ioeventfd *args)
{
	bool port = args->flags & KEEL_IOEVENTFD_PORT;
	u32 longest = port ? 4 : 8;

	if (args->flags & ~KEEL_IOEVENTFD_FLAGS)
		return keel_refuse(-EINVAL, "KEEL_IOEVENTFD: flags 0x%x are not known",
				   args->flags & ~KEEL_IOEVENTFD_FLAGS);
	if (!is_power_of_2(args->bytes) || args->bytes > longest)
		return keel_refuse(-EINVAL,
				   "KEEL_IOEVENTFD: a write of %u bytes: 1, 2%s or %u are possible",
				   args->bytes, port ? "" : ", 4", longest);
	if (args->address + (args->bytes - 1) < args->address ||
	    (port && args->address + (args->bytes - 1) > 0xffff))
		return keel_refuse(-EINVAL,
				   "KEEL_IOEVENTFD: %u bytes at 0x%llx go beyond the last %s",
				   args->bytes, args->address, port ? "port" : "address");
	if ((args->flags & KEEL_IOEVENTFD_DATA) &&
	    args->data & ~GENMASK_ULL(8 * args->bytes - 1, 0))
		return keel_refuse(-EINVAL,
				   "KEEL_IOEVENTFD: a write of %u bytes never has the value 0x%llx",
				   args->bytes, args->data);
	return 0;
}

/**
 * keel_vm_ioeventfd - KEEL_IOEVENTFD
 * @obj: the VM
 * @arg: struct keel_ioeventfd
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_vm_ioeventfd(void *obj, void *arg)
{
	struct keel_vm *vm = obj;
	struct keel_ioeventfds *io = &vm->ioeventfds;
	const struct keel_ioeventfd *args = arg;
	struct keel_ioeventfd_table __rcu **where =
		args->flags & KEEL_IOEVENTFD_PORT ? &io->ports : &io->mmio;
	bool deassign = args->flags & KEEL_IOEVENTFD_DEASSIGN;
	struct keel_ioeventfd_binding b = { .address = args->address, .bytes = args->bytes };
	int ret = check_args(args);

	if (ret)
		return ret;
	if (args->flags & KEEL_IOEVENTFD_DATA) {
		b.data = args->data;
		b.mask = GENMASK_ULL(8 * args->bytes - 1, 0);
	}
	b.eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(b.eventfd))
		return keel_refuse(PTR_ERR(b.eventfd), "KEEL_IOEVENTFD: fd %d is no eventfd",
				   args->fd);
	mutex_lock(&io->lock);
	ret = deassign ? unbind(io, where, &b) : bind(io, where, &b);
	mutex_unlock(&io->lock);
	/* A binding keeps a reference: that of now, or the one it had. */
	if (ret || deassign)
		eventfd_ctx_put(b.eventfd);
	if (!ret && deassign)
		eventfd_ctx_put(b.eventfd);
	return ret;
}

/** keel_ioeventfds_init - no bindings yet */
void keel_ioeventfds_init(struct keel_ioeventfds *io)
{
	mutex_init(&io->lock);
}

static void free_table(struct keel_ioeventfd_table __rcu **where)
{
	struct keel_ioeventfd_table *table = rcu_dereference_protected(*where, true);
	unsigned int i;

	for (i = 0; i < nr_bindings(table); i++)
		eventfd_ctx_put(table->binding[i].eventfd);
	kfree(keel_freed(table));
	RCU_INIT_POINTER(*where, NULL);
}

/**
 * keel_ioeventfds_free - let go of all eventfds; no vCPU runs any more
 * @io: bindings; freed already, or zeros is fine
 */
void keel_ioeventfds_free(struct keel_ioeventfds *io)
{
	free_table(&io->ports);
	free_table(&io->mmio);
}
