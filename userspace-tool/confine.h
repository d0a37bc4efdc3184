/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel run gives up what it does not need any more.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "sandbox.h"

struct boot;
struct console;
struct machine;
struct timing;

int confine(struct sandbox *sandbox, struct machine *machine, const struct console *console,
	    const struct timing *timing, const struct boot *boot);

#endif /* CONFINE_H */
