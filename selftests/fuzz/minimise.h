/* SPDX-License-Identifier: GPL-2.0 */
/* A small corpus that reaches what a large one does. */
#ifndef FUZZ_MINIMISE_H
#define FUZZ_MINIMISE_H

#include <stdbool.h>

/* Of the corpus, into the folder; false after a message. */
bool minimise(const char *folder, unsigned int nr_threads);

#endif /* FUZZ_MINIMISE_H */
