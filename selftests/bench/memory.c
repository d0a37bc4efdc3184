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

#define MANY	400

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
	int vm, ret;

	/* What the first one makes is not its own. */
	ret = vm = side->make_vm(MACHINE_LAPIC);
	if (ret >= 0)
		ret = make_many(side, memory);
	if (vm >= 0)
		close(vm);
	side->close();
	return ret;
}
