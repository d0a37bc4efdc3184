// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions as text, by Zydis.
 */
#include <stdbool.h>
#include <stdio.h>
#include <Zydis/Zydis.h>

#include "disasm.h"

static bool init_decoder(ZydisDecoder *decoder, unsigned int width)
{
	switch (width) {
	case 2:
		return ZYAN_SUCCESS(ZydisDecoderInit(decoder,
						     ZYDIS_MACHINE_MODE_LEGACY_16,
						     ZYDIS_STACK_WIDTH_16));
	case 4:
		return ZYAN_SUCCESS(ZydisDecoderInit(decoder,
						     ZYDIS_MACHINE_MODE_LEGACY_32,
						     ZYDIS_STACK_WIDTH_32));
	case 8:
		return ZYAN_SUCCESS(ZydisDecoderInit(decoder,
						     ZYDIS_MACHINE_MODE_LONG_64,
						     ZYDIS_STACK_WIDTH_64));
	default:
		return false;
	}
}

/* What is no instruction, or none that is known, is shown as it is. */
static void print_bytes(const __u8 *code, unsigned int len, char *text,
			size_t size)
{
	size_t used = 0;
	unsigned int i;

	snprintf(text, size, "(none)");
	for (i = 0; i < len && used < size; i++)
		used += snprintf(text + used, size - used, "%s%02x",
				 i ? " " : "", code[i]);
}

/**
 * disasm() - write an instruction as text
 * @code: its bytes; there may be more
 * @len: how many there are
 * @width: address size of the code, bytes: 2, 4 or 8
 * @rip: address of the first byte
 * @syntax: how
 * @text: out: the text, or the bytes in hexadecimal where they are no instruction
 * @size: room there
 *
 * Return: how long the instruction is; 0 where it is none.
 */
unsigned int disasm(const __u8 *code, unsigned int len, unsigned int width,
		    __u64 rip, enum disasm_syntax syntax, char *text,
		    size_t size)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction insn;
	ZydisFormatter formatter;
	ZydisDecoder decoder;

	if (init_decoder(&decoder, width) &&
	    ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, len, &insn,
						operands)) &&
	    ZYAN_SUCCESS(ZydisFormatterInit(&formatter,
					    syntax == DISASM_ATT ?
					    ZYDIS_FORMATTER_STYLE_ATT :
					    ZYDIS_FORMATTER_STYLE_INTEL)) &&
	    ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn,
							 operands,
							 insn.operand_count_visible,
							 text, size, rip, NULL)))
		return insn.length;
	print_bytes(code, len, text, size);
	return 0;
}
