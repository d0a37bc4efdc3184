// SPDX-License-Identifier: GPL-2.0
/*
 * A machine: making it, starting and stopping its threads, taking it apart.
 *
 * Whoever sees the end first says so with machine_stop(); all threads then
 * leave on their own.  Next to read: vcpu.c, what a thread does.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "board.h"
#include "cmd.h"
#include "lib/keel.h"
#include "machine.h"

/* Takes a vCPU's thread out of KEEL_RUN, or out of a write that blocks. */
#define KICK	SIGUSR1

static int create_vcpu(struct machine *machine, unsigned int id)
{
	struct vcpu *vcpu = &machine->vcpus[id];

	vcpu->machine = machine;
	vcpu->id = id;
	vcpu->fd = keel_create_vcpu(machine->vm, id);
	if (vcpu->fd < 0)
		return vcpu->fd;
	return keel_map_run(vcpu->fd, machine->info.run_size, &vcpu->run);
}

static int say(int ret, const char *what, const char *remedy)
{
	if (ret < 0)
		cmd_error("%s: %s%s%s", what, strerror(-ret),
			  remedy ? "; " : "", remedy ? remedy : "");
	return ret;
}

/* What to do where @parameter of the module is what a user has as much as. */
#define QUOTA(parameter) \
	"the user has as many as " parameter " in /sys/module/keel/parameters allows; root can raise it"

static const char *create_remedy(int ret, const char *quota)
{
	switch (ret) {
	case -EBUSY:
		return "another hypervisor uses VMX: 'rmmod kvm_intel' where it is KVM";
	case -ENODEV:
		return "VMX is missing or locked off by firmware; the kernel's log names the CPU";
	case -EMFILE:
		return "raise the limit with 'ulimit -n'";
	case -EDQUOT:
		return quota;
	case -ENOMEM:
		return NULL;
	default:
		return "the kernel's log says why";
	}
}

static int get_info(struct machine *machine, int keel)
{
	int ret = keel_get_info(keel, KEEL_CPU_ALL, &machine->info);

	if (ret < 0)
		return say(ret, KEEL_DEVICE,
			   "install module and tool from one version");
	if (machine->info.abi_version != KEEL_ABI_VERSION ||
	    machine->info.run_size < sizeof(struct keel_run)) {
		cmd_error("the module has ABI %u, the tool %u; install both from one version",
			  machine->info.abi_version, KEEL_ABI_VERSION);
		return -EPROTO;
	}
	return 0;
}

/* The flag is set also where the module would do the same without it. */
static int choose_flags(struct machine *machine,
			const struct machine_config *config)
{
	bool ept = machine->info.features & KEEL_FEATURE_EPT;

	if (config->paging == MACHINE_PAGING_EPT && !ept) {
		cmd_error("this CPU has no EPT; use --paging shadow, which needs none");
		return -EOPNOTSUPP;
	}
	machine->flags = KEEL_VM_LAPIC;
	if (config->no_apicv)
		machine->flags |= KEEL_VM_NO_APICV;
	if (config->paging == MACHINE_PAGING_SHADOW || !ept)
		machine->flags |= KEEL_VM_SHADOW;
	return 0;
}

static int create_vm(struct machine *machine, int keel)
{
	int ret;

	machine->vm = keel_create_vm(keel, machine->flags);
	if (machine->vm < 0)
		return say(machine->vm, "making a VM",
			   create_remedy(machine->vm, QUOTA("max_vms_per_user")));
	ret = memory_map(&machine->memory, machine->vm);
	if (ret < 0)
		return say(ret, "mapping guest memory", create_remedy(ret, NULL));
	return 0;
}

static int create_vcpus(struct machine *machine, int keel, unsigned int nr)
{
	unsigned int i;
	int ret;

	machine->vcpus = calloc(nr, sizeof(*machine->vcpus));
	if (!machine->vcpus)
		return say(-ENOMEM, "vCPUs", NULL);
	for (i = 0; i < nr; i++) {
		machine->nr_vcpus = i + 1;
		ret = create_vcpu(machine, i);
		if (ret < 0)
			return say(ret, "making a vCPU",
				   create_remedy(ret, QUOTA("max_vcpus_per_user")));
	}
	ret = machine_set_cpuid(machine, keel);
	return say(ret, "telling the guest its CPU", create_remedy(ret, NULL));
}

/**
 * machine_create() - make a machine
 * @machine: filled in; machine_destroy() undoes it, also after an error
 * @keel: descriptor from keel_open(); not kept
 * @config: what it is to be like
 *
 * Return: 0, or a negative errno after a message.
 */
int machine_create(struct machine *machine, int keel,
		   const struct machine_config *config)
{
	int ret;

	memset(machine, 0, sizeof(*machine));
	machine->vm = -1;
	machine->done = -1;
	pthread_mutex_init(&machine->lock, NULL);
	pthread_cond_init(&machine->wake, NULL);
	ret = get_info(machine, keel);
	if (ret < 0)
		return ret;
	machine->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (machine->done < 0)
		return say(-errno, "eventfd", NULL);
	ret = memory_create(&machine->memory, config->bytes);
	if (ret < 0)
		return say(ret, "guest memory", "choose less with --mem");
	if (machine->info.phys_bits < 64 &&
	    memory_end(&machine->memory) >> machine->info.phys_bits)
		return say(-EINVAL, "guest memory",
			   "the CPU has too few physical address bits; choose less with --mem");
	ret = choose_flags(machine, config);
	if (ret < 0)
		return ret;
	ret = create_vm(machine, keel);
	if (ret < 0)
		return ret;
	return create_vcpus(machine, keel, config->nr_vcpus);
}

