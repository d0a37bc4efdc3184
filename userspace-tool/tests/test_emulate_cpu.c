// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator against the CPU that runs this test.
 *
 * Each form of each instruction is made with random prefixes, registers,
 * addressing, flags and memory, many times over.  It is performed by the
 * emulator on a copy, then by the CPU on the original, and registers, flags
 * (those that the SDM defines) and memory are compared.  What needs another
 * mode than this process has, or a fault, is in test_emulate.c.
 *
 * Arguments: how often each form runs, and the seed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "emulate/emulate.h"
#include "tests/tap.h"

#define BIT(n)		(1U << (n))

#define ROUNDS		1000
#define DATA_BYTES	8192
#define ARITH		0x8d5ULL	/* CF PF AF ZF SF OF */
#define FLAG_CF		0x1ULL
#define FLAG_AF		0x10ULL
#define FLAG_DF		0x400ULL
#define FLAG_OF		0x800ULL

/* What the trampoline loads and stores; its layout is known there. */
struct native {
	__u64 gpr[16];
	__u64 rflags;
	__u64 host_rsp;
	__u64 entry;
	__u64 avx;
	__u8 vector[16][32];
};

struct native native;
void native_run(void);
extern char native_back[];

asm(".text\n"
	".globl native_run, native_back\n"
	"native_run:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, 136+native(%rip)\n"
	"cmpq $0, 152+native(%rip); jne 1f\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"movups 160+32*\\n+native(%rip), %xmm\\n\n"
	".endr\n"
	"jmp 2f; 1:\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"vmovups 160+32*\\n+native(%rip), %ymm\\n\n"
	".endr\n"
	"2: pushq 128+native(%rip); popfq\n"
	"mov native(%rip), %rax; mov 8+native(%rip), %rcx\n"
	"mov 16+native(%rip), %rdx; mov 24+native(%rip), %rbx\n"
	"mov 32+native(%rip), %rsp; mov 40+native(%rip), %rbp\n"
	"mov 48+native(%rip), %rsi; mov 56+native(%rip), %rdi\n"
	".irp n,8,9,10,11,12,13,14,15\n"
	"mov 8*\\n+native(%rip), %r\\n\n"
	".endr\n"
	"jmp *144+native(%rip)\n"
	"native_back:\n"
	"mov %rax, native(%rip); mov %rcx, 8+native(%rip)\n"
	"mov %rdx, 16+native(%rip); mov %rbx, 24+native(%rip)\n"
	"mov %rsp, 32+native(%rip); mov %rbp, 40+native(%rip)\n"
	"mov %rsi, 48+native(%rip); mov %rdi, 56+native(%rip)\n"
	".irp n,8,9,10,11,12,13,14,15\n"
	"mov %r\\n, 8*\\n+native(%rip)\n"
	".endr\n"
	"mov 136+native(%rip), %rsp; pushfq; popq 128+native(%rip); cld\n"
	"cmpq $0, 152+native(%rip); jne 3f\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"movups %xmm\\n, 160+32*\\n+native(%rip)\n"
	".endr\n"
	"jmp 4f; 3:\n"
	".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"vmovups %ymm\\n, 160+32*\\n+native(%rip)\n"
	".endr\n"
	"vzeroupper\n"
	"4: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");

/* How a form is made. */
#define F_BYTE		BIT(0)	/* 8-bit operands */
#define F_LOCK		BIT(1)	/* may have LOCK */
#define F_NO66		BIT(2)
#define F_NOW		BIT(3)	/* no REX.W */
#define F_W		BIT(4)	/* REX.W */
#define F_ALIGN		BIT(5)
#define F_BIT		BIT(6)	/* register holds a bit number */
#define F_COMPARE	BIT(7)	/* accumulator sometimes equal */
#define F_STRING	BIT(8)
#define F_REPNE		BIT(9)	/* REPNE means something */
#define F_MOFFS		BIT(10)
#define F_STACK		BIT(11)
#define F_VEX		BIT(12)
#define F_VEX_L		BIT(13)	/* 128 or 256 bits */
#define F_VEX_V		BIT(14)	/* has a third operand */
#define F_SHIFT1	BIT(15)
#define F_SHIFT_IMM	BIT(16)
#define F_SHIFT_CL	BIT(17)
#define F_SHIFT		(F_SHIFT1 | F_SHIFT_IMM | F_SHIFT_CL)
#define F_DOUBLE	BIT(18)		/* SHLD, SHRD */

