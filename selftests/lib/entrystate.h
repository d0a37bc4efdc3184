/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random states of a vCPU, most of them near one that can be entered: a valid state
 * (entrystate.c) with up to four changes (entrymutate.c).  A state follows from the seed
 * and its number alone.
 *
 * What the ABI offers goes through the run page; what it keeps out of the VMCS goes
 * through keel_poke.ko.  What is poked so that a CPU could take it never lets the guest
 * run: see entry_settle().
 */
#ifndef SELFTESTS_ENTRYSTATE_H
#define SELFTESTS_ENTRYSTATE_H

#include <keel.h>
#include <stdbool.h>

#include "../module/keel_poke.h"

/** enum entry_mode - what the valid state is */
enum entry_mode {
	ENTRY_REAL,
	ENTRY_V8086,
	ENTRY_PROT16,
	ENTRY_PROT32,
	ENTRY_PAGED,
	ENTRY_PAE,
	ENTRY_COMPAT,
	ENTRY_LONG,
	ENTRY_USER,
	ENTRY_MODES
};

extern const char * const entry_mode_names[ENTRY_MODES];

/**
 * struct entry_cpu - what the states are for
 * @info: of the CPU
 * @pages: for fields that lead to memory
 * @shadow: the VM runs on shadow page tables
 * @unrestricted: guests need neither protection nor paging
 */
struct entry_cpu {
	struct keel_info info;
	struct keel_poke_pages pages;
	bool shadow;
	bool unrestricted;
};

/**
 * struct entry_state - one state
 * @cpu: what it is for
 * @run: where the registers go
 * @rng: where the random numbers have got to
 * @mode: what it was before the changes
 * @nr: of @pokes
 * @pokes: changes of the VMCS
 * @kick: the entry, if it succeeds, must exit at once
 * @timer: so it must, and an interrupt would not do it
 * @no_events: nothing may be delivered by the entry: guest addresses could be the host's
 * @own_cr3: the guest's CR3 must be the page of zeros
 * @waits: it waits for a start-up IPI, deaf to all, and so must be refused
 * @controls: controls or host state have been changed; one such change has been thought
 *	through, two have not
 */
struct entry_state {
	const struct entry_cpu *cpu;
	struct keel_run *run;
	__u64 rng;
	enum entry_mode mode;
	unsigned int nr;
	struct keel_poke pokes[KEEL_POKE_MAX];
	bool kick;
	bool timer;
	bool no_events;
	bool own_cr3;
	bool waits;
	bool controls;
};

/* Fill in @s, whose cpu and run are set, and the run page. */
void entry_make(struct entry_state *s, __u64 seed, __u64 number);

/* For entrymutate.c. */
__u64 entry_random(struct entry_state *s);
unsigned int entry_below(struct entry_state *s, unsigned int limit);
void entry_poke(struct entry_state *s, __u32 field, enum keel_poke_op op, __u64 value);
void entry_mutate(struct entry_state *s);

