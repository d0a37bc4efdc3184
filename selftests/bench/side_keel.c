// SPDX-License-Identifier: GPL-2.0
/* keel-bench on Keel. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <asm/vmx.h>

#include "bench.h"

static int dev = -1, vm = -1;
static struct keel_info info;

static struct vcpu {
	int fd;
	struct keel_run *run;
} vcpus[MAX_VCPUS] = { { -1 }, { -1 } };

static int make_vm(unsigned int flags)
{
	if (dev < 0)
		dev = keel_open();
	if (dev < 0)
		return dev;
	return keel_create_vm(dev, (flags & MACHINE_LAPIC ? KEEL_VM_LAPIC : 0) |
			      (flags & MACHINE_NO_APICV ? KEEL_VM_NO_APICV : 0) |
			      (flags & MACHINE_SHADOW ? KEEL_VM_SHADOW : 0));
}

static int make_vcpu(int in_vm, unsigned int id)
{
	return keel_create_vcpu(in_vm, id);
}

static int open_vcpu(unsigned int id)
{
	struct vcpu *vcpu = &vcpus[id];

	vcpu->fd = make_vcpu(vm, id);
	if (vcpu->fd < 0)
		return vcpu->fd;
	return keel_map_run(vcpu->fd, info.run_size, &vcpu->run);
}

static int open_keel(void *memory, unsigned int flags, unsigned int nr)
{
	unsigned int i;
	int ret;

	ret = vm = make_vm(flags);
	if (ret >= 0)
		ret = keel_get_info(dev, KEEL_CPU_ALL, &info);
	if (ret >= 0)
		ret = keel_set_memory(vm, 0, 0, 0, GUEST_MEMORY, memory);
	for (i = 0; ret >= 0 && i < nr; i++)
		ret = open_vcpu(i);
	return ret < 0 ? ret : 0;
}

static int run_keel(unsigned int id, const struct keel_state *state)
{
	struct keel_run *run_page = vcpus[id].run;
	struct keel_state copy = *state;
	int vcpu = vcpus[id].fd;
	int ret;

	run_page->state_wanted = 0;
	ret = keel_set_state(vcpu, &copy);
	if (ret)
		return ret;
	for (;;) {
		if (ioctl(vcpu, KEEL_RUN, 0))
			return -errno;
		switch (run_page->exit_reason) {
		case KEEL_EXIT_IO:
			if (run_page->io.port == PORT_DONE)
				return 0;
			break;
		case KEEL_EXIT_MMIO:
			/*
			 * The server knows the instruction, which in general
			 * it would have to decode: see docs/performance.md.
			 */
			if (!run_page->state_wanted) {
				/* From the next exit on the registers come with it. */
				run_page->state_wanted = KEEL_STATE_REGS;
				break;
			}
			run_page->regs.rip += MMIO_INSN_BYTES;
			run_page->state_dirty = KEEL_STATE_REGS;
			break;
		default:
			return -EPROTO;
		}
	}
}

static double exits_so_far(void)
{
	struct keel_stats stats;
	double exits = 0;
	unsigned int i;

	if (keel_get_stats(vcpus[0].fd, &stats))
		return -1;
	for (i = 0; i < KEEL_STATS_REASONS; i++)
		if (i != EXIT_REASON_EXTERNAL_INTERRUPT)
			exits += stats.exits[i];
	return exits;
}

static void null_ioctl(void)
{
	ioctl(dev, _IO(KEEL_IOC, 0xff), 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_keel(void)
{
	unsigned int i;

	for (i = 0; i < MAX_VCPUS; i++) {
		if (vcpus[i].run)
			keel_unmap_run(vcpus[i].run, info.run_size);
		vcpus[i].run = NULL;
		close_fd(&vcpus[i].fd);
	}
	close_fd(&vm);
	close_fd(&dev);
}

const struct side keel_side = {
	.name = "keel",
	.open = open_keel,
	.run = run_keel,
	.exits = exits_so_far,
	.null_ioctl = null_ioctl,
	.close = close_keel,
	.make_vm = make_vm,
	.make_vcpu = make_vcpu,
};
