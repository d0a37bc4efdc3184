// SPDX-License-Identifier: GPL-2.0
/*
 * What Keel leaves on the CPUs, seen by keel_probe.ko and not by Keel itself:
 * VMX on all CPUs or on none, and off wherever Keel says so.
 */
#include <errno.h>
#include <keel.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"

FIXTURE(leftovers)
{
	int fd;
};

/* Keel on top of the probe, so that the probe sees what Keel left. */
FIXTURE_SETUP(leftovers)
{
	ASSERT_EQ(0, host_unload_keel());
	host_run("rmmod keel_probe");
	if (host_run("modprobe keel_probe"))
		SKIP(return, "keel_probe.ko does not load here");
	ASSERT_EQ(0, host_load_keel(""));
	self->fd = keel_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(leftovers)
{
	close(self->fd);
	EXPECT_EQ(0, host_unload_keel());
	EXPECT_EQ(0, host_run("rmmod keel_probe"));
}

/* Another hypervisor comes to CPU @cpu; no CPU for -1. */
static int probe_take(int cpu)
{
	return host_run("rmmod keel_probe; modprobe keel_probe take=%d", cpu);
}

static bool probe_says(const char *parameter, const char *want)
{
	char path[80], text[256];

	snprintf(path, sizeof(path), "/sys/module/keel_probe/parameters/%s", parameter);
	if (host_read(path, text, sizeof(text)))
		return false;
	if (strcmp(text, want))
		printf("# %s: %s\n", parameter, text);
	return !strcmp(text, want);
}

static bool all_cpus_are(const char *state)
{
	char text[256] = "";
	int cpu;

	for (cpu = 0; cpu < host_nr_cpus(); cpu++) {
		if (cpu)
			strcat(text, " ");
		strcat(text, state);
	}
	return probe_says("cpus", text);
}

TEST_F(leftovers, on_and_off_are_true)
{
	int vm;

	if (!host_has_guests())
		SKIP(return, "no guests in this paging mode on this CPU");
	EXPECT_TRUE(all_cpus_are("off"));
	vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, vm);
	EXPECT_TRUE(all_cpus_are("vmx"));
	close(vm);
	EXPECT_TRUE(all_cpus_are("off"));
}

TEST_F(leftovers, nothing_after_unload)
{
	close(self->fd);
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel("vmx_on=1"));
	EXPECT_TRUE(all_cpus_are("vmx"));
	ASSERT_EQ(0, host_unload_keel());
	EXPECT_TRUE(all_cpus_are("off"));
}

/* The last CPU refuses after all others were switched on. */
TEST_F(leftovers, one_cpu_refuses_and_none_is_on)
{
	int last = host_nr_cpus() - 1, log = host_log_open(), cpu, vm;
	char line[64], state[256];

	if (!host_has_guests())
		SKIP(return, "no guests in this paging mode on this CPU");
	ASSERT_EQ(0, probe_take(last));
	EXPECT_EQ(-EBUSY, host_create_vm(self->fd, 0));
	snprintf(line, sizeof(line), "keel: CPU %d: VMX is in use", last);
	EXPECT_TRUE(host_log_has(log, line));
	for (cpu = 0; cpu < last; cpu++) {
		ASSERT_EQ(0, host_cpu_state(cpu, state, sizeof(state)));
		EXPECT_STREQ("off", state);
	}
	ASSERT_EQ(0, host_cpu_state(last, state, sizeof(state)));
	EXPECT_EQ(0, strncmp(state, "failed: VMX is in use", strlen("failed: VMX is in use")));
	if (last == 1)
		EXPECT_TRUE(probe_says("cpus", "off vmxe"));

	/* It goes away, and all is well. */
	ASSERT_EQ(0, probe_take(-1));
	EXPECT_TRUE(all_cpus_are("off"));
	vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, vm);
	EXPECT_TRUE(all_cpus_are("vmx"));
	close(vm);
	EXPECT_TRUE(all_cpus_are("off"));
	close(log);
}

TEST_F(leftovers, load_with_vmx_on_is_rolled_back)
{
	int last = host_nr_cpus() - 1;

	close(self->fd);
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, probe_take(last));
	EXPECT_NE(0, host_load_keel("vmx_on=1"));
	EXPECT_NE(0, access("/sys/module/keel", F_OK));
	if (last == 1)
		EXPECT_TRUE(probe_says("cpus", "off vmxe"));
	ASSERT_EQ(0, probe_take(-1));
	EXPECT_TRUE(all_cpus_are("off"));
}

TEST_F(leftovers, an_offline_cpu_is_out_of_vmx)
{
	int vm;

	if (!host_has_guests())
		SKIP(return, "no guests in this paging mode on this CPU");
	if (host_nr_cpus() < 2)
		SKIP(return, "one CPU");
	vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, vm);
	ASSERT_EQ(0, host_cpu_online(1, false));
	EXPECT_TRUE(probe_says("offline", "off"));
	EXPECT_TRUE(probe_says("cpus", "vmx"));
	ASSERT_EQ(0, host_cpu_online(1, true));
	EXPECT_TRUE(all_cpus_are("vmx"));
	close(vm);
}

/* Down to where the machine would sleep, and back. */
TEST_F(leftovers, a_sleeping_host_is_out_of_vmx)
{
	int vm;

	if (!host_has_guests())
		SKIP(return, "no guests in this paging mode on this CPU");
	vm = host_create_vm(self->fd, 0);
	ASSERT_LE(0, vm);
	if (host_write("/sys/power/pm_test", "core"))
		SKIP(return, "this kernel has no /sys/power/pm_test");
	host_write("/sys/module/suspend/parameters/pm_test_delay", "0");
	ASSERT_EQ(0, host_write("/sys/power/state", "mem"));
	host_write("/sys/power/pm_test", "none");
	EXPECT_TRUE(probe_says("suspend", "off"));
	EXPECT_TRUE(all_cpus_are("vmx"));
	close(vm);
	EXPECT_TRUE(all_cpus_are("off"));
}

TEST_HARNESS_MAIN
