/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests for tests: code that stands in the same C file as what is expected of
 * it, a machine to run it on, and exceptions that are reported, not fatal.
 *
 *	GUEST_CODE(add_and_stop, "add %rbx, %rax; hlt");
 *
 *	TEST_F(exits, hlt)
 *	{
 *		struct guest *g = &self->guest;
 *
 *		GUEST_START(g, GUEST_LONG, add_and_stop);
 *		RAX(g) = 2;
 *		GUEST_RUN(g, KEEL_EXIT_HLT);
 *		EXPECT_EQ(2, RAX(g));
 *	}
 *
 * The machine: 2 MiB of memory from address 0 on, mapped to itself in 4-KByte
 * pages that user code may use, and nothing behind it but an identity mapping
 * (where there is paging) and no memory.  All registers are in the run page,
 * before the first run and after each exit; what a test changes there is loaded
 * with the next run, and nothing else is.
 */
#ifndef SELFTESTS_GUEST_H
#define SELFTESTS_GUEST_H

#include <keel.h>
#include <stdbool.h>
#include <stddef.h>

#include "host.h"

/* Where things are in the guest's memory. */
#define GUEST_BYTES		0x200000
#define GUEST_GDT_AT		0x1000
#define GUEST_IDT_AT		0x2000
#define GUEST_TSS_AT		0x3000
#define GUEST_STUBS_AT		0x4000	/* 16 bytes for each vector */
#define GUEST_PML4_AT		0x6000	/* and the rest of the tables: 4 pages */
#define GUEST_PD_AT		0xa000	/* 32-bit paging; its page table follows */
#define GUEST_PDPT_AT		0xc000	/* PAE; a directory and its table follow */
#define GUEST_CODE_AT		0x10000
#define GUEST_DATA_AT		0x20000
#define GUEST_STACK_AT		0x40000	/* grows down from here */
#define GUEST_USER_STACK_AT	0x50000
/* Each vCPU has its own code and stack: the next one's code is above, the stack below. */
#define GUEST_VCPU_BYTES	0x2000
#define GUEST_HANDLERS_AT	0x60000	/* 128 bytes for each vector */

/* Selectors; RPL 3 is to be added for those of ring 3. */
#define GUEST_CS		0x08	/* 64-bit in long mode, else 32-bit */
#define GUEST_DS		0x10
#define GUEST_TSS		0x18
#define GUEST_CS32		0x28
#define GUEST_CS16		0x30
#define GUEST_DS16		0x38
#define GUEST_USER_CS32		0x40
#define GUEST_USER_DS		0x48
#define GUEST_USER_CS64		0x50
#define GUEST_ABSENT_DS		0x58	/* not present */
#define GUEST_CS64		0x60
#define GUEST_GDT_BYTES		0x68

/**
 * enum guest_mode - how a guest starts
 * @GUEST_LONG: 64-bit mode, ring 0
 * @GUEST_USER: 64-bit mode, ring 3
 * @GUEST_PAGED: protected mode with 32-bit paging
 * @GUEST_PAE: protected mode with PAE paging
 * @GUEST_PROT: protected mode without paging
 * @GUEST_REAL: real mode
 */
enum guest_mode {
	GUEST_LONG,
	GUEST_USER,
	GUEST_PAGED,
	GUEST_PAE,
	GUEST_PROT,
	GUEST_REAL,
};

/* guest_run() says this where the guest took an exception or interrupt. */
#define GUEST_TRAP		1000
/* Error code of a vector that has none. */
#define GUEST_NO_ERROR		(~0ULL)

/**
 * struct guest_trap - what the guest's handler found on its stack
 * @vector: of the interrupt table
 * @error: error code or GUEST_NO_ERROR
 * @rip: where it came from
 * @cs: likewise
 * @rflags: likewise
 * @rsp: likewise; in long mode, or where it came from ring 3
 */
struct guest_trap {
	unsigned int vector;
	__u64 error;
	__u64 rip;
	__u64 cs;
	__u64 rflags;
	__u64 rsp;
};

/**
 * struct guest - a VM with one vCPU, or a further vCPU of that VM
 * @keel: /dev/keel
 * @vm: the VM
 * @vcpu: its vCPU @id
 * @id: of the vCPU
 * @shared: a further vCPU: all but the vCPU belongs to the first
 * @info: what the host can do
 * @run: the run area
 * @mem: GUEST_BYTES of memory
 * @mode: how it started
 * @trap: filled where guest_run() returns GUEST_TRAP
 * @seen: the run page after the last exit, to find out what a test changed
 * @enter: what guest_run() calls instead of keel_run(), or NULL
 */
struct guest {
	int keel;
	int vm;
	int vcpu;
	unsigned int id;
	bool shared;
	struct keel_info info;
	struct keel_run *run;
	__u8 *mem;
	enum guest_mode mode;
	struct guest_trap trap;
	struct keel_run seen;
	int (*enter)(int vcpu);
};

