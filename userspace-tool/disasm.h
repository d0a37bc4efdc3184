/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions as text.
 */
#ifndef DISASM_H
#define DISASM_H

#include <stddef.h>
#include <linux/types.h>

/** define DISASM_BYTES - room for the text of any instruction */
#define DISASM_BYTES	128

/**
 * enum disasm_syntax - how an instruction is written
 * @DISASM_INTEL: as in the SDM
 * @DISASM_ATT: as in Linux' sources
 */
enum disasm_syntax {
	DISASM_INTEL,
	DISASM_ATT,
};

unsigned int disasm(const __u8 *code, unsigned int len, unsigned int width,
		    __u64 rip, enum disasm_syntax syntax, char *text,
		    size_t size);

#endif /* DISASM_H */
