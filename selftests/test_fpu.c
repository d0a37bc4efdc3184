// SPDX-License-Identifier: GPL-2.0
/*
 * FPU, SSE, AVX and AVX-512: the guest's are kept for it, the host's for the
 * host, and neither sees the other's.
 *
 * SDM: "Managing State Using the XSAVE Feature Set".
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/guest.h"

#define CR4_OSXSAVE	(1ULL << 18)
#define XCR0_AVX	7
#define XCR0_AVX512	0xe7

FIXTURE(fpu)
{
	struct guest guest;
};

FIXTURE_SETUP(fpu)
{
	GUEST_SETUP(&self->guest);
}

FIXTURE_TEARDOWN(fpu)
{
	guest_free(&self->guest);
}

static __u64 host_xcr0(void)
{
	__u32 a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1 << 27))
		return 0;
	asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (__u64)d << 32;
}

/* The guest doubles xmm0 into itself between two exits, then stores it. */
GUEST_CODE(code_sse,
	   "movups 0x20000, %xmm0; movups 0x20010, %xmm15; fldpi; hlt;"
	   "paddq %xmm0, %xmm0; movups %xmm0, 0x20020; movups %xmm15, 0x20030;"
	   "fstpt 0x20040; hlt");

TEST_F(fpu, guest_keeps_sse_and_x87)
{
	struct guest *g = &self->guest;
	long double pi;

	GUEST_START(g, GUEST_LONG, code_sse);
	GUEST_DATA(g, 0) = 0x1111;
	GUEST_DATA(g, 1) = 0x2222;
	GUEST_DATA(g, 2) = 0x3333;
	GUEST_DATA(g, 3) = 0x4444;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	/* The host has its way with them meanwhile. */
	asm volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm15, %%xmm15; fninit; fldz; fstp %%st"
		     : : : "xmm0", "xmm15", "st");
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0x2222, GUEST_DATA(g, 4));
	EXPECT_EQ(0x4444, GUEST_DATA(g, 5));
	EXPECT_EQ(0x3333, GUEST_DATA(g, 6));
	EXPECT_EQ(0x4444, GUEST_DATA(g, 7));
	memcpy(&pi, g->mem + GUEST_DATA_AT + 0x40, 10);
	EXPECT_EQ(1, pi > 3.14159265358979L && pi < 3.14159265358980L);
}

GUEST_CODE(code_clobber,
	   "pcmpeqd %xmm0, %xmm0; pcmpeqd %xmm7, %xmm7; fninit; fldpi; fldpi;"
	   "ldmxcsr 0x20000; hlt");

