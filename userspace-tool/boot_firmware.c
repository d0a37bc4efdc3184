// SPDX-License-Identifier: GPL-2.0
/*
 * Boots firmware: a ROM, and vCPUs as they are after power-up.
 *
 * The module made them so (SDM, "Processor State After Reset"): vCPU 0 begins 16
 * bytes below 4 GiB, the others wait until they are started.
 */
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "cmd.h"
#include "lib/keel.h"
#include "machine.h"

/**
 * boot_firmware() - put firmware into a machine
 * @machine: a machine that has not started
 * @boot: what; its files are open
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_firmware(struct machine *machine, const struct boot *boot)
{
	struct image image;
	int ret;

	if (!machine_runs_real(machine)) {
		cmd_error("%s: firmware begins in real mode, which this CPU cannot run (no unrestricted guest); boot a kernel by --kernel alone",
			  boot->firmware_path);
		return -EOPNOTSUPP;
	}
	ret = image_load_firmware(&image, &machine->memory, &boot->firmware);
	if (ret) {
		cmd_error("%s: %s", image.blame, image.error);
		return ret;
	}
	ret = memory_map_rom(&machine->memory, machine->vm);
	if (ret)
		cmd_error("mapping the ROM: %s; the kernel's log says why",
			  strerror(-ret));
	return ret;
}
