/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few MOV forms with which guests reach the APIC page.
 *
 * Pure.  The exit has told the address, so that only the instruction's length and
 * its register or immediate operand are wanted; what is not a plain load or store
 * is left to the VMM, which has a whole decoder.
 */
#ifndef KEEL_MOV_H
#define KEEL_MOV_H

#include <linux/types.h>

/**
 * struct keel_mov - MOV, MOVZX or MOVSX with an operand in memory
 * @length: bytes of the instruction
 * @bytes: how many bytes of memory it reads or writes: 1, 2, 4 or 8
 * @width: a load: how many bytes of the register it writes: 1, 2, 4 or 8
 * @reg: number of the register, 0 (RAX) to 15
 * @store: it writes to memory
 * @immediate: it writes @value, and @reg means nothing
 * @high: the register is AH, CH, DH or BH: bits 15:8 of @reg
 * @sign: a load extends the sign from @bytes to @width, and zeros otherwise
 * @value: the immediate, extended to 64 bits
 */
struct keel_mov {
	u8 length;
	u8 bytes;
	u8 width;
	u8 reg;
	bool store;
	bool immediate;
	bool high;
	bool sign;
	u64 value;
};

int keel_mov_decode(const u8 *insn, unsigned int len, u8 code_bytes, struct keel_mov *mov);
u64 keel_mov_stored(const struct keel_mov *mov, const u64 *gpr);
void keel_mov_load(const struct keel_mov *mov, u64 *gpr, u64 value);

#endif /* KEEL_MOV_H */