TEST_F(fpu, host_keeps_sse_and_mxcsr)
{
	static const __u64 pattern[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	struct guest *g = &self->guest;
	__u64 after0[2], after7[2];
	__u32 csr = 0x1f80, csr_after = 0;
	int vcpu = g->vcpu;
	long ret;

	GUEST_START(g, GUEST_LONG, code_clobber);
	GUEST_DATA(g, 0) = 0x7f80;
	asm volatile("movups %[in], %%xmm0; movups %[in], %%xmm7; ldmxcsr %[csr];"
		     "syscall;"
		     "movups %%xmm0, %[out0]; movups %%xmm7, %[out7]; stmxcsr %[csr2]"
		     : "=a"(ret), [out0] "=m"(after0), [out7] "=m"(after7),
		       [csr2] "=m"(csr_after)
		     : "a"(16L), "D"((long)vcpu), "S"((long)KEEL_RUN), "d"(0L),
		       [in] "m"(pattern), [csr] "m"(csr)
		     : "rcx", "r11", "xmm0", "xmm7", "memory");
	EXPECT_EQ(0, ret);
	EXPECT_EQ(KEEL_EXIT_HLT, g->run->exit_reason);
	EXPECT_EQ(0, memcmp(pattern, after0, 16));
	EXPECT_EQ(0, memcmp(pattern, after7, 16));
	EXPECT_EQ(csr, csr_after);
}

GUEST_CODE(code_avx,
	   "xgetbv; vmovups %ymm3, 0x20020; vmovups 0x20000, %ymm3; hlt;"
	   "vmovups %ymm3, 0x20040; hlt");

__attribute__((target("avx")))
static long run_with_ymm3(int vcpu, const __u64 *in, __u64 *out)
{
	long ret;

	asm volatile("vmovups (%[in]), %%ymm3; syscall; vmovups %%ymm3, (%[out])"
		     : "=a"(ret)
		     : "a"(16L), "D"((long)vcpu), "S"((long)KEEL_RUN), "d"(0L),
		       [in] "r"(in), [out] "r"(out)
		     : "rcx", "r11", "xmm3", "memory");
	return ret;
}

TEST_F(fpu, avx_is_kept_apart)
{
	static const __u64 host[4] = { 11, 22, 33, 44 };
	struct guest *g = &self->guest;
	__u64 after[4] = {};
	int i;

	if ((host_xcr0() & XCR0_AVX) != XCR0_AVX)
		SKIP(return, "this CPU has no AVX");
	GUEST_START(g, GUEST_LONG, code_avx);
	g->run->control.cr4 |= CR4_OSXSAVE;
	g->run->control.xcr0 = XCR0_AVX;
	g->run->state_dirty = KEEL_STATE_CONTROL;
	for (i = 0; i < 4; i++) {
		GUEST_DATA(g, i) = 0x100 + i;
		GUEST_DATA(g, 4 + i) = ~0ULL;
	}
	ASSERT_EQ(0, run_with_ymm3(g->vcpu, host, after));
	ASSERT_EQ(KEEL_EXIT_HLT, g->run->exit_reason);
	EXPECT_EQ(0, memcmp(host, after, sizeof(host)));
	/* A new vCPU's registers are zero: nothing of the host's shows. */
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, GUEST_DATA(g, 4 + i));
	ASSERT_EQ(0, run_with_ymm3(g->vcpu, host, after));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0x100 + i, GUEST_DATA(g, 8 + i));
	EXPECT_EQ(XCR0_AVX, host_xcr0() & XCR0_AVX);
}

GUEST_CODE(code_avx512,
	   "vmovups %zmm30, 0x20080; vmovups 0x20000, %zmm30; kmovw 0x20000, %k5; hlt;"
	   "vmovups %zmm30, 0x20100; kmovw %k5, 0x20140; hlt");

__attribute__((target("avx512f")))
static long run_with_zmm30(int vcpu, const __u64 *in, __u64 *out)
{
	long ret;

	asm volatile("vmovups (%[in]), %%zmm30; syscall; vmovups %%zmm30, (%[out])"
		     : "=a"(ret)
		     : "a"(16L), "D"((long)vcpu), "S"((long)KEEL_RUN), "d"(0L),
		       [in] "r"(in), [out] "r"(out)
		     : "rcx", "r11", "xmm30", "memory");
	return ret;
}

TEST_F(fpu, avx512_is_kept_apart)
{
	static const __u64 host[8] = { 11, 22, 33, 44, 55, 66, 77, 88 };
	struct guest *g = &self->guest;
	__u64 after[8] = {};
	int i;

	if ((host_xcr0() & XCR0_AVX512) != XCR0_AVX512)
		SKIP(return, "this CPU has no AVX-512");
	GUEST_START(g, GUEST_LONG, code_avx512);
	g->run->control.cr4 |= CR4_OSXSAVE;
	g->run->control.xcr0 = XCR0_AVX512;
	g->run->state_dirty = KEEL_STATE_CONTROL;
	for (i = 0; i < 8; i++) {
		GUEST_DATA(g, i) = 0x1234 + i;
		GUEST_DATA(g, 16 + i) = ~0ULL;
	}
	ASSERT_EQ(0, run_with_zmm30(g->vcpu, host, after));
	ASSERT_EQ(KEEL_EXIT_HLT, g->run->exit_reason);
	EXPECT_EQ(0, memcmp(host, after, sizeof(host)));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, GUEST_DATA(g, 16 + i));
	ASSERT_EQ(0, run_with_zmm30(g->vcpu, host, after));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0x1234 + i, GUEST_DATA(g, 32 + i));
	EXPECT_EQ(0x1234, GUEST_DATA(g, 40) & 0xffff);
}

