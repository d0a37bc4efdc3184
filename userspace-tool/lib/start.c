// SPDX-License-Identifier: GPL-2.0
/*
 * libkeel: the states in which guests begin, and the tables they need.
 *
 * Pure: fills in structures and memory of the caller's, and makes no call.
 * keel_start_*() say what a boot loader would have left in the registers;
 * keel_set_state() then loads it.  Nothing here knows where an image lies.
 */
#include <stdint.h>
#include <string.h>

#include "keel.h"

/* Control register bits (SDM, "Control Registers"). */
#define CR0_PE		0x1ULL
#define CR0_ET		0x10ULL
#define CR0_NE		0x20ULL
#define CR0_WP		0x10000ULL
#define CR0_PG		0x80000000ULL
#define CR4_PSE		0x10ULL
#define CR4_PAE		0x20ULL
#define CR4_OSFXSR	0x200ULL
#define CR4_OSXMMEXCPT	0x400ULL
#define EFER_LME	0x100ULL
#define EFER_LMA	0x400ULL

/* Access rights (SDM, "Guest Register State"): present, accessed, ring 0. */
#define RIGHTS_CODE16	0x009b
#define RIGHTS_DATA16	0x0093
#define RIGHTS_CODE32	0xc09b
#define RIGHTS_CODE64	0xa09b
#define RIGHTS_DATA32	0xc093
#define RIGHTS_LDT	0x0082
#define RIGHTS_TSS_BUSY	0x008b

/* Page table entries: present, writable, accessed; a large page also dirty. */
#define PTE_TABLE	0x023ULL
#define PTE_LARGE	0x0e3ULL
#define PAGE		4096ULL
#define TABLE_ENTRIES	512U
#define LARGE_2M	0x200000ULL
#define LARGE_1G	0x40000000ULL

static void set_segment(struct keel_segment *seg, __u16 selector, __u64 base,
			__u32 limit, __u32 attributes)
{
	seg->selector = selector;
	seg->base = base;
	seg->limit = limit;
	seg->attributes = attributes;
}

/* What all start states share: everything zero, no event, one code segment. */
static void start(struct keel_state *state, __u64 rip)
{
	memset(state, 0, sizeof(*state));
	state->size = sizeof(*state);
	state->groups = KEEL_START_GROUPS;
	state->regs.rip = rip;
	state->regs.rflags = 0x2;
	/* NE, since the CPU may hold it at 1 in VMX operation. */
	state->control.cr0 = CR0_ET | CR0_NE;
	state->control.xcr0 = 1;
	state->events.activity = KEEL_ACTIVITY_ACTIVE;
	set_segment(&state->segments.seg[KEEL_LDTR], 0, 0, 0xffff, RIGHTS_LDT);
}

static void flat_segments(struct keel_segments *segments, __u32 code_rights,
			  __u64 gdt)
{
	int i;

	for (i = KEEL_ES; i <= KEEL_GS; i++)
		set_segment(&segments->seg[i], KEEL_START_DATA, 0, 0xffffffff,
			    RIGHTS_DATA32);
	set_segment(&segments->seg[KEEL_CS], KEEL_START_CODE, 0, 0xffffffff,
		    code_rights);
	set_segment(&segments->seg[KEEL_TR], KEEL_START_TSS, 0, 0x67,
		    RIGHTS_TSS_BUSY);
	segments->gdtr.base = gdt;
	segments->gdtr.limit = KEEL_GDT_BYTES - 1;
}

/**
 * keel_start_real() - begin in real mode
 * @state: filled in, with the groups KEEL_START_GROUPS
 * @entry: physical address of the first instruction, below 1 MiB.  CS:IP is
 *	0:@entry where it fits, else IP has its low 16 bits.
 *
 * Needs KEEL_FEATURE_UNRESTRICTED_GUEST.  The interrupt table is at 0, as after
 * a reset; all segments but CS begin at 0.
 */
void keel_start_real(struct keel_state *state, __u32 entry)
{
	__u16 cs = entry >> 4 & 0xf000;
	int i;

	start(state, entry & 0xffff);
	for (i = KEEL_ES; i <= KEEL_GS; i++)
		set_segment(&state->segments.seg[i], 0, 0, 0xffff,
			    RIGHTS_DATA16);
	set_segment(&state->segments.seg[KEEL_CS], cs, (__u32)cs << 4, 0xffff,
		    RIGHTS_CODE16);
	set_segment(&state->segments.seg[KEEL_TR], 0, 0, 0xffff,
		    RIGHTS_TSS_BUSY);
	state->segments.gdtr.limit = 0xffff;
	state->segments.idtr.limit = 0xffff;
}

