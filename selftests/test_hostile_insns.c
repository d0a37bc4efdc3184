// SPDX-License-Identifier: GPL-2.0
/*
 * Every instruction of VMX, and every privileged or odd one, from rings 0 and 3, with
 * registers that lead anywhere: it does what a CPU without VMX does, and no more.
 *
 * SDM, volume 2, for each; "Instructions That Cause VM Exits".
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/hostile.h"

#define DB	1
#define UD	6
#define GP	13
/* It is for the CPU's model to say, or for what is on the stack. */
#define ANY	1000
/* It is done, and the next instruction runs. */
#define DONE	1001
/* It leaves for the VMM. */
#define PORT	1002
#define TRIES	4
#define SEED	13

/*
 * For a CPU as Keel's CPUID tells of it: no VMX, SMX, SGX, protection keys, MONITOR,
 * user-level waiting, CET.  RBX points to zeros, ECX is no MSR's number, and
 * the others but RSP are 0.
 */
static const struct insn {
	const char *name;
	__u8 len;
	__u8 bytes[16];
	unsigned int ring0, ring3;
} insns[] = {
	{ "VMXON", 4, { 0xf3, 0x0f, 0xc7, 0x33 }, UD, UD },
	{ "VMXOFF", 3, { 0x0f, 0x01, 0xc4 }, UD, UD },
	{ "VMCLEAR", 4, { 0x66, 0x0f, 0xc7, 0x33 }, UD, UD },
	{ "VMPTRLD", 3, { 0x0f, 0xc7, 0x33 }, UD, UD },
	{ "VMPTRST", 3, { 0x0f, 0xc7, 0x3b }, UD, UD },
	{ "VMREAD", 3, { 0x0f, 0x78, 0xc3 }, UD, UD },
	{ "VMREAD to memory", 3, { 0x0f, 0x78, 0x03 }, UD, UD },
	{ "VMWRITE", 3, { 0x0f, 0x79, 0xc3 }, UD, UD },
	{ "VMWRITE from memory", 3, { 0x0f, 0x79, 0x03 }, UD, UD },
	{ "VMLAUNCH", 3, { 0x0f, 0x01, 0xc2 }, UD, UD },
	{ "VMRESUME", 3, { 0x0f, 0x01, 0xc3 }, UD, UD },
	{ "VMFUNC", 3, { 0x0f, 0x01, 0xd4 }, UD, UD },
	{ "INVEPT", 5, { 0x66, 0x0f, 0x38, 0x80, 0x03 }, UD, UD },
	{ "INVVPID", 5, { 0x66, 0x0f, 0x38, 0x81, 0x03 }, UD, UD },
	{ "SEAMCALL", 4, { 0x66, 0x0f, 0x01, 0xcf }, UD, UD },
	{ "TDCALL", 4, { 0x66, 0x0f, 0x01, 0xcc }, UD, UD },
	{ "SEAMRET", 4, { 0x66, 0x0f, 0x01, 0xcd }, UD, UD },
	{ "RSM", 2, { 0x0f, 0xaa }, UD, UD },
	{ "GETSEC", 2, { 0x0f, 0x37 }, UD, UD },
	{ "ENCLS", 3, { 0x0f, 0x01, 0xcf }, UD, UD },
	{ "ENCLU", 3, { 0x0f, 0x01, 0xd7 }, UD, UD },
	{ "ENCLV", 3, { 0x0f, 0x01, 0xc0 }, UD, UD },
	{ "PCONFIG", 3, { 0x0f, 0x01, 0xc5 }, UD, UD },
	{ "MONITOR", 3, { 0x0f, 0x01, 0xc8 }, UD, UD },
	{ "MWAIT", 3, { 0x0f, 0x01, 0xc9 }, UD, UD },
	{ "UMONITOR", 4, { 0xf3, 0x0f, 0xae, 0xf3 }, UD, UD },
	{ "UMWAIT", 4, { 0xf2, 0x0f, 0xae, 0xf3 }, UD, UD },
	{ "TPAUSE", 4, { 0x66, 0x0f, 0xae, 0xf3 }, UD, UD },
	{ "XSAVES", 3, { 0x0f, 0xc7, 0x2b }, UD, UD },
	{ "XRSTORS", 3, { 0x0f, 0xc7, 0x1b }, UD, UD },
	{ "RDPKRU", 3, { 0x0f, 0x01, 0xee }, UD, UD },
	{ "WRPKRU", 3, { 0x0f, 0x01, 0xef }, UD, UD },
	{ "SETSSBSY", 4, { 0xf3, 0x0f, 0x01, 0xe8 }, UD, UD },
	{ "WRSSQ", 5, { 0x48, 0x0f, 0x38, 0xf6, 0x03 }, UD, UD },
	{ "SENDUIPI", 4, { 0xf3, 0x0f, 0xc7, 0xf0 }, UD, UD },
	{ "STUI", 4, { 0xf3, 0x0f, 0x01, 0xef }, UD, UD },
	{ "VMRUN", 3, { 0x0f, 0x01, 0xd8 }, UD, UD },
	{ "VMMCALL", 3, { 0x0f, 0x01, 0xd9 }, UD, UD },
	{ "STGI", 3, { 0x0f, 0x01, 0xdc }, UD, UD },
	{ "INVLPGA", 3, { 0x0f, 0x01, 0xdf }, UD, UD },
	{ "HRESET", 6, { 0xf3, 0x0f, 0x3a, 0xf0, 0xc0, 0x01 }, ANY, ANY },
	{ "LOADIWKEY", 5, { 0xf3, 0x0f, 0x38, 0xdc, 0xc1 }, UD, UD },
	{ "INVPCID", 5, { 0x66, 0x0f, 0x38, 0x82, 0x03 }, ANY, ANY },
	{ "RDPMC", 2, { 0x0f, 0x33 }, GP, GP },
	{ "RDTSCP", 3, { 0x0f, 0x01, 0xf9 }, ANY, ANY },
	{ "RDPID", 4, { 0xf3, 0x0f, 0xc7, 0xf8 }, ANY, ANY },
	{ "XBEGIN", 6, { 0xc7, 0xf8, 0, 0, 0, 0 }, ANY, ANY },
	{ "XEND", 3, { 0x0f, 0x01, 0xd5 }, ANY, ANY },
	{ "XABORT", 3, { 0xc6, 0xf8, 0x01 }, ANY, ANY },
	{ "XTEST", 3, { 0x0f, 0x01, 0xd6 }, ANY, ANY },
	{ "XSETBV", 3, { 0x0f, 0x01, 0xd1 }, ANY, ANY },
	{ "UD0", 3, { 0x0f, 0xff, 0xc0 }, UD, UD },
	{ "UD1", 3, { 0x0f, 0xb9, 0xc0 }, UD, UD },
	{ "UD2", 2, { 0x0f, 0x0b }, UD, UD },
	{ "INT1", 1, { 0xf1 }, DB, DB },
	{ "LOCK NOP", 2, { 0xf0, 0x90 }, UD, UD },
	{ "LOCK MOV", 3, { 0xf0, 0x8b, 0x03 }, UD, UD },
	{ "LOCK ADD to a register", 3, { 0xf0, 0x01, 0xc0 }, UD, UD },
	{ "LOCK WRMSR", 3, { 0xf0, 0x0f, 0x30 }, UD, UD },
	{ "LOCK VMCALL", 4, { 0xf0, 0x0f, 0x01, 0xc1 }, UD, UD },
	{ "LOCK CPUID", 3, { 0xf0, 0x0f, 0xa2 }, UD, UD },
	{ "LOCK OUT", 2, { 0xf0, 0xee }, UD, UD },
	{ "HLT", 1, { 0xf4 }, DONE, GP },
	{ "CLI", 1, { 0xfa }, DONE, GP },
	{ "CLTS", 2, { 0x0f, 0x06 }, DONE, GP },
	{ "INVD", 2, { 0x0f, 0x08 }, DONE, GP },
	{ "WBINVD", 2, { 0x0f, 0x09 }, DONE, GP },
	{ "WBNOINVD", 3, { 0xf3, 0x0f, 0x09 }, DONE, GP },
	{ "INVLPG", 3, { 0x0f, 0x01, 0x3b }, DONE, GP },
	{ "SWAPGS", 3, { 0x0f, 0x01, 0xf8 }, DONE, GP },
	{ "RDMSR", 2, { 0x0f, 0x32 }, GP, GP },
	{ "WRMSR", 2, { 0x0f, 0x30 }, GP, GP },
	{ "MOV from CR0", 3, { 0x0f, 0x20, 0xc0 }, DONE, GP },
	{ "MOV to CR0", 3, { 0x0f, 0x22, 0xc0 }, GP, GP },
	{ "MOV to CR1", 3, { 0x0f, 0x22, 0xc8 }, UD, UD },
	{ "MOV to CR9", 4, { 0x44, 0x0f, 0x22, 0xc8 }, UD, UD },
	{ "MOV to CR15", 4, { 0x44, 0x0f, 0x22, 0xf8 }, UD, UD },
	{ "MOV to CR8", 4, { 0x44, 0x0f, 0x22, 0xc0 }, DONE, GP },
	{ "MOV from DR7", 3, { 0x0f, 0x21, 0xf8 }, DONE, GP },
	/* #UD, says the SDM ("MOV to/from Debug Registers"); Bochs exits as for DR1. */
	{ "MOV to DR9", 4, { 0x44, 0x0f, 0x23, 0xc8 }, ANY, ANY },
	{ "LMSW", 3, { 0x0f, 0x01, 0xf0 }, DONE, GP },
	{ "LGDT", 3, { 0x0f, 0x01, 0x13 }, DONE, GP },
	{ "LIDT", 3, { 0x0f, 0x01, 0x1b }, DONE, GP },
	{ "LLDT", 3, { 0x0f, 0x00, 0xd0 }, DONE, GP },
	{ "LTR", 3, { 0x0f, 0x00, 0xd8 }, GP, GP },
	{ "IN", 1, { 0xec }, PORT, GP },
	{ "OUT", 1, { 0xef }, PORT, GP },
	{ "INS", 1, { 0x6d }, PORT, GP },
	{ "REP OUTS", 2, { 0xf3, 0x6f }, PORT, GP },
	{ "SYSRET", 2, { 0x0f, 0x07 }, UD, UD },
	{ "SYSCALL", 2, { 0x0f, 0x05 }, UD, UD },
	{ "SYSEXIT", 2, { 0x0f, 0x35 }, GP, GP },
	{ "SYSENTER", 2, { 0x0f, 0x34 }, GP, GP },
	{ "far JMP", 2, { 0xff, 0x2b }, GP, GP },
	{ "far CALL", 2, { 0xff, 0x1b }, GP, GP },
	{ "IRET", 2, { 0x48, 0xcf }, ANY, ANY },
	/* NOP with prefixes. */
	{ "15 bytes", 15, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			    0x66, 0x66, 0x90 }, DONE, DONE },
	{ "15 bytes and one more", 16, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
					 0x66, 0x66, 0x66, 0x66, 0x66, 0x90 }, GP, GP },
};

