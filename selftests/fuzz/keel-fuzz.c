// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz Keel's ABI: see docs/testing.md.
 *
 *	keel-fuzz [OPTION...]
 *
 * Read program.h (what is run), execute.c (how), generate.c (where new ones come
 * from) and describe (how it knows the ABI).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <keel.h>

#include "corpus.h"
#include "cover.h"
#include "generate.h"
#include "minimise.h"
#include "op.h"
#include "options.h"
#include "report.h"
#include "shared.h"
#include "splat.h"
#include "supervise.h"

#define RECENT		3
/* Programs between two lines that say how far it is. */
#define PROGRESS	200

/* The last programs: what the kernel complains of may come a little late. */
static struct program recent[RECENT];
static const char *complaint;

static unsigned long seconds_since_start(void)
{
	static time_t start;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start)
		start = now.tv_sec;
	return now.tv_sec - start;
}

static struct cover_news run(const struct program *p)
{
	struct cover_news news;
	const char *line;

	memmove(&recent[1], &recent[0], sizeof(recent) - sizeof(recent[0]));
	memcpy(&recent[0], p, offsetof(struct program, calls) + p->nr * sizeof(p->calls[0]));
	if (options.note)
		splat_note(totals.programs, p);
	news = supervise(p, options.threads);
	line = splat_find();
	if (line && !complaint)
		complaint = strdup(line);
	return news;
}

static bool time_is_left(void)
{
	if (complaint || totals.forever)
		return false;
	return options.runs ? totals.programs < options.runs :
			      seconds_since_start() < options.seconds;
}

static void make_next(struct program *p, struct random *r)
{
	unsigned int threads = options.threads ? options.threads : 1;
	const struct program *from, *other;

	/* Without KCOV the corpus is what it was; new programs find more then. */
	if (!corpus_size || random_percent(r, cover_on() ? 15 : 50)) {
		generate_program(p, r, threads);
		return;
	}
	from = corpus[random_below(r, corpus_size)].program;
	other = corpus[random_below(r, corpus_size)].program;
	memcpy(p, from, offsetof(struct program, calls) + from->nr * sizeof(p->calls[0]));
	mutate_program(p, other, r, threads);
}

static void keep(const struct program *p)
{
	char name[32];

	snprintf(name, sizeof(name), "new-%06lu.keel", totals.programs);
	corpus_add(name, p);
	if (options.out)
		corpus_save(options.out, name, p);
}

static void replay_corpus(void)
{
	unsigned int i;

	for (i = 0; i < corpus_size && !complaint && !totals.forever; i++)
		run(corpus[i].program);
	report_note("corpus: %u programs replayed, %u PCs", i, cover_count());
}

static void fuzz(void)
{
	struct random r = { options.seed };
	struct cover_news news;
	struct program p;

	while (time_is_left()) {
		make_next(&p, &r);
		news = run(&p);
		if (totals.programs % PROGRESS == 0)
			report_note("%lu programs in %lu s, %u PCs", totals.programs,
				    seconds_since_start(), cover_count());
		if (news.pcs || news.edges > 2)
			keep(&p);
	}
}

/* What it was that the kernel complains of. */
static void report_complaint(void)
{
	char name[32];
	unsigned int i;

	report_note("the kernel: %s", complaint);
	for (i = 0; i < RECENT; i++) {
		report_note("program %lu:", totals.programs - 1 - i);
		report_program(&recent[i]);
		snprintf(name, sizeof(name), "complaint-%u.keel", i);
		if (options.out && recent[i].nr)
			corpus_save(options.out, name, &recent[i]);
	}
}

static bool report(void)
{
	unsigned long calls = 0;
	unsigned int i, j;

	for (i = 0; i < nr_ops; i++)
		for (j = 0; j < SHARED_ERRNOS; j++)
			calls += shared->results[i][j];
	report_note("seed %lu: %lu programs, %lu calls, %lu threads; %lu lost memory that they needed, %lu killed",
		    options.seed, totals.programs, calls, options.threads, totals.faults,
		    totals.stuck);
	if (cover_on())
		report_note("%u PCs of keel.ko, %u programs in the corpus", cover_count(), corpus_size);
	report_calls(true);
	if (complaint)
		report_complaint();
	else if (totals.forever)
		report_program(&recent[0]);
	report_test(!complaint, "the kernel has nothing to complain of");
	report_test(!totals.forever, "each program ends");
	return report_end();
}

static void list(void)
{
	unsigned int i;

	for (i = 0; i < abi_nr_calls; i++)
		printf("%s 0x%x %s %u\n", abi_calls[i].name, abi_calls[i].cmd,
		       abi_calls[i].argument ? abi_calls[i].argument->name : "-",
		       abi_calls[i].argument ? abi_calls[i].argument->bytes : 0);
	/* The corpus once more, from what was read: its text must not have changed. */
	for (i = 0; i < corpus_size; i++) {
		printf("# %s\n", corpus[i].name);
		program_write(corpus[i].program, stdout);
	}
}

static bool dry_run(void)
{
	struct random r = { options.seed };
	struct program p;
	char name[32];
	unsigned long i;

	for (i = 0; i < options.runs; i++) {
		make_next(&p, &r);
		snprintf(name, sizeof(name), "%06lu.keel", i);
		if (!corpus_save(options.out, name, &p))
			return false;
	}
	return true;
}

static void write_pcs(void)
{
	char path[512];
	FILE *file;

	if (!options.out || !cover_on())
		return;
	snprintf(path, sizeof(path), "%s/pcs", options.out);
	file = fopen(path, "w");
	if (!file)
		return;
	cover_write(file);
	fclose(file);
}

static bool replay(int nr, char **files)
{
	struct program p;
	bool good = true;
	unsigned long i;

	for (; nr--; files++) {
		if (program_read(&p, *files)) {
			good = false;
			continue;
		}
		for (i = 0; i < (options.runs ? options.runs : 1) && !complaint; i++)
			run(&p);
		report_note("%s: PCs so far %u", *files, cover_count());
		report_last(&p);
	}
	if (complaint)
		report_complaint();
	report_calls(false);
	report_test(!complaint && !totals.forever && good, "replay");
	return report_end();
}

int main(int argc, char **argv)
{
	bool good;

	options_parse(argc, argv);
	ops_init();
	if (!generate_init())
		return 1;
	if (options.corpus && !corpus_read(options.corpus))
		return 1;
	if (options.list) {
		list();
		return 0;
	}
	if (options.dry_run)
		return !dry_run();
	if (access(KEEL_DEVICE, R_OK | W_OK)) {
		fprintf(stderr, "keel-fuzz: %s: %s; load keel.ko, and be root\n", KEEL_DEVICE,
			strerror(errno));
		return 1;
	}
	supervise_init();
	if (!splat_init()) {
		fprintf(stderr, "keel-fuzz: /dev/kmsg: %s; be root\n", strerror(errno));
		return 1;
	}
	if (!cover_init(options.threads + 1))
		report_note("no KCOV in this kernel: nothing guides the programs");
	seconds_since_start();
	if (options.replay)
		return !replay(argc - optind, argv + optind);
	if (options.minimise)
		return !minimise(options.out, options.threads);
	replay_corpus();
	fuzz();
	write_pcs();
	good = report();
	return !good;
}
