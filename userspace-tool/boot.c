// SPDX-License-Identifier: GPL-2.0
/*
 * What a boot loader does: image, tables, registers.
 *
 * Here are images that follow no boot protocol; for kernels that do see
 * boot_kernel.c, for firmware boot_firmware.c, for both boot_bios.c.  All vCPUs
 * begin at the entry, in the same state but for the stack and the number in RDI,
 * which says which one it is, so that a small guest need not start them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "cmd.h"
#include "lib/keel.h"
#include "machine.h"

#define REAL_END	0x100000
#define PROT_END	0x100000000ULL
/* Stacks in real mode end below where a boot sector is. */
#define REAL_STACK	0x7c00
#define REAL_STACK_BYTES 0x180

static int load_image(struct machine *machine, const struct boot *boot,
		      struct image *image)
{
	__u64 load_at = boot->load_at;
	int ret;

	if (image_is_elf(&boot->file)) {
		if (boot->has_load_at) {
			cmd_error("%s: is ELF and says itself where it goes; leave out --load-at",
				  boot->path);
			return -EINVAL;
		}
		ret = image_load_elf(image, &machine->memory, &boot->file);
	} else {
		if (!boot->has_load_at)
			load_at = boot->mode == IMAGE_MODE_REAL ? BOOT_REAL :
								  BOOT_FLAT;
		ret = image_load_flat(image, &machine->memory, &boot->file,
				      load_at);
	}
	if (ret)
		cmd_error("%s: %s", image->blame, image->error);
	return ret;
}

static int refuse(const struct boot *boot, const char *why)
{
	cmd_error("%s: %s", boot->path, why);
	return -EINVAL;
}

/* What the chosen mode asks of entry and CPU. */
static int check(const struct machine *machine, const struct boot *boot,
		 const struct image *image)
{
	if (!memory_at(&machine->memory, image->entry, 1))
		return refuse(boot, "the entry is outside of the guest's memory");
	if (image->mode == IMAGE_MODE_REAL && !machine_runs_real(machine))
		return refuse(boot,
			      "this CPU cannot run guests in real mode (no unrestricted guest); use --mode prot or long");
	if (image->mode == IMAGE_MODE_REAL && image->entry >= REAL_END)
		return refuse(boot,
			      "the entry is not below 1 MiB, where real mode ends");
	if (image->mode == IMAGE_MODE_PROT && image->entry >= PROT_END)
		return refuse(boot,
			      "the entry is not below 4 GiB, where 32-bit mode ends");
	return 0;
}

/* How far the long mode tables map: RAM, and the room for devices. */
static __u64 map_bytes(const struct machine *machine)
{
	__u64 end = memory_end(&machine->memory);

	if (end < MEMORY_HIGH)
		return MEMORY_HIGH;
	return end < BOOT_MAP_MAX ? end : BOOT_MAP_MAX;
}

/* Write the tables that the mode needs; where they do not fit, say so. */
static int write_tables(struct machine *machine, const struct boot *boot,
			const struct image *image)
{
	__u64 end = BOOT_PAGES + 4096;
	__u8 *low;

	if (image->mode == IMAGE_MODE_REAL)
		return 0;
	if (image->mode == IMAGE_MODE_LONG)
		end = BOOT_PAGES +
		      keel_long_tables_bytes(map_bytes(machine));
	low = memory_at(&machine->memory, 0, BOOT_PAGES_END);
	if (!low || end > BOOT_PAGES_END)
		return refuse(boot, "no room for page tables");
	if (image->first < end && image->last >= BOOT_GDT) {
		cmd_error("%s: covers 0x%llx to 0x%llx; 0x%x to 0x%llx is needed for page tables",
			  boot->path, image->first, image->last, BOOT_GDT,
			  end - 1);
		return -EINVAL;
	}
	keel_write_gdt(low + BOOT_GDT, image->mode == IMAGE_MODE_LONG);
	if (image->mode == IMAGE_MODE_LONG)
		keel_write_long_tables(low + BOOT_PAGES, BOOT_PAGES,
				       map_bytes(machine));
	else
		keel_write_page_directory(low + BOOT_PAGES);
	return 0;
}

static void start_state(const struct machine *machine,
			const struct image *image, unsigned int id,
			struct keel_state *state)
{
	__u64 stack = BOOT_STACK - id * BOOT_STACK_BYTES;

