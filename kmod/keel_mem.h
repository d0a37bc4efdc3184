/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory: slots that lead from guest physical to user addresses, and
 * translations that follow what happens to the user's mappings.
 *
 * keel_mem.c keeps the slots; in keel_mem_fault.c the guest's accesses and the host's
 * changes meet; read its first comment for why that is safe.  keel_mem_copy.c reads and
 * writes for the module, and keel_dirty.c logs what is written.
 *
 * Lock order: mmap_lock, the host's reverse-map and page-table locks, then
 * &keel_mem.lock.  &keel_mem.set_lock is outside all of them.  No host memory is
 * touched under &keel_mem.lock, but by shadow paging, which reads guest tables there
 * with page faults off.
 */
#ifndef KEEL_MEM_H
#define KEEL_MEM_H

#include <linux/atomic.h>
#include <linux/keel.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "keel_mmu.h"

/* Of KEEL_SET_MEMORY. */
#define KEEL_MEMORY_FLAGS	(KEEL_MEMORY_READONLY | KEEL_MEMORY_LOG_DIRTY)

struct keel_dirty;
struct keel_mem;
struct keel_user;

/**
 * struct keel_mem_ops - what guest memory asks of its VM
 * @flush: make every vCPU that is in guest mode leave it, and return after the
 *	last one has.  Maybe called under &keel_mem.lock or a spinlock of the host,
 *	with interrupts on: must not sleep.  May come until
 *	keel_mem_free() returns.
 *
 * A vCPU says, with interrupts off, that it is in guest mode; then smp_mb();
 * then it compares keel_mem_gen() with the generation that it flushed last *on
 * this CPU*, and executes INVEPT or INVVPID where they differ or the vCPU came from another
 * CPU.  @flush needs no barrier before it reads that.
 */
struct keel_mem_ops {
	void (*flush)(struct keel_mem *mem);
};

/**
 * struct keel_slot - a memory slot
 * @gpa: first guest physical address
 * @bytes: length
 * @user_addr: where it is in the VMM
 * @id: the caller's number
 * @flags: KEEL_MEMORY_*
 * @dirty: its log, or NULL: with KEEL_MEMORY_LOG_DIRTY; see keel_dirty.c
 * @dying: being unmapped: serves no access any more, but what is mapped still
 *	follows the VMM's mappings; &keel_mem.lock
 *
 * All but @dying are constant.
 */
struct keel_slot {
	u64 gpa;
	u64 bytes;
	u64 user_addr;
	u32 id;
	u32 flags;
	struct keel_dirty *dirty;
	bool dying;
};

/**
 * struct keel_slots - all slots of a VM
 * @rcu: frees it after the last reader
 * @nr: how many
 * @slot: ordered by guest physical address, without overlap
 */
struct keel_slots {
	struct rcu_head rcu;
	unsigned int nr;
	struct keel_slot slot[];
};

/**
 * struct keel_mem - the memory of one VM
 * @mm: the VMM's address space; [C]
 * @user: who is charged for translations and logs; [C]
 * @ops: the VM's part; [C]
 * @notifier: tells of changes to @mm; holds a reference on it while @registered
 * @registered: [C]
 * @set_lock: one KEEL_SET_MEMORY or KEEL_GET_DIRTY_LOG at a time; may sleep
 * @logging: slots that log; changed under @set_lock, before one begins and after it
 *	has ended
 * @lock: everything below; in no interrupt
 * @slots: replaced under @set_lock and @lock; read under @lock or RCU
 * @last_slot: index of the slot used last: a hint, unlocked
 * @seq: raised when an invalidation ends and when slots change: a look-up of
 *	before is void then; read without @lock to begin with
 * @invalidating: invalidations under way
 * @inv_start: lowest user address of theirs
 * @inv_end: highest one plus 1
 * @gen: raised under @lock when a translation that CPUs may hold is gone
 * @flushed: last @gen that all CPUs have flushed
 * @own_gpa: guest physical address of the page of keel_mem_map_own(), 0 for none
 * @mmu: the translations
 * @charged: table pages that @user is charged for: all but those that a VM has from
 *	the start
 */
