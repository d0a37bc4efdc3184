// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUID tells the vCPUs of one machine: everything that the module offers,
 * and a topology of their own.
 *
 * All vCPUs are cores of one package, one thread each.  APIC IDs are the vCPUs'
 * numbers.  The leaves that speak of it must agree, or guests complain: 1, 4,
 * 0xb and 0x1f.
 *
 * SDM: "CPUID - CPU Identification", "Identifying Topological Relationships in
 * an MP System".
 */
#include <errno.h>
#include <string.h>

#include "lib/keel.h"
#include "machine.h"

#define LEAF1_EDX_HTT	(1U << 28)

#define TOPOLOGY_SMT	1
#define TOPOLOGY_CORE	2

/* Bits of an APIC ID that tell cores apart. */
static unsigned int core_bits(unsigned int nr_vcpus)
{
	unsigned int bits = 0;

	while (1U << bits < nr_vcpus)
		bits++;
	return bits;
}

static void features(struct keel_cpuid_leaf *leaf, unsigned int id,
		     unsigned int nr_vcpus)
{
	leaf->ebx &= 0xffff;
	leaf->ebx |= id << 24 | 1U << core_bits(nr_vcpus) << 16;
	if (nr_vcpus > 1)
		leaf->edx |= LEAF1_EDX_HTT;
	else
		leaf->edx &= ~LEAF1_EDX_HTT;
}

/* Level 1 and 2 caches are a core's, the others are the package's. */
static void cache(struct keel_cpuid_leaf *leaf, unsigned int nr_vcpus)
{
	unsigned int ids = (1U << core_bits(nr_vcpus)) - 1;
	unsigned int type = leaf->eax & 0x1f, level = leaf->eax >> 5 & 7;

	if (!type)
		return;
	leaf->eax &= 0x3fff;
	leaf->eax |= ids << 26;
	if (level > 2)
		leaf->eax |= ids << 14;
}

static void topology(struct keel_cpuid_leaf *leaf, unsigned int id,
		     unsigned int nr_vcpus)
{
	leaf->eax = 0;
	leaf->ebx = 0;
	leaf->ecx = leaf->subleaf;
	leaf->edx = id;
	if (leaf->subleaf == 0) {
		leaf->ebx = 1;
		leaf->ecx |= TOPOLOGY_SMT << 8;
	} else if (leaf->subleaf == 1) {
		leaf->eax = core_bits(nr_vcpus);
		leaf->ebx = nr_vcpus;
		leaf->ecx |= TOPOLOGY_CORE << 8;
	}
}

static bool is_topology(__u32 leaf)
{
	return leaf == 0xb || leaf == 0x1f;
}

/* Leave out what the host says in the leaves that are made anew. */
static void drop_topology(struct keel_cpuid_leaf *leaves, __u32 *nr)
{
	__u32 i, kept = 0;

	for (i = 0; i < *nr; i++)
		if (!is_topology(leaves[i].leaf))
			leaves[kept++] = leaves[i];
	*nr = kept;
}

static __u32 highest_leaf(const struct keel_cpuid_leaf *leaves, __u32 nr)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (leaves[i].leaf == 0)
			return leaves[i].eax;
	return 0;
}

/* The two levels and the end of the list. */
static int add_topology(struct keel_cpuid_leaf *leaves, __u32 *nr, __u32 number,
			unsigned int id, unsigned int nr_vcpus)
{
	__u32 subleaf;

	for (subleaf = 0; subleaf < 3; subleaf++) {
		struct keel_cpuid_leaf *leaf = &leaves[*nr];

		if (*nr == KEEL_MAX_CPUID)
			return -E2BIG;
		memset(leaf, 0, sizeof(*leaf));
		leaf->leaf = number;
		leaf->subleaf = subleaf;
		leaf->flags = KEEL_CPUID_INDEXED;
		topology(leaf, id, nr_vcpus);
		++*nr;
	}
	return 0;
}

/**
 * cpuid_topology() - give a vCPU its place in the machine
 * @leaves: what the module offers, with room for KEEL_MAX_CPUID; changed
 * @nr: how many there are; changed
 * @id: the vCPU's number
 * @nr_vcpus: how many there are in all
 *
 * Return: 0, or -E2BIG where there is no room.
 */
int cpuid_topology(struct keel_cpuid_leaf *leaves, __u32 *nr, unsigned int id,
		   unsigned int nr_vcpus)
{
	__u32 highest = highest_leaf(leaves, *nr);
	int ret = 0;
	__u32 i;

	drop_topology(leaves, nr);
	for (i = 0; i < *nr; i++) {
		if (leaves[i].leaf == 1)
			features(&leaves[i], id, nr_vcpus);
		else if (leaves[i].leaf == 4)
			cache(&leaves[i], nr_vcpus);
	}
	if (highest >= 0xb)
		ret = add_topology(leaves, nr, 0xb, id, nr_vcpus);
	if (!ret && highest >= 0x1f)
		ret = add_topology(leaves, nr, 0x1f, id, nr_vcpus);
	return ret;
}

/**
 * machine_set_cpuid() - tell all vCPUs what CPU they are
 * @machine: a machine whose vCPUs have not run
 * @keel: descriptor from keel_open()
 *
 * Return: 0 or a negative errno.
 */
int machine_set_cpuid(struct machine *machine, int keel)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	unsigned int i;
	__u32 nr;
	int ret;

	for (i = 0; i < machine->nr_vcpus; i++) {
		nr = KEEL_MAX_CPUID;
		ret = keel_get_supported_cpuid(keel, machine->flags, 0, leaves,
					       &nr);
		if (!ret)
			ret = cpuid_topology(leaves, &nr, i,
					     machine->nr_vcpus);
		if (!ret)
			ret = keel_set_cpuid(machine->vcpus[i].fd, leaves, nr);
		if (ret)
			return ret;
	}
	return 0;
}