	if (image->mode == IMAGE_MODE_REAL) {
		keel_start_real(state, image->entry);
		stack = REAL_STACK - id * REAL_STACK_BYTES;
	} else if (image->mode == IMAGE_MODE_LONG) {
		keel_start_long(state, image->entry, BOOT_GDT, BOOT_PAGES);
	} else if (machine_runs_unpaged(machine)) {
		keel_start_prot(state, image->entry, BOOT_GDT);
	} else {
		keel_start_paged(state, image->entry, BOOT_GDT, BOOT_PAGES);
	}
	state->regs.gpr[KEEL_RSP] = stack;
	state->regs.gpr[KEEL_RDI] = id;
}

static int open_file(struct image_file *file, const char *path)
{
	int ret;

	if (!path)
		return 0;
	ret = image_file_open(file, path);
	if (ret)
		cmd_error("%s: %s", path, strerror(-ret));
	return ret;
}

static int open_module(struct image_module *module, const char *args)
{
	/* Freed by boot_close(). */
	char *path = strndup(args, strcspn(args, " "));

	module->string = args;
	module->file.path = path;
	if (!path) {
		cmd_error("%s: %s", args, strerror(ENOMEM));
		return -ENOMEM;
	}
	return open_file(&module->file, path);
}

/**
 * boot_open() - open the files that a guest boots from
 * @boot: what, and how; boot_close() undoes it, also after an error
 *
 * What comes from a pipe is read here: later, signals no longer end us at once.
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_open(struct boot *boot)
{
	unsigned int i;
	int ret;

	boot->file.fd = -1;
	boot->firmware.fd = -1;
	boot->initrd.fd = -1;
	for (i = 0; i < boot->nr_modules; i++)
		boot->modules[i].file = (struct image_file) { .fd = -1 };
	ret = open_file(&boot->file, boot->path);
	if (!ret)
		ret = open_file(&boot->firmware, boot->firmware_path);
	if (!ret)
		ret = open_file(&boot->initrd, boot->initrd_path);
	for (i = 0; i < boot->nr_modules && !ret; i++)
		ret = open_module(&boot->modules[i], boot->module_args[i]);
	return ret;
}

/**
 * boot_is_lazy() - whether files are still read while the guest runs
 * @boot: how a guest boots
 *
 * Return: whether: a BIOS reads a kernel when it boots it.
 */
bool boot_is_lazy(const struct boot *boot)
{
	return boot->is_kernel && boot->firmware_path;
}

/**
 * boot_close() - close the files
 * @boot: from boot_open(); its machine has ended, or boot_is_lazy() said that
 *	nobody reads them any more.  A second call does nothing.
 */
void boot_close(struct boot *boot)
{
	unsigned int i;

	image_file_close(&boot->file);
	image_file_close(&boot->firmware);
	image_file_close(&boot->initrd);
	for (i = 0; i < boot->nr_modules; i++) {
		image_file_close(&boot->modules[i].file);
		free((char *)boot->modules[i].file.path);
		boot->modules[i].file.path = NULL;
	}
}

static int boot_image(struct machine *machine, const struct boot *boot)
{
	struct keel_state state;
	struct image image;
	unsigned int i;
	int ret;

	ret = load_image(machine, boot, &image);
	if (ret)
		return ret;
	if (boot->mode != IMAGE_MODE_ANY)
		image.mode = boot->mode;
	else if (image.mode == IMAGE_MODE_ANY)
		image.mode = IMAGE_MODE_LONG;
	if (boot->has_entry)
		image.entry = boot->entry;
	ret = check(machine, boot, &image);
	if (!ret)
		ret = write_tables(machine, boot, &image);
	if (ret)
		return ret;
	for (i = 0; i < machine->nr_vcpus; i++) {
		start_state(machine, &image, i, &state);
		ret = boot_set_state(machine, i, &state);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * boot_set_state() - give a vCPU the state in which it begins
 * @machine: its machine
 * @id: its number
 * @state: what keel_start_*() made
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_set_state(const struct machine *machine, unsigned int id,
		   struct keel_state *state)
{
	int ret = keel_set_state(machine->vcpus[id].fd, state);

	if (ret)
		cmd_error("setting the registers of vCPU %u: %s; the kernel's log says why",
			  id, strerror(-ret));
	return ret;
}

/**
 * boot_machine() - put an image into a machine and its vCPUs where they begin
 * @machine: a machine that has not started
 * @boot: what, and how; its files are open
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_machine(struct machine *machine, const struct boot *boot)
{
	if (boot_is_lazy(boot))
		return boot_bios(machine, boot);
	if (boot->is_kernel)
		return boot_kernel(machine, boot);
	if (boot->firmware_path)
		return boot_firmware(machine, boot);
	return boot_image(machine, boot);
}
