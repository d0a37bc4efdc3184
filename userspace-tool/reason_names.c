// SPDX-License-Identifier: GPL-2.0
/*
 * Names of exit reasons.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <linux/keel_trace.h>

#include "reason_names.h"

struct reason {
	const char *name;
	const char *prose;
};

#define REASON(number, name, prose) \
	[number] = { #name, prose },

static const struct reason reasons[] = { KEEL_HW_REASONS(REASON) };

#define NR_REASONS	(sizeof(reasons) / sizeof(*reasons))

/**
 * reason_name() - the name of a basic exit reason
 * @basic: bits 15:0 of an exit reason
 *
 * Return: Linux' name without EXIT_REASON_, or NULL where it has none.
 */
const char *reason_name(__u32 basic)
{
	return basic < NR_REASONS ? reasons[basic].name : NULL;
}

/**
 * reason_prose() - a basic exit reason in the SDM's words
 * @basic: bits 15:0 of an exit reason
 *
 * Return: a few words, or NULL where it has none.
 */
const char *reason_prose(__u32 basic)
{
	return basic < NR_REASONS ? reasons[basic].prose : NULL;
}

/**
 * reason_print() - an exit reason for people, whatever it is
 * @reason: an exit reason, or KEEL_TRACE_NO_EXIT
 * @buf: filled in where there is no name to return
 * @size: of @buf; REASON_NAME_BYTES are enough
 *
 * Return: the name or @buf.
 */
const char *reason_print(__u32 reason, char *buf, size_t size)
{
	const char *name = reason_name(reason & 0xffff);

	if (reason == KEEL_TRACE_NO_EXIT)
		return "(no exit)";
	if (name)
		return name;
	snprintf(buf, size, "reason %u", reason & 0xffff);
	return buf;
}

/**
 * reason_find() - the exit reason that somebody means
 * @name: a name of any case, or a number
 * @basic: the basic exit reason
 *
 * Return: 0, or -EINVAL where there is no such reason.
 */
int reason_find(const char *name, __u32 *basic)
{
	unsigned long number;
	char *end;
	__u32 i;

	for (i = 0; i < NR_REASONS; i++) {
		if (reasons[i].name && !strcasecmp(reasons[i].name, name)) {
			*basic = i;
			return 0;
		}
	}
	number = strtoul(name, &end, 0);
	if (*name < '0' || *name > '9' || *end || number > 0xffff)
		return -EINVAL;
	*basic = number;
	return 0;
}
