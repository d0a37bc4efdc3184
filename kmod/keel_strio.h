/* SPDX-License-Identifier: GPL-2.0 */
/*
 * INS, OUTS and their REP forms: moving a batch between guest memory and the
 * run area.
 *
 * The CPU exits before the instruction has looked at memory, so all that it
 * would have checked on the way there is checked here: segment, canonicality,
 * alignment, paging.  Pure: guest memory comes through functions.
 *
 * A batch is two calls.  keel_strio_begin() finds how many elements can be
 * moved, before any device is asked: a device that was read must not be read
 * again because the destination then faults.  For OUTS it also gets the data.
 * keel_strio_end() moves the registers on, for INS with the data that has come.
 * A fault shows only as the first element of a batch; one further on ends the
 * batch before it, and the instruction, which is not done, comes back for it.
 *
 * Left to the caller: the I/O permission bitmap (the CPU has checked it), RIP,
 * and setting accessed and dirty flags.
 */
#ifndef KEEL_STRIO_H
#define KEEL_STRIO_H

#include <linux/types.h>
#include <linux/keel.h>

#include "keel_walk.h"

/** define KEEL_STRIO_MAX - bytes in a batch: one page, so at most two pages touched */
#define KEEL_STRIO_MAX	4096

/**
 * struct keel_strio_mem - guest physical memory
 * @read: copy @bytes at @gpa to @buf; 0 or a negative errno
 * @write: copy @bytes from @buf to @gpa; 0 or a negative errno
 * @writable: 0 where a write of @bytes at @gpa would succeed, else a negative
 *	errno; may be NULL: then @write tells, too late for INS not to lose data
 * @ctx: first argument of them
 *
 * No access crosses a page.
 */
struct keel_strio_mem {
	int (*read)(void *ctx, u64 gpa, void *buf, unsigned int bytes);
	int (*write)(void *ctx, u64 gpa, const void *buf, unsigned int bytes);
	int (*writable)(void *ctx, u64 gpa, unsigned int bytes);
	void *ctx;
};

/**
 * struct keel_strio - one INS or OUTS, batch by batch
 * @in: it is INS
 * @rep: it has a REP prefix
 * @bytes: of one element: 1, 2 or 4
 * @addr_bytes: address size: 2, 4 or 8
 * @code64: the guest runs 64-bit code (IA-32e mode and CS.L)
 * @cpl: privilege level
 * @seg_index: segment of the memory operand: KEEL_ES for INS; KEEL_DS or the
 *	override for OUTS
 * @seg: that segment
 * @rcx: RCX, before keel_strio_end() and after
 * @index: RDI for INS, RSI for OUTS, likewise
 * @count: elements in the batch
 * @done: after keel_strio_end(): nothing remains; move RIP on
 * @fault: where &keel_event.valid, no element can be moved: deliver this
 * @linear: address of the first element
 * @down: RFLAGS.DF: addresses fall from element to element
 * @page: the page numbers of the (at most two) linear pages of the batch
 * @gpa: where these pages are
 * @nr_pages: how many
 *
 * From @count on they are keel_strio_begin()'s and keel_strio_end()'s.  [L] the
 * vCPU's lock.  It has to survive from one KEEL_RUN to the next with INS, and
 * nothing in it points anywhere, so it can.
 */
struct keel_strio {
	bool in;
	bool rep;
	u8 bytes;
	u8 addr_bytes;
	bool code64;
	u8 cpl;
	u8 seg_index;
	struct keel_segment seg;
	u64 rcx;
	u64 index;

	u32 count;
	bool done;
	struct keel_event fault;
	u64 linear;
	bool down;
	u8 nr_pages;
	u64 page[2];
	u64 gpa[2];
};

int keel_strio_decode(const u8 *insn, unsigned int len, u8 addr_bytes,
		      struct keel_strio *io);
int keel_strio_begin(struct keel_strio *io, const struct keel_walk_env *env,
		     const struct keel_strio_mem *mem, void *data,
		     unsigned int room);
int keel_strio_end(struct keel_strio *io, const struct keel_strio_mem *mem,
		   const void *data);

#endif /* KEEL_STRIO_H */
