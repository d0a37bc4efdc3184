// SPDX-License-Identifier: GPL-2.0
/*
 * Operands: registers, immediates, and memory up to 8 bytes.
 */
#include "emulate/insn.h"

_Static_assert(ZYDIS_REGISTER_BL == ZYDIS_REGISTER_AL + 3 &&
	       ZYDIS_REGISTER_BH == ZYDIS_REGISTER_AH + 3 &&
	       ZYDIS_REGISTER_R15B == ZYDIS_REGISTER_SPL + 11 &&
	       ZYDIS_REGISTER_R15W == ZYDIS_REGISTER_AX + 15 &&
	       ZYDIS_REGISTER_R15D == ZYDIS_REGISTER_EAX + 15 &&
	       ZYDIS_REGISTER_R15 == ZYDIS_REGISTER_RAX + 15 &&
	       ZYDIS_REGISTER_GS == ZYDIS_REGISTER_ES + 5,
	       "registers are in the order of instruction encoding");

/**
 * struct gpr - a general-purpose register, or part of one
 * @index: in &keel_regs.gpr
 * @bits: how wide the part is
 * @shift: 8 for AH, CH, DH and BH
 */
struct gpr {
	unsigned int index;
	unsigned int bits;
	unsigned int shift;
};

static bool find_gpr(ZydisRegister reg, struct gpr *gpr)
{
	gpr->shift = 0;
	if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL) {
		gpr->index = reg - ZYDIS_REGISTER_AL;
		gpr->bits = 8;
	} else if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) {
		gpr->index = reg - ZYDIS_REGISTER_AH;
		gpr->bits = 8;
		gpr->shift = 8;
	} else if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B) {
		gpr->index = reg - ZYDIS_REGISTER_SPL + KEEL_RSP;
		gpr->bits = 8;
	} else if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W) {
		gpr->index = reg - ZYDIS_REGISTER_AX;
		gpr->bits = 16;
	} else if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D) {
		gpr->index = reg - ZYDIS_REGISTER_EAX;
		gpr->bits = 32;
	} else if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15) {
		gpr->index = reg - ZYDIS_REGISTER_RAX;
		gpr->bits = 64;
	} else {
		return false;
	}
	return true;
}

/* The low @bits of a register. */
__u64 reg_get(const struct keel_regs *regs, unsigned int index,
	      unsigned int bits)
{
	return regs->gpr[index] & width_mask(bits);
}

/* Writing 32 bits clears the upper half, writing fewer leaves the rest. */
void reg_set(struct keel_regs *regs, unsigned int index, unsigned int bits,
	     __u64 value)
{
	__u64 mask = width_mask(bits);

	if (bits == 32)
		regs->gpr[index] = value & mask;
	else
		regs->gpr[index] = (regs->gpr[index] & ~mask) | (value & mask);
}

/* Index in &keel_segments.seg, or -1. */
int seg_index(ZydisRegister reg)
{
	if (reg < ZYDIS_REGISTER_ES || reg > ZYDIS_REGISTER_GS)
		return -1;
	return reg - ZYDIS_REGISTER_ES;
}

bool op_is_mem(const struct insn *in, unsigned int i)
{
	return i < in->zi.operand_count &&
	       in->operand[i].type == ZYDIS_OPERAND_TYPE_MEMORY;
}

unsigned int op_bits(const struct insn *in, unsigned int i)
{
	return in->operand[i].size;
}

/*
 * ModRM and SIB can say "a displacement and no base".  Zydis 4.0 sees R13D and
 * no displacement there where an instruction with 32-bit addresses has REX.B,
 * which does not count (SDM, "Special Encodings of REX Prefixes").
 */
static bool replaces_base(const struct insn *in, unsigned int i)
{
	return in->operand[i].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
	       in->zi.attributes & ZYDIS_ATTRIB_HAS_SIB &&
	       in->zi.raw.modrm.mod == 0 && in->zi.raw.sib.base == 5;
}

