/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI tables for a guest that begins with firmware.
 */
#ifndef ACPI_LOADER_H
#define ACPI_LOADER_H

struct fw_cfg;

int acpi_loader_add(struct fw_cfg *cfg, unsigned int nr_vcpus);

#endif /* ACPI_LOADER_H */