#define ANY_REG		(-1)
#define IMM_8		1
#define IMM_Z		4		/* 16 or 32 bits */

struct form {
	__u8 prefix;		/* mandatory prefix, or the VEX pp */
	__u8 opcode[3];
	__u8 opcode_len;
	int reg;		/* in ModRM, or ANY_REG */
	unsigned int imm;
	unsigned int flags;
	__u64 undefined;
};

/* One case: the instruction and the state before it. */
struct sample {
	__u8 insn[16];
	unsigned int len;
	unsigned int bits;
	__u64 gpr[16];
	__u64 rflags;
	__u64 undefined;
};

static __u8 *code;
static __u8 *data;
static __u8 shadow[DATA_BYTES];
static __u8 shadow_vector[16][32];
static unsigned int compared;

static __u64 random64(void)
{
	static __u64 state = 0x9e3779b97f4a7c15ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL >> 8 | state << 56;
}

static unsigned int below(unsigned int n)
{
	return random64() % n;
}

/* Values near the edges show more than others. */
static __u64 random_value(void)
{
	static const __u64 edge[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, 0x7fffffffffffffff, 1ULL << 63, ~0ULL,
	};

	if (below(3))
		return random64();
	return edge[below(sizeof(edge) / sizeof(edge[0]))];
}

static int shadow_check(void *opaque, __u64 gva, unsigned int bytes,
			unsigned int access, struct keel_event *fault)
{
	__u64 offset = gva - (uintptr_t)data;

	(void)opaque;
	(void)access;
	(void)fault;
	if (!bytes || offset >= DATA_BYTES || bytes > DATA_BYTES - offset ||
	    gva % 4096 + bytes > 4096)
		return -EFAULT;
	return 0;
}

static int shadow_read(void *opaque, __u64 gva, void *to, unsigned int bytes,
		       unsigned int access, struct keel_event *fault)
{
	int ret = shadow_check(opaque, gva, bytes, access, fault);

	if (!ret)
		memcpy(to, shadow + (gva - (uintptr_t)data), bytes);
	return ret;
}

static int shadow_write(void *opaque, __u64 gva, const void *from,
			unsigned int bytes, unsigned int access,
			struct keel_event *fault)
{
	int ret = shadow_check(opaque, gva, bytes, access, fault);

	if (!(access & KEEL_ACCESS_WRITE))
		return -EACCES;
	if (!ret)
		memcpy(shadow + (gva - (uintptr_t)data), from, bytes);
	return ret;
}

static int shadow_get(void *opaque, unsigned int index, void *value)
{
	(void)opaque;
	memset(value, 0, EMULATE_VECTOR_BYTES);
	memcpy(value, shadow_vector[index], 32);
	return 0;
}

static int shadow_set(void *opaque, unsigned int index, const void *value)
{
	(void)opaque;
	memcpy(shadow_vector[index], value, 32);
	return 0;
}

static const struct emulate_ops shadow_ops = {
	.check = shadow_check,
	.read = shadow_read,
	.write = shadow_write,
	.get_vector = shadow_get,
	.set_vector = shadow_set,
};

static void emit(struct sample *s, __u64 value, unsigned int bytes)
{
	memcpy(s->insn + s->len, &value, bytes);
	s->len += bytes;
}

static __u64 random_target(const struct form *form)
{
	__u64 at = (uintptr_t)data + 4096 - 64 + below(128);

	return form->flags & F_ALIGN ? at & ~31ULL : at;
}

