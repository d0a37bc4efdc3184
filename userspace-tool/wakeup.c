// SPDX-License-Identifier: GPL-2.0
/*
 * Starts vCPUs in 64-bit mode, on CPUs whose guests have no real mode.
 *
 * A start-up IPI begins in real mode.  Without "unrestricted guest" that cannot
 * run, so such a machine offers what ACPI has for CPUs that are in the hands of
 * their firmware: a mailbox, which the MADT tells (ACPI Specification,
 * "Multiprocessor Wakeup Structure").  The CPU begins at the address that the
 * guest chose, in 64-bit mode, with memory mapped to itself; one that the guest
 * takes out of service it sends to WAKEUP_RESET.  Linux knows the first from 5.17
 * on, 6.12 both.  It may switch paging off for a moment there, which shadow page
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
#define RFLAGS_IF	0x200

/* CLI; HLT; JMP to the HLT. */
static const __u8 reset_code[] = { 0xfa, 0xf4, 0xeb, 0xfd };

/* Called by the thread of the vCPU that asks. */
static void ask(void *opaque, enum mp_command command, __u32 apic_id,
		__u64 vector)
{
	struct wakeup *wakeup = opaque;
	struct machine *machine = wakeup->machine;
	struct vcpu *vcpu;

	/* Nobody answers, as where firmware has no such CPU. */
	if (apic_id >= machine->nr_vcpus)
		return;
	vcpu = &machine->vcpus[apic_id];
	pthread_mutex_lock(&machine->lock);
	if (!machine->stopping) {
		vcpu->wake_at = vector;
		vcpu->asked = command;
		machine_kick(vcpu);
	}
	pthread_mutex_unlock(&machine->lock);
}

/*
 * Waits for its start, or has halted for good: at WAKEUP_RESET, or in a kernel
 * that keeps its spare CPUs itself.
 */
static bool is_idle(struct vcpu *vcpu)
{
	struct keel_state state = {
		.groups = KEEL_STATE_REGS | KEEL_STATE_EVENTS,
	};

	if (keel_get_state(vcpu->fd, &state))
		return false;
	return state.events.activity == KEEL_ACTIVITY_WAIT_SIPI ||
	       (state.events.activity == KEEL_ACTIVITY_HLT &&
		!(state.regs.rflags & RFLAGS_IF));
}

static int begin(struct vcpu *vcpu)
{
	__u64 vector = vcpu->wake_at;
	struct keel_state state;
	int ret;

	keel_start_long(&state, vector, WAKEUP_GDT, WAKEUP_PAGES);
	/* Linux loads tables with execute-disable bits before it sets NXE. */
	state.control.efer |= EFER_NXE;
	ret = keel_set_state(vcpu->fd, &state);
	if (ret)
		vcpu_fail(vcpu, MACHINE_HOST_ERROR,
			  "beginning at 0x%llx: %s; the kernel's log says why",
			  vector, strerror(-ret));
	return ret;
}

/**
 * wakeup_serve() - do what the mailbox asks of a vCPU
 * @vcpu: the vCPU, where &vcpu.asked; called by its thread, outside of KEEL_RUN
 *
 * A vCPU that runs is asked again when it leaves KEEL_RUN, until it has halted.
 */
void wakeup_serve(struct vcpu *vcpu)
{
	int command = vcpu->asked;

	if (!is_idle(vcpu))
		return;
	if (command == MP_WAKEUP && begin(vcpu))
		return;
	/* First: the guest may ask anew as soon as it is told. */
	vcpu->asked = MP_NOOP;
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
	mp_mailbox_init(&wakeup->mailbox, ask, wakeup);
	keel_write_gdt(low + WAKEUP_GDT, 1);
	memcpy(low + WAKEUP_RESET, reset_code, sizeof(reset_code));
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
