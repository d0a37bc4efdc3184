/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of exit reasons, from the tables in linux/keel_trace.h.
 */
#ifndef REASON_NAMES_H
#define REASON_NAMES_H

#include <stddef.h>
#include <linux/types.h>

/** define REASON_NAME_BYTES - room that reason_print() needs at most */
#define REASON_NAME_BYTES	32

const char *reason_name(__u32 basic);
const char *reason_prose(__u32 basic);
const char *reason_print(__u32 reason, char *buf, size_t size);
int reason_find(const char *name, __u32 *basic);

#endif /* REASON_NAMES_H */
