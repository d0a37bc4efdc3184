/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that succeed, as text: what the generator changes a little. */
#ifndef FUZZ_RECIPES_H
#define FUZZ_RECIPES_H

/* Calls of thread 0 that make a VM; each is a program's begin, its lines end in "\n". */
extern const char *const openings[];
extern const unsigned int nr_openings;
/* Calls for the middle. */
extern const char *const recipes[];
extern const unsigned int nr_recipes;

#endif /* FUZZ_RECIPES_H */
