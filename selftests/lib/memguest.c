// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "memguest.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

/* How long a running guest may take over anything, real seconds of the host. */
#define PATIENCE	20
#define RFLAGS_IF	0x200

static int open_vm(struct memguest *g)
{
	struct keel_info info;
	int ret;

	g->keel = keel_open();
	if (g->keel == -ENOENT) {
		if (host_load_keel(""))
			return -ENODEV;
		g->keel = keel_open();
	}
	if (g->keel < 0)
		return g->keel;
	ret = keel_get_info(g->keel, KEEL_CPU_ALL, &info);
	if (ret)
		return ret;
	g->run_size = info.run_size;
	g->fd = host_create_vm(g->keel, 0);
	return g->fd < 0 ? g->fd : 0;
}

int memguest_open(struct memguest *g)
{
	int ret;

	memset(g, 0, sizeof(*g));
	g->fd = -1;
	g->keel = -1;
	g->cpu.fd = -1;
	ret = open_vm(g);
	if (ret)
		return ret;
	g->low = memguest_memory(LOW_BYTES, PAGE);
	if (!g->low)
		return -ENOMEM;
	keel_write_gdt(g->low + LOW_GDT, 0);
	keel_write_page_directory(g->low + LOW_PD);
	ret = keel_set_memory(g->fd, 0, 0, 0, LOW_BYTES, g->low);
	return ret ?: memguest_add_cpu(g, 0, &g->cpu);
}

void memguest_close(struct memguest *g)
{
	memguest_remove_cpu(&g->cpu);
	if (g->fd >= 0)
		close(g->fd);
	if (g->keel >= 0)
		close(g->keel);
	if (g->low)
		munmap(g->low, LOW_BYTES);
	g->fd = -1;
	g->keel = -1;
	g->low = NULL;
}

int memguest_add_cpu(struct memguest *g, uint32_t id, struct memguest_cpu *cpu)
{
	struct keel_state state;
	int ret;

	memset(cpu, 0, sizeof(*cpu));
	cpu->vm = g;
	cpu->code = LOW_CODE + id % 4 * PAGE;
	cpu->fd = keel_create_vcpu(g->fd, id);
	if (cpu->fd < 0)
		return cpu->fd;
	ret = keel_map_run(cpu->fd, g->run_size, &cpu->run);
	if (ret)
		return ret;
	cpu->run->state_wanted = KEEL_STATE_REGS;
	keel_start_paged(&state, cpu->code, LOW_GDT, LOW_PD);
	/*
	 * Nobody interrupts the guest, and so IF makes no difference to it.  But
	 * Bochs 3.0 keeps the host's interrupts from ending the run of a guest
	 * whose IF is 0, and a loop would run for ever.
	 */
	state.regs.rflags |= RFLAGS_IF;
	ret = keel_set_state(cpu->fd, &state);
	cpu->run->regs = state.regs;
	return ret;
}

void memguest_remove_cpu(struct memguest_cpu *cpu)
{
	if (cpu->run)
		keel_unmap_run(cpu->run, cpu->vm->run_size);
	if (cpu->fd >= 0)
		close(cpu->fd);
	cpu->run = NULL;
	cpu->fd = -1;
}

void memguest_load_code(struct memguest_cpu *cpu, const uint8_t *code, const uint8_t *end)
{
	memcpy(cpu->vm->low + cpu->code, code, end - code);
	cpu->run->regs.rip = cpu->code;
	cpu->run->state_dirty = KEEL_STATE_REGS;
}

void memguest_args(struct memguest_cpu *cpu, uint32_t edi, uint32_t esi, uint32_t ecx,
		uint32_t eax)
{
	cpu->run->regs.gpr[KEEL_RDI] = edi;
	cpu->run->regs.gpr[KEEL_RSI] = esi;
	cpu->run->regs.gpr[KEEL_RCX] = ecx;
	cpu->run->regs.gpr[KEEL_RAX] = eax;
	cpu->run->state_dirty = KEEL_STATE_REGS;
}

int memguest_run(struct memguest_cpu *cpu)
{
	int ret;

	do {
		ret = keel_run(cpu->fd);
	} while (ret == -EINTR && !cpu->run->immediate_exit);
	return ret ?: (int)cpu->run->exit_reason;
}

static void *run_thread(void *arg)
{
	struct memguest_cpu *cpu = arg;

	cpu->tid = gettid();
	cpu->result = memguest_run(cpu);
	cpu->done = true;
	return NULL;
}

int memguest_start(struct memguest_cpu *cpu)
{
	cpu->done = false;
	cpu->tid = 0;
	return -pthread_create(&cpu->thread, NULL, run_thread, cpu);
}

int memguest_join(struct memguest_cpu *cpu)
{
	pthread_join(cpu->thread, NULL);
	return cpu->result;
}

uint32_t memguest_reg(const struct memguest_cpu *cpu, int reg)
{
	return cpu->run->regs.gpr[reg];
}

uint32_t memguest_peek(const struct memguest *g, uint32_t gpa)
{
	return *(volatile uint32_t *)(g->low + gpa);
}

void memguest_poke(const struct memguest *g, uint32_t gpa, uint32_t value)
{
	*(volatile uint32_t *)(g->low + gpa) = value;
}

uint64_t memguest_page_faults(const struct memguest_cpu *cpu)
{
	struct keel_stats stats;

	return keel_get_stats(cpu->fd, &stats) ? UINT64_MAX : stats.page_faults;
}

void *memguest_memory(uint64_t bytes, uint64_t align)
{
	uint8_t *all = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *start;

	if (all == MAP_FAILED)
		return NULL;
	start = (uint8_t *)(((uintptr_t)all + align - 1) & ~(align - 1));
	if (start > all)
		munmap(all, start - all);
	if (all + align > start)
		munmap(start + bytes, all + align - start);
	madvise(start, bytes, align == PAGE ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	return start;
}

bool memguest_moves(const struct memguest *g, uint32_t gpa)
{
	uint32_t before = memguest_peek(g, gpa);
	time_t start = time(NULL);

	while (memguest_peek(g, gpa) == before) {
		if (time(NULL) - start > PATIENCE)
			return false;
		sched_yield();
	}
	return true;
}
