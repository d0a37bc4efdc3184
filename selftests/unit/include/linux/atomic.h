/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-in for the kernel's header of that name.  A test can play the other CPU:
 * unit_race() is called before each compare-and-exchange.
 */
#ifndef UNIT_LINUX_ATOMIC_H
#define UNIT_LINUX_ATOMIC_H

#include <linux/types.h>

#ifndef READ_ONCE
#define READ_ONCE(x)		(*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile __typeof__(x) *)&(x) = (value))
#endif
#define smp_store_release(p, value)	__atomic_store_n(p, value, __ATOMIC_RELEASE)

void unit_race(u64 *p);

static inline bool try_cmpxchg64(u64 *p, u64 *old, u64 new)
{
	unit_race(p);
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

#endif
