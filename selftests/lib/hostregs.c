// SPDX-License-Identifier: GPL-2.0
/* The registers of the thread that calls KEEL_RUN, see lib/hoststate.h. */
#include <cpuid.h>
#include <keel.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "hoststate.h"

#define AREA_BYTES	4096	/* more than AVX-512 and PKRU take; AMX apart */
#define LEGACY_BYTES	416	/* up to the last XMM register */
#define HEADER		512
/* x87 SSE AVX, AVX-512's three; what else there is (PKRU) is compared as it is */
#define PATTERNED	0xe7ULL
#define COMPARED	0x2e7ULL
#define MXCSR_AT	24
#define MXCSR		0x5f80	/* another rounding than the kernel's and a new guest's */
#define FCW		0x0b7f
/* TF, IF, DF, IOPL, NT, AC, ID; the rest is what arithmetic leaves. */
#define FLAGS_KEPT	0x247700ULL

static uint8_t before[AREA_BYTES] __attribute__((aligned(64)));
static uint8_t after[AREA_BYTES] __attribute__((aligned(64)));
static uint64_t mask;	/* components to load and store; 0: FXSAVE alone */
static bool prepared;
static char failure[160];

struct selectors {
	uint16_t ds, es, fs, gs;
};

static uint64_t host_xcr0(void)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1U << 27))
		return 0;
	asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (uint64_t)d << 32;
}

static void fill(unsigned int at, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes && at + i < AREA_BYTES; i++)
		before[at + i] = 0x11 + 7 * i + at / 16;
}

/* Where the CPU puts a component. */
static void component(unsigned int n, uint32_t *at, uint32_t *bytes)
{
	uint32_t c, d;

	*bytes = 0;
	*at = 0;
	__cpuid_count(0xd, n, *bytes, *at, c, d);
}

static void prepare(void)
{
	uint32_t at, bytes;

	mask = host_xcr0() & COMPARED;
	if (mask)
		asm volatile("xsave64 %0" : "+m"(before) : "a"((uint32_t)mask), "d"(0));
	else
		asm volatile("fxsave64 %0" : "+m"(before));
	*(uint16_t *)before = FCW;
	before[4] = 0xff;	/* all of ST are in use */
	*(uint32_t *)(before + MXCSR_AT) = MXCSR;
	for (int i = 0; i < 8; i++)
		fill(32 + 16 * i, 10);
	fill(160, 256);
	for (unsigned int n = 2; n < 8; n++) {
		if (!(mask & PATTERNED & 1ULL << n))
			continue;
		component(n, &at, &bytes);
		fill(at, bytes);
	}
	if (mask)
		*(uint64_t *)(before + HEADER) |= mask & PATTERNED;
	prepared = true;
}

static struct selectors selectors(void)
{
	struct selectors s;

	asm volatile("mov %%ds, %0" : "=r"(s.ds));
	asm volatile("mov %%es, %0" : "=r"(s.es));
	asm volatile("mov %%fs, %0" : "=r"(s.fs));
	asm volatile("mov %%gs, %0" : "=r"(s.gs));
	return s;
}

/* What is below the stack pointer belongs to the function, too. */
static uint64_t read_flags(void)
{
	uint64_t flags;

	asm volatile("lea -128(%%rsp), %%rsp; pushf; pop %0; lea 128(%%rsp), %%rsp"
		     : "=r"(flags) : : "memory");
	return flags;
}

#define XMM_REGISTERS	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
			"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* Nothing of the compiler's is between the registers and the call. */
static long run(int vcpu)
{
	long ret;

	if (mask)
		asm volatile("xrstor64 %[in]; mov %[nr], %%eax; xor %%edx, %%edx; syscall;"
			     "mov %%rax, %%r13; mov %[mask], %%eax; xsave64 %[out];"
			     "mov %%r13, %%rax"
			     : "=&a"(ret), [out] "+m"(after)
			     : "0"(mask), "d"(0), "D"((long)vcpu), "S"((long)KEEL_RUN),
			       [in] "m"(before), [nr] "i"(SYS_ioctl), [mask] "r"((uint32_t)mask)
			     : "rcx", "r11", "r13", "memory", XMM_REGISTERS);
	else
		asm volatile("fxrstor64 %[in]; mov %[nr], %%eax; xor %%edx, %%edx; syscall;"
			     "fxsave64 %[out]"
			     : "=&a"(ret), [out] "+m"(after)
			     : "D"((long)vcpu), "S"((long)KEEL_RUN), [in] "m"(before),
			       [nr] "i"(SYS_ioctl)
			     : "rcx", "rdx", "r11", "memory", XMM_REGISTERS);
	return ret;
}

static void compare(const char *name, unsigned int at, unsigned int bytes)
{
	if (at + bytes > AREA_BYTES || !memcmp(before + at, after + at, bytes))
		return;
	while (before[at] == after[at])
		at++;
	snprintf(failure, sizeof(failure), "%s: byte %u of the area 0x%02x, was 0x%02x",
		 name, at, after[at], before[at]);
}

static void compare_all(void)
{
	static const char * const names[] = {
		[2] = "YMM", [5] = "opmask", [6] = "ZMM", [7] = "ZMM16 to 31", [9] = "PKRU",
	};
	uint32_t at, bytes;

	compare("FCW and FTW", 0, 2);
	compare("FTW", 4, 1);
	compare("MXCSR", MXCSR_AT, 4);
	for (int i = 0; i < 8; i++)
		compare("ST", 32 + 16 * i, 10);
	compare("XMM", 160, LEGACY_BYTES - 160);
	for (unsigned int n = 2; n < 10; n++) {
		if (!(mask & 1ULL << n))
			continue;
		component(n, &at, &bytes);
		compare(names[n], at, bytes);
	}
}

int host_watched_run(int vcpu)
{
	struct selectors was = selectors(), is;
	static const uint16_t fcw = 0x37f;
	static const uint32_t mxcsr = 0x1f80;
	uint64_t flags, flags_before;
	long ret;

	if (!prepared)
		prepare();
	flags_before = read_flags();
	ret = run(vcpu);
	flags = read_flags();
	asm volatile("fninit; fldcw %0; ldmxcsr %1" : : "m"(fcw), "m"(mxcsr));
	is = selectors();
	if (failure[0])
		return ret;
	compare_all();
	if ((flags ^ flags_before) & FLAGS_KEPT)
		snprintf(failure, sizeof(failure), "RFLAGS: 0x%lx, was 0x%lx", flags, flags_before);
	if (memcmp(&was, &is, sizeof(was)))
		snprintf(failure, sizeof(failure), "DS ES FS GS: %x %x %x %x, were %x %x %x %x",
			 is.ds, is.es, is.fs, is.gs, was.ds, was.es, was.fs, was.gs);
	return ret;
}

const char *host_watched_failure(void)
{
	return failure[0] ? failure : NULL;
}