FIXTURE(hostile_insns)
{
	struct hostile h;
	struct host_state before;
};

FIXTURE_SETUP(hostile_insns)
{
	HOSTILE_SETUP(&self->h, 0, SEED);
	ASSERT_EQ(0, host_state_take(&self->before));
	self->h.guest.enter = host_watched_run;
}

FIXTURE_TEARDOWN(hostile_insns)
{
	hostile_free(&self->h);
	host_state_free(&self->before);
}

/* The instruction, and the end. */
static int start(struct hostile *h, enum hostile_mode mode, const struct insn *insn)
{
	static const __u8 tail[] = { 0xb8, 0x0d, 0x60, 0x0d, 0x60, 0x0f, 0x01, 0xc1 };
	__u8 code[32];

	memcpy(code, insn->bytes, insn->len);
	memcpy(code + insn->len, tail, sizeof(tail));
	return hostile_start(h, mode, code, insn->len + sizeof(tail));
}

/* An end that some CPU, or some stack, leads to. */
static bool may_end(int ret)
{
	return ret == KEEL_EXIT_HYPERCALL || ret == GUEST_TRAP || ret == KEEL_EXIT_IO ||
		ret == KEEL_EXIT_MMIO || ret == KEEL_EXIT_SHUTDOWN;
}

