// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <keel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int host_run(const char *fmt, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command) - 20, fmt, args);
	va_end(args);
	strcat(command, " >/dev/null 2>&1");
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int host_load_keel(const char *params)
{
	return host_run("modprobe keel %s", params);
}

int host_unload_keel(void)
{
	if (!syscall(SYS_delete_module, "keel", O_NONBLOCK) || errno == ENOENT)
		return 0;
	return -errno;
}

bool host_wants_shadow(void)
{
	const char *mode = getenv("KEEL_PAGING");

	return mode && !strcmp(mode, "shadow");
}

bool host_shadows(const struct keel_info *info)
{
	return host_wants_shadow() || !(info->features & KEEL_FEATURE_EPT);
}

__u32 host_vm_flags(__u32 flags)
{
	return flags | (host_wants_shadow() ? KEEL_VM_SHADOW : 0);
}

int host_create_vm_at(int fd, __u32 flags, __u32 tsc_khz)
{
	return keel_create_vm_at(fd, host_vm_flags(flags), tsc_khz);
}

int host_create_vm(int fd, __u32 flags)
{
	return host_create_vm_at(fd, flags, 0);
}

bool host_has_guests(void)
{
	int fd = keel_open(), vm = -EOPNOTSUPP;

	if (fd >= 0) {
		vm = host_create_vm(fd, 0);
		close(fd);
	}
	if (vm >= 0)
		close(vm);
	return vm != -EOPNOTSUPP;
}

int host_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len < 0)
		return -errno;
	buf[len] = 0;
	if (len && buf[len - 1] == '\n')
		buf[len - 1] = 0;
	return 0;
}

int host_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	return len < 0 ? -err : 0;
}

int host_cpu_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return host_write(path, online ? "1" : "0");
}

int host_nr_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

bool host_is_slow(void)
{
	/* Who has kmemleak has KASAN, too: testbed/debug.config. */
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

unsigned int host_rounds(unsigned int all)
{
	return host_is_slow() ? all / 8 : all;
}

unsigned int host_patience(void)
{
	return host_is_slow() ? 64 : 1;
}

int host_cpu_state(int cpu, char *buf, size_t size)
{
	char text[4096], want[16], *line;
	int ret = host_read("/sys/kernel/debug/keel/cpus", text, sizeof(text));

	if (ret)
		return ret;
	snprintf(want, sizeof(want), "%d ", cpu);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, want, strlen(want)))
			continue;
		snprintf(buf, size, "%s", line + strlen(want));
		return 0;
	}
	return -ENOENT;
}

bool host_all_cpus(const char *state)
{
	char buf[256];
	int cpu;

	for (cpu = 0; cpu < host_nr_cpus(); cpu++)
		if (host_cpu_state(cpu, buf, sizeof(buf)) || strcmp(buf, state))
			return false;
	return true;
}

int host_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

bool host_log_has(int fd, const char *text)
{
	bool found = false;
	char line[8192];
	ssize_t len;

	/* One read is one record; EPIPE says that some were overwritten. */
	for (;;) {
		len = read(fd, line, sizeof(line) - 1);
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			return found;
		line[len] = 0;
		found |= !!strstr(line, text);
	}
}
