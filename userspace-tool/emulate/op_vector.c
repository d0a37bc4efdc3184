// SPDX-License-Identifier: GPL-2.0
/*
 * Moves between memory and vector registers, without masks or conversions.
 */
#include <string.h>

#include "emulate/insn.h"

#define XCR0_AVX	(BIT(1) | BIT(2))
#define XCR0_AVX512	(XCR0_AVX | BIT(5) | BIT(6) | BIT(7))

#define XMM_BYTES	16

/* SDM, "Detection of ... Instructions" and the exception classes. */
static enum emulate_result check_enabled(struct insn *in)
{
	const struct keel_control *control = &in->cpu->control;
	bool enabled;

	switch (in->zi.encoding) {
	case ZYDIS_INSTRUCTION_ENCODING_VEX:
		enabled = control->cr4 & CR4_OSXSAVE &&
			  (control->xcr0 & XCR0_AVX) == XCR0_AVX;
		break;
	case ZYDIS_INSTRUCTION_ENCODING_EVEX:
		enabled = control->cr4 & CR4_OSXSAVE &&
			  (control->xcr0 & XCR0_AVX512) == XCR0_AVX512;
		break;
	default:
		enabled = control->cr4 & CR4_OSFXSR &&
			  !(control->cr0 & CR0_EM);
		break;
	}
	if (!enabled)
		return insn_fault(in, VECTOR_UD);
	if (control->cr0 & CR0_TS)
		return insn_fault(in, VECTOR_NM);
	return EMULATE_DONE;
}

static bool find_vector(const struct insn *in, unsigned int i,
			unsigned int *index)
{
	ZydisRegister reg;

	if (in->operand[i].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	reg = in->operand[i].reg.value;
	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_XMM:
	case ZYDIS_REGCLASS_YMM:
	case ZYDIS_REGCLASS_ZMM:
		*index = ZydisRegisterGetId(reg);
		return true;
	default:
		return false;
	}
}

static enum emulate_result open_aligned(struct insn *in, unsigned int i,
					unsigned int access)
{
	enum emulate_result ret;

	ret = op_open(in, i, access);
	if (!ret && in->op->flags & INSN_ALIGNED &&
	    in->mem[i].gva[0] % (op_bits(in, i) / 8))
		ret = insn_fault(in, VECTOR_GP);
	return ret;
}

static enum emulate_result store(struct insn *in, unsigned int reg)
{
	__u8 value[EMULATE_VECTOR_BYTES] = { 0 };
	enum emulate_result ret;

	ret = open_aligned(in, 0, KEEL_ACCESS_WRITE);
	if (ret)
		return ret;
	if (in->ops->get_vector(in->opaque, reg, value))
		return EMULATE_ERROR;
	return mem_write(in, &in->mem[0],
			 value + (in->op->flags & INSN_HIGH ? 8 : 0));
}

/*
 * What the load does not fill becomes 0: up to 128 bits with the old encoding,
 * all of the register with VEX and EVEX.  MOVLPS and its like keep the other
 * half of their (first) source.
 */
static enum emulate_result load(struct insn *in, unsigned int reg,
				unsigned int source, unsigned int mem)
{
	bool legacy = in->zi.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
	bool half = in->op->flags & (INSN_HIGH | INSN_LOW);
	__u8 value[EMULATE_VECTOR_BYTES] = { 0 };
	__u8 old[EMULATE_VECTOR_BYTES] = { 0 };
	enum emulate_result ret;

	ret = open_aligned(in, mem, 0);
	if (ret)
		return ret;
	if ((legacy || half) && in->ops->get_vector(in->opaque, source, old))
		return EMULATE_ERROR;
	if (legacy)
		memcpy(value + XMM_BYTES, old + XMM_BYTES,
		       sizeof(value) - XMM_BYTES);
	if (half)
		memcpy(value, old, XMM_BYTES);
	ret = mem_read(in, &in->mem[mem],
		       value + (in->op->flags & INSN_HIGH ? 8 : 0));
	if (!ret && in->ops->set_vector(in->opaque, reg, value))
		ret = EMULATE_ERROR;
	return ret;
}

/* Where the operands are; Zydis has the mask, k0 for none, among them. */
static unsigned int find_operands(const struct insn *in, unsigned int place[3])
{
	unsigned int found = 0;
	unsigned int i;

	for (i = 0; i < in->zi.operand_count_visible && found < 3; i++) {
		const ZydisDecodedOperand *op = &in->operand[i];

		if (op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(op->reg.value) == ZYDIS_REGCLASS_MASK)
			continue;
		place[found++] = i;
	}
	return found;
}

enum emulate_result run_vector(struct insn *in)
{
	unsigned int reg, source, bits, found, mem;
	enum emulate_result ret;
	unsigned int place[3];
	bool is_store;

	if (!in->ops->get_vector || !in->ops->set_vector)
		return EMULATE_UNSUPPORTED;
	if (in->zi.avx.mask.reg != ZYDIS_REGISTER_NONE &&
	    in->zi.avx.mask.reg != ZYDIS_REGISTER_K0)
		return EMULATE_UNSUPPORTED;
	found = find_operands(in, place);
	if (found < 2)
		return EMULATE_UNSUPPORTED;

	is_store = place[0] == 0 && op_is_mem(in, 0);
	mem = is_store ? 0 : place[found - 1];
	if (!op_is_mem(in, mem) ||
	    !find_vector(in, place[is_store ? 1 : 0], &reg))
		return EMULATE_UNSUPPORTED;
	source = reg;
	if (!is_store && found == 3 && !find_vector(in, place[1], &source))
		return EMULATE_UNSUPPORTED;
	bits = op_bits(in, mem);
	if (bits < 32 || bits > EMULATE_VECTOR_BYTES * 8)
		return EMULATE_UNSUPPORTED;

	ret = check_enabled(in);
	if (ret)
		return ret;
	return is_store ? store(in, reg) : load(in, reg, source, mem);
}
