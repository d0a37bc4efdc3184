// SPDX-License-Identifier: GPL-2.0
/*
 * Boots a kernel under a BIOS.
 *
 * The machine begins with the BIOS, which finds our option ROM in fw_cfg and is
 * told to boot it first (rom/boot.S).  The ROM reads the kernel from there, too.
 * Linux runs better without a BIOS; this is for kernels that need its services.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "boot.h"
#include "cmd.h"
#include "machine.h"
#include "rom/kernel.h"

/* Names that SeaBIOS documents in "Runtime config". */
#define ROM_FILE	"genroms/keel-kernel.rom"
#define ORDER_FILE	"bootorder"

static int add_rom(struct fw_cfg *cfg, const struct rom_kernel_params *params)
{
	__u8 rom[ROM_MAX];

	return fw_cfg_add_file(cfg, ROM_FILE, rom, rom_kernel(rom, params));
}

/* An order that the user gave stays. */
static int add_order(struct fw_cfg *cfg)
{
	static const char order[] = "/rom@" ROM_FILE "\n";
	int ret = fw_cfg_add_file(cfg, ORDER_FILE, order, sizeof(order));

	return ret == -EEXIST ? 0 : ret;
}

static int add_parts(struct fw_cfg *cfg, const struct boot *boot,
		     const struct image_setup *setup, const char *line)
{
	const struct rom_kernel_params params = {
		.setup_bytes = setup->bytes,
		.command_line_bytes = strlen(line) + 1,
		.kernel_bytes = setup->kernel_bytes,
		.initrd_bytes = boot->initrd_path ? boot->initrd.bytes : 0,
		.initrd_lowest = setup->initrd_lowest,
		.initrd_highest = setup->initrd_highest,
	};
	int ret;

	ret = fw_cfg_add(cfg, FW_CFG_SETUP_DATA, setup->code, setup->bytes);
	if (!ret)
		ret = fw_cfg_add(cfg, FW_CFG_CMDLINE_DATA, line,
				 params.command_line_bytes);
	if (!ret)
		ret = fw_cfg_add_part(cfg, FW_CFG_KERNEL_DATA, &boot->file,
				      setup->bytes, params.kernel_bytes);
	if (!ret && params.initrd_bytes)
		ret = fw_cfg_add_part(cfg, FW_CFG_INITRD_DATA, &boot->initrd,
				      0, params.initrd_bytes);
	if (!ret)
		ret = add_rom(cfg, &params);
	return ret ? ret : add_order(cfg);
}

static int refuse(const struct boot *boot, const char *why)
{
	cmd_error("%s: %s", boot->path, why);
	return -EINVAL;
}

/**
 * boot_bios() - put a BIOS into a machine, and a kernel where it finds it
 * @machine: a machine with a board that has not started
 * @boot: what; its files stay open while the machine runs
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_bios(struct machine *machine, const struct boot *boot)
{
	const struct image_args args = {
		.command_line = boot->command_line ? boot->command_line : "",
		.initrd = boot->initrd_path ? &boot->initrd : NULL,
	};
	struct image_setup setup;
	struct image image;
	int ret;

	if (!image_is_bzimage(&boot->file))
		return refuse(boot, "is no bzImage, which is what a BIOS can boot; leave out --firmware");
	if (boot->nr_modules)
		return refuse(boot, "takes no modules, since it is no Multiboot kernel; leave out --module");
	ret = image_read_setup(&image, &setup, &machine->memory, &boot->file,
			       &args);
	if (ret) {
		cmd_error("%s: %s", image.blame, image.error);
		return ret;
	}
	ret = add_parts(&machine->board->fw_cfg, boot, &setup,
			args.command_line);
	if (ret) {
		cmd_error("%s: fw_cfg: %s", boot->path, strerror(-ret));
		return ret;
	}
	return boot_firmware(machine, boot);
}
