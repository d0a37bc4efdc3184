/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks with weights: the tree that they make, as folded text and as a picture.
 *
 * A stack is written "outermost;inner;innermost", as programs that draw flame graphs
 * read it.  The picture is SVG: see flame_svg.c.
 */
#ifndef FLAME_H
#define FLAME_H

#include <stddef.h>
#include <stdio.h>
#include <linux/types.h>

/**
 * struct flame - a frame: a function, and those above it
 * @name: its name
 * @total: weight of all stacks that go through it
 * @self: weight of those that end here
 * @inner: frames above, in the order in which they came; flame_sort() sorts them
 * @nr: how many
 * @room: for how many there is room
 */
struct flame {
	char *name;
	__u64 total;
	__u64 self;
	struct flame *inner;
	size_t nr;
	size_t room;
};

int flame_add(struct flame *root, const char *stack, __u64 weight);
void flame_sort(struct flame *root);
void flame_free(struct flame *root);
void flame_print_folded(FILE *out, const struct flame *root);
void flame_print_svg(FILE *out, const struct flame *root, const char *title,
		     const char *unit);

#endif /* FLAME_H */
