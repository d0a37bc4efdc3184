// SPDX-License-Identifier: GPL-2.0
/*
 * What one user may have of the host, and what a memory cgroup may: who asks for more
 * is told so, and the host lives on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/cgroup.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define PARAMETERS	"/sys/module/keel/parameters/"
#define USERS		"/sys/kernel/debug/keel/users"
#define ALLOCATIONS	"/sys/kernel/debug/keel/allocations"

#define USER_A		1000
#define USER_B		1001
/* The uids of a user namespace, in the first one. */
#define NS_BASE		100000
#define MANY		32

#define GIB		(1ULL << 30)
#define TABLE_BYTES	(2ULL << 20)	/* that one page table of EPT maps */
#define SLOT_BYTES	(32ULL << 20)

/* A word at EDI, each ESI bytes, ECX times. */
MEMGUEST(read_many, "1: mov (%edi), %eax\n add %esi, %edi\n loop 1b\n hlt");

FIXTURE(limits)
{
	int keel;
	int log;
};

static bool set_limit(const char *parameter, const char *value)
{
	char path[80];

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	return !host_write(path, value);
}

static bool nobody_has_anything(void)
{
	char text[256];

	return !host_read(USERS, text, sizeof(text)) && !*text;
}

FIXTURE_SETUP(limits)
{
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP_FIXTURE("no guests in this paging mode on this CPU");
	self->keel = keel_open();
	ASSERT_LE(0, self->keel);
	self->log = host_log_open();
}

FIXTURE_TEARDOWN(limits)
{
	EXPECT_TRUE(nobody_has_anything());
	close(self->log);
	close(self->keel);
	EXPECT_EQ(0, host_unload_keel());
}

/* What a child's exit status says, or minus the signal that ended it. */
static int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static pid_t fork_as(uid_t uid)
{
	pid_t pid = fork();

	if (!pid && setresuid(uid, uid, uid))
		_exit(250);
	return pid;
}

/* Make VMs until one is refused: how many; the errno is left in @err. */
static int make_vms(int keel, int *vms, int *err)
{
	int n;

	for (n = 0; n < MANY; n++) {
		vms[n] = host_create_vm(keel, 0);
		if (vms[n] < 0)
			break;
	}
	*err = n < MANY ? vms[n] : 0;
	return n;
}

/* For a child: 3 VMs and no more, and as many again when one went. */
static int three_vms(int keel)
{
	int vms[MANY], err;

	if (make_vms(keel, vms, &err) != 3)
		return 1;
	if (err != -EDQUOT)
		return 2;
	close(vms[1]);
	vms[1] = host_create_vm(keel, 0);
	if (vms[1] < 0)
		return 3;
	return host_create_vm(keel, 0) == -EDQUOT ? 0 : 4;
}

TEST_F(limits, vms_of_a_user)
{
	pid_t pid;

	ASSERT_TRUE(set_limit("max_vms_per_user", "3"));
	pid = fork_as(USER_A);
	if (!pid)
		_exit(three_vms(self->keel));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_log_has(self->log, "user 1000 has 3 VMs; /sys/module/keel/parameters/max_vms_per_user allows 3"));
	EXPECT_TRUE(nobody_has_anything());
}

