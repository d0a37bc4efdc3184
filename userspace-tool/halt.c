// SPDX-License-Identifier: GPL-2.0
/*
 * When a guest has halted for good: no vCPU runs, and nothing will wake one.
 *
 * HLT with interrupts on sleeps inside KEEL_RUN, so does a vCPU that waits for a
 * start-up IPI; the tool sees neither.  HLT with interrupts off does come here,
 * with KEEL_EXIT_HLT, and the next KEEL_RUN sleeps until an NMI or an INIT.
 * Whoever halts last does it this way: each other way to stop leaves somebody
 * who can go on.  So it is enough to look at each such exit.
 *
 * What a vCPU inside KEEL_RUN does cannot be seen from outside, and while one is
 * looked at another may wake it.  Therefore a census: all vCPUs leave KEEL_RUN
 * and wait; the last one that comes reads the states of all, which nobody can
 * change at that moment.  If each halted with interrupts off or waits for a
 * start-up IPI, the machine has ended.  Otherwise all go on; whoever was found
 * running will halt later and count anew.  A vCPU that has an exit to serve
 * runs, and calls the census off at once: it may take long to come.
 *
 * Devices are left out: an I/O APIC could be set up to send an NMI by a timer.
 * A guest that counts on that to leave HLT with interrupts off ends.
 */
#include <errno.h>

#include "lib/keel.h"
#include "machine.h"

#define RFLAGS_IF	0x200

/* All threads go on.  With the machine's lock held. */
static void end_census(struct machine *machine)
{
	machine->census = false;
	machine->census_round++;
	pthread_cond_broadcast(&machine->wake);
}

/*
 * Whether a vCPU that is outside of KEEL_RUN sleeps for good.  An NMI, INIT or
 * start-up IPI on its way to it shows in its state only when it has been taken
 * over, which KEEL_RUN does also where it is not to run.
 */
static bool asleep(const struct vcpu *vcpu)
{
	struct keel_state state = {
		.groups = KEEL_STATE_REGS | KEEL_STATE_EVENTS,
	};
	int ret;

	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	ret = keel_run(vcpu->fd);
	__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	/* A dead VM: the next KEEL_RUN will say so. */
	if (ret != -EINTR || keel_get_state(vcpu->fd, &state) < 0)
		return false;
	if (state.events.nmi_pending || vcpu->asked)
		return false;
	if (state.events.activity == KEEL_ACTIVITY_WAIT_SIPI)
		return true;
	return state.events.activity == KEEL_ACTIVITY_HLT &&
	       !(state.regs.rflags & RFLAGS_IF);
}

static bool all_asleep(const struct machine *machine)
{
	unsigned int i;

	for (i = 0; i < machine->nr_vcpus; i++)
		if (!asleep(&machine->vcpus[i]))
			return false;
	return true;
}

/* Come to the census and wait for its end.  With the machine's lock held. */
static bool vote(struct machine *machine)
{
	unsigned int round = machine->census_round;

	if (++machine->census_votes == machine->nr_vcpus) {
		end_census(machine);
		return all_asleep(machine);
	}
	while (machine->census_round == round && !machine->stopping)
		pthread_cond_wait(&machine->wake, &machine->lock);
	return false;
}

static void begin_census(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	unsigned int i;

	machine->census = true;
	machine->census_votes = 0;
	for (i = 0; i < machine->nr_vcpus; i++)
		if (i != vcpu->id)
			machine_kick(&machine->vcpus[i]);
}

/**
 * halt_exit() - serve KEEL_EXIT_HLT
 * @vcpu: the vCPU; called by its thread
 *
 * Returns when it may enter KEEL_RUN again, or the machine has ended.
 */
void halt_exit(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	bool halted = false;

	pthread_mutex_lock(&machine->lock);
	/* Threads are joined, and must not be kicked, once it is stopping. */
	if (!machine->stopping) {
		if (!machine->census)
			begin_census(vcpu);
		halted = vote(machine);
	}
	pthread_mutex_unlock(&machine->lock);
	if (halted)
		machine_stop(machine, MACHINE_HALTED, 0);
}

/**
 * halt_busy() - a vCPU has an exit to serve: there is no need to count
 * @vcpu: the vCPU; called by its thread while &machine.census
 */
void halt_busy(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;

	pthread_mutex_lock(&machine->lock);
	if (machine->census)
		end_census(machine);
	pthread_mutex_unlock(&machine->lock);
}

/**
 * halt_vote() - come to a census
 * @vcpu: the vCPU, just kicked out of KEEL_RUN; called by its thread while
 *	&machine.census
 */
void halt_vote(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	bool halted = false;

	pthread_mutex_lock(&machine->lock);
	if (machine->census && !machine->stopping) {
		/* Who is awake spares the others the wait. */
		if (asleep(vcpu))
			halted = vote(machine);
		else
			end_census(machine);
	}
	pthread_mutex_unlock(&machine->lock);
	if (halted)
		machine_stop(machine, MACHINE_HALTED, 0);
}
