// SPDX-License-Identifier: GPL-2.0
/*
 * The VMM is killed in the middle of whatever it is at, and nothing of it stays.
 *
 * A round is a VMM that makes a VM with guests that run and exit, calls all that the
 * ABI has from one more thread, and moves the guests' memory away under them, until
 * a signal ends it after a random time.  Calls may be refused; the host must not mind.
 * Some are killed before all of it is there, most when their guests have run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest.h"
#include "lib/host.h"
#include "lib/load.h"
#include "lib/memguest.h"

#define PAGES		64
#define DATA_BYTES	(PAGES * PAGE)
#define RUNNERS		3
/* The longest life of a VMM, microseconds of the host's clock. */
#define LIFE		20000
/* One of so many is killed while it is set up, the others when all guests have run. */
#define EARLY		4
/* How long guests may take until they run, ms. */
#define PATIENCE	2000
/* Where the guests count for who lives on: a page of memory that is shared with it. */
#define COUNTS_GPA	(DATA_GPA + 2 * DATA_BYTES)
#define MSI		0xfee00000
#define VECTOR		0x40
#define APIC_TPR	0x80
#define NOWHERE		0xd0000000
#define NOWHERE_BYTES	5	/* the length of a MOV from there */

/* Each counts its rounds at ESI.  Write to all of the memory at EDI; ECX pages. */
MEMGUEST(sweep, "0: incl (%esi)\n mov %edi, %ebx\n mov %ecx, %edx\n"
		"1: incl (%ebx)\n add $4096, %ebx\n dec %edx\n jnz 1b\n jmp 0b");
/* Exits of several kinds. */
MEMGUEST(leave, "1: incl (%esi)\n out %al, $0x80\n in $0x80, %al\n cpuid\n mov %cr3, %eax\n"
		"mov %eax, %cr3\n rdtsc\n mov 0xd0000000, %eax\n jmp 1b");
MEMGUEST(doze, "1: incl (%esi)\n hlt\n jmp 1b");

struct vmm {
	struct memguest g;
	struct memguest_cpu more[RUNNERS - 1];
	uint8_t *data;
	volatile uint32_t *counts;	/* of the guests; shared */
	struct load random;
};

static void *run(void *arg)
{
	struct memguest_cpu *cpu = arg;

	for (;;) {
		if (memguest_run(cpu) != KEEL_EXIT_MMIO || cpu->run->mmio.gpa != NOWHERE)
			continue;
		cpu->run->regs.rip += NOWHERE_BYTES;
		cpu->run->state_dirty = KEEL_STATE_REGS;
	}
	return NULL;
}

static void call_keel(struct vmm *v)
{
	static struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	struct keel_info info;
	__u32 nr = KEEL_MAX_CPUID;

	keel_get_info(v->g.keel, KEEL_CPU_ALL, &info);
	keel_get_supported_cpuid(v->g.keel, host_vm_flags(0), 0, leaves, &nr);
}

/* A VM of its own, with a local APIC. */
static void call_apic(struct vmm *v, int eventfd)
{
	int vm = host_create_vm(v->g.keel, KEEL_VM_LAPIC);
	int vcpu = keel_create_vcpu(vm, 0);
	__u32 value;

	keel_irqfd(vm, eventfd, 0, MSI, VECTOR);
	keel_msi(vm, MSI, VECTOR);
	keel_lint(vm, KEEL_IRQ_LINT0, 0, 1);
	keel_lapic_write(vcpu, APIC_TPR, VECTOR);
	keel_lapic_read(vcpu, APIC_TPR, &value);
	close(vcpu);
	close(vm);
}

static void call_vm(struct vmm *v)
{
	static uint8_t bits[PAGES / 8];
	int fd = eventfd(0, EFD_CLOEXEC);
	struct keel_ioeventfd b = {
		.fd = fd, .flags = KEEL_IOEVENTFD_PORT, .bytes = 1,
		.address = load_below(&v->random, 0x100),
	};
	uint32_t flags = load_below(&v->random, 4);

	switch (load_below(&v->random, 8)) {
	case 0:
		keel_set_memory(v->g.fd, 1, 0, 0, 0, NULL);
		keel_set_memory(v->g.fd, 1, flags, DATA_GPA, DATA_BYTES, v->data);
		break;
	case 1:
		keel_set_memory(v->g.fd, 1, flags, DATA_GPA, DATA_BYTES, v->data);
		break;
	case 2:
		keel_get_dirty_log(v->g.fd, 1, 0, PAGES, bits);
		break;
	case 3:
		keel_ioeventfd(v->g.fd, &b);
		break;
	case 4:
		call_apic(v, fd);
		break;
	case 5:
		close(keel_create_vcpu(v->g.fd, 10 + flags));
		break;
	case 6:
		call_keel(v);
		break;
	default:
		break;
	}
	close(fd);
}

/* Only before its first KEEL_RUN; none is made. */
static void set_cpuid(struct vmm *v, int fd)
{
	static struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	__u32 nr = KEEL_MAX_CPUID;

	if (!keel_get_supported_cpuid(v->g.keel, host_vm_flags(0), 0, leaves, &nr))
		keel_set_cpuid(fd, leaves, nr);
}