/* VMCS encodings (SDM, appendix "Field Encoding in VMCS"). */
#define VPID			0x0000
#define POSTED_VECTOR		0x0002
#define GUEST_ES_SELECTOR	0x0800
#define HOST_ES_SELECTOR	0x0c00
#define HOST_CS_SELECTOR	0x0c02
#define HOST_TR_SELECTOR	0x0c0c
#define IO_BITMAP_A		0x2000
#define IO_BITMAP_B		0x2002
#define MSR_BITMAPS		0x2004
#define EXIT_STORE_ADDRESS	0x2006
#define EXIT_LOAD_ADDRESS	0x2008
#define ENTRY_LOAD_ADDRESS	0x200a
#define PML_ADDRESS		0x200e
#define VIRTUAL_APIC_ADDRESS	0x2012
#define APIC_ACCESS_ADDRESS	0x2014
#define POSTED_DESCRIPTOR	0x2016
#define VM_FUNCTIONS		0x2018
#define EPT_POINTER		0x201a
#define EPTP_LIST		0x2024
#define VMREAD_BITMAP		0x2026
#define VMWRITE_BITMAP		0x2028
#define VE_INFORMATION		0x202a
#define SPP_TABLE		0x2030
#define TSC_MULTIPLIER		0x2032
#define LINK_POINTER		0x2800
#define GUEST_DEBUGCTL		0x2802
#define GUEST_PAT		0x2804
#define GUEST_EFER		0x2806
#define GUEST_PDPTE0		0x280a
#define GUEST_PKRS		0x2818
#define HOST_PAT		0x2c00
#define HOST_EFER		0x2c02
#define HOST_PKRS		0x2c06
#define PIN_CONTROLS		0x4000
#define PROC_CONTROLS		0x4002
#define CR3_TARGET_COUNT	0x400a
#define EXIT_CONTROLS		0x400c
#define EXIT_STORE_COUNT	0x400e
#define EXIT_LOAD_COUNT		0x4010
#define ENTRY_CONTROLS		0x4012
#define ENTRY_LOAD_COUNT	0x4014
#define ENTRY_EVENT		0x4016
#define ENTRY_ERROR_CODE	0x4018
#define ENTRY_INSN_LEN		0x401a
#define TPR_THRESHOLD		0x401c
#define PROC2_CONTROLS		0x401e
#define GUEST_ES_LIMIT		0x4800
#define GUEST_GDTR_LIMIT	0x4810
#define GUEST_IDTR_LIMIT	0x4812
#define GUEST_ES_AR		0x4814
#define GUEST_INTERRUPTIBILITY	0x4824
#define GUEST_ACTIVITY		0x4826
#define TIMER_VALUE		0x482e
#define GUEST_CR0		0x6800
#define GUEST_CR3		0x6802
#define GUEST_CR4		0x6804
#define GUEST_ES_BASE		0x6806
#define GUEST_GDTR_BASE		0x6816
#define GUEST_IDTR_BASE		0x6818
#define GUEST_DR7		0x681a
#define GUEST_RIP		0x681e
#define GUEST_RFLAGS		0x6820
#define GUEST_PENDING_DEBUG	0x6822
#define GUEST_SYSENTER_ESP	0x6824
#define GUEST_SYSENTER_EIP	0x6826
#define GUEST_S_CET		0x6828
#define GUEST_SSP		0x682a
#define GUEST_SSP_TABLE		0x682c
#define HOST_CR0		0x6c00
#define HOST_CR3		0x6c02
#define HOST_CR4		0x6c04
#define HOST_FS_BASE		0x6c06	/* GS, TR, GDTR, IDTR, SYSENTER_ESP, _EIP follow */
#define HOST_RIP		0x6c16
#define HOST_S_CET		0x6c18
#define HOST_SSP		0x6c1a
#define HOST_SSP_TABLE		0x6c1c

/* Control bits (SDM, "VM-Execution Control Fields" and the two after it). */
#define PIN_EXT_INTR		(1U << 0)
#define PIN_NMI			(1U << 3)
#define PIN_VIRTUAL_NMIS	(1U << 5)
#define PIN_TIMER		(1U << 6)
#define PIN_POSTED		(1U << 7)
#define PROC_TPR_SHADOW		(1U << 21)
#define PROC_NMI_WINDOW		(1U << 22)
#define PROC_IO_BITMAPS		(1U << 25)
#define PROC_MSR_BITMAPS	(1U << 28)
#define PROC_SECONDARY		(1U << 31)
#define PROC2_APIC_ACCESSES	(1U << 0)
#define PROC2_EPT		(1U << 1)
#define PROC2_X2APIC		(1U << 4)
#define PROC2_VPID		(1U << 5)
#define PROC2_UNRESTRICTED	(1U << 7)
#define PROC2_APIC_REGISTERS	(1U << 8)
#define PROC2_VIRTUAL_INTR	(1U << 9)
#define PROC2_VMFUNC		(1U << 13)
#define PROC2_SHADOWING		(1U << 14)
#define PROC2_PML		(1U << 17)
#define PROC2_VE		(1U << 18)
#define PROC2_MODE_BASED	(1U << 22)
#define PROC2_SPP		(1U << 23)
#define PROC2_PT_GPA		(1U << 24)
#define PROC2_TSC_SCALING	(1U << 25)
#define EXIT_SAVE_DEBUG		(1U << 2)
#define EXIT_HOST_64		(1U << 9)
#define EXIT_ACK		(1U << 15)
#define EXIT_SAVE_PAT		(1U << 18)
#define EXIT_SAVE_EFER		(1U << 20)
#define EXIT_SAVE_TIMER		(1U << 22)
#define EXIT_LOAD_CET		(1U << 28)
#define EXIT_LOAD_PKRS		(1U << 29)
#define ENTRY_TO_SMM		(1U << 10)
#define ENTRY_LOAD_PERF		(1U << 13)
#define ENTRY_LOAD_CET		(1U << 20)
#define ENTRY_LOAD_PKRS		(1U << 22)

#endif /* SELFTESTS_ENTRYSTATE_H */
