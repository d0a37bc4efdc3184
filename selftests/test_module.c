// SPDX-License-Identifier: GPL-2.0
/* Loading, unloading, the module parameter, and who may open the device. */
#include <errno.h>
#include <fcntl.h>
#include <keel.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"

#define NOBODY	65534

FIXTURE(module) { };

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, host_unload_keel());
}

FIXTURE_TEARDOWN(module)
{
	EXPECT_EQ(0, host_unload_keel());
}

TEST_F(module, loads_without_vmx)
{
	ASSERT_EQ(0, host_load_keel(""));
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(module, vmx_on_holds_vmx)
{
	int fd, vm, log = host_log_open();

	ASSERT_EQ(0, host_load_keel("vmx_on=1"));
	EXPECT_TRUE(host_all_cpus("on"));
	EXPECT_TRUE(host_log_has(log, "keel: VMX on: CPUs 0"));
	fd = keel_open();
	ASSERT_LE(0, fd);
	vm = host_create_vm(fd, 0);
	if (vm != -EOPNOTSUPP)	/* no guests on this CPU */
		EXPECT_LE(0, vm);
	close(vm);
	close(fd);
	EXPECT_TRUE(host_all_cpus("on"));
	ASSERT_EQ(0, host_unload_keel());
	EXPECT_TRUE(host_log_has(log, "keel: VMX off"));
	close(log);
}

TEST_F(module, stays_while_the_device_is_open)
{
	int fd;

	ASSERT_EQ(0, host_load_keel(""));
	fd = keel_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, host_unload_keel());
	close(fd);
}

TEST_F(module, stays_while_a_vm_lives)
{
	int fd, vm;

	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP(return, "no guests in this paging mode on this CPU");
	fd = keel_open();
	vm = host_create_vm(fd, 0);
	ASSERT_LE(0, vm);
	close(fd);
	EXPECT_EQ(-EAGAIN, host_unload_keel());
	EXPECT_TRUE(host_all_cpus("on"));
	close(vm);
}

TEST_F(module, loads_again_and_again)
{
	int i;

	for (i = 0; i < host_rounds(16); i++) {
		ASSERT_EQ(0, host_load_keel(i & 1 ? "vmx_on=1" : ""));
		ASSERT_EQ(0, host_unload_keel());
	}
}

TEST_F(module, device_is_for_its_group_only)
{
	struct stat st;

	ASSERT_EQ(0, host_load_keel(""));
	ASSERT_EQ(0, stat("/dev/keel", &st));
	EXPECT_EQ(0660, st.st_mode & 0777);
}

TEST_F(module, others_cannot_open_it)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, host_load_keel(""));
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		_exit(keel_open() == -EACCES ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
