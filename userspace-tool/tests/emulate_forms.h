/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The forms of instructions that test_emulate_cpu.c tries.
 */
#ifndef EMULATE_FORMS_H
#define EMULATE_FORMS_H

#define UNDEF_LOGIC	FLAG_AF
#define UNDEF_BIT	0x894ULL	/* OF SF AF PF; ZF stays */

struct named_form {
	const char *name;
	struct form form;
};

#define FORM1(_name, _a, _reg, _imm, _flags, _undef) \
	{ _name, { 0, { _a }, 1, _reg, _imm, _flags, _undef } }
#define FORM2(_name, _b, _reg, _imm, _flags, _undef) \
	{ _name, { 0, { 0x0f, _b }, 2, _reg, _imm, _flags, _undef } }
#define FORM3(_name, _c, _flags) \
	{ _name, { 0, { 0x0f, 0x38, _c }, 3, ANY_REG, 0, _flags, 0 } }
#define SSE(_name, _prefix, _b, _flags) \
	{ _name, { _prefix, { 0x0f, _b }, 2, ANY_REG, 0, \
		   F_NO66 | F_NOW | (_flags), 0 } }
#define VEX(_name, _pp, _b, _flags) \
	{ _name, { _pp, { _b }, 1, ANY_REG, 0, F_VEX | (_flags), 0 } }
#define STR(_name, _a, _flags) \
	FORM1(_name "b", _a, 0, 0, F_STRING | F_BYTE | (_flags), 0), \
	FORM1(_name, (_a) + 1, 0, 0, F_STRING | (_flags), 0)
#define SHIFT(_name, _reg, _undef) \
	FORM1(_name " m8, 1", 0xd0, _reg, 0, F_BYTE | F_SHIFT1, _undef), \
	FORM1(_name " m, 1", 0xd1, _reg, 0, F_SHIFT1, _undef), \
	FORM1(_name " m8, cl", 0xd2, _reg, 0, F_BYTE | F_SHIFT_CL, _undef), \
	FORM1(_name " m, cl", 0xd3, _reg, 0, F_SHIFT_CL, _undef), \
	FORM1(_name " m8, imm", 0xc0, _reg, IMM_8, F_BYTE | F_SHIFT_IMM, _undef), \
	FORM1(_name " m, imm", 0xc1, _reg, IMM_8, F_SHIFT_IMM, _undef)

