// SPDX-License-Identifier: GPL-2.0
/*
 * Integer arithmetic and its flags (SDM, "EFLAGS Cross-Reference").
 *
 * Operands come and go masked to their width.  Flags that the SDM calls
 * undefined: AF is 0 after AND, OR, XOR and TEST, as Intel CPUs leave it; all
 * others stay as they were.
 */
#include "emulate/insn.h"

static void set_flag(__u64 *flags, __u64 flag, bool on)
{
	*flags = on ? *flags | flag : *flags & ~flag;
}

static bool msb(__u64 value, unsigned int bits)
{
	return value >> (bits - 1) & 1;
}

static void set_result(__u64 *flags, __u64 result, unsigned int bits)
{
	set_flag(flags, FLAG_ZF, result == 0);
	set_flag(flags, FLAG_SF, msb(result, bits));
	set_flag(flags, FLAG_PF, !__builtin_parity(result & 0xff));
}

static __u64 add(__u64 a, __u64 b, bool carry, unsigned int bits, __u64 *flags)
{
	__u64 r = (a + b + carry) & width_mask(bits);

	/* A carry leaves each bit where both were set, or one and no result. */
	set_flag(flags, FLAG_CF, msb((a & b) | ((a | b) & ~r), bits));
	set_flag(flags, FLAG_OF, msb((a ^ r) & (b ^ r), bits));
	set_flag(flags, FLAG_AF, (a ^ b ^ r) & 0x10);
	set_result(flags, r, bits);
	return r;
}

static __u64 sub(__u64 a, __u64 b, bool borrow, unsigned int bits, __u64 *flags)
{
	__u64 r = (a - b - borrow) & width_mask(bits);

	set_flag(flags, FLAG_CF, msb((~a & b) | ((~a | b) & r), bits));
	set_flag(flags, FLAG_OF, msb((a ^ b) & (a ^ r), bits));
	set_flag(flags, FLAG_AF, (a ^ b ^ r) & 0x10);
	set_result(flags, r, bits);
	return r;
}

static __u64 logic(__u64 r, unsigned int bits, __u64 *flags)
{
	*flags &= ~(FLAG_CF | FLAG_OF | FLAG_AF);
	set_result(flags, r, bits);
	return r;
}

__u64 alu_add(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return add(a, b, false, bits, flags);
}

__u64 alu_adc(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return add(a, b, *flags & FLAG_CF, bits, flags);
}

__u64 alu_sub(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return sub(a, b, false, bits, flags);
}

__u64 alu_sbb(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return sub(a, b, *flags & FLAG_CF, bits, flags);
}

__u64 alu_and(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return logic(a & b, bits, flags);
}

__u64 alu_or(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return logic(a | b, bits, flags);
}

__u64 alu_xor(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	return logic(a ^ b, bits, flags);
}

/* INC and DEC are ADD and SUB that leave CF alone. */
__u64 alu_inc(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	__u64 carry = *flags & FLAG_CF;

	(void)b;
	a = add(a, 1, false, bits, flags);
	set_flag(flags, FLAG_CF, carry);
	return a;
}

__u64 alu_dec(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	__u64 carry = *flags & FLAG_CF;

	(void)b;
	a = sub(a, 1, false, bits, flags);
	set_flag(flags, FLAG_CF, carry);
	return a;
}

__u64 alu_neg(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	(void)b;
	return sub(0, a, false, bits, flags);
}

__u64 alu_not(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	(void)b;
	(void)flags;
	return ~a & width_mask(bits);
}

/* Counts are taken modulo 32, or 64 with 64-bit operands. */
static unsigned int shift_count(__u64 count, unsigned int bits)
{
	return count & (bits == 64 ? 63 : 31);
}

__u64 alu_shl(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	__u64 r;

	if (!count)
		return a;
	r = (a << count) & width_mask(bits);
	set_flag(flags, FLAG_CF, count <= bits && (a >> (bits - count) & 1));
	if (count == 1)
		set_flag(flags, FLAG_OF, msb(a ^ r, bits));
	set_result(flags, r, bits);
	return r;
}

__u64 alu_shr(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	__u64 r;

	if (!count)
		return a;
	r = a >> count;
	set_flag(flags, FLAG_CF, a >> (count - 1) & 1);
	if (count == 1)
		set_flag(flags, FLAG_OF, msb(a, bits));
	set_result(flags, r, bits);
	return r;
}

