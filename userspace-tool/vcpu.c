// SPDX-License-Identifier: GPL-2.0
/*
 * What a vCPU's thread does: run the guest, serve the exit, again.
 *
 * Port I/O is answered here, memory-mapped I/O in mmio.c.  What the guest
 * cannot survive ends the machine with a message.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "cmd.h"
#include "exit_log.h"
#include "lib/keel.h"
#include "machine.h"
#include "vmcs_names.h"
#include "wakeup.h"

/**
 * vcpu_note() - add something to the exit log's line
 * @vcpu: the vCPU whose exit is being served; called by its thread
 * @fmt: what; it is cut where there is no room
 */
void vcpu_note(struct vcpu *vcpu, const char *fmt, ...)
{
	size_t used = strlen(vcpu->note);
	va_list args;

	if (!vcpu->machine->verbose)
		return;
	va_start(args, fmt);
	vsnprintf(vcpu->note + used, sizeof(vcpu->note) - used, fmt, args);
	va_end(args);
}

/**
 * vcpu_fail() - end the machine and say why
 * @vcpu: the vCPU that saw it
 * @end: how
 * @fmt: why, in a line; not printed where the machine was ending already
 */
void vcpu_fail(struct vcpu *vcpu, enum machine_end end, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (machine_stop(vcpu->machine, end, 0))
		cmd_error("vCPU %u: %s", vcpu->id, text);
}

static bool read_regs(struct vcpu *vcpu, struct keel_state *state)
{
	int ret;

	memset(state, 0, sizeof(*state));
	state->groups = KEEL_STATE_REGS;
	ret = keel_get_state(vcpu->fd, state);
	if (ret < 0)
		vcpu_fail(vcpu, MACHINE_HOST_ERROR, "reading registers: %s",
			  strerror(-ret));
	return ret >= 0;
}

/* For messages only: an address that cannot be read is no further failure. */
static __u64 guest_rip(struct vcpu *vcpu)
{
	struct keel_state state = { .groups = KEEL_STATE_REGS };

	return keel_get_state(vcpu->fd, &state) < 0 ? 0 : state.regs.rip;
}

static void serve_io(struct vcpu *vcpu)
{
	const struct keel_exit_io io = vcpu->run->io;
	const struct bus *ports = &vcpu->machine->ports;
	__u32 size = vcpu->machine->info.run_size;
	bool claimed = true;
	__u64 value;
	__u8 *data;
	__u32 i;

	if (!io.bytes || io.bytes > 4 || io.data_offset > size ||
	    io.count > (size - io.data_offset) / io.bytes) {
		vcpu_fail(vcpu, MACHINE_HOST_ERROR,
			  "the module reported a port access outside of the run area");
		return;
	}
	data = (__u8 *)vcpu->run + io.data_offset;
	for (i = 0; i < io.count; i++, data += io.bytes) {
		value = 0;
		if (io.in) {
			claimed &= bus_read(ports, io.port, io.bytes, &value);
			memcpy(data, &value, io.bytes);
		} else {
			memcpy(&value, data, io.bytes);
			claimed &= bus_write(ports, io.port, io.bytes, value);
		}
		vcpu_note(vcpu, " 0x%llx", value);
	}
	if (!claimed)
		vcpu_note(vcpu, " (no device)");
}

static void serve_hlt(struct vcpu *vcpu)
{
	/* Before it waits. */
	exit_log_flush(vcpu);
	halt_exit(vcpu);
}

static void serve_eoi(struct vcpu *vcpu)
{
	struct board *board = vcpu->machine->board;

	vcpu_note(vcpu, " vector 0x%x", vcpu->run->eoi.vector);
	if (board)
		irqchip_eoi(&board->irqchip, vcpu->run->eoi.vector);
}

/* The module asks nobody else: without an answer it has no vector. */
static void serve_extint(struct vcpu *vcpu)
{
	struct board *board = vcpu->machine->board;

	if (!board)
		return;
	vcpu->run->extint.vector = irqchip_ack(&board->irqchip);
	vcpu_note(vcpu, " vector 0x%x", vcpu->run->extint.vector);
}

/* Nobody takes hypercalls: say so as unclaimed addresses do, with all ones. */
static void serve_hypercall(struct vcpu *vcpu)
{
	struct keel_state state;

	if (!read_regs(vcpu, &state))
		return;
	vcpu->run->regs = state.regs;
	vcpu->run->regs.gpr[KEEL_RAX] = ~0ULL;
	vcpu->run->state_dirty |= KEEL_STATE_REGS;
}

static void fail_entry(struct vcpu *vcpu)
{
	const struct keel_exit_fail_entry *fail = &vcpu->run->fail_entry;
	const char *name = vmcs_field_name(fail->field);

	if (vcpu->machine->verbose)
		exit_log_vmcs(vcpu->fd);
	if (fail->field)
		vcpu_fail(vcpu, MACHINE_FAIL_ENTRY,
			  "the CPU cannot enter the guest: %s (VMCS field 0x%x) is 0x%llx: %.*s",
			  name ? name : "a field", fail->field, fail->value,
			  (int)sizeof(fail->rule), fail->rule);
	else
		vcpu_fail(vcpu, MACHINE_FAIL_ENTRY,
			  "the CPU cannot enter the guest: exit reason 0x%llx, qualification 0x%llx, VM-instruction error %llu; Keel finds no field at fault%s%.*s",
			  fail->hw_reason, fail->qualification,
			  fail->vm_instruction_error,
			  *fail->rule ? ": " : "", (int)sizeof(fail->rule),
			  fail->rule);
}