/*
 * ModRM, SIB and displacement for @target, and the registers that make it so.
 * Where that does not work out with the registers drawn: false, draw again.
 */
static bool emit_modrm(struct sample *s, const struct form *form,
		       unsigned int rex, bool addr32, unsigned int imm_bytes,
		       __u64 target)
{
	unsigned int reg = form->reg == ANY_REG ? below(8) : (unsigned int)form->reg;
	unsigned int mod = below(3);
	unsigned int rm = below(8);
	unsigned int sib = below(256);
	int base = rm | (rex & 1) << 3;
	int index = -1;
	__u64 disp = 0, sum = 0;
	bool rip = false;

	if (rm == 4) {
		base = (sib & 7) | (rex & 1) << 3;
		index = (sib >> 3 & 7) | (rex & 2) << 2;
		if (index == KEEL_RSP)
			index = -1;
		if ((sib & 7) == 5 && !mod)
			base = -1;
	} else if (rm == 5 && !mod) {
		rip = true;
		base = -1;
	}
	if (index >= 0 && index == base)
		return false;
	/* These registers have another use in the instruction. */
	if (form->flags & F_COMPARE &&
	    (base == KEEL_RAX || base == KEEL_RDX ||
	     index == KEEL_RAX || index == KEEL_RDX))
		return false;
	if (form->flags & F_STACK && addr32 && base == KEEL_RSP)
		return false;
	if (form->flags & F_BIT) {
		int bit_reg = reg | (rex & 4) << 1;

		if (bit_reg == base || bit_reg == index)
			return false;
		s->gpr[bit_reg] = (__s64)below(4000) - 2000;
		if (s->bits < 64)
			s->gpr[bit_reg] ^= random64() << s->bits;
	}

	if (index >= 0) {
		if (base < 0)
			s->gpr[index] = below(256);
		sum = s->gpr[index] << (sib >> 6);
	}
	if (mod == 1)
		disp = (__s8)random64();
	else if (mod == 2)
		disp = (__s32)random64();
	else if (base < 0)
		disp = target - sum;
	if (base >= 0) {
		s->gpr[base] = target - sum - disp;
		if (addr32)
			s->gpr[base] ^= random64() << 32;
	} else if (addr32 && index >= 0) {
		s->gpr[index] ^= random64() << 32;
	}

	emit(s, mod << 6 | reg << 3 | rm, 1);
	if (rm == 4)
		emit(s, sib, 1);
	if (rip)
		disp = target - ((uintptr_t)code + s->len + 4 + imm_bytes);
	if (mod == 1)
		emit(s, disp, 1);
	else if (mod == 2 || base < 0)
		emit(s, disp, 4);
	return true;
}

