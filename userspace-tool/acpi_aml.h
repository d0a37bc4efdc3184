/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writer of AML, ACPI's byte code, for tables that only describe: scopes,
 * devices, names, integers, packages and resources.
 *
 * Whoever calls it opens and closes scopes in pairs.  Where the room ends the
 * rest is dropped and &aml.full says so.
 */
#ifndef ACPI_AML_H
#define ACPI_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct aml - where the writer stands
 * @bytes: where to write
 * @room: bytes there
 * @used: bytes written
 * @full: something did not fit
 */
struct aml {
	__u8 *bytes;
	size_t room;
	size_t used;
	bool full;
};

/** define AML_RESOURCES - most bytes of a device's resources */
#define AML_RESOURCES	192

/**
 * struct aml_resources - resources of a device, before they are written
 * @bytes: their descriptors
 * @used: length
 */
struct aml_resources {
	__u8 bytes[AML_RESOURCES];
	size_t used;
};

size_t aml_scope(struct aml *aml, const char *name);
size_t aml_device(struct aml *aml, const char *name);
size_t aml_package(struct aml *aml, unsigned int elements);
void aml_close(struct aml *aml, size_t opened);
void aml_name(struct aml *aml, const char *name);
void aml_integer(struct aml *aml, __u32 value);
void aml_eisa_id(struct aml *aml, const char *id);
void aml_resources(struct aml *aml, const struct aml_resources *resources);

void aml_ports(struct aml_resources *to, __u16 first, __u8 count);
void aml_irq(struct aml_resources *to, unsigned int irq);
void aml_bus_window(struct aml_resources *to, __u16 first, __u16 last);
void aml_port_window(struct aml_resources *to, __u16 first, __u16 last);
void aml_memory_window(struct aml_resources *to, __u32 first, __u32 last);

#endif /* ACPI_AML_H */