/**
 * keel_start_prot() - begin in protected mode without paging
 * @state: filled in, with the groups KEEL_START_GROUPS
 * @entry: address of the first instruction
 * @gdt: guest physical address of what keel_write_gdt() wrote
 *
 * Flat 32-bit segments, interrupts off, no interrupt table.  Needs
 * KEEL_FEATURE_UNRESTRICTED_GUEST or shadow paging (KEEL_VM_SHADOW); without them
 * there is keel_start_paged().
 */
void keel_start_prot(struct keel_state *state, __u32 entry, __u32 gdt)
{
	start(state, entry);
	flat_segments(&state->segments, RIGHTS_CODE32, gdt);
	state->control.cr0 |= CR0_PE;
}

/**
 * keel_start_paged() - begin in protected mode with 32-bit paging
 * @state: filled in, with the groups KEEL_START_GROUPS
 * @entry: address of the first instruction
 * @gdt: guest physical address of what keel_write_gdt() wrote
 * @page_directory: guest physical address of what keel_write_page_directory()
 *	wrote
 *
 * Otherwise like keel_start_prot(); runs on every CPU with VMX.
 */
void keel_start_paged(struct keel_state *state, __u32 entry, __u32 gdt,
		      __u32 page_directory)
{
	keel_start_prot(state, entry, gdt);
	state->control.cr0 |= CR0_PG;
	state->control.cr3 = page_directory;
	state->control.cr4 = CR4_PSE;
}

/**
 * keel_start_long() - begin in 64-bit mode
 * @state: filled in, with the groups KEEL_START_GROUPS
 * @entry: address of the first instruction
 * @gdt: guest physical address of what keel_write_gdt() wrote, @code64 set
 * @pml4: guest physical address of what keel_write_long_tables() wrote
 *
 * SSE is switched on, since compilers for 64-bit code count on it.  Interrupts
 * are off and there is no interrupt table.  Runs on every CPU with VMX.
 */
void keel_start_long(struct keel_state *state, __u64 entry, __u64 gdt,
		     __u64 pml4)
{
	start(state, entry);
	flat_segments(&state->segments, RIGHTS_CODE64, gdt);
	state->control.cr0 |= CR0_PE | CR0_PG | CR0_WP;
	state->control.cr3 = pml4;
	state->control.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	state->control.efer = EFER_LME | EFER_LMA;
}

/**
 * keel_start_linux() - give a start state the selectors of Linux' boot protocol
 * @state: from keel_start_prot() or keel_start_long(), which were given the
 *	address of what keel_write_linux_gdt() wrote
 *
 * Linux, Documentation/arch/x86/boot.rst: __BOOT_CS is 0x10, __BOOT_DS is 0x18.
 */
void keel_start_linux(struct keel_state *state)
{
	struct keel_segment *seg = state->segments.seg;
	int i;

	for (i = KEEL_ES; i <= KEEL_GS; i++)
		seg[i].selector = KEEL_LINUX_DATA;
	seg[KEEL_CS].selector = KEEL_LINUX_CODE;
	seg[KEEL_TR].selector = KEEL_LINUX_TSS;
	state->segments.gdtr.limit = KEEL_LINUX_GDT_BYTES - 1;
}

/* Descriptor with limit and access rights as in struct keel_segment, base 0. */
static __u64 descriptor(__u32 limit, __u32 rights)
{
	if (rights & 0x8000)
		limit >>= 12;
	return (limit & 0xffff) | (__u64)(limit & 0xf0000) << 32 |
	       (__u64)(rights & 0xf0ff) << 40;
}

/**
 * keel_write_gdt() - write the descriptors that the flat start states load
 * @memory: KEEL_GDT_BYTES of guest memory
 * @code64: not 0: the code segment is 64-bit, for keel_start_long()
 *
 * So that a guest that reloads a segment register finds what it had.
 */
void keel_write_gdt(void *memory, int code64)
{
	/* The TSS descriptor has 16 bytes in long mode: the last one is zero. */
	const __u64 gdt[KEEL_GDT_BYTES / sizeof(__u64)] = {
		[KEEL_START_CODE / 8] = descriptor(0xffffffff, code64 ?
						   RIGHTS_CODE64 :
						   RIGHTS_CODE32),
		[KEEL_START_DATA / 8] = descriptor(0xffffffff, RIGHTS_DATA32),
		[KEEL_START_TSS / 8] = descriptor(0x67, RIGHTS_TSS_BUSY),
	};

	memcpy(memory, gdt, sizeof(gdt));
}

