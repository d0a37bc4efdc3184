// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks with weights: building the tree, and printing it as folded text.
 *
 * A tree of exits is three levels deep: VM, function, reason.  Stacks come sorted, so
 * that the one looked for is mostly the last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"

/* More frames than any stack has; bounds the recursion. */
#define MAX_DEPTH	64

static struct flame *find(struct flame *frame, const char *name, size_t length)
{
	size_t i;

	for (i = frame->nr; i--; )
		if (!strncmp(frame->inner[i].name, name, length) &&
		    !frame->inner[i].name[length])
			return &frame->inner[i];
	return NULL;
}

static struct flame *get(struct flame *frame, const char *name, size_t length)
{
	struct flame *inner = find(frame, name, length);
	size_t room;

	if (inner)
		return inner;
	if (frame->nr == frame->room) {
		room = frame->room ? 2 * frame->room : 4;
		inner = reallocarray(frame->inner, room, sizeof(*inner));
		if (!inner)
			return NULL;
		frame->inner = inner;
		frame->room = room;
	}
	inner = &frame->inner[frame->nr];
	memset(inner, 0, sizeof(*inner));
	inner->name = strndup(name, length);
	if (!inner->name)
		return NULL;
	frame->nr++;
	return inner;
}

/**
 * flame_add() - add a stack
 * @root: the frame below all others, zeroed at first
 * @stack: its frames
 * @weight: how much it counts
 *
 * Return: 0; -EINVAL for more frames than there may be; -ENOMEM, with part of the
 * weight added.
 */
int flame_add(struct flame *root, const char *stack, __u64 weight)
{
	struct flame *frame = root;
	unsigned int depth = 0;
	const char *c;
	size_t length;

	for (c = stack; *c; c++)
		depth += *c == ';';
	if (depth >= MAX_DEPTH)
		return -EINVAL;
	root->total += weight;
	for (;; stack += length + 1) {
		length = strcspn(stack, ";");
		frame = get(frame, stack, length);
		if (!frame)
			return -ENOMEM;
		frame->total += weight;
		if (!stack[length])
			break;
	}
	frame->self += weight;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct flame *x = a, *y = b;

	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	return strcmp(x->name, y->name);
}

/**
 * flame_sort() - put the heaviest frames first
 * @root: the tree
 */
void flame_sort(struct flame *root)
{
	size_t i;

	if (root->nr)
		qsort(root->inner, root->nr, sizeof(*root->inner), compare);
	for (i = 0; i < root->nr; i++)
		flame_sort(&root->inner[i]);
}

/**
 * flame_free() - free a tree
 * @root: the tree; not itself, it is as zeroed then
 */
void flame_free(struct flame *root)
{
	size_t i;

	for (i = 0; i < root->nr; i++)
		flame_free(&root->inner[i]);
	free(root->inner);
	free(root->name);
	memset(root, 0, sizeof(*root));
}

static void print_folded(FILE *out, const struct flame *frame,
			 const char *path[], unsigned int depth)
{
	unsigned int level;
	size_t i;

	for (i = 0; i < frame->nr; i++) {
		path[depth] = frame->inner[i].name;
		if (frame->inner[i].self) {
			for (level = 0; level <= depth; level++)
				fprintf(out, "%s%s", level ? ";" : "",
					path[level]);
			fprintf(out, " %llu\n",
				(unsigned long long)frame->inner[i].self);
		}
		print_folded(out, &frame->inner[i], path, depth + 1);
	}
}

/**
 * flame_print_folded() - print each stack in a line, with its weight behind it
 * @out: where to
 * @root: the tree
 */
void flame_print_folded(FILE *out, const struct flame *root)
{
	const char *path[MAX_DEPTH];

	print_folded(out, root, path, 0);
}