static const struct named_form forms[] = {
	FORM1("mov m8, r8", 0x88, ANY_REG, 0, F_BYTE, 0),
	FORM1("mov m, r", 0x89, ANY_REG, 0, 0, 0),
	FORM1("mov r8, m8", 0x8a, ANY_REG, 0, F_BYTE, 0),
	FORM1("mov r, m", 0x8b, ANY_REG, 0, 0, 0),
	FORM1("mov m8, imm", 0xc6, 0, IMM_8, F_BYTE, 0),
	FORM1("mov m, imm", 0xc7, 0, IMM_Z, 0, 0),
	FORM1("mov al, moffs", 0xa0, 0, 0, F_MOFFS | F_BYTE, 0),
	FORM1("mov rax, moffs", 0xa1, 0, 0, F_MOFFS, 0),
	FORM1("mov moffs, al", 0xa2, 0, 0, F_MOFFS | F_BYTE, 0),
	FORM1("mov moffs, rax", 0xa3, 0, 0, F_MOFFS, 0),
	FORM2("movzx r, m8", 0xb6, ANY_REG, 0, 0, 0),
	FORM2("movzx r, m16", 0xb7, ANY_REG, 0, 0, 0),
	FORM2("movsx r, m8", 0xbe, ANY_REG, 0, 0, 0),
	FORM2("movsx r, m16", 0xbf, ANY_REG, 0, 0, 0),
	FORM1("movsxd", 0x63, ANY_REG, 0, F_NO66, 0),
	FORM2("movnti", 0xc3, ANY_REG, 0, F_NO66, 0),
	FORM3("movbe r, m", 0xf0, 0),
	FORM3("movbe m, r", 0xf1, 0),
	FORM1("push m", 0xff, 6, 0, F_STACK, 0),
	FORM1("pop m", 0x8f, 0, 0, F_STACK, 0),
	FORM2("clflush", 0xae, 7, 0, F_NO66, 0),

	FORM1("test m8, r8", 0x84, ANY_REG, 0, F_BYTE, UNDEF_LOGIC),
	FORM1("test m, r", 0x85, ANY_REG, 0, 0, UNDEF_LOGIC),
	FORM1("test m8, imm", 0xf6, 0, IMM_8, F_BYTE, UNDEF_LOGIC),
	FORM1("test m, imm", 0xf7, 0, IMM_Z, 0, UNDEF_LOGIC),
	FORM1("inc m8", 0xfe, 0, 0, F_BYTE | F_LOCK, 0),
	FORM1("inc m", 0xff, 0, 0, F_LOCK, 0),
	FORM1("dec m8", 0xfe, 1, 0, F_BYTE | F_LOCK, 0),
	FORM1("dec m", 0xff, 1, 0, F_LOCK, 0),
	FORM1("not m8", 0xf6, 2, 0, F_BYTE | F_LOCK, 0),
	FORM1("not m", 0xf7, 2, 0, F_LOCK, 0),
	FORM1("neg m8", 0xf6, 3, 0, F_BYTE | F_LOCK, 0),
	FORM1("neg m", 0xf7, 3, 0, F_LOCK, 0),

	SHIFT("rol", 0, 0),
	SHIFT("ror", 1, 0),
	SHIFT("rcl", 2, 0),
	SHIFT("rcr", 3, 0),
	SHIFT("shl", 4, FLAG_AF),
	SHIFT("shr", 5, FLAG_AF),
	SHIFT("sar", 7, FLAG_AF),

	FORM2("shld m, r, imm", 0xa4, ANY_REG, IMM_8, F_SHIFT_IMM | F_DOUBLE,
	      FLAG_AF),
	FORM2("shld m, r, cl", 0xa5, ANY_REG, 0, F_SHIFT_CL | F_DOUBLE, FLAG_AF),
	FORM2("shrd m, r, imm", 0xac, ANY_REG, IMM_8, F_SHIFT_IMM | F_DOUBLE,
	      FLAG_AF),
	FORM2("shrd m, r, cl", 0xad, ANY_REG, 0, F_SHIFT_CL | F_DOUBLE, FLAG_AF),

	FORM2("bt m, r", 0xa3, ANY_REG, 0, F_BIT, UNDEF_BIT),
	FORM2("bts m, r", 0xab, ANY_REG, 0, F_BIT | F_LOCK, UNDEF_BIT),
	FORM2("btr m, r", 0xb3, ANY_REG, 0, F_BIT | F_LOCK, UNDEF_BIT),
	FORM2("btc m, r", 0xbb, ANY_REG, 0, F_BIT | F_LOCK, UNDEF_BIT),
	FORM2("bt m, imm", 0xba, 4, IMM_8, 0, UNDEF_BIT),
	FORM2("bts m, imm", 0xba, 5, IMM_8, F_LOCK, UNDEF_BIT),
	FORM2("btr m, imm", 0xba, 6, IMM_8, F_LOCK, UNDEF_BIT),
	FORM2("btc m, imm", 0xba, 7, IMM_8, F_LOCK, UNDEF_BIT),

	FORM1("xchg m8, r8", 0x86, ANY_REG, 0, F_BYTE | F_LOCK, 0),
	FORM1("xchg m, r", 0x87, ANY_REG, 0, F_LOCK, 0),
	FORM2("xadd m8, r8", 0xc0, ANY_REG, 0, F_BYTE | F_LOCK, 0),
	FORM2("xadd m, r", 0xc1, ANY_REG, 0, F_LOCK, 0),
	FORM2("cmpxchg m8, r8", 0xb0, ANY_REG, 0, F_BYTE | F_LOCK | F_COMPARE, 0),
	FORM2("cmpxchg m, r", 0xb1, ANY_REG, 0, F_LOCK | F_COMPARE, 0),
	FORM2("cmpxchg8b", 0xc7, 1, 0, F_NO66 | F_NOW | F_LOCK | F_COMPARE, 0),
	FORM2("cmpxchg16b", 0xc7, 1, 0,
	      F_NO66 | F_W | F_ALIGN | F_LOCK | F_COMPARE, 0),

	STR("movs", 0xa4, 0),
	STR("stos", 0xaa, 0),
	STR("lods", 0xac, 0),
	STR("cmps", 0xa6, F_REPNE),
	STR("scas", 0xae, F_REPNE),

	SSE("movups x, m", 0, 0x10, 0),
	SSE("movups m, x", 0, 0x11, 0),
	SSE("movupd x, m", 0x66, 0x10, 0),
	SSE("movupd m, x", 0x66, 0x11, 0),
	SSE("movss x, m", 0xf3, 0x10, 0),
	SSE("movss m, x", 0xf3, 0x11, 0),
	SSE("movsd x, m", 0xf2, 0x10, 0),
	SSE("movsd m, x", 0xf2, 0x11, 0),
	SSE("movlps x, m", 0, 0x12, 0),
	SSE("movlps m, x", 0, 0x13, 0),
	SSE("movhps x, m", 0, 0x16, 0),
	SSE("movhps m, x", 0, 0x17, 0),
	SSE("movaps x, m", 0, 0x28, F_ALIGN),
	SSE("movaps m, x", 0, 0x29, F_ALIGN),
	SSE("movntps m, x", 0, 0x2b, F_ALIGN),
	SSE("movdqa x, m", 0x66, 0x6f, F_ALIGN),
	SSE("movdqa m, x", 0x66, 0x7f, F_ALIGN),
	SSE("movdqu x, m", 0xf3, 0x6f, 0),
	SSE("movdqu m, x", 0xf3, 0x7f, 0),
	SSE("movntdq m, x", 0x66, 0xe7, F_ALIGN),
	SSE("movd x, m", 0x66, 0x6e, 0),
	SSE("movd m, x", 0x66, 0x7e, 0),
	SSE("movq x, m", 0xf3, 0x7e, 0),
	SSE("movq m, x", 0x66, 0xd6, 0),
	SSE("lddqu x, m", 0xf2, 0xf0, 0),
};

