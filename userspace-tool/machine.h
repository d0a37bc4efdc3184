/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine: memory, buses, vCPUs and the threads that run them.
 *
 * Everything hangs off struct machine: a process may have several.  Who makes
 * one puts devices on its buses, an image into its memory and a state into its
 * vCPUs, starts it, waits until &machine.done is readable, and destroys it.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <linux/keel.h>

#include "devices/bus.h"
#include "memory.h"
#include "sandbox.h"

struct board;

/**
 * enum machine_end - how a machine ended; also the exit status of keel run
 * @MACHINE_HALTED: all vCPUs executed HLT with interrupts off
 * @MACHINE_SHUTDOWN: triple fault
 * @MACHINE_FAIL_ENTRY: the state of a vCPU could not be entered
 * @MACHINE_UNSUPPORTED: the guest did what Keel does not know
 * @MACHINE_HOST_ERROR: the host failed
 * @MACHINE_QUIT: it was told to
 * @MACHINE_RESET: the guest reset the machine
 * @MACHINE_DEBUG_EXIT: the guest used the debug exit port; the status is odd
 * @MACHINE_POWER_OFF: the guest switched the machine off; the status is 0
 *
 * Even numbers: the odd ones belong to the debug exit port.  2 is that of a
 * command line that was not understood.
 */
enum machine_end {
	MACHINE_HALTED = 0,
	MACHINE_SHUTDOWN = 4,
	MACHINE_FAIL_ENTRY = 6,
	MACHINE_UNSUPPORTED = 8,
	MACHINE_HOST_ERROR = 10,
	MACHINE_QUIT = 12,
	MACHINE_RESET = 14,
	MACHINE_DEBUG_EXIT = 256,
	MACHINE_POWER_OFF,
};

/**
 * enum machine_paging - how guest addresses are translated
 * @MACHINE_PAGING_ANY: by EPT where the CPU has it, else by shadow page tables
 * @MACHINE_PAGING_EPT: by EPT
 * @MACHINE_PAGING_SHADOW: by shadow page tables
 */
enum machine_paging {
	MACHINE_PAGING_ANY,
	MACHINE_PAGING_EPT,
	MACHINE_PAGING_SHADOW,
};

/**
 * struct machine_config - what a machine is to be like
 * @bytes: guest memory, a multiple of 4096
 * @nr_vcpus: 1 to KEEL_MAX_VCPUS
 * @no_apicv: serve local APICs in software, also where the CPU could do it
 * @paging: how its addresses are translated
 */
struct machine_config {
	__u64 bytes;
	unsigned int nr_vcpus;
	bool no_apicv;
	enum machine_paging paging;
};

/**
 * struct vcpu - a virtual CPU and its thread
 * @machine: its machine; constant
 * @id: its number; constant
 * @fd: its descriptor, -1 none; constant
 * @run: the run area, NULL none; shared with the module
 * @thread: runs it, where @started
 * @started: there is a thread to join; used by the machine's owner alone
 * @asked: the command of the mailbox that it has not taken yet, see wakeup.c; set
 *	under the machine's lock, cleared by its thread
 * @wake_at: where it is to begin then
 * @wanted: [T] the groups that the run area has after an exit
 * @note: [T] what the exit log adds about the exit being served
 *
 * [T]: the vCPU's thread alone.
 */
struct vcpu {
	struct machine *machine;
	unsigned int id;
	int fd;
	struct keel_run *run;
	pthread_t thread;
	bool started;
	atomic_int asked;
	atomic_ullong wake_at;
	__u64 wanted;
	char note[256];
};

/**
 * struct machine - a machine
 * @info: what the host offers; constant
 * @flags: KEEL_VM_* that the VM was made with; constant
 * @vm: descriptor of the VM, -1 none; constant
 * @memory: guest memory; constant
 * @ports: port I/O; changed only while no vCPU runs
 * @mmio: physical memory addresses; changed only while no vCPU runs
 * @vcpus: the vCPUs; constant
 * @nr_vcpus: how many; constant
 * @rsdp: guest physical address of ACPI's root system description pointer, for
 *	kernels that start without firmware; 0: none; constant once started
 * @board: the devices of a PC, which put themselves here; NULL none; constant
 *	while vCPUs run
 * @verbose: log each exit; constant once started
 * @sandbox: confines its threads, NULL: nothing does; constant once started
 * @stopping: set once, under @lock; read without it
 * @census: vCPUs are being counted, see halt.c; set under @lock, read without
 * @lock: guards what follows
 * @wake: signalled when @stopping or @running is set, when @ready grows, and when
 *	a census ends
 * @ready: threads that are confined and wait for @running
 * @running: all threads are confined
 * @census_round: number of the census
 * @census_votes: vCPUs that have come to it
 * @end: how it ended, once @stopping
 * @status: of MACHINE_DEBUG_EXIT
 * @done: eventfd, readable once @stopping; -1 none; constant
 */
struct machine {
	struct keel_info info;
	__u32 flags;
	int vm;
	struct memory memory;
	struct bus ports;
	struct bus mmio;
	struct vcpu *vcpus;
	unsigned int nr_vcpus;
	__u64 rsdp;
	struct board *board;
	bool verbose;
	const struct sandbox *sandbox;
	atomic_bool stopping;
	atomic_bool census;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	unsigned int ready;
	bool running;
	unsigned int census_round;
	unsigned int census_votes;
	enum machine_end end;
	int status;
	int done;
};

/**
 * machine_runs_real() - whether its vCPUs can run in real mode
 * @machine: the machine
 *
 * A start-up IPI begins there, and so does firmware.
 *
 * Return: whether.
 */
static inline bool machine_runs_real(const struct machine *machine)
{
	return machine->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST;
}

/**
 * machine_runs_unpaged() - whether its vCPUs can run in protected mode without
 * paging
 * @machine: the machine
 *
 * Shadow page tables can stand for the paging that the guest does without.
 *
 * Return: whether.
 */
static inline bool machine_runs_unpaged(const struct machine *machine)
{
	return machine_runs_real(machine) || machine->flags & KEEL_VM_SHADOW;
}

int machine_create(struct machine *machine, int keel,
		   const struct machine_config *config);
void machine_destroy(struct machine *machine);
int machine_start(struct machine *machine);
void machine_thread(struct machine *machine, enum sandbox_thread kind);
bool machine_stop(struct machine *machine, enum machine_end end, int status);
void machine_join(struct machine *machine);
int machine_exit_status(const struct machine *machine);
void machine_kick(struct vcpu *vcpu);

/* cpuid.c */
int machine_set_cpuid(struct machine *machine, int keel);
int cpuid_topology(struct keel_cpuid_leaf *leaves, __u32 *nr, unsigned int id,
		   unsigned int nr_vcpus);

/* halt.c */
void halt_exit(struct vcpu *vcpu);
void halt_busy(struct vcpu *vcpu);
void halt_vote(struct vcpu *vcpu);

/* vcpu.c */
void *vcpu_thread(void *arg);
void vcpu_note(struct vcpu *vcpu, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void vcpu_fail(struct vcpu *vcpu, enum machine_end end, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* mmio.c */
void vcpu_mmio(struct vcpu *vcpu);

#endif /* MACHINE_H */
