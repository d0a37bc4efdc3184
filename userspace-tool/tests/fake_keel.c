// SPDX-License-Identifier: GPL-2.0
/*
 * libkeel without a module: linked into the keel command in its place, for
 * test_cli.sh and test_run.sh.  FAKE_KEEL in the environment says what to play.
 * Here is the host; fake_guest.c plays guests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keel.h"

static bool play(const char *part)
{
	const char *what = getenv("FAKE_KEEL");

	return what && !strcmp(what, part);
}

static bool loaded;

int keel_load(void)
{
	loaded = true;
	return play("loads") ? 0 : -ENODEV;
}

int keel_open(void)
{
	if (play("no-module") || (play("loads") && !loaded))
		return -ENOENT;
	if (play("no-permission"))
		return -EACCES;
	if (play("odd-error"))
		return -EIO;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int keel_get_info(int fd, __u32 cpu, struct keel_info *info)
{
	if (fd < 0)
		return -EBADF;
	if (cpu == 4711 || play("all-offline"))
		return -ENXIO;
	if (play("old-module"))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->cpu = cpu;
	info->abi_version = KEEL_ABI_VERSION + play("other-abi");
	info->features = KEEL_FEATURE_TPR_SHADOW;
	if (!play("no-ept") && !play("mailbox"))
		info->features |= KEEL_FEATURE_EPT;
	if (!play("no-ept") && !play("mailbox") && !play("restricted"))
		info->features |= KEEL_FEATURE_UNRESTRICTED_GUEST;
	info->run_size = KEEL_RUN_SIZE;
	info->xsave_size = 832;
	info->supported_xcr0 = 7;
	info->phys_bits = 36;
	info->msrs.basic = 0x005a08000000000dULL;
	info->msrs.feature_control = 5;
	return 0;
}
