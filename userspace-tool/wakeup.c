// SPDX-License-Identifier: GPL-2.0
/*
 * Starts vCPUs in 64-bit mode, on CPUs whose guests have no real mode.
 *
 * A start-up IPI begins in real mode.  Without "unrestricted guest" that cannot
 * run, so such a machine offers what ACPI has for CPUs that are in the hands of
 * their firmware: a mailbox, which the MADT tells (ACPI Specification,
 * "Multiprocessor Wakeup Structure").  The CPU begins at the address that the
 * guest chose, in 64-bit mode, with memory mapped to itself.  Linux knows that
 * from 5.17 on.  It may switch paging off for a moment there, which shadow page
 * tables can stand for; under EPT that could not run either.
 *
 * The guest's write arrives in one vCPU's thread, but the state of another is
 * set by the other's own: until then that one is inside KEEL_RUN.
 */
#include <errno.h>
#include <string.h>

#include "board.h"
#include "e820.h"
#include "lib/keel.h"
#include "machine.h"
#include "wakeup.h"

#define EFER_NXE	0x800

/* Called by the thread of the vCPU that asks. */
static void wake(void *opaque, __u32 apic_id, __u64 vector)
{
	struct wakeup *wakeup = opaque;
	struct machine *machine = wakeup->machine;
	struct vcpu *vcpu;

	/* Nobody answers, as where firmware has no such CPU. */
	if (!apic_id || apic_id >= machine->nr_vcpus)
		return;
	vcpu = &machine->vcpus[apic_id];
	pthread_mutex_lock(&machine->lock);
	/* Nor does one that has left the firmware already. */
	if (!vcpu->woken && !machine->stopping) {
		vcpu->woken = true;
		vcpu->wake_at = vector;
		vcpu->wake_wanted = true;
		machine_kick(vcpu);
	}
	pthread_mutex_unlock(&machine->lock);
}

/**
 * wakeup_begin() - begin where the guest said
 * @vcpu: a vCPU that waits for its start; called by its thread, outside of
 *	KEEL_RUN, where &vcpu.wake_wanted
 */
void wakeup_begin(struct vcpu *vcpu)
{
	struct keel_state state;
	int ret;

	keel_start_long(&state, vcpu->wake_at, WAKEUP_GDT, WAKEUP_PAGES);
	/* Linux loads tables with execute-disable bits before it sets NXE. */
	state.control.efer |= EFER_NXE;
	ret = keel_set_state(vcpu->fd, &state);
	vcpu->wake_wanted = false;
	if (ret)
		vcpu_fail(vcpu, MACHINE_HOST_ERROR,
			  "beginning at 0x%llx: %s; the kernel's log says why",
			  vcpu->wake_at, strerror(-ret));
	else
		mp_mailbox_done(&vcpu->machine->board->wakeup.mailbox);
}

/**
 * wakeup_needed() - whether vCPUs are started this way
 * @machine: the machine
 *
 * Return: whether.
 */
bool wakeup_needed(const struct machine *machine)
{
	return machine->nr_vcpus > 1 && !machine_runs_real(machine) &&
	       machine_runs_unpaged(machine);
}

/**
 * wakeup_create() - put a mailbox into a machine
 * @wakeup: filled in; wakeup_destroy() undoes it, also after an error
 * @machine: a machine that has not started; its memory map names the mailbox
 *	afterwards
 *
 * Return: 0 or a negative errno.
 */
int wakeup_create(struct wakeup *wakeup, struct machine *machine)
{
	__u8 *low = memory_at(&machine->memory, 0, WAKEUP_END);

	_Static_assert(WAKEUP_PAGES >= E820_BIOS && WAKEUP_END <= E820_HIGH,
		       "the guest does not use it");
	if (!low)
		return -ENOMEM;
	wakeup->machine = machine;
	wakeup->built = true;
	mp_mailbox_init(&wakeup->mailbox, wake, wakeup);
	keel_write_gdt(low + WAKEUP_GDT, 1);
	keel_write_long_tables(low + WAKEUP_PAGES, WAKEUP_PAGES, MEMORY_HIGH);
	machine->memory.mailbox = WAKEUP_MAILBOX;
	return mp_mailbox_attach(&wakeup->mailbox, &machine->mmio,
				 WAKEUP_MAILBOX);
}

/**
 * wakeup_destroy() - take the mailbox away
 * @wakeup: from wakeup_create(), or all zeros; its machine's threads have been
 *	joined
 */
void wakeup_destroy(struct wakeup *wakeup)
{
	if (wakeup->built)
		mp_mailbox_destroy(&wakeup->mailbox);
	wakeup->built = false;
}