static const struct named_form avx_forms[] = {
	VEX("vmovups x, m", 0, 0x10, F_VEX_L),
	VEX("vmovups m, x", 0, 0x11, F_VEX_L),
	VEX("vmovaps x, m", 0, 0x28, F_VEX_L | F_ALIGN),
	VEX("vmovdqu x, m", 2, 0x6f, F_VEX_L),
	VEX("vmovdqu m, x", 2, 0x7f, F_VEX_L),
	VEX("vmovdqa x, m", 1, 0x6f, F_VEX_L | F_ALIGN),
	VEX("vmovdqa m, x", 1, 0x7f, F_VEX_L | F_ALIGN),
	VEX("vmovntdq m, x", 1, 0xe7, F_VEX_L | F_ALIGN),
	VEX("vmovss x, m", 2, 0x10, 0),
	VEX("vmovss m, x", 2, 0x11, 0),
	VEX("vmovsd x, m", 3, 0x10, 0),
	VEX("vmovsd m, x", 3, 0x11, 0),
	VEX("vmovd x, m", 1, 0x6e, 0),
	VEX("vmovq x, m", 2, 0x7e, 0),
	VEX("vmovq m, x", 1, 0xd6, 0),
	VEX("vmovlps x, x, m", 0, 0x12, F_VEX_V),
	VEX("vmovlps m, x", 0, 0x13, 0),
	VEX("vmovhps x, x, m", 0, 0x16, F_VEX_V),
	VEX("vmovhpd m, x", 1, 0x17, 0),
};

/* The eight operations that share their encodings. */
static void try_alu(unsigned int rounds)
{
	static const char * const names[] = {
		"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp",
	};
	unsigned int i;

	for (i = 0; i < 8; i++) {
		unsigned int lock = i == 7 ? 0 : F_LOCK;
		bool logic = i == 1 || i == 4 || i == 6;
		__u64 undef = logic ? UNDEF_LOGIC : 0;
		__u8 op = i * 8;
		int reg = i;
		const struct named_form alu[] = {
			FORM1("m8, r8", op, ANY_REG, 0, F_BYTE | lock, undef),
			FORM1("m, r", op + 1, ANY_REG, 0, lock, undef),
			FORM1("r8, m8", op + 2, ANY_REG, 0, F_BYTE, undef),
			FORM1("r, m", op + 3, ANY_REG, 0, 0, undef),
			FORM1("m8, imm8", 0x80, reg, IMM_8, F_BYTE | lock, undef),
			FORM1("m, imm", 0x81, reg, IMM_Z, lock, undef),
			FORM1("m, imm8", 0x83, reg, IMM_8, lock, undef),
		};
		unsigned int j;

		for (j = 0; j < sizeof(alu) / sizeof(alu[0]); j++) {
			char name[32];

			snprintf(name, sizeof(name), "%s %s", names[i],
				 alu[j].name);
			try(name, &alu[j].form, rounds);
		}
	}
}

/* SETcc and CMOVcc, sixteen conditions each. */
static void try_conditions(unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		const struct named_form conditions[] = {
			FORM2("setcc", 0x90 + i, 0, 0, F_BYTE, 0),
			FORM2("cmovcc", 0x40 + i, ANY_REG, 0, 0, 0),
		};
		char name[32];

		snprintf(name, sizeof(name), "setcc %u", i);
		try(name, &conditions[0].form, rounds);
		snprintf(name, sizeof(name), "cmovcc %u", i);
		try(name, &conditions[1].form, rounds);
	}
}

static void try_all(unsigned int rounds)
{
	unsigned int i;

	try_alu(rounds);
	try_conditions(rounds);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		try(forms[i].name, &forms[i].form, rounds);
	for (i = 0; i < sizeof(avx_forms) / sizeof(avx_forms[0]); i++) {
		if (native.avx)
			try(avx_forms[i].name, &avx_forms[i].form, rounds);
		else
			tap_skip(avx_forms[i].name, "no AVX");
	}
}

#endif /* EMULATE_FORMS_H */
