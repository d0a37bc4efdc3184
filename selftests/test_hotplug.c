// SPDX-License-Identifier: GPL-2.0
/* CPUs that go and come while VMX is on; sleep. */
#include <keel.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/kvm_guest.h"

FIXTURE(hotplug)
{
	int fd;
	int vm;
};

FIXTURE_SETUP(hotplug)
{
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP_FIXTURE("no guests in this paging mode on this CPU");
	self->fd = keel_open();
	self->vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, self->vm);
}

FIXTURE_TEARDOWN(hotplug)
{
	close(self->vm);
	close(self->fd);
	if (host_nr_cpus() < sysconf(_SC_NPROCESSORS_CONF))
		host_cpu_online(1, true);
}

TEST_F(hotplug, leaves_and_enters_with_the_cpu)
{
	char state[64];
	int i;

	if (host_nr_cpus() < 2)
		SKIP(return, "one CPU");
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, host_cpu_online(1, false));
		ASSERT_EQ(0, host_cpu_state(1, state, sizeof(state)));
		EXPECT_STREQ("off", state);
		ASSERT_EQ(0, host_cpu_state(0, state, sizeof(state)));
		EXPECT_STREQ("on", state);
		ASSERT_EQ(0, host_cpu_online(1, true));
		EXPECT_TRUE(host_all_cpus("on"));
	}
}

TEST_F(hotplug, offline_at_start_online_later)
{
	if (host_nr_cpus() < 2)
		SKIP(return, "one CPU");
	close(self->vm);
	ASSERT_EQ(0, host_cpu_online(1, false));
	self->vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, self->vm);
	ASSERT_EQ(0, host_cpu_online(1, true));
	EXPECT_TRUE(host_all_cpus("on"));
}

TEST_F(hotplug, offline_while_the_last_vm_goes)
{
	if (host_nr_cpus() < 2)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, host_cpu_online(1, false));
	close(self->vm);
	ASSERT_EQ(0, host_cpu_online(1, true));
	EXPECT_TRUE(host_all_cpus("off"));
	self->vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, self->vm);
	EXPECT_TRUE(host_all_cpus("on"));
}

TEST_F(hotplug, info_of_an_offline_cpu_is_enxio)
{
	struct keel_info info;

	if (host_nr_cpus() < 2)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, host_cpu_online(1, false));
	EXPECT_EQ(-ENXIO, keel_get_info(self->fd, 1, &info));
	ASSERT_EQ(0, host_cpu_online(1, true));
	EXPECT_EQ(0, keel_get_info(self->fd, 1, &info));
}

/*
 * As far as sleep goes without sleeping: the other CPUs offline, devices and
 * system core suspended, and back.
 */
TEST_F(hotplug, survives_suspend_of_the_core)
{
	int log = host_log_open();

	if (host_write("/sys/power/pm_test", "core"))
		SKIP(return, "this kernel has no /sys/power/pm_test");
	host_write("/sys/module/suspend/parameters/pm_test_delay", "0");
	ASSERT_EQ(0, host_write("/sys/power/state", "mem"));
	EXPECT_TRUE(host_all_cpus("on"));
	EXPECT_FALSE(host_log_has(log, "after resume"));
	host_write("/sys/power/pm_test", "none");
	close(log);
}

TEST_HARNESS_MAIN