static void memory_fault(struct vcpu *vcpu)
{
	vcpu_fail(vcpu, MACHINE_HOST_ERROR,
		  "the host has no memory for guest physical address 0x%llx; where it is a limit on what a user may have, the kernel's log names it",
		  vcpu->run->mmio.gpa);
}

static void unexpected(struct vcpu *vcpu)
{
	const struct keel_run *run = vcpu->run;
	const char *name = keel_exit_name(run->exit_reason);

	if (run->exit_reason == KEEL_EXIT_TASK_SWITCH)
		vcpu_fail(vcpu, MACHINE_UNSUPPORTED,
			  "hardware task switch at 0x%llx; Keel does not perform them",
			  guest_rip(vcpu));
	else if (run->exit_reason == KEEL_EXIT_INTERNAL_ERROR)
		vcpu_fail(vcpu, MACHINE_UNSUPPORTED,
			  "VM exit that Keel does not know: reason 0x%llx, qualification 0x%llx%s%.*s",
			  run->fail_entry.hw_reason,
			  run->fail_entry.qualification,
			  *run->fail_entry.rule ? ": " : "",
			  (int)sizeof(run->fail_entry.rule),
			  run->fail_entry.rule);
	else
		vcpu_fail(vcpu, MACHINE_UNSUPPORTED,
			  "exit that nobody asked for: %s (%u), exit reason %u of the CPU",
			  name ? name : "unknown", run->exit_reason,
			  run->hw_reason);
}

/* Answer the exit.  Returns whether the vCPU is to run on. */
static bool serve(struct vcpu *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KEEL_EXIT_IO:
		serve_io(vcpu);
		return true;
	case KEEL_EXIT_MMIO:
		vcpu_mmio(vcpu);
		return true;
	case KEEL_EXIT_HLT:
		serve_hlt(vcpu);
		return true;
	case KEEL_EXIT_EOI:
		serve_eoi(vcpu);
		return true;
	case KEEL_EXIT_EXTINT:
		serve_extint(vcpu);
		return true;
	case KEEL_EXIT_HYPERCALL:
		serve_hypercall(vcpu);
		return true;
	case KEEL_EXIT_INTR:
	case KEEL_EXIT_INTR_WINDOW:
		return true;
	case KEEL_EXIT_SHUTDOWN:
		vcpu_fail(vcpu, MACHINE_SHUTDOWN, "triple fault at 0x%llx",
			  guest_rip(vcpu));
		return false;
	case KEEL_EXIT_FAIL_ENTRY:
		fail_entry(vcpu);
		return false;
	case KEEL_EXIT_MEMORY_FAULT:
		memory_fault(vcpu);
		return false;
	default:
		unexpected(vcpu);
		return false;
	}
}

static const char *run_remedy(int ret)
{
	switch (ret) {
	case -EOPNOTSUPP:
		return "the guest went into real mode or left paging, which this CPU cannot run (no unrestricted guest)";
	case -EIO:
		return "the VM is dead; the kernel's log says why";
	case -EINVAL:
		return "a register has a value that no CPU takes; the kernel's log names it";
	case -EFAULT:
		return "guest memory is not accessible";
	default:
		return "the kernel's log may say why";
	}
}

/*
 * The groups to ask for.  Instructions that reach devices come in loops: after
 * one of them it pays to have what the next one needs at hand.
 */
static __u64 groups_wanted(const struct vcpu *vcpu)
{
	if (vcpu->run->exit_reason == KEEL_EXIT_MMIO)
		return KEEL_STATE_REGS | KEEL_STATE_SEGMENTS |
		       KEEL_STATE_CONTROL | KEEL_STATE_EVENTS;
	return vcpu->machine->verbose ? KEEL_STATE_REGS : 0;
}

/*
 * A signal or a kick.  The mark goes first and then the reason is looked at:
 * who kicks sets the reason first and then the mark.
 */
static void interrupted(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	if (vcpu->machine->census)
		halt_vote(vcpu);
}

/* Serve an exit; returns whether the vCPU is to run on. */
static bool serve_and_log(struct vcpu *vcpu)
{
	struct machine *machine = vcpu->machine;
	bool more;

	if (machine->census && vcpu->run->exit_reason != KEEL_EXIT_HLT)
		halt_busy(vcpu);
	vcpu->note[0] = '\0';
	if (machine->verbose)
		exit_log_begin(vcpu);
	more = serve(vcpu);
	exit_log_flush(vcpu);
	return more;
}

/**
 * vcpu_thread() - run a vCPU until its machine ends
 * @arg: the struct vcpu
 *
 * Return: NULL.
 */
void *vcpu_thread(void *arg)
{
	struct vcpu *vcpu = arg;
	struct machine *machine = vcpu->machine;
	bool more = true;
	char name[16];
	int ret;

	/* Another thread would have to open a file for that. */
	snprintf(name, sizeof(name), "keel-vcpu%hu", (unsigned short)vcpu->id);
	pthread_setname_np(pthread_self(), name);
	machine_thread(machine, SANDBOX_VCPU);
	while (more && !machine->stopping) {
		vcpu->wanted = groups_wanted(vcpu);
		vcpu->run->state_wanted = vcpu->wanted;
		/* Looked at here, behind whatever clears immediate_exit. */
		if (vcpu->asked)
			wakeup_serve(vcpu);
		ret = keel_run(vcpu->fd);
		if (!ret) {
			more = serve_and_log(vcpu);
		} else if (ret == -EINTR) {
			interrupted(vcpu);
		} else {
			vcpu_fail(vcpu, MACHINE_HOST_ERROR,
				  "running the guest: %s; %s", strerror(-ret),
				  run_remedy(ret));
			break;
		}
	}
	return NULL;
}
