// SPDX-License-Identifier: GPL-2.0
/*
 * MOVS, STOS, LODS, CMPS and SCAS, with or without a REP prefix.
 *
 * Each iteration is committed when it is done: a fault in a later one shows the
 * progress, and the instruction resumes from there.
 */
#include "emulate/insn.h"

#define PREFIX_REPNE	0xf2
#define PREFIX_REP	0xf3

/* The REP prefix that counts, the last one, or 0. */
static unsigned int rep_prefix(const struct insn *in)
{
	unsigned int prefix = 0;
	unsigned int i;

	for (i = 0; i < in->zi.raw.prefix_count; i++) {
		unsigned int value = in->zi.raw.prefixes[i].value;

		if (value == PREFIX_REP || value == PREFIX_REPNE)
			prefix = value;
	}
	return prefix;
}

/* DS unless overridden; the destination's ES cannot be. */
static unsigned int source_segment(const struct insn *in)
{
	static const ZydisInstructionAttributes override[] = {
		[KEEL_ES] = ZYDIS_ATTRIB_HAS_SEGMENT_ES,
		[KEEL_CS] = ZYDIS_ATTRIB_HAS_SEGMENT_CS,
		[KEEL_SS] = ZYDIS_ATTRIB_HAS_SEGMENT_SS,
		[KEEL_DS] = ZYDIS_ATTRIB_HAS_SEGMENT_DS,
		[KEEL_FS] = ZYDIS_ATTRIB_HAS_SEGMENT_FS,
		[KEEL_GS] = ZYDIS_ATTRIB_HAS_SEGMENT_GS,
	};
	unsigned int seg;

	for (seg = KEEL_ES; seg <= KEEL_GS; seg++)
		if (in->zi.attributes & override[seg])
			return seg;
	return KEEL_DS;
}

static void step(struct insn *in, unsigned int index, unsigned int bytes)
{
	__u64 value = in->regs.gpr[index];

	value += in->regs.rflags & FLAG_DF ? -(__u64)bytes : bytes;
	reg_set(&in->regs, index, in->zi.address_width, value);
}

static enum emulate_result once(struct insn *in, unsigned int bytes)
{
	unsigned int kind = in->op->flags;
	bool use_si = kind & (INSN_MOVS | INSN_LODS | INSN_CMPS);
	bool use_di = kind & (INSN_MOVS | INSN_STOS | INSN_CMPS | INSN_SCAS);
	bool write = kind & (INSN_MOVS | INSN_STOS);
	unsigned int width = in->zi.address_width;
	unsigned int bits = bytes * 8;
	enum emulate_result ret = EMULATE_DONE;
	__u64 a = reg_get(&in->regs, KEEL_RAX, bits);
	__u64 b = 0;
	struct mem src, dst;

	if (use_si)
		ret = mem_open(in, &src, source_segment(in),
			       reg_get(&in->regs, KEEL_RSI, width), bytes, 0);
	if (!ret && use_di)
		ret = mem_open(in, &dst, KEEL_ES,
			       reg_get(&in->regs, KEEL_RDI, width), bytes,
			       write ? KEEL_ACCESS_WRITE : 0);
	if (!ret && use_si)
		ret = mem_read(in, &src, &a);
	if (!ret && use_di && !write)
		ret = mem_read(in, &dst, &b);
	if (!ret && write)
		ret = mem_write(in, &dst, &a);
	if (ret)
		return ret;

	if (kind & (INSN_CMPS | INSN_SCAS))
		alu_sub(a, b, bits, &in->regs.rflags);
	if (kind & INSN_LODS)
		reg_set(&in->regs, KEEL_RAX, bits, a);
	if (use_si)
		step(in, KEEL_RSI, bytes);
	if (use_di)
		step(in, KEEL_RDI, bytes);
	return EMULATE_DONE;
}

/* REPE goes on while ZF is 1, REPNE while it is 0; REP does not ask. */
static bool ends_early(const struct insn *in, unsigned int prefix)
{
	bool equal = in->regs.rflags & FLAG_ZF;

	if (!(in->op->flags & (INSN_CMPS | INSN_SCAS)))
		return false;
	return equal != (prefix == PREFIX_REP);
}

enum emulate_result run_string(struct insn *in)
{
	unsigned int bytes = in->zi.opcode & 1 ? in->zi.operand_width / 8 : 1;
	unsigned int width = in->zi.address_width;
	unsigned int prefix = rep_prefix(in);
	__u64 flags = in->regs.rflags;
	unsigned int left = flags & FLAG_TF ? 1 : EMULATE_BATCH;
	enum emulate_result ret;
	__u64 count;

	/* MOVSD and CMPSD are vector instructions too. */
	if (in->zi.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return EMULATE_UNSUPPORTED;
	if (!prefix)
		return once(in, bytes);

	count = reg_get(&in->regs, KEEL_RCX, width);
	while (count) {
		if (!left--) {
			in->regs.rflags |= FLAG_RF;
			insn_commit(in);
			return EMULATE_PARTIAL;
		}
		ret = once(in, bytes);
		if (ret) {
			/* CMPS and SCAS fault with the flags from before. */
			in->cpu->regs.rflags = flags;
			return ret;
		}
		reg_set(&in->regs, KEEL_RCX, width, --count);
		insn_commit(in);
		if (ends_early(in, prefix))
			break;
	}
	return EMULATE_DONE;
}
