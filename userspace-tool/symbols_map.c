// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols as text: System.map, /proc/kallsyms, the output of nm.
 *
 * A line is "ADDRESS TYPE NAME", in kallsyms with "[MODULE]" behind it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols_read.h"

/* Address, type, name, and a module's name. */
#define MAX_LINE	(SYMBOLS_NAME_MAX + 128)
#define MAX_DIGITS	16

static enum symbols_rank rank_of(char type)
{
	switch (type) {
	case 'T':
		return SYMBOLS_GLOBAL;
	case 'W':
	case 'w':
		return SYMBOLS_WEAK;
	case 't':
		return SYMBOLS_LOCAL;
	default:
		return SYMBOLS_BOUND;
	}
}

static int bad_line(struct symbols *symbols, size_t number)
{
	return symbols_refuse(symbols,
			      "line %zu is not 'ADDRESS TYPE NAME'; give a System.map or a vmlinux",
			      number);
}

static int read_line(struct symbols *symbols, const char *line, size_t number)
{
	struct symbol symbol = { 0 };
	const char *name;
	size_t digits;
	char *end;

	/* strtoull() takes signs, blanks and 0x, too. */
	digits = strspn(line, "0123456789abcdefABCDEF");
	if (!digits || digits > MAX_DIGITS)
		return bad_line(symbols, number);
	symbol.address = strtoull(line, &end, 16);
	if (end != line + digits || end[0] != ' ' ||
	    !isalpha((unsigned char)end[1]) || end[2] != ' ')
		return bad_line(symbols, number);
	/* An absolute symbol is a number, and tells nothing of code. */
	if (end[1] == 'a' || end[1] == 'A')
		return 0;
	symbol.rank = rank_of(end[1]);
	name = end + 3;
	return symbols_add(symbols, &symbol, name, strcspn(name, " \t\n"));
}

/**
 * symbols_read_map() - read symbols from text
 * @symbols: gets them
 * @fd: the file, read from where it stands; not closed
 *
 * Return: 0; -EINVAL with &symbols.error.
 */
int symbols_read_map(struct symbols *symbols, int fd)
{
	char line[MAX_LINE];
	size_t number = 0;
	int ret = 0, copy;
	FILE *file = NULL;

	copy = dup(fd);
	if (copy >= 0)
		file = fdopen(copy, "r");
	if (!file) {
		ret = symbols_refuse(symbols, "%s", strerror(errno));
		if (copy >= 0)
			close(copy);
		return ret;
	}
	while (!ret && fgets(line, sizeof(line), file)) {
		number++;
		/* A line without its end, or with a NUL before it. */
		if (!strchr(line, '\n') && !feof(file))
			ret = bad_line(symbols, number);
		else
			ret = read_line(symbols, line, number);
	}
	if (!ret && ferror(file))
		ret = symbols_refuse(symbols, "%s", strerror(errno));
	fclose(file);
	return ret;
}
