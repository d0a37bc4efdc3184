/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the emulator's files share: an instruction on its way.
 *
 * Reading order: emulate.c (decode, dispatch, commit), memory.c, operand.c,
 * then the instructions by kind: op_*.c; alu.c has their arithmetic.
 */
#ifndef KEEL_EMULATE_INSN_H
#define KEEL_EMULATE_INSN_H

#include <stdbool.h>
#include <Zydis/Zydis.h>

#include "emulate/emulate.h"

#define BIT(n)		(1ULL << (n))

#define FLAG_CF		BIT(0)
#define FLAG_PF		BIT(2)
#define FLAG_AF		BIT(4)
#define FLAG_ZF		BIT(6)
#define FLAG_SF		BIT(7)
#define FLAG_TF		BIT(8)
#define FLAG_DF		BIT(10)
#define FLAG_OF		BIT(11)
#define FLAG_RF		BIT(16)
#define FLAG_VM		BIT(17)
#define FLAG_AC		BIT(18)
#define FLAGS_ARITH	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | \
			 FLAG_OF)

#define CR0_PE		BIT(0)
#define CR0_EM		BIT(2)
#define CR0_TS		BIT(3)
#define CR0_AM		BIT(18)
#define CR4_OSFXSR	BIT(9)
#define CR4_LA57	BIT(12)
#define CR4_OSXSAVE	BIT(18)
#define EFER_LMA	BIT(10)

#define VECTOR_UD	6
#define VECTOR_NM	7
#define VECTOR_SS	12
#define VECTOR_GP	13
#define VECTOR_AC	17

struct insn;

/* Arithmetic on operands of @bits bits; *@flags goes in and out. */
typedef __u64 (*alu_fn)(__u64 a, __u64 b, unsigned int bits, __u64 *flags);

/**
 * struct insn_op - how a mnemonic is performed
 * @run: the handler; works on &insn.regs and never on the caller's
 * @alu: its arithmetic, where the handler serves several mnemonics
 * @flags: INSN_*, what else tells them apart
 */
struct insn_op {
	enum emulate_result (*run)(struct insn *in);
	alu_fn alu;
	unsigned int flags;
};

/* &insn_op.flags */
#define INSN_NO_WRITE	BIT(0)	/* CMP, TEST, BT: flags only */
#define INSN_SIGN	BIT(1)	/* MOVSX, MOVSXD */
#define INSN_ALIGNED	BIT(2)	/* vector move that wants alignment */
#define INSN_HIGH	BIT(3)	/* MOVHPS, MOVHPD */
#define INSN_LOW	BIT(4)	/* MOVLPS, MOVLPD */
#define INSN_MOVS	BIT(5)	/* the string instructions */
#define INSN_STOS	BIT(6)
#define INSN_LODS	BIT(7)
#define INSN_CMPS	BIT(8)
#define INSN_SCAS	BIT(9)
#define INSN_LEFT	BIT(10)	/* SHLD */

/**
 * struct mem - an access that has passed its checks
 * @gva: where its parts begin
 * @bytes: how long they are; the second is 0 unless the access crosses a page
 * @access: KEEL_ACCESS_*
 */
struct mem {
	__u64 gva[2];
	unsigned int bytes[2];
	unsigned int access;
};

/**
 * struct insn - an instruction on its way
 * @cpu: the caller's registers; written at commit only
 * @regs: the registers as the instruction leaves them
 * @ops: the caller's
 * @opaque: the caller's
 * @fault: the caller's
 * @zi: decoded
 * @operand: decoded
 * @op: how it is performed
 * @long64: 64-bit mode
 * @cpl: current privilege level
 * @next_rip: address behind it
 * @mem: where memory operands are, once opened; indexed like @operand
 */
struct insn {
	struct emulate_cpu *cpu;
	struct keel_regs regs;
	const struct emulate_ops *ops;
	void *opaque;
	struct keel_event *fault;
	ZydisDecodedInstruction zi;
	ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
	const struct insn_op *op;
	bool long64;
	unsigned int cpl;
	__u64 next_rip;
	struct mem mem[ZYDIS_MAX_OPERAND_COUNT];
};

static inline __u64 width_mask(unsigned int bits)
{
	return bits >= 64 ? ~0ULL : BIT(bits) - 1;
}

static inline __u64 sign_extend(__u64 value, unsigned int bits)
{
	__u64 sign = BIT(bits - 1);

	return ((value & width_mask(bits)) ^ sign) - sign;
}

/* emulate.c */
void insn_commit(struct insn *in);

/* memory.c */
enum emulate_result insn_fault(struct insn *in, unsigned int vector);
enum emulate_result mem_open(struct insn *in, struct mem *mem,
			     unsigned int seg, __u64 offset,
			     unsigned int bytes, unsigned int access);
enum emulate_result mem_read(struct insn *in, const struct mem *mem,
			     void *data);
enum emulate_result mem_write(struct insn *in, const struct mem *mem,
			      const void *data);

/* operand.c */
__u64 reg_get(const struct keel_regs *regs, unsigned int index,
	      unsigned int bits);
void reg_set(struct keel_regs *regs, unsigned int index, unsigned int bits,
	     __u64 value);
int seg_index(ZydisRegister reg);
bool op_is_mem(const struct insn *in, unsigned int i);
unsigned int op_bits(const struct insn *in, unsigned int i);
enum emulate_result op_open(struct insn *in, unsigned int i,
			    unsigned int access);
enum emulate_result op_open_at(struct insn *in, unsigned int i,
			       unsigned int access, __s64 delta);
enum emulate_result op_get(struct insn *in, unsigned int i, __u64 *value);
enum emulate_result op_set(struct insn *in, unsigned int i, __u64 value);

/* alu.c */
__u64 alu_add(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_adc(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_sub(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_sbb(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_and(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_or(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_xor(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_inc(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_dec(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_neg(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_not(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_shl(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_shr(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_sar(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_rol(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_ror(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_rcl(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_rcr(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_bts(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_btr(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_btc(__u64 a, __u64 b, unsigned int bits, __u64 *flags);
__u64 alu_shift_double(__u64 a, __u64 b, __u64 count, bool left,
		       unsigned int bits, __u64 *flags);
bool alu_condition(unsigned int code, __u64 flags);

/* op_move.c */
enum emulate_result run_mov(struct insn *in);
enum emulate_result run_extend(struct insn *in);
enum emulate_result run_movbe(struct insn *in);
enum emulate_result run_push(struct insn *in);
enum emulate_result run_pop(struct insn *in);
enum emulate_result run_setcc(struct insn *in);
enum emulate_result run_cmovcc(struct insn *in);
enum emulate_result run_touch(struct insn *in);

/* op_alu.c */
enum emulate_result run_binary(struct insn *in);
enum emulate_result run_unary(struct insn *in);
enum emulate_result run_shift_double(struct insn *in);
enum emulate_result run_bit(struct insn *in);
enum emulate_result run_xchg(struct insn *in);
enum emulate_result run_xadd(struct insn *in);
enum emulate_result run_cmpxchg(struct insn *in);
enum emulate_result run_cmpxchg_pair(struct insn *in);

/* op_string.c */
enum emulate_result run_string(struct insn *in);

/* op_vector.c */
enum emulate_result run_vector(struct insn *in);

#endif /* KEEL_EMULATE_INSN_H */
