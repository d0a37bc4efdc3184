// SPDX-License-Identifier: GPL-2.0
/*
 * Guests that write to control and debug registers whatever fits into them, in every
 * mode: each bit of its own, and anything.
 *
 * SDM: "Control Registers", "Extended Control Registers", "Debug Registers".
 */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/hostile.h"

#define CR4_OSXSAVE	(1ULL << 18)
#define RANDOM_VALUES	10
/* What is above them is reserved, and tried by random values. */
#define EFER_BITS	16
#define XCR0_BITS	20
#define EXITS		6
#define SEED		11

FIXTURE(hostile_cr)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_VARIANT(hostile_cr)
{
	enum hostile_mode mode;
};

FIXTURE_VARIANT_ADD(hostile_cr, long_mode) { .mode = HOSTILE_LONG };
FIXTURE_VARIANT_ADD(hostile_cr, paged) { .mode = HOSTILE_PAGED };
FIXTURE_VARIANT_ADD(hostile_cr, pae) { .mode = HOSTILE_PAE };
FIXTURE_VARIANT_ADD(hostile_cr, prot) { .mode = HOSTILE_PROT };
FIXTURE_VARIANT_ADD(hostile_cr, real) { .mode = HOSTILE_REAL };

FIXTURE_SETUP(hostile_cr)
{
	const char *lacks;

	HOSTILE_SETUP(&self->h, 0, SEED);
	lacks = hostile_lacks(&self->h, variant->mode);
	if (lacks)
		SKIP_FIXTURE("this CPU has no %s", lacks);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->h.guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_cr)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

typedef FIXTURE_DATA(hostile_cr) hostile_cr;

/* EAX goes to a register and back to EBX, in whatever mode; then something happens. */
struct try {
	__u8 code[32];
	size_t bytes;
};

static void put(struct try *t, const void *code, size_t bytes)
{
	memcpy(t->code + t->bytes, code, bytes);
	t->bytes += bytes;
}

#define PUT(t, ...) do {						\
	const __u8 __code[] = { __VA_ARGS__ };				\
									\
	put(t, __code, sizeof(__code));					\
} while (0)

/* Through memory, a far jump's worth of prefetch, an interrupt, and the end. */
static void put_tail(struct try *t)
{
	PUT(t, 0x50, 0x58);				/* PUSH, POP */
	PUT(t, 0xeb, 0x00, 0x90);			/* JMP over nothing */
	PUT(t, 0xcd, 0x31);				/* INT 0x31 */
	PUT(t, 0xb8, 0x0d, 0x60, 0x0d, 0x60);		/* MOV $HOSTILE_MARK, %eax */
	PUT(t, 0x0f, 0x01, 0xc1);			/* VMCALL */
}

static void one_try(struct __test_metadata *_metadata, hostile_cr *t, enum hostile_mode mode,
		    const struct try *what, __u64 value)
{
	struct hostile *h = &t->h;
	enum hostile_end end;

	ASSERT_EQ(0, hostile_start(h, mode, what->code, what->bytes));
	RAX(&h->guest) = value;
	HOSTILE_RUN(h, EXITS, end);
}

/* Registers have that many bits there. */
static unsigned int width(enum hostile_mode mode)
{
	return mode == HOSTILE_LONG ? 64 : 32;
}

/* @was with each of @bits the other way, then anything. */
static __u64 nth_value(struct hostile *h, unsigned int n, unsigned int bits, __u64 was)
{
	return n < bits ? was ^ 1ULL << n : hostile_value(h);
}

static const __u8 crs[] = { 0, 2, 3, 4, 8 };

TEST_F(hostile_cr, any_value_in_a_control_register)
{
	const struct keel_control *c = &self->h.start[variant->mode].control;

	ASSERT_EQ(0, hostile_start(&self->h, variant->mode, "\x90", 1));
	for (unsigned int i = 0; i < ARRAY_SIZE(crs); i++) {
		__u64 was = crs[i] == 0 ? c->cr0 : crs[i] == 3 ? c->cr3 :
			    crs[i] == 4 ? c->cr4 : 0;
		unsigned int bits = width(variant->mode);
		struct try what = {};

		/* REX.R makes it CR8; LOCK would elsewhere, on some other CPUs. */
		if (crs[i] == 8)
			PUT(&what, 0x44, 0x0f, 0x22, 0xc0, 0x44, 0x0f, 0x20, 0xc3);
		else
			PUT(&what, 0x0f, 0x22, 0xc0 | crs[i] << 3, 0x0f, 0x20, 0xc3 | crs[i] << 3);
		put_tail(&what);
		/* CR2 takes any value, and CR8 is one of four bits that long mode has. */
		if (crs[i] == 2 || (crs[i] == 8 && variant->mode != HOSTILE_LONG))
			bits = 0;
		for (unsigned int n = 0; n < bits + RANDOM_VALUES; n++)
			one_try(_metadata, self, variant->mode, &what,
				nth_value(&self->h, n, bits, was));
	}
	HOST_UNCHANGED(&self->before);
}

