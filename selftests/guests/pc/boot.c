// SPDX-License-Identifier: GPL-2.0
/*
 * What a boot loader tells: Multiboot specifications 0.6.96 ("Boot information
 * format") and 2.0 (the same).
 */
#include "pc.h"

#define MB1_MAGIC	0x2badb002
#define MB2_MAGIC	0x36d76289

#define MB1_MEMORY	(1 << 0)
#define MB1_LINE	(1 << 2)
#define MB1_MODULES	(1 << 3)
#define MB1_MAP		(1 << 6)

struct mb1_info {
	uint32_t flags;
	uint32_t mem_lower;
	uint32_t mem_upper;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count;
	uint32_t mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length;
	uint32_t mmap_addr;
};

struct mb1_module {
	uint32_t start;
	uint32_t end;
	uint32_t string;
	uint32_t reserved;
};

/* @size does not count itself. */
struct mb1_range {
	uint32_t size;
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

enum { MB2_END, MB2_LINE, MB2_MODULE = 3, MB2_MEMORY, MB2_MAP = 6 };

struct mb2_tag {
	uint32_t type;
	uint32_t size;
	uint32_t word[];
};

struct mb2_range {
	uint64_t base;
	uint64_t length;
	uint32_t type;
	uint32_t reserved;
};

static void add_range(struct boot *boot, uint64_t base, uint64_t len, uint32_t type)
{
	if (type != 1)
		return;
	boot->map_bytes += len;
	if (base + len <= 1ULL << 32 && base + len > boot->map_top)
		boot->map_top = base + len;
}

static void add_module(struct boot *boot, uint32_t start, uint32_t end, const char *line)
{
	if (!boot->modules++) {
		boot->module = (const char *)start;
		boot->module_size = end - start;
		boot->module_line = line;
	}
}

static void parse_1(struct boot *boot, const struct mb1_info *info)
{
	const struct mb1_module *module = (const void *)info->mods_addr;
	uint32_t at, i;

	if (info->flags & MB1_MEMORY)
		boot->upper_kib = info->mem_upper;
	if (info->flags & MB1_LINE)
		boot->command_line = (const char *)info->cmdline;
	for (i = 0; info->flags & MB1_MODULES && i < info->mods_count; i++)
		add_module(boot, module[i].start, module[i].end,
			   (const char *)module[i].string);
	for (at = 0; info->flags & MB1_MAP && at < info->mmap_length;) {
		const struct mb1_range *range = (const void *)(info->mmap_addr + at);

		add_range(boot, range->base, range->length, range->type);
		at += range->size + 4;
	}
}

static void parse_tag(struct boot *boot, const struct mb2_tag *tag)
{
	const struct mb2_range *range;
	uint32_t at;

	switch (tag->type) {
	case MB2_LINE:
		boot->command_line = (const char *)tag->word;
		break;
	case MB2_MODULE:
		add_module(boot, tag->word[0], tag->word[1],
			   (const char *)(tag->word + 2));
		break;
	case MB2_MEMORY:
		boot->upper_kib = tag->word[1];
		break;
	case MB2_MAP:
		for (at = 16; at < tag->size; at += tag->word[0]) {
			range = (const void *)((const char *)tag + at);
			add_range(boot, range->base, range->length, range->type);
		}
		break;
	}
}

static void parse_2(struct boot *boot, const uint32_t *info)
{
	const char *at = (const char *)(info + 2), *end = (const char *)info + info[0];
	const struct mb2_tag *tag;

	while (at < end) {
		tag = (const void *)at;
		if (tag->type == MB2_END || tag->size < 8)
			break;
		parse_tag(boot, tag);
		at += (tag->size + 7) & ~7U;
	}
}

bool boot_parse(struct boot *boot, uint32_t magic, const void *info)
{
	boot->command_line = "";
	if (magic == MB1_MAGIC)
		parse_1(boot, info);
	else if (magic == MB2_MAGIC)
		parse_2(boot, info);
	else
		return false;
	return true;
}
