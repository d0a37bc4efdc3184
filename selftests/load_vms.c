// SPDX-License-Identifier: GPL-2.0
/*
 * Two hundred VMs at once, made and run and gone: closed in order, left to a process
 * that exits, or to one that is killed.  A round is two hundred VMs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel.h>

#include "lib/host.h"
#include "lib/load.h"
#include "lib/memguest.h"

#define PROCESSES	10
#define VMS		20	/* of each */

MEMGUEST(add, "1: lock incl (%edi)\n inc %eax\n loop 1b\n hlt");

static int run_one(struct memguest *g, uint32_t n)
{
	if (memguest_call(&g->cpu, add, LOW_OUT, 0, n, 0) != KEEL_EXIT_HLT)
		return 3;
	return memguest_peek(g, LOW_OUT) == n ? 0 : 4;
}

/* 0, or what went wrong, as an exit status. */
static int vmm(int ready, int go, unsigned int how)
{
	struct memguest *g = calloc(VMS, sizeof(*g));
	int i, ret = 0;
	char c;

	for (i = 0; i < VMS && !ret; i++)
		ret = memguest_open(&g[i]) ? 2 : run_one(&g[i], 10 + i);
	c = ret;
	if (write(ready, &c, 1) != 1 || read(go, &c, 1) < 0)
		return 5;
	if (how == 0)
		for (i = 0; i < VMS; i++)
			memguest_close(&g[(i * 7) % VMS]);
	if (how == 1)
		kill(getpid(), SIGKILL);
	return ret;
}

static bool users_say(const char *want)
{
	char text[256];

	if (host_read("/sys/kernel/debug/keel/users", text, sizeof(text)))
		return false;
	if (strncmp(text, want, strlen(want)))
		printf("# users: %s\n", text);
	return !strncmp(text, want, strlen(want));
}

static bool one_round(void)
{
	int ready[2], go[2], i, status, errors = 0;
	unsigned char c;

	if (pipe(ready) || pipe(go))
		return false;
	for (i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		close(ready[0]);
		close(go[1]);
		_exit(vmm(ready[1], go[0], i % 3));
	}
	close(ready[1]);
	close(go[0]);
	for (i = 0; i < PROCESSES; i++)
		errors += read(ready[0], &c, 1) != 1 || c;
	/* Now all are there. */
	errors += !users_say("0 200 200 ");
	errors += !load_cpus_are("vmx");
	errors += host_unload_keel() != -EAGAIN;
	close(go[1]);
	for (i = 0; i < PROCESSES; i++) {
		wait(&status);
		errors += WIFEXITED(status) ? WEXITSTATUS(status) :
			  WTERMSIG(status) != SIGKILL;
	}
	close(ready[0]);
	errors += !load_no_vms();
	errors += !load_cpus_are("off");
	return !errors;
}

int main(int argc, char **argv)
{
	unsigned int round, good = 0;
	struct load load;

	load_begin(&load, argc, argv, 50);
	for (round = 0; round < load.rounds; round++)
		good += one_round();
	load_ok(good == load.rounds, "200 VMs at once: %u of %u rounds", good, load.rounds);
	return load_end(&load);
}