GUEST_CODE(code_two, "movups %xmm5, 0x20020; movups 0x20000, %xmm5; hlt;"
		     "movups %xmm5, 0x20030; hlt");

/* Two vCPUs by turns in one thread. */
TEST_F(fpu, vcpus_are_kept_apart)
{
	struct guest *g = &self->guest;
	struct keel_run *run;
	struct keel_state s = { .groups = KEEL_STATE_RUN };
	int second;

	GUEST_START(g, GUEST_LONG, code_two);
	second = keel_create_vcpu(g->vm, 1);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, keel_map_run(second, g->info.run_size, &run));
	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	ASSERT_EQ(0, keel_set_state(second, &s));
	GUEST_DATA(g, 0) = 0xaaaa;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	GUEST_DATA(g, 0) = 0xbbbb;
	ASSERT_EQ(0, keel_run(second));
	ASSERT_EQ(KEEL_EXIT_HLT, run->exit_reason);
	EXPECT_EQ(0, GUEST_DATA(g, 4));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xaaaa, GUEST_DATA(g, 6));
	ASSERT_EQ(0, keel_run(second));
	EXPECT_EQ(0xbbbb, GUEST_DATA(g, 6));
	keel_unmap_run(run, g->info.run_size);
	close(second);
}

/* The XSAVE area of KEEL_GET_STATE is the guest's. */
TEST_F(fpu, state_shows_and_sets_registers)
{
	static __u8 area[8192] __attribute__((aligned(64)));
	struct guest *g = &self->guest;
	struct keel_state s = {
		.groups = KEEL_STATE_XSAVE, .xsave = (__u64)(unsigned long)area,
		.xsave_size = sizeof(area),
	};
	__u64 *xmm5 = (__u64 *)(area + 160 + 5 * 16);

	GUEST_START(g, GUEST_LONG, code_two);
	GUEST_DATA(g, 0) = 0xaaaa;
	GUEST_RUN(g, KEEL_EXIT_HLT);
	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	EXPECT_EQ(0xaaaa, *xmm5);
	EXPECT_EQ(0x1f80, *(__u32 *)(area + 24));
	*xmm5 = 0xcccc;
	ASSERT_EQ(0, keel_set_state(g->vcpu, &s));
	GUEST_RUN(g, KEEL_EXIT_HLT);
	EXPECT_EQ(0xcccc, GUEST_DATA(g, 6));
}

TEST_F(fpu, wrong_xsave_areas_are_einval)
{
	static __u8 area[8192] __attribute__((aligned(64)));
	struct guest *g = &self->guest;
	struct keel_state s = {
		.groups = KEEL_STATE_XSAVE, .xsave = (__u64)(unsigned long)area,
		.xsave_size = sizeof(area),
	};

	ASSERT_EQ(0, keel_get_state(g->vcpu, &s));
	area[512 + 7] |= 0x40;		/* a component that there is not */
	EXPECT_EQ(-EINVAL, keel_set_state(g->vcpu, &s));
	area[512 + 7] = 0;
	area[512 + 15] = 0x80;		/* the compacted format */
	EXPECT_EQ(-EINVAL, keel_set_state(g->vcpu, &s));
	area[512 + 15] = 0;
	area[24 + 3] = 1;		/* MXCSR */
	EXPECT_EQ(-EINVAL, keel_set_state(g->vcpu, &s));
	area[24 + 3] = 0;
	EXPECT_EQ(0, keel_set_state(g->vcpu, &s));
	s.xsave_size = 100;
	EXPECT_EQ(-E2BIG, keel_set_state(g->vcpu, &s));
	EXPECT_EQ(-E2BIG, keel_get_state(g->vcpu, &s));
}

TEST_HARNESS_MAIN
