// SPDX-License-Identifier: GPL-2.0
/*
 * Random instruction streams: whole instructions of the kinds that a hypervisor has
 * to do with, their operands random, with ordinary ones and mere bytes in between.
 * The same bytes serve in 16-, 32- and 64-bit mode, where they mean different things.
 */
#include <string.h>

#include "hostile.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define INSN_MAX	24

/* Up to 4 bytes as they are, and how many random ones behind them. */
struct kind {
	__u8 len;
	__u8 bytes[4];
	__u8 random;
};

static const struct kind privileged[] = {
	{ 2, { 0x0f, 0x20 }, 1 },		/* MOV from CR */
	{ 2, { 0x0f, 0x22 }, 1 },		/* MOV to CR */
	{ 2, { 0x0f, 0x21 }, 1 },		/* MOV from DR */
	{ 2, { 0x0f, 0x23 }, 1 },		/* MOV to DR */
	{ 2, { 0x0f, 0x00 }, 5 },		/* SLDT STR LLDT LTR VERR VERW */
	{ 2, { 0x0f, 0x01 }, 5 },		/* SGDT ... INVLPG, VMCALL and so on */
	{ 3, { 0x0f, 0x01, 0xd1 } },		/* XSETBV */
	{ 3, { 0x0f, 0x01, 0xf8 } },		/* SWAPGS */
	{ 3, { 0x0f, 0x01, 0xca } },		/* CLAC */
	{ 3, { 0x0f, 0x01, 0xc8 } },		/* MONITOR */
	{ 3, { 0x0f, 0x01, 0xc9 } },		/* MWAIT */
	{ 3, { 0x0f, 0x01, 0xd4 } },		/* VMFUNC */
	{ 3, { 0x0f, 0x01, 0xc2 } },		/* VMLAUNCH */
	{ 2, { 0x0f, 0x78 }, 1 },		/* VMREAD */
	{ 2, { 0x0f, 0x79 }, 1 },		/* VMWRITE */
	{ 2, { 0x0f, 0xc7 }, 5 },		/* VMPTRLD, XSAVES, CMPXCHG8B, RDRAND */
	{ 4, { 0x66, 0x0f, 0x38, 0x80 }, 1 },	/* INVEPT */
	{ 4, { 0x66, 0x0f, 0x38, 0x81 }, 1 },	/* INVVPID */
	{ 4, { 0x66, 0x0f, 0x38, 0x82 }, 1 },	/* INVPCID */
	{ 2, { 0x0f, 0x30 } },			/* WRMSR */
	{ 2, { 0x0f, 0x32 } },			/* RDMSR */
	{ 2, { 0x0f, 0x33 } },			/* RDPMC */
	{ 2, { 0x0f, 0x31 } },			/* RDTSC */
	{ 2, { 0x0f, 0x05 } },			/* SYSCALL */
	{ 2, { 0x0f, 0x07 } },			/* SYSRET */
	{ 2, { 0x0f, 0x34 } },			/* SYSENTER */
	{ 2, { 0x0f, 0x35 } },			/* SYSEXIT */
	{ 2, { 0x0f, 0x06 } },			/* CLTS */
	{ 2, { 0x0f, 0x08 } },			/* INVD */
	{ 2, { 0x0f, 0x09 } },			/* WBINVD */
	{ 2, { 0x0f, 0xa2 } },			/* CPUID */
	{ 2, { 0x0f, 0xaa } },			/* RSM */
	{ 2, { 0x0f, 0x37 } },			/* GETSEC */
	{ 2, { 0x0f, 0x0b } },			/* UD2 */
	{ 1, { 0xf4 } },			/* HLT */
	{ 1, { 0xfa } },			/* CLI */
	{ 1, { 0xfb } },			/* STI */
	{ 2, { 0xf3, 0x90 } },			/* PAUSE */
};

