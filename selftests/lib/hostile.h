/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests that mean harm: a VM in which anything may be tried again and again, each
 * try from the same memory and registers, each for a bounded time; and the rule for
 * how a try may end.
 *
 *	hostile_start(h, HOSTILE_LONG, code, bytes);
 *	end = hostile_run(h, 100);
 *
 * Its memory is that of struct guest, and behind it there is none.  The VMM answers
 * exits as one would that knows nothing: ports read as random, accesses to memory
 * that is not there are skipped, as is what faults.
 */
#ifndef SELFTESTS_HOSTILE_H
#define SELFTESTS_HOSTILE_H

#include "guest.h"
#include "hoststate.h"

/**
 * enum hostile_mode - how a try starts; see enum guest_mode
 * @HOSTILE_LONG: 64-bit mode, ring 0
 * @HOSTILE_USER: 64-bit mode, ring 3
 * @HOSTILE_COMPAT: long mode with 32-bit code, ring 0
 * @HOSTILE_PAGED: 32-bit paging
 * @HOSTILE_CODE16: the same with 16-bit code
 * @HOSTILE_VM86: the same in virtual-8086 mode
 * @HOSTILE_PAE: PAE paging
 * @HOSTILE_PROT: no paging
 * @HOSTILE_REAL: real mode
 * @HOSTILE_MODES: how many there are
 */
enum hostile_mode {
	HOSTILE_LONG,
	HOSTILE_USER,
	HOSTILE_COMPAT,
	HOSTILE_PAGED,
	HOSTILE_CODE16,
	HOSTILE_VM86,
	HOSTILE_PAE,
	HOSTILE_PROT,
	HOSTILE_REAL,
	HOSTILE_MODES,
};

/**
 * enum hostile_end - how a try ended
 * @HOSTILE_DONE: the guest has said so: VMCALL with HOSTILE_MARK in EAX
 * @HOSTILE_EXITS: as many exits as it may have
 * @HOSTILE_TIME: as much time
 * @HOSTILE_SHUTDOWN: a triple fault
 * @HOSTILE_REFUSED: what this CPU cannot run (no "unrestricted guest"), or memory that
 *	is not there
 * @HOSTILE_WRONG: in no way that the ABI knows: @failure
 * @HOSTILE_ENDS: how many there are
 */
enum hostile_end {
	HOSTILE_DONE,
	HOSTILE_EXITS,
	HOSTILE_TIME,
	HOSTILE_SHUTDOWN,
	HOSTILE_REFUSED,
	HOSTILE_WRONG,
	HOSTILE_ENDS,
};

#define HOSTILE_MARK	0x600d600d
#define HOSTILE_LOW	GUEST_CODE_AT
/* Guest TSC ticks of one try, and the most that it takes where there is no deadline. */
#define HOSTILE_TICKS	40000
#define HOSTILE_USEC	4000

/**
 * struct hostile - the VM
 * @guest: of it
 * @clean: for each mode, its lowest HOSTILE_LOW bytes at the start of a try, or NULL;
 *	what is above is zero then
 * @mode: of the present try
 * @start: for each mode, registers at the start of a try
 * @ticks: guest TSC ticks of one try; 0: the timer alone ends it
 * @rng: where random numbers are
 * @code: what the present try runs
 * @bytes: of it
 * @ends: tries by their end
 * @exits: of all tries
 * @failure: in words
 */
struct hostile {
	struct guest guest;
	__u8 *clean[HOSTILE_MODES];
	enum hostile_mode mode;
	struct keel_run start[HOSTILE_MODES];
	__u64 ticks;
	__u64 rng;
	__u8 code[1024];
	size_t bytes;
	unsigned long ends[HOSTILE_ENDS];
	unsigned long exits;
	char failure[1200];
};

/* 0 or a negative errno. */
int hostile_init(struct hostile *h, __u32 flags, __u64 seed);
void hostile_free(struct hostile *h);
/* For a test that calls guest_run() itself, and knows how it ends. */
void hostile_no_timer(void);
/* Why the mode is not there, or NULL. */
const char *hostile_lacks(const struct hostile *h, enum hostile_mode mode);
const char *hostile_mode_name(enum hostile_mode mode);
/* Memory and registers as at the first time, and this code; 0 or a negative errno. */
int hostile_start(struct hostile *h, enum hostile_mode mode, const void *code, size_t bytes);
enum hostile_end hostile_run(struct hostile *h, unsigned int exits);

__u64 hostile_random(struct hostile *h);
/* Below @n. */
static inline unsigned int hostile_pick(struct hostile *h, unsigned int n)
{
	return (hostile_random(h) >> 32) % n;
}

/* A value with an edge in it: a bit, a mask, an address of the guest's, anything. */
__u64 hostile_value(struct hostile *h);
/* A stream of instructions, odd ones mostly; @bytes of them. */
void hostile_stream(struct hostile *h, __u8 *code, size_t bytes);

#define HOSTILE_SETUP(h, vm_flags, seed) do {				\
	int __ret = hostile_init(h, vm_flags, seed);			\
									\
	if (__ret == -EOPNOTSUPP)					\
		SKIP_FIXTURE("no guests in this paging mode on this CPU"); \
	ASSERT_EQ(0, __ret);						\
} while (0)

/* A try that has to end as the ABI says; the end is in @end. */
#define HOSTILE_RUN(h, exits, end) do {					\
	end = hostile_run(h, exits);					\
	ASSERT_NE(HOSTILE_WRONG, end) {					\
		TH_LOG("%s", (h)->failure);				\
	}								\
} while (0)

#endif /* SELFTESTS_HOSTILE_H */
