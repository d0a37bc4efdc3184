/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shadow page tables: guest linear to host physical addresses, for a CPU that
 * walks no tables but ours.
 *
 * A shadow page is a table for the CPU that says what one of the guest's tables
 * says, with host frames instead of guest frames.  Shadow pages are kept by guest
 * frame and role, so that two address spaces that share a table share its shadow.
 * An entry appears when the guest first needs it, and goes when the guest's own
 * entry changes, when the host takes the frame back, or when room is needed.
 *
 * How changes of the guest's tables are seen: a CPU may use an old entry until the
 * guest flushes it, and so may we.  A guest table is either *synchronised*: the
 * guest cannot write to it without an exit, and each shadow entry agrees with it;
 * or *unsynchronised*: the guest writes as it likes, and at its next flush what was
 * shadowed is compared with what is there now.  New ones begin unsynchronised: who
 * has just put a table into use mostly goes on to fill it.
 *
 * Pure: no VMX instruction, no lock, no look at host memory but through struct
 * shadow_ops.  The caller holds one lock (&keel_mem.lock) around all functions but
 * shadow_init() and shadow_free().  Only the CPU changes entries beside it, and
 * that only to set accessed and dirty flags.  The same code runs in the unit tests.
 *
 * - shadow_pages.c: the cache: find, make, zap, reclaim.
 * - shadow_map.c: a page for the guest.
 * - shadow_sync.c: write protection, flush points.
 * - shadow_range.c: by guest physical range: zap, protect, age.
 *
 * SDM: "Paging", "Caching Translation Information".  Read shadow_vcpu.c for who
 * flushes when.
 */
#ifndef KEEL_SHADOW_H
#define KEEL_SHADOW_H

#include <linux/list.h>
#include <linux/types.h>

#include "keel_walk.h"
#include "mmu_page.h"
#include "table_pages.h"

struct shadow;
struct shadow_page;

/* Entries of a table of ours. */
#define SHADOW_ENTRIES		512
/* Shadow pages that one shadow_map() can make: one each below the root. */
#define SHADOW_MAP_PAGES	3
/* Host pages behind a shadow page: see struct shadow_page. */
#define SHADOW_PAGE_PARTS	3
/* Fewest shadow pages that make a VM work: roots and ways down, twice over. */
#define SHADOW_MIN_PAGES	64

/**
 * enum shadow_mode - what a shadow page is made from
 * @SHADOW_DIRECT: no guest table: it maps guest physical addresses in a row, for
 *	guests without paging and for guest pages larger than ours
 * @SHADOW_32: a table of 32-bit paging
 * @SHADOW_PAE: a table of PAE paging
 * @SHADOW_LONG: a table of 4-level paging
 */
enum shadow_mode {
	SHADOW_DIRECT,
	SHADOW_32,
	SHADOW_PAE,
	SHADOW_LONG,
};

/**
 * union shadow_role - all that the entries of a shadow page depend on beside the
 * guest table and the host
 * @word: for comparing
 * @level: 1: its entries map 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: 512 GiB
 * @mode: enum shadow_mode
 * @quadrant: which part of the guest's table, where that covers more than ours, as
 *	with 32-bit paging: 1024 entries
 * @write: R/W is 1 in each guest entry above
 * @user: U/S is 1 in each guest entry above
 * @exec: XD is 0 in each guest entry above
 * @dirty: D is 1 in the guest's large page that a direct page is a part of; else 1
 * @wp: CR0.WP
 * @smep: CR4.SMEP, where @wp is 0
 * @smap: CR4.SMAP, where @wp is 0
 * @nxe: IA32_EFER.NXE
 * @pse: CR4.PSE, with 32-bit paging
 * @pse36: see &keel_walk_env.pse36
 * @gbpages: see &keel_walk_env.gbpages
 * @phys_bits: see &keel_walk_env.phys_bits
 *
 * The role of a vCPU has the level of its root, and all rights.
 */
union shadow_role {
	u32 word;
	struct {
		u32 level : 3;
		u32 mode : 2;
		u32 quadrant : 2;
		u32 write : 1;
		u32 user : 1;
		u32 exec : 1;
		u32 dirty : 1;
		u32 wp : 1;
		u32 smep : 1;
		u32 smap : 1;
		u32 nxe : 1;
		u32 pse : 1;
		u32 pse36 : 1;
		u32 gbpages : 1;
		u32 phys_bits : 6;
	};
};

/**
 * struct shadow_ops - what shadow paging asks of guest memory
 * @read: read @bytes at guest physical address @gpa, within one page; 0, or a
 *	negative errno where that cannot be done without sleeping
 * @flush: return when no CPU holds a translation that was taken away before.  Where
 *	@taken is false it is only about what others took away and have not flushed yet.
 *
 * Called with the lock held; must not sleep.
 */
struct shadow_ops {
	int (*read)(struct shadow *s, u64 gpa, void *buf, unsigned int bytes);
	void (*flush)(struct shadow *s, bool taken);
};

