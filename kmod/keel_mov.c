// SPDX-License-Identifier: GPL-2.0
/*
 * MOV between memory and a register or an immediate.  See keel_mov.h; pure.
 *
 * SDM: "Instruction Format" and, in the instruction set reference, "MOV", "MOVZX",
 * "MOVSX/MOVSXD".
 */
#include "keel_mov.h"

#include <linux/bits.h>
#include <linux/errno.h>

#define MAX_INSN	15

#define REX_W		BIT(3)
#define REX_R		BIT(2)

/*
 * What is left of the instruction.  @ok becomes false where more was asked for,
 * and then bytes read are 0, so that the end is checked once.
 */
struct cursor {
	const u8 *insn;
	unsigned int at;
	unsigned int end;
	u8 rex;
	u8 opsize;
	u8 addrsize;
	bool ok;
};

static u8 next(struct cursor *c)
{
	if (c->at == c->end) {
		c->ok = false;
		return 0;
	}
	return c->insn[c->at++];
}

static void skip(struct cursor *c, unsigned int bytes)
{
	while (bytes--)
		next(c);
}

static u64 mask_of(u8 bytes)
{
	return bytes == 8 ? ~0ULL : BIT_ULL(8 * bytes) - 1;
}

static u64 sign_extend(u64 value, u8 bytes)
{
	u64 sign = BIT_ULL(8 * bytes - 1);

	return ((value & mask_of(bytes)) ^ sign) - sign;
}

/* Read the prefixes; what comes back is the first byte of the opcode. */
static u8 read_prefixes(struct cursor *c, u8 code_bytes)
{
	bool size = false, addr = false;
	u8 byte;

	for (;;) {
		byte = next(c);
		switch (byte) {
		case 0x66:
			size = true;
			break;
		case 0x67:
			addr = true;
			break;
		case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
			break;
		default:
			if (code_bytes == 8 && (byte & 0xf0) == 0x40) {
				c->rex = byte;
				continue;
			}
			c->opsize = (code_bytes == 2) != size ? 2 : 4;
			if (c->rex & REX_W)
				c->opsize = 8;
			c->addrsize = !addr ? code_bytes : code_bytes == 4 ? 2 : 4;
			return byte;
		}
		/* A REX prefix counts only right before the opcode. */
		c->rex = 0;
	}
}

/*
 * Read the ModR/M byte with the SIB byte and the displacement that it asks for.
 * Where it names a register instead of memory, the instruction is none of these.
 */
static u8 read_modrm(struct cursor *c)
{
	u8 modrm = next(c);
	u8 mod = modrm >> 6, rm = modrm & 7;

	if (mod == 3) {
		c->ok = false;
	} else if (c->addrsize == 2) {
		skip(c, mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
	} else {
		u8 base = rm == 4 ? next(c) & 7 : rm;

		skip(c, mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0);
	}
	return modrm;
}

static void read_register(struct cursor *c, struct keel_mov *mov, u8 bytes)
{
	u8 reg = (read_modrm(c) >> 3) & 7;

	/* Without REX, byte registers 4 to 7 are the second bytes of 0 to 3. */
	mov->high = bytes == 1 && !c->rex && reg >= 4;
	mov->reg = mov->high ? reg - 4 : reg | (c->rex & REX_R ? 8 : 0);
}

/* MOV r/m, imm: of at most 32 bits, whose sign fills the rest. */
static void read_immediate(struct cursor *c, struct keel_mov *mov)
{
	u8 i, bytes = mov->bytes < 4 ? mov->bytes : 4;

	if (read_modrm(c) & 0x38)
		c->ok = false;
	mov->immediate = true;
	for (i = 0; i < bytes; i++)
		mov->value |= (u64)next(c) << (8 * i);
	mov->value = sign_extend(mov->value, bytes);
}

/* MOVZX, MOVSX: 0F B6, B7, BE, BF. */
static void decode_extending(struct cursor *c, struct keel_mov *mov)
{
	u8 opcode = next(c);

	if ((opcode & 0xf6) != 0xb6)
		c->ok = false;
	mov->bytes = opcode & 1 ? 2 : 1;
	mov->sign = opcode & 8;
	read_register(c, mov, mov->width);
}

/**
 * keel_mov_decode - decode a MOV, MOVZX or MOVSX with a memory operand
 * @insn: the instruction
 * @len: how many bytes of it there are, at most
 * @code_bytes: the code segment's default address size: 2, 4 or 8
 * @mov: set; of no meaning with an error
 *
 * Return: 0; -EINVAL where it is something else, or longer than @len.
 */
int keel_mov_decode(const u8 *insn, unsigned int len, u8 code_bytes, struct keel_mov *mov)
{
	struct cursor c = {
		.insn = insn,
		.end = len < MAX_INSN ? len : MAX_INSN,
		.ok = true,
	};
	u8 opcode = read_prefixes(&c, code_bytes);

	/* Bit 0 of an opcode: the operand size, and not one byte. */
	*mov = (struct keel_mov){ .bytes = opcode & 1 ? c.opsize : 1 };
	mov->width = mov->bytes;
	switch (opcode) {
	case 0x88: case 0x89:
	case 0x8a: case 0x8b:
		mov->store = opcode < 0x8a;
		read_register(&c, mov, mov->bytes);
		break;
	case 0xa0: case 0xa1:
	case 0xa2: case 0xa3:
		mov->store = opcode >= 0xa2;
		skip(&c, c.addrsize);
		break;
	case 0xc6: case 0xc7:
		mov->store = true;
		read_immediate(&c, mov);
		break;
	case 0x0f:
		mov->width = c.opsize;
		decode_extending(&c, mov);
		break;
	default:
		c.ok = false;
	}
	mov->length = c.at;
	return c.ok ? 0 : -EINVAL;
}

/**
 * keel_mov_stored - what a store writes
 * @mov: the store
 * @gpr: the general-purpose registers, in the order of instruction encoding
 *
 * Return: the value, in &keel_mov.bytes bytes.
 */
u64 keel_mov_stored(const struct keel_mov *mov, const u64 *gpr)
{
	u64 value = mov->immediate ? mov->value : gpr[mov->reg];

	if (mov->high)
		value >>= 8;
	return value & mask_of(mov->bytes);
}

/**
 * keel_mov_load - write to the register what a load has read
 * @mov: the load
 * @gpr: the general-purpose registers, in the order of instruction encoding
 * @value: what was read; bits behind &keel_mov.bytes bytes do not matter
 *
 * A write to the low half of a register clears the high one; a write to its byte
 * or word leaves the rest.
 */
void keel_mov_load(const struct keel_mov *mov, u64 *gpr, u64 value)
{
	u64 mask = mask_of(mov->width);
	unsigned int shift = mov->high ? 8 : 0;

	value &= mask_of(mov->bytes);
	if (mov->sign)
		value = sign_extend(value, mov->bytes);
	if (mov->width >= 4)
		gpr[mov->reg] = value & mask;
	else
		gpr[mov->reg] = (gpr[mov->reg] & ~(mask << shift)) | ((value & mask) << shift);
}
