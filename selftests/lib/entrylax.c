// SPDX-License-Identifier: GPL-2.0
/*
 * Where Bochs 3.0 decides an entry otherwise than the SDM.  Keel's checker stays with the
 * SDM, and such a state is not one that was tried.  Each is told with the SDM's section
 * and the place in Bochs: VMenterLoadCheck...() of cpu/vmx.cc.
 */
#include "entrylax.h"
#include "entrystate.h"

#include <string.h>

#define EFER_LMA	0x400ULL
#define CS_L		0x2000

static bool always(const struct entry_state *s)
{
	return true;
}

/*
 * A poke may have changed any of it, but rule and field are those of the state that the
 * CPU got; what is asked here only keeps other modes out.
 */
static bool in_64bit_mode(const struct entry_state *s)
{
	return s->mode == ENTRY_LONG || s->mode == ENTRY_USER || s->mode == ENTRY_COMPAT;
}

static bool any_error_code(const struct entry_state *s)
{
	return s->cpu->info.msrs.basic >> 56 & 1;
}

static const struct {
	const char *field, *rule;
	bool (*applies)(const struct entry_state *s);
} lax[] = {
	/* "Checks on Guest RIP, RFLAGS, and SSP": of RIP only bits 63:32, outside 64-bit mode. */
	{ "Guest RIP: ", "the bits beyond the linear-address width are not all the same", always },
	/*
	 * "Checks on Guest Segment Registers": in 64-bit mode an SS whose RPL is 0 is taken
	 * for a null selector, which is usable all the same.
	 */
	{ "Guest SS ", "", in_64bit_mode },
	/* "Checks on Guest Control Registers, Debug Registers, and MSRs": CR0.PG. */
	{ "Guest CR0: ", "CR0.PG is 0 while \"IA-32e mode guest\" is 1", always },
	/* "Checks on Guest Non-Register State": which events HLT and shutdown allow. */
	{ "Guest activity state: ", "the event to be injected cannot be delivered", always },
	/* The same section: an NMI under blocking by NMI; the code is there, in a comment. */
	{ "Guest interruptibility state: ", "an NMI is injected under blocking by NMI", always },
	/* The same: bits 63:32 of the pending debug exceptions; BS, TF and BTF. */
	{ "Guest pending debug exceptions: ", "a reserved bit of the pending", always },
	{ "Guest pending debug exceptions: ", "BS is ", always },
	/* "VM-Entry Control Fields": error codes, where CPUs deliver them with any exception. */
	{ "VM-entry interruption-information field: ", "an error code is to be delivered",
	  any_error_code },
};

bool entry_cpu_is_lax(const struct entry_state *s, const char *words)
{
	static const char finds[] = "; the check finds ";
	const char *found = strstr(words, finds);
	unsigned int i;

	/* It may refuse the entry later, for something else. */
	if (!found)
		return false;
	found += strlen(finds);
	for (i = 0; i < sizeof(lax) / sizeof(lax[0]); i++)
		if (!strncmp(found, lax[i].field, strlen(lax[i].field)) &&
		    strstr(found, lax[i].rule) && lax[i].applies(s))
			return true;
	return false;
}
