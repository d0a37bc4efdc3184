/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fuzz targets share: values taken off the bytes that libFuzzer makes, and
 * claims that hold whatever these are.
 *
 * A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput().  It begins anew
 * with each input: the same bytes do the same.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

/* libFuzzer calls it; what it returns is 0. */
int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes);

/* A claim that does not hold ends the run, as the sanitizers' findings do. */
#define CLAIM(_cond) do {						\
	if (!(_cond)) {							\
		dprintf(2, "%s:%d: does not hold: %s\n", __FILE__,	\
			__LINE__, #_cond);				\
		abort();						\
	}								\
} while (0)

/**
 * struct input - bytes that are left
 * @at: the next one
 * @left: how many
 */
struct input {
	const __u8 *at;
	size_t left;
};

/**
 * input_number() - take a number, low byte first
 * @input: where from; where it has ended, what is missing is zeros
 * @bytes: 1 to 8
 *
 * Return: the number.
 */
static inline __u64 input_number(struct input *input, unsigned int bytes)
{
	size_t part = bytes < input->left ? bytes : input->left;
	__u64 value = 0;

	if (part)
		memcpy(&value, input->at, part);
	input->at += part;
	input->left -= part;
	return value;
}

/**
 * input_below() - take a number from 0 on
 * @input: where from
 * @end: what it is below, at most 256
 *
 * Return: the number.
 */
static inline unsigned int input_below(struct input *input, unsigned int end)
{
	return input_number(input, 1) % end;
}

/**
 * input_bytes() - take bytes
 * @input: where from
 * @to: where to; zeros where there are too few
 * @bytes: how many
 */
static inline void input_bytes(struct input *input, void *to, size_t bytes)
{
	size_t part = bytes < input->left ? bytes : input->left;

	memset(to, 0, bytes);
	if (part)
		memcpy(to, input->at, part);
	input->at += part;
	input->left -= part;
}

/**
 * input_value() - take a number that is often near an edge
 * @input: where from
 *
 * One byte chooses: small numbers stand for themselves, others for ones whose
 * bits change at one place, or for eight bytes that follow.
 *
 * Return: the number.
 */
static inline __u64 input_value(struct input *input)
{
	__u8 kind = input_number(input, 1);

	if (kind < 0x40)
		return kind;
	if (kind < 0x80)
		return 1ULL << (kind - 0x40);
	if (kind < 0xc0)
		return (1ULL << (kind - 0x80)) - 1;
	if (kind < 0xe0)
		return -(__u64)(kind - 0xbf);
	return input_number(input, kind < 0xe8 ? 2 : kind < 0xf0 ? 4 : 8);
}

#endif /* FUZZ_H */
