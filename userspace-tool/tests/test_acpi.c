// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables and the AML in them.
 *
 * A guest's view: from the RSDP on, every pointer is followed and every checksum
 * is summed.  Offsets and values are the ACPI Specification's and those of the
 * board's chips, typed anew.  Where acpica-tools are installed, test_acpi.sh
 * lets iasl read the same tables; "test_acpi -d FOLDER" writes them for it.
 */
#include <stdlib.h>
#include <string.h>

#include "acpi_aml.h"
#include "acpi_tables.h"
#include "tests/tap.h"

static __u8 memory[ACPI_TABLES_BYTES];

static __u32 get32(const __u8 *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (__u32)at[3] << 24;
}

static __u32 get16(const __u8 *at)
{
	return at[0] | at[1] << 8;
}

static const __u8 *at(__u32 gpa)
{
	if (gpa < ACPI_TABLES || gpa >= ACPI_TABLES + sizeof(memory))
		return NULL;
	return memory + (gpa - ACPI_TABLES);
}

static bool sums_up(const __u8 *bytes, size_t nr)
{
	__u8 sum = 0;

	while (nr--)
		sum += *bytes++;
	return !sum;
}

static bool is_table(const __u8 *table, const char *signature)
{
	return table && !memcmp(table, signature, 4) &&
	       sums_up(table, get32(table + 4));
}

/* The table of that signature, by way of the XSDT, and also in the RSDT. */
static const __u8 *find(const char *signature)
{
	const __u8 *xsdt = at(get32(memory + 24));
	const __u8 *rsdt = at(get32(memory + 16));
	size_t i, nr = (get32(xsdt + 4) - 36) / 8;

	for (i = 0; i < nr; i++) {
		__u32 gpa = get32(xsdt + 36 + 8 * i);

		if (is_table(at(gpa), signature) &&
		    get32(rsdt + 36 + 4 * i) == gpa)
			return at(gpa);
	}
	return NULL;
}

static void test_lists(void)
{
	ok(!memcmp(memory, "RSD PTR ", 8) && memory[15] == 2 &&
	   get32(memory + 20) == 36 && sums_up(memory, 20) &&
	   sums_up(memory, 36), "RSDP, both checksums");
	ok(is_table(at(get32(memory + 24)), "XSDT") &&
	   is_table(at(get32(memory + 16)), "RSDT"), "XSDT and RSDT");
}

static void test_fadt(void)
{
	const __u8 *fadt = find("FACP"), *facs;

	if (!ok(fadt && get32(fadt + 4) == 276, "FADT"))
		return;
	facs = at(get32(fadt + 36));
	ok(facs && !memcmp(facs, "FACS", 4) && get32(facs + 4) == 64 &&
	   (facs - memory) % 64 == 0, "FACS");
	ok(is_table(at(get32(fadt + 40)), "DSDT") &&
	   get32(fadt + 140) == get32(fadt + 40), "DSDT");
	ok(get16(fadt + 46) == 9 && !get32(fadt + 48),
	   "SCI; ACPI is on from the start");
	ok(get32(fadt + 56) == 0x600 && fadt[88] == 4 &&
	   get32(fadt + 64) == 0x604 && fadt[89] == 2 &&
	   get32(fadt + 76) == 0x608 && fadt[91] == 4, "register blocks");
	ok(fadt[148] == 1 && fadt[149] == 32 && get32(fadt + 152) == 0x600 &&
	   fadt[172] == 1 && fadt[173] == 16 && get32(fadt + 176) == 0x604 &&
	   fadt[208] == 1 && fadt[209] == 32 && get32(fadt + 212) == 0x608,
	   "the same in their extended form");
	ok(get32(fadt + 112) & 1 << 10 && fadt[116] == 1 && fadt[117] == 8 &&
	   get32(fadt + 120) == 0xcf9 && fadt[128] == 6, "reset register");
	ok(!(get32(fadt + 112) & 1 << 20) && get32(fadt + 112) & 1 << 8,
	   "not hardware-reduced; the timer has 32 bits");
	ok(!(get16(fadt + 109) & 2), "no keyboard controller to look for");
	ok(fadt[108] == 0x32, "the century in CMOS");
}

