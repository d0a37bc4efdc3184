// SPDX-License-Identifier: GPL-2.0
/*
 * Memory-mapped I/O: performs the instruction that the guest was stopped at.
 *
 * Joins the emulator, which knows instructions, with the guest's page tables
 * (the module walks them), its memory and the devices on the bus.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "emulate/emulate.h"
#include "lib/keel.h"
#include "machine.h"
#include "vector.h"

#define RFLAGS_TF	0x100
#define CR0_PG		0x80000000ULL
#define VECTOR_PF	14
#define PAGE_MASK	0xfffULL
/* Where the local APIC is after reset (SDM, "Local APIC Status and Location"). */
#define LAPIC_BASE	0xfee00000ULL
/* Pending debug exceptions: a single step (SDM, "Guest Non-Register State"). */
#define PENDING_BS	0x4000
#define TRANSLATIONS	4

/**
 * struct translation - a page that the instruction touches
 * @gva: linear address of the page
 * @gpa: guest physical address of the page
 * @access: the access that it was asked for
 */
struct translation {
	__u64 gva;
	__u64 gpa;
	__u32 access;
};

/**
 * struct mmio - an instruction being performed
 * @vcpu: whose
 * @cpu: its registers
 * @pages: translations of this instruction; each access comes twice, as a check
 *	and as itself
 * @nr_pages: how many of them were stored; the oldest is overwritten
 * @vector: vector registers, fetched when first needed
 */
struct mmio {
	struct vcpu *vcpu;
	struct emulate_cpu cpu;
	struct translation pages[TRANSLATIONS];
	unsigned int nr_pages;
	struct vector vector;
};

/* As struct emulate_ops says: 0, 1 with @fault, or a negative errno. */
static int translate(struct mmio *mmio, __u64 gva, __u32 access, __u64 *gpa,
		     struct keel_event *fault)
{
	struct translation *page;
	struct keel_translate walk;
	unsigned int i;
	int ret;

	if (!(mmio->cpu.control.cr0 & CR0_PG)) {
		*gpa = gva;
		return 0;
	}
	for (i = 0; i < mmio->nr_pages && i < TRANSLATIONS; i++) {
		page = &mmio->pages[i];
		if (page->gva != (gva & ~PAGE_MASK) || page->access != access)
			continue;
		*gpa = page->gpa | (gva & PAGE_MASK);
		return 0;
	}
	ret = keel_translate(mmio->vcpu->fd, gva, access, &walk);
	if (ret < 0)
		return ret;
	if (walk.fault) {
		*fault = (struct keel_event) {
			.valid = 1,
			.type = KEEL_EVENT_EXCEPTION,
			.vector = VECTOR_PF,
			.flags = KEEL_EVENT_ERROR_CODE,
			.error_code = walk.error_code,
			.payload = gva,
		};
		return 1;
	}
	*gpa = walk.gpa;
	page = &mmio->pages[mmio->nr_pages++ % TRANSLATIONS];
	page->gva = gva & ~PAGE_MASK;
	page->gpa = walk.gpa & ~PAGE_MASK;
	page->access = access;
	return 0;
}

static int check(void *opaque, __u64 gva, unsigned int bytes,
		 unsigned int access, struct keel_event *fault)
{
	__u64 gpa;

	(void)bytes;
	return translate(opaque, gva, access, &gpa, fault);
}

/*
 * The module serves the plain moves that reach the APIC page; what else does
 * comes here.  A register is 32 bits wide.  Narrower reads get their part of it;
 * other accesses are undefined (SDM, "APIC Register Address Map"): these read
 * as ones or are dropped.
 */
static bool in_lapic(__u64 gpa)
{
	return gpa >> 12 == LAPIC_BASE >> 12;
}

static bool lapic_read(struct vcpu *vcpu, __u64 gpa, unsigned int bytes,
		       __u64 *value)
{
	unsigned int shift = gpa % 4 * 8;
	__u32 reg;

	*value = ~0ULL;
	if (gpa % 4 + bytes > 4 ||
	    keel_lapic_read(vcpu->fd, gpa & PAGE_MASK & ~3ULL, &reg))
		return false;
	*value = reg >> shift & (bytes == 4 ? ~0U : (1U << bytes * 8) - 1);
	return true;
}

