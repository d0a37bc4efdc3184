// SPDX-License-Identifier: GPL-2.0
/* keel-bench on Keel. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

static int dev = -1, vm = -1, vcpu = -1;
static struct keel_run *run_page;
static struct keel_info info;

static int open_keel(void *memory)
{
	int ret;

	ret = dev = keel_open();
	if (ret >= 0)
		ret = keel_get_info(dev, KEEL_CPU_ALL, &info);
	if (ret >= 0)
		ret = vm = keel_create_vm(dev, 0);
	if (ret >= 0)
		ret = keel_set_memory(vm, 0, 0, 0, GUEST_MEMORY, memory);
	if (ret >= 0)
		ret = vcpu = keel_create_vcpu(vm, 0);
	if (ret >= 0)
		ret = keel_map_run(vcpu, info.run_size, &run_page);
	return ret < 0 ? ret : 0;
}

static int run_keel(const struct keel_state *state)
{
	struct keel_state copy = *state;
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
	if (run_page)
		keel_unmap_run(run_page, info.run_size);
	run_page = NULL;
	close_fd(&vcpu);
	close_fd(&vm);
	close_fd(&dev);
}

const struct side keel_side = {
	.name = "keel",
	.open = open_keel,
	.run = run_keel,
	.null_ioctl = null_ioctl,
	.close = close_keel,
};
