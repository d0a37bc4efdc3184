// SPDX-License-Identifier: GPL-2.0
/* KEEL_GET_INFO, and with it the rules that all of Keel's ioctls share. */
#include <errno.h>
#include <fcntl.h>
#include <keel.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"

#define MSR_VMX_BASIC	0x480

FIXTURE(info)
{
	int fd;
};

FIXTURE_SETUP(info)
{
	ASSERT_EQ(0, host_load_keel(""));
	self->fd = keel_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(info)
{
	close(self->fd);
}

static int get_info(int fd, void *arg)
{
	return ioctl(fd, KEEL_GET_INFO, arg) ? -errno : 0;
}

TEST_F(info, tells_the_abi_version)
{
	struct keel_info info;

	ASSERT_EQ(0, keel_get_info(self->fd, KEEL_CPU_ALL, &info));
	EXPECT_EQ(KEEL_ABI_VERSION, info.abi_version);
	EXPECT_EQ(sizeof(info), info.size);
}

/* A second way to the same registers: the kernel's msr driver. */
TEST_F(info, msrs_are_the_cpus)
{
	struct keel_info info;
	const __u64 *told[] = {
		&info.msrs.basic, &info.msrs.pinbased_ctls, &info.msrs.procbased_ctls,
		&info.msrs.exit_ctls, &info.msrs.entry_ctls, &info.msrs.misc,
		&info.msrs.cr0_fixed0, &info.msrs.cr0_fixed1,
		&info.msrs.cr4_fixed0, &info.msrs.cr4_fixed1, &info.msrs.vmcs_enum,
		&info.msrs.procbased_ctls2, &info.msrs.ept_vpid_cap,
		&info.msrs.true_pinbased_ctls, &info.msrs.true_procbased_ctls,
		&info.msrs.true_exit_ctls, &info.msrs.true_entry_ctls, &info.msrs.vmfunc,
	};
	char path[32];
	int cpu, msr;
	size_t i;
	__u64 value;

	if (host_run("modprobe msr"))
		SKIP(return, "this kernel has no msr driver");
	for (cpu = 0; cpu < host_nr_cpus(); cpu++) {
		snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
		msr = open(path, O_RDONLY);
		ASSERT_LE(0, msr);
		ASSERT_EQ(0, keel_get_info(self->fd, cpu, &info));
		for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
			/* One that does not exist reads as 0 on our side. */
			if (pread(msr, &value, 8, MSR_VMX_BASIC + i) != 8)
				value = 0;
			EXPECT_EQ(value, *told[i]) {
				TH_LOG("CPU %d MSR 0x%zx", cpu, MSR_VMX_BASIC + i);
			}
		}
		close(msr);
	}
}

TEST_F(info, all_cpus_agree_with_each)
{
	struct keel_info all, one;
	int cpu;

	ASSERT_EQ(0, keel_get_info(self->fd, KEEL_CPU_ALL, &all));
	for (cpu = 0; cpu < host_nr_cpus(); cpu++) {
		ASSERT_EQ(0, keel_get_info(self->fd, cpu, &one));
		EXPECT_EQ(all.features, one.features);
		EXPECT_EQ(0, memcmp(&all.msrs, &one.msrs, sizeof(all.msrs)));
	}
}

TEST_F(info, unknown_cpu_is_enxio)
{
	struct keel_info info;

	EXPECT_EQ(-ENXIO, keel_get_info(self->fd, 4095, &info));
	EXPECT_EQ(-ENXIO, keel_get_info(self->fd, 0xfffffffe, &info));
}

TEST_F(info, reserved_must_be_zero)
{
	struct keel_info info = { .size = sizeof(info), .cpu = 0, .reserved = 1 };

	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
}

TEST_F(info, too_small_is_einval)
{
	/* The first version of the structure ended with the MSRs. */
	struct keel_info info = { .size = offsetof(struct keel_info, run_size) - 1 };

	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
	info.size = offsetof(struct keel_info, run_size);
	EXPECT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(offsetof(struct keel_info, run_size), info.size);
	info.size = 0;
	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
}

TEST_F(info, zero_tail_is_accepted)
{
	struct { struct keel_info info; __u64 tail[4]; } newer = {};

	newer.info.size = sizeof(newer);
	ASSERT_EQ(0, get_info(self->fd, &newer));
	/* What comes back says how much of it this module knows. */
	EXPECT_EQ(sizeof(struct keel_info), newer.info.size);
	EXPECT_EQ(0, newer.tail[0]);
}

TEST_F(info, unknown_tail_is_e2big)
{
	struct { struct keel_info info; __u64 tail[4]; } newer = {};

	newer.info.size = sizeof(newer);
	((unsigned char *)newer.tail)[sizeof(newer.tail) - 1] = 1;
	EXPECT_EQ(-E2BIG, get_info(self->fd, &newer));
}

TEST_F(info, larger_than_a_page_is_e2big)
{
	struct keel_info *info = calloc(1, 8192);

	info->size = 4097;
	EXPECT_EQ(-E2BIG, get_info(self->fd, info));
	info->size = 0xffffffff;
	EXPECT_EQ(-E2BIG, get_info(self->fd, info));
	free(info);
}

TEST_F(info, bad_addresses_are_efault)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct keel_info *info = (void *)(map + 4096 - 8);

	ASSERT_NE(MAP_FAILED, (void *)map);
	EXPECT_EQ(-EFAULT, get_info(self->fd, NULL));
	EXPECT_EQ(-EFAULT, get_info(self->fd, (void *)-8L));
	info->size = sizeof(*info);
	ASSERT_EQ(0, munmap(map + 4096, 4096));
	EXPECT_EQ(-EFAULT, get_info(self->fd, info));

	/* Readable but not writable. */
	info = (void *)map;
	info->size = sizeof(*info);
	ASSERT_EQ(0, mprotect(map, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, get_info(self->fd, info));
}

TEST_F(info, unknown_calls_are_enotty)
{
	struct keel_info info = { .size = sizeof(info) };

	EXPECT_EQ(-1, ioctl(self->fd, _IO(KEEL_IOC, 0xff), &info));
	EXPECT_EQ(ENOTTY, errno);
	/* The right number, but sizes are not part of Keel's numbers. */
	EXPECT_EQ(-1, ioctl(self->fd, _IOWR(KEEL_IOC, 0, struct keel_info), &info));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IO(KEEL_IOC + 1, 0), &info));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(info, a_refusal_is_in_the_log)
{
	struct keel_info info = { .size = 3 };
	int log = host_log_open();

	ASSERT_LE(0, log);
	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
	EXPECT_TRUE(host_log_has(log, "KEEL_GET_INFO: size is 3"));
	close(log);
}

TEST_HARNESS_MAIN