static const struct kind flow[] = {
	{ 1, { 0xcd }, 1 },			/* INT */
	{ 1, { 0xcc } },			/* INT3 */
	{ 1, { 0xf1 } },			/* INT1 */
	{ 1, { 0xce } },			/* INTO */
	{ 1, { 0xcf } },			/* IRET */
	{ 2, { 0x48, 0xcf } },			/* IRETQ */
	{ 1, { 0x9d } },			/* POPF */
	{ 1, { 0x9c } },			/* PUSHF */
	{ 1, { 0xcb } },			/* RETF */
	{ 1, { 0xc3 } },			/* RET */
	{ 1, { 0xea }, 6 },			/* JMP far */
	{ 1, { 0x9a }, 6 },			/* CALL far */
	{ 1, { 0xff }, 5 },			/* CALL, JMP, PUSH by memory */
	{ 1, { 0x8e }, 1 },			/* MOV to a segment register */
	{ 1, { 0x07 } }, { 1, { 0x17 } }, { 1, { 0x1f } },	/* POP of one */
	{ 2, { 0x0f, 0xa1 } }, { 2, { 0x0f, 0xa9 } },
	{ 2, { 0x0f, 0xb2 }, 5 },		/* LSS */
	{ 2, { 0x0f, 0x02 }, 5 },		/* LAR */
	{ 2, { 0x0f, 0x03 }, 5 },		/* LSL */
	{ 1, { 0xeb }, 1 },			/* JMP */
	{ 1, { 0xe2 }, 1 },			/* LOOP */
	{ 1, { 0xc8 }, 3 },			/* ENTER */
	{ 2, { 0xc7, 0xf8 }, 4 },		/* XBEGIN */
	{ 3, { 0x0f, 0x01, 0xd5 } },		/* XEND */
};

static const struct kind accesses[] = {
	{ 1, { 0x8b }, 5 }, { 1, { 0x89 }, 5 }, { 1, { 0x88 }, 5 }, { 1, { 0x8a }, 5 },
	{ 2, { 0xf0, 0x01 }, 5 },		/* LOCK ADD */
	{ 2, { 0xf0, 0x87 }, 5 },		/* LOCK XCHG */
	{ 1, { 0xa4 } }, { 2, { 0xf3, 0xa4 } }, { 2, { 0xf3, 0xa5 } },	/* MOVS */
	{ 2, { 0xf3, 0xab } }, { 2, { 0xf2, 0xae } },	/* STOS, SCAS */
	{ 2, { 0x0f, 0xae }, 5 },		/* FXSAVE, XSAVE, XRSTOR, CLFLUSH */
	{ 2, { 0x0f, 0xab }, 5 },		/* BTS */
	{ 2, { 0x0f, 0x28 }, 5 }, { 2, { 0x0f, 0x29 }, 5 },	/* MOVAPS */
	{ 3, { 0xc5, 0xfc, 0x28 }, 5 },		/* VMOVAPS */
	{ 1, { 0xd9 }, 5 }, { 1, { 0xdd }, 5 },	/* x87 */
	{ 1, { 0xc7 }, 8 },			/* MOV immediate */
	{ 1, { 0x50 } }, { 1, { 0x58 } }, { 1, { 0x5c } },	/* PUSH, POP, POP RSP */
};

static const struct kind ports[] = {
	{ 1, { 0xe4 }, 1 }, { 1, { 0xe5 }, 1 }, { 1, { 0xe6 }, 1 }, { 1, { 0xe7 }, 1 },
	{ 1, { 0xec } }, { 1, { 0xed } }, { 1, { 0xee } }, { 1, { 0xef } },
	{ 2, { 0x66, 0xed } }, { 1, { 0x6c } }, { 1, { 0x6d } }, { 1, { 0x6e } },
	{ 1, { 0x6f } }, { 2, { 0xf3, 0x6c } }, { 2, { 0xf3, 0x6d } }, { 2, { 0xf3, 0x6e } },
	{ 2, { 0xf3, 0x6f } }, { 3, { 0x67, 0xf3, 0x6c } }, { 3, { 0x64, 0xf3, 0x6f } },
};

static const __u8 prefixes[] = {
	0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x40, 0x44, 0x48, 0x4f,
};

