// SPDX-License-Identifier: GPL-2.0
/* KEEL_CREATE_VM: VMX goes on with the first VM and off with the last. */
#include <errno.h>
#include <fcntl.h>
#include <keel.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"

FIXTURE(vm)
{
	int fd;
};

FIXTURE_SETUP(vm)
{
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP_FIXTURE("no guests in this paging mode on this CPU");
	self->fd = keel_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(vm)
{
	close(self->fd);
}

TEST_F(vm, vmx_follows_first_and_last)
{
	int first, second;

	EXPECT_TRUE(host_all_cpus("off"));
	first = host_create_vm(self->fd, 0);
	ASSERT_LE(0, first);
	EXPECT_TRUE(host_all_cpus("on"));
	second = host_create_vm(self->fd, 0);
	ASSERT_LE(0, second);
	close(first);
	EXPECT_TRUE(host_all_cpus("on"));
	close(second);
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(vm, outlives_the_device_file)
{
	int vm = host_create_vm(self->fd, 0);

	ASSERT_LE(0, vm);
	close(self->fd);
	EXPECT_TRUE(host_all_cpus("on"));
	close(vm);
	EXPECT_TRUE(host_all_cpus("off"));
	self->fd = keel_open();
}

TEST_F(vm, descriptor_is_close_on_exec)
{
	int vm = host_create_vm(self->fd, 0);

	ASSERT_LE(0, vm);
	EXPECT_EQ(FD_CLOEXEC, fcntl(vm, F_GETFD));
	close(vm);
}

TEST_F(vm, dies_with_its_process)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		host_create_vm(self->fd, 0);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(vm, serves_its_creator_only)
{
	int vm = host_create_vm(self->fd, 0);
	int status;
	pid_t pid;

	ASSERT_LE(0, vm);
	EXPECT_EQ(-1, ioctl(vm, _IO(KEEL_IOC, 0xff), NULL));
	EXPECT_EQ(ENOTTY, errno);
	pid = fork();
	if (!pid) {
		ioctl(vm, _IO(KEEL_IOC, 0xff), NULL);
		_exit(errno == EIO ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(vm);
}

TEST_F(vm, unknown_flags_are_einval)
{
	int bit;

	for (bit = 3; bit < 32; bit++)	/* behind KEEL_VM_SHADOW */
		EXPECT_EQ(-EINVAL, host_create_vm(self->fd, 1U << bit));
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(vm, no_descriptor_left_is_emfile)
{
	int fds[2048], n = 0, vm;

	while (n < 2048 && (fds[n] = dup(self->fd)) >= 0)
		n++;
	ASSERT_LT(n, 2048);
	vm = host_create_vm(self->fd, 0);
	while (n--)
		close(fds[n]);
	EXPECT_EQ(-EMFILE, vm);
	EXPECT_TRUE(host_all_cpus("off"));
}

/* Many at once, and VMX on and off many times. */
TEST_F(vm, many)
{
	int vms[64], round, i;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < 64; i++) {
			vms[i] = host_create_vm(self->fd, 0);
			ASSERT_LE(0, vms[i]);
		}
		for (i = 0; i < 64; i++)
			close(vms[i]);
		ASSERT_TRUE(host_all_cpus("off"));
	}
}

TEST_F(vm, racing_creators)
{
	int status, i, n;

	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		for (n = 0; n < 10; n++) {
			int vm = host_create_vm(self->fd, 0);

			if (vm < 0)
				_exit(1);
			close(vm);
		}
		_exit(0);
	}
	for (i = 0; i < 8; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_HARNESS_MAIN