__u64 alu_sar(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	__s64 value = sign_extend(a, bits);
	__u64 r;

	if (!count)
		return a;
	r = (value >> count) & width_mask(bits);
	set_flag(flags, FLAG_CF, value >> (count - 1) & 1);
	if (count == 1)
		set_flag(flags, FLAG_OF, false);
	set_result(flags, r, bits);
	return r;
}

/*
 * SHLD and SHRD: @b moves in where @a moves out.  A count beyond the operand,
 * which 16 bits make possible, has no defined result: nothing moves.
 */
__u64 alu_shift_double(__u64 a, __u64 b, __u64 count, bool left,
		       unsigned int bits, __u64 *flags)
{
	unsigned int moved = shift_count(count, bits);
	__u64 r;

	if (!moved || moved > bits)
		return a;
	if (left) {
		r = (a << moved | b >> (bits - moved)) & width_mask(bits);
		set_flag(flags, FLAG_CF, a >> (bits - moved) & 1);
	} else {
		r = (a >> moved | b << (bits - moved)) & width_mask(bits);
		set_flag(flags, FLAG_CF, a >> (moved - 1) & 1);
	}
	if (moved == 1)
		set_flag(flags, FLAG_OF, msb(a ^ r, bits));
	set_result(flags, r, bits);
	return r;
}

/* Rotates change CF even where they come round to what was there. */
__u64 alu_rol(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	unsigned int turn = count % bits;
	__u64 r = a;

	if (!count)
		return a;
	if (turn)
		r = (a << turn | a >> (bits - turn)) & width_mask(bits);
	set_flag(flags, FLAG_CF, r & 1);
	if (count == 1)
		set_flag(flags, FLAG_OF, msb(r, bits) ^ (r & 1));
	return r;
}

__u64 alu_ror(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	unsigned int turn = count % bits;
	__u64 r = a;

	if (!count)
		return a;
	if (turn)
		r = (a >> turn | a << (bits - turn)) & width_mask(bits);
	set_flag(flags, FLAG_CF, msb(r, bits));
	if (count == 1)
		set_flag(flags, FLAG_OF, msb(r ^ (r << 1), bits));
	return r;
}

/* Through CF: a turn of bits + 1 places; one place at a time is fast enough. */
__u64 alu_rcl(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	unsigned int turn = count % (bits + 1);

	while (turn--) {
		bool out = msb(a, bits);

		a = (a << 1 | !!(*flags & FLAG_CF)) & width_mask(bits);
		set_flag(flags, FLAG_CF, out);
	}
	if (count == 1)
		set_flag(flags, FLAG_OF, msb(a, bits) ^ !!(*flags & FLAG_CF));
	return a;
}

__u64 alu_rcr(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	unsigned int count = shift_count(b, bits);
	unsigned int turn = count % (bits + 1);

	if (count == 1)
		set_flag(flags, FLAG_OF, msb(a, bits) ^ !!(*flags & FLAG_CF));
	while (turn--) {
		bool out = a & 1;

		a = a >> 1 | (*flags & FLAG_CF ? BIT(bits - 1) : 0);
		set_flag(flags, FLAG_CF, out);
	}
	return a;
}

/* The bit instructions; the bit's number is below @bits by now. */
__u64 alu_bts(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	(void)bits;
	set_flag(flags, FLAG_CF, a & BIT(b));
	return a | BIT(b);
}

__u64 alu_btr(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	(void)bits;
	set_flag(flags, FLAG_CF, a & BIT(b));
	return a & ~BIT(b);
}

__u64 alu_btc(__u64 a, __u64 b, unsigned int bits, __u64 *flags)
{
	(void)bits;
	set_flag(flags, FLAG_CF, a & BIT(b));
	return a ^ BIT(b);
}

/* The condition that the low four bits of an opcode name. */
bool alu_condition(unsigned int code, __u64 flags)
{
	bool sf_ne_of = !(flags & FLAG_SF) != !(flags & FLAG_OF);
	bool truth = false;

	switch (code >> 1 & 7) {
	case 0:
		truth = flags & FLAG_OF;
		break;
	case 1:
		truth = flags & FLAG_CF;
		break;
	case 2:
		truth = flags & FLAG_ZF;
		break;
	case 3:
		truth = flags & (FLAG_CF | FLAG_ZF);
		break;
	case 4:
		truth = flags & FLAG_SF;
		break;
	case 5:
		truth = flags & FLAG_PF;
		break;
	case 6:
		truth = sf_ne_of;
		break;
	case 7:
		truth = sf_ne_of || (flags & FLAG_ZF);
		break;
	}
	return truth != (code & 1);
}
