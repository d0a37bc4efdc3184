// SPDX-License-Identifier: GPL-2.0
/*
 * libkeel: the ABI of Keel as C functions.
 *
 * Thin on purpose: no policy, no messages, no retries but for what a signal
 * interrupted while opening.  Next to read: <linux/keel.h>, which says what
 * each call does; then start.c, the states in which guests begin.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keel.h"

/* An ioctl, with its failure as a negative errno. */
static int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/**
 * keel_open() - open /dev/keel
 *
 * The descriptor is close-on-exec; close() ends it.
 *
 * Return: a file descriptor, or a negative errno of open(2): -ENOENT where the
 * module is not loaded, -EACCES where the caller may not use it.
 */
int keel_open(void)
{
	int fd;

	do {
		fd = open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/**
 * keel_load() - load the module as `modprobe keel` does; for root
 *
 * Where modprobe fails it says why on standard error.
 *
 * Return: 0 where the module is loaded now, or a negative errno: -ENOENT
 * where there is no modprobe, -ENODEV where it failed.
 */
int keel_load(void)
{
	static char *const argv[] = { "modprobe", "-q", "keel", NULL };
	int ret, status;
	pid_t pid;

	ret = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (ret)
		return -ret;
	do {
		ret = waitpid(pid, &status, 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return status ? -ENODEV : 0;
}

/**
 * keel_get_info() - ask what this host can do (KEEL_GET_INFO)
 * @fd: descriptor from keel_open()
 * @cpu: number of an online CPU, or KEEL_CPU_ALL
 * @info: filled in; members that the module is too old to know are zero, and
 *	&keel_info.size says how many bytes it filled
 *
 * Return: 0 or a negative errno, see KEEL_GET_INFO.
 */
int keel_get_info(int fd, __u32 cpu, struct keel_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->cpu = cpu;
	return call(fd, KEEL_GET_INFO, info);
}

/**
 * keel_create_vm() - make a virtual machine (KEEL_CREATE_VM)
 * @fd: descriptor from keel_open()
 * @flags: KEEL_VM_*
 *
 * Return: a file descriptor of the VM, or a negative errno, see
 * KEEL_CREATE_VM.
 */
int keel_create_vm(int fd, __u32 flags)
{
	return keel_create_vm_at(fd, flags, 0);
}

/**
 * keel_create_vm_at() - make a virtual machine with a TSC frequency
 * (KEEL_CREATE_VM)
 * @fd: descriptor from keel_open()
 * @flags: KEEL_VM_*
 * @tsc_khz: frequency of the guest's TSC in kHz; 0: the host's
 *
 * Return: a file descriptor of the VM, or a negative errno, see
 * KEEL_CREATE_VM.
 */
int keel_create_vm_at(int fd, __u32 flags, __u32 tsc_khz)
{
	struct keel_create_vm arg = {
		.size = sizeof(arg),
		.flags = flags,
		.tsc_khz = tsc_khz,
	};

	return call(fd, KEEL_CREATE_VM, &arg);
}

/**
 * keel_get_supported_cpuid() - the CPUID leaves that a guest can be given
 * (KEEL_GET_SUPPORTED_CPUID)
 * @fd: descriptor from keel_open()
 * @flags: KEEL_VM_* of the VM that is meant
 * @tsc_khz: frequency of its TSC in kHz; 0: the host's
 * @leaves: filled in
 * @nr: in: room in @leaves, entries; KEEL_MAX_CPUID is always enough; out: how
 *	many there are
 *
 * Return: 0 or a negative errno; after -E2BIG @nr says what is needed.
 */
int keel_get_supported_cpuid(int fd, __u32 flags, __u32 tsc_khz,
			     struct keel_cpuid_leaf *leaves, __u32 *nr)
{
	struct keel_cpuid arg = {
		.size = sizeof(arg),
		.nr = *nr,
		.leaves = (uintptr_t)leaves,
		.flags = flags,
		.tsc_khz = tsc_khz,
	};
	int ret;

	memset(leaves, 0, *nr * sizeof(*leaves));
	ret = call(fd, KEEL_GET_SUPPORTED_CPUID, &arg);
	*nr = arg.nr;
	return ret;
}

/**
 * keel_set_memory() - map memory into the guest, or unmap it (KEEL_SET_MEMORY)
 * @vm: descriptor from keel_create_vm()
 * @slot: slot number, below KEEL_MAX_SLOTS
 * @flags: KEEL_MEMORY_*
 * @gpa: first guest physical address, a multiple of 4096
 * @bytes: length, a multiple of 4096; 0 unmaps the slot, the other arguments
 *	are then 0 and NULL
 * @memory: the caller's memory; it must stay mapped while the guest uses it
 *
 * Return: 0 or a negative errno, see KEEL_SET_MEMORY.
 */
int keel_set_memory(int vm, __u32 slot, __u32 flags, __u64 gpa, __u64 bytes,
		    void *memory)
{
	struct keel_memory arg = {
		.size = sizeof(arg),
		.slot = slot,
		.flags = flags,
		.gpa = gpa,
		.bytes = bytes,
		.user_addr = (uintptr_t)memory,
	};

	return call(vm, KEEL_SET_MEMORY, &arg);
}

/**
 * keel_get_dirty_log() - read and clear the log of writes to a slot
 * (KEEL_GET_DIRTY_LOG)
 * @vm: descriptor from keel_create_vm()
 * @slot: slot number; it was set with KEEL_MEMORY_LOG_DIRTY
 * @first_page: the range's first page of 4096 bytes in the slot, a multiple of 64
 * @nr_pages: pages of the range
 * @bitmap: set, a bit a page; (@nr_pages + 7) / 8 bytes
 *
 * Return: 0 or a negative errno, see KEEL_GET_DIRTY_LOG.
 */
int keel_get_dirty_log(int vm, __u32 slot, __u64 first_page, __u64 nr_pages,
		       void *bitmap)
{
	struct keel_dirty_log arg = {
		.size = sizeof(arg),
		.slot = slot,
		.first_page = first_page,
		.nr_pages = nr_pages,
		.bitmap = (uintptr_t)bitmap,
	};

	return call(vm, KEEL_GET_DIRTY_LOG, &arg);
}

/**
 * keel_create_vcpu() - add a virtual CPU (KEEL_CREATE_VCPU)
 * @vm: descriptor from keel_create_vm()
 * @id: its number, below KEEL_MAX_VCPUS
 *
 * Return: a file descriptor of the vCPU, or a negative errno, see
 * KEEL_CREATE_VCPU.
 */
int keel_create_vcpu(int vm, __u32 id)
{
	struct keel_create_vcpu arg = {
		.size = sizeof(arg),
		.id = id,
	};

	return call(vm, KEEL_CREATE_VCPU, &arg);
}

/**
 * keel_msi() - send a message-signalled interrupt (KEEL_IRQ)
 * @vm: descriptor from keel_create_vm()
 * @address: the message's address
 * @data: the message's data
 *
 * Return: how many local APICs took it, or a negative errno, see KEEL_IRQ.
 */
int keel_msi(int vm, __u64 address, __u32 data)
{
	struct keel_irq arg = {
		.size = sizeof(arg),
		.kind = KEEL_IRQ_MSI,
		.address = address,
		.data = data,
	};
	int ret = call(vm, KEEL_IRQ, &arg);

	return ret ? ret : (int)arg.delivered;
}

/**
 * keel_lint() - set a pin of local APICs (KEEL_IRQ)
 * @vm: descriptor from keel_create_vm()
 * @kind: KEEL_IRQ_LINT0 or KEEL_IRQ_LINT1
 * @vcpu: number of the vCPU, or KEEL_VCPU_ALL
 * @level: 1: asserted, 0: not
 *
 * Return: how many local APICs took it, or a negative errno, see KEEL_IRQ.
 */
int keel_lint(int vm, __u32 kind, __u32 vcpu, __u32 level)
{
	struct keel_irq arg = {
		.size = sizeof(arg),
		.kind = kind,
		.vcpu = vcpu,
		.level = level,
	};
	int ret = call(vm, KEEL_IRQ, &arg);

	return ret ? ret : (int)arg.delivered;
}

/**
 * keel_irqfd() - let an eventfd send an MSI, or no longer (KEEL_IRQFD)
 * @vm: descriptor from keel_create_vm()
 * @fd: descriptor of the eventfd
 * @flags: KEEL_IRQFD_*
 * @address: the message's address
 * @data: the message's data
 *
 * Return: 0 or a negative errno, see KEEL_IRQFD.
 */
int keel_irqfd(int vm, int fd, __u32 flags, __u64 address, __u32 data)
{
	struct keel_irqfd arg = {
		.size = sizeof(arg),
		.fd = fd,
		.flags = flags,
		.address = address,
		.data = data,
	};

	return call(vm, KEEL_IRQFD, &arg);
}

/**
 * keel_ioeventfd() - let a guest's write signal an eventfd, or no longer
 * (KEEL_IOEVENTFD)
 * @vm: descriptor from keel_create_vm()
 * @binding: which write, which eventfd; @size is set here
 *
 * Return: 0 or a negative errno, see KEEL_IOEVENTFD.
 */
int keel_ioeventfd(int vm, const struct keel_ioeventfd *binding)
{
	struct keel_ioeventfd arg = *binding;

	arg.size = sizeof(arg);
	return call(vm, KEEL_IOEVENTFD, &arg);
}

/**
 * keel_map_run() - map what a vCPU shares with its user
 * @vcpu: descriptor from keel_create_vcpu()
 * @run_size: bytes, from &keel_info.run_size
 * @run: out: the run area; keel_unmap_run() gives it back
 *
 * Return: 0 or a negative errno of mmap(2).
 */
int keel_map_run(int vcpu, __u32 run_size, struct keel_run **run)
{
	void *area;

	area = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu,
		    0);
	if (area == MAP_FAILED)
		return -errno;
	*run = area;
	return 0;
}

/**
 * keel_unmap_run() - undo keel_map_run()
 * @run: the run area; NULL does nothing
 * @run_size: as given to keel_map_run()
 */
void keel_unmap_run(struct keel_run *run, __u32 run_size)
{
	if (run)
		munmap(run, run_size);
}

/**
 * keel_run() - run the guest until something needs the caller (KEEL_RUN)
 * @vcpu: descriptor from keel_create_vcpu()
 *
 * Return: 0 with &keel_run.exit_reason set, or a negative errno, see KEEL_RUN;
 * -EINTR after a signal is no failure.
 */
int keel_run(int vcpu)
{
	return call(vcpu, KEEL_RUN, NULL);
}

/**
 * keel_get_state() - read register groups (KEEL_GET_STATE)
 * @vcpu: descriptor from keel_create_vcpu()
 * @state: &keel_state.groups says which groups are filled in, and for some of
 *	them other members say where to; @size is set here
 *
 * Return: 0 or a negative errno, see KEEL_GET_STATE.
 */
int keel_get_state(int vcpu, struct keel_state *state)
{
	state->size = sizeof(*state);
	return call(vcpu, KEEL_GET_STATE, state);
}

/**
 * keel_set_state() - write register groups (KEEL_SET_STATE)
 * @vcpu: descriptor from keel_create_vcpu()
 * @state: as for keel_get_state()
 *
 * Return: 0 or a negative errno, see KEEL_SET_STATE.
 */
int keel_set_state(int vcpu, struct keel_state *state)
{
	state->size = sizeof(*state);
	return call(vcpu, KEEL_SET_STATE, state);
}

/**
 * keel_set_cpuid() - choose what CPUID tells the guest (KEEL_SET_CPUID)
 * @vcpu: descriptor from keel_create_vcpu()
 * @leaves: the list; leaves not in it read as zeros
 * @nr: its length
 *
 * Return: 0 or a negative errno, see KEEL_SET_CPUID.
 */
int keel_set_cpuid(int vcpu, const struct keel_cpuid_leaf *leaves, __u32 nr)
{
	struct keel_cpuid arg = {
		.size = sizeof(arg),
		.nr = nr,
		.leaves = (uintptr_t)leaves,
	};

	return call(vcpu, KEEL_SET_CPUID, &arg);
}

/**
 * keel_inject() - queue an event for the guest (KEEL_INJECT)
 * @vcpu: descriptor from keel_create_vcpu()
 * @event: the event; &keel_event.valid is set here
 *
 * Return: 0 or a negative errno, see KEEL_INJECT.
 */
int keel_inject(int vcpu, const struct keel_event *event)
{
	struct keel_inject arg = {
		.size = sizeof(arg),
		.event = *event,
	};

	arg.event.valid = 1;
	return call(vcpu, KEEL_INJECT, &arg);
}

/**
 * keel_translate() - walk the guest's page tables (KEEL_TRANSLATE)
 * @vcpu: descriptor from keel_create_vcpu()
 * @gva: linear address
 * @access: KEEL_ACCESS_*
 * @result: where it leads, or &keel_translate.fault
 *
 * Return: 0, also where the walk ends in a page fault, or a negative errno, see
 * KEEL_TRANSLATE.
 */
int keel_translate(int vcpu, __u64 gva, __u32 access,
		   struct keel_translate *result)
{
	memset(result, 0, sizeof(*result));
	result->size = sizeof(*result);
	result->gva = gva;
	result->access = access;
	return call(vcpu, KEEL_TRANSLATE, result);
}

/**
 * keel_get_stats() - read a vCPU's counters (KEEL_GET_STATS)
 * @vcpu: descriptor from keel_create_vcpu()
 * @stats: filled in
 *
 * Return: 0 or a negative errno.
 */
int keel_get_stats(int vcpu, struct keel_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	return call(vcpu, KEEL_GET_STATS, stats);
}

/**
 * keel_set_intercepts() - choose further exits (KEEL_SET_INTERCEPTS)
 * @vcpu: descriptor from keel_create_vcpu()
 * @intercepts: replaces what was set before; @size is set here
 *
 * Return: 0 or a negative errno, see KEEL_SET_INTERCEPTS.
 */
int keel_set_intercepts(int vcpu, const struct keel_intercepts *intercepts)
{
	struct keel_intercepts arg = *intercepts;

	arg.size = sizeof(arg);
	return call(vcpu, KEEL_SET_INTERCEPTS, &arg);
}

/**
 * keel_lapic_read() - read a register of the local APIC (KEEL_LAPIC)
 * @vcpu: descriptor from keel_create_vcpu()
 * @offset: of the register in the APIC page
 * @value: out
 *
 * Return: 0 or a negative errno, see KEEL_LAPIC.
 */
int keel_lapic_read(int vcpu, __u32 offset, __u32 *value)
{
	struct keel_lapic_access arg = {
		.size = sizeof(arg),
		.offset = offset,
	};
	int ret = call(vcpu, KEEL_LAPIC, &arg);

	*value = arg.value;
	return ret;
}

/**
 * keel_lapic_write() - write a register of the local APIC (KEEL_LAPIC)
 * @vcpu: descriptor from keel_create_vcpu()
 * @offset: of the register in the APIC page
 * @value: what to write
 *
 * Return: 0 or a negative errno, see KEEL_LAPIC.
 */
int keel_lapic_write(int vcpu, __u32 offset, __u32 value)
{
	struct keel_lapic_access arg = {
		.size = sizeof(arg),
		.offset = offset,
		.write = 1,
		.value = value,
	};

	return call(vcpu, KEEL_LAPIC, &arg);
}

/**
 * keel_dump_vmcs() - the vCPU's VMCS as text (KEEL_DUMP_VMCS)
 * @vcpu: descriptor from keel_create_vcpu()
 * @text: filled in, without a final NUL
 * @bytes: in: room at @text; out: length of the text
 *
 * Return: 0 or a negative errno; after -E2BIG @bytes says what is needed.
 */
int keel_dump_vmcs(int vcpu, char *text, __u32 *bytes)
{
	struct keel_dump arg = {
		.size = sizeof(arg),
		.bytes = *bytes,
		.text = (uintptr_t)text,
	};
	int ret;

	ret = call(vcpu, KEEL_DUMP_VMCS, &arg);
	*bytes = arg.bytes;
	return ret;
}
