// SPDX-License-Identifier: GPL-2.0
/*
 * The module's decoder of MOV, which reads instructions of the guest: against
 * Zydis, and not a byte behind the end.
 */
#include "fuzz.h"
#include "zydis_mov.h"

static void check_use(const struct keel_mov *mov)
{
	u64 gpr[16], old[16];
	unsigned int i;

	CLAIM(mov->reg < 16);
	for (i = 0; i < 16; i++)
		gpr[i] = 0x0123456789abcdefULL * (i + 1);
	memcpy(old, gpr, sizeof(gpr));
	if (mov->store)
		keel_mov_stored(mov, gpr);
	else
		keel_mov_load(mov, gpr, ~0ULL);
	for (i = 0; i < 16; i++)
		CLAIM(gpr[i] == old[i] || (!mov->store && i == mov->reg));
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	static struct decoders decoders;
	struct input input = { .at = data, .left = bytes };
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	u8 mode = 2 << input_below(&input, 3), *insn;
	unsigned int len = input.left;
	ZydisDecodedInstruction z;
	struct keel_mov mov;
	bool mine;

	if (!decoders.zydis[8].machine_mode)
		decoders_init(&decoders);
	insn = malloc(len);
	if (len)
		memcpy(insn, input.at, len);
	mine = !keel_mov_decode(insn, len, mode, &mov);
	CLAIM(mine == zydis_knows(&decoders, mode, insn, len, &z, op));
	if (mine) {
		CLAIM(mov.length <= len && same(&mov, &z, op));
		check_use(&mov);
	}
	free(insn);
	return 0;
}
