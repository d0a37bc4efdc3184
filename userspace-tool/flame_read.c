// SPDX-License-Identifier: GPL-2.0
/*
 * From what bpf/flame.bpf.c has counted to stacks: VM, function, exit reason.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/keel_trace.h>

#include "cmd.h"
#include "flame.h"
#include "flame_read.h"
#include "reason_names.h"
#include "symbols.h"

#define STACK_BYTES	(SYMBOLS_NAME_MAX + REASON_NAME_BYTES + 64)

static int compare(const void *a, const void *b)
{
	const struct flame_key *x = &((const struct flame_place *)a)->key;
	const struct flame_key *y = &((const struct flame_place *)b)->key;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->rip != y->rip)
		return x->rip < y->rip ? -1 : 1;
	return x->reason < y->reason ? -1 : x->reason > y->reason;
}

/* A frame's name must not look like two. */
static void print_place(char *text, size_t size, __u64 rip,
			const struct symbols *symbols)
{
	const char *name;
	__u64 offset;

	name = symbols_find(symbols, rip, &offset);
	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "0x%llx", rip);
	for (; *text; text++)
		if (*text == ';')
			*text = ':';
}

static void print_stack(char *text, size_t size, const struct flame_key *key,
			const struct symbols *symbols)
{
	char place[SYMBOLS_NAME_MAX + 1], reason[REASON_NAME_BYTES];
	const char *why = reason_print(key->reason, reason, sizeof(reason));

	if (key->reason == KEEL_TRACE_NO_EXIT) {
		snprintf(text, size, "VM %u;%s", key->vm, why);
		return;
	}
	print_place(place, sizeof(place), key->rip, symbols);
	snprintf(text, size, "VM %u;%s;%s", key->vm, place, why);
}

/**
 * flame_add_places() - make stacks of places
 * @root: gets them; sorted afterwards
 * @places: the places; they are sorted
 * @nr: how many
 * @symbols: of the guest's kernel
 * @weight: what a stack weighs; one of no weight is left out
 *
 * Return: 0, or a negative errno.
 */
int flame_add_places(struct flame *root, struct flame_place *places, size_t nr,
		     const struct symbols *symbols, enum flame_weight weight)
{
	char stack[STACK_BYTES];
	__u64 weighs;
	int ret = 0;
	size_t i;

	if (nr)
		qsort(places, nr, sizeof(*places), compare);
	for (i = 0; i < nr && !ret; i++) {
		weighs = weight == FLAME_CYCLES ? places[i].value.cycles :
						  places[i].value.samples;
		if (!weighs)
			continue;
		print_stack(stack, sizeof(stack), &places[i].key, symbols);
		ret = flame_add(root, stack, weighs);
	}
	flame_sort(root);
	return ret;
}

/* Add a place's counters of all CPUs; @each has room for them. */
static int read_place(int map, struct flame_place *place,
		      struct flame_value *each, int cpus)
{
	int cpu;

	if (bpf_map_lookup_elem(map, &place->key, each))
		return -errno;
	memset(&place->value, 0, sizeof(place->value));
	for (cpu = 0; cpu < cpus; cpu++) {
		place->value.samples += each[cpu].samples;
		place->value.cycles += each[cpu].cycles;
	}
	return 0;
}

/* All that a map has, in a growing array; nobody writes to it any more. */
static int read_places(int map, struct flame_place **places, size_t *nr)
{
	int cpus = libbpf_num_possible_cpus(), ret = 0;
	struct flame_key *last = NULL, key;
	struct flame_value *each;
	size_t room = 0;
	void *more;

	if (cpus < 0)
		return cpus;
	each = calloc(cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	for (; !ret && !bpf_map_get_next_key(map, last, &key); last = &key) {
		if (*nr == room) {
			room = room ? 2 * room : 1024;
			more = reallocarray(*places, room, sizeof(**places));
			if (!more) {
				ret = -ENOMEM;
				break;
			}
			*places = more;
		}
		(*places)[*nr].key = key;
		ret = read_place(map, &(*places)[*nr], each, cpus);
		++*nr;
	}
	free(each);
	return ret;
}

/**
 * flame_read() - make stacks of what has been counted
 * @root: gets them
 * @map: descriptor of the map
 * @symbols: of the guest's kernel
 * @weight: what a stack weighs
 *
 * Return: 0, or a negative errno.
 */
int flame_read(struct flame *root, int map, const struct symbols *symbols,
	       enum flame_weight weight)
{
	struct flame_place *places = NULL;
	size_t nr = 0;
	int ret;

	ret = read_places(map, &places, &nr);
	if (!ret)
		ret = flame_add_places(root, places, nr, symbols, weight);
	free(places);
	return ret;
}

/**
 * flame_tell_dropped() - say how many exits found the table full
 * @map: descriptor of the map with that
 * @stacks: how many stacks it has room for
 */
void flame_tell_dropped(int map, __u32 stacks)
{
	int cpu, cpus = libbpf_num_possible_cpus();
	struct flame_dropped *each;
	__u64 samples = 0;
	__u32 zero = 0;

	each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	if (each && !bpf_map_lookup_elem(map, &zero, each))
		for (cpu = 0; cpu < cpus; cpu++)
			samples += each[cpu].samples;
	free(each);
	if (samples)
		cmd_error("%llu exits were not counted: there are more than %u stacks; give more room with --stacks",
			  samples, stacks);
}