/**
 * keel_write_linux_gdt() - write the descriptors that keel_start_linux() loads
 * @memory: KEEL_LINUX_GDT_BYTES of guest memory
 * @code64: not 0: the code segment is 64-bit, for keel_start_long()
 */
void keel_write_linux_gdt(void *memory, int code64)
{
	__u8 *gdt = memory;

	/* The same ones, one place further up. */
	memset(gdt, 0, KEEL_LINUX_CODE - KEEL_START_CODE);
	keel_write_gdt(gdt + (KEEL_LINUX_CODE - KEEL_START_CODE), code64);
}

/**
 * keel_write_page_directory() - map the first 4 GiB to themselves, 32-bit paging
 * @memory: 4096 bytes of guest memory, at a multiple of 4096 for the guest
 */
void keel_write_page_directory(void *memory)
{
	__u32 *pd = memory;
	__u32 i;

	for (i = 0; i < PAGE / sizeof(*pd); i++)
		pd[i] = i << 22 | PTE_LARGE;
}

/* How many page directories map @map_bytes. */
static __u64 directories(__u64 map_bytes)
{
	return (map_bytes + LARGE_1G - 1) / LARGE_1G;
}

/**
 * keel_long_tables_bytes() - room that keel_write_long_tables() needs
 * @map_bytes: how much is mapped, bytes, from address 0 on; at most 512 GiB
 *
 * Return: bytes, a multiple of 4096.
 */
__u64 keel_long_tables_bytes(__u64 map_bytes)
{
	return (2 + directories(map_bytes)) * PAGE;
}

/**
 * keel_write_long_tables() - map memory to itself, 4-level paging, 2-MiB pages
 * @memory: keel_long_tables_bytes() of guest memory
 * @gpa: guest physical address of @memory, a multiple of 4096; the PML4 is
 *	there
 * @map_bytes: how much to map, bytes, from address 0 on, rounded up to 1 GiB;
 *	at most 512 GiB
 */
void keel_write_long_tables(void *memory, __u64 gpa, __u64 map_bytes)
{
	__u64 nr = directories(map_bytes);
	__u64 *pml4 = memory;
	__u64 *pdpt = pml4 + TABLE_ENTRIES;
	__u64 *pd = pdpt + TABLE_ENTRIES;
	__u64 i;

	memset(memory, 0, 2 * PAGE);
	pml4[0] = (gpa + PAGE) | PTE_TABLE;
	for (i = 0; i < nr; i++)
		pdpt[i] = (gpa + (2 + i) * PAGE) | PTE_TABLE;
	for (i = 0; i < nr * TABLE_ENTRIES; i++)
		pd[i] = i * LARGE_2M | PTE_LARGE;
}

/**
 * keel_exit_name() - the name of an exit
 * @reason: enum keel_exit, from &keel_run.exit_reason
 *
 * Return: the enumerator without its prefix, or NULL where it has none.
 */
const char *keel_exit_name(__u32 reason)
{
	static const char * const names[] = {
		[KEEL_EXIT_NONE] = "NONE",
		[KEEL_EXIT_INTR] = "INTR",
		[KEEL_EXIT_IO] = "IO",
		[KEEL_EXIT_MMIO] = "MMIO",
		[KEEL_EXIT_HLT] = "HLT",
		[KEEL_EXIT_SHUTDOWN] = "SHUTDOWN",
		[KEEL_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
		[KEEL_EXIT_HYPERCALL] = "HYPERCALL",
		[KEEL_EXIT_EXCEPTION] = "EXCEPTION",
		[KEEL_EXIT_MSR] = "MSR",
		[KEEL_EXIT_INSN] = "INSN",
		[KEEL_EXIT_INTR_WINDOW] = "INTR_WINDOW",
		[KEEL_EXIT_STEP] = "STEP",
		[KEEL_EXIT_TASK_SWITCH] = "TASK_SWITCH",
		[KEEL_EXIT_MEMORY_FAULT] = "MEMORY_FAULT",
		[KEEL_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
		[KEEL_EXIT_DEADLINE] = "DEADLINE",
		[KEEL_EXIT_EOI] = "EOI",
		[KEEL_EXIT_EXTINT] = "EXTINT",
	};

	return reason <= KEEL_EXIT_EXTINT ? names[reason] : NULL;
}
