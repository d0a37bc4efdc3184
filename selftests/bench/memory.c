// SPDX-License-Identifier: GPL-2.0
/*
 * keel-bench: what VMs and vCPUs take of the host's memory.
 *
 * By the host's count of free pages, before and after many were made.  So it has
 * everything: what the kernel keeps for the descriptors, what is rounded up.
 */
#include <errno.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "memory.h"

#define MANY	200

static double free_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return 0;
	return (double)info.freeram * info.mem_unit;
}

static void close_all(const int *fds, int nr)
{
	while (nr--)
		close(fds[nr]);
}

/* Two rounds: what stays from the first does not count in the second. */
static int make_many(const struct side *side, struct memory *memory)
{
	int vms[MANY], vcpus[MANY], nr_vms, nr_vcpus = 0, ret = 0;
	double before = free_bytes(), between;

	for (nr_vms = 0; nr_vms < MANY; nr_vms++) {
		ret = vms[nr_vms] = side->make_vm(MACHINE_LAPIC);
		if (ret < 0)
			break;
	}
	between = free_bytes();
	for (; ret >= 0 && nr_vcpus < MANY; nr_vcpus++) {
		ret = vcpus[nr_vcpus] = side->make_vcpu(vms[nr_vcpus], 0);
		if (ret < 0)
			break;
	}
	memory->vm = (before - between) / MANY;
	memory->vcpu = (between - free_bytes()) / MANY;
	close_all(vcpus, nr_vcpus);
	close_all(vms, nr_vms);
	return ret < 0 ? ret : 0;
}

/**
 * measure_memory - make many, and see what they take
 * @side: which hypervisor; nothing of it is open
 * @memory: filled in
 *
 * Return: 0 or a negative errno
 */
int measure_memory(const struct side *side, struct memory *memory)
{
	int ret = make_many(side, memory);

	/* What was freed comes back after a grace period, or later. */
	sleep(1);
	if (!ret)
		ret = make_many(side, memory);
	side->close();
	return ret;
}
