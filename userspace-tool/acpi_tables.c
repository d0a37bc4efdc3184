// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables of the board.
 *
 * ACPI Specification, "ACPI Software Programming Model"; offsets in the FADT are
 * those of its revision 6.  The DSDT describes and has no methods: nothing on
 * this board needs code of the firmware.
 */
#include <string.h>

#include "acpi_aml.h"
#include "acpi_tables.h"
#include "board.h"
#include "devices/serial.h"
#include "memory.h"
#include "wakeup.h"

#define FADT_BYTES	276
#define FACS_BYTES	64
#define FACS_ALIGN	64
#define LAPIC_ADDRESS	0xfee00000U

/* Space IDs and access sizes of a generic address. */
#define GAS_PORT	1
#define GAS_BYTE	1
#define GAS_WORD	2
#define GAS_DWORD	3

/* FADT, IAPC_BOOT_ARCH: ISA devices; no VGA; no power management by PCIe.  No
 * keyboard controller: there is one, but no key is ever pressed, and a driver
 * would spend long looking at it.
 */
#define BOOT_ARCH	0x0015

/* FADT, flags. */
#define FADT_WBINVD		(1U << 0)
#define FADT_PROC_C1		(1U << 2)
#define FADT_NO_SLEEP_BUTTON	(1U << 5)
#define FADT_NO_FIXED_RTC	(1U << 6)
#define FADT_TIMER_32		(1U << 8)
#define FADT_RESET		(1U << 10)

#define PROFILE_SERVER		4
/* Latencies above these mean: no such state. */
#define NO_C2			101
#define NO_C3			1001

/* MADT. */
#define MADT_PCAT_COMPAT	1
#define MADT_ENABLED		1
#define MADT_ALL_CPUS		0xff
#define MADT_HIGH_LEVEL		0x0d

/*
 * What is being written: tables one behind the other.  Whatever does not fit is
 * left out, which ACPI_TABLES_BYTES excludes for KEEL_MAX_VCPUS.
 */
struct writer {
	__u8 *memory;
	__u32 gpa;
	size_t used;
};

