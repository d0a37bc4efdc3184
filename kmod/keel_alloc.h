/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Around each allocation: a test can make the n-th one fail, and see whether
 * all came back.  Both are in debugfs, see keel_debugfs.c.
 *
 * None of them is where an exit is answered, so an atomic counter is cheap
 * enough.
 */
#ifndef KEEL_ALLOC_H
#define KEEL_ALLOC_H

#include <linux/types.h>

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/err.h>

extern atomic_t keel_alloc_countdown;
extern atomic_long_t keel_alloc_live;

/** keel_alloc_fails - whether the next allocation shall fail, because a test wants it */
static inline bool keel_alloc_fails(void)
{
	/* Once, and not below 0: that would be the whole way round. */
	return unlikely(atomic_read(&keel_alloc_countdown)) &&
	       atomic_dec_if_positive(&keel_alloc_countdown) == 0;
}

/** keel_alloc_count - count what was allocated: give it back, NULL and errors, too */
static inline void *keel_alloc_count(void *p)
{
	if (!IS_ERR_OR_NULL(p))
		atomic_long_inc(&keel_alloc_live);
	return p;
}

/** keel_freed - give back what is to be freed, and count that */
static inline void *keel_freed(const void *p)
{
	if (!IS_ERR_OR_NULL(p))
		atomic_long_dec(&keel_alloc_live);
	return (void *)p;
}

#else /* pure code in user space, whose tests have their own allocators */

static inline bool keel_alloc_fails(void) { return false; }
static inline void *keel_alloc_count(void *p) { return p; }
static inline void *keel_freed(const void *p) { return (void *)p; }

#endif

/* An allocation that gives a pointer or NULL. */
#define keel_alloc(call)	\
	keel_alloc_count(keel_alloc_fails() ? NULL : (void *)(call))
/* One that gives a pointer or an ERR_PTR(). */
#define keel_alloc_err(call)	\
	keel_alloc_count(keel_alloc_fails() ? ERR_PTR(-ENOMEM) : (void *)(call))

#endif /* KEEL_ALLOC_H */
