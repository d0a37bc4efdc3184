/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Look a user address up in the host's own page tables, without taking a lock
 * or a reference.
 */
#ifndef KEEL_HOST_WALK_H
#define KEEL_HOST_WALK_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * enum host_walk - what is at an address
 * @HOST_WALK_PAGE: a page that permits the access
 * @HOST_WALK_NONE: nothing, or not for this access; a page fault may help
 * @HOST_WALK_ODD: something that is not ordinary write-back memory
 */
enum host_walk {
	HOST_WALK_PAGE,
	HOST_WALK_NONE,
	HOST_WALK_ODD,
};

/**
 * struct host_page - a mapping of the host
 * @hpa: host physical address of the 4-KiB frame that the address is in
 * @level: size of the page that maps it: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB
 * @write: may be written, and is marked dirty already
 */
struct host_page {
	u64 hpa;
	u8 level;
	bool write;
};

enum host_walk host_walk(struct mm_struct *mm, unsigned long addr, bool write,
			 struct host_page *page);

#endif /* KEEL_HOST_WALK_H */
