/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI tables of the board: what an operating system reads to find its CPUs,
 * its interrupt controllers and the registers that switch the machine off.
 */
#ifndef ACPI_TABLES_H
#define ACPI_TABLES_H

#include <stddef.h>
#include <linux/types.h>

/**
 * define ACPI_TABLES - where they go: the RSDP, which operating systems look for
 * from here on, and the others behind it
 */
#define ACPI_TABLES		0xe0000
/** define ACPI_TABLES_BYTES - room for them */
#define ACPI_TABLES_BYTES	0x4000

/** DOC: offsets that two have to know: who writes the tables, and who moves them */
/** define ACPI_HEADER_BYTES - what each table but RSDP and FACS begins with */
#define ACPI_HEADER_BYTES	36
/** define ACPI_LENGTH - in the header: length of the table */
#define ACPI_LENGTH		4
/** define ACPI_CHECKSUM - in the header: makes its bytes add up to 0 */
#define ACPI_CHECKSUM		9
/** define ACPI_FADT_FACS - in the FADT: a pointer of 32 bits */
#define ACPI_FADT_FACS		36
/** define ACPI_FADT_DSDT - in the FADT: a pointer of 32 bits */
#define ACPI_FADT_DSDT		40
/** define ACPI_FADT_X_DSDT - in the FADT: the same one in 64 bits */
#define ACPI_FADT_X_DSDT	140
/** define ACPI_RSDP_BYTES - length of the RSDP */
#define ACPI_RSDP_BYTES		36
/** define ACPI_RSDP_BYTES_1 - what its first checksum covers */
#define ACPI_RSDP_BYTES_1	20
/** define ACPI_RSDP_CHECKSUM - in the RSDP: the first checksum */
#define ACPI_RSDP_CHECKSUM	8
/** define ACPI_RSDP_RSDT - in the RSDP: a pointer of 32 bits */
#define ACPI_RSDP_RSDT		16
/** define ACPI_RSDP_XSDT - in the RSDP: a pointer of 64 bits */
#define ACPI_RSDP_XSDT		24
/** define ACPI_RSDP_CHECKSUM_2 - in the RSDP: the checksum over all of it */
#define ACPI_RSDP_CHECKSUM_2	32

size_t acpi_tables_write(__u8 *memory, __u32 gpa, unsigned int nr_vcpus,
			 __u64 mailbox);

#endif /* ACPI_TABLES_H */
