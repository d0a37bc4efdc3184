// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that misuse their local APIC: any offset of its page in any size and kind of
 * access, any value, any x2APIC register, and the page moved on top of other things.
 *
 * SDM: "Local APIC Register Address Map", "Relocating the Local APIC Registers",
 * "Extended XAPIC (x2APIC)".
 */
#include <string.h>

#include "kselftest_harness.h"
#include "lib/apicguest.h"
#include "lib/hostile.h"

#define SEED		23
#define ACCESSES	250
#define EXITS		6
#define PTE_APIC	(APIC_GPA | 0x7b)	/* present, writable, uncached, accessed, dirty */

FIXTURE(hostile_apic)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_VARIANT(hostile_apic)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(hostile_apic, apicv) { .flags = KEEL_VM_LAPIC };
FIXTURE_VARIANT_ADD(hostile_apic, plain) { .flags = KEEL_VM_LAPIC | KEEL_VM_NO_APICV };

FIXTURE_SETUP(hostile_apic)
{
	HOSTILE_SETUP(&self->h, variant->flags, SEED);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->h.guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_apic)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

/* The page is where the guest's tables reach. */
static int start(struct hostile *h, const void *code, size_t bytes)
{
	int ret = hostile_start(h, HOSTILE_LONG, code, bytes);

	*(__u64 *)guest_pte(&h->guest, APIC_AT) = PTE_APIC;
	return ret;
}

/* RBX: the address; what there is of accesses to memory. */
static const __u8 forms[][12] = {
	{ 2, 0x8b, 0x03 }, { 2, 0x89, 0x03 }, { 2, 0x8a, 0x03 }, { 2, 0x88, 0x03 },
	{ 3, 0x66, 0x8b, 0x03 }, { 3, 0x66, 0x89, 0x03 }, { 3, 0x48, 0x8b, 0x03 },
	{ 3, 0x48, 0x89, 0x03 }, { 2, 0x87, 0x03 }, { 3, 0xf0, 0x01, 0x03 },
	{ 4, 0xf0, 0x0f, 0xb1, 0x13 }, { 5, 0xf0, 0x48, 0x0f, 0xc7, 0x0b }, { 2, 0xff, 0x03 },
	{ 3, 0x0f, 0xab, 0x03 }, { 3, 0x0f, 0x28, 0x03 }, { 3, 0x0f, 0x11, 0x03 },
	{ 4, 0xf3, 0x0f, 0x7e, 0x03 }, { 2, 0xff, 0x33 }, { 2, 0x8f, 0x03 }, { 2, 0xff, 0x23 },
	{ 2, 0xf3, 0xa5 }, { 2, 0xf3, 0xab }, { 2, 0xf3, 0x6d }, { 2, 0xf3, 0x6f },
	{ 3, 0x0f, 0x01, 0x13 }, { 3, 0x0f, 0x01, 0x03 }, { 3, 0x0f, 0xae, 0x03 },
	{ 3, 0x0f, 0xae, 0x3b }, { 2, 0xdb, 0x3b }, { 2, 0xff, 0x1b }, { 3, 0x0f, 0x01, 0x3b },
	{ 6, 0xc7, 0x03, 0x31, 0x00, 0x0c, 0x00 },
};

static void one_access(struct __test_metadata *_metadata, struct hostile *h, __u64 at)
{
	static const __u8 tail[] = { 0xfb, 0x90, 0xb8, 0x0d, 0x60, 0x0d, 0x60, 0x0f, 0x01, 0xc1 };
	const __u8 *form = forms[hostile_pick(h, ARRAY_SIZE(forms))];
	struct guest *g = &h->guest;
	enum hostile_end end;
	__u8 code[32];

	memcpy(code, form + 1, form[0]);
	memcpy(code + form[0], tail, sizeof(tail));
	ASSERT_EQ(0, start(h, code, form[0] + sizeof(tail)));
	RAX(g) = hostile_value(h);
	RDX(g) = hostile_value(h);
	RCX(g) = hostile_pick(h, 40);
	RBX(g) = at;
	RSI(g) = hostile_pick(h, 2) ? at : GUEST_DATA_AT;
	RDI(g) = hostile_pick(h, 2) ? at : GUEST_DATA_AT;
	HOSTILE_RUN(h, EXITS, end);
	/* INIT or a start-up IPI to itself may have left it waiting. */
	g->run->events.activity = KEEL_ACTIVITY_ACTIVE;
}

