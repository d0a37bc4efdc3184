// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that write to every MSR there is or might be: what they write never gets to
 * the host, and what they read never comes from it.
 *
 * SDM: "RDMSR", "WRMSR", "MSR-Bitmap Address".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/hostile.h"

#define GP		13
#define MSR_STAR	0xc0000081
#define READ_AT		0x100000	/* what the guest reads: 8 bytes an MSR */
#define SEED		7

/*
 * The two of an MSR bitmap, a hypervisor's, KVM's, and around the ends of all.  A slow
 * kernel is spared what is behind @known, where Keel's tables have nothing.
 */
static const struct {
	__u32 first, last, known;
} ranges[] = {
	{ 0, 0x1fff, 0xdff }, { 0xc0000000, 0xc0001fff, 0xc00003ff },
	{ 0x40000000, 0x400001ff, 0x4000003f },
	{ 0x4b564cf0, 0x4b564d1f }, { 0x2000, 0x200f }, { 0xbffffff0, 0xbfffffff },
	{ 0xc0002000, 0xc000200f }, { 0x7ffffff0, 0x8000000f }, { 0xfffffff0, 0xfffffffe },
};

static __u32 last_of(unsigned int i)
{
	return ranges[i].known && host_is_slow() ? ranges[i].known : ranges[i].last;
}

FIXTURE(hostile_msr)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_VARIANT(hostile_msr)
{
	__u32 flags;
	unsigned int ranges;
};

FIXTURE_VARIANT_ADD(hostile_msr, plain) { .flags = 0, .ranges = ARRAY_SIZE(ranges) };
/* What differs with a local APIC is in the first one. */
FIXTURE_VARIANT_ADD(hostile_msr, lapic) { .flags = KEEL_VM_LAPIC, .ranges = 1 };

FIXTURE_SETUP(hostile_msr)
{
	HOSTILE_SETUP(&self->h, variant->flags, SEED);
	self->h.ticks = 0;
	ASSERT_EQ(0, host_state_take(&self->before));
}

FIXTURE_TEARDOWN(hostile_msr)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

/* An instruction of two bytes that is refused is left out, and counted. */
GUEST_CODE(skip, "add $8, %rsp; addq $2, (%rsp); inc %r14; iretq");

/* From EBX to EBP; the value is in R12, and another each time. */
GUEST_CODE(write_all,
	   "1: mov %ebx, %ecx; mov %r12, %rax; mov %r12, %rdx; shr $32, %rdx; wrmsr;"
	   "mov %ebx, %ecx; rdmsr;"
	   "mov %r12, %rax; shl $13, %rax; xor %rax, %r12;"
	   "mov %r12, %rax; shr $7, %rax; xor %rax, %r12; mov %r12, %rax; shl $17, %rax;"
	   "xor %rax, %r12;"
	   "cmp %ebp, %ebx; je 2f; inc %ebx; jmp 1b;"
	   "2: mov $0x600d600d, %eax; vmcall");

static int start(struct hostile *h, const void *code, size_t bytes, __u32 first, __u32 last)
{
	struct guest *g = &h->guest;
	int ret = hostile_start(h, HOSTILE_LONG, code, bytes);

	GUEST_HANDLE(g, GP, skip);
	RBX(g) = first;
	g->run->regs.gpr[KEEL_RBP] = last;
	return ret;
}

static void write_range(struct __test_metadata *_metadata, struct hostile *h, __u32 first,
			__u32 last, __u64 value)
{
	struct guest *g = &h->guest;
	enum hostile_end end = HOSTILE_SHUTDOWN;
	int restarts = 0;

	while (end != HOSTILE_DONE) {
		if (end != HOSTILE_TIME) {
			/* What it wrote was its end: go on behind it. */
			ASSERT_EQ(0, start(h, write_all_begin, write_all_end - write_all_begin,
					   first, last));
			g->run->regs.gpr[12] = value;
			ASSERT_GT(100, restarts++);
		}
		HOSTILE_RUN(h, 1000, end);
		if (end == HOSTILE_DONE || (__u32)RBX(g) == last)
			break;
		first = RBX(g) + 1;
	}
}

