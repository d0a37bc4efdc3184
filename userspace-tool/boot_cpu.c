// SPDX-License-Identifier: GPL-2.0
/*
 * What firmware would have left in the CPUs, for kernels that start without it.
 *
 * Memory types in the MTRRs, on every vCPU, since kernels complain where they
 * differ; and on the first one the local APIC in virtual wire mode, so that
 * interrupts of the 8259 reach it (MultiProcessor Specification, "Virtual Wire
 * Mode").
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "boot.h"
#include "cmd.h"
#include "lib/keel.h"
#include "machine.h"

/* SDM, "Memory Type Range Registers (MTRRs)". */
#define MTRR_PHYSBASE0	0x200
#define MTRR_PHYSMASK0	0x201
#define MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLE	0x800
#define MTRR_VALID	0x800
#define MTRR_UNCACHEABLE 0
#define MTRR_WRITE_BACK	6

/* SDM, "Local APIC Register Address Map" and "Local Vector Table". */
#define APIC_SVR	0xf0
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define SVR_ENABLED	0x1ff
#define LVT_EXTINT	0x700
#define LVT_NMI		0x400

/* Memory is write-back, the room for devices below 4 GiB is not cached. */
static int set_memory_types(const struct machine *machine, unsigned int id)
{
	__u64 addresses = machine->info.phys_bits < 64 ?
			  (1ULL << machine->info.phys_bits) - 1 : ~0ULL;
	struct keel_msr msrs[] = {
		{ .index = MTRR_PHYSBASE0,
		  .value = MEMORY_HOLE | MTRR_UNCACHEABLE },
		{ .index = MTRR_PHYSMASK0,
		  .value = (~(MEMORY_HIGH - MEMORY_HOLE - 1) & addresses) |
			   MTRR_VALID },
		{ .index = MTRR_DEF_TYPE,
		  .value = MTRR_ENABLE | MTRR_WRITE_BACK },
	};
	struct keel_state state = {
		.groups = KEEL_STATE_MSRS,
		.nr_msrs = sizeof(msrs) / sizeof(msrs[0]),
		.msrs = (uintptr_t)msrs,
	};
	int ret = keel_set_state(machine->vcpus[id].fd, &state);

	/* Without MTRRs all memory is write-back as it is. */
	return ret == -ENOENT ? 0 : ret;
}

static int set_virtual_wire(const struct machine *machine)
{
	static const struct {
		__u32 offset;
		__u32 value;
	} registers[] = {
		/* First: the others stay masked while the APIC is disabled. */
		{ APIC_SVR, SVR_ENABLED },
		{ APIC_LVT0, LVT_EXTINT },
		{ APIC_LVT1, LVT_NMI },
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sizeof(registers) / sizeof(registers[0]) && !ret; i++)
		ret = keel_lapic_write(machine->vcpus[0].fd,
				       registers[i].offset,
				       registers[i].value);
	/* A machine without local APICs has nothing to set. */
	return ret == -ENODEV ? 0 : ret;
}

/**
 * boot_cpus() - leave the CPUs as firmware does
 * @machine: a machine that has not started
 *
 * Return: 0, or a negative errno after a message.
 */
int boot_cpus(struct machine *machine)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < machine->nr_vcpus && !ret; i++)
		ret = set_memory_types(machine, i);
	if (ret) {
		cmd_error("setting the memory types of vCPU %u: %s; the kernel's log says why",
			  i - 1, strerror(-ret));
		return ret;
	}
	ret = set_virtual_wire(machine);
	if (ret)
		cmd_error("setting the local APIC of vCPU 0: %s; the kernel's log says why",
			  strerror(-ret));
	return ret;
}