/**
 * machine_destroy() - take a machine apart
 * @machine: from machine_create(); its threads have been joined.  A second call
 *	does nothing.
 */
void machine_destroy(struct machine *machine)
{
	unsigned int i;

	for (i = 0; i < machine->nr_vcpus; i++) {
		keel_unmap_run(machine->vcpus[i].run, machine->info.run_size);
		if (machine->vcpus[i].fd >= 0)
			close(machine->vcpus[i].fd);
	}
	free(machine->vcpus);
	machine->vcpus = NULL;
	machine->nr_vcpus = 0;
	if (machine->vm >= 0)
		close(machine->vm);
	machine->vm = -1;
	memory_destroy(&machine->memory);
	bus_destroy(&machine->ports);
	bus_destroy(&machine->mmio);
	if (machine->done >= 0)
		close(machine->done);
	machine->done = -1;
}

static void do_nothing(int signo)
{
	(void)signo;
}

/* With the machine's lock held. */
static bool stop_locked(struct machine *machine, enum machine_end end,
			int status)
{
	const __u64 one = 1;

	if (machine->stopping)
		return false;
	machine->end = end;
	machine->status = status;
	machine->stopping = true;
	pthread_cond_broadcast(&machine->wake);
	/* It cannot fail: the counter is far from full. */
	if (write(machine->done, &one, sizeof(one)) < 0)
		abort();
	return true;
}

/**
 * machine_stop() - the machine has ended
 * @machine: the machine
 * @end: how
 * @status: of MACHINE_DEBUG_EXIT, else 0
 *
 * From any thread, without the machine's lock.  The first call counts.
 *
 * Return: whether this was it.
 */
bool machine_stop(struct machine *machine, enum machine_end end, int status)
{
	bool first;

	pthread_mutex_lock(&machine->lock);
	first = stop_locked(machine, end, status);
	pthread_mutex_unlock(&machine->lock);
	return first;
}

/**
 * machine_thread() - a thread of the machine begins
 * @machine: the machine
 * @kind: what the thread does
 *
 * Returns when all threads have been confined, so that no guest runs beside one
 * that is not, and none needs another that is not there: one kicks the other.
 */
void machine_thread(struct machine *machine, enum sandbox_thread kind)
{
	int ret = machine->sandbox ? sandbox_thread(machine->sandbox, kind) : 0;

	pthread_mutex_lock(&machine->lock);
	if (ret)
		stop_locked(machine, MACHINE_HOST_ERROR, 0);
	machine->ready++;
	pthread_cond_broadcast(&machine->wake);
	while (!machine->running && !machine->stopping)
		pthread_cond_wait(&machine->wake, &machine->lock);
	pthread_mutex_unlock(&machine->lock);
}

/* With the machine's lock held; waits until the others are ready. */
static int start_threads(struct machine *machine)
{
	unsigned int i, nr = machine->nr_vcpus;
	int ret;

	if (machine->board) {
		ret = board_start(machine->board);
		if (ret)
			return ret;
		nr++;
	}
	for (i = 0; i < machine->nr_vcpus; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];

		ret = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
		if (ret)
			return -ret;
		vcpu->started = true;
	}
	while (machine->ready < nr && !machine->stopping)
		pthread_cond_wait(&machine->wake, &machine->lock);
	return 0;
}

/**
 * machine_start() - let all vCPUs run
 * @machine: a machine whose vCPUs have a state
 *
 * The threads have the caller's signal mask, but for the one that stops them.
 * With a sandbox the caller is its main thread and confined afterwards, too.
 *
 * Return: 0, or a negative errno after a message; machine_join() then ends
 * the threads that had been started.
 */
int machine_start(struct machine *machine)
{
	struct sigaction kick = { .sa_handler = do_nothing };
	int ret;

	/* Without SA_RESTART: a blocked call returns, which is all it is for. */
	sigaction(KICK, &kick, NULL);
	pthread_mutex_lock(&machine->lock);
	ret = say(start_threads(machine), "starting a thread", NULL);
	if (!ret && machine->sandbox)
		ret = sandbox_thread(machine->sandbox, SANDBOX_MAIN);
	if (ret)
		stop_locked(machine, MACHINE_HOST_ERROR, 0);
	machine->running = true;
	pthread_cond_broadcast(&machine->wake);
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

/**
 * machine_kick() - take a vCPU out of KEEL_RUN, or keep it from entering it
 * @vcpu: the vCPU; its thread has not been joined
 *
 * KEEL_RUN sees immediate_exit however late it comes to read it.  The vCPU's
 * thread clears it before it looks why it was kicked.
 */
void machine_kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	pthread_kill(vcpu->thread, KICK);
}

/**
 * machine_join() - wait for all threads
 * @machine: a machine that was told to stop, or did by itself
 *
 * Called by the thread that started it.
 */
void machine_join(struct machine *machine)
{
	const struct timespec soon = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < machine->nr_vcpus; i++) {
		struct vcpu *vcpu = &machine->vcpus[i];

		if (!vcpu->started)
			continue;
		/*
		 * A write to a full pipe may begin just after the signal came,
		 * so that one kick is not enough.
		 */
		do {
			machine_kick(vcpu);
		} while (pthread_tryjoin_np(vcpu->thread, NULL) == EBUSY &&
			 !nanosleep(&soon, NULL));
		vcpu->started = false;
	}
}

/**
 * machine_exit_status() - what keel run returns
 * @machine: a machine that has ended
 *
 * Return: an exit status.
 */
int machine_exit_status(const struct machine *machine)
{
	switch (machine->end) {
	case MACHINE_DEBUG_EXIT:
		return machine->status;
	case MACHINE_POWER_OFF:
		return 0;
	default:
		return machine->end;
	}
}
