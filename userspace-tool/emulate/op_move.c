// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that move data between memory and general-purpose registers.
 */
#include "emulate/insn.h"

#define SEG_BIG		BIT(14)

/* Loading a segment register needs descriptors; not offered. */
static bool to_segment(const struct insn *in, unsigned int i)
{
	return in->operand[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       seg_index(in->operand[i].reg.value) >= 0;
}

enum emulate_result run_mov(struct insn *in)
{
	enum emulate_result ret;
	__u64 value;

	if (to_segment(in, 0))
		return EMULATE_UNSUPPORTED;
	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_open(in, 1, 0);
	if (!ret)
		ret = op_get(in, 1, &value);
	if (!ret)
		ret = op_set(in, 0, value);
	return ret;
}

/* MOVZX, MOVSX, MOVSXD */
enum emulate_result run_extend(struct insn *in)
{
	enum emulate_result ret;
	__u64 value;

	ret = op_open(in, 1, 0);
	if (!ret)
		ret = op_get(in, 1, &value);
	if (ret)
		return ret;
	if (in->op->flags & INSN_SIGN)
		value = sign_extend(value, op_bits(in, 1));
	return op_set(in, 0, value);
}

enum emulate_result run_movbe(struct insn *in)
{
	enum emulate_result ret;
	__u64 value;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_open(in, 1, 0);
	if (!ret)
		ret = op_get(in, 1, &value);
	if (ret)
		return ret;
	value = __builtin_bswap64(value) >> (64 - op_bits(in, 0));
	return op_set(in, 0, value);
}

static unsigned int stack_width(const struct insn *in)
{
	if (in->long64)
		return 64;
	return in->cpu->segments.seg[KEEL_SS].attributes & SEG_BIG ? 32 : 16;
}

enum emulate_result run_push(struct insn *in)
{
	unsigned int bytes = in->zi.operand_width / 8;
	unsigned int width = stack_width(in);
	enum emulate_result ret;
	struct mem stack;
	__u64 value;
	__u64 sp;

	/* CPUs differ in how much of the slot a selector fills. */
	if (to_segment(in, 0))
		return EMULATE_UNSUPPORTED;
	sp = (in->regs.gpr[KEEL_RSP] - bytes) & width_mask(width);
	ret = op_open(in, 0, 0);
	if (!ret)
		ret = mem_open(in, &stack, KEEL_SS, sp, bytes,
			       KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_get(in, 0, &value);
	if (!ret)
		ret = mem_write(in, &stack, &value);
	if (!ret)
		reg_set(&in->regs, KEEL_RSP, width, sp);
	return ret;
}

/* An address that uses RSP sees it after the increment (SDM, POP). */
enum emulate_result run_pop(struct insn *in)
{
	unsigned int bytes = in->zi.operand_width / 8;
	unsigned int width = stack_width(in);
	enum emulate_result ret;
	struct mem stack;
	__u64 value = 0;
	__u64 sp;

	if (to_segment(in, 0))
		return EMULATE_UNSUPPORTED;
	sp = reg_get(&in->regs, KEEL_RSP, width);
	ret = mem_open(in, &stack, KEEL_SS, sp, bytes, 0);
	if (ret)
		return ret;
	reg_set(&in->regs, KEEL_RSP, width, sp + bytes);
	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = mem_read(in, &stack, &value);
	if (!ret)
		ret = op_set(in, 0, value);
	return ret;
}

enum emulate_result run_setcc(struct insn *in)
{
	enum emulate_result ret;

	ret = op_open(in, 0, KEEL_ACCESS_WRITE);
	if (!ret)
		ret = op_set(in, 0, alu_condition(in->zi.opcode,
						  in->regs.rflags));
	return ret;
}

/* Memory is read, and a 32-bit destination extended, on either condition. */
enum emulate_result run_cmovcc(struct insn *in)
{
	enum emulate_result ret;
	__u64 value, old;

	ret = op_open(in, 1, 0);
	if (!ret)
		ret = op_get(in, 0, &old);
	if (!ret)
		ret = op_get(in, 1, &value);
	if (ret)
		return ret;
	if (!alu_condition(in->zi.opcode, in->regs.rflags))
		value = old;
	return op_set(in, 0, value);
}

/* CLFLUSH and its like: an address that must be readable, and nothing else. */
enum emulate_result run_touch(struct insn *in)
{
	in->operand[0].size = 8;
	return op_open(in, 0, 0);
}
