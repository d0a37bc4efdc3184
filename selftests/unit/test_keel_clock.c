// SPDX-License-Identifier: GPL-2.0
/* keel_clock.c against division in 128 bits. */
#include <errno.h>

#include "kselftest_harness.h"
#include "keel_clock.h"

#undef U64_MAX
#define U64_MAX		(~0ULL)

static const u32 khzs[] = {
	1, 1000, 99999, 100000, 800000, 999999, 1000000, 1000001, 2394373, 2712345,
	2999998, 3500000, 4000000, 0x7fffffff, 0xffffffff,
};

TEST(multiplier)
{
	unsigned int i, j;
	u64 m;

	for (i = 0; i < 15; i++) {
		for (j = 0; j < 15; j++) {
			unsigned __int128 want = ((unsigned __int128)khzs[j] << 48) / khzs[i];
			int ret = keel_clock_multiplier(khzs[i], khzs[j], &m);

			EXPECT_EQ(want >> 64 ? -EINVAL : 0, ret);
			if (!ret)
				EXPECT_EQ((u64)want, m);
		}
	}
	ASSERT_EQ(0, keel_clock_multiplier(2000000, 1000000, &m));
	EXPECT_EQ(1ULL << 47, m);
	/* The first that does not fit. */
	EXPECT_EQ(0, keel_clock_multiplier(65536, 0xffffffff, &m));
	EXPECT_EQ(0xffffffff00000000ULL, m);
	EXPECT_EQ(-EINVAL, keel_clock_multiplier(65535, 0xffffffff, &m));
}

TEST(scale)
{
	EXPECT_EQ(12345, keel_clock_scale(12345, 0));
	EXPECT_EQ(500, keel_clock_scale(1000, 1ULL << 47));
	EXPECT_EQ(3000, keel_clock_scale(1000, 3ULL << 48));
	/* The product has 128 bits, of which the CPU keeps 64. */
	EXPECT_EQ(0x7fffffffffffffffULL, keel_clock_scale(U64_MAX, 1ULL << 47));
	EXPECT_EQ(U64_MAX - 1, keel_clock_scale(U64_MAX, 2ULL << 48));
}

/* A guest may ask for any moment, and the host's timers take signed nanoseconds. */
TEST(sleep_ns)
{
	static const u64 ticks[] = {
		0, 1, 999, 1ULL << 32, 1ULL << 44, 1ULL << 62, 1ULL << 63, U64_MAX,
	};
	unsigned int i, k;

	for (i = 0; i < 15; i++) {
		for (k = 0; k < sizeof(ticks) / sizeof(ticks[0]); k++) {
			unsigned __int128 want = (unsigned __int128)ticks[k] * 1000000 / khzs[i];

			if (want > KEEL_CLOCK_SLEEP_NS)
				want = KEEL_CLOCK_SLEEP_NS;
			EXPECT_EQ((u64)want, keel_clock_sleep_ns(ticks[k], khzs[i]));
		}
	}
	EXPECT_LT(KEEL_CLOCK_SLEEP_NS, 1ULL << 63);
}

/* A deadline must not come early, nor late by more than rounding. */
TEST(unscale)
{
	static const u64 ticks[] = { 0, 1, 2, 999, 1000000, 1ULL << 32, 1ULL << 47, 1ULL << 62 };
	unsigned int i, j, k;
	u64 m, host;

	EXPECT_EQ(77, keel_clock_unscale(77, 0));
	for (i = 1; i < 15; i++) {
		for (j = 1; j < 15; j++) {
			if (keel_clock_multiplier(khzs[i], khzs[j], &m))
				continue;
			for (k = 0; k < 8; k++) {
				host = keel_clock_unscale(ticks[k], m);
				if (host == U64_MAX) {
					EXPECT_LE((unsigned __int128)host * m >> 48, ticks[k]);
					continue;
				}
				EXPECT_GE((unsigned __int128)host * m >> 48, ticks[k]);
				EXPECT_GE(ticks[k] + 2 * (m >> 48) + 2,
					  (u64)((unsigned __int128)host * m >> 48));
			}
		}
	}
	EXPECT_EQ(U64_MAX, keel_clock_unscale(U64_MAX, 1));
	EXPECT_EQ(U64_MAX, keel_clock_unscale(U64_MAX, 1ULL << 47));
	EXPECT_EQ(U64_MAX, keel_clock_unscale(U64_MAX, 0xffffULL));
	EXPECT_EQ(U64_MAX, keel_clock_unscale(U64_MAX, 1ULL << 48));
}

/* Linux: pvclock_tsc_khz(). */
static u64 khz_from(const struct keel_clock *c)
{
	u64 khz = (1000000ULL << 32) / c->mul;

	return c->shift < 0 ? khz << -c->shift : khz >> c->shift;
}

TEST(nanoseconds)
{
	unsigned int i;

	for (i = 0; i < 15; i++) {
		struct keel_clock c = keel_clock_of(khzs[i]);
		u64 day = khzs[i] * 86400000ULL, ns = keel_clock_ns(&c, day);

		EXPECT_GE(c.mul, 1U << 31);
		EXPECT_LE(ns, 86400000000000ULL);
		/* 2^-31 of a day is 40 us. */
		EXPECT_LE(86400000000000ULL - ns, 41000) {
			TH_LOG("%u kHz: %llu", khzs[i], ns);
		}
		/* But for the bits that this shifts in; above 8 GHz it overflows. */
		if (khzs[i] >= 1000 && khzs[i] <= 8000000)
			EXPECT_EQ(c.shift < 0 ? khzs[i] >> -c.shift << -c.shift : khzs[i],
				  khz_from(&c));
	}
}

TEST_HARNESS_MAIN