/* Loads keel.ko and makes the machine; 0, or a negative errno of Keel's. */
int guest_init(struct guest *g);
/* The same with KEEL_VM_* and a TSC frequency; see struct keel_create_vm. */
int guest_init_vm(struct guest *g, __u32 flags, __u32 tsc_khz);
/* A further vCPU of the VM of @first; free it before @first. */
int guest_init_vcpu(struct guest *g, const struct guest *first, unsigned int id);
/* Takes one that is half made, too. */
void guest_free(struct guest *g);
/* Why guests cannot run here, or NULL. */
const char *guest_lacks(const struct guest *g, enum guest_mode mode);
/* Loads code, tables and registers; 0 or a negative errno. */
int guest_start(struct guest *g, enum guest_mode mode, const void *code, size_t bytes);
/* Let a vector lead to this code instead of its stub; after guest_start(). */
void guest_handle(struct guest *g, unsigned int vector, const void *code, size_t bytes);
/* KEEL_RUN: enum keel_exit, GUEST_TRAP, or a negative errno. */
int guest_run(struct guest *g);
/* The last exit in words. */
const char *guest_describe(const struct guest *g);
/* The page table entry of an address below GUEST_BYTES; 4 bytes with GUEST_PAGED. */
void *guest_pte(struct guest *g, __u64 gva);
/* Replace the intercepts by these. */
int guest_intercept(struct guest *g, __u64 exits, __u32 exceptions);
int guest_inject(struct guest *g, unsigned int type, unsigned int vector);
int guest_get_msr(struct guest *g, __u32 msr, __u64 *value);
int guest_set_msr(struct guest *g, __u32 msr, __u64 value);

/* Code that a guest runs at GUEST_CODE_AT: instructions as a string. */
#define __GUEST_CODE(name, bits, text)					\
	extern const unsigned char name##_begin[], name##_end[];	\
	asm(".pushsection .rodata.guest, \"a\"\n"			\
	    "	.balign	16\n"						\
	    "	.code" #bits "\n"					\
	    #name "_begin:\n"						\
	    text "\n"							\
	    #name "_end:\n"						\
	    "	.code64\n"						\
	    "	.popsection\n")
/* @g has been started with GUEST_START(). */
#define GUEST_HANDLE(g, vector, name)	\
	guest_handle(g, vector, name##_begin, name##_end - name##_begin)
#define GUEST_CODE(name, text)		__GUEST_CODE(name, 64, text)
#define GUEST_CODE32(name, text)	__GUEST_CODE(name, 32, text)
#define GUEST_CODE16(name, text)	__GUEST_CODE(name, 16, text)

#define RAX(g)		((g)->run->regs.gpr[KEEL_RAX])
#define RBX(g)		((g)->run->regs.gpr[KEEL_RBX])
#define RCX(g)		((g)->run->regs.gpr[KEEL_RCX])
#define RDX(g)		((g)->run->regs.gpr[KEEL_RDX])
#define RSI(g)		((g)->run->regs.gpr[KEEL_RSI])
#define RDI(g)		((g)->run->regs.gpr[KEEL_RDI])
#define RSP(g)		((g)->run->regs.gpr[KEEL_RSP])
#define RIP(g)		((g)->run->regs.rip)
#define RFLAGS(g)	((g)->run->regs.rflags)
#define GUEST_U64(g, at)	(*(__u64 *)((g)->mem + (at)))
#define GUEST_U32(g, at)	(*(__u32 *)((g)->mem + (at)))
#define GUEST_DATA(g, n)	GUEST_U64(g, GUEST_DATA_AT + 8 * (n))

/* For fixtures of tests that need a guest; they have a member "guest". */
#define GUEST_SETUP(g)	GUEST_SETUP_VM(g, 0)
#define GUEST_SETUP_VM(g, vm_flags) do {				\
	int __ret = guest_init_vm(g, vm_flags, 0);			\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU");	\
	ASSERT_EQ(0, __ret);						\
} while (0)

#define GUEST_START(g, how, name) do {					\
	const char *__lacks = guest_lacks(g, how);			\
									\
	if (__lacks)							\
		SKIP(return, "this CPU has no %s", __lacks);		\
	ASSERT_EQ(0, guest_start(g, how, name##_begin, name##_end - name##_begin)); \
} while (0)

#define GUEST_RUN(g, exit) do {						\
	ASSERT_EQ(exit, guest_run(g)) {					\
		TH_LOG("%s", guest_describe(g));			\
	}								\
} while (0)

#define GUEST_RUN_TO_TRAP(g, vec, code) do {				\
	GUEST_RUN(g, GUEST_TRAP);					\
	ASSERT_EQ(vec, (g)->trap.vector) {				\
		TH_LOG("%s", guest_describe(g));			\
	}								\
	EXPECT_EQ(code, (g)->trap.error);				\
} while (0)

#endif /* SELFTESTS_GUEST_H */
