/* SPDX-License-Identifier: GPL-2.0 */
/* What a test says to /dev/keel_poke: see keel_poke.c. */
#ifndef KEEL_POKE_H
#define KEEL_POKE_H

#include <linux/types.h>

/** define KEEL_POKE_MAX - changes for one entry */
#define KEEL_POKE_MAX	24

/**
 * enum keel_poke_op - what is done with a field
 * @KEEL_POKE_SET: it becomes the value
 * @KEEL_POKE_XOR: the value's bits change
 * @KEEL_POKE_OR: the value's bits become 1
 * @KEEL_POKE_OWN: it becomes the VMCS's own address, plus the value
 * @KEEL_POKE_KICK: no field: the host gets an interrupt right after the entry, and the
 *	thread leaves KEEL_RUN after the exit
 */
enum keel_poke_op {
	KEEL_POKE_SET,
	KEEL_POKE_XOR,
	KEEL_POKE_OR,
	KEEL_POKE_OWN,
	KEEL_POKE_KICK,
};

/**
 * struct keel_poke - one change; write() takes an array of them, in order
 * @field: VMCS encoding
 * @op: enum keel_poke_op
 * @value: for @op
 */
struct keel_poke {
	__u32 field;
	__u32 op;
	__u64 value;
};

/**
 * struct keel_poke_pages - memory that fields may lead to; read() gives it
 * @zero: physical address of a page of zeros, for what is only read
 * @scratch: of a page, for what may be written
 * @vmcs: of a page that looks like a VMCS
 * @shadow_vmcs: of one that looks like a shadow VMCS
 */
struct keel_poke_pages {
	__u64 zero;
	__u64 scratch;
	__u64 vmcs;
	__u64 shadow_vmcs;
};

#endif /* KEEL_POKE_H */
