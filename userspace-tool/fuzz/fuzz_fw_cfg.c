// SPDX-License-Identifier: GPL-2.0
/*
 * fw_cfg against a model of it: what a guest reads byte by byte and by DMA is
 * what QEMU's "Firmware Configuration (fw_cfg) Device" says, and nothing else of
 * its memory changes.
 */
#include <endian.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/keel.h>

#include "acpi_loader.h"
#include "devices/bus.h"
#include "devices/fw_cfg.h"
#include "fuzz/fuzz.h"
#include "image_file.h"
#include "memory.h"

#define MOST_STEPS	128
#define MEMORY		16384U
#define PART_AT		100U
#define PART		3000U
#define BLOB		300U

/* The model: items, the one chosen, and how far it has been read. */
struct item { __u16 key; const __u8 *data; __u32 bytes; };
static struct item items[16];
static unsigned int nr_items;
static const struct item *chosen;
static __u32 offset;

static struct memory memory, expected;
static struct fw_cfg cfg;
static struct bus ports;

static void model_select(__u16 key)
{
	unsigned int i;

	chosen = NULL;
	offset = 0;
	for (i = 0; i < nr_items; i++)
		if (items[i].key == (key & 0xbfff))
			chosen = &items[i];
}

static __u8 model_byte(void)
{
	return chosen && offset < chosen->bytes ? chosen->data[offset++] : 0;
}

static bool model_perform(__u32 control, __u32 length, __u64 address)
{
	__u32 i;

	if (control & 8)
		model_select(control >> 16);
	if (control & 2) {
		/* No bytes are no bytes behind the room for devices, too. */
		if (address == MEMORY_HIGH && !length)
			return true;
		if (address > MEMORY || length > MEMORY - address)
			return false;
		for (i = 0; i < length; i++)
			expected.base[address + i] = model_byte();
		return true;
	}
	if (control & 16)
		return false;
	if (control & 4 && chosen)
		offset += length < chosen->bytes - offset ? length :
							    chosen->bytes - offset;
	return true;
}

/* The command is where the guest says, if that is memory. */
static void model_start(__u64 at)
{
	__u32 control, length, result;
	__u64 address;

	if (at > MEMORY || MEMORY - at < 16)
		return;
	memcpy(&control, expected.base + at, 4);
	memcpy(&length, expected.base + at + 4, 4);
	memcpy(&address, expected.base + at + 8, 8);
	result = model_perform(be32toh(control), be32toh(length), be64toh(address)) ?
		 0 : htobe32(1);
	memcpy(expected.base + at, &result, 4);
}

static void add_items(void)
{
	static __u8 blob[BLOB], part[PART_AT + PART], nothing[1];
	static struct image_file file = { .path = "file", .fd = -1 };
	unsigned int i;

	if (file.fd < 0) {
		for (i = 0; i < sizeof(part); i++)
			part[i] = i * 7 + 1;
		memset(blob, 0xb1, sizeof(blob));
		file.fd = memfd_create("file", MFD_CLOEXEC);
		file.bytes = sizeof(part);
		CLAIM(pwrite(file.fd, part, sizeof(part), 0) == sizeof(part));
	}
	nr_items = 0;
	items[nr_items++] = (struct item) { 0, (const __u8 *)"QEMU", 4 };
	items[nr_items++] = (struct item) { 1, (const __u8 *)"\3\0\0\0", 4 };
	items[nr_items++] = (struct item) { FW_CFG_CMDLINE_DATA, blob, BLOB };
	items[nr_items++] = (struct item) { FW_CFG_KERNEL_DATA, part + PART_AT, PART };
	items[nr_items++] = (struct item) { FW_CFG_INITRD_DATA, nothing, 0 };
	CLAIM(!fw_cfg_add(&cfg, FW_CFG_CMDLINE_DATA, blob, BLOB));
	CLAIM(!fw_cfg_add_part(&cfg, FW_CFG_KERNEL_DATA, &file, PART_AT, PART));
	CLAIM(!fw_cfg_add(&cfg, FW_CFG_INITRD_DATA, nothing, 0));
}

/* The ACPI tables of so many vCPUs, and the script that says how to place them. */
static void add_tables(unsigned int nr_vcpus)
{
	unsigned int i;

	CLAIM(!acpi_loader_add(&cfg, nr_vcpus));
	for (i = 0; i < cfg.nr; i++)
		if (cfg.items[i].key >= FW_CFG_FILE_DIR)
			items[nr_items++] = (struct item) {
				cfg.items[i].key, cfg.items[i].data, cfg.items[i].bytes,
			};
}

static __u16 take_key(struct input *input)
{
	static const __u16 keys[] = { 0, 1, 0x15, 0x11, 0x12, 0x19, 0x4011, 0x22 };
	__u8 key = input_number(input, 1);

	return key < 0xf0 ? keys[key % 8] : input_number(input, 2);
}

static void start_dma(struct input *input)
{
	__u64 at = input_value(input), address = input_value(input);
	__u32 control = input_number(input, 1), length = input_value(input);

	control |= (__u32)take_key(input) << 16;
	if (at <= MEMORY - 16) {
		control = htobe32(control);
		length = htobe32(length);
		address = htobe64(address);
		memcpy(memory.base + at, &control, 4);
		memcpy(memory.base + at + 4, &length, 4);
		memcpy(memory.base + at + 8, &address, 8);
		memcpy(expected.base + at, memory.base + at, 16);
	}
	/* The upper half is 0 where nobody has written it. */
	if (at >> 32)
		bus_write(&ports, 0x514, 4, htobe32(at >> 32));
	bus_write(&ports, 0x518, 4, htobe32((__u32)at));
	model_start(at);
}

static void step(struct input *input)
{
	__u8 what = input_number(input, 1);
	unsigned int i, bytes;
	__u64 value;
	__u16 key;

	switch (what & 7) {
	case 0 ... 1:
		key = take_key(input);
		bus_write(&ports, 0x510, 2, key);
		model_select(key);
		break;
	case 2:
		for (i = 0; i <= what >> 3; i++) {
			bus_read(&ports, 0x511, 1, &value);
			CLAIM(value == model_byte());
		}
		break;
	case 3:
		bytes = 1 + (what >> 3) % 8;
		i = input_below(input, 10);
		bus_read(&ports, 0x510 + i, bytes, &value);
		/* Both ports at once are not the data port. */
		if (i == 1)
			model_byte();
		break;
	case 4:
		bus_read(&ports, 0x514, 4, &value);
		CLAIM(!memcmp(&value, "QEMU", 4));
		bus_read(&ports, 0x518, 4, &value);
		CLAIM(!memcmp(&value, " CFG", 4));
		break;
	default:
		start_dma(input);
	}
	CLAIM(!memcmp(memory.base, expected.base, MEMORY));
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };
	unsigned int steps, nr_vcpus = input_number(&input, 1);

	memory.bytes = MEMORY;
	expected.bytes = MEMORY;
	memory.base = calloc(1, MEMORY);
	expected.base = calloc(1, MEMORY);
	CLAIM(memory.base && expected.base);
	chosen = NULL;
	offset = 0;
	fw_cfg_init(&cfg);
	add_items();
	/* They take time to make. */
	if (nr_vcpus && nr_vcpus <= KEEL_MAX_VCPUS)
		add_tables(nr_vcpus);
	CLAIM(!fw_cfg_attach(&cfg, &ports, &memory));
	for (steps = 0; input.left && steps < MOST_STEPS; steps++)
		step(&input);
	fw_cfg_destroy(&cfg);
	bus_destroy(&ports);
	free(memory.base);
	free(expected.base);
	return 0;
}
