/* SPDX-License-Identifier: GPL-2.0 */
/* Guest code for KEEL_RUN: see code.c. */
#ifndef FUZZ_CODE_H
#define FUZZ_CODE_H

#include "op.h"

#define NR_CODE_LEAVES	4
#define NR_START_LEAVES	4
extern const struct abi_leaf code_leaves[NR_CODE_LEAVES];
extern const struct abi_leaf start_leaves[NR_START_LEAVES];

/* Put code into memory; and point a vCPU at it, in a mode of the CPU. */
long op_code(struct thread *t, const struct call *c);
long op_start(struct thread *t, const struct call *c);

#endif /* FUZZ_CODE_H */
