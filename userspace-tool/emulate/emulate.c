// SPDX-License-Identifier: GPL-2.0
/*
 * Decode an instruction, find who performs it, and commit what it did.
 *
 * Handlers work on a copy of the registers; only insn_commit() touches the
 * caller's, so that a fault leaves no trace.  Next to read: memory.c.
 */
#include <stdio.h>

#include "emulate/insn.h"

#define CS_LONG		BIT(13)
#define SEG_BIG		BIT(14)
#define SEG_DPL(attr)	((attr) >> 5 & 3)

#define OP(_name, _run, ...) \
	[ZYDIS_MNEMONIC_ ## _name] = { .run = run_ ## _run, ## __VA_ARGS__ }
#define BINARY(_name, _alu)	OP(_name, binary, .alu = alu_ ## _alu)
#define UNARY(_name, _alu)	OP(_name, unary, .alu = alu_ ## _alu)
#define FLAGS(_name, _alu) \
	OP(_name, binary, .alu = alu_ ## _alu, .flags = INSN_NO_WRITE)
#define STRING(_name, _kind) \
	OP(_name ## B, string, .flags = INSN_ ## _kind), \
	OP(_name ## W, string, .flags = INSN_ ## _kind), \
	OP(_name ## D, string, .flags = INSN_ ## _kind), \
	OP(_name ## Q, string, .flags = INSN_ ## _kind)
#define CONDITION(_code)	OP(SET ## _code, setcc), OP(CMOV ## _code, cmovcc)
#define VECTOR(_name, _flags) \
	OP(_name, vector, .flags = _flags), \
	OP(V ## _name, vector, .flags = _flags)

static const struct insn_op insn_ops[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
	OP(MOV, mov),
	OP(MOVNTI, mov),
	OP(MOVBE, movbe),
	OP(MOVZX, extend),
	OP(MOVSX, extend, .flags = INSN_SIGN),
	OP(MOVSXD, extend, .flags = INSN_SIGN),
	OP(PUSH, push),
	OP(POP, pop),
	OP(CLFLUSH, touch),
	OP(CLFLUSHOPT, touch),
	OP(CLWB, touch),
	OP(CLDEMOTE, touch),

	BINARY(ADD, add),
	BINARY(ADC, adc),
	BINARY(SUB, sub),
	BINARY(SBB, sbb),
	BINARY(AND, and),
	BINARY(OR, or),
	BINARY(XOR, xor),
	BINARY(SHL, shl),
	BINARY(SHR, shr),
	BINARY(SAR, sar),
	BINARY(ROL, rol),
	BINARY(ROR, ror),
	BINARY(RCL, rcl),
	BINARY(RCR, rcr),
	OP(SHLD, shift_double, .flags = INSN_LEFT),
	OP(SHRD, shift_double),
	FLAGS(CMP, sub),
	FLAGS(TEST, and),
	UNARY(INC, inc),
	UNARY(DEC, dec),
	UNARY(NEG, neg),
	UNARY(NOT, not),
	OP(BT, bit, .alu = alu_bts, .flags = INSN_NO_WRITE),
	OP(BTS, bit, .alu = alu_bts),
	OP(BTR, bit, .alu = alu_btr),
	OP(BTC, bit, .alu = alu_btc),
	OP(XCHG, xchg),
	OP(XADD, xadd),
	OP(CMPXCHG, cmpxchg),
	OP(CMPXCHG8B, cmpxchg_pair),
	OP(CMPXCHG16B, cmpxchg_pair),

	CONDITION(O), CONDITION(NO), CONDITION(B), CONDITION(NB),
	CONDITION(Z), CONDITION(NZ), CONDITION(BE), CONDITION(NBE),
	CONDITION(S), CONDITION(NS), CONDITION(P), CONDITION(NP),
	CONDITION(L), CONDITION(NL), CONDITION(LE), CONDITION(NLE),

	STRING(STOS, STOS),
	STRING(LODS, LODS),
	STRING(CMPS, CMPS),
	STRING(SCAS, SCAS),
	OP(MOVSB, string, .flags = INSN_MOVS),
	OP(MOVSW, string, .flags = INSN_MOVS),
	OP(MOVSQ, string, .flags = INSN_MOVS),
	/* MOVSD is two instructions: see decode(). */
	OP(MOVSD, string, .flags = INSN_MOVS),

	VECTOR(MOVAPS, INSN_ALIGNED),
	VECTOR(MOVAPD, INSN_ALIGNED),
	VECTOR(MOVDQA, INSN_ALIGNED),
	VECTOR(MOVNTPS, INSN_ALIGNED),
	VECTOR(MOVNTPD, INSN_ALIGNED),
	VECTOR(MOVNTDQ, INSN_ALIGNED),
	VECTOR(MOVNTDQA, INSN_ALIGNED),
	VECTOR(MOVUPS, 0),
	VECTOR(MOVUPD, 0),
	VECTOR(MOVDQU, 0),
	VECTOR(LDDQU, 0),
	VECTOR(MOVD, 0),
	VECTOR(MOVQ, 0),
	VECTOR(MOVSS, 0),
	OP(VMOVSD, vector),
	VECTOR(MOVLPS, INSN_LOW),
	VECTOR(MOVLPD, INSN_LOW),
	VECTOR(MOVHPS, INSN_HIGH),
	VECTOR(MOVHPD, INSN_HIGH),
	OP(VMOVDQA32, vector, .flags = INSN_ALIGNED),
	OP(VMOVDQA64, vector, .flags = INSN_ALIGNED),
	OP(VMOVDQU8, vector),
	OP(VMOVDQU16, vector),
	OP(VMOVDQU32, vector),
	OP(VMOVDQU64, vector),
};

static const struct insn_op vector_movsd = { .run = run_vector };

/* SDM, "Modes of Operation": who says how wide the code is. */
static ZydisMachineMode machine_mode(const struct emulate_cpu *cpu)
{
	__u32 cs = cpu->segments.seg[KEEL_CS].attributes;
	bool big = cs & SEG_BIG;

	if (!(cpu->control.cr0 & CR0_PE))
		return big ? ZYDIS_MACHINE_MODE_LEGACY_32 :
			     ZYDIS_MACHINE_MODE_REAL_16;
	if (cpu->control.efer & EFER_LMA) {
		if (cs & CS_LONG)
			return ZYDIS_MACHINE_MODE_LONG_64;
		return big ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 :
			     ZYDIS_MACHINE_MODE_LONG_COMPAT_16;
	}
	return big ? ZYDIS_MACHINE_MODE_LEGACY_32 :
		     ZYDIS_MACHINE_MODE_LEGACY_16;
}

static bool decode_bytes(const struct emulate_cpu *cpu, const __u8 *bytes,
			 unsigned int len, ZydisDecodedInstruction *zi,
			 ZydisDecodedOperand *operand)
{
	__u32 ss = cpu->segments.seg[KEEL_SS].attributes;
	ZydisMachineMode mode = machine_mode(cpu);
	ZydisStackWidth stack = ss & SEG_BIG ? ZYDIS_STACK_WIDTH_32 :
					       ZYDIS_STACK_WIDTH_16;
	ZydisDecoder decoder;

	if (mode == ZYDIS_MACHINE_MODE_LONG_64)
		stack = ZYDIS_STACK_WIDTH_64;
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, stack)))
		return false;
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, len, zi,
						   operand));
}

static bool decode(struct insn *in, const __u8 *bytes, unsigned int len)
{
	struct emulate_cpu *cpu = in->cpu;

	if (!decode_bytes(cpu, bytes, len, &in->zi, in->operand))
		return false;
	in->op = &insn_ops[in->zi.mnemonic];
	if (in->zi.mnemonic == ZYDIS_MNEMONIC_MOVSD &&
	    in->zi.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		in->op = &vector_movsd;

	in->long64 = in->zi.machine_mode == ZYDIS_MACHINE_MODE_LONG_64;
	in->cpl = 0;
	if (cpu->control.cr0 & CR0_PE)
		in->cpl = SEG_DPL(cpu->segments.seg[KEEL_SS].attributes);
	in->next_rip = cpu->regs.rip + in->zi.length;
	if (!in->long64)
		in->next_rip &= 0xffffffff;
	return in->op->run;
}

/* Make the registers so far those of the guest. */
void insn_commit(struct insn *in)
{
	in->cpu->regs = in->regs;
}

enum emulate_result emulate_insn(struct emulate_cpu *cpu, const __u8 *insn,
				 unsigned int len,
				 const struct emulate_ops *ops, void *opaque,
				 struct keel_event *fault)
{
	struct insn in = {
		.cpu = cpu,
		.regs = cpu->regs,
		.ops = ops,
		.opaque = opaque,
		.fault = fault,
	};
	enum emulate_result ret;

	if (!decode(&in, insn, len))
		return EMULATE_UNSUPPORTED;
	ret = in.op->run(&in);
	if (ret == EMULATE_DONE) {
		in.regs.rip = in.next_rip;
		/* RF holds for one instruction. */
		in.regs.rflags &= ~FLAG_RF;
		insn_commit(&in);
	}
	return ret;
}

void emulate_format(const struct emulate_cpu *cpu, const __u8 *insn,
		    unsigned int len, char *text, size_t size)
{
	ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;
	ZydisFormatter formatter;
	size_t used = 0;
	unsigned int i;

	if (decode_bytes(cpu, insn, len, &zi, operand) &&
	    ZYAN_SUCCESS(ZydisFormatterInit(&formatter,
					    ZYDIS_FORMATTER_STYLE_INTEL)) &&
	    ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &zi,
							 operand,
							 zi.operand_count_visible,
							 text, size,
							 cpu->regs.rip, NULL)))
		return;

	text[0] = '\0';
	for (i = 0; i < len && used < size; i++)
		used += snprintf(text + used, size - used, i ? " %02x" : "%02x",
				 insn[i]);
}
