// SPDX-License-Identifier: GPL-2.0
#include "kvm_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUEST_PAGE	0x1000

int kvm_guest_create(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm;

	if (kvm < 0)
		return -errno;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		vm = -errno;
	close(kvm);
	return vm;
}

static int run_to_out(int vcpu, struct kvm_run *run)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rip = GUEST_PAGE, .rflags = 2, .rax = 42 };

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs) ||
	    ioctl(vcpu, KVM_RUN, 0))
		return -errno;
	if (run->exit_reason != KVM_EXIT_IO)
		return -EPROTO;
	return *((unsigned char *)run + run->io.data_offset);
}

int kvm_guest_run(int vm)
{
	static const unsigned char code[] = { 0xe6, 0x10, 0xf4 };	/* out %al, $0x10; hlt */
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	void *mem = mmap(NULL, GUEST_PAGE, PROT_READ | PROT_WRITE,
			 MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	struct kvm_userspace_memory_region slot = {
		.guest_phys_addr = GUEST_PAGE,
		.memory_size = GUEST_PAGE,
		.userspace_addr = (unsigned long)mem,
	};
	int ret;

	/* Left open it would keep kvm_intel from being unloaded. */
	close(kvm);
	if (size < 0 || vcpu < 0 || run == MAP_FAILED || mem == MAP_FAILED)
		return -errno;
	memcpy(mem, code, sizeof(code));
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return -errno;
	ret = run_to_out(vcpu, run);
	munmap(run, size);
	close(vcpu);
	return ret;
}
