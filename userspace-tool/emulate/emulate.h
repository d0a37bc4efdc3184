/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions performed in user space.
 *
 * KEEL_EXIT_MMIO hands over an instruction that has not been done.  Here it is
 * decoded (by Zydis) and done: with the guest's registers, and with memory that
 * the caller reaches for it.  There is no state behind this interface and no
 * ioctl: what goes in and comes out is all in the arguments.
 *
 * What it does not do: fetch instructions, walk page tables, load segment
 * registers, branch, and be atomic towards other vCPUs (a LOCK prefix is
 * accepted; the caller knows whether that matters where the access goes).
 */
#ifndef KEEL_EMULATE_H
#define KEEL_EMULATE_H

#include <stddef.h>
#include <linux/keel.h>

/** define EMULATE_BATCH - most iterations of a REP prefix in one call */
#define EMULATE_BATCH		1024

/** define EMULATE_VECTOR_BYTES - size of the largest vector register */
#define EMULATE_VECTOR_BYTES	64

/**
 * enum emulate_result - what became of the instruction
 * @EMULATE_DONE: done; registers and RIP are those after it
 * @EMULATE_PARTIAL: a REP prefix has iterations left.  The registers show the
 *	progress, RIP still points at the instruction: call again, or run the
 *	guest, which comes back.  RFLAGS.RF is set so that no instruction
 *	breakpoint is reported twice.
 * @EMULATE_FAULT: an exception to inject.  Nothing has changed, but for the
 *	iterations of a REP prefix that were done before.
 * @EMULATE_UNSUPPORTED: not an instruction known here, or its bytes are not
 *	complete.  Nothing has changed.
 * @EMULATE_ERROR: a callback returned -errno.  Registers as with EMULATE_FAULT.
 *
 * After EMULATE_DONE, or EMULATE_PARTIAL with RFLAGS.TF set, the caller does
 * what else ends an instruction: blocking by STI and MOV SS is over, and with
 * RFLAGS.TF set there is a single-step trap (TF limits a call to one
 * iteration).  Data breakpoints are not looked at.
 */
enum emulate_result {
	EMULATE_DONE,
	EMULATE_PARTIAL,
	EMULATE_FAULT,
	EMULATE_UNSUPPORTED,
	EMULATE_ERROR,
};

/**
 * struct emulate_ops - how the emulator reaches the guest's memory
 * @check: would this access fault?  It must have no side effect on a device.
 * @read: read memory
 * @write: write memory
 * @get_vector: optional: bytes of a vector register, 0 to 31, upper part
 *	included: &EMULATE_VECTOR_BYTES of them, zeros where the CPU has fewer
 * @set_vector: optional: the opposite
 *
 * Addresses are linear.  No access crosses a 4-KByte page; the parts of one
 * that does come one after another, the lower address first.  @access is a set
 * of KEEL_ACCESS_*: in @read, KEEL_ACCESS_WRITE says that the instruction
 * writes to the same place after reading it, and that its page must allow that.
 *
 * All accesses of an instruction (of an iteration with REP) are checked before
 * the first of them is done.
 *
 * Each returns 0; or 1 with the exception in @fault, &keel_event.valid set; or
 * -errno, which ends in EMULATE_ERROR.
 */
struct emulate_ops {
	int (*check)(void *opaque, __u64 gva, unsigned int bytes,
		     unsigned int access, struct keel_event *fault);
	int (*read)(void *opaque, __u64 gva, void *data, unsigned int bytes,
		    unsigned int access, struct keel_event *fault);
	int (*write)(void *opaque, __u64 gva, const void *data,
		     unsigned int bytes, unsigned int access,
		     struct keel_event *fault);
	int (*get_vector)(void *opaque, unsigned int index, void *value);
	int (*set_vector)(void *opaque, unsigned int index, const void *value);
};

/**
 * struct emulate_cpu - the registers that instructions see
 * @regs: read and written
 * @segments: read
 * @control: read: the mode, and which vector registers are enabled
 */
struct emulate_cpu {
	struct keel_regs regs;
	struct keel_segments segments;
	struct keel_control control;
};

/**
 * emulate_insn() - perform one instruction
 * @cpu: registers, brought up to date
 * @insn: the bytes at RIP, and what follows them
 * @len: how many; more than 15 are not looked at
 * @ops: how to reach memory
 * @opaque: first argument of @ops' functions
 * @fault: where an exception is told (EMULATE_FAULT)
 *
 * Return: what became of it.
 */
enum emulate_result emulate_insn(struct emulate_cpu *cpu, const __u8 *insn,
				 unsigned int len,
				 const struct emulate_ops *ops, void *opaque,
				 struct keel_event *fault);

/**
 * emulate_format() - an instruction as text, in Intel's syntax
 * @cpu: for the mode and RIP
 * @insn: the bytes at RIP
 * @len: how many
 * @text: where to
 * @size: room at @text, at least 1; what does not fit is cut
 *
 * Bytes that are no instruction become hexadecimal digits.
 */
void emulate_format(const struct emulate_cpu *cpu, const __u8 *insn,
		    unsigned int len, char *text, size_t size);

#endif /* KEEL_EMULATE_H */