static bool make(struct sample *s, const struct form *form)
{
	bool vex = form->flags & F_VEX;
	bool opsize = !vex && !(form->flags & F_NO66) && !below(3);
	bool addr32 = !below(6);
	unsigned int rex = below(16);
	unsigned int imm_bytes = form->imm;
	__u64 target = random_target(form);
	unsigned int i;
	bool has_rex;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < 16; i++)
		s->gpr[i] = random_value();
	s->rflags = (random64() & ARITH) | 0x202;
	s->undefined = form->undefined;
	if (form->flags & F_NOW)
		rex &= 7;
	if (form->flags & F_W)
		rex |= 8;
	has_rex = form->flags & F_W || below(2);
	if (!has_rex)
		rex = 0;
	s->bits = rex & 8 ? 64 : opsize ? 16 : 32;
	if (form->flags & F_BYTE)
		s->bits = 8;
	if (imm_bytes == IMM_Z && s->bits == 16)
		imm_bytes = 2;

	/* A base register may be drawn over it, and then points there too. */
	if (form->flags & F_STACK)
		s->gpr[KEEL_RSP] = (uintptr_t)data + 2000 + below(8);

	if (opsize)
		emit(s, 0x66, 1);
	if (addr32)
		emit(s, 0x67, 1);
	if (form->flags & F_LOCK && !below(3))
		emit(s, 0xf0, 1);
	if (form->flags & F_STRING) {
		if (below(4))
			emit(s, form->flags & F_REPNE && below(2) ? 0xf2 : 0xf3,
			     1);
		s->rflags |= below(2) ? FLAG_DF : 0;
	}
	if (vex) {
		bool v = form->flags & F_VEX_V;

		rex &= 7;
		emit(s, 0xc4, 1);
		emit(s, (~rex & 7) << 5 | 1, 1);
		emit(s, (v ? below(16) : 15) << 3 |
		     (form->flags & F_VEX_L && below(2)) << 2 | form->prefix, 1);
	} else {
		if (form->prefix)
			emit(s, form->prefix, 1);
		if (has_rex)
			emit(s, 0x40 | rex, 1);
	}
	for (i = 0; i < form->opcode_len; i++)
		emit(s, form->opcode[i], 1);

	if (form->flags & F_STRING) {
		s->gpr[KEEL_RSI] = (uintptr_t)data + 3000 + below(1500);
		s->gpr[KEEL_RDI] = (uintptr_t)data + 3000 + below(1500);
		s->gpr[KEEL_RCX] = 1 + below(40);
		if (addr32) {
			s->gpr[KEEL_RSI] ^= random64() << 32;
			s->gpr[KEEL_RDI] ^= random64() << 32;
			s->gpr[KEEL_RCX] ^= random64() << 32;
		} else if (!below(8)) {
			s->gpr[KEEL_RCX] = 0;
		}
		if (!below(2))
			memcpy(&s->gpr[KEEL_RAX], data + 3000, 8);
	} else if (form->flags & F_MOFFS) {
		emit(s, target, addr32 ? 4 : 8);
	} else if (!emit_modrm(s, form, rex, addr32, imm_bytes, target)) {
		return false;
	}
	if (form->flags & F_STACK &&
	    s->gpr[KEEL_RSP] - (uintptr_t)data - 1000 > DATA_BYTES - 2000)
		return false;
	if (imm_bytes)
		emit(s, random_value(), imm_bytes);

	if (form->flags & F_COMPARE && below(2)) {
		memcpy(&s->gpr[KEEL_RAX], (void *)(uintptr_t)target, 8);
		if (form->opcode[1] == 0xc7)
			memcpy(&s->gpr[KEEL_RDX], (void *)(uintptr_t)
			       (target + (rex & 8 ? 8 : 4)), 8);
	}
	if (form->flags & F_SHIFT) {
		unsigned int count = 1;

		if (form->flags & F_SHIFT_IMM)
			count = s->insn[s->len - 1];
		if (form->flags & F_SHIFT_CL)
			count = s->gpr[KEEL_RCX];
		count &= s->bits == 64 ? 63 : 31;
		if (!count)
			s->undefined = 0;
		if (count > 1)
			s->undefined |= FLAG_OF;
		if (count >= s->bits && form->reg >= 4)
			s->undefined |= FLAG_CF;
		if (form->flags & F_DOUBLE && count > s->bits)
			return false;
	}
	return true;
}

static void report(const struct sample *s, const struct emulate_cpu *cpu,
		   const char *what)
{
	char text[128];
	unsigned int i;

	emulate_format(cpu, s->insn, s->len, text, sizeof(text));
	printf("# %s: %s:", text, what);
	for (i = 0; i < s->len; i++)
		printf(" %02x", s->insn[i]);
	printf("\n");
	for (i = 0; i < 16; i++)
		if (native.gpr[i] != cpu->regs.gpr[i])
			printf("#  gpr %u: %llx -> cpu %llx, emulated %llx\n",
			       i, s->gpr[i], native.gpr[i], cpu->regs.gpr[i]);
	printf("#  flags %llx -> cpu %llx, emulated %llx, undefined %llx\n",
	       s->rflags, native.rflags, cpu->regs.rflags, s->undefined);
}

