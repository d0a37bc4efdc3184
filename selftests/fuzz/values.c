// SPDX-License-Identifier: GPL-2.0
/* Values of leaves: valid ones, their neighbours, edges, and now and then anything. */
#include <linux/keel.h>

#include "generate.h"
#include "layout.h"

#define PAGE	4096ULL
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ONE_OF(r, list) ((list)[random_below(r, COUNT(list))])

__u64 random_u64(struct random *r)
{
	__u64 x = r->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Powers of two, all ones of any width, and their neighbours; or anything. */
static __u64 any_number(struct random *r)
{
	__u64 x = random_percent(r, 50) ? 1ULL << random_below(r, 64) : ~0ULL >> random_below(r, 64);

	switch (random_below(r, 4)) {
	case 0:
		return x + random_below(r, 3) - 1;
	case 1:
		return -x;
	case 2:
		return random_below(r, 16);
	default:
		return random_u64(r);
	}
}

static __u64 favoured(const struct abi_leaf *leaf, struct random *r)
{
	if (!leaf->nr_values || random_percent(r, 10))
		return any_number(r);
	return leaf->values[random_below(r, leaf->nr_values)].value +
	       (random_percent(r, 8) ? random_below(r, 3) - 1 : 0);
}

static __u64 some_flags(const struct abi_leaf *leaf, struct random *r)
{
	__u64 value = random_percent(r, 3) ? 1ULL << random_below(r, 8 * leaf->bytes) : 0;
	unsigned int i;

	for (i = 0; i < leaf->nr_values; i++)
		if (random_percent(r, leaf->nr_values > 4 ? 25 : 45))
			value |= leaf->values[i].value;
	return value;
}

static __u64 below(const struct abi_leaf *leaf, struct random *r)
{
	__u64 end = leaf->nr_values ? leaf->values[0].value : 4;

	if (random_percent(r, 80))
		return random_below(r, end < 4 ? end : 4);
	return random_percent(r, 80) ? end - 1 + random_below(r, 2) : any_number(r);
}

static __u64 page_in(__u64 bytes, struct random *r)
{
	return random_below(r, bytes / PAGE) * PAGE;
}

static __u64 gpa(struct random *r)
{
	static const __u64 places[] = {
		0, 0x200000, 0x400000, 0xd0000000, 0xfee00000, 0xfedff000, 0xfffff000, 0x100000000,
		0x8000000000, 0xffffff000, 0x1000000000, 0xfffffffffffff000,
	};

	switch (random_below(r, 8)) {
	case 0:
		return any_number(r);
	case 1:
	case 2:
		return page_in(MEM_BIG, r);
	default:
		return ONE_OF(r, places);
	}
}

static __u64 gva(struct random *r)
{
	static const __u64 places[] = {
		0, 0x10000, 0x10000, 0x10000, 0x20000, 0x1ff000, 0x200000, 0x3fffff, 0xd0000000,
		0xfee00000, 0xffffffff, 0x7fffffffffff, 0x800000000000, 0xffff800000000000,
		0xffffffffffffffff,
	};

	return random_percent(r, 15) ? any_number(r) : ONE_OF(r, places);
}

static __u64 memory(struct random *r)
{
	static const __u64 places[] = {
		MEM(0), MEM(0), MEM(0), MEM(1), MEM(1), MEM(2), MEM(3), MEM(0) + 0x200000,
		MEM(1) + MEM_BIG - PAGE, MEM(2) + MEM_SMALL, RUN(0), RUN(1), ARG, 0,
		0x7ffffffff000, 0x800000000000, 0xffff888000000000, 0xffffffffff600000,
	};

	switch (random_below(r, 10)) {
	case 0:
		return ONE_OF(r, places) + random_below(r, 2 * PAGE);
	case 1:
	case 2:
	case 3:
		return MEM(0) + page_in(MEM_BIG, r);
	case 4:
		return MEM(1) + page_in(MEM_BIG, r);
	default:
		return ONE_OF(r, places);
	}
}

static __u64 length(struct random *r)
{
	static const __u64 lengths[] = {
		PAGE, PAGE, 2 * PAGE, 0x10000, 0x100000, 0x200000, 0x200000, MEM_BIG, 0, 0x201000,
		1, 4095, 0x40000000, 0x10000000000, 0xfffffffffffff000,
	};

	return random_percent(r, 5) ? any_number(r) : ONE_OF(r, lengths);
}

static __u64 buffer(struct random *r)
{
	static const __u64 places[] = {
		ARG + ARG_BUFFER, ARG + ARG_READONLY, ARG + ARG_END, MEM(0) + 0x20000, MEM(1),
		MEM(2), MEM(3), RUN(0), RUN(0) + PAGE, 0, 0xffff888000000000, 0x7ffffffff000,
	};

	/* Across the end of what can be written, or of what is there. */
	if (random_percent(r, 40))
		return ARG + (random_percent(r, 50) ? ARG_READONLY : ARG_END) - random_below(r, 64);
	return ONE_OF(r, places);
}

static __u64 structure_size(const struct abi_struct *s, struct random *r)
{
	static const __u64 sizes[] = { 0, 1, 3, 4, 8, 4096, 4097, 0xffffffff };

	if (!s || random_percent(r, 40))
		return ONE_OF(r, sizes);
	return s->bytes + random_below(r, 24) - 12;
}

static __u64 element_count(struct random *r)
{
	static const __u64 counts[] = { 128, 129, 256, 257, 0xffffffff, 0x80000001 };

	return random_percent(r, 85) ? random_below(r, 9) : ONE_OF(r, counts);
}

static __u64 descriptor(enum abi_kind kind, struct random *r)
{
	if (random_percent(r, 5))
		return FD_FIRST + random_below(r, FD_LAST - FD_FIRST + 1);
	switch (kind) {
	case KIND_TO_VM:
		return FD_VM(random_below(r, NR_VMS));
	case KIND_TO_VCPU:
		return FD_VCPU(random_below(r, NR_VCPUS));
	case KIND_EVENTFD:
	case KIND_TO_EVENT:
		return FD_EVENT(random_below(r, NR_EVENTS));
	default:
		return random_percent(r, 50) ? FD_VM(random_below(r, NR_VMS)) :
					       FD_VCPU(random_below(r, NR_VCPUS));
	}
}

__u64 make_value(const struct abi_leaf *leaf, const struct abi_struct *s, struct random *r)
{
	if (random_percent(r, 2))
		return any_number(r);
	switch (leaf->kind) {
	case KIND_SIZE:
		return structure_size(s, r);
	case KIND_FLAGS:
		return some_flags(leaf, r);
	case KIND_BELOW:
		return below(leaf, r);
	case KIND_BOOL:
		return random_percent(r, 95) ? random_below(r, 2) : any_number(r);
	case KIND_COUNT:
		return element_count(r);
	case KIND_GPA:
		return gpa(r);
	case KIND_GVA:
		return gva(r);
	case KIND_MEMORY:
		return memory(r);
	case KIND_LENGTH:
		return length(r);
	case KIND_ARRAY:
	case KIND_BUFFER:
	case KIND_AT:
		return buffer(r);
	case KIND_EVENTFD:
	case KIND_TO_VM:
	case KIND_TO_VCPU:
	case KIND_TO_EVENT:
	case KIND_TO_ANY:
		return descriptor(leaf->kind, r);
	case KIND_RUN:
		return RUN(random_below(r, 3));
	case KIND_ZERO:
	case KIND_OUT:
		return any_number(r);
	case KIND_CHOICE:
	case KIND_ANY:
	case KIND_MSR:
		return favoured(leaf, r);
	}
	return any_number(r);
}

/* Low numbers are those that the openings make. */
static unsigned int low(struct random *r, unsigned int n)
{
	return random_percent(r, 75) ? random_below(r, 2) : random_below(r, n);
}

__s16 make_fd(enum abi_target target, struct random *r)
{
	if (target == ABI_NONE)
		return -1;
	if (target == ABI_ANY || random_percent(r, 3))
		target = random_below(r, ABI_ANY);
	switch (target) {
	case ABI_KEEL:
		return FD_KEEL;
	case ABI_VM:
		return FD_VM(low(r, NR_VMS) ? random_below(r, NR_VMS) : 0);
	case ABI_VCPU:
		return FD_VCPU(low(r, NR_VCPUS));
	case ABI_EVENT:
		return FD_EVENT(low(r, NR_EVENTS));
	default:
		return random_percent(r, 50) ? FD_NULL : FD_SOCKET(0);
	}
}
