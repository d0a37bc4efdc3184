// SPDX-License-Identifier: GPL-2.0
/*
 * For a boot with --feature-control 1: firmware has locked VMX off on the boot
 * CPU.  Keel refuses to load, and says which CPU and what to do.
 */
#include <keel.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"

TEST(refuses_to_load)
{
	int log = host_log_open();

	EXPECT_NE(0, host_load_keel(""));
	EXPECT_TRUE(host_log_has(log, "CPU 0: firmware has locked VMX off"));
	EXPECT_EQ(-1, access("/dev/keel", F_OK));
	close(log);
}

TEST(names_the_remedy)
{
	int log = host_log_open();

	EXPECT_NE(0, host_load_keel("vmx_on=1"));
	EXPECT_TRUE(host_log_has(log, "firmware set-up"));
	close(log);
}

/* The CPU has VMX all the same: the tool's view does not need the module. */
TEST(leaves_nothing_behind)
{
	EXPECT_NE(0, host_load_keel(""));
	EXPECT_NE(0, access("/sys/kernel/debug/keel", F_OK));
	EXPECT_NE(0, access("/sys/module/keel", F_OK));
}

TEST_HARNESS_MAIN