static bool effective_address(struct insn *in, unsigned int i, __s64 delta,
			      __u64 *offset)
{
	const ZydisDecodedOperandMem *mem = &in->operand[i].mem;
	struct gpr gpr;
	__u64 ea;

	if (mem->type != ZYDIS_MEMOP_TYPE_MEM)
		return false;
	if (replaces_base(in, i))
		ea = in->zi.raw.disp.value;
	else if (mem->base == ZYDIS_REGISTER_NONE)
		ea = 0;
	else if (mem->base == ZYDIS_REGISTER_RIP || mem->base == ZYDIS_REGISTER_EIP)
		ea = in->next_rip;
	else if (find_gpr(mem->base, &gpr))
		ea = reg_get(&in->regs, gpr.index, gpr.bits);
	else
		return false;
	if (find_gpr(mem->index, &gpr))
		ea += reg_get(&in->regs, gpr.index, gpr.bits) * mem->scale;
	else if (mem->index != ZYDIS_REGISTER_NONE)
		return false;
	if (mem->disp.has_displacement && !replaces_base(in, i))
		ea += mem->disp.value;
	*offset = (ea + delta) & width_mask(in->zi.address_width);
	return true;
}

/* Make the checks of a memory operand that lies @delta bytes off. */
enum emulate_result op_open_at(struct insn *in, unsigned int i,
			       unsigned int access, __s64 delta)
{
	__u64 offset;
	int seg;

	if (i >= in->zi.operand_count)
		return EMULATE_UNSUPPORTED;
	if (!op_is_mem(in, i))
		return EMULATE_DONE;
	seg = seg_index(in->operand[i].mem.segment);
	if (seg < 0 || !effective_address(in, i, delta, &offset))
		return EMULATE_UNSUPPORTED;
	return mem_open(in, &in->mem[i], seg, offset, op_bits(in, i) / 8,
			access);
}

/* Make the checks of an operand if it is in memory. */
enum emulate_result op_open(struct insn *in, unsigned int i,
			    unsigned int access)
{
	return op_open_at(in, i, access, 0);
}

/* Value of an operand, opened before; masked to its width. */
enum emulate_result op_get(struct insn *in, unsigned int i, __u64 *value)
{
	const ZydisDecodedOperand *op = &in->operand[i];
	struct gpr gpr;

	*value = 0;
	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_MEMORY:
		if (op_bits(in, i) > 64)
			return EMULATE_UNSUPPORTED;
		return mem_read(in, &in->mem[i], value);
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		/* Signed ones are extended as far as the type goes. */
		*value = op->imm.value.u;
		return EMULATE_DONE;
	case ZYDIS_OPERAND_TYPE_REGISTER:
		if (seg_index(op->reg.value) >= 0) {
			*value = in->cpu->segments.seg[seg_index(op->reg.value)].selector;
			return EMULATE_DONE;
		}
		if (!find_gpr(op->reg.value, &gpr))
			return EMULATE_UNSUPPORTED;
		*value = in->regs.gpr[gpr.index] >> gpr.shift & width_mask(gpr.bits);
		return EMULATE_DONE;
	default:
		return EMULATE_UNSUPPORTED;
	}
}

/* Write an operand, opened before for KEEL_ACCESS_WRITE. */
enum emulate_result op_set(struct insn *in, unsigned int i, __u64 value)
{
	const ZydisDecodedOperand *op = &in->operand[i];
	struct gpr gpr;

	if (op->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		if (op_bits(in, i) > 64)
			return EMULATE_UNSUPPORTED;
		return mem_write(in, &in->mem[i], &value);
	}
	if (op->type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    !find_gpr(op->reg.value, &gpr))
		return EMULATE_UNSUPPORTED;
	if (gpr.shift) {
		in->regs.gpr[gpr.index] &= ~0xff00ULL;
		in->regs.gpr[gpr.index] |= (value & 0xff) << 8;
	} else {
		reg_set(&in->regs, gpr.index, gpr.bits, value);
	}
	return EMULATE_DONE;
}
