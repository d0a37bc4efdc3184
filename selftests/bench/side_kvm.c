// SPDX-License-Identifier: GPL-2.0
/* keel-bench on /dev/kvm. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define CPUID_LEAVES	128

static int dev = -1, vm = -1, vcpu = -1;
static struct kvm_run *run_page;
static int run_size;

/* Everything that the host's CPU can give, as Keel's default is. */
static int set_cpuid(void)
{
	struct kvm_cpuid2 *cpuid;
	int ret = -ENOMEM;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_LEAVES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return ret;
	cpuid->nent = CPUID_LEAVES;
	ret = ioctl(dev, KVM_GET_SUPPORTED_CPUID, cpuid);
	if (!ret)
		ret = ioctl(vcpu, KVM_SET_CPUID2, cpuid);
	ret = ret ? -errno : 0;
	free(cpuid);
	return ret;
}

static int open_kvm(void *memory)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = GUEST_MEMORY,
		.userspace_addr = (uintptr_t)memory,
	};

	dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -errno;
	vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return -errno;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		return -errno;
	run_size = ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	run_page = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run_page == MAP_FAILED) {
		run_page = NULL;
		return -errno;
	}
	return set_cpuid();
}

static struct kvm_segment segment(const struct keel_segment *s)
{
	return (struct kvm_segment) {
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = s->attributes & 15,
		.s = s->attributes >> 4 & 1,
		.dpl = s->attributes >> 5 & 3,
		.present = s->attributes >> 7 & 1,
		.avl = s->attributes >> 12 & 1,
		.l = s->attributes >> 13 & 1,
		.db = s->attributes >> 14 & 1,
		.g = s->attributes >> 15 & 1,
		.unusable = s->attributes >> 16 & 1,
	};
}

static int load(const struct keel_state *state)
{
	const struct keel_segments *segs = &state->segments;
	struct kvm_regs regs = { .rip = state->regs.rip, .rflags = state->regs.rflags };
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs = segment(&segs->seg[KEEL_CS]);
	sregs.ds = segment(&segs->seg[KEEL_DS]);
	sregs.es = segment(&segs->seg[KEEL_ES]);
	sregs.fs = segment(&segs->seg[KEEL_FS]);
	sregs.gs = segment(&segs->seg[KEEL_GS]);
	sregs.ss = segment(&segs->seg[KEEL_SS]);
	sregs.tr = segment(&segs->seg[KEEL_TR]);
	sregs.ldt = segment(&segs->seg[KEEL_LDTR]);
	sregs.gdt.base = segs->gdtr.base;
	sregs.gdt.limit = segs->gdtr.limit;
	sregs.idt.base = segs->idtr.base;
	sregs.idt.limit = segs->idtr.limit;
	sregs.cr0 = state->control.cr0;
	sregs.cr3 = state->control.cr3;
	sregs.cr4 = state->control.cr4;
	sregs.efer = state->control.efer;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

static int run_kvm(const struct keel_state *state)
{
	int ret = load(state);

	if (ret)
		return ret;
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0))
			return -errno;
		switch (run_page->exit_reason) {
		case KVM_EXIT_IO:
			if (run_page->io.port == PORT_DONE)
				return 0;
			break;
		case KVM_EXIT_MMIO:
			break;
		default:
			return -EPROTO;
		}
	}
}

static void null_ioctl(void)
{
	ioctl(dev, KVM_GET_API_VERSION, 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_kvm(void)
{
	if (run_page)
		munmap(run_page, run_size);
	run_page = NULL;
	close_fd(&vcpu);
	close_fd(&vm);
	close_fd(&dev);
}

const struct side kvm_side = {
	.name = "kvm",
	.open = open_kvm,
	.run = run_kvm,
	.null_ioctl = null_ioctl,
	.close = close_kvm,
};
