// SPDX-License-Identifier: GPL-2.0
/*
 * Memory slots: KEEL_SET_MEMORY, and the look-up of a guest physical address.  See
 * keel_mem.h for locks, and read keel_mem_fault.c next.
 */
#include "keel_mem.h"

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm/processor.h>

#include "keel_alloc.h"
#include "keel_dirty.h"
#include "keel_log.h"
#include "keel_user.h"

static struct keel_slots *alloc_slots(unsigned int nr)
{
	struct keel_slots *slots;

	slots = keel_alloc(kzalloc(struct_size(slots, slot, nr), GFP_KERNEL_ACCOUNT));
	if (slots)
		slots->nr = nr;
	return slots;
}

/**
 * keel_mem_init - make the memory of a VM, without slots
 * @mem: zeroed
 * @mm: the current task's address space; kept until keel_mem_free()
 * @user: who is charged for it; likewise
 * @ops: the VM's part
 * @caps: VMX capabilities of all CPUs
 * @shadow: the guest runs on shadow page tables
 *
 * May sleep, and takes @mm's mmap_lock.  After an error call keel_mem_free(), too.
 *
 * Return: 0, or -ENOMEM.
 */
int keel_mem_init(struct keel_mem *mem, struct mm_struct *mm, struct keel_user *user,
		  const struct keel_mem_ops *ops, const struct keel_vmx_msrs *caps,
		  bool shadow)
{
	struct keel_slots *none = alloc_slots(0);
	int ret;

	mem->mm = mm;
	mem->user = user;
	mem->ops = ops;
	mutex_init(&mem->set_lock);
	spin_lock_init(&mem->lock);
	RCU_INIT_POINTER(mem->slots, none);
	if (!none)
		return -ENOMEM;
	ret = keel_mmu_init(&mem->mmu, caps, shadow);
	if (ret)
		return ret;
	mem->notifier.ops = &keel_mem_notifier_ops;
	ret = keel_alloc_fails() ? -ENOMEM : mmu_notifier_register(&mem->notifier, mm);
	if (!ret)
		mem->registered = true;
	return ret;
}

/**
 * keel_mem_free - undo keel_mem_init(); no vCPU runs any more
 * @mem: guest memory; half made, freed already, or zeros is fine
 *
 * May sleep.  May call &keel_mem_ops.flush.
 */
void keel_mem_free(struct keel_mem *mem)
{
	struct keel_slots *slots = rcu_dereference_protected(mem->slots, true);
	unsigned int i;

	if (mem->registered)	/* unmaps everything through release() */
		mmu_notifier_unregister(&mem->notifier, mem->mm);
	mem->registered = false;
	keel_mem_unmap_own(mem);
	keel_mmu_free(&mem->mmu);
	if (mem->user)
		keel_mem_uncharge(mem, atomic_long_read(&mem->charged));
	for (i = 0; slots && i < slots->nr; i++)
		keel_dirty_free(mem->user, slots->slot[i].dirty);
	kfree(keel_freed(slots));
	RCU_INIT_POINTER(mem->slots, NULL);
}

/** keel_mem_phys_bits - width of guest physical addresses, bits */
unsigned int keel_mem_phys_bits(void)
{
	return min_t(unsigned int, boot_cpu_data.x86_phys_bits, EPT_GPA_BITS);
}

static bool in_slot(const struct keel_slot *slot, u64 gpa)
{
	return gpa - slot->gpa < slot->bytes;
}

