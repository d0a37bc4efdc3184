// SPDX-License-Identifier: GPL-2.0
/*
 * Start states and their tables, walked and read as a CPU would.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/keel.h"
#include "tests/tap.h"
#include "vmcs_names.h"

#define GPA	0x2000ULL

/* Where the tables at GPA lead, by the SDM's "4-Level Paging"; ~0: nowhere. */
static __u64 walk(const __u8 *tables, __u64 gva)
{
	__u64 entry = GPA, table;
	int shift;

	for (shift = 39; shift >= 21; shift -= 9) {
		table = entry & 0xffffffffff000ULL;
		memcpy(&entry, tables + table - GPA + (gva >> shift & 511) * 8,
		       sizeof(entry));
		if (!(entry & 1) || !(entry & 2))
			return ~0ULL;
		if (entry & 0x80)
			break;
	}
	return (entry & 0xffffffffff000ULL) | (gva & ((1ULL << shift) - 1));
}

static void test_tables(void)
{
	__u64 bytes = keel_long_tables_bytes((4ULL << 30) + 1);
	__u8 *tables = malloc(bytes);
	__u32 pd[1024];

	ok(bytes == 7 * 4096 && keel_long_tables_bytes(1) == 3 * 4096,
	   "size of the tables");
	memset(tables, 0xff, bytes);
	keel_write_long_tables(tables, GPA, (4ULL << 30) + 1);
	ok(walk(tables, 0) == 0 && walk(tables, 0x12345678) == 0x12345678 &&
	   walk(tables, 0xfee00020) == 0xfee00020 &&
	   walk(tables, (5ULL << 30) - 1) == (5ULL << 30) - 1,
	   "everything is where it is");
	ok(walk(tables, 5ULL << 30) == ~0ULL &&
	   walk(tables, 1ULL << 39) == ~0ULL, "and nothing beyond");
	free(tables);
	keel_write_page_directory(pd);
	ok(pd[0] == 0xe3 && pd[1023] == 0xffc000e3, "4-MByte pages");
}

static void test_gdt(void)
{
	__u64 gdt[KEEL_GDT_BYTES / 8];
	__u64 linux_gdt[KEEL_LINUX_GDT_BYTES / 8];

	keel_write_gdt(gdt, 0);
	ok(gdt[0] == 0 && gdt[1] == 0x00cf9b000000ffffULL &&
	   gdt[2] == 0x00cf93000000ffffULL && gdt[3] == 0x00008b0000000067ULL &&
	   gdt[4] == 0, "descriptors, 32-bit");
	keel_write_gdt(gdt, 1);
	ok(gdt[1] == 0x00af9b000000ffffULL && gdt[2] == 0x00cf93000000ffffULL,
	   "descriptors, 64-bit");
	memset(linux_gdt, 0xff, sizeof(linux_gdt));
	keel_write_linux_gdt(linux_gdt, 1);
	ok(!linux_gdt[0] && !linux_gdt[1] &&
	   linux_gdt[2] == 0x00af9b000000ffffULL &&
	   linux_gdt[3] == 0x00cf93000000ffffULL && linux_gdt[4] == gdt[3] &&
	   !linux_gdt[5], "descriptors, as Linux wants them");
}

static void test_states(void)
{
	struct keel_state state;

	memset(&state, 0xff, sizeof(state));
	keel_start_real(&state, 0x7c00);
	ok(state.groups == KEEL_START_GROUPS && state.regs.rip == 0x7c00 &&
	   state.regs.rflags == 2 && !(state.control.cr0 & 1) &&
	   state.segments.seg[KEEL_CS].base == 0 &&
	   state.segments.seg[KEEL_CS].limit == 0xffff &&
	   state.segments.idtr.limit == 0xffff && !state.reserved,
	   "real mode");
	keel_start_real(&state, 0x98765);
	ok(state.segments.seg[KEEL_CS].selector == 0x9000 &&
	   state.segments.seg[KEEL_CS].base == 0x90000 &&
	   state.regs.rip == 0x8765, "real mode, further up");
	keel_start_prot(&state, 0x100000, 0x1000);
	ok((state.control.cr0 & 0x80000001) == 1 && !state.control.efer &&
	   state.segments.seg[KEEL_CS].attributes == 0xc09b &&
	   state.segments.seg[KEEL_SS].attributes == 0xc093 &&
	   state.segments.gdtr.base == 0x1000 &&
	   state.segments.gdtr.limit == 39, "protected mode");
	keel_start_paged(&state, 0x100000, 0x1000, 0x2000);
	ok((state.control.cr0 & 0x80000001) == 0x80000001 &&
	   state.control.cr3 == 0x2000 && state.control.cr4 == 0x10,
	   "with paging");
	keel_start_long(&state, 0x100000, 0x1000, 0x2000);
	ok((state.control.cr0 & 0x80000001) == 0x80000001 &&
	   state.control.cr4 & 0x20 && state.control.efer == 0x500 &&
	   state.control.cr3 == 0x2000 &&
	   state.segments.seg[KEEL_CS].attributes == 0xa09b &&
	   state.segments.seg[KEEL_TR].attributes == 0x8b, "long mode");
	keel_start_linux(&state);
	ok(state.segments.seg[KEEL_CS].selector == 0x10 &&
	   state.segments.seg[KEEL_SS].selector == 0x18 &&
	   state.segments.seg[KEEL_GS].selector == 0x18 &&
	   state.segments.seg[KEEL_TR].selector == 0x20 &&
	   state.segments.seg[KEEL_CS].attributes == 0xa09b &&
	   state.segments.gdtr.limit == 47, "as Linux wants it");
}

static void test_names(void)
{
	ok(!strcmp(keel_exit_name(KEEL_EXIT_IO), "IO") &&
	   !strcmp(keel_exit_name(KEEL_EXIT_INTERNAL_ERROR), "INTERNAL_ERROR") &&
	   !strcmp(keel_exit_name(KEEL_EXIT_DEADLINE), "DEADLINE") &&
	   !keel_exit_name(KEEL_EXIT_EXTINT + 1) &&
	   !keel_exit_name(~0U), "names of exits");
	ok(!strcmp(vmcs_field_name(0x6800), "Guest CR0") &&
	   !strcmp(vmcs_field_name(0x2801), "VMCS link pointer") &&
	   !strcmp(vmcs_field_name(0x4826), "Guest activity state") &&
	   !vmcs_field_name(0xffff), "names of VMCS fields");
}

int main(void)
{
	test_tables();
	test_gdt();
	test_states();
	test_names();
	return tap_done();
}
