// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that compute on memory.
 *
 * One that writes its operand opens it for writing first: its read is then
 * known to be followed by a write, and each happens once.
 */
#include <string.h>

#include "emulate/insn.h"

static unsigned int dest_access(const struct insn *in)
{
	return in->op->flags & INSN_NO_WRITE ? 0 : KEEL_ACCESS_WRITE;
}

/* Two operands, result in the first: ADD and its like, shifts and rotates. */
enum emulate_result run_binary(struct insn *in)
{
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__u64 a, b;

	ret = op_open(in, 0, dest_access(in));
	if (!ret)
		ret = op_open(in, 1, 0);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (!ret)
		ret = op_get(in, 1, &b);
	if (ret)
		return ret;
	a = in->op->alu(a, b & width_mask(bits), bits, &in->regs.rflags);
	if (!(in->op->flags & INSN_NO_WRITE))
		ret = op_set(in, 0, a);
	return ret;
}

/* INC, DEC, NEG, NOT */
enum emulate_result run_unary(struct insn *in)
{
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__u64 a;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (ret)
		return ret;
	return op_set(in, 0, in->op->alu(a, 0, bits, &in->regs.rflags));
}

enum emulate_result run_shift_double(struct insn *in)
{
	bool left = in->op->flags & INSN_LEFT;
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__u64 a, b, count;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (!ret)
		ret = op_get(in, 1, &b);
	if (!ret)
		ret = op_get(in, 2, &count);
	if (ret)
		return ret;
	a = alu_shift_double(a, b, count, left, bits, &in->regs.rflags);
	return op_set(in, 0, a);
}

/*
 * BT, BTS, BTR, BTC.  A bit number from a register is signed and reaches
 * beyond the operand: the memory accessed is then another one (SDM, "Bit and
 * Byte Instructions").
 */
enum emulate_result run_bit(struct insn *in)
{
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__s64 delta = 0;
	__u64 a, bit;

	if (bits != 16 && bits != 32 && bits != 64)
		return EMULATE_UNSUPPORTED;
	ret = op_get(in, 1, &bit);
	if (ret)
		return ret;
	if (in->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER)
		delta = ((__s64)sign_extend(bit, bits) & -(__s64)bits) / 8;
	ret = op_open_at(in, 0, dest_access(in), delta);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (ret)
		return ret;
	a = in->op->alu(a, bit & (bits - 1), bits, &in->regs.rflags);
	if (!(in->op->flags & INSN_NO_WRITE))
		ret = op_set(in, 0, a);
	return ret;
}

enum emulate_result run_xchg(struct insn *in)
{
	enum emulate_result ret;
	__u64 a, b;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_open(in, 1, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (!ret)
		ret = op_get(in, 1, &b);
	if (!ret)
		ret = op_set(in, 0, b);
	if (!ret)
		ret = op_set(in, 1, a);
	return ret;
}

enum emulate_result run_xadd(struct insn *in)
{
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__u64 a, b;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &a);
	if (!ret)
		ret = op_get(in, 1, &b);
	if (!ret)
		ret = op_set(in, 1, a);
	if (!ret)
		ret = op_set(in, 0, alu_add(a, b, bits, &in->regs.rflags));
	return ret;
}

/* The destination is written whether or not it compared equal (SDM). */
enum emulate_result run_cmpxchg(struct insn *in)
{
	unsigned int bits = op_bits(in, 0);
	enum emulate_result ret;
	__u64 old, new, expected;

	expected = reg_get(&in->regs, KEEL_RAX, bits);
	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &old);
	if (!ret)
		ret = op_get(in, 1, &new);
	if (ret)
		return ret;
	alu_sub(expected, old, bits, &in->regs.rflags);
	if (old != expected) {
		reg_set(&in->regs, KEEL_RAX, bits, old);
		new = old;
	}
	return op_set(in, 0, new);
}

/* CMPXCHG8B and CMPXCHG16B: RDX:RAX against memory, RCX:RBX goes there. */
enum emulate_result run_cmpxchg_pair(struct insn *in)
{
	unsigned int bits = op_bits(in, 0) / 2;
	unsigned int bytes = bits / 8;
	struct keel_regs *regs = &in->regs;
	enum emulate_result ret;
	__u64 low = 0, high = 0;
	__u8 data[16];

	if (bits != 32 && bits != 64)
		return EMULATE_UNSUPPORTED;
	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	/* Found before anything is read, but after the page was looked up. */
	if (!ret && bits == 64 && in->mem[0].gva[0] % 16)
		ret = insn_fault(in, VECTOR_GP);
	if (!ret)
		ret = mem_read(in, &in->mem[0], data);
	if (ret)
		return ret;
	memcpy(&low, data, bytes);
	memcpy(&high, data + bytes, bytes);
	if (low == reg_get(regs, KEEL_RAX, bits) &&
	    high == reg_get(regs, KEEL_RDX, bits)) {
		memcpy(data, &regs->gpr[KEEL_RBX], bytes);
		memcpy(data + bytes, &regs->gpr[KEEL_RCX], bytes);
		regs->rflags |= FLAG_ZF;
	} else {
		reg_set(regs, KEEL_RAX, bits, low);
		reg_set(regs, KEEL_RDX, bits, high);
		regs->rflags &= ~FLAG_ZF;
	}
	return mem_write(in, &in->mem[0], data);
}
