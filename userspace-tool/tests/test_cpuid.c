// SPDX-License-Identifier: GPL-2.0
/*
 * The topology that CPUID tells: what an operating system works out from the
 * leaves by the SDM's "Identifying Topological Relationships in an MP System"
 * must be one package with as many cores as there are vCPUs.
 */
#include <string.h>

#include "machine.h"
#include "tests/tap.h"

static struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
static __u32 nr;

static const struct keel_cpuid_leaf *find(__u32 leaf, __u32 subleaf)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (leaves[i].leaf == leaf && leaves[i].subleaf == subleaf)
			return &leaves[i];
	return NULL;
}

static void add(__u32 leaf, __u32 subleaf, __u32 eax, __u32 ebx)
{
	leaves[nr++] = (struct keel_cpuid_leaf) {
		.leaf = leaf, .subleaf = subleaf, .eax = eax, .ebx = ebx,
		.ecx = 0xdead, .edx = 0xbeef,
		.flags = leaf == 4 || leaf == 0xb ? KEEL_CPUID_INDEXED : 0,
	};
}

/* A host with hyper-threading and sixteen cores, as vCPU @id of @cpus. */
static void make(__u32 highest, unsigned int id, unsigned int cpus)
{
	nr = 0;
	add(0, 0, highest, 0);
	add(1, 0, 0x50654, 0x12200800);
	add(4, 0, 0x7c004121, 0x1c0003f);	/* level 1, two threads */
	add(4, 1, 0x7c004143, 0x3c0003f);	/* level 2 */
	add(4, 2, 0x7c07c163, 0x280003f);	/* level 3, 32 threads */
	add(4, 3, 0, 0);
	add(0xb, 0, 1, 2);
	add(0xb, 1, 5, 32);
	ok(!cpuid_topology(leaves, &nr, id, cpus), "topology is made");
}

static unsigned int bits(unsigned int count)
{
	unsigned int n = 0;

	while ((1U << n) < count)
		n++;
	return n;
}

static void check(__u32 highest, unsigned int id, unsigned int cpus)
{
	const struct keel_cpuid_leaf *one, *l1, *l3, *smt, *core, *end;
	char name[64];
	__u32 top = highest >= 0x1f ? 0x1f : 0xb;

	make(highest, id, cpus);
	one = find(1, 0);
	l1 = find(4, 0);
	l3 = find(4, 2);
	snprintf(name, sizeof(name), "leaf 1 of %u of %u", id, cpus);
	ok(one->ebx >> 24 == id && (one->ebx & 0xffff) == 0x800 &&
	   bits(one->ebx >> 16 & 0xff) == bits(cpus) &&
	   (one->edx >> 28 & 1) == (cpus > 1) && one->eax == 0x50654, name);
	snprintf(name, sizeof(name), "leaf 4 of %u of %u", id, cpus);
	ok((l1->eax >> 26) + 1 == 1U << bits(cpus) &&
	   (l1->eax >> 14 & 0xfff) == 0 &&
	   (l3->eax >> 26) + 1 == 1U << bits(cpus) &&
	   (l3->eax >> 14 & 0xfff) + 1 == 1U << bits(cpus) &&
	   (l3->eax & 0x3fff) == 0x163 && l3->ebx == 0x280003f &&
	   find(4, 3)->eax == 0, name);
	snprintf(name, sizeof(name), "leaf 0x%x of %u of %u", top, id, cpus);
	if (highest < 0xb) {
		ok(!find(0xb, 0) && !find(0x1f, 0), name);
		return;
	}
	smt = find(top, 0);
	core = find(top, 1);
	end = find(top, 2);
	ok(smt && core && end && smt->eax == 0 && smt->ebx == 1 &&
	   smt->ecx == 0x100 && smt->edx == id && core->eax == bits(cpus) &&
	   core->ebx == cpus && core->ecx == 0x201 && core->edx == id &&
	   !(end->ecx & 0xff00) && !end->ebx, name);
	ok(find(0xb, 1)->ebx == cpus && !!find(0x1f, 0) == (highest >= 0x1f),
	   "both topology leaves, where they are");
}

int main(void)
{
	check(0xd, 0, 1);
	check(0x20, 1, 2);
	check(0x16, 2, 3);
	check(0x1f, 63, 64);
	check(0x5, 1, 4);
	nr = KEEL_MAX_CPUID;
	memset(leaves, 0, sizeof(leaves));
	leaves[0].eax = 0xb;
	ok(cpuid_topology(leaves, &nr, 0, 1) < 0, "no room");
	return tap_done();
}
