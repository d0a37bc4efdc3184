// SPDX-License-Identifier: GPL-2.0
/* QEMU's fw_cfg by its ports: docs/specs/fw_cfg.rst in QEMU's sources. */
#include "pc.h"

#define PORT_SELECT	0x510
#define PORT_DATA	0x511

enum {
	KEY_SIGNATURE,
	KEY_RAM = 3,
	KEY_CPUS = 5,
	KEY_LINE_SIZE = 0x14,
	KEY_LINE = 0x15,
	KEY_FILES = 0x19,
};

struct e820 {
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

static void get(void *to, uint32_t len)
{
	uint8_t *at = to;

	while (len--)
		*at++ = inb(PORT_DATA);
}

static void read_item(uint16_t key, void *to, uint32_t len)
{
	outw(PORT_SELECT, key);
	get(to, len);
}

/* Numbers in the directory are big-endian. */
static bool find_file(const char *name, uint32_t *size, uint16_t *key)
{
	uint8_t entry[64];
	uint32_t count;

	read_item(KEY_FILES, &count, 4);
	for (count = __builtin_bswap32(count); count && count < 1000; count--) {
		get(entry, sizeof(entry));
		if (!same(entry + 8, name, length(name) + 1))
			continue;
		*size = entry[0] << 24 | entry[1] << 16 | entry[2] << 8 | entry[3];
		*key = entry[4] << 8 | entry[5];
		return true;
	}
	return false;
}

static void check_e820(uint32_t ram_mib)
{
	struct e820 range;
	uint64_t sum = 0;
	uint32_t size, i;
	uint16_t key;

	if (!find_file("etc/e820", &size, &key)) {
		check(false, "fw_cfg: etc/e820 is there");
		return;
	}
	outw(PORT_SELECT, key);
	for (i = 0; i < size / sizeof(range); i++) {
		get(&range, sizeof(range));
		if (range.type == 1)
			sum += range.length;
	}
	check(sum >> 20 == ram_mib || sum >> 20 == ram_mib - 1, "fw_cfg: etc/e820, memory");
}

static void check_line(const char *command_line)
{
	char line[256];
	uint32_t size;

	read_item(KEY_LINE_SIZE, &size, 4);
	if (!size) {
		print("# fw_cfg has no command line\n");
		return;
	}
	if (size > sizeof(line))
		size = sizeof(line);
	read_item(KEY_LINE, line, size);
	line[size - 1] = 0;
	/* Boot loaders put the kernel's name before it. */
	check(find_word(command_line, line, &command_line), "fw_cfg: command line");
}

void fw_cfg_check(uint32_t ram_mib, uint32_t cpus, const char *command_line)
{
	char signature[4];
	uint64_t ram;
	uint16_t count;

	read_item(KEY_SIGNATURE, signature, 4);
	check(same(signature, "QEMU", 4), "fw_cfg: signature");
	read_item(KEY_RAM, &ram, 8);
	check(ram >> 20 == ram_mib, "fw_cfg: memory: %u MiB", (uint32_t)(ram >> 20));
	read_item(KEY_CPUS, &count, 2);
	check(count == cpus, "fw_cfg: CPUs: %u", count);
	check_line(command_line);
	check_e820(ram_mib);
}