TEST_F(hostile_cr, any_value_in_efer)
{
	struct try what = {};

	PUT(&what, 0x0f, 0x30, 0x0f, 0x32);	/* WRMSR, RDMSR */
	put_tail(&what);
	for (unsigned int n = 0; n < EFER_BITS + RANDOM_VALUES; n++) {
		struct guest *g = &self->h.guest;
		enum hostile_end end;
		__u64 value;

		ASSERT_EQ(0, hostile_start(&self->h, variant->mode, what.code, what.bytes));
		value = nth_value(&self->h, n, EFER_BITS, g->run->control.efer);
		RCX(g) = 0xc0000080;
		RAX(g) = (__u32)value;
		RDX(g) = value >> 32;
		HOSTILE_RUN(&self->h, EXITS, end);
	}
	HOST_UNCHANGED(&self->before);
}

TEST_F(hostile_cr, any_value_in_xcr0)
{
	static const __u32 indices[] = { 0, 1, 2, 0xffffffff };
	struct guest *g = &self->h.guest;
	enum hostile_end end;
	struct try what = {};
	__u64 value;

	if (!g->info.supported_xcr0)
		SKIP(return, "this CPU has no XSAVE");
	/* XSETBV, XGETBV, VPXOR and VMOVUPS of YMM, XSAVE, XRSTOR */
	PUT(&what, 0x0f, 0x01, 0xd1, 0x0f, 0x01, 0xd0, 0xc5, 0xfd, 0xef, 0xc0);
	PUT(&what, 0x0f, 0xae, 0x26, 0x0f, 0xae, 0x2e);
	put_tail(&what);
	for (unsigned int n = 0; n < XCR0_BITS + RANDOM_VALUES; n++) {
		ASSERT_EQ(0, hostile_start(&self->h, variant->mode, what.code, what.bytes));
		value = nth_value(&self->h, n, XCR0_BITS, n & 1 ? 7 : g->info.supported_xcr0);
		g->run->control.cr4 |= CR4_OSXSAVE;
		RCX(g) = n < XCR0_BITS ? 0 : indices[n % ARRAY_SIZE(indices)];
		RAX(g) = (__u32)value;
		RDX(g) = value >> 32;
		RSI(g) = GUEST_DATA_AT;
		HOSTILE_RUN(&self->h, EXITS, end);
	}
	HOST_UNCHANGED(&self->before);
}

/* The host's own breakpoint: on a word of this process. */
static volatile unsigned long watched;

static int watch(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .bp_type = HW_BREAKPOINT_W,
		.bp_addr = (unsigned long)&watched, .bp_len = HW_BREAKPOINT_LEN_8,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static const __u64 dr7s[] = { 0x400, 0x2400, 0x27ff, 0xffff07ff, 0x3ff, 0xaaaa0755, ~0ULL };

/* DR0 to DR3 where code, stack and data are, and DR7 such that they are hit. */
static void try_dr(struct __test_metadata *_metadata, hostile_cr *t, enum hostile_mode mode,
		   unsigned int dr, __u64 value, __u64 dr7)
{
	struct hostile *h = &t->h;
	struct try what = {};
	enum hostile_end end;

	PUT(&what, 0x0f, 0x23, 0xc0 | dr << 3, 0x0f, 0x21, 0xc3 | dr << 3);
	put_tail(&what);
	ASSERT_EQ(0, hostile_start(h, mode, what.code, what.bytes));
	RAX(&h->guest) = value;
	h->guest.run->debug.dr[0] = GUEST_CODE_AT + 8;
	h->guest.run->debug.dr[1] = GUEST_STACK_AT - 8;
	h->guest.run->debug.dr[2] = (__u64)&watched;
	h->guest.run->debug.dr[3] = 0xffff888000000000;
	h->guest.run->debug.dr7 = (dr7 & 0xffff2fff) | 0x400;
	HOSTILE_RUN(h, EXITS, end);
}

TEST_F(hostile_cr, any_value_in_a_debug_register)
{
	int fd = watch();
	__u64 count = 0;

	ASSERT_LE(0, fd);
	watched = 1;
	for (unsigned int dr = 0; dr < 8; dr++) {
		/* The bits of an address are all alike, and DR4 and DR5 are DR6 and DR7. */
		unsigned int bits = dr < 6 ? 0 : width(variant->mode);

		for (unsigned int n = 0; n < bits + RANDOM_VALUES; n++)
			try_dr(_metadata, self, variant->mode, dr,
			       nth_value(&self->h, n, bits, 0x400), dr7s[n % ARRAY_SIZE(dr7s)]);
	}
	watched = 2;
	watched = 3;
	ASSERT_EQ(8, read(fd, &count, 8));
	EXPECT_EQ(3, count);
	close(fd);
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
