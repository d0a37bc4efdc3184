// SPDX-License-Identifier: GPL-2.0
#include "countguest.h"

#define STOP		LOW_OUT
#define COUNT(cpu)	(LOW_OUT + 64 * (1 + (cpu)))

/* Count at ESI and in EAX until EDI is not 0. */
MEMGUEST(count, "1: incl (%esi)\n inc %eax\n cmpl $0, (%edi)\n je 1b\n hlt");

int countguest_start(struct countguest *c, int nr)
{
	int ret = memguest_open(&c->g);

	c->cpus[0] = c->g.cpu;
	for (c->nr = 0; !ret && c->nr < nr; c->nr++) {
		struct memguest_cpu *cpu = &c->cpus[c->nr];

		if (c->nr)
			ret = memguest_add_cpu(&c->g, c->nr, cpu);
		if (ret)
			break;
		memguest_load(cpu, count);
		memguest_args(cpu, STOP, COUNT(c->nr), 0, 0);
		ret = memguest_start(cpu);
	}
	return ret;
}

bool countguest_moves(const struct countguest *c)
{
	bool move = true;
	int i;

	for (i = 0; i < c->nr; i++)
		move &= memguest_moves(&c->g, COUNT(i));
	return move;
}

bool countguest_stop(struct countguest *c)
{
	bool right = true;
	int i;

	memguest_poke(&c->g, STOP, 1);
	for (i = 0; i < c->nr; i++) {
		right &= memguest_join(&c->cpus[i]) == KEEL_EXIT_HLT;
		right &= memguest_reg(&c->cpus[i], KEEL_RAX) == memguest_peek(&c->g, COUNT(i));
	}
	for (i = 1; i < c->nr; i++)
		memguest_remove_cpu(&c->cpus[i]);
	memguest_close(&c->g);
	return right;
}
