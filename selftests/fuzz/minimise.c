// SPDX-License-Identifier: GPL-2.0
/*
 * First the fewest programs that have all PCs, greedily; then of each the calls
 * and values that its share of PCs does not need.
 */
#include "minimise.h"

#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "report.h"
#include "supervise.h"

/* How often a program runs before its PCs are taken as those that it has. */
#define TRIES	3

struct pcs {
	__u64 *at;
	size_t nr;
};

static bool has(const struct pcs *set, __u64 pc)
{
	size_t low = 0, high = set->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (set->at[middle] == pc)
			return true;
		if (set->at[middle] < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static struct pcs pcs_of(const struct program *p, unsigned int nr_threads)
{
	struct pcs set;

	supervise(p, nr_threads);
	set.nr = cover_last(&set.at);
	return set;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* What is in @set and not in @done. */
static struct pcs without(const struct pcs *set, const struct pcs *done)
{
	struct pcs rest = { malloc((set->nr + 1) * sizeof(__u64)), 0 };
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (!has(done, set->at[i]))
			rest.at[rest.nr++] = set->at[i];
	return rest;
}

static void add(struct pcs *done, const struct pcs *more)
{
	done->at = realloc(done->at, (done->nr + more->nr + 1) * sizeof(__u64));
	memcpy(done->at + done->nr, more->at, more->nr * sizeof(__u64));
	done->nr += more->nr;
	qsort(done->at, done->nr, sizeof(__u64), compare);
}

/* Whether it still reaches all of them, in one of some runs. */
static bool reaches(const struct program *p, const struct pcs *wanted, unsigned int nr_threads)
{
	struct pcs set;
	unsigned int try;
	size_t i;

	for (try = 0; try < TRIES; try++) {
		set = pcs_of(p, nr_threads);
		for (i = 0; i < wanted->nr && has(&set, wanted->at[i]); i++)
			;
		free(set.at);
		if (i == wanted->nr)
			return true;
	}
	return false;
}

static void shrink(struct program *p, const struct pcs *wanted, unsigned int nr_threads)
{
	struct program less;
	int i, j;

	for (i = p->nr - 1; i >= 0 && p->nr > 1; i--) {
		less = *p;
		program_remove(&less, i);
		if (reaches(&less, wanted, nr_threads)) {
			*p = less;
			continue;
		}
		for (j = p->calls[i].nr - 1; j >= 0; j--) {
			less = *p;
			call_unset(&less.calls[i], j);
			if (reaches(&less, wanted, nr_threads))
				*p = less;
		}
	}
}

bool minimise(const char *folder, unsigned int nr_threads)
{
	struct pcs *sets = calloc(corpus_size, sizeof(*sets)), done = {}, rest, best;
	unsigned int i, chosen = 0, kept = 0;
	struct program p;
	char name[32];

	for (i = 0; i < corpus_size; i++)
		sets[i] = pcs_of(corpus[i].program, nr_threads);
	for (;;) {
		for (best.nr = 0, best.at = NULL, i = 0; i < corpus_size; i++) {
			rest = without(&sets[i], &done);
			if (rest.nr > best.nr) {
				free(best.at);
				best = rest;
				chosen = i;
			} else {
				free(rest.at);
			}
		}
		if (!best.nr)
			break;
		memcpy(&p, corpus[chosen].program, offsetof(struct program, calls) +
		       corpus[chosen].program->nr * sizeof(p.calls[0]));
		/* One that cannot do it again would be kept for nothing. */
		if (reaches(&p, &best, nr_threads)) {
			shrink(&p, &best, nr_threads);
			snprintf(name, sizeof(name), "%03u.keel", kept++);
			if (!corpus_save(folder, name, &p))
				return false;
			report_note("%s: %zu PCs of %s, %u calls", name, best.nr,
				    corpus[chosen].name, p.nr);
		}
		add(&done, &best);
	}
	report_note("%u of %u programs kept, %zu PCs", kept, corpus_size, done.nr);
	return true;
}