struct keel_mem {
	struct mm_struct *mm;
	struct keel_user *user;
	const struct keel_mem_ops *ops;
	struct mmu_notifier notifier;
	bool registered;
	struct mutex set_lock;	/* KEEL_SET_MEMORY */
	unsigned int logging;
	spinlock_t lock;	/* all below */
	struct keel_slots __rcu *slots;
	unsigned int last_slot;
	unsigned long seq;
	unsigned long invalidating;
	unsigned long inv_start;
	unsigned long inv_end;
	u64 gen;
	u64 flushed;
	u64 own_gpa;
	struct keel_mmu mmu;
	atomic_long_t charged;
};

/**
 * enum keel_mem_fault - how a guest's access went on
 * @KEEL_MEM_MAPPED: let the guest try again
 * @KEEL_MEM_MMIO: no memory there, or a write to a read-only slot
 * @KEEL_MEM_FAULT: the VMM's memory behind the slot is not there, not writable,
 *	poisoned, or not ordinary memory
 * @KEEL_MEM_RETRY: see to signals, then let the guest try again
 * @KEEL_MEM_NOMEM: the host is out of memory
 */
enum keel_mem_fault {
	KEEL_MEM_MAPPED,
	KEEL_MEM_MMIO,
	KEEL_MEM_FAULT,
	KEEL_MEM_RETRY,
	KEEL_MEM_NOMEM,
};

int keel_mem_init(struct keel_mem *mem, struct mm_struct *mm, struct keel_user *user,
		  const struct keel_mem_ops *ops, const struct keel_vmx_msrs *caps,
		  bool shadow);
void keel_mem_free(struct keel_mem *mem);
long keel_mem_set(struct keel_mem *mem, const struct keel_memory *args);
unsigned int keel_mem_phys_bits(void);
int keel_mem_read(struct keel_mem *mem, u64 gpa, void *buf, size_t len);
int keel_mem_write(struct keel_mem *mem, u64 gpa, const void *buf, size_t len);
int keel_mem_write_irqs_off(struct keel_mem *mem, u64 gpa, const void *buf, size_t len);
unsigned long keel_mem_user_addr(struct keel_mem *mem, u64 gpa);
int keel_mem_read_entry(struct keel_mem *mem, u64 gpa, void *entry, unsigned int bytes);
int keel_mem_set_bits(struct keel_mem *mem, u64 gpa, unsigned int bytes, u64 old, u64 set);
int keel_mem_fault_in(struct keel_mem *mem, u64 gpa);
bool keel_mem_top_up(struct keel_mem *mem);
void keel_mem_uncharge(struct keel_mem *mem, unsigned long tables);

void keel_mem_unmap_own(struct keel_mem *mem);
bool keel_mem_map_own(struct keel_mem *mem, u64 gpa, u64 hpa);
enum keel_mem_fault keel_mem_fault(struct keel_mem *mem, u64 gpa, u32 access,
				   struct shadow_fault *shadow);
enum keel_mem_fault keel_mem_fault_atomic(struct keel_mem *mem, u64 gpa, u32 access,
					  struct shadow_fault *shadow);

/** keel_mem_gen - generation of translations that a vCPU must have flushed */
static inline u64 keel_mem_gen(const struct keel_mem *mem)
{
	return READ_ONCE(mem->gen);
}

/** keel_mem_eptp - value of the VMCS field "EPT pointer" */
static inline u64 keel_mem_eptp(const struct keel_mem *mem)
{
	return mem->mmu.ept.eptp;
}

/* Between keel_mem.c and keel_mem_fault.c. */
extern const struct mmu_notifier_ops keel_mem_notifier_ops;
bool keel_mem_find(struct keel_mem *mem, u64 gpa, struct keel_slot *slot);
void keel_mem_raise_gen(struct keel_mem *mem);
void keel_mem_unlock_and_flush(struct keel_mem *mem, struct table_pages *dead)
	__releases(&mem->lock);

#endif /* KEEL_MEM_H */