TEST_F(limits, the_default_leaves_room_and_ends)
{
	int vms[65], n, log = self->log;
	pid_t pid = fork_as(USER_A);

	if (!pid) {
		for (n = 0; n < 65; n++) {
			vms[n] = host_create_vm(self->keel, 0);
			if (vms[n] < 0)
				break;
		}
		_exit(n == 64 && vms[n] == -EDQUOT ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_log_has(log, "allows 64"));
}

TEST_F(limits, none_at_all)
{
	pid_t pid;

	ASSERT_TRUE(set_limit("max_vms_per_user", "0"));
	pid = fork_as(USER_A);
	if (!pid)
		_exit(host_create_vm(self->keel, 0) == -EDQUOT ? 0 : 1);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(nobody_has_anything());
}

TEST_F(limits, each_user_for_himself)
{
	int pipes[2];
	pid_t first, second;
	char c;

	ASSERT_TRUE(set_limit("max_vms_per_user", "3"));
	ASSERT_EQ(0, pipe(pipes));
	first = fork_as(USER_A);
	if (!first) {
		int ret = three_vms(self->keel);

		close(pipes[0]);
		if (write(pipes[1], "", 1) != 1)
			_exit(5);
		pause();
		_exit(ret);
	}
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	second = fork_as(USER_B);
	if (!second)
		_exit(three_vms(self->keel));
	EXPECT_EQ(0, child_status(second));
	/* And the first one's count for him in another process of his. */
	second = fork_as(USER_A);
	if (!second)
		_exit(host_create_vm(self->keel, 0) == -EDQUOT ? 0 : 1);
	EXPECT_EQ(0, child_status(second));
	kill(first, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_status(first));
	EXPECT_TRUE(nobody_has_anything());
}

TEST_F(limits, who_may_exceed_resources_is_not_bound)
{
	int vms[MANY], err, n;

	ASSERT_TRUE(set_limit("max_vms_per_user", "3"));
	EXPECT_EQ(MANY, make_vms(self->keel, vms, &err));
	for (n = 0; n < MANY; n++)
		close(vms[n]);
}

/* In a namespace a user has many uids, and CAP_SYS_RESOURCE: of there. */
static int in_namespace(int keel, int ready, int mapped)
{
	char c;

	if (unshare(CLONE_NEWUSER) || write(ready, "", 1) != 1 || read(mapped, &c, 1) != 1)
		return 10;
	if (setresuid(1, 1, 1))
		return 11;
	return three_vms(keel);
}

TEST_F(limits, a_namespace_gives_no_more)
{
	int ready[2], mapped[2], vm;
	char path[64], text[64], c;
	pid_t pid;

	ASSERT_TRUE(set_limit("max_vms_per_user", "3"));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(mapped));
	pid = fork_as(USER_A);
	if (!pid)
		_exit(in_namespace(self->keel, ready[1], mapped[0]));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(text, sizeof(text), "0 %d 10\n", NS_BASE);
	ASSERT_EQ(0, host_write(path, text));
	ASSERT_EQ(1, write(mapped[1], "", 1));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_log_has(self->log, "user 1000 has 3 VMs"));
	vm = host_create_vm(self->keel, 0);
	EXPECT_LE(0, vm);
	close(vm);
}

static int five_vcpus(int keel)
{
	int vms[2] = { host_create_vm(keel, 0), host_create_vm(keel, 0) }, vcpus[5], i;

	for (i = 0; i < 5; i++) {
		vcpus[i] = keel_create_vcpu(vms[i & 1], i);
		if (vcpus[i] < 0)
			return 1;
	}
	if (keel_create_vcpu(vms[0], 5) != -EDQUOT || keel_create_vcpu(vms[1], 5) != -EDQUOT)
		return 2;
	/* One that is refused for another reason has not counted. */
	if (keel_create_vcpu(vms[0], KEEL_MAX_VCPUS) != -EINVAL)
		return 3;
	close(vcpus[4]);
	if (keel_create_vcpu(vms[0], 0) != -EEXIST || keel_create_vcpu(vms[0], 0) != -EEXIST)
		return 4;
	vcpus[4] = keel_create_vcpu(vms[1], 63);
	return vcpus[4] < 0 ? 5 : keel_create_vcpu(vms[1], 62) == -EDQUOT ? 0 : 6;
}

TEST_F(limits, vcpus_of_a_user)
{
	pid_t pid;

	ASSERT_TRUE(set_limit("max_vcpus_per_user", "5"));
	pid = fork_as(USER_A);
	if (!pid)
		_exit(five_vcpus(self->keel));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_log_has(self->log, "user 1000 has 5 vCPUs; /sys/module/keel/parameters/max_vcpus_per_user allows 5"));
}

/* 2 bits a page: 16 GiB of a slot for 1 MiB of log, in any memory or none. */
static int logs(int keel)
{
	int vm = host_create_vm(keel, 0), i;
	void *nowhere = (void *)(4 * GIB);

	if (keel_set_memory(vm, 0, KEEL_MEMORY_LOG_DIRTY, 4 * GIB, 32 * GIB, nowhere) != -EDQUOT)
		return 1;
	/* Refused, nothing is mapped. */
	if (keel_set_memory(vm, 0, 0, 0, 0, NULL) != -ENOENT)
		return 2;
	if (keel_set_memory(vm, 0, 0, 4 * GIB, 32 * GIB, nowhere))
		return 3;
	if (keel_set_memory(vm, 0, KEEL_MEMORY_LOG_DIRTY, 4 * GIB, 32 * GIB, nowhere) != -EDQUOT)
		return 4;
	if (keel_set_memory(vm, 0, 0, 0, 0, NULL))
		return 5;
	if (keel_set_memory(vm, 0, 0, 4 * GIB, 8 * GIB, nowhere))
		return 6;
	for (i = 0; i < 20; i++) {
		if (keel_set_memory(vm, 0, KEEL_MEMORY_LOG_DIRTY, 4 * GIB, 8 * GIB, nowhere) ||
		    keel_set_memory(vm, 0, 0, 4 * GIB, 8 * GIB, nowhere))
			return 7;
	}
	return 0;
}