static void test_madt(unsigned int nr_vcpus, __u64 mailbox)
{
	const __u8 *madt = find("APIC"), *entry, *end;
	unsigned int cpus = 0, ioapics = 0, nmis = 0;
	bool timer = false, sci = false;
	__u64 found = 0;

	if (!ok(madt && get32(madt + 36) == 0xfee00000 && get32(madt + 40) == 1,
		"MADT"))
		return;
	end = madt + get32(madt + 4);
	for (entry = madt + 44; entry < end && entry[1]; entry += entry[1]) {
		switch (entry[0]) {
		case 0:
			if (entry[3] == cpus && entry[2] == cpus &&
			    get32(entry + 4) == 1)
				cpus++;
			break;
		case 1:
			ioapics += get32(entry + 4) == 0xfec00000 &&
				   !get32(entry + 8);
			break;
		case 2:
			timer |= entry[3] == 0 && get32(entry + 4) == 2 &&
				 !get16(entry + 8);
			sci |= entry[3] == 9 && get32(entry + 4) == 9 &&
			       get16(entry + 8) == 0xd;
			break;
		case 4:
			nmis += entry[2] == 0xff && entry[5] == 1;
			break;
		case 16:
			if (entry[1] == 24 && get16(entry + 2) == 1 &&
			    !get32(entry + 4) && get32(entry + 16) == 0xf8800 &&
			    !get32(entry + 20))
				found = get32(entry + 8) |
					(__u64)get32(entry + 12) << 32;
			break;
		}
	}
	ok(entry == end && cpus == nr_vcpus, "MADT: CPUs");
	ok(ioapics == 1 && nmis == 1, "MADT: I/O APIC and NMI");
	ok(timer && sci, "MADT: the timer is on pin 2, the SCI is high and level");
	ok(found == mailbox, "MADT: where CPUs are started");
}

/* Bytes by hand, from the specification's grammar. */
static void test_aml(void)
{
	__u8 bytes[8192], small[4];
	struct aml aml = { .bytes = bytes, .room = sizeof(bytes) };
	struct aml tight = { .bytes = small, .room = sizeof(small) };
	size_t outer, inner;
	unsigned int i;

	inner = aml_package(&aml, 2);
	aml_integer(&aml, 1);
	aml_integer(&aml, 0x123);
	aml_close(&aml, inner);
	ok(aml.used == 7 && !memcmp(bytes, "\x12\x06\x02\x01\x0b\x23\x01", 7),
	   "AML: a package");
	aml.used = 0;
	aml_eisa_id(&aml, "PNP0A03");
	ok(aml.used == 5 && !memcmp(bytes, "\x0c\x41\xd0\x0a\x03", 5),
	   "AML: a compressed ID");
	aml.used = 0;
	inner = aml_device(&aml, "ABCD");
	for (i = 0; i < 58; i++)
		aml_integer(&aml, 0);
	aml_close(&aml, inner);
	ok(bytes[2] == 0x3f && aml.used == 2 + 63, "AML: 63 bytes");
	aml.used = 0;
	inner = aml_device(&aml, "ABCD");
	for (i = 0; i < 59; i++)
		aml_integer(&aml, 0);
	aml_close(&aml, inner);
	ok(bytes[2] == 0x41 && bytes[3] == 0x04 && aml.used == 2 + 65 &&
	   !memcmp(bytes + 4, "ABCD", 4), "AML: 64 bytes need two of length");
	aml.used = 0;
	outer = aml_scope(&aml, "_SB_");
	inner = aml_device(&aml, "ABCD");
	for (i = 0; i < 4093 - 4; i++)
		aml_integer(&aml, 0);
	aml_close(&aml, inner);
	aml_close(&aml, outer);
	ok(!memcmp(bytes, "\x10\x88\x00\x01_SB_\x5b\x82\x4f\xff\x41\x42\x43\x44", 16),
	   "AML: 4095 bytes, and what is around them");
	aml_name(&tight, "_ADR");
	ok(tight.full && tight.used <= sizeof(small), "AML: no room");
}

static int dump(const char *folder)
{
	static const char *const names[] = { "FACP", "APIC" };
	const __u8 *table;
	char path[512];
	FILE *file;
	size_t i;

	for (i = 0; i <= 2; i++) {
		table = i < 2 ? find(names[i]) :
				at(get32(find("FACP") + 40));
		snprintf(path, sizeof(path), "%s/%.4s.aml", folder, table);
		file = fopen(path, "w");
		if (!file || !fwrite(table, get32(table + 4), 1, file) ||
		    fclose(file))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t used;

	used = acpi_tables_write(memory, ACPI_TABLES, 64,
				 0xfec01000);
	ok(used > 1000 && used <= sizeof(memory), "64 vCPUs fit");
	test_madt(64, 0xfec01000);
	acpi_tables_write(memory, ACPI_TABLES, 2, 0);
	if (argc == 3 && !strcmp(argv[1], "-d"))
		return dump(argv[2]);
	test_lists();
	test_fadt();
	test_madt(2, 0);
	test_aml();
	return tap_done();
}
