// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry *corpus;
unsigned int corpus_size;

void corpus_add(const char *name, const struct program *p)
{
	struct entry *e;

	corpus = realloc(corpus, (corpus_size + 1) * sizeof(*corpus));
	e = &corpus[corpus_size++];
	e->name = strdup(name);
	/* Only the calls that it has. */
	e->program = malloc(offsetof(struct program, calls) + p->nr * sizeof(p->calls[0]));
	memcpy(e->program, p, offsetof(struct program, calls) + p->nr * sizeof(p->calls[0]));
}

static int is_program(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && !strcmp(d->d_name + n - 5, ".keel");
}

bool corpus_read(const char *folder)
{
	struct dirent **names;
	struct program p;
	char path[512];
	bool good = true;
	int n, i;

	n = scandir(folder, &names, is_program, alphasort);
	if (n < 0) {
		fprintf(stderr, "keel-fuzz: --corpus %s: %s\n", folder, strerror(errno));
		return false;
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (program_read(&p, path))
			good = false;
		else
			corpus_add(names[i]->d_name, &p);
		free(names[i]);
	}
	free(names);
	return good;
}

bool corpus_save(const char *folder, const char *name, const struct program *p)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file) {
		fprintf(stderr, "keel-fuzz: %s: %s\n", path, strerror(errno));
		return false;
	}
	program_write(p, file);
	fclose(file);
	return true;
}
