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

size_t acpi_tables_write(__u8 *memory, __u32 gpa, unsigned int nr_vcpus);

#endif /* ACPI_TABLES_H */