TEST_F(limits, dirty_logs_of_a_user)
{
	pid_t pid;

	ASSERT_TRUE(set_limit("max_table_mib_per_user", "1"));
	pid = fork_as(USER_A);
	if (!pid)
		_exit(logs(self->keel));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(host_log_has(self->log, "/sys/module/keel/parameters/max_table_mib_per_user allows 1 MiB"));
}

/* Memory that takes none, but page tables; @nr of them, from DATA_GPA on. */
static int touch(struct memguest *g, uint32_t nr)
{
	return memguest_call(&g->cpu, read_many, DATA_GPA, TABLE_BYTES, nr, 0);
}

/*
 * Each page of tables is 4 KiB, so that 1 MiB is 256 of them.  The sparse memory
 * reads as zeros, from one page of the host's.
 */
static int tables(uid_t uid)
{
	struct keel_info info;
	struct memguest g;
	void *memory;
	int ret;

	if (memguest_open(&g))
		return 1;
	memory = memguest_memory(GIB, PAGE);
	if (setresuid(uid, uid, uid) || keel_set_memory(g.fd, 1, 0, DATA_GPA, GIB, memory))
		return 2;
	if (touch(&g, 20) != KEEL_EXIT_HLT || keel_get_info(g.keel, KEEL_CPU_ALL, &info))
		return 3;
	ret = touch(&g, GIB / TABLE_BYTES);
	/* Shadow pages that the VM has can be made again, and so serve for others. */
	if (uid && !host_shadows(&info))
		return ret == KEEL_EXIT_MEMORY_FAULT || ret == -ENOMEM ? 0 : 4;
	return ret == KEEL_EXIT_HLT ? 0 : 5;
}

TEST_F(limits, page_tables_of_a_user)
{
	pid_t pid;

	ASSERT_TRUE(set_limit("max_table_mib_per_user", "1"));
	pid = fork();
	if (!pid)
		_exit(tables(USER_A));
	EXPECT_EQ(0, child_status(pid));
	/* The VM was made by root, and counts for him. */
	EXPECT_TRUE(host_log_has(self->log, "max_table_mib_per_user"));
	pid = fork();
	if (!pid)
		_exit(tables(0));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_TRUE(nobody_has_anything());
}

/* What is unmapped can be used again. */
static int tables_again(void)
{
	struct memguest g;
	void *memory;
	int i, ret;

	if (memguest_open(&g))
		return 1;
	memory = memguest_memory(GIB, PAGE);
	if (setresuid(USER_A, USER_A, USER_A))
		return 2;
	for (i = 0; i < 20; i++) {
		if (keel_set_memory(g.fd, 1, 0, DATA_GPA, GIB, memory))
			return 3;
		ret = touch(&g, 40);
		if (ret != KEEL_EXIT_HLT)
			return 4;
		if (keel_set_memory(g.fd, 1, 0, 0, 0, NULL))
			return 5;
	}
	return 0;
}

TEST_F(limits, page_tables_come_back)
{
	pid_t pid;

	/* 20 times 40 are more than 256, and more than 3 pages each for shadow paging. */
	ASSERT_TRUE(set_limit("max_table_mib_per_user", "1"));
	pid = fork();
	if (!pid)
		_exit(tables_again());
	EXPECT_EQ(0, child_status(pid));
	EXPECT_FALSE(host_log_has(self->log, "max_table_mib_per_user"));
}