TEST_F(hostile_msr, any_value_in_any_msr)
{
	struct hostile *h = &self->h;

	h->guest.enter = host_watched_run;
	for (unsigned int i = 0; i < variant->ranges; i++)
		write_range(_metadata, h, ranges[i].first, last_of(i), hostile_random(h));
	HOST_UNCHANGED(&self->before);
}

/* Into each MSR that can be read: what is there with one bit the other way. */
GUEST_CODE(flip_all,
	   "1: mov $1, %r12; 2: mov %ebx, %ecx; xor %r14, %r14; rdmsr; test %r14, %r14; jnz 3f;"
	   "mov %r12, %rsi; xor %esi, %eax; shr $32, %rsi; xor %esi, %edx; wrmsr;"
	   "shl $1, %r12; jnz 2b;"
	   "3: cmp %ebp, %ebx; je 4f; inc %ebx; jmp 1b;"
	   "4: mov $0x600d600d, %eax; vmcall");

TEST_F(hostile_msr, each_bit_of_each_msr)
{
	struct hostile *h = &self->h;
	enum hostile_end end;
	__u32 next;
	int restarts;

	h->guest.enter = host_watched_run;
	for (unsigned int i = 0; i < variant->ranges; i++) {
		end = HOSTILE_SHUTDOWN;
		restarts = 0;
		for (next = ranges[i].first; end != HOSTILE_DONE && next <= last_of(i);) {
			if (end != HOSTILE_TIME) {
				ASSERT_EQ(0, start(h, flip_all_begin, flip_all_end - flip_all_begin,
						   next, last_of(i)));
				ASSERT_GT(100, restarts++);
			}
			HOSTILE_RUN(h, 1000, end);
			next = RBX(&h->guest) + 1;
		}
	}
	HOST_UNCHANGED(&self->before);
}

/* The handler leaves 0 for what is not there. */
GUEST_CODE(skip_read,
	   "add $8, %rsp; addq $2, (%rsp); xor %eax, %eax; xor %edx, %edx; iretq");
GUEST_CODE(read_all,
	   "1: mov %ebx, %ecx; rdmsr; mov %eax, (%rdi); mov %edx, 4(%rdi); add $8, %rdi;"
	   "cmp %ebp, %ebx; je 2f; inc %ebx; jmp 1b; 2: mov $0x600d600d, %eax; vmcall");

static void read_range(struct __test_metadata *_metadata, struct hostile *h, __u32 first,
		       __u32 last)
{
	struct guest *g = &h->guest;
	enum hostile_end end;

	ASSERT_EQ(0, start(h, read_all_begin, read_all_end - read_all_begin, first, last));
	GUEST_HANDLE(g, GP, skip_read);
	RDI(g) = READ_AT;
	do {
		HOSTILE_RUN(h, 1000, end);
	} while (end == HOSTILE_TIME);
	ASSERT_EQ(HOSTILE_DONE, end);
}

/* Addresses of the kernel, and the selectors of its system calls. */
TEST_F(hostile_msr, a_new_guest_reads_nothing_of_the_hosts)
{
	struct hostile *h = &self->h;
	__u64 value;

	for (unsigned int i = 0; i < 2 && i < variant->ranges; i++) {
		read_range(_metadata, h, ranges[i].first, last_of(i));
		for (__u32 n = 0; n <= last_of(i) - ranges[i].first; n++) {
			value = GUEST_U64(&h->guest, READ_AT + 8 * n);
			EXPECT_NE(0xffff, value >> 48) {
				TH_LOG("MSR 0x%x: 0x%llx", ranges[i].first + n, value);
			}
			if (ranges[i].first + n == MSR_STAR)
				EXPECT_EQ(0, value);
		}
	}
}

TEST_HARNESS_MAIN
