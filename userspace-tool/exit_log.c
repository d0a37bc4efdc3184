// SPDX-License-Identifier: GPL-2.0
/*
 * The exit log of keel run -v.
 *
 * A line begins with what the module said and grows by vcpu_note() while the
 * exit is served: what a device answered, what was emulated.  It is printed in
 * one piece, so that the lines of several vCPUs do not mix.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exit_log.h"
#include "lib/keel.h"
#include "machine.h"

/**
 * exit_log_begin() - begin the line of an exit
 * @vcpu: the vCPU, just back from KEEL_RUN with the group KEEL_STATE_REGS
 */
void exit_log_begin(struct vcpu *vcpu)
{
	const struct keel_run *run = vcpu->run;
	const char *name = keel_exit_name(run->exit_reason);

	vcpu_note(vcpu, "cpu%u 0x%llx %s", vcpu->id, run->regs.rip,
		  name ? name : "unknown");
	switch (run->exit_reason) {
	case KEEL_EXIT_IO:
		vcpu_note(vcpu, " %s port 0x%x, %u-bit",
			  run->io.in ? "in" : "out", run->io.port,
			  run->io.bytes * 8);
		if (run->io.count != 1)
			vcpu_note(vcpu, ", %u times", run->io.count);
		vcpu_note(vcpu, ":");
		break;
	case KEEL_EXIT_MMIO:
	case KEEL_EXIT_MEMORY_FAULT:
		vcpu_note(vcpu, " %s 0x%llx",
			  run->mmio.access & KEEL_ACCESS_EXEC ? "fetch" :
			  run->mmio.access & KEEL_ACCESS_WRITE ? "write" :
			  "read", run->mmio.gpa);
		break;
	case KEEL_EXIT_FAIL_ENTRY:
	case KEEL_EXIT_INTERNAL_ERROR:
		vcpu_note(vcpu, " reason 0x%llx qualification 0x%llx",
			  run->fail_entry.hw_reason,
			  run->fail_entry.qualification);
		break;
	default:
		break;
	}
}

/**
 * exit_log_flush() - print the line of the exit, if that is not done yet
 * @vcpu: the vCPU
 */
void exit_log_flush(struct vcpu *vcpu)
{
	if (vcpu->note[0])
		fprintf(stderr, "%s\n", vcpu->note);
	vcpu->note[0] = '\0';
}

/**
 * exit_log_vmcs() - print the VMCS
 * @vcpu: descriptor of a vCPU
 *
 * Nothing is printed where it cannot be read: it only goes with a message.
 */
void exit_log_vmcs(int vcpu)
{
	__u32 bytes = 0;
	char *text;

	/* The first call asks how much there is. */
	keel_dump_vmcs(vcpu, NULL, &bytes);
	text = malloc(bytes + 1);
	if (text && bytes && !keel_dump_vmcs(vcpu, text, &bytes))
		fprintf(stderr, "%.*s\n", (int)bytes, text);
	free(text);
}