/**
 * struct shadow - the shadow pages of one VM
 * @ops: see there [C]
 * @pages: all of them, numbered from 1, used or not [C: the pointer]
 * @max: how many [C]
 * @max_level: largest leaf: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB [C]
 * @nx_large: leaves above 4 KiB are not executable [C]
 * @nr: how many are in the cache
 * @nr_unsync: how many of these are on @unsync; read without the lock, too
 * @by_table: heads of the cache, by guest frame
 * @by_leaf: heads of the reverse map: entry numbers, by guest frame and level
 * @bits: log2 of the number of heads of @by_table; @by_leaf has 8 times as many [C]
 * @tables_2m: guest tables in each 2 MiB of guest memory, by a hash: what shares a
 *	counter is mapped by smaller leaves without need, and nothing worse
 * @tables_1g: the same in each GiB
 * @lru: pages of the cache, the most recently made first
 * @unsync: pages whose guest table can be written to
 * @unused: pages without memory
 * @free: pages with memory, empty, that no CPU can reach
 * @nr_free: how many
 * @dead: pages taken out of the cache, that a CPU may still walk
 * @flushes: raised where a guest flushes; read without the lock, too
 * @untraced: how many vCPUs write to guest memory past our tables: under EPT, while
 *	their guest has paging off.  As long as there are any, all pages in the cache are
 *	unsynchronised.
 * @address_flushed: a guest flushed an address since all of @unsync was compared; read
 *	without the lock, too
 * @tlbs_dirty: CPUs may hold translations that are in no table any more
 * @tables_dirty: and some came by way of a table that is gone, or were parts of one page
 *	of the guest's: there may be more than one for an address that it flushes; read
 *	without the lock, too
 * @vms: in the list of shadow_shrink.c
 * @scratch: a guest table, read for comparison [C: the pointer]
 *
 * [C]: constant after shadow_init(); the rest: the caller's lock.
 */
struct shadow {
	const struct shadow_ops *ops;
	struct shadow_page *pages;
	u32 max;
	u8 max_level;
	bool nx_large;
	u32 nr;
	u32 nr_unsync;
	struct hlist_head *by_table;
	u32 *by_leaf;
	unsigned int bits;
	u16 *tables_2m;
	u16 *tables_1g;
	struct list_head lru;
	struct list_head unsync;
	struct list_head unused;
	struct list_head free;
	u32 nr_free;
	struct list_head dead;
	unsigned long flushes;
	unsigned int untraced;
	bool address_flushed;
	bool tlbs_dirty;
	bool tables_dirty;
	struct list_head vms;
	void *scratch;
};

/**
 * struct shadow_root - what a CPU's CR3 leads to
 * @table: the table, for CR3
 * @role: the guest's paging
 * @page: 4-level tables: the first is the root.  PAE tables: @table has four PDPTEs
 *	and is the vCPU's own; these are the pages that they lead to, NULL where a
 *	PDPTE is 0
 * @serial: what &shadow_page.serial was; another one: the page is not that any more
 *
 * Not pinned: where the page goes its serial changes, and all CPUs flush before its
 * memory is used for something else.  So a vCPU looks at shadow_root_valid() when it
 * sees that it must flush, before it enters the guest.
 */
struct shadow_root {
	u64 *table;
	union shadow_role role;
	struct shadow_page *page[4];
	u32 serial[4];
};

/**
 * struct shadow_fault - the guest's side of a page to map
 * @root: the vCPU's; with PAE tables PDPTEs are added
 * @walk: where the guest's tables lead; accessed and dirty flags have been set
 * @flushes: &shadow.flushes before the walk
 * @gva: guest linear address
 * @user: a user-mode access
 */
struct shadow_fault {
	struct shadow_root *root;
	const struct keel_walk_result *walk;
	unsigned long flushes;
	u64 gva;
	bool user;
};

int shadow_init(struct shadow *s, const struct shadow_ops *ops, u32 max,
		unsigned int max_level, bool nx_large);
void shadow_free(struct shadow *s);

bool shadow_get_root(struct shadow *s, struct shadow_root *root, u64 gfn,
		     struct table_pages *stock);
u64 shadow_table_gfn(const union shadow_role *role, u64 gentry);
void shadow_root_used(const struct shadow_root *root);
bool shadow_root_valid(const struct shadow_root *root);
enum mmu_mapped shadow_map(struct shadow *s, const struct mmu_page *page,
			   struct table_pages *stock);

void shadow_sync(struct shadow *s);
void shadow_refresh(struct shadow *s);
void shadow_sync_address(struct shadow *s, const struct shadow_root *root, u64 gva);
void shadow_wrote(struct shadow *s, u64 gfn);
void shadow_untraced(struct shadow *s, bool begins);

bool shadow_zap(struct shadow *s, u64 start, u64 end);
bool shadow_protect(struct shadow *s, u64 start, u64 end);
bool shadow_young(struct shadow *s, u64 start, u64 end, bool clear);

void shadow_zap_all(struct shadow *s);
unsigned int shadow_reclaim(struct shadow *s, unsigned int nr);
void shadow_give_back(struct shadow *s, unsigned int nr, struct table_pages *freed);

#endif /* KEEL_SHADOW_H */
