/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel_mov_decode() against a second decoder, Zydis.
 */
#ifndef ZYDIS_MOV_H
#define ZYDIS_MOV_H

#include <Zydis/Zydis.h>

#include "keel_mov.h"

struct decoders {
	ZydisDecoder zydis[9];
};

static void decoders_init(struct decoders *d)
{
	ZydisDecoderInit(&d->zydis[2], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	ZydisDecoderInit(&d->zydis[4], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	ZydisDecoderInit(&d->zydis[8], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

/* The register as Keel has it, from Zydis. */
static void reg_of(ZydisRegister reg, u8 *number, bool *high)
{
	*high = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
	if (*high)
		*number = reg - ZYDIS_REGISTER_AH;
	else if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
		*number = reg - ZYDIS_REGISTER_SPL + 4;
	else
		*number = ZydisRegisterGetId(reg);
}

/* Whether Zydis finds an instruction that keel_mov_decode() is for. */
static bool wanted(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *op)
{
	bool known;

	if (insn->opcode_map == ZYDIS_OPCODE_MAP_0F)
		known = (insn->opcode & 0xf6) == 0xb6;
	else if (insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
		known = (insn->opcode >= 0x88 && insn->opcode <= 0x8b) ||
			(insn->opcode >= 0xa0 && insn->opcode <= 0xa3) ||
			(insn->opcode & 0xfe) == 0xc6;
	else
		known = false;
	if (insn->mnemonic != ZYDIS_MNEMONIC_MOV && insn->mnemonic != ZYDIS_MNEMONIC_MOVZX &&
	    insn->mnemonic != ZYDIS_MNEMONIC_MOVSX)
		known = false;
	if (insn->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		known = false;
	return known && insn->operand_count_visible == 2 &&
		(op[0].type == ZYDIS_OPERAND_TYPE_MEMORY || op[1].type == ZYDIS_OPERAND_TYPE_MEMORY);
}

static bool has_prefix(const u8 *insn, unsigned int len, u8 byte)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		if (insn[i] == byte)
			return true;
	return false;
}

static bool same(const struct keel_mov *mov, const ZydisDecodedInstruction *insn,
		 const ZydisDecodedOperand *op)
{
	bool store = op[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
	const ZydisDecodedOperand *mem = &op[store ? 0 : 1], *other = &op[store ? 1 : 0];
	u8 reg;
	bool movsx = insn->mnemonic == ZYDIS_MNEMONIC_MOVSX;
	bool immediate = other->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
	bool high;

	if (mov->length != insn->length || mov->store != store || mov->bytes * 8 != mem->size)
		return false;
	if (!store && mov->width * 8 != other->size)
		return false;
	if (!store && mov->sign != movsx)
		return false;
	if (mov->immediate != immediate)
		return false;
	if (mov->immediate) {
		u64 mask = mov->bytes == 8 ? ~0ULL : (1ULL << mov->bytes * 8) - 1;

		return !((mov->value ^ other->imm.value.u) & mask);
	}
	reg_of(other->reg.value, &reg, &high);
	return mov->reg == reg && mov->high == high;
}

/* What Zydis says, where it is an instruction that keel_mov_decode() takes. */
static bool zydis_knows(const struct decoders *d, u8 mode, const u8 *insn, unsigned int len,
			ZydisDecodedInstruction *z, ZydisDecodedOperand *op)
{
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d->zydis[mode], insn, len, z, op)) &&
	       wanted(z, op) &&
	       /* With LOCK, REP or XRELEASE it is left to the VMM. */
	       !has_prefix(insn, z->raw.prefix_count, 0xf0) &&
	       !has_prefix(insn, z->raw.prefix_count, 0xf2) &&
	       !has_prefix(insn, z->raw.prefix_count, 0xf3);
}

#endif /* ZYDIS_MOV_H */
