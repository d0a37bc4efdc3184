/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that are worth keeping. */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include "program.h"

/**
 * struct entry - one of them
 * @name: its file's name, without the folder
 * @program: itself
 */
struct entry {
	char *name;
	struct program *program;
};

extern struct entry *corpus;
extern unsigned int corpus_size;

void corpus_add(const char *name, const struct program *p);
/* All of a folder, in the order of their names; false after a message. */
bool corpus_read(const char *folder);
/* false after a message */
bool corpus_save(const char *folder, const char *name, const struct program *p);

#endif /* FUZZ_CORPUS_H */
