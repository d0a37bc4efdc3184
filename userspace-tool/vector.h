/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vector registers of a vCPU, one at a time, out of its XSAVE area.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <linux/types.h>

/** define VECTOR_BYTES - of the largest register */
#define VECTOR_BYTES	64

/**
 * struct vector - the vector registers of a vCPU
 * @vcpu: its descriptor
 * @size: of the XSAVE area, bytes
 * @xcr0: the components that it may have
 * @area: the XSAVE area; NULL until first needed
 * @dirty: @area has been changed
 * @error: 0, or the negative errno that reading it ended in
 *
 * Used by one thread.
 */
struct vector {
	int vcpu;
	__u32 size;
	__u64 xcr0;
	__u8 *area;
	bool dirty;
	int error;
};

void vector_init(struct vector *vector, int vcpu, __u32 size, __u64 xcr0);
void vector_destroy(struct vector *vector);
int vector_get(struct vector *vector, unsigned int index, void *value);
int vector_set(struct vector *vector, unsigned int index, const void *value);
int vector_commit(struct vector *vector);

#endif /* VECTOR_H */
