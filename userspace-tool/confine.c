// SPDX-License-Identifier: GPL-2.0
/*
 * keel run gives up what it does not need any more: here is what it still needs.
 *
 * How it is given up stands in sandbox.c.
 */
#include "boot.h"
#include "confine.h"
#include "console.h"
#include "machine.h"
#include "timing.h"

/* Standard input, output and error stay, too. */
#define MAX_DESCRIPTORS	(KEEL_MAX_VCPUS + 8)

/**
 * confine() - let the process and the machine's threads do no more than they must
 * @sandbox: filled in; the machine uses it until sandbox_destroy()
 * @machine: a machine whose images are loaded, and which has not started
 * @console: its console
 * @timing: the moments of the run
 * @boot: what it boots; files that have been read are closed
 *
 * Return: 0, or a negative errno after a message.
 */
int confine(struct sandbox *sandbox, struct machine *machine, const struct console *console,
	    const struct timing *timing, const struct boot *boot)
{
	int keep[MAX_DESCRIPTORS], ret;
	size_t nr = 0;
	unsigned int i;

	keep[nr++] = machine->vm;
	keep[nr++] = machine->done;
	keep[nr++] = console->room;
	keep[nr++] = console->signals;
	keep[nr++] = timing->json ? fileno(timing->json) : -1;
	/* Kernel and initial RAM disk, which a BIOS may read later. */
	keep[nr++] = boot->file.fd;
	keep[nr++] = boot->initrd.fd;
	for (i = 0; i < machine->nr_vcpus; i++)
		keep[nr++] = machine->vcpus[i].fd;
	ret = sandbox_init(sandbox);
	if (!ret)
		ret = sandbox_process(keep, nr);
	if (!ret)
		machine->sandbox = sandbox;
	return ret;
}
