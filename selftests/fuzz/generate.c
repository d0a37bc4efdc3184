// SPDX-License-Identifier: GPL-2.0
/* New programs: see generate.h. */
#include "generate.h"

#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "op.h"
#include "recipes.h"

#define MAX_RECIPES	192
/* Structures with more members than this: a few of them at a time. */
#define MANY_LEAVES	16
/* A line is changed, not taken as it is. */
#define CHANGED		45

static struct call recipe_calls[MAX_RECIPES];
static unsigned int total_weight;

static bool read_recipe(struct call *c, const char *line)
{
	const char *why = call_parse(c, line);

	if (why)
		fprintf(stderr, "keel-fuzz: recipe \"%s\": %s\n", line, why);
	return !why;
}

/* One line of an opening, and where the next begins. */
static const char *take_line(const char *text, char *line, size_t size)
{
	const char *end = strchr(text, '\n');

	snprintf(line, size, "%.*s", (int)(end - text), text);
	return end + 1;
}

static bool add_opening(struct program *p, const char *text)
{
	char line[512];
	struct call c;

	while (*text) {
		text = take_line(text, line, sizeof(line));
		if (!read_recipe(&c, line))
			return false;
		program_add(p, &c);
	}
	return true;
}

bool generate_init(void)
{
	struct program p = {};
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		total_weight += ops[i].weight;
	for (i = 0; i < nr_recipes && i < MAX_RECIPES; i++)
		if (!read_recipe(&recipe_calls[i], recipes[i]))
			return false;
	for (i = 0; i < nr_openings; i++, p.nr = 0)
		if (!add_opening(&p, openings[i]))
			return false;
	return nr_recipes <= MAX_RECIPES;
}

static unsigned int some_op(struct random *r)
{
	unsigned int at = random_below(r, total_weight), i;

	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

static unsigned int nr_leaves(const struct op *op)
{
	return (op->argument ? op->argument->nr_leaves : 0) + op->nr_own;
}

/* The leaf by its place among all of the op's. */
static unsigned int leaf_number(const struct op *op, unsigned int i)
{
	unsigned int n = op->argument ? op->argument->nr_leaves : 0;

	return i < n ? i : OWN_LEAF + i - n;
}

/* How likely it is that a leaf is not left at its default. */
static unsigned int chance(enum abi_kind kind)
{
	switch (kind) {
	case KIND_SIZE:
		return 6;
	case KIND_ZERO:
	case KIND_OUT:
	case KIND_AT:
	case KIND_ARRAY:
		return 3;
	case KIND_BUFFER:
		return 20;
	default:
		return 75;
	}
}

static void set_leaf(struct call *c, unsigned int leaf, struct random *r)
{
	const struct op *op = &ops[c->op];

	call_set(c, leaf, make_value(op_leaf(op, leaf), op->argument, r));
}

static void fill_call(struct call *c, struct random *r)
{
	const struct op *op = &ops[c->op];
	unsigned int n = nr_leaves(op), i, leaf;

	if (n > MANY_LEAVES) {
		/* Those in front say which of the others count. */
		for (i = 0; i < 6; i++)
			if (random_percent(r, chance(op_leaf(op, leaf_number(op, i))->kind) / 2))
				set_leaf(c, leaf_number(op, i), r);
		for (i = random_below(r, 6); i; i--)
			set_leaf(c, leaf_number(op, random_below(r, n)), r);
		return;
	}
	for (i = 0; i < n; i++) {
		leaf = leaf_number(op, i);
		if (random_percent(r, chance(op_leaf(op, leaf)->kind)))
			set_leaf(c, leaf, r);
	}
}

static void change_values(struct call *c, struct random *r)
{
	const struct op *op = &ops[c->op];
	unsigned int n = nr_leaves(op), i;

	for (i = 1 + random_below(r, 3); i; i--) {
		if (random_percent(r, 12))
			c->fd = make_fd(op->target, r);
		else if (c->nr && random_percent(r, 60))
			set_leaf(c, c->values[random_below(r, c->nr)].leaf, r);
		else if (c->nr && random_percent(r, 10))
			call_unset(c, random_below(r, c->nr));
		else if (n)
			set_leaf(c, leaf_number(op, random_below(r, n)), r);
	}
}

static void some_call(struct call *c, struct random *r, unsigned int nr_threads)
{
	if (random_percent(r, 65)) {
		*c = recipe_calls[random_below(r, nr_recipes)];
		if (random_percent(r, CHANGED))
			change_values(c, r);
	} else {
		memset(c, 0, sizeof(*c));
		c->op = some_op(r);
		c->fd = make_fd(ops[c->op].target, r);
		fill_call(c, r);
	}
	/* Few of them belong to the opening. */
	c->thread = random_percent(r, 10) ? 0 : 1 + random_below(r, nr_threads);
}

void generate_program(struct program *p, struct random *r, unsigned int nr_threads)
{
	unsigned int i, n = 3 + random_below(r, 18);
	struct call c;

	p->nr = 0;
	add_opening(p, openings[random_below(r, nr_openings)]);
	for (i = 0; i < p->nr; i++)
		if (random_percent(r, 6))
			change_values(&p->calls[i], r);
	/* The guest runs while the rest happens. */
	if (random_percent(r, 80) && !call_parse(&c, "1 KEEL_RUN vcpu0 times=60"))
		program_add(p, &c);
	while (n--) {
		some_call(&c, r, nr_threads);
		program_add(p, &c);
	}
}

static void insert(struct program *p, unsigned int at, const struct call *c)
{
	if (p->nr == MAX_CALLS)
		return;
	memmove(&p->calls[at + 1], &p->calls[at], (p->nr - at) * sizeof(*c));
	p->calls[at] = *c;
	p->nr++;
}

static void mutate_once(struct program *p, const struct program *other, struct random *r,
			unsigned int nr_threads)
{
	unsigned int at = random_below(r, p->nr);
	struct call c;

	switch (random_below(r, 10)) {
	case 0:
	case 1:
	case 2:
		some_call(&c, r, nr_threads);
		insert(p, random_below(r, p->nr + 1), &c);
		break;
	case 3:
		if (p->nr > 1)
			program_remove(p, at);
		break;
	case 4:
		c = p->calls[at];
		insert(p, random_below(r, p->nr + 1), &c);
		break;
	case 5:
		p->calls[at].thread = random_below(r, nr_threads + 1);
		break;
	case 6:
		/* The end of another one. */
		for (at = random_below(r, other->nr); at < other->nr; at++)
			program_add(p, &other->calls[at]);
		break;
	default:
		change_values(&p->calls[at], r);
		break;
	}
}

void mutate_program(struct program *p, const struct program *other, struct random *r,
		    unsigned int nr_threads)
{
	unsigned int i;

	for (i = 1 + random_below(r, 5); i; i--)
		mutate_once(p, other, r, nr_threads);
}
