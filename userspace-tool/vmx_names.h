/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of VMX control bits, capability fields and capability MSRs.
 *
 * One table for each word, in the order of the SDM and in its words (chapters
 * "Virtual-Machine Control Structures" and "VMX Capability Reporting
 * Facility").  Only data and look-ups: what a value means is told elsewhere.
 */
#ifndef VMX_NAMES_H
#define VMX_NAMES_H

#include <stddef.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct vmx_bit - a bit with a name
 * @bit: its position
 * @name: the SDM's name for it
 */
struct vmx_bit {
	unsigned int bit;
	const char *name;
};

/**
 * struct vmx_bits - a word of named bits
 * @key: name of the word for machines; stable
 * @title: name of the word for people
 * @width: how many bits the word has
 * @nr: how many of them have a name
 * @bits: these, in ascending order
 */
struct vmx_bits {
	const char *key;
	const char *title;
	unsigned int width;
	unsigned int nr;
	const struct vmx_bit *bits;
};

/**
 * enum vmx_kind - how the value of a field is meant
 * @VMX_FLAG: yes or no
 * @VMX_NUMBER: a number
 * @VMX_HEX: an identifier
 * @VMX_BYTES: a size in bytes
 * @VMX_MEMTYPE: a memory type, encoded as in the PAT
 * @VMX_TIMER: the VMX-preemption timer counts down by one each 2^X TSC cycles
 * @VMX_MSR_LIST: at most 512 * (X + 1) MSRs are recommended in a list
 */
enum vmx_kind {
	VMX_FLAG,
	VMX_NUMBER,
	VMX_HEX,
	VMX_BYTES,
	VMX_MEMTYPE,
	VMX_TIMER,
	VMX_MSR_LIST,
};

/**
 * struct vmx_field - a named group of bits
 * @lo: lowest bit
 * @hi: highest bit
 * @kind: how to read the value
 * @key: name for machines; stable
 * @name: name for people
 */
struct vmx_field {
	unsigned char lo;
	unsigned char hi;
	enum vmx_kind kind;
	const char *key;
	const char *name;
};

/**
 * struct vmx_fields - a capability MSR that is not made of control bits
 * @key: name of the word for machines; stable
 * @title: name of the word for people
 * @msr: name of the MSR
 * @offset: where the MSR stands in struct keel_vmx_msrs
 * @nr: number of fields
 * @fields: these, in ascending order
 */
struct vmx_fields {
	const char *key;
	const char *title;
	const char *msr;
	size_t offset;
	unsigned int nr;
	const struct vmx_field *fields;
};

/**
 * struct vmx_msr - a capability MSR
 * @index: its number
 * @name: its name
 * @offset: where it stands in struct keel_vmx_msrs
 */
struct vmx_msr {
	__u32 index;
	const char *name;
	size_t offset;
};

extern const struct vmx_bits vmx_pin_based;
extern const struct vmx_bits vmx_primary;
extern const struct vmx_bits vmx_secondary;
extern const struct vmx_bits vmx_tertiary;
extern const struct vmx_bits vmx_exit_primary;
extern const struct vmx_bits vmx_exit_secondary;
extern const struct vmx_bits vmx_entry;
extern const struct vmx_bits vmx_functions;
extern const struct vmx_bits vmx_cr0;
extern const struct vmx_bits vmx_cr4;
/* The names of Keel's feature bits: those of KEEL_FEATURE_*, in lower case. */
extern const struct vmx_bits keel_features;

#define VMX_NR_FIELD_WORDS	5
extern const struct vmx_fields vmx_field_words[VMX_NR_FIELD_WORDS];

#define VMX_NR_MSRS		21
extern const struct vmx_msr vmx_msrs[VMX_NR_MSRS];

struct keel_vmx_msrs;
const char *vmx_bit_name(const struct vmx_bits *word, unsigned int bit);
__u64 vmx_msr_value(const struct keel_vmx_msrs *msrs, size_t offset);
__u64 vmx_field_value(const struct vmx_field *field, __u64 word);

#endif /* VMX_NAMES_H */
