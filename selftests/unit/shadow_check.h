/* SPDX-License-Identifier: GPL-2.0 */
/* What must hold in the cache of shadow pages at any time: see shadow_check.c. */
#ifndef UNIT_SHADOW_CHECK_H
#define UNIT_SHADOW_CHECK_H

#include "shadow.h"

/* Whether a guest entry may be what a shadow entry was made from, now or earlier. */
typedef bool (*shadow_agrees_fn)(u64 gpa, unsigned int bytes, u64 made_from);

const char *shadow_check(struct shadow *s, shadow_agrees_fn agrees);

#endif
