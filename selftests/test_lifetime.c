// SPDX-License-Identifier: GPL-2.0
/* Who owns VMs and vCPUs, and that nothing stays when the last owner goes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/kvm_guest.h"
#include "lib/memguest.h"

MEMGUEST(count, "1: incl (%esi)\n jmp 1b");
MEMGUEST(add, "1: lock incl (%edi)\n inc %eax\n loop 1b\n hlt");

FIXTURE(lifetime)
{
	struct memguest g;
};

FIXTURE_SETUP(lifetime)
{
	host_run("rmmod kvm_intel");
	MEMGUEST_OR_SKIP(&self->g);
}

FIXTURE_TEARDOWN(lifetime)
{
	memguest_close(&self->g);
}

static bool works(struct memguest *g)
{
	return memguest_call(&g->cpu, add, LOW_OUT, 0, 3, 0) == KEEL_EXIT_HLT &&
	       memguest_reg(&g->cpu, KEEL_RAX) == 3;
}

/* What a child's exit status says, or -1 where a signal ended it. */
static int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) <= 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Every call on the VM and on its vCPU. */
static int refused(const struct memguest *g)
{
	struct keel_stats stats;
	struct keel_state state = {};

	state.groups = KEEL_STATE_REGS;
	return keel_set_memory(g->fd, 1, 0, 0, 0, NULL) == -EIO &&
	       keel_create_vcpu(g->fd, 1) == -EIO && keel_run(g->cpu.fd) == -EIO &&
	       keel_get_stats(g->cpu.fd, &stats) == -EIO &&
	       keel_get_state(g->cpu.fd, &state) == -EIO;
}

TEST_F(lifetime, vcpus_number_0_to_63)
{
	int fds[KEEL_MAX_VCPUS], i;

	for (i = 1; i < KEEL_MAX_VCPUS; i++) {
		fds[i] = keel_create_vcpu(self->g.fd, i);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
		EXPECT_EQ(-EEXIST, keel_create_vcpu(self->g.fd, i));
	}
	EXPECT_EQ(-EINVAL, keel_create_vcpu(self->g.fd, KEEL_MAX_VCPUS));
	EXPECT_EQ(-EINVAL, keel_create_vcpu(self->g.fd, ~0U));
	for (i = 1; i < KEEL_MAX_VCPUS; i++)
		close(fds[i]);
	/* A number whose vCPU is gone is free again. */
	fds[0] = keel_create_vcpu(self->g.fd, 5);
	EXPECT_LE(0, fds[0]);
	close(fds[0]);
	EXPECT_TRUE(works(&self->g));
}

TEST_F(lifetime, vcpu_keeps_the_vm_alive)
{
	close(self->g.fd);
	close(self->g.keel);
	self->g.fd = -1;
	self->g.keel = -1;
	EXPECT_TRUE(works(&self->g));
	EXPECT_TRUE(host_all_cpus("on"));
	memguest_remove_cpu(&self->g.cpu);
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(lifetime, run_area_keeps_the_vcpu_alive)
{
	close(self->g.cpu.fd);
	self->g.cpu.fd = -1;
	self->g.cpu.run->state_wanted = ~0ULL;
	EXPECT_EQ(~0ULL, self->g.cpu.run->state_wanted);
	EXPECT_EQ(-EEXIST, keel_create_vcpu(self->g.fd, 0));
	keel_unmap_run(self->g.cpu.run, self->g.run_size);
	self->g.cpu.run = NULL;
	EXPECT_EQ(0, memguest_add_cpu(&self->g, 0, &self->g.cpu));
	EXPECT_TRUE(works(&self->g));
}

TEST_F(lifetime, module_stays_while_a_vcpu_does)
{
	close(self->g.fd);
	close(self->g.keel);
	self->g.fd = -1;
	self->g.keel = -1;
	EXPECT_EQ(-EAGAIN, host_unload_keel());
	EXPECT_TRUE(works(&self->g));
	memguest_remove_cpu(&self->g.cpu);
	EXPECT_EQ(0, host_unload_keel());
}

TEST_F(lifetime, forked_child_is_refused_and_the_parent_goes_on)
{
	pid_t pid;

	ASSERT_TRUE(works(&self->g));
	pid = fork();
	if (!pid)
		_exit(refused(&self->g) ? 0 : 1);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(works(&self->g));
}

TEST_F(lifetime, vm_stays_while_a_forked_child_holds_it)
{
	int pipes[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		_exit(read(pipes[0], &c, 1));
	}
	memguest_close(&self->g);
	EXPECT_TRUE(host_all_cpus("on"));
	close(pipes[1]);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_all_cpus("off"));
}