static bool is_right(struct guest *g, int ret, unsigned int want)
{
	switch (want) {
	case ANY:
		return may_end(ret);
	case DONE:
		return ret == KEEL_EXIT_HYPERCALL && RAX(g) == HOSTILE_MARK;
	case PORT:
		return ret == KEEL_EXIT_IO;
	case DB:	/* done when it traps */
		return ret == GUEST_TRAP && g->trap.vector == want;
	}
	return ret == GUEST_TRAP && g->trap.vector == want && g->trap.rip == GUEST_CODE_AT;
}

static void expect(struct __test_metadata *_metadata, struct guest *g, const struct insn *insn,
		   unsigned int ring, unsigned int want)
{
	int ret;

	RBX(g) = GUEST_DATA_AT;
	RCX(g) = 0x7000;
	/* The timer of hostile guests may come first. */
	do {
		ret = guest_run(g);
	} while (ret == KEEL_EXIT_HLT || ret == -EINTR);
	EXPECT_TRUE(is_right(g, ret, want)) {
		TH_LOG("%s, ring %u: %d: %s", insn->name, ring, ret, guest_describe(g));
	}
}

TEST_F(hostile_insns, each_does_what_the_cpu_says)
{
	struct hostile *h = &self->h;

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		ASSERT_EQ(0, start(h, HOSTILE_LONG, &insns[i]));
		expect(_metadata, &h->guest, &insns[i], 0, insns[i].ring0);
		ASSERT_EQ(0, start(h, HOSTILE_USER, &insns[i]));
		expect(_metadata, &h->guest, &insns[i], 3, insns[i].ring3);
	}
	HOST_UNCHANGED(&self->before);
}

/* In every mode, with registers and operands that lead anywhere. */
TEST_F(hostile_insns, with_any_operands)
{
	struct hostile *h = &self->h;
	enum hostile_mode mode;
	enum hostile_end end;

	for (unsigned int i = 0; i < TRIES * ARRAY_SIZE(insns); i++) {
		mode = hostile_pick(h, HOSTILE_MODES);
		if (hostile_lacks(h, mode))
			continue;
		ASSERT_EQ(0, start(h, mode, &insns[i % ARRAY_SIZE(insns)]));
		for (int r = 0; r < 16; r++)
			if (r != KEEL_RSP)
				h->guest.run->regs.gpr[r] = hostile_value(h);
		HOSTILE_RUN(h, 10, end);
	}
	HOST_UNCHANGED(&self->before);
}

TEST_HARNESS_MAIN
