/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests for the tests of memory and of robustness: 32-bit code with paging on
 * and addresses mapped to themselves, which runs on every CPU with EPT, and a
 * few instructions at a time whose operands come in registers.
 *
 * Functions return 0 or a negative errno where nothing else is said; they leave
 * judging to the test.
 */
#ifndef SELFTESTS_MEMGUEST_H
#define SELFTESTS_MEMGUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <keel.h>

#include "host.h"

/* The memory in which guests start: slot 0, from address 0 on. */
#define LOW_BYTES	0x10000
#define LOW_GDT		0x1000
#define LOW_PD		0x2000
#define LOW_CODE	0x8000
/* Where guests may leave what they see. */
#define LOW_OUT		0x4000
/* Where the tests put their slots. */
#define DATA_GPA	0x10000000
#define PAGE		4096

/*
 * MEMGUEST - 32-bit guest code, beside the test that says what it does
 *
 * It finds its operands in EDI, ESI, ECX and EAX.
 */
#define MEMGUEST(name, text)					\
	extern const uint8_t name[], name##_end[];		\
	asm(".pushsection .rodata\n.code32\n"			\
	    #name ":\n" text "\n" #name "_end:\n"		\
	    ".code64\n.popsection\n")

/**
 * struct memguest_cpu - a vCPU of a test
 * @fd: its file descriptor
 * @run: its run area
 * @code: where in the guest its code goes, a page
 * @vm: whose it is
 * @thread: of memguest_start()
 * @tid: of that thread, once it runs
 * @result: of memguest_run(), there
 * @done: it has returned
 */
struct memguest_cpu {
	int fd;
	struct keel_run *run;
	uint32_t code;
	struct memguest *vm;
	pthread_t thread;
	volatile int tid;
	volatile int result;
	volatile bool done;
};

/**
 * struct memguest - a VM of a test
 * @keel: /dev/keel
 * @fd: the VM's file descriptor
 * @run_size: bytes of a run area
 * @low: its first LOW_BYTES
 * @cpu: its vCPU 0
 */
struct memguest {
	int keel;
	int fd;
	uint32_t run_size;
	uint8_t *low;
	struct memguest_cpu cpu;
};

/* Load keel.ko if need be and make a VM; -EOPNOTSUPP where CPUs run no guests. */
int memguest_open(struct memguest *g);
void memguest_close(struct memguest *g);
int memguest_add_cpu(struct memguest *g, uint32_t id, struct memguest_cpu *cpu);
void memguest_remove_cpu(struct memguest_cpu *cpu);

/* Put code into the guest and point a vCPU at it. */
#define memguest_load(cpu, name) memguest_load_code(cpu, name, name##_end)
void memguest_load_code(struct memguest_cpu *cpu, const uint8_t *code, const uint8_t *end);

/* Give it its operands; they are loaded with the next KEEL_RUN. */
void memguest_args(struct memguest_cpu *cpu, uint32_t edi, uint32_t esi, uint32_t ecx,
		uint32_t eax);

/* Run until something other than a signal ends it: enum keel_exit, or -errno. */
int memguest_run(struct memguest_cpu *cpu);

/* The three in one. */
#define memguest_call(cpu, name, ...)				\
	(memguest_load(cpu, name), memguest_args(cpu, __VA_ARGS__), memguest_run(cpu))

/* memguest_run() in a thread of its own, and what came of it. */
int memguest_start(struct memguest_cpu *cpu);
int memguest_join(struct memguest_cpu *cpu);

uint32_t memguest_reg(const struct memguest_cpu *cpu, int reg);
/* Read a word of the guest's low memory while it may run. */
uint32_t memguest_peek(const struct memguest *g, uint32_t gpa);
void memguest_poke(const struct memguest *g, uint32_t gpa, uint32_t value);
uint64_t memguest_page_faults(const struct memguest_cpu *cpu);

/* Anonymous memory, aligned to @align; with small pages alone where it is PAGE. */
void *memguest_memory(uint64_t bytes, uint64_t align);

/* Wait until the guest has written something else to @gpa; false: it does not. */
bool memguest_moves(const struct memguest *g, uint32_t gpa);

/* In the set-up of a fixture: a guest, or a skipped test. */
#define MEMGUEST_OR_SKIP(g)						\
do {									\
	int memguest_ret = memguest_open(g);					\
									\
	if (memguest_ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU");		\
	ASSERT_EQ(0, memguest_ret);					\
} while (0)

#endif /* SELFTESTS_MEMGUEST_H */