static bool lapic_write(struct vcpu *vcpu, __u64 gpa, unsigned int bytes,
			__u64 value)
{
	if (gpa % 4 || bytes != 4)
		return false;
	return !keel_lapic_write(vcpu->fd, gpa & PAGE_MASK, value);
}

static void device_read(struct vcpu *vcpu, __u64 gpa, __u8 *data,
			unsigned int bytes)
{
	unsigned int part;
	bool claimed;
	__u64 value;

	for (; bytes; gpa += part, data += part, bytes -= part) {
		part = bytes < sizeof(value) ? bytes : sizeof(value);
		if (in_lapic(gpa))
			claimed = lapic_read(vcpu, gpa, part, &value);
		else
			claimed = bus_read(&vcpu->machine->mmio, gpa, part,
					   &value);
		memcpy(data, &value, part);
		vcpu_note(vcpu, "; read 0x%llx, %u-bit: 0x%llx%s", gpa,
			  part * 8, value, claimed ? "" : " (no device)");
	}
}

static void device_write(struct vcpu *vcpu, __u64 gpa, const __u8 *data,
			 unsigned int bytes)
{
	unsigned int part;
	bool claimed;
	__u64 value;

	for (; bytes; gpa += part, data += part, bytes -= part) {
		part = bytes < sizeof(value) ? bytes : sizeof(value);
		value = 0;
		memcpy(&value, data, part);
		if (in_lapic(gpa))
			claimed = lapic_write(vcpu, gpa, part, value);
		else
			claimed = bus_write(&vcpu->machine->mmio, gpa, part,
					    value);
		vcpu_note(vcpu, "; write 0x%llx, %u-bit: 0x%llx%s", gpa,
			  part * 8, value, claimed ? "" : " (no device)");
	}
}

static int read_memory(void *opaque, __u64 gva, void *data, unsigned int bytes,
		       unsigned int access, struct keel_event *fault)
{
	struct mmio *mmio = opaque;
	void *memory;
	__u64 gpa;
	int ret;

	ret = translate(mmio, gva, access, &gpa, fault);
	if (ret)
		return ret;
	memory = memory_at(&mmio->vcpu->machine->memory, gpa, bytes);
	if (memory)
		memcpy(data, memory, bytes);
	else
		device_read(mmio->vcpu, gpa, data, bytes);
	return 0;
}

static int write_memory(void *opaque, __u64 gva, const void *data,
			unsigned int bytes, unsigned int access,
			struct keel_event *fault)
{
	struct mmio *mmio = opaque;
	void *memory;
	__u64 gpa;
	int ret;

	ret = translate(mmio, gva, access, &gpa, fault);
	if (ret)
		return ret;
	memory = memory_at(&mmio->vcpu->machine->memory, gpa, bytes);
	if (memory)
		memcpy(memory, data, bytes);
	else
		device_write(mmio->vcpu, gpa, data, bytes);
	return 0;
}

static int get_vector(void *opaque, unsigned int index, void *value)
{
	struct mmio *mmio = opaque;

	return vector_get(&mmio->vector, index, value);
}

static int set_vector(void *opaque, unsigned int index, const void *value)
{
	struct mmio *mmio = opaque;

	return vector_set(&mmio->vector, index, value);
}

static const struct emulate_ops ops = {
	.check = check,
	.read = read_memory,
	.write = write_memory,
	.get_vector = get_vector,
	.set_vector = set_vector,
};

/* The registers, from the run area where it has them. */
static int fetch_state(struct mmio *mmio, struct keel_events *events)
{
	const struct keel_run *run = mmio->vcpu->run;
	struct keel_state state = {
		.groups = KEEL_STATE_REGS | KEEL_STATE_SEGMENTS |
			  KEEL_STATE_CONTROL | KEEL_STATE_EVENTS,
	};
	int ret;

	if (!(state.groups & ~mmio->vcpu->wanted)) {
		mmio->cpu.regs = run->regs;
		mmio->cpu.segments = run->segments;
		mmio->cpu.control = run->control;
		*events = run->events;
		return 0;
	}
	ret = keel_get_state(mmio->vcpu->fd, &state);
	mmio->cpu.regs = state.regs;
	mmio->cpu.segments = state.segments;
	mmio->cpu.control = state.control;
	*events = state.events;
	return ret;
}

