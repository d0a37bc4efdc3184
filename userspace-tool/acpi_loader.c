// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables for firmware: it has a place for them, and is told what to
 * change in them there.
 *
 * After QEMU's "BIOS linker/loader": a file of commands in fw_cfg.  The tables
 * are written as if they began at 0, so that the pointers in them are offsets;
 * commands add the address where the firmware put them, and sum up again what
 * they changed.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "acpi_loader.h"
#include "acpi_tables.h"
#include "devices/fw_cfg.h"

#define RSDP_FILE	"etc/acpi/rsdp"
#define TABLES_FILE	"etc/acpi/tables"
#define LOADER_FILE	"etc/table-loader"

/* The RSDP goes where operating systems look for it. */
#define ZONE_HIGH	1
#define ZONE_LOW	2

#define ALIGN_RSDP	16
/* The FACS'. */
#define ALIGN_TABLES	64

#define MAX_COMMANDS	32

enum loader_command {
	COMMAND_ALLOCATE = 1,
	COMMAND_ADD_POINTER = 2,
	COMMAND_ADD_CHECKSUM = 3,
};

struct command {
	__u32 command;
	union {
		struct {
			char file[FW_CFG_NAME];
			__u32 align;
			__u8 zone;
		} allocate;
		struct {
			char file[FW_CFG_NAME];
			char to[FW_CFG_NAME];
			__u32 offset;
			__u8 bytes;
		} pointer;
		struct {
			char file[FW_CFG_NAME];
			__u32 offset;
			__u32 start;
			__u32 bytes;
		} checksum;
		__u8 pad[124];
	};
};

_Static_assert(sizeof(struct command) == 128, "a command has 128 bytes");

/* The last command is what there is no room for; it is noticed at the end. */
struct script {
	struct command commands[MAX_COMMANDS + 1];
	unsigned int nr;
};

static struct command *add(struct script *script, enum loader_command what)
{
	unsigned int at = script->nr < MAX_COMMANDS ? script->nr : MAX_COMMANDS;
	struct command *command = &script->commands[at];

	script->nr++;
	command->command = htole32(what);
	return command;
}

static void allocate(struct script *script, const char *file, __u32 align,
		     __u8 zone)
{
	struct command *command = add(script, COMMAND_ALLOCATE);

	strcpy(command->allocate.file, file);
	command->allocate.align = htole32(align);
	command->allocate.zone = zone;
}

/* At this offset of the file is a pointer to one of the tables, or 0. */
static void pointer(struct script *script, const char *file, __u32 offset,
		    __u8 bytes)
{
	struct command *command = add(script, COMMAND_ADD_POINTER);

	strcpy(command->pointer.file, file);
	strcpy(command->pointer.to, TABLES_FILE);
	command->pointer.offset = htole32(offset);
	command->pointer.bytes = bytes;
}

static void checksum(struct script *script, const char *file, __u32 offset,
		     __u32 start, __u32 bytes)
{
	struct command *command = add(script, COMMAND_ADD_CHECKSUM);

	strcpy(command->checksum.file, file);
	command->checksum.offset = htole32(offset);
	command->checksum.start = htole32(start);
	command->checksum.bytes = htole32(bytes);
}

static __u32 get32(const __u8 *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static void sum_table(struct script *script, const __u8 *tables, __u32 at)
{
	checksum(script, TABLES_FILE, at + ACPI_CHECKSUM, at,
		 get32(tables + at + ACPI_LENGTH));
}

/* RSDT or XSDT, with entries of so many bytes. */
static void add_list(struct script *script, const __u8 *tables, __u32 list,
		     __u8 bytes)
{
	__u32 end = list + get32(tables + list + ACPI_LENGTH), at;

	for (at = list + ACPI_HEADER_BYTES; at < end; at += bytes)
		pointer(script, TABLES_FILE, at, bytes);
	sum_table(script, tables, list);
}

/* The only table besides the lists that has pointers. */
static void add_fadt(struct script *script, const __u8 *tables, __u32 rsdt)
{
	__u32 end = rsdt + get32(tables + rsdt + ACPI_LENGTH), at, fadt;

	for (at = rsdt + ACPI_HEADER_BYTES; at < end; at += 4) {
		fadt = get32(tables + at);
		if (memcmp(tables + fadt, "FACP", 4))
			continue;
		pointer(script, TABLES_FILE, fadt + ACPI_FADT_FACS, 4);
		pointer(script, TABLES_FILE, fadt + ACPI_FADT_DSDT, 4);
		pointer(script, TABLES_FILE, fadt + ACPI_FADT_X_DSDT, 8);
		sum_table(script, tables, fadt);
	}
}

static void write_script(struct script *script, const __u8 *tables)
{
	__u32 rsdt = get32(tables + ACPI_RSDP_RSDT);

	allocate(script, RSDP_FILE, ALIGN_RSDP, ZONE_LOW);
	allocate(script, TABLES_FILE, ALIGN_TABLES, ZONE_HIGH);
	add_fadt(script, tables, rsdt);
	add_list(script, tables, rsdt, 4);
	add_list(script, tables, get32(tables + ACPI_RSDP_XSDT), 8);
	pointer(script, RSDP_FILE, ACPI_RSDP_RSDT, 4);
	pointer(script, RSDP_FILE, ACPI_RSDP_XSDT, 8);
	checksum(script, RSDP_FILE, ACPI_RSDP_CHECKSUM, 0, ACPI_RSDP_BYTES_1);
	checksum(script, RSDP_FILE, ACPI_RSDP_CHECKSUM_2, 0, ACPI_RSDP_BYTES);
}

/**
 * acpi_loader_add() - give firmware the ACPI tables
 * @cfg: where; no vCPU runs
 * @nr_vcpus: how many vCPUs the machine has, at most KEEL_MAX_VCPUS
 *
 * Return: 0, or a negative errno of fw_cfg_add_file().
 */
int acpi_loader_add(struct fw_cfg *cfg, unsigned int nr_vcpus)
{
	__u8 tables[ACPI_TABLES_BYTES];
	struct script script = { .nr = 0 };
	size_t bytes = acpi_tables_write(tables, 0, nr_vcpus, 0);
	int ret;

	write_script(&script, tables);
	if (script.nr > MAX_COMMANDS)
		return -ENOSPC;
	ret = fw_cfg_add_file(cfg, RSDP_FILE, tables, ACPI_RSDP_BYTES);
	if (ret)
		return ret;
	/* There is one RSDP. */
	memset(tables, 0, ACPI_RSDP_BYTES);
	ret = fw_cfg_add_file(cfg, TABLES_FILE, tables, bytes);
	if (ret)
		return ret;
	return fw_cfg_add_file(cfg, LOADER_FILE, script.commands,
			       script.nr * sizeof(script.commands[0]));
}