static int send_fds(int sock, const int *fds, int nr)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = CMSG_SPACE(nr * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(nr * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, nr * sizeof(int));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fds(int sock, int *fds, int nr)
{
	char control[CMSG_SPACE(4 * sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EIO;
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), nr * sizeof(int));
	return 0;
}

TEST_F(lifetime, passed_to_another_process_it_is_refused_there)
{
	int socks[2], fds[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	if (!pid) {
		memguest_close(&self->g);
		if (receive_fds(socks[1], fds, 2))
			_exit(1);
		self->g.fd = fds[0];
		self->g.cpu.fd = fds[1];
		_exit(refused(&self->g) ? 0 : 2);
	}
	fds[0] = self->g.fd;
	fds[1] = self->g.cpu.fd;
	ASSERT_EQ(0, send_fds(socks[0], fds, 2));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(works(&self->g));
}

TEST_F(lifetime, kill_in_the_middle_of_a_run)
{
	int round, status;

	memguest_close(&self->g);
	for (round = 0; round < 5; round++) {
		volatile uint32_t *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
						 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		pid_t pid = fork();

		if (!pid) {
			struct memguest g;

			if (memguest_open(&g) ||
			    keel_set_memory(g.fd, 1, 0, DATA_GPA, PAGE, (void *)shared))
				_exit(1);
			memguest_load(&g.cpu, count);
			memguest_args(&g.cpu, 0, DATA_GPA, 0, 0);
			memguest_run(&g.cpu);
			_exit(2);
		}
		while (!*shared && !waitpid(pid, &status, WNOHANG))
			usleep(1000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(-1, child_status(pid));
		EXPECT_TRUE(host_all_cpus("off"));
		munmap((void *)shared, PAGE);
	}
}

TEST_F(lifetime, closed_under_a_thread_that_runs_it)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	int fd = self->g.cpu.fd;

	sigaction(SIGUSR1, &action, NULL);
	memguest_load(&self->g.cpu, count);
	memguest_args(&self->g.cpu, 0, LOW_OUT, 0, 0);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	ASSERT_TRUE(memguest_moves(&self->g, LOW_OUT));
	close(self->g.fd);
	close(fd);
	self->g.fd = -1;
	self->g.cpu.fd = -1;
	/* The call itself holds both. */
	EXPECT_TRUE(memguest_moves(&self->g, LOW_OUT));
	munmap(self->g.low, LOW_BYTES);
	self->g.low = NULL;
	EXPECT_EQ(KEEL_EXIT_MEMORY_FAULT, memguest_join(&self->g.cpu));
}

TEST_F(lifetime, last_close_against_open)
{
	int i, n;

	memguest_close(&self->g);
	for (i = 0; i < 4; i++) {
		if (fork())
			continue;
		for (n = 0; n < 10; n++) {
			struct memguest g;

			if (memguest_open(&g) || !works(&g))
				_exit(1);
			memguest_close(&g);
		}
		_exit(0);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, child_status(-1));
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(lifetime, kvm_works_after_guests_ran)
{
	int kvm;

	ASSERT_TRUE(works(&self->g));
	memguest_close(&self->g);
	EXPECT_TRUE(host_all_cpus("off"));
	/* Bochs wants the posted-interrupt descriptor page-aligned; KVM does not. */
	ASSERT_EQ(0, host_run("modprobe kvm_intel enable_apicv=0"));
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
	EXPECT_EQ(0, host_run("rmmod kvm_intel"));
}

TEST_HARNESS_MAIN
