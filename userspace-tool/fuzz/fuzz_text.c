// SPDX-License-Identifier: GPL-2.0
/*
 * Small texts: lists of CPUs, numbers and times of options, names of registers,
 * files of the kernel.
 */
#include <errno.h>

#include "cpulist.h"
#include "fuzz/fuzz.h"
#include "msr_names.h"
#include "reason_names.h"
#include "top_proc.h"
#include "watch.h"

/* What is printed of a list is the list again. */
static void try_cpulist(const char *text)
{
	unsigned int *cpus = NULL, *again = NULL, i;
	int nr = cpulist_parse(text, &cpus);
	size_t bytes;
	char *line;
	FILE *out;

	if (nr < 0) {
		CLAIM(nr == -EINVAL);
		return;
	}
	CLAIM(nr > 0);
	for (i = 1; i < nr; i++)
		if (cpus[i] <= cpus[i - 1])
			break;
	if (i == nr) {
		out = open_memstream(&line, &bytes);
		cpulist_print(out, cpus, nr);
		fclose(out);
		CLAIM(cpulist_parse(line, &again) == nr);
		CLAIM(!memcmp(cpus, again, nr * sizeof(*cpus)));
		free(again);
		free(line);
	}
	free(cpus);
}

static void try_options(const char *text)
{
	__u32 number = 0;
	__u64 ns = 0;

	if (!watch_parse_number(text, &number))
		CLAIM(number != WATCH_ANY);
	if (!watch_parse_seconds(text, &ns))
		CLAIM(ns && ns <= 1000000000ULL * 1000000000ULL);
}

/* What has a name is found by it. */
static void try_names(const char *text)
{
	char name[MSR_NAME_BYTES], reason[REASON_NAME_BYTES];
	__u32 index, again, basic;

	if (msr_find(text, &index) && msr_name(index, name, sizeof(name)))
		CLAIM(msr_find(name, &again) && again == index);
	if (!reason_find(text, &basic) && reason_name(basic)) {
		reason_print(basic, reason, sizeof(reason));
		CLAIM(!reason_find(reason_name(basic), &again) && again == basic);
	}
}

static void try_files(const char *text, size_t bytes)
{
	struct top_sample sample = { 0 };
	FILE *file;

	if (!bytes)
		return;
	file = fmemopen((char *)text, bytes, "r");
	CLAIM(file);
	top_parse_vms(file, &sample);
	rewind(file);
	top_parse_cpu(file, &sample);
	fclose(file);
	top_parse_thread(text);
	top_sample_clear(&sample);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };
	unsigned int what = input_below(&input, 4);
	char *text = malloc(input.left + 1);

	text[input.left] = '\0';
	bytes = input.left;
	input_bytes(&input, text, bytes);
	switch (what) {
	case 0:
		try_cpulist(text);
		break;
	case 1:
		try_options(text);
		break;
	case 2:
		try_names(text);
		break;
	default:
		try_files(text, bytes);
	}
	free(text);
	return 0;
}
