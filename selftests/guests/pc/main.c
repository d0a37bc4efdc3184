// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel for Multiboot loaders that looks whether it runs on a PC, with the
 * ports on which test kernels under QEMU rely.  Runs under Keel and under
 *
 *   qemu-system-x86_64 -kernel pc1.elf -append "ram=128 cpus=2" -m 128 -smp 2
 *	-display none -debugcon stdio -device isa-debug-exit,iobase=0xf4
 *
 * Words on its command line: ram=MIB and cpus=N say what must be there, mods=N
 * how many modules (the first begins with "module"), end=WORD what to do at
 * the end: exit (the debug exit's value is the number of failures), halt,
 * triple, reset, port92, spin, flood.
 *
 * Next: boot.c, chips.c, apic.c.
 */
#include "pc.h"

#define DEBUG_CONSOLE	0xe9
#define DEBUG_EXIT	0xf4

uint32_t checks_failed(void);

static void check_boot(const struct boot *boot)
{
	const char *line = boot->command_line, *behind;
	uint32_t ram = option(line, "ram=", 0), mods = option(line, "mods=", 0);

	check(ram, "the command line came");
	/* Loaders keep some pages at the top for themselves. */
	check(boot->upper_kib >= (ram - 2) * 1024 && boot->upper_kib <= (ram - 1) * 1024,
	      "memory from 1 MiB on");
	check(boot->map_bytes >> 20 >= ram - 2 && boot->map_bytes <= (uint64_t)ram << 20,
	      "memory in the map");
	check(boot->modules == mods, "modules: %u", boot->modules);
	if (boot->modules) {
		check(boot->module_size >= 6 && same(boot->module, "module", 6),
		      "the first module's bytes");
		check(find_word(boot->module_line, "one=1", &behind),
		      "the first module's command line");
	}
}

static void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none;

	asm volatile("lidt %0; ud2" :: "m"(none));
}

static void flood(void)
{
	for (;;) {
		while (!(inb(0x3fd) & 0x20))
			;
		outb(0x3f8, 'x');
	}
}

static void end(const char *line)
{
	const char *how;

	if (!find_word(line, "end=", &how) || same(how, "exit", 4))
		outb(DEBUG_EXIT, checks_failed());
	else if (same(how, "triple", 6))
		triple_fault();
	else if (same(how, "reset", 5))
		outb(0x64, 0xfe);
	else if (same(how, "port92", 6))
		outb(0x92, 1);
	else if (same(how, "flood", 5))
		flood();
	else if (same(how, "spin", 4))
		for (;;)
			asm volatile("" ::: "memory");
	/* halt: main returns, and the CPU with interrupts off stays in HLT. */
}

void main(uint32_t magic, const void *info)
{
	struct acpi acpi = { 0 };
	struct boot boot = { 0 };
	const char *unused;
	uint32_t cpus;

	if (!boot_parse(&boot, magic, info)) {
		check(false, "magic: %x", magic);
		outb(DEBUG_EXIT, 0x7e);
		return;
	}
	if (find_word(boot.command_line, "end=", &unused) &&
	    find_word(boot.command_line, "only", &unused)) {
		print("only the end\n");
		end(boot.command_line);
		return;
	}
	check_boot(&boot);
	check(inb(DEBUG_CONSOLE) == DEBUG_CONSOLE, "debug console");
	cpus = option(boot.command_line, "cpus=", 1);
	fw_cfg_check(option(boot.command_line, "ram=", 0), cpus, boot.command_line);
	acpi_check(&acpi, cpus);
	interrupts_init();
	chips_check(&acpi);
	apic_check(cpus);
	print("%u failed\n", checks_failed());
	end(boot.command_line);
}
