// SPDX-License-Identifier: GPL-2.0
/*
 * keel-bench: the address spaces of the guest's rows about paging, and whether the
 * guest came where its tables lead.
 *
 * Two spaces as those of an operating system: what the kernel has, the low memory
 * with the tables in it, is shared; above are a process' 4-KiB pages, at the same
 * addresses in both.  The tables are written once, before there is a machine:
 * a hypervisor need not see what its user space writes to them later.
 */
#include <errno.h>
#include <string.h>

#include "paging.h"

#define PAGE		4096

/* SDM: "Paging-Structure Entries": present, writable, user. */
static void link_table(char *memory, uint64_t table, unsigned int entry, uint64_t to)
{
	((uint64_t *)(memory + table))[entry] = to | PTE_USER;
}

static void make_space(char *memory, uint64_t space, uint64_t pages)
{
	unsigned int i;

	/* The low half: where keel_write_long_tables() put its PDPT. */
	link_table(memory, space, 0, GUEST_TABLES + PAGE);
	link_table(memory, space, USER_SLOT, space + PAGE);
	link_table(memory, space + PAGE, 0, space + 2 * PAGE);
	link_table(memory, space + 2 * PAGE, 0, space + 3 * PAGE);
	for (i = 0; i < NR_USER_PAGES; i++)
		link_table(memory, space + 3 * PAGE, i, pages + i * PAGE);
}

/**
 * paging_make_spaces - write the tables
 * @memory: the guest's, zeroes where they go
 */
void paging_make_spaces(char *memory)
{
	make_space(memory, SPACE_AT, PAGES_AT);
	make_space(memory, OTHER_AT, OTHER_PAGES_AT);
}

static uint32_t *counter(const char *memory, uint64_t page)
{
	return (uint32_t *)(memory + page);
}

/**
 * paging_before - get ready for a batch
 * @memory: the guest's
 * @bench: its row
 */
void paging_before(char *memory, const struct bench *bench)
{
	struct params *params = (void *)(memory + GUEST_PARAMS);
	unsigned int i;

	params->space = SPACE_AT;
	params->other = OTHER_AT;
	params->pages = bench->pages;
	params->faults = 0;
	for (i = 0; i < NR_USER_PAGES; i++) {
		*counter(memory, PAGES_AT + i * PAGE) = 0;
		*counter(memory, OTHER_PAGES_AT + i * PAGE) = 0;
	}
	*counter(memory, HOLE_AT) = 0;
}

/**
 * paging_after - did each store go where the tables said?
 * @memory: the guest's
 * @bench: its row
 * @rounds: of the batch
 *
 * Return: 0 or -EFAULT
 */
int paging_after(const char *memory, const struct bench *bench, unsigned int rounds)
{
	const struct params *params = (const void *)(memory + GUEST_PARAMS);
	unsigned int turns = rounds + PAGING_WARM, i;

	for (i = 0; i < NR_USER_PAGES; i++) {
		unsigned int each = i < bench->pages ? turns / bench->spaces : 0;

		if (*counter(memory, PAGES_AT + i * PAGE) != each ||
		    *counter(memory, OTHER_PAGES_AT + i * PAGE) !=
		    (bench->spaces == 2 ? each : 0))
			return -EFAULT;
	}
	if (*counter(memory, HOLE_AT) != (bench->fault == fault_map ? turns : 0))
		return -EFAULT;
	return params->faults == (bench->fault ? turns : 0) ? 0 : -EFAULT;
}
