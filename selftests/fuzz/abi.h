/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel's ABI as tables: what describe makes of <linux/keel.h>.
 *
 * A leaf is a member that is a number, with its name from the outermost
 * structure on: "segments.seg[1].base".
 */
#ifndef FUZZ_ABI_H
#define FUZZ_ABI_H

#include <linux/types.h>

/**
 * enum abi_kind - what a valid value of a leaf is
 * @KIND_SIZE: bytes of the structure
 * @KIND_ZERO: 0
 * @KIND_OUT: nothing, the kernel writes it
 * @KIND_FLAGS: some of the values, together
 * @KIND_CHOICE: one of the values
 * @KIND_BELOW: below the value
 * @KIND_BOOL: 0 or 1
 * @KIND_COUNT: elements of the array that another leaf points to
 * @KIND_ARRAY: address of that array
 * @KIND_ANY: any number, often one of the values
 * @KIND_GPA: guest physical address of a page
 * @KIND_GVA: linear address of the guest
 * @KIND_MSR: number of an MSR
 * @KIND_MEMORY: address of memory for a guest
 * @KIND_LENGTH: bytes of memory
 * @KIND_BUFFER: address of memory to read or write
 * @KIND_EVENTFD: descriptor of an eventfd
 * @KIND_AT: address of the call's own structure
 * @KIND_TO_VM: number that a new VM's descriptor gets
 * @KIND_TO_VCPU: likewise, a vCPU's
 * @KIND_TO_EVENT: likewise, an eventfd's
 * @KIND_TO_ANY: any of these
 * @KIND_RUN: address where run areas are mapped
 */
enum abi_kind {
	KIND_SIZE,
	KIND_ZERO,
	KIND_OUT,
	KIND_FLAGS,
	KIND_CHOICE,
	KIND_BELOW,
	KIND_BOOL,
	KIND_COUNT,
	KIND_ARRAY,
	KIND_ANY,
	KIND_GPA,
	KIND_GVA,
	KIND_MSR,
	KIND_MEMORY,
	KIND_LENGTH,
	KIND_BUFFER,
	KIND_EVENTFD,
	KIND_AT,
	KIND_TO_VM,
	KIND_TO_VCPU,
	KIND_TO_EVENT,
	KIND_TO_ANY,
	KIND_RUN,
};

/** enum abi_target - what kind of descriptor serves a call */
enum abi_target { ABI_KEEL, ABI_VM, ABI_VCPU, ABI_EVENT, ABI_ANY, ABI_NONE };

/**
 * struct abi_constant - a number with its name in the header
 * @name: NULL where it has none
 * @value: the number
 */
struct abi_constant {
	const char *name;
	__u64 value;
};

/**
 * struct abi_leaf - a member that is a number
 * @name: its name
 * @offset: in the structure, or in the array that the structure points to
 * @bytes: its size
 * @kind: what it is for
 * @nested: it is in that array
 * @values: favoured ones
 * @nr_values: how many
 */
struct abi_leaf {
	const char *name;
	unsigned int offset;
	unsigned int bytes;
	enum abi_kind kind;
	int nested;
	const struct abi_constant *values;
	unsigned int nr_values;
};

/**
 * struct abi_struct - argument of a call, or the run page
 * @name: its name
 * @bytes: its size
 * @element_bytes: of the array that it points to, 0 where there is none
 * @leaves: its members
 * @nr_leaves: how many
 */
struct abi_struct {
	const char *name;
	unsigned int bytes;
	unsigned int element_bytes;
	const struct abi_leaf *leaves;
	unsigned int nr_leaves;
};

/**
 * struct abi_call - an ioctl
 * @name: its name
 * @cmd: its number
 * @target: what serves it
 * @argument: its structure, NULL where it has none
 */
struct abi_call {
	const char *name;
	unsigned int cmd;
	enum abi_target target;
	const struct abi_struct *argument;
};

extern const struct abi_call abi_calls[];
extern const unsigned int abi_nr_calls;
/* Ends with a name that is NULL. */
extern const struct abi_constant abi_constants[];
extern const struct abi_struct abi_keel_run;

#endif /* FUZZ_ABI_H */
