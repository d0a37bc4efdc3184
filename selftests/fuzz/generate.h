/* SPDX-License-Identifier: GPL-2.0 */
/* New programs: from recipes and descriptions, or from other programs. */
#ifndef FUZZ_GENERATE_H
#define FUZZ_GENERATE_H

#include "abi.h"
#include "program.h"
#include "random.h"

/* Reads the recipes; false after a message where one of them is wrong. */
bool generate_init(void);
void generate_program(struct program *p, struct random *r, unsigned int nr_threads);
/* Changes @p; @other gives calls. */
void mutate_program(struct program *p, const struct program *other, struct random *r,
		    unsigned int nr_threads);

/* values.c: a value for a leaf, most of the time a valid one. */
__u64 make_value(const struct abi_leaf *leaf, const struct abi_struct *s, struct random *r);
__s16 make_fd(enum abi_target target, struct random *r);

#endif /* FUZZ_GENERATE_H */
