/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header of that name. */
#ifndef UNIT_LINUX_MATH64_H
#define UNIT_LINUX_MATH64_H

#include <linux/types.h>

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (__uint128_t)a * b >> shift;
}

static inline u64 mul_u64_u32_shr(u64 a, u32 b, unsigned int shift)
{
	return (__uint128_t)a * b >> shift;
}

/* As the CPU's DIV, which it is: the quotient must fit. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 by)
{
	__uint128_t quotient = (__uint128_t)a * b / by;

	if (quotient >> 64)
		__builtin_trap();
	return quotient;
}

#endif