TEST_F(limits, irqfds_of_a_vm)
{
	struct rlimit files = { 2 * KEEL_MAX_IRQFDS, 2 * KEEL_MAX_IRQFDS };
	int vm = host_create_vm(self->keel, KEEL_VM_LAPIC), fds[KEEL_MAX_IRQFDS + 1], i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	for (i = 0; i <= KEEL_MAX_IRQFDS; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(i < KEEL_MAX_IRQFDS ? 0 : -ENOSPC,
			  keel_irqfd(vm, fds[i], 0, 0xfee00000, 0x40));
	}
	EXPECT_TRUE(host_log_has(self->log, "KEEL_IRQFD: the VM has 1024 bindings"));
	/* What is bound says so before. */
	EXPECT_EQ(-EBUSY, keel_irqfd(vm, fds[0], 0, 0xfee00000, 0x40));
	EXPECT_EQ(0, keel_irqfd(vm, fds[0], KEEL_IRQFD_DEASSIGN, 0, 0));
	EXPECT_EQ(0, keel_irqfd(vm, fds[KEEL_MAX_IRQFDS], 0, 0xfee00000, 0x40));
	EXPECT_EQ(-ENOSPC, keel_irqfd(vm, fds[0], 0, 0xfee00000, 0x40));
	/* One whose eventfd goes makes room, too. */
	close(fds[1]);
	for (i = 0; i < 100 && keel_irqfd(vm, fds[0], 0, 0xfee00000, 0x40); i++)
		usleep(10000);
	EXPECT_LT(i, 100);
	for (i = 0; i <= KEEL_MAX_IRQFDS; i++)
		if (i != 1)
			close(fds[i]);
	close(vm);
}

/* Root, whom no other limit holds: 64 vCPUs a VM, each tens of KiB of the kernel's. */
static int fill_with_vcpus(int keel)
{
	int vm, n, i, ret;

	if (!cgroup_enter())
		return 1;
	for (n = 0; n < MANY; n++) {
		vm = host_create_vm(keel, KEEL_VM_LAPIC);
		for (i = 0; vm >= 0 && i < KEEL_MAX_VCPUS; i++) {
			ret = keel_create_vcpu(vm, i);
			if (ret < 0)
				return ret == -ENOMEM ? 0 : 2;
		}
		if (vm < 0)
			return vm == -ENOMEM ? 0 : 3;
	}
	return 4;
}

/*
 * A guest that reads.  All its slots show the same memory, so that the tables are
 * Keel's, and few the host's own.
 */
static int fill_with_tables(void)
{
	struct memguest g;
	void *memory = memguest_memory(SLOT_BYTES, PAGE);
	int ret, i;

	if (!cgroup_enter() || memguest_open(&g))
		return 1;
	for (i = 1; i < KEEL_MAX_SLOTS; i++)
		if (keel_set_memory(g.fd, i, 0, DATA_GPA + (i - 1) * SLOT_BYTES, SLOT_BYTES,
				    memory))
			return 2;
	ret = touch(&g, (KEEL_MAX_SLOTS - 1) * SLOT_BYTES / TABLE_BYTES);
	return ret == KEEL_EXIT_MEMORY_FAULT || ret == -ENOMEM ? 0 : 3;
}

TEST_F(limits, a_cgroup_bounds_vcpus)
{
	long before, after;
	char text[32];
	pid_t pid;
	int ret;

	ASSERT_EQ(0, host_read(ALLOCATIONS, text, sizeof(text)));
	before = atol(text);
	ASSERT_TRUE(cgroup_make("5M"));
	pid = fork();
	if (!pid) {
		struct rlimit files = { 8192, 8192 };

		setrlimit(RLIMIT_NOFILE, &files);
		_exit(fill_with_vcpus(self->keel));
	}
	ret = child_status(pid);
	EXPECT_TRUE(!ret || (ret == -SIGKILL && cgroup_killed())) TH_LOG("child: %d", ret);
	cgroup_remove();
	ASSERT_EQ(0, host_read(ALLOCATIONS, text, sizeof(text)));
	after = atol(text);
	/* The regions for VMXON stay. */
	EXPECT_GE(before + host_nr_cpus(), after);
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_F(limits, a_cgroup_bounds_page_tables)
{
	pid_t pid;
	int ret;

	ASSERT_TRUE(cgroup_make("3M"));
	pid = fork();
	if (!pid)
		_exit(fill_with_tables());
	ret = child_status(pid);
	EXPECT_TRUE(!ret || (ret == -SIGKILL && cgroup_killed())) TH_LOG("child: %d", ret);
	cgroup_remove();
	EXPECT_TRUE(nobody_has_anything());
	EXPECT_TRUE(host_all_cpus("off"));
}

TEST_HARNESS_MAIN
