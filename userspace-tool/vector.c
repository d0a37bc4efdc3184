// SPDX-License-Identifier: GPL-2.0
/*
 * Vector registers of a vCPU.
 *
 * A register is spread over up to three components of the XSAVE area (SDM,
 * "XSAVE-Managed Features and State-Component Bitmaps"): its low 128 bits, the
 * next 128, the upper 256; registers 16 to 31 stand in one piece.  Where these
 * begin the host's CPUID tells.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keel.h"
#include "vector.h"
#include "vmx_names.h"

#define XSAVE_LEAF	0xd
#define XSAVE_XMM	160
#define XSAVE_XSTATE_BV	512

#define COMPONENT_SSE	1
#define COMPONENT_AVX	2
#define COMPONENT_ZMM_HI256 6
#define COMPONENT_HI16_ZMM 7

/**
 * struct part - a part of a register in the area
 * @component: the state component that it belongs to
 * @base: offset in the register, bytes
 * @bytes: length
 * @first: the first register that has its part here
 * @last: the last one
 */
static const struct part {
	unsigned int component;
	unsigned int base;
	unsigned int bytes;
	unsigned int first;
	unsigned int last;
} parts[] = {
	{ COMPONENT_SSE, 0, 16, 0, 15 },
	{ COMPONENT_AVX, 16, 16, 0, 15 },
	{ COMPONENT_ZMM_HI256, 32, 32, 0, 15 },
	{ COMPONENT_HI16_ZMM, 0, 64, 16, 31 },
};

/**
 * vector_init() - get ready; asks the module nothing yet
 * @vector: filled in
 * @vcpu: descriptor of the vCPU
 * @size: &keel_info.xsave_size
 * @xcr0: &keel_info.supported_xcr0
 */
void vector_init(struct vector *vector, int vcpu, __u32 size, __u64 xcr0)
{
	memset(vector, 0, sizeof(*vector));
	vector->vcpu = vcpu;
	vector->size = size;
	vector->xcr0 = xcr0;
}

/**
 * vector_destroy() - drop the registers; changes that were not committed too
 * @vector: from vector_init()
 */
void vector_destroy(struct vector *vector)
{
	free(vector->area);
	vector->area = NULL;
}

static int fetch(struct vector *vector)
{
	struct keel_state state = {
		.groups = KEEL_STATE_XSAVE,
		.xsave_size = vector->size,
	};

	if (vector->area)
		return 0;
	/* With the header, and aligned as XSAVE itself wants it. */
	if (vector->size < XSAVE_XSTATE_BV + 64)
		return vector->error = -EIO;
	vector->area = aligned_alloc(64, (vector->size + 63) & ~63U);
	if (!vector->area)
		return vector->error = -ENOMEM;
	state.xsave = (uintptr_t)vector->area;
	vector->error = keel_get_state(vector->vcpu, &state);
	if (vector->error)
		vector_destroy(vector);
	return vector->error;
}

/* Where a part of register @index stands, or NULL where the CPU lacks it. */
static __u8 *place(const struct vector *vector, const struct part *part,
		   unsigned int index)
{
	unsigned int offset = XSAVE_XMM, eax, ecx, edx;

	if (index < part->first || index > part->last)
		return NULL;
	if (part->component != COMPONENT_SSE) {
		if (!(vector->xcr0 >> part->component & 1))
			return NULL;
		__cpuid_count(XSAVE_LEAF, part->component, eax, offset, ecx,
			      edx);
	}
	offset += (index - part->first) * part->bytes;
	if (offset + part->bytes > vector->size)
		return NULL;
	return vector->area + offset;
}

/* Components whose bit is clear are in their initial state, zeros. */
static __u64 *present(struct vector *vector)
{
	return (__u64 *)(vector->area + XSAVE_XSTATE_BV);
}

/**
 * vector_get() - read a register
 * @vector: the registers
 * @index: 0 to 31
 * @value: out: VECTOR_BYTES of it; zeros where the CPU has fewer
 *
 * Return: 0 or a negative errno.
 */
int vector_get(struct vector *vector, unsigned int index, void *value)
{
	int ret = fetch(vector);
	__u8 *from;
	size_t i;

	if (ret)
		return ret;
	memset(value, 0, VECTOR_BYTES);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(*present(vector) >> parts[i].component & 1))
			continue;
		from = place(vector, &parts[i], index);
		if (from)
			memcpy((__u8 *)value + parts[i].base, from,
			       parts[i].bytes);
	}
	return 0;
}

/* Takes a component out of its initial state, with all its registers zero. */
static void bring_in(struct vector *vector, const struct part *part)
{
	unsigned int i;
	__u8 *reg;

	if (*present(vector) >> part->component & 1)
		return;
	for (i = part->first; i <= part->last; i++) {
		reg = place(vector, part, i);
		if (reg)
			memset(reg, 0, part->bytes);
	}
	*present(vector) |= 1ULL << part->component;
}

/**
 * vector_set() - write a register
 * @vector: the registers
 * @index: 0 to 31
 * @value: VECTOR_BYTES of it; what the CPU does not have is dropped
 *
 * Return: 0 or a negative errno.
 */
int vector_set(struct vector *vector, unsigned int index, const void *value)
{
	static const __u8 zeros[VECTOR_BYTES];
	int ret = fetch(vector);
	const __u8 *from;
	__u8 *to;
	size_t i;

	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		from = (const __u8 *)value + parts[i].base;
		to = place(vector, &parts[i], index);
		if (!to)
			continue;
		/* Zeros leave a component as it is that the guest never used. */
		if (!memcmp(from, zeros, parts[i].bytes) &&
		    !(*present(vector) >> parts[i].component & 1))
			continue;
		bring_in(vector, &parts[i]);
		memcpy(to, from, parts[i].bytes);
	}
	vector->dirty = true;
	return 0;
}

/**
 * vector_commit() - give changed registers to the vCPU
 * @vector: the registers
 *
 * Return: 0, also where nothing was changed, or a negative errno.
 */
int vector_commit(struct vector *vector)
{
	struct keel_state state = {
		.groups = KEEL_STATE_XSAVE,
		.xsave = (uintptr_t)vector->area,
		.xsave_size = vector->size,
	};

	if (!vector->dirty)
		return 0;
	vector->dirty = false;
	return keel_set_state(vector->vcpu, &state);
}
