// SPDX-License-Identifier: GPL-2.0
/* keel-bench on /dev/kvm. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "report.h"

#define CPUID_LEAVES	128
#define TSC_DEADLINE	(1U << 24)	/* leaf 1, ECX */
#define IOAPIC_PINS	24

static int dev = -1, vm = -1;
static int run_size;

static struct vcpu {
	int fd;
	struct kvm_run *run;
} vcpus[MAX_VCPUS] = { { -1 }, { -1 } };

/* Everything that the host's CPU and KVM can give, as Keel's default is. */
static int set_cpuid(int vcpu)
{
	struct kvm_cpuid2 *cpuid;
	int ret = -ENOMEM;
	unsigned int i;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_LEAVES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return ret;
	cpuid->nent = CPUID_LEAVES;
	ret = ioctl(dev, KVM_GET_SUPPORTED_CPUID, cpuid);
	/* It is told by a capability of its own. */
	for (i = 0; !ret && i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			cpuid->entries[i].ecx |= TSC_DEADLINE;
	if (!ret)
		ret = ioctl(vcpu, KVM_SET_CPUID2, cpuid);
	ret = ret ? -errno : 0;
	free(cpuid);
	return ret;
}

/* What the CPU virtualizes, paging too, is a parameter of KVM's module: see run. */
static int make_vm(unsigned int flags)
{
	struct kvm_enable_cap split = {
		.cap = KVM_CAP_SPLIT_IRQCHIP, .args = { IOAPIC_PINS },
	};
	int fd;

	if (dev < 0)
		dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -errno;
	fd = ioctl(dev, KVM_CREATE_VM, 0);
	if (fd < 0)
		return -errno;
	/* Local APICs in the kernel, the other chips not: as with Keel. */
	if ((flags & MACHINE_LAPIC) && ioctl(fd, KVM_ENABLE_CAP, &split)) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int make_vcpu(int in_vm, unsigned int id)
{
	int fd = ioctl(in_vm, KVM_CREATE_VCPU, id);

	return fd < 0 ? -errno : fd;
}

static int open_vcpu(unsigned int id)
{
	struct kvm_mp_state active = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct vcpu *vcpu = &vcpus[id];

	vcpu->fd = make_vcpu(vm, id);
	if (vcpu->fd < 0)
		return vcpu->fd;
	vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		return -errno;
	}
	/* Not the first one would wait for a start-up IPI. */
	if (id && ioctl(vcpu->fd, KVM_SET_MP_STATE, &active))
		return -errno;
	return set_cpuid(vcpu->fd);
}

static int open_kvm(void *memory, unsigned int flags, unsigned int nr)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = GUEST_MEMORY,
		.userspace_addr = (uintptr_t)memory,
	};
	int ret = 0;
	unsigned int i;

	vm = make_vm(flags);
	if (vm < 0)
		return vm;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return -errno;
	run_size = ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	for (i = 0; !ret && i < nr; i++)
		ret = open_vcpu(i);
	return ret;
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

static int load(int vcpu, const struct keel_state *state)
{
	const struct keel_segments *segs = &state->segments;
	struct kvm_regs regs = {
		.rip = state->regs.rip,
		.rsp = state->regs.gpr[KEEL_RSP],
		.rflags = state->regs.rflags,
	};
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

static int run_kvm(unsigned int id, const struct keel_state *state)
{
	struct kvm_run *run_page = vcpus[id].run;
	int vcpu = vcpus[id].fd;
	int ret = load(vcpu, state);

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

/* KVM's sum over all VMs; there is one. */
static double debugfs_count(const char *name)
{
	char path[64], line[32];

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%s", name);
	return read_line(path, line, sizeof(line)) ? atof(line) : -1;
}

static double exits_so_far(void)
{
	double all = debugfs_count("exits"), interrupts = debugfs_count("irq_exits");

	return all < 0 || interrupts < 0 ? -1 : all - interrupts;
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
	unsigned int i;

	for (i = 0; i < MAX_VCPUS; i++) {
		if (vcpus[i].run)
			munmap(vcpus[i].run, run_size);
		vcpus[i].run = NULL;
		close_fd(&vcpus[i].fd);
	}
	close_fd(&vm);
	close_fd(&dev);
}

const struct side kvm_side = {
	.name = "kvm",
	.open = open_kvm,
	.run = run_kvm,
	.exits = exits_so_far,
	.null_ioctl = null_ioctl,
	.close = close_kvm,
	.make_vm = make_vm,
	.make_vcpu = make_vcpu,
};