/* These wait for the vCPU's runner, and so want one of their own. */
static void call_vcpu(struct vmm *v, int fd)
{
	struct keel_event event = {
		.valid = 1, .type = load_below(&v->random, 8),
		.vector = load_below(&v->random, 256),
	};
	struct keel_translate translate;
	struct keel_state state = { .groups = KEEL_STATE_RUN };
	struct keel_intercepts intercepts = { .exits = load_below(&v->random, 8) };
	static char text[65536];
	struct keel_stats stats;
	__u32 bytes = sizeof(text);

	switch (load_below(&v->random, 8)) {
	case 0:
		keel_get_state(fd, &state);
		keel_set_state(fd, &state);
		break;
	case 1:
		keel_get_stats(fd, &stats);
		break;
	case 2:
		keel_dump_vmcs(fd, text, &bytes);
		break;
	case 3:
		keel_inject(fd, &event);
		break;
	case 4:
		keel_set_intercepts(fd, &intercepts);
		break;
	case 5:
		set_cpuid(v, fd);
		break;
	case 6:
		keel_translate(fd, LOW_CODE, 0, &translate);
		break;
	default:
		break;
	}
}

static void *call(void *arg)
{
	struct vmm *v = arg;
	int fd = keel_create_vcpu(v->g.fd, 9);

	for (;;) {
		call_vm(v);
		call_vcpu(v, fd);
	}
	return NULL;
}

static void *disturb(void *arg)
{
	struct vmm *v = arg;
	void *elsewhere = memguest_memory(DATA_BYTES, PAGE);

	for (;;) {
		madvise(v->data, DATA_BYTES / 2, MADV_DONTNEED);
		mprotect(v->data, DATA_BYTES, PROT_READ);
		mprotect(v->data, DATA_BYTES, PROT_READ | PROT_WRITE);
		mremap(v->data, DATA_BYTES, DATA_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere);
		mremap(elsewhere, DATA_BYTES, DATA_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, v->data);
	}
	return NULL;
}

static void start(struct memguest_cpu *cpu, uint32_t count_gpa, const uint8_t *code,
		  const uint8_t *end)
{
	pthread_t thread;

	memguest_load_code(cpu, code, end);
	memguest_args(cpu, DATA_GPA, count_gpa, PAGES, 0);
	pthread_create(&thread, NULL, run, cpu);
}

/* Does not return. */
static void live(struct vmm *v, int ready)
{
	pthread_t thread;

	/* Some are killed before all is there. */
	if (write(ready, "", 1) != 1 || memguest_open(&v->g))
		_exit(1);
	v->data = memguest_memory(DATA_BYTES, PAGE);
	if (keel_set_memory(v->g.fd, 1, 0, DATA_GPA, DATA_BYTES, v->data) ||
	    keel_set_memory(v->g.fd, 2, 0, COUNTS_GPA, PAGE, (void *)v->counts) ||
	    memguest_add_cpu(&v->g, 1, &v->more[0]) || memguest_add_cpu(&v->g, 2, &v->more[1]))
		_exit(2);
	start(&v->g.cpu, COUNTS_GPA, sweep, sweep_end);
	start(&v->more[0], COUNTS_GPA + 4, leave, leave_end);
	start(&v->more[1], COUNTS_GPA + 8, doze, doze_end);
	pthread_create(&thread, NULL, call, v);
	disturb(v);
}

static bool all_have_run(volatile uint32_t *counts)
{
	bool all = true;
	int i;

	for (i = 0; i < RUNNERS; i++)
		all &= counts[i] > 0;
	return all;
}

/* Until its guests have run, if it is to live so long, and a while. */
static void let_live(struct load *load, unsigned int round, volatile uint32_t *counts)
{
	uint64_t end = load_ms() + PATIENCE * host_patience();

	while (round % EARLY && !all_have_run(counts) && load_ms() < end)
		usleep(500);
	usleep(load_below(load, LIFE));
}

/* How the VMM ended: SIGKILL is what is meant. */
static bool one_round(struct load *load, unsigned int round, volatile uint32_t *counts)
{
	struct vmm v = { .random = *load, .counts = counts };
	int ready[2], status;
	pid_t pid;
	char c;

	if (pipe(ready))
		return false;
	v.random.random ^= (round + 1) * 0x9e3779b97f4a7c15ULL;
	pid = fork();
	if (!pid)
		live(&v, ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		printf("# round %u: the VMM ended by itself\n", round);
	close(ready[0]);
	let_live(load, round, counts);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL) {
		printf("# round %u: status 0x%x\n", round, status);
		return false;
	}
	return load_no_vms() && load_cpus_are("off");
}

int main(int argc, char **argv)
{
	unsigned int round, good = 0, running = 0;
	volatile uint32_t *counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct load load;

	load_begin(&load, argc, argv, 1000);
	if (counts == MAP_FAILED)
		ksft_exit_fail_msg("no page for the guests' counts\n");
	for (round = 0; round < load.rounds; round++) {
		memset((void *)counts, 0, PAGE);
		good += one_round(&load, round, counts);
		running += all_have_run(counts);
	}
	load_ok(good == load.rounds, "VMMs killed: %u of %u without a trace", good, load.rounds);
	load_ok(running >= load.rounds / 2, "killed when all guests had run: %u", running);
	munmap((void *)counts, PAGE);
	return load_end(&load);
}
