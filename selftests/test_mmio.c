// SPDX-License-Identifier: GPL-2.0
/* KEEL_EXIT_MMIO: what it says of an access where no memory is. */
#include <string.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/memguest.h"

#define NOWHERE	0x20000000

MEMGUEST(load, "mov (%edi), %eax\n hlt");
MEMGUEST(load_byte, "movb 3(%edi), %al\n hlt");
MEMGUEST(store, "mov %eax, (%edi)\n hlt");
MEMGUEST(store_immediate, "movl $0x12345678, 0x20000010\n hlt");
MEMGUEST(add, "addl %eax, (%edi)\n hlt");
MEMGUEST(jump, "jmp *%edi");
MEMGUEST(far_load, "mov 0x40000abc, %eax\n hlt");

FIXTURE(mmio)
{
	struct memguest g;
	struct memguest_cpu *cpu;
	struct keel_exit_mmio *mmio;
};

FIXTURE_SETUP(mmio)
{
	MEMGUEST_OR_SKIP(&self->g);
	self->cpu = &self->g.cpu;
	self->mmio = &self->g.cpu.run->mmio;
}

FIXTURE_TEARDOWN(mmio)
{
	memguest_close(&self->g);
}

TEST_F(mmio, load)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, load, NOWHERE + 0x124, 0, 0, 77));
	EXPECT_EQ(NOWHERE + 0x124, self->mmio->gpa);
	EXPECT_EQ(1, self->mmio->gva_valid);
	EXPECT_EQ(NOWHERE + 0x124, self->mmio->gva);
	EXPECT_EQ(0, self->mmio->access);
	EXPECT_EQ(0, self->mmio->reserved);
}

TEST_F(mmio, instruction_is_not_done_and_its_bytes_are_there)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, load, NOWHERE, 0, 0, 77));
	EXPECT_EQ(LOW_CODE, self->cpu->run->regs.rip);
	EXPECT_EQ(77, memguest_reg(self->cpu, KEEL_RAX));
	EXPECT_EQ(15, self->mmio->insn_len);
	EXPECT_EQ(0, memcmp(self->mmio->insn, self->g.low + LOW_CODE, 15));
}

TEST_F(mmio, goes_on_behind_what_the_vmm_performed)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, load, NOWHERE, 0, 0, 77));
	self->cpu->run->regs.gpr[KEEL_RAX] = 0xfeed;
	self->cpu->run->regs.rip += 2;
	self->cpu->run->state_dirty = KEEL_STATE_REGS;
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_run(self->cpu));
	EXPECT_EQ(0xfeed, memguest_reg(self->cpu, KEEL_RAX));
}

TEST_F(mmio, run_again_without_an_answer_is_the_same_exit)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, load, NOWHERE, 0, 0, 77));
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_run(self->cpu));
	EXPECT_EQ(NOWHERE, self->mmio->gpa);
	EXPECT_EQ(LOW_CODE, self->cpu->run->regs.rip);
}

TEST_F(mmio, address_is_that_of_the_byte)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, load_byte, NOWHERE, 0, 0, 0));
	EXPECT_EQ(NOWHERE + 3, self->mmio->gpa);
}

TEST_F(mmio, store)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, store, NOWHERE, 0, 0, 77));
	EXPECT_EQ(NOWHERE, self->mmio->gpa);
	EXPECT_EQ(KEEL_ACCESS_WRITE, self->mmio->access);
}

TEST_F(mmio, read_and_write_at_once_is_not_done_either)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, add, NOWHERE, 0, 0, 77));
	EXPECT_EQ(NOWHERE, self->mmio->gpa);
	EXPECT_EQ(LOW_CODE, self->cpu->run->regs.rip);
	EXPECT_EQ(0, self->cpu->run->regs.rflags & 0x8d5);
}

TEST_F(mmio, code_where_no_memory_is)
{
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, jump, NOWHERE, 0, 0, 0));
	EXPECT_EQ(NOWHERE, self->mmio->gpa);
	EXPECT_EQ(KEEL_ACCESS_EXEC, self->mmio->access);
	EXPECT_EQ(0, self->mmio->insn_len);
}

/* Linear 1 GiB is what physical NOWHERE is: the directory's entry says so. */
TEST_F(mmio, linear_address_differs)
{
	uint32_t *directory = (uint32_t *)(self->g.low + LOW_PD);

	directory[0x40000000 >> 22] = NOWHERE | 0xe3;
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, far_load, 0, 0, 0, 0));
	EXPECT_EQ(NOWHERE + 0xabc, self->mmio->gpa);
	EXPECT_EQ(1, self->mmio->gva_valid);
	EXPECT_EQ(0x40000abc, self->mmio->gva);
}

/* The walk itself finds no memory: no linear address leads to that access. */
TEST_F(mmio, page_table_where_no_memory_is)
{
	uint32_t *directory = (uint32_t *)(self->g.low + LOW_PD);

	directory[0x40000000 >> 22] = NOWHERE | 0x23;
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, far_load, 0, 0, 0, 0));
	EXPECT_EQ(NOWHERE, self->mmio->gpa & ~0xfffULL);
	EXPECT_EQ(0, self->mmio->gva_valid);
	EXPECT_EQ(LOW_CODE, self->cpu->run->regs.rip);
}

/* Ten bytes of which five are on the next page, and that is elsewhere with us. */
TEST_F(mmio, instruction_across_pages)
{
	uint8_t *first = memguest_memory(PAGE, PAGE), *second;
	size_t len = store_immediate_end - store_immediate;

	memguest_memory(PAGE, PAGE);
	second = memguest_memory(PAGE, PAGE);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, second));
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 2, 0, DATA_GPA - PAGE, PAGE, first));
	memcpy(first + PAGE - 5, store_immediate, 5);
	memcpy(second, store_immediate + 5, len - 5);
	self->cpu->run->regs.rip = DATA_GPA - 5;
	memguest_args(self->cpu, 0, 0, 0, 0);
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_run(self->cpu));
	EXPECT_EQ(NOWHERE + 0x10, self->mmio->gpa);
	EXPECT_EQ(15, self->mmio->insn_len);
	EXPECT_EQ(0, memcmp(self->mmio->insn, store_immediate, len));
}

/* Behind the instruction the memory ends. */
TEST_F(mmio, bytes_end_where_the_memory_ends)
{
	size_t len = store_immediate_end - store_immediate;
	uint8_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	memcpy(page + PAGE - len, store_immediate, len);
	self->cpu->run->regs.rip = DATA_GPA + PAGE - len;
	memguest_args(self->cpu, 0, 0, 0, 0);
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_run(self->cpu));
	EXPECT_EQ(len, self->mmio->insn_len);
	EXPECT_EQ(0, memcmp(self->mmio->insn, store_immediate, len));
}

/* An access half in memory: nothing of it is done. */
TEST_F(mmio, store_across_the_end_of_memory)
{
	uint8_t *page = memguest_memory(PAGE, PAGE);

	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, PAGE, page));
	ASSERT_EQ(KEEL_EXIT_MMIO, memguest_call(self->cpu, store, DATA_GPA + PAGE - 2, 0, 0, -1));
	EXPECT_EQ(DATA_GPA + PAGE, self->mmio->gpa);
	EXPECT_EQ(0, page[PAGE - 2]);
	EXPECT_EQ(0, page[PAGE - 1]);
}

TEST_HARNESS_MAIN