/* Index of the first slot that ends above @gpa. */
static unsigned int search(const struct keel_slots *slots, u64 gpa)
{
	unsigned int low = 0, high = slots->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (slots->slot[mid].gpa + slots->slot[mid].bytes <= gpa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The slot that @gpa is in, or NULL; under RCU. */
static const struct keel_slot *find(struct keel_mem *mem, u64 gpa)
{
	const struct keel_slots *slots = rcu_dereference(mem->slots);
	unsigned int i = READ_ONCE(mem->last_slot);

	if (unlikely(i >= slots->nr || !in_slot(&slots->slot[i], gpa))) {
		i = search(slots, gpa);
		if (i >= slots->nr || !in_slot(&slots->slot[i], gpa))
			return NULL;
		WRITE_ONCE(mem->last_slot, i);
	}
	return READ_ONCE(slots->slot[i].dying) ? NULL : &slots->slot[i];
}

/**
 * keel_mem_find - the slot that a guest physical address is in
 * @mem: guest memory
 * @gpa: any address
 * @slot: set to a copy of the slot
 *
 * The slot may be gone when the caller looks at the copy; who maps pages by it
 * checks &keel_mem.seq, who copies goes by the user's mappings and needs nothing.
 *
 * Return: whether there is one.
 */
bool keel_mem_find(struct keel_mem *mem, u64 gpa, struct keel_slot *slot)
{
	const struct keel_slot *found;

	rcu_read_lock();
	found = find(mem, gpa);
	if (found)
		*slot = *found;
	rcu_read_unlock();
	return found;
}

/**
 * keel_mem_user_addr - where the VMM has a guest physical address
 * @mem: guest memory
 * @gpa: any address
 *
 * Return: the user address, or 0 where no slot is.
 */
unsigned long keel_mem_user_addr(struct keel_mem *mem, u64 gpa)
{
	const struct keel_slot *found;
	unsigned long addr = 0;

	rcu_read_lock();
	found = find(mem, gpa);
	if (found)
		addr = found->user_addr + (gpa - found->gpa);
	rcu_read_unlock();
	return addr;
}

/* All down to keel_mem_set() are called with @set_lock held. */

static struct keel_slots *stable_slots(struct keel_mem *mem)
{
	return rcu_dereference_protected(mem->slots, lockdep_is_held(&mem->set_lock));
}

/* @lock held: faults that looked at the slots before are void. */
static void void_look_ups(struct keel_mem *mem)
{
	/* Pairs with look_up(): who sees it sees the slots as they are now. */
	smp_store_release(&mem->seq, mem->seq + 1);
}

static void publish(struct keel_mem *mem, struct keel_slots *slots)
{
	struct keel_slots *old = stable_slots(mem);

	spin_lock(&mem->lock);
	rcu_assign_pointer(mem->slots, slots);
	void_look_ups(mem);
	spin_unlock(&mem->lock);
	keel_freed(old);
	kfree_rcu(old, rcu);
}

/* Give a slot that nobody else sees yet the log that its flags ask for. */
static int begin_log(struct keel_mem *mem, struct keel_slot *slot)
{
	struct keel_dirty *dirty;

	slot->dirty = NULL;
	if (!(slot->flags & KEEL_MEMORY_LOG_DIRTY))
		return 0;
	dirty = keel_dirty_alloc(mem->user, slot->bytes);
	if (IS_ERR(dirty))
		return PTR_ERR(dirty);
	slot->dirty = dirty;
	/* Pairs with keel_mem_mark_dirty(): publish() has the barrier. */
	WRITE_ONCE(mem->logging, mem->logging + 1);
	return 0;
}

/* No slot to be found has @dirty any more. */
static void end_log(struct keel_mem *mem, struct keel_dirty *dirty)
{
	if (!dirty)
		return;
	WRITE_ONCE(mem->logging, mem->logging - 1);
	/*
	 * Not left for later: a caller who switches a large log on and off would have
	 * many of them wait, and of the host's memory all that they take.
	 */
	synchronize_rcu();
	keel_dirty_free(mem->user, dirty);
}

static long add_slot(struct keel_mem *mem, const struct keel_memory *args)
{
	const struct keel_slots *old = stable_slots(mem);
	unsigned int at = search(old, args->gpa);
	struct keel_slots *slots;
	int ret;

	if (at < old->nr && old->slot[at].gpa < args->gpa + args->bytes)
		return keel_refuse(-EEXIST,
				   "KEEL_SET_MEMORY: slot %u at 0x%llx overlaps slot %u at 0x%llx; unmap that first",
				   args->slot, args->gpa, old->slot[at].id,
				   old->slot[at].gpa);
	slots = alloc_slots(old->nr + 1);
	if (!slots)
		return -ENOMEM;
	memcpy(slots->slot, old->slot, at * sizeof(*slots->slot));
	memcpy(slots->slot + at + 1, old->slot + at,
	       (old->nr - at) * sizeof(*slots->slot));
	slots->slot[at] = (struct keel_slot){
		.gpa = args->gpa,
		.bytes = args->bytes,
		.user_addr = args->user_addr,
		.id = args->slot,
		.flags = args->flags,
	};
	ret = begin_log(mem, &slots->slot[at]);
	if (ret) {
		kfree(keel_freed(slots));
		return ret;
	}
	publish(mem, slots);
	return 0;
}

/* Unmap a range.  @lock is held, but dropped now and then. */
static void zap(struct keel_mem *mem, u64 pos, u64 end, struct table_pages *dead)
	__must_hold(&mem->lock)
{
	for (;;) {
		if (keel_mmu_zap(&mem->mmu, &pos, end, dead))
			keel_mem_raise_gen(mem);
		if (pos >= end)
			return;
		spin_unlock(&mem->lock);
		cond_resched();
		spin_lock(&mem->lock);
	}
}

/* Make a range read-only, likewise. */
static void protect(struct keel_mem *mem, u64 pos, u64 end)
	__must_hold(&mem->lock)
{
	for (;;) {
		if (keel_mmu_protect(&mem->mmu, &pos, end))
			keel_mem_raise_gen(mem);
		if (pos >= end)
			return;
		spin_unlock(&mem->lock);
		cond_resched();
		spin_lock(&mem->lock);
	}
}

static long remove_slot(struct keel_mem *mem, unsigned int at)
{
	struct keel_slots *old = stable_slots(mem);
	u64 gpa = old->slot[at].gpa, end = gpa + old->slot[at].bytes;
	struct keel_dirty *dirty = old->slot[at].dirty;
	struct table_pages dead = {};
	/* Before anything changes: a slot is unmapped or it is not. */
	struct keel_slots *slots = alloc_slots(old->nr - 1);

	if (!slots)
		return -ENOMEM;
	memcpy(slots->slot, old->slot, at * sizeof(*slots->slot));
	memcpy(slots->slot + at, old->slot + at + 1,
	       (slots->nr - at) * sizeof(*slots->slot));

	spin_lock(&mem->lock);
	WRITE_ONCE(old->slot[at].dying, true);
	void_look_ups(mem);
	zap(mem, gpa, end, &dead);
	keel_mem_unlock_and_flush(mem, &dead);
	publish(mem, slots);
	end_log(mem, dirty);
	return 0;
}

static long change_flags(struct keel_mem *mem, unsigned int at, u32 flags)
{
	struct keel_slots *old = stable_slots(mem);
	u64 gpa = old->slot[at].gpa, end = gpa + old->slot[at].bytes;
	u32 set = flags & ~old->slot[at].flags, cleared = ~flags & old->slot[at].flags;
	struct keel_dirty *dirty = old->slot[at].dirty;
	struct table_pages dead = {};
	struct keel_slots *slots;
	int ret = 0;

	if (!(set | cleared))
		return 0;
	slots = alloc_slots(old->nr);
	if (!slots)
		return -ENOMEM;
	memcpy(slots->slot, old->slot, old->nr * sizeof(*slots->slot));
	slots->slot[at].flags = flags;
	if ((set | cleared) & KEEL_MEMORY_LOG_DIRTY)
		ret = begin_log(mem, &slots->slot[at]);
	if (ret) {
		kfree(keel_freed(slots));
		return ret;
	}
	publish(mem, slots);
	if (cleared & KEEL_MEMORY_LOG_DIRTY)
		end_log(mem, dirty);

	/*
	 * Faults give write access back one by one.  But where the log has split large
	 * pages, only a range with nothing mapped gets them back.
	 */
	spin_lock(&mem->lock);
	if (cleared & KEEL_MEMORY_LOG_DIRTY)
		zap(mem, gpa, end, &dead);
	else if (set)
		protect(mem, gpa, end);
	keel_mem_unlock_and_flush(mem, &dead);
	return 0;
}

static long check_range(const struct keel_memory *args)
{
	u64 limit = 1ULL << keel_mem_phys_bits();

	if ((args->gpa | args->bytes | args->user_addr) & ~PAGE_MASK)
		return keel_refuse(-EINVAL,
				   "KEEL_SET_MEMORY: slot %u: gpa 0x%llx, bytes 0x%llx and user_addr 0x%llx must be multiples of 4096",
				   args->slot, args->gpa, args->bytes, args->user_addr);
	if (args->bytes > limit || args->gpa > limit - args->bytes)
		return keel_refuse(-EINVAL,
				   "KEEL_SET_MEMORY: slot %u: gpa 0x%llx with bytes 0x%llx ends above the %u bits of a guest physical address",
				   args->slot, args->gpa, args->bytes,
				   keel_mem_phys_bits());
	if (args->bytes > TASK_SIZE || args->user_addr > TASK_SIZE - args->bytes)
		return keel_refuse(-EINVAL,
				   "KEEL_SET_MEMORY: slot %u: user_addr 0x%llx with bytes 0x%llx ends above 0x%lx, where user addresses end",
				   args->slot, args->user_addr, args->bytes,
				   (unsigned long)TASK_SIZE);
	return 0;
}

static long set_locked(struct keel_mem *mem, const struct keel_memory *args)
{
	const struct keel_slots *slots = stable_slots(mem);
	const struct keel_slot *slot;
	unsigned int at;

	for (at = 0; at < slots->nr; at++)
		if (slots->slot[at].id == args->slot)
			break;
	if (at == slots->nr && !args->bytes)
		return keel_refuse(-ENOENT,
				   "KEEL_SET_MEMORY: slot %u is empty already; to map it give bytes",
				   args->slot);
	if (at == slots->nr)
		return add_slot(mem, args);
	if (!args->bytes)
		return remove_slot(mem, at);

	slot = &slots->slot[at];
	if (slot->gpa != args->gpa || slot->bytes != args->bytes ||
	    slot->user_addr != args->user_addr)
		return keel_refuse(-EEXIST,
				   "KEEL_SET_MEMORY: slot %u is in use; unmap it first (bytes 0), only flags change in place",
				   args->slot);
	return change_flags(mem, at, args->flags);
}

/**
 * keel_mem_set - KEEL_SET_MEMORY
 * @mem: guest memory; the current task's mm is its mm
 * @args: from user space; size and tail are checked
 *
 * May sleep.  vCPUs may run.  When it returns, no vCPU uses what was unmapped or
 * writes to what became read-only.
 *
 * Return: 0 or a negative errno as the uapi header says.
 */
long keel_mem_set(struct keel_mem *mem, const struct keel_memory *args)
{
	long ret;

	if (args->slot >= KEEL_MAX_SLOTS)
		return keel_refuse(-EINVAL, "KEEL_SET_MEMORY: slot %u; they are numbered 0 to %u",
				   args->slot, KEEL_MAX_SLOTS - 1);
	if (args->reserved || args->flags & ~KEEL_MEMORY_FLAGS)
		return keel_refuse(-EINVAL,
				   "KEEL_SET_MEMORY: slot %u: flags 0x%x are not known or reserved is not 0",
				   args->slot, args->flags);
	if (!args->bytes && (args->gpa || args->user_addr || args->flags))
		return keel_refuse(-EINVAL,
				   "KEEL_SET_MEMORY: slot %u: bytes 0 unmaps it; gpa, user_addr and flags must be 0 then",
				   args->slot);
	ret = check_range(args);
	if (ret)
		return ret;

	mutex_lock(&mem->set_lock);
	ret = set_locked(mem, args);
	mutex_unlock(&mem->set_lock);
	return ret;
}
