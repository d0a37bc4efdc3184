// SPDX-License-Identifier: GPL-2.0
/* The ACPI tables, as ACPI 6.4 lays them out in "ACPI Software Programming Model". */
#include "pc.h"

struct table {
	char signature[4];
	uint32_t length;
	uint8_t rest[28];
};

static uint32_t u32(const void *at)
{
	uint32_t value;

	__builtin_memcpy(&value, at, 4);
	return value;
}

static bool sum_is_zero(const void *at, uint32_t len)
{
	const uint8_t *byte = at;
	uint8_t sum = 0;

	while (len--)
		sum += *byte++;
	return !sum;
}

static const uint8_t *search(uint32_t from, uint32_t to)
{
	for (; from < to; from += 16) {
		if (same((const void *)from, "RSD PTR ", 8) && sum_is_zero((const void *)from, 20))
			return (const void *)from;
	}
	return NULL;
}

static const uint8_t *find_rsdp(void)
{
	/*
	 * The EBDA's segment is at 40:0e.  The assembler hides from the
	 * compiler that this is next to address 0.
	 */
	const uint8_t *rsdp;
	uint32_t ebda = 0x40e;

	asm("" : "+r"(ebda));
	ebda = *(const uint16_t *)ebda << 4;
	rsdp = ebda ? search(ebda, ebda + 1024) : NULL;
	return rsdp ? rsdp : search(0xe0000, 0x100000);
}

static void read_madt(struct acpi *acpi, const struct table *madt)
{
	const uint8_t *at = (const uint8_t *)madt + 44;
	const uint8_t *end = (const uint8_t *)madt + madt->length;

	for (; at < end && at[1]; at += at[1]) {
		if (at[0] == 0 && u32(at + 4) & 1)
			acpi->cpus++;
		else if (at[0] == 1 && !acpi->ioapic)
			acpi->ioapic = u32(at + 4);
		else if (at[0] == 2 && at[3] == 0)
			acpi->timer_gsi = u32(at + 4);
	}
}

static void read_fadt(struct acpi *acpi, const struct table *fadt)
{
	const struct table *dsdt = (const void *)u32((const uint8_t *)fadt + 40);

	acpi->pm_timer = u32((const uint8_t *)fadt + 76);
	check(dsdt && same(dsdt->signature, "DSDT", 4) && sum_is_zero(dsdt, dsdt->length),
	      "ACPI: DSDT");
}

static void read_table(struct acpi *acpi, const struct table *table)
{
	if (!sum_is_zero(table, table->length))
		check(false, "ACPI: a table's sum");
	if (same(table->signature, "APIC", 4))
		read_madt(acpi, table);
	if (same(table->signature, "FACP", 4))
		read_fadt(acpi, table);
}

void acpi_check(struct acpi *acpi, uint32_t cpus)
{
	const uint8_t *rsdp = find_rsdp();
	const struct table *root;
	uint32_t size = 4, at;

	check(rsdp, "ACPI: RSDP");
	if (!rsdp)
		return;
	root = (const void *)u32(rsdp + 16);
	if (rsdp[15] >= 2 && u32(rsdp + 24)) {
		check(sum_is_zero(rsdp, 36), "ACPI: extended RSDP's sum");
		root = (const void *)u32(rsdp + 24);
		size = 8;
	}
	check(same(root->signature, size == 8 ? "XSDT" : "RSDT", 4) &&
	      sum_is_zero(root, root->length), "ACPI: root table");
	for (at = 36; at < root->length; at += size)
		read_table(acpi, (const void *)u32((const uint8_t *)root + at));
	check(acpi->cpus == cpus, "ACPI: CPUs in the MADT: %u", acpi->cpus);
}
