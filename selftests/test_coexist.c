// SPDX-License-Identifier: GPL-2.0
/*
 * KVM beside Keel: one VMX, two hypervisors, whoever comes second is told so.
 *
 * KVM is also the witness for what Keel leaves behind.  It refuses a CPU whose
 * CR4.VMXE is set, and its VMXON fails on a CPU that is still in VMX operation:
 * a guest that runs under KVM shows that Keel left neither.
 */
#include <errno.h>
#include <keel.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/kvm_guest.h"

static int load_kvm(void)
{
	/* Bochs wants the posted-interrupt descriptor page-aligned; KVM does not. */
	return host_run("modprobe kvm_intel enable_apicv=0");
}

static void unload_kvm(void)
{
	host_run("rmmod kvm_intel");
}

FIXTURE(coexist)
{
	int fd;
};

FIXTURE_SETUP(coexist)
{
	unload_kvm();
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP_FIXTURE("no guests in this paging mode on this CPU");
	self->fd = keel_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(coexist)
{
	close(self->fd);
	unload_kvm();
}

TEST_F(coexist, kvm_works_after_keel)
{
	int vm = host_create_vm(self->fd, 0);
	int kvm;

	ASSERT_LE(0, vm);
	close(vm);
	ASSERT_EQ(0, load_kvm());
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
}

TEST_F(coexist, kvm_works_after_unload_and_hotplug)
{
	int vm = host_create_vm(self->fd, 0);
	int kvm;

	ASSERT_LE(0, vm);
	if (host_nr_cpus() > 1) {
		ASSERT_EQ(0, host_cpu_online(1, false));
		ASSERT_EQ(0, host_cpu_online(1, true));
	}
	close(vm);
	close(self->fd);
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, load_kvm());
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
}

TEST_F(coexist, keel_refuses_while_kvm_holds_vmx)
{
	int log = host_log_open();
	int kvm, vm;

	ASSERT_EQ(0, load_kvm());
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_EQ(-EBUSY, host_create_vm(self->fd, 0));
	EXPECT_TRUE(host_log_has(log, "modprobe -r kvm_intel"));
	/* KVM is none the worse for it. */
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
	unload_kvm();
	vm = host_create_vm(self->fd, 0);
	EXPECT_LE(0, vm);
	close(vm);
	close(log);
}

TEST_F(coexist, vmx_on_refuses_to_load_while_kvm_holds_vmx)
{
	int kvm;

	close(self->fd);
	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, load_kvm());
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_NE(0, host_load_keel("vmx_on=1"));
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
	unload_kvm();
	EXPECT_EQ(0, host_load_keel("vmx_on=1"));
	EXPECT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	self->fd = keel_open();
}

/* From 6.12 on KVM takes VMX when it is loaded, before that with its first VM. */
TEST_F(coexist, kvm_refuses_while_keel_holds_vmx)
{
	int vm = host_create_vm(self->fd, 0);
	int kvm;

	ASSERT_LE(0, vm);
	if (!load_kvm()) {
		kvm = kvm_guest_create();
		EXPECT_GT(0, kvm);
	}
	EXPECT_TRUE(host_all_cpus("on"));
	close(vm);
	EXPECT_TRUE(host_all_cpus("off"));
	unload_kvm();
	ASSERT_EQ(0, load_kvm());
	kvm = kvm_guest_create();
	ASSERT_LE(0, kvm);
	EXPECT_EQ(42, kvm_guest_run(kvm));
	close(kvm);
}

TEST_HARNESS_MAIN