static const struct emulate_cpu long_mode = {
	.segments.seg[KEEL_CS].attributes = 0xa0fb,
	.segments.seg[KEEL_SS].attributes = 0xc0f3,
	.control = {
		.cr0 = 0x80050033,
		.cr4 = 0x407e0,
		.efer = 0xd01,
		.xcr0 = 7,
	},
};

static bool compare(const struct sample *s)
{
	static const __u8 jump[] = { 0xff, 0x25, 0, 0, 0, 0 };
	struct emulate_cpu cpu = long_mode;
	__u64 back = (uintptr_t)native_back;
	struct keel_event fault = { 0 };
	enum emulate_result ret;
	__u64 undefined = s->undefined;

	memcpy(cpu.regs.gpr, s->gpr, sizeof(s->gpr));
	cpu.regs.rip = (uintptr_t)code;
	cpu.regs.rflags = s->rflags;
	memcpy(shadow, data, DATA_BYTES);
	memcpy(shadow_vector, native.vector, sizeof(shadow_vector));
	ret = emulate_insn(&cpu, s->insn, s->len, &shadow_ops, NULL, &fault);
	memcpy(native.gpr, s->gpr, sizeof(s->gpr));
	native.rflags = s->rflags;
	if (ret) {
		report(s, &cpu, ret == EMULATE_UNSUPPORTED ? "unsupported" :
		       ret == EMULATE_FAULT ? "fault" : "error");
		return false;
	}

	memcpy(code, s->insn, s->len);
	memcpy(code + s->len, jump, sizeof(jump));
	memcpy(code + s->len + sizeof(jump), &back, sizeof(back));
	native.entry = (uintptr_t)code;
	native_run();
	compared++;

	if (memcmp(native.gpr, cpu.regs.gpr, sizeof(native.gpr)) ||
	    (native.rflags | undefined) != (cpu.regs.rflags | undefined)) {
		report(s, &cpu, "registers");
		return false;
	}
	if (cpu.regs.rip != (uintptr_t)code + s->len) {
		report(s, &cpu, "RIP");
		return false;
	}
	if (memcmp(data, shadow, DATA_BYTES)) {
		report(s, &cpu, "memory");
		return false;
	}
	if (memcmp(native.vector, shadow_vector, sizeof(shadow_vector))) {
		report(s, &cpu, "vectors");
		return false;
	}
	return true;
}

static void scramble(void)
{
	unsigned int fill = below(4);
	__u64 value = random_value();
	unsigned int i;

	for (i = 2984; i < 5000; i += 8) {
		__u64 word = fill ? value : 0x0101010101010101ULL;

		if (fill == 1)
			word = random_value();
		memcpy(data + i, &word, 8);
	}
	if (!fill)
		data[3000 + below(1500)] = 2;
	for (i = 0; i < sizeof(native.vector); i += 8) {
		value = random64();
		memcpy((char *)native.vector + i, &value, 8);
	}
	if (!native.avx)
		for (i = 0; i < 16; i++)
			memset(native.vector[i] + 16, 0, 16);
}

static void try(const char *name, const struct form *form, unsigned int rounds)
{
	struct sample s;
	unsigned int i;
	bool good = true;

	for (i = 0; i < rounds && good; i++) {
		scramble();
		while (!make(&s, form))
			;
		good = compare(&s);
	}
	ok(good, name);
}

#include "tests/emulate_forms.h"

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	__u8 *region;

	while (seed--)
		random64();
	/* Low, so that 32-bit addresses and displacements reach it. */
	region = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (region == MAP_FAILED) {
		tap_skip("the CPU agrees", "no writable code in this process");
		return tap_done();
	}
	code = region;
	data = region + 4 * 4096;
	mprotect(region + 3 * 4096, 4096, PROT_NONE);
	mprotect(region + 6 * 4096, 4096, PROT_NONE);
	native.avx = __builtin_cpu_supports("avx");

	try_all(rounds);
	printf("# %u comparisons\n", compared);
	munmap(region, 8 * 4096);
	return tap_done();
}