static const __u32 msrs[] = {
	0x10, 0x1b, 0x3a, 0x3b, 0x48, 0x49, 0x79, 0x8b, 0xfe, 0x10a, 0x174, 0x175, 0x176, 0x179,
	0x1a0, 0x1d9, 0x200, 0x201, 0x250, 0x277, 0x2ff, 0x345, 0x38f, 0x480, 0x485, 0x560, 0x6a0,
	0x6e0, 0x802, 0x808, 0x80b, 0x80d, 0x830, 0x83f, 0xda0, 0xc0000080, 0xc0000081, 0xc0000082,
	0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0x4b564d00,
	0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04, 0x11, 0x12, 0x40000000,
};

/* Where something is, or is not. */
static const __u64 places[] = {
	0, GUEST_GDT_AT, GUEST_IDT_AT, GUEST_TSS_AT, GUEST_STUBS_AT, GUEST_PML4_AT,
	GUEST_PML4_AT + 0x3000, GUEST_PD_AT, GUEST_PDPT_AT, GUEST_CODE_AT, GUEST_CODE_AT + 0xff8,
	GUEST_DATA_AT, GUEST_STACK_AT - 8, GUEST_BYTES - 4, GUEST_BYTES, 0xfee00000, 0xfee00300,
	0xb8000, 0xffffffff, 0xfffffff0, 0x7fffffffffff, 0x800000000000, 0xffff800000000000, ~0ULL,
};

__u64 hostile_value(struct hostile *h)
{
	switch (hostile_pick(h, 8)) {
	case 0:
		return 1ULL << hostile_pick(h, 64);
	case 1:
		return ~(1ULL << hostile_pick(h, 64));
	case 2:
		return ~0ULL << hostile_pick(h, 64);
	case 3:
		return hostile_pick(h, 0x100);
	case 4:
		return hostile_random(h);
	default:
		return places[hostile_pick(h, ARRAY_SIZE(places))];
	}
}

static size_t one_of(struct hostile *h, __u8 *at, const struct kind *kinds, unsigned int nr)
{
	const struct kind *kind = &kinds[hostile_pick(h, nr)];

	memcpy(at, kind->bytes, kind->len);
	for (unsigned int i = 0; i < kind->random; i++)
		at[kind->len + i] = hostile_random(h);
	return kind->len + kind->random;
}

static size_t put32(__u8 *at, __u8 opcode, __u32 value)
{
	*at = opcode;
	memcpy(at + 1, &value, 4);
	return 5;
}

/* ECX, EDX and EAX for what takes them, and then it. */
static size_t with_operands(struct hostile *h, __u8 *at)
{
	size_t len = put32(at, 0xb9, msrs[hostile_pick(h, ARRAY_SIZE(msrs))]);

	len += put32(at + len, 0xb8, hostile_value(h));
	len += put32(at + len, 0xba, hostile_pick(h, 2) ? 0 : hostile_value(h));
	at[len++] = 0x0f;
	at[len++] = hostile_pick(h, 4) ? 0x30 : 0x32;
	return len;
}

static size_t instruction(struct hostile *h, __u8 *at)
{
	size_t len = 0;

	while (!hostile_pick(h, 5) && len < 3)
		at[len++] = prefixes[hostile_pick(h, ARRAY_SIZE(prefixes))];
	switch (hostile_pick(h, 12)) {
	case 0 ... 3:
		return len + one_of(h, at + len, privileged, ARRAY_SIZE(privileged));
	case 4 ... 5:
		return len + one_of(h, at + len, flow, ARRAY_SIZE(flow));
	case 6 ... 7:
		return len + one_of(h, at + len, accesses, ARRAY_SIZE(accesses));
	case 8:
		return len + one_of(h, at + len, ports, ARRAY_SIZE(ports));
	case 9:
		return with_operands(h, at);
	case 10:	/* MOV of an immediate to a register */
		return put32(at, 0xb8 + hostile_pick(h, 8), hostile_value(h));
	default:
		at[len] = hostile_random(h);
		return len + 1;
	}
}

void hostile_stream(struct hostile *h, __u8 *code, size_t bytes)
{
	__u8 insn[INSN_MAX];
	size_t at = 0, len;

	while (at < bytes) {
		len = instruction(h, insn);
		if (len > bytes - at)
			len = bytes - at;
		memcpy(code + at, insn, len);
		at += len;
	}
}