TEST_F(hostile_apic, any_access_to_its_page)
{
	struct hostile *h = &self->h;
	__u64 offset;

	for (unsigned int i = 0; i < ACCESSES; i++) {
		/* Registers mostly, then anything, and over the end of the page. */
		offset = hostile_pick(h, 4) ? 16 * hostile_pick(h, 256) : hostile_pick(h, 4100);
		one_access(_metadata, h, APIC_AT - (hostile_pick(h, 64) ? 0 : 4) + offset);
	}
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(touch, "mov (%rbx), %eax; mov %eax, (%rbx); vmcall");

/* The pages in front of it and behind it are the VMM's, also once it has been in use. */
TEST_F(hostile_apic, its_page_has_ends)
{
	static const int beside[] = { -0x1000, -16, -4, 0x1000, 0x1300, 0x1ff0 };
	struct hostile *h = &self->h;
	struct guest *g = &h->guest;

	hostile_no_timer();
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(beside); i++) {
		int by = beside[i % ARRAY_SIZE(beside)];

		ASSERT_EQ(0, start(h, touch_begin, touch_end - touch_begin));
		*(__u64 *)guest_pte(g, APIC_AT - 0x1000) = PTE_APIC - 0x1000;
		*(__u64 *)guest_pte(g, APIC_AT + 0x1000) = PTE_APIC + 0x1000;
		if (i >= ARRAY_SIZE(beside)) {
			RBX(g) = APIC_AT + APIC_ID;
			GUEST_RUN(g, KEEL_EXIT_HYPERCALL);
			RIP(g) = GUEST_CODE_AT;
		}
		RBX(g) = APIC_AT + by;
		GUEST_RUN(g, KEEL_EXIT_MMIO);
		EXPECT_EQ(APIC_GPA + by, g->run->mmio.gpa);
		EXPECT_EQ(0, g->run->mmio.access);
		RIP(g) += 2;
		GUEST_RUN(g, KEEL_EXIT_MMIO);
		EXPECT_EQ(APIC_GPA + by, g->run->mmio.gpa);
		EXPECT_EQ(KEEL_ACCESS_WRITE, g->run->mmio.access);
	}
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(jump, "mov (%rsi), %eax; jmp *%rbx");

/* No code is there; the VMM hears of it, the page in use or not. */
TEST_F(hostile_apic, its_page_is_not_run)
{
	static const __u8 crossing[] = { 0xb8, 0x01 };	/* the rest of the MOV is in the page */
	struct hostile *h = &self->h;
	struct guest *g = &h->guest;

	hostile_no_timer();
	for (unsigned int i = 0; i < 4; i++) {
		ASSERT_EQ(0, start(h, jump_begin, jump_end - jump_begin));
		memcpy(g->mem + APIC_AT - sizeof(crossing), crossing, sizeof(crossing));
		RSI(g) = i % 2 ? APIC_AT + APIC_ID : GUEST_DATA_AT;
		RBX(g) = APIC_AT + (i < 2 ? 0x300 : -sizeof(crossing));
		GUEST_RUN(g, KEEL_EXIT_MMIO);
		EXPECT_EQ(APIC_GPA + (i < 2 ? 0x300 : 0), g->run->mmio.gpa);
		EXPECT_EQ(KEEL_ACCESS_EXEC, g->run->mmio.access);
		EXPECT_EQ(RBX(g), RIP(g));
	}
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(wrmsrs, "wrmsr; mov %esi, %ecx; mov %edi, %eax; xor %edx, %edx; wrmsr; rdmsr;"
		   "mov (%rbx), %eax; mov %eax, (%rbx); mov $0x600d600d, %eax; vmcall");

static void with_base(struct __test_metadata *_metadata, struct hostile *h, __u64 base, __u64 at)
{
	struct guest *g = &h->guest;
	enum hostile_end end;

	ASSERT_EQ(0, start(h, wrmsrs_begin, wrmsrs_end - wrmsrs_begin));
	RCX(g) = MSR_APIC_BASE;
	RAX(g) = (__u32)base;
	RDX(g) = base >> 32;
	RSI(g) = 0x800 + hostile_pick(h, 0x104) - 2;
	RDI(g) = hostile_value(h);
	RBX(g) = at;
	HOSTILE_RUN(h, EXITS, end);
	g->run->events.activity = KEEL_ACTIVITY_ACTIVE;
}

/* On top of its own code, tables and stack, where no memory is, and beyond the CPU's. */
TEST_F(hostile_apic, its_page_anywhere)
{
	static const __u64 places[] = {
		GUEST_CODE_AT, GUEST_PML4_AT, GUEST_PML4_AT + 0x3000, GUEST_GDT_AT, GUEST_IDT_AT,
		GUEST_STACK_AT - 0x1000, GUEST_DATA_AT, 0, GUEST_BYTES, APIC_GPA, 0xfffff000,
		1ULL << 36, 1ULL << 51, 1ULL << 63,
	};
	struct hostile *h = &self->h;
	static const __u32 bits[] = { BASE_ENABLED, 0, BASE_ENABLED | BASE_X2APIC, BASE_X2APIC,
				      BASE_ENABLED | BASE_BSP, 0xfff };

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		for (unsigned int n = 0; n < ARRAY_SIZE(bits); n++) {
			with_base(_metadata, h, places[i] | bits[n], places[i] + 0x300);
			with_base(_metadata, h, places[i] | bits[n], APIC_AT + 0x20);
		}
	}
	HOST_UNCHANGED(&self->before);
}

GUEST_CODE(each_msr,
	   "1: mov %ebx, %ecx; mov %edi, %eax; xor %edx, %edx; wrmsr; mov %ebx, %ecx; rdmsr;"
	   "inc %ebx; cmp $0x900, %ebx; jne 1b; mov $0x600d600d, %eax; vmcall");
GUEST_CODE(skip, "add $8, %rsp; addq $2, (%rsp); iretq");

TEST_F(hostile_apic, any_x2apic_register)
{
	struct hostile *h = &self->h;
	struct guest *g = &h->guest;
	enum hostile_end end;

	if (guest_set_msr(g, MSR_APIC_BASE, APIC_GPA | BASE_ENABLED | BASE_X2APIC))
		SKIP(return, "this CPU's guests have no x2APIC");
	for (int i = 0; i < 12; i++) {
		ASSERT_EQ(0, start(h, each_msr_begin, each_msr_end - each_msr_begin));
		GUEST_HANDLE(g, GP, skip);
		RBX(g) = 0x7f8;
		RDI(g) = hostile_value(h);
		end = HOSTILE_TIME;
		for (int n = 0; n < 10 && end == HOSTILE_TIME; n++)
			HOSTILE_RUN(h, 20, end);
		g->run->events.activity = KEEL_ACTIVITY_ACTIVE;
	}
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