/* What ends every instruction: no interrupt shadow, and a trap where asked. */
static void retire(struct keel_run *run, struct keel_events *events,
		   bool single_step)
{
	__u32 shadow = KEEL_BLOCKING_STI | KEEL_BLOCKING_MOV_SS;

	if (!(events->blocking & shadow) && !single_step)
		return;
	events->blocking &= ~shadow;
	if (single_step)
		events->pending_dbg |= PENDING_BS;
	run->events = *events;
	run->state_dirty |= KEEL_STATE_EVENTS;
}

static void unsupported(struct mmio *mmio, const struct keel_exit_mmio *exit)
{
	char text[96], hex[3 * sizeof(exit->insn) + 1] = "";
	unsigned int i;

	emulate_format(&mmio->cpu, exit->insn, exit->insn_len, text,
		       sizeof(text));
	for (i = 0; i < exit->insn_len; i++)
		snprintf(hex + 3 * i, 4, " %02x", exit->insn[i]);
	vcpu_fail(mmio->vcpu, MACHINE_UNSUPPORTED,
		  "instruction at 0x%llx that Keel cannot perform on 0x%llx, where no memory is: %s (bytes%s)",
		  mmio->cpu.regs.rip, exit->gpa, text, hex);
}

static void perform(struct mmio *mmio, const struct keel_exit_mmio *exit,
		    struct keel_events *events)
{
	struct vcpu *vcpu = mmio->vcpu;
	bool single_step = mmio->cpu.regs.rflags & RFLAGS_TF;
	struct keel_event fault = { 0 };
	enum emulate_result result;
	int ret = 0;

	result = emulate_insn(&mmio->cpu, exit->insn, exit->insn_len, &ops,
			      mmio, &fault);
	if (result == EMULATE_UNSUPPORTED) {
		unsupported(mmio, exit);
		return;
	}
	vcpu->run->regs = mmio->cpu.regs;
	vcpu->run->state_dirty |= KEEL_STATE_REGS;
	if (result == EMULATE_FAULT)
		ret = keel_inject(vcpu->fd, &fault);
	else if (result == EMULATE_ERROR)
		ret = mmio->vector.error ? mmio->vector.error : -EIO;
	else if (result == EMULATE_DONE || single_step)
		retire(vcpu->run, events, single_step);
	if (!ret)
		ret = vector_commit(&mmio->vector);
	if (ret < 0)
		vcpu_fail(vcpu, MACHINE_HOST_ERROR,
			  "performing the instruction at 0x%llx: %s",
			  mmio->cpu.regs.rip, strerror(-ret));
}

/**
 * vcpu_mmio() - serve KEEL_EXIT_MMIO
 * @vcpu: the vCPU that left with it; called by its thread
 */
void vcpu_mmio(struct vcpu *vcpu)
{
	struct keel_exit_mmio exit = vcpu->run->mmio;
	struct mmio job = { .vcpu = vcpu };
	struct keel_events events;
	char text[96];
	int ret;

	ret = fetch_state(&job, &events);
	if (ret < 0) {
		vcpu_fail(vcpu, MACHINE_HOST_ERROR, "reading registers: %s",
			  strerror(-ret));
		return;
	}
	if (exit.access & KEEL_ACCESS_EXEC) {
		vcpu_fail(vcpu, MACHINE_UNSUPPORTED,
			  "the guest executes at 0x%llx (physical 0x%llx), where no memory is",
			  job.cpu.regs.rip, exit.gpa);
		return;
	}
	if (!exit.insn_len || exit.insn_len > sizeof(exit.insn)) {
		vcpu_fail(vcpu, MACHINE_UNSUPPORTED,
			  "access to 0x%llx, where no memory is, by an instruction at 0x%llx that cannot be read",
			  exit.gpa, job.cpu.regs.rip);
		return;
	}
	if (vcpu->machine->verbose) {
		emulate_format(&job.cpu, exit.insn, exit.insn_len, text,
			       sizeof(text));
		vcpu_note(vcpu, ": %s", text);
	}
	vector_init(&job.vector, vcpu->fd, vcpu->machine->info.xsave_size,
		    vcpu->machine->info.supported_xcr0);
	perform(&job, &exit, &events);
	vector_destroy(&job.vector);
}
