// SPDX-License-Identifier: GPL-2.0
/*
 * libkeel: the ABI of Keel as C functions.
 *
 * Thin on purpose: no policy, no messages, no retries but for what a signal
 * interrupted.  Next to read: <linux/keel.h>, which says what each call does.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keel.h"

/* An ioctl, with its failure as a negative errno. */
static int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/**
 * keel_open() - open /dev/keel
 *
 * The descriptor is close-on-exec; close() ends it.
 *
 * Return: a file descriptor, or a negative errno of open(2): -ENOENT where the
 * module is not loaded, -EACCES where the caller may not use it.
 */
int keel_open(void)
{
	int fd;

	do {
		fd = open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/**
 * keel_load() - load the module as `modprobe keel` does; for root
 *
 * Where modprobe fails it says why on standard error.
 *
 * Return: 0 where the module is loaded now, or a negative errno: -ENOENT
 * where there is no modprobe, -ENODEV where it failed.
 */
int keel_load(void)
{
	static char *const argv[] = { "modprobe", "-q", "keel", NULL };
	int ret, status;
	pid_t pid;

	ret = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (ret)
		return -ret;
	do {
		ret = waitpid(pid, &status, 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return status ? -ENODEV : 0;
}

/**
 * keel_get_info() - ask what this host can do (KEEL_GET_INFO)
 * @fd: descriptor from keel_open()
 * @cpu: number of an online CPU, or KEEL_CPU_ALL
 * @info: filled in; members that the module is too old to know are zero, and
 *	&keel_info.size says how many bytes it filled
 *
 * Return: 0 or a negative errno, see KEEL_GET_INFO.
 */
int keel_get_info(int fd, __u32 cpu, struct keel_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->cpu = cpu;
	return call(fd, KEEL_GET_INFO, info);
}

/**
 * keel_create_vm() - make a virtual machine (KEEL_CREATE_VM)
 * @fd: descriptor from keel_open()
 * @flags: must be zero
 *
 * Return: a file descriptor of the VM, or a negative errno, see
 * KEEL_CREATE_VM.
 */
int keel_create_vm(int fd, __u32 flags)
{
	struct keel_create_vm arg = {
		.size = sizeof(arg),
		.flags = flags,
	};

	return call(fd, KEEL_CREATE_VM, &arg);
}
