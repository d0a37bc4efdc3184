// SPDX-License-Identifier: GPL-2.0
/*
 * What a boot loader does for kernels that follow a boot protocol.
 *
 * The file's content says which protocol; the loaders, image_*.c, put the kernel
 * into memory and tell it about the machine.  Here the tables and the first
 * vCPU's registers follow.  The other vCPUs wait for the kernel to start them.
 */
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "cmd.h"
#include "lib/keel.h"
#include "machine.h"
#include "wakeup.h"

static int refuse(const struct boot *boot, const char *why)
{
	cmd_error("%s: %s", boot->path, why);
	return -EINVAL;
}

typedef int loader(struct image *image, const struct memory *memory,
		   const struct image_file *file,
		   const struct image_args *args);

/* A kernel may follow several protocols: the first in the list is taken. */
static const struct {
	bool (*is)(const struct image_file *file);
	loader *load;
} loaders[] = {
	{ image_is_bzimage, image_load_bzimage },
	{ image_is_multiboot, image_load_multiboot },
	{ image_is_multiboot2, image_load_multiboot2 },
	{ image_is_pvh, image_load_pvh },
};

static loader *find_loader(const struct image_file *file)
{
	unsigned int i;

	for (i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (loaders[i].is(file))
			return loaders[i].load;
	return NULL;
}

static int load(struct machine *machine, const struct boot *boot,
		struct image *image)
{
	const struct image_args args = {
		.command_line = boot->command_line ? boot->command_line : "",
		.initrd = boot->initrd_path ? &boot->initrd : NULL,
		.modules = boot->modules,
		.nr_modules = boot->nr_modules,
		.rsdp = machine->rsdp,
	};
	loader *load_kernel = find_loader(&boot->file);
	int ret;

	if (!load_kernel)
		return refuse(boot, "is no kernel that can be loaded: neither bzImage nor Multiboot, nor ELF with a PVH entry; give other ELF files and flat binaries without --kernel");
	if (boot->nr_modules && load_kernel != image_load_multiboot &&
	    load_kernel != image_load_multiboot2)
		return refuse(boot, "takes no modules, since it is no Multiboot kernel; leave out --module");
	ret = load_kernel(image, &machine->memory, &boot->file, &args);
	if (ret)
		cmd_error("%s: %s", image->blame, image->error);
	return ret;
}

/* Low memory is there and free: the loaders have seen to it. */
static void write_tables(struct machine *machine, const struct image *image)
{
	__u8 *low = memory_at(&machine->memory, 0, BOOT_STACK);
	bool is_long = image->mode == IMAGE_MODE_LONG;

	if (image->linux_selectors)
		keel_write_linux_gdt(low + BOOT_GDT, is_long);
	else
		keel_write_gdt(low + BOOT_GDT, is_long);
	if (is_long)
		keel_write_long_tables(low + BOOT_PAGES, BOOT_PAGES,
				       MEMORY_HIGH);
}

/* The other vCPUs: a start-up IPI begins in real mode. */
static int check_cpus(const struct machine *machine, const struct boot *boot,
		      const struct image *image)
{
	if (machine->nr_vcpus == 1 || machine_runs_real(machine))
		return 0;
	if (!wakeup_needed(machine))
		return refuse(boot, "more than one vCPU needs real mode, which this CPU cannot run under EPT (no unrestricted guest); use --cpus 1, or --paging shadow with a 64-bit Linux");
	if (!image->may_wake)
		return refuse(boot, "starts further vCPUs in real mode, which this CPU cannot run (no unrestricted guest); use --cpus 1, or a 64-bit Linux");
	return 0;
}

static int set_state(const struct machine *machine, const struct boot *boot,
		     const struct image *image)
{
	struct keel_state state;

	if (image->mode == IMAGE_MODE_LONG)
		keel_start_long(&state, image->entry, BOOT_GDT, BOOT_PAGES);
	else if (machine_runs_unpaged(machine))
		keel_start_prot(&state, image->entry, BOOT_GDT);
	else
		return refuse(boot, "begins without paging, which this CPU cannot run under EPT (no unrestricted guest); use --paging shadow, or a 64-bit bzImage");
	if (image->linux_selectors)
		keel_start_linux(&state);
	state.regs.gpr[KEEL_RAX] = image->eax;
	state.regs.gpr[KEEL_RBX] = image->ebx;
	state.regs.gpr[KEEL_RSI] = image->esi;
	state.regs.gpr[KEEL_RSP] = BOOT_STACK;
	return boot_set_state(machine, 0, &state);
}

/**
 * boot_kernel() - put a kernel into a machine and its first vCPU at the entry
 * @machine: a machine that has not started
 * @boot: what, and how; its files are open
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_kernel(struct machine *machine, const struct boot *boot)
{
	struct image image;
	int ret;

	ret = load(machine, boot, &image);
	if (ret)
		return ret;
	ret = check_cpus(machine, boot, &image);
	if (ret)
		return ret;
	write_tables(machine, &image);
	ret = set_state(machine, boot, &image);
	return ret ? ret : boot_cpus(machine);
}
