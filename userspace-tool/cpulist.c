// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of CPUs as the kernel writes them: "0-3,6".
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "cpulist.h"

/* More than any kernel has; keeps a bad list from eating the memory. */
#define CPULIST_MAX	65536

#define ONLINE		"/sys/devices/system/cpu/online"

static int number(const char **text, unsigned int *value)
{
	unsigned long n;
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	n = strtoul(*text, &end, 10);
	if (errno || n >= CPULIST_MAX)
		return -EINVAL;
	*text = end;
	*value = n;
	return 0;
}

/* Append the range at *@text to @cpus, which has room for CPULIST_MAX. */
static int range(const char **text, unsigned int *cpus, unsigned int *nr)
{
	unsigned int first, last;
	int ret;

	ret = number(text, &first);
	last = first;
	if (!ret && **text == '-') {
		(*text)++;
		ret = number(text, &last);
	}
	if (ret)
		return ret;
	if (last < first || last - first >= CPULIST_MAX - *nr)
		return -EINVAL;
	for (; first <= last; first++)
		cpus[(*nr)++] = first;
	return 0;
}

/**
 * cpulist_parse() - read a list of CPUs
 * @text: the list; a new line may end it
 * @cpus: the CPUs, in the list's order; for free()
 *
 * Return: how many CPUs (at least 1), or -EINVAL or -ENOMEM.
 */
int cpulist_parse(const char *text, unsigned int **cpus)
{
	unsigned int *list, nr = 0;
	int ret;

	list = malloc(CPULIST_MAX * sizeof(*list));
	if (!list)
		return -ENOMEM;
	do {
		ret = range(&text, list, &nr);
	} while (!ret && *text++ == ',');
	if (!ret && text[-1] && (text[-1] != '\n' || *text))
		ret = -EINVAL;
	if (ret) {
		free(list);
		return ret;
	}
	*cpus = list;
	return nr;
}

/**
 * cpulist_online() - the CPUs that are online
 * @cpus: the CPUs, in ascending order; for free()
 *
 * Return: how many CPUs, or a negative errno.
 */
int cpulist_online(unsigned int **cpus)
{
	char *line = NULL;
	size_t room = 0;
	FILE *file;
	int ret;

	file = fopen(ONLINE, "re");
	if (!file)
		return -errno;
	if (getline(&line, &room, file) < 0)
		ret = ferror(file) ? -errno : -EINVAL;
	else
		ret = cpulist_parse(line, cpus);
	free(line);
	fclose(file);
	return ret;
}

/**
 * cpulist_print() - write a list of CPUs
 * @out: where to
 * @cpus: the CPUs, in ascending order
 * @nr: how many
 */
void cpulist_print(FILE *out, const unsigned int *cpus, unsigned int nr)
{
	unsigned int first, i = 0;

	while (i < nr) {
		first = i;
		while (i + 1 < nr && cpus[i + 1] == cpus[i] + 1)
			i++;
		fprintf(out, "%s%u", first ? "," : "", cpus[first]);
		if (i > first)
			fprintf(out, "-%u", cpus[i]);
		i++;
	}
}
