/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What CPUs offer for VMX: decoding and printing.
 *
 * Pure: takes what KEEL_GET_INFO gave and a stream, opens nothing.  Who asks
 * the module is cmd_caps.c.
 */
#ifndef CAPS_H
#define CAPS_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/keel.h>

#include "vmx_names.h"

/**
 * struct caps_cpu - what is known of one CPU
 * @cpu: its number
 * @model: its name as the CPU tells it, may be empty
 * @info: what KEEL_GET_INFO gave for it
 */
struct caps_cpu {
	unsigned int cpu;
	char model[64];
	struct keel_info info;
};

/**
 * struct caps_word - a word of controls with what each bit may be
 * @names: names of the bits
 * @msr: where the values come from
 * @present: whether the CPU has this word
 * @allowed0: bits that may be 0
 * @allowed1: bits that may be 1
 */
struct caps_word {
	const struct vmx_bits *names;
	const char *msr;
	bool present;
	__u64 allowed0;
	__u64 allowed1;
};

#define CAPS_NR_WORDS	10

/**
 * struct caps_summary - the first things that people ask
 * @vmx: the CPU has VMX
 * @vmx_enabled: the firmware allows VMX outside SMX operation, or left the
 *	choice open
 * @ept: extended page tables
 * @vpid: virtual-processor identifiers
 * @unrestricted_guest: guests without paging
 * @apicv: APIC-register virtualization and virtual-interrupt delivery
 * @posted_interrupts: process posted interrupts
 * @pml: page-modification logging
 * @tsc_scaling: TSC scaling
 * @preemption_timer: VMX-preemption timer
 */
struct caps_summary {
	bool vmx;
	bool vmx_enabled;
	bool ept;
	bool vpid;
	bool unrestricted_guest;
	bool apicv;
	bool posted_interrupts;
	bool pml;
	bool tsc_scaling;
	bool preemption_timer;
};

void caps_words(const struct keel_vmx_msrs *msrs,
		struct caps_word words[CAPS_NR_WORDS]);
void caps_summarize(const struct keel_vmx_msrs *msrs,
		    struct caps_summary *summary);
const char *caps_setting(const struct caps_word *word, unsigned int bit);
__u64 caps_field_value(const struct vmx_field *field, __u64 word);
__u64 caps_unnamed(const struct vmx_fields *word, __u64 value);
bool caps_same(const struct caps_cpu *a, const struct caps_cpu *b);

void caps_print_text(FILE *out, const struct caps_cpu *cpus, unsigned int nr,
		     bool raw);
void caps_print_json(FILE *out, const struct caps_cpu *cpus, unsigned int nr,
		     bool raw);

#endif /* CAPS_H */
