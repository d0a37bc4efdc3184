// SPDX-License-Identifier: GPL-2.0
/*
 * What the module itself reads and writes in guest memory.  It goes by the VMM's
 * mappings and so needs no translation of the guest's; who has to know of a write,
 * the dirty log and shadow paging, is told after it.
 */
#include "keel_mem.h"

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "keel_dirty.h"

/**
 * keel_mem_read - copy from guest memory
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: any guest physical address
 * @buf: where to
 * @len: bytes; may cross pages and slots
 *
 * May sleep.
 *
 * Return: 0; -EFAULT where there is no slot or the VMM's memory is not readable;
 * a part may have been copied.
 */
int keel_mem_read(struct keel_mem *mem, u64 gpa, void *buf, size_t len)
{
	struct keel_slot slot;
	size_t n;

	for (; len; gpa += n, buf += n, len -= n) {
		if (!keel_mem_find(mem, gpa, &slot))
			return -EFAULT;
		gpa -= slot.gpa;
		n = min_t(u64, len, slot.bytes - gpa);
		if (copy_from_user(buf, u64_to_user_ptr(slot.user_addr + gpa), n))
			return -EFAULT;
		gpa += slot.gpa;
	}
	return 0;
}

static void mark_dirty(struct keel_mem *mem, u64 gpa, u64 bytes)
{
	u64 pos;

	for (pos = gpa & PAGE_MASK; pos < gpa + bytes; pos += PAGE_SIZE)
		keel_mem_mark_dirty(mem, pos);
}

/* No guest instruction has written this, so that no exit has told of it. */
static void keel_mem_wrote(struct keel_mem *mem, u64 gpa, u64 bytes)
{
	u64 pos;

	mark_dirty(mem, gpa, bytes);
	if (!keel_mmu_is_shadow(&mem->mmu))
		return;
	spin_lock(&mem->lock);
	for (pos = gpa & PAGE_MASK; pos < gpa + bytes; pos += PAGE_SIZE)
		keel_mmu_wrote(&mem->mmu, pos);
	spin_unlock(&mem->lock);
}

static int copy_to_guest(struct keel_mem *mem, u64 gpa, const void *buf, size_t len,
			 void (*wrote)(struct keel_mem *mem, u64 gpa, u64 bytes))
{
	unsigned long left;
	struct keel_slot slot;
	size_t n;

	for (; len; gpa += n, buf += n, len -= n) {
		if (!keel_mem_find(mem, gpa, &slot) || slot.flags & KEEL_MEMORY_READONLY)
			return -EFAULT;
		gpa -= slot.gpa;
		n = min_t(u64, len, slot.bytes - gpa);
		left = copy_to_user(u64_to_user_ptr(slot.user_addr + gpa), buf, n);
		gpa += slot.gpa;
		wrote(mem, gpa, n);
		if (left)
			return -EFAULT;
	}
	return 0;
}

/**
 * keel_mem_write - copy to guest memory
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: any guest physical address
 * @buf: where from
 * @len: bytes; may cross pages and slots
 *
 * May sleep, unless page faults are off.  Interrupts are on: who holds the lock of
 * @mem may wait for this CPU.
 *
 * Return: 0; -EFAULT where there is no slot, or a read-only one, or the VMM's
 * memory is not writable; a part may have been copied.
 */
int keel_mem_write(struct keel_mem *mem, u64 gpa, const void *buf, size_t len)
{
	return copy_to_guest(mem, gpa, buf, len, keel_mem_wrote);
}

/**
 * keel_mem_write_irqs_off - copy to guest memory where interrupts are off
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: any guest physical address
 * @buf: where from
 * @len: bytes; may cross pages and slots
 *
 * Page faults are off.  Takes no lock, and so does not tell shadow paging: a guest
 * that has this in one of its page tables sees it there when it writes to it itself.
 *
 * Return: as keel_mem_write().
 */
int keel_mem_write_irqs_off(struct keel_mem *mem, u64 gpa, const void *buf, size_t len)
{
	return copy_to_guest(mem, gpa, buf, len, mark_dirty);
}

/**
 * keel_mem_read_entry - read an entry of a guest's page table
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: a multiple of @bytes
 * @entry: where to
 * @bytes: 4 or 8; read at once, so never half of an update
 *
 * May sleep, unless page faults are off.
 *
 * Return: 0; -EFAULT where there is no slot or the VMM's memory is not readable.
 */
int keel_mem_read_entry(struct keel_mem *mem, u64 gpa, void *entry, unsigned int bytes)
{
	unsigned long at = keel_mem_user_addr(mem, gpa);

	if (!at)
		return -EFAULT;
	if (bytes == 8)
		return get_user(*(u64 *)entry, (u64 __user *)at);
	return get_user(*(u32 *)entry, (u32 __user *)at);
}

/* A slot that the guest can write to; returns the user address, or NULL. */
static void __user *writable_at(struct keel_mem *mem, u64 gpa)
{
	struct keel_slot slot;

	if (!keel_mem_find(mem, gpa, &slot) || slot.flags & KEEL_MEMORY_READONLY)
		return NULL;
	return u64_to_user_ptr(slot.user_addr + gpa - slot.gpa);
}

static int set_bits32(u32 __user *at, u32 old, u32 set)
{
	return __try_cmpxchg_user(at, &old, old | set, fault);
}

static int set_bits64(u64 __user *at, u64 old, u64 set)
{
	return __try_cmpxchg_user(at, &old, old | set, fault);
}

/**
 * keel_mem_set_bits - set flags in an entry of a guest's page table, as a CPU does
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: a multiple of @bytes
 * @bytes: of the entry, 4 or 8
 * @old: what it must be
 * @set: the flags
 *
 * With one locked access.  May sleep, unless page faults are off.
 *
 * Return: 0; -EAGAIN: it is not @old any more; -EFAULT: there is no slot that the
 * guest can write to, or the VMM's memory is not writable at once.
 */
int keel_mem_set_bits(struct keel_mem *mem, u64 gpa, unsigned int bytes, u64 old, u64 set)
{
	void __user *at = writable_at(mem, gpa);
	int ret;

	if (!at || !access_ok(at, bytes))
		return -EFAULT;
	ret = bytes == 8 ? set_bits64(at, old, set) : set_bits32(at, old, set);
	if (ret)
		return ret > 0 ? -EAGAIN : ret;
	keel_mem_mark_dirty(mem, gpa);
	return 0;
}

/**
 * keel_mem_fault_in - make a page writable for keel_mem_set_bits()
 * @mem: guest memory; the current task's mm is its mm
 * @gpa: guest physical address
 *
 * May sleep.
 *
 * Return: 0 or -EFAULT.
 */
int keel_mem_fault_in(struct keel_mem *mem, u64 gpa)
{
	void __user *at = writable_at(mem, gpa);

	return at && !fault_in_safe_writeable(at, 1) ? 0 : -EFAULT;
}