static void put16(__u8 *at, __u16 value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(__u8 *at, __u32 value)
{
	memcpy(at, &value, sizeof(value));
}

static void put64(__u8 *at, __u64 value)
{
	memcpy(at, &value, sizeof(value));
}

/* All bytes together give 0. */
static void checksum(__u8 *table, size_t bytes, size_t offset)
{
	__u8 sum = 0;
	size_t i;

	table[offset] = 0;
	for (i = 0; i < bytes; i++)
		sum += table[i];
	table[offset] = -sum;
}

static void header(__u8 *table, const char *signature, __u8 revision)
{
	memcpy(table, signature, 4);
	table[8] = revision;
	memcpy(table + 10, "KEEL  KEELPC  ", 14);
	put32(table + 24, 1);
	memcpy(table + 28, "KEEL", 4);
	put32(table + 32, 1);
}

/* Where the next table goes. */
static __u8 *next(const struct writer *writer)
{
	return writer->memory + writer->used;
}

/* The table at next() is complete; returns its address. */
static __u32 finish(struct writer *writer, size_t bytes)
{
	__u8 *table = next(writer);
	__u32 gpa = writer->gpa + writer->used;

	put32(table + ACPI_LENGTH, bytes);
	checksum(table, bytes, ACPI_CHECKSUM);
	writer->used = (writer->used + bytes + 15) & ~15UL;
	return gpa;
}

static void device(struct aml *aml, const char *name, const char *id,
		   const struct aml_resources *resources)
{
	size_t opened = aml_device(aml, name);

	aml_name(aml, "_HID");
	aml_eisa_id(aml, id);
	aml_name(aml, "_CRS");
	aml_resources(aml, resources);
	aml_close(aml, opened);
}

static void host_bridge(struct aml *aml)
{
	struct aml_resources resources = { .used = 0 };
	size_t opened = aml_device(aml, "PCI0");

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0A03");
	aml_name(aml, "_UID");
	aml_integer(aml, 0);
	aml_bus_window(&resources, 0, 0xff);
	aml_ports(&resources, PCI_CONFIG_ADDRESS, PCI_CONFIG_PORTS);
	aml_port_window(&resources, 0, PCI_CONFIG_ADDRESS - 1);
	aml_port_window(&resources, PCI_CONFIG_ADDRESS + PCI_CONFIG_PORTS,
			0xffff);
	/* What is neither memory nor one of the APICs. */
	aml_memory_window(&resources, MEMORY_HOLE, IOAPIC_BASE - 1);
	aml_name(aml, "_CRS");
	aml_resources(aml, &resources);
	aml_close(aml, opened);
}

static void isa_devices(struct aml *aml)
{
	struct aml_resources com = { .used = 0 }, rtc = com, pit = com;
	struct aml_resources pic = com;

	aml_ports(&com, SERIAL_COM1, SERIAL_PORTS);
	aml_irq(&com, BOARD_COM1_IRQ);
	device(aml, "COM1", "PNP0501", &com);
	aml_ports(&rtc, MC146818_PORT, 2);
	aml_irq(&rtc, MC146818_IRQ);
	device(aml, "RTC_", "PNP0B00", &rtc);
	aml_ports(&pit, I8254_PORT, I8254_PORTS);
	aml_irq(&pit, I8254_IRQ);
	device(aml, "PIT_", "PNP0100", &pit);
	aml_ports(&pic, I8259_MASTER, 2);
	aml_ports(&pic, I8259_SLAVE, 2);
	aml_ports(&pic, I8259_ELCR, 2);
	aml_irq(&pic, I8259_CASCADE);
	device(aml, "PIC_", "PNP0000", &pic);
}

static void power_off(struct aml *aml)
{
	size_t package;

	aml_name(aml, "_S5_");
	package = aml_package(aml, 4);
	aml_integer(aml, ACPI_PM_S5);
	aml_integer(aml, ACPI_PM_S5);
	aml_integer(aml, 0);
	aml_integer(aml, 0);
	aml_close(aml, package);
}

static __u32 write_dsdt(struct writer *writer)
{
	struct aml aml = {
		.bytes = next(writer) + ACPI_HEADER_BYTES,
		.room = ACPI_TABLES_BYTES - writer->used - ACPI_HEADER_BYTES,
	};
	size_t scope;

	header(next(writer), "DSDT", 2);
	power_off(&aml);
	scope = aml_scope(&aml, "_SB_");
	host_bridge(&aml);
	isa_devices(&aml);
	aml_close(&aml, scope);
	return finish(writer, ACPI_HEADER_BYTES + aml.used);
}

/* Not a table like the others: without checksum, and the guest writes to it. */
static __u32 write_facs(struct writer *writer)
{
	__u32 gpa = writer->gpa + writer->used;
	__u32 skip = -gpa & (FACS_ALIGN - 1);
	__u8 *facs;

	writer->used += skip;
	facs = next(writer);
	memcpy(facs, "FACS", 4);
	put32(facs + 4, FACS_BYTES);
	facs[32] = 2;
	writer->used += FACS_BYTES;
	return gpa + skip;
}

static void generic_address(__u8 *at, __u16 port, __u8 bytes, __u8 access)
{
	at[0] = GAS_PORT;
	at[1] = bytes * 8;
	at[3] = access;
	put64(at + 4, port);
}

/* The fixed hardware: each block in its old and its new form. */
static void fadt_blocks(__u8 *fadt)
{
	put32(fadt + 56, ACPI_PM1_EVT);
	put32(fadt + 64, ACPI_PM1_CNT);
	put32(fadt + 76, ACPI_PM_TMR);
	fadt[88] = ACPI_PM1_EVT_LEN;
	fadt[89] = ACPI_PM1_CNT_LEN;
	fadt[91] = ACPI_PM_TMR_LEN;
	generic_address(fadt + 148, ACPI_PM1_EVT, ACPI_PM1_EVT_LEN, GAS_WORD);
	generic_address(fadt + 172, ACPI_PM1_CNT, ACPI_PM1_CNT_LEN, GAS_WORD);
	generic_address(fadt + 208, ACPI_PM_TMR, ACPI_PM_TMR_LEN, GAS_DWORD);
}

static __u32 write_fadt(struct writer *writer, __u32 facs, __u32 dsdt)
{
	__u8 *fadt = next(writer);

	header(fadt, "FACP", 6);
	put32(fadt + ACPI_FADT_FACS, facs);
	put32(fadt + ACPI_FADT_DSDT, dsdt);
	fadt[45] = PROFILE_SERVER;
	put16(fadt + 46, ACPI_PM_SCI);
	fadt_blocks(fadt);
	put16(fadt + 96, NO_C2);
	put16(fadt + 98, NO_C3);
	fadt[108] = MC146818_CENTURY;
	put16(fadt + 109, BOOT_ARCH);
	put32(fadt + 112, FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON |
			  FADT_NO_FIXED_RTC | FADT_TIMER_32 | FADT_RESET);
	generic_address(fadt + 116, ACPI_RESET_PORT, 1, GAS_BYTE);
	fadt[128] = ACPI_RESET_VALUE;
	put64(fadt + ACPI_FADT_X_DSDT, dsdt);
	memcpy(fadt + 268, "KEEL", 4);
	return finish(writer, FADT_BYTES);
}

static __u8 *madt_cpu(__u8 *at, unsigned int id)
{
	const __u8 entry[] = { 0, 8, id, id, MADT_ENABLED, 0, 0, 0 };

	memcpy(at, entry, sizeof(entry));
	return at + sizeof(entry);
}

static __u8 *madt_ioapic(__u8 *at)
{
	const __u8 entry[] = { 1, 12, IOAPIC_ID, 0 };

	memcpy(at, entry, sizeof(entry));
	put32(at + 4, IOAPIC_BASE);
	put32(at + 8, 0);
	return at + 12;
}

static __u8 *madt_override(__u8 *at, __u8 irq, __u8 pin, __u8 flags)
{
	const __u8 entry[] = { 2, 10, 0, irq, pin, 0, 0, 0, flags, 0 };

	memcpy(at, entry, sizeof(entry));
	return at + sizeof(entry);
}

/* A PC connects its NMI line to LINT1 of every local APIC. */
static __u8 *madt_nmi(__u8 *at)
{
	const __u8 entry[] = { 4, 6, MADT_ALL_CPUS, 0, 0, 1 };

	memcpy(at, entry, sizeof(entry));
	return at + sizeof(entry);
}

/* Version 1, which ends with the place for CPUs that are given back. */
static __u8 *madt_wakeup(__u8 *at, __u64 mailbox)
{
	const __u8 entry[] = { 16, 24, 1, 0, 0, 0, 0, 0 };

	memcpy(at, entry, sizeof(entry));
	put64(at + 8, mailbox);
	put64(at + 16, WAKEUP_RESET);
	return at + 24;
}

static __u32 write_madt(struct writer *writer, unsigned int nr_vcpus,
			__u64 mailbox)
{
	__u8 *madt = next(writer), *at = madt + ACPI_HEADER_BYTES + 8;
	unsigned int i;

	header(madt, "APIC", 5);
	put32(madt + ACPI_HEADER_BYTES, LAPIC_ADDRESS);
	put32(madt + ACPI_HEADER_BYTES + 4, MADT_PCAT_COMPAT);
	for (i = 0; i < nr_vcpus; i++)
		at = madt_cpu(at, i);
	at = madt_ioapic(at);
	at = madt_override(at, I8254_IRQ, IRQCHIP_TIMER_PIN, 0);
	at = madt_override(at, ACPI_PM_SCI, ACPI_PM_SCI, MADT_HIGH_LEVEL);
	at = madt_nmi(at);
	if (mailbox)
		at = madt_wakeup(at, mailbox);
	return finish(writer, at - madt);
}

/* RSDT and XSDT: a list of tables, with entries of 4 or 8 bytes. */
static __u32 write_list(struct writer *writer, const char *signature,
			size_t bytes, const __u32 *tables, unsigned int nr)
{
	__u8 *list = next(writer), *at = list + ACPI_HEADER_BYTES;
	unsigned int i;

	header(list, signature, 1);
	for (i = 0; i < nr; i++, at += bytes)
		put32(at, tables[i]);
	return finish(writer, at - list);
}

static void write_rsdp(__u8 *rsdp, __u32 rsdt, __u32 xsdt)
{
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "KEEL  ", 6);
	rsdp[15] = 2;
	put32(rsdp + ACPI_RSDP_RSDT, rsdt);
	put32(rsdp + 20, ACPI_RSDP_BYTES);
	put64(rsdp + ACPI_RSDP_XSDT, xsdt);
	checksum(rsdp, ACPI_RSDP_BYTES_1, ACPI_RSDP_CHECKSUM);
	checksum(rsdp, ACPI_RSDP_BYTES, ACPI_RSDP_CHECKSUM_2);
}

/**
 * acpi_tables_write() - write the tables, the RSDP first
 * @memory: where to; ACPI_TABLES_BYTES
 * @gpa: guest physical address of that, a multiple of 64
 * @nr_vcpus: how many vCPUs the machine has, at most KEEL_MAX_VCPUS
 * @mailbox: guest physical address of the mailbox by which they are started, 0:
 *	by start-up IPIs
 *
 * Return: bytes written.
 */
size_t acpi_tables_write(__u8 *memory, __u32 gpa, unsigned int nr_vcpus,
			 __u64 mailbox)
{
	struct writer writer = { .memory = memory, .gpa = gpa };
	__u32 facs, dsdt, rsdt, xsdt, tables[2];

	memset(memory, 0, ACPI_TABLES_BYTES);
	writer.used = FACS_ALIGN;
	facs = write_facs(&writer);
	dsdt = write_dsdt(&writer);
	tables[0] = write_fadt(&writer, facs, dsdt);
	tables[1] = write_madt(&writer, nr_vcpus, mailbox);
	rsdt = write_list(&writer, "RSDT", 4, tables, 2);
	xsdt = write_list(&writer, "XSDT", 8, tables, 2);
	write_rsdp(memory, rsdt, xsdt);
	return writer.used;
}
