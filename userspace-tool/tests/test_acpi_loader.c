// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables as firmware gets them: the commands are performed, and what
 * comes out is what acpi_tables_write() writes for that address.  Offsets in the
 * commands are those of QEMU's description.
 */
#include <stdlib.h>
#include <string.h>

#include "acpi_loader.h"
#include "acpi_tables.h"
#include "devices/fw_cfg.h"
#include "tests/tap.h"

#define HIGH	0x0ffe8040U

struct place {
	const struct fw_cfg_item *item;
	__u8 bytes[ACPI_TABLES_BYTES];
	__u32 address;
	__u32 align;
	__u8 zone;
};

static struct place rsdp, tables;

static __u32 get32(const __u8 *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (__u32)at[3] << 24;
}

static const struct fw_cfg_item *find(const struct fw_cfg *cfg, const char *name)
{
	unsigned int i;

	for (i = 0; i < cfg->nr; i++)
		if (!strcmp(cfg->items[i].name, name))
			return &cfg->items[i];
	return NULL;
}

static struct place *place_of(const __u8 *name)
{
	if (!strcmp((const char *)name, "etc/acpi/rsdp"))
		return &rsdp;
	return strcmp((const char *)name, "etc/acpi/tables") ? NULL : &tables;
}

static bool allocate(const struct fw_cfg *cfg, const __u8 *command)
{
	struct place *place = place_of(command + 4);
	const struct fw_cfg_item *item;

	if (!place || place->item)
		return false;
	item = find(cfg, (const char *)command + 4);
	if (!item || item->bytes > sizeof(place->bytes))
		return false;
	place->item = item;
	memcpy(place->bytes, item->data, item->bytes);
	place->align = get32(command + 60);
	place->zone = command[64];
	return true;
}

static bool add_pointer(const __u8 *command)
{
	struct place *place = place_of(command + 4);
	struct place *to = place_of(command + 60);
	__u32 offset = get32(command + 116);
	__u8 bytes = command[120];
	__u64 value = 0;

	if (!place || !place->item || !to || !to->item ||
	    (bytes != 4 && bytes != 8) || offset + bytes > place->item->bytes)
		return false;
	memcpy(&value, place->bytes + offset, bytes);
	/* Nothing else is a pointer. */
	if (!value || value >= to->item->bytes)
		return false;
	value += to->address;
	memcpy(place->bytes + offset, &value, bytes);
	return true;
}

static bool add_checksum(const __u8 *command)
{
	struct place *place = place_of(command + 4);
	__u32 offset = get32(command + 60), i;
	__u32 start = get32(command + 64), bytes = get32(command + 68);

	if (!place || !place->item || offset < start ||
	    offset >= start + bytes || start + bytes > place->item->bytes)
		return false;
	for (i = 0; i < bytes; i++)
		if (start + i != offset)
			place->bytes[offset] -= place->bytes[start + i];
	return true;
}

/* As firmware does; a sum is made anew, whatever was there before. */
static bool perform(const struct fw_cfg *cfg, const __u8 *command)
{
	struct place *place;

	switch (get32(command)) {
	case 1:
		return allocate(cfg, command);
	case 2:
		return add_pointer(command);
	case 3:
		place = place_of(command + 4);
		if (!place || get32(command + 60) >= sizeof(place->bytes))
			return false;
		place->bytes[get32(command + 60)] = 0;
		return add_checksum(command);
	default:
		return false;
	}
}

static void test_vcpus(unsigned int nr_vcpus)
{
	__u8 wanted[ACPI_TABLES_BYTES];
	const struct fw_cfg_item *script;
	size_t bytes = acpi_tables_write(wanted, HIGH, nr_vcpus, 0);
	unsigned int i, done = 0;
	struct fw_cfg cfg;

	rsdp = (struct place) { .address = 0xf5a00 };
	tables = (struct place) { .address = HIGH };
	fw_cfg_init(&cfg);
	printf("# %u vCPUs\n", nr_vcpus);
	ok(!acpi_loader_add(&cfg, nr_vcpus), "files");
	script = find(&cfg, "etc/table-loader");
	ok(script && script->bytes && script->bytes % 128 == 0,
	   "a script of commands");
	for (i = 0; script && i < script->bytes / 128; i++)
		done += perform(&cfg, script->data + 128 * i);
	ok(done && done == i, "each can be performed");
	ok(rsdp.zone == 2 && rsdp.align == 16 && tables.zone == 1 &&
	   tables.align == 64, "where the files go");
	ok(rsdp.item->bytes == 36 && !memcmp(rsdp.bytes, wanted, 36), "RSDP");
	ok(tables.item->bytes == bytes &&
	   !memcmp(tables.bytes + 64, wanted + 64, bytes - 64),
	   "the tables, as if written there");
	ok(memcmp(tables.bytes, "RSD PTR ", 8), "one RSDP only");
	fw_cfg_destroy(&cfg);
}

int main(void)
{
	test_vcpus(1);
	test_vcpus(64);
	return tap_done();
}
