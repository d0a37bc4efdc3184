/* SPDX-License-Identifier: GPL-2.0 */
/* Where an emulated CPU is known to check less than the SDM asks for: see entrylax.c. */
#ifndef SELFTESTS_ENTRYLAX_H
#define SELFTESTS_ENTRYLAX_H

#include <stdbool.h>

struct entry_state;

/* @words: how check and CPU disagree, as keel.ko puts it. */
bool entry_cpu_is_lax(const struct entry_state *s, const char *words);

#endif /* SELFTESTS_ENTRYLAX_H */
