// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs keel_probe/canary: pages of the kernel all over memory that hold a
 * pattern which nobody but this file knows.  Reading says "intact", or which byte
 * of which page is not as it was.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "probe.h"

#define PAGES	256
#define PATTERN	0xc5

static void *pages[PAGES];

static int canary_show(struct seq_file *m, void *unused)
{
	unsigned int i;
	void *at;

	for (i = 0; i < PAGES; i++) {
		at = pages[i] ? memchr_inv(pages[i], PATTERN, PAGE_SIZE) : NULL;
		if (!at)
			continue;
		seq_printf(m, "page %u at 0x%llx, offset 0x%lx: 0x%02x\n", i,
			   (u64)__pa(pages[i]), offset_in_page(at), *(u8 *)at);
		return 0;
	}
	seq_puts(m, "intact\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(canary);

/* Every other page of those that are got goes back: so they have neighbours. */
void probe_canary_init(struct dentry *dir)
{
	static void *between[PAGES];
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		pages[i] = (void *)__get_free_page(GFP_KERNEL);
		between[i] = (void *)__get_free_page(GFP_KERNEL);
		if (pages[i])
			memset(pages[i], PATTERN, PAGE_SIZE);
	}
	for (i = 0; i < PAGES; i++)
		free_page((unsigned long)between[i]);
	debugfs_create_file("canary", 0400, dir, NULL, &canary_fops);
}

void probe_canary_exit(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		free_page((unsigned long)pages[i]);
}
